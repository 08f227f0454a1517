package broker

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// reader is a consumer of a group that runs until stop.
type reader struct {
	cl   *kgo.Client
	done chan struct{}
	stop context.CancelFunc

	mu   sync.Mutex
	has  map[string][]int32
	seen []string
}

// startReader joins group "readers".
func startReader(t *testing.T, b *Broker, opts ...kgo.Opt) *reader {
	t.Helper()
	r := &reader{has: map[string][]int32{}, done: make(chan struct{})}
	took := func(_ context.Context, _ *kgo.Client, m map[string][]int32) {
		r.mu.Lock()
		defer r.mu.Unlock()
		for topic, ps := range m {
			r.has[topic] = append(r.has[topic], ps...)
		}
	}
	lost := func(_ context.Context, _ *kgo.Client, m map[string][]int32) {
		r.mu.Lock()
		defer r.mu.Unlock()
		for topic, ps := range m {
			r.has[topic] = slices.DeleteFunc(r.has[topic], func(p int32) bool { return slices.Contains(ps, p) })
		}
	}
	revoked := func(ctx context.Context, cl *kgo.Client, m map[string][]int32) {
		if err := cl.CommitMarkedOffsets(ctx); err != nil && ctx.Err() == nil {
			t.Error(err)
		}
		lost(ctx, cl, m)
	}
	r.cl = client(t, b, append([]kgo.Opt{kgo.ConsumerGroup("readers"), kgo.ConsumeTopics("t1", "t2"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.OnPartitionsAssigned(took), kgo.OnPartitionsRevoked(revoked), kgo.OnPartitionsLost(lost), kgo.BlockRebalanceOnPoll(), kgo.HeartbeatInterval(20 * time.Millisecond),
		kgo.FetchMaxWait(50 * time.Millisecond), kgo.AutoCommitMarks()}, opts...)...)
	ctx, cancel := context.WithCancel(t.Context())
	r.stop = cancel
	go func() {
		defer close(r.done)
		for {
			fs := r.cl.PollFetches(ctx)
			if fs.IsClientClosed() || ctx.Err() != nil && fs.NumRecords() == 0 {
				r.cl.AllowRebalance()
				return
			}
			r.mu.Lock()
			fs.EachRecord(func(rec *kgo.Record) { r.seen = append(r.seen, string(rec.Value)) })
			r.mu.Unlock()
			r.cl.MarkCommitRecords(fs.Records()...)
			r.cl.AllowRebalance()
		}
	}()
	return r
}

// leave commits and leaves.
func (r *reader) leave(t *testing.T) {
	t.Helper()
	r.stop()
	<-r.done
	if err := r.cl.CommitMarkedOffsets(testCtx(t)); err != nil {
		t.Error(err)
	}
	r.cl.Close()
}

func (r *reader) count() (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, ps := range r.has {
		n += len(ps)
	}
	return n
}

func (r *reader) all() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.seen)
}

// TestGroupClients has real consumers of every assignor join, share, leave and come back:
// each partition has one reader, and each record is read once.
func TestGroupClients(t *testing.T) {
	for name, opts := range map[string][]kgo.Opt{
		"range":              {kgo.Balancers(kgo.RangeBalancer())},
		"roundrobin":         {kgo.Balancers(kgo.RoundRobinBalancer())},
		"sticky":             {kgo.Balancers(kgo.StickyBalancer())},
		"cooperative-sticky": {kgo.Balancers(kgo.CooperativeStickyBalancer())},
		"uniform":            {kgo.ServerSideBalancer(), kgo.Balancers(kgo.CooperativeStickyBalancer())},
		"server range":       {kgo.ServerSideBalancer(), kgo.Balancers(kgo.RangeBalancer())},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := startTest(t, with(func(c *Config) {
				c.Settings = map[string]string{"group.consumer.heartbeat.interval.ms": "20"}
			}))
			p := client(t, b, kgo.DisableIdempotentWrite(), kgo.RecordPartitioner(kgo.RoundRobinPartitioner()))
			sent := 0
			produce := func() {
				t.Helper()
				for range 12 {
					for _, topic := range []string{"t1", "t2"} {
						sent++
						if err := p.ProduceSync(testCtx(t), &kgo.Record{Topic: topic, Value: fmt.Appendf(nil, "%d", sent)}).FirstErr(); err != nil {
							t.Fatal(err)
						}
					}
				}
			}
			produce()
			readers := []*reader{startReader(t, b, opts...)}
			shared := func(each ...int) {
				t.Helper()
				eventually(t, fmt.Sprint("partitions shared as ", each), func() bool {
					var has []int
					for _, r := range readers {
						has = append(has, r.count())
					}
					slices.Sort(has)
					return slices.Equal(has, each)
				})
			}
			var before []string // of those who left
			read := func() {
				t.Helper()
				eventually(t, "all records are read", func() bool {
					n := len(before)
					for _, r := range readers {
						n += len(r.all())
					}
					return n >= sent
				})
			}
			shared(6)
			read()
			readers = append(readers, startReader(t, b, opts...))
			shared(2+b2i(name != "range" && name != "server range"), 4-b2i(name != "range" && name != "server range"))
			produce()
			read()
			for len(readers) > 0 {
				readers[0].leave(t)
				before = append(before, readers[0].all()...)
				readers = readers[1:]
				if len(readers) > 0 {
					shared(6)
					produce()
					read()
				}
			}
			produce()
			readers = append(readers, startReader(t, b, opts...)) // goes on where the others stopped
			read()
			before = append(before, readers[0].all()...)
			slices.Sort(before)
			if n := len(slices.Compact(slices.Clone(before))); n != sent || len(before) != sent {
				t.Errorf("%d records were sent, %d read, %d of them different", sent, len(before), n)
			}
			readers[0].leave(t)
			infos := b.GroupInfos()
			if len(infos) != 1 || infos[0].State != "Empty" || len(infos[0].Offsets) != 6 {
				t.Errorf("groups: %+v", infos)
			}
			for _, o := range infos[0].Offsets {
				if o.Lag != 0 || o.End != o.Committed {
					t.Errorf("lag: %+v", o)
				}
			}
		})
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}
