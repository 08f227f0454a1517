package fn

import (
	"strconv"
	"strings"
	"time"

	"github.com/azud/azud/internal/errs"
)

// A DateFormat is a compiled pattern of Spark's date_format and to_timestamp: the letters
// of Java's DateTimeFormatter as far as Spark allows them. It is immutable.
type DateFormat struct {
	parts   []datePart
	pattern string
}

// datePart is a run of one letter, or a literal text (letter 0), or [ and ].
type datePart struct {
	letter byte
	n      int
	text   string
}

// NewDateFormat compiles a pattern; the error is INVALID_DATETIME_PATTERN.
func NewDateFormat(pattern string) (*DateFormat, error) {
	f := &DateFormat{pattern: pattern}
	bad := func(what string, args ...any) error {
		return badPattern("INVALID_DATETIME_PATTERN.WITH_SUGGESTION", what, args...)
	}
	depth := 0
	for i := 0; i < len(pattern); {
		c := pattern[i]
		switch {
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
			n := 1
			for i+n < len(pattern) && pattern[i+n] == c {
				n++
			}
			if !letterOK(c, n) {
				return nil, badPattern(patternClass(pattern, false), "the pattern '%s' contains '%s', which is not supported", pattern, pattern[i:i+n])
			}
			f.parts = append(f.parts, datePart{letter: c, n: n})
			i += n
		case c == '\'':
			text, size := quoted(pattern[i:])
			if size == 0 {
				return nil, bad("the pattern '%s' has an unclosed quote", pattern)
			}
			f.parts = append(f.parts, datePart{text: text})
			i += size
		case c == '[' || c == ']':
			depth += 1 - 2*boolInt(c == ']')
			if depth < 0 {
				return nil, bad("the pattern '%s' has a ] without [", pattern)
			}
			f.parts = append(f.parts, datePart{letter: c})
			i++
		case c == '{' || c == '}' || c == '#':
			return nil, badPattern(patternChanged, "the pattern '%s' contains the reserved character '%c'", pattern, c)
		default:
			f.parts = append(f.parts, datePart{text: string(c)})
			i++
		}
	}
	return f, nil
}

// legacyLetters are those of SimpleDateFormat, which Spark 2 took: a pattern of these that
// is refused today has an error class of its own.
const (
	legacyLetters  = "GyMwWdDFEaHhKkmsSzZXYLu"
	patternChanged = "INCONSISTENT_BEHAVIOR_CROSS_VERSION.DATETIME_PATTERN_RECOGNITION"
)

// patternClass is the error class of a pattern that cannot be used. Spark:
// DateTimeFormatterHelper.convertIncompatiblePattern and checkLegacyFormatter.
func patternClass(pattern string, parsing bool) string {
	letters := ""
	for i, part := range strings.Split(pattern, "'") {
		if i%2 == 0 {
			letters += " " + part
		}
	}
	isNew := func(r rune) bool {
		return (r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z') && !strings.ContainsRune(legacyLetters, r)
	}
	switch {
	case !strings.ContainsFunc(letters, isNew):
		return patternChanged
	case strings.ContainsAny(letters, "YWwuec"):
		return "INCONSISTENT_BEHAVIOR_CROSS_VERSION.DATETIME_WEEK_BASED_PATTERN"
	case strings.ContainsAny(letters, "ABnNp"), parsing && strings.ContainsAny(letters, "EFqQ"):
		return "INVALID_DATETIME_PATTERN.ILLEGAL_CHARACTER"
	}
	for _, c := range "GMLEQq" {
		if strings.Contains(letters, strings.Repeat(string(c), 5)) {
			return "INVALID_DATETIME_PATTERN.LENGTH"
		}
	}
	return "INVALID_DATETIME_PATTERN.WITH_SUGGESTION"
}

func badPattern(class, what string, args ...any) error {
	state := "22007"
	if strings.HasPrefix(class, "INCONSISTENT_BEHAVIOR") {
		state = "42K0B"
	}
	return errs.New(class, what, args...).State(state).
		WithHint("use y M d H m s S E a and quoted text, e.g. yyyy-MM-dd HH:mm:ss")
}

// Parseable refuses patterns that can only be used for output. Spark:
// DateTimeFormatterHelper.unsupportedLettersForParsing.
func (f *DateFormat) Parseable() error {
	for _, p := range f.parts {
		if p.letter != 0 && strings.IndexByte("EFqQ", p.letter) >= 0 {
			return badPattern(patternClass(f.pattern, true), "the pattern '%s' contains '%c', which cannot be used to read a text", f.pattern, p.letter)
		}
	}
	return nil
}

// quoted reads a quoted text and its length in the pattern; ” is a quote.
func quoted(s string) (text string, size int) {
	if strings.HasPrefix(s, "''") {
		return "'", 2
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		if s[i] != '\'' {
			b.WriteByte(s[i])
			continue
		}
		if i+1 < len(s) && s[i+1] == '\'' {
			b.WriteByte('\'')
			i++
			continue
		}
		return b.String(), i + 1
	}
	return "", 0
}

// letterOK: Spark refuses week-based letters and runs that are too long.
func letterOK(c byte, n int) bool {
	limits := map[byte]int{
		'G': 4, 'y': 6, 'M': 4, 'L': 4, 'd': 2, 'D': 3, 'Q': 4, 'q': 4, 'E': 4, 'F': 1, 'a': 1,
		'h': 2, 'H': 2, 'k': 2, 'K': 2, 'm': 2, 's': 2, 'S': 9, 'V': 2, 'z': 4, 'O': 4, 'X': 5, 'x': 5, 'Z': 5,
	}
	if c == 'V' && n != 2 || c == 'O' && n != 1 && n != 4 {
		return false
	}
	return n <= limits[c]
}

var (
	monthNames = [...]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}
	dayNames   = [...]string{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"}
)

// moment is an instant taken apart for formatting.
type moment struct {
	year                 int64
	month, day           int
	days                 int64 // since 1970-01-01, local
	hour, minute, second int
	micro                int64
	us                   int64
	zone                 *time.Location
}

func momentOf(us int64, zone *time.Location) moment {
	local := us + offsetAt(us, zone)
	days := floorDiv(local, microsPerDay)
	m := moment{days: days, us: us, zone: zone}
	m.year, m.month, m.day = civil(days)
	clock := local - days*microsPerDay
	s := int(clock / microsPerSecond)
	m.hour, m.minute, m.second, m.micro = s/3600, s/60%60, s%60, clock%microsPerSecond
	return m
}

// dayOfWeek is 1 for Monday to 7 for Sunday.
func dayOfWeek(days int64) int { return int(floorMod(days+3, 7)) + 1 }

func dayOfYear(y, days int64) int { return int(days-dayNumber(y, 1, 1)) + 1 }

// Append formats an instant (microseconds) in a zone.
func (f *DateFormat) Append(dst []byte, us int64, zone *time.Location) []byte {
	m := momentOf(us, zone)
	for _, p := range f.parts {
		switch p.letter {
		case 0:
			dst = append(dst, p.text...)
		case '[', ']':
		default:
			dst = m.field(dst, p.letter, p.n)
		}
	}
	return dst
}

func (m *moment) field(dst []byte, letter byte, n int) []byte {
	switch letter {
	case 'y':
		y := m.year
		if y <= 0 { // year of era
			y = 1 - y
		}
		return yearField(dst, y, n)
	case 'M', 'L':
		return nameOrNumber(dst, m.month, n, monthNames[m.month-1])
	case 'E':
		return nameOrNumber(dst, 0, max(n, 3), dayNames[dayOfWeek(m.days)-1])
	case 'Q', 'q':
		q := (m.month-1)/3 + 1
		if n == 4 {
			return append(dst, [...]string{"1st quarter", "2nd quarter", "3rd quarter", "4th quarter"}[q-1]...)
		}
		if n == 3 {
			return strconv.AppendInt(append(dst, 'Q'), int64(q), 10)
		}
		return padInt(dst, int64(q), n)
	case 'G':
		return m.era(dst, n)
	case 'a':
		return append(dst, [...]string{"AM", "PM"}[m.hour/12]...)
	case 'S':
		digits := padInt(nil, m.micro, 6)
		digits = append(digits, "000"...)
		return append(dst, digits[:n]...)
	case 'V', 'z', 'O', 'X', 'x', 'Z':
		return m.zoneField(dst, letter, n)
	}
	return padInt(dst, m.number(letter), n)
}

// number is the value of a plain numeric letter.
func (m *moment) number(letter byte) int64 {
	switch letter {
	case 'd':
		return int64(m.day)
	case 'D':
		return int64(dayOfYear(m.year, m.days))
	case 'F':
		return int64((m.day-1)%7 + 1)
	case 'h':
		return int64((m.hour+11)%12 + 1)
	case 'H':
		return int64(m.hour)
	case 'k':
		return int64((m.hour+23)%24 + 1)
	case 'K':
		return int64(m.hour % 12)
	case 'm':
		return int64(m.minute)
	}
	return int64(m.second)
}

func (m *moment) era(dst []byte, n int) []byte {
	names := [...]string{"BC", "AD"}
	if n == 4 {
		names = [...]string{"Before Christ", "Anno Domini"}
	}
	return append(dst, names[boolInt(m.year > 0)]...)
}

func padInt(dst []byte, v int64, n int) []byte {
	if v < 0 {
		dst, v = append(dst, '-'), -v
	}
	s := strconv.FormatInt(v, 10)
	for range n - len(s) {
		dst = append(dst, '0')
	}
	return append(dst, s...)
}

// yearField: two letters are the last two digits; four or more pad, and a longer year
// gets a plus sign.
func yearField(dst []byte, y int64, n int) []byte {
	if n == 2 {
		return padInt(dst, floorMod(y, 100), 2)
	}
	if n >= 4 && y >= int64(pow10(n).Int64()) {
		dst = append(dst, '+')
	}
	return padInt(dst, y, n)
}

// nameOrNumber: one or two letters give the number, three the short name, four the full.
func nameOrNumber(dst []byte, v, n int, name string) []byte {
	switch n {
	case 3:
		return append(dst, name[:3]...)
	case 4:
		return append(dst, name...)
	}
	return padInt(dst, int64(v), n)
}

func (m *moment) zoneField(dst []byte, letter byte, n int) []byte {
	off := int(offsetAt(m.us, m.zone) / microsPerSecond)
	switch letter {
	case 'V':
		if m.zone == time.UTC {
			return append(dst, "UTC"...)
		}
		return append(dst, m.zone.String()...)
	case 'z':
		name, _ := time.Unix(floorDiv(m.us, microsPerSecond), 0).In(m.zone).Zone()
		if n == 4 && m.zone == time.UTC {
			name = "Coordinated Universal Time"
		}
		return append(dst, name...)
	case 'O':
		return offsetText(append(dst, "GMT"...), off, offsetStyle{short: n == 1, colon: true, none: ""})
	case 'Z':
		switch n {
		case 4:
			return offsetText(append(dst, "GMT"...), off, offsetStyle{colon: true, none: ""})
		case 5:
			return offsetText(dst, off, offsetStyle{colon: true, none: "Z", seconds: true})
		}
		return offsetText(dst, off, offsetStyle{none: "+0000"})
	}
	style := offsetStyle{hourOnly: n == 1, colon: n == 3 || n == 5, seconds: n >= 4}
	switch {
	case letter == 'X':
		style.none = "Z"
	case n == 1:
		style.none = "+00"
	case style.colon:
		style.none = "+00:00"
	default:
		style.none = "+0000"
	}
	return offsetText(dst, off, style)
}

// offsetStyle says how an offset from UTC is written.
type offsetStyle struct {
	short, hourOnly, colon, seconds bool
	none                            string // for zero
}

func offsetText(dst []byte, off int, s offsetStyle) []byte {
	if off == 0 {
		return append(dst, s.none...)
	}
	if off < 0 {
		dst, off = append(dst, '-'), -off
	} else {
		dst = append(dst, '+')
	}
	h, mi, sec := off/3600, off/60%60, off%60
	if s.short {
		dst = strconv.AppendInt(dst, int64(h), 10)
	} else {
		dst = pad2(dst, h)
	}
	if mi != 0 || !s.short && !s.hourOnly {
		if s.colon {
			dst = append(dst, ':')
		}
		dst = pad2(dst, mi)
	}
	if s.seconds && sec != 0 {
		if s.colon {
			dst = append(dst, ':')
		}
		dst = pad2(dst, sec)
	}
	return dst
}
