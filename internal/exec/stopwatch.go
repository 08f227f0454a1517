package exec

import (
	"context"
	"iter"
	"time"

	"github.com/azud/azud/internal/vec"
)

// stopwatch charges the time of one goroutine to the node that is at work. All methods take nil.
type stopwatch struct {
	now   func() time.Duration
	since time.Duration
	at    *NodeStats // nil: nobody's time
}

// enter begins to charge another node, and returns the one before.
func (s *stopwatch) enter(n *NodeStats) (before *NodeStats) {
	if s == nil {
		return nil
	}
	now := s.now()
	if s.at != nil {
		s.at.Nanos.Add(int64(now - s.since))
	}
	before, s.at, s.since = s.at, n, now
	return before
}

// fork is the watch of a goroutine that works for the same node.
func (s *stopwatch) fork() *stopwatch {
	if s == nil {
		return nil
	}
	return &stopwatch{now: s.now, since: s.now(), at: s.at}
}

func (s *stopwatch) stop() { s.enter(nil) }

type watchKey struct{}

func withWatch(ctx context.Context, s *stopwatch) context.Context {
	if s == nil || watchOf(ctx) == s {
		return ctx
	}
	return context.WithValue(ctx, watchKey{}, s)
}

func watchOf(ctx context.Context) *stopwatch {
	s, _ := ctx.Value(watchKey{}).(*stopwatch)
	return s
}

// measured counts what a node gives and charges its time to it.
type measured struct {
	node
	stats *NodeStats
}

func (o *measured) Run(ctx context.Context, e *EpochTask) iter.Seq2[*vec.Batch, error] {
	return o.count(watchOf(ctx), func() iter.Seq2[*vec.Batch, error] { return o.node.Run(ctx, e) })
}

func (o *measured) count(s *stopwatch, open func() iter.Seq2[*vec.Batch, error]) iter.Seq2[*vec.Batch, error] {
	return func(yield func(*vec.Batch, error) bool) {
		before := s.enter(o.stats)
		defer func() { s.enter(before) }()
		for b, err := range open() {
			if err == nil {
				o.stats.Rows.Add(int64(b.Rows()))
				o.stats.Batches.Add(1)
			}
			s.enter(before)
			more := yield(b, err)
			before = s.enter(o.stats)
			if !more {
				return
			}
		}
	}
}

func (o *measured) split(ctx context.Context, e *EpochTask, workers int) ([]part, error) {
	s := watchOf(ctx)
	before := s.enter(o.stats)
	parts, err := partsOf(ctx, e, o.node, workers)
	s.enter(before)
	for i, p := range parts {
		parts[i] = func(w *worker) iter.Seq2[*vec.Batch, error] {
			return o.count(w.watch, func() iter.Seq2[*vec.Batch, error] { return p(w) })
		}
	}
	return parts, err
}
