package parquet

import (
	"encoding/binary"
	"errors"
)

// errShort is a page that ends before its values do.
var errShort = errors.New("a page ends too early")

// hybrid reads Parquet's mix of runs and bit-packed numbers, of up to 32 bits each.
type hybrid struct {
	buf    []byte
	pos    int // of the next run's header
	width  int
	run    int // values left of a run of one value
	val    uint32
	packed int // values left of a bit-packed run
	bit    int // where the next of them begins
}

func newHybrid(buf []byte, width int) hybrid { return hybrid{buf: buf, width: width} }

// advance reads the header of the next run.
func (h *hybrid) advance() error {
	head, n := binary.Uvarint(h.buf[min(h.pos, len(h.buf)):])
	if n <= 0 || head>>1 > 1<<31 {
		return errShort
	}
	h.pos += n
	if head&1 == 1 {
		h.packed, h.bit = int(head>>1)*8, h.pos*8
		h.pos += int(head>>1) * h.width
		return nil
	}
	bytes := (h.width + 7) / 8
	if h.pos+bytes > len(h.buf) {
		return errShort
	}
	h.run, h.val = int(head>>1), 0
	for i := range bytes {
		h.val |= uint32(h.buf[h.pos+i]) << (8 * i)
	}
	h.pos += bytes
	return nil
}

// fill reads len(dst) numbers.
func fill[T uint8 | uint32](h *hybrid, dst []T) error {
	if h.width == 0 {
		clear(dst)
		return nil
	}
	for len(dst) > 0 {
		switch {
		case h.run > 0:
			k := min(h.run, len(dst))
			for i := range dst[:k] {
				dst[i] = T(h.val)
			}
			h.run -= k
			dst = dst[k:]
		case h.packed > 0:
			k := min(h.packed, len(dst))
			if h.bit+k*h.width > len(h.buf)*8 {
				return errShort
			}
			unpack(dst[:k], h.buf, h.bit, h.width)
			h.packed -= k
			h.bit += k * h.width
			dst = dst[k:]
		default:
			if err := h.advance(); err != nil {
				return err
			}
		}
	}
	return nil
}

// unpack reads numbers of a width from a bit on; the caller has checked that they are there.
func unpack[T uint8 | uint32](dst []T, buf []byte, bit, width int) {
	mask := uint64(1)<<width - 1
	i := 0
	for ; i < len(dst); i++ {
		at := bit >> 3
		if at+8 > len(buf) {
			break
		}
		dst[i] = T(binary.LittleEndian.Uint64(buf[at:]) >> (bit & 7) & mask)
		bit += width
	}
	for ; i < len(dst); i++ { // the last bytes
		var x uint64
		for j, at := 0, bit>>3; at < len(buf) && j < 8; j, at = j+1, at+1 {
			x |= uint64(buf[at]) << (8 * j)
		}
		dst[i] = T(x >> (bit & 7) & mask)
		bit += width
	}
}
