package fn

import (
	"strings"
	"time"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

func unitFuncs() []Scalar {
	return []Scalar{
		scalar("datetime", "timestampadd(unit, n, ts)", "The timestamp that many units later; the unit is a word from MICROSECOND to YEAR.", direct(bindUnitAdd)),
		scalar("datetime", "timestampdiff(unit, start, end)", "The whole units from start to end; the unit is a word from MICROSECOND to YEAR.", direct(bindUnitDiff), "timediff"),
	}
}

// withUnit is a function that means another one when it is called with a unit, as in
// date_add(HOUR, 1, ts).
func withUnit(unit func(name string, args []Arg) (Bound, error), b binder) binder {
	return func(name string) func([]Arg) (Bound, error) {
		plain := b(name)
		return func(args []Arg) (Bound, error) {
			if len(args) == 3 {
				return unit(name, args)
			}
			return plain(args)
		}
	}
}

// dateUnit is a unit of timestampadd: months, or microseconds; whole days go by the calendar.
type dateUnit struct{ months, micros int64 }

var dateUnits = map[string]dateUnit{
	"YEAR": {months: 12}, "QUARTER": {months: 3}, "MONTH": {months: 1},
	"WEEK": {micros: 7 * microsPerDay}, "DAY": {micros: microsPerDay}, "DAYOFYEAR": {micros: microsPerDay},
	"HOUR": {micros: 3600 * microsPerSecond}, "MINUTE": {micros: 60 * microsPerSecond}, "SECOND": {micros: microsPerSecond},
	"MILLISECOND": {micros: 1000}, "MICROSECOND": {micros: 1},
}

// unitOf is the unit that the first argument names.
func unitOf(name string, args []Arg) (dateUnit, error) {
	if err := checkArity(name, args, 3, 3); err != nil {
		return dateUnit{}, err
	}
	text, known, err := constText(name, "unit", args[0])
	if err != nil {
		return dateUnit{}, err
	}
	u, ok := dateUnits[strings.ToUpper(text)]
	if !known || !ok {
		return u, errs.New("INVALID_PARAMETER_VALUE.DATETIME_UNIT", "%s does not know the unit '%s'", name, text).State("22023").
			WithHint("use YEAR, QUARTER, MONTH, WEEK, DAY, HOUR, MINUTE, SECOND, MILLISECOND or MICROSECOND")
	}
	return u, nil
}

func bindUnitAdd(name string, args []Arg) (Bound, error) {
	u, err := unitOf(name, args)
	if err != nil {
		return Bound{}, err
	}
	ts, err := resolve(name, args[1:], 2, integer64, timestamp)
	if err != nil {
		return Bound{}, err
	}
	t := ts[1]
	k := strict(t, func(c *Context, a []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
		zone := zoneFor(c, t.Kind == types.Timestamp)
		return rowLoop(t, n, sel, valid, func(i int) (int64, error) {
			return u.add(vec.Get[int64](&a[2], i), vec.Get[int64](&a[1], i), zone)
		})
	})
	return Bound{Params: []types.Type{types.StringType, ts[0], t}, Result: t, Nullable: nullable(args), Kernel: k}, nil
}

func (u dateUnit) add(us, n int64, zone *time.Location) (int64, error) {
	if u.months > 0 {
		m, ok := mulOK(n, u.months)
		if !ok || m != int64(int32(m)) {
			return 0, unitOverflow()
		}
		return shiftMonths(us, m, zone), nil
	}
	d, ok := mulOK(n, u.micros)
	if !ok {
		return 0, unitOverflow()
	}
	if u.micros%microsPerDay == 0 {
		return shiftDayTime(us, d, zone)
	}
	v, ok := addOK(us, d)
	if !ok {
		return 0, unitOverflow()
	}
	return v, nil
}

func unitOverflow() error {
	return errs.New("DATETIME_OVERFLOW", "datetime operation overflow").State("22008")
}

func bindUnitDiff(name string, args []Arg) (Bound, error) {
	u, err := unitOf(name, args)
	if err != nil {
		return Bound{}, err
	}
	ts := types.TimestampType
	params, err := resolve(name, args[1:], 2, is(ts), is(ts))
	if err != nil {
		return Bound{}, err
	}
	l := types.LongType
	k := strict(l, func(c *Context, a []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
		zone := zoneOf(c)
		return rowLoop(l, n, sel, valid, func(i int) (int64, error) {
			return u.between(vec.Get[int64](&a[1], i), vec.Get[int64](&a[2], i), zone), nil
		})
	})
	return Bound{Params: append([]types.Type{types.StringType}, params...), Result: l, Nullable: nullable(args), Kernel: k}, nil
}

// between counts whole units on the clock of the zone, towards zero. java.time: ChronoUnit.between.
func (u dateUnit) between(from, to int64, zone *time.Location) int64 {
	from, to = from+offsetAt(from, zone), to+offsetAt(to, zone)
	if u.months == 0 {
		return (to - from) / u.micros
	}
	y1, m1, d1 := civil(floorDiv(from, microsPerDay))
	y2, m2, d2 := civil(floorDiv(to, microsPerDay))
	months := (y2-y1)*12 + int64(m2-m1)
	rest := int64(d2-d1)*microsPerDay + floorMod(to, microsPerDay) - floorMod(from, microsPerDay)
	switch {
	case months > 0 && rest < 0:
		months--
	case months < 0 && rest > 0:
		months++
	}
	return months / u.months
}
