package analyze

import (
	"context"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/sql"
	"github.com/azud/azud/internal/types"
)

// setOp analyzes UNION, INTERSECT and EXCEPT. The names are those of the first input.
func (a *analyzer) setOp(ctx context.Context, s *sql.SetOp, env *ctes) (plan.Node, *scope, error) {
	l, lsc, err := a.body(ctx, s.L, env)
	if err != nil {
		return nil, nil, err
	}
	r, rsc, err := a.body(ctx, s.R, env)
	if err != nil {
		return nil, nil, err
	}
	return a.combine(s, side{l, lsc}, side{r, rsc})
}

// combine puts the two inputs of a set operation together.
func (a *analyzer) combine(s *sql.SetOp, l, r side) (plan.Node, *scope, error) {
	ts, err := a.wider(s, l.sc, r.sc)
	if err != nil {
		return nil, nil, err
	}
	nullable := make([]bool, len(ts))
	for i := range ts {
		ln, rn := l.sc.cols[i].attr.Nullable, r.sc.cols[i].attr.Nullable
		switch s.Op {
		case "UNION":
			nullable[i] = ln || rn
		case "INTERSECT":
			nullable[i] = ln && rn
		default:
			nullable[i] = ln
		}
	}
	ins := [2]plan.Node{a.aligned(l.n, l.sc, ts, s.L.Span()), a.aligned(r.n, r.sc, ts, s.R.Span())}
	if s.Op != "UNION" {
		return a.intersected(s, ins, l.sc, nullable)
	}
	u := &plan.Union{At: s.Span(), Inputs: ins[:]}
	for i, c := range l.sc.cols {
		out := a.newAttr(c.attr.Name, ts[i], nullable[i] || ins[0].Output()[i].Nullable || ins[1].Output()[i].Nullable)
		if c.attr.Type.Equal(ts[i]) {
			out.Event = c.attr.Event
		}
		u.Attrs = append(u.Attrs, out)
	}
	if s.All {
		return u, scopeOf(u.Attrs), nil
	}
	n, err := a.distinct(u, s.Span())
	return n, scopeOf(u.Attrs), err
}

// wider finds the types that both inputs are cast to.
func (a *analyzer) wider(s *sql.SetOp, l, r *scope) ([]types.Type, error) {
	if len(l.cols) != len(r.cols) {
		return nil, a.fail(s.R.Span(), "NUM_COLUMNS_MISMATCH", "42826",
			"%s needs inputs with the same number of columns, but the first has %d and the second %d", s.Op, len(l.cols), len(r.cols))
	}
	ts := make([]types.Type, len(l.cols))
	for i, c := range l.cols {
		d := r.cols[i].attr
		t, ok := types.Common(c.attr.Type, d.Type)
		if !ok && sameShape(c.attr.Type, d.Type) {
			t, ok = c.attr.Type, true
		}
		if !ok {
			return nil, a.fail(s.R.Span(), "INCOMPATIBLE_COLUMN_TYPE", "42825",
				"%s needs compatible types, but column %d is %s in the first input and %s in the second", s.Op, i+1, c.attr.Type.SQL(), d.Type.SQL()).
				WithHint("cast one of them")
		}
		ts[i] = t
	}
	return ts, nil
}

// sameShape reports types that differ only in the names of struct fields.
func sameShape(l, r types.Type) bool {
	if l.Kind != r.Kind || len(l.Fields) != len(r.Fields) {
		return false
	}
	for i, f := range l.Fields {
		if g := r.Fields[i]; !sameShape(f.Type, g.Type) || g.Nullable && !f.Nullable {
			return false
		}
	}
	switch l.Kind {
	case types.Struct:
		return true
	case types.Array:
		return sameShape(*l.Elem, *r.Elem) && (l.HasNull || !r.HasNull)
	case types.Map:
		return sameShape(*l.Key, *r.Key) && sameShape(*l.Elem, *r.Elem) && (l.HasNull || !r.HasNull)
	}
	return l.Equal(r)
}

// aligned casts a node's columns to given types and puts them into the scope's order.
func (a *analyzer) aligned(n plan.Node, sc *scope, ts []types.Type, at errs.Span) plan.Node {
	p := &plan.Project{Child: n}
	same := len(n.Output()) == len(sc.cols)
	for i, c := range sc.cols {
		x := castTo(&plan.Ref{Attr: c.attr, At: at}, ts[i])
		out := c.attr
		if _, ok := x.(*plan.Ref); !ok {
			out = a.newAttr(c.attr.Name, ts[i], x.Nullable())
			same = false
		}
		same = same && n.Output()[i].ID == out.ID
		p.Cols = append(p.Cols, plan.Named{Attr: out, Expr: x})
	}
	if same {
		return n
	}
	return p
}

// distinct keeps one of each row: an aggregate without aggregates.
func (a *analyzer) distinct(n plan.Node, at errs.Span) (plan.Node, error) {
	g := &plan.Aggregate{Child: n, Stateful: -1, At: at}
	for _, c := range n.Output() {
		if hasMap(c.Type) {
			return nil, a.fail(at, "UNSUPPORTED_FEATURE.SET_OPERATION_ON_MAP_TYPE", "0A000",
				"rows with a MAP column cannot be compared, and `%s` is %s", c.Name, c.Type.SQL())
		}
		g.Keys = append(g.Keys, plan.Named{Attr: c, Expr: &plan.Ref{Attr: c}})
	}
	return g, nil
}

func hasMap(t types.Type) bool {
	switch t.Kind {
	case types.Map:
		return true
	case types.Array:
		return hasMap(*t.Elem)
	case types.Struct:
		for _, f := range t.Fields {
			if hasMap(f.Type) {
				return true
			}
		}
	}
	return false
}
