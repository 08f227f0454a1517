package optimize

import "github.com/azud/azud/internal/plan"

// pushFilters moves the parts of a condition as near to the scans as their meaning allows:
// through Project, TimeWindow, Sort and Union, into another Filter; never through Watermark,
// Limit or Aggregate.
func pushFilters(n plan.Node) plan.Node {
	return plan.TransformUp(n, func(n plan.Node) plan.Node {
		f, ok := n.(*plan.Filter)
		if !ok {
			return n
		}
		if out, moved := pushed(f); moved {
			return pushFilters(out)
		}
		return n
	})
}

// conjuncts splits a condition at its ANDs.
func conjuncts(e plan.Expr) []plan.Expr {
	if l, ok := e.(*plan.Logic); ok && !l.Or {
		return append(conjuncts(l.L), conjuncts(l.R)...)
	}
	return []plan.Expr{e}
}

// filtered puts a Filter with all conditions over a node; with none it is the node.
func filtered(n plan.Node, conds []plan.Expr) plan.Node {
	if len(conds) == 0 {
		return n
	}
	all := conds[0]
	for _, c := range conds[1:] {
		all = &plan.Logic{L: all, R: c, At: c.Span()}
	}
	return &plan.Filter{Child: n, Cond: all}
}

// split sorts conditions into those that may move and those that stay. What follows a
// condition that stays, stays too: it may rely on the rows that the first one lets through.
func split(conds []plan.Expr, may func(plan.Expr) bool) (move, stay []plan.Expr) {
	for i, c := range conds {
		if plan.IsVolatile(c) || !may(c) {
			return move, append(stay, conds[i:]...)
		}
		move = append(move, c)
	}
	return move, nil
}

func pushed(f *plan.Filter) (plan.Node, bool) {
	conds := conjuncts(f.Cond)
	switch c := f.Child.(type) {
	case *plan.Filter:
		if plan.IsVolatile(f.Cond) || plan.IsVolatile(c.Cond) {
			return f, false
		}
		return filtered(c.Child, append(conjuncts(c.Cond), conds...)), true
	case *plan.Project:
		return throughProject(conds, c)
	case *plan.TimeWindow:
		move, stay := split(conds, func(e plan.Expr) bool { return !reads(e, c.Out.ID) })
		if len(move) == 0 {
			return f, false
		}
		return filtered(c.With([]plan.Node{filtered(c.Child, move)}), stay), true
	case *plan.Sort:
		if plan.IsVolatile(f.Cond) {
			return f, false
		}
		return c.With([]plan.Node{filtered(c.Child, conds)}), true
	case *plan.Union:
		return throughUnion(conds, c)
	}
	return f, false
}

func reads(e plan.Expr, id plan.ID) bool {
	set := map[plan.ID]bool{}
	plan.Refs(e, set)
	return set[id]
}

func throughProject(conds []plan.Expr, p *plan.Project) (plan.Node, bool) {
	by := map[plan.ID]plan.Expr{}
	for _, c := range p.Cols {
		by[c.Attr.ID] = c.Expr
	}
	move, stay := split(conds, func(e plan.Expr) bool { return !plan.IsVolatile(plan.Substitute(e, by)) })
	if len(move) == 0 {
		return nil, false
	}
	for i := range move {
		move[i] = plan.Substitute(move[i], by)
	}
	return filtered(&plan.Project{Child: filtered(p.Child, move), Cols: p.Cols}, stay), true
}

func throughUnion(conds []plan.Expr, u *plan.Union) (plan.Node, bool) {
	move, stay := split(conds, func(plan.Expr) bool { return true })
	if len(move) == 0 {
		return nil, false
	}
	inputs := make([]plan.Node, len(u.Inputs))
	for i, in := range u.Inputs {
		by := map[plan.ID]plan.Expr{}
		for k, a := range in.Output() {
			by[u.Attrs[k].ID] = &plan.Ref{Attr: a}
		}
		own := make([]plan.Expr, len(move))
		for k, c := range move {
			own[k] = plan.Substitute(c, by)
		}
		inputs[i] = filtered(in, own)
	}
	return filtered(u.With(inputs), stay), true
}

// flattenUnions makes one Union of a Union within a Union.
func flattenUnions(n plan.Node) plan.Node {
	return plan.TransformUp(n, func(n plan.Node) plan.Node {
		u, ok := n.(*plan.Union)
		if !ok {
			return n
		}
		var inputs []plan.Node
		for _, in := range u.Inputs {
			if inner, ok := in.(*plan.Union); ok {
				inputs = append(inputs, inner.Inputs...)
			} else {
				inputs = append(inputs, in)
			}
		}
		if len(inputs) == len(u.Inputs) {
			return n
		}
		return u.With(inputs)
	})
}
