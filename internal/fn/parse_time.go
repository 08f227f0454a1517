package fn

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// fields are the parts of a timestamp text: year, month, day, hour, minute, second,
// microseconds.
type fields [9]int

// splitTimestamp takes a timestamp text apart. It follows Spark's
// SparkDateTimeUtils.parseTimestampString byte by byte, so as to accept the same texts.
func splitTimestamp(text string) (f fields, zone string, timeOnly, ok bool) {
	s := trimAll(text)
	f = fields{1, 1, 1}
	if s == "" {
		return f, "", false, false
	}
	sp := splitter{f: f}
	if s[0] == '-' || s[0] == '+' {
		sp.signed, sp.negative = true, s[0] == '-'
		s = s[1:]
	}
	for j := range len(s) {
		c := s[j]
		if c >= '0' && c <= '9' {
			sp.digit(int(c - '0'))
			continue
		}
		if !sp.mark(c, j) {
			return sp.f, "", false, false
		}
		if sp.zoneAt {
			sp.zone = s[j:]
			break
		}
	}
	ok = sp.finish()
	return sp.f, sp.zone, sp.timeOnly, ok
}

type splitter struct {
	f                fields
	i                int // the field being read; 7 after a zone
	value, digits    int
	fraction         int // digits seen of the fraction
	signed, negative bool
	timeOnly, zoneAt bool
	zone             string
}

func (p *splitter) digit(d int) {
	if p.i == 6 {
		p.fraction++
	}
	if p.i != 6 || p.digits < 6 {
		p.value = p.value*10 + d
		if p.value > 1e9 { // no field is this long; keeps the sum from overflowing
			p.value = 1e9
		}
	}
	p.digits++
}

// put ends a field.
func (p *splitter) put(at, next int) bool {
	if !validDigits(at, p.digits) {
		return false
	}
	p.f[at], p.value, p.digits, p.i = p.value, 0, 0, next
	return true
}

// mark handles a character that is not a digit.
func (p *splitter) mark(c byte, j int) bool {
	switch {
	case j == 0 && c == 'T' && !p.signed:
		p.timeOnly, p.i = true, 3
		return true
	case p.i < 2:
		if c == '-' {
			return p.put(p.i, p.i+1)
		}
		if p.i == 0 && c == ':' && !p.signed {
			p.timeOnly = true
			return p.put(3, 4)
		}
	case p.i == 2:
		return (c == ' ' || c == 'T') && p.put(2, 3)
	case p.i == 3 || p.i == 4:
		return c == ':' && p.put(p.i, p.i+1)
	case p.i == 5 && c == '.':
		return p.put(5, 6)
	case p.i == 5 || p.i == 6:
		p.zoneAt = true
		return p.put(p.i, 7)
	}
	return false
}

func (p *splitter) finish() bool {
	if !validDigits(p.i, p.digits) {
		return false
	}
	if p.i < 7 {
		p.f[p.i] = p.value
	}
	for n := p.fraction; n < 6; n++ {
		p.f[6] *= 10
	}
	if p.negative {
		p.f[0] = -p.f[0]
	}
	return true
}

// validDigits: years have 4 to 6 digits, other fields 1 or 2, the fraction any number.
func validDigits(field, digits int) bool {
	switch field {
	case 6:
		return true
	case 0:
		return digits >= 4 && digits <= 6
	case 7:
		return digits <= 2
	}
	return digits >= 1 && digits <= 2
}

// local makes microseconds of local time of the fields, false if a field is out of range.
func (f *fields) local() (int64, bool) {
	day, ok := dateOf(f[0], f[1], f[2])
	if !ok || f[3] > 23 || f[4] > 59 || f[5] > 59 {
		return 0, false
	}
	return day*microsPerDay + f.clock(), true
}

func (f *fields) clock() int64 {
	return int64(f[3]*3600+f[4]*60+f[5])*microsPerSecond + int64(f[6])
}

// dateOf is a day number; false if there is no such day.
func dateOf(y, m, d int) (int64, bool) {
	if m < 1 || m > 12 || d < 1 || d > monthDays(int64(y), m) {
		return 0, false
	}
	return dayNumber(int64(y), m, d), true
}

func isLeap(y int64) bool { return y%4 == 0 && (y%100 != 0 || y%400 == 0) }

func monthDays(y int64, m int) int {
	switch {
	case m == 2 && isLeap(y):
		return 29
	case m == 2:
		return 28
	case m == 4 || m == 6 || m == 9 || m == 11:
		return 30
	}
	return 31
}

// parseTimestamp reads a TIMESTAMP; without a zone it is in the session's.
func parseTimestamp(s string, c *Context) (int64, bool) {
	f, name, timeOnly, ok := splitTimestamp(s)
	if !ok {
		return 0, false
	}
	zone := zoneOf(c)
	if name != "" {
		if zone, ok = ParseZone(name); !ok {
			return 0, false
		}
	}
	if timeOnly { // today in that zone
		today := floorDiv(c.Now+offsetAt(c.Now, zone), microsPerDay)
		if f[3] > 23 || f[4] > 59 || f[5] > 59 {
			return 0, false
		}
		return toUTC(today*microsPerDay+f.clock(), zone), true
	}
	us, ok := f.local()
	return toUTC(us, zone), ok
}

// parseLocal reads a TIMESTAMP_NTZ; a zone is allowed and ignored.
func parseLocal(s string) (int64, bool) {
	f, _, timeOnly, ok := splitTimestamp(s)
	if !ok || timeOnly {
		return 0, false
	}
	return f.local()
}

// parseDate reads [+-]yyyy[yyy], yyyy-[m]m, yyyy-[m]m-[d]d and, after a space or T,
// anything. Spark: SparkDateTimeUtils.stringToDate.
func parseDate(text string) (int32, bool) {
	s := trimAll(text)
	negative := strings.HasPrefix(s, "-")
	if negative || strings.HasPrefix(s, "+") {
		s = s[1:]
	}
	parts := [3]int{1, 1, 1}
	k := 0
	for ; k < 3; k++ {
		n := 0
		for n < len(s) && s[n] >= '0' && s[n] <= '9' {
			n++
		}
		if k == 0 && (n < 4 || n > 7) || k > 0 && (n < 1 || n > 2) {
			return 0, false
		}
		parts[k], _ = strconv.Atoi(s[:n])
		s = s[n:]
		if s == "" {
			break
		}
		if k == 2 && (s[0] == ' ' || s[0] == 'T') {
			break
		}
		if k == 2 || s[0] != '-' {
			return 0, false
		}
		s = s[1:]
	}
	if negative {
		parts[0] = -parts[0]
	}
	d, ok := dateOf(parts[0], parts[1], parts[2])
	if !ok || d != int64(int32(d)) {
		return 0, false
	}
	return int32(d), true
}

var (
	shortHour   = regexp.MustCompile(`([+-])(\d):`)
	shortMinute = regexp.MustCompile(`([+-])(\d\d):(\d)$`)
	offsetForm  = regexp.MustCompile(`^([+-])(\d{1,2})(?::?(\d{2})(?::?(\d{2}))?)?$`)
)

// ParseZone reads a time zone as Spark does: Z, UTC, GMT, offsets such as +1:00, +0100 or
// UTC+1, and region names. Spark: SparkDateTimeUtils.getZoneId.
func ParseZone(name string) (*time.Location, bool) {
	name = strings.TrimSpace(name)
	switch name {
	case "Z", "UTC", "GMT", "UT":
		return time.UTC, true
	}
	s := shortHour.ReplaceAllString(name, "${1}0$2:")
	s = shortMinute.ReplaceAllString(s, "$1${2}:0$3")
	for _, p := range []string{"UTC", "GMT", "UT"} {
		if t, found := strings.CutPrefix(s, p); found && t != "" && (t[0] == '+' || t[0] == '-') {
			s = t
			break
		}
	}
	if m := offsetForm.FindStringSubmatch(s); m != nil {
		h, _ := strconv.Atoi(m[2])
		mi, _ := strconv.Atoi(m[3])
		sec, _ := strconv.Atoi(m[4])
		total := h*3600 + mi*60 + sec
		if mi > 59 || sec > 59 || total > 18*3600 {
			return nil, false
		}
		if m[1] == "-" {
			total = -total
		}
		return time.FixedZone(name, total), true
	}
	if s == "" || s == "Local" {
		return nil, false
	}
	if full, ok := shortZones[s]; ok {
		return ParseZone(full)
	}
	loc, err := time.LoadLocation(s)
	return loc, err == nil
}

// shortZones are the old names that Java still knows (java.time.ZoneId.SHORT_IDS).
var shortZones = map[string]string{
	"ACT": "Australia/Darwin", "AET": "Australia/Sydney", "AGT": "America/Argentina/Buenos_Aires", "ART": "Africa/Cairo",
	"AST": "America/Anchorage", "BET": "America/Sao_Paulo", "BST": "Asia/Dhaka", "CAT": "Africa/Harare",
	"CNT": "America/St_Johns", "CST": "America/Chicago", "CTT": "Asia/Shanghai", "EAT": "Africa/Addis_Ababa",
	"ECT": "Europe/Paris", "IET": "America/Indiana/Indianapolis", "IST": "Asia/Kolkata", "JST": "Asia/Tokyo",
	"MIT": "Pacific/Apia", "NET": "Asia/Yerevan", "NST": "Pacific/Auckland", "PLT": "Asia/Karachi",
	"PNT": "America/Phoenix", "PRT": "America/Puerto_Rico", "PST": "America/Los_Angeles", "SST": "Pacific/Guadalcanal",
	"VST": "Asia/Ho_Chi_Minh", "EST": "-05:00", "MST": "-07:00", "HST": "-10:00",
}

// toUTC turns local time into an instant. A local time that a zone skips is read with the
// offset before the gap, one that it has twice as the first, as java.time does.
func toUTC(local int64, zone *time.Location) int64 {
	if zone == time.UTC {
		return local
	}
	early := offsetAt(local-microsPerDay, zone)
	if offsetAt(local-early, zone) == early {
		return local - early
	}
	late := offsetAt(local+microsPerDay, zone)
	if offsetAt(local-late, zone) == late {
		return local - late
	}
	return local - early
}
