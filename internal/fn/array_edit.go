package fn

import (
	"fmt"
	"math/rand/v2"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// maxArray is the most elements of an array. Spark: ByteArrayMethods.MAX_ROUNDED_ARRAY_LENGTH.
const maxArray = 1<<31 - 1 - 15

func arrayEditFuncs() []Scalar {
	anyArray := kinds("ARRAY", types.ArrayOf(types.NullType, true), types.Array)
	return []Scalar{
		scalar("array", "array_compact(array)", "The array without its NULLs.", byFirst(1, arrayCompactOf, anyArray)),
		scalar("array", "array_remove(array, value)", "The array without the elements that equal the value.", direct(bindArrayRemove)),
		scalar("array", "array_prepend(array, value)", "The array with the value before it.", direct(bindArrayAdd(true))),
		scalar("array", "array_append(array, value)", "The array with the value behind it.", direct(bindArrayAdd(false))),
		scalar("array", "array_insert(array, pos, value)", "The array with the value at a 1-based position (from the end if negative), NULLs filling a gap.", direct(bindArrayInsert)),
		scalar("array", "array_repeat(value, count)", "An array of count times the value.", direct(bindArrayRepeat)),
		scalar("array", "arrays_zip(a, ...)", "An array of structs of the elements at the same place, NULL where an array is shorter.", direct(bindArraysZip)),
		scalar("array", "shuffle(array[, seed])", "The elements in random order; the same again when an epoch is replayed.", direct(bindShuffle)),
	}
}

func arrayCompactOf(t types.Type) (types.Type, Kernel) {
	out := types.ArrayOf(*t.Elem, false)
	return out, strict(out, func(_ *Context, args []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
		return permute(out, &args[0], n, sel, valid, func(_ int, kid *vec.Col, rows []int) ([]int, error) {
			kept := rows[:0]
			for _, r := range rows {
				if !kid.IsNull(r) {
					kept = append(kept, r)
				}
			}
			return kept, nil
		})
	})
}

func bindArrayRemove(name string, args []Arg) (Bound, error) {
	b, err := bindSearch(name, args, tightest, types.NullType, func(types.Type) Kernel { return nil })
	if err != nil {
		return b, err
	}
	elem := b.Params[1]
	t := b.Params[0]
	order := CompareFunc(elem)
	b.Result, b.Nullable = t, nullable(args)
	b.Kernel = strict(t, func(_ *Context, args []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
		return permute(t, &args[0], n, sel, valid, func(i int, kid *vec.Col, rows []int) ([]int, error) {
			kept := rows[:0]
			for _, r := range rows {
				if kid.IsNull(r) || order(kid, r, &args[1], i) != 0 {
					kept = append(kept, r)
				}
			}
			return kept, nil
		})
	})
	return b, nil
}

// arrayAndElem resolves (array, value) to their common element type.
func arrayAndElem(name string, array, value Arg) (elem types.Type, err error) {
	diff := func() error {
		return errs.New("DATATYPE_MISMATCH.ARRAY_FUNCTION_DIFF_TYPES",
			`the arguments of "%s" must be an array and a value of its elements' type, not "%s" and "%s"`, name, array.Type.SQL(), value.Type.SQL()).State("42K09")
	}
	t := array.Type
	if t.Kind != types.Array {
		return elem, mismatch(name, 0, `"ARRAY"`, t)
	}
	elem, ok := tightest(*t.Elem, value.Type)
	if !ok {
		return elem, diff()
	}
	return elem, nil
}

// bindArrayAdd is array_prepend and array_append: a NULL array gives NULL, a NULL value counts.
func bindArrayAdd(front bool) func(name string, args []Arg) (Bound, error) {
	return func(name string, args []Arg) (Bound, error) {
		if err := checkArity(name, args, 2, 2); err != nil {
			return Bound{}, err
		}
		elem, err := arrayAndElem(name, args[0], args[1])
		if err != nil {
			return Bound{}, err
		}
		t := types.ArrayOf(elem, args[0].Type.HasNull || args[1].Nullable)
		k := func(_ *Context, args []vec.Col, n int, sel []uint32) (vec.Col, error) {
			return buildRows(t, n, sel, nil, func(b *vec.ColBuilder, i int) error {
				if args[0].IsNull(i) {
					return errNull
				}
				if front {
					b.Child(0).AppendFrom(&args[1], i)
				}
				kids, lo, hi := args[0].List(i)
				for k := lo; k < hi; k++ {
					b.Child(0).AppendFrom(&kids[0], k)
				}
				if !front {
					b.Child(0).AppendFrom(&args[1], i)
				}
				b.EndList()
				return nil
			})
		}
		return Bound{Params: []types.Type{types.ArrayOf(elem, args[0].Type.HasNull), elem}, Result: t, Nullable: args[0].Nullable, Kernel: k}, nil
	}
}

func bindArrayInsert(name string, args []Arg) (Bound, error) {
	if err := checkArity(name, args, 3, 3); err != nil {
		return Bound{}, err
	}
	pos, required := smallIntegral(args[1])
	if required != "" {
		return Bound{}, mismatch(name, 1, required, args[1].Type)
	}
	elem, err := arrayAndElem(name, args[0], args[2])
	if err != nil {
		return Bound{}, err
	}
	t := types.ArrayOf(elem, true)
	k := func(_ *Context, args []vec.Col, n int, sel []uint32) (vec.Col, error) {
		return buildRows(t, n, sel, nil, func(b *vec.ColBuilder, i int) error {
			if args[0].IsNull(i) || args[1].IsNull(i) {
				return errNull
			}
			return insertRow(b, args, i)
		})
	}
	return Bound{Params: []types.Type{types.ArrayOf(elem, args[0].Type.HasNull), pos, elem}, Result: t, Nullable: args[0].Nullable || args[1].Nullable, Kernel: k}, nil
}

// smallIntegral accepts what is widened to INT.
func smallIntegral(a Arg) (types.Type, string) {
	switch a.Type.Kind {
	case types.Byte, types.Short, types.Int:
		return types.IntType, ""
	}
	return types.Type{}, `"INT"`
}

// insertRow writes the array of row i with the value inserted. Spark: ArrayInsert.
func insertRow(b *vec.ColBuilder, args []vec.Col, i int) error {
	kids, lo, hi := args[0].List(i)
	pos, size := int(vec.Get[int32](&args[1], i)), hi-lo
	if pos == 0 {
		return errs.New("INVALID_INDEX_OF_ZERO", "the index 0 is invalid: an index is either below 0 or above 0 (the first element is 1)").State("22003")
	}
	at := pos - 1 // where the value goes in the result
	if pos < 0 {
		at = size + pos + 1
	}
	total := max(size+1, at+1, size+1-min(at, 0))
	if total > maxArray {
		return tooManyElements("array_insert", int64(total))
	}
	gap := func(n int) {
		for range n {
			b.Child(0).AppendNull()
		}
	}
	switch {
	case at < 0: // before the start, with a gap behind
		b.Child(0).AppendFrom(&args[2], i)
		gap(-at)
		appendRange(b.Child(0), &kids[0], lo, hi)
	case at > size:
		appendRange(b.Child(0), &kids[0], lo, hi)
		gap(at - size)
		b.Child(0).AppendFrom(&args[2], i)
	default:
		appendRange(b.Child(0), &kids[0], lo, lo+at)
		b.Child(0).AppendFrom(&args[2], i)
		appendRange(b.Child(0), &kids[0], lo+at, hi)
	}
	b.EndList()
	return nil
}

func appendRange(b *vec.ColBuilder, c *vec.Col, lo, hi int) {
	for k := lo; k < hi; k++ {
		b.AppendFrom(c, k)
	}
}

func tooManyElements(name string, n int64) error {
	return errs.New("COLLECTION_SIZE_LIMIT_EXCEEDED.FUNCTION", "cannot make an array of %d elements in %s: the limit is %d", n, name, maxArray).State("54000")
}

func bindArrayRepeat(name string, args []Arg) (Bound, error) {
	ts, err := resolve(name, args, 2, anyType, exact(types.IntType))
	if err != nil {
		return Bound{}, err
	}
	t := types.ArrayOf(ts[0], args[0].Nullable)
	k := func(_ *Context, args []vec.Col, n int, sel []uint32) (vec.Col, error) {
		return buildRows(t, n, sel, nil, func(b *vec.ColBuilder, i int) error {
			if args[1].IsNull(i) {
				return errNull
			}
			count := vec.Get[int32](&args[1], i)
			if count > maxArray || int64(b.Child(0).Len())+int64(count) > maxRepeat {
				return errs.New("COLLECTION_SIZE_LIMIT_EXCEEDED.PARAMETER", "cannot make an array of %d elements in %s", count, name).State("54000")
			}
			for range count {
				b.Child(0).AppendFrom(&args[0], i)
			}
			b.EndList()
			return nil
		})
	}
	return Bound{Params: ts, Result: t, Nullable: args[1].Nullable, Kernel: k}, nil
}

// maxRepeat bounds the elements that one batch of array_repeat makes.
const maxRepeat = 1 << 28

// bindArraysZip names the fields as the columns are, the others by position.
func bindArraysZip(name string, args []Arg) (Bound, error) {
	anyArray := kinds("ARRAY", types.ArrayOf(types.NullType, true), types.Array)
	ts, err := resolveAll(name, args, 0, anyArray)
	if err != nil {
		return Bound{}, err
	}
	var fields []types.Field
	for i, t := range ts {
		name := args[i].Name
		if name == "" {
			name = fmt.Sprint(i)
		}
		fields = append(fields, types.Field{Name: name, Type: *t.Elem, Nullable: true})
	}
	t := types.ArrayOf(types.StructOf(fields...), false)
	k := func(_ *Context, args []vec.Col, n int, sel []uint32) (vec.Col, error) {
		return buildRows(t, n, sel, nil, func(b *vec.ColBuilder, i int) error { return zipRow(b, args, i) })
	}
	return Bound{Params: ts, Result: t, Nullable: nullable(args), Kernel: k}, nil
}

func zipRow(b *vec.ColBuilder, args []vec.Col, i int) error {
	longest := 0
	for k := range args {
		if args[k].IsNull(i) {
			return errNull
		}
		_, lo, hi := args[k].List(i)
		longest = max(longest, hi-lo)
	}
	item := b.Child(0)
	for j := range longest {
		for k := range args {
			kids, lo, hi := args[k].List(i)
			if lo+j < hi {
				item.Child(k).AppendFrom(&kids[0], lo+j)
			} else {
				item.Child(k).AppendNull()
			}
		}
		item.EndStruct()
	}
	b.EndList()
	return nil
}

func bindShuffle(name string, args []Arg) (Bound, error) {
	ts, err := resolve(name, args, 1, kinds("ARRAY", types.ArrayOf(types.NullType, true), types.Array), integer64)
	if err != nil {
		return Bound{}, err
	}
	t, src := ts[0], &source{}
	return Bound{Params: ts, Result: t, Nullable: args[0].Nullable, Volatile: true, Kernel: func(c *Context, args []vec.Col, n int, sel []uint32) (vec.Col, error) {
		r, unlock := src.start(c, args[1:], n)
		defer unlock()
		return permute(t, &args[0], n, sel, vec.AllValid(n), func(i int, _ *vec.Col, rows []int) ([]int, error) {
			if args[0].IsNull(i) {
				return nil, errNull
			}
			r.Shuffle(len(rows), func(x, y int) { rows[x], rows[y] = rows[y], rows[x] })
			return rows, nil
		})
	}}, nil
}

// start locks the source and returns its generator, begun anew with each Context.
func (s *source) start(c *Context, seed []vec.Col, n int) (*rand.Rand, func()) {
	s.mu.Lock()
	if s.rand == nil || s.ctx != c {
		from := c.Seed
		if len(seed) == 1 && n > 0 && !seed[0].IsNull(0) {
			from = intValue(&seed[0], 0)
		}
		s.ctx, s.rand = c, rand.New(rand.NewPCG(uint64(from), uint64(c.Seed)))
	}
	return s.rand, s.mu.Unlock
}
