package engine

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// Given makes a script's arguments of values that a user gave by name, as -D name=value does:
// ${name} in the text becomes the value, and :name is a parameter that has it, as an integer, decimal
// or boolean if it reads as one, else as a string. Without values ${name} is the session's setting, as in Spark.
func Given(values map[string]string) Args {
	if len(values) == 0 {
		return Args{}
	}
	named := map[string]vec.Col{}
	for name, v := range values {
		named[name] = typed(v)
	}
	return Args{Named: named, Expand: func(text string) (string, error) {
		last := ""
		out, err := expand(text, func(name string) (string, bool, error) {
			v, ok := values[name]
			last = name
			return v, ok, nil
		})
		if err != nil && last != "" { // expand ends at the first name without value and default
			return "", notGiven(last, values)
		}
		return out, err
	}}
}

func notGiven(name string, values map[string]string) error {
	e := errs.New("UNBOUND_VARIABLE", "${%s} has no value", name).State("42P02")
	if near := errs.Near(name, sortedKeys(values)); len(near) > 0 {
		return e.WithHint("did you mean ${%s}?", near[0])
	}
	return e.WithHint("give it one with -D %s=…, or write ${%s:-default}", name, name)
}

var decimalText = regexp.MustCompile(`^[+-]?(\d+)(?:\.(\d+))?$`)

// typed is a value of one row: the smallest of INT, BIGINT and DECIMAL that holds a number.
func typed(text string) vec.Col {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		if n == int64(int32(n)) {
			return vec.ConstOf(types.IntType, int32(n), 1)
		}
		return vec.ConstOf(types.LongType, n, 1)
	}
	switch {
	case strings.EqualFold(text, "true"):
		return vec.ConstOf(types.BooleanType, true, 1)
	case strings.EqualFold(text, "false"):
		return vec.ConstOf(types.BooleanType, false, 1)
	}
	s := vec.ConstString(types.StringType, text, 1)
	m := decimalText.FindStringSubmatch(text)
	if m == nil {
		return s
	}
	scale := len(m[2])
	precision := max(len(strings.TrimLeft(m[1], "0"))+scale, scale, 1)
	if precision > types.MaxPrecision {
		return s
	}
	d, err := plan.Eval(&fn.Context{}, &plan.Cast{X: &plan.Lit{Value: s}, To: types.DecimalType(precision, scale)})
	if err != nil {
		return s
	}
	return d
}

// ParseBytes reads a number of bytes: 1024, 64k, 64m, 64MiB or 2g.
func ParseBytes(v string) (int64, error) { return parseBytes(v) }
