package exec

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/sys"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// Spill is where a query that needs more memory than it may use puts rows. Dir is the query's
// own: it is made when it is first needed and removed, with all that is in it, by Close.
type Spill struct {
	FS  sys.FS
	Dir string
}

// spillDir makes and removes the temporary files of one query.
type spillDir struct {
	at   Spill
	mu   sync.Mutex
	made bool
	next int
}

// create opens a new file for writing.
func (d *spillDir) create() (vfs.File, string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.made {
		if err := d.at.FS.MkdirAll(d.at.Dir, 0o700); err != nil {
			return nil, "", d.fault(err)
		}
		d.made = true
	}
	d.next++
	name := d.at.FS.PathJoin(d.at.Dir, fmt.Sprintf("spill-%06d", d.next))
	f, err := d.at.FS.Create(name, vfs.WriteCategoryUnspecified)
	return f, name, d.fault(err)
}

// fault says what a failure of the disk means to the query.
func (d *spillDir) fault(err error) error {
	if err == nil {
		return nil
	}
	return errs.Wrap(err, "SPILL_FAILED", "rows that do not fit the memory budget could not be kept in %s", d.at.Dir).
		WithHint("make room there, or allow more memory with --memory")
}

// close removes everything.
func (d *spillDir) close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.made {
		return nil
	}
	d.made = false
	return d.fault(d.at.FS.RemoveAll(d.at.Dir))
}

// spillFile is a temporary file of blocks: written once, then read any number of times.
type spillFile struct {
	dir   *spillDir
	name  string
	f     vfs.File
	bytes int64
	block []byte // scratch
	raw   []byte // scratch
}

// newSpillFile makes a file; a query without a place for it gets nil.
func (d *spillDir) newFile() (*spillFile, error) {
	f, name, err := d.create()
	if err != nil {
		return nil, err
	}
	return &spillFile{dir: d, name: name, f: f}, nil
}

// write appends a batch of flat columns.
func (s *spillFile) write(b *vec.Batch) error {
	s.block, s.raw = encodeBlock(s.block[:0], s.raw, b)
	n := int64(len(s.block))
	if _, err := s.f.Write(s.block); err != nil {
		return s.dir.fault(err)
	}
	s.bytes += n
	return nil
}

// end ends writing.
func (s *spillFile) end() error {
	s.block, s.raw = nil, nil
	if s.f == nil {
		return nil
	}
	err := s.f.Close()
	s.f = nil
	return s.dir.fault(err)
}

// read yields the batches; each owns its memory.
func (s *spillFile) read(typs []types.Type, yield func(*vec.Batch, error) bool) bool {
	f, err := s.dir.at.FS.Open(s.name, vfs.SequentialReadsOption)
	if err != nil {
		return yield(nil, s.dir.fault(err)) && false
	}
	defer f.Close()
	var body []byte
	for {
		var head [blockHeader]byte
		if _, err := io.ReadFull(f, head[:]); errors.Is(err, io.EOF) {
			return true
		} else if err != nil {
			return yield(nil, s.dir.fault(err)) && false
		}
		n := int(binary.LittleEndian.Uint32(head[:]))
		if cap(body) < n {
			body = make([]byte, n)
		}
		if _, err := io.ReadFull(f, body[:n]); err != nil {
			return yield(nil, s.dir.fault(err)) && false
		}
		b, err := decodeBlock(body[:n], binary.LittleEndian.Uint32(head[4:]), binary.LittleEndian.Uint32(head[8:]), typs)
		if err != nil {
			return yield(nil, s.dir.fault(err)) && false
		}
		if !yield(b, nil) {
			return false
		}
	}
}

// remove deletes the file.
func (s *spillFile) remove() error {
	return errors.Join(s.end(), s.dir.fault(s.dir.at.FS.Remove(s.name)))
}
