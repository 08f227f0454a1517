package optimize

import "github.com/azud/azud/internal/plan"

// pushFilters moves the parts of a condition as near to the scans as Spark moves them
// (PushPredicateThroughNonJoin): through Project, TimeWindow, Sort and Union, into another
// Filter, into the sides of joins, through Aggregate and Window if they read only keys, and
// through Watermark unless they read the event time. The last two are not only a matter of speed: rows that a filter takes out below
// a Watermark do not move it, and groups that it takes out below an Aggregate are not in its
// state; so a flow has Spark's watermarks only with this rule. Nothing moves through Limit.
//
// What stands above a join goes before what the join's own condition sends into the same side, as in
// Spark: WHERE r.id > 0 is checked before ON 10 / r.id > 5.
func pushFilters(n plan.Node) plan.Node { return push(push(n, false), true) }

// push moves Filters and, with on, parts of the joins' conditions.
func push(n plan.Node, on bool) plan.Node {
	return plan.TransformUp(n, func(n plan.Node) plan.Node {
		if j, ok := n.(*plan.Join); ok && on {
			if out, moved := pushOn(j); moved {
				return push(out, on)
			}
		}
		f, ok := n.(*plan.Filter)
		if !ok {
			return n
		}
		if out, moved := pushed(f); moved {
			return push(out, on)
		}
		return n
	})
}

// split sorts conditions into those that may move and those that stay, each in their order.
func split(conds []plan.Expr, may func(plan.Expr) bool) (move, stay []plan.Expr) {
	for _, c := range conds {
		if movable(c) && may(c) {
			move = append(move, c)
		} else {
			stay = append(stay, c)
		}
	}
	return move, stay
}

// movable reports that an expression gives the same wherever in the plan it is computed: it
// may depend on the epoch's time, which Spark replaces by a constant, but not on chance.
func movable(e plan.Expr) bool {
	ok := true
	plan.WalkExpr(e, func(e plan.Expr) bool {
		if c, is := e.(*plan.Call); is && c.Fn.Volatile && !ofEpoch(c) {
			ok = false
		}
		return ok
	})
	return ok
}

// ofEpoch reports the functions of the epoch's time and the session.
func ofEpoch(c *plan.Call) bool {
	switch c.Name {
	case "current_timestamp", "current_date", "localtimestamp", "current_timezone":
		return true
	case "unix_timestamp":
		return len(c.Args) == 0
	}
	return false
}

func allMovable(list []plan.Named) bool {
	for _, c := range list {
		if !movable(c.Expr) {
			return false
		}
	}
	return true
}

func pushed(f *plan.Filter) (plan.Node, bool) {
	conds := plan.Conjuncts(f.Cond)
	switch c := f.Child.(type) {
	case *plan.Filter:
		if !movable(f.Cond) || !movable(c.Cond) {
			return f, false
		}
		return plan.Filtered(c.Child, append(plan.Conjuncts(c.Cond), conds...)), true
	case *plan.Project:
		return throughProject(f, conds, c)
	case *plan.TimeWindow:
		return through(f, conds, func(e plan.Expr) bool { return !reads(e, c.Out.ID) })
	case *plan.Watermark:
		return through(f, conds, func(e plan.Expr) bool { return !reads(e, c.Attr) })
	case *plan.Sort:
		if c.Top > 0 {
			return f, false
		}
		return through(f, conds, func(plan.Expr) bool { return true })
	case *plan.Aggregate:
		return throughAggregate(f, conds, c)
	case *plan.Union:
		return throughUnion(f, conds, c)
	case *plan.Join:
		return throughJoin(f, conds, c)
	case *plan.Window:
		return throughWindow(f, conds, c)
	case *plan.Generate:
		return throughGenerate(f, conds, c)
	}
	return f, false
}

// through moves conditions through a node that passes its child's attributes on.
func through(f *plan.Filter, conds []plan.Expr, may func(plan.Expr) bool) (plan.Node, bool) {
	move, stay := split(conds, may)
	if len(move) == 0 {
		return f, false
	}
	below := plan.Filtered(f.Child.Children()[0], move)
	return plan.Filtered(f.Child.With([]plan.Node{below}), stay), true
}

func reads(e plan.Expr, id plan.ID) bool {
	set := map[plan.ID]bool{}
	plan.Refs(e, set)
	return set[id]
}

// throughProject moves a condition that the Project's expressions stand in for.
func throughProject(f *plan.Filter, conds []plan.Expr, p *plan.Project) (plan.Node, bool) {
	if !allMovable(p.Cols) {
		return f, false
	}
	move, stay := split(conds, func(plan.Expr) bool { return true })
	if len(move) == 0 {
		return f, false
	}
	by := expressions(p.Cols)
	for i := range move {
		move[i] = plan.Substitute(move[i], by)
	}
	return plan.Filtered(&plan.Project{Child: plan.Filtered(p.Child, move), Cols: p.Cols}, stay), true
}

func expressions(list []plan.Named) map[plan.ID]plan.Expr {
	by := map[plan.ID]plan.Expr{}
	for _, c := range list {
		by[c.Attr.ID] = c.Expr
	}
	return by
}

// throughAggregate moves conditions on keys. Not below a global aggregate, which gives a row
// whatever comes, nor below one whose result depends on the order of rows.
func throughAggregate(f *plan.Filter, conds []plan.Expr, g *plan.Aggregate) (plan.Node, bool) {
	if len(g.Keys) == 0 || !allMovable(g.Keys) || !allMovable(g.Aggs) || ordersMatter(g) {
		return f, false
	}
	by := expressions(g.Keys)
	move, stay := split(conds, func(e plan.Expr) bool {
		set := map[plan.ID]bool{}
		plan.Refs(e, set)
		for id := range set {
			if by[id] == nil {
				return false
			}
		}
		return len(set) > 0
	})
	if len(move) == 0 {
		return f, false
	}
	for i := range move {
		move[i] = plan.Substitute(move[i], by)
	}
	return plan.Filtered(g.With([]plan.Node{plan.Filtered(g.Child, move)}), stay), true
}

// ordersMatter reports first, last, collect_list and their like, which Spark calls
// nondeterministic.
func ordersMatter(g *plan.Aggregate) bool {
	for _, n := range g.Aggs {
		if a, ok := n.Expr.(*plan.Agg); ok && a.Fn.OrderSensitive {
			return true
		}
	}
	return false
}

// throughUnion moves conditions into every input.
func throughUnion(f *plan.Filter, conds []plan.Expr, u *plan.Union) (plan.Node, bool) {
	move, stay := split(conds, func(plan.Expr) bool { return true })
	if len(move) == 0 {
		return f, false
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
		inputs[i] = plan.Filtered(in, own)
	}
	return plan.Filtered(u.With(inputs), stay), true
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
