package exec

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// The columns of the windows' input: a number of the row, a partition, an order with ties and NULLs, a value.
var (
	wID  = attr(1, "id", types.LongType)
	wG   = attr(2, "g", types.StringType)
	wKey = attr(3, "k", types.LongType)
	wX   = attr(4, "x", types.LongType)
)

type windowRow struct {
	id   int
	g    string
	k, x *int
}

func randomWindowRows(r *rand.Rand, n int) ([]windowRow, *vec.Batch) {
	rows := make([]windowRow, n)
	var ids, gs, ks, xs []any
	maybe := func(v, in int) *int {
		if r.IntN(in) == 0 {
			return nil
		}
		return &v
	}
	val := func(p *int) any {
		if p == nil {
			return nil
		}
		return int64(*p)
	}
	for i := range rows {
		rows[i] = windowRow{id: i, g: string(rune('a' + r.IntN(3))), k: maybe(r.IntN(12)-4, 6), x: maybe(r.IntN(20)-5, 5)}
		ids, gs = append(ids, int64(i)), append(gs, rows[i].g)
		ks, xs = append(ks, val(rows[i].k)), append(xs, val(rows[i].x))
	}
	return rows, batchOf(colOf(types.LongType, ids...), colOf(types.StringType, gs...), colOf(types.LongType, ks...), colOf(types.LongType, xs...))
}

func aggOver(t *testing.T, name string, frame plan.Frame, args ...plan.Expr) *plan.WindowCall {
	t.Helper()
	a, ok := fn.LookupAggregate(name)
	if !ok {
		t.Fatalf("no aggregate %s", name)
	}
	list := make([]fn.Arg, len(args))
	for i := range args {
		list[i] = fn.Arg{Type: args[i].Type(), Nullable: true}
	}
	b, err := a.Bind(list)
	if err != nil {
		t.Fatal(err)
	}
	return &plan.WindowCall{Name: name, Agg: &plan.Agg{Name: name, Fn: b, Args: args}, Frame: frame}
}

func funcOver(t *testing.T, name string, frame plan.Frame, ignore bool, args ...plan.Expr) *plan.WindowCall {
	t.Helper()
	w, ok := fn.Builtin().Window(name)
	if !ok {
		t.Fatalf("no window function %s", name)
	}
	list := make([]fn.Arg, len(args))
	for i := range args {
		list[i] = fn.Arg{Type: args[i].Type(), Nullable: true}
		if l, ok := args[i].(*plan.Lit); ok {
			list[i].Const = &l.Value
		}
	}
	b, err := w.Bind(list)
	if err != nil {
		t.Fatal(err)
	}
	return &plan.WindowCall{Name: name, Fn: &b, Args: args, IgnoreNulls: ignore, Frame: frame}
}

// less orders two keys: NULL first ascending, last descending.
func (a windowRow) compareKey(b windowRow, desc bool) int {
	c := 0
	switch {
	case a.k == nil && b.k == nil:
	case a.k == nil:
		c = -1
	case b.k == nil:
		c = 1
	default:
		c = *a.k - *b.k
	}
	if desc {
		return -c
	}
	return c
}

func bound(kind plan.BoundKind, rows int64) plan.FrameBound {
	return plan.FrameBound{Kind: kind, Rows: rows}
}

// plus is the order key and a number, as the analyzer writes the bounds by value.
func plus(by int64) plan.FrameBound {
	return plan.FrameBound{Kind: plan.ByValue, Value: call("+", types.LongType, func(a []any) (any, error) {
		if a[0] == nil {
			return nil, nil
		}
		return a[0].(int64) + by, nil
	}, ref(wKey))}
}

type frameCase struct {
	frame plan.Frame
	// in reports whether row j of a partition is in the frame of row i; by value, off[0] and off[1] apply.
	in func(rows []windowRow, i, j int, desc bool) bool
}

func frameCases() []frameCase {
	rowsIn := func(lo, hi int) func([]windowRow, int, int, bool) bool {
		return func(_ []windowRow, i, j int, _ bool) bool { return j >= i+lo && j <= i+hi }
	}
	const far = 1 << 20
	values := func(lo, hi int) func([]windowRow, int, int, bool) bool {
		return func(rows []windowRow, i, j int, _ bool) bool {
			if rows[i].k == nil || rows[j].k == nil {
				return rows[i].k == nil && rows[j].k == nil
			}
			return *rows[j].k >= *rows[i].k+lo && *rows[j].k <= *rows[i].k+hi
		}
	}
	return []frameCase{
		{plan.Frame{Lo: bound(plan.Unbounded, 0), Hi: bound(plan.Unbounded, 0)}, rowsIn(-far, far)},
		{plan.Frame{Lo: bound(plan.Unbounded, 0), Hi: bound(plan.CurrentRow, 0)}, rowsIn(-far, 0)},
		{plan.Frame{Lo: bound(plan.Unbounded, 0), Hi: bound(plan.ByRows, -2)}, rowsIn(-far, -2)},
		{plan.Frame{Lo: bound(plan.ByRows, -1), Hi: bound(plan.ByRows, 1)}, rowsIn(-1, 1)},
		{plan.Frame{Lo: bound(plan.ByRows, 2), Hi: bound(plan.ByRows, 4)}, rowsIn(2, 4)},
		{plan.Frame{Lo: bound(plan.ByRows, 1), Hi: bound(plan.ByRows, -1)}, rowsIn(1, -1)},
		{plan.Frame{Lo: bound(plan.CurrentRow, 0), Hi: bound(plan.Unbounded, 0)}, rowsIn(0, far)},
		{plan.Frame{Lo: bound(plan.ByRows, -150), Hi: bound(plan.ByRows, 150)}, rowsIn(-150, 150)},
		{plan.Frame{Range: true, Lo: bound(plan.Unbounded, 0), Hi: bound(plan.CurrentRow, 0)}, func(rows []windowRow, i, j int, desc bool) bool {
			return rows[j].compareKey(rows[i], desc) <= 0
		}},
		{plan.Frame{Range: true, Lo: bound(plan.CurrentRow, 0), Hi: bound(plan.CurrentRow, 0)}, func(rows []windowRow, i, j int, desc bool) bool {
			return rows[j].compareKey(rows[i], desc) == 0
		}},
		{plan.Frame{Range: true, Lo: plus(-2), Hi: plus(1)}, values(-2, 1)},
		{plan.Frame{Range: true, Lo: plus(1), Hi: plus(3)}, values(1, 3)},
		{plan.Frame{Range: true, Lo: plus(-1), Hi: bound(plan.Unbounded, 0)}, func(rows []windowRow, i, j int, desc bool) bool {
			if rows[i].k == nil {
				return rows[j].compareKey(rows[i], desc) >= 0
			}
			return rows[j].k != nil && *rows[j].k >= *rows[i].k-1
		}},
	}
}

// TestWindowAgainstLoops compares every kind of frame with loops over all pairs of rows, for several
// aggregates and functions, sizes of batches and numbers of rows.
func TestWindowAgainstLoops(t *testing.T) {
	for seed, n := range []int{0, 1, 2, 40, 300} {
		r := rand.New(rand.NewPCG(uint64(seed), 5))
		rows, batch := randomWindowRows(r, n)
		for _, desc := range []bool{false, true} {
			for k, c := range frameCases() {
				if desc && (c.frame.Lo.Kind == plan.ByValue || c.frame.Hi.Kind == plan.ByValue) {
					continue // the bounds are written for an ascending order
				}
				calls := []*plan.WindowCall{
					aggOver(t, "sum", c.frame, ref(wX)), aggOver(t, "count", c.frame), aggOver(t, "min", c.frame, ref(wX)),
					aggOver(t, "collect_list", c.frame, ref(wX)), aggOver(t, "last", c.frame, ref(wX)),
					funcOver(t, "nth_value", c.frame, false, ref(wX), whole(2)),
					funcOver(t, "nth_value", c.frame, true, ref(wX), whole(2)),
				}
				even := aggOver(t, "sum", c.frame, ref(wX))
				even.Agg.Filter = call("even", types.BooleanType, func(a []any) (any, error) { return a[0].(int64)%2 == 0, nil }, ref(wID))
				calls = append(calls, even)
				node := &plan.Window{Child: scanOf(wID, wG, wKey, wX), Partition: []plan.Expr{ref(wG)},
					Order: []plan.Order{{Expr: ref(wKey), Desc: desc, NullsFirst: !desc}, {Expr: ref(wID)}}}
				if c.frame.Range {
					node.Order = node.Order[:1]
				}
				for i, call := range calls {
					node.Calls = append(node.Calls, named(attr(plan.ID(10+i), fmt.Sprint("c", i), call.Type()), call))
				}
				want := naiveWindow(rows, c, desc)
				for _, size := range []int{1, 7, 4096} {
					op := mustBuild(t, node, BuildOptions{BatchSize: size, Workers: 1})
					got := windowTexts(t, op, source{batches: []*vec.Batch{batch}}.taskOrEmpty(n))
					if msg := sameWindow(got, want); msg != "" {
						t.Fatalf("%d rows, frame %d, desc %v, batches of %d: %s", n, k, desc, size, msg)
					}
				}
			}
		}
	}
}

// whole is an INT literal.
func whole(v int32) plan.Expr {
	return &plan.Lit{Value: vec.FlatOf(types.IntType, []int32{v}, nil)}
}

// windowTexts runs a plan and prints its rows, by the number of the row.
func windowTexts(t *testing.T, op Operator, e *EpochTask) []string {
	t.Helper()
	b, err := Collect(context.Background(), op, e, 0)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]string, b.N)
	for i := range out {
		var cells []string
		for k := range b.Cols {
			cells = append(cells, fn.Text(nil, &b.Cols[k], i))
		}
		out[i] = fmt.Sprintf("%06s", strings.Join(cells, " "))
	}
	slices.Sort(out)
	return out
}

func sameWindow(got []string, want [][]any) string {
	lines := make([]string, len(want))
	for i, row := range want {
		var cells []string
		for _, v := range row {
			cells = append(cells, cellText(v))
		}
		lines[i] = fmt.Sprintf("%06s", strings.Join(cells, " "))
	}
	slices.Sort(lines)
	if len(got) != len(lines) {
		return fmt.Sprintf("%d rows, want %d", len(got), len(lines))
	}
	for i := range got {
		if got[i] != lines[i] {
			return fmt.Sprintf("got %s, want %s", got[i], lines[i])
		}
	}
	return ""
}

func cellText(v any) string {
	switch v := v.(type) {
	case nil:
		return "NULL"
	case float64:
		c := vec.FlatOf(types.DoubleType, []float64{v}, nil)
		return fn.Text(nil, &c, 0)
	case []any:
		var parts []string
		for _, x := range v {
			parts = append(parts, cellText(x))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return fmt.Sprint(v)
}

// naiveWindow computes the calls of the test row by row, looking at all rows of the partition.
func naiveWindow(all []windowRow, c frameCase, desc bool) [][]any {
	var out [][]any
	for _, g := range []string{"a", "b", "c"} {
		var part []windowRow
		for _, row := range all {
			if row.g == g {
				part = append(part, row)
			}
		}
		slices.SortStableFunc(part, func(a, b windowRow) int { return a.compareKey(b, desc) })
		for i, row := range part {
			var frame []windowRow
			for j := range part {
				if c.in(part, i, j, desc) {
					frame = append(frame, part[j])
				}
			}
			out = append(out, append(cells(row), naiveCalls(frame)...))
		}
	}
	return out
}

func cells(row windowRow) []any {
	val := func(p *int) any {
		if p == nil {
			return nil
		}
		return int64(*p)
	}
	return []any{int64(row.id), row.g, val(row.k), val(row.x)}
}

func naiveCalls(frame []windowRow) []any {
	var sum, evenSum, least, last, second, secondValue any
	list := []any{}
	for i, row := range frame {
		last = nil
		if row.x != nil {
			last = int64(*row.x)
		}
		if i == 1 {
			second = last
		}
		if row.x == nil {
			continue
		}
		list = append(list, last)
		if len(list) == 2 {
			secondValue = last
		}
		add := func(to *any) {
			if *to == nil {
				*to = int64(0)
			}
			*to = (*to).(int64) + int64(*row.x)
		}
		add(&sum)
		if row.id%2 == 0 {
			add(&evenSum)
		}
		if least == nil || int64(*row.x) < least.(int64) {
			least = int64(*row.x)
		}
	}
	return []any{sum, int64(len(frame)), least, list, last, second, secondValue, evenSum}
}

// TestRankings compares the functions of the order with their definitions.
func TestRankings(t *testing.T) {
	for seed, n := range []int{0, 1, 5, 60} {
		r := rand.New(rand.NewPCG(uint64(seed), 9))
		rows, batch := randomWindowRows(r, n)
		frame := plan.Frame{}
		calls := []*plan.WindowCall{
			funcOver(t, "rank", frame, false), funcOver(t, "dense_rank", frame, false), funcOver(t, "percent_rank", frame, false),
			funcOver(t, "cume_dist", frame, false),
		}
		node := &plan.Window{Child: scanOf(wID, wG, wKey, wX), Partition: []plan.Expr{ref(wG)}, Order: []plan.Order{{Expr: ref(wKey), NullsFirst: true}}}
		total := &plan.Window{Child: node, Partition: []plan.Expr{ref(wG)}, Order: []plan.Order{{Expr: ref(wKey), NullsFirst: true}, {Expr: ref(wID)}}}
		more := []*plan.WindowCall{
			funcOver(t, "row_number", frame, false), funcOver(t, "ntile", frame, false, whole(4)),
			funcOver(t, "lag", frame, false, ref(wX), whole(2)),
			funcOver(t, "lead", frame, true, ref(wX), whole(2), lit(types.LongType, int64(99))),
		}
		for i, call := range calls {
			node.Calls = append(node.Calls, named(attr(plan.ID(10+i), "c", call.Type()), call))
		}
		for i, call := range more {
			total.Calls = append(total.Calls, named(attr(plan.ID(20+i), "d", call.Type()), call))
		}
		var want [][]any
		for _, g := range []string{"a", "b", "c"} {
			var part []windowRow
			for _, row := range rows {
				if row.g == g {
					part = append(part, row)
				}
			}
			slices.SortStableFunc(part, func(a, b windowRow) int { return a.compareKey(b, false) })
			for i, row := range part {
				want = append(want, append(cells(row), naiveRanks(part, i)...))
			}
		}
		for _, size := range []int{1, 3, 4096} {
			got := windowTexts(t, mustBuild(t, total, BuildOptions{BatchSize: size, Workers: 1}), source{batches: []*vec.Batch{batch}}.taskOrEmpty(n))
			if msg := sameWindow(got, want); msg != "" {
				t.Fatalf("%d rows, batches of %d: %s", n, size, msg)
			}
		}
	}
}

func naiveRanks(part []windowRow, i int) []any {
	before, distinct, upTo := 0, 0, 0
	for j, row := range part {
		c := row.compareKey(part[i], false)
		if c < 0 {
			before++
		}
		if c <= 0 {
			upTo++
			if j == 0 || part[j-1].compareKey(row, false) != 0 {
				distinct++
			}
		}
	}
	percent := 0.0
	if len(part) > 1 {
		percent = float64(before) / float64(len(part)-1)
	}
	tile := int32(0)
	for at, bucket := 0, 0; at <= i; bucket++ {
		at += len(part) / 4
		if bucket < len(part)%4 {
			at++
		}
		tile = int32(bucket + 1)
	}
	var lag any
	if i >= 2 && part[i-2].x != nil {
		lag = int64(*part[i-2].x)
	}
	var lead any = int64(99)
	found := 0
	for j := i + 1; j < len(part) && found < 2; j++ {
		if part[j].x != nil {
			if found++; found == 2 {
				lead = int64(*part[j].x)
			}
		}
	}
	return []any{int32(before + 1), int32(distinct), percent, float64(upTo) / float64(len(part)), int32(i + 1), tile, lag, lead}
}

// taskOrEmpty leaves out a batch without rows.
func (s source) taskOrEmpty(n int) *EpochTask {
	if n == 0 {
		s.batches = nil
	}
	return s.task()
}

// TestWindowWithoutKeys: no partition and no order; every row's frame is all rows.
func TestWindowWithoutKeys(t *testing.T) {
	_, batch := randomWindowRows(rand.New(rand.NewPCG(1, 1)), 10)
	batch.Sel = []uint32{2, 3, 5}
	c := aggOver(t, "count", plan.Frame{Range: true, Lo: bound(plan.Unbounded, 0), Hi: bound(plan.CurrentRow, 0)})
	node := &plan.Window{Child: scanOf(wID, wG, wKey, wX), Calls: []plan.Named{named(attr(10, "n", types.LongType), c)}}
	got := run(t, node, batch)
	if len(got) != 3 || got[0][4] != int64(3) || got[2][0] != int64(5) {
		t.Fatal(text(got))
	}
}

// TestWindowSharesOneSort: rows that come in the order from the window below are not sorted again.
func TestWindowSharesOneSort(t *testing.T) {
	a := &plan.Window{Child: scanOf(wID, wG, wKey, wX), Partition: []plan.Expr{ref(wG)}, Order: []plan.Order{{Expr: ref(wKey)}, {Expr: ref(wID)}}}
	for _, c := range []struct {
		n    *plan.Window
		want bool
	}{
		{&plan.Window{Child: a, Partition: a.Partition, Order: a.Order[:1]}, true},
		{&plan.Window{Child: a, Partition: a.Partition}, true},
		{&plan.Window{Child: a, Order: a.Order}, false},
		{&plan.Window{Child: a, Partition: a.Partition, Order: a.Order[1:]}, false},
		{&plan.Window{Child: a, Partition: a.Partition, Order: []plan.Order{{Expr: ref(wKey), Desc: true}}}, false},
		{&plan.Window{Child: a.Child}, true},
	} {
		if got := windowSorted(c.n); got != c.want {
			t.Errorf("%d keys: got %v", len(c.n.Order), got)
		}
	}
}

// TestWindowSpills: with a budget that the rows do not fit the answer is the same, and one that not even
// what the functions read of one partition fits is refused by name.
func TestWindowSpills(t *testing.T) {
	n := 20000
	var ids, gs, ks, xs []any
	for i := range n {
		ids, gs, ks, xs = append(ids, i), append(gs, fmt.Sprint(i%7, strings.Repeat("x", 40))), append(ks, i*7919%n), append(xs, i%100)
	}
	batch := batchOf(colOf(types.LongType, ids...), colOf(types.StringType, gs...), colOf(types.LongType, ks...), colOf(types.LongType, xs...))
	c := aggOver(t, "sum", plan.Frame{Lo: bound(plan.Unbounded, 0), Hi: bound(plan.CurrentRow, 0)}, ref(wX))
	node := func(keys ...plan.Expr) plan.Node {
		return &plan.Window{Child: scanOf(wID, wG, wKey, wX), Partition: keys, Order: []plan.Order{{Expr: ref(wKey)}},
			Calls: []plan.Named{named(attr(10, "s", types.LongType), c)}}
	}
	want := windowTexts(t, mustBuild(t, node(ref(wG)), BuildOptions{Workers: 1}), source{batches: []*vec.Batch{batch}}.task())
	opts, fs := tight(BuildOptions{Memory: 300_000, Workers: 1, BatchSize: 512})
	if got := windowTexts(t, mustBuild(t, node(ref(wG)), opts), source{batches: []*vec.Batch{batch}}.task()); !slices.Equal(got, want) {
		t.Fatal("another answer with little memory")
	}
	if left, err := fs.List("/spill/q"); err == nil && len(left) > 0 {
		t.Errorf("%v are left", left)
	}
	opts, _ = tight(BuildOptions{Memory: 50_000, Workers: 1, BatchSize: 512})
	_, err := Collect(context.Background(), mustBuild(t, node(), opts), source{batches: []*vec.Batch{batch}}.task(), 0)
	if err == nil || !strings.Contains(err.Error(), "window partition") {
		t.Errorf("one partition beyond the budget: %v", err)
	}
}

// TestWindowBoundBeyondTheType: a bound that overflows is NULL, and the frame's end stays at the end.
func TestWindowBoundBeyondTheType(t *testing.T) {
	k := attr(3, "k", types.LongType)
	top := plan.FrameBound{Kind: plan.ByValue, Value: call("try_add", types.LongType, func(a []any) (any, error) {
		if a[0].(int64) == 9 { // as if 9 were the largest number
			return nil, nil
		}
		return a[0].(int64) + 1, nil
	}, ref(k))}
	c := aggOver(t, "count", plan.Frame{Range: true, Lo: bound(plan.CurrentRow, 0), Hi: top})
	node := &plan.Window{Child: scanOf(k), Order: []plan.Order{{Expr: ref(k), NullsFirst: true}}, Calls: []plan.Named{named(attr(10, "n", types.LongType), c)}}
	if got := text(run(t, node, batchOf(colOf(types.LongType, 9, 0, 8)))); got != text([][]any{{int64(0), int64(1)}, {int64(8), int64(2)}, {int64(9), int64(1)}}) {
		t.Fatal(got)
	}
}
