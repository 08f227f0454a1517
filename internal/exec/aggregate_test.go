package exec

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

func group(child plan.Node, keys []plan.Named, aggs ...*plan.Agg) *plan.Aggregate {
	n := &plan.Aggregate{Child: child, Keys: keys, Stateful: -1}
	for i, a := range aggs {
		n.Aggs = append(n.Aggs, named(attr(plan.ID(100+i), fmt.Sprint("agg", i), a.Type()), a))
	}
	return n
}

func TestBatchAggregate(t *testing.T) {
	scan := scanOf(attrK, attrV)
	byK := []plan.Named{named(attrK, ref(attrK))}
	distinct := trace(ref(attrV))
	distinct.Distinct = true
	filtered := trace(ref(attrV))
	filtered.Filter = less(ref(attrV), lit(types.LongType, 3))
	both := trace(ref(attrK))
	both.Distinct, both.Filter = true, less(lit(types.LongType, 1), ref(attrV))
	cases := []struct {
		name string
		n    plan.Node
		want [][]any
	}{
		{"by key", group(scan, byK, countStar(), trace(ref(attrV))), [][]any{{"b", 2, "1,<nil>"}, {"a", 2, "2,5"}, {nil, 1, "3"}}},
		{"distinct rows", group(scan, byK), [][]any{{"b"}, {"a"}, {nil}}},
		{"global", group(scan, nil, countStar(), trace(ref(attrK))), [][]any{{5, "b,a,<nil>,b,a"}}},
		{"global, no rows", group(&plan.Filter{Child: scan, Cond: lit(types.BooleanType, false)}, nil, countStar(), trace(ref(attrV))), [][]any{{0, nil}}},
		{"by key, no rows", group(&plan.Filter{Child: scan, Cond: lit(types.BooleanType, false)}, byK, countStar()), nil},
		{"filter", group(scan, byK, filtered, countStar()), [][]any{{"b", "1", 2}, {"a", "2", 2}, {nil, nil, 1}}},
		{"distinct", group(&plan.Union{Inputs: []plan.Node{scan, scan}, Attrs: scan.Attrs}, byK, distinct, countStar()),
			[][]any{{"b", "1,<nil>", 4}, {"a", "2,5", 4}, {nil, "3", 2}}},
		{"distinct with filter", group(scan, nil, both), [][]any{{"a,<nil>"}}},
	}
	for _, c := range cases {
		for shape, in := range inputs() {
			t.Run(c.name+"/"+shape, func(t *testing.T) { wantRows(t, run(t, c.n, in...), c.want) })
		}
	}
}

func TestGroupsOfFloats(t *testing.T) {
	f := attr(1, "f", types.DoubleType)
	vals := []any{0.0, math.Copysign(0, -1), math.NaN(), math.Float64frombits(0xfff8000000000001), 1.0}
	for range 3 { // enough rows for the fast path
		vals = append(vals, vals...)
	}
	got := run(t, group(scanOf(f), []plan.Named{named(f, ref(f))}, countStar()), batchOf(colOf(types.DoubleType, vals...)))
	wantRows(t, got, [][]any{{0.0, 16}, {math.NaN(), 16}, {1.0, 8}})
	if z, ok := got[0][0].(float64); !ok || math.Signbit(z) {
		t.Errorf("the group of zeros is %v", got[0][0])
	}
}

// keyColumns makes random columns of the types and encodings that the fast path takes, and
// of some that it does not.
func keyColumns(r *rand.Rand, n int) ([]plan.Attr, []vec.Col) {
	var attrs []plan.Attr
	var cols []vec.Col
	for k := range 1 + r.IntN(3) {
		typ := []types.Type{types.LongType, types.StringType, types.BooleanType, types.DoubleType, window, types.TimestampType}[r.IntN(6)]
		vals := make([]any, n)
		for i := range vals {
			x := r.IntN(5)
			if x == 0 && r.IntN(2) == 0 {
				continue
			}
			switch typ.Kind {
			case types.String:
				vals[i] = fmt.Sprint("s", x)
			case types.Boolean:
				vals[i] = x > 2
			case types.Double:
				vals[i] = float64(x) / 2
			case types.Struct:
				vals[i] = []any{x * 10, []any{x*10 + 10, nil}[r.IntN(20)/19]}
			default:
				vals[i] = x - 2
			}
		}
		attrs = append(attrs, attr(plan.ID(k+1), fmt.Sprint("k", k), typ))
		switch {
		case r.IntN(3) == 0 && typ.Kind != types.Struct:
			cols = append(cols, dictOf(typ, vals...))
		case r.IntN(6) == 0:
			cols = append(cols, colOf(typ, vals[0]).Repeat(n))
		default:
			cols = append(cols, colOf(typ, vals...))
		}
	}
	return attrs, cols
}

// TestGroupTable compares ids with a map, over several batches, with removals in between.
func TestGroupTable(t *testing.T) {
	r := rand.New(rand.NewPCG(21, 22))
	packs := 0
	for range 300 {
		table, model := newGroupTable(), map[string]uint32{}
		n := 1 + r.IntN(60)
		attrs, cols := keyColumns(r, n)
		var typs []types.Type
		for _, a := range attrs {
			typs = append(typs, a.Type)
		}
		for range 8 {
			sel, out := randomSel(r, n), make([]uint32, n)
			fresh := map[uint32]bool{}
			table.assign(cols, n, sel, out, func(id uint32, _ int) { fresh[id] = true })
			if table.pack.prepare(cols, n, sel) {
				packs++
			}
			for i := range vec.Each(n, sel) {
				key := string(vec.AppendKey(nil, cols, i))
				id, known := model[key]
				if known && id != out[i] || !known && !fresh[out[i]] {
					t.Fatalf("row %d got id %d; known %v as %d", i, out[i], known, id)
				}
				model[key] = out[i]
				delete(fresh, out[i])
			}
			for key, id := range model {
				if string(table.key(id)) != key {
					t.Fatalf("id %d is another key", id)
				}
				back, err := table.columns(typs, []uint32{id})
				if err != nil || string(vec.AppendKey(nil, back, 0)) != key {
					t.Fatalf("key does not decode: %v", err)
				}
				if r.IntN(3) == 0 {
					table.remove(id)
					delete(model, key)
				}
			}
			if table.live() != len(model) {
				t.Fatalf("%d keys, want %d", table.live(), len(model))
			}
		}
	}
	if packs < 100 {
		t.Errorf("the fast path was taken %d times only", packs)
	}
}

func TestGroupTableGrowsAndCompacts(t *testing.T) {
	table := newGroupTable()
	const n = 20_000
	for i := range n {
		table.add(fmt.Appendf(nil, "key-%08d", i))
	}
	for i := range n {
		id, ok := table.find(fmt.Appendf(nil, "key-%08d", i))
		if !ok || id != uint32(i) {
			t.Fatalf("key %d: %d, %v", i, id, ok)
		}
		if i%10 != 0 {
			table.remove(id)
		}
	}
	if len(table.arena) > n/2*12 {
		t.Errorf("arena holds %d bytes for %d keys", len(table.arena), table.live())
	}
	for i := range n {
		if id, ok := table.find(fmt.Appendf(nil, "key-%08d", i)); ok != (i%10 == 0) || ok && id != uint32(i) {
			t.Fatalf("after removal, key %d: %d, %v", i, id, ok)
		}
	}
}
