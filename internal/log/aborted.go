package log

import (
	"encoding/binary"
	"hash/crc32"
)

// A .txn file holds the transactions that a marker in the segment aborted, in order:
// producer, first, last, last stable offset, CRC.
const abortedSize = 36

// addAborted notes a transaction that a marker in the segment ends.
func (s *segment) addAborted(a Aborted) {
	s.amu.Lock()
	defer s.amu.Unlock()
	s.aborted = append(s.aborted, a)
	s.aborts++
}

// abortedIn returns the segment's aborted transactions. rebuild finds them all again if the
// file is missing or damaged.
func (s *segment) abortedIn(rebuild func() ([]Aborted, error)) ([]Aborted, error) {
	s.amu.Lock()
	defer s.amu.Unlock()
	if s.abReady {
		return s.aborted, nil
	}
	head, ok := s.readAborted()
	if !ok {
		var err error
		if head, err = rebuild(); err != nil {
			return nil, err
		}
		s.abSaved = 0
	}
	s.aborted, s.abReady = append(head, s.aborted...), true
	return s.aborted, nil
}

// knowsAborted reports whether abortedIn needs no file, for sure.
func (s *segment) knowsAborted() bool {
	if !s.amu.TryLock() { // it may be reading one
		return false
	}
	defer s.amu.Unlock()
	return s.abReady
}

// readAborted reads the entries that the file had when the segment was opened.
func (s *segment) readAborted() ([]Aborted, bool) {
	buf, err := readAll(s.fs, s.name(".txn"))
	if err != nil || len(buf) < s.abHead*abortedSize {
		return nil, false
	}
	le := binary.LittleEndian
	list := make([]Aborted, s.abHead)
	for i := range list {
		p := buf[i*abortedSize:][:abortedSize]
		if crc32.Checksum(p[:32], castagnoli) != le.Uint32(p[32:]) {
			return nil, false
		}
		list[i] = Aborted{int64(le.Uint64(p)), int64(le.Uint64(p[8:])), int64(le.Uint64(p[16:])), int64(le.Uint64(p[24:]))}
	}
	return list, true
}

// saveAborted appends to the file what it has not, and syncs it.
func (s *segment) saveAborted() error {
	s.amu.Lock()
	defer s.amu.Unlock()
	at := s.abSaved
	if !s.abReady {
		at -= s.abHead
	}
	fresh := s.aborted[at:]
	if len(fresh) == 0 {
		return nil
	}
	buf := make([]byte, 0, len(fresh)*abortedSize)
	le := binary.LittleEndian
	for _, a := range fresh {
		from := len(buf)
		for _, v := range []int64{a.Producer, a.First, a.Last, a.LastStable} {
			buf = le.AppendUint64(buf, uint64(v))
		}
		buf = le.AppendUint32(buf, crc32.Checksum(buf[from:], castagnoli))
	}
	f, err := openRW(s.fs, s.name(".txn"))
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // synced
	if _, err := f.WriteAt(buf, int64(s.abSaved)*abortedSize); err != nil {
		return err
	}
	if err := f.SyncData(); err != nil {
		return err
	}
	if s.abSaved == 0 {
		if err := syncDir(s.fs, s.dir); err != nil {
			return err
		}
	}
	s.abSaved += len(fresh)
	return nil
}

// findAborted scans segments, of which the first begins with the log, for the transactions
// that markers in the last one aborted, as far as that was there when it was opened.
func findAborted(segs []*segment) (list []Aborted, err error) {
	first := map[int64]int64{} // producer: where its open transaction begins
	for i, s := range segs {
		f, err := s.open()
		if err != nil {
			return nil, err
		}
		end := s.idx.from
		if i < len(segs)-1 {
			end = s.sealedSize()
		}
		sc := scanner{f: f, end: end, whole: true}
		for sc.next() {
			b := &sc.batch
			start, open := first[b.Producer]
			switch {
			case !b.Transactional():
			case !b.Control():
				if !open {
					first[b.Producer] = b.Base
				}
			case open:
				delete(first, b.Producer)
				if m, ok, err := b.EndMark(); err == nil && ok && !m.Commit && i == len(segs)-1 {
					stable := b.Next() // readers stop at the first entry beyond them by this
					for _, other := range first {
						stable = min(stable, other)
					}
					list = append(list, Aborted{b.Producer, start, b.Base, stable})
				}
			}
		}
		f.done()
		if sc.err != nil {
			return nil, sc.err
		}
	}
	return list, nil
}
