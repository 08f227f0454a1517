package kafka_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/azud/azud/internal/broker/brokertest"
	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/connector/conformance"
	"github.com/azud/azud/internal/connector/kafka"
	"github.com/azud/azud/internal/sys"
	"github.com/azud/azud/internal/types"
)

// BenchmarkBatch reads JSON messages of the embedded broker by two workers, as a query does.
func BenchmarkBatch(b *testing.B) {
	const messages = 1_000_000
	home, err := brokertest.Open(b.Context(), sys.Real(), b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	defer home.Close()
	cl, err := kgo.NewClient(kgo.SeedBrokers(home.Addr()), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerBatchCompression(kgo.NoCompression()))
	if err != nil {
		b.Fatal(err)
	}
	defer cl.Close()
	if _, err := kadm.NewClient(cl).CreateTopic(b.Context(), 3, -1, nil, "t"); err != nil {
		b.Fatal(err)
	}
	env := connector.Env{Sys: sys.Real(), Report: &conformance.Reporter{}}
	made := kafka.Connector(home)
	columns := types.Schema{{Name: "timestamp", Type: types.TimestampType, Nullable: true}, {Name: "sensor_id", Type: types.StringType, Nullable: true},
		{Name: "temperature", Type: types.DoubleType, Nullable: true}, {Name: "humidity", Type: types.DoubleType, Nullable: true}}
	for i := range messages {
		v := fmt.Appendf(nil, `{"timestamp":"2024-01-15T10:%02d:%02d.000Z","sensor_id":"sensor_%d","temperature":%d.5,"humidity":%d.25}`, i/60%60, i%60, i%10, i%40, i%90)
		cl.Produce(b.Context(), &kgo.Record{Topic: "t", Partition: int32(i / 1000 % 3), Value: v}, nil)
	}
	if err := cl.Flush(b.Context()); err != nil {
		b.Fatal(err)
	}
	for name, sc := range map[string]connector.Scan{
		"json":  {Columns: []int{0, 1, 2}, Limit: -1},
		"count": {Limit: -1},
		"raw":   {Columns: []int{1}, Limit: -1},
	} {
		b.Run(name, func(b *testing.B) {
			t := connector.Table{Name: "t", Options: connector.Options{"subscribe": "t"}}
			if name == "json" {
				t.Columns, t.Options["format"] = columns, "json"
			}
			src, err := made.Batch(b.Context(), env, t)
			if err != nil {
				b.Fatal(err)
			}
			defer src.Close()
			for b.Loop() {
				parts, err := src.Parts(b.Context(), sc)
				if err != nil {
					b.Fatal(err)
				}
				todo := make(chan connector.Part, len(parts))
				for _, p := range parts {
					todo <- p
				}
				close(todo)
				var wg sync.WaitGroup
				for range 2 {
					wg.Go(func() {
						for p := range todo {
							for _, err := range src.Read(b.Context(), p, sc) {
								if err != nil {
									b.Error(err)
									return
								}
							}
						}
					})
				}
				wg.Wait()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/messages, "ns/message")
		})
	}
}
