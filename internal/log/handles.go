package log

import (
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// handle is an open file of a segment. Who has got it from open gives it back with done.
type handle struct {
	vfs.File
	seg     *segment
	users   int  // under seg.fmu
	retired bool // another took its place: the last user closes it
}

// done gives the file back.
func (h *handle) done() {
	h.seg.fmu.Lock()
	defer h.seg.fmu.Unlock()
	if h.users--; h.users == 0 && h.retired {
		h.Close() //nolint:errcheck // was only read
	}
}

// handles bounds how many files of segments are open that are not appended to: thousands of
// partitions with several segments each would reach the limit of the process. A file is closed
// when others have been used since, and opened again when it is needed.
type handles struct {
	most int

	mu   sync.Mutex
	list []*segment // may have closed ones, too
	hand int        // where in the list the next look begins
}

// add notes that a segment's file has been opened, and closes others that are too many. The
// caller may hold the segment's fmu.
func (c *handles) add(s *segment) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list = append(c.list, s)
	for looks := 2 * len(c.list); len(c.list) > c.most && looks > 0; looks-- {
		c.hand %= len(c.list)
		if c.list[c.hand].leave() {
			n := len(c.list) - 1
			c.list[c.hand], c.list[n] = c.list[n], nil
			c.list = c.list[:n]
		} else {
			c.hand++
		}
	}
}

// leave closes the file if nobody needs it, and reports whether the segment is none of those
// that are counted any more.
func (s *segment) leave() bool {
	if !s.fmu.TryLock() {
		return false
	}
	defer s.fmu.Unlock()
	switch {
	case s.file == nil || s.write && !s.sealed: // closed; or appended to, and counted later
		s.counted = false
		return true
	case s.recent:
		s.recent = false
		return false
	case s.file.users > 0 || s.pinned:
		return false
	case s.write && (s.synced.Load() < s.size || s.fresh.Load() || s.lost != nil): // a sync must see its errors
		return false
	}
	s.file.Close() //nolint:errcheck // what was written is synced
	s.file, s.write, s.counted = nil, false, false
	return true
}

// count adds the segment to those whose files are bounded. The caller holds fmu.
func (s *segment) count() {
	if !s.counted {
		s.counted = true
		s.files.add(s)
	}
}

// open returns the file, opened if it is not. The caller has a reference to the segment as
// long as it has the file.
func (s *segment) open() (*handle, error) {
	s.fmu.Lock()
	defer s.fmu.Unlock()
	if s.file == nil {
		f, err := s.fs.Open(s.name(".log"))
		if err != nil {
			return nil, err
		}
		s.file = &handle{File: f, seg: s}
		s.count()
	}
	s.recent = true
	s.file.users++
	return s.file, nil
}

// openWrite returns the file of a segment that is appended to, for writing. It stays open
// until the segment is sealed.
func (s *segment) openWrite() (vfs.File, error) {
	s.fmu.Lock()
	defer s.fmu.Unlock()
	if err := s.writable(); err != nil {
		return nil, err
	}
	return s.file, nil
}

// openSync is openWrite for a segment that may have been sealed. The caller gives it back.
func (s *segment) openSync() (*handle, error) {
	s.fmu.Lock()
	defer s.fmu.Unlock()
	if err := s.writable(); err != nil {
		return nil, err
	}
	s.file.users++
	return s.file, nil
}

// writable makes the file one that takes writes. The caller holds fmu.
func (s *segment) writable() error {
	if s.file != nil && s.write {
		return nil
	}
	f, err := openRW(s.fs, s.name(".log"))
	if err != nil {
		return err
	}
	if old := s.file; old != nil {
		if old.retired = true; old.users == 0 {
			old.Close() //nolint:errcheck // was only read
		}
	}
	s.file, s.write = &handle{File: f, seg: s}, true
	if s.sealed {
		s.count()
	}
	return nil
}

// seal says that nothing will be appended any more: the file may be closed at times.
func (s *segment) seal() {
	s.fmu.Lock()
	defer s.fmu.Unlock()
	s.sealed = true
	if s.file != nil {
		s.count()
	}
}

// pin opens the file and keeps it open: its name goes while readers need it.
func (s *segment) pin() error {
	h, err := s.open()
	if err != nil {
		return err
	}
	s.fmu.Lock()
	s.pinned = true
	s.fmu.Unlock()
	h.done()
	return nil
}
