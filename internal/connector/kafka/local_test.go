package kafka

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/azud/azud/internal/broker/brokertest"
	"github.com/azud/azud/internal/log"
	"github.com/azud/azud/internal/record"
	"github.com/azud/azud/internal/sys"
)

// impatient is the real clock, but sleeps are only counted.
type impatient struct {
	sys.Clock
	slept int
}

func (c *impatient) Sleep(context.Context, time.Duration) error { c.slept++; return nil }

// localTopic is the log of a broker with a topic of one partition that has records.
func localTopic(t *testing.T, records int) (*local, *impatient, *brokertest.Server) {
	t.Helper()
	home := brokertest.Start(t)
	clock := &impatient{Clock: sys.Real().Clock}
	l := newLocal(home, clock)
	if err := l.create(t.Context(), "t", 1, nil); err != nil {
		t.Fatal(err)
	}
	if err := l.learn(t.Context(), []string{"t"}, false); err != nil {
		t.Fatal(err)
	}
	p, err := l.partition(tp{"t", 0})
	if err != nil {
		t.Fatal(err)
	}
	for range records {
		var b record.Builder
		b.Begin(record.Plain(record.None))
		b.Add(1, nil, []byte("x"))
		raw, err := b.Finish(nil, nil)
		if err == nil {
			_, err = p.Append(raw, log.AppendOptions{Now: 1})
		}
		if err == nil {
			err = home.Store().Wait(t.Context())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return l, clock, home
}

// TestAQueryFindsWhatWasAcknowledged: what was appended before a query began, if only with
// acks=1, is within its bounds.
func TestAQueryFindsWhatWasAcknowledged(t *testing.T) {
	l, _, home := localTopic(t, 1)
	gate, held := make(chan struct{}), make(chan struct{})
	home.Store().Sync(func(error) { close(held); <-gate }) // the committer rests
	<-held
	req := kmsg.NewPtrProduceRequest()
	req.SetVersion(9)
	req.Acks = 1
	var b record.Builder
	b.Begin(record.Plain(record.None))
	b.Add(1, nil, []byte("x"))
	raw, err := b.Finish(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Topics = []kmsg.ProduceRequestTopic{{Topic: "t", Partitions: []kmsg.ProduceRequestTopicPartition{{Records: raw}}}}
	if _, err := home.Request(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	learned := make(chan error, 1)
	go func() { learned <- l.learn(t.Context(), []string{"t"}, false) }()
	select {
	case <-learned:
		t.Error("the query did not wait")
		learned <- nil
	case <-time.After(20 * time.Millisecond):
	}
	close(gate)
	if err := <-learned; err != nil {
		t.Fatal(err)
	}
	if _, next, err := l.bounds(t.Context(), []string{"t"}, false); err != nil || next[tp{"t", 0}] != 2 {
		t.Fatalf("up to %v, %v", next, err)
	}
}

func TestARangeThatIsNotThereIsNotWaitedFor(t *testing.T) {
	l, _, _ := localTopic(t, 3)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	n := 0
	pos, err := l.committed(ctx, tp{"t", 0}, 0, 10, nil, func(*record.Batch, *record.Record) { n++ }, func() error { return nil })
	if pos != 3 || n != 3 || !errors.Is(err, errGone) {
		t.Errorf("read %d records up to %d: %v", n, pos, err)
	}
}

func TestAStoppedPartitionWakesTheRunnerInTurn(t *testing.T) {
	l, clock, home := localTopic(t, 1)
	if err := home.Close(); err != nil {
		t.Fatal(err)
	}
	if !l.wait(t.Context(), positions{tp{"t", 0}: 1}) || clock.slept != 1 {
		t.Errorf("it paused %d times", clock.slept)
	}
}

func TestPending(t *testing.T) {
	ended, end := context.WithCancel(t.Context())
	end()
	var p pending
	for range 2 { // it is used again
		p.add()
		p.add()
		p.done()
		if err := p.wait(ended); !errors.Is(err, context.Canceled) {
			t.Errorf("with one left: %v", err)
		}
		p.done()
		if err := p.wait(ended); err != nil {
			t.Errorf("with none left: %v", err)
		}
	}
}
