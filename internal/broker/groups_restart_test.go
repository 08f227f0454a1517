package broker

import (
	"fmt"
	"log/slog"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/azud/azud/internal/log"
	"github.com/azud/azud/internal/sys"
)

// startAt starts a broker over a folder; stop ends it and its log.
func startAt(t *testing.T, dir, addr string) (b *Broker, stop func()) {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	store, err := log.Open(t.Context(), log.Config{Sys: sys.Real(), Dir: dir, Log: quiet, MinFree: -1})
	if err != nil {
		t.Fatal(err)
	}
	b, err = Start(t.Context(), Config{Sys: sys.Real(), Log: quiet, Store: store, Listeners: []Listener{{Addr: addr}},
		Settings: map[string]string{"group.consumer.heartbeat.interval.ms": "20"}})
	if err != nil {
		store.Close() //nolint:errcheck // the start's error counts
		t.Fatal(err)
	}
	return b, func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestGroupsOverRestart stops the broker under consumers that live on: they keep their ids
// and partitions and read on where they were.
func TestGroupsOverRestart(t *testing.T) {
	for name, opts := range map[string][]kgo.Opt{
		"classic":  {kgo.Balancers(kgo.CooperativeStickyBalancer())},
		"consumer": {kgo.Balancers(kgo.RangeBalancer()), kgo.ServerSideBalancer()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			b, stop := startAt(t, dir, "127.0.0.1:0")
			addr := b.Addr()
			produce := func(from, to int) {
				t.Helper()
				p := client(t, b, kgo.DisableIdempotentWrite(), kgo.RecordPartitioner(kgo.RoundRobinPartitioner()))
				for i := from; i < to; i++ {
					for _, topic := range []string{"t1", "t2"} {
						if err := p.ProduceSync(testCtx(t), &kgo.Record{Topic: topic, Value: fmt.Appendf(nil, "%d", i)}).FirstErr(); err != nil {
							t.Fatal(err)
						}
					}
				}
				p.Close()
			}
			produce(0, 10)
			r := startReader(t, b, opts...)
			eventually(t, "the first records", func() bool { return len(r.all()) == 20 })
			if err := r.cl.CommitMarkedOffsets(testCtx(t)); err != nil {
				t.Fatal(err)
			}
			member, epoch := r.cl.GroupMetadata()
			stop()
			b, stop = startAt(t, dir, addr)
			defer func() { stop() }()
			produce(10, 20)
			eventually(t, "the records after the restart", func() bool { return len(r.all()) == 40 })
			if m, e := r.cl.GroupMetadata(); m != member || e < epoch { // a client may rejoin by itself
				t.Errorf("member %s at %d was %s at %d", m, e, member, epoch)
			}
			r.leave(t)
			info := b.GroupInfos()[0]
			for _, o := range info.Offsets {
				if o.Lag != 0 {
					t.Errorf("lag after all was read: %+v", o)
				}
			}
		})
	}
}
