package unnest

import (
	"fmt"
	"time"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

func refs(list []plan.Attr) []plan.Expr {
	out := make([]plan.Expr, len(list))
	for i, a := range list {
		out[i] = &plan.Ref{Attr: a}
	}
	return out
}

// outersOf lists the attributes of a set that a plan reads by Outer, each once.
func outersOf(n plan.Node, of map[plan.ID]bool) []plan.Attr {
	var out []plan.Attr
	seen := map[plan.ID]bool{}
	plan.MapOuter(n, func(o *plan.Outer) plan.Expr {
		if id := o.Attr.ID; of[id] && !seen[id] {
			seen[id] = true
			out = append(out, o.Attr)
		}
		return o
	})
	return out
}

// readsOuter reports an expression with an Outer of a set.
func readsOuter(e plan.Expr, of map[plan.ID]bool) bool {
	if e == nil {
		return false
	}
	found := false
	plan.WalkExpr(e, func(e plan.Expr) bool {
		switch e := e.(type) {
		case *plan.Outer:
			found = found || of[e.Attr.ID]
		case *plan.Subquery:
			found = found || len(outersOf(e.Plan, of)) > 0
		}
		return !found
	})
	return found
}

// readsRef reports an expression that reads a column of the node below.
func readsRef(e plan.Expr) bool {
	set := map[plan.ID]bool{}
	plan.WalkExpr(e, func(e plan.Expr) bool {
		if r, ok := e.(*plan.Ref); ok {
			set[r.Attr.ID] = true
		}
		return true
	})
	return len(set) > 0
}

// asRefs turns the Outers of a set into references, for a condition of the join with the node
// that they read.
func asRefs(e plan.Expr, of map[plan.ID]bool) plan.Expr {
	return replaceOuter(e, func(o *plan.Outer) plan.Expr {
		if of[o.Attr.ID] {
			return &plan.Ref{Attr: o.Attr, At: o.At}
		}
		return o
	})
}

// replaceOuter rewrites the Outers of an expression without subqueries.
func replaceOuter(e plan.Expr, f func(*plan.Outer) plan.Expr) plan.Expr {
	if e == nil {
		return nil
	}
	return plan.RewriteUp(e, func(e plan.Expr) plan.Expr {
		if o, ok := e.(*plan.Outer); ok {
			return f(o)
		}
		return e
	})
}

// call applies a built-in function to arguments that have its types.
func call(name string, at errs.Span, args ...plan.Expr) (plan.Expr, error) {
	s, ok := fn.LookupScalar(name)
	if !ok {
		return nil, errs.New("INTERNAL_ERROR", "there is no function %s", name).State("XX000")
	}
	in := make([]fn.Arg, len(args))
	for i, a := range args {
		in[i] = fn.Arg{Type: a.Type(), Nullable: a.Nullable()}
	}
	b, err := s.Bind(in)
	if err != nil {
		return nil, err
	}
	cast := make([]plan.Expr, len(args))
	for i, a := range args {
		cast[i] = a
		if !a.Type().Equal(b.Params[i]) {
			cast[i] = &plan.Cast{X: a, To: b.Params[i], At: at}
		}
	}
	return &plan.Call{Name: s.Name, Fn: b, Args: cast, At: at}, nil
}

func boolLit(v bool, at errs.Span) plan.Expr {
	return &plan.Lit{Value: vec.ConstOf(types.BooleanType, v, 1), At: at}
}

func nullLit(t types.Type) plan.Expr { return &plan.Lit{Value: vec.NullCol(t, 1)} }

func isNullLit(e plan.Expr) bool {
	l, ok := e.(*plan.Lit)
	return ok && l.Value.IsNull(0)
}

// equality is a condition Inner = Outer, one side of which reads only the subquery's columns, the
// other only those of queries around it.
type equality struct {
	inner, outer plan.Expr
	safe         bool // <=>
	cond         plan.Expr
}

// asEquality takes a condition apart; ok is false for any other.
func asEquality(e plan.Expr, of map[plan.ID]bool) (eq equality, ok bool) {
	c, is := e.(*plan.Call)
	if !is || c.Name != "=" && c.Name != "<=>" || len(c.Args) != 2 {
		return eq, false
	}
	l, r := c.Args[0], c.Args[1]
	if readsOuter(l, of) {
		l, r = r, l
	}
	if readsOuter(l, of) || !readsOuter(r, of) || readsRef(r) || !readsRef(l) {
		return eq, false
	}
	return equality{l, r, c.Name == "<=>", e}, true
}

// equalities takes all conditions apart; ok is false if one is no equality.
func equalities(conds []plan.Expr, of map[plan.ID]bool) (out []equality, ok bool) {
	for _, c := range conds {
		eq, is := asEquality(c, of)
		if !is {
			return nil, false
		}
		out = append(out, eq)
	}
	return out, true
}

// over is the equality with another inner side.
func (q equality) over(inner plan.Expr) (plan.Expr, error) {
	name := "="
	if q.safe {
		name = "<=>"
	}
	return call(name, q.cond.Span(), inner, q.outer)
}

// substitutes maps what a subquery reads to columns of its own that conditions make equal to it.
func substitutes(conds []plan.Expr, of map[plan.ID]bool) map[plan.ID]plan.Expr {
	out := map[plan.ID]plan.Expr{}
	for _, c := range conds {
		eq, ok := asEquality(c, of)
		if !ok {
			continue
		}
		o, isOuter := eq.outer.(*plan.Outer)
		r, isRef := eq.inner.(*plan.Ref)
		if isOuter && isRef && r.Type().Equal(o.Type()) && exact(r.Type()) {
			out[o.Attr.ID] = r
		}
	}
	return out
}

// exact reports a type in which equal values cannot be told apart: 0.0 and -0.0 can.
func exact(t types.Type) bool {
	return !t.IsNested() && t.Kind != types.Float && t.Kind != types.Double
}

// substituted replaces what is read of a set; ok is false if something remains.
func substituted(e plan.Expr, by map[plan.ID]plan.Expr, of map[plan.ID]bool) (plan.Expr, bool) {
	x := replaceOuter(e, func(o *plan.Outer) plan.Expr {
		if r, ok := by[o.Attr.ID]; ok {
			return r
		}
		return o
	})
	return x, !readsOuter(x, of)
}

// emptyValue is what an aggregate gives for no rows.
func emptyValue(g *plan.Agg) (plan.Expr, error) {
	acc := g.Fn.New(&fn.Context{Zone: time.UTC})
	col, err := acc.Final([]uint32{0})
	if err != nil {
		return nil, fmt.Errorf("the value of %s for no rows: %w", g.Name, err)
	}
	v := vec.Slice(&col, 0, 1)
	v.Type = g.Type()
	return &plan.Lit{Value: v, At: g.At}, nil
}
