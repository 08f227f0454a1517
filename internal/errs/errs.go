package errs

import (
	"errors"
	"fmt"
	"strings"
)

// Error is what a person sees when something they wrote or gave cannot be used.
// It is immutable once returned; the With methods return the receiver for chaining
// while it is being built.
type Error struct {
	Class    string  // Spark's error class where there is one, e.g. "UNRESOLVED_COLUMN.WITH_SUGGESTION"
	SQLState string  // five characters, "" if unknown
	Msg      string  // one sentence without the class: what is wrong
	Hint     string  // what to write or do instead; "" if nothing better is known
	Span     Span    // place in Source; the zero span means no place
	Source   *Source // the text that Span indexes; nil means no place
	Cause    error   // the underlying error, for errors.Is and errors.As
}

// New makes an error of a class with a formatted message.
func New(class, format string, args ...any) *Error {
	return &Error{Class: class, Msg: fmt.Sprintf(format, args...)}
}

// Wrap makes an error of a class whose cause is err.
func Wrap(err error, class, format string, args ...any) *Error {
	return &Error{Class: class, Msg: fmt.Sprintf(format, args...), Cause: err}
}

// At sets the place.
func (e *Error) At(src *Source, s Span) *Error { e.Source, e.Span = src, s; return e }

// WithHint sets the remedy.
func (e *Error) WithHint(format string, args ...any) *Error {
	e.Hint = fmt.Sprintf(format, args...)
	return e
}

// State sets the SQLSTATE.
func (e *Error) State(s string) *Error { e.SQLState = s; return e }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Error is the one-line form: [CLASS] message: cause (at file:line:col).
func (e *Error) Error() string {
	var b strings.Builder
	if e.Class != "" {
		fmt.Fprintf(&b, "[%s] ", e.Class)
	}
	b.WriteString(e.Msg)
	if e.Cause != nil {
		fmt.Fprintf(&b, ": %v", e.Cause)
	}
	if e.Source != nil {
		fmt.Fprintf(&b, " (%s)", e.Source.Where(e.Span))
	}
	return b.String()
}

// Render is the form for a terminal: the message, the place with a caret under the
// user's own text, and the remedy. Any error that is not an *Error renders as itself.
func Render(err error) string {
	var e *Error
	if !errors.As(err, &e) {
		return err.Error()
	}
	var b strings.Builder
	if e.Class != "" {
		fmt.Fprintf(&b, "[%s] ", e.Class)
	}
	b.WriteString(e.Msg)
	if e.Cause != nil {
		fmt.Fprintf(&b, ": %v", e.Cause)
	}
	place, hint := e.deepest()
	if place != nil {
		b.WriteString("\n")
		b.WriteString(place.Source.Caret(place.Span))
	}
	if hint != "" {
		fmt.Fprintf(&b, "\nhint: %s", hint)
	}
	return b.String()
}

// deepest is the place and the remedy of the error, or of the first cause that has one.
func (e *Error) deepest() (place *Error, hint string) {
	for c := e; c != nil; {
		if place == nil && c.Source != nil {
			place = c
		}
		if hint == "" {
			hint = c.Hint
		}
		var next *Error
		if c.Cause == nil || !errors.As(c.Cause, &next) {
			break
		}
		c = next
	}
	return place, hint
}

// ClassOf returns the class of the first *Error in err's chain, or "".
func ClassOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Class
	}
	return ""
}
