package sql

import (
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
)

const classInterval = "INVALID_INTERVAL_FORMAT"

const day = 24 * 60 * 60 * 1_000_000 // microseconds

// intervalUnit is a unit of an interval: months or microseconds of one, and the field of the
// type that it belongs to.
type intervalUnit struct {
	yearMonth bool
	field     uint8
	size      int64
}

// intervalUnits are the units in the singular (Spark: unitInMultiUnits).
var intervalUnits = map[string]intervalUnit{
	"YEAR": {true, types.Year, 12}, "MONTH": {true, types.Month, 1},
	"WEEK": {false, types.Day, 7 * day}, "DAY": {false, types.Day, day},
	"HOUR": {false, types.Hour, day / 24}, "MINUTE": {false, types.Minute, day / 1440},
	"SECOND": {false, types.Second, 1_000_000}, "MILLISECOND": {false, types.Second, 1000},
	"MICROSECOND": {false, types.Second, 1},
}

// unitOf finds a unit by its singular or plural.
func unitOf(word string) (intervalUnit, bool) {
	up := strings.ToUpper(word)
	u, ok := intervalUnits[up]
	if !ok {
		u, ok = intervalUnits[strings.TrimSuffix(up, "S")]
	}
	return u, ok
}

// intervalSum adds up the parts of an interval.
type intervalSum struct {
	months, micros int64
	seen           int
	yearMonth      bool
	first, last    uint8
}

// add adds n units; n is text such as "-1" or "1.5". It returns what is wrong, or "", and the
// part of the error class that says so.
func (s *intervalSum) add(n string, u intervalUnit) (why, part string) {
	if s.seen > 0 && s.yearMonth != u.yearMonth {
		return "years or months cannot be mixed with days or times; their length differs", ""
	}
	v, ok := unitValue(n, u)
	total := &s.micros
	if u.yearMonth {
		total = &s.months
	}
	sum := *total + v
	if !ok || (sum > *total) != (v > 0) || u.yearMonth && (sum > math.MaxInt32 || sum < math.MinInt32) {
		part = ".ARITHMETIC_EXCEPTION"
		if strings.Contains(n, ".") && u.size != 1_000_000 {
			part = ".INVALID_FRACTION"
		} else if strings.Trim(n, "+-.0123456789") != "" || n == "" {
			part = ".UNRECOGNIZED_NUMBER"
		}
		return "'" + n + "' is not a number of this unit, or too large; only seconds may have decimals", part
	}
	*total = sum
	if s.seen == 0 {
		s.yearMonth, s.first, s.last = u.yearMonth, u.field, u.field
	}
	s.seen++
	s.first, s.last = min(s.first, u.field), max(s.last, u.field)
	return "", ""
}

// unitValue is n units in months or microseconds; ok is false if n is no number or too large.
func unitValue(n string, u intervalUnit) (v int64, ok bool) {
	whole, frac, dot := strings.Cut(n, ".")
	if dot && u.size != 1_000_000 {
		return 0, false
	}
	negative := strings.HasPrefix(whole, "-")
	whole = strings.TrimPrefix(strings.TrimPrefix(whole, "-"), "+")
	if whole == "" && frac != "" {
		whole = "0"
	}
	if strings.Trim(whole+frac, "0123456789") != "" || whole == "" || len(frac) > 9 {
		return 0, false
	}
	w, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || w > (math.MaxInt64-1_000_000)/u.size {
		return 0, false
	}
	v = w * u.size
	if frac != "" {
		f, _ := strconv.ParseInt((frac + "000000")[:6], 10, 64)
		v += f
	}
	if negative {
		v = -v
	}
	return v, true
}

// lit is the finished literal.
func (s *intervalSum) lit(at At) *IntervalLit {
	kind := types.DayTime
	if s.yearMonth {
		kind = types.YearMonth
	}
	return &IntervalLit{at, types.Type{Kind: kind, Precision: s.first, Scale: s.last}, int32(s.months), s.micros}
}

// interval reads INTERVAL 10 MINUTES, INTERVAL '1' DAY, INTERVAL '1 02:03' DAY TO MINUTE,
// INTERVAL 1 DAY 2 HOURS and INTERVAL '1 day 2 hours'.
func (p *parser) interval() *IntervalLit {
	start := p.start()
	p.expectWords("INTERVAL")
	var s intervalSum
	if p.tok().kind == tkString && !p.unitAfter(1) {
		p.intervalText(start, &s)
		return s.lit(p.from(start))
	}
	for {
		valueStart := p.start()
		sign, text, quoted := p.intervalValue()
		unit := p.tok()
		u, ok := unitOf(unit.up)
		if !ok || unit.kind != tkWord {
			p.badUnit()
		}
		p.i++
		if p.isWord("TO") && s.seen == 0 {
			return p.unitToUnit(start, sign, text, quoted, unit)
		}
		if why, part := s.add(sign+strings.TrimSpace(text), u); why != "" {
			p.badInterval(p.from(valueStart).Pos, classInterval+part, why)
		}
		if !p.morePairs() {
			return s.lit(p.from(start))
		}
	}
}

// intervalValue reads the number before a unit.
func (p *parser) intervalValue() (sign, text string, quoted bool) {
	if p.acceptOp("-") {
		sign = "-"
	} else {
		p.acceptOp("+")
	}
	t := p.tok()
	if t.kind != tkString && (t.kind != tkNumber || t.num > numDecimal) {
		p.fail("a number such as 10 or '10' in the interval")
	}
	p.i++
	text = t.text
	if sign == "-" && strings.HasPrefix(strings.TrimSpace(text), "-") && t.kind == tkString {
		sign, text = "", strings.TrimSpace(text)[1:] // -'-1' is 1
	}
	return sign, text, t.kind == tkString
}

// unitAfter reports whether a unit stands n tokens ahead.
func (p *parser) unitAfter(n int) bool {
	t := p.peek(n)
	_, ok := unitOf(t.up)
	return ok && t.kind == tkWord
}

// morePairs reports whether another number and unit follow.
func (p *parser) morePairs() bool {
	n := 0
	if p.isOp("-") || p.isOp("+") {
		n = 1
	}
	k := p.peek(n).kind
	return (k == tkNumber || k == tkString) && p.unitAfter(n+1)
}

func (p *parser) badUnit() {
	t := p.tok()
	if t.kind == tkWord {
		class := classSyntax
		if t.up == "NANOSECOND" || t.up == "NANOSECONDS" {
			class = classInterval + ".INVALID_UNIT"
		}
		p.refuse(class, t.pos, "write SECONDS, MINUTES, HOURS, DAYS, WEEKS, MONTHS, YEARS, MILLISECONDS or MICROSECONDS",
			"%s is not a unit of an interval", t.text)
	}
	p.fail("a unit such as MINUTES after the number")
}

func (p *parser) badInterval(pos errs.Span, class, why string) {
	panic(bail{errs.New(class, "This interval cannot be read: %s", why).State(stateOf(class)).At(p.src, pos).
		WithHint("write for example INTERVAL 10 MINUTES, or INTERVAL '1 02:03' DAY TO MINUTE")})
}

// intervalText reads the units within a text: '1 day 2 hours'.
func (p *parser) intervalText(start int, s *intervalSum) {
	text := p.advance().text
	words := strings.Fields(text)
	if len(words) > 0 && strings.EqualFold(words[0], "interval") {
		words = words[1:]
	}
	pos := p.from(start).Pos
	if len(words) == 0 || len(words)%2 == 1 {
		p.badInterval(pos, "INVALID_TYPED_LITERAL", "its text needs pairs of a number and a unit")
	}
	for i := 0; i < len(words); i += 2 {
		u, ok := unitOf(words[i+1])
		if !ok {
			p.badInterval(pos, "INVALID_TYPED_LITERAL", "'"+words[i+1]+"' is not a unit")
		}
		if why, part := s.add(words[i], u); why != "" {
			class := "INVALID_TYPED_LITERAL"
			if part == "" {
				class = classInterval
			}
			p.badInterval(pos, class, why)
		}
	}
}

// unitToUnitForms are the texts of INTERVAL '…' x TO y (Spark: IntervalUtils). Groups: sign,
// then one a unit, the last with decimals if it is SECOND.
var unitToUnitForms = map[string]*regexp.Regexp{
	"YEAR TO MONTH":    regexp.MustCompile(`^([+-]?)(\d{1,9})-(\d{1,2})$`),
	"DAY TO HOUR":      regexp.MustCompile(`^([+-]?)(\d{1,9}) +(\d{1,2})$`),
	"DAY TO MINUTE":    regexp.MustCompile(`^([+-]?)(\d{1,9}) +(\d{1,2}):(\d{1,2})$`),
	"DAY TO SECOND":    regexp.MustCompile(`^([+-]?)(\d{1,9}) +(\d{1,2}):(\d{1,2}):(\d{1,2}(?:\.\d{1,9})?)$`),
	"HOUR TO MINUTE":   regexp.MustCompile(`^([+-]?)(\d{1,10}):(\d{1,2})$`),
	"HOUR TO SECOND":   regexp.MustCompile(`^([+-]?)(\d{1,10}):(\d{1,2}):(\d{1,2}(?:\.\d{1,9})?)$`),
	"MINUTE TO SECOND": regexp.MustCompile(`^([+-]?)(\d{1,12}):(\d{1,2}(?:\.\d{1,9})?)$`),
}

var unitLimits = map[string]int64{"MONTH": 11, "HOUR": 23, "MINUTE": 59, "SECOND": 59}

// unitToUnit reads the rest of INTERVAL '…' from TO to.
func (p *parser) unitToUnit(start int, sign, text string, quoted bool, from *token) *IntervalLit {
	p.i++
	to := p.tok()
	form, ok := unitToUnitForms[from.up+" TO "+to.up]
	if !ok {
		p.refuse(classInterval+".UNSUPPORTED_FROM_TO_EXPRESSION", from.pos, "possible are YEAR TO MONTH, DAY TO HOUR, DAY TO MINUTE, DAY TO SECOND, HOUR TO MINUTE, HOUR TO SECOND and MINUTE TO SECOND",
			"An interval cannot go from %s to %s", from.text, strings.Trim(to.describe(p.src), "'"))
	}
	p.i++
	pos := p.from(start).Pos
	parts := form.FindStringSubmatch(strings.TrimSpace(text))
	if !quoted || parts == nil {
		p.badInterval(pos, classInterval+".UNMATCHED_FORMAT_STRING_WITH_NOTICE", "its text does not have the form of "+from.up+" TO "+to.up)
	}
	negative := (parts[1] == "-") != (sign == "-")
	var s intervalSum
	units := unitsBetween(from.up, to.up)
	for i, name := range units {
		part := parts[i+2]
		whole, _, _ := strings.Cut(part, ".")
		if n, _ := strconv.ParseInt(whole, 10, 64); i > 0 && n > unitLimits[name] {
			p.badInterval(pos, classInterval+".INTERVAL_PARSING", part+" is too large for "+name)
		}
		if negative {
			part = "-" + part
		}
		if why, _ := s.add(part, intervalUnits[name]); why != "" {
			p.badInterval(pos, classInterval+".INTERVAL_PARSING", why)
		}
	}
	return s.lit(p.from(start))
}

// unitsBetween lists the units of x TO y.
func unitsBetween(from, to string) []string {
	all := []string{"YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"}
	i, j := 0, 0
	for n, u := range all {
		if u == from {
			i = n
		}
		if u == to {
			j = n
		}
	}
	return all[i : j+1]
}
