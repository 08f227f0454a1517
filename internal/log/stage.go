package log

import (
	"encoding/binary"
	"sync"
)

// Kinds of journal entries. An entry is: kind u8, length u32, body.
const (
	entryBatches  = 1 // topic, partition u32, batches with their offsets
	entryWrite    = 3 // puts and markers, which count only if the journal has them (2 is not used)
	entryStart    = 4 // topic, partition u32, log start i64
	entryReplace  = 5 // topic, partition u32, segments that were compacted into one
	entrySynced   = 6 // topic, partition u32, offset i64: durable up to there without the journal
	entryHeadSize = 5
)

// share is what a round does for one partition. It has references to its segments.
type share struct {
	p      *Partition
	end    int64 // the log's end when the round was cut
	last   *segment
	size   int64      // of last
	rolled []*segment // left since the last round; to be synced before anything behind them counts
	direct bool       // holds batches that are not in the stage's bytes
	synced bool       // its segments were synced in this round
	sure   int64      // up to where
	failed bool       // that went wrong
	full   bool       // the disk had no space for the last of its batches: the journal must have them
}

// stage gathers what the next round makes durable. Under stager.mu until it is cut.
type stage struct {
	buf     []byte // room for a record's header, then entries
	must    bool   // buf holds entries that are nowhere else
	batches int
	bytes   int64 // of batches, whether in buf or not
	shares  []share
	done    []func(error)
}

func (s *stage) reset() {
	const keep = 8 << 20
	if cap(s.buf) < recHeader || cap(s.buf) > keep {
		s.buf = make([]byte, recHeader, 64<<10)
	}
	s.buf = s.buf[:recHeader]
	clear(s.shares)
	clear(s.done)
	s.must, s.batches, s.bytes, s.shares, s.done = false, 0, 0, s.shares[:0], s.done[:0]
}

func (s *stage) empty() bool { return len(s.shares) == 0 && len(s.done) == 0 && !s.must }

// begin starts an entry; end fills in its length.
func (s *stage) begin(kind uint8) int {
	s.buf = append(s.buf, kind, 0, 0, 0, 0)
	return len(s.buf)
}

func (s *stage) end(at int) { binary.LittleEndian.PutUint32(s.buf[at-4:], uint32(len(s.buf)-at)) }

// addBatches adds the entry of a partition's batches.
func (s *stage) addBatches(p *Partition, batches []byte) {
	at := s.begin(entryBatches)
	e := enc{s.buf}
	e.id(p.topic)
	e.u32(uint32(p.index))
	s.buf = append(e.b, batches...)
	s.end(at)
}

// stager is where appenders meet the committer.
type stager struct {
	mu   sync.Mutex
	next *stage
	cuts uint64 // rounds cut so far
	wake chan struct{}
}

// share returns the partition's share of the next round, up to date with its end. The
// caller holds the partition's lock and the stager's.
func (l *stager) share(p *Partition) *share {
	if p.cut != l.cuts+1 {
		p.cut, p.slot = l.cuts+1, len(l.next.shares)
		l.next.shares = append(l.next.shares, share{p: p})
	}
	sh := &l.next.shares[p.slot]
	last := p.last()
	if sh.last != last {
		if sh.last != nil {
			sh.last.release() // it is among the rolled ones now
		}
		sh.last = last.acquire()
	}
	sh.end, sh.size = p.end.Load(), last.size
	if len(p.rolled) > 0 {
		sh.rolled, p.rolled = append(sh.rolled, p.rolled...), nil
	}
	return sh
}

// kick wakes the committer.
func (l *stager) kick() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// cut takes the next round's stage and leaves spare, an empty one, in its place.
func (l *stager) cut(spare *stage) *stage {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.next
	l.next = spare
	l.cuts++
	return s
}

// settle takes the entries out of buf that this round's syncs made superfluous, or whose
// partition failed, and adds how far the synced segments are durable.
func (s *stage) settle(direct bool) {
	odd := map[partID]bool{} // in a direct round, those whose batches stay; else those whose go
	for i := range s.shares {
		sh := &s.shares[i]
		if direct && sh.full && !sh.failed || !direct && sh.failed {
			odd[partID{sh.p.topic, sh.p.index}] = true
			s.must = s.must || direct
		}
	}
	if direct || len(odd) > 0 {
		s.filter(func(id partID) bool { return odd[id] != direct })
	}
	for i := range s.shares {
		sh := &s.shares[i]
		if !sh.synced || sh.failed {
			continue
		}
		at := s.begin(entrySynced)
		e := enc{s.buf}
		e.id(sh.p.topic)
		e.u32(uint32(sh.p.index))
		e.i64(sh.sure)
		s.buf = e.b
		s.end(at)
	}
}

// filter takes the batches of some partitions out of buf.
func (s *stage) filter(of func(partID) bool) {
	out := s.buf[:recHeader]
	for in := s.buf[recHeader:]; len(in) >= entryHeadSize; {
		n := entryHeadSize + int(binary.LittleEndian.Uint32(in[1:]))
		d := dec{b: in[entryHeadSize:n]}
		if in[0] != entryBatches || !of(d.part()) {
			out = append(out, in[:n]...)
		}
		in = in[n:]
	}
	s.buf = out
}
