package exec

import (
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"testing"

	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// bigTable is n rows of (BIGINT key below distinct, BIGINT value, STRING of one of five) in batches of 4096.
func bigTable(n, distinct int, dict bool) []*vec.Batch {
	r := rand.New(rand.NewPCG(1, 2))
	words := colOf(types.StringType, "A", "N", "R", "F", "O")
	var out []*vec.Batch
	for lo := 0; lo < n; lo += 4096 {
		m := min(4096, n-lo)
		keys, vals, ids := make([]int64, m), make([]int64, m), make([]uint32, m)
		for i := range keys {
			keys[i], vals[i], ids[i] = int64(r.IntN(distinct)), int64(lo+i), uint32(r.IntN(5))
			if distinct == n {
				keys[i] = int64(lo + i)
			}
		}
		s := vec.Col{Type: types.StringType, Enc: vec.Dict, Len: m, Ids: ids, Dict: &words}
		if !dict {
			s = vec.Flatten(&s)
		}
		out = append(out, batchOf(vec.FlatOf(types.LongType, keys, nil), vec.FlatOf(types.LongType, vals, nil), s))
	}
	return out
}

var bigAttrs = [2][]plan.Attr{
	{attr(1, "k", types.LongType), attr(2, "v", types.LongType), attr(3, "s", types.StringType)},
	{attr(11, "k", types.LongType), attr(12, "v", types.LongType), attr(13, "s", types.StringType)},
}

// bigTask serves tables in parts of 16 batches.
func bigTask(data tables) *EpochTask {
	e := data.task()
	e.Parts = func(ctx context.Context, n *plan.Scan) (parts []iter.Seq2[*vec.Batch, error], err error) {
		all := data[n.Attrs[0].ID]
		for lo := 0; lo < len(all); lo += 16 {
			parts = append(parts, source{batches: all[lo:min(lo+16, len(all))]}.task().Scan(ctx, n))
		}
		return parts, nil
	}
	return e
}

func benchBig(b *testing.B, n plan.Node, data tables, rows int) {
	for _, workers := range []int{1, 2} {
		b.Run(fmt.Sprint("workers=", workers), func(b *testing.B) {
			op := mustBuild(b, n, BuildOptions{Workers: workers})
			b.ReportAllocs()
			for b.Loop() {
				for _, err := range op.Run(context.Background(), bigTask(data)) {
					if err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(rows), "ns/row")
		})
	}
}

func countOver(n plan.Node) plan.Node { return group(n, nil, countStar()) }

func BenchmarkHashJoin(b *testing.B) {
	const build, probe = 1_000_000, 6_000_000
	data := tables{1: bigTable(probe, build, false), 11: bigTable(build, build, false)}
	on := fnCall("=", ref(bigAttrs[0][0]), ref(bigAttrs[1][0]))
	join := &plan.Join{Kind: plan.Inner, L: &plan.Scan{Attrs: bigAttrs[0]}, R: &plan.Scan{Attrs: bigAttrs[1]}, On: on}
	benchBig(b, countOver(join), data, probe)
}

func BenchmarkBigGroupBy(b *testing.B) {
	const n = 6_000_000
	for name, c := range map[string]struct {
		key      int
		distinct int
		dict     bool
	}{"string": {2, n, false}, "dictionary": {2, n, true}, "groups=1000": {0, 1000, true}, "groups=1500000": {0, 1_500_000, true}} {
		b.Run(name, func(b *testing.B) {
			k := bigAttrs[0][c.key]
			sum := aggOf("sum", ref(bigAttrs[0][1]))
			benchBig(b, group(&plan.Scan{Attrs: bigAttrs[0]}, []plan.Named{named(k, ref(k))}, aggOf("count", ref(bigAttrs[0][1])), sum), tables{1: bigTable(n, c.distinct, c.dict)}, n)
		})
	}
}

func BenchmarkBigSort(b *testing.B) {
	const n = 1_000_000
	data := tables{1: bigTable(n, 1<<40, true)}
	by := []plan.Order{{Expr: ref(bigAttrs[0][0])}}
	for name, top := range map[string]int64{"all": 0, "top 100": 100} {
		b.Run(name, func(b *testing.B) {
			benchBig(b, &plan.Sort{Child: &plan.Scan{Attrs: bigAttrs[0]}, By: by, Top: top}, data, n)
		})
	}
}
