package fn

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// longs makes a BIGINT column of f(0), f(1) …
func longs(n int, f func(i int64) int64) vec.Col {
	v := make([]int64, n)
	for i := range v {
		v[i] = f(int64(i))
	}
	return vec.FlatOf(types.LongType, v, nil)
}

// constantOf evaluates an expression as an argument of n rows.
func constantOf(t *testing.T, expr string, n int) vec.Col {
	t.Helper()
	one, err := evalExpr(expr, &Context{})
	if err != nil {
		t.Fatal(err)
	}
	return one.Repeat(n)
}

// bindCols resolves an aggregate over columns and casts them; within is WITHIN GROUP: 'a' ascending,
// 'd' descending.
func bindCols(t *testing.T, name string, within byte, cols ...vec.Col) (BoundAggregate, []vec.Col, error) {
	t.Helper()
	a, ok := LookupAggregate(name)
	if !ok {
		t.Fatalf("no aggregate %s", name)
	}
	args := make([]Arg, len(cols))
	for i := range cols {
		args[i] = Arg{Type: cols[i].Type, Nullable: true}
		if cols[i].Enc == vec.Const {
			one := cols[i]
			one.Len = 1
			args[i].Const = &one
		}
	}
	bind := a.Bind
	if within != 0 {
		bind = func(args []Arg) (BoundAggregate, error) { return a.BindWithin(args, within == 'd') }
	}
	b, err := bind(args)
	if err != nil {
		return b, nil, err
	}
	out := make([]vec.Col, len(cols))
	for i := range cols {
		k, err := CastKernel(cols[i].Type, b.Params[i], false)
		if err != nil {
			t.Fatal(err)
		}
		if out[i], err = k(&Context{}, cols[i], cols[i].Len, nil); err != nil {
			return b, nil, err
		}
	}
	return b, out, nil
}

// TestNumbersOfSpark compares with what Spark 4.2.0 answered for the same columns
// (test/sqltest/fn_agg_more.test has the statements).
func TestNumbersOfSpark(t *testing.T) {
	id := func(i int64) int64 { return i }
	strings := func(c vec.Col) vec.Col {
		k, _ := CastKernel(types.LongType, types.StringType, false)
		s, _ := k(&Context{}, c, c.Len, nil)
		return s
	}
	as := func(to types.Type, c vec.Col) vec.Col {
		k, _ := CastKernel(types.LongType, to, false)
		s, _ := k(&Context{}, c, c.Len, nil)
		return s
	}
	shuffled := longs(100000, func(i int64) int64 { return i * 7919 % 100003 })
	squares := longs(200, func(i int64) int64 { return i * i })
	for _, c := range []struct {
		name string
		x    vec.Col
		more []string
		want string
	}{
		{"approx_count_distinct", longs(100000, id), nil, "95546"},
		{"approx_count_distinct", longs(1000, id), nil, "1026"},
		{"approx_count_distinct", longs(1000, id), []string{"0.02"}, "992"},
		{"approx_count_distinct", longs(1000, id), []string{"0.3"}, "979"},
		{"approx_count_distinct", strings(longs(3000, id)), []string{"0.1"}, "2508"},
		{"approx_count_distinct", as(types.IntType, longs(3000, id)), nil, "2963"},
		{"approx_count_distinct", as(types.DoubleType, longs(3000, id)), nil, "2837"},
		{"approx_count_distinct", longs(2000, func(i int64) int64 { return i % 50 }), nil, "52"},
		{"approx_count_distinct", longs(2000, func(i int64) int64 { return i * 7919 }), nil, "2020"},
		{"percentile", longs(1000, id), []string{"0.333"}, "332.66700000000003"},
		{"percentile", longs(1000, id), []string{"array(0.1, 0.999)"}, "[99.9, 998.001]"},
		{"approx_percentile", longs(1000, id), []string{"0.333"}, "332"},
		{"approx_percentile", longs(1000, id), []string{"array(0.0, 0.1, 0.5, 0.999, 1.0)"}, "[0, 99, 499, 998, 999]"},
		{"approx_percentile", shuffled, []string{"array(0.01, 0.25, 0.5, 0.75, 0.99)"}, "[1006, 24998, 49996, 74997, 99000]"},
		{"approx_percentile", shuffled, []string{"array(0.01, 0.25, 0.5, 0.75, 0.99)", "100"}, "[0, 24070, 49874, 74917, 100002]"},
		{"approx_percentile", longs(1000, id), []string{"0.5", "10"}, "412"},
		{"histogram_numeric", longs(100, id), []string{"10"}, "[{2, 5.0}, {9, 10.0}, {21, 14.0}, {33, 9.0}, {44, 13.0}, {55, 9.0}, {64, 10.0}, {75, 12.0}, {88, 13.0}, {97, 5.0}]"},
		{"histogram_numeric", longs(60, func(i int64) int64 { return i * i % 97 }), []string{"5"}, "[{8, 14.0}, {29, 10.0}, {48, 9.0}, {68, 12.0}, {88, 15.0}]"},
		{"skewness", longs(200, func(i int64) int64 { return i * i % 31 }), nil, "0.3534494899606103"},
		{"kurtosis", longs(200, func(i int64) int64 { return i * i % 31 }), nil, "-1.0013016267119865"},
		{"approx_top_k", longs(99, func(i int64) int64 { return min(i+1, 7) }), []string{"1"}, "[{7, 93}]"},
	} {
		cols := []vec.Col{c.x}
		for _, m := range c.more {
			cols = append(cols, constantOf(t, m, c.x.Len))
		}
		b, args, err := bindCols(t, c.name, 0, cols...)
		if err != nil {
			t.Fatal(c.name, err)
		}
		acc := b.New(&Context{})
		if err := acc.Update(make([]uint32, c.x.Len), args, nil); err != nil {
			t.Fatal(err)
		}
		if got := final(t, acc, 0); got[0] != c.want {
			t.Errorf("%s %v over %d rows\n got %s\nwant %s", c.name, c.more, c.x.Len, got[0], c.want)
		}
	}
	for _, c := range []struct {
		name string
		x, y vec.Col
		want string
	}{
		{"corr", longs(200, id), squares, "0.9679441724692305"},
		{"covar_samp", longs(200, id), longs(200, func(i int64) int64 { return i % 7 }), "1.0100502512563443"},
		{"regr_r2", longs(200, func(i int64) int64 { return i % 5 }), longs(200, id), "6.000150003750264E-4"},
	} {
		b, args, err := bindCols(t, c.name, 0, c.x, c.y)
		if err != nil {
			t.Fatal(err)
		}
		acc := b.New(&Context{})
		if err := acc.Update(make([]uint32, 200), args, nil); err != nil {
			t.Fatal(err)
		}
		if got := final(t, acc, 0); got[0] != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got[0], c.want)
		}
	}
}

// aggregateCalls are calls of every aggregate over columns of random values.
func aggregateCalls(t *testing.T, r *rand.Rand, n int) map[string]func() (BoundAggregate, []vec.Col) {
	t.Helper()
	random := func(typ types.Type, f func() any) vec.Col {
		b := vec.NewColBuilder(typ)
		for range n {
			if r.IntN(5) == 0 {
				b.AppendNull()
				continue
			}
			switch v := f().(type) {
			case int32:
				vec.Append(b, v)
			case int64:
				vec.Append(b, v)
			case float64:
				vec.Append(b, v)
			case bool:
				vec.Append(b, v)
			case string:
				b.AppendString(v)
			}
		}
		return b.Finish()
	}
	ints := random(types.IntType, func() any { return int32(r.IntN(9) - 4) })
	long := random(types.LongType, func() any { return int64(r.IntN(50)) })
	reals := random(types.DoubleType, func() any { return float64(r.IntN(100)) / 4 })
	text := random(types.StringType, func() any { return string(rune('a' + r.IntN(6))) })
	truth := random(types.BooleanType, func() any { return r.IntN(3) > 0 })
	months := random(types.YearMonthType, func() any { return int32(r.IntN(40)) })
	micros := random(types.DayTimeType, func() any { return int64(r.IntN(4000)) })
	days := random(types.DateType, func() any { return int32(r.IntN(400)) })
	lists, err := evalExpr("array(1, 2)", &Context{})
	if err != nil {
		t.Fatal(err)
	}
	calls := map[string]func() (BoundAggregate, []vec.Col){}
	add := func(name string, within byte, cols ...vec.Col) {
		label := fmt.Sprint(name, string(rune(within+' ')))
		for _, c := range cols {
			label += " " + c.Type.String()
		}
		calls[label] = func() (BoundAggregate, []vec.Col) {
			b, args, err := bindCols(t, name, within, cols...)
			if err != nil {
				t.Fatal(label, err)
			}
			return b, args
		}
	}
	k := func(expr string) vec.Col { return constantOf(t, expr, n) }
	for _, c := range []vec.Col{ints, long, reals, months, micros} {
		for _, name := range []string{"sum", "try_sum", "avg", "try_avg", "median"} {
			add(name, 0, c)
		}
		add("percentile", 0, c, k("array(0.1, 0.7)"))
		add("percentile", 0, c, k("0.4"), constantOf(t, "3", n))
		add("percentile_cont", 'd', c, k("0.3"))
		add("percentile_disc", 'a', c, k("array(0.0, 0.9)"))
		add("histogram_numeric", 0, c, k("4096"))
	}
	for _, c := range []vec.Col{ints, long, reals, text, truth, months, micros, days, lists.Repeat(n)} {
		for _, name := range []string{"count", "min", "max", "first", "last", "any_value", "collect_list", "collect_set", "mode", "approx_count_distinct"} {
			add(name, 0, c)
		}
		add("min_by", 0, c, long)
		add("max_by", 0, text, c)
		add("first", 0, c, k("true"))
		add("last", 0, c, k("true"))
		add("mode", 'd', c)
	}
	for _, c := range []vec.Col{ints, long, reals, days, micros, months} {
		add("approx_percentile", 0, c, k("array(0.1, 0.5)"))
	}
	for _, c := range []vec.Col{ints, long, text, days} {
		add("approx_top_k", 0, c, k("3"))
		add("listagg", 0, c, k("','"))
	}
	for _, name := range []string{"bool_and", "bool_or", "count_if"} {
		add(name, 0, truth)
	}
	for _, name := range []string{"bit_and", "bit_or", "bit_xor"} {
		add(name, 0, ints)
		add(name, 0, long)
	}
	for _, name := range []string{"stddev", "stddev_pop", "variance", "var_pop", "skewness", "kurtosis"} {
		add(name, 0, reals)
	}
	for _, name := range []string{"covar_pop", "covar_samp", "regr_count", "regr_avgx", "regr_avgy", "regr_sxx", "regr_syy", "regr_sxy", "regr_slope", "regr_intercept", "regr_r2"} {
		add(name, 0, reals, ints)
	}
	return calls
}

// TestMergeOfRandomSplits: rows dealt out to several accumulators in pieces that keep their order, whose
// partial results are merged, give what one accumulator gives; row by row as well.
func TestMergeOfRandomSplits(t *testing.T) {
	for seed := range uint64(6) {
		r := rand.New(rand.NewPCG(seed, 3))
		n := []int{1, 7, 60, 300}[seed%4]
		groups := make([]uint32, n)
		for i := range groups {
			groups[i] = uint32(r.IntN(3)) * 2
		}
		all := []uint32{0, 1, 2, 3, 4, 9}
		seen := map[string]bool{}
		for label, call := range aggregateCalls(t, r, n) {
			b, args := call()
			whole := b.New(&Context{})
			if err := whole.Update(groups, args, nil); err != nil {
				t.Fatal(label, err)
			}
			want := final(t, whole, all...)
			seen[label] = true

			single := b.New(&Context{})
			for i := range n {
				one := make([]vec.Col, len(args))
				for k := range args {
					one[k] = args[k].View(i, i+1)
				}
				if err := single.Update(groups[i:i+1], one, nil); err != nil {
					t.Fatal(label, err)
				}
			}
			compareTexts(t, label+" row by row", final(t, single, all...), want)

			merged := b.New(&Context{})
			for lo := 0; lo < n; {
				hi := min(n, lo+1+r.IntN(max(1, n/2)))
				part := b.New(&Context{})
				var sel []uint32
				for i := lo; i < hi; i++ {
					sel = append(sel, uint32(i))
				}
				if err := part.Update(groups, args, sel); err != nil {
					t.Fatal(label, err)
				}
				cols, err := part.Partial(all)
				if err != nil {
					t.Fatal(label, err)
				}
				for k := range cols {
					if k >= len(b.Partial) || !cols[k].Type.Equal(b.Partial[k]) || cols[k].Len != len(all) {
						t.Fatalf("%s: column %d of the state is %s of %d rows", label, k, cols[k].Type, cols[k].Len)
					}
				}
				if err := merged.Merge(all, cols); err != nil {
					t.Fatal(label, err)
				}
				lo = hi
			}
			compareTexts(t, label+" merged", final(t, merged, all...), want)
			merged.Free(all)
			empty := final(t, b.New(&Context{}), all...)
			compareTexts(t, label+" freed", final(t, merged, all...), empty)
			if merged.Bytes() < 0 {
				t.Errorf("%s holds %d bytes after Free", label, merged.Bytes())
			}
		}
	}
}

// compareTexts compares results up to the last digits of floating-point numbers.
func compareTexts(t *testing.T, label string, got, want []string) {
	t.Helper()
	for i := range want {
		if got[i] != want[i] && !close(got[i], want[i]) {
			x, okX := parseDouble(got[i], 64)
			y, okY := parseDouble(want[i], 64)
			if okX && okY && math.Abs(x-y) < 1e-9 {
				continue
			}
			t.Errorf("%s: group %d: got %s, want %s", label, i, got[i], want[i])
		}
	}
}

func TestAggregatesRefuse(t *testing.T) {
	x := longs(3, func(i int64) int64 { return i })
	list := constantOf(t, "array(1)", 3)
	m := constantOf(t, "map(1, 2)", 3)
	text := constantOf(t, "'a'", 3)
	k := func(e string) vec.Col { return constantOf(t, e, 3) }
	for _, c := range []struct {
		name   string
		within byte
		cols   []vec.Col
		class  string
	}{
		{"max", 0, []vec.Col{m}, "DATATYPE_MISMATCH.INVALID_ORDERING_TYPE"},
		{"min_by", 0, []vec.Col{x, m}, "DATATYPE_MISMATCH.INVALID_ORDERING_TYPE"},
		{"percentile", 0, []vec.Col{x, k("1.5")}, "DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE"},
		{"percentile", 0, []vec.Col{x, x}, "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT"},
		{"percentile", 0, []vec.Col{x, k("CAST(NULL AS DOUBLE)")}, "DATATYPE_MISMATCH.UNEXPECTED_NULL"},
		{"percentile", 0, []vec.Col{list, k("0.5")}, "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE"},
		{"percentile_approx", 0, []vec.Col{x, k("0.5"), k("0")}, "DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE"},
		{"percentile_cont", 0, []vec.Col{k("0.5")}, "INVALID_WITHIN_GROUP_EXPRESSION.WITHIN_GROUP_MISSING"},
		{"percentile_disc", 'a', []vec.Col{x, k("2.0")}, "DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE"},
		{"mode", 0, nil, "INVALID_WITHIN_GROUP_EXPRESSION.WITHIN_GROUP_MISSING"},
		{"mode", 'a', []vec.Col{x, x}, "INVALID_WITHIN_GROUP_EXPRESSION.WRONG_NUM_ORDERINGS"},
		{"listagg", 0, []vec.Col{text, vec.Flatten(&text)}, "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT"},
		{"listagg", 0, []vec.Col{list}, "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE"},
		{"bit_and", 0, []vec.Col{k("1.5")}, "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE"},
		{"histogram_numeric", 0, []vec.Col{x, k("1")}, "DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE"},
		{"approx_top_k", 0, []vec.Col{x, k("0")}, "APPROX_TOP_K_NON_POSITIVE_ARG"},
		{"approx_top_k", 0, []vec.Col{x, k("5"), k("3")}, "APPROX_TOP_K_MAX_ITEMS_TRACKED_LESS_THAN_K"},
		{"approx_top_k", 0, []vec.Col{x, x}, "DATATYPE_MISMATCH.TYPE_CHECK_FAILURE_WITH_HINT"},
		{"approx_count_distinct", 0, []vec.Col{x, k("0.5")}, "FAILED_FUNCTION_CALL"},
	} {
		_, _, err := bindCols(t, c.name, c.within, c.cols...)
		if errs.ClassOf(err) != c.class {
			t.Errorf("%s %v: got %v, want %s", c.name, len(c.cols), err, c.class)
		}
	}
	b, args, err := bindCols(t, "percentile", 0, x, k("0.5"), k("-1"))
	if err == nil {
		err = b.New(&Context{}).Update(make([]uint32, 3), args, nil)
	}
	if errs.ClassOf(err) != "NEGATIVE_VALUES_IN_FREQUENCY_EXPRESSION" {
		t.Error(err)
	}
	b, args, _ = bindCols(t, "corr", 0, x, k("1"))
	acc := b.New(&Context{})
	if err := acc.Update(make([]uint32, 3), args, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := acc.Final([]uint32{0}); errs.ClassOf(err) != "DIVIDE_BY_ZERO" {
		t.Error(err)
	}
}
