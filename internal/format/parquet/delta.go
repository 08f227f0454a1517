package parquet

import (
	"encoding/binary"
	"fmt"
)

// maxPageValues bounds what a damaged page can make us allocate, in values.
const maxPageValues = 1 << 25

// deltas reads DELTA_BINARY_PACKED: whole numbers by their differences, in blocks. It returns what
// follows them.
func deltas(buf []byte) (vals []int64, rest []byte, err error) {
	var head [3]uint64 // values of a block, miniblocks of a block, values
	for i := range head {
		n := 0
		if head[i], n = binary.Uvarint(buf); n <= 0 {
			return nil, nil, errShort
		}
		buf = buf[n:]
	}
	last, n := binary.Varint(buf)
	if n <= 0 {
		return nil, nil, errShort
	}
	buf = buf[n:]
	block, minis, total := int(head[0]), int(head[1]), int(head[2])
	if total < 0 || total > maxPageValues || minis <= 0 || block <= 0 || block > 1<<20 || block%minis != 0 {
		return nil, nil, fmt.Errorf("a page of %d values in blocks of %d", total, block)
	}
	if total == 0 {
		return nil, buf, nil
	}
	vals = append(make([]int64, 0, total), last)
	for len(vals) < total {
		if vals, buf, err = deltaBlock(vals, buf, block/minis, minis, total); err != nil {
			return nil, nil, err
		}
	}
	return vals, buf, nil
}

func deltaBlock(vals []int64, buf []byte, per, minis, total int) ([]int64, []byte, error) {
	least, n := binary.Varint(buf)
	if n <= 0 || len(buf) < n+minis {
		return nil, nil, errShort
	}
	widths := buf[n : n+minis]
	buf = buf[n+minis:]
	last := vals[len(vals)-1]
	for _, w := range widths {
		if len(vals) == total {
			break
		}
		size := per * int(w) / 8
		if w > 64 || size > len(buf) {
			return nil, nil, errShort
		}
		for i := range min(per, total-len(vals)) {
			last += least + int64(bitsAt(buf[:size], i*int(w), int(w)))
			vals = append(vals, last)
		}
		buf = buf[size:]
	}
	return vals, buf, nil
}

// bitsAt is the number of up to 64 bits that begins at a bit.
func bitsAt(buf []byte, bit, width int) uint64 {
	var x uint64
	for got := 0; got < width; {
		at := (bit + got) & 7
		take := min(8-at, width-got)
		x |= uint64(buf[(bit+got)>>3]>>at) & (1<<take - 1) << got
		got += take
	}
	return x
}

// plainNumbers writes whole numbers in plain form, of 4 or 8 bytes.
func plainNumbers(vals []int64, width int) []byte {
	out := make([]byte, 0, len(vals)*width)
	for _, v := range vals {
		if width == 4 {
			out = binary.LittleEndian.AppendUint32(out, uint32(v))
		} else {
			out = binary.LittleEndian.AppendUint64(out, uint64(v))
		}
	}
	return out
}

// deltaTexts writes the strings of DELTA_LENGTH_BYTE_ARRAY, or with front of DELTA_BYTE_ARRAY (each
// begins as the one before), in plain form; fixed ones without their lengths.
func deltaTexts(buf []byte, front, fixed bool) ([]byte, error) {
	var prefixes []int64
	var err error
	if front {
		if prefixes, buf, err = deltas(buf); err != nil {
			return nil, err
		}
	}
	lengths, buf, err := deltas(buf)
	if err != nil {
		return nil, err
	}
	if front && len(prefixes) != len(lengths) {
		return nil, errShort
	}
	out := make([]byte, 0, len(buf)+4*len(lengths))
	last := 0 // where the string before begins
	size := 0
	for i, n := range lengths {
		shared := 0
		if front {
			shared = int(prefixes[i])
		}
		if n < 0 || int(n) > len(buf) || shared < 0 || shared > size || len(out) > 1<<30 {
			return nil, errShort
		}
		if !fixed {
			out = binary.LittleEndian.AppendUint32(out, uint32(shared+int(n)))
		}
		begin := len(out)
		out = append(out, out[last:last+shared]...)
		out = append(out, buf[:n]...)
		buf = buf[n:]
		last, size = begin, shared+int(n)
	}
	return out, nil
}

// unsplit puts the bytes of BYTE_STREAM_SPLIT back together.
func unsplit(buf []byte, width int) []byte {
	n := len(buf) / width
	out := make([]byte, n*width)
	for i := range n {
		for j := range width {
			out[i*width+j] = buf[j*n+i]
		}
	}
	return out
}
