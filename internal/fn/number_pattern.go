package fn

import (
	"math/big"
	"strings"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/vec"
)

// decimalPattern is a pattern of format_number such as '#,##0.00;(#,##0.00)'.
// java.text.DecimalFormat, without exponents.
type decimalPattern struct {
	before, after, negBefore, negAfter string
	group, minWhole, minFrac, maxFrac  int
	shift                              int // powers of ten: 2 for %, 3 for ‰
}

// parseDecimalPattern reads a pattern; the empty one groups whole numbers.
func parseDecimalPattern(s string) (*decimalPattern, error) {
	if s == "" {
		s = "#,##0"
	}
	bad := func() error {
		return errs.New("INVALID_PARAMETER_VALUE.PATTERN", "'%s' is not a number pattern that can be used in format_number", s).State("22023").
			WithHint("use # and 0 for digits, a comma and a point, as in '#,##0.00'")
	}
	positive, negative, two := cutPattern(s)
	p := &decimalPattern{}
	before, digits, after := splitPattern(positive)
	if digits == "" || strings.HasPrefix(after, "E") {
		return nil, bad()
	}
	p.before, p.after = p.affix(before), p.affix(after)
	p.negBefore, p.negAfter = "-"+p.before, p.after
	if two {
		b, _, a := splitPattern(negative)
		p.negBefore, p.negAfter = p.affix(b), p.affix(a)
	}
	whole, frac, _ := strings.Cut(digits, ".")
	if strings.ContainsAny(frac, ".,") {
		return nil, bad()
	}
	if i := strings.LastIndexByte(whole, ','); i >= 0 {
		p.group = len(whole) - i - 1
	}
	p.minWhole, p.minFrac, p.maxFrac = strings.Count(whole, "0"), strings.Count(frac, "0"), len(frac)
	return p, nil
}

// cutPattern splits at the first semicolon outside quotes.
func cutPattern(s string) (positive, negative string, two bool) {
	quoted := false
	for i := range len(s) {
		if s[i] == '\'' {
			quoted = !quoted
		} else if s[i] == ';' && !quoted {
			return s[:i], s[i+1:], true
		}
	}
	return s, "", false
}

// splitPattern parts the digits from what stands before and behind them.
func splitPattern(s string) (before, digits, after string) {
	quoted, start := false, len(s)
	for i := range len(s) {
		if s[i] == '\'' {
			quoted = !quoted
		} else if !quoted && strings.IndexByte("#0,.", s[i]) >= 0 {
			start = i
			break
		}
	}
	end := start
	for end < len(s) && strings.IndexByte("#0,.", s[end]) >= 0 {
		end++
	}
	return s[:start], s[start:end], s[end:]
}

// affix is a text around the digits without its quotes; % and ‰ count.
func (p *decimalPattern) affix(s string) string {
	switch {
	case strings.Contains(s, "%"):
		p.shift = 2
	case strings.Contains(s, "‰"):
		p.shift = 3
	}
	return strings.ReplaceAll(strings.ReplaceAll(strings.ReplaceAll(s, "''", "\x00"), "'", ""), "\x00", "'")
}

// format prints row i of a column of numbers, rounding half to even.
func (p *decimalPattern) format(a *vec.Col, i int) (string, error) {
	text := Text(nil, a, i)
	switch text {
	case "NaN":
		return text, nil
	case "Infinity":
		return p.before + "∞" + p.after, nil
	case "-Infinity":
		return p.negBefore + "∞" + p.negAfter, nil
	}
	v, scale, ok := parseDecimal(text)
	if !ok {
		return "", errNull
	}
	if p.shift > 0 {
		v = new(big.Int).Mul(v, pow10(p.shift))
	}
	text = decimalTextBig(roundBig(v, scale, p.maxFrac, halfEven), p.maxFrac)
	negative := strings.HasPrefix(text, "-")
	whole, frac, _ := strings.Cut(strings.TrimPrefix(text, "-"), ".")
	for len(frac) > p.minFrac && frac[len(frac)-1] == '0' {
		frac = frac[:len(frac)-1]
	}
	whole = strings.TrimLeft(whole, "0")
	for len(whole) < p.minWhole || whole == "" && frac == "" && p.minWhole == 0 && p.maxFrac == 0 {
		whole = "0" + whole
	}
	whole = groupDigits(whole, p.group)
	if frac != "" {
		whole += "." + frac
	}
	if negative {
		return p.negBefore + whole + p.negAfter, nil
	}
	return p.before + whole + p.after, nil
}

func groupDigits(s string, size int) string {
	if size == 0 {
		return s
	}
	for i := len(s) - size; i > 0; i -= size {
		s = s[:i] + "," + s[i:]
	}
	return s
}
