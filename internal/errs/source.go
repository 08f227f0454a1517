package errs

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Span is a half-open range of byte offsets in a Source's text.
type Span struct{ Start, End int }

// To returns the span from the start of s to the end of t.
func (s Span) To(t Span) Span { return Span{s.Start, t.End} }

// Source is a text the user wrote, with the name they know it by (a file, "-e", "console").
type Source struct {
	Name string
	Text string
}

// Pos returns the 1-based line and column (in characters) of a byte offset.
func (s *Source) Pos(off int) (line, col int) {
	off = max(0, min(off, len(s.Text)))
	before := s.Text[:off]
	line = strings.Count(before, "\n") + 1
	return line, utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]) + 1
}

// Where is the place as name:line:column.
func (s *Source) Where(sp Span) string {
	line, col := s.Pos(sp.Start)
	return fmt.Sprintf("%s:%d:%d", s.Name, line, col)
}

// Caret shows the line of the span with carets under it:
//
//	 --> file.sql:2:8
//	  |
//	2 | SELECT x
//	  |        ^
func (s *Source) Caret(sp Span) string {
	line, col := s.Pos(sp.Start)
	start := strings.LastIndexByte(s.Text[:max(0, min(sp.Start, len(s.Text)))], '\n') + 1
	text := s.Text[start:]
	if i := strings.IndexByte(text, '\n'); i >= 0 {
		text = text[:i]
	}
	text = strings.TrimRight(text, "\r")
	width := 1
	if end := min(sp.End, start+len(text)); end > sp.Start {
		width = utf8.RuneCountInString(s.Text[sp.Start:end])
	}
	var pad strings.Builder // tabs stay tabs, so that the caret lands under its character
	for i, r := range []rune(text) {
		if i >= col-1 {
			break
		}
		if r == '\t' {
			pad.WriteByte('\t')
		} else {
			pad.WriteByte(' ')
		}
	}
	num := fmt.Sprint(line)
	gutter := strings.Repeat(" ", len(num))
	return fmt.Sprintf("%s--> %s\n%s |\n%s | %s\n%s | %s%s",
		gutter, s.Where(sp), gutter, num, text, gutter, pad.String(), strings.Repeat("^", width))
}
