package fn

import (
	"bufio"
	"errors"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// recorded reads a table recorded from Spark: f gets the fields and the zone of each line.
func recorded(t *testing.T, path string, f func(fields []string, zone *time.Location)) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	zone := time.UTC
	for sc := bufio.NewScanner(file); sc.Scan(); {
		line := sc.Text()
		switch {
		case line == "" || line[0] == '#':
		case line[0] == '@':
			if zone, err = time.LoadLocation(line[1:]); err != nil {
				t.Fatal(err)
			}
		default:
			f(strings.Split(line, "\t"), zone)
		}
	}
}

// shown is a column's type and value, or "!" and the class of the error.
func shown(ctx *Context, col vec.Col, err error) (kind, value string) {
	if err != nil {
		var e *errs.Error
		if errors.As(err, &e) {
			return "!" + e.Class, ""
		}
		return "!" + err.Error(), ""
	}
	s := strings.NewReplacer("\\", "\\\\", "\t", "\\t", "\n", "\\n").Replace(strings.ToValidUTF8(Text(ctx, &col, 0), "\uFFFD"))
	return col.Type.String(), s
}

// differ lists the expressions that Azud answers in another way on purpose.
var differ = map[string]string{
	"format_string('%10.3f', 3.14159)":             "%f takes a DECIMAL; Spark has Java refuse its own class",
	"format_string('%b %c %%', true, 'x')":         "%c takes a string of one character",
	"format_string('%d', 'a')":                     "the error has a class",
	"format_string('%s %s', 1.0D, array(1, 2))":    "an array prints as in a cast, [1, 2]",
	"cast('1 25:00:00' as interval day to second)": "the error has a class",
	"timestamp_millis(9223372036854775807L)":       "the error has a class",
}

func TestExpressionsAsSpark(t *testing.T) {
	recorded(t, "testdata/exprs.tsv", func(f []string, zone *time.Location) {
		ctx := &Context{Zone: zone, Now: 1_600_000_000_000_000}
		col, err := evalExpr(f[0], ctx)
		kind, value := shown(ctx, col, err)
		if _, known := differ[f[0]]; known {
			return
		}
		if kind != f[1] || value != f[2] && !(lastDigit(f[0]) && close(value, f[2])) {
			t.Errorf("%s (%s)\n got %s %s (%v)\nwant %s %s", f[0], zone, kind, value, err, f[1], f[2])
		}
	})
}

func TestExamplesAsSpark(t *testing.T) {
	skip := map[string]bool{"raise_error": true, "window_time": true} // IF and FROM are not the evaluator's
	ctx := &Context{Now: 1_700_000_000_000_000}
	for _, s := range Scalars() {
		if s.Example == "" {
			t.Errorf("%s has no example", s.Name)
			continue
		}
		if skip[s.Name] {
			continue
		}
		col, err := evalExpr(strings.TrimPrefix(s.Example, "SELECT "), ctx)
		if _, got := shown(ctx, col, err); err != nil || got != s.Result {
			t.Errorf("%s\n got %s (%v)\nwant %s", s.Example, got, err, s.Result)
		}
	}
	for _, a := range Aggregates() {
		if a.Example == "" || a.Result == "" {
			t.Errorf("%s has no example", a.Name)
		}
	}
}

// aggregate runs an aggregate over a column in one go, and again in two halves merged.
func runAggregate(ctx *Context, b BoundAggregate, args []vec.Col) (whole, merged vec.Col, err error) {
	n := args[len(args)-1].Len
	if len(args) == 0 {
		n = 0
	}
	groups := make([]uint32, n)
	acc := b.New(ctx)
	if err = acc.Update(groups, args, nil); err != nil {
		return
	}
	if whole, err = acc.Final([]uint32{0}); err != nil {
		return
	}
	total := b.New(ctx)
	for part := range 2 {
		half := b.New(ctx)
		sel := []uint32{}
		for i := range n {
			if i*2/n == part {
				sel = append(sel, uint32(i))
			}
		}
		if err = half.Update(groups, args, sel); err != nil {
			return
		}
		var cols []vec.Col
		if cols, err = half.Partial([]uint32{0}); err != nil {
			return
		}
		if err = total.Merge([]uint32{0}, cols); err != nil {
			return
		}
	}
	merged, err = total.Final([]uint32{0})
	return
}

func TestAggregatesAsSpark(t *testing.T) {
	recorded(t, "testdata/aggs.tsv", func(f []string, _ *time.Location) {
		ctx := &Context{}
		kinds, wants := aggregateCase(ctx, f)
		for i := range kinds {
			if kinds[i] != f[3] || wants[i] != f[4] && !(i == 1 && close(wants[i], f[4])) {
				t.Errorf("%s over %s %s\n got %s %s\nwant %s %s", f[0], f[1], f[2], kinds[i], wants[i], f[3], f[4])
			}
		}
	})
}

// lastDigit reports the functions whose last digit depends on the mathematical library.
func lastDigit(expr string) bool {
	name, _, _ := strings.Cut(expr, "(")
	switch name {
	case "log2", "pow", "sin", "cos", "tan", "acos", "asin", "atan", "sinh", "cosh", "tanh":
		return true
	}
	return false
}

// close allows for another order of floating-point additions.
func close(a, b string) bool {
	x, ok1 := parseDouble(a, 64)
	y, ok2 := parseDouble(b, 64)
	return ok1 && ok2 && math.Abs(x-y) < 1e-12*math.Abs(y)
}

// aggregateCase returns the results of the whole and of the merged run.
func aggregateCase(ctx *Context, f []string) (kinds, values []string) {
	e := &evaluator{toks: tokens(f[1]), ctx: ctx}
	typ := e.typeName()
	b := vec.NewColBuilder(typ)
	for _, v := range strings.Split(f[2], ";") {
		if v == "NULL" {
			b.AppendNull()
			continue
		}
		k, _ := CastKernel(types.StringType, typ, false)
		one, err := k(ctx, vec.ConstString(types.StringType, v, 1), 1, nil)
		if err != nil {
			return []string{err.Error()}, []string{""}
		}
		b.AppendFrom(&one, 0)
	}
	x := b.Finish()
	name, rest, _ := strings.Cut(strings.TrimSuffix(f[0], ")"), "(")
	a, _ := LookupAggregate(name)
	var cols []vec.Col
	var args []Arg
	for _, p := range strings.Split(rest, ", ") {
		var col vec.Col
		switch p {
		case "x":
			col = x
		case "-x":
			s, _ := LookupScalar("negative")
			nb, _ := s.Bind([]Arg{{Type: typ, Nullable: true}})
			col, _ = nb.Kernel(ctx, []vec.Col{x}, x.Len, nil)
		case "x > 1":
			s, _ := LookupScalar(">")
			one := vec.ConstOf(types.IntType, int32(1), x.Len)
			nb, _ := s.Bind([]Arg{{Type: typ, Nullable: true}, {Type: types.IntType}})
			col, _ = nb.Kernel(ctx, []vec.Col{x, one}, x.Len, nil)
		case "*":
			col = vec.ConstOf(types.IntType, int32(1), x.Len)
		default:
			one, err := evalExpr(p, ctx)
			if err != nil {
				return []string{err.Error()}, []string{""}
			}
			col = one.Repeat(x.Len)
		}
		arg := Arg{Type: col.Type, Nullable: true}
		if col.Enc == vec.Const {
			arg.Const = &col
		}
		cols, args = append(cols, col), append(args, arg)
	}
	bound, err := a.Bind(args)
	if err != nil {
		k, v := shown(ctx, vec.Col{}, err)
		return []string{k}, []string{v}
	}
	for i, p := range bound.Params {
		k, _ := CastKernel(cols[i].Type, p, false)
		if cols[i], err = k(ctx, cols[i], x.Len, nil); err != nil {
			k, v := shown(ctx, vec.Col{}, err)
			return []string{k}, []string{v}
		}
	}
	whole, merged, err := runAggregate(ctx, bound, cols)
	for _, c := range []vec.Col{whole, merged} {
		k, v := shown(ctx, c, err)
		kinds, values = append(kinds, k), append(values, v)
	}
	return kinds, values
}
