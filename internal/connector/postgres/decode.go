package postgres

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"time"

	"github.com/apache/arrow-go/v18/arrow/decimal128"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// PostgreSQL counts from 2000-01-01.
const (
	epochDays   = 10957
	epochMicros = epochDays * 86400 * 1e6
)

// Spark reads infinity as the ends of its own range. Spark: PostgresDialect.
var (
	lastMicros  = time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC).UnixMicro()
	firstMicros = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
)

// decoder appends a value of the binary format; nil is NULL.
type decoder func(b *vec.ColBuilder, v []byte) error

func decoderOf(c *column, t types.Type, zone *time.Location) decoder {
	d := valueDecoder(c, t, zone)
	return func(b *vec.ColBuilder, v []byte) error {
		if v == nil {
			b.AppendNull()
			return nil
		}
		return d(b, v)
	}
}

var be = binary.BigEndian

func valueDecoder(c *column, t types.Type, zone *time.Location) decoder {
	switch t.Kind {
	case types.Boolean:
		return sized(1, func(b *vec.ColBuilder, v []byte) { vec.Append(b, v[0] != 0) })
	case types.Short:
		return sized(2, func(b *vec.ColBuilder, v []byte) { vec.Append(b, int16(be.Uint16(v))) })
	case types.Int:
		return sized(4, func(b *vec.ColBuilder, v []byte) { vec.Append(b, int32(be.Uint32(v))) })
	case types.Long:
		return sized(8, func(b *vec.ColBuilder, v []byte) { vec.Append(b, int64(be.Uint64(v))) })
	case types.Float:
		return sized(4, func(b *vec.ColBuilder, v []byte) { vec.Append(b, math.Float32frombits(be.Uint32(v))) })
	case types.Double:
		return sized(8, func(b *vec.ColBuilder, v []byte) { vec.Append(b, math.Float64frombits(be.Uint64(v))) })
	case types.Date:
		return sized(4, func(b *vec.ColBuilder, v []byte) { vec.Append(b, dayOf(int32(be.Uint32(v)))) })
	case types.Timestamp, types.TimestampNTZ:
		local := c.local && t.Kind == types.Timestamp && zone != time.UTC
		return sized(8, func(b *vec.ColBuilder, v []byte) {
			us := int64(be.Uint64(v))
			if us = instant(us); local {
				us = fromLocal(us, zone)
			}
			vec.Append(b, us)
		})
	case types.Decimal:
		return func(b *vec.ColBuilder, v []byte) error { return numeric(b, v, t) }
	case types.Array:
		return arrayDecoder(c, t, zone)
	}
	return func(b *vec.ColBuilder, v []byte) error {
		b.AppendBytes(v)
		return nil
	}
}

func sized(n int, f func(*vec.ColBuilder, []byte)) decoder {
	return func(b *vec.ColBuilder, v []byte) error {
		if len(v) != n {
			return fmt.Errorf("a value of %d bytes came where %d were expected", len(v), n)
		}
		f(b, v)
		return nil
	}
}

func dayOf(days int32) int32 {
	switch days {
	case math.MaxInt32:
		return int32(lastMicros / 86400e6)
	case math.MinInt32:
		return int32(firstMicros / 86400e6)
	}
	return days + epochDays
}

func instant(us int64) int64 {
	switch us {
	case math.MaxInt64:
		return lastMicros
	case math.MinInt64:
		return firstMicros
	}
	return us + epochMicros
}

// fromLocal is the instant of a local time. Of a time that comes twice it is the first; one that
// is left out goes on by what is left out (Java: LocalDateTime.atZone).
func fromLocal(us int64, zone *time.Location) int64 {
	offset := func(at int64) int64 {
		_, s := time.UnixMicro(at).In(zone).Zone()
		return int64(s) * 1e6
	}
	const day = 86400e6
	before, after := offset(us-day), offset(us+day)
	if before != after && offset(us-before) != before && offset(us-after) == after {
		return us - after
	}
	return us - before
}

// toLocal is the local time of an instant.
func toLocal(us int64, zone *time.Location) int64 {
	_, s := time.UnixMicro(us).In(zone).Zone()
	return us + int64(s)*1e6
}

// The signs of a numeric.
const (
	positive = 0x0000
	negative = 0x4000
)

// numeric appends a numeric in digits to the base 10000, rounded half up to the type's scale.
func numeric(b *vec.ColBuilder, v []byte, t types.Type) error {
	if len(v) < 8 || len(v) < 8+2*int(be.Uint16(v)) {
		return fmt.Errorf("a numeric of %d bytes", len(v))
	}
	n, weight, sign := int(be.Uint16(v)), int(int16(be.Uint16(v[2:]))), be.Uint16(v[4:])
	if sign != positive && sign != negative {
		return errs.New("NUMERIC_VALUE_OUT_OF_RANGE.WITHOUT_SUGGESTION", "NaN and infinity cannot be %s", t.SQL()).State("22003").
			WithHint("declare the column DOUBLE, or leave such rows out")
	}
	digits := v[8 : 8+2*n]
	exp := 4*(weight-n+1) + int(t.Scale) // the digits as a whole number times 10^exp are the value
	if n <= 4 && exp <= 2 && exp >= -18 {
		var m int64
		for i := range n {
			m = m*10000 + int64(be.Uint16(digits[2*i:]))
		}
		if exp >= 0 {
			m *= int64(pow10[exp])
		} else {
			p := int64(pow10[-exp])
			m = m/p + m%p/(p-p/2)
		}
		if t.Precision >= 19 || m < int64(pow10[t.Precision]) {
			if sign == negative {
				m = -m
			}
			vec.Append(b, decimal128.FromI64(m))
			return nil
		}
	}
	return bigNumeric(b, digits, exp, sign == negative, t)
}

var pow10 = func() (p [19]uint64) {
	p[0] = 1
	for i := 1; i < len(p); i++ {
		p[i] = 10 * p[i-1]
	}
	return p
}()

func bigNumeric(b *vec.ColBuilder, digits []byte, exp int, minus bool, t types.Type) error {
	m, base, one := new(big.Int), big.NewInt(10000), new(big.Int)
	for i := 0; i < len(digits); i += 2 {
		m.Add(m.Mul(m, base), one.SetInt64(int64(be.Uint16(digits[i:]))))
	}
	if exp > 200 && m.Sign() != 0 {
		return outOfRange(t)
	}
	if exp >= 0 {
		m.Mul(m, one.Exp(big.NewInt(10), big.NewInt(int64(min(exp, 200))), nil))
	} else {
		p := one.Exp(big.NewInt(10), big.NewInt(int64(-exp)), nil)
		rest := new(big.Int)
		m.QuoRem(m, p, rest)
		if rest.Lsh(rest, 1).Cmp(p) >= 0 {
			m.Add(m, big.NewInt(1))
		}
	}
	if m.Cmp(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(t.Precision)), nil)) >= 0 {
		return outOfRange(t)
	}
	if minus {
		m.Neg(m)
	}
	vec.Append(b, decimal128.FromBigInt(m))
	return nil
}

func outOfRange(t types.Type) error {
	return errs.New("NUMERIC_VALUE_OUT_OF_RANGE.WITHOUT_SUGGESTION", "a numeric has more digits than %s takes", t.SQL()).State("22003").
		WithHint("declare the column STRING or DOUBLE, or give the table's column a precision: numeric(p, s)")
}

// arrayDecoder reads arrays of as many dimensions as the type has.
func arrayDecoder(c *column, t types.Type, zone *time.Location) decoder {
	depth, inner := 1, t.Elem
	for ; inner.Kind == types.Array; inner = inner.Elem {
		depth++
	}
	elem := decoderOf(c, *inner, zone)
	return func(b *vec.ColBuilder, v []byte) error {
		if len(v) < 12 || len(v) < 12+8*int(be.Uint32(v)&0xff) {
			return fmt.Errorf("an array of %d bytes", len(v))
		}
		dims := int(be.Uint32(v))
		if dims == 0 {
			b.EndList()
			return nil
		}
		if dims != depth {
			return errs.New("UNSUPPORTED_ARRAY", "an array has %d dimensions, but the column's type is %s", dims, t.SQL()).
				WithHint("declare the column STRING to read its text, or declare its dimensions in PostgreSQL: integer[][]")
		}
		sizes := make([]int, dims)
		for i := range sizes {
			sizes[i] = int(be.Uint32(v[12+8*i:]))
		}
		_, err := nested(b, sizes, v[12+8*dims:], elem)
		return err
	}
}

// nested appends an array of the sizes of its dimensions, and returns what follows it.
func nested(b *vec.ColBuilder, sizes []int, v []byte, elem decoder) ([]byte, error) {
	for range sizes[0] {
		var err error
		if len(sizes) > 1 {
			v, err = nested(b.Child(0), sizes[1:], v, elem)
		} else {
			var one []byte
			if one, v, err = field(v); err == nil {
				err = elem(b.Child(0), one)
			}
		}
		if err != nil {
			return nil, err
		}
	}
	b.EndList()
	return v, nil
}

// field is a length and as many bytes; nil is NULL.
func field(v []byte) (one, rest []byte, err error) {
	if len(v) < 4 {
		return nil, nil, fmt.Errorf("an array is cut off")
	}
	n := int32(be.Uint32(v))
	if v = v[4:]; n < 0 {
		return nil, v, nil
	}
	if int(n) > len(v) {
		return nil, nil, fmt.Errorf("an array is cut off")
	}
	return v[:n:n], v[n:], nil
}
