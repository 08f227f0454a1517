package optimize

import "github.com/azud/azud/internal/plan"

// collapseProjects makes one Project of two, unless that would compute something twice or
// move a volatile call.
func collapseProjects(n plan.Node) plan.Node {
	return plan.TransformUp(n, func(n plan.Node) plan.Node {
		outer, ok := n.(*plan.Project)
		if !ok {
			return n
		}
		inner, ok := outer.Child.(*plan.Project)
		if !ok || !collapsible(outer, inner) {
			return n
		}
		by := map[plan.ID]plan.Expr{}
		for _, c := range inner.Cols {
			by[c.Attr.ID] = c.Expr
		}
		out := &plan.Project{Child: inner.Child}
		for _, c := range outer.Cols {
			out.Cols = append(out.Cols, plan.Named{Attr: c.Attr, Expr: plan.Substitute(c.Expr, by)})
		}
		return out
	})
}

func collapsible(outer, inner *plan.Project) bool {
	uses := map[plan.ID]int{}
	for _, c := range outer.Cols {
		plan.WalkExpr(c.Expr, func(e plan.Expr) bool {
			if r, ok := e.(*plan.Ref); ok {
				uses[r.Attr.ID]++
			}
			return true
		})
	}
	for _, c := range inner.Cols {
		if plan.IsVolatile(c.Expr) || uses[c.Attr.ID] > 1 && !cheap(c.Expr) {
			return false
		}
	}
	return true
}

// cheap reports columns, constants and fields of structs.
func cheap(e plan.Expr) bool {
	switch e := e.(type) {
	case *plan.Ref, *plan.Lit:
		return true
	case *plan.Field:
		return cheap(e.X)
	}
	return false
}

// dropProjects removes a Project that passes its input on as it is.
func dropProjects(n plan.Node) plan.Node {
	return plan.TransformUp(n, func(n plan.Node) plan.Node {
		p, ok := n.(*plan.Project)
		if !ok || !idle(p) {
			return n
		}
		return p.Child
	})
}

func idle(p *plan.Project) bool {
	in := p.Child.Output()
	if len(in) != len(p.Cols) {
		return false
	}
	for i, c := range p.Cols {
		r, ok := c.Expr.(*plan.Ref)
		if !ok || r.Attr.ID != c.Attr.ID || in[i].ID != c.Attr.ID || in[i].Name != c.Attr.Name {
			return false
		}
	}
	return true
}
