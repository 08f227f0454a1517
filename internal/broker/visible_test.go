package broker

import (
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/azud/azud/internal/log"
)

// rest keeps the committer of b's log from its work until the function that it returns is
// called.
func rest(b *Broker) (work func()) {
	gate, held := make(chan struct{}), make(chan struct{})
	b.store.Sync(func(error) { close(held); <-gate })
	<-held
	return func() { close(gate) }
}

func listOf(timestamp int64) *kmsg.ListOffsetsRequest {
	q := kmsg.NewPtrListOffsetsRequest()
	q.SetVersion(7)
	p := kmsg.NewListOffsetsRequestTopicPartition()
	p.Timestamp, p.CurrentLeaderEpoch = timestamp, -1
	q.Topics = []kmsg.ListOffsetsRequestTopic{{Topic: "t", Partitions: []kmsg.ListOffsetsRequestTopicPartition{p}}}
	return q
}

// TestAcknowledgedIsVisible: in Kafka a record is readable when its producer has an answer,
// with acks=1 as well; here it is readable when it is durable, so that readers wait.
func TestAcknowledgedIsVisible(t *testing.T) {
	offset := func(r kmsg.Response) int64 { return r.(*kmsg.ListOffsetsResponse).Topics[0].Partitions[0].Offset }
	some := func(r kmsg.Response) int64 { return min(offset(r), 0) }
	records := func(r kmsg.Response) int64 {
		p := r.(*kmsg.FetchResponse).Topics[0].Partitions[0]
		if p.ErrorCode != 0 || len(p.RecordBatches) == 0 {
			return -int64(p.ErrorCode) - 1
		}
		return p.HighWatermark
	}
	waiting := fetchOf("t", 0, 0)
	waiting.MaxWaitMillis = 1 // over long before the disk is done
	deleteAll := kmsg.NewPtrDeleteRecordsRequest()
	deleteAll.SetVersion(2)
	deleteAll.Topics = []kmsg.DeleteRecordsRequestTopic{{Topic: "t", Partitions: []kmsg.DeleteRecordsRequestTopicPartition{{Offset: 2}}}}
	for _, test := range []struct {
		name  string
		ask   kmsg.Request
		found func(kmsg.Response) int64
		want  int64
	}{
		{"latest", listOf(latest), offset, 2},
		{"by time", listOf(0), offset, 0},
		{"of the greatest time", listOf(maxTimestamp), some, 0},
		{"fetch without a wait", fetchOf("t", 0, 0), records, 2},
		{"fetch with a short wait", waiting, records, 2},
		{"fetch of the second record", fetchOf("t", 0, 1), records, 2},
		{"delete", deleteAll, func(r kmsg.Response) int64 {
			return r.(*kmsg.DeleteRecordsResponse).Topics[0].Partitions[0].LowWatermark
		}, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := startTest(t, withStore(func(c *log.Config) { c.Volatile = false }))
			ctx := testCtx(t)
			if _, err := b.Request(ctx, metadataOf(9, "t")); err != nil {
				t.Fatal(err)
			}
			work := rest(b)
			for range 2 {
				if _, err := b.Request(ctx, produceOf("t", 0, 1, batchOf(t, "v"))); err != nil {
					t.Fatal(err)
				}
			}
			got := make(chan int64, 1)
			go func() {
				r, err := b.Request(ctx, test.ask)
				if err != nil {
					t.Error(err)
					got <- -1000
					return
				}
				got <- test.found(r)
			}()
			select {
			case n := <-got:
				t.Errorf("%d, before the records were durable", n)
				got <- n
			case <-time.After(20 * time.Millisecond):
			}
			work()
			if n := <-got; n != test.want {
				t.Errorf("%d, expected %d", n, test.want)
			}
		})
	}
}

// TestStartIsTold: what cannot change is told at once.
func TestStartIsTold(t *testing.T) {
	b := startTest(t, withStore(func(c *log.Config) { c.Volatile = false }))
	ctx := testCtx(t)
	if _, err := b.Request(ctx, metadataOf(9, "t")); err != nil {
		t.Fatal(err)
	}
	work := rest(b)
	defer work()
	if _, err := b.Request(ctx, produceOf("t", 0, 1, batchOf(t, "v"))); err != nil {
		t.Fatal(err)
	}
	r, err := b.Request(ctx, listOf(earliest))
	if err != nil || r.(*kmsg.ListOffsetsResponse).Topics[0].Partitions[0].Offset != 0 {
		t.Fatalf("%+v, %v", r, err)
	}
}
