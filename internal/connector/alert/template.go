package alert

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
)

// template is lines of parts. A part is literal text, a column or a fill; fills share what
// a line lacks to the width of the widest line.
type template [][]part

type part struct {
	text   string // literal
	column string // or a column's name
	fill   rune   // or a fill's character
	least  int    // a fill's least count
}

func parseTemplate(s string) (template, error) {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\r\n", "\n")
	s = strings.TrimRight(strings.TrimPrefix(s, "\n"), "\n")
	if s == "" {
		return nil, errors.New("it is empty")
	}
	var t template
	for n, line := range strings.Split(s, "\n") {
		parts, err := parseLine(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n+1, err)
		}
		t = append(t, parts)
	}
	return t, nil
}

func parseLine(s string) ([]part, error) {
	var parts []part
	for s != "" {
		i := strings.IndexByte(s, '{')
		if i < 0 {
			return append(parts, part{text: s}), nil
		}
		if i > 0 {
			parts = append(parts, part{text: s[:i]})
		}
		if strings.HasPrefix(s[i:], "{{") {
			parts = append(parts, part{text: "{"})
			s = s[i+2:]
			continue
		}
		end := strings.IndexByte(s[i:], '}')
		if end < 0 {
			return nil, fmt.Errorf("%q has no closing brace (a brace itself is written {{)", s[i:])
		}
		p, err := parsePart(strings.TrimSpace(s[i+1 : i+end]))
		if err != nil {
			return nil, err
		}
		parts = append(parts, p)
		s = s[i+end+1:]
	}
	return parts, nil
}

// parsePart reads what stands between braces.
func parsePart(s string) (part, error) {
	words := strings.Fields(s)
	if len(words) == 0 {
		return part{}, fmt.Errorf("{} names no column")
	}
	if words[0] != "fill" {
		return part{column: s}, nil
	}
	p := part{fill: ' '}
	if len(words) > 1 {
		r, n := utf8.DecodeRuneInString(words[1])
		if n != len(words[1]) || cells(words[1]) != 1 {
			return p, fmt.Errorf("{%s}: fill takes one character of normal width", s)
		}
		p.fill = r
	}
	if len(words) > 2 {
		n, err := strconv.Atoi(words[2])
		if err != nil || n < 0 || n > 1000 {
			return p, fmt.Errorf("{%s}: the least width is a number from 0 to 1000", s)
		}
		p.least = n
	}
	return p, nil
}

// check makes sure that every column of the template is in the query's result.
func (t template) check(s types.Schema) error {
	for n, line := range t {
		for _, p := range line {
			if p.column == "" || s.Index(p.column) >= 0 {
				continue
			}
			e := errs.New("UNRESOLVED_COLUMN.WITH_SUGGESTION", "line %d of the template: {%s} is not a column of the query", n+1, p.column).State("42703")
			return e.WithHint("its columns are %s", strings.Join(s.Names(), ", "))
		}
	}
	return nil
}

// render makes an alert's text, ending in a line feed. value gives a column's text.
func (t template) render(value func(column string) string) string {
	widest := 0
	lines := make([][]string, len(t)) // the parts' texts; fills still empty
	for i, line := range t {
		lines[i] = make([]string, len(line))
		n := 0
		for j, p := range line {
			switch {
			case p.column != "":
				lines[i][j] = value(p.column)
			default:
				lines[i][j] = p.text
			}
			n += cells(lines[i][j]) + p.least
		}
		widest = max(widest, n)
	}
	var out strings.Builder
	for i, line := range t {
		stretch(line, lines[i], widest)
		for _, s := range lines[i] {
			out.WriteString(s)
		}
		out.WriteByte('\n')
	}
	return out.String()
}

// stretch gives a line's fills their least and, in equal parts, what the line still lacks;
// the first ones take the remainder.
func stretch(line []part, texts []string, widest int) {
	fills, lack := 0, widest
	for j, p := range line {
		if p.fill != 0 {
			fills++
		}
		lack -= cells(texts[j]) + p.least
	}
	for j, p := range line {
		if p.fill == 0 {
			continue
		}
		n := (lack + fills - 1) / fills
		texts[j] = strings.Repeat(string(p.fill), p.least+n)
		lack -= n
		fills--
	}
}

// cells is the number of terminal cells that a text takes: wide characters take two,
// combining ones none.
func cells(s string) int {
	n := 0
	for _, r := range s {
		switch k := width.LookupRune(r).Kind(); {
		case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		case k == width.EastAsianWide || k == width.EastAsianFullwidth:
			n += 2
		default:
			n++
		}
	}
	return n
}
