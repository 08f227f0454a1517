package fn

import (
	"math"
	"math/big"

	"github.com/azud/azud/internal/errs"
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
		return sure1(t, func(v num) int64 {
			us := v.BigInt()
			us.Quo(us.Mul(us, big.NewInt(microsPerSecond)), pow10(int(from.Scale)))
			return lowBits(us)
		})
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

// lowBits are the low 64 bits of a number in two's complement: Java's BigInteger.longValue, by
// which Spark makes a TIMESTAMP of a DECIMAL that is beyond all years.
func lowBits(v *big.Int) int64 {
	low := new(big.Int).And(v, new(big.Int).SetUint64(math.MaxUint64))
	return int64(low.Uint64())
}

func doubleToMicros(v float64, from types.Type) (int64, error) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, errs.New("CAST_INVALID_INPUT",
			`the value %s of the type "%s" cannot be cast to "TIMESTAMP" because it is no number of seconds`, floatShown(v, from), from.SQL()).
			State("22018").WithHint("use try_cast to get NULL instead")
	}
	us := v * 1e6
	if us >= 0x1p63 || us < -0x1p63 {
		return 0, castOverflow(floatShown(v, from), from, types.TimestampType)
	}
	return int64(us), nil
}
