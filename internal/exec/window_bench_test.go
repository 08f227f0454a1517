package exec

import (
	"testing"

	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// BenchmarkWindow times one call over 20,000 rows in 20 partitions, sorting included.
func BenchmarkWindow(b *testing.B) {
	const n = 20000
	ids, gs, xs := make([]int64, n), make([]int64, n), make([]int64, n)
	for i := range ids {
		ids[i], gs[i], xs[i] = int64(i*7919%n), int64(i%20), int64(i%100)
	}
	id, g, x := attr(1, "id", types.LongType), attr(2, "g", types.LongType), attr(3, "x", types.LongType)
	batch := batchOf(vec.FlatOf(types.LongType, ids, nil), vec.FlatOf(types.LongType, gs, nil), vec.FlatOf(types.LongType, xs, nil))
	sum, _ := fn.LookupAggregate("sum")
	bound, err := sum.Bind([]fn.Arg{{Type: types.LongType}})
	if err != nil {
		b.Fatal(err)
	}
	agg := &plan.Agg{Name: "sum", Fn: bound, Args: []plan.Expr{ref(x)}}
	at := func(kind plan.BoundKind, rows int64) plan.FrameBound { return plan.FrameBound{Kind: kind, Rows: rows} }
	for _, c := range []struct {
		name  string
		frame plan.Frame
	}{
		{"whole", plan.Frame{}},
		{"running", plan.Frame{Hi: at(plan.CurrentRow, 0)}},
		{"moving3", plan.Frame{Lo: at(plan.ByRows, -1), Hi: at(plan.ByRows, 1)}},
		{"moving401", plan.Frame{Lo: at(plan.ByRows, -200), Hi: at(plan.ByRows, 200)}},
	} {
		b.Run(c.name, func(b *testing.B) {
			node := &plan.Window{Child: scanOf(id, g, x), Partition: []plan.Expr{ref(g)}, Order: []plan.Order{{Expr: ref(id)}},
				Calls: []plan.Named{named(attr(9, "s", types.LongType), &plan.WindowCall{Agg: agg, Frame: c.frame})}}
			op := mustBuild(b, node, BuildOptions{Workers: 1})
			for b.Loop() {
				for _, err := range op.Run(b.Context(), source{batches: []*vec.Batch{batch}}.task()) {
					if err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/row")
		})
	}
}
