package fn

import (
	"math"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

func bindJSONTuple(name string, args []Arg) (BoundGenerator, error) {
	if err := checkArity(name, args, 2, -1); err != nil {
		return BoundGenerator{}, err
	}
	b := BoundGenerator{}
	for i, a := range args {
		if a.Type.Kind != types.String && a.Type.Kind != types.Null {
			return b, errs.New("DATATYPE_MISMATCH.NON_STRING_TYPE", "all arguments of %s must be strings", name).State("42K09")
		}
		b.Params = append(b.Params, types.StringType)
		if i > 0 {
			b.Columns = append(b.Columns, types.Field{Name: "c" + strconv.Itoa(i-1), Type: types.StringType, Nullable: true})
		}
	}
	b.Kernel = func(_ *Context, args []vec.Col, n int, sel []uint32) ([]vec.Col, []uint32, error) {
		cols, parents := jsonTuple(args, n, sel)
		return cols, parents, nil
	}
	return b, nil
}

// jsonTuple gives one row for each selected row: NULL for what is not there, for JSON null, and
// throughout where the text is no object.
func jsonTuple(args []vec.Col, n int, sel []uint32) ([]vec.Col, []uint32) {
	parents := []uint32{}
	b := make([]*vec.ColBuilder, len(args)-1)
	for k := range b {
		b[k] = vec.NewColBuilder(types.StringType)
	}
	found := make([]*string, len(b))
	for i := range vec.Each(n, sel) {
		parents = append(parents, uint32(i))
		clear(found)
		if !args[0].IsNull(i) && !jsonFields(args[0].Str(i), func(name string, value *string) {
			for k := range found {
				if a := &args[k+1]; !a.IsNull(i) && a.Str(i) == name {
					found[k] = value
				}
			}
		}) {
			clear(found)
		}
		for k, v := range found {
			if v == nil {
				b[k].AppendNull()
			} else {
				b[k].AppendString(*v)
			}
		}
	}
	cols := make([]vec.Col, len(b))
	for k := range b {
		cols[k] = b[k].Finish()
	}
	return cols, parents
}

// jsonFields calls f for each field of the object that a text begins with: value is a string's
// content, other values as compact JSON, nil for null. false: the text is no JSON object; f may have
// been called by then. What follows the object does not matter (Spark: json_tuple).
func jsonFields(text string, f func(name string, value *string)) bool {
	s := jsonScanner{text: text}
	s.space()
	if !s.take('{') {
		return false
	}
	return s.members('}', func() bool {
		name, ok := s.str()
		if s.space(); !ok || !s.take(':') {
			return false
		}
		s.space()
		if c := s.peek(); c == '"' || c == '\'' {
			v, ok := s.str()
			f(name, &v)
			return ok
		}
		out, ok := s.value(nil, 0)
		if v := string(out); v == "null" {
			f(name, nil)
		} else {
			f(name, &v)
		}
		return ok
	})
}

// jsonScanner reads JSON as Spark's parser does: strings also in single quotes.
type jsonScanner struct {
	text string
	at   int
}

func (s *jsonScanner) peek() byte {
	if s.at < len(s.text) {
		return s.text[s.at]
	}
	return 0
}

func (s *jsonScanner) take(c byte) bool {
	if s.peek() != c {
		return false
	}
	s.at++
	return true
}

func (s *jsonScanner) space() {
	for c := s.peek(); c == ' ' || c == '\t' || c == '\n' || c == '\r'; c = s.peek() {
		s.at++
	}
}

// members reads what stands between commas, up to end.
func (s *jsonScanner) members(end byte, one func() bool) bool {
	s.space()
	if s.take(end) {
		return true
	}
	for {
		s.space()
		if !one() {
			return false
		}
		s.space()
		switch {
		case s.take(end):
			return true
		case !s.take(','):
			return false
		}
	}
}

const jsonDepth = 1000 // Jackson's limit of nesting

// value copies a value in compact form to dst.
func (s *jsonScanner) value(dst []byte, depth int) ([]byte, bool) {
	if depth > jsonDepth {
		return dst, false
	}
	switch c := s.peek(); {
	case c == '{':
		return s.object(dst, depth)
	case c == '[':
		s.at++
		dst = append(dst, '[')
		first := true
		ok := s.members(']', func() (ok bool) {
			if !first {
				dst = append(dst, ',')
			}
			first = false
			dst, ok = s.value(dst, depth+1)
			return ok
		})
		return append(dst, ']'), ok
	case c == '"' || c == '\'':
		v, ok := s.str()
		return jsonQuote(dst, v), ok
	case c == '-' || c >= '0' && c <= '9':
		return s.number(dst)
	}
	for _, word := range []string{"true", "false", "null"} {
		if len(s.text)-s.at >= len(word) && s.text[s.at:s.at+len(word)] == word {
			s.at += len(word)
			return append(dst, word...), true
		}
	}
	return dst, false
}

func (s *jsonScanner) object(dst []byte, depth int) ([]byte, bool) {
	s.at++
	dst = append(dst, '{')
	first := true
	ok := s.members('}', func() bool {
		if !first {
			dst = append(dst, ',')
		}
		first = false
		name, ok := s.str()
		if s.space(); !ok || !s.take(':') {
			return false
		}
		s.space()
		dst, ok = s.value(append(jsonQuote(dst, name), ':'), depth+1)
		return ok
	})
	return append(dst, '}'), ok
}

// number copies an integer as it is, and a fraction as Java prints a double.
func (s *jsonScanner) number(dst []byte) ([]byte, bool) {
	start := s.at
	digits := func() bool {
		from := s.at
		for c := s.peek(); c >= '0' && c <= '9'; c = s.peek() {
			s.at++
		}
		return s.at > from
	}
	s.take('-')
	first := s.at
	if !digits() || s.text[first] == '0' && s.at > first+1 {
		return dst, false
	}
	whole := true
	if s.take('.') {
		if whole = false; !digits() {
			return dst, false
		}
	}
	if s.take('e') || s.take('E') {
		whole = false
		if !s.take('+') {
			s.take('-')
		}
		if !digits() {
			return dst, false
		}
	}
	if whole {
		return append(dst, s.text[start:s.at]...), true
	}
	v, _ := strconv.ParseFloat(s.text[start:s.at], 64)
	if math.IsInf(v, 0) {
		return append(appendDouble(append(dst, '"'), v, 64), '"'), true
	}
	return appendDouble(dst, v, 64), true
}

// str reads a string in either kind of quotes.
func (s *jsonScanner) str() (string, bool) {
	quote := s.peek()
	if quote != '"' && quote != '\'' {
		return "", false
	}
	s.at++
	var out []byte
	for s.at < len(s.text) {
		c := s.text[s.at]
		s.at++
		switch {
		case c == quote:
			return string(out), true
		case c < ' ':
			return "", false
		case c == '\\':
			var ok bool
			if out, ok = s.escape(out); !ok {
				return "", false
			}
		default:
			out = append(out, c)
		}
	}
	return "", false
}

func (s *jsonScanner) escape(out []byte) ([]byte, bool) {
	c := s.peek()
	s.at++
	switch c {
	case '"', '\\', '/', '\'':
		return append(out, c), true
	case 'b':
		return append(out, '\b'), true
	case 'f':
		return append(out, '\f'), true
	case 'n':
		return append(out, '\n'), true
	case 'r':
		return append(out, '\r'), true
	case 't':
		return append(out, '\t'), true
	case 'u':
		r, ok := s.hex()
		if utf16.IsSurrogate(r) && ok && s.at+1 < len(s.text) && s.text[s.at] == '\\' && s.text[s.at+1] == 'u' {
			back := s.at
			s.at += 2
			low, ok := s.hex()
			if pair := utf16.DecodeRune(r, low); ok && pair != utf8.RuneError {
				return utf8.AppendRune(out, pair), true
			}
			s.at = back
		}
		if utf16.IsSurrogate(r) {
			r = '?'
		}
		return utf8.AppendRune(out, r), ok
	}
	return out, false
}

func (s *jsonScanner) hex() (rune, bool) {
	if s.at+4 > len(s.text) {
		return 0, false
	}
	v, err := strconv.ParseUint(s.text[s.at:s.at+4], 16, 32)
	s.at += 4
	return rune(v), err == nil
}

// jsonQuote appends a JSON string as Jackson writes it.
func jsonQuote(dst []byte, v string) []byte {
	dst = append(dst, '"')
	for i := range len(v) {
		c := v[i]
		if at := escapeAt(c); at != 0 {
			dst = append(dst, '\\', at)
		} else if c < ' ' {
			const digits = "0123456789ABCDEF"
			dst = append(dst, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		} else {
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}

// escapeAt is the letter of a character's short escape, 0 if it has none.
func escapeAt(c byte) byte {
	switch c {
	case '"', '\\':
		return c
	case '\b':
		return 'b'
	case '\f':
		return 'f'
	case '\n':
		return 'n'
	case '\r':
		return 'r'
	case '\t':
		return 't'
	}
	return 0
}
