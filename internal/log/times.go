package log

import (
	"io"

	"github.com/azud/azud/internal/record"
)

// none is the answer where no record fits.
var none = TimeOffset{Offset: -1, Time: -1, LeaderEpoch: -1}

// OffsetAt finds the first record of which the time is not before t, in ms.
//
// Kafka: UnifiedLog.fetchOffsetByTimestamp.
func (p *Partition) OffsetAt(t int64, iso Isolation) (TimeOffset, error) {
	segs, limit, start := p.hold(iso)
	defer releaseAll(segs)
	for i := range segs {
		h := &segs[i]
		if h.m.maxTime < t || h.m.next <= start {
			continue
		}
		found, err := h.offsetAt(t, start, limit)
		if err != nil {
			return none, p.damaged(h.seg, err)
		}
		if found.Offset >= 0 {
			return found, nil
		}
	}
	return none, nil
}

// MaxTime is the record with the greatest time, the first of several.
func (p *Partition) MaxTime() (TimeOffset, error) {
	segs, limit, start := p.hold(ReadUncommitted)
	defer releaseAll(segs)
	best := -1
	for i := range segs {
		if segs[i].m.size > 0 && (best < 0 || segs[i].m.maxTime > segs[best].m.maxTime) {
			best = i
		}
	}
	if best < 0 || segs[best].m.maxTime == noTime {
		return none, nil
	}
	h := &segs[best]
	if h.m.maxBase >= limit || h.m.maxBase < start { // not readable: what is must be looked through
		return p.maxReadable(segs, limit, start)
	}
	found, err := h.offsetAt(h.m.maxTime, start, limit)
	if err != nil {
		return none, p.damaged(h.seg, err)
	}
	return found, nil
}

// maxReadable looks at every batch for the greatest time.
func (p *Partition) maxReadable(segs []held, limit, start int64) (TimeOffset, error) {
	best, at := noTime, -1
	for i := range segs {
		f, file, err := segs[i].open()
		if err != nil {
			return none, p.damaged(segs[i].seg, err)
		}
		sc := scanner{f: f, end: segs[i].m.size}
		for sc.next() && sc.batch.Base < limit {
			if sc.batch.Base >= start && sc.batch.MaxTime > best {
				best, at = sc.batch.MaxTime, i
			}
		}
		file.done()
		if sc.err != nil {
			return none, p.damaged(segs[i].seg, sc.err)
		}
	}
	if at < 0 {
		return none, nil
	}
	return segs[at].offsetAt(best, start, limit)
}

// held is a segment with a reference, as it was.
type held struct {
	seg  *segment
	m    meta
	p    *Partition
	tail []byte // the last bytes of its size, if the file has not got them
}

// open is the segment's bytes. The caller gives the file back.
func (h *held) open() (io.ReaderAt, *handle, error) {
	f, err := h.seg.open()
	return view{f, h.m.size - int64(len(h.tail)), h.tail}, f, err
}

// hold takes references to all segments. The caller releases them.
func (p *Partition) hold(iso Isolation) (segs []held, limit, start int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.deleted {
		return nil, 0, 0
	}
	for _, s := range p.segs {
		h := held{s.acquire(), s.meta, p, p.unwritten(s)}
		h.m.size = s.written.Load() + int64(len(h.tail))
		segs = append(segs, h)
	}
	limit = p.high.Load()
	if iso == ReadCommitted {
		limit = p.stable.Load()
	}
	return segs, limit, p.start.Load()
}

func releaseAll(segs []held) {
	for _, h := range segs {
		h.seg.release()
	}
}

// offsetAt finds the first record in [start, limit) with a time from t on.
func (h *held) offsetAt(t, start, limit int64) (TimeOffset, error) {
	pos, err := h.seg.idx.find(h.seg, func(e entry) bool { return e.before < t && int64(e.pos) < h.m.size })
	if err != nil {
		return none, err
	}
	f, file, err := h.open()
	if err != nil {
		return none, err
	}
	defer file.done()
	found := none
	var d record.Decompressor
	sc := scanner{f: f, pos: pos, end: h.m.size, whole: true}
	for found.Offset < 0 && sc.next() && sc.batch.Base < limit {
		b := &sc.batch
		if b.MaxTime < t || b.Last() < start || b.Control() {
			continue
		}
		if err := b.Check(); err != nil {
			return none, err
		}
		err := b.Records(&d, func(r *record.Record) bool {
			if r.Time >= t && r.Offset >= start && r.Offset < limit {
				found = TimeOffset{r.Offset, r.Time, h.p.epochAt(r.Offset)}
			}
			return found.Offset < 0
		})
		if err != nil {
			return none, err
		}
	}
	return found, sc.err
}

func (p *Partition) epochAt(offset int64) int32 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.epochOf(offset)
}
