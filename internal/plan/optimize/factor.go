package optimize

import "github.com/azud/azud/internal/plan"

// factorConditions takes out of an OR what all its branches have in common, (a AND b) OR (a AND c)
// to a AND (b OR c), so that an equality of two tables becomes a join's key; and adds to a condition
// over a join what its OR says of one side alone, so that this can move below the join: of
// (x.a = 1 AND y.b = 2) OR (x.a = 3 AND y.b = 4) that x.a = 1 OR x.a = 3. Spark: the first is in
// BooleanSimplification, the second in ExtractPredicatesWithinOutputSet.
func factorConditions(n plan.Node) plan.Node {
	return plan.TransformUp(n, func(n plan.Node) plan.Node {
		switch n := n.(type) {
		case *plan.Filter:
			if c, changed := factored(n.Cond); changed {
				return &plan.Filter{Child: n.Child, Cond: c}
			}
		case *plan.Join:
			if n.On == nil || n.Kind != plan.Inner {
				return n
			}
			cond, changed := factored(n.On)
			cond, more := withSides(cond, n)
			if changed || more {
				d := *n
				d.On = cond
				return &d
			}
		}
		return n
	})
}

func factored(e plan.Expr) (plan.Expr, bool) {
	list := plan.Conjuncts(e)
	var out []plan.Expr
	changed := false
	for _, c := range list {
		l, ok := c.(*plan.Logic)
		if !ok || !l.Or || !movable(c) {
			out = append(out, c)
			continue
		}
		common, rest := commonParts(branches(c))
		if len(common) == 0 {
			out = append(out, c)
			continue
		}
		changed = true
		out = append(out, common...)
		if rest != nil {
			out = append(out, rest)
		}
	}
	if !changed {
		return e, false
	}
	return plan.And(out...), true
}

// branches splits a condition at its ORs.
func branches(e plan.Expr) []plan.Expr {
	if l, ok := e.(*plan.Logic); ok && l.Or {
		return append(branches(l.L), branches(l.R)...)
	}
	return []plan.Expr{e}
}

func disjunction(list []plan.Expr) plan.Expr {
	all := list[0]
	for _, c := range list[1:] {
		all = &plan.Logic{Or: true, L: all, R: c, At: c.Span()}
	}
	return all
}

// commonParts are the conjuncts that every branch has; rest is the OR of what remains, nil if a
// branch has nothing else.
func commonParts(list []plan.Expr) (common []plan.Expr, rest plan.Expr) {
	parts := make([][]plan.Expr, len(list))
	for i, b := range list {
		parts[i] = plan.Conjuncts(b)
	}
	for _, c := range parts[0] {
		if everywhere(c, parts[1:]) && !holds(common, c) {
			common = append(common, c)
		}
	}
	if len(common) == 0 {
		return nil, nil
	}
	var left []plan.Expr
	for _, p := range parts {
		var own []plan.Expr
		for _, c := range p {
			if !holds(common, c) {
				own = append(own, c)
			}
		}
		if len(own) == 0 {
			return common, nil
		}
		left = append(left, plan.And(own...))
	}
	return common, disjunction(left)
}

func everywhere(c plan.Expr, parts [][]plan.Expr) bool {
	for _, p := range parts {
		if !holds(p, c) {
			return false
		}
	}
	return true
}

func holds(list []plan.Expr, c plan.Expr) bool {
	for _, x := range list {
		if plan.Equal(x, c) {
			return true
		}
	}
	return false
}

// withSides adds what an OR of a join's condition says of one side alone, once.
func withSides(cond plan.Expr, j *plan.Join) (plan.Expr, bool) {
	list := plan.Conjuncts(cond)
	changed := false
	for _, side := range []plan.Node{j.L, j.R} {
		own := ids(plan.IDs(side.Output()))
		for _, c := range plan.Conjuncts(cond) {
			l, ok := c.(*plan.Logic)
			if !ok || !l.Or || !movable(c) || own.covers(c) {
				continue
			}
			if e := ofSide(branches(c), own); e != nil && !holds(list, e) && !implied(side, e) {
				list = append(list, e)
				changed = true
			}
		}
	}
	if !changed {
		return cond, false
	}
	return plan.And(list...), true
}

// ofSide is the OR of what each branch says of one side; nil if one says nothing of it.
func ofSide(list []plan.Expr, own ids) plan.Expr {
	var out []plan.Expr
	for _, b := range list {
		var mine []plan.Expr
		for _, c := range plan.Conjuncts(b) {
			if own.covers(c) && !plan.IsConst(c) {
				mine = append(mine, c)
			}
		}
		if len(mine) == 0 {
			return nil
		}
		out = append(out, plan.And(mine...))
	}
	return disjunction(out)
}

// implied reports that a condition was moved into a side before.
func implied(side plan.Node, e plan.Expr) bool {
	found := false
	plan.Walk(side, func(n plan.Node) bool {
		switch n := n.(type) {
		case *plan.Filter:
			found = found || holds(plan.Conjuncts(n.Cond), e)
		case *plan.Join:
			found = found || holds(plan.Conjuncts(n.On), e)
		}
		return !found
	})
	return found
}
