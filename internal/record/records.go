package record

import (
	"encoding/binary"
	"fmt"
)

// Record is one record of a batch. Its slices alias the batch's bytes or the Decompressor's
// buffer.
type Record struct {
	Offset     int64
	Time       int64  // ms; the broker's clock if the batch says LogAppend
	Key, Value []byte // nil: null

	headers  []byte
	nheaders int
}

// Header is a header of a record. A nil Value is null.
type Header struct {
	Key   string
	Value []byte
}

// Headers is the number of headers that the record says it has.
func (r *Record) Headers() int { return r.nheaders }

// EachHeader yields the headers until yield returns false. key and value alias the record's
// bytes; a nil value is null. An error means that the headers are malformed.
func (r *Record) EachHeader(yield func(key, value []byte) bool) error {
	in := reader{buf: r.headers}
	for range r.nheaders {
		k, v := in.bytes(), in.bytes()
		if in.bad || k == nil {
			return fmt.Errorf("malformed headers in the record at offset %d", r.Offset)
		}
		if !yield(k, v) {
			return nil
		}
	}
	if len(in.buf) != 0 {
		return fmt.Errorf("%d bytes after the headers of the record at offset %d", len(in.buf), r.Offset)
	}
	return nil
}

// body is the records' bytes, decompressed.
func (b *Batch) body(d *Decompressor) ([]byte, error) {
	body := b.Raw[HeaderSize:]
	if b.Codec() == None {
		return body, nil
	}
	body, err := d.Decompress(body, b.Codec())
	if err != nil {
		return nil, fmt.Errorf("decompressing the batch at offset %d (%v): %w", b.Base, b.Codec(), err)
	}
	return body, nil
}

// Records yields the batch's records in order until yield returns false. The record is
// reused between calls. d may be nil if the batch is not compressed. An error means that the
// records are malformed; those before have been yielded. The CRC is not checked.
func (b *Batch) Records(d *Decompressor, yield func(*Record) bool) error {
	body, err := b.body(d)
	if err != nil {
		return err
	}
	var rec Record
	fixed := b.LogAppend()
	rec.Time = b.MaxTime
	for i := range b.Count {
		var size int64
		p := 2
		if len(body) > 1 && body[0] >= 0x80 && body[1] < 0x80 {
			size = zigzag(uint64(body[0]&0x7f) | uint64(body[1])<<7)
		} else {
			size, p = varint(body, 0)
		}
		if p == 0 || size < 0 || size > int64(len(body)-p) {
			return fmt.Errorf("malformed length of record %d in the batch at offset %d", i, b.Base)
		}
		one := body[p : p+int(size)]
		body = body[p+int(size):]
		if !rec.read(one, b.Base, b.BaseTime, fixed) {
			return fmt.Errorf("malformed record %d in the batch at offset %d", i, b.Base)
		}
		if !yield(&rec) {
			return nil
		}
	}
	return nil
}

// HasKeys reports whether every record has a key, which a compacted topic asks for.
func (b *Batch) HasKeys(d *Decompressor) (bool, error) {
	all := true
	err := b.Records(d, func(r *Record) bool {
		all = r.Key != nil
		return all
	})
	return all, err
}

// read takes apart a record's bytes after its length; the time stays as it is if fixed.
func (r *Record) read(buf []byte, base, baseTime int64, fixed bool) bool {
	// Most numbers take one byte or two, and these are read here: a call for each would
	// cost more than the rest.
	var delta, n int64
	p := 1 // after the attributes, of which none is in use
	if len(buf) > 2 && buf[1] < 0x80 {
		delta, p = zigzag(uint64(buf[1])), 2
	} else if len(buf) > 2 && buf[2] < 0x80 {
		delta, p = zigzag(uint64(buf[1]&0x7f)|uint64(buf[2])<<7), 3
	} else if delta, p = varint(buf, 1); p == 0 {
		return false
	}
	if !fixed {
		r.Time = baseTime + delta
	}
	if p+1 < len(buf) && buf[p] < 0x80 {
		delta, p = zigzag(uint64(buf[p])), p+1
	} else if p+1 < len(buf) && buf[p+1] < 0x80 {
		delta, p = zigzag(uint64(buf[p]&0x7f)|uint64(buf[p+1])<<7), p+2
	} else if delta, p = varint(buf, p); p == 0 || delta != int64(int32(delta)) {
		return false
	}
	r.Offset = base + delta
	if p < len(buf) && buf[p] < 0x80 {
		n, p = zigzag(uint64(buf[p])), p+1
	} else if n, p = varint(buf, p); p == 0 {
		return false
	}
	var key, value []byte
	if n >= 0 {
		if n > int64(len(buf)-p) {
			return false
		}
		key = buf[p : p+int(n) : p+int(n)]
		p += int(n)
	}
	if p+1 < len(buf) && buf[p] < 0x80 {
		n, p = zigzag(uint64(buf[p])), p+1
	} else if p+1 < len(buf) && buf[p+1] < 0x80 {
		n, p = zigzag(uint64(buf[p]&0x7f)|uint64(buf[p+1])<<7), p+2
	} else if n, p = varint(buf, p); p == 0 {
		return false
	}
	if n >= 0 {
		if n > int64(len(buf)-p) {
			return false
		}
		value = buf[p : p+int(n) : p+int(n)]
		p += int(n)
	}
	r.Key, r.Value = key, value
	if p+1 == len(buf) && buf[p] == 0 {
		r.nheaders, r.headers = 0, nil
		return true
	}
	n, p = varint(buf, p)
	if p == 0 || n < 0 || n > int64(len(buf)-p) {
		return false
	}
	r.nheaders, r.headers = int(n), buf[p:]
	return true
}

func zigzag(u uint64) int64 { return int64(u>>1) ^ -int64(u&1) }

// varint reads a zig-zag number at p and returns where it ends; 0 if there is none.
func varint(buf []byte, p int) (int64, int) {
	if p >= len(buf) {
		return 0, 0
	}
	v, n := binary.Varint(buf[p:])
	if n <= 0 {
		return 0, 0
	}
	return v, p + n
}

// reader reads numbers and length-prefixed bytes; after a fault bad is set and everything
// reads as zero.
type reader struct {
	buf []byte
	bad bool
}

func (r *reader) varint() int64 {
	v, p := varint(r.buf, 0)
	if p == 0 {
		r.bad, r.buf = true, nil
		return 0
	}
	r.buf = r.buf[p:]
	return v
}

// bytes reads a length and as many bytes; a negative length is null.
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
