package fn

import (
	"encoding/binary"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

func charsetFuncs() []Scalar {
	s, b := types.StringType, types.BinaryType
	return []Scalar{
		scalar("string", "encode(str, charset)", "The string in a charset: US-ASCII, ISO-8859-1, UTF-8, UTF-16BE, UTF-16LE, UTF-16 or UTF-32.", fixed(b, row2(b, encodeText), str, str)),
		scalar("string", "decode(bin, charset) or decode(expr, search, result, ...[, default])", "The string that the bytes are in a charset; or the result behind the first search value that equals expr.", direct(bindDecode)),
		scalar("string", "is_valid_utf8(str)", "True if the bytes of the string are UTF-8.", fixed(types.BooleanType, sure1(types.BooleanType, utf8.ValidString), str)),
		scalar("string", "make_valid_utf8(str)", "The string with U+FFFD for what is not UTF-8.", fixed(s, sure1(s, validUTF8), str)),
		scalar("string", "validate_utf8(str)", "The string, or an error if it is not UTF-8.", fixed(s, row1(s, func(_ *Context, v string) (string, error) {
			if !utf8.ValidString(v) {
				return "", errs.New("INVALID_UTF8_STRING", "the string is not valid UTF-8: %X", v).State("22029").
					WithHint("use try_validate_utf8 to get NULL instead, or make_valid_utf8 to repair it")
			}
			return v, nil
		}), str)),
		scalar("string", "try_validate_utf8(str)", "The string, or NULL if it is not UTF-8.", orNullable(fixed(s, row1(s, func(_ *Context, v string) (string, error) {
			if !utf8.ValidString(v) {
				return "", errNull
			}
			return v, nil
		}), str))),
	}
}

// validUTF8 puts one U+FFFD for each maximal part of an ill-formed sequence. Unicode 3.9, U+FFFD
// Substitution of Maximal Subparts.
func validUTF8(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var out strings.Builder
	for i := 0; i < len(s); {
		if r, n := utf8.DecodeRuneInString(s[i:]); r != utf8.RuneError || n > 1 {
			out.WriteString(s[i : i+n])
			i += n
			continue
		}
		out.WriteRune(utf8.RuneError)
		i += illFormed(s[i:])
	}
	return out.String()
}

// illFormed is the length of the maximal part at the start of an ill-formed text.
func illFormed(s string) int {
	size, lo, hi := 0, byte(0x80), byte(0xbf)
	switch c := s[0]; {
	case c >= 0xc2 && c <= 0xdf:
		size = 2
	case c >= 0xe0 && c <= 0xef:
		size = 3
		if c == 0xe0 {
			lo = 0xa0
		} else if c == 0xed {
			hi = 0x9f
		}
	case c >= 0xf0 && c <= 0xf4:
		size = 4
		if c == 0xf0 {
			lo = 0x90
		} else if c == 0xf4 {
			hi = 0x8f
		}
	}
	n := 1
	for ; n < size && n < len(s) && s[n] >= lo && s[n] <= hi; n++ {
		lo, hi = 0x80, 0xbf
	}
	return n
}

// charsets are those that Spark allows.
var charsets = []string{"ISO-8859-1", "US-ASCII", "UTF-16", "UTF-16BE", "UTF-16LE", "UTF-32", "UTF-8"}

func badCharset(name, function string) error {
	return errs.New("INVALID_PARAMETER_VALUE.CHARSET", "%s does not know the charset '%s'", function, name).State("22023").
		WithHint("use one of %s", strings.Join(charsets, ", "))
}

func malformed(function, charset string) error {
	return errs.New("MALFORMED_CHARACTER_CODING", "a value cannot be converted in %s with the charset %s", function, charset).State("22000")
}

func encodeText(_ *Context, s, charset string) (string, error) {
	name := strings.ToUpper(charset)
	var out []byte
	switch name {
	case "UTF-8":
		if !utf8.ValidString(s) {
			return validUTF8(s), nil
		}
		return s, nil
	case "ISO-8859-1", "US-ASCII":
		limit := rune(0x100)
		if name == "US-ASCII" {
			limit = 0x80
		}
		for _, r := range s {
			if r >= limit {
				return "", malformed("encode", name)
			}
			out = append(out, byte(r))
		}
	case "UTF-16", "UTF-16BE", "UTF-16LE":
		order := binary.AppendByteOrder(binary.BigEndian)
		if name == "UTF-16LE" {
			order = binary.LittleEndian
		}
		if name == "UTF-16" && s != "" {
			out = append(out, 0xfe, 0xff)
		}
		for _, u := range utf16.Encode([]rune(s)) {
			out = order.AppendUint16(out, u)
		}
	case "UTF-32":
		for _, r := range s {
			out = binary.BigEndian.AppendUint32(out, uint32(r))
		}
	default:
		return "", badCharset(charset, "encode")
	}
	return string(out), nil
}

func decodeText(_ *Context, b, charset string) (string, error) {
	name := strings.ToUpper(charset)
	switch name {
	case "UTF-8", "US-ASCII":
		if !utf8.ValidString(b) || name == "US-ASCII" && strings.ContainsFunc(b, func(r rune) bool { return r > 0x7f }) {
			return "", malformed("decode", name)
		}
		return b, nil
	case "ISO-8859-1":
		out := make([]rune, len(b))
		for i := range len(b) {
			out[i] = rune(b[i])
		}
		return string(out), nil
	case "UTF-16", "UTF-16BE", "UTF-16LE":
		return decode16(b, name)
	case "UTF-32":
		return decode32(b)
	}
	return "", badCharset(charset, "decode")
}

// decode16 reads big-endian units unless the name or a byte order mark says otherwise.
func decode16(b, name string) (string, error) {
	order := binary.ByteOrder(binary.BigEndian)
	if name == "UTF-16LE" {
		order = binary.LittleEndian
	}
	if name == "UTF-16" && len(b) >= 2 {
		switch b[:2] {
		case "\xfe\xff":
			b = b[2:]
		case "\xff\xfe":
			order, b = binary.LittleEndian, b[2:]
		}
	}
	if len(b)%2 == 1 {
		return "", malformed("decode", name)
	}
	var out []rune
	for i := 0; i < len(b); i += 2 {
		r := rune(order.Uint16([]byte(b[i : i+2])))
		if utf16.IsSurrogate(r) {
			if i+4 > len(b) {
				return "", malformed("decode", name)
			}
			if r = utf16.DecodeRune(r, rune(order.Uint16([]byte(b[i+2:i+4])))); r == utf8.RuneError {
				return "", malformed("decode", name)
			}
			i += 2
		}
		out = append(out, r)
	}
	return string(out), nil
}

func decode32(b string) (string, error) {
	order := binary.ByteOrder(binary.BigEndian)
	if strings.HasPrefix(b, "\x00\x00\xfe\xff") {
		b = b[4:]
	} else if strings.HasPrefix(b, "\xff\xfe\x00\x00") {
		order, b = binary.LittleEndian, b[4:]
	}
	if len(b)%4 != 0 {
		return "", malformed("decode", "UTF-32")
	}
	var out []rune
	for i := 0; i < len(b); i += 4 {
		r := order.Uint32([]byte(b[i : i+4]))
		if r > utf8.MaxRune || utf16.IsSurrogate(rune(r)) {
			return "", malformed("decode", "UTF-32")
		}
		out = append(out, rune(r))
	}
	return string(out), nil
}

// bindDecode is decode of bytes with two arguments, otherwise a chain of comparisons.
func bindDecode(name string, args []Arg) (Bound, error) {
	if len(args) == 2 {
		return fixed(types.StringType, row2(types.StringType, decodeText), bin, str)(name)(args)
	}
	if len(args) < 2 {
		return Bound{}, arity(name, "2", len(args))
	}
	return bindChoice(name, args)
}

// bindChoice compares the first argument with each search value, NULL equal to NULL; only the
// result that is chosen is cast to the common type of the results.
func bindChoice(name string, args []Arg) (Bound, error) {
	var results []Arg
	for i := 2; i < len(args); i += 2 {
		results = append(results, args[i])
	}
	if len(args)%2 == 0 {
		results = append(results, args[len(args)-1])
	}
	_, t, err := commonParams(name, results)
	if err != nil {
		return Bound{}, err
	}
	params := make([]types.Type, len(args))
	for i := range args {
		params[i] = args[i].Type
	}
	var tests []Kernel
	var casts []Kernel
	for i := 1; i+1 < len(args); i += 2 {
		k, x, y, err := equalNull(name, args[0], args[i])
		if err != nil {
			return Bound{}, err
		}
		params[0], params[i] = x, y
		tests, casts = append(tests, k), append(casts, castOf(args[i+1].Type, t, false))
	}
	if len(args)%2 == 0 {
		casts = append(casts, castOf(args[len(args)-1].Type, t, false))
	}
	return Bound{Params: params, Result: t, Nullable: nullable(results) || len(args)%2 == 1, Kernel: func(c *Context, args []vec.Col, n int, sel []uint32) (vec.Col, error) {
		return choose(c, t, tests, casts, args, n, sel)
	}}, nil
}

// equalNull makes the kernel of x <=> y. The operands keep their types, the kernel casts them.
func equalNull(name string, x, y Arg) (Kernel, types.Type, types.Type, error) {
	common, ok := types.Common(x.Type, y.Type)
	if !ok {
		return nil, x.Type, y.Type, differing(name, x.Type, y.Type)
	}
	order := nullsFirst(CompareFunc(common))
	left, right := castOf(x.Type, common, false), castOf(y.Type, common, false)
	return func(c *Context, args []vec.Col, n int, sel []uint32) (vec.Col, error) {
		a, err := left(c, args[:1], n, sel)
		if err != nil {
			return a, err
		}
		b, err := right(c, args[1:], n, sel)
		if err != nil {
			return b, err
		}
		return rowLoop(types.BooleanType, n, sel, nil, func(i int) (bool, error) { return order(&a, i, &b, i) == 0, nil })
	}, x.Type, y.Type, nil
}

func choose(c *Context, t types.Type, tests, casts []Kernel, args []vec.Col, n int, sel []uint32) (vec.Col, error) {
	rest := make([]uint32, 0, n)
	for i := range vec.Each(n, sel) {
		rest = append(rest, uint32(i))
	}
	from := make([]int, n) // which result a row takes, 1-based; 0: none
	cols := make([]vec.Col, len(casts)+1)
	take := func(k int, arg *vec.Col, rows []uint32) error {
		col, err := casts[k](c, []vec.Col{*arg}, n, rows)
		cols[k+1] = col
		for _, r := range rows {
			from[r] = k + 1
		}
		return err
	}
	for k, test := range tests {
		hit, err := test(c, []vec.Col{args[0], args[1+2*k]}, n, rest)
		if err != nil {
			return vec.Col{}, err
		}
		var found, left []uint32
		for _, r := range rest {
			if vec.Get[bool](&hit, int(r)) {
				found = append(found, r)
			} else {
				left = append(left, r)
			}
		}
		if err := take(k, &args[2+2*k], append([]uint32{}, found...)); err != nil {
			return vec.Col{}, err
		}
		rest = append([]uint32{}, left...)
	}
	if len(casts) > len(tests) {
		if err := take(len(tests), &args[len(args)-1], rest); err != nil {
			return vec.Col{}, err
		}
	}
	return buildRows(t, n, sel, nil, func(b *vec.ColBuilder, i int) error {
		if from[i] == 0 {
			return errNull
		}
		b.AppendFrom(&cols[from[i]], i)
		return nil
	})
}
