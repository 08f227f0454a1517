package log

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// DeleteBefore moves the log start up to an offset; -1 stands for the high watermark. It
// returns the log start, which is durable after a Sync; files go with the next checkpoint. An
// offset below the log start changes nothing; one above the high watermark is ErrOutOfRange.
//
// Kafka: ReplicaManager.deleteRecords.
func (p *Partition) DeleteBefore(offset int64) (start int64, err error) {
	p.reshape.Lock()
	defer p.reshape.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	start = p.start.Load()
	if err := p.usable(); err != nil {
		return start, err
	}
	high := p.high.Load()
	if offset == -1 {
		offset = high
	}
	if offset < 0 || offset > high {
		return start, fmt.Errorf("%w: records before %d cannot be deleted: the log has [%d, %d)", ErrOutOfRange, offset, start, high)
	}
	p.trim(offset)
	return p.start.Load(), nil
}

// trim moves the log start and drops the segments before it. The caller holds reshape and mu.
func (p *Partition) trim(start int64) {
	if start <= p.start.Load() {
		return
	}
	p.start.Store(start)
	p.settle()
	n := 0
	for n < len(p.segs)-1 && p.segs[n+1].base <= start {
		n++
	}
	dropped := p.segs[:n:n]
	p.segs = append([]*segment(nil), p.segs[n:]...)
	p.forgetHints()
	p.l.stageStart(p, start)
	p.l.drop(dropped...)
}

// forgetHints lets go of segments that are dropped. The caller holds mu.
func (p *Partition) forgetHints() { p.hints = [hints]hint{} }

// stageStart stages a partition's new log start. The caller holds the partition's lock.
func (l *Log) stageStart(p *Partition, start int64) {
	st := &l.stage
	st.mu.Lock()
	defer st.mu.Unlock()
	st.next.must = true
	if !l.cfg.Volatile {
		at := st.next.begin(entryStart)
		e := enc{st.next.buf}
		e.id(p.topic)
		e.u32(uint32(p.index))
		e.i64(start)
		st.next.buf = e.b
		st.next.end(at)
	}
	st.kick()
}

// drops are segments that no list has any more, and whose files stay until a snapshot does
// without them.
type drops struct {
	mu   sync.Mutex
	segs []*segment
}

// drop gives segments up. Their files go with the next checkpoint: until then a crash must
// find in them what the last snapshot does not know yet, as the ends of transactions and the
// sequences of producers.
func (l *Log) drop(segs ...*segment) {
	if len(segs) == 0 {
		return
	}
	if l.cfg.Volatile {
		removeSegments(segs)
		return
	}
	l.dropped.mu.Lock()
	l.dropped.segs = append(l.dropped.segs, segs...)
	l.dropped.mu.Unlock()
	l.checkpointSoon()
}

// take returns the segments that a snapshot captured from now on does without.
func (d *drops) take() []*segment {
	d.mu.Lock()
	defer d.mu.Unlock()
	segs := d.segs
	d.segs = nil
	return segs
}

// back returns what take took, for the next checkpoint.
func (d *drops) back(segs []*segment) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.segs = append(segs, d.segs...)
}

// removeSegments gives segments back; their files go with the last reader.
func removeSegments(segs []*segment) {
	for _, s := range segs {
		s.gone.Store(true)
		s.release()
	}
}

// When the log looks after its segments, unless Config says otherwise.
//
// Kafka: log.retention.check.interval.ms, log.cleaner.backoff.ms, log.initial.task.delay.ms.
const (
	retainEvery  = 5 * time.Minute
	compactEvery = 15 * time.Second
	firstRetain  = 30 * time.Second
)

// maintain removes and compacts what is due, until the log closes.
func (l *Log) maintain(ctx context.Context) {
	retain := l.sys.Clock.After(min(firstRetain, l.cfg.RetainEvery))
	compact := l.sys.Clock.After(l.cfg.CompactEvery)
	for {
		select {
		case <-ctx.Done():
			return
		case <-retain:
			l.report("retention", l.Retain(ctx))
			retain = l.sys.Clock.After(l.cfg.RetainEvery)
		case <-compact:
			l.report("compaction", l.Compact(ctx))
			compact = l.sys.Clock.After(l.cfg.CompactEvery)
		}
	}
}

// report says why a task of the background failed, unless the log as a whole has or closes.
func (l *Log) report(task string, err error) {
	if err != nil && l.Err() == nil && !l.closed.Load() {
		l.log.Error("a task of the log failed; it is tried again", "task", task, "error", err)
	}
}

// Retain removes what the topics' retention says is too old or too much. The log does it by
// itself every Config.RetainEvery.
func (l *Log) Retain(ctx context.Context) error {
	var all error
	for _, t := range l.Topics().All() {
		if !t.settings.Delete {
			continue
		}
		for _, p := range t.parts {
			if ctx.Err() != nil {
				return errors.Join(all, ctx.Err())
			}
			if err := p.retain(l.now()); err != nil && !errors.Is(err, ErrNoPartition) && !errors.Is(err, ErrClosed) {
				all = errors.Join(all, err)
			}
		}
	}
	return all
}

// retain drops the segments at the log's start that are due; the one that is appended to
// also, by a new one in its place.
//
// Kafka: UnifiedLog.deleteOldSegments.
func (p *Partition) retain(now int64) error {
	p.reshape.Lock()
	defer p.reshape.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.usable(); err != nil {
		return err
	}
	st := p.settings.Load()
	n := max(p.tooOld(now, st), p.tooMuch(st))
	if n == 0 {
		return nil
	}
	if n == len(p.segs) {
		if err := p.roll(now); err != nil {
			return p.writeFailed(err)
		}
	}
	start := p.segs[n].base
	p.l.log.Info("records are removed by retention", "partition", p.String(), "before", start, "segments", n)
	p.trim(start)
	return nil
}

// tooOld is the number of segments at the start whose latest record is out of retention.ms.
// The caller holds mu.
func (p *Partition) tooOld(now int64, st *Settings) int {
	if st.RetentionMs < 0 {
		return 0
	}
	n := 0
	for p.removable(n) {
		s := p.segs[n]
		latest := s.maxTime
		if latest == noTime {
			latest = s.created
		}
		if now-latest <= st.RetentionMs {
			break
		}
		n++
	}
	return n
}

// tooMuch is the number of segments at the start without which the partition still has
// retention.bytes. The caller holds mu.
func (p *Partition) tooMuch(st *Settings) int {
	if st.RetentionBytes < 0 {
		return 0
	}
	over := -st.RetentionBytes
	for _, s := range p.segs {
		over += s.size
	}
	n := 0
	for p.removable(n) && over >= p.segs[n].size {
		over -= p.segs[n].size
		n++
	}
	return n
}

// removable reports whether the n-th segment may go, given that those before it go: all of
// it is durable, and if it is the last one, it has something. The caller holds mu.
func (p *Partition) removable(n int) bool {
	if n >= len(p.segs) {
		return false
	}
	s := p.segs[n]
	next := s.next
	if n+1 < len(p.segs) {
		next = p.segs[n+1].base
	}
	return next <= p.high.Load() && (n+1 < len(p.segs) || s.size > 0)
}
