package fn

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// likeKernel matches LIKE patterns, and in any case ILIKE ones.
func likeKernel(fold bool) Kernel {
	t := types.BooleanType
	return strict(t, func(_ *Context, args []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
		var pattern string
		var match func(string) bool
		return rowLoop(t, n, sel, valid, func(i int) (bool, error) {
			p, escape := args[1].Str(i), '\\'
			if len(args) > 2 {
				var size int
				if escape, size = utf8.DecodeRuneInString(args[2].Str(i)); size == 0 || size < len(args[2].Str(i)) {
					return false, errs.New("INVALID_ESCAPE_CHAR", "the escape character '%s' is not one character", args[2].Str(i)).State("42604")
				}
			}
			if match == nil || p != pattern || len(args) > 2 {
				m, err := likeMatcher(p, escape, fold)
				if err != nil {
					return false, err
				}
				pattern, match = strings.Clone(p), m
			}
			s := args[0].Str(i)
			if fold {
				s = strings.ToLower(s)
			}
			return match(s), nil
		})
	})
}

// likeMatcher compiles a pattern. Spark: StringUtils.escapeLikeRegex.
func likeMatcher(pattern string, escape rune, fold bool) (func(string) bool, error) {
	if fold {
		pattern = strings.ToLower(pattern)
	}
	// Literal texts between the wildcards; only patterns of % at the ends avoid a regexp.
	var re, literal strings.Builder
	plain, head, tail := true, false, false
	runes := []rune(pattern)
	for k := 0; k < len(runes); k++ {
		switch r := runes[k]; {
		case r == escape:
			k++
			if k == len(runes) {
				return nil, errs.New("INVALID_FORMAT.ESC_AT_THE_END", "the pattern '%s' must not end with the escape character", pattern).State("42601")
			}
			if e := runes[k]; e != '_' && e != '%' && e != escape {
				return nil, errs.New("INVALID_FORMAT.ESC_IN_THE_MIDDLE", "in the pattern '%s' the escape character must not stand before '%c'", pattern, e).
					State("42601").WithHint("double the escape character to mean itself")
			}
			re.WriteString(regexp.QuoteMeta(string(runes[k])))
			literal.WriteRune(runes[k])
		case r == '_':
			plain = false
			re.WriteString("(?s:.)")
		case r == '%':
			switch {
			case k == 0:
				head = true
			case k == len(runes)-1:
				tail = true
			default:
				plain = false
			}
			re.WriteString("(?s:.*)")
		default:
			re.WriteString(regexp.QuoteMeta(string(r)))
			literal.WriteRune(r)
		}
	}
	text := literal.String()
	switch {
	case !plain:
		return regexp.MustCompile(`\A` + re.String() + `\z`).MatchString, nil
	case head && (tail || text == ""):
		return func(s string) bool { return strings.Contains(s, text) }, nil
	case head:
		return func(s string) bool { return strings.HasSuffix(s, text) }, nil
	case tail:
		return func(s string) bool { return strings.HasPrefix(s, text) }, nil
	}
	return func(s string) bool { return s == text }, nil
}
