package interim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// partition is one partition's folder during recovery.
type partition struct {
	r      *recovery
	topic  string
	number int32
	dir    string
	floor  floor

	segs    []*segment
	end     int64 // the next offset
	leader  int32 // the highest leader epoch
	maxTime int64 // ms, of all batches
	created int64 // ms, of the first batch
	open    map[int64]openTxn
	aborts  []abortedTxn
	windows map[int64]*window
	old     snapshot // of the last clean stop; zero if none
}

// segment is a .dat file and the .idx that belongs to it.
type segment struct {
	base     int64
	size     int64
	idx      []byte
	min, max int32 // leader epochs
}

type openTxn struct {
	first int64
	epoch int16
}

// snapshot is kfake's snapshot.json.
type snapshot struct {
	Version          int           `json:"version"`
	HighWatermark    int64         `json:"high_watermark"`
	LastStableOffset int64         `json:"last_stable_offset"`
	LogStartOffset   int64         `json:"log_start_offset"`
	Epoch            int32         `json:"epoch"`
	LeaderNode       int32         `json:"leader_node,omitempty"`
	MaxTimestamp     int64         `json:"max_timestamp"`
	CreatedAt        time.Time     `json:"created_at"`
	AbortedTxns      []abortedTxn  `json:"aborted_txns,omitempty"`
	Segments         []segmentSnap `json:"segments"`
}

type abortedTxn struct {
	ProducerID  int64 `json:"producer_id"`
	FirstOffset int64 `json:"first_offset"`
	LastOffset  int64 `json:"last_offset"` // of the marker
}

type segmentSnap struct {
	BaseOffset int64 `json:"base_offset"`
	Size       int64 `json:"size"`
	MinEpoch   int32 `json:"min_epoch,omitempty"`
	MaxEpoch   int32 `json:"max_epoch,omitempty"`
}

// window is an entry of kfake's seq_windows.json: the last batches of one producer.
type window struct {
	PID       int64          `json:"pid"`
	Topic     string         `json:"topic"`
	Partition int32          `json:"partition"`
	Entries   [5]windowEntry `json:"entries"`
	Count     uint8          `json:"count"`
	At        uint8          `json:"at"` // where the next entry goes
	Epoch     int16          `json:"epoch"`
	Seen      bool           `json:"seen"`
	NextSeq   int32          `json:"next_seq"`
}

type windowEntry struct {
	FirstSeq int32 `json:"first_seq"`
	NextSeq  int32 `json:"next_seq"`
	Offset   int64 `json:"offset"`
}

// scan reads all segments and collects what stands in them.
func (p *partition) scan() error {
	p.open, p.windows = map[int64]openTxn{}, map[int64]*window{}
	if err := p.readSnapshot(); err != nil {
		return err
	}
	bases, err := segmentBases(p.r.fs, p.dir)
	if err != nil {
		return err
	}
	for _, base := range bases {
		s := &segment{base: base}
		path := p.file(base, "dat")
		if s.size, err = readSegment(p.r.fs, path, func(b batch) { p.take(s, b) }); err != nil {
			return err
		}
		if err := p.cut(path, s.size); err != nil {
			return err
		}
		if s.size > 0 {
			p.segs = append(p.segs, s)
		}
	}
	p.end = max(p.end, p.floor.End)
	if len(p.segs) == 0 {
		p.end = max(p.end, p.old.HighWatermark)
	}
	for pid, t := range p.open {
		if !p.r.commitsOpen(pid, t.epoch) {
			p.r.aborted[pid] = max(p.r.aborted[pid], t.epoch)
		}
	}
	return nil
}

func (p *partition) file(base int64, ext string) string {
	return filepath.Join(p.dir, fmt.Sprintf("%d.%s", base, ext))
}

func (p *partition) readSnapshot() error {
	raw, err := readFile(p.r.fs, filepath.Join(p.dir, "snapshot.json"))
	if err != nil || raw == nil {
		return err
	}
	if json.Unmarshal(raw, &p.old) != nil {
		p.old = snapshot{} // a power loss; the segments say nearly all
	}
	p.leader = p.old.Epoch
	return nil
}

// take counts a batch in.
func (p *partition) take(s *segment, b batch) {
	if p.end == 0 && len(s.idx) == 0 {
		p.created, p.maxTime = b.firstTime, b.maxTime
	}
	p.end = max(p.end, b.next())
	p.leader = max(p.leader, b.leader)
	p.maxTime = max(p.maxTime, b.maxTime)
	if len(s.idx) == 0 {
		s.min, s.max = b.leader, b.leader
	}
	s.min, s.max = min(s.min, b.leader), max(s.max, b.leader)
	s.idx = appendIdx(s.idx, b, p.maxTime)
	switch {
	case b.control():
		p.closeTxn(b)
	case b.pid >= 0:
		if _, open := p.open[b.pid]; b.inTxn() && !open {
			p.open[b.pid] = openTxn{b.first, b.epoch}
		}
		p.remember(b)
	}
}

func (p *partition) closeTxn(b batch) {
	if t, open := p.open[b.pid]; open && !b.committing {
		p.aborts = append(p.aborts, abortedTxn{b.pid, t.first, b.first})
	}
	delete(p.open, b.pid)
}

// remember keeps the producer's last five batches, as kfake's window does.
func (p *partition) remember(b batch) {
	w := p.windows[b.pid]
	if w == nil || w.Epoch != b.epoch {
		w = &window{Epoch: b.epoch, Seen: true}
		p.windows[b.pid] = w
	}
	next := int32((int64(b.sequence) + int64(b.records)) % math.MaxInt32)
	w.Entries[w.At] = windowEntry{b.sequence, next, b.first}
	w.At = (w.At + 1) % 5
	w.Count = min(w.Count+1, 5)
	w.NextSeq = next
}

// cut drops what follows the first size bytes of a segment; an empty one goes.
func (p *partition) cut(path string, size int64) error {
	info, err := p.r.fs.Stat(path)
	if err != nil || info.Size() == size && size > 0 {
		return err
	}
	p.r.torn += info.Size() - size
	if size == 0 {
		return p.r.fs.Remove(path)
	}
	f, err := p.r.fs.Open(path)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // only read
	sound := make([]byte, size)
	if _, err := io.ReadFull(f, sound); err != nil {
		return err
	}
	return replaceFile(p.r.fs, path, sound, true)
}

// repair ends the open transactions and writes the files that kfake derives.
func (p *partition) repair() error {
	for _, pid := range slices.Sorted(maps.Keys(p.open)) {
		t := p.open[pid]
		commit := p.r.commitsOpen(pid, t.epoch)
		if commit {
			p.r.finished++
		}
		if err := p.mark(pid, t.epoch, commit); err != nil {
			return err
		}
	}
	if len(p.segs) == 0 {
		if p.end == 0 {
			return nil
		}
		if err := p.keeper(); err != nil {
			return err
		}
	}
	for _, s := range p.segs {
		if err := p.writeIdx(s); err != nil {
			return err
		}
	}
	return p.writeSnapshot()
}

// mark appends the end of a transaction.
func (p *partition) mark(pid int64, epoch int16, commit bool) error {
	raw := marker(p.end, p.leader, pid, epoch, commit, p.r.cfg.Sys.Clock.Now().UnixMilli())
	b, _ := parseBatch(raw)
	s := p.segs[len(p.segs)-1]
	f, err := p.r.fs.OpenReadWrite(p.file(s.base, "dat"), vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(raw, s.size)
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	s.size += int64(len(raw))
	p.take(s, b)
	return nil
}

// keeper puts a marker of nobody at the last offset of a log that lost all its records:
// kfake takes a partition without segments for new, and would begin at offset 0 again.
func (p *partition) keeper() error {
	if err := p.r.fs.MkdirAll(p.dir, 0o755); err != nil {
		return err
	}
	const nobody = -1
	raw := marker(p.end-1, p.leader, nobody, 0, false, p.r.cfg.Sys.Clock.Now().UnixMilli())
	b, _ := parseBatch(raw)
	s := &segment{base: p.end - 1, size: int64(len(raw))}
	p.segs = []*segment{s}
	p.take(s, b)
	return replaceFile(p.r.fs, p.file(s.base, "dat"), raw, true)
}

// keepEmpty is repair after a clean stop: only an emptied log needs anything.
func (p *partition) keepEmpty() error {
	bases, err := segmentBases(p.r.fs, p.dir)
	if err != nil || len(bases) > 0 {
		return err
	}
	if err := p.readSnapshot(); err != nil || p.old.HighWatermark == 0 {
		return err
	}
	p.end, p.open, p.windows = p.old.HighWatermark, map[int64]openTxn{}, map[int64]*window{}
	return p.repair()
}

func (p *partition) writeIdx(s *segment) error {
	path := p.file(s.base, "idx")
	have, err := readFile(p.r.fs, path)
	if err != nil || bytes.Equal(have, s.idx) {
		return err
	}
	return replaceFile(p.r.fs, path, s.idx, false)
}

func (p *partition) writeSnapshot() error {
	start := max(p.segs[0].base, p.old.LogStartOffset, p.floor.Start)
	if p.segs[0].base == p.end-1 && p.created == 0 {
		start = p.end
	}
	created := p.old.CreatedAt
	if created.IsZero() {
		created = time.UnixMilli(p.created)
	}
	slices.SortStableFunc(p.aborts, func(a, b abortedTxn) int { return int(a.LastOffset - b.LastOffset) })
	snap := snapshot{
		Version: 1, HighWatermark: p.end, LastStableOffset: p.end, LogStartOffset: min(start, p.end),
		Epoch: p.leader, MaxTimestamp: p.maxTime, CreatedAt: created, AbortedTxns: p.aborts,
	}
	for _, s := range p.segs {
		snap.Segments = append(snap.Segments, segmentSnap{s.base, s.size, s.min, s.max})
	}
	raw, err := json.Marshal(snap)
	if err != nil {
		return err
	}
	return replaceFile(p.r.fs, filepath.Join(p.dir, "snapshot.json"), raw, false)
}
