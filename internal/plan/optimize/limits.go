package optimize

import "github.com/azud/azud/internal/plan"

// pushLimits tells sorts and scans how many rows are asked of them. Batch only: in a stream a
// limit spans epochs.
func pushLimits(n plan.Node) plan.Node {
	return plan.TransformUp(n, func(n plan.Node) plan.Node {
		l, ok := n.(*plan.Limit)
		if !ok || l.Count < 0 || l.Stateful >= 0 || plan.IsStreaming(l.Child) {
			return n
		}
		rows := l.Count + max(0, l.Offset)
		if rows <= 0 || rows < l.Count {
			return n
		}
		if c := atMost(l.Child, rows); c != l.Child {
			d := *l
			d.Child = c
			return &d
		}
		return n
	})
}

// atMost is a node that need not give more than the first rows.
func atMost(n plan.Node, rows int64) plan.Node {
	switch n := n.(type) {
	case *plan.Sort:
		if n.Top == 0 || n.Top > rows {
			d := *n
			d.Top = rows
			return &d
		}
	case *plan.Scan:
		if n.Limit == 0 || n.Limit > rows {
			d := *n
			d.Limit = rows
			return &d
		}
	case *plan.Project:
		if c := atMost(n.Child, rows); c != n.Child {
			return n.With([]plan.Node{c})
		}
	case *plan.Union:
		inputs := make([]plan.Node, len(n.Inputs))
		changed := false
		for i, in := range n.Inputs {
			inputs[i] = atMost(in, rows)
			if inputs[i] == in {
				if _, limited := in.(*plan.Limit); !limited {
					inputs[i] = &plan.Limit{Child: in, Count: rows, Stateful: -1, At: n.At}
				}
			}
			changed = changed || inputs[i] != in
		}
		if changed {
			return n.With(inputs)
		}
	}
	return n
}

// filterScans tells batch scans the conditions right above them.
func filterScans(n plan.Node) plan.Node {
	return plan.TransformUp(n, func(n plan.Node) plan.Node {
		f, ok := n.(*plan.Filter)
		if !ok {
			return n
		}
		s, ok := f.Child.(*plan.Scan)
		if !ok || s.Stream || len(s.Filters) > 0 {
			return n
		}
		d := *s
		for _, c := range plan.Conjuncts(f.Cond) {
			if movable(c) {
				d.Filters = append(d.Filters, c)
			}
		}
		if len(d.Filters) == 0 {
			return n
		}
		return &plan.Filter{Child: &d, Cond: f.Cond}
	})
}
