package interim

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/crc32"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Files of ours beside kfake's.
const (
	cleanFile  = "CLEAN"
	endsFile   = "ends.log"
	floorsFile = "floors.json"
)

// endKind is what a producer did last, as far as recovery must know.
type endKind uint8

const (
	began    endKind = iota // partitions joined a transaction
	aborting                // EndTxn said abort
	commits                 // EndTxn said commit
)

// end is one record of the journal.
type end struct {
	pid   int64
	epoch int16
	kind  endKind
	bumps bool // the request's version lets the broker raise the epoch (KIP-890)
}

const (
	endSize    = 16
	maxEndsLog = 4 << 20 // bytes; then only the last record of each producer is kept
)

// journal notes, before kfake does it, what kfake does in several steps: the end of a
// transaction over its partitions, and the removal of records. A nil journal is none.
type journal struct {
	cfg Config

	mu     sync.Mutex
	file   vfs.File
	size   int
	last   map[int64]end
	floors map[string]map[int32]floor // by topic id, then partition
}

// floor is what a partition's log may not fall back behind.
type floor struct {
	Start int64 `json:"start"`
	End   int64 `json:"end"`
}

// openJournal begins a new one: what was in the old is in kfake's files now.
func openJournal(cfg Config) (*journal, error) {
	j := &journal{cfg: cfg, last: map[int64]end{}, floors: map[string]map[int32]floor{}}
	for _, name := range []string{cleanFile, floorsFile} {
		if err := cfg.Sys.FS.Remove(j.path(name)); err != nil && !missing(err) {
			return nil, err
		}
	}
	f, err := cfg.Sys.FS.Create(j.path(endsFile), vfs.WriteCategoryUnspecified)
	j.file = f
	return j, err
}

func (j *journal) path(name string) string { return filepath.Join(j.cfg.Dir, name) }

// close marks the directory clean unless err says that it is not.
func (j *journal) close(err error) error {
	j.drop()
	if err != nil {
		return err
	}
	f, err := j.cfg.Sys.FS.Create(j.path(cleanFile), vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func (j *journal) drop() {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.file != nil {
		j.file.Close() //nolint:errcheck // every record was written at once
		j.file = nil
	}
}

// watch sees the requests that must be noted first. kfake calls back one at a time,
// before it acts; an error closes the client's connection and the request is not done.
func (j *journal) watch(c *kfake.Cluster) {
	note := func(key kmsg.Key, fn func(kmsg.Request) error) {
		c.ControlKey(int16(key), func(r kmsg.Request) (kmsg.Response, error, bool) {
			c.KeepControl()
			err := fn(r)
			return nil, err, err != nil
		})
	}
	note(kmsg.EndTxn, func(r kmsg.Request) error {
		req := r.(*kmsg.EndTxnRequest)
		e := end{pid: req.ProducerID, epoch: req.ProducerEpoch, kind: aborting, bumps: req.Version >= 5}
		if req.Commit {
			e.kind = commits
		}
		return j.add(e)
	})
	note(kmsg.AddPartitionsToTxn, func(r kmsg.Request) error {
		req := r.(*kmsg.AddPartitionsToTxnRequest)
		return j.add(end{pid: req.ProducerID, epoch: req.ProducerEpoch, kind: began})
	})
	note(kmsg.DeleteRecords, func(r kmsg.Request) error {
		return j.deleting(c, r.(*kmsg.DeleteRecordsRequest))
	})
}

// add appends a record. A fenced producer's request changes nothing: kfake refuses it,
// and its older epoch must not hide what the newer one decided.
func (j *journal) add(e end) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	old, seen := j.last[e.pid]
	if seen && (old.epoch > e.epoch || old == e) {
		return nil
	}
	if j.file == nil {
		return errors.New("the broker is closing")
	}
	if j.size >= maxEndsLog {
		if err := j.compact(); err != nil {
			return err
		}
	}
	if _, err := j.file.Write(e.append(nil)); err != nil {
		return err
	}
	j.size += endSize
	j.last[e.pid] = e
	return nil
}

// compact rewrites the file with the last record of each producer.
func (j *journal) compact() error {
	var all []byte
	for _, pid := range slices.Sorted(maps.Keys(j.last)) {
		all = j.last[pid].append(all)
	}
	j.file.Close() //nolint:errcheck // Windows renames over no open file; every record was written at once
	j.file = nil
	size := len(all)
	replaced := replaceFile(j.cfg.Sys.FS, j.path(endsFile), all, false)
	if replaced != nil {
		size = j.size // the old one goes on
	}
	f, err := j.cfg.Sys.FS.OpenReadWrite(j.path(endsFile), vfs.WriteCategoryUnspecified)
	if err != nil {
		return errors.Join(replaced, err)
	}
	if _, err := io.CopyN(io.Discard, f, int64(size)); err != nil {
		return errors.Join(replaced, err, f.Close())
	}
	j.file, j.size = f, size
	return replaced
}

func (e end) append(b []byte) []byte {
	at := len(b)
	b = binary.BigEndian.AppendUint64(b, uint64(e.pid))
	b = binary.BigEndian.AppendUint16(b, uint16(e.epoch))
	flags := byte(0)
	if e.bumps {
		flags = 1
	}
	b = append(b, byte(e.kind), flags)
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b[at:], castagnoli))
}

// readEnds returns the last record of each producer, up to the first torn one.
func readEnds(raw []byte) map[int64]end {
	last := map[int64]end{}
	for len(raw) >= endSize {
		b := raw[:endSize]
		raw = raw[endSize:]
		if crc32.Checksum(b[:12], castagnoli) != binary.BigEndian.Uint32(b[12:]) {
			break
		}
		e := end{
			pid: int64(binary.BigEndian.Uint64(b)), epoch: int16(binary.BigEndian.Uint16(b[8:])),
			kind: endKind(b[10]), bumps: b[11] == 1,
		}
		last[e.pid] = e
	}
	return last
}

// deleting notes how far each partition's log will begin and end.
func (j *journal) deleting(c *kfake.Cluster, req *kmsg.DeleteRecordsRequest) error {
	for _, t := range req.Topics {
		info := c.TopicInfo(t.Topic)
		if info == nil {
			continue
		}
		for _, p := range t.Partitions {
			pi := c.PartitionInfo(t.Topic, p.Partition)
			if pi == nil || p.Offset > pi.HighWatermark {
				continue
			}
			start := p.Offset
			if start < 0 {
				start = pi.HighWatermark
			}
			j.raise(info.TopicID, p.Partition, floor{max(start, pi.LogStartOffset), pi.HighWatermark})
		}
	}
	return j.saveFloors()
}

func (j *journal) raise(topic [16]byte, partition int32, f floor) {
	j.mu.Lock()
	defer j.mu.Unlock()
	id := base64.StdEncoding.EncodeToString(topic[:]) // as in topics.json
	if j.floors[id] == nil {
		j.floors[id] = map[int32]floor{}
	}
	old := j.floors[id][partition]
	j.floors[id][partition] = floor{max(old.Start, f.Start), max(old.End, f.End)}
}

func (j *journal) saveFloors() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	raw, err := json.Marshal(j.floors)
	if err != nil {
		return err
	}
	return replaceFile(j.cfg.Sys.FS, j.path(floorsFile), raw, false)
}
