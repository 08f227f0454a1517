package fn

import (
	"strconv"
	"time"

	"github.com/azud/azud/internal/types"
)

const (
	microsPerSecond = int64(1_000_000)
	microsPerDay    = 86_400 * microsPerSecond
)

// floorDiv and floorMod round towards negative infinity.
func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

func floorMod(a, b int64) int64 { return a - floorDiv(a, b)*b }

// civil is the date of a day number since 1970-01-01 in the proleptic Gregorian calendar.
// Source: Howard Hinnant, chrono-compatible low-level date algorithms.
func civil(days int64) (year int64, month, day int) {
	z := days + 719468
	era := floorDiv(z, 146097)
	doe := z - era*146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	day = int(doy - (153*mp+2)/5 + 1)
	month = int(mp + 3)
	if month > 12 {
		month -= 12
	}
	year = yoe + era*400
	if month <= 2 {
		year++
	}
	return year, month, day
}

// dayNumber is the inverse of civil; the day may lie outside the month.
func dayNumber(year int64, month, day int) int64 {
	if month <= 2 {
		year--
	}
	era := floorDiv(year, 400)
	yoe := year - era*400
	m := int64(month)
	if m > 2 {
		m -= 3
	} else {
		m += 9
	}
	doy := (153*m+2)/5 + int64(day) - 1
	doe := yoe*365 + yoe/4 - yoe/100 + doy
	return era*146097 + doe - 719468
}

func pad2(dst []byte, v int) []byte { return append(dst, byte('0'+v/10%10), byte('0'+v%10)) }

// appendYear prints at least four digits; beyond 9999 with a plus sign, as Java does.
func appendYear(dst []byte, y int64) []byte {
	switch {
	case y < 0:
		dst, y = append(dst, '-'), -y
	case y > 9999:
		dst = append(dst, '+')
	}
	for lim := int64(1000); y < lim && lim > 1; lim /= 10 {
		dst = append(dst, '0')
	}
	return strconv.AppendInt(dst, y, 10)
}

func appendDate(dst []byte, days int32) []byte {
	y, m, d := civil(int64(days))
	dst = append(appendYear(dst, y), '-')
	dst = append(pad2(dst, m), '-')
	return pad2(dst, d)
}

// offsetAt is the zone's offset in microseconds at an instant.
func offsetAt(us int64, zone *time.Location) int64 {
	if zone == time.UTC {
		return 0
	}
	_, off := time.Unix(floorDiv(us, microsPerSecond), 0).In(zone).Zone()
	return int64(off) * microsPerSecond
}

// appendTimestamp prints yyyy-MM-dd HH:mm:ss with up to six digits of fraction, trailing
// zeros cut.
func appendTimestamp(dst []byte, us int64, zone *time.Location) []byte {
	us += offsetAt(us, zone)
	day := floorDiv(us, microsPerDay)
	dst = append(appendDate(dst, int32(day)), ' ')
	return appendClock(dst, us-day*microsPerDay)
}

func appendClock(dst []byte, us int64) []byte {
	s := us / microsPerSecond
	dst = append(pad2(dst, int(s/3600)), ':')
	dst = append(pad2(dst, int(s/60%60)), ':')
	return appendFraction(pad2(dst, int(s%60)), us%microsPerSecond)
}

// appendFraction prints microseconds as .123456 without trailing zeros, nothing for 0.
func appendFraction(dst []byte, us int64) []byte {
	if us == 0 {
		return dst
	}
	var b [6]byte
	for i := 5; i >= 0; i-- {
		b[i], us = byte('0'+us%10), us/10
	}
	n := 6
	for b[n-1] == '0' {
		n--
	}
	return append(append(dst, '.'), b[:n]...)
}

// appendInterval prints INTERVAL '1 02:03:04.5' DAY TO SECOND and INTERVAL '1-2' YEAR TO MONTH.
// Spark: IntervalUtils.toDayTimeIntervalString, toYearMonthIntervalString (ANSI style).
func appendInterval(dst []byte, v int64, t types.Type) []byte {
	dst = append(dst, "INTERVAL '"...)
	u := uint64(v)
	if v < 0 {
		dst, u = append(dst, '-'), -u
	}
	if t.Kind == types.YearMonth {
		return append(append(appendMonths(dst, u, t), "' "...), intervalUnits(t)...)
	}
	return append(append(appendDayTime(dst, u, t), "' "...), intervalUnits(t)...)
}

// intervalUnits is "DAY TO SECOND".
func intervalUnits(t types.Type) string { return t.SQL()[len("INTERVAL "):] }

func appendMonths(dst []byte, u uint64, t types.Type) []byte {
	switch {
	case t.Precision == types.Month:
		return strconv.AppendUint(dst, u, 10)
	case t.Scale == types.Year:
		return strconv.AppendUint(dst, u/12, 10)
	}
	return strconv.AppendUint(append(strconv.AppendUint(dst, u/12, 10), '-'), u%12, 10)
}

func appendDayTime(dst []byte, u uint64, t types.Type) []byte {
	parts := [4]uint64{u / uint64(microsPerDay), u / 3_600_000_000, u / 60_000_000, u / 1_000_000}
	limits := [4]uint64{0, 24, 60, 60}
	for k := t.Precision; k <= t.Scale; k++ {
		v := parts[k]
		if k > t.Precision {
			v %= limits[k]
			dst = append(dst, " ::"[k-1])
		}
		if v < 10 && k > types.Day {
			dst = append(dst, '0')
		}
		dst = strconv.AppendUint(dst, v, 10)
	}
	if t.Scale == types.Second {
		dst = appendFraction(dst, int64(u%1_000_000))
	}
	return dst
}
