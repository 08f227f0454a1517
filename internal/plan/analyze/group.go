package analyze

import (
	"slices"
	"strconv"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/sql"
	"github.com/azud/azud/internal/types"
)

// groupFirst analyzes the grouping expressions that stand for themselves, so that the select
// list can name their time window. Ordinals and aliases wait for the select list.
func (b *selecting) groupFirst() error {
	if b.sel.GroupBy == nil {
		return nil
	}
	for i := range b.sel.GroupBy.Items {
		for _, x := range groupExprs(&b.sel.GroupBy.Items[i]) {
			if _, ordinal := ordinalOf(x); ordinal || b.isAlias(x) {
				continue
			}
			if err := b.groupBy(x); err != nil {
				return err
			}
		}
	}
	return nil
}

// groupExprs lists the expressions of an item of GROUP BY.
func groupExprs(g *sql.GroupItem) []sql.Expr {
	if g.X != nil {
		return []sql.Expr{g.X}
	}
	out := slices.Concat(append(g.Sets, g.Set)...)
	for i := range g.Items {
		out = append(out, groupExprs(&g.Items[i])...)
	}
	return out
}

// isAlias reports a name that is no column of the input; it may be one of the select list.
func (b *selecting) isAlias(e sql.Expr) bool {
	c, ok := e.(*sql.Column)
	if !ok || len(c.Parts) != 1 {
		return false
	}
	hits, _ := b.in.match(parts(c.Parts))
	return len(hits) == 0
}

// groupBy analyzes one grouping expression over the input.
func (b *selecting) groupBy(e sql.Expr) error {
	v, err := b.a.expr(b.scope(), e)
	if err != nil {
		return err
	}
	if o := firstOver(v.x); o != nil {
		return b.windowKey(o)
	}
	if g := firstAgg(v.x); g != nil {
		return b.a.fail(g.At, "GROUP_BY_AGGREGATE", "42903", "GROUP BY cannot contain an aggregate function")
	}
	return b.addKey(v)
}

// addKey adds a grouping key, unless it is there already.
func (b *selecting) addKey(v val) error {
	for i, k := range b.keys {
		if plan.Equal(k.Expr, v.x) {
			b.lastKey = i
			return nil
		}
	}
	b.lastKey = len(b.keys)
	out := plan.Attr{}
	if r, ok := v.x.(*plan.Ref); ok {
		out = r.Attr
		out.Qualifier = ""
	} else {
		out = b.a.newAttr(v.name, v.x.Type(), v.x.Nullable())
		out.Event = b.a.eventOf(v.x)
	}
	b.keys = append(b.keys, plan.Named{Attr: out, Expr: v.x})
	return nil
}

// group analyzes the grouping expressions that refer to the select list.
func (b *selecting) group() error {
	if b.sel.GroupBy == nil {
		return nil
	}
	if b.sel.GroupBy.All {
		return b.groupAll()
	}
	if b.hasSets() {
		return b.groupSets()
	}
	for _, g := range b.sel.GroupBy.Items {
		if _, ordinal := ordinalOf(g.X); ordinal || b.isAlias(g.X) {
			if err := b.groupItem(g.X); err != nil {
				return err
			}
		}
	}
	return nil
}

// groupItem makes a key of one expression of GROUP BY.
func (b *selecting) groupItem(e sql.Expr) error {
	if n, ordinal := ordinalOf(e); ordinal {
		return b.groupOrdinal(n, e.Span())
	}
	if b.isAlias(e) {
		return b.groupAlias(e.(*sql.Column))
	}
	return b.groupBy(e)
}

// windowKey is the error of a window function in GROUP BY.
func (b *selecting) windowKey(o *over) error {
	return b.a.fail(o.At, "UNSUPPORTED_EXPR_FOR_OPERATOR", "42K0E", "GROUP BY cannot contain a window function").
		WithHint("compute it in a subquery in FROM")
}

// ordinalOf is the number of an integer literal.
func ordinalOf(e sql.Expr) (int, bool) {
	n, ok := e.(*sql.NumberLit)
	if !ok || n.Type.Kind != types.Int {
		return 0, false
	}
	v, err := strconv.Atoi(n.Text)
	return v, err == nil
}

func (b *selecting) groupOrdinal(n int, at errs.Span) error {
	if n < 1 || n > len(b.items) {
		return b.a.fail(at, "GROUP_BY_POS_OUT_OF_RANGE", "42805",
			"GROUP BY position %d is not in the select list (it has 1 to %d)", n, len(b.items))
	}
	it := b.items[n-1]
	if r, ok := it.v.x.(*plan.Ref); ok && b.isGenerated(r.Attr.ID) {
		return b.a.fail(at, "GROUP_BY_POS_OUT_OF_RANGE", "42805", "GROUP BY position %d is made by a generator, which runs after grouping", n).
			WithHint("put the generator into a subquery in FROM, or LATERAL VIEW")
	}
	if o := firstOver(it.v.x); o != nil {
		return b.windowKey(o)
	}
	if firstAgg(it.v.x) != nil {
		return b.a.fail(at, "GROUP_BY_POS_AGGREGATE", "42903",
			"GROUP BY %d refers to \"%s\", which contains an aggregate function", n, it.name)
	}
	return b.addKey(it.v)
}

func (b *selecting) groupAlias(c *sql.Column) error {
	for _, it := range b.items {
		if it.alias == "" || !equalFold(it.alias, c.Parts[0].Name) {
			continue
		}
		if firstAgg(it.v.x) != nil {
			return b.a.fail(c.Span(), "GROUP_BY_AGGREGATE", "42903",
				"GROUP BY cannot contain an aggregate function, and `%s` is \"%s\"", it.alias, it.v.name)
		}
		return b.addKey(it.v)
	}
	return b.groupBy(c) // the window's column, or the error of an unknown name
}

// groupAll groups by every column of the select list without an aggregate.
func (b *selecting) groupAll() error {
	for _, it := range b.items {
		o := firstOver(it.v.x)
		switch {
		case it.lateral:
			return b.a.fail(it.e.Span(), "UNSUPPORTED_FEATURE.LATERAL_COLUMN_ALIAS_IN_GROUP_BY", "0A000",
				"GROUP BY ALL cannot group by \"%s\", which reads the alias of another column", it.name).WithHint("write the expression out")
		case o != nil && firstAgg(it.v.x) == nil && len(b.items) > 1:
			return b.windowKey(o)
		case o != nil:
			continue
		}
		if firstAgg(it.v.x) == nil && !plan.IsConst(it.v.x) {
			if err := b.addKey(it.v); err != nil {
				return err
			}
		}
	}
	return nil
}

// overGroups rewrites an expression over the input to one over the Aggregate's output: keys
// and aggregates become references, and missing is asked for the error of any other column.
// name is given to an aggregate that is the whole expression.
func (b *selecting) overGroups(x plan.Expr, name string, missing func(*plan.Ref) error) (plan.Expr, error) {
	var failed error
	out := plan.RewriteDown(x, func(e plan.Expr) (plan.Expr, bool) {
		if _, isLit := e.(*plan.Lit); isLit || failed != nil {
			return e, true
		}
		for _, k := range b.keys {
			if plan.Equal(k.Expr, e) {
				return b.keyRef(k, e), true
			}
		}
		switch e := e.(type) {
		case *plan.Agg:
			display := plan.String(e)
			if e == x && name != "" {
				display = name
			}
			return &plan.Ref{Attr: b.addAgg(e, display), At: e.At}, true
		case *groupingFn:
			var g plan.Expr
			if g, failed = b.grouping(e); failed != nil {
				return e, true
			}
			return g, true
		case *plan.Subquery:
			var q plan.Expr
			q, failed = b.queryOverGroups(e, missing)
			return q, true
		case *plan.Ref:
			if b.isOutput(e.Attr.ID) || b.isGenerated(e.Attr.ID) || b.a.isParam(e.Attr.ID) {
				return e, true
			}
			failed = missing(e)
			return e, true
		}
		return e, false
	})
	return out, failed
}

// keyRef reads a key, under the name that the user wrote.
func (b *selecting) keyRef(k plan.Named, e plan.Expr) plan.Expr {
	attr := k.Attr
	if r, ok := e.(*plan.Ref); ok {
		attr.Name = r.Attr.Name
	}
	return &plan.Ref{Attr: attr, At: e.Span()}
}

func (b *selecting) addAgg(g *plan.Agg, name string) plan.Attr {
	for _, have := range b.aggs {
		if plan.Equal(have.Expr, g) {
			return have.Attr
		}
	}
	out := b.a.newAttr(name, g.Type(), g.Nullable())
	b.aggs = append(b.aggs, plan.Named{Attr: out, Expr: g})
	return out
}

// isOutput reports the id of a finished column of the select list, which ORDER BY may name.
func (b *selecting) isOutput(id plan.ID) bool {
	for _, it := range b.items {
		if it.attr.ID == id {
			return true
		}
	}
	return false
}

// aggregates reports an aggregate in the select list.
func (b *selecting) aggregates() bool {
	return slices.ContainsFunc(b.items, func(it *item) bool { return firstAgg(it.v.x) != nil })
}

// notGrouped is the error of a column that is neither a key nor aggregated.
func (b *selecting) notGrouped(r *plan.Ref) error {
	if b.sel.GroupBy != nil && b.sel.GroupBy.All && len(b.keys) == 0 && b.aggregates() {
		return b.a.fail(r.At, "UNRESOLVED_ALL_IN_GROUP_BY", "42803", "GROUP BY ALL cannot tell whether to group by \"%s\", which stands beside an aggregate", r.Attr.Name).
			WithHint("write GROUP BY with the columns that are wanted")
	}
	if b.sel.GroupBy == nil {
		return b.a.fail(r.At, "MISSING_GROUP_BY", "42803",
			"the query aggregates without GROUP BY, but \"%s\" is a single row's value", r.Attr.Name).
			WithHint("add GROUP BY %s, or write any_value(%s)", r.Attr.Name, r.Attr.Name)
	}
	return b.a.fail(r.At, "MISSING_AGGREGATION", "42803",
		"\"%s\" is neither in GROUP BY nor inside an aggregate function", r.Attr.Name).
		WithHint("add %s to GROUP BY, or write any_value(%s)", r.Attr.Name, r.Attr.Name)
}

// notInOutput is the error of HAVING and ORDER BY for such a column.
func (b *selecting) notInOutput(r *plan.Ref) error {
	return b.a.unresolved([]string{r.Attr.Name}, r.At, outputScope(b.items))
}

// filterGroups analyzes HAVING over the Aggregate's output.
func (b *selecting) filterGroups() error {
	if b.sel.Having == nil {
		return nil
	}
	s := b.scope()
	s.outputs, s.inputs = b.items, true
	v, err := b.a.expr(s, b.sel.Having)
	if err != nil {
		return err
	}
	if o := firstOver(v.x); o != nil {
		return b.noWindows(o, "HAVING")
	}
	if b.a.castable(v.x.Type(), types.BooleanType, false, v.x.Span(), v.name) == nil {
		v.x = castTo(v.x, types.BooleanType) // Spark: the condition becomes a column, and is cast
	}
	cond, err := b.a.boolean(v, true, func() error {
		return b.a.fail(b.sel.Having.Span(), "DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN", "42K09",
			"the condition \"%s\" is %s, not BOOLEAN", v.name, v.x.Type().SQL())
	})
	if err != nil {
		return err
	}
	b.having, err = b.overGroups(cond, "", b.notInOutput)
	return err
}
