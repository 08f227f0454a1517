package log

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// swapExt ends the name of a compacted segment's file before it takes its place.
const swapExt = ".swap"

// swap is an entry of the journal: segments of a partition became one. The number tells the
// file from one that another, unfinished compaction of the same segments has left.
type swap struct {
	id     partID
	number uint64
	old    []int64
	m      meta
}

func (s *swap) encode(e *enc) {
	e.id(s.id.topic)
	e.u32(uint32(s.id.index))
	e.u64(s.number)
	e.n(len(s.old))
	for _, b := range s.old {
		e.i64(b)
	}
	s.m.encode(e)
}

func decodeSwap(d *dec) (s swap) {
	s.id = d.part()
	s.number = d.u64()
	s.old = make([]int64, d.n())
	for i := range s.old {
		s.old[i] = d.i64()
	}
	s.m = decodeMeta(d)
	return s
}

// file is the name of the new bytes before they take their place.
func (s *swap) file(p *Partition) string {
	return p.l.sys.FS.PathJoin(p.dir, fmt.Sprintf("%020d-%016x%s", s.m.base, s.number, swapExt))
}

// replace puts one segment in the place of neighbouring ones that are not the last one, as
// compaction does. Its bytes are in sw.file and synced; aborted are the transactions that
// markers in it aborted. The new one's base is the first old one's. After a crash the
// partition has all of the old ones or the new one. Only one runs at a time for a log.
//
// No checkpoint runs meanwhile: it would store the old segments behind the journal's entry,
// or write the old index beside the new file.
func (p *Partition) replace(old []*segment, sw *swap, aborted []Aborted) error {
	p.l.snapMu.Lock()
	defer p.l.snapMu.Unlock()
	p.reshape.Lock() // retention drops no segment meanwhile
	defer p.reshape.Unlock()
	for _, s := range old {
		sw.old = append(sw.old, s.base)
		if err := s.pin(); err != nil { // before the names go
			return err
		}
	}
	if !p.l.cfg.Volatile {
		if err := syncDir(p.l.sys.FS, p.dir); err != nil {
			return err
		}
	}
	if err := p.stageSwap(old, sw); err != nil {
		return err
	}
	if err := p.l.Wait(context.Background()); err != nil {
		return err
	}
	if err := p.exchange(old, sw, aborted); err != nil {
		return p.swapFailed(err)
	}
	for _, s := range old {
		s.release()
	}
	if p.l.cfg.Volatile {
		return nil
	}
	if err := syncDir(p.l.sys.FS, p.dir); err != nil { // before a checkpoint forgets the journal's entry
		return p.swapFailed(err)
	}
	return nil
}

// swapFailed stops the partition: the journal says otherwise than its files, and the next
// start carries it out. That a topic was deleted meanwhile is no failure.
func (p *Partition) swapFailed(err error) error {
	if errors.Is(p.Err(), ErrNoPartition) {
		return ErrNoPartition
	}
	p.fail(err)
	return err
}

// standing finds where the old segments stand. The caller holds mu.
func (p *Partition) standing(old []*segment) (at int, err error) {
	if p.deleted {
		return 0, ErrNoPartition
	}
	at = slices.Index(p.segs, old[0])
	if at < 0 || at+len(old) >= len(p.segs) || !slices.Equal(p.segs[at:at+len(old)], old) {
		return 0, errors.New("the segments to replace are not there any more")
	}
	return at, nil
}

func (p *Partition) stageSwap(old []*segment, sw *swap) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.usable(); err != nil {
		return err
	}
	if _, err := p.standing(old); err != nil {
		return err
	}
	st := &p.l.stage
	st.mu.Lock()
	defer st.mu.Unlock()
	st.next.must = true
	if p.l.cfg.Volatile {
		return nil
	}
	at := st.next.begin(entryReplace)
	e := enc{st.next.buf}
	sw.encode(&e)
	st.next.buf = e.b
	st.next.end(at)
	return nil
}

// exchange changes files and list in one step for readers. Readers of the old segments keep
// their open files.
func (p *Partition) exchange(old []*segment, sw *swap, aborted []Aborted) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	at, err := p.standing(old)
	if err != nil {
		return err
	}
	if err := p.carryOut(sw); err != nil {
		return err
	}
	fresh := p.openSegment(sw.m)
	fresh.seal()
	fresh.idx.dirty = true // made by a scan at the first use
	fresh.aborted, fresh.abReady, fresh.abSaved = aborted, true, 0
	p.segs = slices.Concat(p.segs[:at], []*segment{fresh}, p.segs[at+len(old):])
	p.forgetHints()
	return nil
}

// carryOut changes the files.
func (p *Partition) carryOut(sw *swap) error {
	fs := p.l.sys.FS
	for _, ext := range []string{".idx", ".txn"} {
		if err := removeIf(fs, fs.PathJoin(p.dir, segmentName(sw.m.base, ext))); err != nil {
			return err
		}
	}
	name := fs.PathJoin(p.dir, segmentName(sw.m.base, ".log"))
	if err := fs.Rename(sw.file(p), name); err != nil && !missing(err) { // at recovery: done before
		return err
	}
	for _, b := range sw.old {
		for _, ext := range []string{".log", ".idx", ".txn"} {
			if b == sw.m.base {
				continue
			}
			if err := removeIf(fs, fs.PathJoin(p.dir, segmentName(b, ext))); err != nil {
				return err
			}
		}
	}
	return nil
}

// redoSwaps carries out what the journal says of compacted segments.
func (r *recovery) redoSwaps() error {
	for _, sw := range r.swaps {
		p := r.l.Topics().Partition(sw.id.topic, sw.id.index)
		if p == nil {
			continue
		}
		if err := r.redoSwap(p, &sw); err != nil {
			return err
		}
	}
	return nil
}

func (r *recovery) redoSwap(p *Partition, sw *swap) error {
	if err := p.carryOut(sw); err != nil {
		return err
	}
	if err := syncDir(p.l.sys.FS, p.dir); err != nil { // before a snapshot has it
		return err
	}
	r.note()
	st := r.states[sw.id]
	if st == nil {
		return nil
	}
	var segs []meta
	for _, m := range st.segs {
		if m.base == sw.m.base {
			segs = append(segs, sw.m)
		} else if !slices.Contains(sw.old, m.base) {
			segs = append(segs, m)
		}
	}
	st.segs = segs
	return nil
}

// removeSwaps removes what unfinished compactions have left in a partition's folder.
func (p *Partition) removeSwaps() error {
	names, err := p.l.sys.FS.List(p.dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		if strings.HasSuffix(name, swapExt) {
			err = errors.Join(err, removeIf(p.l.sys.FS, p.l.sys.FS.PathJoin(p.dir, name)))
		}
	}
	return err
}
