package exec

import (
	"errors"
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/vec"
)

// place is where an expression stands in the user's text.
type place struct {
	src *errs.Source
	at  errs.Span
}

// wrapRow is wrap for an error in a row of b: it says where the row comes from, if that is known.
func (p place) wrapRow(b *vec.Batch, err error) error {
	var row *fn.RowError
	var e *errs.Error
	if err == nil || b.Origin == nil || !errors.As(err, &row) || !errors.As(err, &e) || e.Source != nil {
		return p.wrap(err)
	}
	from := *e
	from.Hint = strings.TrimSuffix("the row is at "+b.Origin(row.Row)+"; "+e.Hint, "; ")
	return p.wrap(&fn.RowError{Row: row.Row, Err: &from})
}

// wrap gives an error of a row the place of its expression, unless it has one. The error
// may be shared between rows and queries, so it is copied.
func (p place) wrap(err error) error {
	if err == nil || p.src == nil || p.at == (errs.Span{}) {
		return err
	}
	var e *errs.Error
	if !errors.As(err, &e) || e.Source != nil {
		return err
	}
	placed := *e
	placed.At(p.src, p.at)
	var row *fn.RowError
	if errors.As(err, &row) {
		return &fn.RowError{Row: row.Row, Err: &placed}
	}
	return &placed
}

func internalf(format string, args ...any) error {
	return errs.New("INTERNAL_ERROR", format, args...)
}

// PanicError is the cause of an INTERNAL_ERROR that was a panic. Stack is for the log.
type PanicError struct {
	Value any
	Stack []byte
}

func (e *PanicError) Error() string { return fmt.Sprint(e.Value) }

// fromPanic makes an error of what recover returned. One with a class is meant for people: vec
// ends a column that grows too large so.
func fromPanic(v any) error {
	if e, ok := v.(*errs.Error); ok {
		return e
	}
	return errs.Wrap(&PanicError{Value: v, Stack: debug.Stack()}, "INTERNAL_ERROR", "a query operator failed unexpectedly").
		WithHint("this is a defect of Azud; the log has the details")
}

// protect turns a panic of the calling function into its error; use it with defer.
func protect(err *error) {
	if v := recover(); v != nil {
		*err = fromPanic(v)
	}
}

// maxBytes bounds what a sort, or the result of a query, holds in memory. It is below what the
// offsets of one column of strings can address, 2 GiB.
const maxBytes = 1 << 30

// tooLarge is the error of rows beyond such a bound, in bytes.
func tooLarge(what string, bytes int) *errs.Error {
	return errs.New("RESULT_TOO_LARGE", "%s take more than %s of memory", what, sizeText(int64(bytes)))
}

// sizeText shows a number of bytes.
func sizeText(n int64) string {
	if n >= 1<<20 {
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%d bytes", n)
}
