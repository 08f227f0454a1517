package log

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/azud/azud/internal/record"
)

// Reader reads a partition for who wants records: batches without control batches and those of
// aborted transactions. It is for one goroutine at a time.
type Reader struct {
	p       *Partition
	w       Waiter
	buf     []byte
	batches []record.Batch
	watches bool
}

// Reader makes a reader. Close it when done.
func (p *Partition) Reader() *Reader {
	return &Reader{p: p, w: Waiter{C: make(chan struct{}, 1)}}
}

// Close ends the reader's hold on the partition.
func (r *Reader) Close() error {
	if r.watches {
		r.p.Unwatch(&r.w)
		r.watches = false
	}
	r.buf, r.batches = nil, nil
	return nil
}

// Read reads batches from the one that holds the offset from on; of the first one, the
// caller skips the records below it. It waits until there is something, or ctx ends. The
// batches are borrowed until the next call. next is where to go on; it goes beyond from even
// where all was dropped or has been compacted away, and then there are no batches.
// ErrOutOfRange if from is outside of the log; ErrDamaged if a batch does not check.
func (r *Reader) Read(ctx context.Context, from int64, maxBytes int, iso Isolation) (batches []record.Batch, next int64, err error) {
	return r.read(ctx, from, maxBytes, iso, -1)
}

// ReadFor is Read that waits at most so long; then it answers without batches, and next is
// from. With 0 it does not wait.
func (r *Reader) ReadFor(ctx context.Context, from int64, maxBytes int, iso Isolation, most time.Duration) (batches []record.Batch, next int64, err error) {
	return r.read(ctx, from, maxBytes, iso, max(most, 0))
}

func (r *Reader) read(ctx context.Context, from int64, maxBytes int, iso Isolation, most time.Duration) ([]record.Batch, int64, error) {
	var limit <-chan time.Time
	for {
		c, err := r.p.Read(from, maxBytes, iso, r.buf[:0])
		if cap(c.Batches) > cap(r.buf) {
			r.buf = c.Batches
		}
		if err != nil {
			return nil, from, err
		}
		if len(c.Batches) > 0 || c.Next > from {
			return r.keep(&c)
		}
		if most == 0 {
			return nil, from, nil
		}
		if !r.watches { // and look once more: what came before it does not wake
			r.p.Watch(&r.w)
			r.watches = true
			continue
		}
		if err := r.p.l.readable(); err != nil {
			return nil, from, err
		}
		if most > 0 && limit == nil {
			limit = r.p.l.sys.Clock.After(most)
		}
		select {
		case <-r.w.C:
		case <-limit:
			return nil, from, nil
		case <-ctx.Done():
			return nil, from, ctx.Err()
		}
	}
}

// readable is why nothing will ever come any more: the journal failed. Closed logs and
// deleted topics are told by Read.
func (l *Log) readable() error { return l.Err() }

// keep takes a chunk apart.
func (r *Reader) keep(c *Chunk) ([]record.Batch, int64, error) {
	r.batches = r.batches[:0]
	drop := dropper{next: c.Aborted}
	for rest := c.Batches; len(rest) > 0; {
		b, ok, err := record.Parse(rest)
		if err == nil && !ok {
			err = errors.New("it is cut off")
		}
		if err != nil {
			return nil, b.Base, r.p.damagedBatch(err)
		}
		rest = rest[len(b.Raw):]
		if !drop.batch(&b) {
			r.batches = append(r.batches, b)
		}
	}
	return r.batches, c.Next, nil
}

// dropper tells which batches are of aborted transactions, or control batches.
//
// Kafka: CompletedFetch.nextFetchedRecord in the consumer.
type dropper struct {
	next []Aborted // not begun yet, by First
	open []Aborted
}

// batch reports whether a reader must not see the batch. Batches come in order.
func (d *dropper) batch(b *record.Batch) bool {
	for len(d.next) > 0 && d.next[0].First <= b.Last() {
		d.open = append(d.open, d.next[0])
		d.next = d.next[1:]
	}
	if b.Control() {
		d.open = slices.DeleteFunc(d.open, func(a Aborted) bool { return a.Producer == b.Producer && a.Last <= b.Base })
		return true
	}
	return b.Transactional() && slices.ContainsFunc(d.open, func(a Aborted) bool {
		return a.Producer == b.Producer && a.First <= b.Base && b.Base < a.Last
	})
}
