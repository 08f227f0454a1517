package fn

import (
	"math"
	"strings"
	"time"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

func dateFuncs() []Scalar {
	d, ts, i, l, s := types.DateType, types.TimestampType, types.IntType, types.LongType, types.StringType
	return []Scalar{
		scalar("datetime", "date_add(date, days)", "The date that many days later.", withUnit(bindUnitAdd, fixed(d, shiftDate[int32](false, 1, 1), date, smallInt)), "dateadd"),
		scalar("datetime", "date_sub(date, days)", "The date that many days earlier.", fixed(d, shiftDate[int32](false, -1, 1), date, smallInt)),
		scalar("datetime", "datediff(end, start)", "The days from start to end.", withUnit(bindUnitDiff, fixed(i, sure2(i, func(x, y int32) int32 { return x - y }), date, date)), "date_diff"),
		scalar("datetime", "add_months(date, months)", "The date that many months later, at most the last day of its month.", fixed(d, row2(d, addMonthsExact), date, integer32)),
		scalar("datetime", "months_between(a, b[, roundOff])", "The months between two timestamps, with a fraction of 31 days.", opt(2, types.DoubleType, monthsBetweenKernel, is(ts), is(ts), boolean)),
		scalar("datetime", "last_day(date)", "The last day of the month.", fixed(d, sure1(d, lastDay), date)),
		scalar("datetime", "next_day(date, day)", "The next date that is the weekday named.", fixed(d, row2(d, nextDay), date, str)),
		scalar("datetime", "make_date(year, month, day)", "A date of its parts.", fixed(d, row3(d, makeDate), integer32, integer32, integer32)),
		scalar("datetime", "trunc(date, fmt)", "The first day of the week, month, quarter or year.", orNullable(fixed(d, row2(d, truncDate), date, str))),
		scalar("datetime", "date_trunc(fmt, ts)", "The timestamp cut to a unit, from MICROSECOND to YEAR.", orNullable(fixed(ts, row2(ts, truncTimestamp), str, is(ts)))),
		scalar("datetime", "unix_date(date)", "The days since 1970-01-01.", fixed(i, sure1(i, func(v int32) int32 { return v }), date)),
		scalar("datetime", "date_from_unix_date(days)", "The date that many days after 1970-01-01.", fixed(d, sure1(d, func(v int32) int32 { return v }), integer32)),
		scalar("datetime", "unix_seconds(ts)", "The seconds since the epoch.", fixed(l, sure1(l, func(v int64) int64 { return floorDiv(v, microsPerSecond) }), is(ts))),
		scalar("datetime", "unix_millis(ts)", "The milliseconds since the epoch.", fixed(l, sure1(l, func(v int64) int64 { return floorDiv(v, 1000) }), is(ts))),
		scalar("datetime", "unix_micros(ts)", "The microseconds since the epoch.", fixed(l, sure1(l, func(v int64) int64 { return v }), is(ts))),
		scalar("datetime", "timestamp_seconds(n)", "The timestamp of seconds since the epoch.", byFirst(1, timestampSeconds, onlyNumeric)),
		scalar("datetime", "timestamp_millis(n)", "The timestamp of milliseconds since the epoch.", fixed(ts, row1(ts, fromMillis), integer64)),
		scalar("datetime", "timestamp_micros(n)", "The timestamp of microseconds since the epoch.", fixed(ts, sure1(ts, func(v int64) int64 { return v }), integer64)),
		scalar("datetime", "from_utc_timestamp(ts, zone)", "What the clock shows in a zone when it shows ts in UTC.", fixed(ts, zoned(fromUTC), is(ts), str)),
		scalar("datetime", "to_utc_timestamp(ts, zone)", "What the clock shows in UTC when it shows ts in a zone.", fixed(ts, zoned(toUTC), is(ts), str)),
		scalar("datetime", "convert_timezone([source, ]target, ts)", "The local time ts of one zone as local time of another.", direct(bindConvertTimezone)),
		now("current_timestamp()", "The time of the query, or of the epoch.", ts, func(c *Context) int64 { return c.Now }, "now"),
		now("localtimestamp()", "The local time of the query, or of the epoch.", types.TimestampNTZType, func(c *Context) int64 { return c.Now + offsetAt(c.Now, zoneOf(c)) }),
		now("current_date()", "The date of the query, or of the epoch.", d, func(c *Context) int32 { return int32(floorDiv(c.Now+offsetAt(c.Now, zoneOf(c)), microsPerDay)) }, "curdate"),
		scalar("datetime", "current_timezone()", "The session time zone.", volatile(fixed(s, func(c *Context, _ []vec.Col, n int, _ []uint32) (vec.Col, error) {
			return vec.ConstString(s, zoneName(zoneOf(c)), n), nil
		}))),
		scalar("datetime", "window_time(window)", "The event time of a window: its end less a microsecond.", direct(bindWindowTime)),
	}
}

func zoneName(z *time.Location) string {
	if z == time.UTC {
		return "UTC"
	}
	return z.String()
}

// smallInt accepts integers up to INT, as date_add does.
func smallInt(a Arg) (types.Type, string) {
	switch a.Type.Kind {
	case types.Byte, types.Short, types.Int, types.Null, types.String:
		return types.IntType, ""
	}
	return types.Type{}, `("INT" or "SMALLINT" or "TINYINT")`
}

// now is a function of the context alone.
func now[T vec.Fixed](usage, doc string, t types.Type, f func(c *Context) T, aliases ...string) Scalar {
	return scalar("datetime", usage, doc, volatile(fixed(t, func(c *Context, _ []vec.Col, n int, _ []uint32) (vec.Col, error) {
		return vec.ConstOf(t, f(c), n), nil
	})), aliases...)
}

// volatile marks a function as not to be folded.
func volatile(b binder) binder {
	return func(name string) func([]Arg) (Bound, error) {
		f := b(name)
		return func(args []Arg) (Bound, error) {
			out, err := f(args)
			out.Volatile = true
			return out, err
		}
	}
}

func lastDay(d int32) int32 {
	y, m, day := civil(int64(d))
	return d + int32(monthDays(y, m)-day)
}

func nextDay(_ *Context, d int32, name string) (int32, error) {
	name = strings.ToUpper(name)
	for i, full := range dayNames {
		full = strings.ToUpper(full)
		if name == full || name == full[:3] || name == full[:2] {
			return d + 7 - int32(floorMod(int64(dayOfWeek(int64(d))-1-i), 7)), nil
		}
	}
	return 0, errs.New("ILLEGAL_DAY_OF_WEEK", "'%s' is not a day of the week", name).State("22009")
}

// outOfField is the error of a part of a date out of its range.
func outOfField(what string) error {
	return errs.New("DATETIME_FIELD_OUT_OF_BOUNDS.WITH_SUGGESTION", "%s", what).State("22023").
		WithHint("use the try_ form of the function to get NULL instead")
}

func makeDate(_ *Context, y, m, d int32) (int32, error) {
	v, ok := dateOf(int(y), int(m), int(d))
	if !ok || v != int64(int32(v)) {
		return 0, outOfField(fieldProblem(int(y), int(m), int(d)))
	}
	return int32(v), nil
}

// fieldProblem says what is wrong with a date in java.time's words.
func fieldProblem(y, m, d int) string {
	switch {
	case m < 1 || m > 12:
		return "invalid value for MonthOfYear (valid values 1 - 12): " + itoa(m)
	case d < 1 || d > 31:
		return "invalid value for DayOfMonth (valid values 1 - 28/31): " + itoa(d)
	case m == 2 && d == 29:
		return "invalid date 'February 29' as '" + itoa(y) + "' is not a leap year"
	}
	return "invalid date '" + strings.ToUpper(monthNames[m-1]) + " " + itoa(d) + "'"
}

func itoa(v int) string { return string(padInt(nil, int64(v), 1)) }

// namedZone is ParseZone with Spark's error.
func namedZone(name string) (*time.Location, error) {
	z, ok := ParseZone(name)
	if !ok {
		return nil, errs.New("INVALID_TIMEZONE", "the timezone '%s' is invalid", name).State("22009").
			WithHint("use a region such as Europe/Madrid or an offset such as +02:00")
	}
	return z, nil
}

// truncUnits are the names of units that dates and timestamps are cut to.
var truncUnits = map[string]string{
	"MICROSECOND": "us", "MILLISECOND": "ms", "SECOND": "s", "MINUTE": "min", "HOUR": "h", "DAY": "day", "DD": "day",
	"WEEK": "week", "MON": "month", "MONTH": "month", "MM": "month", "QUARTER": "quarter", "YEAR": "year", "YYYY": "year", "YY": "year",
}

func truncDays(d int64, unit string) (int64, bool) {
	y, m, _ := civil(d)
	switch unit {
	case "week":
		return d - int64(dayOfWeek(d)-1), true
	case "month":
		return dayNumber(y, m, 1), true
	case "quarter":
		return dayNumber(y, (m-1)/3*3+1, 1), true
	case "year":
		return dayNumber(y, 1, 1), true
	}
	return d, unit == "day"
}

func truncDate(_ *Context, d int32, unit string) (int32, error) {
	u := truncUnits[strings.ToUpper(unit)]
	v, ok := truncDays(int64(d), u)
	if !ok || u == "day" {
		return 0, errNull
	}
	return int32(v), nil
}

// truncTimestamp cuts on the clock of the session zone. Spark: DateTimeUtils.truncTimestamp.
func truncTimestamp(c *Context, unit string, us int64) (int64, error) {
	u := truncUnits[strings.ToUpper(unit)]
	zone := zoneOf(c)
	local := us + offsetAt(us, zone)
	switch u {
	case "us":
		return us, nil
	case "ms":
		return us - floorMod(us, 1000), nil
	case "s":
		return us - floorMod(us, microsPerSecond), nil
	case "min":
		return us - floorMod(local, unitMicros[types.Minute]), nil
	case "h":
		return us - floorMod(local, unitMicros[types.Hour]), nil
	}
	d, ok := truncDays(floorDiv(local, microsPerDay), u)
	if !ok {
		return 0, errNull
	}
	return toUTC(d*microsPerDay, zone), nil
}

// timestampSeconds takes whole seconds, or a fraction.
// onlyNumeric takes numbers, and no text that stands for one.
func onlyNumeric(a Arg) (types.Type, string) {
	if a.Type.Kind == types.String {
		return types.Type{}, `"NUMERIC"`
	}
	return numeric(a)
}

func timestampSeconds(t types.Type) (types.Type, Kernel) {
	out := types.TimestampType
	switch {
	case t.IsIntegral():
		return out, strict(out, func(_ *Context, a []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
			return rowLoop(out, n, sel, valid, func(i int) (int64, error) {
				v, ok := mulOK(intValue(&a[0], i), microsPerSecond)
				if !ok {
					return 0, overflow(types.LongType, "")
				}
				return v, nil
			})
		})
	case t.Kind == types.Double:
		return out, row1(out, func(_ *Context, v float64) (int64, error) {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return 0, errNull
			}
			return doubleToMicros(v, t)
		})
	}
	return out, castNumberToTimestamp(t, false)
}

func fromMillis(_ *Context, v int64) (int64, error) {
	us, ok := mulOK(v, 1000)
	if !ok {
		return 0, overflow(types.LongType, "")
	}
	return us, nil
}

func fromUTC(us int64, zone *time.Location) int64 { return us + offsetAt(us, zone) }

// zoneCache keeps the last zone: finding one may read the system's files.
type zoneCache struct {
	name string
	zone *time.Location
}

func (c *zoneCache) get(name string) (*time.Location, error) {
	if c.zone == nil || c.name != name {
		z, err := namedZone(name)
		if err != nil {
			return nil, err
		}
		c.name, c.zone = strings.Clone(name), z
	}
	return c.zone, nil
}

// zoned makes a kernel of (timestamp, zone name).
func zoned(f func(us int64, zone *time.Location) int64) Kernel {
	t := types.TimestampType
	return strict(t, func(_ *Context, args []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
		var cache zoneCache
		us := read[int64](&args[0])
		return rowLoop(t, n, sel, valid, func(i int) (int64, error) {
			z, err := cache.get(args[1].Str(i))
			if err != nil {
				return 0, err
			}
			return f(us.at(i), z), nil
		})
	})
}

// bindConvertTimezone works on local times; without a source zone it is the session's.
func bindConvertTimezone(name string, args []Arg) (Bound, error) {
	t := types.TimestampNTZType
	if len(args) == 3 {
		return fixed(t, row3(t, func(_ *Context, from, to string, us int64) (int64, error) {
			return convertZone(us, from, to)
		}), str, str, is(t))(name)(args)
	}
	return fixed(t, row2(t, func(c *Context, to string, us int64) (int64, error) {
		z, err := namedZone(to)
		if err != nil {
			return 0, err
		}
		return fromUTC(toUTC(us, zoneOf(c)), z), nil
	}), str, is(t))(name)(args)
}

func convertZone(us int64, from, to string) (int64, error) {
	x, err := namedZone(from)
	if err != nil {
		return 0, err
	}
	y, err := namedZone(to)
	if err != nil {
		return 0, err
	}
	return fromUTC(toUTC(us, x), y), nil
}

func bindWindowTime(name string, args []Arg) (Bound, error) {
	if err := checkArity(name, args, 1, 1); err != nil {
		return Bound{}, err
	}
	t := args[0].Type
	if t.Kind != types.Struct || len(t.Fields) != 2 || !strings.EqualFold(t.Fields[1].Name, "end") {
		return Bound{}, mismatch(name, 0, `"STRUCT<start: TIMESTAMP, end: TIMESTAMP>"`, t)
	}
	out := t.Fields[1].Type
	k := sure1(out, func(v int64) int64 { return v - 1 })
	return Bound{Params: []types.Type{t}, Result: out, Nullable: args[0].Nullable,
		Kernel: func(c *Context, a []vec.Col, n int, sel []uint32) (vec.Col, error) {
			return k(c, []vec.Col{a[0].Field(1)}, n, sel)
		}}, nil
}

// monthsBetween: whole months if the days are the same or both the last of their month,
// otherwise with a fraction of 31 days. Spark: DateTimeUtils.monthsBetween.
func monthsBetween(a, b int64, round bool, zone *time.Location) float64 {
	x, y := momentOf(a, zone), momentOf(b, zone)
	months := float64((x.year-y.year)*12 + int64(x.month-y.month))
	last := func(m moment) bool { return m.day == monthDays(m.year, m.month) }
	if x.day == y.day || last(x) && last(y) {
		return months
	}
	clock := func(m moment) float64 { return float64(m.hour*3600 + m.minute*60 + m.second) }
	diff := months + (float64(x.day-y.day)*86400+clock(x)-clock(y))/(31*86400)
	if round {
		return math.Round(diff*1e8) / 1e8
	}
	return diff
}

func monthsBetweenKernel(c *Context, args []vec.Col, n int, sel []uint32) (vec.Col, error) {
	t := types.DoubleType
	two := row2(t, func(c *Context, a, b int64) (float64, error) { return monthsBetween(a, b, true, zoneOf(c)), nil })
	three := row3(t, func(c *Context, a, b int64, r bool) (float64, error) { return monthsBetween(a, b, r, zoneOf(c)), nil })
	return byCount(two, 3, three)(c, args, n, sel)
}
