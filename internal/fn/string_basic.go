package fn

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

func stringFuncs() []Scalar {
	s, i, b := types.StringType, types.IntType, types.BooleanType
	return []Scalar{
		scalar("string", "upper(str)", "The string in upper case.", fixed(s, sure1(s, upper), str), "ucase"),
		scalar("string", "lower(str)", "The string in lower case.", fixed(s, sure1(s, lower), str), "lcase"),
		scalar("string", "initcap(str)", "Each word, separated by spaces, with its first letter in upper case and the others in lower case.", fixed(s, sure1(s, initcap), str)),
		scalar("string", "length(expr)", "The number of characters of a string, or of bytes of a binary value.", byFirst(1, lengthOf, strOrBin), "char_length", "character_length", "len"),
		scalar("string", "octet_length(expr)", "The number of bytes.", fixed(i, sure1(i, func(v string) int32 { return int32(len(v)) }), strOrBin)),
		scalar("string", "bit_length(expr)", "The number of bits.", fixed(i, sure1(i, func(v string) int32 { return int32(8 * len(v)) }), strOrBin)),
		scalar("string", "concat(a, ...)", "The strings, binary values or arrays one after the other; NULL if any is NULL.", direct(bindConcat), "||"),
		scalar("string", "concat_ws(sep, a, ...)", "The strings and elements of string arrays joined by sep; NULLs are left out.", direct(bindConcatWS)),
		scalar("string", "substring(str, pos[, len])", "From position pos (1-based, from the end if negative) on, at most len characters.", byFirst(2, substringOf, strOrBin, integer32, integer32), "substr"),
		scalar("string", "left(str, len)", "The first len characters.", byFirst(2, leftOf, strOrBin, integer32)),
		scalar("string", "right(str, len)", "The last len characters.", fixed(s, sure2(s, right), str, integer32)),
		scalar("string", "substring_index(str, delim, count)", "What stands before the count-th delimiter, or behind it counted from the end if negative.", fixed(s, sure3(s, substringIndex), str, str, integer32)),
		scalar("string", "trim([trimStr, ]str)", "The string without spaces (or characters of trimStr) at both ends.", opt(1, s, trimKernel(true, true), str, str)),
		scalar("string", "ltrim([trimStr, ]str)", "The string without spaces (or characters of trimStr) at its start.", opt(1, s, trimKernel(true, false), str, str)),
		scalar("string", "rtrim([trimStr, ]str)", "The string without spaces (or characters of trimStr) at its end.", opt(1, s, trimKernel(false, true), str, str)),
		scalar("string", "btrim(str[, trimStr])", "The string without spaces (or characters of trimStr) at both ends.", opt(1, s, btrimKernel, str, str)),
		scalar("string", "lpad(str, len[, pad])", "The string padded on the left, or cut, to len characters.", byFirst(2, padOf(true), strOrBin, integer32, strOrBin)),
		scalar("string", "rpad(str, len[, pad])", "The string padded on the right, or cut, to len characters.", byFirst(2, padOf(false), strOrBin, integer32, strOrBin)),
		scalar("string", "replace(str, search[, replace])", "The string with all occurrences of search replaced.", opt(2, s, replaceKernel, str, str, str)),
		scalar("string", "repeat(str, n)", "The string n times.", fixed(s, row2(s, repeat), str, integer32)),
		scalar("string", "space(n)", "A string of n spaces.", fixed(s, row1(s, func(c *Context, n int32) (string, error) { return repeat(c, " ", n) }), integer32)),
		scalar("string", "translate(str, from, to)", "The string with each character of from replaced by that of to at the same place, or removed.", fixed(s, sure3(s, translate), str, str, str)),
		scalar("string", "overlay(str, replace, pos[, len])", "The string with len characters from pos on replaced.", byFirst(3, overlayOf, strOrBin, strOrBin, integer32, integer32)),
		scalar("string", "instr(str, substr)", "The 1-based position of the first occurrence, 0 if there is none.", fixed(i, sure2(i, func(v, sub string) int32 { return locate(sub, v, 1) }), str, str)),
		scalar("string", "locate(substr, str[, pos])", "The 1-based position of the first occurrence from pos on, 0 if there is none.", opt(2, i, locateKernel, str, str, integer32), "position"),
		scalar("string", "contains(a, b)", "True if b occurs in a.", fixed(b, sure2(b, strings.Contains), strOrBin, strOrBin)),
		scalar("string", "startswith(a, b)", "True if a starts with b.", fixed(b, sure2(b, strings.HasPrefix), strOrBin, strOrBin)),
		scalar("string", "endswith(a, b)", "True if a ends with b.", fixed(b, sure2(b, strings.HasSuffix), strOrBin, strOrBin)),
		scalar("string", "find_in_set(str, list)", "The 1-based position of str in a comma-separated list, 0 if it is not there.", fixed(i, sure2(i, findInSet), str, str)),
		scalar("string", "levenshtein(a, b[, threshold])", "The edit distance of two strings; -1 if it is more than a threshold.", opt(2, i, levenshteinKernel, str, str, integer32)),
	}
}

// lower is Java's toLowerCase; Go drops the dot of İ.
func lower(s string) string {
	if strings.Contains(s, "İ") {
		s = strings.ReplaceAll(s, "İ", "i\u0307")
	}
	if strings.Contains(s, "Σ") {
		s = finalSigma(s)
	}
	return strings.ToLower(s)
}

// finalSigma writes the sigma that ends a word. Unicode: SpecialCasing, Final_Sigma.
func finalSigma(s string) string {
	runes := []rune(s)
	for i, r := range runes {
		before := i > 0 && unicode.IsLetter(runes[i-1])
		if r == 'Σ' && before && (i+1 == len(runes) || !unicode.IsLetter(runes[i+1])) {
			runes[i] = 'ς'
		}
	}
	return string(runes)
}

// wideUpper are letters whose upper case has more than one. Unicode: SpecialCasing.
var wideUpper = strings.NewReplacer("ß", "SS", "ŉ", "ʼN", "ǰ", "J\u030c", "ΐ", "Ι\u0308\u0301", "ΰ", "Υ\u0308\u0301",
	"և", "ԵՒ", "ﬀ", "FF", "ﬁ", "FI", "ﬂ", "FL", "ﬃ", "FFI", "ﬄ", "FFL", "ﬅ", "ST", "ﬆ", "ST")

// wideTitle are the same at the start of a word.
var wideTitle = map[rune]string{'ß': "Ss", 'ŉ': "ʼN", 'ﬀ': "Ff", 'ﬁ': "Fi", 'ﬂ': "Fl", 'ﬃ': "Ffi", 'ﬄ': "Ffl", 'ﬅ': "St", 'ﬆ': "St"}

// upper is Java's toUpperCase; Go maps letters one to one.
func upper(s string) string {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return strings.ToUpper(wideUpper.Replace(s))
		}
	}
	return strings.ToUpper(s)
}

func initcap(s string) string {
	words := strings.Split(lower(s), " ")
	for i, w := range words {
		if w != "" {
			r, n := utf8.DecodeRuneInString(w)
			first, ok := wideTitle[r]
			if !ok {
				first = strings.ToTitle(string(r))
			}
			words[i] = first + w[n:]
		}
	}
	return strings.Join(words, " ")
}

func lengthOf(t types.Type) (types.Type, Kernel) {
	if t.Kind == types.Binary {
		return types.IntType, sure1(types.IntType, func(v string) int32 { return int32(len(v)) })
	}
	return types.IntType, sure1(types.IntType, func(v string) int32 { return int32(utf8.RuneCountInString(v)) })
}

// charAt is the byte offset of character n, or the length.
func charAt(s string, n int) int {
	if n <= 0 {
		return 0
	}
	if n >= len(s) {
		return len(s)
	}
	for i := range s {
		if n == 0 {
			return i
		}
		n--
	}
	return len(s)
}

// substring is Spark's UTF8String.substringSQL.
func substring(s string, pos, length int32) string {
	from, to := sqlRange(pos, length, func() int64 { return int64(utf8.RuneCountInString(s)) })
	if to <= from || to <= 0 {
		return ""
	}
	lo := charAt(s, int(max(from, 0)))
	return s[lo : lo+charAt(s[lo:], int(to-max(from, 0)))]
}

// sqlRange turns a 1-based position (negative: from the end) and a length into a
// half-open range, which may begin before 0.
func sqlRange(pos, length int32, size func() int64) (from, to int64) {
	switch {
	case pos > 0:
		from = int64(pos) - 1
	case pos < 0:
		from = size() + int64(pos)
	}
	return from, from + int64(length)
}

func substringBytes(s string, pos, length int32) string {
	from, to := sqlRange(pos, length, func() int64 { return int64(len(s)) })
	from, to = max(from, 0), min(to, int64(len(s)))
	if to <= from {
		return ""
	}
	return s[from:to]
}

const noLimit = 1<<31 - 1

func substringOf(t types.Type) (types.Type, Kernel) {
	f := substring
	if t.Kind == types.Binary {
		f = substringBytes
	}
	two := sure2(t, func(s string, pos int32) string { return f(s, pos, noLimit) })
	return t, byCount(two, 3, sure3(t, f))
}

// byCount takes one kernel for calls of n arguments and another for all others.
func byCount(other Kernel, n int, k Kernel) Kernel {
	return func(c *Context, args []vec.Col, rows int, sel []uint32) (vec.Col, error) {
		if len(args) == n {
			return k(c, args, rows, sel)
		}
		return other(c, args, rows, sel)
	}
}

func leftOf(t types.Type) (types.Type, Kernel) {
	f := substring
	if t.Kind == types.Binary {
		f = substringBytes
	}
	return t, sure2(t, func(s string, n int32) string { return f(s, 1, n) })
}

func right(s string, n int32) string {
	if n <= 0 {
		return ""
	}
	return substring(s, -n, noLimit)
}

func substringIndex(s, delim string, count int32) string {
	if delim == "" || count == 0 {
		return ""
	}
	rest := s
	for at := 0; count > 0; count-- {
		i := strings.Index(rest[at:], delim)
		if i < 0 {
			return s
		}
		if count == 1 {
			return s[:at+i]
		}
		at += i + 1
	}
	for end := len(s); ; count++ {
		i := strings.LastIndex(s[:end], delim)
		if i < 0 {
			return s
		}
		if count == -1 {
			return s[i+len(delim):]
		}
		end = i + len(delim) - 1
	}
}

func trimSet(s, set string, left, right bool) string {
	in := func(r rune) bool { return strings.ContainsRune(set, r) }
	if left {
		s = strings.TrimLeftFunc(s, in)
	}
	if right {
		s = strings.TrimRightFunc(s, in)
	}
	return s
}

// trimKernel: with two arguments the first is the set of characters, as in Spark.
func trimKernel(left, right bool) Kernel {
	t := types.StringType
	one := sure1(t, func(s string) string { return trimSet(s, " ", left, right) })
	return byCount(one, 2, sure2(t, func(set, s string) string { return trimSet(s, set, left, right) }))
}

func btrimKernel(c *Context, args []vec.Col, n int, sel []uint32) (vec.Col, error) {
	if len(args) == 2 {
		args = []vec.Col{args[1], args[0]}
	}
	return trimKernel(true, true)(c, args, n, sel)
}

func padKernel(left bool) Kernel {
	t := types.StringType
	f := func(_ *Context, s string, n int32, p string) (string, error) {
		if n > maxText && p != "" {
			return "", tooLong()
		}
		return pad(s, int(n), p, left), nil
	}
	return byCount(row2(t, func(c *Context, s string, n int32) (string, error) { return f(c, s, n, " ") }), 3, row3(t, f))
}

// padOf pads bytes with zeros where nothing else is given.
func padOf(left bool) func(t types.Type) (types.Type, Kernel) {
	return func(t types.Type) (types.Type, Kernel) {
		if t.Kind == types.String {
			return t, padKernel(left)
		}
		f := func(_ *Context, s string, n int32, p string) (string, error) {
			missing := int(n) - len(s)
			switch {
			case n <= 0:
				return "", nil
			case missing <= 0:
				return s[:n], nil
			case p == "":
				return s, nil
			case n > maxText:
				return "", tooLong()
			}
			fill := strings.Repeat(p, missing/len(p)+1)[:missing]
			if left {
				return fill + s, nil
			}
			return s + fill, nil
		}
		return t, byCount(row2(t, func(c *Context, s string, n int32) (string, error) { return f(c, s, n, "\x00") }), 3, row3(t, f))
	}
}

func pad(s string, n int, p string, left bool) string {
	missing := n - utf8.RuneCountInString(s)
	switch {
	case n <= 0:
		return ""
	case missing <= 0:
		return s[:charAt(s, n)]
	case p == "":
		return s
	}
	size := utf8.RuneCountInString(p)
	fill := strings.Repeat(p, missing/size) + p[:charAt(p, missing%size)]
	if left {
		return fill + s
	}
	return s + fill
}

func replaceAll(s, search, by string) string {
	if search == "" {
		return s
	}
	return strings.ReplaceAll(s, search, by)
}

func replaceKernel(c *Context, args []vec.Col, n int, sel []uint32) (vec.Col, error) {
	t := types.StringType
	two := sure2(t, func(s, search string) string { return replaceAll(s, search, "") })
	return byCount(two, 3, sure3(t, replaceAll))(c, args, n, sel)
}

// maxText is the longest text, in bytes, that repeat and pad make.
const maxText = 1 << 28

func repeat(_ *Context, s string, n int32) (string, error) {
	switch {
	case n <= 0:
		return "", nil
	case len(s)*int(n) > maxText:
		return "", tooLong()
	}
	return strings.Repeat(s, int(n)), nil
}

func translate(s, from, to string) string {
	target := []rune(to)
	m := map[rune]rune{}
	k := 0
	for _, r := range from {
		if _, dup := m[r]; !dup {
			m[r] = -1
			if k < len(target) {
				m[r] = target[k]
			}
		}
		k++
	}
	return strings.Map(func(r rune) rune {
		if by, ok := m[r]; ok {
			return by
		}
		return r
	}, s)
}

// overlayOf counts characters, or bytes of binary values.
func overlayOf(t types.Type) (types.Type, Kernel) {
	return t, func(c *Context, args []vec.Col, n int, sel []uint32) (vec.Col, error) {
		return overlayKernel(t, c, args, n, sel)
	}
}

func overlayKernel(t types.Type, c *Context, args []vec.Col, n int, sel []uint32) (vec.Col, error) {
	overlay := overlay
	if t.Kind == types.Binary {
		overlay = overlayBytes
	}
	if len(args) == 4 {
		k := strict(t, func(_ *Context, a []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
			s, by, pos, l := getter[string](&a[0]), getter[string](&a[1]), getter[int32](&a[2]), getter[int32](&a[3])
			return rowLoop(t, n, sel, valid, func(i int) (string, error) { return overlay(s(i), by(i), pos(i), l(i)), nil })
		})
		return k(c, args, n, sel)
	}
	return sure3(t, func(s, by string, pos int32) string { return overlay(s, by, pos, -1) })(c, args, n, sel)
}

func overlay(s, by string, pos, length int32) string {
	if length < 0 {
		length = int32(utf8.RuneCountInString(by))
	}
	return substring(s, 1, pos-1) + by + substring(s, pos+length, noLimit)
}

func overlayBytes(s, by string, pos, length int32) string {
	if length < 0 {
		length = int32(len(by))
	}
	return substringBytes(s, 1, pos-1) + by + substringBytes(s, pos+length, noLimit)
}

// locate finds sub in s from character pos on.
func locate(sub, s string, pos int32) int32 {
	if pos < 1 {
		return 0
	}
	from := charAt(s, int(pos)-1)
	i := strings.Index(s[from:], sub)
	if i < 0 {
		return 0
	}
	return int32(utf8.RuneCountInString(s[:from+i])) + 1
}

func locateKernel(c *Context, args []vec.Col, n int, sel []uint32) (vec.Col, error) {
	t := types.IntType
	two := sure2(t, func(sub, s string) int32 { return locate(sub, s, 1) })
	return byCount(two, 3, sure3(t, locate))(c, args, n, sel)
}

func findInSet(s, list string) int32 {
	if strings.Contains(s, ",") {
		return 0
	}
	for i, e := range strings.Split(list, ",") {
		if e == s {
			return int32(i + 1)
		}
	}
	return 0
}

func levenshteinKernel(c *Context, args []vec.Col, n int, sel []uint32) (vec.Col, error) {
	t := types.IntType
	return byCount(sure2(t, levenshtein), 3, sure3(t, func(a, b string, most int32) int32 {
		if d := levenshtein(a, b); d <= most {
			return d
		}
		return -1
	}))(c, args, n, sel)
}

func levenshtein(a, b string) int32 {
	x, y := []rune(a), []rune(b)
	row := make([]int32, len(y)+1)
	for j := range row {
		row[j] = int32(j)
	}
	for i, r := range x {
		diag := row[0]
		row[0] = int32(i + 1)
		for j, q := range y {
			cost := int32(boolInt(r != q))
			diag, row[j+1] = row[j+1], min(diag+cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(y)]
}
