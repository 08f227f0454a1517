package record

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
)

// Plain is the header of a batch without idempotence, to give to Builder.Begin.
func Plain(c Codec) Batch {
	return Batch{Attrs: int16(c), LeaderEpoch: -1, Producer: NoProducer, Epoch: -1, Sequence: -1}
}

// Builder makes one batch after the other. The zero value is ready after Begin; it keeps its
// buffers and is for one goroutine at a time.
type Builder struct {
	head    Batch
	body    []byte
	one     []byte
	count   int32
	last    int64 // offset of the last record
	minBase bool  // BaseTime is the first record's
	maxTime int64
}

// Begin starts a batch. Of head, it takes Base, LeaderEpoch, Attrs, Producer, Epoch and
// Sequence as they are; BaseTime if AttrHorizon is set, else the first record's time is it;
// MaxTime if AttrLogAppend is set or no record comes, else the records' greatest is it. The
// last offset is the last record's, or LastDelta says it if that is more, as in a batch from
// which compaction has removed records.
func (b *Builder) Begin(head Batch) {
	b.head, b.body, b.count = head, b.body[:0], 0
	b.last = head.Base - 1
	b.minBase = head.Attrs&AttrHorizon == 0
}

// Add appends a record at the offset after the last one.
func (b *Builder) Add(time int64, key, value []byte, headers ...Header) {
	b.begin(time, b.last+1, key, value)
	b.one = binary.AppendVarint(b.one, int64(len(headers)))
	for _, h := range headers {
		b.one = binary.AppendVarint(b.one, int64(len(h.Key)))
		b.one = append(b.one, h.Key...)
		b.one = appendBytes(b.one, h.Value)
	}
	b.end(time)
}

// AddRecord appends a record as it was read, at its own offset, which must be more than the
// last one's.
func (b *Builder) AddRecord(r *Record) {
	b.begin(r.Time, r.Offset, r.Key, r.Value)
	b.one = binary.AppendVarint(b.one, int64(r.nheaders))
	b.one = append(b.one, r.headers...)
	b.end(r.Time)
}

func (b *Builder) begin(time, offset int64, key, value []byte) {
	if b.count == 0 {
		if b.minBase {
			b.head.BaseTime = time
		}
		b.maxTime = time
	}
	b.last = offset
	b.one = append(b.one[:0], 0) // attributes
	b.one = binary.AppendVarint(b.one, time-b.head.BaseTime)
	b.one = binary.AppendVarint(b.one, offset-b.head.Base)
	b.one = appendBytes(appendBytes(b.one, key), value)
}

func (b *Builder) end(time int64) {
	b.body = binary.AppendVarint(b.body, int64(len(b.one)))
	b.body = append(b.body, b.one...)
	b.count++
	b.maxTime = max(b.maxTime, time)
}

func appendBytes(dst, v []byte) []byte {
	if v == nil {
		return append(dst, 1) // -1
	}
	return append(binary.AppendVarint(dst, int64(len(v))), v...)
}

// Count is the number of records since Begin.
func (b *Builder) Count() int { return int(b.count) }

// Size is the size that the batch would have without compression, in bytes.
func (b *Builder) Size() int { return HeaderSize + len(b.body) }

// Finish appends the batch to dst. c may be nil if the batch is not compressed. A batch
// without records is possible: compaction keeps the last sequence of a producer in it.
func (b *Builder) Finish(dst []byte, c *Compressor) ([]byte, error) {
	h := &b.head
	delta := max(b.last-h.Base, int64(h.LastDelta))
	if delta > math.MaxInt32 || delta < 0 {
		return dst, fmt.Errorf("record batch at offset %d with a last offset delta of %d", h.Base, delta)
	}
	maxTime := h.MaxTime
	if b.count > 0 && !h.LogAppend() {
		maxTime = b.maxTime
	}
	if h.Codec() != None && c == nil {
		return dst, errors.New("a compressed record batch needs a compressor")
	}
	if b.count == 0 {
		h.Attrs &^= AttrCodec
	}
	at := len(dst)
	dst = append(dst, make([]byte, HeaderSize)...)
	if h.Codec() == None {
		dst = append(dst, b.body...)
	} else {
		var err error
		if dst, err = c.Compress(dst, b.body, h.Codec()); err != nil {
			return dst[:at], err
		}
	}
	raw := dst[at:]
	if len(raw) > math.MaxInt32 {
		return dst[:at], fmt.Errorf("record batch of %d bytes", len(raw))
	}
	be := binary.BigEndian
	Place(raw, h.Base, h.LeaderEpoch)
	be.PutUint32(raw[8:], uint32(len(raw)-12))
	raw[16] = 2
	be.PutUint16(raw[21:], uint16(h.Attrs))
	be.PutUint32(raw[23:], uint32(delta))
	be.PutUint64(raw[27:], uint64(h.BaseTime))
	be.PutUint64(raw[35:], uint64(maxTime))
	be.PutUint64(raw[43:], uint64(h.Producer))
	be.PutUint16(raw[51:], uint16(h.Epoch))
	be.PutUint32(raw[53:], uint32(h.Sequence))
	be.PutUint32(raw[57:], uint32(b.count))
	seal(raw)
	return dst, nil
}

// seal writes the CRC of a batch's bytes.
func seal(raw []byte) {
	binary.BigEndian.PutUint32(raw[17:], crc32.Checksum(raw[21:], castagnoli))
}

// SetLogAppendTime makes ms the time of every record of the batch in raw, as
// message.timestamp.type=LogAppendTime asks for, and renews the CRC. raw must be one batch
// that has been parsed.
func SetLogAppendTime(raw []byte, ms int64) {
	be := binary.BigEndian
	be.PutUint16(raw[21:], be.Uint16(raw[21:])|AttrLogAppend)
	be.PutUint64(raw[35:], uint64(ms))
	seal(raw)
}
