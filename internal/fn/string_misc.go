package fn

import (
	"math/bits"
	"math/rand/v2"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

func stringMiscFuncs() []Scalar {
	s, b := types.StringType, types.BooleanType
	return []Scalar{
		scalar("math", "conv(num, from, to)", "A number written in one base, in another from 2 to 36; a negative base means with a sign.", orNullable(fixed(s, row3(s, convBase), str, integer32, integer32))),
		scalar("string", "elt(n, a, b, ...)", "The n-th of the values that follow.", direct(bindElt)),
		scalar("string", "mask(str[, upperChar[, lowerChar[, digitChar[, otherChar]]]])", "The string with letters and digits replaced by X, x and n, or the characters given; NULL keeps a kind as it is.", direct(bindMask)),
		scalar("string", "soundex(str)", "The Soundex code of the string.", fixed(s, sure1(s, soundex), str)),
		scalar("string", "quote(str)", "The string in single quotes, with those inside escaped.", fixed(s, sure1(s, func(v string) string { return "'" + strings.ReplaceAll(v, "'", `\'`) + "'" }), str)),
		scalar("string", "sentences(str[, lang[, country]])", "The words of the text, sentence by sentence.", opt(1, types.ArrayOf(types.ArrayOf(s, false), false), sentencesKernel, str, str, str)),
		scalar("string", "luhn_check(str)", "True if the digits pass the Luhn check.", fixed(b, sure1(b, luhn), str)),
		scalar("string", "collation(str)", "The collation of the string: UTF8_BINARY is the only one.", direct(bindCollation)),
		scalar("string", "randstr(length[, seed])", "A random string of letters and digits; the same again when an epoch is replayed.", direct(bindRandstr)),
	}
}

// convBase is Spark's NumberConverter: 64 bits without sign, digits up to the first that is none.
func convBase(_ *Context, s string, from, to int32) (string, error) {
	s = strings.Trim(s, " ")
	width := max(to, -to)
	if s == "" || from < 2 || from > 36 || width < 2 || width > 36 {
		return "", errNull
	}
	negative := s[0] == '-'
	if negative {
		s = s[1:]
	}
	var v uint64
	for i := range len(s) {
		d := digitOf(s[i])
		if d < 0 || d >= int(from) {
			break
		}
		hi, lo := bits.Mul64(v, uint64(from))
		sum, carry := bits.Add64(lo, uint64(d), 0)
		if hi != 0 || carry != 0 {
			return "", errs.New("ARITHMETIC_OVERFLOW", "the number has no room in 64 bits in conv").State("22003")
		}
		v = sum
	}
	if negative && to > 0 {
		if int64(v) < 0 {
			v = ^uint64(0)
		} else {
			v = -v
		}
	}
	if to < 0 && int64(v) < 0 {
		v, negative = -v, true
	}
	out := strings.ToUpper(strconv.FormatUint(v, int(width)))
	if negative && to < 0 {
		out = "-" + out
	}
	return out, nil
}

func digitOf(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'z':
		return int(c|0x20-'a') + 10
	}
	return -1
}

// bindElt takes strings, or binary values if all are.
func bindElt(name string, args []Arg) (Bound, error) {
	if len(args) < 2 {
		return Bound{}, arity(name, "> 1", len(args))
	}
	t := types.BinaryType
	for _, a := range args[1:] {
		if a.Type.Kind != types.Binary {
			t = types.StringType
		}
	}
	params := []param{integer32}
	for range args[1:] {
		params = append(params, is(t))
	}
	ts, err := resolve(name, args, len(args), params...)
	if err != nil {
		return Bound{}, err
	}
	return Bound{Params: ts, Result: t, Nullable: true, Kernel: func(_ *Context, args []vec.Col, n int, sel []uint32) (vec.Col, error) {
		return rowLoop(t, n, sel, nil, func(i int) (string, error) {
			if args[0].IsNull(i) {
				return "", errNull
			}
			k := int(vec.Get[int32](&args[0], i))
			if k < 1 || k >= len(args) {
				return "", indexError("INVALID_ARRAY_INDEX", int64(k), len(args)-1)
			}
			if args[k].IsNull(i) {
				return "", errNull
			}
			return args[k].Str(i), nil
		})
	}}, nil
}

// maskDefaults are what mask puts for upper case, lower case, digits and all else; 0 keeps.
var maskDefaults = [4]rune{'X', 'x', 'n', 0}

func bindMask(name string, args []Arg) (Bound, error) {
	text := exact(types.StringType)
	ts, err := resolve(name, args, 1, text, text, text, text, text)
	if err != nil {
		return Bound{}, err
	}
	for _, a := range args[1:] {
		if a.Const != nil && !a.Const.IsNull(0) && a.Type.Kind == types.String && utf8.RuneCount(a.Const.Bytes(0)) != 1 {
			return Bound{}, errs.New("DATATYPE_MISMATCH.INPUT_SIZE_NOT_ONE", "the replacement '%s' in mask must be one character", a.Const.Bytes(0)).State("42K09")
		}
	}
	t := types.StringType
	return Bound{Params: ts, Result: t, Nullable: args[0].Nullable, Kernel: func(_ *Context, args []vec.Col, n int, sel []uint32) (vec.Col, error) {
		return rowLoop(t, n, sel, nil, func(i int) (string, error) {
			if args[0].IsNull(i) {
				return "", errNull
			}
			with := maskDefaults
			for k := 1; k < len(args); k++ {
				with[k-1] = 0
				if !args[k].IsNull(i) {
					with[k-1], _ = utf8.DecodeRuneInString(args[k].Str(i))
				}
			}
			return maskText(args[0].Str(i), &with), nil
		})
	}}, nil
}

func maskText(s string, with *[4]rune) string {
	return strings.Map(func(r rune) rune {
		kind := 3
		switch {
		case unicode.IsUpper(r):
			kind = 0
		case unicode.IsLower(r):
			kind = 1
		case unicode.IsDigit(r):
			kind = 2
		}
		if with[kind] != 0 {
			return with[kind]
		}
		return r
	}, s)
}

// soundexCodes are the codes of A to Z; 7 is passed over. Spark: UTF8String.soundex.
const soundexCodes = "01230127022455012623017202"

func soundex(s string) string {
	upper := func(c byte) byte {
		if c >= 'a' && c <= 'z' {
			c -= 'a' - 'A'
		}
		return c
	}
	if s == "" || upper(s[0]) < 'A' || upper(s[0]) > 'Z' {
		return s
	}
	out := []byte{upper(s[0])}
	last := soundexCodes[out[0]-'A']
	for i := 1; i < len(s) && len(out) < 4; i++ {
		c := upper(s[i])
		if c < 'A' || c > 'Z' {
			last = '0'
			continue
		}
		code := soundexCodes[c-'A']
		if code == '7' {
			continue
		}
		if code != '0' && code != last {
			out = append(out, code)
		}
		last = code
	}
	return string(append(out, "000"[:4-len(out)]...))
}

func luhn(s string) bool {
	sum := 0
	for i := range len(s) {
		d := int(s[len(s)-1-i]) - '0'
		if d < 0 || d > 9 {
			return false
		}
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return s != "" && sum%10 == 0
}

func bindCollation(name string, args []Arg) (Bound, error) {
	ts, err := resolve(name, args, 1, exact(types.StringType))
	s := types.StringType
	return Bound{Params: ts, Result: s, Kernel: func(_ *Context, _ []vec.Col, n int, _ []uint32) (vec.Col, error) {
		return vec.ConstString(s, "SYSTEM.BUILTIN.UTF8_BINARY", n), nil
	}}, err
}

// notFoldable is the error of an argument that must be a constant.
func notFoldable(name string, what string) error {
	return errs.New("DATATYPE_MISMATCH.NON_FOLDABLE_INPUT", "the argument %s of %s must be a constant", what, name).State("42K09")
}

const randomLetters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

func bindRandstr(name string, args []Arg) (Bound, error) {
	ts, err := resolve(name, args, 1, integer32, integer64)
	if err != nil {
		return Bound{}, err
	}
	for i, what := range []string{"length", "seed"}[:len(args)] {
		if args[i].Const == nil {
			return Bound{}, notFoldable(name, what)
		}
	}
	t, src := types.StringType, &source{}
	return Bound{Params: ts, Result: t, Volatile: true, Kernel: func(c *Context, args []vec.Col, n int, sel []uint32) (vec.Col, error) {
		r, unlock := src.start(c, args[1:], n)
		defer unlock()
		return rowLoop(t, n, sel, nil, func(i int) (string, error) {
			if args[0].IsNull(i) {
				return "", nil
			}
			return randomText(r, vec.Get[int32](&args[0], i))
		})
	}}, nil
}

func randomText(r *rand.Rand, size int32) (string, error) {
	if size < 0 {
		return "", errs.New("INVALID_PARAMETER_VALUE.LENGTH", "the length of randstr must not be negative, but it is %d", size).State("22023")
	}
	out := make([]byte, size)
	for i := range out {
		out[i] = randomLetters[r.IntN(len(randomLetters))]
	}
	return string(out), nil
}
