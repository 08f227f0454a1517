package exec

import (
	"context"
	"fmt"
	"testing"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// benchBatches makes 16 batches of 4,096 rows over 1,000 keys, 1 ms apart in event time.
func benchBatches(dict bool) []*vec.Batch {
	var out []*vec.Batch
	for b := range 16 {
		keys, times, vals := make([]any, 4096), make([]any, 4096), make([]any, 4096)
		for i := range keys {
			n := b*4096 + i
			keys[i], times[i], vals[i] = fmt.Sprintf("sensor-%04d", n*7919%1000), n*1000, n*7919%1000
		}
		key := colOf(types.StringType, keys...)
		if dict {
			key = dictOf(types.StringType, keys...)
		}
		out = append(out, batchOf(key, colOf(types.TimestampType, times...), colOf(types.LongType, vals...)))
	}
	return out
}

func benchRun(b *testing.B, n plan.Node, o BuildOptions, in []*vec.Batch) {
	op := mustBuild(b, n, o)
	e := source{batches: in}.task()
	e.Mode = o.Mode
	rows := 0
	b.ReportAllocs()
	for b.Loop() {
		for batch, err := range op.Run(context.Background(), e) {
			if err != nil {
				b.Fatal(err)
			}
			rows += batch.N
		}
	}
	n64 := float64(len(in) * in[0].N)
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n64, "ns/row")
}

func BenchmarkGroupBy(b *testing.B) {
	scan := scanOf(attrK, attrT, attrV)
	for name, c := range map[string]struct {
		key  plan.Attr
		dict bool
	}{"bigint": {attrV, false}, "string": {attrK, false}, "dictionary": {attrK, true}} {
		b.Run(name, func(b *testing.B) {
			n := group(scan, []plan.Named{named(c.key, ref(c.key))}, countStar())
			benchRun(b, n, BuildOptions{}, benchBatches(c.dict))
		})
	}
}

func BenchmarkWindowedAggregate(b *testing.B) {
	w := attr(20, "window", window)
	w.Event = &plan.EventTime{}
	for _, dict := range []bool{false, true} {
		b.Run(fmt.Sprint("dictionary=", dict), func(b *testing.B) {
			win := &plan.TimeWindow{Child: scanOf(attrK, attrT, attrV), Time: ref(attrT), Duration: 10_000_000, Slide: 10_000_000, Out: w}
			n := group(win, []plan.Named{named(w, ref(w)), named(attrK, ref(attrK))}, countStar())
			n.Stateful = 0
			benchRun(b, n, BuildOptions{Streaming: true, Mode: connector.Update}, benchBatches(dict))
		})
	}
}
