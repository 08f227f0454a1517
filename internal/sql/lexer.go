package sql

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/azud/azud/internal/errs"
)

// lexer cuts a text into tokens. It never fails: what it cannot read becomes a tkBad token,
// which the parser reports when it gets there.
type lexer struct {
	src    *errs.Source
	text   string
	i      int
	toks   []token
	expand Expander // nil: ${…} is not known
}

// lex returns the tokens of a source; the last one is tkEOF.
func lex(src *errs.Source, expand Expander) []token {
	l := &lexer{src: src, text: src.Text, expand: expand}
	for l.skip(); l.i < len(l.text); l.skip() {
		l.next()
	}
	l.toks = append(l.toks, token{kind: tkEOF, pos: errs.Span{Start: len(l.text), End: len(l.text)}})
	return l.toks
}

// add appends a token that ends at l.i.
func (l *lexer) add(k kind, start int, text, up string) {
	l.toks = append(l.toks, token{kind: k, pos: errs.Span{Start: start, End: l.i}, text: text, up: up})
}

// bad appends a token that no rule knows.
func (l *lexer) bad(start int, e *errs.Error) {
	span := errs.Span{Start: start, End: l.i}
	l.toks = append(l.toks, token{kind: tkBad, pos: span, text: l.text[start:l.i], bad: e.At(l.src, span)})
}

// peek is the byte n after the current one, 0 past the end.
func (l *lexer) peek(n int) byte {
	if l.i+n < len(l.text) {
		return l.text[l.i+n]
	}
	return 0
}

// skip passes white space and comments.
func (l *lexer) skip() {
	for l.i < len(l.text) {
		switch r, n := utf8.DecodeRuneInString(l.text[l.i:]); {
		case isSpace(r):
			l.i += n
		case r == '-' && l.peek(1) == '-':
			l.lineComment()
		case r == '/' && l.peek(1) == '*' && l.peek(2) != '+':
			l.blockComment()
		default:
			return
		}
	}
}

// isSpace is the white space of Spark's lexer.
func isSpace(r rune) bool {
	switch r {
	case ' ', '\t', '\n', '\f', '\r', 0x0B, 0xA0, 0x1680, 0x2028, 0x202F, 0x205F, 0x3000:
		return true
	}
	return r >= 0x2000 && r <= 0x200A
}

// lineComment passes -- to the end of the line; a backslash before it continues the comment.
func (l *lexer) lineComment() {
	for l.i < len(l.text) {
		c := l.text[l.i]
		l.i++
		if c == '\\' && l.peek(0) == '\n' {
			l.i++
		} else if c == '\n' || c == '\r' {
			return
		}
	}
}

// blockComment passes a bracketed comment with those nested in it.
func (l *lexer) blockComment() {
	start, depth := l.i, 0
	for l.i < len(l.text) {
		switch {
		case strings.HasPrefix(l.text[l.i:], "/*") && l.peek(2) != '+':
			depth++
			l.i += 2
		case strings.HasPrefix(l.text[l.i:], "*/"):
			l.i += 2
			if depth--; depth == 0 {
				return
			}
		default:
			l.i++
		}
	}
	end := l.i
	l.i = start + 2
	l.bad(start, errs.New("UNCLOSED_BRACKETED_COMMENT", "This comment is never closed").State("42601").
		WithHint("close it with */"))
	l.i = end
}

// next reads one token at a byte that is neither space nor comment.
func (l *lexer) next() {
	start := l.i
	c := l.text[l.i]
	switch {
	case c == '\'' || c == '"':
		l.str(start, c)
		return
	case (c == 'r' || c == 'R') && (l.peek(1) == '\'' || l.peek(1) == '"'):
		l.raw(start)
		return
	case c == '`':
		l.backquoted(start)
		return
	case c == '$' && l.peek(1) == '{' && l.expand != nil:
		l.setting(start)
		return
	case c >= '0' && c <= '9', c == '.' && isDigit(l.peek(1)):
		if l.number(start) {
			return
		}
	}
	if l.word(start) {
		return
	}
	for _, op := range operators {
		if op[0] == c && strings.HasPrefix(l.text[l.i:], op) {
			l.i += len(op)
			l.add(tkOp, start, op, op)
			return
		}
	}
	r, n := utf8.DecodeRuneInString(l.text[l.i:])
	l.i += n
	e := errs.New(classSyntax, "Syntax error at or near '%s'", l.text[start:l.i]).State("42601")
	switch {
	case r == utf8.RuneError && n == 1:
		e.Msg = "The text is not UTF-8 here"
		e.Hint = "save the file as UTF-8"
	case r == '#':
		e.Hint = "a comment begins with --"
	case r == '$':
		e.Hint = "a setting is written ${NAME} or ${NAME:-default}; it is known in the files of a pipeline"
	case strings.ContainsRune("‘’“”´", r):
		e.Hint = "write a plain ' around text; this is a typographic quotation mark"
	}
	l.bad(start, e)
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// word reads letters of any script, digits and underscores, and the rest of a path such as
// s3://bucket/x so that it is refused as a whole.
func (l *lexer) word(start int) bool {
	i, letters := l.i, true
	for i < len(l.text) {
		r, n := utf8.DecodeRuneInString(l.text[i:])
		if !unicode.IsLetter(r) {
			if r != '_' && (r < '0' || r > '9') {
				break
			}
			letters = false
		}
		i += n
	}
	if i == l.i {
		return false
	}
	if letters && strings.HasPrefix(l.text[i:], "://") {
		j := i + 3
		for j < len(l.text) && (isIdentByte(l.text[j]) || strings.IndexByte("/-.?=&#%", l.text[j]) >= 0) {
			j++
		}
		if j > i+3 {
			i = j
		}
	}
	l.i = i
	text := l.text[start:i]
	l.add(tkWord, start, text, strings.ToUpper(text))
	return true
}

// number reads a number unless a longer word begins here (1a is a word), as the longest match
// of Spark's lexer does.
func (l *lexer) number(start int) bool {
	i := l.i
	digits := func() { // runs over digits
		for i < len(l.text) && isDigit(l.text[i]) {
			i++
		}
	}
	digits()
	k := numInt
	if i < len(l.text) && l.text[i] == '.' {
		before := i
		i++
		digits()
		if end, _, _ := numberTail(l.text, i, true); end < 0 {
			i = before // 1.a, 1.5abc: not a decimal; "1" alone is the number
			if i == start {
				return false
			}
			return l.integer(start, i)
		}
		k = numDecimal
	}
	if k == numInt {
		return l.integer(start, i)
	}
	end, k, suffix := numberTail(l.text, i, true)
	l.i = end
	l.addNumber(start, k, suffix)
	return true
}

// integer adds the digits [start, i) with exponent and suffix, unless they belong to a word.
func (l *lexer) integer(start, i int) bool {
	end, k, suffix := numberTail(l.text, i, false)
	if end < 0 {
		return false
	}
	l.i = end
	l.addNumber(start, k, suffix)
	return true
}

func (l *lexer) addNumber(start int, k numKind, suffix int) {
	l.add(tkNumber, start, l.text[start:l.i-suffix], "")
	l.toks[len(l.toks)-1].num = k
}

// numberTail reads exponent and suffix at i. end is -1 if a letter, digit or underscore follows
// that belongs to no number; suffix is the length of the suffix.
func numberTail(s string, i int, dot bool) (end int, k numKind, suffix int) {
	k = numInt
	if dot {
		k = numDecimal
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		j := i + 1
		if j < len(s) && (s[j] == '+' || s[j] == '-') {
			j++
		}
		if j < len(s) && isDigit(s[j]) {
			for j < len(s) && isDigit(s[j]) {
				j++
			}
			i, k = j, numExponent
		}
	}
	rest := strings.ToUpper(s[i:min(len(s), i+2)])
	suffixes := []struct {
		s string
		k numKind
	}{{"BD", numBigDecimal}, {"D", numDouble}, {"F", numFloat}}
	if k == numInt {
		suffixes = slices.Concat(suffixes, []struct {
			s string
			k numKind
		}{{"L", numLong}, {"S", numShort}, {"Y", numByte}})
	}
	for _, x := range suffixes {
		if strings.HasPrefix(rest, x.s) && !continues(s, i+len(x.s)) {
			return i + len(x.s), x.k, len(x.s)
		}
	}
	if continues(s, i) {
		return -1, k, 0
	}
	return i, k, 0
}

// continues reports whether a character of a word stands at i.
func continues(s string, i int) bool {
	if i >= len(s) {
		return false
	}
	r, _ := utf8.DecodeRuneInString(s[i:])
	return isIdentByte(s[i]) || unicode.IsLetter(r)
}
