package log

import (
	"context"
	"errors"
	"fmt"
)

// swapExt ends the name of a compacted segment's file before it takes its place.
const swapExt = ".swap"

// swap is an entry of the journal: segments of a partition became one.
type swap struct {
	id  partID
	old []int64
	m   meta
}

func (s *swap) encode(e *enc) {
	e.id(s.id.topic)
	e.u32(uint32(s.id.index))
	e.n(len(s.old))
	for _, b := range s.old {
		e.i64(b)
	}
	s.m.encode(e)
}

func decodeSwap(d *dec) (s swap) {
	s.id = d.part()
	s.old = make([]int64, d.n())
	for i := range s.old {
		s.old[i] = d.i64()
	}
	s.m = decodeMeta(d)
	return s
}

// replace puts one segment in the place of neighbouring ones that are not the last one, as
// compaction does. The new one's bytes are the file <m.base>.log.swap in the partition's
// folder, where m.base is the first old one's; m describes them. After a crash the
// partition has all of the old ones or the new one. It must not run twice at a time for a
// partition.
func (p *Partition) replace(ctx context.Context, old []*segment, m meta) error {
	fs := p.l.sys.FS
	name := fs.PathJoin(p.dir, segmentName(m.base, ".log"))
	if len(old) == 0 || old[0].base != m.base {
		return fmt.Errorf("segment %d cannot take the place of others", m.base)
	}
	if err := p.readySwap(name + swapExt); err != nil {
		return err
	}
	sw := swap{id: partID{p.topic, p.index}, m: m}
	for _, s := range old {
		sw.old = append(sw.old, s.base)
	}
	p.l.stageSwap(&sw)
	if err := p.l.Wait(ctx); err != nil {
		return err
	}
	fresh, err := p.exchange(old, m, name)
	if err != nil {
		p.fail(err)
		return err
	}
	for _, s := range old {
		s.release()
	}
	return fresh.save(m.size)
}

// readySwap makes the new file durable.
func (p *Partition) readySwap(name string) error {
	if p.l.cfg.Volatile {
		return nil
	}
	f, err := openRW(p.l.sys.FS, name)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close(), syncDir(p.l.sys.FS, p.dir))
}

func (l *Log) stageSwap(sw *swap) {
	st := &l.stage
	st.mu.Lock()
	defer st.mu.Unlock()
	st.next.must = true
	if l.cfg.Volatile {
		return
	}
	at := st.next.begin(entryReplace)
	e := enc{st.next.buf}
	sw.encode(&e)
	st.next.buf = e.b
	st.next.end(at)
}

// exchange changes files and list in one step for readers. Readers of the old segments keep
// their open files.
func (p *Partition) exchange(old []*segment, m meta, name string) (*segment, error) {
	fs := p.l.sys.FS
	for _, s := range old { // before the names go
		if _, err := s.open(); err != nil {
			return nil, err
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	at := -1
	for i, s := range p.segs {
		if s == old[0] {
			at = i
		}
	}
	if at < 0 || at+len(old) >= len(p.segs) || p.segs[at+len(old)-1] != old[len(old)-1] || p.deleted {
		return nil, fmt.Errorf("the segments to replace are not there any more")
	}
	if err := removeIf(fs, fs.PathJoin(p.dir, segmentName(m.base, ".idx"))); err != nil {
		return nil, err
	}
	if err := fs.Rename(name+swapExt, name); err != nil {
		return nil, err
	}
	for _, s := range old[1:] {
		for _, ext := range []string{".log", ".idx", ".txn"} {
			if err := removeIf(fs, s.name(ext)); err != nil {
				return nil, err
			}
		}
	}
	fresh := openSegment(fs, p.dir, m, p.l.cfg.IndexBytes)
	fresh.idx.mu.Lock()
	fresh.idx.dirty = true // made by a scan at the first use
	fresh.idx.mu.Unlock()
	segs := append(append(append([]*segment{}, p.segs[:at]...), fresh), p.segs[at+len(old):]...)
	p.segs = segs
	p.hints = [hints]hint{}
	return fresh, nil
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
	fs := p.l.sys.FS
	name := fs.PathJoin(p.dir, segmentName(sw.m.base, ".log"))
	if _, err := fs.Stat(name + swapExt); err == nil {
		if err := removeIf(fs, fs.PathJoin(p.dir, segmentName(sw.m.base, ".idx"))); err != nil {
			return err
		}
		if err := fs.Rename(name+swapExt, name); err != nil {
			return err
		}
	} else if !missing(err) {
		return err
	}
	for _, b := range sw.old[1:] {
		for _, ext := range []string{".log", ".idx", ".txn"} {
			if err := removeIf(fs, fs.PathJoin(p.dir, segmentName(b, ext))); err != nil {
				return err
			}
		}
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
		} else if !containsBase(sw.old, m.base) {
			segs = append(segs, m)
		}
	}
	st.segs = segs
	return nil
}

func containsBase(list []int64, b int64) bool {
	for _, x := range list {
		if x == b {
			return true
		}
	}
	return false
}
