package vec

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"slices"

	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/cespare/xxhash/v2"

	"github.com/azud/azud/internal/types"
)

// Row keys: one byte string a row, equal exactly when the values are (NULL equals NULL, NaN
// equals NaN, -0.0 equals 0.0), and ordered by bytes as Spark orders the values ascending
// with NULLs first. The encoding is part of the checkpoint's format and never changes:
//
//	NULL            00
//	any value       01, then
//	BOOLEAN         one byte, 0 or 1
//	integers, times big-endian with the sign bit flipped, in the type's width
//	FLOAT, DOUBLE   IEEE bits big-endian (-0.0 as 0.0, one NaN); all bits flipped if
//	                negative, else the sign bit
//	DECIMAL         16 bytes, unscaled, as an integer
//	STRING, BINARY  the bytes with 00 written as 00 FF, ended by 00 01
//	STRUCT          its fields
//	ARRAY           for each element 01 and the element; ended by 00
//	MAP             as an array of (key, value), ascending by key

// AppendKey appends the key of row i of some columns to dst.
func AppendKey(dst []byte, cols []Col, i int) []byte {
	for c := range cols {
		dst = appendKey(dst, &cols[c], i)
	}
	return dst
}

// HashKey is the stable hash of a key: XXH64 with seed 0. Checkpoints depend on it.
func HashKey(key []byte) uint64 { return xxhash.Sum64(key) }

const signBit = 1 << 63

func appendKey(dst []byte, c *Col, i int) []byte {
	if c.IsNull(i) {
		return append(dst, 0)
	}
	dst = append(dst, 1)
	p, j := c.Phys(i)
	switch c.Type.Kind {
	case types.Boolean:
		return append(dst, p.Data[j])
	case types.Byte:
		return append(dst, p.Data[j]^0x80)
	case types.Short:
		return binary.BigEndian.AppendUint16(dst, uint16(Values[int16](p)[j])^0x8000)
	case types.Int, types.Date, types.YearMonth:
		return binary.BigEndian.AppendUint32(dst, uint32(Values[int32](p)[j])^0x80000000)
	case types.Long, types.Timestamp, types.TimestampNTZ, types.DayTime:
		return binary.BigEndian.AppendUint64(dst, uint64(Values[int64](p)[j])^signBit)
	case types.Float:
		return binary.BigEndian.AppendUint32(dst, orderedFloat(Values[float32](p)[j]))
	case types.Double:
		return binary.BigEndian.AppendUint64(dst, orderedDouble(Values[float64](p)[j]))
	case types.Decimal:
		v := Values[decimal128.Num](p)[j]
		dst = binary.BigEndian.AppendUint64(dst, uint64(v.HighBits())^signBit)
		return binary.BigEndian.AppendUint64(dst, v.LowBits())
	case types.String, types.Binary:
		return appendEscaped(dst, p.Data[p.Off[j]:p.Off[j+1]])
	case types.Struct:
		return AppendKey(dst, p.Kids, j)
	case types.Array:
		for k := p.Off[j]; k < p.Off[j+1]; k++ {
			dst = appendKey(append(dst, 1), &p.Kids[0], int(k))
		}
		return append(dst, 0)
	default:
		return appendMapKey(dst, p, j)
	}
}

// appendMapKey sorts a map's entries by their encoding: maps have no order of their own.
func appendMapKey(dst []byte, p *Col, j int) []byte {
	var entries [][]byte
	for k := p.Off[j]; k < p.Off[j+1]; k++ {
		entries = append(entries, AppendKey([]byte{1}, p.Kids, int(k)))
	}
	slices.SortFunc(entries, bytes.Compare)
	for _, e := range entries {
		dst = append(dst, e...)
	}
	return append(dst, 0)
}

func appendEscaped(dst, s []byte) []byte {
	for {
		z := bytes.IndexByte(s, 0)
		if z < 0 {
			return append(append(dst, s...), 0, 1)
		}
		dst = append(append(dst, s[:z]...), 0, 0xff)
		s = s[z+1:]
	}
}

func orderedFloat(f float32) uint32 {
	switch {
	case f == 0:
		f = 0
	case f != f:
		return 0xffc00000
	}
	bits := math.Float32bits(f)
	if bits>>31 != 0 {
		return ^bits
	}
	return bits | 1<<31
}

func orderedDouble(f float64) uint64 {
	switch {
	case f == 0:
		f = 0
	case f != f:
		return 0xfff8000000000000
	}
	bits := math.Float64bits(f)
	if bits>>63 != 0 {
		return ^bits
	}
	return bits | signBit
}

var errKey = errors.New("malformed row key")

// DecodeKey appends the values of a key to one builder a column. After an error the
// builders hold part of a row.
func DecodeKey(key []byte, into []*ColBuilder) error {
	var err error
	for _, b := range into {
		if key, err = decodeKey(key, b); err != nil {
			return err
		}
	}
	if len(key) != 0 {
		return errKey
	}
	return nil
}

// decodeKey reads one value and returns what follows it.
func decodeKey(key []byte, b *ColBuilder) ([]byte, error) {
	if len(key) == 0 || key[0] > 1 {
		return nil, errKey
	}
	if key[0] == 0 {
		b.AppendNull()
		return key[1:], nil
	}
	key = key[1:]
	switch b.typ.Kind {
	case types.String, types.Binary:
		return decodeEscaped(key, b)
	case types.Struct:
		return decodeStruct(key, b)
	case types.Array, types.Map:
		return decodeList(key, b)
	}
	if b.width == 0 || len(key) < b.width {
		return nil, errKey
	}
	decodeFixed(key[:b.width], b)
	return key[b.width:], nil
}

func decodeFixed(key []byte, b *ColBuilder) {
	switch b.typ.Kind {
	case types.Boolean:
		Append(b, key[0] != 0)
	case types.Byte:
		Append(b, int8(key[0]^0x80))
	case types.Short:
		Append(b, int16(binary.BigEndian.Uint16(key)^0x8000))
	case types.Float:
		bits := binary.BigEndian.Uint32(key)
		if bits>>31 != 0 {
			bits &^= 1 << 31
		} else {
			bits = ^bits
		}
		Append(b, math.Float32frombits(bits))
	case types.Double:
		bits := binary.BigEndian.Uint64(key)
		if bits>>63 != 0 {
			bits &^= signBit
		} else {
			bits = ^bits
		}
		Append(b, math.Float64frombits(bits))
	case types.Decimal:
		hi := int64(binary.BigEndian.Uint64(key) ^ signBit)
		Append(b, decimal128.New(hi, binary.BigEndian.Uint64(key[8:])))
	case types.Int, types.Date, types.YearMonth:
		Append(b, int32(binary.BigEndian.Uint32(key)^0x80000000))
	default:
		Append(b, int64(binary.BigEndian.Uint64(key)^signBit))
	}
}

func decodeEscaped(key []byte, b *ColBuilder) ([]byte, error) {
	start := len(b.data)
	for {
		z := bytes.IndexByte(key, 0)
		if z < 0 || z+1 >= len(key) {
			b.data = b.data[:start]
			return nil, errKey
		}
		b.data = append(b.data, key[:z]...)
		end := key[z+1] == 1
		key = key[z+2:]
		if end {
			b.off = append(b.off, offset(len(b.data)))
			b.next()
			return key, nil
		}
		b.data = append(b.data, 0)
	}
}

func decodeStruct(key []byte, b *ColBuilder) ([]byte, error) {
	var err error
	for _, kid := range b.kids {
		if key, err = decodeKey(key, kid); err != nil {
			return nil, err
		}
	}
	b.EndStruct()
	return key, nil
}

func decodeList(key []byte, b *ColBuilder) ([]byte, error) {
	var err error
	for {
		if len(key) == 0 {
			return nil, errKey
		}
		more := key[0] == 1
		if key = key[1:]; !more {
			b.EndList()
			return key, nil
		}
		for _, kid := range b.kids {
			if key, err = decodeKey(key, kid); err != nil {
				return nil, err
			}
		}
	}
}
