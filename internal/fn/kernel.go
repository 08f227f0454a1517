package fn

import (
	"errors"
	"iter"
	"math"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// value are the Go types that the generic helpers read and write: the fixed-width ones,
// and string for String and Binary.
type value interface {
	vec.Fixed | string
}

// errNull is returned by a row function whose result is NULL.
var errNull = errors.New("null")

// reader gives typed access to the rows of a fixed-width column in any encoding.
type reader[T vec.Fixed] struct {
	v    []T
	ids  []uint32
	mask int // -1 for flat, 0 for constant
}

func read[T vec.Fixed](c *vec.Col) reader[T] {
	switch c.Enc {
	case vec.Const:
		return reader[T]{v: vec.Values[T](c)}
	case vec.Dict:
		return reader[T]{v: vec.Values[T](c.Dict), ids: c.Ids, mask: -1}
	}
	return reader[T]{v: vec.Values[T](c), mask: -1}
}

func (r *reader[T]) at(i int) T {
	if r.ids != nil {
		return r.v[r.ids[i]]
	}
	return r.v[i&r.mask]
}

// getter returns a function that reads row i; strings alias the column.
func getter[T value](c *vec.Col) func(i int) T {
	var g any
	switch any(*new(T)).(type) {
	case string:
		g = func(i int) string { return c.Str(i) }
	default:
		return fixedGetter[T](c)
	}
	return g.(func(int) T)
}

// live yields the rows that are selected (nil: all n) whose bit in valid is set.
func live(n int, sel []uint32, valid []byte) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range vec.Each(n, sel) {
			if valid != nil && valid[i>>3]>>(i&7)&1 == 0 {
				continue
			}
			if !yield(i) {
				return
			}
		}
	}
}

// bothValid intersects the validity of the arguments: a fresh bitmap, nil if no row may
// be NULL; never is true if every row is NULL.
func bothValid(args []vec.Col, n int) (valid []byte, never bool) {
	for k := range args {
		a := &args[k]
		switch {
		case !a.MayNull():
		case a.Type.Kind == types.Null || a.Enc == vec.Const && a.IsNull(0):
			return nil, true
		case a.Enc == vec.Const:
		case valid == nil:
			valid = append([]byte(nil), a.Valid[:(n+7)/8]...)
		default:
			for i := range valid {
				valid[i] &= a.Valid[i]
			}
		}
	}
	return valid, false
}

// allConst reports whether every argument is constant, so that one row tells all.
func allConst(args []vec.Col) bool {
	for k := range args {
		if args[k].Enc != vec.Const && args[k].Type.Kind != types.Null {
			return false
		}
	}
	return true
}

// once evaluates a kernel whose arguments are all constant for a single row.
func once(c *Context, k Kernel, t types.Type, args []vec.Col, n int, sel []uint32) (vec.Col, error) {
	first := 0
	if sel != nil {
		if len(sel) == 0 {
			return vec.NullCol(t, n), nil
		}
		first = int(sel[0])
	} else if n == 0 {
		return vec.NullCol(t, 0), nil
	}
	one := make([]vec.Col, len(args))
	for i := range args {
		one[i] = args[i]
		one[i].Len = 1
		if one[i].Enc == vec.Const {
			one[i].Enc = vec.Flat
		}
	}
	col, err := k(c, one, 1, nil)
	if err != nil {
		var re *RowError
		if errors.As(err, &re) {
			re.Row = first
		}
		return vec.Col{}, err
	}
	return col.Repeat(n), nil
}

// strict wraps the rules that all ordinary functions share: a NULL argument makes a NULL
// result, constant arguments are evaluated once. body sees live rows by valid.
func strict(t types.Type, body func(c *Context, args []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error)) Kernel {
	rows := func(c *Context, args []vec.Col, n int, sel []uint32) (vec.Col, error) {
		valid, never := bothValid(args, n)
		if never {
			return vec.NullCol(t, n), nil
		}
		return body(c, args, n, sel, valid)
	}
	return func(c *Context, args []vec.Col, n int, sel []uint32) (vec.Col, error) {
		if len(args) > 0 && allConst(args) {
			return once(c, rows, t, args, n, sel)
		}
		return rows(c, args, n, sel)
	}
}

// writer collects results by row.
type writer[R value] struct {
	put    func(i int, v R)
	finish func(valid []byte) vec.Col
	full   func() bool // nil, or whether a value had no room
}

func newWriter[R value](t types.Type, n int) writer[R] {
	switch any(*new(R)).(type) {
	case string:
		w := &strWriter{off: make([]int32, 1, n+1)}
		p, _ := any(w.put).(func(int, R))
		return writer[R]{put: p, finish: func(valid []byte) vec.Col { return w.col(t, n, valid) }, full: func() bool { return w.over }}
	}
	return fixedWriter[R](t, n)
}

// strWriter builds a String or Binary column from rows in ascending order; rows left out
// are empty.
type strWriter struct {
	data []byte
	off  []int32
	over bool // more than int32 offsets can address: what did not fit is left out
}

// fill ends the rows before i.
func (w *strWriter) fill(i int) {
	for len(w.off) <= i {
		w.off = append(w.off, int32(len(w.data)))
	}
}

func (w *strWriter) put(i int, s string) {
	w.fill(i)
	if len(w.data)+len(s) > math.MaxInt32 {
		w.over = true
		return
	}
	w.data = append(w.data, s...)
	w.end()
}

// end ends the row whose bytes have been appended to data.
func (w *strWriter) end() { w.off = append(w.off, int32(len(w.data))) }

func (w *strWriter) col(t types.Type, n int, valid []byte) vec.Col {
	w.fill(n)
	return vec.Col{Type: t, Len: n, Data: w.data, Off: w.off, Valid: valid}
}

// rowLoop runs f for each live row, turning errNull into a NULL and other errors into a
// RowError.
func rowLoop[R value](t types.Type, n int, sel []uint32, valid []byte, f func(i int) (R, error)) (vec.Col, error) {
	w := newWriter[R](t, n)
	for i := range live(n, sel, valid) {
		v, err := f(i)
		if err == nil {
			w.put(i, v)
			if w.full != nil && w.full() {
				return vec.Col{}, &RowError{Row: i, Err: tooLong()}
			}
			continue
		}
		if err != errNull {
			return vec.Col{}, &RowError{Row: i, Err: err}
		}
		valid = vec.SetNull(valid, n, i)
	}
	return w.finish(valid), nil
}

// tooLong is the error of text that a column cannot hold.
func tooLong() error {
	return errs.New("COLLECTION_SIZE_LIMIT_EXCEEDED.FUNCTION", "the text is too long for a column of one batch").State("54000")
}

// row1, row2, row3 and row4 make kernels of functions of one row; they are for all that is
// not hot. NULL arguments never reach f.
func row1[A, R value](t types.Type, f func(c *Context, a A) (R, error)) Kernel {
	return strict(t, func(c *Context, args []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
		a := getter[A](&args[0])
		return rowLoop(t, n, sel, valid, func(i int) (R, error) { return f(c, a(i)) })
	})
}

func row2[A, B, R value](t types.Type, f func(c *Context, a A, b B) (R, error)) Kernel {
	return strict(t, func(c *Context, args []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
		a, b := getter[A](&args[0]), getter[B](&args[1])
		return rowLoop(t, n, sel, valid, func(i int) (R, error) { return f(c, a(i), b(i)) })
	})
}

func row3[A, B, C, R value](t types.Type, f func(c *Context, a A, b B, d C) (R, error)) Kernel {
	return strict(t, func(c *Context, args []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
		a, b, d := getter[A](&args[0]), getter[B](&args[1]), getter[C](&args[2])
		return rowLoop(t, n, sel, valid, func(i int) (R, error) { return f(c, a(i), b(i), d(i)) })
	})
}

// sure1, sure2 and sure3 are row1, row2 and row3 for functions that never fail.
func sure1[A, R value](t types.Type, f func(a A) R) Kernel {
	return row1(t, func(_ *Context, a A) (R, error) { return f(a), nil })
}

func sure2[A, B, R value](t types.Type, f func(a A, b B) R) Kernel {
	return row2(t, func(_ *Context, a A, b B) (R, error) { return f(a, b), nil })
}

func sure3[A, B, C, R value](t types.Type, f func(a A, b B, d C) R) Kernel {
	return row3(t, func(_ *Context, a A, b B, d C) (R, error) { return f(a, b, d), nil })
}
