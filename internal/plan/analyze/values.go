package analyze

import (
	"errors"
	"fmt"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/sql"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// inline is an inline table while it is analyzed.
type inline struct {
	a     *analyzer
	rows  [][]val
	attrs []plan.Attr
}

// values analyzes an inline table. Its columns are col1, col2, … unless an alias names them.
func (a *analyzer) values(v *sql.Values) (plan.Node, *scope, error) {
	if q := subqueryIn(v.Rows); q != nil {
		return nil, nil, a.fail(q.Span(), "UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY.SCALAR_SUBQUERY_IN_VALUES", "0A000",
			"a subquery cannot stand in VALUES").WithHint("write SELECT ... UNION ALL SELECT ...")
	}
	t := &inline{a: a}
	if err := t.analyze(v); err != nil {
		return nil, nil, err
	}
	if err := t.types(); err != nil {
		return nil, nil, err
	}
	alias := ""
	if v.Alias != nil {
		if n := len(v.Alias.Columns); n > 0 && n != len(t.attrs) {
			return nil, nil, t.bad(v.Alias.Span(), "NUM_COLUMNS_MISMATCH", "%d columns are named, but the rows have %d", n, len(t.attrs))
		}
		for i, id := range v.Alias.Columns {
			t.attrs[i].Name = id.Name
		}
		alias = v.Alias.Name.Name
	}
	n, err := t.node(v.Span())
	return n, scopeOf(t.attrs, alias), err
}

func (t *inline) bad(at errs.Span, why, format string, args ...any) error {
	return t.a.fail(at, "INVALID_INLINE_TABLE."+why, "42000", format, args...)
}

// analyze analyzes the cells; a row of one struct(…) is one of its fields (Spark: visitInlineTable).
func (t *inline) analyze(v *sql.Values) error {
	for i, r := range v.Rows {
		if c, ok := r[0].(*sql.Call); ok && len(r) == 1 && equalFold(c.Name.String(), "struct") {
			r = nil
			for _, x := range c.Args {
				if al, ok := x.(*sql.Alias); ok {
					x = al.X
				}
				r = append(r, x)
			}
		}
		row, err := t.a.exprs(&exprScope{in: &scope{}}, r)
		if err != nil {
			return err
		}
		if i > 0 && len(row) != len(t.rows[0]) {
			return t.bad(v.Rows[i][0].Span(), "NUM_COLUMNS_MISMATCH", "row %d has %d columns, the first has %d", i+1, len(row), len(t.rows[0]))
		}
		t.rows = append(t.rows, row)
	}
	return nil
}

// types finds the columns' types and casts the cells to them.
func (t *inline) types() error {
	for c := range t.rows[0] {
		ct, nullable := types.NullType, false
		for _, r := range t.rows {
			next, ok := types.Common(ct, r[c].x.Type())
			if !ok {
				return t.incompatible(r[c], c, ct)
			}
			ct, nullable = next, nullable || r[c].x.Nullable()
		}
		for _, r := range t.rows {
			if err := t.check(r[c]); err != nil {
				return err
			}
			cast := castTo(r[c].x, ct)
			if cast != r[c].x && plan.IsConst(cast) { // Spark evaluates the rows when it parses them
				if _, err := plan.Eval(t.a.folding, cast); err != nil {
					if _, own := plan.Eval(t.a.folding, r[c].x); own == nil {
						return t.incompatible(r[c], c, ct)
					}
				}
			}
			r[c].x = cast
		}
		t.attrs = append(t.attrs, t.a.newAttr(fmt.Sprintf("col%d", c+1), ct, nullable))
	}
	return nil
}

func (t *inline) incompatible(v val, c int, ct types.Type) error {
	return t.bad(v.x.Span(), "INCOMPATIBLE_TYPES_IN_INLINE_TABLE", "column %d holds values of the types %s and %s", c+1, ct.SQL(), v.x.Type().SQL())
}

// check refuses what cannot be computed of nothing.
func (t *inline) check(v val) error {
	reads := isRandom(v.x)
	plan.WalkExpr(v.x, func(e plan.Expr) bool {
		switch e.(type) {
		case *plan.Agg, *plan.WindowCall, *plan.Subquery:
			reads = true
		}
		return !reads
	})
	if reads {
		return t.bad(v.x.Span(), "CANNOT_EVALUATE_EXPRESSION_IN_INLINE_TABLE", "\"%s\" is not a constant", v.name)
	}
	return nil
}

// node is literal rows, or, where a cell is known only at run time (the time, what a query around
// has), a row computed of nothing for each.
func (t *inline) node(at errs.Span) (plan.Node, error) {
	for _, r := range t.rows {
		for _, v := range r {
			if !plan.IsConst(v.x) {
				return t.computed(at), nil
			}
		}
	}
	n := &plan.Values{Attrs: t.attrs, Rows: &vec.Batch{N: len(t.rows)}}
	for c, a := range t.attrs {
		b := vec.NewColBuilder(a.Type)
		for _, r := range t.rows {
			v, err := plan.Eval(t.a.folding, r[c].x)
			if err != nil {
				return nil, t.bad(r[c].x.Span(), "FAILED_SQL_EXPRESSION_EVALUATION", "\"%s\": %s", r[c].name, reason(err))
			}
			v.Type = a.Type
			b.AppendFrom(&v, 0)
		}
		n.Rows.Cols = append(n.Rows.Cols, b.Finish())
	}
	return n, nil
}

func (t *inline) computed(at errs.Span) plan.Node {
	u := &plan.Union{Attrs: t.attrs, At: at}
	for _, r := range t.rows {
		p := &plan.Project{Child: &plan.Values{Rows: &vec.Batch{N: 1}}}
		for c, a := range t.attrs {
			out := t.a.newAttr(a.Name, a.Type, r[c].x.Nullable())
			p.Cols = append(p.Cols, plan.Named{Attr: out, Expr: r[c].x})
		}
		u.Inputs = append(u.Inputs, p)
	}
	return u
}

// reason is the message of an evaluation's error without its row.
func reason(err error) string {
	var e *errs.Error
	if errors.As(err, &e) {
		return e.Msg
	}
	return err.Error()
}
