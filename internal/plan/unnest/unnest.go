package unnest

import (
	"github.com/azud/azud/internal/plan"
)

// unnester holds what one call of Plan counts.
type unnester struct {
	last plan.ID          // the largest attribute id given
	used map[plan.ID]bool // attributes that subqueries handled so far define
	rows bool             // leave all that is correlated to Lateral joins: what tests compare with
}

// Plan is a plan without Subquery, and with Lateral joins only where no other join gives the
// same. The root's attributes keep their ids, names and order. An error is an *errs.Error.
func Plan(n plan.Node) (plan.Node, error) {
	u := &unnester{last: maxID(n), used: map[plan.ID]bool{}}
	return u.node(n)
}

// node rewrites a plan from its leaves.
func (u *unnester) node(n plan.Node) (plan.Node, error) {
	kids := n.Children()
	out := make([]plan.Node, len(kids))
	changed := false
	for i, c := range kids {
		k, err := u.node(c)
		if err != nil {
			return nil, err
		}
		out[i], changed = k, changed || k != c
	}
	if changed {
		n = n.With(out)
	}
	if j, ok := n.(*plan.Join); ok {
		return u.join(j)
	}
	if !hasSubquery(plan.ExprsOf(n)...) {
		return n, nil
	}
	if f, ok := n.(*plan.Filter); ok {
		return u.filter(f)
	}
	return u.values(n)
}

func hasSubquery(list ...plan.Expr) bool {
	found := false
	for _, e := range list {
		plan.WalkExpr(e, func(e plan.Expr) bool {
			_, is := e.(*plan.Subquery)
			found = found || is
			return !found
		})
	}
	return found
}

// values replaces the subqueries in the expressions of a node with one child.
func (u *unnester) values(n plan.Node) (plan.Node, error) {
	w := u.over(n.Children()[0])
	var failed error
	out := plan.MapExprs(n, func(e plan.Expr) plan.Expr {
		x, err := w.value(e)
		if err != nil && failed == nil {
			failed = err
		}
		return x
	})
	if failed != nil {
		return nil, failed
	}
	return plan.Exactly(out.With([]plan.Node{w.n}), n.Output()), nil
}

// filter turns the conditions of a Filter into semi and anti joins where they are EXISTS or IN.
func (u *unnester) filter(f *plan.Filter) (plan.Node, error) {
	var plain, rest []plan.Expr
	for _, c := range plan.Conjuncts(f.Cond) {
		if hasSubquery(c) {
			rest = append(rest, c)
		} else {
			plain = append(plain, c)
		}
	}
	w := u.over(plan.Filtered(f.Child, plain))
	var conds []plan.Expr
	for _, c := range rest {
		done, err := w.condition(c)
		if err != nil {
			return nil, err
		}
		if done {
			continue
		}
		x, err := w.value(c)
		if err != nil {
			return nil, err
		}
		conds = append(conds, x)
	}
	return plan.Exactly(plan.Filtered(w.n, conds), f.Output()), nil
}
