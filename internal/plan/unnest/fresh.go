package unnest

import (
	"maps"
	"slices"

	"github.com/azud/azud/internal/plan"
)

// newAttr makes an attribute like another, with a new id.
func (u *unnester) newAttr(like plan.Attr) plan.Attr {
	u.last++
	like.ID, like.Qualifier = u.last, ""
	return like
}

// maxID is the largest id that a plan defines, those of subqueries and lambdas included.
func maxID(n plan.Node) plan.ID {
	var top plan.ID
	for id := range defined(n) {
		top = max(top, id)
	}
	return top
}

// defined is the attributes that a plan makes, in subqueries and lambdas as well.
func defined(n plan.Node) map[plan.ID]bool {
	out := map[plan.ID]bool{}
	collect(n, out)
	return out
}

func collect(n plan.Node, out map[plan.ID]bool) {
	plan.Walk(n, func(n plan.Node) bool {
		for _, a := range n.Output() {
			out[a.ID] = true
		}
		for _, e := range plan.ExprsOf(n) {
			plan.WalkExpr(e, func(e plan.Expr) bool {
				switch e := e.(type) {
				case *plan.Subquery:
					collect(e.Plan, out)
				case *plan.Lambda:
					for _, p := range e.Params {
						out[p.ID] = true
					}
				}
				return true
			})
		}
		return true
	})
}

// fresh copies a plan: all that it defines gets new ids. What it reads of queries around it stays.
func (u *unnester) fresh(n plan.Node) (plan.Node, map[plan.ID]plan.ID) {
	ids := map[plan.ID]plan.ID{}
	for _, id := range slices.Sorted(maps.Keys(defined(n))) {
		u.last++
		ids[id] = u.last
	}
	return renamed(n, ids), ids
}

func renamed(n plan.Node, ids map[plan.ID]plan.ID) plan.Node {
	return plan.TransformUp(n, func(n plan.Node) plan.Node {
		n = plan.MapExprs(n, func(e plan.Expr) plan.Expr { return renamedExpr(e, ids) })
		return renamedNode(n, ids)
	})
}

func renamedAttr(a plan.Attr, ids map[plan.ID]plan.ID) plan.Attr {
	if id, ok := ids[a.ID]; ok {
		a.ID = id
	}
	return a
}

func renamedAttrs(list []plan.Attr, ids map[plan.ID]plan.ID) []plan.Attr {
	out := make([]plan.Attr, len(list))
	for i, a := range list {
		out[i] = renamedAttr(a, ids)
	}
	return out
}

func renamedNamed(list []plan.Named, ids map[plan.ID]plan.ID) []plan.Named {
	out := make([]plan.Named, len(list))
	for i, c := range list {
		out[i] = plan.Named{Attr: renamedAttr(c.Attr, ids), Expr: c.Expr}
	}
	return out
}

func renamedExpr(e plan.Expr, ids map[plan.ID]plan.ID) plan.Expr {
	return plan.RewriteUp(e, func(e plan.Expr) plan.Expr {
		switch e := e.(type) {
		case *plan.Ref:
			return &plan.Ref{Attr: renamedAttr(e.Attr, ids), At: e.At}
		case *plan.Outer:
			return &plan.Outer{Attr: renamedAttr(e.Attr, ids), At: e.At}
		case *plan.Lambda:
			d := *e
			d.Params = renamedAttrs(e.Params, ids)
			return &d
		case *plan.Subquery:
			d := *e
			d.Plan = renamed(e.Plan, ids)
			return &d
		}
		return e
	})
}

// renamedNode renames the attributes that a node makes itself.
func renamedNode(n plan.Node, ids map[plan.ID]plan.ID) plan.Node {
	switch n := n.(type) {
	case *plan.Scan:
		d := *n
		d.Attrs = renamedAttrs(n.Attrs, ids)
		return &d
	case *plan.Values:
		return &plan.Values{Attrs: renamedAttrs(n.Attrs, ids), Rows: n.Rows}
	case *plan.Project:
		return &plan.Project{Child: n.Child, Cols: renamedNamed(n.Cols, ids)}
	case *plan.Aggregate:
		d := *n
		d.Keys, d.Aggs = renamedNamed(n.Keys, ids), renamedNamed(n.Aggs, ids)
		return &d
	case *plan.Watermark:
		d := *n
		d.Attr, d.Attrs = renamedAttr(plan.Attr{ID: n.Attr}, ids).ID, renamedAttrs(n.Attrs, ids)
		return &d
	case *plan.TimeWindow:
		d := *n
		d.Out = renamedAttr(n.Out, ids)
		return &d
	case *plan.Union:
		d := *n
		d.Attrs = renamedAttrs(n.Attrs, ids)
		return &d
	}
	return renamedMore(n, ids)
}

func renamedMore(n plan.Node, ids map[plan.ID]plan.ID) plan.Node {
	switch n := n.(type) {
	case *plan.Join:
		d := *n
		d.Mark = renamedAttr(n.Mark, ids)
		return &d
	case *plan.Window:
		d := *n
		d.Calls = renamedNamed(n.Calls, ids)
		return &d
	case *plan.Generate:
		d := *n
		d.Out = renamedAttrs(n.Out, ids)
		return &d
	case *plan.Expand:
		d := *n
		d.Attrs = renamedAttrs(n.Attrs, ids)
		return &d
	case *plan.Range:
		d := *n
		d.Attr = renamedAttr(n.Attr, ids)
		return &d
	case *plan.Recursive:
		d := *n
		d.Attrs = renamedAttrs(n.Attrs, ids)
		return &d
	case *plan.RecursiveRef:
		d := *n
		d.Attrs = renamedAttrs(n.Attrs, ids)
		return &d
	}
	return n
}
