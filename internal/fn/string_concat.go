package fn

import (
	"strings"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// bindConcat joins arrays of a common type, binary values, or anything else as strings.
func bindConcat(name string, args []Arg) (Bound, error) {
	arrays, binaries := 0, 0
	for _, a := range args {
		arrays += boolInt(a.Type.Kind == types.Array)
		binaries += boolInt(a.Type.Kind == types.Binary)
	}
	out := Bound{Nullable: nullable(args), Result: types.StringType}
	var err error
	switch {
	case arrays > 0 && arrays < len(args):
		return out, errs.New("DATATYPE_MISMATCH.DATA_DIFF_TYPES", `the arguments of "%s" must be of one type, all arrays or none`, name).State("42K09")
	case arrays > 0:
		if out.Params, out.Result, err = commonParams(name, args); err != nil {
			return out, err
		}
		out.Kernel = concatArrays(out.Result)
		return out, nil
	case binaries == len(args) && binaries > 0:
		out.Result = types.BinaryType
	}
	p := is(out.Result)
	if out.Result.Kind == types.String {
		p = castable
	}
	out.Params, err = resolveAll(name, args, 0, p)
	out.Kernel = concatKernel(out.Result)
	return out, err
}

// castable accepts any atomic type, to be read as a string.
func castable(a Arg) (types.Type, string) {
	if a.Type.IsNested() {
		return types.Type{}, `"STRING" or "BINARY" or "ARRAY"`
	}
	return types.StringType, ""
}

func concatKernel(t types.Type) Kernel {
	return strict(t, func(_ *Context, args []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
		w := strWriter{off: make([]int32, 1, n+1)}
		for i := range live(n, sel, valid) {
			w.fill(i)
			for k := range args {
				w.data = append(w.data, args[k].Bytes(i)...)
			}
			w.end()
		}
		return w.col(t, n, valid), nil
	})
}

func concatArrays(t types.Type) Kernel {
	return strict(t, func(_ *Context, args []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
		return buildRows(t, n, sel, valid, func(b *vec.ColBuilder, i int) error {
			for k := range args {
				kids, lo, hi := args[k].List(i)
				for j := lo; j < hi; j++ {
					b.Child(0).AppendFrom(&kids[0], j)
				}
			}
			b.EndList()
			return nil
		})
	})
}

// buildRows makes a column of any type: f appends one value for each live row, or returns
// errNull having appended nothing. Other rows are NULL.
func buildRows(t types.Type, n int, sel []uint32, valid []byte, f func(b *vec.ColBuilder, i int) error) (vec.Col, error) {
	b := vec.NewColBuilder(t)
	next := 0
	for i := range live(n, sel, valid) {
		for ; next < i; next++ {
			b.AppendNull()
		}
		next++
		switch err := f(b, i); {
		case err == errNull:
			b.AppendNull()
		case err != nil:
			return vec.Col{}, &RowError{Row: i, Err: err}
		}
	}
	for ; next < n; next++ {
		b.AppendNull()
	}
	return b.Finish(), nil
}

// bindConcatWS takes a separator, then strings and arrays of strings in any order.
func bindConcatWS(name string, args []Arg) (Bound, error) {
	texts := types.ArrayOf(types.StringType, true)
	ts, err := resolveAll(name, args, 1, func(a Arg) (types.Type, string) {
		if a.Type.Kind == types.Array {
			return texts, ""
		}
		return castable(a)
	})
	if err != nil {
		return Bound{}, err
	}
	if ts[0].Kind == types.Array {
		return Bound{}, mismatch(name, 0, `"STRING"`, args[0].Type)
	}
	return Bound{Params: ts, Result: types.StringType, Nullable: args[0].Nullable, Kernel: concatWS}, nil
}

func concatWS(_ *Context, args []vec.Col, n int, sel []uint32) (vec.Col, error) {
	t := types.StringType
	valid, never := bothValid(args[:1], n)
	if never {
		return vec.NullCol(t, n), nil
	}
	return rowLoop(t, n, sel, valid, func(i int) (string, error) {
		var parts []string
		for k := 1; k < len(args); k++ {
			a := &args[k]
			switch {
			case a.IsNull(i):
			case a.Type.Kind == types.Array:
				kids, lo, hi := a.List(i)
				for j := lo; j < hi; j++ {
					if !kids[0].IsNull(j) {
						parts = append(parts, kids[0].Str(j))
					}
				}
			default:
				parts = append(parts, a.Str(i))
			}
		}
		return strings.Join(parts, args[0].Str(i)), nil
	})
}
