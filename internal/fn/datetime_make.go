package fn

import (
	"time"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

func makeTimeFuncs() []Scalar {
	ts, ntz, i := types.TimestampType, types.TimestampNTZType, integer32
	sec := is(types.DecimalType(16, 6))
	const parts = "(year, month, day, hour, min, sec[, timezone])"
	const local = "(year, month, day, hour, min, sec)"
	zoned := func(try bool) binder {
		b := opt(6, ts, makeTimestamp(ts, try), i, i, i, i, i, sec, str)
		if try {
			b = orNullable(b)
		}
		return b
	}
	plain := func(try bool) binder {
		b := noTime(fixed(ntz, makeTimestamp(ntz, try), i, i, i, i, i, sec))
		if try {
			b = orNullable(b)
		}
		return b
	}
	return []Scalar{
		scalar("datetime", "make_timestamp"+parts, "A timestamp of its parts.", zoned(false)),
		scalar("datetime", "make_timestamp_ltz"+parts, "A timestamp of its parts.", zoned(false)),
		scalar("datetime", "make_timestamp_ntz"+local, "A local timestamp of its parts.", plain(false)),
		scalar("datetime", "try_make_timestamp"+parts, "A timestamp of its parts, or NULL if there is no such time.", zoned(true)),
		scalar("datetime", "try_make_timestamp_ltz"+parts, "A timestamp of its parts, or NULL if there is no such time.", zoned(true)),
		scalar("datetime", "try_make_timestamp_ntz"+local, "A local timestamp of its parts, or NULL if there is no such time.", plain(true)),
		scalar("datetime", "make_dt_interval([days[, hours[, mins[, secs]]]])", "A day-time interval of its parts.", direct(bindMakeDayTime)),
		scalar("datetime", "make_ym_interval([years[, months]])", "A year-month interval of its parts.", direct(bindMakeYearMonth)),
		scalar("datetime", "time_bucket(width, ts[, origin])", "The start of the bucket of a width that a timestamp lies in, counted from an origin (1970-01-01 00:00:00 if not given).", direct(bindTimeBucket)),
	}
}

// noTime refuses (date, time): there is no type TIME.
func noTime(b binder) binder {
	return func(name string) func([]Arg) (Bound, error) {
		return func(args []Arg) (Bound, error) {
			if len(args) == 2 {
				return Bound{}, mismatch(name, 1, `"TIME"`, args[1].Type)
			}
			return b(name)(args)
		}
	}
}

// makeTimestamp makes the kernel of the constructors; out says whether parts are local time.
func makeTimestamp(out types.Type, try bool) Kernel {
	return strict(out, func(c *Context, a []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
		var zones zoneCache
		return rowLoop(out, n, sel, valid, func(i int) (int64, error) {
			zone := zoneOf(c)
			if out.Kind == types.TimestampNTZ {
				zone = time.UTC
			}
			if len(a) > 6 {
				var err error
				if zone, err = zones.get(a[6].Str(i)); err != nil {
					return 0, err
				}
			}
			us, err := localOfParts(a, i)
			switch {
			case err == nil:
				return toUTC(us, zone), nil
			case try:
				return 0, errNull
			}
			return 0, err
		})
	})
}

// localOfParts is the local time, in microseconds, of year, month, day, hour, minute, second.
func localOfParts(a []vec.Col, i int) (int64, error) {
	field := func(k int) int { return int(vec.Get[int32](&a[k], i)) }
	day, ok := dateOf(field(0), field(1), field(2))
	if !ok {
		return 0, outOfField(fieldProblem(field(0), field(1), field(2)))
	}
	h, m := field(3), field(4)
	sec, _ := small(vec.Get[num](&a[5], i))
	if sec/microsPerSecond == 60 && sec%microsPerSecond != 0 {
		return 0, errs.New("INVALID_FRACTION_OF_SECOND", "the second 60 cannot have a fraction").State("22023").
			WithHint("the valid range of seconds is [0, 60]")
	}
	if h < 0 || h > 23 || m < 0 || m > 59 || sec < 0 || sec > 60*microsPerSecond {
		return 0, outOfField("invalid value for hour, minute or second")
	}
	return day*microsPerDay + int64(h*60+m)*60*microsPerSecond + sec, nil
}

func intervalOverflow(name string) error {
	return errs.New("INTERVAL_ARITHMETIC_OVERFLOW.WITHOUT_SUGGESTION", "the interval of %s has no room in its type", name).State("22015")
}

func bindMakeDayTime(name string, args []Arg) (Bound, error) {
	ts, err := resolve(name, args, 0, integer32, integer32, integer32, is(types.DecimalType(18, 6)))
	if err != nil {
		return Bound{}, err
	}
	t := types.DayTimeType
	units := []int64{microsPerDay, unitMicros[types.Hour], unitMicros[types.Minute]}
	k := strict(t, func(_ *Context, a []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
		return rowLoop(t, n, sel, valid, func(i int) (int64, error) {
			sum, ok := int64(0), true
			for k := range a {
				var v int64
				if k < 3 {
					var fits bool
					v, fits = mulOK(int64(vec.Get[int32](&a[k], i)), units[k])
					ok = ok && fits
				} else {
					v, _ = small(vec.Get[num](&a[k], i))
				}
				var fits bool
				sum, fits = addOK(sum, v)
				ok = ok && fits
			}
			if !ok {
				return 0, intervalOverflow(name)
			}
			return sum, nil
		})
	})
	return Bound{Params: ts, Result: t, Nullable: nullable(args), Kernel: k}, nil
}

func bindMakeYearMonth(name string, args []Arg) (Bound, error) {
	ts, err := resolve(name, args, 0, integer32, integer32)
	if err != nil {
		return Bound{}, err
	}
	t := types.YearMonthType
	k := strict(t, func(_ *Context, a []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
		return rowLoop(t, n, sel, valid, func(i int) (int32, error) {
			sum := int64(0)
			for k, unit := range []int64{12, 1}[:len(a)] {
				sum += int64(vec.Get[int32](&a[k], i)) * unit
			}
			if sum != int64(int32(sum)) {
				return 0, intervalOverflow(name)
			}
			return int32(sum), nil
		})
	})
	return Bound{Params: ts, Result: t, Nullable: nullable(args), Kernel: k}, nil
}
