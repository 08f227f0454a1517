package optimize

import (
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/types"
)

// ids is a set of attributes.
type ids map[plan.ID]bool

// covers reports whether an expression reads only attributes of the set.
func (s ids) covers(e plan.Expr) bool {
	set := map[plan.ID]bool{}
	plan.Refs(e, set)
	for id := range set {
		if !s[id] {
			return false
		}
	}
	return true
}

// throughJoin moves conditions above a join into its sides or, for an inner join, into On.
// Spark: PushPredicateThroughJoin.
func throughJoin(f *plan.Filter, conds []plan.Expr, j *plan.Join) (plan.Node, bool) {
	left, right := ids(plan.IDs(j.L.Output())), ids(plan.IDs(j.R.Output()))
	var toL, toR, toOn, stay []plan.Expr
	for _, c := range conds {
		switch {
		case !movable(c):
			stay = append(stay, c)
		case left.covers(c) && keepsLeft(j.Kind):
			toL = append(toL, c)
		case j.Kind == plan.Inner && !j.Lateral && right.covers(c), j.Kind == plan.RightOuter && right.covers(c):
			toR = append(toR, c)
		case j.Kind == plan.Inner && !j.Lateral:
			toOn = append(toOn, c)
		default:
			stay = append(stay, c)
		}
	}
	if len(toL)+len(toR)+len(toOn) == 0 {
		return f, false
	}
	d := *j
	d.L, d.R = plan.Filtered(j.L, toL), plan.Filtered(j.R, toR)
	if len(toOn) > 0 {
		d.On = plan.And(append(plan.Conjuncts(j.On), toOn...)...)
	}
	return plan.Filtered(&d, stay), true
}

// keepsLeft reports kinds whose left rows come out as they are, or not at all.
func keepsLeft(k plan.JoinKind) bool { return k != plan.RightOuter && k != plan.FullOuter }

// pushOn moves the parts of a join's own condition that read one side into that side, where rows
// that fail them have no other effect.
func pushOn(j *plan.Join) (plan.Node, bool) {
	if j.On == nil {
		return j, false
	}
	left, right := ids(plan.IDs(j.L.Output())), ids(plan.IDs(j.R.Output()))
	intoL := j.Kind == plan.Inner || j.Kind == plan.RightOuter || j.Kind == plan.LeftSemi
	intoR := !j.Lateral && (j.Kind == plan.Inner || j.Kind == plan.LeftOuter || j.Kind == plan.LeftSingle ||
		j.Kind == plan.LeftSemi || j.Kind == plan.LeftAnti && !j.NullAware)
	var toL, toR, stay []plan.Expr
	for _, c := range plan.Conjuncts(j.On) {
		switch {
		case intoL && movable(c) && left.covers(c):
			toL = append(toL, c)
		case intoR && movable(c) && right.covers(c):
			toR = append(toR, c)
		default:
			stay = append(stay, c)
		}
	}
	if len(toL)+len(toR) == 0 {
		return j, false
	}
	d := *j
	d.L, d.R, d.On = plan.Filtered(j.L, toL), plan.Filtered(j.R, toR), plan.And(stay...)
	return &d, true
}

// throughWindow moves conditions on what the partitions are made of: a partition goes or stays
// as a whole.
func throughWindow(f *plan.Filter, conds []plan.Expr, w *plan.Window) (plan.Node, bool) {
	keys := ids{}
	for _, p := range w.Partition {
		if r, ok := p.(*plan.Ref); ok {
			keys[r.Attr.ID] = true
		}
	}
	return through(f, conds, func(e plan.Expr) bool { return !plan.IsConst(e) && keys.covers(e) })
}

// throughGenerate moves conditions on the columns that are passed on.
func throughGenerate(f *plan.Filter, conds []plan.Expr, g *plan.Generate) (plan.Node, bool) {
	below := ids(plan.IDs(g.Child.Output()))
	return through(f, conds, below.covers)
}

// dropOuterJoins makes an outer join an inner one, or one that keeps one side, where a condition
// above takes out the rows that it adds. Spark: EliminateOuterJoin.
func dropOuterJoins(n plan.Node) plan.Node {
	return plan.TransformUp(n, func(n plan.Node) plan.Node {
		f, ok := n.(*plan.Filter)
		if !ok {
			return n
		}
		j, ok := f.Child.(*plan.Join)
		if !ok {
			return n
		}
		needL, needR := false, false
		left, right := ids(plan.IDs(j.L.Output())), ids(plan.IDs(j.R.Output()))
		for _, c := range plan.Conjuncts(f.Cond) {
			needL = needL || rejectsNulls(c, left)
			needR = needR || rejectsNulls(c, right)
		}
		kind := j.Kind
		switch {
		case j.Kind == plan.LeftOuter && needR, j.Kind == plan.RightOuter && needL, j.Kind == plan.FullOuter && needL && needR:
			kind = plan.Inner
		case j.Kind == plan.FullOuter && needL:
			kind = plan.LeftOuter
		case j.Kind == plan.FullOuter && needR:
			kind = plan.RightOuter
		}
		if kind == j.Kind {
			return n
		}
		d := *j
		d.Kind = kind
		return &plan.Filter{Child: &d, Cond: f.Cond}
	})
}

// strict are operators that give NULL if an argument is NULL, and so no true condition.
var strict = map[string]bool{"=": true, "<": true, "<=": true, ">": true, ">=": true, "+": true, "-": true, "*": true, "like": true, "not": true}

// rejectsNulls reports a condition that cannot be true if all attributes of the set are NULL.
func rejectsNulls(e plan.Expr, of ids) bool {
	switch e := e.(type) {
	case *plan.Ref:
		return of[e.Attr.ID]
	case *plan.Cast:
		if e.X.Type().Kind == types.Boolean && e.To.Kind == types.Boolean {
			return rejectsNulls(e.X, of)
		}
		return strictly(e.X, of)
	case *plan.In: // FALSE IN (FALSE) is true: the operand must be NULL, not only never true
		return strictly(e.X, of)
	case *plan.Logic:
		if e.Or {
			return rejectsNulls(e.L, of) && rejectsNulls(e.R, of)
		}
		return rejectsNulls(e.L, of) || rejectsNulls(e.R, of)
	case *plan.Call:
		if e.Name == "isnotnull" {
			return strictly(e.Args[0], of)
		}
		return strict[e.Name] && strictly(e, of)
	}
	return false
}

// strictly reports a value that is NULL if all attributes of the set are.
func strictly(e plan.Expr, of ids) bool {
	switch e := e.(type) {
	case *plan.Ref:
		return of[e.Attr.ID]
	case *plan.Cast:
		return strictly(e.X, of)
	case *plan.Call:
		if !strict[e.Name] {
			return false
		}
		for _, a := range e.Args {
			if strictly(a, of) {
				return true
			}
		}
	}
	return false
}
