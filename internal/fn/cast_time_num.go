package fn

import (
	"math"
	"math/big"

	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// castNumberToTimestamp reads a number as seconds since the epoch.
func castNumberToTimestamp(from types.Type, try bool) Kernel {
	t := types.TimestampType
	switch {
	case from.IsIntegral():
		return strict(t, func(_ *Context, args []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
			return rowLoop(t, n, sel, valid, func(i int) (int64, error) { return secondsToMicros(intValue(&args[0], i)), nil })
		})
	case from.Kind == types.Float:
		return row1(t, maybe(try, func(_ *Context, v float32) (int64, error) { return doubleToMicros(float64(v), from) }))
	case from.Kind == types.Double:
		return row1(t, maybe(try, func(_ *Context, v float64) (int64, error) { return doubleToMicros(v, from) }))
	case from.Kind == types.Decimal:
		return row1(t, maybe(try, func(_ *Context, v num) (int64, error) {
			us := v.BigInt()
			us.Quo(us.Mul(us, big.NewInt(microsPerSecond)), pow10(int(from.Scale)))
			if !us.IsInt64() {
				return 0, castOverflow(string(decimalText(nil, v, int(from.Scale)))+"BD", from, t)
			}
			return us.Int64(), nil
		}))
	}
	return nil
}

// secondsToMicros saturates, as Java's TimeUnit does.
func secondsToMicros(s int64) int64 {
	switch {
	case s > math.MaxInt64/microsPerSecond:
		return math.MaxInt64
	case s < math.MinInt64/microsPerSecond:
		return math.MinInt64
	}
	return s * microsPerSecond
}

func doubleToMicros(v float64, from types.Type) (int64, error) {
	us := v * 1e6
	if math.IsNaN(us) || us >= 0x1p63 || us < -0x1p63 {
		return 0, castOverflow(floatShown(v, from), from, types.TimestampType)
	}
	return int64(us), nil
}
