package analyze

import (
	"slices"

	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/sql"
	"github.com/azud/azud/internal/types"
)

// qualified analyzes QUALIFY, which filters rows after the window functions are computed: it may
// name the select list's columns and, where the query does not aggregate, the input's. Spark:
// UnresolvedQualify.
func (b *selecting) qualified() error {
	if b.sel.Qualify == nil {
		return nil
	}
	s := b.scope()
	s.outputs = b.items
	if b.grouped {
		s.in = &scope{}
	}
	v, err := b.a.expr(s, b.sel.Qualify)
	if err != nil {
		return err
	}
	at := b.sel.Qualify.Span()
	if g := firstAgg(v.x); g != nil {
		return b.qualifyAggregates(v.x, g)
	}
	if firstOver(v.x) == nil && len(b.stages) == 0 {
		return b.a.fail(at, "QUALIFY_REQUIRES_WINDOW_FUNCTION", "42903", "QUALIFY needs a window function, in itself or in the select list").
			WithHint("filter rows with WHERE, groups with HAVING")
	}
	if b.a.castable(v.x.Type(), types.BooleanType, false, at, v.name) == nil {
		v.x = castTo(v.x, types.BooleanType) // as in HAVING
	}
	cond, err := b.a.boolean(v, true, func() error {
		return b.a.fail(at, "DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN", "42K09", "the condition \"%s\" is %s, not BOOLEAN", v.name, v.x.Type().SQL())
	})
	if err != nil {
		return err
	}
	final := map[plan.ID]plan.Expr{}
	for _, it := range b.items {
		final[it.attr.ID] = it.final
	}
	b.qualify = b.extract(plan.Substitute(cond, final))
	return nil
}

// qualifyAggregates is the error of an aggregate in QUALIFY, alone or within a window function.
func (b *selecting) qualifyAggregates(x plan.Expr, g *plan.Agg) error {
	within := false
	plan.WalkExpr(x, func(e plan.Expr) bool {
		if o, ok := e.(*over); ok {
			within = within || slices.ContainsFunc(o.Children(), func(c plan.Expr) bool { return firstAgg(c) != nil })
		}
		return true
	})
	if within {
		return b.a.fail(g.At, "MISSING_GROUP_BY", "42803", "QUALIFY cannot aggregate within a window function").
			WithHint("give the aggregate a name in the select list, and name it in QUALIFY")
	}
	return b.a.fail(g.At, "QUALIFY_AGGREGATE_NOT_ALLOWED", "42903", "QUALIFY cannot contain an aggregate function").
		WithHint("filter groups with HAVING")
}

// lateralInside is the error of the alias of another item within a window or an aggregate.
func (a *analyzer) lateralInside(s *exprScope, c *sql.Column) error {
	where, what := s.noLateral, "a window function"
	if s.aggArg {
		where, what = "AGGREGATE_FUNC", "an aggregate function"
	}
	return a.fail(c.Span(), "UNSUPPORTED_FEATURE.LATERAL_COLUMN_ALIAS_IN_"+where, "0A000",
		"`%s` is the alias of another column of the select list, which cannot be used in %s", c.Parts[0].Name, what).
		WithHint("give the column its name in a subquery in FROM")
}

// share computes a value that differs with each evaluation once, below the select list, so that
// its alias can be read.
func (a *analyzer) share(s *exprScope, it *item) bool {
	if s.sel == nil || firstAgg(it.v.x) != nil || firstOver(it.v.x) != nil {
		return false
	}
	out := a.newAttr(it.alias, it.v.x.Type(), it.v.x.Nullable())
	s.sel.shared = append(s.sel.shared, plan.Named{Attr: out, Expr: it.v.x})
	it.v.x = &plan.Ref{Attr: out, At: it.v.x.Span()}
	return true
}

// once lets a value that differs with each evaluation be read twice, where it can be computed below.
func (a *analyzer) once(s *exprScope, v val) val {
	if !plan.IsVolatile(v.x) || !s.list && !s.where {
		return v
	}
	it := &item{v: v, alias: v.name}
	if len(s.lambdas) == 0 && !s.aggArg && a.share(s, it) {
		v.x = it.v.x
	}
	return v
}

// withShared adds the columns of such values, each over the ones before.
func (b *selecting) withShared(n plan.Node) plan.Node {
	for _, s := range b.shared {
		p := &plan.Project{Child: n}
		for _, c := range n.Output() {
			p.Cols = append(p.Cols, plan.Named{Attr: c, Expr: &plan.Ref{Attr: c}})
		}
		p.Cols = append(p.Cols, s)
		n = p
	}
	return n
}
