package broker

import (
	"fmt"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
)

func TestProduceAndConsume(t *testing.T) {
	b := startTest(t)
	ctx := testCtx(t)
	p := client(t, b, kgo.DisableIdempotentWrite())
	const n = 1000
	for i := range n {
		p.Produce(ctx, &kgo.Record{Topic: "t", Key: fmt.Append(nil, i), Value: fmt.Append(nil, "value ", i)}, func(_ *kgo.Record, err error) {
			if err != nil {
				t.Error(err)
			}
		})
	}
	if err := p.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	c := client(t, b, kgo.ConsumeTopics("t"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	seen := map[string]string{}
	for len(seen) < n {
		f := c.PollFetches(ctx)
		if err := f.Err(); err != nil {
			t.Fatal(err)
		}
		f.EachRecord(func(r *kgo.Record) { seen[string(r.Key)] = string(r.Value) })
	}
	for i := range n {
		if k := fmt.Sprint(i); seen[k] != "value "+k {
			t.Fatalf("key %s has %q", k, seen[k])
		}
	}
	if got := b.Topics(); len(got) != 1 || got[0].Name != "t" || got[0].Partitions != 3 || got[0].Records != n {
		t.Fatalf("topics: %+v", got)
	}
}
