package fn

import (
	"github.com/azud/azud/internal/types"
)

func castToDate(from types.Type, try bool) Kernel {
	t := types.DateType
	switch from.Kind {
	case types.String:
		return row1(t, maybe(try, func(_ *Context, s string) (int32, error) {
			d, ok := parseDate(s)
			if !ok {
				return 0, invalidInput(s, t)
			}
			return d, nil
		}))
	case types.Timestamp:
		return row1(t, func(c *Context, us int64) (int32, error) {
			return int32(floorDiv(us+offsetAt(us, zoneOf(c)), microsPerDay)), nil
		})
	case types.TimestampNTZ:
		return sure1(t, func(us int64) int32 { return int32(floorDiv(us, microsPerDay)) })
	}
	return nil
}

func castToTimestamp(from types.Type, try bool) Kernel {
	t := types.TimestampType
	switch from.Kind {
	case types.String:
		return row1(t, maybe(try, func(c *Context, s string) (int64, error) {
			us, ok := parseTimestamp(s, c)
			if !ok {
				return 0, invalidInput(s, t)
			}
			return us, nil
		}))
	case types.Date:
		return row1(t, func(c *Context, d int32) (int64, error) {
			return toUTC(int64(d)*microsPerDay, zoneOf(c)), nil
		})
	case types.TimestampNTZ:
		return row1(t, func(c *Context, us int64) (int64, error) { return toUTC(us, zoneOf(c)), nil })
	}
	return castNumberToTimestamp(from, try)
}

func castToLocal(from types.Type, try bool) Kernel {
	t := types.TimestampNTZType
	switch from.Kind {
	case types.String:
		return row1(t, maybe(try, func(_ *Context, s string) (int64, error) {
			us, ok := parseLocal(s)
			if !ok {
				return 0, invalidInput(s, t)
			}
			return us, nil
		}))
	case types.Date:
		return sure1(t, func(d int32) int64 { return int64(d) * microsPerDay })
	case types.Timestamp:
		return row1(t, func(c *Context, us int64) (int64, error) { return us + offsetAt(us, zoneOf(c)), nil })
	}
	return nil
}
