package sql

import (
	"errors"
	"strings"

	"github.com/azud/azud/internal/errs"
)

// Expander resolves ${NAME} and ${NAME:-default} in a text. Its errors get the place.
type Expander func(text string) (string, error)

// setting reads ${…} outside of a string: its value must be one word, number or quoted name,
// so that a setting can never become more SQL than that. The token stands where ${…} does, and
// messages show what was written, not the value, which may be secret.
func (l *lexer) setting(start int) {
	end := strings.IndexByte(l.text[start:], '}')
	if end < 0 {
		l.unclosed(start, 2, "This setting is never closed", "}")
		return
	}
	l.i = start + end + 1
	value, err := l.expand(l.text[start:l.i])
	if err != nil {
		l.bad(start, placed(err))
		return
	}
	toks := lex(&errs.Source{Name: l.src.Name, Text: value}, nil)
	if len(toks) != 2 || toks[0].kind == tkBad || toks[0].kind == tkOp {
		l.bad(start, errs.New("INVALID_SETTING", "The value of %s is not one word or number", l.text[start:l.i]).State("42601").
			WithHint("put it in quotes, '%s', if it is text", l.text[start:l.i]))
		return
	}
	toks[0].pos = errs.Span{Start: start, End: l.i}
	l.toks = append(l.toks, toks[0])
}

// expandString resolves the settings in the string token that was read last.
func (l *lexer) expandString() {
	t := &l.toks[len(l.toks)-1]
	if l.expand == nil || !strings.Contains(t.text, "${") {
		return
	}
	value, err := l.expand(t.text)
	if err != nil {
		span := t.pos
		t.kind, t.bad = tkBad, placed(err).At(l.src, span)
		return
	}
	t.text = value
}

// placed is a copy of an error that may be given a place.
func placed(err error) *errs.Error {
	var e *errs.Error
	if errors.As(err, &e) {
		c := *e
		return &c
	}
	return errs.Wrap(err, "INVALID_SETTING", "A setting cannot be resolved")
}
