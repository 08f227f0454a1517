package log

import (
	"errors"
	"fmt"
	"slices"

	"github.com/azud/azud/internal/record"
)

// ending is why the scan of a segment ended where it did.
type ending int8

const (
	endClean   ending = iota // at the file's end, or only zeros follow
	endTorn                  // what follows was never acknowledged
	endDamaged               // what follows had been
)

// scan finds out what a partition's files hold beyond the snapshot.
func (r *recovery) scan(p *Partition) error {
	id := partID{p.topic, p.index}
	p.rec = new(recovered)
	st := r.states[id]
	if st == nil {
		st = &partState{epochs: p.epochs, producers: p.producers}
	}
	r.load(p, st)
	if err := p.l.sys.FS.MkdirAll(p.dir, 0o755); err != nil {
		return err
	}
	if err := p.removeSwaps(); err != nil {
		return err
	}
	bases, err := r.bases(p)
	if err != nil {
		return err
	}
	bases, err = r.known(p, st, bases)
	if err != nil {
		return err
	}
	for i, base := range bases {
		if n := len(p.segs); n == 0 || p.segs[n-1].base != base {
			if n > 0 && base != p.end.Load() && (!p.rec.harmed || base < p.end.Load()) {
				p.rec.torn = bases[i:] // what is before it was lost, so it was never acknowledged
				break
			}
			r.extend(p, base)
		}
		following := int64(-1)
		if i+1 < len(bases) {
			following = bases[i+1]
		}
		end, err := r.scanLast(p, id, following)
		if err != nil {
			return err
		}
		if end == endTorn { // nothing behind it was acknowledged
			p.rec.torn = bases[i+1:]
			break
		}
	}
	if len(p.segs) > 0 {
		return nil
	}
	s, err := p.createSegment(max(p.end.Load(), p.start.Load()), r.now)
	if err != nil {
		return err
	}
	r.note()
	p.segs = append(p.segs, s)
	return nil
}

// note says that the snapshot is out of date.
func (r *recovery) note() {
	r.mu.Lock()
	r.changed = true
	r.mu.Unlock()
}

// load takes the partition's state from the snapshot.
func (r *recovery) load(p *Partition, st *partState) {
	p.start.Store(max(st.start, r.starts[partID{p.topic, p.index}]))
	p.end.Store(st.end)
	p.cleaned = st.cleaned
	p.epochs, p.producers = st.epochs, st.producers
	if len(p.epochs) == 0 {
		p.epochs = []epochStart{{0, 0}}
	}
	p.epoch.Store(p.epochs[len(p.epochs)-1].epoch)
	for id, s := range p.producers {
		if s.txnStart >= 0 {
			p.txns = append(p.txns, txn{id, s.txnStart, -1})
		}
	}
	slices.SortFunc(p.txns, func(a, b txn) int { return int(min(max(a.first-b.first, -1), 1)) })
}

// bases lists the segments in the partition's folder.
func (r *recovery) bases(p *Partition) ([]int64, error) {
	names, err := p.l.sys.FS.List(p.dir)
	if err != nil {
		return nil, err
	}
	var bases []int64
	for _, name := range names {
		if base, ok := parseSegmentName(name, ".log"); ok {
			bases = append(bases, base)
		}
	}
	slices.Sort(bases)
	return bases, nil
}

// known takes over the segments that the snapshot has. What is returned is still to be
// scanned: the last one of them, and those that came later.
func (r *recovery) known(p *Partition, st *partState, bases []int64) ([]int64, error) {
	if len(st.segs) == 0 {
		return bases, nil
	}
	last := st.segs[len(st.segs)-1]
	rest := slices.Clone(bases)
	rest = slices.DeleteFunc(rest, func(b int64) bool { return b <= last.base })
	for _, m := range st.segs {
		if !slices.Contains(bases, m.base) {
			if m.size > 0 && m.next > p.start.Load() {
				r.damaged(p, m.base, 0, m.base, m.next)
			}
			r.note()
			continue
		}
		p.segs = append(p.segs, p.openSegment(m))
		if m.aborts > 0 {
			p.aborted = m.base
		}
	}
	for _, b := range bases { // retention or compaction had removed it
		if b <= last.base && !slices.ContainsFunc(st.segs, func(m meta) bool { return m.base == b }) {
			for _, ext := range []string{".log", ".idx", ".txn"} {
				if err := removeIf(p.l.sys.FS, p.l.sys.FS.PathJoin(p.dir, segmentName(b, ext))); err != nil {
					return nil, err
				}
			}
		}
	}
	if n := len(p.segs); n > 0 && p.segs[n-1].base == last.base {
		rest = append([]int64{last.base}, rest...)
	}
	return rest, nil
}

// extend takes a segment that the snapshot does not know.
func (r *recovery) extend(p *Partition, base int64) {
	s := p.openSegment(newMeta(base, r.now))
	s.fresh.Store(true) // its name may be in the cache only
	p.segs = append(p.segs, s)
	p.end.Store(max(base, p.end.Load()))
	r.note()
}

// scanLast scans the last segment beyond what the snapshot knows of it. following is where
// the next one on disk begins; -1: there is none.
func (r *recovery) scanLast(p *Partition, id partID, following int64) (ending, error) {
	fs := p.l.sys.FS
	s := p.last()
	info, err := fs.Stat(s.name(".log"))
	if err != nil {
		return 0, err
	}
	size := info.Size()
	if size == s.size && p.end.Load() >= r.synced[id] {
		return endClean, nil
	}
	r.note()
	if size < s.size {
		return endDamaged, r.shorter(p, size)
	}
	f, err := s.openWrite()
	if err != nil {
		return 0, err
	}
	if r.doubt {
		if err := rewrite(f, s.size, size); err != nil {
			return 0, fmt.Errorf("writing %s again: %w", s.name(".log"), err)
		}
	}
	sc := scanner{f: f, pos: s.size, end: size, whole: true}
	for sc.next() && sc.batch.Check() == nil && r.fits(p, &sc.batch, id) {
		p.note(&sc.batch, r.now)
	}
	if sc.err != nil {
		return 0, fmt.Errorf("reading %s: %w", s.name(".log"), sc.err)
	}
	return r.tail(p, id, size, following)
}

// fits reports whether a batch that checks belongs at the partition's end. A control batch
// counts only if the journal has it: else the transaction's other partitions may lack it.
func (r *recovery) fits(p *Partition, b *record.Batch, id partID) bool {
	return b.Base >= p.end.Load() && b.LastDelta >= 0 && (!b.Control() || r.controls[controlID{id, b.Base}])
}

// tail judges what follows the last good batch of the last segment, and removes it.
func (r *recovery) tail(p *Partition, id partID, size, following int64) (ending, error) {
	s := p.last()
	f, err := s.openWrite()
	if err != nil {
		return 0, err
	}
	lost := p.end.Load() < r.synced[id] && following != p.end.Load()
	zeros, err := blank(f, s.size, size)
	if err != nil {
		return 0, fmt.Errorf("reading %s: %w", s.name(".log"), err)
	}
	if zeros && !lost {
		return endClean, nil
	}
	if lost {
		r.damaged(p, s.base, s.size, p.end.Load(), r.synced[id])
		if !zeros {
			if err := r.keep(p, s.size, size); err != nil {
				return 0, err
			}
		}
	}
	if !zeros {
		p.rec.dropped = true
		if err := cut(f, s.size); err != nil {
			return 0, err
		}
	}
	if !lost {
		return endTorn, nil
	}
	return endDamaged, r.refill(p, id)
}

// refill takes from the journal what the damaged tail of a segment had, and skips the
// offsets of what is lost.
func (r *recovery) refill(p *Partition, id partID) error {
	limit := r.synced[id]
	err := r.replay(func(kind uint8, body []byte) error {
		d := &dec{b: body}
		switch kind {
		case entryBatches:
			if d.part() == id {
				return r.refillWith(p, d.b, limit)
			}
		case entryWrite:
			decodePuts(d)
			for range d.n() {
				if got, raw := d.part(), d.bytes(); got == id {
					if err := r.refillWith(p, raw, limit); err != nil {
						return err
					}
				}
			}
		}
		return nil
	})
	return err
}

// shorter handles a segment that has lost bytes which the snapshot knows as durable.
func (r *recovery) shorter(p *Partition, size int64) error {
	s := p.last()
	r.damaged(p, s.base, size, s.base, s.next)
	f, err := s.openWrite()
	if err != nil {
		return err
	}
	m := newMeta(s.base, s.created)
	sc := scanner{f: f, end: size, whole: true}
	for sc.next() && sc.batch.Check() == nil {
		m.note(&sc.batch, sc.size)
	}
	if sc.err != nil {
		return sc.err
	}
	m.aborts = s.aborts
	fresh := p.openSegment(m)
	s.release()
	p.segs[len(p.segs)-1] = fresh
	f, err = fresh.openWrite()
	if err != nil {
		return err
	}
	return cut(f, m.size)
}

// keep copies damaged bytes beside the segment.
func (r *recovery) keep(p *Partition, from, to int64) error {
	s, fs := p.last(), p.l.sys.FS
	for n := 1; ; n++ {
		name := fmt.Sprintf("%s.damaged-%d", s.name(".log"), n)
		if _, err := fs.Stat(name); err == nil {
			continue
		} else if !missing(err) {
			return err
		}
		f, err := s.openWrite()
		if err != nil {
			return err
		}
		data := make([]byte, max(to-from, 0))
		if err := readFull(f, data, from); err != nil {
			return err
		}
		return writeWhole(fs, name, data)
	}
}

// finish ends the recovery of a partition: all that is there is durable from now on, once
// the checkpoint has synced it.
func (r *recovery) finish(p *Partition) error {
	fs := p.l.sys.FS
	for _, base := range p.rec.torn {
		name := fs.PathJoin(p.dir, segmentName(base, ".log"))
		var err error
		if p.rec.harmed {
			err = fs.Rename(name, name+".damaged-1")
		} else {
			err = removeIf(fs, name)
		}
		for _, ext := range []string{".idx", ".txn"} {
			err = errors.Join(err, removeIf(fs, fs.PathJoin(p.dir, segmentName(base, ext))))
		}
		if err != nil {
			return err
		}
		p.rec.dropped = true
	}
	if len(p.rec.torn) > 0 { // else a later crash could bring them back beside what is new
		if err := syncDir(fs, p.dir); err != nil {
			return err
		}
	}
	id := partID{p.topic, p.index}
	if p.rec.harmed { // offsets that were acknowledged are not given again
		p.end.Store(max(p.end.Load(), r.synced[id]))
	}
	if start := p.start.Load(); start > p.end.Load() {
		s, err := p.createSegment(start, r.now)
		if err != nil {
			return err
		}
		p.segs = append(p.segs, s)
		p.end.Store(start)
	}
	for len(p.segs) > 1 && p.segs[0].next <= p.start.Load() {
		p.l.drop(p.segs[0])
		p.segs = p.segs[1:]
		r.note()
	}
	p.start.Store(max(p.start.Load(), p.segs[0].base))
	if p.rec.dropped || p.rec.harmed {
		r.note()
		p.epochs = append(slices.Clone(p.epochs), epochStart{p.epoch.Load() + 1, p.end.Load()})
		p.epoch.Add(1)
	}
	for i, s := range p.segs {
		s.written.Store(s.size)
		if i < len(p.segs)-1 {
			s.seal()
		}
	}
	p.high.Store(p.end.Load())
	p.settle()
	p.rec = nil
	return nil
}
