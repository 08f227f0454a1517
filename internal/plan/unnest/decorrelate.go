package unnest

import "github.com/azud/azud/internal/plan"

// right is the right side of a join whose reads of the left side have become conditions.
type right struct {
	n       plan.Node
	conds   []plan.Expr // over both sides
	lateral bool        // they have not
}

// decorrelated makes conditions of what r reads of l.
func (u *unnester) decorrelated(l, r plan.Node) (*right, error) {
	ids := plan.IDs(l.Output())
	of := plan.IDs(outersOf(r, ids))
	if len(of) == 0 {
		return &right{n: r}, nil
	}
	if u.rows {
		return &right{n: r, lateral: true}, nil
	}
	n, conds, err := u.pull(r, of)
	if err == nil {
		for i, c := range conds {
			conds[i] = asRefs(c, of)
		}
		return &right{n: n, conds: conds}, nil
	}
	if err != errStays {
		return nil, err
	}
	n, conds, err = u.byDomain(l, r, of)
	switch err {
	case nil:
		return &right{n: n, conds: conds}, nil
	case errStays:
		return &right{n: r, lateral: true}, nil
	}
	return nil, err
}

// neverNull makes the conditions TRUE or FALSE: in the subquery a row with an unknown condition
// was not there, and must not make the whole unknown.
func (d *right) neverNull(l plan.Node) error {
	left := plan.IDs(l.Output())
	for i, c := range d.conds {
		if !c.Nullable() {
			continue
		}
		eq, ok := c.(*plan.Call)
		if !ok || eq.Name != "=" {
			d.conds[i] = &plan.Coalesce{Args: []plan.Expr{c, boolLit(false, c.Span())}, At: c.Span()}
			continue
		}
		for _, x := range eq.Args { // x of the right side is not NULL, so that <=> is as good as =
			if !x.Nullable() || !only(x, left, false) {
				continue
			}
			has, err := call("isnotnull", c.Span(), x)
			if err != nil {
				return err
			}
			d.n = &plan.Filter{Child: d.n, Cond: has}
		}
		safe, err := call("<=>", c.Span(), eq.Args...)
		if err != nil {
			return err
		}
		d.conds[i] = safe
	}
	return nil
}

// only reports an expression that reads columns, all of which are (or are not) of a set.
func only(e plan.Expr, set map[plan.ID]bool, in bool) bool {
	ids := map[plan.ID]bool{}
	plan.Refs(e, ids)
	for id := range ids {
		if set[id] != in {
			return false
		}
	}
	return len(ids) > 0
}
