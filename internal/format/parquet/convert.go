package parquet

import (
	"encoding/binary"
	"math"
	"math/big"

	"github.com/apache/arrow-go/v18/arrow/decimal128"
	pq "github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/schema"

	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// converter turns n values in Parquet's plain form, src bytes each, into dst bytes each of a
// column's memory.
type converter struct {
	src, dst int
	f        func(dst, src []byte, n int) error
}

const (
	julianEpoch = 2440588 // the Julian day of 1970-01-01
	dayMicros   = 86_400_000_000
)

// converterFor is how the values of a leaf, not of BYTE_ARRAY or BOOLEAN, become a Spark type; false if
// they cannot. Spark: ParquetVectorUpdaterFactory.getUpdater.
func converterFor(n *schema.PrimitiveNode, t types.Type) (converter, bool) {
	own, err := leafType(n)
	if err != nil {
		return converter{}, false
	}
	c := converter{dst: vec.Width(t)}
	switch n.PhysicalType() {
	case pq.Types.Int32:
		c.src, c.f = 4, fromInt32(own, t)
	case pq.Types.Int64:
		c.src, c.f = 8, fromInt64(n, own, t)
	case pq.Types.Int96:
		if c.src = 12; t.Kind == types.Timestamp || t.Kind == types.TimestampNTZ {
			c.f = int96Micros
		}
	case pq.Types.Float:
		if c.src = 4; t.Kind == types.Float {
			c.f = same(4)
		} else if t.Kind == types.Double {
			c.f = each(4, 8, func(d, s []byte) {
				f := math.Float32frombits(binary.LittleEndian.Uint32(s))
				binary.LittleEndian.PutUint64(d, math.Float64bits(float64(f)))
			})
		}
	case pq.Types.Double:
		if c.src = 8; t.Kind == types.Double {
			c.f = same(8)
		}
	case pq.Types.FixedLenByteArray:
		if c.src = n.TypeLength(); t.Kind == types.Decimal && own.Kind == types.Decimal && fits(own, t) {
			c.f = bigEndian(c.src, int(t.Scale-own.Scale))
		}
	}
	return c, c.f != nil
}

// fits reports whether a decimal can be read as a wider one without loss.
func fits(own, t types.Type) bool {
	return t.Scale >= own.Scale && t.Precision-t.Scale >= own.Precision-own.Scale
}

func fromInt32(own, t types.Type) func(dst, src []byte, n int) error {
	whole := own.IsIntegral()
	switch {
	case t.Kind == types.Byte && whole:
		return each(4, 1, func(d, s []byte) { d[0] = s[0] })
	case t.Kind == types.Short && whole:
		return each(4, 2, func(d, s []byte) { copy(d[:2], s) })
	case t.Kind == types.Int && whole && own.Kind != types.Long, t.Kind == types.Date && own.Kind == types.Date, t.Kind == types.YearMonth && whole:
		return same(4)
	case t.Kind == types.Long && own.Kind == types.Long: // an unsigned number
		return each(4, 8, func(d, s []byte) {
			binary.LittleEndian.PutUint64(d, uint64(binary.LittleEndian.Uint32(s)))
		})
	case t.Kind == types.Long && whole:
		return each(4, 8, func(d, s []byte) { binary.LittleEndian.PutUint64(d, uint64(int32At(s))) })
	case t.Kind == types.Double && whole:
		return each(4, 8, func(d, s []byte) {
			binary.LittleEndian.PutUint64(d, math.Float64bits(float64(int32At(s))))
		})
	case t.Kind == types.TimestampNTZ && own.Kind == types.Date:
		return each(4, 8, func(d, s []byte) { binary.LittleEndian.PutUint64(d, uint64(int32At(s)*dayMicros)) })
	case t.Kind == types.Decimal && own.Kind == types.Decimal && fits(own, t):
		return scaled(4, int(t.Scale-own.Scale), int32At)
	case t.Kind == types.Decimal && whole && int(t.Precision)-int(t.Scale) >= 10:
		return scaled(4, int(t.Scale), int32At)
	}
	return nil
}

func fromInt64(n *schema.PrimitiveNode, own, t types.Type) func(dst, src []byte, k int) error {
	switch {
	case own.Kind == types.Timestamp || own.Kind == types.TimestampNTZ:
		if t.Kind != own.Kind && (t.Kind != types.TimestampNTZ || own.Kind != types.Timestamp) {
			return nil
		}
		if n.LogicalType().(schema.TimestampLogicalType).TimeUnit() == schema.TimeUnitMillis {
			return each(8, 8, func(d, s []byte) { binary.LittleEndian.PutUint64(d, uint64(int64At(s)*1000)) })
		}
		return same(8)
	case own.Kind == types.Long && (t.Kind == types.Long || t.Kind == types.DayTime):
		return same(8)
	case own.Kind == types.Decimal && n.LogicalType().IsApplicable(pq.Types.Int64, 0) && isUnsigned(n) && t.Equal(own):
		return each(8, 16, func(d, s []byte) { copy(d[:8], s); clear(d[8:16]) })
	case t.Kind == types.Decimal && own.Kind == types.Decimal && fits(own, t):
		return scaled(8, int(t.Scale-own.Scale), int64At)
	case t.Kind == types.Decimal && own.Kind == types.Long && int(t.Precision)-int(t.Scale) >= 20:
		return scaled(8, int(t.Scale), int64At)
	}
	return nil
}

func isUnsigned(n *schema.PrimitiveNode) bool {
	l, ok := n.LogicalType().(schema.IntLogicalType)
	return ok && !l.IsSigned()
}

func int32At(s []byte) int64 { return int64(int32(binary.LittleEndian.Uint32(s))) }
func int64At(s []byte) int64 { return int64(binary.LittleEndian.Uint64(s)) }

// same copies values whose form is the same on both sides.
func same(width int) func(dst, src []byte, n int) error {
	return func(dst, src []byte, n int) error {
		copy(dst[:n*width], src)
		return nil
	}
}

func each(src, dst int, f func(d, s []byte)) func(d, s []byte, n int) error {
	return func(d, s []byte, n int) error {
		for i := range n {
			f(d[i*dst:(i+1)*dst], s[i*src:(i+1)*src])
		}
		return nil
	}
}

// scaled makes decimals of whole numbers, with zeros behind.
func scaled(width, zeros int, at func([]byte) int64) func(dst, src []byte, n int) error {
	if zeros > 0 {
		return each(width, 16, func(d, s []byte) { putDecimal(d, decimal128.FromI64(at(s)).IncreaseScaleBy(int32(zeros))) })
	}
	return func(dst, src []byte, n int) error {
		for i := range n {
			v := at(src[i*width:])
			binary.LittleEndian.PutUint64(dst[16*i:], uint64(v))
			binary.LittleEndian.PutUint64(dst[16*i+8:], uint64(v>>63))
		}
		return nil
	}
}

func putDecimal(d []byte, v decimal128.Num) {
	binary.LittleEndian.PutUint64(d, v.LowBits())
	binary.LittleEndian.PutUint64(d[8:], uint64(v.HighBits()))
}

// bigEndian reads decimals written as two's complement, the highest byte first.
func bigEndian(width, zeros int) func(dst, src []byte, n int) error {
	return each(width, 16, func(d, s []byte) { putDecimal(d, decimalOf(s, zeros)) })
}

func decimalOf(s []byte, zeros int) decimal128.Num {
	if len(s) > 16 {
		v := new(big.Int).SetBytes(s)
		if s[0]&0x80 != 0 {
			v.Sub(v, new(big.Int).Lsh(big.NewInt(1), uint(8*len(s))))
		}
		if v.BitLen() > 127 {
			return decimal128.Num{}
		}
		return decimal128.FromBigInt(v).IncreaseScaleBy(int32(zeros))
	}
	var buf [16]byte
	if len(s) > 0 && s[0]&0x80 != 0 {
		for i := range buf {
			buf[i] = 0xff
		}
	}
	copy(buf[16-len(s):], s)
	v := decimal128.New(int64(binary.BigEndian.Uint64(buf[:8])), binary.BigEndian.Uint64(buf[8:]))
	if zeros > 0 {
		v = v.IncreaseScaleBy(int32(zeros))
	}
	return v
}

// int96Micros reads the nanoseconds of a day and its Julian number.
func int96Micros(dst, src []byte, n int) error {
	for i := range n {
		s := src[12*i:]
		nanos, day := int64At(s), int64(binary.LittleEndian.Uint32(s[8:]))
		binary.LittleEndian.PutUint64(dst[8*i:], uint64((day-julianEpoch)*dayMicros+nanos/1000))
	}
	return nil
}
