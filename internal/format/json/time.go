package json

import (
	"time"

	"github.com/apache/arrow-go/v18/arrow/decimal128"

	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// timestamp reads a quoted timestamp, in microseconds: RFC 3339 by hand, the many other
// forms that Spark's cast takes by fn.
func (d *Decoder) timestamp(t types.Type, s []byte) (int64, bool) {
	if t.Kind == types.Timestamp {
		if v, ok := rfc3339(s); ok {
			return v, true
		}
		return fn.ParseTimestamp(string(s), d.opts.Zone)
	}
	return fn.ParseTimestampNTZ(string(s))
}

func date(s []byte) (int32, bool) { return fn.ParseDate(string(s)) }

// rfc3339 reads yyyy-MM-ddTHH:mm:ss[.fraction](Z|±HH:mm), up to microseconds; it declines
// everything else.
func rfc3339(s []byte) (int64, bool) {
	if len(s) < 20 || s[4] != '-' || s[7] != '-' || s[10] != 'T' && s[10] != ' ' || s[13] != ':' || s[16] != ':' {
		return 0, false
	}
	y, ok1 := two(s[0:])
	y2, ok2 := two(s[2:])
	mo, ok3 := two(s[5:])
	day, ok4 := two(s[8:])
	h, ok5 := two(s[11:])
	m, ok6 := two(s[14:])
	sec, ok7 := two(s[17:])
	if !(ok1 && ok2 && ok3 && ok4 && ok5 && ok6 && ok7) || mo < 1 || mo > 12 || day < 1 || h > 23 || m > 59 || sec > 59 {
		return 0, false
	}
	year := y*100 + y2
	if day > 28 && day > time.Date(year, time.Month(mo)+1, 0, 0, 0, 0, 0, time.UTC).Day() {
		return 0, false
	}
	us, rest, ok := fraction(s[19:])
	if !ok {
		return 0, false
	}
	offset, ok := zoneOffset(rest)
	if !ok {
		return 0, false
	}
	secs := days(year, mo, day)*86400 + int64(h*3600+m*60+sec) - offset
	return secs*1_000_000 + us, true
}

// fraction reads an optional .f of one to nine digits, in microseconds, cut.
func fraction(s []byte) (us int64, rest []byte, ok bool) {
	if s[0] != '.' {
		return 0, s, true
	}
	scale, i := int64(100_000), 1
	for ; i < len(s) && s[i]-'0' <= 9; i++ {
		us += int64(s[i]-'0') * scale
		scale /= 10
	}
	return us, s[i:], i > 1 && i <= 10
}

// zoneOffset reads Z or ±HH:mm, in seconds.
func zoneOffset(s []byte) (int64, bool) {
	if len(s) == 1 && s[0] == 'Z' {
		return 0, true
	}
	if len(s) != 6 || s[3] != ':' || s[0] != '+' && s[0] != '-' {
		return 0, false
	}
	h, ok1 := two(s[1:])
	m, ok2 := two(s[4:])
	if !ok1 || !ok2 || h > 18 || m > 59 {
		return 0, false
	}
	off := int64(h*3600 + m*60)
	if s[0] == '-' {
		off = -off
	}
	return off, true
}

func two(s []byte) (int, bool) {
	a, b := s[0]-'0', s[1]-'0'
	return int(a)*10 + int(b), a <= 9 && b <= 9
}

// days since 1970-01-01 in the proleptic Gregorian calendar (years are counted from
// March, so that the leap day comes last).
func days(y, m, d int) int64 {
	if m <= 2 {
		y--
		m += 12
	}
	era := y / 400
	yoe := y - era*400
	doy := (153*(m-3)+2)/5 + d - 1
	return int64(era*146097 + yoe*365 + yoe/4 - yoe/100 + doy - 719468)
}

// appendDecimal reads a DECIMAL(p, s), rounding half up; what does not fit is refused.
func appendDecimal(t types.Type, s string, bad bool, col *vec.ColBuilder) bool {
	if bad {
		return false
	}
	v, err := decimal128.FromString(s, int32(t.Precision), int32(t.Scale))
	if err != nil || !v.FitsInPrecision(int32(t.Precision)) {
		return false
	}
	vec.Append(col, v)
	return true
}

// compact drops white space outside strings, as Spark's copy of a nested value.
func compact(s []byte) []byte {
	out := make([]byte, 0, len(s))
	var quote byte
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case quote != 0 && c == '\\' && i+1 < len(s):
			out = append(out, c)
			i++
			c = s[i]
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case quote == 0 && (c == ' ' || c == '\n' || c == '\t' || c == '\r'):
			continue
		}
		out = append(out, c)
	}
	return out
}
