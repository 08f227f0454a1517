package json

import (
	"bytes"
	"time"

	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/types"
)

// timestamp reads a quoted timestamp, in microseconds: RFC 3339 by hand, the many other
// forms that Spark's cast takes by fn.
func (d *Decoder) timestamp(kind types.Kind, s []byte) (int64, bool) {
	switch {
	case kind == types.Timestamp && d.opts.Timestamp != nil:
		return d.opts.Timestamp.Parse(string(s), d.opts.Zone)
	case kind == types.TimestampNTZ && d.opts.NTZ != nil:
		return d.opts.NTZ.Parse(string(s), time.UTC)
	case kind == types.Timestamp:
		if v, ok := rfc3339(s); ok {
			return v, true
		}
		return fn.ParseTimestamp(string(s), d.opts.Zone)
	}
	if hasZone(s) {
		return 0, false
	}
	return fn.ParseTimestampNTZ(string(s))
}

// hasZone reports a time zone behind a time of day, which a TIMESTAMP_NTZ must not have in JSON.
func hasZone(s []byte) bool {
	at := bytes.IndexAny(s, "T ")
	return at >= 0 && bytes.ContainsFunc(s[at+1:], func(r rune) bool { return r == 'Z' || r == '+' || r == '-' || r == '/' })
}

func (d *Decoder) date(s []byte) (int32, bool) {
	if d.opts.Date == nil {
		return fn.ParseDate(string(s))
	}
	us, ok := d.opts.Date.Parse(string(s), time.UTC)
	return int32(us / (86400 * 1_000_000)), ok && us%(86400*1_000_000) == 0
}

// rfc3339 reads yyyy-MM-ddTHH:mm:ss[.fraction](Z|±HH:mm), up to microseconds; it declines
// everything else.
func rfc3339(s []byte) (int64, bool) {
	if len(s) < 20 || s[4] != '-' || s[7] != '-' || s[10] != 'T' && s[10] != ' ' || s[13] != ':' || s[16] != ':' {
		return 0, false
	}
	bad := byte(0)
	year := two(s[0], s[1], &bad)*100 + two(s[2], s[3], &bad)
	mo, day := two(s[5], s[6], &bad), two(s[8], s[9], &bad)
	h, m, sec := two(s[11], s[12], &bad), two(s[14], s[15], &bad), two(s[17], s[18], &bad)
	if bad != 0 || mo < 1 || mo > 12 || day < 1 || h > 23 || m > 59 || sec > 59 {
		return 0, false
	}
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
	bad := byte(0)
	h, m := two(s[1], s[2], &bad), two(s[4], s[5], &bad)
	if bad != 0 || h > 18 || m > 59 {
		return 0, false
	}
	off := int64(h*3600 + m*60)
	if s[0] == '-' {
		off = -off
	}
	return off, true
}

// two is the value of two digits; bad is set if they are none.
func two(a, b byte, bad *byte) int {
	a, b = a-'0', b-'0'
	if a > 9 || b > 9 {
		*bad = 1
	}
	return int(a)*10 + int(b)
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
