package fn

import (
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow/decimal128"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

func datePartFuncs() []Scalar {
	i := types.IntType
	ofDate := func(usage, doc string, f func(days int32) int32, aliases ...string) Scalar {
		return scalar("datetime", usage, doc, fixed(i, sure1(i, f), date), aliases...)
	}
	ofClock := func(usage, doc string, unit, limit int64) Scalar {
		return scalar("datetime", usage, doc, byFirst(1, func(t types.Type) (types.Type, Kernel) {
			zoned := t.Kind == types.Timestamp
			return i, row1(i, func(c *Context, us int64) (int32, error) {
				us += offsetAt(us, zoneFor(c, zoned))
				return int32(floorMod(us, microsPerDay) / unit % limit), nil
			})
		}, timestamp))
	}
	return []Scalar{
		ofDate("year(date)", "The year.", func(d int32) int32 { y, _, _ := civil(int64(d)); return int32(y) }),
		ofDate("month(date)", "The month, 1 to 12.", func(d int32) int32 { _, m, _ := civil(int64(d)); return int32(m) }),
		ofDate("day(date)", "The day of the month.", func(d int32) int32 { _, _, v := civil(int64(d)); return int32(v) }, "dayofmonth"),
		ofDate("quarter(date)", "The quarter, 1 to 4.", func(d int32) int32 { _, m, _ := civil(int64(d)); return int32((m-1)/3 + 1) }),
		ofDate("dayofyear(date)", "The day of the year.", func(d int32) int32 { y, _, _ := civil(int64(d)); return int32(dayOfYear(y, int64(d))) }),
		ofDate("dayofweek(date)", "The day of the week, 1 for Sunday.", func(d int32) int32 { return int32(dayOfWeek(int64(d))%7 + 1) }),
		ofDate("weekday(date)", "The day of the week, 0 for Monday.", func(d int32) int32 { return int32(dayOfWeek(int64(d)) - 1) }),
		ofDate("weekofyear(date)", "The ISO week of the year.", func(d int32) int32 { _, w := isoWeek(int64(d)); return int32(w) }),
		scalar("datetime", "monthname(date)", "The short name of the month.", fixed(types.StringType, sure1(types.StringType, func(d int32) string { _, m, _ := civil(int64(d)); return monthNames[m-1][:3] }), date)),
		scalar("datetime", "dayname(date)", "The short name of the day of the week.", fixed(types.StringType, sure1(types.StringType, func(d int32) string { return dayNames[dayOfWeek(int64(d))-1][:3] }), date)),
		ofClock("hour(ts)", "The hour.", unitMicros[types.Hour], 24),
		ofClock("minute(ts)", "The minute.", unitMicros[types.Minute], 60),
		ofClock("second(ts)", "The second.", unitMicros[types.Second], 60),
		scalar("datetime", "extract(field FROM source)", "A part of a date, timestamp or interval.", direct(bindExtract), "date_part", "datepart"),
	}
}

// isoWeek is the ISO year and week.
func isoWeek(days int64) (year int64, week int) {
	thursday := days + 4 - int64(dayOfWeek(days))
	year, _, _ = civil(thursday)
	return year, int(thursday-dayNumber(year, 1, 1))/7 + 1
}

// fieldNames maps the names that extract takes to functions; "second" keeps its fraction.
var fieldNames = map[string]string{
	"YEAR": "year", "Y": "year", "YEARS": "year", "YR": "year", "YRS": "year", "YEAROFWEEK": "yearofweek",
	"QUARTER": "quarter", "QTR": "quarter", "MONTH": "month", "MON": "month", "MONS": "month", "MONTHS": "month",
	"WEEK": "weekofyear", "W": "weekofyear", "WEEKS": "weekofyear", "DAY": "day", "D": "day", "DAYS": "day",
	"DAYOFWEEK": "dayofweek", "DOW": "dayofweek", "DAYOFWEEK_ISO": "isodow", "DOW_ISO": "isodow", "DOY": "dayofyear",
	"HOUR": "hour", "H": "hour", "HOURS": "hour", "HR": "hour", "HRS": "hour", "MINUTE": "minute", "M": "minute",
	"MIN": "minute", "MINS": "minute", "MINUTES": "minute", "SECOND": "second", "S": "second", "SEC": "second",
	"SECONDS": "second", "SECS": "second",
}

// bindExtract takes the field's name as a constant string, then the source.
// Spark: DatePart, Extract.
func bindExtract(name string, args []Arg) (Bound, error) {
	if err := checkArity(name, args, 2, 2); err != nil {
		return Bound{}, err
	}
	k := args[0].Const
	if k != nil && k.IsNull(0) {
		d := types.DoubleType
		return Bound{Params: []types.Type{args[0].Type, args[1].Type}, Result: d, Nullable: true, Kernel: nullKernel(d)}, nil
	}
	if k == nil || args[0].Type.Kind != types.String {
		return Bound{}, errs.New("DATATYPE_MISMATCH.NON_FOLDABLE_INPUT", "the field of %s must be a constant string", name).State("42K09")
	}
	field := strings.ToUpper(k.Str(0))
	what, ok := fieldNames[field]
	src := args[1].Type
	if !ok || isInterval(src) && intervalField(what, src) == 0 {
		return Bound{}, errs.New("INVALID_EXTRACT_FIELD", "cannot extract `%s` from a value of type \"%s\"", field, src.SQL()).State("42601").
			WithHint("use YEAR, QUARTER, MONTH, WEEK, DAY, DAYOFWEEK, DOY, HOUR, MINUTE or SECOND")
	}
	b, err := extractFrom(what, args[1])
	if err != nil {
		return Bound{}, err
	}
	inner := b.Kernel
	b.Params = append([]types.Type{types.StringType}, b.Params...)
	b.Kernel = func(c *Context, cols []vec.Col, n int, sel []uint32) (vec.Col, error) {
		return inner(c, cols[1:], n, sel)
	}
	return b, nil
}

func extractFrom(what string, src Arg) (Bound, error) {
	args := []Arg{src}
	i := types.IntType
	switch {
	case isInterval(src.Type):
		return extractInterval(what, src), nil
	case what == "second":
		return byFirst(1, secondsOf, timestamp)(what)(args)
	case what == "yearofweek":
		return fixed(i, sure1(i, func(d int32) int32 { y, _ := isoWeek(int64(d)); return int32(y) }), date)(what)(args)
	case what == "isodow":
		return fixed(i, sure1(i, func(d int32) int32 { return int32(dayOfWeek(int64(d))) }), date)(what)(args)
	}
	for _, s := range datePartFuncs() {
		if s.Name == what {
			return s.Bind(args)
		}
	}
	return Bound{}, arity(what, "1", 1)
}

// secondsOf is the second with its fraction, DECIMAL(8, 6).
func secondsOf(t types.Type) (types.Type, Kernel) {
	out, zoned := types.DecimalType(8, 6), t.Kind == types.Timestamp
	return out, row1(out, func(c *Context, us int64) (num, error) {
		us += offsetAt(us, zoneFor(c, zoned))
		return decimal128.FromI64(floorMod(us, 60*microsPerSecond)), nil
	})
}

// intervalField is the divisor of a field of an interval, 0 if it has no such field.
func intervalField(what string, t types.Type) int64 {
	units := []string{"day", "hour", "minute", "second"}
	if t.Kind == types.YearMonth {
		units = []string{"year", "month"}
	}
	if !slices.Contains(units[t.Precision:t.Scale+1], what) {
		return 0
	}
	if t.Kind == types.YearMonth {
		return map[string]int64{"year": 12, "month": 1}[what]
	}
	return map[string]int64{"day": microsPerDay, "hour": unitMicros[types.Hour], "minute": unitMicros[types.Minute], "second": 1}[what]
}

func extractInterval(what string, src Arg) Bound {
	t := src.Type
	unit := intervalField(what, t)
	limit := map[string]int64{"month": 12, "hour": 24, "minute": 60, "second": 60 * microsPerSecond}[what]
	value := func(v int64) int64 {
		v /= unit
		if limit > 0 {
			v %= limit
		}
		return v
	}
	b := Bound{Params: []types.Type{t}, Nullable: src.Nullable, Result: types.IntType}
	switch {
	case what == "second":
		b.Result = types.DecimalType(8, 6)
		b.Kernel = sure1(b.Result, func(v int64) num { return decimal128.FromI64(value(v)) })
	case what == "month" || what == "hour" || what == "minute":
		b.Result = types.ByteType
		if t.Kind == types.YearMonth {
			b.Kernel = sure1(b.Result, func(v int32) int8 { return int8(value(int64(v))) })
		} else {
			b.Kernel = sure1(b.Result, func(v int64) int8 { return int8(value(v)) })
		}
	case t.Kind == types.YearMonth:
		b.Kernel = sure1(b.Result, func(v int32) int32 { return int32(value(int64(v))) })
	default:
		b.Kernel = sure1(b.Result, func(v int64) int32 { return int32(value(v)) })
	}
	return b
}
