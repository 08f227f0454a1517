package log

import "encoding/binary"

// enc appends the numbers and texts of journal entries and snapshots.
type enc struct{ b []byte }

func (e *enc) u8(v uint8)   { e.b = append(e.b, v) }
func (e *enc) u32(v uint32) { e.b = binary.LittleEndian.AppendUint32(e.b, v) }
func (e *enc) u64(v uint64) { e.b = binary.LittleEndian.AppendUint64(e.b, v) }
func (e *enc) i64(v int64)  { e.u64(uint64(v)) }
func (e *enc) n(v int)      { e.b = binary.AppendUvarint(e.b, uint64(v)) }
func (e *enc) str(s string) { e.n(len(s)); e.b = append(e.b, s...) }
func (e *enc) bytes(p []byte) {
	e.n(len(p))
	e.b = append(e.b, p...)
}
func (e *enc) id(id TopicID) { e.b = append(e.b, id[:]...) }

func (e *enc) flag(v bool) {
	if v {
		e.u8(1)
	} else {
		e.u8(0)
	}
}

// dec reads what enc wrote; after a fault bad is set and everything reads as zero.
type dec struct {
	b   []byte
	bad bool
}

func (d *dec) take(n int) []byte {
	if d.bad || n < 0 || n > len(d.b) {
		d.bad, d.b = true, nil
		return nil
	}
	out := d.b[:n:n]
	d.b = d.b[n:]
	return out
}

func (d *dec) u8() uint8 {
	if p := d.take(1); p != nil {
		return p[0]
	}
	return 0
}

func (d *dec) u32() uint32 {
	if p := d.take(4); p != nil {
		return binary.LittleEndian.Uint32(p)
	}
	return 0
}

func (d *dec) u64() uint64 {
	if p := d.take(8); p != nil {
		return binary.LittleEndian.Uint64(p)
	}
	return 0
}

func (d *dec) i64() int64 { return int64(d.u64()) }
func (d *dec) flag() bool { return d.u8() == 1 }

// n reads a count or a length: at most what is left, since each thing takes a byte or more.
func (d *dec) n() int {
	v, w := binary.Uvarint(d.b)
	if w <= 0 || v > uint64(len(d.b)-w) {
		d.bad, d.b = true, nil
		return 0
	}
	d.b = d.b[w:]
	return int(v)
}

func (d *dec) str() string   { return string(d.take(d.n())) }
func (d *dec) bytes() []byte { return d.take(d.n()) }

func (d *dec) id() (id TopicID) {
	copy(id[:], d.take(len(id)))
	return id
}
