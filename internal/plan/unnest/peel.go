package unnest

import (
	"slices"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/types"
)

// marker is a right side with a column that is TRUE, so that NULL after an outer join says that
// there was no row.
type marker struct {
	n    plan.Node
	attr plan.Attr
}

// orElse is x, or for a row without match another value.
func (m marker) orElse(x, none plan.Expr) (plan.Expr, error) {
	if right := plan.IDs(m.n.Output()); isNullLit(none) && strict(x, right) {
		return nullable(x, right), nil
	}
	missing, err := call("isnull", x.Span(), &plan.Ref{Attr: m.attr, At: x.Span()})
	if err != nil {
		return nil, err
	}
	return &plan.Case{When: []plan.Expr{missing}, Then: []plan.Expr{none}, Else: x, At: x.Span()}, nil
}

// marks adds a marker to a node.
func (u *unnester) marks(n plan.Node) marker {
	m := u.newAttr(plan.Attr{Name: "matched", Type: types.BooleanType})
	p := &plan.Project{Child: n, Cols: append(pass(n.Output()), plan.Named{Attr: m, Expr: boolLit(true, errs.Span{})})}
	m.Nullable = true
	return marker{p, m}
}

// marked adds a marker to an aggregate whose results get new ids, values, in the order of Aggs.
func (u *unnester) marked(g *plan.Aggregate) (m marker, values []plan.Attr) {
	d := *g
	d.Aggs = make([]plan.Named, len(g.Aggs))
	for i, c := range g.Aggs {
		d.Aggs[i] = plan.Named{Attr: u.newAttr(c.Attr), Expr: c.Expr}
		values = append(values, d.Aggs[i].Attr)
	}
	return u.marks(&d), values
}

// peel is a subquery whose upper part is computed above the join: there it may read both sides, and
// knows of a global aggregate what it gives for no rows.
type peel struct {
	m      marker
	conds  []plan.Expr
	exprs  map[plan.ID]plan.Expr // the subquery's columns, over both sides
	empty  map[plan.ID]plan.Expr // the same where no row comes; nil: the subquery has no row then
	always bool                  // a row comes for each row of the left side
	single bool                  // and not two
}

// peeled takes the upper Projects off a subquery that reads l, where they read it as well or stand
// over a global aggregate; ok is false for others.
func (u *unnester) peeled(l, r plan.Node) (p *peel, ok bool, err error) {
	if u.rows {
		return nil, false, nil
	}
	of := plan.IDs(outersOf(r, plan.IDs(l.Output())))
	p = &peel{exprs: map[plan.ID]plan.Expr{}}
	for _, a := range r.Output() {
		p.exprs[a.ID] = &plan.Ref{Attr: a}
	}
	x, reads := p.strip(r, of)
	if g, is := x.(*plan.Aggregate); is && len(g.Keys) == 0 {
		if len(outersOf(g, of)) > 0 {
			return u.peelAggregate(p, g, of)
		}
	} else if !reads {
		return nil, false, nil
	}
	n, conds, err := u.pull(x, of)
	if err != nil {
		return nil, false, unless(err)
	}
	p.conds = conds
	p.always, p.single = len(conds) == 0 && alwaysRow(n), atMostOne(x)
	p.m = marker{n: n}
	if !p.always {
		p.m = u.marks(n)
	}
	p.finish(of)
	return p, true, nil
}

// unless is an error other than errStays.
func unless(err error) error {
	if err == errStays {
		return nil
	}
	return err
}

// strip walks down the Projects; reads says whether one of them reads outer columns.
func (p *peel) strip(n plan.Node, of map[plan.ID]bool) (below plan.Node, reads bool) {
	for {
		switch m := n.(type) {
		case *plan.Project:
			by := map[plan.ID]plan.Expr{}
			for _, c := range m.Cols {
				if plan.IsVolatile(c.Expr) {
					return n, reads
				}
				reads = reads || readsOuter(c.Expr, of)
				by[c.Attr.ID] = c.Expr
			}
			p.substitute(by)
			n = m.Child
		case *plan.Sort:
			if readsOuter(plan.And(exprsOfOrders(m.By)...), of) {
				reads = true
			}
			n = m.Child
		default:
			return n, reads
		}
	}
}

func (p *peel) substitute(by map[plan.ID]plan.Expr) {
	for id, x := range p.exprs {
		p.exprs[id] = plan.Substitute(x, by)
	}
}

// finish makes references of what is read of the left side.
func (p *peel) finish(of map[plan.ID]bool) {
	for id, x := range p.exprs {
		p.exprs[id] = asRefs(x, of)
	}
	for id, x := range p.empty {
		p.empty[id] = asRefs(x, of)
	}
	for i, c := range p.conds {
		p.conds[i] = asRefs(c, of)
	}
}

// peelAggregate makes a global aggregate one by the compared values.
func (u *unnester) peelAggregate(p *peel, g *plan.Aggregate, of map[plan.ID]bool) (*peel, bool, error) {
	n, conds, err := u.grouped(g, of)
	if err != nil {
		return nil, false, unless(err)
	}
	m, values := u.marked(n.(*plan.Aggregate))
	p.m, p.conds, p.always, p.single = m, conds, true, true
	full, none := map[plan.ID]plan.Expr{}, map[plan.ID]plan.Expr{}
	for i, c := range g.Aggs {
		empty, err := emptyValue(c.Expr.(*plan.Agg))
		if err != nil {
			return nil, false, err
		}
		full[c.Attr.ID], none[c.Attr.ID] = &plan.Ref{Attr: values[i], At: c.Expr.Span()}, empty
	}
	p.empty = map[plan.ID]plan.Expr{}
	for id, x := range p.exprs {
		p.empty[id] = plan.Substitute(x, none)
	}
	p.substitute(full)
	p.finish(of)
	return p, true, nil
}

// value is a column of the subquery for each row of the join, of which outer says that it keeps
// left rows without a match.
func (p *peel) value(id plan.ID, outer bool) (plan.Expr, error) {
	x := p.exprs[id]
	if !outer {
		return x, nil
	}
	if p.empty == nil {
		return p.m.orElse(x, nullLit(x.Type()))
	}
	return p.m.orElse(x, folded(p.empty[id]))
}

// folded is NULL for what is NULL whatever the session is.
func folded(x plan.Expr) plan.Expr {
	switch x := x.(type) {
	case *plan.Cast:
		if isNullLit(folded(x.X)) {
			return nullLit(x.To)
		}
	case *plan.Call:
		for _, a := range x.Args {
			if arithmetic(x) && isNullLit(folded(a)) {
				return nullLit(x.Type())
			}
		}
	}
	return x
}

// arithmetic reports an operation that gives NULL for a NULL operand.
func arithmetic(c *plan.Call) bool {
	return slices.Contains([]string{"+", "-", "*", "/", "%", "negative"}, c.Name)
}

// strict reports an expression that is NULL where the columns of a set are.
func strict(x plan.Expr, of map[plan.ID]bool) bool {
	switch x := x.(type) {
	case *plan.Ref:
		return of[x.Attr.ID]
	case *plan.Cast:
		return strict(x.X, of)
	case *plan.Call:
		found := false
		for _, a := range x.Args {
			_, lit := a.(*plan.Lit)
			if !lit && !strict(a, of) {
				return false
			}
			found = found || !lit
		}
		return found && arithmetic(x)
	}
	return false
}

// nullable says that columns of a set may be NULL.
func nullable(x plan.Expr, of map[plan.ID]bool) plan.Expr {
	return plan.RewriteUp(x, func(e plan.Expr) plan.Expr {
		r, ok := e.(*plan.Ref)
		if !ok || !of[r.Attr.ID] {
			return e
		}
		a := r.Attr
		a.Nullable = true
		return &plan.Ref{Attr: a, At: r.At}
	})
}

// nothing reports the row without columns that a query without FROM reads.
func nothing(n plan.Node) bool {
	v, ok := n.(*plan.Values)
	return ok && len(v.Attrs) == 0 && v.Rows.Rows() == 1
}

// over joins l with the lower part of the subquery.
func (p *peel) over(l plan.Node, j *plan.Join) plan.Node {
	if nothing(p.m.n) && j.On == nil && len(p.conds) == 0 {
		return l
	}
	d := *j
	d.L, d.R, d.Lateral = l, p.m.n, false
	d.On = plan.And(append(append([]plan.Expr{}, p.conds...), j.On)...)
	return &d
}
