package interim

import (
	"bufio"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/twmb/franz-go/pkg/kmsg"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

const (
	batchHeader = 61 // bytes before a batch's records (message format 2)
	idxEntry    = 15 // bytes of a batch in kfake's .idx file

	attrTxn     = 0x10
	attrControl = 0x20
)

// batch is the head of a record batch, and what a control batch says.
type batch struct {
	first      int64 // offset
	size       int   // bytes in the segment
	leader     int32 // leader epoch
	attrs      uint16
	lastDelta  int32
	firstTime  int64 // ms
	maxTime    int64
	pid        int64
	epoch      int16 // of the producer
	sequence   int32
	records    int32
	committing bool // a control batch that commits
}

func (b *batch) control() bool { return b.attrs&attrControl != 0 }
func (b *batch) inTxn() bool   { return b.attrs&attrTxn != 0 && !b.control() }
func (b *batch) next() int64   { return b.first + int64(b.lastDelta) + 1 }

// parseBatch reads a whole batch; false if it is torn or damaged.
func parseBatch(raw []byte) (batch, bool) {
	be := binary.BigEndian
	if len(raw) < batchHeader || raw[16] != 2 || crc32.Checksum(raw[21:], castagnoli) != be.Uint32(raw[17:]) {
		return batch{}, false
	}
	b := batch{
		first: int64(be.Uint64(raw)), size: len(raw), leader: int32(be.Uint32(raw[12:])),
		attrs: be.Uint16(raw[21:]), lastDelta: int32(be.Uint32(raw[23:])),
		firstTime: int64(be.Uint64(raw[27:])), maxTime: int64(be.Uint64(raw[35:])),
		pid: int64(be.Uint64(raw[43:])), epoch: int16(be.Uint16(raw[51:])),
		sequence: int32(be.Uint32(raw[53:])), records: int32(be.Uint32(raw[57:])),
	}
	if b.control() {
		var rec kmsg.Record
		err := rec.ReadFrom(raw[batchHeader:])
		b.committing = err == nil && len(rec.Key) >= 4 && be.Uint16(rec.Key[2:]) == 1
	}
	return b, true
}

// readSegment calls fn for each sound batch of a segment file, in order, and returns
// the bytes they fill; what follows is torn or damaged.
func readSegment(fsys vfs.FS, path string, fn func(batch)) (int64, error) {
	f, err := fsys.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close() //nolint:errcheck // only read
	const maxBatch = 1 << 30
	r := bufio.NewReaderSize(f, 256<<10)
	var buf []byte
	for pos := int64(0); ; {
		buf = slices.Grow(buf[:0], batchHeader)[:12]
		if _, err := io.ReadFull(r, buf); err != nil {
			return pos, ignoreEOF(err)
		}
		n := int(binary.BigEndian.Uint32(buf[8:]))
		if n < batchHeader-12 || n > maxBatch {
			return pos, nil
		}
		buf = slices.Grow(buf, n)[:12+n]
		if _, err := io.ReadFull(r, buf[12:]); err != nil {
			return pos, ignoreEOF(err)
		}
		b, ok := parseBatch(buf)
		if !ok {
			return pos, nil
		}
		fn(b)
		pos += int64(len(buf))
	}
}

func ignoreEOF(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}

// appendIdx adds a batch's entry as kfake writes it.
func appendIdx(idx []byte, b batch, maxEarlier int64) []byte {
	at := len(idx)
	idx = append(idx, 1, 0)
	idx = binary.LittleEndian.AppendUint32(idx, uint32(b.leader))
	idx = binary.LittleEndian.AppendUint64(idx, uint64(maxEarlier))
	flags := byte(0)
	if b.inTxn() {
		flags = 1
	}
	idx = append(idx, flags)
	idx[at+1] = byte(crc32.Checksum(idx[at+2:], castagnoli))
	return idx
}

// marker is the control batch that ends a producer's transaction at offset first.
func marker(first int64, leader int32, pid int64, epoch int16, commit bool, nowMillis int64) []byte {
	key := kmsg.ControlRecordKey{Type: kmsg.ControlRecordKeyTypeAbort}
	if commit {
		key.Type = kmsg.ControlRecordKeyTypeCommit
	}
	end := kmsg.EndTxnMarker{}
	rec := kmsg.Record{Key: key.AppendTo(nil), Value: end.AppendTo(nil)}
	rec.Length = int32(len(rec.AppendTo(nil)) - 1) // the length itself is one byte
	b := kmsg.RecordBatch{
		FirstOffset: first, PartitionLeaderEpoch: leader, Magic: 2,
		Attributes:     attrControl | attrTxn,
		FirstTimestamp: nowMillis, MaxTimestamp: nowMillis,
		ProducerID: pid, ProducerEpoch: epoch, FirstSequence: -1,
		NumRecords: 1, Records: rec.AppendTo(nil),
	}
	raw := b.AppendTo(nil)
	binary.BigEndian.PutUint32(raw[8:], uint32(len(raw)-12))
	binary.BigEndian.PutUint32(raw[17:], crc32.Checksum(raw[21:], castagnoli))
	return raw
}

// segmentBases lists a partition's segments by base offset; none if there is no folder.
func segmentBases(fsys vfs.FS, dir string) ([]int64, error) {
	names, err := fsys.List(dir)
	if err != nil {
		if missing(err) {
			return nil, nil
		}
		return nil, err
	}
	var bases []int64
	for _, name := range names {
		if s, ok := strings.CutSuffix(name, ".dat"); ok {
			if base, err := strconv.ParseInt(s, 10, 64); err == nil {
				bases = append(bases, base)
			}
		}
	}
	slices.Sort(bases)
	return bases, nil
}

func missing(err error) bool { return errors.Is(err, fs.ErrNotExist) }

// readFile returns a whole file, nil if there is none.
func readFile(fsys vfs.FS, path string) ([]byte, error) {
	f, err := fsys.Open(path)
	if err != nil {
		if missing(err) {
			return nil, nil
		}
		return nil, err
	}
	defer f.Close() //nolint:errcheck // only read
	return io.ReadAll(f)
}

// replaceFile writes data under a temporary name (which kfake sweeps) and renames.
func replaceFile(fsys vfs.FS, path string, data []byte, sync bool) error {
	tmp := path + ".tmp"
	f, err := fsys.Create(tmp, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	_, err = f.Write(slices.Clone(data)) // Write may change its argument
	if err == nil && sync {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	return fsys.Rename(tmp, path)
}
