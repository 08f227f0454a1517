package kafka

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"github.com/twmb/franz-go/pkg/kgo"
)

// record is one record of a batch; its slices alias the fetched (or decompressed) bytes.
type record struct {
	key, value []byte // nil: null
	offset     int64
	timestamp  int64 // milliseconds
	logAppend  bool  // timestamp is the broker's
	headers    []byte
	nheaders   int
}

// batch is the header of a record batch of version 2. Kafka: "Record Batch" in the protocol guide.
type batch struct {
	base, last    int64 // first and last offset
	attrs         int16
	baseTime      int64
	maxTime       int64
	producer      int64
	count         int
	body          []byte
	size          int // of the whole batch in the log
	transactional bool
	control       bool
}

const batchHeader = 61

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// readBatch reads the batch at the start of buf; ok is false if it is cut short, which a
// fetch's size limit may cause at its end.
func readBatch(buf []byte) (b batch, ok bool, err error) {
	if len(buf) < batchHeader {
		return b, false, nil
	}
	size := int(int32(binary.BigEndian.Uint32(buf[8:]))) + 12
	if size < batchHeader {
		return b, false, fmt.Errorf("record batch of %d bytes", size)
	}
	if len(buf) < size {
		return b, false, nil
	}
	if magic := buf[16]; magic != 2 {
		return b, false, fmt.Errorf("record batch of version %d; only version 2 (Kafka 0.11 and later) is read", magic)
	}
	if got, want := crc32.Checksum(buf[21:size], castagnoli), binary.BigEndian.Uint32(buf[17:]); got != want {
		return b, false, fmt.Errorf("record batch at offset %d is damaged: CRC %08x, expected %08x",
			binary.BigEndian.Uint64(buf), got, want)
	}
	b = batch{
		base:     int64(binary.BigEndian.Uint64(buf)),
		attrs:    int16(binary.BigEndian.Uint16(buf[21:])),
		baseTime: int64(binary.BigEndian.Uint64(buf[27:])),
		maxTime:  int64(binary.BigEndian.Uint64(buf[35:])),
		producer: int64(binary.BigEndian.Uint64(buf[43:])),
		count:    int(int32(binary.BigEndian.Uint32(buf[57:]))),
		body:     buf[batchHeader:size],
		size:     size,
	}
	b.last = b.base + int64(int32(binary.BigEndian.Uint32(buf[23:])))
	b.transactional = b.attrs&0x10 != 0
	b.control = b.attrs&0x20 != 0
	return b, true, nil
}

// records yields the batch's records.
func (b *batch) records(dec kgo.Decompressor, yield func(record) bool) error {
	body := b.body
	if codec := b.attrs & 7; codec != 0 {
		var err error
		if body, err = dec.Decompress(body, kgo.CompressionCodecType(codec)); err != nil {
			return fmt.Errorf("decompressing the batch at offset %d: %w", b.base, err)
		}
	}
	r := reader{buf: body}
	for range b.count {
		n := r.varint()
		if r.bad || n < 0 || n > int64(len(r.buf)) {
			return fmt.Errorf("damaged record in the batch at offset %d", b.base)
		}
		one := reader{buf: r.buf[:n]}
		r.buf = r.buf[n:]
		one.skip(1) // attributes
		rec := record{timestamp: b.baseTime + one.varint(), logAppend: b.attrs&8 != 0}
		if rec.logAppend {
			rec.timestamp = b.maxTime
		}
		rec.offset = b.base + one.varint()
		rec.key, rec.value = one.bytes(), one.bytes()
		rec.nheaders = int(one.varint())
		rec.headers = one.buf
		if one.bad {
			return fmt.Errorf("damaged record at offset %d", rec.offset)
		}
		if !yield(rec) {
			return nil
		}
	}
	return nil
}

// abortMarker reports whether a control batch ends its transaction by an abort.
func (b *batch) abortMarker(dec kgo.Decompressor) (abort bool, err error) {
	err = b.records(dec, func(r record) bool {
		abort = len(r.key) >= 4 && binary.BigEndian.Uint16(r.key[2:]) == 0
		return false
	})
	return abort, err
}

// eachHeader yields a record's headers; a nil value is null.
func (r *record) eachHeader(yield func(key, value []byte)) {
	h := reader{buf: r.headers}
	for range r.nheaders {
		k, v := h.bytes(), h.bytes()
		if h.bad {
			return
		}
		yield(k, v)
	}
}

// reader reads zig-zag varints and length-prefixed bytes; after a fault bad is set and
// everything reads as zero.
type reader struct {
	buf []byte
	bad bool
}

func (r *reader) skip(n int) {
	if n > len(r.buf) {
		r.bad, r.buf = true, nil
		return
	}
	r.buf = r.buf[n:]
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.buf)
	if n <= 0 {
		r.bad, r.buf = true, nil
		return 0
	}
	r.buf = r.buf[n:]
	return v
}

// bytes reads a length and as many bytes; length -1 is null.
func (r *reader) bytes() []byte {
	n := r.varint()
	if n < 0 || r.bad {
		return nil
	}
	if n > int64(len(r.buf)) {
		r.bad, r.buf = true, nil
		return nil
	}
	out := r.buf[:n:n]
	r.buf = r.buf[n:]
	return out
}
