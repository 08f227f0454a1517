package fn

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// Regular expressions are Go's (RE2), not Java's: without lookaround, back references and
// possessive quantifiers, but in linear time. Where both accept a pattern they agree on
// what ordinary patterns match.

func regexpFuncs() []Scalar {
	s, b, i := types.StringType, types.BooleanType, types.IntType
	list := types.ArrayOf(s, false)
	return []Scalar{
		scalar("predicate", "like(str, pattern[, escape])", "True if the string matches a pattern of % (any text) and _ (any character).", opt(2, b, likeKernel(false), str, str, str)),
		scalar("predicate", "ilike(str, pattern[, escape])", "As like, in any case.", opt(2, b, likeKernel(true), str, str, str)),
		scalar("predicate", "rlike(str, regexp)", "True if a part of the string matches a regular expression (RE2 syntax).", fixed(b, regexpKernel(b, func(r *regexp.Regexp, s string) bool { return r.MatchString(s) }), str, str), "regexp", "regexp_like"),
		scalar("string", "regexp_replace(str, regexp, rep[, position])", "The string with all matches replaced; $1 stands for a group.", direct(bindRegexpReplace)),
		scalar("string", "regexp_extract(str, regexp[, idx])", "Group idx (1 if not given, 0: the whole) of the first match, '' if there is none.", opt(2, s, regexpExtract, str, str, integer32)),
		scalar("string", "regexp_extract_all(str, regexp[, idx])", "Group idx of all matches.", opt(2, list, regexpExtractAll, str, str, integer32)),
		scalar("string", "regexp_count(str, regexp)", "The number of matches.", fixed(i, regexpKernel(i, func(r *regexp.Regexp, s string) int32 { return int32(len(javaMatches(r, s))) }), str, str)),
		scalar("string", "regexp_instr(str, regexp)", "The 1-based position of the first match, 0 if there is none.", fixed(i, regexpKernel(i, regexpInstr), str, str)),
		scalar("string", "regexp_substr(str, regexp)", "The first match, NULL if there is none.", orNullable(fixed(s, regexpSubstr, str, str))),
		scalar("string", "split(str, regexp[, limit])", "The parts of the string between matches, at most limit of them if that is positive.", opt(2, list, splitKernel, str, str, integer32)),
		scalar("string", "split_part(str, delim, n)", "Part n (1-based, from the end if negative) between delimiters, '' if there is none.", fixed(s, row3(s, splitPart), str, str, integer32)),
	}
}

// compiled remembers the last pattern, which is nearly always the only one.
type compiled struct {
	pattern string
	re      *regexp.Regexp
}

func (c *compiled) get(pattern string) (*regexp.Regexp, error) {
	if c.re == nil || c.pattern != pattern {
		re, err := regexp.Compile(pattern)
		if err != nil {
			return nil, errs.Wrap(err, "INVALID_PARAMETER_VALUE.PATTERN", "'%s' is not a regular expression that can be used", pattern).
				State("22023").WithHint("the syntax is RE2: no lookaround, no back references, no possessive quantifiers")
		}
		c.pattern, c.re = strings.Clone(pattern), re
	}
	return c.re, nil
}

// regexpKernel makes a kernel of (str, regexp).
func regexpKernel[R value](t types.Type, f func(r *regexp.Regexp, s string) R) Kernel {
	return strict(t, func(_ *Context, args []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
		var cache compiled
		return rowLoop(t, n, sel, valid, func(i int) (R, error) {
			re, err := cache.get(args[1].Str(i))
			if err != nil {
				return *new(R), err
			}
			return f(re, args[0].Str(i)), nil
		})
	})
}

func regexpInstr(r *regexp.Regexp, s string) int32 {
	m := r.FindStringIndex(s)
	if m == nil {
		return 0
	}
	return int32(utf8.RuneCountInString(s[:m[0]])) + 1
}

func regexpSubstr(c *Context, args []vec.Col, n int, sel []uint32) (vec.Col, error) {
	t := types.StringType
	return strict(t, func(_ *Context, args []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
		var cache compiled
		return rowLoop(t, n, sel, valid, func(i int) (string, error) {
			re, err := cache.get(args[1].Str(i))
			if err != nil {
				return "", err
			}
			m := re.FindStringIndex(args[0].Str(i))
			if m == nil {
				return "", errNull
			}
			return args[0].Str(i)[m[0]:m[1]], nil
		})
	})(c, args, n, sel)
}

func bindRegexpReplace(name string, args []Arg) (Bound, error) {
	if len(args) == 4 && args[3].Const != nil && args[3].Type.IsIntegral() && !args[3].Const.IsNull(0) && intValue(args[3].Const, 0) < 1 {
		return Bound{}, errs.New("DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE", "the position of %s must be above 0", name).State("42K09")
	}
	return opt(3, types.StringType, regexpReplace, str, str, str, integer32)(name)(args)
}

func regexpReplace(c *Context, args []vec.Col, n int, sel []uint32) (vec.Col, error) {
	t := types.StringType
	return strict(t, func(_ *Context, args []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
		var cache compiled
		return rowLoop(t, n, sel, valid, func(i int) (string, error) {
			re, err := cache.get(args[1].Str(i))
			if err != nil {
				return "", err
			}
			s, from := args[0].Str(i), 0
			if len(args) > 3 {
				from = charAt(s, int(vec.Get[int32](&args[3], i))-1)
			}
			tail, err := replaceMatches(re, s[from:], args[2].Str(i))
			return s[:from] + tail, err
		})
	})(c, args, n, sel)
}

// replaceMatches is Java's Matcher.replaceAll: $n and ${name} are groups, a backslash
// takes the next character as it is.
func replaceMatches(re *regexp.Regexp, s, rep string) (string, error) {
	var out []byte
	last := 0
	for _, m := range javaMatches(re, s) {
		out = append(out, s[last:m[0]]...)
		var err error
		if out, err = expand(out, re, rep, s, m); err != nil {
			return "", err
		}
		last = m[1]
	}
	return string(append(out, s[last:]...)), nil
}

func expand(out []byte, re *regexp.Regexp, rep, s string, m []int) ([]byte, error) {
	for i := 0; i < len(rep); i++ {
		switch c := rep[i]; {
		case c == '\\' && i+1 < len(rep):
			i++
			out = append(out, rep[i])
		case c == '$':
			group, size := groupRef(re, rep[i+1:])
			if group < 0 {
				return nil, errs.New("INVALID_REGEXP_REPLACE", "the replacement '%s' refers to a group that the pattern '%s' has not", rep, re).
					State("22023").WithHint(`write \\$ for a dollar sign`)
			}
			if lo := m[2*group]; lo >= 0 {
				out = append(out, s[lo:m[2*group+1]]...)
			}
			i += size
		default:
			out = append(out, c)
		}
	}
	return out, nil
}

// javaMatches are the matches that Java's Matcher.find gives: unlike Go it also takes a match of
// nothing right behind another match. (An assertion there is judged without what stands before.)
func javaMatches(re *regexp.Regexp, s string) [][]int {
	found := re.FindAllStringSubmatchIndex(s, -1)
	if !re.MatchString("") {
		return found
	}
	var out [][]int
	for i, m := range found {
		out = append(out, m)
		next := i+1 < len(found) && found[i+1][0] == m[1]
		if m[0] == m[1] || next {
			continue
		}
		if e := re.FindStringSubmatchIndex(s[m[1]:]); e != nil && e[0] == 0 && e[1] == 0 {
			for k := range e {
				if e[k] >= 0 {
					e[k] += m[1]
				}
			}
			out = append(out, e)
		}
	}
	return out
}

// groupRef reads what follows a dollar sign: the group's number, or -1, and its length.
func groupRef(re *regexp.Regexp, s string) (group, size int) {
	if strings.HasPrefix(s, "{") {
		end := strings.IndexByte(s, '}')
		if end < 0 {
			return -1, 0
		}
		return re.SubexpIndex(s[1:end]), end + 1
	}
	if s == "" || s[0] < '0' || s[0] > '9' {
		return -1, 0
	}
	group = int(s[0] - '0')
	for size = 1; size < len(s) && s[size] >= '0' && s[size] <= '9'; size++ {
		next := group*10 + int(s[size]-'0')
		if next > re.NumSubexp() {
			break
		}
		group = next
	}
	if group > re.NumSubexp() {
		return -1, 0
	}
	return group, size
}

// groupIndex is the third argument of regexp_extract, checked.
func groupIndex(args []vec.Col, i int, re *regexp.Regexp, name string) (int, error) {
	idx := 1
	if len(args) > 2 {
		idx = int(vec.Get[int32](&args[2], i))
	}
	if idx < 0 || idx > re.NumSubexp() {
		return 0, errs.New("INVALID_PARAMETER_VALUE.REGEX_GROUP_INDEX",
			"the group index of %s must be between 0 and %d, but it is %d", name, re.NumSubexp(), idx).State("22023")
	}
	return idx, nil
}

func groupText(s string, m []int, idx int) string {
	if m[2*idx] < 0 {
		return ""
	}
	return s[m[2*idx]:m[2*idx+1]]
}

func regexpExtract(c *Context, args []vec.Col, n int, sel []uint32) (vec.Col, error) {
	t := types.StringType
	return strict(t, func(_ *Context, args []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
		var cache compiled
		return rowLoop(t, n, sel, valid, func(i int) (string, error) {
			re, err := cache.get(args[1].Str(i))
			if err != nil {
				return "", err
			}
			s := args[0].Str(i)
			m := re.FindStringSubmatchIndex(s)
			if m == nil {
				return "", nil
			}
			idx, err := groupIndex(args, i, re, "regexp_extract")
			if err != nil {
				return "", err
			}
			return groupText(s, m, idx), nil
		})
	})(c, args, n, sel)
}

func regexpExtractAll(c *Context, args []vec.Col, n int, sel []uint32) (vec.Col, error) {
	t := types.ArrayOf(types.StringType, false)
	return strict(t, func(_ *Context, args []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
		var cache compiled
		return buildRows(t, n, sel, valid, func(b *vec.ColBuilder, i int) error {
			re, err := cache.get(args[1].Str(i))
			if err != nil {
				return err
			}
			idx, err := groupIndex(args, i, re, "regexp_extract_all")
			if err != nil {
				return err
			}
			s := args[0].Str(i)
			for _, m := range javaMatches(re, s) {
				b.Child(0).AppendString(groupText(s, m, idx))
			}
			b.EndList()
			return nil
		})
	})(c, args, n, sel)
}

func splitKernel(c *Context, args []vec.Col, n int, sel []uint32) (vec.Col, error) {
	t := types.ArrayOf(types.StringType, false)
	return strict(t, func(_ *Context, args []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
		var cache compiled
		return buildRows(t, n, sel, valid, func(b *vec.ColBuilder, i int) error {
			re, err := cache.get(args[1].Str(i))
			if err != nil {
				return err
			}
			limit := -1
			if len(args) > 2 {
				limit = int(vec.Get[int32](&args[2], i))
			}
			for _, part := range splitText(re, args[0].Str(i), limit) {
				b.Child(0).AppendString(part)
			}
			b.EndList()
			return nil
		})
	})(c, args, n, sel)
}

// splitText is Java's Pattern.split, with trailing empty parts: a match of nothing at the
// start gives no part. An empty pattern gives the characters, as Spark has it.
func splitText(re *regexp.Regexp, s string, limit int) []string {
	var out []string
	last := 0
	for _, m := range javaMatches(re, s) {
		if limit > 0 && len(out) == limit-1 {
			break
		}
		if m[1] == 0 || m[0] == len(s) && m[0] == m[1] && re.String() == "" {
			continue
		}
		out = append(out, s[last:m[0]])
		last = m[1]
	}
	return append(out, s[last:])
}

func splitPart(_ *Context, s, delim string, n int32) (string, error) {
	if n == 0 {
		return "", errs.New("INVALID_INDEX_OF_ZERO", "the index 0 is invalid: an index is either below 0 or above 0 (the first part is 1)").State("22003")
	}
	parts := []string{s}
	if delim != "" {
		parts = strings.Split(s, delim)
	}
	k := int(n) - 1
	if n < 0 {
		k = len(parts) + int(n)
	}
	if k < 0 || k >= len(parts) {
		return "", nil
	}
	return parts[k], nil
}
