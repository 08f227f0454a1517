package analyze

import (
	"slices"
	"strings"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/fn"
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
	if e.Over != nil {
		return a.overCall(s, e, name)
	}
	if f, ok := a.env.aggregate(name); ok {
		return a.aggregate(s, e, name, f)
	}
	if v, ok, err := a.otherCall(s, e, name); ok {
		return v, err
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
	if err := a.noLambda(e, name); err != nil {
		return val{}, err
	}
	if e, err = a.positional(e, name); err != nil {
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

// otherCall analyzes what is neither an aggregate nor a plain function; ok is false for those.
func (a *analyzer) otherCall(s *exprScope, e *sql.Call, name string) (v val, ok bool, err error) {
	if _, ok := a.env.functions().Window(name); ok {
		return val{}, true, a.fail(e.Span(), "WINDOW_FUNCTION_WITHOUT_OVER_CLAUSE", "42601", "the window function `%s` needs OVER", name).
			WithHint("write %s(...) OVER (PARTITION BY ... ORDER BY ...)", name)
	}
	switch name {
	case "grouping", "grouping_id":
		v, err := a.groupingCall(s, e, name)
		return v, true, err
	case "collate":
		if len(e.Args) == 2 {
			v, err := a.collateCall(s, e)
			return v, true, err
		}
	}
	if h, ok := a.env.functions().Higher(name); ok && a.isHigher(e, name) {
		v, err := a.higherCall(s, e, h)
		return v, true, err
	}
	return val{}, false, nil
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
	if why, ok := fn.Missing(e.Name.Last().Name); ok {
		return err.WithHint("Azud does not have it: %s", why)
	}
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
	case len(e.WithinGroup) > 0:
		return refuse("WITHIN GROUP (ORDER BY ...)")
	}
	return nil
}

// args analyzes arguments; * becomes all columns.
func (a *analyzer) args(s *exprScope, list []sql.Expr) ([]val, error) {
	var out []val
	for _, e := range list {
		if star, ok := e.(*sql.Star); ok {
			cols, err := a.star(s, star)
			if err != nil {
				return nil, err
			}
			out = append(out, starArgs(cols)...)
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

// aggArgs: count(*) counts a constant, IGNORE NULLS is a second argument.
func (a *analyzer) aggArgs(s *exprScope, e *sql.Call, name string) ([]val, error) {
	if len(e.Args) == 0 && name == "count" {
		return nil, a.fail(e.Span(), "WRONG_NUM_ARGS.WITH_SUGGESTION", "42605", "count needs at least one argument").
			WithHint("write count(*)")
	}
	if len(e.Args) == 1 && name == "count" {
		if star, ok := e.Args[0].(*sql.Star); ok && s.in.hasTable(star.Qualifier) {
			return nil, a.fail(star.Span(), "INVALID_USAGE_OF_STAR_WITH_TABLE_IDENTIFIER_IN_COUNT", "42000",
				"count(%s.*) is not allowed", strings.Join(parts(star.Qualifier), ".")).WithHint("write count(*)")
		} else if ok && !e.Distinct && len(star.Qualifier) == 0 {
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
		if c, ok := e.(*plan.Call); ok && slices.Contains([]string{"rand", "randn", "random", "uuid", "shuffle", "uniform", "randstr", "monotonically_increasing_id", "spark_partition_id"}, c.Name) {
			found = true
		}
		return !found
	})
	return found
}
