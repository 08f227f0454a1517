package fn

import (
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// trimAll removes white space and control characters at both ends, as Spark's casts of
// strings do (UTF8String.trimAll).
func trimAll(s string) string {
	for len(s) > 0 && (s[0] <= ' ' || s[0] == 0x7f) {
		s = s[1:]
	}
	for len(s) > 0 && (s[len(s)-1] <= ' ' || s[len(s)-1] == 0x7f) {
		s = s[:len(s)-1]
	}
	return s
}

// parseInt reads a decimal integer with an optional sign; no fraction (ANSI).
func parseInt(s string) (int64, bool) {
	if s == "" {
		return 0, false
	}
	for i := range len(s) {
		if (s[i] < '0' || s[i] > '9') && (i > 0 || s[i] != '-' && s[i] != '+') {
			return 0, false
		}
	}
	v, err := strconv.ParseInt(s, 10, 64)
	return v, err == nil
}

// parseDouble reads what Java's Double.valueOf accepts, and Spark's words for NaN and
// infinity in any case. Values too large become infinite.
func parseDouble(s string, bits int) (float64, bool) {
	s = strings.TrimFunc(s, func(r rune) bool { return r <= ' ' })
	switch strings.ToLower(s) {
	case "inf", "+inf", "infinity", "+infinity":
		return math.Inf(1), true
	case "-inf", "-infinity":
		return math.Inf(-1), true
	case "nan":
		return math.NaN(), true
	}
	body := s
	if n := len(s); n > 1 && strings.ContainsRune("dDfF", rune(s[n-1])) && !isHex(s) {
		body = s[:n-1]
	}
	if !isHex(body) && !decimalForm(body) || strings.Contains(body, "_") {
		return 0, false
	}
	v, err := strconv.ParseFloat(body, bits)
	if err != nil && !math.IsInf(v, 0) {
		return 0, false
	}
	return v, true
}

// isHex reports Java's hexadecimal floating point, which needs a binary exponent.
func isHex(s string) bool {
	t := strings.TrimLeft(s, "+-")
	return (strings.HasPrefix(t, "0x") || strings.HasPrefix(t, "0X")) && strings.ContainsAny(t, "pP")
}

// decimalForm reports [sign] digits [. digits] [e [sign] digits] with at least one digit.
func decimalForm(s string) bool {
	i, found := 0, 0
	sign := func() {
		if i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
	}
	run := func() (n int) {
		for i < len(s) && s[i] >= '0' && s[i] <= '9' {
			i, n = i+1, n+1
		}
		return n
	}
	sign()
	found = run()
	if i < len(s) && s[i] == '.' {
		i++
		found += run()
	}
	if found == 0 {
		return false
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		i++
		sign()
		if run() == 0 {
			return false
		}
	}
	return i == len(s)
}

// asciiDigits writes the digits of all scripts, which Java reads as numbers, as 0 to 9.
func asciiDigits(s string) string {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return strings.Map(asciiDigit, s)
		}
	}
	return s
}

func asciiDigit(r rune) rune {
	if r < utf8.RuneSelf || !unicode.IsDigit(r) {
		return r
	}
	for zero := r; ; zero-- { // digits stand in rows of ten, and the rows of Unicode begin with 0
		if !unicode.IsDigit(zero - 1) {
			return '0' + (r-zero)%10
		}
	}
}

// parseDecimal reads what Java's BigDecimal accepts, as an unscaled value and its scale
// (never negative). Exponents beyond a thousand digits are refused.
func parseDecimal(s string) (v *big.Int, scale int, ok bool) {
	s = asciiDigits(s)
	if !decimalForm(s) {
		return nil, 0, false
	}
	mantissa, exponent := s, 0
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		e, err := strconv.Atoi(s[i+1:])
		if err != nil {
			return nil, 0, false
		}
		mantissa, exponent = s[:i], e
	}
	if i := strings.IndexByte(mantissa, '.'); i >= 0 {
		scale = len(mantissa) - i - 1
		mantissa = mantissa[:i] + mantissa[i+1:]
	}
	v, ok = new(big.Int).SetString(mantissa, 10)
	if !ok {
		return nil, 0, false
	}
	scale -= exponent
	switch {
	case v.Sign() == 0:
		return v, 0, true
	case scale < -1000 || scale > 1_000_000:
		return nil, 0, false
	case scale < 0:
		return v.Mul(v, pow10(-scale)), 0, true
	case scale > 1000:
		return new(big.Int), 0, len(mantissa) < 900
	}
	return v, scale, true
}
