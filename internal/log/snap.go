package log

import (
	"fmt"
	"hash/crc32"
	"slices"
	"strconv"
	"strings"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/sys"
)

// A snapshot is: magic u32, CRC u32 of the rest, version u32, then the state below.
const (
	snapMagic   = 0x31707a61 // "azp1"
	snapVersion = 1
	snapHeader  = 12
	snapPrefix  = "snap-"
)

// snapshot is all state but the records, at a place of the journal: what the journal says
// from there on may be in it already.
type snapshot struct {
	n      uint64
	at     mark
	tables [tables]map[string][]byte
	parts  []partState
	broken *Partition // a partition that has failed: the snapshot must not be stored
}

// partState is a partition's state. The last of segs has bytes up to its size that are
// durable: recovery scans from there.
type partState struct {
	topic     TopicID
	index     int32
	start     int64
	end       int64
	cleaned   int64
	epochs    []epochStart
	segs      []meta
	live      []*segment // segs' objects, when captured
	producers map[int64]*producer
}

func (s *snapshot) encode() []byte {
	e := enc{make([]byte, snapHeader, 64<<10)}
	e.u64(s.n)
	for _, v := range []uint64{s.at.gen, s.at.seq, s.at.round, uint64(s.at.pos)} {
		e.u64(v)
	}
	for _, t := range s.tables {
		e.n(len(t))
		for k, v := range t {
			e.str(k)
			e.bytes(v)
		}
	}
	e.n(len(s.parts))
	for i := range s.parts {
		s.parts[i].encode(&e)
	}
	h := enc{e.b[:0]}
	h.u32(snapMagic)
	h.u32(0)
	h.u32(snapVersion)
	h = enc{e.b[:4]}
	h.u32(crc32.Checksum(e.b[8:], castagnoli))
	return e.b
}

func (p *partState) encode(e *enc) {
	e.id(p.topic)
	e.u32(uint32(p.index))
	e.i64(p.start)
	e.i64(p.end)
	e.i64(p.cleaned)
	e.n(len(p.epochs))
	for _, x := range p.epochs {
		e.u32(uint32(x.epoch))
		e.i64(x.start)
	}
	e.n(len(p.segs))
	for i := range p.segs {
		p.segs[i].encode(e)
	}
	e.n(len(p.producers))
	for id, s := range p.producers {
		e.i64(id)
		s.encode(e)
	}
}

func (m *meta) encode(e *enc) {
	for _, v := range []int64{m.base, m.size, m.next, m.maxTime, m.maxBase, m.firstTime, m.created, int64(m.aborts)} {
		e.i64(v)
	}
	e.u32(m.index)
}

func decodeMeta(d *dec) (m meta) {
	for _, v := range []*int64{&m.base, &m.size, &m.next, &m.maxTime, &m.maxBase, &m.firstTime, &m.created} {
		*v = d.i64()
	}
	m.aborts = int(d.i64())
	m.index = d.u32()
	return m
}

func (s *producer) encode(e *enc) {
	e.u32(uint32(uint16(s.epoch)))
	e.u32(uint32(s.coordinator))
	e.i64(s.txnStart)
	e.i64(s.lastTime)
	e.u8(uint8(s.n))
	for _, b := range s.batches[:s.n] {
		e.u32(uint32(b.first))
		e.u32(uint32(b.last))
		e.i64(b.base)
		e.i64(b.next)
		e.i64(b.time)
	}
}

func decodeProducer(d *dec) *producer {
	s := &producer{epoch: int16(d.u32()), coordinator: int32(d.u32()), txnStart: d.i64(), lastTime: d.i64(), n: int8(d.u8())}
	if s.n < 0 || s.n > remembered {
		d.bad, s.n = true, 0
	}
	for i := range s.batches[:s.n] {
		s.batches[i] = sent{int32(d.u32()), int32(d.u32()), d.i64(), d.i64(), d.i64()}
	}
	return s
}

func decodePart(d *dec) (p partState) {
	p.topic, p.index = d.id(), int32(d.u32())
	p.start, p.end, p.cleaned = d.i64(), d.i64(), d.i64()
	p.epochs = make([]epochStart, d.n())
	for i := range p.epochs {
		p.epochs[i] = epochStart{int32(d.u32()), d.i64()}
	}
	p.segs = make([]meta, d.n())
	for i := range p.segs {
		p.segs[i] = decodeMeta(d)
	}
	n := d.n()
	p.producers = make(map[int64]*producer, n)
	for range n {
		id := d.i64()
		p.producers[id] = decodeProducer(d)
	}
	return p
}

// decodeSnapshot reads a snapshot file's bytes.
func decodeSnapshot(data []byte) (*snapshot, error) {
	h := dec{b: data}
	magic, sum, version := h.u32(), h.u32(), h.u32()
	switch {
	case h.bad || magic != snapMagic || crc32.Checksum(data[8:], castagnoli) != sum:
		return nil, ErrDamaged
	case version != snapVersion:
		return nil, fmt.Errorf("it has version %d; this program reads version %d", version, snapVersion)
	}
	d := &dec{b: data[snapHeader:]}
	s := &snapshot{n: d.u64(), at: mark{gen: d.u64(), seq: d.u64(), round: d.u64(), pos: int64(d.u64())}}
	for i := range s.tables {
		n := d.n()
		s.tables[i] = make(map[string][]byte, n)
		for range n {
			k := d.str()
			s.tables[i][k] = append([]byte{}, d.bytes()...)
		}
	}
	n := d.n()
	for range n {
		s.parts = append(s.parts, decodePart(d))
	}
	if d.bad {
		return nil, ErrDamaged
	}
	return s, nil
}

// snapshots lists the numbers of the folder's snapshots, the newest first.
func snapshots(f sys.FS, dir string) ([]uint64, error) {
	names, err := f.List(dir)
	if err != nil {
		return nil, err
	}
	var list []uint64
	for _, name := range names {
		if digits, ok := strings.CutPrefix(name, snapPrefix); ok {
			if n, err := strconv.ParseUint(digits, 10, 64); err == nil {
				list = append(list, n)
			}
		}
	}
	slices.SortFunc(list, func(a, b uint64) int {
		if a > b {
			return -1
		}
		return 1
	})
	return list, nil
}

func snapName(f sys.FS, dir string, n uint64) string {
	return f.PathJoin(dir, snapPrefix+strconv.FormatUint(n, 10))
}

// loadSnapshot reads the newest snapshot; nil if there is none.
func loadSnapshot(f sys.FS, dir string) (*snapshot, error) {
	list, err := snapshots(f, dir)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	name := snapName(f, dir, list[0])
	data, err := readAll(f, name)
	if err != nil {
		return nil, err
	}
	s, err := decodeSnapshot(data)
	if err != nil {
		return nil, errs.Wrap(err, "LOG_SNAPSHOT_DAMAGED", "the snapshot %s cannot be used", name).
			WithHint("restore the folder from a backup: topics, groups and offsets are in this file; the records themselves are below %s",
				f.PathJoin(dir, "topics"))
	}
	return s, nil
}

// storeSnapshot writes a snapshot, so that after a crash it is there whole or not at all, and
// removes the older ones.
func storeSnapshot(f sys.FS, dir string, s *snapshot) error {
	name := snapName(f, dir, s.n)
	temporary := name + ".tmp"
	if err := writeWhole(f, temporary, s.encode()); err != nil {
		return err
	}
	if err := f.Rename(temporary, name); err != nil {
		return err
	}
	if err := syncDir(f, dir); err != nil {
		return err
	}
	list, err := snapshots(f, dir)
	for _, n := range list {
		if n != s.n {
			_ = f.Remove(snapName(f, dir, n)) // tried again next time
		}
	}
	return err
}
