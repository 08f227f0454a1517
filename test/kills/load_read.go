package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// reader is a view that grows.
type reader struct {
	mu   sync.Mutex
	view view
	next map[part]int64 // after the last record, control records too
}

func newReader(name string, committed bool) *reader {
	return &reader{view: view{name: name, committed: committed, parts: map[part][]seen{}}, next: map[part]int64{}}
}

// take adds what was fetched. The ledger is asked about transactions if it is given.
func (r *reader) take(l *ledger, rec *kgo.Record, during bool) {
	p := part{rec.Topic, rec.Partition}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.next[p] = rec.Offset + 1
	if rec.Attrs.IsControl() {
		return
	}
	id, ok := idOf(rec)
	if !ok {
		l.complain(kindForeign, "%s: %s: offset %d is not as it was sent", r.view.name, p, rec.Offset)
		return
	}
	if during && r.view.committed && l.undecided(id) {
		r.view.early = append(r.view.early, id)
	}
	r.view.parts[p] = append(r.view.parts[p], seen{rec.Offset, id})
}

func isolation(committed bool) kgo.Opt {
	if committed {
		return kgo.FetchIsolationLevel(kgo.ReadCommitted())
	}
	return kgo.FetchIsolationLevel(kgo.ReadUncommitted())
}

// follow reads topics from their start, across restarts, until the run ends. Where nothing may be
// removed, an offset that the broker does not have is a loss.
func (w *world) follow(all context.Context, name string, committed, removed bool, topics map[string]int) error {
	r := newReader(name, committed)
	w.l.mu.Lock()
	w.l.live = append(w.l.live, r)
	w.l.mu.Unlock()
	reset := kgo.ConsumeResetOffset(kgo.NoResetOffset())
	if removed {
		reset = kgo.ConsumeResetOffset(kgo.NewOffset().AtStart())
	}
	cl, err := kgo.NewClient(w.clientOpts(isolation(committed), reset, kgo.ConsumePartitions(fromStartOf(topics)),
		kgo.FetchMaxWait(300*time.Millisecond), kgo.FetchMaxBytes(4<<20))...)
	if err != nil {
		return err
	}
	defer cl.Close()
	for {
		fetches := cl.PollFetches(all)
		if all.Err() != nil {
			return nil
		}
		fetches.EachError(func(topic string, n int32, err error) { w.fetchError(name, topic, n, err) })
		fetches.EachRecord(func(rec *kgo.Record) { r.take(w.l, rec, true) })
	}
}

// fetchError tells the errors of a broker that goes and comes from those of one that has lost
// something.
func (w *world) fetchError(reader, topic string, n int32, err error) {
	if loss := (*kgo.ErrDataLoss)(nil); errors.As(err, &loss) {
		w.l.complain(kindLost, "%s: %s-%d: %v", reader, topic, n, err)
		return
	}
	w.l.complain("fetch", "%s: %s-%d: %v", reader, topic, n, err)
}

func fromStartOf(topics map[string]int) map[string]map[int32]kgo.Offset {
	out := map[string]map[int32]kgo.Offset{}
	for t, n := range topics {
		out[t] = map[int32]kgo.Offset{}
		for i := range n {
			out[t][int32(i)] = kgo.NewOffset().At(0)
		}
	}
	return out
}

// readAll reads partitions from starts up to ends.
func (w *world) readAll(ctx context.Context, name string, committed bool, starts, ends map[part]int64) (view, error) {
	r := newReader(name, committed)
	r.view.whole = true
	from := map[string]map[int32]kgo.Offset{}
	for p, end := range ends {
		r.next[p] = starts[p]
		if starts[p] >= end {
			continue
		}
		if from[p.topic] == nil {
			from[p.topic] = map[int32]kgo.Offset{}
		}
		from[p.topic][p.n] = kgo.NewOffset().At(starts[p])
	}
	reset := kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()) // retention goes on; glance sees to the starts of the others
	cl, err := kgo.NewClient(w.clientOpts(isolation(committed), reset, kgo.ConsumePartitions(from),
		kgo.KeepControlRecords(), kgo.FetchMaxWait(200*time.Millisecond), kgo.FetchMaxBytes(16<<20))...)
	if err != nil {
		return r.view, err
	}
	defer cl.Close()
	for quiet := 0; quiet < w.patience && !r.reached(ends); {
		poll, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
		fetches := cl.PollFetches(poll)
		cancel()
		if ctx.Err() != nil {
			return r.view, ctx.Err()
		}
		quiet++
		fetches.EachError(func(topic string, n int32, err error) {
			if !errors.Is(err, context.DeadlineExceeded) {
				w.fetchError(name, topic, n, err)
			}
		})
		fetches.EachRecord(func(rec *kgo.Record) { quiet = 0; r.take(w.l, rec, false) })
	}
	w.reportShort(r, ends)
	return r.view, nil
}

func (r *reader) reached(ends map[part]int64) bool {
	for p, end := range ends {
		if r.next[p] < end {
			return false
		}
	}
	return true
}

// reportShort says which partitions that keep everything were not read to their end.
func (w *world) reportShort(r *reader, ends map[part]int64) {
	for p, end := range ends {
		if r.next[p] < end && !r.view.committed && keptTopics()[p.topic] > 0 {
			w.l.complain(kindLost, "%s: %s cannot be read beyond %d, and ends at %d", r.view.name, p, r.next[p], end)
		}
	}
}
