package log

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// producerExpiry is how long a producer id is known after its last batch.
//
// Kafka: producer.id.expiration.ms.
const producerExpiry = 24 * time.Hour

// checkpoints writes a checkpoint whenever one is due.
func (l *Log) checkpoints(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.due:
		case <-l.sys.Clock.After(l.cfg.CheckpointEvery):
			if l.appended.Load() == 0 {
				continue
			}
		}
		if err := l.checkpoint(false); err != nil && l.Err() == nil && ctx.Err() == nil && !errors.Is(err, errBroken) {
			l.log.Error("a checkpoint failed; the next one tries again", "error", err)
		}
	}
}

// wrote counts bytes towards the next checkpoint.
func (l *Log) wrote(n int64) {
	if l.appended.Add(n) >= l.cfg.CheckpointBytes {
		l.checkpointSoon()
	}
}

func (l *Log) checkpointSoon() {
	select {
	case l.due <- struct{}{}:
	default:
	}
}

// checkpoint makes the state durable without the journal: it captures the state, waits until
// all of it is durable, syncs the segments and stores the snapshot. Then the journal before
// it can go. The last one is of a log on which nothing runs any more.
func (l *Log) checkpoint(last bool) error {
	l.snapMu.Lock()
	defer l.snapMu.Unlock()
	l.appended.Store(0)
	dropped := l.dropped.take()
	defer func() { l.dropped.back(dropped) }()
	s, dirty := l.capture()
	if s.broken != nil {
		l.appended.Add(1) // so that the next one tries again
		return l.keepJournal(s.broken, dirty)
	}
	defer func() {
		for _, d := range dirty {
			d.seg.release()
		}
	}()
	if !last {
		// Else the snapshot could have half of a Write of which the crash takes the rest.
		if err := l.Wait(context.Background()); err != nil {
			return err
		}
	}
	for _, d := range dirty {
		if err := d.seg.sync(d.size); err != nil {
			d.p.fail(err)
			return fmt.Errorf("%w: %v", ErrStorage, err)
		}
		if err := d.seg.save(d.size); err != nil {
			return err
		}
	}
	if last {
		s.at.pos = -1
	}
	for i := range s.parts {
		for k, seg := range s.parts[i].live {
			s.parts[i].segs[k].index = seg.idx.known()
		}
	}
	l.snapN++
	s.n = l.snapN
	if err := storeSnapshot(l.sys.FS, l.cfg.Dir, s); err != nil {
		return err
	}
	removeSegments(dropped)
	dropped = nil
	if l.journal != nil {
		l.journal.recycle(s.at.gen)
	}
	return nil
}

// keepJournal ends a checkpoint because a partition has failed: what it acknowledged may be in
// the journal only, and what the partition has in memory may be on no disk. The next start
// puts it together from the last snapshot and the journal, which grows until then. The same
// holds as long as the disk has no space for what a partition has in memory.
func (l *Log) keepJournal(p *Partition, dirty []unsynced) error {
	for _, d := range dirty {
		d.seg.release()
	}
	p.mu.Lock()
	failed := p.err != nil
	p.mu.Unlock()
	if !failed {
		return fmt.Errorf("%w: %v cannot be written", ErrDiskFull, p)
	}
	if !l.broken.Swap(true) {
		l.log.Error("the journal grows until the next start: the disk failed for a partition", "partition", p.String())
	}
	return errBroken
}

// errBroken says that there is no checkpoint because a partition has failed.
var errBroken = fmt.Errorf("%w: there is no checkpoint until the next start", ErrStorage)

// unsynced is a segment that a checkpoint must sync up to a size.
type unsynced struct {
	p    *Partition
	seg  *segment
	size int64
}

// capture takes a copy of the state, at the place where the journal is.
func (l *Log) capture() (*snapshot, []unsynced) {
	l.changes.Lock()
	defer l.changes.Unlock()
	s := &snapshot{at: l.journal.marked()}
	l.tables.mu.RLock()
	for i := range s.tables {
		s.tables[i] = maps.Clone(l.tables.of[i])
	}
	l.tables.mu.RUnlock()
	var dirty []unsynced
	since := l.sys.Clock.Now().Add(-producerExpiry).UnixMilli()
	for _, id := range slices.Sorted(maps.Keys(s.tables[tableTopics])) {
		t := l.topics.Load().byID[TopicID([]byte(id))]
		if t == nil {
			continue // being made: nothing is in it yet
		}
		for _, p := range t.parts {
			st, d, failed := p.capture(since)
			if failed {
				s.broken = p
			}
			s.parts = append(s.parts, st)
			dirty = append(dirty, d...)
		}
	}
	return s, dirty
}

// capture takes a copy of the partition's state, and forgets producers that sent nothing
// since a time (ms).
func (p *Partition) capture(since int64) (partState, []unsynced, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = p.flush() // a failure has stopped the partition, or left a tail
	p.expireProducers(since)
	st := partState{
		topic: p.topic, index: p.index, start: p.start.Load(), end: p.end.Load(), cleaned: p.cleaned,
		epochs: slices.Clone(p.epochs), producers: make(map[int64]*producer, len(p.producers)),
	}
	for id, s := range p.producers {
		c := *s
		st.producers[id] = &c
	}
	var dirty []unsynced
	for _, s := range p.segs {
		st.segs, st.live = append(st.segs, s.meta), append(st.live, s)
		if s.synced.Load() < s.size || s.fresh.Load() || s.broken() != nil || s.unsaved() {
			dirty = append(dirty, unsynced{p, s.acquire(), s.size})
		}
	}
	return st, dirty, p.err != nil || len(p.tail) > 0
}
