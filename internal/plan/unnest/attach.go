package unnest

import (
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/types"
)

// joiner joins subqueries to a node: n grows, and keeps all its columns.
type joiner struct {
	u    *unnester
	n    plan.Node
	done map[*plan.Subquery]plan.Expr // of those that stand in several places
}

func (u *unnester) over(n plan.Node) *joiner {
	return &joiner{u: u, n: n, done: map[*plan.Subquery]plan.Expr{}}
}

// asNot is the operand of NOT.
func asNot(e plan.Expr) (plan.Expr, bool) {
	if c, ok := e.(*plan.Call); ok && c.Name == "not" && len(c.Args) == 1 {
		return c.Args[0], true
	}
	return e, false
}

// value replaces the subqueries in an expression by columns of n.
func (w *joiner) value(e plan.Expr) (plan.Expr, error) {
	var failed error
	out := plan.RewriteDown(e, func(e plan.Expr) (plan.Expr, bool) {
		if failed != nil {
			return e, true
		}
		x, not := asNot(e)
		q, ok := x.(*plan.Subquery)
		if !ok || not && q.Kind != plan.InQuery {
			return e, false
		}
		var v plan.Expr
		v, failed = w.subquery(q, not)
		return v, true
	})
	if failed != nil {
		return e, failed
	}
	return out, nil
}

// subquery joins one subquery and says where its value stands; with not it is the value of NOT IN.
func (w *joiner) subquery(q *plan.Subquery, not bool) (plan.Expr, error) {
	if v, ok := w.done[q]; ok && !not {
		return v, nil
	}
	r, xs, err := w.prepared(q)
	if err != nil {
		return nil, err
	}
	var v plan.Expr
	switch q.Kind {
	case plan.ExistsQuery:
		v, err = w.existsValue(q, r)
	case plan.InQuery:
		v, err = w.inValue(q, r, xs, not)
	default:
		v, err = w.scalar(q, r)
	}
	if err == nil && !not {
		w.done[q] = v
	}
	return v, err
}

// prepared is a subquery's plan without subqueries, with ids that nothing else has, and the
// operands of IN over n.
func (w *joiner) prepared(q *plan.Subquery) (plan.Node, []plan.Expr, error) {
	xs := make([]plan.Expr, len(q.X))
	for i, x := range q.X {
		v, err := w.value(x)
		if err != nil {
			return nil, nil, err
		}
		xs[i] = v
	}
	n := q.Plan
	for id := range defined(n) {
		if w.u.used[id] {
			n, _ = w.u.fresh(n)
			break
		}
	}
	mine := defined(n)
	n, err := w.u.node(n)
	for id := range mine {
		w.u.used[id] = true
	}
	return n, xs, err
}

// condition joins a condition of a Filter that is a subquery, or NOT one; done is false for others.
func (w *joiner) condition(c plan.Expr) (done bool, err error) {
	x, not := asNot(c)
	q, ok := x.(*plan.Subquery)
	if !ok || q.Kind == plan.ScalarQuery {
		return false, nil
	}
	r, xs, err := w.prepared(q)
	if err != nil {
		return false, err
	}
	j := &plan.Join{Kind: plan.LeftSemi, At: q.At}
	if not {
		j.Kind = plan.LeftAnti
	}
	if q.Kind == plan.ExistsQuery {
		if alwaysRow(r) {
			if not {
				w.n = &plan.Filter{Child: w.n, Cond: boolLit(false, q.At)}
			}
			return true, nil
		}
		return true, w.join(j, rowsOnly(r), nil, false)
	}
	on, err := pairs(q, xs, r)
	if err != nil {
		return false, err
	}
	j.NullAware = not
	return true, w.join(j, r, on, not)
}

// pairs are the equations of IN.
func pairs(q *plan.Subquery, xs []plan.Expr, r plan.Node) ([]plan.Expr, error) {
	var on []plan.Expr
	for i, a := range r.Output()[:len(xs)] {
		eq, err := call("=", q.At, xs[i], &plan.Ref{Attr: a, At: q.At})
		if err != nil {
			return nil, err
		}
		on = append(on, eq)
	}
	return on, nil
}

// join makes n a join with r: on is its condition beside what r reads of n, which must not be NULL
// where sure is set.
func (w *joiner) join(j *plan.Join, r plan.Node, on []plan.Expr, sure bool) error {
	d, err := w.u.decorrelated(w.n, r)
	if err != nil {
		return err
	}
	if sure {
		if err := d.neverNull(w.n); err != nil {
			return err
		}
	}
	j.L, j.R, j.Lateral = w.n, d.n, d.lateral
	j.On = plan.And(append(on, d.conds...)...)
	w.n = j
	return nil
}

// rowsOnly drops what does not change whether a plan gives rows.
func rowsOnly(n plan.Node) plan.Node {
	switch n := n.(type) {
	case *plan.Project:
		return rowsOnly(n.Child)
	case *plan.Sort:
		return rowsOnly(n.Child)
	case *plan.Aggregate:
		if len(n.Keys) > 0 {
			return rowsOnly(n.Child)
		}
	case *plan.Limit:
		if n.Offset == 0 && n.Count > 0 {
			return rowsOnly(n.Child)
		}
	}
	return n
}

// alwaysRow reports a plan that gives at least one row.
func alwaysRow(n plan.Node) bool {
	switch n := n.(type) {
	case *plan.Project:
		return alwaysRow(n.Child)
	case *plan.Sort:
		return alwaysRow(n.Child)
	case *plan.Aggregate:
		return len(n.Keys) == 0
	case *plan.Limit:
		return n.Offset == 0 && n.Count != 0 && alwaysRow(n.Child)
	case *plan.Values:
		return n.Rows.Rows() > 0
	}
	return false
}

// atMostOne reports a plan that cannot give two rows.
func atMostOne(n plan.Node) bool {
	switch n := n.(type) {
	case *plan.Project:
		return atMostOne(n.Child)
	case *plan.Filter:
		return atMostOne(n.Child)
	case *plan.Sort:
		return atMostOne(n.Child)
	case *plan.Aggregate:
		return len(n.Keys) == 0
	case *plan.Limit:
		return n.Count == 0 || n.Count == 1 || atMostOne(n.Child)
	case *plan.Values:
		return n.Rows.Rows() <= 1
	}
	return false
}

func (w *joiner) mark(q *plan.Subquery) *plan.Join {
	m := plan.Attr{Name: "exists", Type: types.BooleanType, Nullable: true}
	return &plan.Join{Kind: plan.LeftMark, Mark: w.u.newAttr(m), At: q.At}
}

func (w *joiner) existsValue(q *plan.Subquery, r plan.Node) (plan.Expr, error) {
	if alwaysRow(r) {
		return boolLit(true, q.At), nil
	}
	j := w.mark(q)
	if err := w.join(j, rowsOnly(r), nil, false); err != nil {
		return nil, err
	}
	return known(j, false), nil
}

// known is a mark that is not NULL. Spark's ExistenceJoin takes an IN that is unknown for false,
// and a NOT IN that is unknown for false as well.
func known(j *plan.Join, or bool) plan.Expr {
	return &plan.Coalesce{Args: []plan.Expr{&plan.Ref{Attr: j.Mark, At: j.At}, boolLit(or, j.At)}, At: j.At}
}

func (w *joiner) inValue(q *plan.Subquery, r plan.Node, xs []plan.Expr, not bool) (plan.Expr, error) {
	on, err := pairs(q, xs, r)
	if err != nil {
		return nil, err
	}
	j := w.mark(q)
	if err := w.join(j, r, on, true); err != nil {
		return nil, err
	}
	switch {
	case len(xs) == 1 && isNullLit(xs[0]): // Spark: NullPropagation
		m := j.Mark
		m.Nullable = true
		return &plan.Ref{Attr: m, At: q.At}, nil
	case not:
		return call("not", q.At, known(j, true))
	}
	return known(j, false), nil
}

// scalar joins a subquery as a value.
func (w *joiner) scalar(q *plan.Subquery, r plan.Node) (plan.Expr, error) {
	out := r.Output()[0]
	if len(outersOf(r, plan.IDs(w.n.Output()))) == 0 {
		j := &plan.Join{Kind: plan.LeftSingle, L: w.n, R: r, At: q.At}
		switch {
		case atMostOne(r) && alwaysRow(r):
			j.Kind = plan.Inner
		case atMostOne(r):
			j.Kind = plan.LeftOuter
		}
		w.n = j
		out.Nullable = out.Nullable || j.Kind != plan.Inner
		return &plan.Ref{Attr: out, At: q.At}, nil
	}
	if p, ok, err := w.u.peeled(w.n, r); err != nil {
		return nil, err
	} else if ok {
		j := &plan.Join{Kind: plan.LeftSingle, At: q.At}
		switch {
		case p.single && p.always && p.empty == nil:
			j.Kind = plan.Inner
		case p.single:
			j.Kind = plan.LeftOuter
		}
		w.n = p.over(w.n, j)
		return p.value(out.ID, !p.always || p.empty != nil)
	}
	j := &plan.Join{Kind: plan.LeftSingle, At: q.At}
	if atMostOne(r) {
		j.Kind = plan.LeftOuter
	}
	if err := w.join(j, r, nil, false); err != nil {
		return nil, err
	}
	out.Nullable = true
	return &plan.Ref{Attr: out, At: q.At}, nil
}
