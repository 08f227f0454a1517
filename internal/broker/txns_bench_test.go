package broker

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/azud/azud/internal/log"
	"github.com/azud/azud/internal/sys"
)

// handClock goes on only by advance, which wakes those who wait.
type handClock struct {
	mu      sync.Mutex
	now     time.Time
	waiting []handWait
}

type handWait struct {
	at time.Time
	c  chan time.Time
}

func (c *handClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *handClock) After(d time.Duration) <-chan time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	w := handWait{c.now.Add(d), make(chan time.Time, 1)}
	if d <= 0 {
		w.c <- c.now
		return w.c
	}
	c.waiting = append(c.waiting, w)
	return w.c
}

func (c *handClock) Sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-c.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *handClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	var left []handWait
	for _, w := range c.waiting {
		if w.at.After(c.now) {
			left = append(left, w)
			continue
		}
		w.c <- c.now
	}
	c.waiting = left
}

// txnBench is a broker that can be restarted, on a disk in memory and a clock by hand.
type txnBench struct {
	t        *testing.T
	clock    *handClock
	sys      *sys.Sys
	settings map[string]string
	b        *Broker
}

func newTxnBench(t *testing.T, settings map[string]string) *txnBench {
	x := &txnBench{t: t, clock: &handClock{now: time.UnixMilli(time.Now().UnixMilli())}, settings: settings}
	s := *sys.Real()
	s.FS, s.Clock = vfs.NewMem(), x.clock
	x.sys = &s
	x.open()
	t.Cleanup(x.close)
	return x
}

func (x *txnBench) open() {
	quiet := slog.New(slog.DiscardHandler)
	store, err := log.Open(x.t.Context(), log.Config{Sys: x.sys, Dir: "/log", Log: quiet, MinFree: -1, JournalBytes: 1 << 20})
	if err != nil {
		x.t.Fatal(err)
	}
	x.b, err = Start(x.t.Context(), Config{Sys: x.sys, Log: quiet, Store: store, Listeners: []Listener{{Addr: "localhost:0"}}, Settings: x.settings})
	if err != nil {
		x.t.Fatal(err)
	}
}

func (x *txnBench) close() {
	if err := x.b.Close(); err != nil {
		x.t.Error(err)
	}
	if err := x.b.store.Close(); err != nil {
		x.t.Error(err)
	}
}

func (x *txnBench) restart() {
	x.close()
	x.open()
}

// txn is a producer with a transactional id.
func (x *txnBench) txn(id string) txnScript {
	return txnScript{&script{peer: callPeer{x.t, x.b}, names: map[string]string{}}, id}
}

// topic makes a topic of two partitions.
func (x *txnBench) topic(name string) {
	createTopics(x.txn("").script, "", 4, false, newTopic{name: name, partitions: 2, factor: 1})
}

func (x *txnBench) part(name string, n int32) *log.Partition {
	return x.b.store.Topics().ByName(name).Partition(n)
}

// settled waits until no transaction holds a partition back, and nothing is on its way.
func (x *txnBench) settled(name string, n int32) {
	x.t.Helper()
	if err := x.b.store.Wait(testCtx(x.t)); err != nil {
		x.t.Fatal(err)
	}
	if p := x.part(name, n); p.Stable() != p.End() {
		x.t.Fatalf("%s-%d is stable up to %d of %d", name, n, p.Stable(), p.End())
	}
}

// committed is a group's offset, and whether a transaction is going to change it.
func (x *txnBench) committed(group, topic string, n int32) (offset int64, pending bool) {
	r := kmsg.NewPtrOffsetFetchRequest()
	r.SetVersion(7)
	r.Group, r.RequireStable = group, true
	r.Topics = []kmsg.OffsetFetchRequestTopic{{Topic: topic, Partitions: []int32{n}}}
	p := callPeer{x.t, x.b}.ask(r).(*kmsg.OffsetFetchResponse).Topics[0].Partitions[0]
	return p.Offset, p.ErrorCode == kerr.UnstableOffsetCommit.Code
}
