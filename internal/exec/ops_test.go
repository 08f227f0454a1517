package exec

import (
	"context"
	"errors"
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

var (
	attrK  = attr(10, "k", types.StringType)
	attrV  = attr(11, "v", types.LongType)
	attrT  = attr(12, "ts", types.TimestampType)
	window = types.StructOf(types.Field{Name: "start", Type: types.TimestampType}, types.Field{Name: "end", Type: types.TimestampType})
)

// inputs are the same five rows in several shapes: flat, dictionary, and with a selection.
func inputs() map[string][]*vec.Batch {
	keys := []any{"b", "a", nil, "b", "a"}
	vals := []any{1, 2, 3, nil, 5}
	sel := batchOf(colOf(types.StringType, "b", "zzz", "a", nil, "b", "a"), colOf(types.LongType, 1, 0, 2, 3, nil, 5))
	sel.Sel = []uint32{0, 2, 3, 4, 5}
	return map[string][]*vec.Batch{
		"flat": {batchOf(colOf(types.StringType, keys...), colOf(types.LongType, vals...))},
		"dict": {batchOf(dictOf(types.StringType, keys...), dictOf(types.LongType, 1, 2, 3, nil, 5))},
		"sel":  {sel},
		"two batches": {batchOf(colOf(types.StringType, keys[:2]...), colOf(types.LongType, vals[:2]...)),
			{N: 1, Cols: []vec.Col{colOf(types.StringType, "no"), colOf(types.LongType, 0)}, Sel: []uint32{}},
			batchOf(dictOf(types.StringType, keys[2:]...), colOf(types.LongType, vals[2:]...))},
	}
}

func TestStatelessOperators(t *testing.T) {
	scan := scanOf(attrK, attrV)
	one := lit(types.LongType, 1)
	sum := attr(20, "n", types.LongType)
	cases := []struct {
		name string
		n    plan.Node
		want [][]any
	}{
		{"scan", scan, [][]any{{"b", 1}, {"a", 2}, {nil, 3}, {"b", nil}, {"a", 5}}},
		{"filter", &plan.Filter{Child: scan, Cond: less(one, ref(attrV))}, [][]any{{"a", 2}, {nil, 3}, {"a", 5}}},
		{"filter twice", &plan.Filter{Child: &plan.Filter{Child: scan, Cond: less(one, ref(attrV))}, Cond: less(ref(attrV), lit(types.LongType, 5))},
			[][]any{{"a", 2}, {nil, 3}}},
		{"filter none", &plan.Filter{Child: scan, Cond: lit(types.BooleanType, nil)}, nil},
		{"filter all", &plan.Filter{Child: scan, Cond: lit(types.BooleanType, true)}, [][]any{{"b", 1}, {"a", 2}, {nil, 3}, {"b", nil}, {"a", 5}}},
		{"project", &plan.Project{Child: scan, Cols: []plan.Named{named(sum, ref(attrV)), named(attrK, lit(types.StringType, "c"))}},
			[][]any{{1, "c"}, {2, "c"}, {3, "c"}, {nil, "c"}, {5, "c"}}},
		{"limit", &plan.Limit{Child: scan, Count: 2, Stateful: -1}, [][]any{{"b", 1}, {"a", 2}}},
		{"limit 0", &plan.Limit{Child: scan, Count: 0, Stateful: -1}, nil},
		{"offset", &plan.Limit{Child: scan, Count: -1, Offset: 3, Stateful: -1}, [][]any{{"b", nil}, {"a", 5}}},
		{"limit offset", &plan.Limit{Child: scan, Count: 2, Offset: 1, Stateful: -1}, [][]any{{"a", 2}, {nil, 3}}},
		{"offset past the end", &plan.Limit{Child: scan, Count: 2, Offset: 9, Stateful: -1}, nil},
		{"limit over filter", &plan.Limit{Child: &plan.Filter{Child: scan, Cond: less(one, ref(attrV))}, Count: 1, Offset: 1, Stateful: -1}, [][]any{{nil, 3}}},
		{"union", &plan.Union{Inputs: []plan.Node{&plan.Limit{Child: scan, Count: 1, Stateful: -1}, scan}, Attrs: scan.Attrs},
			[][]any{{"b", 1}, {"b", 1}, {"a", 2}, {nil, 3}, {"b", nil}, {"a", 5}}},
		{"sort", &plan.Sort{Child: scan, By: []plan.Order{{Expr: ref(attrK), NullsFirst: true}}},
			[][]any{{nil, 3}, {"a", 2}, {"a", 5}, {"b", 1}, {"b", nil}}},
		{"sort desc, stable", &plan.Sort{Child: scan, By: []plan.Order{{Expr: ref(attrK), Desc: true}}},
			[][]any{{"b", 1}, {"b", nil}, {"a", 2}, {"a", 5}, {nil, 3}}},
		{"sort by two", &plan.Sort{Child: scan, By: []plan.Order{{Expr: ref(attrK)}, {Expr: ref(attrV), Desc: true, NullsFirst: true}}},
			[][]any{{"a", 5}, {"a", 2}, {"b", nil}, {"b", 1}, {nil, 3}}},
	}
	for _, c := range cases {
		for shape, in := range inputs() {
			t.Run(c.name+"/"+shape, func(t *testing.T) { wantRows(t, run(t, c.n, in...), c.want) })
		}
	}
}

func TestValues(t *testing.T) {
	one := &plan.Values{Rows: &vec.Batch{N: 1}}
	n := &plan.Project{Child: one, Cols: []plan.Named{named(attrV, lit(types.LongType, 7))}}
	wantRows(t, run(t, n), [][]any{{7}})
	rows := batchOf(colOf(types.LongType, 1, 2, nil))
	wantRows(t, run(t, &plan.Values{Attrs: []plan.Attr{attrV}, Rows: rows}), [][]any{{1}, {2}, {nil}})
}

func TestSortFloats(t *testing.T) {
	f, v := attr(1, "f", types.DoubleType), attr(2, "v", types.LongType)
	nan, neg := math.NaN(), math.Copysign(0, -1)
	in := batchOf(colOf(types.DoubleType, nan, 0.0, math.Inf(1), nil, neg, -1.0), colOf(types.LongType, 1, 2, 3, 4, 5, 6))
	by := func(desc, first bool) [][]any {
		n := &plan.Sort{Child: scanOf(f, v), By: []plan.Order{{Expr: ref(f), Desc: desc, NullsFirst: first}}}
		return run(t, &plan.Project{Child: n, Cols: []plan.Named{named(v, ref(v))}}, in)
	}
	wantRows(t, by(false, true), [][]any{{4}, {6}, {2}, {5}, {3}, {1}})
	wantRows(t, by(true, false), [][]any{{1}, {3}, {2}, {5}, {6}, {4}})
}

func TestSortOfManyTypesIsCompare(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, typ := range []types.Type{types.StringType, types.BooleanType, window} {
		a := attr(1, "x", typ)
		var vals []any
		for range 50 {
			var v any = []any{"x", "", nil, "é", "xx"}[r.IntN(5)]
			switch typ.Kind {
			case types.Boolean:
				v = []any{true, false, nil}[r.IntN(3)]
			case types.Struct:
				v = []any{[]any{1, 2}, []any{1, nil}, nil, []any{-5, 9}}[r.IntN(4)]
			}
			vals = append(vals, v)
		}
		n := &plan.Sort{Child: scanOf(a), By: []plan.Order{{Expr: ref(a), NullsFirst: true}}}
		b, err := Collect(context.Background(), mustBuild(t, n, BuildOptions{}), source{batches: []*vec.Batch{batchOf(colOf(typ, vals...))}}.task(), 0)
		if err != nil {
			t.Fatal(err)
		}
		for i := 1; i < b.N; i++ {
			if vec.Compare(&b.Cols[0], i-1, &b.Cols[0], i) > 0 {
				t.Fatalf("%s: row %d is out of order in %v", typ, i, rowsOf(b))
			}
		}
	}
}

func TestTimeWindows(t *testing.T) {
	w := attr(20, "window", window)
	us := func(rows ...[3]any) [][]any { // value, start, end
		var out [][]any
		for _, r := range rows {
			out = append(out, []any{r[0], []any{r[1], r[2]}})
		}
		return out
	}
	cases := []struct {
		name                   string
		duration, slide, shift int64
		want                   [][]any
	}{
		{"tumbling", 10, 10, 0, us([3]any{1, 0, 10}, [3]any{2, 10, 20}, [3]any{4, -10, 0}, [3]any{5, -10, 0})},
		{"start offset", 10, 10, 3, us([3]any{1, -7, 3}, [3]any{2, 3, 13}, [3]any{4, -7, 3}, [3]any{5, -17, -7})},
		{"sliding", 10, 5, 0, us([3]any{1, 0, 10}, [3]any{1, -5, 5}, [3]any{2, 10, 20}, [3]any{2, 5, 15},
			[3]any{4, -5, 5}, [3]any{4, -10, 0}, [3]any{5, -10, 0}, [3]any{5, -15, -5})},
		// Spark: 10 µs every 4 µs: a row falls into two or three windows.
		{"sliding, uneven", 10, 4, 0, us([3]any{1, 0, 10}, [3]any{1, -4, 6}, [3]any{1, -8, 2}, [3]any{2, 8, 18}, [3]any{2, 4, 14},
			[3]any{4, -4, 6}, [3]any{4, -8, 2}, [3]any{5, -12, -2}, [3]any{5, -16, -6})},
	}
	in := batchOf(colOf(types.LongType, 1, 2, 3, 4, 5), colOf(types.TimestampType, 0, 10, nil, -1, -10))
	for _, c := range cases {
		n := &plan.TimeWindow{Child: scanOf(attrV, attrT), Time: ref(attrT), Duration: c.duration, Slide: c.slide, StartOffset: c.shift, Out: w}
		p := &plan.Project{Child: n, Cols: []plan.Named{named(attrV, ref(attrV)), named(w, ref(w))}}
		t.Run(c.name, func(t *testing.T) { wantRows(t, run(t, p, in), c.want) })
	}
	con := batchOf(colOf(types.LongType, 1, 2), colOf(types.TimestampType, 25).Repeat(2))
	con.Sel = []uint32{1}
	n := &plan.TimeWindow{Child: scanOf(attrV, attrT), Time: ref(attrT), Duration: 10, Slide: 10, Out: w}
	wantRows(t, run(t, n, con), [][]any{{2, 25, []any{20, 30}}})
}

func TestWatermarkObserves(t *testing.T) {
	w := attr(20, "window", window)
	scan := scanOf(attrT, w)
	in := batchOf(colOf(types.TimestampType, 5, 99, nil, 7), colOf(window, []any{0, 10}, []any{90, 100}, nil, []any{10, 20}))
	in.Sel = []uint32{0, 2, 3}
	for _, c := range []struct {
		attr plan.ID
		want int64
	}{{attrT.ID, 7}, {w.ID, 20}} {
		for _, size := range batchSizes {
			got := map[int]int64{}
			e := source{batches: []*vec.Batch{in}}.task()
			e.Observe = func(n int, top int64) { got[n] = top }
			n := &plan.Watermark{Child: scan, Number: 3, Attr: c.attr, Attrs: scan.Attrs}
			if rows := collect(t, mustBuild(t, n, BuildOptions{BatchSize: size}), e); len(rows) != 3 {
				t.Errorf("%d rows, want 3", len(rows))
			}
			if len(got) != 1 || got[3] != c.want {
				t.Errorf("observed %v, want %d", got, c.want)
			}
		}
	}
	e := source{batches: []*vec.Batch{batchOf(colOf(types.TimestampType, nil), colOf(window, nil))}}.task()
	e.Observe = func(int, int64) { t.Error("NULL was observed") }
	collect(t, mustBuild(t, &plan.Watermark{Child: scan, Attr: attrT.ID, Attrs: scan.Attrs}, BuildOptions{}), e)
}

func TestStreamLimitSpansEpochsAndRestarts(t *testing.T) {
	for _, size := range batchSizes {
		o := BuildOptions{BatchSize: size, Streaming: true, Mode: connector.Append}
		n := &plan.Limit{Child: scanOf(attrV), Count: 3, Offset: 1, Stateful: 0}
		var op Operator
		var state []*vec.Batch
		var got [][]any
		drained := 0
		for epoch := range 4 {
			op = mustBuild(t, n, o)
			st := StatefulOps(op)[0]
			for _, b := range state {
				if err := st.Load(0, b); err != nil {
					t.Fatal(err)
				}
			}
			e := source{batches: []*vec.Batch{batchOf(colOf(types.LongType, 10*epoch, 10*epoch+1))}}.task()
			scan := e.Scan
			e.Scan = func(ctx context.Context, s *plan.Scan) iter.Seq2[*vec.Batch, error] {
				return func(yield func(*vec.Batch, error) bool) {
					for b, err := range scan(ctx, s) {
						if !yield(b, err) {
							return
						}
					}
					drained++
				}
			}
			got = append(got, collect(t, op, e)...)
			for d, err := range st.Save() {
				if err != nil || d.Shard != 0 {
					t.Fatal(d.Shard, err)
				}
				state = append(state, d.Rows)
			}
		}
		wantRows(t, got, [][]any{{1}, {10}, {11}})
		if len(state) != 2 || drained != 4 {
			t.Errorf("%d deltas, want 2; %d inputs read to the end, want 4", len(state), drained)
		}
	}
}

func TestLimitInCompleteModeIsOfEachEpoch(t *testing.T) {
	op := mustBuild(t, &plan.Limit{Child: scanOf(attrV), Count: 1, Stateful: 0}, BuildOptions{Streaming: true, Mode: connector.Complete})
	for range 2 {
		wantRows(t, collect(t, op, source{batches: []*vec.Batch{batchOf(colOf(types.LongType, 1, 2))}}.task()), [][]any{{1}})
	}
	if len(StatefulOps(op)) != 0 {
		t.Error("it keeps state")
	}
}

func TestErrorsEndTheRun(t *testing.T) {
	in := []*vec.Batch{batchOf(colOf(types.LongType, 1, 2))}
	x := attr(30, "x", types.LongType)
	scan := scanOf(attrV)
	bad := div(ref(attrV), lit(types.LongType, 0))
	cases := map[string]struct {
		n     plan.Node
		src   source
		class string
	}{
		"source":         {scan, source{batches: in, err: errScan}, ""},
		"filter":         {&plan.Filter{Child: scan, Cond: less(bad, bad)}, source{batches: in}, "DIVIDE_BY_ZERO"},
		"project":        {&plan.Project{Child: scan, Cols: []plan.Named{named(x, bad)}}, source{batches: in}, "DIVIDE_BY_ZERO"},
		"sort":           {&plan.Sort{Child: scan, By: []plan.Order{{Expr: bad}}}, source{batches: in}, "DIVIDE_BY_ZERO"},
		"sort of source": {&plan.Sort{Child: scan, By: []plan.Order{{Expr: ref(attrV)}}}, source{batches: in, err: errScan}, ""},
		"key":            {&plan.Aggregate{Child: scan, Keys: []plan.Named{named(x, bad)}, Stateful: -1}, source{batches: in}, "DIVIDE_BY_ZERO"},
		"panic":          {&plan.Project{Child: scan, Cols: []plan.Named{named(x, boom())}}, source{batches: in}, "INTERNAL_ERROR"},
		"panic in sort":  {&plan.Sort{Child: scan, By: []plan.Order{{Expr: boom()}}}, source{batches: in}, "INTERNAL_ERROR"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := Collect(context.Background(), mustBuild(t, c.n, BuildOptions{}), c.src.task(), 0)
			if c.class == "" && !errors.Is(err, errScan) || c.class != "" && !isErr(err, c.class) {
				t.Fatalf("error %v, want %s", err, c.class)
			}
			var p *PanicError
			if errors.As(err, &p) && len(p.Stack) == 0 {
				t.Error("no stack")
			}
		})
	}
}

func TestConsumersPanicPasses(t *testing.T) {
	defer func() {
		if recover() != "mine" {
			t.Error("the consumer's panic was caught")
		}
	}()
	op := mustBuild(t, scanOf(attrV), BuildOptions{})
	for range op.Run(context.Background(), source{batches: []*vec.Batch{batchOf(colOf(types.LongType, 1))}}.task()) {
		panic("mine")
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	op := mustBuild(t, scanOf(attrV), BuildOptions{BatchSize: 1})
	seen := 0
	var last error
	for _, err := range op.Run(ctx, source{batches: []*vec.Batch{batchOf(colOf(types.LongType, 1, 2, 3))}}.task()) {
		if last = err; err == nil {
			seen++
		}
		cancel()
	}
	if seen != 1 || !errors.Is(last, context.Canceled) {
		t.Errorf("%d batches, then %v", seen, last)
	}
}

func TestCollectBound(t *testing.T) {
	op := mustBuild(t, scanOf(attrV), BuildOptions{})
	in := source{batches: []*vec.Batch{batchOf(colOf(types.LongType, 1, 2, 3))}}
	if _, err := Collect(context.Background(), op, in.task(), 2); !isErr(err, "RESULT_TOO_LARGE") {
		t.Errorf("error %v", err)
	}
	if b, err := Collect(context.Background(), op, in.task(), 3); err != nil || b.N != 3 {
		t.Errorf("%v, %v", b, err)
	}
	if b, err := Collect(context.Background(), op, source{}.task(), 0); err != nil || len(b.Cols) != 1 || b.N != 0 {
		t.Errorf("no rows: %v, %v", b, err)
	}
}

// TestMemoryBounds: the rows of a result and of a sort are bounded in bytes as well, and a column
// that cannot be built is an error of the same class, not a defect.
func TestMemoryBounds(t *testing.T) {
	long := attr(1, "s", types.StringType)
	in := source{batches: []*vec.Batch{batchOf(colOf(types.StringType, strings.Repeat("x", 600), strings.Repeat("a", 600)))}}
	scan := mustBuild(t, scanOf(long), BuildOptions{})
	if _, err := collectWithin(context.Background(), scan, in.task(), 0, 1000); !isErr(err, "RESULT_TOO_LARGE") {
		t.Errorf("a result: %v", err)
	}
	if b, err := collectWithin(context.Background(), scan, in.task(), 0, 2000); err != nil || b.N != 2 {
		t.Errorf("%v, %v", b, err)
	}
	sorted := mustBuild(t, &plan.Sort{Child: scanOf(long), By: []plan.Order{{Expr: ref(long)}}}, BuildOptions{})
	sorted.(*root).in.(*sortRows).budget = 2000 // the key is the column once more
	if _, err := Collect(context.Background(), sorted, in.task(), 0); !isErr(err, "RESULT_TOO_LARGE") {
		t.Errorf("a sort: %v", err)
	}
	sorted.(*root).in.(*sortRows).budget = 4000
	if b, err := Collect(context.Background(), sorted, in.task(), 0); err != nil || b.Cols[0].Str(0)[0] != 'a' {
		t.Errorf("%v, %v", b, err)
	}
	grown := call("grown", types.LongType, nil)
	grown.Fn.Kernel = func(*fn.Context, []vec.Col, int, []uint32) (vec.Col, error) {
		panic(errs.New("RESULT_TOO_LARGE", "a column"))
	}
	op := mustBuild(t, &plan.Project{Child: scanOf(long), Cols: []plan.Named{named(attrV, grown)}}, BuildOptions{})
	if _, err := Collect(context.Background(), op, in.task(), 0); !isErr(err, "RESULT_TOO_LARGE") {
		t.Errorf("a column: %v", err)
	}
}

// TestBatchesKeepToTheSize: no operator gives batches bigger than asked for.
func TestBatchesKeepToTheSize(t *testing.T) {
	vals := make([]any, 100)
	for i := range vals {
		vals[i] = i % 30
	}
	in := []*vec.Batch{batchOf(colOf(types.LongType, vals...))}
	scan := scanOf(attrV)
	sliding := &plan.TimeWindow{Child: scan, Time: ref(attrV), Duration: 12, Slide: 2, Out: attr(20, "window", window)}
	for _, n := range []plan.Node{scan, sliding, &plan.Sort{Child: scan, By: []plan.Order{{Expr: ref(attrV)}}},
		&plan.Values{Attrs: scan.Attrs, Rows: in[0]},
		&plan.Aggregate{Child: scan, Keys: []plan.Named{named(attrV, ref(attrV))}, Stateful: -1}} {
		for b, err := range mustBuild(t, n, BuildOptions{BatchSize: 7}).Run(context.Background(), source{batches: in}.task()) {
			if err != nil || b.N > 7 {
				t.Fatalf("%T: %d rows, %v", n, b.N, err)
			}
		}
	}
}

func TestContextReachesKernels(t *testing.T) {
	now := call("now", types.LongType, nil)
	now.Fn.Kernel = func(c *fn.Context, _ []vec.Col, n int, _ []uint32) (vec.Col, error) {
		return vec.ConstOf(types.LongType, c.Now, n), nil
	}
	n := &plan.Project{Child: scanOf(attrV), Cols: []plan.Named{named(attrV, now)}}
	e := source{batches: []*vec.Batch{batchOf(colOf(types.LongType, 1, 2))}}.task()
	e.Fn.Now = 42
	wantRows(t, collect(t, mustBuild(t, n, BuildOptions{}), e), slices.Repeat([][]any{{42}}, 2))
}
