package unnest

import (
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/plan"
)

// join rewrites a join whose sides are done.
func (u *unnester) join(j *plan.Join) (plan.Node, error) {
	switch {
	case hasSubquery(plan.ExprsOf(j)...):
		return u.joinOn(j)
	case j.Lateral:
		return u.lateral(j)
	}
	return j, nil
}

// lateral makes another join of a Lateral one where it can.
func (u *unnester) lateral(j *plan.Join) (plan.Node, error) {
	if len(outersOf(j.R, plan.IDs(j.L.Output()))) == 0 {
		d := *j
		d.Lateral = false
		return &d, nil
	}
	if n, ok := generated(j); ok {
		return n, nil
	}
	if n, ok, err := u.lateralPeeled(j); ok || err != nil {
		return n, err
	}
	r, err := u.decorrelated(j.L, j.R)
	if err != nil || r.lateral {
		return j, err
	}
	d := *j
	d.R, d.Lateral, d.On = r.n, false, plan.And(append(r.conds, j.On)...)
	return plan.Exactly(&d, j.Output()), nil
}

// generated makes LATERAL explode(x) a Generate over the left side.
func generated(j *plan.Join) (plan.Node, bool) {
	g, ok := j.R.(*plan.Generate)
	if !ok || !nothing(g.Child) || j.Kind == plan.LeftOuter && j.On != nil || j.Kind > plan.LeftOuter {
		return nil, false
	}
	left := plan.IDs(j.L.Output())
	d := *g
	d.Child, d.Args = j.L, make([]plan.Expr, len(g.Args))
	for i, x := range g.Args {
		d.Args[i] = asRefs(x, left)
	}
	if j.Kind == plan.LeftOuter {
		d.Outer = true
		d.Out = append([]plan.Attr{}, g.Out...)
		for i := range d.Out {
			d.Out[i].Nullable = true
		}
	}
	return plan.Filtered(&d, plan.Conjuncts(j.On)), true
}

// lateralPeeled computes the upper part of a LATERAL subquery above the join.
func (u *unnester) lateralPeeled(j *plan.Join) (plan.Node, bool, error) {
	if j.Kind > plan.LeftOuter {
		return nil, false, nil
	}
	p, ok, err := u.peeled(j.L, j.R)
	if err != nil || !ok || p.empty != nil && j.Kind == plan.LeftOuter && j.On != nil {
		return nil, false, err
	}
	d := &plan.Join{Kind: j.Kind, At: j.At}
	if p.empty != nil {
		d.Kind = plan.LeftOuter
	} else {
		d.On = plan.Expr(nil)
		if j.On != nil {
			d.On = plan.Substitute(j.On, p.exprs)
		}
	}
	outer := d.Kind == plan.LeftOuter && (!p.always || p.empty != nil || d.On != nil)
	if outer && p.m.attr.ID == 0 {
		p.m = u.marks(p.m.n)
	}
	out := &plan.Project{Child: p.over(j.L, d), Cols: pass(j.L.Output())}
	for _, a := range j.Output()[len(j.L.Output()):] {
		x, err := p.value(a.ID, outer)
		if err != nil {
			return nil, false, err
		}
		out.Cols = append(out.Cols, plan.Named{Attr: a, Expr: x})
	}
	if p.empty != nil {
		return plan.Filtered(out, plan.Conjuncts(j.On)), true, nil
	}
	return out, true, nil
}

// joinOn replaces the subqueries in a join's condition: those that read one side are joined to it.
func (u *unnester) joinOn(j *plan.Join) (plan.Node, error) {
	switch j.Kind {
	case plan.Inner:
		d := *j
		d.On = nil
		n, err := u.join(&d)
		if err != nil {
			return nil, err
		}
		return u.filter(&plan.Filter{Child: n, Cond: j.On})
	case plan.RightOuter:
		n, err := u.joinOn(&plan.Join{Kind: plan.LeftOuter, L: j.R, R: j.L, On: j.On, At: j.At})
		if err != nil {
			return nil, err
		}
		return plan.Exactly(n, j.Output()), nil
	}
	if j.Lateral || u.mixed(j) {
		return u.lateralOn(j)
	}
	d := *j
	l, r := u.over(j.L), u.over(j.R)
	left := plan.IDs(j.L.Output())
	var failed error
	d.On = plan.RewriteDown(j.On, func(e plan.Expr) (plan.Expr, bool) {
		x, _ := asNot(e)
		if _, ok := x.(*plan.Subquery); !ok || failed != nil {
			return e, failed != nil
		}
		w := r
		if !only(x, left, false) {
			w = l
		}
		var v plan.Expr
		v, failed = w.value(e)
		return v, true
	})
	if failed != nil {
		return nil, failed
	}
	d.L, d.R = l.n, r.n
	return plan.Exactly(&d, j.Output()), nil
}

// mixed reports a subquery that reads both sides of a join.
func (u *unnester) mixed(j *plan.Join) bool {
	left, right := plan.IDs(j.L.Output()), plan.IDs(j.R.Output())
	found := false
	plan.WalkExpr(j.On, func(e plan.Expr) bool {
		if q, ok := e.(*plan.Subquery); ok {
			ids := map[plan.ID]bool{}
			plan.Refs(q, ids)
			var l, r bool
			for id := range ids {
				l, r = l || left[id], r || right[id]
			}
			found = found || l && r
		}
		return !found
	})
	return found
}

// lateralOn moves a condition into the right side, which then reads the left one.
func (u *unnester) lateralOn(j *plan.Join) (plan.Node, error) {
	if j.Kind == plan.FullOuter {
		return nil, errs.New("UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY.UNSUPPORTED_CORRELATED_EXPRESSION_IN_JOIN_CONDITION",
			"a subquery in the condition of a FULL JOIN cannot read both sides").State("0A000").
			WithHint("compute the subquery's value in a subquery in FROM")
	}
	left := plan.IDs(j.L.Output())
	cond := plan.RewriteUp(j.On, func(e plan.Expr) plan.Expr {
		if r, ok := e.(*plan.Ref); ok && left[r.Attr.ID] {
			return &plan.Outer{Attr: r.Attr, At: r.At}
		}
		return e
	})
	r, err := u.node(&plan.Filter{Child: j.R, Cond: cond})
	if err != nil {
		return nil, err
	}
	d := *j
	d.R, d.On, d.Lateral = r, nil, true
	return u.lateral(&d)
}
