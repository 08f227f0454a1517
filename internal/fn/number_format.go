package fn

import (
	"strings"

	"github.com/apache/arrow-go/v18/arrow/decimal128"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
)

// numberFormat is a format of to_number and to_char, such as 'S$99G999D00'.
// Spark: ToNumberParser, whose checks and their order these are.
type numberFormat struct {
	tokens        []formatToken
	whole, places int // digits before and behind the point
	text          string
}

// formatToken is a part of a format: a group of digits with its separators, or a mark.
type formatToken struct {
	kind   byte // '0' digits, '.', '$', 'S', 'M' (MI), '<' (of PR), '>' (of PR), 0: nothing known
	groups []digitGroup
}

// digitGroup are the digits between two separators: exactly so many, or at most so many.
type digitGroup struct {
	n      int
	filled bool // the first is 0: as many as written, zeros for what is missing
}

func badFormat(class, format, what string) error {
	return errs.New("INVALID_FORMAT."+class, "the number format '%s' is invalid: %s", format, what).State("42601").
		WithHint("the form is [MI|S] [$] [0|9|G|,]... [.|D] [0|9]... [$] [PR|MI|S]")
}

// parseNumberFormat reads and checks a format; letters may be small.
func parseNumberFormat(text string) (*numberFormat, error) {
	f := &numberFormat{text: text}
	if text == "" {
		return nil, badFormat("EMPTY", text, "it is empty")
	}
	upper := strings.ToUpper(text)
	behind := false
	pr := false
	for i := 0; i < len(upper); {
		switch c := upper[i]; {
		case strings.ContainsRune("09,G", rune(c)):
			t := formatToken{kind: '0'}
			start := i
			for i < len(upper) && strings.IndexByte("09,G", upper[i]) >= 0 {
				i++
			}
			t.groups = digitGroups(upper[start:i])
			f.count(t.groups, behind)
			f.tokens = append(f.tokens, t)
			continue
		case c == '.' || c == 'D':
			behind = true
			f.tokens = append(f.tokens, formatToken{kind: '.'})
		case c == '$' || c == 'S':
			f.tokens = append(f.tokens, formatToken{kind: c})
		case strings.HasPrefix(upper[i:], "MI"):
			f.tokens = append(f.tokens, formatToken{kind: 'M'})
			i++
		case strings.HasPrefix(upper[i:], "PR"):
			f.tokens = append(f.tokens, formatToken{kind: '>'})
			pr = true
			i++
		default:
			f.tokens = append(f.tokens, formatToken{})
		}
		i++
	}
	if err := f.check(); err != nil {
		return nil, err
	}
	if pr {
		f.tokens = append([]formatToken{{kind: '<'}}, f.tokens...)
	}
	return f, nil
}

func (f *numberFormat) count(groups []digitGroup, behind bool) {
	for _, g := range groups {
		if behind {
			f.places += g.n
		} else {
			f.whole += g.n
		}
	}
}

// digitGroups splits at separators; empty groups tell of separators without digits.
func digitGroups(s string) []digitGroup {
	var out []digitGroup
	for _, p := range strings.Split(strings.ReplaceAll(s, "G", ","), ",") {
		out = append(out, digitGroup{len(p), strings.HasPrefix(p, "0")})
	}
	return out
}

func (f *numberFormat) find(kind byte) int {
	for i, t := range f.tokens {
		if t.kind == kind {
			return i
		}
	}
	return -1
}

func (f *numberFormat) check() error {
	digits, dollar, point := f.find('0'), f.find('$'), f.find('.')
	switch {
	case f.whole+f.places == 0:
		return badFormat("WRONG_NUM_DIGIT", f.text, "it needs at least one digit")
	case dollar >= 0 && digits >= 0 && digits < dollar:
		return badFormat("CUR_MUST_BEFORE_DIGIT", f.text, "the currency sign must stand before the digits")
	case dollar >= 0 && point >= 0 && point < dollar:
		return badFormat("CUR_MUST_BEFORE_DEC", f.text, "the currency sign must stand before the point")
	}
	for i, t := range f.tokens {
		if t.kind == '0' && point >= 0 && i > point && len(t.groups) > 1 {
			return badFormat("THOUSANDS_SEPS_MUST_BEFORE_DEC", f.text, "a thousands separator stands behind the point")
		}
		for _, g := range t.groups {
			if g.n == 0 {
				return badFormat("CONT_THOUSANDS_SEPS", f.text, "a thousands separator must stand between digits")
			}
		}
	}
	return f.checkOrder()
}

// checkOrder wants each mark once, and the order of the form.
func (f *numberFormat) checkOrder() error {
	seen := map[byte]bool{}
	for _, t := range f.tokens {
		if t.kind != 0 && t.kind != '0' && seen[t.kind] {
			return badFormat("WRONG_NUM_TOKEN", f.text, "a mark stands in it twice")
		}
		seen[t.kind] = true
	}
	at := 0
	for _, want := range []string{"SM", "$", "0", ".", "0", "$", ">SM"} {
		if at < len(f.tokens) && f.tokens[at].kind != 0 && strings.IndexByte(want, f.tokens[at].kind) >= 0 {
			at++
		}
	}
	if at < len(f.tokens) {
		return badFormat("UNEXPECTED_TOKEN", f.text, "a part of it is not known there")
	}
	return nil
}

// result is the type of to_number.
func (f *numberFormat) result() (types.Type, error) {
	if f.whole+f.places > 38 {
		return types.Type{}, errs.New("DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION",
			"the format '%s' has %d digits, more than the 38 of a DECIMAL", f.text, f.whole+f.places).State("22003")
	}
	return types.DecimalType(f.whole+f.places, f.places), nil
}

// parse reads a number; false if it does not match.
func (f *numberFormat) parse(s string) (num, bool) {
	p := numberText{s: strings.TrimSpace(s)}
	for _, t := range f.tokens {
		if !p.token(t) {
			return num{}, false
		}
	}
	if p.i < len(p.s) || p.open != p.closed || len(p.whole)+len(p.frac) == 0 || len(p.frac) > f.places {
		return num{}, false
	}
	text := p.whole + "." + p.frac + strings.Repeat("0", f.places-len(p.frac))
	if p.negative || p.open {
		text = "-" + text
	}
	v, _, ok := parseDecimal(strings.TrimSuffix(text, "."))
	if !ok {
		return num{}, false
	}
	return decimal128.FromBigInt(v), true
}

// numberText is a text being read.
type numberText struct {
	s                      string
	i                      int
	whole, frac            string
	behind                 bool
	negative, open, closed bool
}

func (p *numberText) is(c byte) bool {
	if p.i < len(p.s) && p.s[p.i] == c {
		p.i++
		return true
	}
	return false
}

func (p *numberText) token(t formatToken) bool {
	switch t.kind {
	case '0':
		return p.digits(t.groups)
	case '.':
		p.behind = true
		p.is('.')
	case '$':
		return p.is('$')
	case 'S':
		p.negative = p.is('-') || p.negative
		if !p.negative {
			p.is('+')
		}
	case 'M':
		p.negative = p.is('-') || p.negative
	case '<':
		p.open = p.is('<')
	case '>':
		p.closed = p.is('>')
	}
	return true
}

// digits reads the groups that are there; they are compared from the right.
func (p *numberText) digits(want []digitGroup) bool {
	sizes, n := []int{}, 0
	var text strings.Builder
	for ; p.i < len(p.s); p.i++ {
		c := p.s[p.i]
		if c == ',' {
			sizes, n = append(sizes, n), 0
			continue
		}
		if c == ' ' {
			continue
		}
		if c < '0' || c > '9' {
			break
		}
		text.WriteByte(c)
		n++
	}
	sizes = append(sizes, n)
	if len(sizes) > len(want) {
		return false
	}
	for k, g := range want {
		got := 0
		if at := len(sizes) - len(want) + k; at >= 0 {
			got = sizes[at]
		}
		if p.behind {
			got = sizes[0]
		}
		if g.filled && got != g.n && !p.behind || got > g.n {
			return false
		}
	}
	if p.behind {
		p.frac = text.String()
	} else {
		p.whole = text.String()
	}
	return true
}
