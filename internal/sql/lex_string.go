package sql

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/azud/azud/internal/errs"
)

// str reads '…' or "…" with escapes; a doubled quote is one quote.
func (l *lexer) str(start int, quote byte) {
	for l.i++; l.i < len(l.text); l.i++ {
		switch l.text[l.i] {
		case '\\':
			if l.i+1 < len(l.text) {
				l.i++
			}
		case quote:
			if l.peek(1) == quote {
				l.i++
				continue
			}
			l.i++
			l.add(tkString, start, unescape(l.text[start+1:l.i-1], quote), "")
			l.expandString()
			return
		}
	}
	l.unclosed(start, 1, "This text is never closed", string(quote))
}

// raw reads r'…' or r"…", without escapes.
func (l *lexer) raw(start int) {
	quote := l.peek(1)
	end := strings.IndexByte(l.text[l.i+2:], quote)
	if end < 0 {
		l.unclosed(start, 2, "This raw text is never closed", string(quote))
		return
	}
	l.i += end + 3
	l.add(tkString, start, l.text[start+2:l.i-1], "")
	l.expandString()
}

// backquoted reads `identifier`; a doubled backquote is one.
func (l *lexer) backquoted(start int) {
	for l.i++; l.i < len(l.text); l.i++ {
		if l.text[l.i] != '`' {
			continue
		}
		if l.peek(1) == '`' {
			l.i++
			continue
		}
		l.i++
		l.add(tkQuoted, start, strings.ReplaceAll(l.text[start+1:l.i-1], "``", "`"), "")
		return
	}
	l.unclosed(start, 1, "This quoted name is never closed", "`")
}

// unclosed marks the opening quote as bad and passes the rest of the text.
func (l *lexer) unclosed(start, width int, msg, quote string) {
	l.i = start + width
	l.bad(start, errs.New(classSyntax, "%s", msg).State("42601").WithHint("close it with %s", quote))
	l.i = len(l.text)
}

// unescape resolves the escapes of a string (Spark: SparkParserUtils.unescapeSQLString): \uXXXX,
// \UXXXXXXXX, octal \0oo and \1oo, \0 \b \n \r \t \Z; \% and \_ stay as they are for LIKE;
// before any other character the backslash is dropped.
func unescape(s string, quote byte) string {
	if !strings.ContainsAny(s, "\\"+string(quote)) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		if s[i] == quote { // doubled
			b.WriteByte(quote)
			i += 2
			continue
		}
		if s[i] != '\\' || i+1 >= len(s) {
			b.WriteByte(s[i])
			i++
			continue
		}
		i += unescapeOne(&b, s[i:])
	}
	return b.String()
}

// unescapeOne writes what the escape at the start of s means and returns its length.
func unescapeOne(b *strings.Builder, s string) int {
	if r, ok := hexRune(s, 'u', 4); ok {
		if utf16.IsSurrogate(r) {
			if low, ok := hexRune(s[6:], 'u', 4); ok && utf16.DecodeRune(r, low) != utf8.RuneError {
				b.WriteRune(utf16.DecodeRune(r, low))
				return 12
			}
		}
		b.WriteRune(r)
		return 6
	}
	if r, ok := hexRune(s, 'U', 8); ok {
		b.WriteRune(r)
		return 10
	}
	if len(s) >= 4 && (s[1] == '0' || s[1] == '1') && isOctal(s[2]) && isOctal(s[3]) {
		b.WriteRune(rune(s[1]-'0')<<6 | rune(s[2]-'0')<<3 | rune(s[3]-'0'))
		return 4
	}
	switch s[1] {
	case '0':
		b.WriteByte(0)
	case 'b':
		b.WriteByte('\b')
	case 'n':
		b.WriteByte('\n')
	case 'r':
		b.WriteByte('\r')
	case 't':
		b.WriteByte('\t')
	case 'Z':
		b.WriteByte(0x1A)
	case '%', '_':
		b.WriteString(s[:2])
	default:
		b.WriteByte(s[1])
	}
	return 2
}

func isOctal(c byte) bool { return c >= '0' && c <= '7' }

// hexRune reads \u or \U and its n hexadecimal digits at the start of s.
func hexRune(s string, letter byte, n int) (rune, bool) {
	if len(s) < 2+n || s[0] != '\\' || s[1] != letter {
		return 0, false
	}
	v, err := strconv.ParseUint(s[2:2+n], 16, 32)
	if err != nil || strings.ContainsAny(s[2:2+n], "+-_") {
		return 0, false
	}
	if v > utf8.MaxRune {
		return utf8.RuneError, true
	}
	return rune(v), true
}
