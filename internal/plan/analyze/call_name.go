package analyze

import (
	"strings"

	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/sql"
	"github.com/azud/azud/internal/types"
)

// trim is TRIM([BOTH | LEADING | TRAILING] [chars] FROM x).
func (a *analyzer) trim(s *exprScope, e *sql.Trim) (val, error) {
	x, err := a.expr(s, e.X)
	if err != nil {
		return x, err
	}
	f := map[string]string{"LEADING": "ltrim", "TRAILING": "rtrim"}[e.Side]
	if f == "" {
		f = "trim"
	}
	if e.Chars == nil {
		return a.op(f, e.Span(), f+"("+x.name+")", x)
	}
	c, err := a.expr(s, e.Chars)
	if err != nil {
		return c, err
	}
	side := e.Side
	if side == "" {
		side = "BOTH"
	}
	return a.op(f, e.Span(), "TRIM("+side+" "+c.name+" FROM "+x.name+")", c, x)
}

// callName is how Spark shows a call: lower case with all arguments, but for the functions
// whose expressions print themselves otherwise or fill in default arguments. Spark: prettyName,
// and what a running Spark 4.2.0 printed.
func callName(name string, form sql.Form, args []val) string {
	ts, shown := make([]types.Type, len(args)), make([]string, len(args))
	for i, v := range args {
		ts[i], shown[i] = v.x.Type(), v.name
	}
	if s, ok := fn.ShownCall(name, ts, shown); ok {
		return s
	}
	list := names(args)
	if d, ok := defaultArg(name, len(args)); ok {
		list += d
	}
	switch name {
	case "isnull":
		return "(" + list + " IS NULL)"
	case "isnotnull":
		return "(" + list + " IS NOT NULL)"
	case "positive":
		return "(+ " + list + ")"
	case "date", "timestamp", "string", "int", "bigint", "smallint", "tinyint", "double", "float", "boolean", "binary", "decimal":
		if len(args) == 1 {
			return list // Spark: a cast that nobody wrote is not shown
		}
	case "like":
		if len(args) == 2 {
			return args[0].name + " LIKE " + args[1].name
		}
	case "trim", "ltrim", "rtrim":
		if len(args) == 2 {
			return "TRIM(" + trimSide(name) + " " + args[0].name + " FROM " + args[1].name + ")"
		}
	case "from_json", "to_json":
		if len(args) > 0 {
			list = args[0].name
		}
	case "extract", "datepart":
		if len(args) == 2 && (form == sql.FormExtract || name == "datepart") {
			return name + "(" + args[0].name + " FROM " + args[1].name + ")"
		}
	case "log":
		if len(args) == 1 {
			list = "E(), " + list
		}
	case "raise_error":
		if len(args) == 1 {
			list = "USER_RAISED_EXCEPTION, map(errorMessage, " + list + ")"
		}
	case "assert_true":
		if len(args) == 1 {
			list += ", '" + list + "' is not true!"
		}
	}
	return shownName(name, form, len(args)) + "(" + list + ")"
}

func trimSide(name string) string {
	switch name {
	case "ltrim":
		return "LEADING"
	case "rtrim":
		return "TRAILING"
	}
	return "BOTH"
}

// shownName is a function's name as Spark shows it.
func shownName(name string, form sql.Form, args int) string {
	switch name {
	case "sqrt", "power", "signum", "cbrt", "exp", "expm1", "log", "log10", "log2", "log1p", "hypot", "radians", "degrees",
		"sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sinh", "cosh", "tanh", "pi", "e",
		"rlike", "regexp_like", "regexp":
		return strings.ToUpper(name)
	case "ceil", "floor":
		if args == 1 {
			return strings.ToUpper(name)
		}
	case "position":
		if form == sql.FormPosition {
			return "locate"
		}
	case "dateadd":
		return "date_add"
	case "current_database":
		return "current_schema"
	case "curdate":
		return "current_date"
	case "random":
		return "rand"
	case "array_agg":
		return "collect_list"
	}
	return name
}

// defaultArg is the argument that Spark shows where n were written.
func defaultArg(name string, n int) (string, bool) {
	type key struct {
		name string
		n    int
	}
	d, ok := map[key]string{
		{"round", 1}: ", 0", {"bround", 1}: ", 0",
		{"substr", 2}: ", 2147483647", {"substring", 2}: ", 2147483647",
		{"split", 2}: ", -1", {"overlay", 3}: ", -1", {"lpad", 2}: ",  ", {"rpad", 2}: ",  ", {"replace", 2}: ", ",
		{"regexp_replace", 3}: ", 1", {"regexp_extract", 2}: ", 1", {"regexp_extract_all", 2}: ", 1", {"regexp_instr", 2}: ", 0",
		{"position", 2}: ", 1", {"locate", 2}: ", 1",
		{"unix_timestamp", 0}: "current_timestamp(), yyyy-MM-dd HH:mm:ss", {"unix_timestamp", 1}: ", yyyy-MM-dd HH:mm:ss",
		{"to_unix_timestamp", 1}: ", yyyy-MM-dd HH:mm:ss", {"from_unixtime", 1}: ", yyyy-MM-dd HH:mm:ss",
		{"months_between", 2}: ", true", {"sort_array", 1}: ", true", {"percentile", 2}: ", 1",
		{"approx_top_k", 1}: ", 5, 10000", {"approx_top_k", 2}: ", 10000", {"listagg", 1}: ", NULL", {"string_agg", 1}: ", NULL", {"approx_percentile", 2}: ", 10000", {"percentile_approx", 2}: ", 10000",
	}[key{name, n}]
	return d, ok
}
