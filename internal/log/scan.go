package log

import (
	"encoding/binary"
	"errors"
	"io"

	"github.com/azud/azud/internal/record"
)

const (
	scanWindow = 1 << 20
	seekWindow = 4 << 10
)

// header reads only the header of the batch at the start of buf, which may end before the
// batch does. ok is false if no batch of format 2 begins there. size is the whole batch's,
// unchecked but not less than a header's.
func header(buf []byte) (b record.Batch, size int, ok bool) {
	if len(buf) < record.HeaderSize || buf[16] != 2 {
		return b, 0, false
	}
	if size = record.Size(buf); size < record.HeaderSize {
		return b, 0, false
	}
	if size > len(buf) { // make it look like a batch of its header alone
		var h [record.HeaderSize]byte
		copy(h[:], buf)
		binary.BigEndian.PutUint32(h[8:], record.HeaderSize-12)
		buf = h[:]
	}
	b, ok, err := record.Parse(buf)
	return b, size, ok && err == nil
}

// scanner walks the batches of a segment file from a position.
type scanner struct {
	f     io.ReaderAt
	pos   int64 // of the next batch
	end   int64 // nothing is read from here on
	whole bool  // batches come with all of their bytes; else only headers are sure

	window int // bytes to read at a time; 0: scanWindow
	buf    []byte
	at     int64 // position of buf[0]
	err    error // of reading; nil at the end and at what is no batch
	batch  record.Batch
	size   int
}

// next moves to the batch at pos; false at the end, at what is no batch, and on errors.
// The batch aliases the scanner's buffer until the next call.
func (s *scanner) next() bool {
	s.pos += int64(s.size)
	s.size = 0
	if s.end-s.pos < record.HeaderSize || !s.fill(record.HeaderSize) {
		return false
	}
	b, size, ok := header(s.buf[s.pos-s.at:])
	if !ok || int64(size) > s.end-s.pos {
		return false
	}
	if s.whole {
		if !s.fill(size) {
			return false
		}
		if b, ok, _ = record.Parse(s.buf[s.pos-s.at:]); !ok {
			return false
		}
	}
	s.batch, s.size = b, size
	return true
}

// fill makes n bytes from pos on available in buf.
func (s *scanner) fill(n int) bool {
	if off := s.pos - s.at; off >= 0 && off+int64(n) <= int64(len(s.buf)) {
		return true
	}
	window := s.window
	if window == 0 {
		window = scanWindow
	}
	want := int(min(int64(max(n, window)), s.end-s.pos))
	if cap(s.buf) < want {
		s.buf = make([]byte, want)
	}
	got, err := s.f.ReadAt(s.buf[:want], s.pos)
	s.buf, s.at = s.buf[:got], s.pos
	if got >= n {
		return true
	}
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return false
}

// blank reports whether the file is zero from pos to its end: a tail that was cut.
func blank(f io.ReaderAt, pos, end int64) (bool, error) {
	buf := make([]byte, min(scanWindow, max(end-pos, 0)))
	for pos < end {
		n, err := f.ReadAt(buf[:min(int64(len(buf)), end-pos)], pos)
		for _, b := range buf[:n] {
			if b != 0 {
				return false, nil
			}
		}
		pos += int64(n)
		if err != nil && pos < end {
			if errors.Is(err, io.EOF) {
				return true, nil
			}
			return false, err
		}
	}
	return true, nil
}
