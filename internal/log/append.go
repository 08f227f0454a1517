package log

import (
	"errors"
	"fmt"
	"math"
	"syscall"

	"github.com/azud/azud/internal/record"
)

// Append checks the batches, gives them offsets and writes them behind the log's end. It
// changes their bytes in place; they are the caller's again when it returns. The records are
// durable, and readable, after a Sync that follows; see there. On an error nothing was
// appended.
func (p *Partition) Append(batches []byte, o AppendOptions) (Appended, error) {
	var room [few]record.Batch
	st := p.settings.Load()
	list, err := checkBatches(batches, st, &o, room[:0])
	if err != nil {
		return Appended{}, err
	}
	if list, batches, err = p.recompress(list, batches, st); err != nil {
		return Appended{}, err
	}
	if int64(len(batches)) > st.SegmentBytes {
		return Appended{}, fmt.Errorf("%w: %d bytes, a segment has %d", ErrBatchTooLarge, len(batches), st.SegmentBytes)
	}
	if p.l.full.Load() {
		return Appended{}, ErrDiskFull
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.usable(); err != nil {
		return Appended{}, err
	}
	dup, err := p.checkProducers(list, &o)
	if dup != nil || err != nil {
		return p.duplicate(dup, st), err
	}
	base := p.end.Load()
	p.place(list, base)
	if err := p.write(batches, list, o.Now, st, o.Deferred); err != nil {
		return Appended{}, err
	}
	p.stage(batches, len(list))
	a := Appended{Base: base, Next: p.end.Load(), AppendTime: -1, LogStart: p.start.Load()}
	if st.LogAppendTime {
		a.AppendTime = o.Now
	}
	return a, nil
}

// duplicate is the answer for a batch that was here already.
func (p *Partition) duplicate(d *sent, st *Settings) Appended {
	if d == nil {
		return Appended{}
	}
	a := Appended{Base: d.base, Next: d.next, AppendTime: -1, LogStart: p.start.Load(), Duplicate: true}
	if st.LogAppendTime {
		a.AppendTime = d.time
	}
	return a
}

// checkProducers compares the batches with what is known of their producers. A batch that
// is here already is returned.
//
// Kafka: UnifiedLog.analyzeAndValidateProducerState.
func (p *Partition) checkProducers(list []record.Batch, o *AppendOptions) (*sent, error) {
	for i := range list {
		b := &list[i]
		if b.Producer < 0 {
			continue
		}
		s := p.producers[b.Producer]
		if d, ok := s.duplicate(b); ok {
			return &d, nil
		}
		if i > 0 && list[i-1].Producer == b.Producer && list[i-1].Epoch == b.Epoch {
			if !follows(list[i-1].LastSequence(), b.Sequence) {
				return nil, fmt.Errorf("%w: the batch begins with sequence %d after %d", ErrOutOfOrder, b.Sequence, list[i-1].LastSequence())
			}
			continue
		}
		if b.Transactional() && !o.Txn && (s == nil || s.txnStart < 0 || s.epoch != b.Epoch) {
			return nil, fmt.Errorf("%w: producer %d has not added the partition to its transaction", ErrTxnState, b.Producer)
		}
		if err := s.checkSequence(b); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// place gives the batches their offsets.
func (p *Partition) place(list []record.Batch, next int64) {
	epoch := p.epoch.Load()
	for i := range list {
		b := &list[i]
		b.Base, b.LeaderEpoch = next, epoch
		record.Place(b.Raw, next, epoch)
		next = b.Next()
	}
}

// write writes batches, which are list's bytes, into the last segment, rolling it if due.
// Small ones may be deferred to the next flush. Markers are taken even if the disk is full:
// the journal has room for them. The caller holds mu.
func (p *Partition) write(batches []byte, list []record.Batch, now int64, st *Settings, deferred bool) error {
	marker := list[0].Control()
	if p.full && !marker {
		if err := p.flush(); err != nil {
			return err
		}
	}
	if p.due(int64(len(batches)), list, now, st) {
		if err := p.roll(now); err != nil {
			if err = p.writeFailed(err); !marker || !errors.Is(err, ErrDiskFull) {
				return err
			}
		}
	}
	if deferred && len(batches) <= p.l.deferMax() && (len(p.tail) <= tailMax || marker && p.full) {
		p.tail = append(p.tail, batches...)
	} else if err := p.writeNow(batches); err != nil {
		return err
	}
	for i := range list {
		p.note(&list[i], now)
	}
	return nil
}

const (
	deferMost = 8 << 10   // bytes of an append that is deferred
	tailMax   = 256 << 10 // bytes that wait for the committer in a partition
	tailKeep  = 32 << 10  // bytes of the buffer that stay between rounds
)

// deferMax is the largest append that is deferred. The stage always has a copy of it.
func (l *Log) deferMax() int { return min(deferMost, copyMax*l.cfg.DirectBytes) }

// writeNow writes batches to the last segment, behind what has been deferred.
func (p *Partition) writeNow(batches []byte) error {
	if err := p.flush(); err != nil {
		return err
	}
	s := p.last()
	f, err := s.openWrite()
	if err != nil {
		return p.writeFailed(err)
	}
	if n, err := f.WriteAt(batches, s.size); err != nil {
		// What stands behind the log's end must not look like a batch after a crash.
		if n > 0 || !noSpace(err) {
			if cerr := cut(f, s.size); cerr != nil {
				return p.stop(errors.Join(err, cerr))
			}
		}
		return p.writeFailed(err)
	}
	s.written.Store(s.size + int64(len(batches)))
	return nil
}

// flush writes what has been deferred. These records have been given offsets, and only the
// journal has them. So a failure stops the partition, but where the disk is full, they stay in
// memory, for readers too, until a later flush: each append tries it. The caller holds mu.
func (p *Partition) flush() error {
	if len(p.tail) == 0 {
		return nil
	}
	s := p.last()
	f, err := s.openWrite()
	if err == nil {
		_, err = f.WriteAt(p.tail, s.size-int64(len(p.tail)))
	}
	switch {
	case err != nil && noSpace(err):
		if !p.full {
			p.full = true
			p.l.checkSpaceSoon()
			p.l.log.Error("the disk is full; a partition takes no more records until there is space", "partition", p.String(), "error", err)
		}
		return fmt.Errorf("%w: %v", ErrDiskFull, err)
	case err != nil:
		return s.breakOff(p.stop(err))
	}
	s.written.Store(s.size)
	if p.full || cap(p.tail) > tailKeep {
		p.tail = nil
	}
	p.tail, p.full = p.tail[:0], false
	return nil
}

// unwritten is what readers of the last segment find behind its file. It is not changed
// later. The caller holds mu.
func (p *Partition) unwritten(s *segment) []byte {
	if !p.full || s != p.last() {
		return nil
	}
	return p.tail[:len(p.tail):len(p.tail)]
}

func noSpace(err error) bool { return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) }

// writeFailed tells a full disk, which may pass, from a broken one, which stops the partition.
func (p *Partition) writeFailed(err error) error {
	if errors.Is(err, ErrDiskFull) {
		return err
	}
	if noSpace(err) && !errors.Is(err, ErrStorage) {
		p.l.checkSpaceSoon()
		return fmt.Errorf("%w: %v", ErrDiskFull, err)
	}
	return p.stop(err)
}

// stop is fail for those who hold mu.
func (p *Partition) stop(err error) error {
	if p.err == nil {
		p.err = fmt.Errorf("%w: %v: %v", ErrStorage, p, err)
		p.l.log.Error("a partition takes no more records: its disk failed", "partition", p.String(), "error", err)
	}
	return p.err
}

// due reports whether n more bytes belong into a new segment.
//
// Kafka: LogSegment.shouldRoll.
func (p *Partition) due(n int64, list []record.Batch, now int64, st *Settings) bool {
	s := p.last()
	if s.size == 0 {
		return false
	}
	first := s.firstTime
	if first == noTime {
		first = s.created
	}
	newest := list[0].MaxTime
	if newest == noTime {
		newest = now
	}
	return s.size+n > st.SegmentBytes ||
		newest-first > st.SegmentMs-p.jitter(st) ||
		list[len(list)-1].Last()-s.base > math.MaxInt32 ||
		s.idx.bytes() >= st.SegmentIndexBytes
}

// jitter is the partition's share of segment.jitter.ms, in ms.
func (p *Partition) jitter(st *Settings) int64 {
	most := min(st.SegmentJitterMs, st.SegmentMs)
	if most <= 0 {
		return 0
	}
	h := uint64(p.last().base)*0x9e3779b97f4a7c15 ^ uint64(p.topic[0])<<32 ^ uint64(p.index)
	return int64(h>>1) % most
}

// roll begins a new segment at the log's end. The caller holds mu.
func (p *Partition) roll(now int64) error {
	if err := p.flush(); err != nil {
		return err
	}
	s, err := p.createSegment(p.end.Load(), now)
	if err != nil {
		return err
	}
	p.last().seal()
	p.rolled = append(p.rolled, p.last().acquire())
	p.segs = append(p.segs, s)
	return nil
}

// stage tells the committer of n batches that stand at the log's end. The caller holds mu.
func (p *Partition) stage(batches []byte, n int) {
	l := &p.l.stage
	l.mu.Lock()
	defer l.mu.Unlock()
	sh := l.share(p)
	l.next.batches += n
	l.next.bytes += int64(len(batches))
	switch {
	case p.l.cfg.Volatile:
	case len(batches) > copyMax*p.l.cfg.DirectBytes:
		sh.direct = true
	default:
		l.next.addBatches(p, batches)
	}
	if len(l.next.shares) == 1 && len(l.next.done) == 0 {
		l.kick()
	}
}
