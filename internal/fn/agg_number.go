package fn

import (
	"math"
	"math/big"

	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// numberOf reads numbers, times and intervals as DOUBLE: times as days or microseconds.
func numberOf(c *vec.Col) func(i int) float64 {
	switch c.Type.Kind {
	case types.Byte:
		return asDouble(read[int8](c))
	case types.Short:
		return asDouble(read[int16](c))
	case types.Int, types.Date, types.YearMonth:
		return asDouble(read[int32](c))
	case types.Float:
		return asDouble(read[float32](c))
	case types.Double:
		r := read[float64](c)
		return r.at
	case types.Decimal:
		r, scale := read[num](c), int32(c.Type.Scale)
		return func(i int) float64 { return r.at(i).ToFloat64(scale) }
	}
	return asDouble(read[int64](c))
}

func asDouble[T integer | float](r reader[T]) func(i int) float64 {
	return func(i int) float64 { return float64(r.at(i)) }
}

// appendNumber is the inverse of numberOf: fractions are cut off where the type has none (Java's
// conversion, which also bounds).
func appendNumber(b *vec.ColBuilder, v float64) {
	t := b.Type()
	switch t.Kind {
	case types.Byte:
		vec.Append(b, int8(toLong(v)))
	case types.Short:
		vec.Append(b, int16(toLong(v)))
	case types.Int, types.Date, types.YearMonth:
		vec.Append(b, int32(max(math.MinInt32, min(math.MaxInt32, toLong(v)))))
	case types.Float:
		vec.Append(b, float32(v))
	case types.Double:
		vec.Append(b, v)
	case types.Decimal:
		if d, ok := decimalOf(v, t); ok {
			vec.Append(b, d)
		} else {
			b.AppendNull()
		}
	default:
		vec.Append(b, toLong(v))
	}
}

func toLong(v float64) int64 {
	switch {
	case v != v:
		return 0
	case v >= math.MaxInt64:
		return math.MaxInt64
	case v <= math.MinInt64:
		return math.MinInt64
	}
	return int64(v)
}

// decimalOf rounds half up, from the shortest decimal form of v.
func decimalOf(v float64, t types.Type) (num, bool) {
	r, ok := new(big.Rat).SetString(string(appendDouble(nil, v, 64)))
	if !ok {
		return num{}, false
	}
	r.Mul(r, new(big.Rat).SetInt(pow10(int(t.Scale))))
	return fitDecimal(divHalfUp(new(big.Int).Set(r.Num()), r.Denom()), t.Precision)
}
