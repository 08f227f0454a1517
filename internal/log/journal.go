package log

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/azud/azud/internal/sys"
)

// A journal file begins with a header, and then come records, each at a multiple of 8:
//
//	file    magic u32, CRC u32 of the rest, generation u64, sequence of the first record u64
//	record  magic u32, CRC u32 of the rest, length u32, number in its round u32,
//	        generation u64, sequence u64, round u64, entries
//
// The generation tells the records of this use of the file from those of earlier ones.
// Sequences go on from file to file. A round is what one sync makes durable: what is damaged
// in the last one was never acknowledged, what is damaged before it was.
const (
	fileMagic   = 0x316a7a61 // "azj1"
	recordMagic = 0x316b7a61 // "azk1"
	fileHeader  = 24
	recHeader   = 40

	journalFiles = 4
	maxPayload   = 4 << 20 // of a record, unless one entry is larger
)

// mark is a place in the journal: everything with a lower sequence is before it.
type mark struct {
	gen, seq, round uint64
	pos             int64 // in the file of that generation; -1: after its end
}

// journalFile is one of the files. Its fields are under journal.fmu, but the file that is
// written to is the committer's.
type journalFile struct {
	n       int
	f       vfs.File
	gen     uint64 // 0: never used
	size    int64  // of the file; zero-filled up to here
	filling bool
}

// journal is the files of the journal and where it is written. All methods but fill and
// recycle are the committer's.
type journal struct {
	fs    sys.FS
	dir   string
	bytes int64

	at    mark
	index uint32 // number of the next record in its round
	cur   *journalFile
	dirty []*journalFile // left in this round before their sync

	fmu   sync.Mutex
	files []*journalFile
	keep  uint64 // generations from here on are needed by recovery
	done  mark   // after the last synced record
	need  chan struct{}
}

func journalName(n int) string { return fmt.Sprint(n) }

// openJournal opens the files that exist, of whose contents nothing is needed any more; at
// is where the journal goes on, in a new generation.
func openJournal(f sys.FS, dir string, bytes int64, at mark) (*journal, error) {
	j := &journal{fs: f, dir: dir, bytes: bytes, at: at, done: at, keep: at.gen + 1, need: make(chan struct{}, 1)}
	for n := 0; ; n++ {
		name := f.PathJoin(dir, journalName(n))
		info, err := f.Stat(name)
		if missing(err) {
			return j, nil
		}
		if err != nil {
			return nil, errors.Join(err, j.close())
		}
		file, err := openRW(f, name)
		if err != nil {
			return nil, errors.Join(err, j.close())
		}
		jf := &journalFile{n: n, f: file, size: info.Size()}
		j.files = append(j.files, jf)
		jf.gen, _, _ = readFileHeader(file)
	}
}

// readFileHeader reads the generation and the first sequence of a file.
func readFileHeader(f vfs.File) (gen, seq uint64, ok bool) {
	var h [fileHeader]byte
	le := binary.LittleEndian
	if readFull(f, h[:], 0) != nil || le.Uint32(h[:]) != fileMagic || crc32.Checksum(h[8:], castagnoli) != le.Uint32(h[4:]) {
		return 0, 0, false
	}
	return le.Uint64(h[8:]), le.Uint64(h[16:]), true
}

// append writes one record. buf begins with recHeader bytes of room, and is padded.
func (j *journal) append(buf []byte) error {
	n := len(buf) - recHeader
	for len(buf)%8 != 0 {
		buf = append(buf, 0)
	}
	if err := j.room(int64(len(buf))); err != nil {
		return err
	}
	le := binary.LittleEndian
	le.PutUint32(buf, recordMagic)
	le.PutUint32(buf[8:], uint32(n))
	le.PutUint32(buf[12:], j.index)
	le.PutUint64(buf[16:], j.at.gen)
	le.PutUint64(buf[24:], j.at.seq)
	le.PutUint64(buf[32:], j.at.round)
	le.PutUint32(buf[4:], crc32.Checksum(buf[8:recHeader+n], castagnoli))
	if _, err := j.cur.f.WriteAt(buf, j.at.pos); err != nil {
		return err
	}
	j.at.pos += int64(len(buf))
	j.at.seq++
	j.index++
	return nil
}

// room makes the current file one in which a record of n bytes fits, or an empty one.
func (j *journal) room(n int64) error {
	if j.cur != nil {
		fits := j.at.pos+n <= j.bytes
		if fits && (j.cur.size >= j.bytes || !j.prepared()) || j.at.pos == fileHeader {
			return nil
		}
		j.dirty = append(j.dirty, j.cur)
		j.fmu.Lock()
		j.cur.size = max(j.cur.size, j.at.pos)
		j.fmu.Unlock()
	}
	next, err := j.take()
	if err != nil {
		return err
	}
	var h [fileHeader]byte
	le := binary.LittleEndian
	le.PutUint32(h[:], fileMagic)
	le.PutUint64(h[8:], j.at.gen+1)
	le.PutUint64(h[16:], j.at.seq)
	le.PutUint32(h[4:], crc32.Checksum(h[8:], castagnoli))
	if _, err := next.f.WriteAt(h[:], 0); err != nil {
		return err
	}
	j.fmu.Lock()
	j.at.gen++
	next.gen, j.at.pos = j.at.gen, fileHeader
	j.fmu.Unlock()
	return nil
}

// idle reports whether a file waits to be used. The caller holds fmu.
func (j *journal) idle(f *journalFile) bool {
	return f != j.cur && !f.filling && (f.gen == 0 || f.gen < j.keep)
}

// prepared reports whether a zero-filled file waits to be used.
func (j *journal) prepared() bool {
	j.fmu.Lock()
	defer j.fmu.Unlock()
	for _, f := range j.files {
		if j.idle(f) && f.size >= j.bytes {
			return true
		}
	}
	return false
}

// take makes a file that recovery does not need the current one, the zero-filled first; a new
// one if there is none, so that a slow checkpoint stops nobody.
func (j *journal) take() (*journalFile, error) {
	j.fmu.Lock()
	defer j.fmu.Unlock()
	var best *journalFile
	for _, f := range j.files {
		if j.idle(f) && (best == nil || f.size > best.size) {
			best = f
		}
	}
	if best == nil {
		var err error
		if best, err = j.create(); err != nil {
			return nil, err
		}
	}
	j.cur = best // at once: whoever fills files must not take it
	return best, nil
}

// create makes a file. The caller holds fmu.
func (j *journal) create() (*journalFile, error) {
	n := len(j.files)
	f, err := openRW(j.fs, j.fs.PathJoin(j.dir, journalName(n)))
	if err != nil {
		return nil, err
	}
	if err := syncDir(j.fs, j.dir); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	jf := &journalFile{n: n, f: f}
	j.files = append(j.files, jf)
	return jf, nil
}

// marked is the place after the last synced record.
func (j *journal) marked() mark {
	j.fmu.Lock()
	defer j.fmu.Unlock()
	return j.done
}

// sync makes what was appended durable, and ends the round.
func (j *journal) sync() error {
	for _, f := range j.dirty {
		if err := f.f.SyncData(); err != nil {
			return err
		}
	}
	j.dirty = j.dirty[:0]
	if j.cur != nil {
		if err := j.cur.f.SyncData(); err != nil {
			return err
		}
	}
	j.at.round++
	j.index = 0
	j.fmu.Lock()
	j.done = j.at
	j.fmu.Unlock()
	return nil
}

// recycle frees the files of generations before keep, removes those that a slow checkpoint
// made beyond the usual number, and has the others zero-filled.
func (j *journal) recycle(keep uint64) {
	j.fmu.Lock()
	j.keep = max(j.keep, keep)
	for len(j.files) > journalFiles {
		f := j.files[len(j.files)-1]
		if !j.idle(f) {
			break
		}
		f.f.Close()                                                //nolint:errcheck // its contents are of no use
		_ = removeIf(j.fs, j.fs.PathJoin(j.dir, journalName(f.n))) // used again at the next start
		j.files = j.files[:len(j.files)-1]
	}
	j.fmu.Unlock()
	j.wantFill()
}

// wantFill asks for files to be zero-filled.
func (j *journal) wantFill() {
	select {
	case j.need <- struct{}{}:
	default:
	}
}

// fillStep is how much of a journal file is zeroed at once, in bytes.
const fillStep = 1 << 20

// fill zero-fills one file that waits to be used, and reports whether there was one.
func (j *journal) fill(stop func() bool) (bool, error) {
	f, err := j.unfilled()
	if f == nil || err != nil {
		return false, err
	}
	size := f.size
	for size < j.bytes && err == nil && !stop() {
		end := min(size+fillStep, j.bytes)
		if err = zero(f.f, size, end); err == nil {
			size = end
			if size%(4*fillStep) == 0 || size == j.bytes { // in steps: others sync meanwhile
				err = f.f.SyncData()
			}
		}
	}
	if err == nil && size >= j.bytes {
		err = f.f.Sync()
	}
	j.fmu.Lock()
	defer j.fmu.Unlock()
	f.filling = false
	if err == nil {
		f.size = size
	}
	return err == nil && !stop(), err
}

// unfilled picks the file to fill, or makes it.
func (j *journal) unfilled() (*journalFile, error) {
	j.fmu.Lock()
	defer j.fmu.Unlock()
	var f *journalFile
	for _, have := range j.files {
		if j.idle(have) && have.size < j.bytes {
			f = have
			break
		}
	}
	if f == nil && len(j.files) < journalFiles {
		var err error
		if f, err = j.create(); err != nil {
			return nil, err
		}
	}
	if f != nil {
		f.filling = true
	}
	return f, nil
}

func (j *journal) close() error {
	var err error
	for _, f := range j.files {
		err = errors.Join(err, f.f.Close())
	}
	return err
}
