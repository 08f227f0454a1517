package fn

import (
	"strings"
	"time"
)

// Parse reads a text in the pattern as an instant in microseconds; parts that the pattern
// has not are 1970-01-01 00:00:00 and the zone given. False if the text does not fit.
func (f *DateFormat) Parse(s string, zone *time.Location) (us int64, ok bool) {
	p := dateParser{year: 1970, month: 1, day: 1, zone: zone, hour12: -1}
	rest, ok := p.parts(f.parts, s)
	if !ok || rest != "" {
		return 0, false
	}
	return p.micros()
}

type dateParser struct {
	year, month, day, yearDay int
	hour, hour12              int // hour12: 0..11 with AM/PM, -1 if not given
	pm                        bool
	minute, second            int
	micro                     int64
	negative                  bool // BC
	zone                      *time.Location
}

// parts reads a sequence; what stands in [ ] may be missing.
func (p *dateParser) parts(list []datePart, s string) (string, bool) {
	for i := 0; i < len(list); i++ {
		switch part := list[i]; part.letter {
		case 0:
			if !strings.HasPrefix(s, part.text) {
				return s, false
			}
			s = s[len(part.text):]
		case '[':
			end := closing(list, i)
			trial := *p
			if rest, ok := trial.parts(list[i+1:end], s); ok {
				*p, s = trial, rest
			}
			i = end
		case ']':
		default:
			var ok bool
			if s, ok = p.field(part, follow(list[i+1:]), s); !ok {
				return s, false
			}
		}
	}
	return s, true
}

// closing is the index of the ] that ends the [ at i.
func closing(list []datePart, i int) int {
	depth := 0
	for k := i; k < len(list); k++ {
		switch list[k].letter {
		case '[':
			depth++
		case ']':
			if depth--; depth == 0 {
				return k
			}
		}
	}
	return len(list)
}

// follow is how many digits the fields that stand directly behind take: they are kept for
// them (adjacent value parsing).
func follow(list []datePart) int {
	n := 0
	for _, p := range list {
		if !strings.ContainsRune("yMLdDhHkKms", rune(p.letter)) || p.letter == 0 || (p.letter == 'M' || p.letter == 'L') && p.n > 2 {
			break
		}
		n += p.n
	}
	return n
}

func digitRun(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

func atoi(s string) int {
	v := 0
	for i := range len(s) {
		v = v*10 + int(s[i]-'0')
	}
	return v
}

func (p *dateParser) field(f datePart, behind int, s string) (string, bool) {
	switch f.letter {
	case 'y':
		return p.yearField(f, behind, s)
	case 'M', 'L':
		if f.n > 2 {
			return p.name(monthNames[:], f.n, s, func(i int) { p.month = i + 1 })
		}
	case 'a':
		if len(s) < 2 || !strings.EqualFold(s[:2], "AM") && !strings.EqualFold(s[:2], "PM") {
			return s, false
		}
		p.pm = s[0] == 'P' || s[0] == 'p'
		return s[2:], true
	case 'G':
		if strings.HasPrefix(s, "BC") || strings.HasPrefix(s, "AD") {
			p.negative = s[0] == 'B'
			return s[2:], true
		}
		return s, false
	case 'S':
		n := min(digitRun(s), f.n)
		if n == 0 {
			return s, false
		}
		p.micro = int64(atoi((s[:n] + "000000")[:6]))
		return s[n:], true
	case 'V', 'z', 'O', 'X', 'x', 'Z':
		return p.zoneText(s)
	}
	return p.numberField(f, behind, s)
}

// numberField: two letters are exactly two digits, one letter one or two (D: up to three).
func (p *dateParser) numberField(f datePart, behind int, s string) (string, bool) {
	limit := 2
	if f.letter == 'D' {
		limit = 3
	}
	n := digitRun(s)
	if behind > 0 {
		n = min(n, f.n)
	}
	n = min(n, limit)
	if n < f.n || n == 0 || f.n == 2 && n != 2 {
		return s, false
	}
	return s[n:], p.set(f.letter, atoi(s[:n]))
}

// set stores a number if it is in the letter's range.
func (p *dateParser) set(letter byte, v int) bool {
	in := func(lo, hi int) bool { return v >= lo && v <= hi }
	switch letter {
	case 'M', 'L':
		p.month = v
		return in(1, 12)
	case 'd':
		p.day = v
		return in(1, 31)
	case 'D':
		p.yearDay = v
		return in(1, 366)
	case 'H':
		p.hour = v
		return in(0, 23)
	case 'k':
		p.hour = v % 24
		return in(1, 24)
	case 'h':
		p.hour12 = v % 12
		return in(1, 12)
	case 'K':
		p.hour12 = v
		return in(0, 11)
	case 'm':
		p.minute = v
		return in(0, 59)
	case 's':
		p.second = v
		return in(0, 59)
	}
	return false
}

func (p *dateParser) yearField(f datePart, behind int, s string) (string, bool) {
	negative := strings.HasPrefix(s, "-")
	plus := f.n >= 4 && strings.HasPrefix(s, "+")
	if negative || plus {
		s = s[1:]
	}
	n := digitRun(s)
	if behind > 0 {
		n = max(n-behind, min(n, f.n))
	}
	n = min(n, 9)
	if f.n == 2 {
		if n < 2 {
			return s, false
		}
		p.year = 2000 + atoi(s[:2])
		return s[2:], true
	}
	if n == 0 || n < f.n || f.n >= 4 && !negative && plus != (n > f.n) { // only longer years have a plus
		return s, false
	}
	p.year = atoi(s[:n])
	if negative {
		p.year = -p.year
	}
	return s[n:], true
}

func (p *dateParser) name(names []string, n int, s string, set func(i int)) (string, bool) {
	for i, name := range names {
		if n == 3 {
			name = name[:3]
		}
		if len(s) >= len(name) && strings.EqualFold(s[:len(name)], name) {
			set(i)
			return s[len(name):], true
		}
	}
	return s, false
}

// zoneText takes the longest prefix that is a zone.
func (p *dateParser) zoneText(s string) (string, bool) {
	end := 0
	for end < len(s) && (s[end] == '+' || s[end] == '-' || s[end] == ':' || s[end] == '/' || s[end] == '_' ||
		s[end] >= '0' && s[end] <= '9' || s[end] >= 'A' && s[end] <= 'Z' || s[end] >= 'a' && s[end] <= 'z') {
		end++
	}
	for ; end > 0; end-- {
		if z, ok := ParseZone(s[:end]); ok {
			p.zone = z
			return s[end:], true
		}
	}
	return s, false
}

func (p *dateParser) micros() (int64, bool) {
	y := p.year
	if p.negative {
		y = 1 - y
	}
	var day int64
	if p.yearDay > 0 {
		day = dayNumber(int64(y), 1, 1) + int64(p.yearDay) - 1
		if p.yearDay == 366 && !isLeap(int64(y)) {
			return 0, false
		}
	} else {
		d, ok := dateOf(y, p.month, p.day)
		if !ok {
			return 0, false
		}
		day = d
	}
	if p.hour12 >= 0 {
		p.hour = p.hour12 + 12*boolInt(p.pm)
	}
	clock := int64(p.hour*3600+p.minute*60+p.second)*microsPerSecond + p.micro
	return toUTC(day*microsPerDay+clock, p.zone), true
}
