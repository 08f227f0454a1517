package exec

import (
	"cmp"
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

func aggOf(name string, arg plan.Expr) *plan.Agg {
	for _, a := range fn.Aggregates() {
		if a.Name == name {
			b, err := a.Bind([]fn.Arg{{Type: arg.Type(), Nullable: true}})
			if err != nil {
				panic(err)
			}
			return &plan.Agg{Name: name, Fn: b, Args: []plan.Expr{arg}}
		}
	}
	panic("no aggregate " + name)
}

// naiveGroup is what the aggregates of TestAggregates give for the rows of one group.
func naiveGroup(b *vec.Batch, rows []int) []any {
	s, v := &b.Cols[1], &b.Cols[2]
	var sum int64
	var least any
	var list []string
	distinct, sums := map[string]bool{}, map[int64]bool{}
	for _, i := range rows {
		if !s.IsNull(i) {
			distinct[s.Str(i)] = true
			if x := s.Str(i); least == nil || x < least.(string) {
				least = x
			}
		}
		list = append(list, fmt.Sprint(value(v, i)))
		if x := vec.Get[int64](v, i); x%2 == 0 {
			sums[x/4] = true
		}
		sum += vec.Get[int64](v, i)
	}
	var sumDistinct any
	for x := range sums {
		if sumDistinct == nil {
			sumDistinct = int64(0)
		}
		sumDistinct = sumDistinct.(int64) + x
	}
	ordered := slices.Clone(rows)
	slices.SortStableFunc(ordered, func(i, j int) int {
		return cmp.Or(-vec.Compare(s, i, s, j), cmp.Compare(i, j))
	})
	var sorted []string
	for _, i := range ordered {
		sorted = append(sorted, fmt.Sprint(value(v, i)))
	}
	return []any{int64(len(rows)), sum, least, int64(len(distinct)), sumDistinct, strings.Join(list, ","), strings.Join(sorted, ",")}
}

// TestAggregates compares grouping, in all ways of running it, with groups made one by one.
func TestAggregates(t *testing.T) {
	r := rand.New(rand.NewPCG(71, 72))
	quarter := fnCall("div", ref(attr(3, "v", types.LongType)), lit(types.LongType, 4))
	even := fnCall("=", fnCall("%", ref(attr(3, "v", types.LongType)), lit(types.LongType, 2)), lit(types.LongType, 0))
	for k, typ := range append([]types.Type{types.NullType}, joinKeyTypes...) {
		n := []int{0, 1, 250}[min(2, r.IntN(8))]
		if typ.Kind == types.Null { // no keys
			typ = types.IntType
			n = 250
		}
		in := randomTable(r, 1, n, typ, types.StringType, types.LongType)
		for i := range n {
			vec.Values[int64](&in.rows.Cols[2])[i] = int64(r.IntN(50))
		}
		in.rows.Cols[2].Valid = nil
		keys := []plan.Named{named(in.attrs[0], ref(in.attrs[0])), named(attr(50, "k2", types.BooleanType), even)}[:min(k, 1+k%2)]
		str, v := ref(in.attrs[1]), ref(in.attrs[2])
		distinct, sums, traced, ordered := aggOf("count", str), aggOf("sum", quarter), trace(v), trace(v)
		distinct.Distinct, sums.Distinct, sums.Filter = true, true, even
		traced.Fn.OrderSensitive = true
		ordered.Order = []plan.Order{{Expr: str, Desc: true}, {Expr: ref(in.attrs[2])}}
		ordered.Order = ordered.Order[:1]
		ordered.Fn.OrderSensitive = true
		for _, few := range []bool{true, false} { // without the calls that keep the pipeline serial
			aggs := []*plan.Agg{aggOf("count", v), aggOf("sum", v), aggOf("min", str), distinct, sums, traced, ordered}
			if few {
				aggs = aggs[:5]
			}
			n := group(&plan.Scan{Attrs: in.attrs}, keys, aggs...)
			checkRows(t, fmt.Sprint(typ, " keys ", len(keys)), n, tables{1: in.inOrder(r)}, naiveGroups(in, keys, len(aggs)), true)
		}
	}
}

func naiveGroups(in table, keys []plan.Named, aggs int) []string {
	groups, order := map[string][]int{}, []string{}
	if len(keys) == 0 {
		order, groups[""] = []string{""}, nil
	}
	for i := range in.rows.N {
		key := ""
		if len(keys) > 0 {
			key = rowText(&vec.Batch{Cols: in.rows.Cols[:1]}, i)
		}
		if len(keys) > 1 {
			key += map[bool]string{false: "0100|", true: "0101|"}[vec.Get[int64](&in.rows.Cols[2], i)%2 == 0]
		}
		if _, ok := groups[key]; !ok {
			order = append(order, key)
		}
		groups[key] = append(groups[key], i)
	}
	var out []string
	for _, key := range order {
		typs := []types.Type{types.LongType, types.LongType, types.StringType, types.LongType, types.LongType, types.StringType, types.StringType}
		row := &vec.Batch{}
		for k, x := range naiveGroup(in.rows, groups[key])[:aggs] {
			if (k == 1 || k > 4) && len(groups[key]) == 0 {
				x = nil
			}
			row.Cols = append(row.Cols, colOf(typs[k], x))
		}
		out = append(out, key+rowText(row, 0))
	}
	slices.Sort(out)
	return out
}

// TestManyGroups spills and divides more groups than one partition holds.
func TestManyGroups(t *testing.T) {
	vals := make([]any, 40_000)
	for i := range vals {
		vals[i] = i * 7919 % 20_000
	}
	v := attr(1, "v", types.LongType)
	col := colOf(types.LongType, vals...)
	var in []*vec.Batch
	for lo := 0; lo < len(vals); lo += 4000 {
		part := col.View(lo, lo+4000)
		in = append(in, batchOf(part))
	}
	n := group(&plan.Scan{Attrs: []plan.Attr{v}}, []plan.Named{named(v, ref(v))}, aggOf("count", ref(v)))
	var want []string
	for i := range 20_000 {
		want = append(want, rowText(batchOf(colOf(types.LongType, i), colOf(types.LongType, 2)), 0))
	}
	slices.Sort(want)
	for _, o := range []BuildOptions{{Workers: 1}, {Workers: 2}, {Workers: 2, Memory: 30_000}, {Workers: 1, Memory: 3000}} {
		got, err := sortedRows(n, o, tables{1: in}.task())
		if err != nil || !slices.Equal(got, want) {
			t.Fatalf("workers %d, memory %d: %d rows, %v", o.Workers, o.Memory, len(got), err)
		}
	}
}
