package unnest

import (
	"errors"

	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// errStays says that a way of decorrelating does not go for a plan.
var errStays = errors.New("this way does not go")

// pull takes the conditions that read outer columns of a set out of a plan. What it gives outputs
// all that the plan did under the same ids, and what the conditions read; each row of the plan for
// given outer values is one for which the conditions hold. errStays: it does not go.
func (u *unnester) pull(n plan.Node, of map[plan.ID]bool) (plan.Node, []plan.Expr, error) {
	if len(outersOf(n, of)) == 0 {
		return n, nil, nil
	}
	switch n := n.(type) {
	case *plan.Filter:
		return u.pullFilter(n, of)
	case *plan.Project:
		return u.pullProject(n, of)
	case *plan.Aggregate:
		return u.pullAggregate(n, of)
	case *plan.Join:
		return u.pullJoin(n, of)
	case *plan.Sort: // without a LIMIT above, which is handled there, the order means nothing
		child, conds, err := u.pull(n.Child, of)
		if err != nil || readsOuter(plan.And(exprsOfOrders(n.By)...), of) {
			return child, conds, err
		}
		return n.With([]plan.Node{child}), conds, nil
	case *plan.Limit:
		return u.pullLimit(n, of)
	case *plan.Window:
		return u.pullWindow(n, of)
	case *plan.Generate, *plan.TimeWindow:
		return u.pullThrough(n, of)
	}
	return nil, nil, errStays
}

func exprsOfOrders(by []plan.Order) []plan.Expr {
	out := make([]plan.Expr, len(by))
	for i, o := range by {
		out[i] = o.Expr
	}
	return out
}

func (u *unnester) pullFilter(n *plan.Filter, of map[plan.ID]bool) (plan.Node, []plan.Expr, error) {
	child, conds, err := u.pull(n.Child, of)
	if err != nil {
		return nil, nil, err
	}
	var stay []plan.Expr
	for _, c := range plan.Conjuncts(n.Cond) {
		if readsOuter(c, of) {
			conds = append(conds, c)
		} else {
			stay = append(stay, c)
		}
	}
	return plan.Filtered(child, stay), conds, nil
}

// readBy is the columns of a node that conditions read and which a list does not have yet.
func readBy(conds []plan.Expr, n plan.Node, have map[plan.ID]bool) []plan.Attr {
	ids := map[plan.ID]bool{}
	for _, c := range conds {
		plan.WalkExpr(c, func(e plan.Expr) bool {
			if r, ok := e.(*plan.Ref); ok {
				ids[r.Attr.ID] = true
			}
			return true
		})
	}
	var out []plan.Attr
	for _, a := range n.Output() {
		if ids[a.ID] && !have[a.ID] {
			out = append(out, a)
		}
	}
	return out
}

func (u *unnester) pullProject(n *plan.Project, of map[plan.ID]bool) (plan.Node, []plan.Expr, error) {
	child, conds, err := u.pull(n.Child, of)
	if err != nil {
		return nil, nil, err
	}
	by := substitutes(conds, of)
	p := &plan.Project{Child: child}
	for _, c := range n.Cols {
		x, ok := substituted(c.Expr, by, of)
		if !ok {
			return nil, nil, errStays
		}
		p.Cols = append(p.Cols, plan.Named{Attr: c.Attr, Expr: x})
	}
	for _, a := range readBy(conds, child, plan.IDs(n.Output())) {
		p.Cols = append(p.Cols, plan.Named{Attr: a, Expr: &plan.Ref{Attr: a}})
	}
	return p, conds, nil
}

// pullAggregate groups by what the conditions compare as well. A global aggregate gives a row for
// no rows, which a group does not: see peeled.
func (u *unnester) pullAggregate(n *plan.Aggregate, of map[plan.ID]bool) (plan.Node, []plan.Expr, error) {
	if len(n.Keys) == 0 {
		return nil, nil, errStays
	}
	return u.grouped(n, of)
}

func (u *unnester) grouped(n *plan.Aggregate, of map[plan.ID]bool) (plan.Node, []plan.Expr, error) {
	child, conds, err := u.pull(n.Child, of)
	if err != nil {
		return nil, nil, err
	}
	eqs, ok := equalities(conds, of)
	if !ok {
		return nil, nil, errStays
	}
	by := substitutes(conds, of)
	d := *n
	d.Child = child
	var okKeys, okAggs bool
	d.Keys, okKeys = substitutedAll(n.Keys, by, of)
	d.Aggs, okAggs = substitutedAll(n.Aggs, by, of)
	if !okKeys || !okAggs {
		return nil, nil, errStays
	}
	out := make([]plan.Expr, len(eqs))
	for i, eq := range eqs {
		if out[i], err = eq.over(u.addKey(&d, eq.inner)); err != nil {
			return nil, nil, err
		}
	}
	return &d, out, nil
}

func substitutedAll(list []plan.Named, by map[plan.ID]plan.Expr, of map[plan.ID]bool) ([]plan.Named, bool) {
	out := make([]plan.Named, len(list))
	for i, c := range list {
		x, ok := substituted(c.Expr, by, of)
		if !ok {
			return nil, false
		}
		out[i] = plan.Named{Attr: c.Attr, Expr: x}
	}
	return out, true
}

// addKey makes an expression a key of an aggregate, unless it is one.
func (u *unnester) addKey(g *plan.Aggregate, x plan.Expr) plan.Expr {
	for _, k := range g.Keys {
		if plan.Equal(k.Expr, x) {
			return &plan.Ref{Attr: k.Attr, At: x.Span()}
		}
	}
	name := plan.Attr{Name: "key", Type: x.Type(), Nullable: x.Nullable()}
	if r, ok := x.(*plan.Ref); ok {
		name.Name = r.Attr.Name
	}
	key := u.newAttr(name)
	g.Keys = append(g.Keys[:len(g.Keys):len(g.Keys)], plan.Named{Attr: key, Expr: x})
	return &plan.Ref{Attr: key, At: x.Span()}
}

// pullJoin takes conditions out of the sides that a join keeps, and out of its ON if it keeps both.
func (u *unnester) pullJoin(n *plan.Join, of map[plan.ID]bool) (plan.Node, []plan.Expr, error) {
	if n.Lateral || n.Kind == plan.FullOuter {
		return nil, nil, errStays
	}
	d := *n
	var conds []plan.Expr
	for i, side := range []*plan.Node{&d.L, &d.R} {
		if len(outersOf(*side, of)) == 0 {
			continue
		}
		kept := n.Kind == plan.Inner || (n.Kind == plan.RightOuter) == (i == 1)
		if !kept {
			return nil, nil, errStays
		}
		s, more, err := u.pull(*side, of)
		if err != nil {
			return nil, nil, err
		}
		*side, conds = s, append(conds, more...)
	}
	if n.Kind == plan.Inner {
		var stay []plan.Expr
		for _, c := range plan.Conjuncts(n.On) {
			if readsOuter(c, of) {
				conds = append(conds, c)
			} else {
				stay = append(stay, c)
			}
		}
		d.On = plan.And(stay...)
		return &d, conds, nil
	}
	if d.On != nil {
		on, ok := substituted(d.On, substitutes(conds, of), of)
		if !ok {
			return nil, nil, errStays
		}
		d.On = on
	}
	return &d, conds, nil
}

// pullThrough takes conditions through a node that adds columns to its child's.
func (u *unnester) pullThrough(n plan.Node, of map[plan.ID]bool) (plan.Node, []plan.Expr, error) {
	child, conds, err := u.pull(n.Children()[0], of)
	if err != nil {
		return nil, nil, err
	}
	by, ok := substitutes(conds, of), true
	out := plan.MapExprs(n.With([]plan.Node{child}), func(e plan.Expr) plan.Expr {
		x, fits := substituted(e, by, of)
		ok = ok && fits
		return x
	})
	if !ok {
		return nil, nil, errStays
	}
	return out, conds, nil
}

// inners are the subquery's sides of equalities.
func inners(eqs []equality) []plan.Expr {
	out := make([]plan.Expr, len(eqs))
	for i, eq := range eqs {
		out[i] = eq.inner
	}
	return out
}

// pullWindow parts the windows by what the conditions compare as well.
func (u *unnester) pullWindow(n *plan.Window, of map[plan.ID]bool) (plan.Node, []plan.Expr, error) {
	out, conds, err := u.pullThrough(n, of)
	if err != nil {
		return nil, nil, err
	}
	eqs, ok := equalities(conds, of)
	if !ok {
		return nil, nil, errStays
	}
	d := *out.(*plan.Window)
	d.Partition = append(d.Partition[:len(d.Partition):len(d.Partition)], inners(eqs)...)
	return &d, conds, nil
}

// pullLimit numbers the rows of each set of compared values.
func (u *unnester) pullLimit(n *plan.Limit, of map[plan.ID]bool) (plan.Node, []plan.Expr, error) {
	below, by := n.Child, []plan.Order(nil)
	if s, ok := below.(*plan.Sort); ok {
		below, by = s.Child, s.By
	}
	child, conds, err := u.pull(below, of)
	if err != nil {
		return nil, nil, err
	}
	eqs, ok := equalities(conds, of)
	if !ok || readsOuter(plan.And(exprsOfOrders(by)...), of) {
		return nil, nil, errStays
	}
	out, err := u.limitEach(n, child, inners(eqs), by)
	return out, conds, err
}

// limitEach is a LIMIT within each partition.
func (u *unnester) limitEach(l *plan.Limit, child plan.Node, part []plan.Expr, by []plan.Order) (plan.Node, error) {
	f, ok := fn.Builtin().Window("row_number")
	if !ok {
		return nil, errStays
	}
	b, err := f.Bind(nil)
	if err != nil {
		return nil, err
	}
	if len(by) == 0 { // any order will do
		by = []plan.Order{{Expr: boolLit(true, l.At)}}
	}
	number := u.newAttr(plan.Attr{Name: "row_number", Type: b.Result})
	w := &plan.Window{Child: child, Partition: part, Order: by, At: l.At, Calls: []plan.Named{
		{Attr: number, Expr: &plan.WindowCall{Name: f.Name, Fn: &b, At: l.At,
			Frame: plan.Frame{Lo: plan.FrameBound{Kind: plan.Unbounded}, Hi: plan.FrameBound{Kind: plan.CurrentRow}}}}}}
	wide := &plan.Cast{X: &plan.Ref{Attr: number}, To: types.LongType}
	var conds []plan.Expr
	bound := func(op string, v int64) error {
		c, err := call(op, l.At, wide, &plan.Lit{Value: vec.ConstOf(types.LongType, v, 1)})
		conds = append(conds, c)
		return err
	}
	if l.Offset > 0 {
		err = bound(">", l.Offset)
	}
	if l.Count >= 0 && err == nil {
		err = bound("<=", l.Offset+l.Count)
	}
	return plan.Filtered(w, conds), err
}
