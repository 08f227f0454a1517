package log

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/azud/azud/internal/record"
	"github.com/azud/azud/internal/sys"
)

// meta is what is known of a segment without opening it. Under the partition's lock while
// the segment is the last one, immutable afterwards.
type meta struct {
	base      int64  // offset of the first record; names the files
	size      int64  // bytes of whole batches
	next      int64  // offset after the last record
	maxTime   int64  // ms, of all records; noTime if there are none
	maxBase   int64  // first offset of the batch that has maxTime
	firstTime int64  // ms, of the first batch; noTime if there is none
	created   int64  // ms, by the broker's clock
	aborts    int    // transactions aborted by a marker in here
	index     uint32 // checksum of the index file when the snapshot was stored; 0: none
}

func newMeta(base, now int64) meta {
	return meta{base: base, next: base, maxTime: noTime, maxBase: -1, firstTime: noTime, created: now}
}

// note counts a batch in.
func (m *meta) note(b *record.Batch, size int) {
	if m.firstTime == noTime {
		m.firstTime = b.MaxTime
	}
	if b.MaxTime > m.maxTime {
		m.maxTime, m.maxBase = b.MaxTime, b.Base
	}
	m.size += int64(size)
	m.next = b.Next()
}

// segment is a file of batches and its index. It is counted by references: the partition's
// list has one, each reader has one; the last one closes the files and, if the segment has
// been dropped, removes them.
type segment struct {
	meta
	fs      sys.FS
	dir     string
	written atomic.Int64 // bytes that the file has; the partition's tail has the rest
	synced  atomic.Int64 // bytes known to be durable
	fresh   atomic.Bool  // the file's name is not known to be durable
	refs    atomic.Int32
	gone    atomic.Bool // dropped: remove the files with the last reference
	idx     index

	files   *handles // of the log
	fmu     sync.Mutex
	file    *handle // nil: closed
	write   bool    // file takes writes
	sealed  bool    // nothing is appended any more
	recent  bool    // file was used since the last look
	pinned  bool    // file must stay open
	counted bool    // is in files
	lost    error   // of a failed sync: it is never tried again

	amu     sync.Mutex
	aborted []Aborted
	abReady bool // aborted is complete; else abHead of the file's go before it
	abHead  int  // how many the file had when the segment was opened
	abSaved int  // how many the file has
}

// openSegment makes the object for a segment of the partition; no file is touched.
func (p *Partition) openSegment(m meta) *segment {
	s := &segment{meta: m, fs: p.l.sys.FS, dir: p.dir, files: &p.l.files}
	s.idx.every, s.idx.sum = int64(p.l.cfg.IndexBytes), m.index
	s.idx.from, s.idx.last, s.idx.ready = m.size, m.size, m.size == 0
	s.abReady, s.abHead, s.abSaved = m.aborts == 0, m.aborts, m.aborts
	s.written.Store(m.size)
	s.synced.Store(m.size)
	s.refs.Store(1)
	return s
}

// createSegment makes a new, empty file. The folder is not synced: see fresh.
func (p *Partition) createSegment(base, now int64) (*segment, error) {
	s := p.openSegment(newMeta(base, now))
	for _, ext := range []string{".log", ".idx", ".txn"} { // left from what recovery dropped
		if err := removeIf(s.fs, s.name(ext)); err != nil {
			return nil, err
		}
	}
	s.fresh.Store(true)
	_, err := s.openWrite()
	return s, err
}

func segmentName(base int64, ext string) string { return fmt.Sprintf("%020d%s", base, ext) }

// parseSegmentName is the reverse; ok is false for other files.
func parseSegmentName(name, ext string) (base int64, ok bool) {
	digits, ok := strings.CutSuffix(name, ext)
	if !ok || len(digits) != 20 {
		return 0, false
	}
	base, err := strconv.ParseInt(digits, 10, 64)
	return base, err == nil && base >= 0
}

func (s *segment) name(ext string) string { return s.fs.PathJoin(s.dir, segmentName(s.base, ext)) }

// sealedSize is the size of a segment that is not the last one.
func (s *segment) sealedSize() int64 { return s.size }

// acquire takes a reference. The caller holds the partition's lock or another reference.
func (s *segment) acquire() *segment { s.refs.Add(1); return s }

// release gives a reference back.
func (s *segment) release() {
	if s.refs.Add(-1) > 0 {
		return
	}
	s.fmu.Lock()
	defer s.fmu.Unlock()
	if s.file != nil {
		s.file.Close() //nolint:errcheck // what matters was synced
		s.file = nil
	}
	if s.gone.Load() {
		for _, ext := range []string{".log", ".idx", ".txn"} {
			_ = removeIf(s.fs, s.name(ext)) // recovery removes what stays
		}
	}
}

// sync makes the bytes up to size durable.
func (s *segment) sync(size int64) error {
	if s.synced.Load() >= size && !s.fresh.Load() && s.broken() == nil {
		return nil
	}
	f, err := s.openSync()
	if err != nil {
		return err
	}
	defer f.done()
	if err := s.broken(); err != nil {
		return err
	}
	if err := f.SyncData(); err != nil {
		return s.breakOff(err)
	}
	if s.fresh.Load() {
		if err := syncDir(s.fs, s.dir); err != nil {
			return s.breakOff(err)
		}
		s.fresh.Store(false)
	}
	for old := s.synced.Load(); old < size && !s.synced.CompareAndSwap(old, size); old = s.synced.Load() {
	}
	return nil
}

// breakOff notes that the file may lack what was written: no later sync counts, so that no
// checkpoint lets go of what the journal still has.
func (s *segment) breakOff(err error) error {
	s.fmu.Lock()
	defer s.fmu.Unlock()
	if s.lost == nil {
		s.lost = err
	}
	return err
}

func (s *segment) broken() error {
	s.fmu.Lock()
	defer s.fmu.Unlock()
	return s.lost
}

// unsaved reports whether save has something to write.
func (s *segment) unsaved() bool {
	s.idx.mu.Lock()
	dirty := s.idx.dirty
	s.idx.mu.Unlock()
	s.amu.Lock()
	defer s.amu.Unlock()
	return dirty || s.aborts > s.abSaved
}

// save writes the disposable files: index and aborted transactions. size and aborts are
// what they must cover.
func (s *segment) save(size int64) error {
	return errors.Join(s.idx.save(s, size), s.saveAborted())
}
