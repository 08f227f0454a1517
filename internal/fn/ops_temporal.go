package fn

import (
	"time"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// isTemporal reports dates, timestamps and intervals, whose arithmetic has its own rules.
func isTemporal(t types.Type) bool { return t.IsTime() || isInterval(t) }

// bindTemporal resolves arithmetic with a date, a timestamp or an interval.
// Spark: BinaryArithmeticWithDatetimeResolver.
func bindTemporal(name, op string, args []Arg, try bool) (Bound, error) {
	a, b := args[0].Type, args[1].Type
	bad := differing(name, a, b)
	switch {
	case op == "*" && isInterval(a) != isInterval(b) && (isNumber(a) || isNumber(b)),
		op == "/" && isInterval(a) && isNumber(b):
		return bindIntervalScale(op, args, try), nil
	case op == "-" && a.IsTime() && (b.IsTime() || b.Kind == types.String), op == "-" && b.IsTime() && a.Kind == types.String:
		return bindDifference(args), nil
	case op != "+" && op != "-":
		return Bound{}, wrongType(name, `"NUMERIC"`, a)
	case isInterval(a) && isInterval(b):
		return bindIntervalSum(op, args, try)
	case op == "+" && !isInterval(b) && (isInterval(a) || b.IsTime()):
		return bindShift(name, op, []Arg{args[1], args[0]}, true, try, bad)
	}
	return bindShift(name, op, args, false, try, bad)
}

func isNumber(t types.Type) bool {
	return t.IsNumeric() || t.Kind == types.String || t.Kind == types.Null
}

// bindIntervalSum adds intervals of one kind.
func bindIntervalSum(op string, args []Arg, try bool) (Bound, error) {
	t, ok := types.Common(args[0].Type, args[1].Type)
	if !ok {
		return Bound{}, mismatch(op, 0, `"(TIMESTAMP OR TIMESTAMP WITHOUT TIME ZONE)"`, args[0].Type)
	}
	b := Bound{Params: []types.Type{t, t}, Result: t, Nullable: nullable(args)}
	if t.Kind == types.YearMonth {
		b.Kernel = intKernel[int32](op, t, try)
	} else {
		b.Kernel = intKernel[int64](op, t, try)
	}
	return b, nil
}

// bindDifference subtracts times: dates give days, anything else days to seconds.
func bindDifference(args []Arg) Bound {
	t, _ := types.Common(args[0].Type, args[1].Type)
	if t.Kind == types.Timestamp && (args[0].Type.Kind == types.TimestampNTZ || args[1].Type.Kind == types.TimestampNTZ) {
		t = types.TimestampNTZType
	}
	b := Bound{Params: []types.Type{t, t}, Result: types.DayTimeType, Nullable: nullable(args)}
	switch t.Kind {
	case types.Date:
		b.Result = types.Type{Kind: types.DayTime, Precision: types.Day, Scale: types.Day}
		b.Kernel = sure2(b.Result, func(x, y int32) int64 { return (int64(x) - int64(y)) * microsPerDay })
	case types.Timestamp: // by the clock of the session zone, as Spark has it
		b.Kernel = row2(b.Result, func(c *Context, x, y int64) (int64, error) {
			zone := zoneOf(c)
			return (x + offsetAt(x, zone)) - (y + offsetAt(y, zone)), nil
		})
	default:
		b.Kernel = sure2(b.Result, func(x, y int64) int64 { return x - y })
	}
	return b
}

// bindShift moves a time (args[0]) by an interval or, for a date, by a number of days.
// swapped says that the call has them the other way round.
func bindShift(name, op string, args []Arg, swapped, try bool, bad error) (Bound, error) {
	at, by := args[0].Type, args[1].Type
	sign := int64(1)
	if op == "-" {
		sign = -1
	}
	b := Bound{Result: at, Nullable: nullable(args)}
	var k Kernel
	onlyDays := by.Kind == types.DayTime && by.Scale == types.Day
	switch {
	case at.Kind == types.Date && onlyDays:
		k = shiftDate[int64](try, sign, microsPerDay)
	case at.Kind == types.Date && by.Kind == types.YearMonth:
		k = row2(at, func(_ *Context, d, m int32) (int32, error) { return addMonths(d, sign*int64(m)), nil })
	case at.Kind == types.Date && (by.Kind == types.Byte || by.Kind == types.Short || by.Kind == types.Int || by.Kind == types.Null):
		by = types.IntType
		k = shiftDate[int32](try, sign, 1)
	case at.Kind == types.Date && by.Kind != types.DayTime:
		if !by.IsNumeric() && by.Kind != types.String {
			return Bound{}, bad
		}
		return Bound{}, mismatch(name, 1, `"INT" or "SMALLINT" or "TINYINT"`, by)
	case !isInterval(by) && by.Kind != types.Null:
		return Bound{}, bad
	default:
		return bindTimeShift(b, at, by, sign, swapped, bad)
	}
	b.Params = []types.Type{at, by}
	b.Kernel = k
	return swapBound(b, swapped), nil
}

// bindTimeShift moves a timestamp by an interval; dates and strings become timestamps.
func bindTimeShift(b Bound, at, by types.Type, sign int64, swapped bool, bad error) (Bound, error) {
	text := at.Kind == types.String
	if text && by.Kind == types.YearMonth {
		return Bound{}, bad
	}
	switch at.Kind {
	case types.Timestamp, types.TimestampNTZ:
	case types.Date, types.String, types.Null:
		at = types.TimestampType
	default:
		return Bound{}, bad
	}
	if by.Kind == types.Null {
		by = types.DayTimeType
	}
	zoned := at.Kind == types.Timestamp
	var k Kernel
	if by.Kind == types.YearMonth {
		k = row2(at, func(c *Context, us int64, m int32) (int64, error) {
			return shiftMonths(us, sign*int64(m), zoneFor(c, zoned)), nil
		})
	} else {
		k = row2(at, func(c *Context, us, d int64) (int64, error) {
			return shiftDayTime(us, sign*d, zoneFor(c, zoned))
		})
	}
	b.Params, b.Result, b.Kernel = []types.Type{at, by}, at, k
	if text {
		b.Result, b.Kernel = types.StringType, thenText(k)
	}
	return swapBound(b, swapped), nil
}

// thenText prints the result of a kernel: a string plus an interval is a string.
func thenText(k Kernel) Kernel {
	print := castToString(types.TimestampType)
	return func(c *Context, args []vec.Col, n int, sel []uint32) (vec.Col, error) {
		col, err := k(c, args, n, sel)
		if err != nil {
			return col, err
		}
		return print(c, []vec.Col{col}, n, sel)
	}
}

// swapBound exchanges the two arguments of a resolved function.
func swapBound(b Bound, swapped bool) Bound {
	if !swapped {
		return b
	}
	k := b.Kernel
	b.Params = []types.Type{b.Params[1], b.Params[0]}
	b.Kernel = func(c *Context, args []vec.Col, n int, sel []uint32) (vec.Col, error) {
		return k(c, []vec.Col{args[1], args[0]}, n, sel)
	}
	return b
}

func zoneFor(c *Context, zoned bool) *time.Location {
	if zoned {
		return zoneOf(c)
	}
	return time.UTC
}

func shiftDate[T int32 | int64](try bool, sign, unit int64) Kernel {
	f := func(_ *Context, d int32, n T) (int32, error) {
		v := int64(d) + sign*(int64(n)/unit)
		return int32(v), nil // what has no room wraps, as in Spark
	}
	if try {
		f = orNull(f)
	}
	return row2(types.DateType, f)
}

// addMonths keeps the day of the month, or takes the month's last day.
func addMonths(d int32, months int64) int32 { return int32(monthsLater(int64(d), months)) }

func monthsLater(d, months int64) int64 {
	y, m, day := civil(d)
	total := y*12 + int64(m-1) + months
	y, m = floorDiv(total, 12), int(floorMod(total, 12))+1
	return dayNumber(y, m, min(day, monthDays(y, m)))
}

// addMonthsExact is addMonths; a date beyond all days is an overflow.
func addMonthsExact(_ *Context, d, months int32) (int32, error) {
	out := monthsLater(int64(d), int64(months))
	if out != int64(int32(out)) {
		return 0, overflow(types.IntType, "")
	}
	return int32(out), nil
}

// shiftMonths moves an instant by months on the zone's calendar.
func shiftMonths(us, months int64, zone *time.Location) int64 {
	local := us + offsetAt(us, zone)
	day := floorDiv(local, microsPerDay)
	return toUTC(int64(addMonths(int32(day), months))*microsPerDay+local-day*microsPerDay, zone)
}

// shiftDayTime moves an instant by whole days on the zone's calendar, and the rest in time.
// Spark: DateTimeUtils.timestampAddDayTime.
func shiftDayTime(us, d int64, zone *time.Location) (int64, error) {
	days, rest := d/microsPerDay, d%microsPerDay
	if days != 0 && zone != time.UTC {
		us = toUTC(us+offsetAt(us, zone)+days*microsPerDay, zone)
		d = rest
	}
	v, ok := addOK(us, d)
	if !ok {
		return 0, errs.New("DATETIME_OVERFLOW", "datetime operation overflow").State("22008")
	}
	return v, nil
}
