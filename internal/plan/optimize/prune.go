package optimize

import (
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/vec"
)

// pruneColumns computes and reads only what is needed, down to Scan.Columns.
func pruneColumns(n plan.Node) plan.Node { return pruner{}.whole(n) }

// narrowJoins is pruneColumns that also drops, below joins, columns that only a filter or a join
// further down reads: what a join keeps in memory is narrow. It ends clusters of joins, so it runs last.
func narrowJoins(n plan.Node) plan.Node { return pruner{narrow: true}.whole(n) }

// pruner drops columns that nobody reads.
type pruner struct{ narrow bool }

func (p pruner) whole(n plan.Node) plan.Node {
	need := map[plan.ID]bool{}
	for _, a := range n.Output() {
		need[a.ID] = true
	}
	return p.prune(n, need)
}

// prune drops of a node's columns those that are not needed, where it can.
func (p pruner) prune(n plan.Node, need map[plan.ID]bool) plan.Node {
	switch n := n.(type) {
	case *plan.Scan:
		return p.pruneScan(n, need)
	case *plan.Values:
		return p.pruneValues(n, need)
	case *plan.Project:
		return p.pruneProject(n, need)
	case *plan.Aggregate:
		return p.pruneAggregate(n, need)
	case *plan.Union:
		return p.pruneUnion(n, need)
	case *plan.Watermark:
		return p.pruneWatermark(n, need)
	case *plan.TimeWindow:
		below := with(need, n.Time)
		delete(below, n.Out.ID)
		return replace(n, p.prune(n.Child, below))
	}
	return p.pruneMore(n, need)
}

// pruneMore is prune for the nodes of batch queries, and for those that pass their input on.
func (p pruner) pruneMore(n plan.Node, need map[plan.ID]bool) plan.Node {
	switch n := n.(type) {
	case *plan.Join:
		return p.pruneJoin(n, need)
	case *plan.Window:
		return p.pruneWindow(n, need)
	case *plan.Generate:
		below := with(need, n.Args...)
		for _, a := range n.Out {
			delete(below, a.ID)
		}
		return replace(n, p.prune(n.Child, below))
	case *plan.Expand:
		return p.pruneExpand(n, need)
	}
	kids := n.Children()
	if len(kids) != 1 {
		return n
	}
	return replace(n, p.prune(kids[0], with(need, plan.ExprsOf(n)...)))
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

func (p pruner) pruneScan(n *plan.Scan, need map[plan.ID]bool) plan.Node {
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

func (p pruner) pruneValues(n *plan.Values, need map[plan.ID]bool) plan.Node {
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

func (p pruner) pruneProject(n *plan.Project, need map[plan.ID]bool) plan.Node {
	d := &plan.Project{}
	below := map[plan.ID]bool{}
	for _, c := range n.Cols {
		if need[c.Attr.ID] {
			d.Cols = append(d.Cols, c)
			plan.Refs(c.Expr, below)
		}
	}
	d.Child = p.prune(n.Child, below)
	switch {
	case len(d.Cols) == 0 && len(n.Cols) > 0: // only the number of rows matters
		return d.Child
	case len(d.Cols) == len(n.Cols) && d.Child == n.Child:
		return n
	}
	return d
}

// pruneAggregate drops aggregates that nobody reads; keys stay, they make the groups.
func (p pruner) pruneAggregate(n *plan.Aggregate, need map[plan.ID]bool) plan.Node {
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
	d.Child = p.prune(n.Child, below)
	if len(d.Aggs) == len(n.Aggs) && d.Child == n.Child {
		return n
	}
	return &d
}

func (p pruner) pruneWatermark(n *plan.Watermark, need map[plan.ID]bool) plan.Node {
	below := with(need)
	below[n.Attr] = true
	child := p.prune(n.Child, below)
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
func (p pruner) pruneUnion(n *plan.Union, need map[plan.ID]bool) plan.Node {
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
		child := plan.Exactly(p.prune(in, below), want)
		changed = changed || child != in
		d.Inputs = append(d.Inputs, child)
	}
	if !changed {
		return n
	}
	return d
}

// pruneJoin asks both sides for what is needed above, by the condition, and, of the left side, by
// a Lateral right one.
func (p pruner) pruneJoin(n *plan.Join, need map[plan.ID]bool) plan.Node {
	below := with(need)
	if n.On != nil {
		plan.Refs(n.On, below)
	}
	if n.Lateral {
		plan.OuterRefs(n.R, below)
	}
	l, r := p.input(n.L, below), p.input(n.R, below)
	if l == n.L && r == n.R {
		return n
	}
	return n.With([]plan.Node{l, r})
}

// pruneWindow drops calls that nobody reads, and a Window without calls.
func (p pruner) pruneWindow(n *plan.Window, need map[plan.ID]bool) plan.Node {
	d := *n
	d.Calls = nil
	below := with(need, n.Partition...)
	for _, o := range n.Order {
		plan.Refs(o.Expr, below)
	}
	for _, c := range n.Calls {
		if need[c.Attr.ID] {
			d.Calls = append(d.Calls, c)
			plan.Refs(c.Expr, below)
		}
	}
	if len(d.Calls) == 0 {
		return p.prune(n.Child, need)
	}
	d.Child = p.prune(n.Child, below)
	if len(d.Calls) == len(n.Calls) && d.Child == n.Child {
		return n
	}
	return &d
}

// pruneExpand drops columns that nobody reads, but one.
func (p pruner) pruneExpand(n *plan.Expand, need map[plan.ID]bool) plan.Node {
	var keep []int
	for i, a := range n.Attrs {
		if need[a.ID] {
			keep = append(keep, i)
		}
	}
	if len(keep) == 0 && len(n.Attrs) > 0 {
		keep = []int{0}
	}
	d := &plan.Expand{Rows: make([][]plan.Expr, len(n.Rows))}
	below := map[plan.ID]bool{}
	for _, k := range keep {
		d.Attrs = append(d.Attrs, n.Attrs[k])
		for i, row := range n.Rows {
			d.Rows[i] = append(d.Rows[i], row[k])
			plan.Refs(row[k], below)
		}
	}
	d.Child = p.prune(n.Child, below)
	if len(keep) == len(n.Attrs) && d.Child == n.Child {
		return n
	}
	return d
}

// input is a join's input without what is not needed.
func (p pruner) input(n plan.Node, need map[plan.ID]bool) plan.Node {
	n = p.prune(n, need)
	if !p.narrow {
		return n
	}
	var keep []plan.Attr
	for _, a := range n.Output() {
		if need[a.ID] {
			keep = append(keep, a)
		}
	}
	if len(keep) == len(n.Output()) || len(keep) == 0 {
		return n
	}
	return plan.Exactly(n, keep)
}
