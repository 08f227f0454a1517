package fn

import (
	"math/big"

	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// numberToInterval makes an interval of what scaled gives for a row: months or microseconds. A
// number counts the last unit of the interval type. Spark: IntervalUtils.longToDayTimeInterval.
func numberToInterval(to types.Type, try bool, scaled func(x *vec.Col, i int) (int64, error)) Kernel {
	return strict(to, func(c *Context, args []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
		row := maybe(try, func(_ *Context, i int) (int64, error) { return scaled(&args[0], i) })
		if to.Kind == types.DayTime {
			return rowLoop(to, n, sel, valid, func(i int) (int64, error) { return row(c, i) })
		}
		return rowLoop(to, n, sel, valid, func(i int) (int32, error) {
			v, err := row(c, i)
			return int32(v), err
		})
	})
}

// intervalToInt counts whole last units of an interval, as Spark's dayTimeIntervalToLong.
func intervalToInt[T integer](from, to types.Type, try bool) Kernel {
	unit := lastUnit(from)
	return strict(to, func(c *Context, args []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
		row := maybe(try, func(_ *Context, i int) (T, error) {
			v := intValue(&args[0], i) / unit
			if int64(T(v)) != v {
				return 0, castOverflow(string(appendInterval(nil, intValue(&args[0], i), from)), from, to)
			}
			return T(v), nil
		})
		return rowLoop(to, n, sel, valid, func(i int) (T, error) { return row(c, i) })
	})
}

// intervalToDecimal counts last units: whole ones, and seconds with their microseconds.
func intervalToDecimal(from, to types.Type, try bool, finish func(*big.Int, int) (num, error)) Kernel {
	unit, scale := lastUnit(from), 0
	if from.Kind == types.DayTime && from.Scale == types.Second {
		unit, scale = 1, 6
	}
	return strict(to, func(c *Context, args []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
		row := maybe(try, func(_ *Context, i int) (num, error) {
			return finish(big.NewInt(intValue(&args[0], i)/unit), scale)
		})
		return rowLoop(to, n, sel, valid, func(i int) (num, error) { return row(c, i) })
	})
}
