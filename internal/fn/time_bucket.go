package fn

import (
	"time"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// bindTimeBucket takes a constant width and origin.
func bindTimeBucket(name string, args []Arg) (Bound, error) {
	if err := checkArity(name, args, 2, 3); err != nil {
		return Bound{}, err
	}
	width, ts := args[0].Type, args[1].Type
	if width.Kind == types.Null {
		width = types.DayTimeType
	}
	if ts.Kind == types.Null {
		ts = types.TimestampType
	}
	if width.Kind != types.DayTime && width.Kind != types.YearMonth {
		return Bound{}, mismatch(name, 0, `"INTERVAL DAY TO SECOND" or "INTERVAL YEAR TO MONTH"`, width)
	}
	if ts.Kind != types.Timestamp && ts.Kind != types.TimestampNTZ {
		return Bound{}, mismatch(name, 1, `"TIMESTAMP" or "TIMESTAMP_NTZ"`, ts)
	}
	params := []types.Type{width, ts}
	if len(args) == 3 {
		if k := args[2].Type.Kind; k != types.Null && k != ts.Kind {
			return Bound{}, mismatch(name, 2, `"`+ts.SQL()+`"`, args[2].Type)
		}
		params = append(params, ts)
	}
	for i, what := range []string{"bucketSize", "", "origin"}[:len(args)] {
		if what != "" && args[i].Const == nil {
			return Bound{}, notFoldable(name, what)
		}
	}
	if c := args[0].Const; !c.IsNull(0) && args[0].Type.Kind != types.Null && intValue(c, 0) <= 0 {
		return Bound{}, errs.New("DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE", "the width of %s must be above 0", name).State("42K09")
	}
	k := strict(ts, func(c *Context, a []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
		zone := zoneOf(c)
		if ts.Kind == types.TimestampNTZ {
			zone = time.UTC
		}
		return rowLoop(ts, n, sel, valid, func(i int) (int64, error) {
			origin := toUTC(0, zone)
			if len(a) > 2 {
				origin = vec.Get[int64](&a[2], i)
			}
			return bucketStart(intValue(&a[0], i), width, vec.Get[int64](&a[1], i), origin, zone), nil
		})
	})
	return Bound{Params: params, Result: ts, Nullable: nullable(args), Kernel: k}, nil
}

// bucketStart counts widths of less than a day by the elapsed time, days and months on the clock of
// the zone.
func bucketStart(width int64, t types.Type, us, origin int64, zone *time.Location) int64 {
	switch {
	case t.Kind == types.DayTime && width < microsPerDay:
		return us - floorMod(us-origin, width)
	case t.Kind == types.DayTime:
		local, from := us+offsetAt(us, zone), origin+offsetAt(origin, zone)
		return toUTC(local-floorMod(local-from, width), zone)
	}
	local, from := us+offsetAt(us, zone), origin+offsetAt(origin, zone)
	at := func(n int64) int64 {
		day := addMonths(int32(floorDiv(from, microsPerDay)), n*width)
		return int64(day)*microsPerDay + floorMod(from, microsPerDay)
	}
	y, m, _ := civil(floorDiv(local, microsPerDay))
	oy, om, _ := civil(floorDiv(from, microsPerDay))
	n := floorDiv((y-oy)*12+int64(m-om), width)
	for at(n) > local {
		n--
	}
	return toUTC(at(n), zone)
}
