package log

import (
	"errors"
	"fmt"
	"io"
	"math"
	"math/bits"
	"slices"

	"github.com/azud/azud/internal/record"
)

// hints remember where the next read of a consumer begins.
const hints = 8

type hint struct {
	offset int64
	seg    *segment
	pos    int64
}

// span is what a read may take of one segment, of which the reader has a reference.
type span struct {
	seg    *segment
	start  int64 // log start
	high   int64
	stable int64
	limit  int64  // offset before which batches must begin
	pos    int64  // where to begin; -1: find it
	size   int64  // of the segment
	tail   []byte // the last of these bytes, if the file has not got them
	next   int64  // offset after the segment
	last   bool   // the segment is the one that is appended to
}

// Read reads whole batches from the one that holds offset from on, at least one if there is
// any, else about maxBytes. buf is used if it is large enough; the Chunk's bytes are then in
// it. Where nothing is left up to the end that the reader may see, Next is that end.
// ErrOutOfRange outside of [Start, High]; the Chunk has these also then.
func (p *Partition) Read(from int64, maxBytes int, iso Isolation, buf []byte) (Chunk, error) {
	at := from
	for {
		sp, c, err := p.span(at, from, iso)
		if err != nil || sp.seg == nil {
			return c, err
		}
		c.Batches, err = sp.read(at, maxBytes, buf)
		if err == nil && len(c.Batches) > 0 {
			p.remember(&sp, &c)
			if iso == ReadCommitted {
				c.Aborted, err = p.abortedIn(from, c.Next)
			}
		}
		sp.seg.release()
		switch {
		case errors.Is(err, ErrClosed), errors.Is(err, ErrNoPartition), errors.Is(err, ErrOutOfRange):
			return Chunk{Next: from, Start: c.Start, High: c.High, Stable: c.Stable}, err // gone meanwhile
		case err != nil:
			return c, p.damaged(sp.seg, err)
		}
		if len(c.Batches) > 0 {
			return c, nil
		}
		if sp.last || sp.next >= sp.limit { // what was there is gone, and nothing will come there
			c.Next = max(from, sp.limit)
			return c, nil
		}
		at = max(sp.next, at) // nothing is left of this segment
	}
}

// span finds the segment for a read at an offset. It has none if there is nothing to read.
func (p *Partition) span(at, from int64, iso Isolation) (span, Chunk, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	sp := span{start: p.start.Load(), high: p.high.Load(), stable: p.stable.Load(), pos: -1}
	c := Chunk{Next: from, Start: sp.start, High: sp.high, Stable: sp.stable}
	switch {
	case p.l.closed.Load():
		return sp, c, ErrClosed
	case p.deleted:
		return sp, c, ErrNoPartition
	}
	if from < sp.start || from > sp.high {
		return sp, c, fmt.Errorf("%w: %d is not in [%d, %d]", ErrOutOfRange, from, sp.start, sp.high)
	}
	sp.limit = sp.high
	if iso == ReadCommitted {
		sp.limit = sp.stable
	}
	if at >= sp.limit {
		return sp, c, nil
	}
	i := p.find(at)
	if at >= p.segs[i].next && i+1 < len(p.segs) {
		i++
	}
	sp.seg = p.segs[i].acquire()
	sp.tail = p.unwritten(sp.seg)
	sp.size, sp.next, sp.last = sp.seg.written.Load()+int64(len(sp.tail)), sp.seg.next, i == len(p.segs)-1
	for _, h := range p.hints {
		if h.offset == at && h.seg == sp.seg {
			sp.pos = h.pos
		}
	}
	return sp, c, nil
}

// remember keeps where the batches of a chunk end, and fills in its next offset.
func (p *Partition) remember(sp *span, c *Chunk) {
	b := c.Batches
	for { // the last batch
		_, size, _ := header(b)
		if size >= len(b) {
			break
		}
		b = b[size:]
	}
	last, _, _ := header(b)
	c.Next = last.Next()
	p.mu.Lock()
	defer p.mu.Unlock()
	if sp.seg.gone.Load() || p.deleted {
		return
	}
	h := hint{c.Next, sp.seg, sp.pos + int64(len(c.Batches))}
	for i := range p.hints {
		if p.hints[i].offset == c.Next {
			p.hints[i] = h
			return
		}
	}
	p.hints[p.hinted] = h
	p.hinted = (p.hinted + 1) % hints
}

// read reads the batches; sp.pos is then where they begin.
func (sp *span) read(at int64, maxBytes int, buf []byte) ([]byte, error) {
	file, err := sp.seg.open()
	if err != nil {
		return nil, err
	}
	defer file.done()
	f := view{file, sp.size - int64(len(sp.tail)), sp.tail}
	if sp.pos < 0 {
		if sp.pos, err = sp.seg.seek(f, at, sp.size); err != nil {
			return nil, err
		}
	}
	n := min(int64(max(maxBytes, record.HeaderSize)), sp.size-sp.pos)
	if n < record.HeaderSize {
		return nil, nil
	}
	if int64(cap(buf)) < n {
		buf = make([]byte, n, max(n, min(int64(maxBytes), 1<<bits.Len64(uint64(n))))) // room for the next read, too
	}
	buf = buf[:n]
	if err := readFull(f, buf, sp.pos); err != nil {
		return nil, err
	}
	first, size, ok := header(buf)
	if !ok || int64(size) > sp.size-sp.pos {
		return nil, fmt.Errorf("no batch at byte %d", sp.pos)
	}
	if err := sp.sane(&first, sp.seg.base); err != nil {
		return nil, err
	}
	if first.Last() < at {
		return nil, fmt.Errorf("the batch at byte %d ends with offset %d, before %d", sp.pos, first.Last(), at)
	}
	if first.Base >= sp.limit {
		return nil, nil
	}
	if size > len(buf) { // the first batch is always whole
		whole := buf
		if cap(buf) < size {
			whole = make([]byte, size)
			copy(whole, buf)
		}
		whole = whole[:size]
		if err := readFull(f, whole[len(buf):], sp.pos+int64(len(buf))); err != nil {
			return nil, err
		}
		return whole, intact(whole)
	}
	return sp.wholes(buf)
}

// intact checks the CRC of a batch: what a disk has altered is not served. Beside sending the
// batch it does not show (test/bench/kafka: consuming took as much CPU before).
func intact(raw []byte) error {
	b, _, err := record.Parse(raw)
	if err != nil {
		return err
	}
	return b.Check()
}

// sane checks offsets, which no CRC covers: batches follow each other from after on, and end
// before the segment does.
func (sp *span) sane(b *record.Batch, after int64) error {
	if b.Base < after || b.LastDelta < 0 || b.Next() > sp.next {
		return fmt.Errorf("a batch has the offsets %d to %d, between %d and %d", b.Base, b.Last(), after, sp.next)
	}
	return nil
}

// wholes cuts buf after the last whole batch that begins below the limit.
func (sp *span) wholes(buf []byte) ([]byte, error) {
	end, after := 0, sp.seg.base
	for end < len(buf) {
		b, size, ok := header(buf[end:])
		if !ok {
			if len(buf)-end >= record.HeaderSize {
				return nil, fmt.Errorf("no batch at byte %d", sp.pos+int64(end))
			}
			break
		}
		if err := sp.sane(&b, after); err != nil {
			return nil, err
		}
		if size > len(buf)-end || b.Base >= sp.limit {
			break
		}
		if err := intact(buf[end : end+size]); err != nil {
			if end > 0 { // the next read begins there, and tells
				break
			}
			return nil, err
		}
		end, after = end+size, b.Next()
	}
	return buf[:end], nil
}

// seek finds the position of the first batch whose last offset is not below offset. f has the
// segment's bytes.
func (s *segment) seek(f io.ReaderAt, offset, size int64) (int64, error) {
	if offset <= s.base {
		return 0, nil
	}
	pos, err := s.idx.find(s, func(e entry) bool { return s.base+int64(e.delta) <= offset && int64(e.pos) < size })
	if err != nil {
		return 0, err
	}
	sc := scanner{f: f, pos: pos, end: size, window: seekWindow}
	for sc.next() {
		if sc.batch.Last() >= offset {
			break
		}
	}
	return sc.pos, sc.err
}

// abortedIn lists the aborted transactions that reach into [from, next).
//
// Kafka: TransactionIndex.collectAbortedTxns.
func (p *Partition) abortedIn(from, next int64) (found []Aborted, err error) {
	for at := from; ; {
		segs, end, err := p.aborting(at, from)
		if len(segs) == 0 || err != nil {
			return sortAborted(found), err
		}
		list, err := segs[len(segs)-1].abortedIn(func() ([]Aborted, error) {
			p.l.log.Warn("looking for aborted transactions again: a file is missing or damaged", "partition", p.String(), "segment", segs[len(segs)-1].base)
			return findAborted(segs)
		})
		for _, s := range segs {
			s.release()
		}
		if err != nil {
			return nil, err
		}
		for _, a := range list {
			if a.Last >= at && a.First < next {
				found = append(found, a)
			}
			if a.LastStable >= next {
				return sortAborted(found), nil
			}
		}
		if at = end; at == math.MaxInt64 {
			return sortAborted(found), nil
		}
	}
}

// aborting finds the first segment from an offset on in which transactions were aborted: the
// last of segs, which are referenced. Those before it are there if its file must be read
// first, and may be missing. end is where the next segment begins, if there is one. What was
// at offset from must be there still.
func (p *Partition) aborting(at, from int64) (segs []*segment, end int64, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.l.closed.Load():
		return nil, 0, ErrClosed
	case p.deleted:
		return nil, 0, ErrNoPartition
	case from < p.segs[0].base:
		return nil, 0, fmt.Errorf("%w: %d is before %d", ErrOutOfRange, from, p.segs[0].base)
	}
	for i := p.find(at); i < len(p.segs) && p.segs[i].base <= p.aborted; i++ {
		if p.segs[i].aborts == 0 {
			continue
		}
		end = math.MaxInt64
		if i+1 < len(p.segs) {
			end = p.segs[i+1].base
		}
		first := i
		if !p.segs[i].knowsAborted() {
			first = 0
		}
		segs = slices.Clone(p.segs[first : i+1])
		for _, s := range segs {
			s.acquire()
		}
		return segs, end, nil
	}
	return nil, 0, nil
}

func sortAborted(list []Aborted) []Aborted {
	slices.SortFunc(list, func(a, b Aborted) int { return int(min(max(a.First-b.First, -1), 1)) })
	return list
}

// damaged says that a segment cannot be read.
func (p *Partition) damaged(s *segment, err error) error {
	p.l.log.Error("a segment cannot be read", "partition", p.String(), "file", s.name(".log"), "error", err)
	return fmt.Errorf("%w: %v, file %s: %w", ErrDamaged, p, s.name(".log"), err)
}

// damagedBatch says that a batch does not check.
func (p *Partition) damagedBatch(err error) error {
	p.l.log.Error("a stored batch is damaged", "partition", p.String(), "error", err)
	return fmt.Errorf("%w: %v: %w", ErrDamaged, p, err)
}
