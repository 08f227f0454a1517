package unnest

import (
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/plan"
)

// domain computes a subquery for all the values that it reads of a node at once: it is joined with
// the distinct ones of them.
type domain struct {
	u    *unnester
	n    plan.Node             // gives the distinct values
	cols map[plan.ID]plan.Attr // of n, by the attribute that the subquery reads
}

// reading is a plan that has read a copy of the domain: cols are its columns by what was read.
type reading struct {
	n    plan.Node
	cols map[plan.ID]plan.Attr
}

// byDomain makes r independent of l; the conditions are equations of what r read and l's columns.
func (u *unnester) byDomain(l, r plan.Node, of map[plan.ID]bool) (plan.Node, []plan.Expr, error) {
	if !repeatable(l, of) {
		return nil, nil, errStays
	}
	g := &plan.Aggregate{Child: l, Stateful: -1}
	d := &domain{u: u, cols: map[plan.ID]plan.Attr{}}
	var read []plan.Attr
	for _, a := range l.Output() {
		if !of[a.ID] {
			continue
		}
		if !a.Type.IsOrderable() {
			return nil, nil, errStays
		}
		read = append(read, a)
		g.Keys = append(g.Keys, plan.Named{Attr: u.newAttr(a), Expr: &plan.Ref{Attr: a}})
	}
	for i, a := range read {
		d.cols[a.ID] = g.Keys[i].Attr
	}
	d.n = g
	v, err := d.push(r)
	if err != nil {
		return nil, nil, err
	}
	var conds []plan.Expr
	for _, a := range read {
		eq, err := call("<=>", errs.Span{}, &plan.Ref{Attr: a}, &plan.Ref{Attr: v.cols[a.ID]})
		if err != nil {
			return nil, nil, err
		}
		conds = append(conds, eq)
	}
	return v.n, conds, nil
}

// copied is the domain with ids of its own.
func (d *domain) copied() reading {
	n, ids := d.u.fresh(d.n)
	out := reading{n, map[plan.ID]plan.Attr{}}
	for of, a := range d.cols {
		out.cols[of] = renamedAttr(a, ids)
	}
	return out
}

// attrs are the columns of a reading in the domain's order.
func (d *domain) attrs(r reading) []plan.Attr {
	var out []plan.Attr
	for _, k := range d.n.(*plan.Aggregate).Keys {
		for of, a := range d.cols {
			if a.ID == k.Attr.ID {
				out = append(out, r.cols[of])
			}
		}
	}
	return out
}

func (d *domain) reads(n plan.Node) bool {
	set := map[plan.ID]bool{}
	plan.OuterRefs(n, set)
	for id := range d.cols {
		if set[id] {
			return true
		}
	}
	return false
}

// expr reads the domain's columns instead of the outer ones.
func (r reading) expr(e plan.Expr) plan.Expr {
	return replaceOuter(e, func(o *plan.Outer) plan.Expr {
		if a, ok := r.cols[o.Attr.ID]; ok {
			return &plan.Ref{Attr: a, At: o.At}
		}
		return o
	})
}

func (r reading) named(list []plan.Named) []plan.Named {
	out := make([]plan.Named, len(list))
	for i, c := range list {
		out[i] = plan.Named{Attr: c.Attr, Expr: r.expr(c.Expr)}
	}
	return out
}

// pass are columns as they are.
func pass(list []plan.Attr) []plan.Named {
	out := make([]plan.Named, len(list))
	for i, a := range list {
		out[i] = plan.Named{Attr: a, Expr: &plan.Ref{Attr: a}}
	}
	return out
}

// push rewrites a plan to give its rows for each row of the domain, beside whose columns they stand.
func (d *domain) push(n plan.Node) (reading, error) {
	if !d.reads(n) {
		c := d.copied()
		if nothing(n) {
			return c, nil
		}
		return reading{&plan.Join{Kind: plan.Inner, L: c.n, R: n}, c.cols}, nil
	}
	switch n := n.(type) {
	case *plan.Join:
		return d.pushJoin(n)
	case *plan.Union:
		return d.pushUnion(n)
	case *plan.Limit:
		return d.pushLimit(n)
	}
	if len(n.Children()) != 1 {
		return reading{}, errStays
	}
	r, err := d.push(n.Children()[0])
	if err != nil {
		return r, err
	}
	return d.pushOver(n, r)
}

// pushOver puts a node over its child, which has read the domain.
func (d *domain) pushOver(n plan.Node, r reading) (reading, error) {
	switch n := n.(type) {
	case *plan.Project:
		return reading{&plan.Project{Child: r.n, Cols: append(r.named(n.Cols), pass(d.attrs(r))...)}, r.cols}, nil
	case *plan.Aggregate:
		return d.pushAggregate(n, r)
	case *plan.Sort:
		return r, nil // without a LIMIT above the order means nothing
	case *plan.Filter, *plan.Window, *plan.Generate, *plan.TimeWindow:
		out := plan.MapExprs(n.With([]plan.Node{r.n}), r.expr)
		if w, ok := out.(*plan.Window); ok {
			v := *w
			v.Partition = append(v.Partition[:len(v.Partition):len(v.Partition)], refs(d.attrs(r))...)
			out = &v
		}
		return reading{out, r.cols}, nil
	}
	return reading{}, errStays
}

// pushAggregate groups by the domain as well. A global aggregate has a row for each row of the
// domain, also where there was nothing to aggregate.
func (d *domain) pushAggregate(n *plan.Aggregate, r reading) (reading, error) {
	g := *n
	g.Child = r.n
	g.Keys, g.Aggs = append(r.named(n.Keys), pass(d.attrs(r))...), r.named(n.Aggs)
	if len(n.Keys) > 0 {
		return reading{&g, r.cols}, nil
	}
	all := d.copied()
	marker, values := d.u.marked(&g)
	on, err := d.equal(all, r)
	if err != nil {
		return r, err
	}
	p := &plan.Project{Child: &plan.Join{Kind: plan.LeftOuter, L: all.n, R: marker.n, On: on, At: n.At}, Cols: pass(d.attrs(all))}
	for i, c := range n.Aggs {
		empty, err := emptyValue(c.Expr.(*plan.Agg))
		if err != nil {
			return r, err
		}
		x, err := marker.orElse(&plan.Ref{Attr: values[i], At: n.At}, empty)
		if err != nil {
			return r, err
		}
		p.Cols = append(p.Cols, plan.Named{Attr: c.Attr, Expr: x})
	}
	return reading{p, all.cols}, nil
}

// equal compares two copies of the domain.
func (d *domain) equal(a, b reading) (plan.Expr, error) {
	var conds []plan.Expr
	right := d.attrs(b)
	for i, l := range d.attrs(a) {
		eq, err := call("<=>", errs.Span{}, &plan.Ref{Attr: l}, &plan.Ref{Attr: right[i]})
		if err != nil {
			return nil, err
		}
		conds = append(conds, eq)
	}
	return plan.And(conds...), nil
}

func (d *domain) pushJoin(n *plan.Join) (reading, error) {
	if n.Lateral || n.Kind == plan.FullOuter {
		return reading{}, errStays
	}
	j := *n
	onReads := j.On != nil && readsOuter(j.On, idsOfKeys(d.cols))
	needL := d.reads(n.L) || n.Kind != plan.Inner && n.Kind != plan.RightOuter
	needR := d.reads(n.R) || n.Kind == plan.RightOuter || n.Kind == plan.Inner && !needL
	if onReads && !needL && n.Kind == plan.Inner {
		needL, needR = true, d.reads(n.R)
	}
	var l, r reading
	var err error
	if needL {
		if l, err = d.push(n.L); err != nil {
			return l, err
		}
		j.L = l.n
	}
	if needL && needR && n.Kind != plan.RightOuter {
		if done, err := d.pulled(&j, l); done || err != nil {
			return reading{&j, l.cols}, err
		}
	}
	if needR {
		if r, err = d.push(n.R); err != nil {
			return r, err
		}
		j.R = r.n
	}
	keep := l
	if !needL || n.Kind == plan.RightOuter {
		keep = r
	}
	j.On = keep.expr(n.On)
	if needL && needR {
		eq, err := d.equal(l, r)
		if err != nil {
			return l, err
		}
		j.On = plan.And(eq, j.On)
	}
	return reading{&j, keep.cols}, nil
}

// pulled makes conditions of the join of what its right side reads, where that goes, so that only
// the left side is joined with the domain.
func (d *domain) pulled(j *plan.Join, l reading) (bool, error) {
	n, conds, err := d.u.pull(j.R, idsOfKeys(d.cols))
	if err != nil {
		return false, unless(err)
	}
	for i, c := range conds {
		conds[i] = l.expr(c)
	}
	side := &right{n: n, conds: conds}
	if j.NullAware || j.Kind == plan.LeftMark {
		if err := side.neverNull(j.L); err != nil {
			return false, err
		}
	}
	j.R, j.On = side.n, plan.And(append([]plan.Expr{l.expr(j.On)}, side.conds...)...)
	return true, nil
}

func idsOfKeys(m map[plan.ID]plan.Attr) map[plan.ID]bool {
	out := map[plan.ID]bool{}
	for id := range m {
		out[id] = true
	}
	return out
}

func (d *domain) pushUnion(n *plan.Union) (reading, error) {
	u := &plan.Union{At: n.At, Attrs: append([]plan.Attr{}, n.Attrs...)}
	var out reading
	for i, in := range n.Inputs {
		r, err := d.push(in)
		if err != nil {
			return r, err
		}
		cols := append(in.Output(), d.attrs(r)...)
		u.Inputs = append(u.Inputs, plan.Exactly(r.n, cols))
		if i == 0 {
			out = reading{cols: map[plan.ID]plan.Attr{}}
			for of, a := range r.cols {
				out.cols[of] = d.u.newAttr(a)
			}
			u.Attrs = append(u.Attrs, d.attrs(out)...)
		}
	}
	out.n = u
	return out, nil
}

func (d *domain) pushLimit(n *plan.Limit) (reading, error) {
	below, by := n.Child, []plan.Order(nil)
	if s, ok := below.(*plan.Sort); ok {
		below = s.Child
		by = s.By
	}
	r, err := d.push(below)
	if err != nil {
		return r, err
	}
	own := make([]plan.Order, len(by))
	for i, o := range by {
		own[i] = o
		own[i].Expr = r.expr(o.Expr)
	}
	out, err := d.u.limitEach(n, r.n, refs(d.attrs(r)), own)
	return reading{out, r.cols}, err
}
