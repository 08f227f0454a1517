package exec

import (
	"encoding/binary"
	"errors"
	"hash/crc32"

	"github.com/klauspost/compress/s2"

	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// Batches in temporary files: a block is
//
//	u32 bytes that follow the header, u32 CRC-32C of them, u32 bytes when decompressed
//	S2 block of: u64 rows; each column
//
// and a column, every part padded to eight bytes so that values are aligned in memory:
//
//	u64 flags (1: has a bitmap)
//	the bitmap
//	fixed width: the values. STRING, BINARY: rows+1 offsets (i32), then the bytes. ARRAY, MAP:
//	the offsets, then u64 elements and the children. STRUCT: its fields.
//
// Numbers are in the machine's byte order where they are values (files never leave it), else little-endian.

const blockHeader = 12

var (
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
	errBlock   = errors.New("a block of a temporary file is damaged")
)

// encodeBlock appends the block of a batch of flat columns to dst; raw is scratch memory, which is
// returned for the next call.
func encodeBlock(dst, raw []byte, b *vec.Batch) (block, scratch []byte) {
	raw = binary.LittleEndian.AppendUint64(raw[:0], uint64(b.N))
	for i := range b.Cols {
		raw = encodeCol(raw, &b.Cols[i])
	}
	at := len(dst)
	dst = append(dst, make([]byte, blockHeader)...)
	body := s2.Encode(dst[len(dst):cap(dst)], raw)
	dst = append(dst, body...)
	body = dst[at+blockHeader:]
	binary.LittleEndian.PutUint32(dst[at:], uint32(len(body)))
	binary.LittleEndian.PutUint32(dst[at+4:], crc32.Checksum(body, castagnoli))
	binary.LittleEndian.PutUint32(dst[at+8:], uint32(len(raw)))
	return dst, raw
}

func pad(b []byte) []byte {
	for len(b)&7 != 0 {
		b = append(b, 0)
	}
	return b
}

func encodeCol(dst []byte, c *vec.Col) []byte {
	var flags uint64
	if c.Valid != nil {
		flags = 1
	}
	dst = binary.LittleEndian.AppendUint64(dst, flags)
	if c.Valid != nil {
		dst = pad(append(dst, c.Valid[:(c.Len+7)/8]...))
	}
	switch c.Type.Kind {
	case types.Null:
	case types.String, types.Binary:
		dst = encodeOffsets(dst, c)
		dst = pad(append(dst, c.Data[c.Off[0]:c.Off[c.Len]]...))
	case types.Array, types.Map:
		dst = encodeOffsets(dst, c)
		lo, hi := int(c.Off[0]), int(c.Off[c.Len])
		dst = binary.LittleEndian.AppendUint64(dst, uint64(hi-lo))
		for k := range c.Kids {
			kid := c.Kids[k].View(lo, hi)
			dst = encodeCol(dst, &kid)
		}
	case types.Struct:
		for k := range c.Kids {
			dst = encodeCol(dst, &c.Kids[k])
		}
	default:
		dst = pad(append(dst, c.Data[:c.Len*vec.Width(c.Type)]...))
	}
	return dst
}

// encodeOffsets writes offsets that begin with 0.
func encodeOffsets(dst []byte, c *vec.Col) []byte {
	first := c.Off[0]
	for _, o := range c.Off[:c.Len+1] {
		dst = binary.NativeEndian.AppendUint32(dst, uint32(o-first))
	}
	return pad(dst)
}

// decodeBlock reads the batch of a block's body, which was size bytes. The batch owns its memory.
func decodeBlock(body []byte, sum, size uint32, typs []types.Type) (*vec.Batch, error) {
	if crc32.Checksum(body, castagnoli) != sum {
		return nil, errBlock
	}
	raw, err := s2.Decode(make([]byte, size), body)
	if err != nil || len(raw) < 8 {
		return nil, errBlock
	}
	d := blockReader{raw[8:]}
	b := &vec.Batch{N: int(binary.LittleEndian.Uint64(raw)), Cols: make([]vec.Col, len(typs))}
	for i, t := range typs {
		if b.Cols[i], err = d.col(t, b.N); err != nil {
			return nil, err
		}
	}
	return b, nil
}

type blockReader struct{ rest []byte }

// take is the next n bytes, and steps over their padding.
func (d *blockReader) take(n int) ([]byte, error) {
	padded := (n + 7) &^ 7
	if n < 0 || padded > len(d.rest) {
		return nil, errBlock
	}
	out := d.rest[:n:n]
	d.rest = d.rest[padded:]
	return out, nil
}

func (d *blockReader) number() (uint64, error) {
	b, err := d.take(8)
	if err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint64(b), nil
}

func (d *blockReader) col(t types.Type, n int) (c vec.Col, err error) {
	c = vec.Col{Type: t, Len: n}
	flags, err := d.number()
	if err != nil {
		return c, err
	}
	if flags&1 != 0 {
		if c.Valid, err = d.take((n + 7) / 8); err != nil {
			return c, err
		}
	}
	switch t.Kind {
	case types.Null:
	case types.String, types.Binary:
		if err = d.offsets(&c); err == nil {
			c.Data, err = d.take(int(c.Off[n]))
		}
	case types.Array:
		err = d.list(&c, *t.Elem)
	case types.Map:
		err = d.list(&c, *t.Key, *t.Elem)
	case types.Struct:
		c.Kids = make([]vec.Col, len(t.Fields))
		for k := range c.Kids {
			if c.Kids[k], err = d.col(t.Fields[k].Type, n); err != nil {
				return c, err
			}
		}
	default:
		c.Data, err = d.take(n * vec.Width(t))
	}
	return c, err
}

func (d *blockReader) offsets(c *vec.Col) error {
	b, err := d.take(4 * (c.Len + 1))
	if err != nil {
		return err
	}
	view := vec.Col{Data: b}
	c.Off = vec.Values[int32](&view)
	for i := range c.Len {
		if c.Off[i] > c.Off[i+1] {
			return errBlock
		}
	}
	return nil
}

func (d *blockReader) list(c *vec.Col, kids ...types.Type) error {
	if err := d.offsets(c); err != nil {
		return err
	}
	n, err := d.number()
	if err != nil || int(n) != int(c.Off[c.Len]) {
		return errBlock
	}
	c.Kids = make([]vec.Col, len(kids))
	for k, t := range kids {
		if c.Kids[k], err = d.col(t, int(n)); err != nil {
			return err
		}
	}
	return nil
}
