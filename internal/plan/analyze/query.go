package analyze

import (
	"context"
	"strings"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/sql"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// ctes are the names of WITH that a query sees, the innermost first.
type ctes struct {
	def    *sql.CTE
	used   bool
	outer  *ctes        // what the definition itself sees, and further names
	around []*exprScope // the queries around the definition
	again  bool         // of WITH RECURSIVE: the definition may read the name
	self   *recursion   // the name within its own definition
}

func (c *ctes) find(name string) *ctes {
	for ; c != nil; c = c.outer {
		if strings.EqualFold(c.def.Name.Name, name) {
			return c
		}
	}
	return nil
}

// query analyzes a whole query. The scope's columns have qualifiers only for the pipe operators.
func (a *analyzer) query(ctx context.Context, q *sql.Query, outer *ctes) (plan.Node, *scope, error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	if err := a.tooLarge(q.Span()); err != nil {
		return nil, nil, err
	}
	if err := a.queryRefused(q); err != nil {
		return nil, nil, err
	}
	with, err := a.ctesOf(q, outer)
	if err != nil {
		return nil, nil, err
	}
	outside := a.with
	a.with = with
	n, sc, err := a.ordered(ctx, oneOrder(q), with)
	if err == nil {
		err = a.distributed(ctx, q, with)
	}
	a.with = outside
	if err != nil {
		return nil, nil, err
	}
	if err := a.unusedCTEs(ctx, with, outer); err != nil {
		return nil, nil, err
	}
	n, err = a.limit(n, sc, q)
	return n, sc, err
}

func (a *analyzer) queryRefused(q *sql.Query) error {
	switch {
	case len(q.Order) > 0 || q.OrderAll != nil:
		if len(q.Cluster)+len(q.Distribute)+len(q.Sort) > 0 {
			return a.manyOrders(q)
		}
	case len(q.Cluster) > 0 && len(q.Distribute)+len(q.Sort) > 0:
		return a.manyOrders(q)
	case len(q.Windows) > 0 && !isSelect(q.Body):
		return a.unsupported(q.Windows[0].Span(), "WINDOW")
	}
	return nil
}

func (a *analyzer) manyOrders(q *sql.Query) error {
	return a.fail(q.Span(), "UNSUPPORTED_FEATURE.COMBINATION_QUERY_RESULT_CLAUSES", "0A000",
		"only one of ORDER BY, SORT BY and CLUSTER BY can stand in a query").WithHint("write ORDER BY")
}

// oneOrder is a query whose SORT BY or CLUSTER BY is an ORDER BY: there is one partition here.
func oneOrder(q *sql.Query) *sql.Query {
	if len(q.Cluster)+len(q.Sort) == 0 {
		return q
	}
	d := *q
	d.Order = q.Sort
	for _, e := range q.Cluster {
		d.Order = append(d.Order, sql.SortItem{At: sql.At{Pos: e.Span()}, X: e})
	}
	return &d
}

// distributed checks DISTRIBUTE BY, which has no effect with one partition.
func (a *analyzer) distributed(ctx context.Context, q *sql.Query, with *ctes) error {
	if len(q.Distribute) == 0 {
		return nil
	}
	d := sql.Query{At: q.At, Body: q.Body}
	for _, e := range q.Distribute {
		d.Order = append(d.Order, sql.SortItem{At: sql.At{Pos: e.Span()}, X: e})
	}
	keep := *a
	_, _, err := a.ordered(ctx, &d, with)
	a.sources, a.watermarks = keep.sources, keep.watermarks
	return err
}

func (a *analyzer) ctesOf(q *sql.Query, env *ctes) (*ctes, error) {
	seen := map[string]bool{}
	for i := range q.With {
		c := &q.With[i]
		low := strings.ToLower(c.Name.Name)
		if seen[low] {
			return nil, a.fail(c.Name.Span(), "DUPLICATED_CTE_NAMES", "42602", "WITH defines `%s` twice", c.Name.Name)
		}
		seen[low] = true
		env = &ctes{def: c, outer: env, around: a.around, again: q.Recursive}
	}
	return env, nil
}

// unusedCTEs checks the definitions that nothing reads; they are not part of the plan.
func (a *analyzer) unusedCTEs(ctx context.Context, env, outer *ctes) error {
	for ; env != outer; env = env.outer {
		if env.used {
			continue
		}
		keep := *a
		_, _, err := a.cte(ctx, env, env.def.Span())
		a.sources, a.watermarks = keep.sources, keep.watermarks
		if err != nil {
			return err
		}
	}
	return nil
}

// cte reads a name of WITH.
func (a *analyzer) cte(ctx context.Context, c *ctes, at errs.Span) (plan.Node, *scope, error) {
	c.used = true
	if c.self != nil {
		return a.recursiveRef(c, at)
	}
	around := a.around
	a.around = c.around
	var n plan.Node
	var sc *scope
	var err error
	if c.again {
		n, sc, err = a.recursive(ctx, c)
	} else {
		n, sc, err = a.query(ctx, c.def.Query, c.outer)
	}
	a.around = around
	if err != nil {
		return nil, nil, err
	}
	sc, err = a.renamed(sc, c.def.Name.Name, c.def.Columns, c.def.Span())
	return n, sc, err
}

// renamed puts a scope under an alias with, if columns are given, new names.
func (a *analyzer) renamed(sc *scope, alias string, columns []sql.Ident, at errs.Span) (*scope, error) {
	if len(columns) == 0 {
		return sc.requalified(alias, nil), nil
	}
	if n := len(sc.visible()); len(columns) != n {
		return nil, a.fail(at, "ASSIGNMENT_ARITY_MISMATCH", "42802",
			"%d columns are named, but there are %d", len(columns), n)
	}
	return sc.requalified(alias, parts(columns)), nil
}

// ordered analyzes a query's body and its ORDER BY.
func (a *analyzer) ordered(ctx context.Context, q *sql.Query, env *ctes) (plan.Node, *scope, error) {
	if sel, ok := q.Body.(*sql.Select); ok {
		return a.selectQuery(ctx, sel, q, env)
	}
	n, sc, err := a.body(ctx, q.Body, env)
	if err != nil {
		return nil, nil, err
	}
	items := make([]*item, len(sc.cols))
	for i, c := range sc.cols {
		items[i] = &item{name: c.attr.Name, attr: c.attr, final: &plan.Ref{Attr: c.attr}}
	}
	o := &ordering{a: a, items: items, scope: &exprScope{in: &scope{}, outputs: items}}
	by, err := o.keys(q)
	if err != nil || len(by) == 0 {
		return n, sc, err
	}
	return &plan.Sort{Child: n, By: by, At: orderSpan(q)}, sc, nil
}

func (a *analyzer) body(ctx context.Context, b sql.Body, env *ctes) (plan.Node, *scope, error) {
	switch b := b.(type) {
	case *sql.Query:
		return a.query(ctx, b, env)
	case *sql.Select:
		return a.selectQuery(ctx, b, nil, env)
	case *sql.SetOp:
		return a.setOp(ctx, b, env)
	case *sql.Values:
		n, _, err := a.values(b)
		if err != nil {
			return nil, nil, err
		}
		return n, scopeOf(n.Output()), nil
	case *sql.TableQuery:
		n, sc, err := a.tableRef(ctx, &sql.TableRef{At: b.At, Name: b.Name}, env)
		if err != nil {
			return nil, nil, err
		}
		return n, sc.requalified("", nil), nil
	}
	return nil, nil, a.unsupported(b.Span(), "this form of query")
}

// limit applies LIMIT and OFFSET.
func (a *analyzer) limit(n plan.Node, sc *scope, q *sql.Query) (plan.Node, error) {
	if q.Limit == nil && q.Offset == nil {
		return n, nil
	}
	l := &plan.Limit{Child: n, Count: -1, Stateful: -1, At: limitSpan(q)}
	for _, part := range []struct {
		what string
		e    sql.Expr
		to   *int64
	}{{"LIMIT", q.Limit, &l.Count}, {"OFFSET", q.Offset, &l.Offset}} {
		if part.e == nil {
			continue
		}
		v, err := a.rowCount(sc, part.what, part.e)
		if err != nil {
			return nil, err
		}
		*part.to = v
	}
	return l, nil
}

func (a *analyzer) rowCount(sc *scope, what string, e sql.Expr) (int64, error) {
	v, err := a.expr(&exprScope{in: sc}, e)
	if err != nil {
		return 0, err
	}
	bad := func(why, format string, args ...any) error {
		return a.fail(e.Span(), "INVALID_LIMIT_LIKE_EXPRESSION."+why, "42K0E", what+" "+format, args...)
	}
	if !plan.IsConst(v.x) {
		return 0, bad("IS_UNFOLDABLE", "must be a constant, not \"%s\"", v.name)
	}
	if v.x.Type().Kind > types.Int || v.x.Type().Kind < types.Byte {
		return 0, bad("DATA_TYPE", "must be an INT, but \"%s\" is %s", v.name, v.x.Type().SQL())
	}
	c, err := plan.Eval(a.folding, castTo(v.x, types.LongType))
	switch {
	case err != nil:
		return 0, a.place(err, e.Span())
	case c.IsNull(0):
		return 0, bad("IS_NULL", "must not be NULL")
	}
	if n := vec.Get[int64](&c, 0); n >= 0 {
		return n, nil
	}
	return 0, bad("IS_NEGATIVE", "must not be negative: \"%s\"", v.name)
}

// limitSpan is the place of LIMIT's and OFFSET's numbers.
func limitSpan(q *sql.Query) errs.Span {
	switch {
	case q.Offset == nil:
		return q.Limit.Span()
	case q.Limit == nil:
		return q.Offset.Span()
	}
	return q.Limit.Span().To(q.Offset.Span())
}

// orderSpan is the place of ORDER BY's keys.
func orderSpan(q *sql.Query) errs.Span {
	if q.OrderAll != nil {
		return q.OrderAll.Span()
	}
	if len(q.Order) == 0 {
		return errs.Span{}
	}
	return q.Order[0].Span().To(q.Order[len(q.Order)-1].Span())
}
