package analyze

import (
	"slices"
	"strings"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/sql"
)

// aggregate analyzes an aggregate call; it becomes a *plan.Agg that the query moves into its
// Aggregate node.
func (a *analyzer) aggregate(s *exprScope, e *sql.Call, name string, f *fn.Aggregate) (val, error) {
	switch {
	case s.filter:
		return val{}, a.fail(e.Span(), "INVALID_AGGREGATE_FILTER.CONTAINS_AGGREGATE", "42903",
			"FILTER (WHERE ...) cannot contain an aggregate function")
	case s.aggArg:
		return val{}, a.fail(e.Span(), "NESTED_AGGREGATE_FUNCTION", "42607",
			"an aggregate function cannot stand in the argument of another").
			WithHint("compute the inner one in a subquery in FROM")
	}
	g, display, err := a.bindAgg(s.within(), e, name, f)
	if err != nil {
		return val{}, err
	}
	if readsParam(s, g) && s.sel != nil && s.sel.sel.GroupBy != nil {
		return val{}, a.paramLost(e)
	}
	if o := firstOver(g); o != nil {
		return val{}, a.windowInAgg(g, o)
	}
	return val{g, display}, nil
}

// windowInAgg is the error of a window function within an aggregate.
func (a *analyzer) windowInAgg(g *plan.Agg, o *over) error {
	if g.Filter != nil && firstOver(g.Filter) != nil {
		return a.fail(o.At, "INVALID_AGGREGATE_FILTER.CONTAINS_WINDOW_FUNCTION", "42903",
			"FILTER (WHERE ...) cannot contain a window function")
	}
	return a.fail(o.At, "WINDOW_FUNCTION_IN_AGGREGATE", "42607", "a window function cannot stand in the argument of an aggregate function").
		WithHint("compute it in a subquery in FROM")
}

// bindAgg analyzes an aggregate and shows it as Spark does; s is the scope of its arguments.
func (a *analyzer) bindAgg(s *exprScope, e *sql.Call, name string, f *fn.Aggregate) (*plan.Agg, string, error) {
	e, err := a.positional(e, name)
	if err != nil {
		return nil, "", err
	}
	if err := a.noLambda(e, name); err != nil {
		return nil, "", err
	}
	if e.IgnoreNulls && !slices.Contains(mayIgnoreNulls, name) {
		return nil, "", a.fail(e.Span(), "INVALID_SQL_SYNTAX.FUNCTION_WITH_UNSUPPORTED_SYNTAX", "42000",
			"the function `%s` does not support IGNORE NULLS", name)
	}
	args, err := a.aggArgs(s, e, name)
	if err != nil {
		return nil, "", err
	}
	call := &aggCall{a: a, s: s, e: e, name: name, f: f, args: args}
	if err := call.bind(); err != nil {
		return nil, "", err
	}
	cast, err := a.castAll(call.args, call.bound.Params, e.Span())
	if err != nil {
		return nil, "", err
	}
	if slices.ContainsFunc(cast, isRandom) {
		return nil, "", a.fail(e.Span(), "AGGREGATE_FUNCTION_WITH_NONDETERMINISTIC_EXPRESSION", "42845",
			"non-deterministic expression \"%s\" should not appear in the arguments of an aggregate function", call.shown).
			WithHint("compute it in a subquery in FROM")
	}
	g := &plan.Agg{Name: f.Name, Fn: call.bound, Args: cast, Distinct: e.Distinct, Order: call.order, At: e.Span()}
	if e.Filter != nil {
		cond, err := a.aggFilter(s, e.Filter)
		if err != nil {
			return nil, "", err
		}
		g.Filter = cond.x
		call.shown += " FILTER (WHERE " + cond.name + ")"
	}
	return g, call.shown, nil
}

// mayIgnoreNulls are the aggregates that take IGNORE NULLS.
var mayIgnoreNulls = []string{"first", "first_value", "last", "last_value", "any_value"}

// aggCall is an aggregate being bound.
type aggCall struct {
	a     *analyzer
	s     *exprScope
	e     *sql.Call
	name  string
	f     *fn.Aggregate
	args  []val
	bound fn.BoundAggregate
	order []plan.Order
	shown string
}

// bind resolves the call, with WITHIN GROUP if it is written.
func (c *aggCall) bind() error {
	c.shown = aggName(c.name, c.e, c.args)
	switch {
	case len(c.e.WithinGroup) == 0:
	case c.f.WithinGroup == fn.NoWithinGroup:
		return c.a.fail(c.e.Span(), "INVALID_SQL_SYNTAX.FUNCTION_WITH_UNSUPPORTED_SYNTAX", "42000",
			"the function `%s` does not support WITHIN GROUP (ORDER BY ...)", c.name)
	case c.f.WithinGroup == fn.OrderedValue:
		return c.bindValue()
	default:
		if err := c.orderRows(); err != nil {
			return err
		}
	}
	var err error
	if c.bound, err = c.f.Bind(c.a.argsOf(c.args)); err != nil {
		return c.a.mismatch(err, c.e.Span(), c.shown)
	}
	return nil
}

func (c *aggCall) within(why, format string, args ...any) *errs.Error {
	return c.a.fail(c.e.Span(), "INVALID_WITHIN_GROUP_EXPRESSION."+why, "42K0K", c.name+" "+format, args...)
}

// keys analyzes the keys of WITHIN GROUP.
func (c *aggCall) keys() ([]val, []plan.Order, error) {
	o := &ordering{a: c.a, scope: c.s}
	var keys []val
	var by []plan.Order
	for i := range c.e.WithinGroup {
		item := &c.e.WithinGroup[i]
		v, err := c.a.expr(c.s, item.X)
		if err != nil {
			return nil, nil, err
		}
		k, err := o.key(item, v.x, v.name)
		if err != nil {
			return nil, nil, err
		}
		keys, by = append(keys, v), append(by, k)
	}
	return keys, by, nil
}

// bindValue: the one key is the value that the function is about.
func (c *aggCall) bindValue() error {
	if c.e.Distinct {
		return c.within("DISTINCT_UNSUPPORTED", "does not take DISTINCT together with WITHIN GROUP")
	}
	keys, by, err := c.keys()
	if err != nil {
		return err
	}
	if len(keys) != 1 || c.name == "mode" && len(c.args) > 0 {
		return c.within("WRONG_NUM_ORDERINGS", "takes exactly one key in WITHIN GROUP (ORDER BY ...)")
	}
	shown := keys[0].name
	if by[0].Desc != (c.name == "mode") { // Spark's mode() shows the opposite direction
		shown += " DESC"
	}
	c.shown += " WITHIN GROUP (ORDER BY " + shown + ")"
	c.args = append(keys, c.args...)
	if c.bound, err = c.f.BindWithin(c.a.argsOf(c.args), by[0].Desc); err != nil {
		return c.a.mismatch(err, c.e.Span(), c.shown)
	}
	return nil
}

// orderRows: the rows of a group come in the order of the keys.
func (c *aggCall) orderRows() error {
	keys, by, err := c.keys()
	if err != nil {
		return err
	}
	if c.e.Distinct && (len(keys) != 1 || len(c.args) == 0 || !plan.Equal(keys[0].x, c.args[0].x)) {
		return c.within("MISMATCH_WITH_DISTINCT_INPUT", "with DISTINCT can be ordered only by its first argument")
	}
	c.order = by
	c.shown += " WITHIN GROUP (ORDER BY " + shownOrder(by, keys) + ")"
	return nil
}

// aggName shows an aggregate's call.
func aggName(name string, e *sql.Call, args []val) string {
	shown := shownName(name, e.Form, len(args))
	switch name {
	case "first", "first_value", "last", "last_value", "any_value": // whether to skip NULLs is not shown
		args = args[:min(len(args), 1)]
		if e.IgnoreNulls && name != "any_value" {
			shown = strings.TrimSuffix(name, "_value")
		}
	case "approx_count_distinct":
		args = args[:min(len(args), 1)]
	case "string_agg":
		if len(e.WithinGroup) > 0 {
			shown = "listagg"
		}
	case "mode":
		if len(args) == 2 {
			return "mode() WITHIN GROUP (ORDER BY " + args[0].name + " DESC)"
		}
	}
	list := names(args)
	if d, ok := defaultArg(name, len(args)); ok {
		list += d
	}
	if e.Distinct {
		list = "DISTINCT " + list
	}
	return shown + "(" + list + ")"
}
