package analyze

import (
	"slices"
	"strings"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/sql"
	"github.com/azud/azud/internal/types"
)

// subquery analyzes a query as a value.
func (a *analyzer) subquery(s *exprScope, e sql.Expr) (val, error) {
	switch e := e.(type) {
	case *sql.Subquery:
		return a.scalarQuery(s, e)
	case *sql.Exists:
		q, list, err := a.queryWithin(s, e.Query, plan.ExistsQuery, e.Span())
		return val{q, "exists(" + list + ")"}, err
	case *sql.InQuery:
		v, err := a.inQuery(s, e)
		return a.notIf(e.Not, v, err, e)
	}
	return val{}, a.refused(e)
}

func (a *analyzer) scalarQuery(s *exprScope, e *sql.Subquery) (val, error) {
	q, list, err := a.queryWithin(s, e.Query, plan.ScalarQuery, e.Span())
	if err != nil {
		return val{}, err
	}
	if n := len(q.Plan.Output()); n != 1 {
		return val{}, a.fail(e.Span(), "INVALID_SUBQUERY_EXPRESSION.SCALAR_SUBQUERY_RETURN_MORE_THAN_ONE_OUTPUT_COLUMN", "42823",
			"a subquery as a value must give one column, but this one gives %d", n).
			WithHint("name the one column that is wanted in its SELECT")
	}
	return val{q, "scalarsubquery(" + list + ")"}, nil
}

// queryWithin analyzes a query that may read the columns of the one that it stands in, and lists
// the names of those that it reads, as Spark shows them.
func (a *analyzer) queryWithin(s *exprScope, q *sql.Query, kind plan.SubqueryKind, at errs.Span) (*plan.Subquery, string, error) {
	around, seen := a.around, *s
	seen.lateral = nil // Spark: an alias to the left means nothing within a subquery
	a.around = append(around[:len(around):len(around)], &seen)
	n, _, err := a.query(a.ctx, q, a.with)
	a.around = around
	if err != nil {
		return nil, "", err
	}
	if plan.IsStreaming(n) {
		return nil, "", a.unsupported(at, "a stream in a subquery").WithHint("leave out STREAM to read the rows that are there now")
	}
	n = a.foldAll(n)
	return &plan.Subquery{Kind: kind, Plan: n, At: at}, a.outerNames(s, n), nil
}

// outerNames lists the columns of the surrounding query that a plan reads, each once.
func (a *analyzer) outerNames(s *exprScope, n plan.Node) string {
	var list []string
	seen := map[plan.ID]bool{}
	plan.MapOuter(n, func(o *plan.Outer) plan.Expr {
		_, isAgg := a.outerAggs[o.Attr.ID]
		if !seen[o.Attr.ID] && (isAgg || s.in.has(o.Attr.ID)) {
			list = append(list, o.Attr.Name)
		}
		seen[o.Attr.ID] = true
		return o
	})
	return strings.Join(list, ", ")
}

// has reports a column of a scope.
func (s *scope) has(id plan.ID) bool {
	for _, c := range s.cols {
		if c.attr.ID == id {
			return true
		}
	}
	return false
}

// rowItems are the parts of (x, y), and of struct(x, y AS z), which Spark's parser makes the same of; nil
// for other expressions.
func rowItems(e sql.Expr) []sql.Expr {
	switch e := e.(type) {
	case *sql.Row:
		return e.Items
	case *sql.Call:
		if len(e.Name.Parts) != 1 || !strings.EqualFold(e.Name.Parts[0].Name, "struct") {
			return nil
		}
		items := slices.Clone(e.Args)
		for i, it := range items {
			if as, ok := it.(*sql.Alias); ok {
				items[i] = as.X
			}
		}
		return items
	}
	return nil
}

// inQuery analyzes x IN (query) and (x, y) IN (query).
func (a *analyzer) inQuery(s *exprScope, e *sql.InQuery) (val, error) {
	whole, err := a.expr(s, e.X)
	if err != nil {
		return whole, err
	}
	list := []val{whole}
	if items := rowItems(e.X); items != nil {
		if list, err = a.exprs(s, items); err != nil {
			return val{}, err
		}
	}
	q, shown, err := a.queryWithin(s, e.Query, plan.InQuery, e.Span())
	if err != nil {
		return val{}, err
	}
	display := "(" + whole.name + " IN (listquery(" + shown + ")))"
	out := q.Plan.Output()
	if len(out) != len(list) {
		return val{}, a.fail(e.Span(), "DATATYPE_MISMATCH.IN_SUBQUERY_LENGTH_MISMATCH", "42K09",
			"cannot resolve \"%s\": %d columns stand before IN, but the subquery gives %d", display, len(list), len(out))
	}
	if err := a.alignIn(q, list, display); err != nil {
		return val{}, err
	}
	return val{q, display}, nil
}

// alignIn casts both sides of IN to common types.
func (a *analyzer) alignIn(q *plan.Subquery, list []val, display string) error {
	out := q.Plan.Output()
	p := &plan.Project{Child: q.Plan}
	changed := false
	for i, v := range list {
		t, ok := types.Common(v.x.Type(), out[i].Type)
		if !ok || !t.IsOrderable() && t.Kind != types.Null {
			return a.fail(q.At, "DATATYPE_MISMATCH.IN_SUBQUERY_DATA_TYPE_MISMATCH", "42K09",
				"cannot resolve \"%s\": the types before IN and of the subquery's columns must be comparable, but column %d is %s and %s",
				display, i+1, v.x.Type().SQL(), out[i].Type.SQL()).WithHint("cast one of them")
		}
		q.X = append(q.X, castTo(v.x, t))
		x := castTo(&plan.Ref{Attr: out[i], At: q.At}, t)
		to := out[i]
		if _, same := x.(*plan.Ref); !same {
			to, changed = a.newAttr(out[i].Name, t, x.Nullable()), true
		}
		p.Cols = append(p.Cols, plan.Named{Attr: to, Expr: x})
	}
	if changed {
		q.Plan = a.foldAll(p)
	}
	return nil
}

// outerColumn resolves a name among the queries around, the nearest first.
func (a *analyzer) outerColumn(c *sql.Column) (val, bool, error) {
	all := a.around
	defer func() { a.around = all }()
	for i := len(all) - 1; i >= 0; i-- {
		a.around = all[:i]
		if v, ok, err := a.localColumn(all[i], c); ok || err != nil {
			v.x = a.asOuter(v.x)
			return v, ok, err
		}
	}
	return val{}, false, nil
}

// asOuter is an expression of a query as one within it reads it.
func (a *analyzer) asOuter(x plan.Expr) plan.Expr {
	if x == nil {
		return nil
	}
	return plan.RewriteDown(x, func(e plan.Expr) (plan.Expr, bool) {
		switch e := e.(type) {
		case *plan.Ref:
			return &plan.Outer{Attr: e.Attr, At: e.At}, true
		case *plan.Agg:
			return &plan.Outer{Attr: a.outerAgg(e), At: e.At}, true
		}
		return e, false
	})
}

// outerAgg is the attribute that stands for an aggregate of a surrounding query.
func (a *analyzer) outerAgg(g *plan.Agg) plan.Attr {
	if a.outerAggs == nil {
		a.outerAggs = map[plan.ID]*plan.Agg{}
	}
	out := a.newAttr(plan.String(g), g.Type(), g.Nullable())
	a.outerAggs[out.ID] = g
	return out
}

// queryOverGroups rewrites a subquery over the input to one over the Aggregate's output: what it
// reads of the input must be a key, and aggregates become references.
func (b *selecting) queryOverGroups(q *plan.Subquery, missing func(*plan.Ref) error) (plan.Expr, error) {
	var failed error
	d := *q
	d.X = make([]plan.Expr, len(q.X))
	for i, x := range q.X {
		if d.X[i], failed = b.overGroups(x, "", missing); failed != nil {
			return nil, failed
		}
	}
	d.Plan = plan.MapOuter(q.Plan, func(o *plan.Outer) plan.Expr {
		if g, ok := b.a.outerAggs[o.Attr.ID]; ok && b.owns(g) {
			return &plan.Outer{Attr: b.addAgg(g, plan.String(g)), At: o.At}
		}
		if !b.in.has(o.Attr.ID) || failed != nil {
			return o
		}
		ref := &plan.Ref{Attr: o.Attr, At: o.At}
		for _, k := range b.keys {
			if plan.Equal(k.Expr, ref) {
				return &plan.Outer{Attr: k.Attr, At: o.At}
			}
		}
		failed = b.queryNotGrouped(q, ref, missing)
		return o
	})
	return &d, failed
}

// queryNotGrouped is the error of a subquery that reads what is neither a key nor aggregated.
func (b *selecting) queryNotGrouped(q *plan.Subquery, r *plan.Ref, missing func(*plan.Ref) error) error {
	if q.Kind != plan.ScalarQuery {
		return missing(r)
	}
	return b.a.fail(r.At, "SCALAR_SUBQUERY_IS_IN_GROUP_BY_OR_AGGREGATE_FUNCTION", "0A000",
		"the subquery reads \"%s\", which is neither in GROUP BY nor inside an aggregate function", r.Attr.Name).
		WithHint("add %s to GROUP BY, or put the subquery into an aggregate function, such as any_value(...)", r.Attr.Name)
}

// owns reports an aggregate over this query's input, and not over that of another around it.
func (b *selecting) owns(g *plan.Agg) bool {
	set := map[plan.ID]bool{}
	plan.Refs(g, set)
	for id := range set {
		if !b.in.has(id) {
			return false
		}
	}
	return true
}

// queryReads lists the columns that the subqueries in an expression read of the node that it
// stands in, as references.
func queryReads(x plan.Expr) []*plan.Ref {
	var out []*plan.Ref
	plan.WalkExpr(x, func(e plan.Expr) bool {
		if q, ok := e.(*plan.Subquery); ok {
			plan.MapOuter(q.Plan, func(o *plan.Outer) plan.Expr {
				out = append(out, &plan.Ref{Attr: o.Attr, At: o.At})
				return o
			})
		}
		return true
	})
	return out
}
