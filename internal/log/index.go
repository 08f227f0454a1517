package log

import (
	"encoding/binary"
	"hash/crc32"
	"io"
	"sort"
	"sync"

	"github.com/azud/azud/internal/sys"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// entry of a segment's index: a batch's first offset, where it is, and the greatest time of
// all batches before it in the segment.
type entry struct {
	delta  uint32 // first offset - the segment's
	pos    uint32
	before int64 // ms; noTime at the segment's start
}

const (
	entrySize   = 16
	indexHeader = 20
	indexMagic  = 0x31784941 // "AIx1"
	noTime      = int64(-1)
)

// index finds positions in a segment. What this process appended is in tail; what was there
// before is read from the file on first use, or made anew by a scan.
type index struct {
	mu    sync.Mutex
	every int64
	head  []entry // of positions below from
	ready bool    // head is complete
	from  int64
	tail  []entry
	last  int64  // position of the last entry
	dirty bool   // tail has what the file has not
	sum   uint32 // of the file, as the snapshot says; 0: it has none that is known
}

// add notes the batch at pos if the last entry is far enough behind.
func (x *index) add(delta, pos, before int64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if pos-x.last >= x.every {
		x.tail = append(x.tail, entry{uint32(delta), uint32(pos), before})
		x.last, x.dirty = pos, true
	}
}

// bytes is the size of the index as far as it is in memory, plus an estimate of the rest.
func (x *index) bytes() int {
	x.mu.Lock()
	defer x.mu.Unlock()
	n := len(x.tail)
	if x.ready {
		n += len(x.head)
	} else {
		n += int(x.from / x.every)
	}
	return n * entrySize
}

// find returns the position of the last entry that holds, given that the first ones hold; 0
// if none does.
func (x *index) find(s *segment, holds func(entry) bool) (int64, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if i := sort.Search(len(x.tail), func(i int) bool { return !holds(x.tail[i]) }); i > 0 {
		return int64(x.tail[i-1].pos), nil
	}
	if err := x.load(s); err != nil {
		return 0, err
	}
	if i := sort.Search(len(x.head), func(i int) bool { return !holds(x.head[i]) }); i > 0 {
		return int64(x.head[i-1].pos), nil
	}
	return 0, nil
}

// load makes head complete. The caller holds mu.
func (x *index) load(s *segment) error {
	if x.ready {
		return nil
	}
	head, covers, err := readIndex(s.fs, s.name(".idx"), x.sum)
	if err != nil { // missing, damaged, or of another time: it is disposable
		head, covers = nil, 0
	}
	for len(head) > 0 && int64(head[len(head)-1].pos) >= x.from {
		head = head[:len(head)-1]
	}
	if covers < x.from {
		x.dirty = true
		if head, err = s.scanIndex(head, covers, x.from, x.every); err != nil {
			return err
		}
	}
	x.head, x.ready = head, true
	return nil
}

// scanIndex adds to head the entries for the positions from covers to end.
func (s *segment) scanIndex(head []entry, covers, end, every int64) ([]entry, error) {
	f, err := s.open()
	if err != nil {
		return nil, err
	}
	defer f.done()
	before, last, start := noTime, int64(0), int64(0)
	if n := len(head); n > 0 { // scan from its last entry, whose greatest time is known
		before, last, start = head[n-1].before, int64(head[n-1].pos), int64(head[n-1].pos)
	}
	sc := scanner{f: f, pos: start, end: end}
	for sc.next() {
		if sc.pos-last >= every && sc.pos >= covers {
			head = append(head, entry{uint32(sc.batch.Base - s.base), uint32(sc.pos), before})
			last = sc.pos
		}
		before = max(before, sc.batch.MaxTime)
	}
	return head, sc.err
}

// save writes the index if it has changed; size is the position up to which it is complete.
func (x *index) save(s *segment, size int64) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if !x.dirty {
		return nil
	}
	if err := x.load(s); err != nil {
		return err
	}
	n := len(x.head) + len(x.tail)
	buf := make([]byte, indexHeader, indexHeader+n*entrySize)
	le := binary.LittleEndian
	le.PutUint32(buf, indexMagic)
	le.PutUint32(buf[8:], uint32(n))
	le.PutUint64(buf[12:], uint64(size))
	for _, part := range [][]entry{x.head, x.tail} {
		for _, e := range part {
			buf = le.AppendUint32(buf, e.delta)
			buf = le.AppendUint32(buf, e.pos)
			buf = le.AppendUint64(buf, uint64(e.before))
		}
	}
	sum := max(crc32.Checksum(buf[8:], castagnoli), 1)
	le.PutUint32(buf[4:], sum)
	f, err := openRW(s.fs, s.name(".idx"))
	if err != nil {
		return err
	}
	_, err = f.WriteAt(buf, 0)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	x.dirty, x.sum = err != nil, sum
	return err
}

// known is what the snapshot has to say of the file.
func (x *index) known() uint32 {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.sum
}

// readIndex reads the index file that has a checksum. covers is the position up to which it
// is complete.
func readIndex(f sys.FS, name string, want uint32) (list []entry, covers int64, err error) {
	buf, err := readAll(f, name)
	if err != nil {
		return nil, 0, err
	}
	le := binary.LittleEndian
	if len(buf) < indexHeader || le.Uint32(buf) != indexMagic || want == 0 || le.Uint32(buf[4:]) != want {
		return nil, 0, io.ErrUnexpectedEOF
	}
	n := int(le.Uint32(buf[8:]))
	if n > (len(buf)-indexHeader)/entrySize {
		return nil, 0, io.ErrUnexpectedEOF
	}
	buf = buf[:indexHeader+n*entrySize] // a longer one may have been here before
	if max(crc32.Checksum(buf[8:], castagnoli), 1) != want {
		return nil, 0, io.ErrUnexpectedEOF
	}
	list = make([]entry, n)
	for i := range list {
		p := buf[indexHeader+i*entrySize:]
		list[i] = entry{le.Uint32(p), le.Uint32(p[4:]), int64(le.Uint64(p[8:]))}
	}
	return list, int64(le.Uint64(buf[12:])), nil
}
