package analyze

import (
	"slices"
	"strings"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/sql"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// callExpr analyzes a function call.
func (a *analyzer) callExpr(s *exprScope, e *sql.Call) (val, error) {
	name, err := a.routine(e)
	if err != nil {
		return val{}, err
	}
	switch {
	case e.Over != nil:
		return val{}, a.unsupported(e.Over.Span(), "a window function (OVER)")
	case len(e.WithinGroup) > 0:
		return val{}, a.unsupported(e.WithinGroup[0].Span(), "WITHIN GROUP")
	}
	if _, ok := a.env.aggregate(name); ok {
		return a.aggregate(s, e, name)
	}
	if _, ok := a.env.functions().Generator(name); ok {
		return val{}, a.generatorOutside(s, e)
	}
	special, isSpecial := specialOf(name)
	if _, ok := a.env.scalar(name); !ok && !isSpecial {
		return val{}, a.noRoutine(e)
	}
	if err := a.plainCall(e, name); err != nil {
		return val{}, err
	}
	if isSpecial {
		return special(a, s, e, name)
	}
	args, err := a.args(s, e.Args)
	if err != nil {
		return val{}, err
	}
	return a.op(name, e.Span(), callName(name, e.Form, args), args...)
}

// routine is a function's name in lower case; only built-in functions have qualified names.
func (a *analyzer) routine(e *sql.Call) (string, error) {
	n, err := a.nameOf(e.Name)
	if err != nil {
		return "", err
	}
	p := n.Strings()
	for len(p) > 1 && (strings.EqualFold(p[0], "system") || strings.EqualFold(p[0], "builtin")) {
		p = p[1:]
	}
	if len(p) != 1 {
		return "", a.noRoutine(e)
	}
	return strings.ToLower(p[0]), nil
}

func (a *analyzer) noRoutine(e *sql.Call) error {
	if strings.EqualFold(e.Name.String(), "range") {
		return a.fail(e.Span(), "NOT_A_SCALAR_FUNCTION", "42887", "range is a table function").WithHint("write SELECT ... FROM range(...)")
	}
	err := a.fail(e.Name.Span(), "UNRESOLVED_ROUTINE", "42883", "there is no function `%s`", e.Name.String())
	all := append(specialNames(), a.env.functionNames()...)
	if near := errs.Near(e.Name.Last().Name, all); len(near) > 0 {
		err.WithHint("did you mean %s?", strings.Join(near, ", "))
	}
	return err
}

// plainCall refuses on a scalar function what only aggregates take.
func (a *analyzer) plainCall(e *sql.Call, name string) error {
	refuse := func(what string) error {
		return a.fail(e.Span(), "INVALID_SQL_SYNTAX.FUNCTION_WITH_UNSUPPORTED_SYNTAX", "42000",
			"the function `%s` does not support %s", name, what)
	}
	switch {
	case e.Distinct:
		return refuse("DISTINCT")
	case e.Filter != nil:
		return refuse("FILTER CLAUSE")
	case e.IgnoreNulls:
		return refuse("IGNORE NULLS")
	}
	return nil
}

// args analyzes arguments; * becomes all columns.
func (a *analyzer) args(s *exprScope, list []sql.Expr) ([]val, error) {
	var out []val
	for _, e := range list {
		if star, ok := e.(*sql.Star); ok {
			cols, err := a.star(s.in, star)
			if err != nil {
				return nil, err
			}
			out = append(out, cols...)
			continue
		}
		v, err := a.expr(s, e)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// aggregate analyzes an aggregate call; it becomes a *plan.Agg that the query moves into its
// Aggregate node.
func (a *analyzer) aggregate(s *exprScope, e *sql.Call, name string) (val, error) {
	f, _ := a.env.aggregate(name)
	switch {
	case s.aggArg:
		return val{}, a.fail(e.Span(), "NESTED_AGGREGATE_FUNCTION", "42607",
			"an aggregate function cannot stand in the argument of another").
			WithHint("compute the inner one in a subquery in FROM")
	case s.filter:
		return val{}, a.fail(e.Span(), "INVALID_AGGREGATE_FILTER.CONTAINS_AGGREGATE", "42903",
			"FILTER (WHERE ...) cannot contain an aggregate function")
	}
	args, err := a.aggArgs(s.within(), e, name)
	if err != nil {
		return val{}, err
	}
	display := aggName(name, e, args)
	bound, err := f.Bind(a.argsOf(args))
	if err != nil {
		return val{}, a.mismatch(err, e.Span(), display)
	}
	cast, err := a.castAll(args, bound.Params, e.Span())
	if err != nil {
		return val{}, err
	}
	if slices.ContainsFunc(cast, isRandom) {
		return val{}, a.fail(e.Span(), "AGGREGATE_FUNCTION_WITH_NONDETERMINISTIC_EXPRESSION", "42845",
			"non-deterministic expression \"%s\" should not appear in the arguments of an aggregate function", display).
			WithHint("compute it in a subquery in FROM")
	}
	g := &plan.Agg{Name: f.Name, Fn: bound, Args: cast, Distinct: e.Distinct, At: e.Span()}
	if e.Filter != nil {
		cond, err := a.aggFilter(s, e.Filter)
		if err != nil {
			return val{}, err
		}
		g.Filter = cond.x
		display += " FILTER (WHERE " + cond.name + ")"
	}
	return val{g, display}, nil
}

func aggName(name string, e *sql.Call, args []val) string {
	switch name {
	case "first", "first_value", "last", "last_value", "any_value": // whether to skip NULLs is not shown
		args = args[:min(len(args), 1)]
	}
	list := names(args)
	if d, ok := defaultArg(name, len(args)); ok {
		list += d
	}
	if e.Distinct {
		list = "DISTINCT " + list
	}
	return shownName(name, e.Form, len(args)) + "(" + list + ")"
}

// aggArgs: count(*) counts a constant, IGNORE NULLS is a second argument.
func (a *analyzer) aggArgs(s *exprScope, e *sql.Call, name string) ([]val, error) {
	if len(e.Args) == 0 && name == "count" {
		return nil, a.fail(e.Span(), "WRONG_NUM_ARGS.WITH_SUGGESTION", "42605", "count needs at least one argument").
			WithHint("write count(*)")
	}
	if len(e.Args) == 1 && name == "count" {
		if star, ok := e.Args[0].(*sql.Star); ok && len(star.Qualifier) > 0 {
			return nil, a.fail(star.Span(), "INVALID_USAGE_OF_STAR_WITH_TABLE_IDENTIFIER_IN_COUNT", "42000",
				"count(%s.*) is not allowed", strings.Join(parts(star.Qualifier), ".")).WithHint("write count(*)")
		} else if ok && !e.Distinct {
			return []val{lit(vec.ConstOf(types.IntType, int32(1), 1), star.Span(), "1")}, nil
		}
	}
	args, err := a.args(s, e.Args)
	if err != nil || !e.IgnoreNulls {
		return args, err
	}
	return append(args, boolVal(true, e.Span())), nil
}

func (a *analyzer) aggFilter(s *exprScope, e sql.Expr) (val, error) {
	d := *s
	d.filter = true
	v, err := a.expr(&d, e)
	if err != nil {
		return v, err
	}
	v.x, err = a.boolean(v, false, func() error {
		return a.fail(e.Span(), "INVALID_AGGREGATE_FILTER.NOT_BOOLEAN", "42903",
			"the FILTER condition \"%s\" is %s, not BOOLEAN", v.name, v.x.Type().SQL())
	})
	if err == nil && isRandom(v.x) {
		err = a.fail(e.Span(), "INVALID_AGGREGATE_FILTER.NON_DETERMINISTIC", "42903",
			"the FILTER condition \"%s\" must be deterministic", v.name).
			WithHint("compute it in a subquery in FROM")
	}
	return v, err
}

// isRandom reports an expression that differs from row to row, what Spark calls
// non-deterministic. Volatile says more: the time of the epoch is volatile, but the same for
// each of its rows.
func isRandom(e plan.Expr) bool {
	found := false
	plan.WalkExpr(e, func(e plan.Expr) bool {
		if c, ok := e.(*plan.Call); ok && slices.Contains([]string{"rand", "randn", "uuid"}, c.Name) {
			found = true
		}
		return !found
	})
	return found
}
