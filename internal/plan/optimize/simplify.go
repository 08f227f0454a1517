package optimize

import (
	"time"

	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// mapAll applies a rewriting of expressions, leaves first, to every expression of a plan. An
// aggregate call stays one.
func mapAll(n plan.Node, f func(plan.Expr) plan.Expr) plan.Node {
	return plan.TransformUp(n, func(n plan.Node) plan.Node {
		return plan.MapExprs(n, func(e plan.Expr) plan.Expr { return plan.RewriteUp(e, f) })
	})
}

// folding computes what became constant by other rules. The rest was folded by the analyzer, in the same
// zone. Without a zone (a flow's plan), whatever may depend on one is left for the run.
func folding(zone *time.Location) func(plan.Node) plan.Node {
	ctx := &fn.Context{Zone: zone}
	return func(n plan.Node) plan.Node {
		return mapAll(n, func(e plan.Expr) plan.Expr {
			if !plan.Foldable(e) || zone == nil && readsZone(e) {
				return e
			}
			return plan.FoldNode(ctx, e)
		})
	}
}

// readsZone reports an operation that may read the session's time zone: one on or giving times, or nested
// values that may hold some, and those that give times as numbers or text.
func readsZone(e plan.Expr) bool {
	if c, ok := e.(*plan.Call); ok {
		switch c.Name {
		case "unix_timestamp", "to_unix_timestamp", "from_unixtime":
			return true
		}
	}
	for _, x := range append(e.Children(), e) {
		if x.Type().IsTime() || x.Type().IsNested() {
			return true
		}
	}
	return false
}

// simplify reduces boolean logic, CASE, COALESCE and casts, and drops filters that are true.
func simplify(n plan.Node) plan.Node {
	n = mapAll(n, simpler)
	return plan.TransformUp(n, func(n plan.Node) plan.Node {
		if f, ok := n.(*plan.Filter); ok && isBool(f.Cond, true) {
			return f.Child
		}
		return n
	})
}

func simpler(e plan.Expr) plan.Expr {
	switch e := e.(type) {
	case *plan.Logic:
		return simplerLogic(e)
	case *plan.Call:
		return simplerCall(e)
	case *plan.Case:
		return simplerCase(e)
	case *plan.Coalesce:
		return simplerCoalesce(e)
	case *plan.Cast:
		if e.X.Type().Equal(e.To) {
			return e.X
		}
	}
	return e
}

// isBool reports the literal TRUE or FALSE.
func isBool(e plan.Expr, want bool) bool {
	l, ok := e.(*plan.Lit)
	return ok && l.Value.Type.Kind == types.Boolean && !l.Value.IsNull(0) && vec.Get[bool](&l.Value, 0) == want
}

func isNull(e plan.Expr) bool {
	l, ok := e.(*plan.Lit)
	return ok && l.Value.IsNull(0)
}

// simplerLogic: TRUE AND x is x, FALSE AND x is FALSE; OR the other way round.
func simplerLogic(e *plan.Logic) plan.Expr {
	switch {
	case isBool(e.L, !e.Or):
		return e.R
	case isBool(e.R, !e.Or):
		return e.L
	case isBool(e.L, e.Or):
		return e.L
	case isBool(e.R, e.Or) && !plan.IsVolatile(e.L):
		return e.R
	case plan.Equal(e.L, e.R):
		return e.L
	}
	return e
}

func boolLit(v bool, like plan.Expr) plan.Expr {
	return &plan.Lit{Value: vec.ConstOf(types.BooleanType, v, 1), At: like.Span()}
}

func simplerCall(e *plan.Call) plan.Expr {
	if len(e.Args) != 1 {
		return e
	}
	x := e.Args[0]
	switch e.Name {
	case "not":
		if inner, ok := x.(*plan.Call); ok && inner.Name == "not" {
			return inner.Args[0]
		}
	case "isnull", "isnotnull":
		if !x.Nullable() && !plan.IsVolatile(x) {
			return boolLit(e.Name == "isnotnull", e)
		}
	}
	return e
}

// simplerCase drops branches that are never taken and those after one that always is.
func simplerCase(e *plan.Case) plan.Expr {
	out := &plan.Case{Else: e.Else, At: e.At}
	for i, w := range e.When {
		switch {
		case isBool(w, false), isNull(w):
			continue
		case isBool(w, true):
			if len(out.When) == 0 {
				return e.Then[i]
			}
			out.Else = e.Then[i]
			return out
		}
		out.When, out.Then = append(out.When, w), append(out.Then, e.Then[i])
	}
	switch {
	case len(out.When) == len(e.When):
		return e
	case len(out.When) > 0:
		return out
	case e.Else != nil:
		return e.Else
	}
	return &plan.Lit{Value: vec.NullCol(e.Type(), 1), At: e.At}
}

// simplerCoalesce drops NULLs and what follows an argument that cannot be NULL.
func simplerCoalesce(e *plan.Coalesce) plan.Expr {
	var args []plan.Expr
	for _, a := range e.Args {
		if isNull(a) {
			continue
		}
		args = append(args, a)
		if !a.Nullable() {
			break
		}
	}
	switch {
	case len(args) == len(e.Args):
		return e
	case len(args) == 0:
		return e.Args[0]
	case len(args) == 1:
		return args[0]
	}
	return &plan.Coalesce{Args: args, At: e.At}
}
