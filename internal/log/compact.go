package log

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/azud/azud/internal/record"
)

// keyMapBytes bounds the memory of one compaction.
//
// Kafka: log.cleaner.dedupe.buffer.size, which is 128 MiB there.
const keyMapBytes = 32 << 20

// Compact compacts the partitions of compacted topics that are due. The log does it by
// itself every Config.CompactEvery. A partition that fails is left as it is; the error has all.
func (l *Log) Compact(ctx context.Context) error { return l.compact(ctx, keyMapBytes) }

func (l *Log) compact(ctx context.Context, memory int) error {
	l.compacting.Lock()
	defer l.compacting.Unlock()
	due, err := l.compactDue()
	if len(due) == 0 {
		return err
	}
	if !l.cfg.Volatile {
		// Recovery takes what it knows of producers from a snapshot and from the batches behind
		// it: a batch must be in the first before it leaves the second.
		if cerr := l.checkpoint(false); cerr != nil {
			return errors.Join(err, diskError(cerr))
		}
	}
	for _, d := range due {
		if ctx.Err() != nil {
			return errors.Join(err, ctx.Err())
		}
		if perr := d.p.compact(ctx, d.end, memory); perr != nil && !errors.Is(perr, ErrNoPartition) && !errors.Is(perr, ErrClosed) {
			err = errors.Join(err, fmt.Errorf("compacting %v: %w", d.p, diskError(perr)))
		}
	}
	return err
}

// dueUpTo is a partition to be compacted, and the offset where that must end.
type dueUpTo struct {
	p   *Partition
	end int64
}

// compactDue finds the partitions to compact.
func (l *Log) compactDue() (due []dueUpTo, err error) {
	for _, t := range l.Topics().All() {
		if !t.settings.Compact {
			continue
		}
		for _, p := range t.parts {
			c, perr := p.plan(math.MaxInt64)
			if perr != nil && !errors.Is(perr, ErrNoPartition) && !errors.Is(perr, ErrClosed) {
				err = errors.Join(err, perr)
			}
			if c != nil {
				due = append(due, dueUpTo{p, c.end})
				c.release()
			}
		}
	}
	return due, err
}

// diskError gives an error of the file system the log's own kind.
func diskError(err error) error {
	switch {
	case err == nil, errors.Is(err, ErrStorage), errors.Is(err, ErrDiskFull), errors.Is(err, ErrDamaged),
		errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case noSpace(err):
		return fmt.Errorf("%w: %w", ErrDiskFull, err)
	}
	return fmt.Errorf("%w: %w", ErrStorage, err)
}

// cleaning is one pass over a partition. It has references to its segments.
type cleaning struct {
	p       *Partition
	st      *Settings
	segs    []*segment // sealed, durable, free of open transactions
	end     int64      // of the last one
	dirty   int64      // offset from which on records have not been compacted
	aborted []Aborted
	f       filter
}

func (c *cleaning) release() {
	for _, s := range c.segs {
		s.release()
	}
}

// compact makes as many passes over the partition up to an offset as its keys need.
func (p *Partition) compact(ctx context.Context, end int64, memory int) error {
	keys := newKeyMap(memory)
	for {
		c, err := p.plan(end)
		if c == nil || err != nil {
			return err
		}
		c.f.keys = keys
		more, err := c.run(ctx)
		c.release()
		if err != nil || !more {
			return err
		}
		keys.clear()
	}
}

// plan decides whether the partition is due, and what the pass takes: nothing behind end.
//
// Kafka: LogCleanerManager.grabFilthiestCompactedLog, cleanableOffsets.
func (p *Partition) plan(end int64) (*cleaning, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.usable(); err != nil {
		return nil, err
	}
	now, st := p.l.now(), p.settings.Load()
	c := &cleaning{p: p, st: st, dirty: max(p.cleaned, p.segs[0].base)}
	var clean, dirty int64
	oldest := int64(math.MaxInt64) // time of the first record not compacted
	for i, s := range p.segs[:len(p.segs)-1] {
		next := p.segs[i+1].base
		if next > min(p.stable.Load(), end) || s.synced.Load() < s.size || s.fresh.Load() ||
			st.MinCompactionLagMs > 0 && s.maxTime > now-st.MinCompactionLagMs {
			break
		}
		if c.end = next; next <= c.dirty {
			clean += s.size
		} else {
			dirty += s.size
			if s.firstTime != noTime {
				oldest = min(oldest, s.firstTime)
			}
		}
		c.segs = append(c.segs, s)
	}
	due := dirty > 0 && (float64(dirty) > st.MinCleanableRatio*float64(clean+dirty) ||
		oldest < now-min(st.MaxCompactionLagMs, now))
	if !due {
		return nil, nil
	}
	for _, s := range c.segs {
		s.acquire()
	}
	c.f = filter{
		now: now, deleteRetention: st.DeleteRetentionMs, producers: make(map[int64]lastOfProducer, len(p.producers)),
		dec: new(record.Decompressor), com: new(record.Compressor),
	}
	for id, s := range p.producers {
		last := lastOfProducer{offset: -1, epoch: s.epoch}
		if s.n > 0 {
			last.offset = s.batches[s.n-1].next - 1
		}
		c.f.producers[id] = last
	}
	return c, nil
}

// run makes the pass. more says that the map of keys was full before the end.
func (c *cleaning) run(ctx context.Context) (more bool, err error) {
	if c.aborted, err = c.p.abortedFrom(c.segs[0], c.end); err != nil {
		return false, err
	}
	if err := c.mapKeys(ctx); err != nil {
		return false, err
	}
	c.f.txns = newTxnTracker(c.aborted)
	for from := 0; from < len(c.segs) && c.segs[from].base < c.f.mapped; {
		to := c.group(from)
		if err := c.rewrite(ctx, from, to); err != nil {
			return false, err
		}
		from = to
	}
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	c.p.cleaned = c.f.mapped
	return c.f.mapped < c.end, nil
}

// mapKeys notes the last offset of each key in what is not compacted yet, as far as there is
// memory.
//
// Kafka: Cleaner.buildOffsetMap.
func (c *cleaning) mapKeys(ctx context.Context) error {
	c.f.mapped = c.dirty
	txns := newTxnTracker(c.aborted)
	for i, s := range c.segs {
		if c.limit(i) <= c.dirty {
			continue
		}
		full := false
		err := s.each(ctx, func(b *record.Batch) error {
			if b.Control() || b.Last() < c.dirty {
				txns.reach(b)
				if b.Control() {
					txns.marker(b)
				}
				return nil
			}
			if int(b.Count) > c.f.keys.room() && c.f.mapped > c.dirty {
				full = true
				return errStop
			}
			if !txns.batch(b) {
				if err := c.mapBatch(b); err != nil {
					return err
				}
			}
			c.f.mapped = b.Next()
			return nil
		})
		if err != nil && !errors.Is(err, errStop) {
			return err
		}
		if full {
			return nil
		}
		c.f.mapped = c.limit(i)
	}
	return nil
}

func (c *cleaning) mapBatch(b *record.Batch) error {
	err := b.Records(c.f.dec, func(r *record.Record) bool {
		if r.Key != nil && r.Offset >= c.dirty {
			c.f.keys.put(r.Key, r.Offset)
		}
		return true
	})
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return nil
}

// limit is where the segment after the i-th begins.
func (c *cleaning) limit(i int) int64 {
	if i+1 < len(c.segs) {
		return c.segs[i+1].base
	}
	return c.end
}

// group is the end of the segments from one on that become one.
//
// Kafka: Cleaner.groupSegmentsBySize.
func (c *cleaning) group(from int) int {
	size := c.segs[from].size
	to := from + 1
	for to < len(c.segs) && c.segs[to].base < c.f.mapped && size+c.segs[to].size <= c.st.SegmentBytes &&
		c.limit(to)-c.segs[from].base < math.MaxInt32 {
		size += c.segs[to].size
		to++
	}
	return to
}

// abortedFrom lists the aborted transactions that reach from a segment on, as far as they
// begin before end.
func (p *Partition) abortedFrom(first *segment, end int64) ([]Aborted, error) {
	return p.abortedIn(first.base, end)
}

// errStop ends a walk over batches early.
var errStop = errors.New("enough")

// each yields the segment's batches, whole and with their CRC checked.
func (s *segment) each(ctx context.Context, yield func(*record.Batch) error) error {
	f, err := s.open()
	if err != nil {
		return err
	}
	defer f.done()
	sc := scanner{f: f, end: s.sealedSize(), whole: true}
	for n := 0; sc.next(); n++ {
		if n%64 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if err := sc.batch.Check(); err != nil {
			return fmt.Errorf("%w: %w", ErrDamaged, err)
		}
		if err := yield(&sc.batch); err != nil {
			return err
		}
	}
	switch {
	case sc.err != nil:
		return sc.err
	case sc.pos < sc.end:
		return fmt.Errorf("%w: no batch at byte %d of %s", ErrDamaged, sc.pos, s.name(".log"))
	}
	return nil
}
