package analyze

import (
	"slices"
	"strings"

	"github.com/azud/azud/internal/fn"
)

// Function describes a function for people: one of a registry, or one that is a node of the plan.
type Function struct {
	Name, Kind, Group, Usage, Doc, Example, Result string
	Aliases                                        []string
}

// The kinds of functions.
const (
	KindScalar    = "scalar"
	KindAggregate = "aggregate"
	KindWindow    = "window"
	KindGenerator = "generator"
	KindHigher    = "higher-order"
	KindSpecial   = "special"
)

// Functions lists all functions by name.
func Functions(r *fn.Registry) []Function {
	out := slices.Clone(specialFunctions)
	for _, s := range r.Scalars() {
		out = append(out, Function{s.Name, KindScalar, s.Group, s.Usage, s.Doc, s.Example, s.Result, s.Aliases})
	}
	for _, a := range r.Aggregates() {
		out = append(out, Function{a.Name, KindAggregate, a.Group, a.Usage, a.Doc, a.Example, a.Result, a.Aliases})
	}
	for _, w := range r.Windows() {
		out = append(out, Function{w.Name, KindWindow, w.Group, w.Usage, w.Doc, w.Example, w.Result, w.Aliases})
	}
	for _, g := range r.Generators() {
		out = append(out, Function{g.Name, KindGenerator, g.Group, g.Usage, g.Doc, g.Example, g.Result, g.Aliases})
	}
	for _, h := range r.Highers() {
		out = append(out, Function{h.Name, KindHigher, h.Group, h.Usage, h.Doc, h.Example, h.Result, h.Aliases})
	}
	slices.SortFunc(out, func(a, b Function) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// FunctionNames lists all names and aliases, sorted.
func FunctionNames(r *fn.Registry) []string {
	var out []string
	for _, f := range Functions(r) {
		out = append(append(out, f.Name), f.Aliases...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// DescribeFunction finds a function by name or alias, in any case.
func DescribeFunction(r *fn.Registry, name string) (Function, bool) {
	for _, f := range Functions(r) {
		if strings.EqualFold(f.Name, name) || slices.ContainsFunc(f.Aliases, func(a string) bool { return strings.EqualFold(a, name) }) {
			return f, true
		}
	}
	return Function{}, false
}

// specialFunctions are those of specialOf. Results are recorded from Spark.
var specialFunctions = []Function{
	{"if", KindSpecial, "conditional", "if(cond, a, b)", "a where the condition is true, else b.", "SELECT if(1 < 2, 'a', 'b')", "a", nil},
	{"coalesce", KindSpecial, "conditional", "coalesce(x, ...)", "The first argument that is not NULL.", "SELECT coalesce(NULL, 1, NULL)", "1", nil},
	{"nvl", KindSpecial, "conditional", "nvl(x, y)", "x, or y where x is NULL.", "SELECT nvl(NULL, array('2'))", "[2]", []string{"ifnull"}},
	{"nvl2", KindSpecial, "conditional", "nvl2(x, a, b)", "a where x is not NULL, else b.", "SELECT nvl2(NULL, 2, 1)", "1", nil},
	{"nullif", KindSpecial, "conditional", "nullif(x, y)", "NULL where x equals y, else x.", "SELECT nullif(2, 2)", "NULL", nil},
	{"nullifzero", KindSpecial, "conditional", "nullifzero(x)", "NULL where x is 0, else x.", "SELECT nullifzero(0)", "NULL", nil},
	{"zeroifnull", KindSpecial, "conditional", "zeroifnull(x)", "0 where x is NULL, else x.", "SELECT zeroifnull(NULL)", "0", nil},
	{"window", KindSpecial, "datetime", "window(time, duration[, slide[, start]])", "The time windows that a row falls into, a struct of start and end.",
		"SELECT window.start FROM VALUES (TIMESTAMP '2024-01-15 10:32:00') AS t(ts) GROUP BY window(ts, '5 minutes')", "2024-01-15 10:30:00", nil},
	{"window_time", KindSpecial, "datetime", "window_time(window)", "The last instant of a time window.",
		"SELECT window_time(w) FROM (SELECT window(ts, '5 minutes') AS w FROM VALUES (TIMESTAMP '2024-01-15 10:32:00') AS t(ts))", "2024-01-15 10:34:59.999999", nil},
	{"struct", KindSpecial, "struct", "struct(x, ...)", "A struct of its arguments, with their names.", "SELECT struct(1, 2, 3)", "{1, 2, 3}", nil},
}
