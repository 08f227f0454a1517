package fn

import (
	"strings"
	"unicode"

	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

func sentencesKernel(c *Context, args []vec.Col, n int, sel []uint32) (vec.Col, error) {
	t := types.ArrayOf(types.ArrayOf(types.StringType, false), false)
	return buildRows(t, n, sel, nil, func(b *vec.ColBuilder, i int) error {
		if args[0].IsNull(i) {
			return errNull
		}
		for _, s := range splitSentences([]rune(args[0].Str(i))) {
			words := splitWords(s)
			if len(words) == 0 {
				continue
			}
			for _, w := range words {
				b.Child(0).Child(0).AppendString(w)
			}
			b.Child(0).EndList()
		}
		b.EndList()
		return nil
	})
}

// splitSentences cuts behind . ! ? and closing marks followed by white space, unless a small
// letter goes on. java.text.BreakIterator, the rules that European languages need.
func splitSentences(s []rune) [][]rune {
	var out [][]rune
	start := 0
	for i := 0; i < len(s); i++ {
		if !strings.ContainsRune(".!?。！？", s[i]) {
			continue
		}
		end := i + 1
		for end < len(s) && strings.ContainsRune(`.!?"')]}»”’`, s[end]) {
			end++
		}
		next := end
		for next < len(s) && unicode.IsSpace(s[next]) {
			next++
		}
		if next == end && next < len(s) && s[i] < 0x80 || next < len(s) && s[i] == '.' && unicode.IsLower(s[next]) {
			continue
		}
		out = append(out, s[start:next])
		start, i = next, next-1
	}
	return append(out, s[start:])
}

// splitWords are runs of letters and digits, joined by one hyphen, apostrophe or point inside a
// word, or one point or comma inside a number.
func splitWords(s []rune) []string {
	letter := func(i int) bool {
		return i >= 0 && i < len(s) && (unicode.IsLetter(s[i]) || unicode.IsMark(s[i]) || s[i] == '_')
	}
	digit := func(i int) bool { return i >= 0 && i < len(s) && unicode.IsDigit(s[i]) }
	var out []string
	for i := 0; i < len(s); {
		if !letter(i) && !digit(i) {
			i++
			continue
		}
		start := i
		for letter(i) || digit(i) ||
			i < len(s) && letter(i-1) && letter(i+1) && (strings.ContainsRune(`'".`, s[i]) || unicode.Is(unicode.Pd, s[i])) ||
			i < len(s) && digit(i-1) && digit(i+1) && strings.ContainsRune(`'".,`, s[i]) {
			i++
		}
		out = append(out, string(s[start:i]))
	}
	return out
}
