package optimize

import (
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/vec"
)

// pruneColumns computes and reads only what is needed, down to Scan.Columns.
func pruneColumns(n plan.Node) plan.Node {
	need := map[plan.ID]bool{}
	for _, a := range n.Output() {
		need[a.ID] = true
	}
	return prune(n, need)
}

// prune drops of a node's columns those that are not needed, where it can.
func prune(n plan.Node, need map[plan.ID]bool) plan.Node {
	switch n := n.(type) {
	case *plan.Scan:
		return pruneScan(n, need)
	case *plan.Values:
		return pruneValues(n, need)
	case *plan.Project:
		return pruneProject(n, need)
	case *plan.Aggregate:
		return pruneAggregate(n, need)
	case *plan.Union:
		return pruneUnion(n, need)
	case *plan.Watermark:
		return pruneWatermark(n, need)
	case *plan.TimeWindow:
		below := with(need, n.Time)
		delete(below, n.Out.ID)
		return replace(n, prune(n.Child, below))
	}
	kids := n.Children()
	if len(kids) != 1 {
		return n
	}
	return replace(n, prune(kids[0], with(need, plan.ExprsOf(n)...)))
}

// replace changes a node's only child.
func replace(n, child plan.Node) plan.Node {
	if n.Children()[0] == child {
		return n
	}
	return n.With([]plan.Node{child})
}

// with is a set of needed ids with those that expressions read.
func with(need map[plan.ID]bool, list ...plan.Expr) map[plan.ID]bool {
	out := map[plan.ID]bool{}
	for id := range need {
		out[id] = true
	}
	for _, e := range list {
		plan.Refs(e, out)
	}
	return out
}

func pruneScan(n *plan.Scan, need map[plan.ID]bool) plan.Node {
	d := *n
	d.Columns, d.Attrs = nil, nil
	for i, a := range n.Attrs {
		if need[a.ID] {
			d.Columns, d.Attrs = append(d.Columns, n.Columns[i]), append(d.Attrs, a)
		}
	}
	if len(d.Attrs) == 0 && len(n.Attrs) > 0 { // count(*): rows need a column to be counted by
		i := narrowest(n.Attrs)
		d.Columns, d.Attrs = n.Columns[i:i+1], n.Attrs[i:i+1]
	}
	if len(d.Attrs) == len(n.Attrs) {
		return n
	}
	return &d
}

// narrowest is the column that costs least to read.
func narrowest(list []plan.Attr) int {
	best, width := 0, 1<<30
	for i, a := range list {
		w := vec.Width(a.Type)
		if w == 0 {
			w = 1 << 10
		}
		if a.Type.IsNested() {
			w = 1 << 20
		}
		if w < width {
			best, width = i, w
		}
	}
	return best
}

func pruneValues(n *plan.Values, need map[plan.ID]bool) plan.Node {
	d := &plan.Values{Rows: &vec.Batch{N: n.Rows.N, Sel: n.Rows.Sel}}
	for i, a := range n.Attrs {
		if need[a.ID] {
			d.Attrs, d.Rows.Cols = append(d.Attrs, a), append(d.Rows.Cols, n.Rows.Cols[i])
		}
	}
	if len(d.Attrs) == len(n.Attrs) {
		return n
	}
	return d
}

func pruneProject(n *plan.Project, need map[plan.ID]bool) plan.Node {
	d := &plan.Project{}
	below := map[plan.ID]bool{}
	for _, c := range n.Cols {
		if need[c.Attr.ID] {
			d.Cols = append(d.Cols, c)
			plan.Refs(c.Expr, below)
		}
	}
	d.Child = prune(n.Child, below)
	switch {
	case len(d.Cols) == 0 && len(n.Cols) > 0: // only the number of rows matters
		return d.Child
	case len(d.Cols) == len(n.Cols) && d.Child == n.Child:
		return n
	}
	return d
}

// pruneAggregate drops aggregates that nobody reads; keys stay, they make the groups.
func pruneAggregate(n *plan.Aggregate, need map[plan.ID]bool) plan.Node {
	d := *n
	d.Aggs = nil
	below := map[plan.ID]bool{}
	for _, k := range n.Keys {
		plan.Refs(k.Expr, below)
	}
	for _, g := range n.Aggs {
		if need[g.Attr.ID] {
			d.Aggs = append(d.Aggs, g)
			plan.Refs(g.Expr, below)
		}
	}
	d.Child = prune(n.Child, below)
	if len(d.Aggs) == len(n.Aggs) && d.Child == n.Child {
		return n
	}
	return &d
}

func pruneWatermark(n *plan.Watermark, need map[plan.ID]bool) plan.Node {
	below := with(need)
	below[n.Attr] = true
	child := prune(n.Child, below)
	if child == n.Child {
		return n
	}
	d := *n
	d.Child, d.Attrs = child, nil
	for _, a := range child.Output() {
		own, _ := plan.Find(n.Attrs, a.ID)
		d.Attrs = append(d.Attrs, own)
	}
	return &d
}

// pruneUnion drops the same positions in all inputs; an input that gives more, or in another
// order, gets a Project.
func pruneUnion(n *plan.Union, need map[plan.ID]bool) plan.Node {
	var keep []int
	d := &plan.Union{At: n.At}
	for i, a := range n.Attrs {
		if need[a.ID] {
			keep, d.Attrs = append(keep, i), append(d.Attrs, a)
		}
	}
	if len(keep) == 0 && len(n.Attrs) > 0 {
		keep, d.Attrs = []int{0}, n.Attrs[:1]
	}
	changed := len(keep) != len(n.Attrs)
	for _, in := range n.Inputs {
		out := in.Output()
		below := map[plan.ID]bool{}
		want := make([]plan.Attr, len(keep))
		for i, k := range keep {
			want[i] = out[k]
			below[out[k].ID] = true
		}
		child := exactly(prune(in, below), want)
		changed = changed || child != in
		d.Inputs = append(d.Inputs, child)
	}
	if !changed {
		return n
	}
	return d
}

// exactly is a node that gives just the wanted columns in their order.
func exactly(n plan.Node, want []plan.Attr) plan.Node {
	out := n.Output()
	same := len(out) == len(want)
	for i := range want {
		same = same && out[i].ID == want[i].ID
	}
	if same {
		return n
	}
	p := &plan.Project{Child: n}
	for _, a := range want {
		p.Cols = append(p.Cols, plan.Named{Attr: a, Expr: &plan.Ref{Attr: a}})
	}
	return p
}
