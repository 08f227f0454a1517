package fn

import (
	"testing"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

func bindAgg(t *testing.T, name string, args ...types.Type) BoundAggregate {
	t.Helper()
	a, ok := LookupAggregate(name)
	if !ok {
		t.Fatalf("no aggregate %s", name)
	}
	list := make([]Arg, len(args))
	for i := range args {
		list[i] = Arg{Type: args[i], Nullable: true}
	}
	b, err := a.Bind(list)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// texts prints a column.
func texts(c vec.Col) []string {
	out := make([]string, c.Len)
	for i := range out {
		out[i] = Text(nil, &c, i)
	}
	return out
}

func final(t *testing.T, a Accumulator, groups ...uint32) []string {
	t.Helper()
	c, err := a.Final(groups)
	if err != nil {
		t.Fatal(err)
	}
	return texts(c)
}

func equal(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// TestAggregateGroups covers groups, selections, groups never seen, and groups freed and
// used again, for every aggregate of one INT or BOOLEAN argument.
func TestAggregateGroups(t *testing.T) {
	x := vec.FlatOf(types.IntType, []int32{1, 2, 3, 4, 100}, nil)
	groups := []uint32{0, 2, 0, 2, 1}
	sel := []uint32{0, 1, 2, 3}
	for _, c := range []struct {
		name string
		want []string // groups 0, 1 (nothing selected), 2, 7 (never seen)
	}{
		{"count", []string{"2", "0", "2", "0"}},
		{"sum", []string{"4", "NULL", "6", "NULL"}},
		{"try_sum", []string{"4", "NULL", "6", "NULL"}},
		{"avg", []string{"2.0", "NULL", "3.0", "NULL"}},
		{"min", []string{"1", "NULL", "2", "NULL"}},
		{"max", []string{"3", "NULL", "4", "NULL"}},
		{"first", []string{"1", "NULL", "2", "NULL"}},
		{"last", []string{"3", "NULL", "4", "NULL"}},
		{"any_value", []string{"1", "NULL", "2", "NULL"}},
		{"collect_list", []string{"[1, 3]", "[]", "[2, 4]", "[]"}},
		{"collect_set", []string{"[1, 3]", "[]", "[2, 4]", "[]"}},
		{"median", []string{"2.0", "NULL", "3.0", "NULL"}},
		{"var_pop", []string{"1.0", "NULL", "1.0", "NULL"}},
		{"stddev_pop", []string{"1.0", "NULL", "1.0", "NULL"}},
	} {
		b := bindAgg(t, c.name, types.IntType)
		k, err := CastKernel(types.IntType, b.Params[0], false)
		if err != nil {
			t.Fatal(err)
		}
		in, err := k(nil, x, 5, nil)
		if err != nil {
			t.Fatal(err)
		}
		acc := b.New(&Context{})
		if err := acc.Update(groups, []vec.Col{in}, sel); err != nil {
			t.Fatal(err)
		}
		if got := final(t, acc, 0, 1, 2, 7); !equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
		if acc.Bytes() <= 0 {
			t.Errorf("%s reports no memory", c.name)
		}
		acc.Free([]uint32{0, 7})
		if got := final(t, acc, 0, 2); !equal(got, []string{c.want[1], c.want[2]}) {
			t.Errorf("%s after Free: got %v", c.name, got)
		}
		if err := acc.Update([]uint32{0, 2, 0, 2, 1}, []vec.Col{in}, []uint32{0, 2}); err != nil {
			t.Fatal(err)
		}
		if got := final(t, acc, 0); !equal(got, c.want[:1]) {
			t.Errorf("%s after reuse: got %v, want %v", c.name, got, c.want[:1])
		}
		checkMerge(t, c.name, b, acc)
	}
}

// checkMerge: merging a group's partial into an empty state gives the same result, and the
// partial's types are those announced.
func checkMerge(t *testing.T, name string, b BoundAggregate, acc Accumulator) {
	t.Helper()
	groups := []uint32{0, 1, 2, 9}
	cols, err := acc.Partial(groups)
	if err != nil {
		t.Fatal(err)
	}
	if len(cols) != len(b.Partial) {
		t.Fatalf("%s: %d columns of state, announced %d", name, len(cols), len(b.Partial))
	}
	for i := range cols {
		if !cols[i].Type.Equal(b.Partial[i]) || cols[i].Len != len(groups) {
			t.Errorf("%s: state column %d is %s, announced %s", name, i, cols[i].Type, b.Partial[i])
		}
	}
	other := b.New(&Context{})
	if err := other.Merge(groups, cols); err != nil {
		t.Fatal(err)
	}
	if got, want := final(t, other, groups...), final(t, acc, groups...); !equal(got, want) {
		t.Errorf("%s merged: got %v, want %v", name, got, want)
	}
}

// TestCollectSetTellsStructsApart: values whose printed forms are alike are not equal.
func TestCollectSetTellsStructsApart(t *testing.T) {
	x, err := evalExpr("array(struct('a, b', 'c'), struct('a', 'b, c'), struct('a', 'b, c'))", &Context{})
	if err != nil {
		t.Fatal(err)
	}
	kids, _, _ := x.List(0)
	acc := bindAgg(t, "collect_set", kids[0].Type).New(&Context{})
	if err := acc.Update([]uint32{0, 0, 0}, kids, nil); err != nil {
		t.Fatal(err)
	}
	if got := final(t, acc, 0); !equal(got, []string{"[{a, b, c}, {a, b, c}]"}) {
		t.Fatal(got)
	}
}

func TestCountStarHasNoArguments(t *testing.T) {
	acc := bindAgg(t, "count").New(&Context{})
	if err := acc.Update([]uint32{0, 0, 1}, nil, []uint32{0, 2}); err != nil {
		t.Fatal(err)
	}
	if got := final(t, acc, 0, 1); !equal(got, []string{"1", "1"}) {
		t.Fatal(got)
	}
}

func TestSumOverflowRaises(t *testing.T) {
	acc := bindAgg(t, "sum", types.LongType).New(&Context{})
	col := vec.FlatOf(types.LongType, []int64{1<<63 - 1, 1}, nil)
	err := acc.Update([]uint32{0, 0}, []vec.Col{col}, nil)
	if errs.ClassOf(err) != "ARITHMETIC_OVERFLOW" {
		t.Fatal(err)
	}
}

// TestHotLoopsDoNotAllocatePerRow holds the kernels of the hot path to a few allocations
// a batch.
func TestHotLoopsDoNotAllocatePerRow(t *testing.T) {
	const n = 4096
	vals, groups := make([]float64, n), make([]uint32, n)
	for i := range vals {
		vals[i], groups[i] = float64(i), uint32(i%16)
	}
	col := vec.FlatOf(types.DoubleType, vals, nil)
	for _, name := range []string{"sum", "avg", "min", "max", "count"} {
		acc := bindAgg(t, name, types.DoubleType).New(&Context{})
		args := []vec.Col{col}
		if got := testing.AllocsPerRun(10, func() { _ = acc.Update(groups, args, nil) }); got > 1 {
			t.Errorf("%s: %v allocations a batch", name, got)
		}
	}
	for _, name := range []string{"+", "<", "*"} {
		s, _ := LookupScalar(name)
		b, err := s.Bind([]Arg{{Type: types.DoubleType}, {Type: types.DoubleType}})
		if err != nil {
			t.Fatal(err)
		}
		args := []vec.Col{col, vec.ConstOf(types.DoubleType, 2.5, n)}
		if got := testing.AllocsPerRun(10, func() { _, _ = b.Kernel(&Context{}, args, n, nil) }); got > 8 {
			t.Errorf("%s: %v allocations a batch", name, got)
		}
	}
}

func TestIsTrue(t *testing.T) {
	valid := []byte{0b0111}
	flat := vec.FlatOf(types.BooleanType, []bool{true, false, true, true}, valid)
	yes := vec.ConstOf(types.BooleanType, true, 4)
	null := vec.NullCol(types.BooleanType, 4)
	void := vec.NullCol(types.NullType, 4)
	for i, c := range []struct {
		col  vec.Col
		sel  []uint32
		want int
	}{
		{flat, nil, 2}, {flat, []uint32{1, 2, 3}, 1}, {yes, nil, 4}, {yes, []uint32{2}, 1}, {null, nil, 0}, {void, nil, 0}, {yes, []uint32{}, 0},
	} {
		if got := IsTrue(&c.col, 4, c.sel, nil); len(got) != c.want {
			t.Errorf("case %d: got %v", i, got)
		}
	}
	sel := []uint32{0, 1, 2, 3}
	if got := IsTrue(&flat, 4, sel, sel[:0]); len(got) != 2 || got[0] != 0 || got[1] != 2 {
		t.Errorf("in place: %v", got)
	}
}

func BenchmarkSumDouble(b *testing.B) {
	benchAgg(b, "sum", vec.FlatOf(types.DoubleType, make([]float64, 4096), nil))
}
func BenchmarkSumLong(b *testing.B) {
	benchAgg(b, "sum", vec.FlatOf(types.LongType, make([]int64, 4096), nil))
}
func BenchmarkMaxDouble(b *testing.B) {
	benchAgg(b, "max", vec.FlatOf(types.DoubleType, make([]float64, 4096), nil))
}
func BenchmarkAvgInt(b *testing.B) {
	benchAgg(b, "avg", vec.FlatOf(types.IntType, make([]int32, 4096), nil))
}

func benchAgg(b *testing.B, name string, col vec.Col) {
	a, _ := LookupAggregate(name)
	bound, err := a.Bind([]Arg{{Type: col.Type}})
	if err != nil {
		b.Fatal(err)
	}
	groups := make([]uint32, col.Len)
	for i := range groups {
		groups[i] = uint32(i * 7 % 64)
	}
	acc := bound.New(&Context{})
	args := []vec.Col{col}
	for b.Loop() {
		if err := acc.Update(groups, args, nil); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(col.Len), "ns/row")
}

func BenchmarkAddLong(b *testing.B) {
	benchOp(b, "+", vec.FlatOf(types.LongType, make([]int64, 4096), nil), vec.ConstOf(types.LongType, int64(1), 4096))
}
func BenchmarkLessDouble(b *testing.B) {
	benchOp(b, "<", vec.FlatOf(types.DoubleType, make([]float64, 4096), nil), vec.ConstOf(types.DoubleType, 1.0, 4096))
}
func BenchmarkEqualString(b *testing.B) {
	b.ReportAllocs()
	benchOp(b, "=", strs(make([]string, 4096)...), vec.ConstString(types.StringType, "abc", 4096))
}

func benchOp(b *testing.B, name string, x, y vec.Col) {
	s, _ := LookupScalar(name)
	bound, err := s.Bind([]Arg{{Type: x.Type}, {Type: y.Type}})
	if err != nil {
		b.Fatal(err)
	}
	args := []vec.Col{x, y}
	for b.Loop() {
		if _, err := bound.Kernel(&Context{}, args, x.Len, nil); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(x.Len), "ns/row")
}
