package exec

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// runOptions are the ways in which operators with memory are run: serially and by workers, with
// room and without.
var runOptions = []BuildOptions{{BatchSize: 1, Workers: 1}, {BatchSize: 7, Workers: 2}, {Workers: 4},
	{Memory: 1, Workers: 1}, {Memory: 1, Workers: 3, BatchSize: 5}, {Memory: 20_000, Workers: 2}}

// orderOf is the reference: rows sorted by comparing values, rows that are equal in their order.
func orderOf(b *vec.Batch, by []plan.Order) []int {
	rows := make([]int, b.N)
	for i := range rows {
		rows[i] = i
	}
	slices.SortStableFunc(rows, func(i, j int) int {
		for k, o := range by {
			c := &b.Cols[k]
			in, jn := c.IsNull(i), c.IsNull(j)
			if in || jn {
				if in == jn {
					continue
				}
				return map[bool]int{true: -1, false: 1}[in == o.NullsFirst]
			}
			d := vec.Compare(c, i, c, j)
			if o.Desc {
				d = -d
			}
			if d != 0 {
				return d
			}
		}
		return 0
	})
	return rows
}

func TestSortAgreesWithCompare(t *testing.T) {
	r := rand.New(rand.NewPCG(61, 62))
	for _, typ := range joinKeyTypes {
		for range 3 {
			in := randomTable(r, 1, r.IntN(200), typ, types.StringType, types.LongType)
			for i := range in.rows.N { // tells the rows apart
				vec.Values[int64](&in.rows.Cols[2])[i] = int64(i)
			}
			in.rows.Cols[2].Valid = nil
			by := []plan.Order{{Expr: ref(in.attrs[0]), Desc: r.IntN(2) == 0, NullsFirst: r.IntN(2) == 0},
				{Expr: ref(in.attrs[1]), Desc: r.IntN(2) == 0, NullsFirst: r.IntN(2) == 0}}[:1+r.IntN(2)]
			var want []string
			for _, i := range orderOf(in.rows, by) {
				want = append(want, rowText(in.rows, i))
			}
			for _, top := range []int{0, 1, 13, 500} {
				n := &plan.Sort{Child: &plan.Scan{Attrs: in.attrs}, By: by, Top: int64(top)}
				first := want[:cmp.Or(min(top, len(want)), len(want))]
				checkRows(t, fmt.Sprint(typ, " top ", top), n, tables{1: in.inOrder(r)}, first, false)
			}
		}
	}
}

// checkRows runs a plan in all ways and compares its rows, sorted if asked.
func checkRows(t *testing.T, what string, n plan.Node, data tables, want []string, unordered bool) {
	t.Helper()
	for _, o := range runOptions {
		got, err := orderedRows(n, o, data.task())
		if err != nil {
			t.Fatalf("%s, %+v: %v", what, o, err)
		}
		if unordered {
			slices.Sort(got)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%s, workers %d, memory %d, batch %d: got %d rows, want %d\n%v\nwant\n%v", what, o.Workers, o.Memory, o.BatchSize, len(got), len(want), got, want)
		}
	}
}

// TestManyRunsAreMerged sorts so many rows with so little memory that runs are merged in rounds.
func TestManyRunsAreMerged(t *testing.T) {
	vals := make([]any, 0, 300)
	for i := range 300 {
		vals = append(vals, i*7919%300)
	}
	v := attr(1, "v", types.LongType)
	n := &plan.Sort{Child: scanOf(v), By: []plan.Order{{Expr: ref(v), Desc: true}}}
	o, fs := tight(BuildOptions{BatchSize: 1, Memory: 1, Workers: 1})
	op := mustBuild(t, n, o)
	b, err := Collect(context.Background(), op, source{batches: []*vec.Batch{batchOf(colOf(types.LongType, vals...))}}.task(), 0)
	if err != nil || b.N != 300 {
		t.Fatal(b, err)
	}
	for i, x := range vec.Values[int64](&b.Cols[0]) {
		if x != int64(299-i) {
			t.Fatalf("row %d is %d", i, x)
		}
	}
	if err := op.Close(); err != nil {
		t.Fatal(err)
	}
	if left, err := fs.List("/spill"); err != nil || len(left) > 0 {
		t.Errorf("left %v, %v", left, err)
	}
}

func TestSortWithoutRoomSaysSo(t *testing.T) {
	v := attr(1, "v", types.LongType)
	n := &plan.Sort{Child: scanOf(v), By: []plan.Order{{Expr: ref(v)}}}
	o := BuildOptions{Memory: 10, Workers: 1, minShare: 10}
	_, err := Collect(context.Background(), mustBuild(t, n, o), source{batches: []*vec.Batch{batchOf(colOf(types.LongType, 1, 2))}}.task(), 0)
	if !isErr(err, "OUT_OF_MEMORY_BUDGET") {
		t.Errorf("error %v", err)
	}
}
