package plan

import "github.com/azud/azud/internal/errs"

// Respan gives all of a plan one place: a view's, whose spans index another text.
func Respan(n Node, at errs.Span) Node {
	return TransformUp(n, func(n Node) Node {
		n = MapExprs(n, func(e Expr) Expr {
			return RewriteUp(e, func(e Expr) Expr { return exprAt(e, at) })
		})
		return nodeAt(n, at)
	})
}

func nodeAt(n Node, at errs.Span) Node {
	switch n := n.(type) {
	case *Scan:
		d := *n
		d.At = at
		return &d
	case *Aggregate:
		d := *n
		d.At = at
		return &d
	case *Sort:
		d := *n
		d.At = at
		return &d
	case *Limit:
		d := *n
		d.At = at
		return &d
	case *Union:
		d := *n
		d.At = at
		return &d
	case *Join:
		d := *n
		d.At = at
		return &d
	case *Window:
		d := *n
		d.At = at
		return &d
	case *Generate:
		d := *n
		d.At = at
		return &d
	case *Recursive:
		d := *n
		d.At = at
		return &d
	}
	return n
}

func exprAt(e Expr, at errs.Span) Expr {
	switch e := e.(type) {
	case *Ref:
		d := *e
		d.At = at
		return &d
	case *Lit:
		d := *e
		d.At = at
		return &d
	case *Call:
		d := *e
		d.At = at
		return &d
	case *Cast:
		d := *e
		d.At = at
		return &d
	case *Logic:
		d := *e
		d.At = at
		return &d
	case *Case:
		d := *e
		d.At = at
		return &d
	case *Coalesce:
		d := *e
		d.At = at
		return &d
	case *In:
		d := *e
		d.At = at
		return &d
	case *Field:
		d := *e
		d.At = at
		return &d
	case *Agg:
		d := *e
		d.At = at
		return &d
	}
	return moreAt(e, at)
}

// moreAt is exprAt for the expressions of batch queries.
func moreAt(e Expr, at errs.Span) Expr {
	switch e := e.(type) {
	case *Outer:
		d := *e
		d.At = at
		return &d
	case *Subquery:
		d := *e
		d.At, d.Plan = at, Respan(e.Plan, at)
		return &d
	case *Lambda:
		d := *e
		d.At = at
		return &d
	case *Higher:
		d := *e
		d.At = at
		return &d
	case *WindowCall:
		d := *e
		d.At = at
		return &d
	}
	return e
}
