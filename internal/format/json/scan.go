package json

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/bits"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// peek is the byte at pos, or 0 at the end.
func (d *Decoder) peek() byte {
	if d.pos < len(d.buf) {
		return d.buf[d.pos]
	}
	return 0
}

func (d *Decoder) space() {
	for d.pos < len(d.buf) {
		switch d.buf[d.pos] {
		case ' ', '\t', '\n', '\r':
			d.pos++
		case '/':
			if !d.opts.Comments || !d.comment() {
				return
			}
		default:
			return
		}
	}
}

// comment passes over /* … */ or // … to the end of the line; false if none stands here.
func (d *Decoder) comment() bool {
	rest := d.buf[d.pos:]
	end := -1
	switch {
	case bytes.HasPrefix(rest, []byte("//")):
		if end = bytes.IndexByte(rest, '\n'); end < 0 {
			end = len(rest)
		}
	case bytes.HasPrefix(rest, []byte("/*")):
		if end = bytes.Index(rest[2:], []byte("*/")); end >= 0 {
			end += 4
		}
	}
	d.pos += max(end, 0)
	return end >= 0
}

// name reads the name of a field, without quotes where that is allowed.
func (d *Decoder) name() ([]byte, error) {
	if c := d.peek(); !d.opts.UnquotedNames || c == '"' || c == '\'' {
		return d.str()
	}
	start := d.pos
	for d.pos < len(d.buf) {
		r, n := utf8.DecodeRune(d.buf[d.pos:])
		if !unicode.IsLetter(r) && r != '_' && r != '$' && (d.pos == start || !unicode.IsDigit(r)) {
			break
		}
		d.pos += n
	}
	if d.pos == start {
		return nil, d.bad("a name")
	}
	return d.buf[start:d.pos], nil
}

// bad says what was expected at pos and what stands there.
func (d *Decoder) bad(expected string) error {
	if d.pos >= len(d.buf) {
		return fmt.Errorf("the JSON ends at byte %d where %s was expected", d.pos, expected)
	}
	r, _ := utf8.DecodeRune(d.buf[d.pos:])
	return fmt.Errorf("not JSON at byte %d: expected %s, found %q", d.pos, expected, r)
}

func (d *Decoder) word(w string) error {
	if d.pos+len(w) > len(d.buf) || string(d.buf[d.pos:d.pos+len(w)]) != w {
		return d.bad(w)
	}
	d.pos += len(w)
	return nil
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// has reports whether a byte of x is zero (its high bit is set in the answer).
func hasZero(x uint64) uint64 { return (x - ones) &^ x & highs }

// str reads a string; the bytes are valid until the next str or the end of the message.
func (d *Decoder) str() ([]byte, error) {
	quote := d.peek()
	if quote != '"' && (quote != '\'' || d.opts.SingleQuotesOff) {
		return nil, d.bad("a string")
	}
	start := d.pos + 1
	buf, i, high := d.buf, start, uint64(0) // high: bits of bytes outside ASCII
	pattern := uint64(quote) * ones
	for i+8 <= len(buf) { // eight bytes at a time: the lowest bit set is exact
		x := binary.LittleEndian.Uint64(buf[i:])
		high |= x & highs
		if odd := hasZero(x^pattern) | hasZero(x^('\\'*ones)) | (x-0x20*ones)&^x&highs; odd != 0 {
			i += bits.TrailingZeros64(odd) >> 3
			break
		}
		i += 8
	}
	for ; i < len(buf); i++ {
		switch c := buf[i]; {
		case c == quote:
			d.pos = i + 1
			if high != 0 && !utf8.Valid(buf[start:i]) {
				return bytes.ToValidUTF8(buf[start:i], []byte("\uFFFD")), nil
			}
			return buf[start:i], nil
		case c == '\\':
			return d.escaped(quote, start, i)
		case c < 0x20 && !d.opts.UnquotedControls:
			d.pos = i
			return nil, d.bad("no control character inside a string")
		default:
			high |= uint64(c) & 0x80
		}
	}
	d.pos = i
	return nil, d.bad("the end of the string")
}

// escaped finishes a string from its first backslash, at i.
func (d *Decoder) escaped(quote byte, start, i int) ([]byte, error) {
	out := append(d.tmp[:0], d.buf[start:i]...)
	buf := d.buf
	for i < len(buf) {
		c := buf[i]
		switch {
		case c == quote:
			d.pos, d.tmp = i+1, out
			if !utf8.Valid(out) {
				return bytes.ToValidUTF8(out, []byte("\uFFFD")), nil
			}
			return out, nil
		case c == '\\':
			n, err := d.escape(&out, i)
			if err != nil {
				return nil, err
			}
			i += n
			continue
		case c < 0x20 && !d.opts.UnquotedControls:
			d.pos = i
			return nil, d.bad("no control character inside a string")
		}
		out = append(out, c)
		i++
	}
	d.pos = i
	return nil, d.bad("the end of the string")
}

// escape appends the character of the escape at i and returns its length.
func (d *Decoder) escape(out *[]byte, i int) (int, error) {
	d.pos = i
	if i+1 >= len(d.buf) {
		return 0, d.bad("an escape")
	}
	switch c := d.buf[i+1]; c {
	case '"', '\\', '/':
		*out = append(*out, c)
	case 'b':
		*out = append(*out, '\b')
	case 'f':
		*out = append(*out, '\f')
	case 'n':
		*out = append(*out, '\n')
	case 'r':
		*out = append(*out, '\r')
	case 't':
		*out = append(*out, '\t')
	case '\'':
		if d.opts.SingleQuotesOff {
			return 0, d.bad("an escape")
		}
		*out = append(*out, c)
	case 'u':
		r, ok := hex4(d.buf, i+2)
		if !ok {
			return 0, d.bad(`\u and four hexadecimal digits`)
		}
		if utf16.IsSurrogate(r) {
			if low, ok := hex4(d.buf, i+8); ok && d.buf[i+6] == '\\' && d.buf[i+7] == 'u' {
				if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
					*out = utf8.AppendRune(*out, pair)
					return 12, nil
				}
			}
			r = utf8.RuneError
		}
		*out = utf8.AppendRune(*out, r)
		return 6, nil
	default:
		if !d.opts.AnyEscape {
			return 0, d.bad("an escape")
		}
		*out = append(*out, c)
	}
	return 2, nil
}

func hex4(buf []byte, at int) (rune, bool) {
	if at+4 > len(buf) {
		return 0, false
	}
	var r rune
	for _, c := range buf[at : at+4] {
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return r, true
}

// skip passes over one value of any kind, checking that it is JSON.
func (d *Decoder) skip(depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("nested deeper than %d at byte %d", maxDepth, d.pos)
	}
	switch c := d.peek(); {
	case c == '"' || c == '\'':
		_, err := d.str()
		return err
	case c == '{' || c == '[':
		return d.skipNested(depth)
	case c == 't':
		return d.word("true")
	case c == 'f':
		return d.word("false")
	case c == 'n':
		return d.word("null")
	case c == '-' || c == '+' || c >= '0' && c <= '9' || c == 'N' || c == 'I':
		_, err := d.number()
		return err
	}
	return d.bad("a value")
}

func (d *Decoder) skipNested(depth int) error {
	object := d.buf[d.pos] == '{'
	end := byte(']')
	if object {
		end = '}'
	}
	d.pos++
	d.space()
	if d.peek() == end {
		d.pos++
		return nil
	}
	for {
		if object {
			if _, err := d.name(); err != nil {
				return err
			}
			d.space()
			if d.peek() != ':' {
				return d.bad("':'")
			}
			d.pos++
			d.space()
		}
		if err := d.skip(depth + 1); err != nil {
			return err
		}
		d.space()
		switch d.peek() {
		case ',':
			d.pos++
			d.space()
		case end:
			d.pos++
			return nil
		default:
			return d.bad(fmt.Sprintf("',' or '%c'", end))
		}
	}
}
