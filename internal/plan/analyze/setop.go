package analyze

import (
	"context"
	"errors"
	"fmt"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/sql"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// setOp analyzes UNION, INTERSECT and EXCEPT. The names are those of the first input.
func (a *analyzer) setOp(ctx context.Context, s *sql.SetOp, env *ctes) (plan.Node, *scope, error) {
	l, lsc, err := a.body(ctx, s.L, env)
	if err != nil {
		return nil, nil, err
	}
	r, rsc, err := a.body(ctx, s.R, env)
	if err != nil {
		return nil, nil, err
	}
	return a.combine(s, side{l, lsc}, side{r, rsc})
}

// combine puts the two inputs of a set operation together.
func (a *analyzer) combine(s *sql.SetOp, l, r side) (plan.Node, *scope, error) {
	ts, err := a.wider(s, l.sc, r.sc)
	if err != nil {
		return nil, nil, err
	}
	nullable := make([]bool, len(ts))
	for i := range ts {
		ln, rn := l.sc.cols[i].attr.Nullable, r.sc.cols[i].attr.Nullable
		switch s.Op {
		case "UNION":
			nullable[i] = ln || rn
		case "INTERSECT":
			nullable[i] = ln && rn
		default:
			nullable[i] = ln
		}
	}
	ins := [2]plan.Node{a.aligned(l.n, l.sc, ts, s.L.Span()), a.aligned(r.n, r.sc, ts, s.R.Span())}
	if s.Op != "UNION" {
		return a.intersected(s, ins, l.sc, nullable)
	}
	u := &plan.Union{At: s.Span(), Inputs: ins[:]}
	for i, c := range l.sc.cols {
		out := a.newAttr(c.attr.Name, ts[i], nullable[i] || ins[0].Output()[i].Nullable || ins[1].Output()[i].Nullable)
		if c.attr.Type.Equal(ts[i]) {
			out.Event = c.attr.Event
		}
		u.Attrs = append(u.Attrs, out)
	}
	if s.All {
		return u, scopeOf(u.Attrs), nil
	}
	n, err := a.distinct(u, s.Span())
	return n, scopeOf(u.Attrs), err
}

// wider finds the types that both inputs are cast to.
func (a *analyzer) wider(s *sql.SetOp, l, r *scope) ([]types.Type, error) {
	if len(l.cols) != len(r.cols) {
		return nil, a.fail(s.R.Span(), "NUM_COLUMNS_MISMATCH", "42826",
			"%s needs inputs with the same number of columns, but the first has %d and the second %d", s.Op, len(l.cols), len(r.cols))
	}
	ts := make([]types.Type, len(l.cols))
	for i, c := range l.cols {
		d := r.cols[i].attr
		t, ok := types.Common(c.attr.Type, d.Type)
		if !ok {
			return nil, a.fail(s.R.Span(), "INCOMPATIBLE_COLUMN_TYPE", "42825",
				"%s needs compatible types, but column %d is %s in the first input and %s in the second", s.Op, i+1, c.attr.Type.SQL(), d.Type.SQL()).
				WithHint("cast one of them")
		}
		ts[i] = t
	}
	return ts, nil
}

// aligned casts a node's columns to given types and puts them into the scope's order.
func (a *analyzer) aligned(n plan.Node, sc *scope, ts []types.Type, at errs.Span) plan.Node {
	p := &plan.Project{Child: n}
	same := len(n.Output()) == len(sc.cols)
	for i, c := range sc.cols {
		x := castTo(&plan.Ref{Attr: c.attr, At: at}, ts[i])
		out := c.attr
		if _, ok := x.(*plan.Ref); !ok {
			out = a.newAttr(c.attr.Name, ts[i], x.Nullable())
			same = false
		}
		same = same && n.Output()[i].ID == out.ID
		p.Cols = append(p.Cols, plan.Named{Attr: out, Expr: x})
	}
	if same {
		return n
	}
	return p
}

// distinct keeps one of each row: an aggregate without aggregates.
func (a *analyzer) distinct(n plan.Node, at errs.Span) (plan.Node, error) {
	g := &plan.Aggregate{Child: n, Stateful: -1, At: at}
	for _, c := range n.Output() {
		if hasMap(c.Type) {
			return nil, a.fail(at, "UNSUPPORTED_FEATURE.SET_OPERATION_ON_MAP_TYPE", "0A000",
				"rows with a MAP column cannot be compared, and `%s` is %s", c.Name, c.Type.SQL())
		}
		g.Keys = append(g.Keys, plan.Named{Attr: c, Expr: &plan.Ref{Attr: c}})
	}
	return g, nil
}

func hasMap(t types.Type) bool {
	switch t.Kind {
	case types.Map:
		return true
	case types.Array:
		return hasMap(*t.Elem)
	case types.Struct:
		for _, f := range t.Fields {
			if hasMap(f.Type) {
				return true
			}
		}
	}
	return false
}

// values analyzes an inline table. Its columns are col1, col2, … unless an alias names them.
func (a *analyzer) values(v *sql.Values) (plan.Node, *scope, error) {
	width := len(v.Rows[0])
	bad := func(at errs.Span, why, format string, args ...any) error {
		return a.fail(at, "INVALID_INLINE_TABLE."+why, "42000", format, args...)
	}
	if q := subqueryIn(v.Rows); q != nil {
		return nil, nil, a.fail(q.Span(), "UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY.SCALAR_SUBQUERY_IN_VALUES", "0A000",
			"a subquery cannot stand in VALUES").WithHint("write SELECT ... UNION ALL SELECT ...")
	}
	rows := make([][]val, len(v.Rows))
	for i, r := range v.Rows {
		if len(r) != width {
			return nil, nil, bad(r[0].Span(), "NUM_COLUMNS_MISMATCH", "row %d has %d columns, the first has %d", i+1, len(r), width)
		}
		var err error
		if rows[i], err = a.exprs(&exprScope{in: &scope{}}, r); err != nil {
			return nil, nil, err
		}
	}
	n := &plan.Values{Rows: &vec.Batch{N: len(rows)}}
	for c := range width {
		attr, col, err := a.valuesColumn(rows, c, bad)
		if err != nil {
			return nil, nil, err
		}
		n.Attrs, n.Rows.Cols = append(n.Attrs, attr), append(n.Rows.Cols, col)
	}
	return a.valuesNamed(n, v)
}

// valuesColumn evaluates one column of an inline table.
func (a *analyzer) valuesColumn(rows [][]val, c int, bad func(errs.Span, string, string, ...any) error) (plan.Attr, vec.Col, error) {
	t, nullable := types.NullType, false
	for _, r := range rows {
		ct, ok := types.Common(t, r[c].x.Type())
		if !ok {
			return plan.Attr{}, vec.Col{}, bad(r[c].x.Span(), "INCOMPATIBLE_TYPES_IN_INLINE_TABLE",
				"column %d holds values of the types %s and %s", c+1, t.SQL(), r[c].x.Type().SQL())
		}
		t, nullable = ct, nullable || r[c].x.Nullable()
	}
	b := vec.NewColBuilder(t)
	for _, r := range rows {
		if !plan.IsConst(r[c].x) {
			return plan.Attr{}, vec.Col{}, bad(r[c].x.Span(), "CANNOT_EVALUATE_EXPRESSION_IN_INLINE_TABLE",
				"\"%s\" is not a constant", r[c].name)
		}
		v, err := plan.Eval(a.folding, castTo(r[c].x, t))
		if err != nil {
			return plan.Attr{}, vec.Col{}, bad(r[c].x.Span(), "FAILED_SQL_EXPRESSION_EVALUATION", "\"%s\": %s", r[c].name, reason(err))
		}
		v.Type = t
		b.AppendFrom(&v, 0)
	}
	return a.newAttr(fmt.Sprintf("col%d", c+1), t, nullable), b.Finish(), nil
}

// reason is the message of an evaluation's error without its row.
func reason(err error) string {
	var e *errs.Error
	if errors.As(err, &e) {
		return e.Msg
	}
	return err.Error()
}

// valuesNamed applies an inline table's alias.
func (a *analyzer) valuesNamed(n *plan.Values, v *sql.Values) (plan.Node, *scope, error) {
	if v.Alias == nil {
		return n, scopeOf(n.Attrs), nil
	}
	if len(v.Alias.Columns) > 0 && len(v.Alias.Columns) != len(n.Attrs) {
		return nil, nil, a.fail(v.Alias.Span(), "INVALID_INLINE_TABLE.NUM_COLUMNS_MISMATCH", "42000",
			"%d columns are named, but the rows have %d", len(v.Alias.Columns), len(n.Attrs))
	}
	for i, id := range v.Alias.Columns {
		n.Attrs[i].Name = id.Name
	}
	return n, scopeOf(n.Attrs, v.Alias.Name.Name), nil
}
