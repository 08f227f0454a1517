package exec

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// lists makes a column of BIGINT arrays; nil is NULL, and so is an element below 0.
func lists(rows ...[]int64) vec.Col {
	b := vec.NewColBuilder(types.ArrayOf(types.LongType, true))
	for _, r := range rows {
		if r == nil {
			b.AppendNull()
			continue
		}
		for _, v := range r {
			if v < 0 {
				b.Child(0).AppendNull()
			} else {
				vec.Append(b.Child(0), v)
			}
		}
		b.EndList()
	}
	return b.Finish()
}

func textsOf(b *vec.Batch) []string {
	out := []string{}
	for i := range b.Each() {
		line := ""
		for k := range b.Cols {
			line += fn.Text(nil, &b.Cols[k], i) + " "
		}
		out = append(out, line[:max(0, len(line)-1)])
	}
	return out
}

func wantTexts(t *testing.T, n plan.Node, want []string, batches ...*vec.Batch) {
	t.Helper()
	for _, workers := range []int{1, 3} {
		for _, size := range batchSizes {
			op := mustBuild(t, n, BuildOptions{BatchSize: size, Workers: workers})
			b, err := Collect(context.Background(), op, source{batches: batches}.task(), 0)
			if err != nil {
				t.Fatal(err)
			}
			if got := textsOf(b); fmt.Sprint(got) != fmt.Sprint(want) {
				t.Fatalf("batches of %d, %d workers\n got %q\nwant %q", size, workers, got, want)
			}
			if err := op.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func generatorOf(t *testing.T, name string, args ...plan.Expr) fn.BoundGenerator {
	t.Helper()
	g, ok := fn.Builtin().Generator(name)
	if !ok {
		t.Fatalf("no generator %s", name)
	}
	list := make([]fn.Arg, len(args))
	for i := range args {
		list[i] = fn.Arg{Type: args[i].Type(), Nullable: true}
	}
	b, err := g.Bind(list)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestGenerate(t *testing.T) {
	k, l, s := attr(1, "k", types.StringType), attr(2, "l", types.ArrayOf(types.LongType, true)), attr(3, "s", types.LongType)
	batch := batchOf(colOf(types.StringType, "a", "b", nil, "d", "e"), lists([]int64{1, 2}, []int64{}, nil, []int64{3, -1, 5}, []int64{9}), colOf(types.LongType, 7, nil, 8, 9, 10))
	some := batchOf(batch.Cols...)
	some.Sel = []uint32{1, 3}
	gen := func(name string, outer bool, out ...plan.Attr) plan.Node {
		b := generatorOf(t, name, ref(l))
		if len(out) == 0 {
			for i, f := range b.Columns {
				out = append(out, attr(plan.ID(10+i), f.Name, f.Type))
			}
		}
		return &plan.Generate{Child: scanOf(k, l, s), Name: name, Fn: b, Args: []plan.Expr{ref(l)}, Outer: outer, Out: out}
	}
	wantTexts(t, gen("explode", false), []string{
		"a [1, 2] 7 1", "a [1, 2] 7 2", "d [3, null, 5] 9 3", "d [3, null, 5] 9 NULL", "d [3, null, 5] 9 5", "e [9] 10 9"}, batch)
	wantTexts(t, gen("posexplode", true), []string{
		"a [1, 2] 7 0 1", "a [1, 2] 7 1 2", "b [] NULL NULL NULL", "NULL NULL 8 NULL NULL", "d [3, null, 5] 9 0 3", "d [3, null, 5] 9 1 NULL", "d [3, null, 5] 9 2 5", "e [9] 10 0 9"}, batch)
	wantTexts(t, gen("explode", true), []string{"b [] NULL NULL", "d [3, null, 5] 9 3", "d [3, null, 5] 9 NULL", "d [3, null, 5] 9 5"}, some)
	wantTexts(t, gen("explode", false), []string{}, batchOf(colOf(types.StringType), lists(), colOf(types.LongType)))
}

// TestGenerateKeepsBatchesSmall: rows that make many rows each are taken a few at a time.
func TestGenerateKeepsBatchesSmall(t *testing.T) {
	l := attr(1, "l", types.ArrayOf(types.LongType, true))
	long := make([]int64, 500)
	var rows [][]int64
	for range 200 {
		rows = append(rows, long)
	}
	n := &plan.Generate{Child: scanOf(l), Fn: generatorOf(t, "explode", ref(l)), Args: []plan.Expr{ref(l)}, Out: []plan.Attr{attr(2, "x", types.LongType)}}
	total := 0
	for b, err := range mustBuild(t, n, BuildOptions{BatchSize: 64, Workers: 1}).Run(context.Background(), source{batches: []*vec.Batch{batchOf(lists(rows...))}}.task()) {
		if err != nil {
			t.Fatal(err)
		}
		if b.N > 64 {
			t.Fatalf("a batch of %d rows", b.N)
		}
		total += b.Rows()
	}
	if total != 100000 {
		t.Fatal(total)
	}
}

func TestExpand(t *testing.T) {
	a, b := attr(1, "a", types.LongType), attr(2, "b", types.LongType)
	n := &plan.Expand{Child: scanOf(a, b), Attrs: []plan.Attr{attr(3, "x", types.LongType), attr(4, "g", types.LongType)},
		Rows: [][]plan.Expr{{ref(a), lit(types.LongType, 0)}, {ref(b), lit(types.LongType, 1)}, {lit(types.LongType, nil), lit(types.LongType, 3)}}}
	op := mustBuild(t, n, BuildOptions{Workers: 1})
	got, err := Collect(context.Background(), op, source{batches: []*vec.Batch{batchOf(colOf(types.LongType, 1, 2), colOf(types.LongType, 10, nil))}}.task(), 0)
	if err != nil {
		t.Fatal(err)
	}
	if s := fmt.Sprint(textsOf(got)); s != "[1 0 2 0 10 1 NULL 1 NULL 3 NULL 3]" {
		t.Fatal(s)
	}
}

func TestRange(t *testing.T) {
	id := attr(1, "id", types.LongType)
	for _, c := range []struct {
		start, end, step int64
		want             []string
	}{
		{0, 4, 1, []string{"0", "1", "2", "3"}}, {2, 10, 3, []string{"2", "5", "8"}}, {5, 0, -2, []string{"5", "3", "1"}}, {3, 1, 1, []string{}}, {1, 3, -1, []string{}}, {7, 7, 1, []string{}},
		{math.MaxInt64 - 2, math.MaxInt64, 1, []string{"9223372036854775805", "9223372036854775806"}},
		{math.MinInt64 + 2, math.MinInt64, -2, []string{"-9223372036854775806"}},
		{math.MinInt64, math.MaxInt64, math.MaxInt64, []string{"-9223372036854775808", "-1", "9223372036854775806"}},
	} {
		wantTexts(t, &plan.Range{Start: c.start, End: c.end, Step: c.step, Attr: id}, c.want)
	}
	n := &plan.Range{Start: math.MinInt64, End: math.MaxInt64, Step: 1, Attr: id} // nothing is made before it is asked for
	first := mustBuild(t, &plan.Limit{Child: n, Count: 2, Stateful: -1}, BuildOptions{})
	if got := collect(t, first, source{}.task()); len(got) != 2 || got[0][0] != int64(math.MinInt64) {
		t.Fatal(got)
	}
}

// TestSample: the rows that Spark 4.2.0 keeps of SELECT id FROM (SELECT * FROM range(40)) TABLESAMPLE
// (25 PERCENT) REPEATABLE (7), and how many of 1,000 with 10 PERCENT and seed 42.
func TestSample(t *testing.T) {
	id := attr(1, "id", types.LongType)
	wantTexts(t, &plan.Sample{Child: &plan.Range{End: 40, Step: 1, Attr: id}, Fraction: 0.25, Seed: 7},
		[]string{"8", "11", "13", "20", "25", "26", "27", "30", "39"})
	op := mustBuild(t, &plan.Sample{Child: &plan.Range{End: 1000, Step: 1, Attr: id}, Fraction: 0.1, Seed: 42}, BuildOptions{})
	if got := collect(t, op, source{}.task()); len(got) != 101 {
		t.Fatal(len(got))
	}
}

// counter is WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < limit).
func counter(limit, depth, rows int64) *plan.Recursive {
	n := attr(2, "n", types.LongType)
	one := &plan.Values{Attrs: []plan.Attr{attr(1, "n", types.LongType)}, Rows: batchOf(colOf(types.LongType, 1))}
	before := &plan.RecursiveRef{Number: 5, Attrs: []plan.Attr{n}}
	step := &plan.Project{Child: &plan.Filter{Child: before, Cond: less(ref(n), lit(types.LongType, limit))},
		Cols: []plan.Named{named(attr(3, "n", types.LongType), call("+", types.LongType, func(a []any) (any, error) { return a[0].(int64) + 1, nil }, ref(n)))}}
	return &plan.Recursive{Number: 5, Anchor: one, Step: step, Attrs: []plan.Attr{attr(4, "n", types.LongType)}, MaxDepth: depth, MaxRows: rows}
}

func TestRecursive(t *testing.T) {
	wantTexts(t, counter(4, 100, -1), []string{"1", "2", "3", "4"})
	wantTexts(t, counter(0, 100, -1), []string{"1"})
	wantTexts(t, &plan.Limit{Child: counter(1<<40, 100, 10), Count: 3, Stateful: -1}, []string{"1", "2", "3"})
	for _, c := range []struct {
		n     *plan.Recursive
		rows  int
		class string
	}{ // Spark: 100 rounds may make rows, and one more may make none
		{counter(100, 100, -1), 100, ""}, {counter(101, 100, -1), 0, "RECURSION_LEVEL_LIMIT_EXCEEDED"}, {counter(500, -1, -1), 500, ""},
		{counter(500, -1, 400), 0, "RECURSION_ROW_LIMIT_EXCEEDED"}, {counter(400, -1, 400), 400, ""},
	} {
		op := mustBuild(t, c.n, BuildOptions{BatchSize: 3})
		for range 2 { // it can be run again
			b, err := Collect(context.Background(), op, source{}.task(), 0)
			if c.class != "" {
				if errs.ClassOf(err) != c.class {
					t.Errorf("got %v, want %s", err, c.class)
				}
				continue
			}
			if err != nil || b.N != c.rows {
				t.Errorf("got %v, want %d rows", err, c.rows)
			}
		}
	}
	if _, err := Build(&plan.RecursiveRef{Number: 1}, BuildOptions{}); errs.ClassOf(err) != "INTERNAL_ERROR" {
		t.Error(err)
	}
}

func higherOf(t *testing.T, name string, args ...plan.Expr) *plan.Higher {
	t.Helper()
	h, ok := fn.Builtin().Higher(name)
	if !ok {
		t.Fatalf("no function %s", name)
	}
	list := make([]fn.HigherArg, len(args))
	for i, a := range args {
		if l, ok := a.(*plan.Lambda); ok {
			list[i].Params = len(l.Params)
		} else {
			list[i].Arg = fn.Arg{Type: a.Type(), Nullable: true}
		}
	}
	b, err := h.Bind(list, func(i int, _ []fn.Arg) (fn.Arg, error) {
		return fn.Arg{Type: args[i].(*plan.Lambda).Body.Type(), Nullable: true}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return &plan.Higher{Name: name, Fn: b, Args: args}
}

// TestLambdas covers captured columns, nesting, selections and positions; test/sqltest/fn_lambda_more.test
// has the functions one by one.
func TestLambdas(t *testing.T) {
	l, k := attr(1, "l", types.ArrayOf(types.LongType, true)), attr(2, "k", types.LongType)
	x, y, acc := attr(20, "x", types.LongType), attr(21, "y", types.LongType), attr(22, "acc", types.LongType)
	sum := func(a, b plan.Expr) plan.Expr {
		return call("+", types.LongType, func(a []any) (any, error) {
			if a[0] == nil || a[1] == nil {
				return nil, nil
			}
			return a[0].(int64) + a[1].(int64), nil
		}, a, b)
	}
	one := func(p plan.Attr, body plan.Expr) *plan.Lambda {
		return &plan.Lambda{Params: []plan.Attr{p}, Body: body}
	}
	batch := batchOf(lists([]int64{3, 1}, []int64{}, nil, []int64{2, -1, 4}, []int64{5}), colOf(types.LongType, 10, 20, 30, nil, 50))
	for _, c := range []struct {
		e    plan.Expr
		want string
	}{
		{higherOf(t, "transform", ref(l), one(x, sum(ref(x), ref(k)))), "[13, 11]|[]|NULL|[null, null, null]|[55]"},
		{higherOf(t, "transform", ref(l), one(x, higherOf(t, "transform", ref(l), one(y, sum(sum(ref(x), ref(y)), ref(k)))))),
			"[[16, 14], [14, 12]]|[]|NULL|[[null, null, null], [null, null, null], [null, null, null]]|[[60]]"},
		{higherOf(t, "aggregate", ref(l), lit(types.LongType, 100), &plan.Lambda{Params: []plan.Attr{acc, x}, Body: sum(ref(acc), ref(x))},
			one(acc, sum(ref(acc), ref(k)))), "114|120|NULL|NULL|155"},
		{higherOf(t, "filter", ref(l), one(x, less(ref(x), lit(types.LongType, 4)))), "[3, 1]|[]|NULL|[2]|[]"},
		{higherOf(t, "exists", ref(l), one(x, less(ref(x), lit(types.LongType, 2)))), "true|false|NULL|NULL|false"},
		{higherOf(t, "forall", ref(l), one(x, less(ref(x), lit(types.LongType, 4)))), "true|true|NULL|false|false"},
	} {
		n := &plan.Project{Child: scanOf(l, k), Cols: []plan.Named{named(attr(9, "r", c.e.Type()), c.e)}}
		for _, size := range batchSizes {
			b, err := Collect(context.Background(), mustBuild(t, n, BuildOptions{BatchSize: size}), source{batches: []*vec.Batch{batch}}.task(), 0)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, s := range textsOf(b) {
				got += "|" + s
			}
			if got[1:] != c.want {
				t.Errorf("%s in batches of %d\n got %s\nwant %s", c.e.(*plan.Higher).Name, size, got[1:], c.want)
			}
		}
	}
}

// TestLambdaErrorsNameTheirRow: a failure within a lambda is one of the row of the batch; exists and
// forall look no further than they must.
func TestLambdaErrorsNameTheirRow(t *testing.T) {
	l, x := attr(1, "l", types.ArrayOf(types.LongType, true)), attr(20, "x", types.LongType)
	batch := batchOf(lists([]int64{1, 2}, []int64{1, 0}, []int64{0, 1}))
	body := func() *plan.Lambda {
		return &plan.Lambda{Params: []plan.Attr{x}, Body: less(lit(types.LongType, 0), div(lit(types.LongType, 4), ref(x)))}
	}
	c := compiler{in: []plan.Attr{l}}
	for _, k := range []struct {
		name string
		sel  []uint32
		row  int // -1: no failure
	}{
		{"transform", nil, 1}, {"transform", []uint32{0}, -1}, {"exists", []uint32{0, 1}, -1}, {"exists", nil, 2}, {"forall", []uint32{0}, -1}, {"forall", []uint32{0, 1}, 1},
	} {
		ev, err := c.compile(higherOf(t, k.name, ref(l), body()))
		if err != nil {
			t.Fatal(err)
		}
		_, err = ev.eval(&frame{&fn.Context{}, batch}, k.sel)
		var row *fn.RowError
		if k.row < 0 && err != nil || k.row >= 0 && (!errors.As(err, &row) || row.Row != k.row) {
			t.Errorf("%s %v: got %v, want row %d", k.name, k.sel, err, k.row)
		}
	}
}
