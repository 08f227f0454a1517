package fn

import (
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

func arraySetFuncs() []Scalar {
	return []Scalar{
		scalar("array", "array_except(a, b)", "The elements of a that are not in b, without repetitions.", setOf(exceptRow, func(a, _ types.Type) bool { return a.HasNull })),
		scalar("array", "array_intersect(a, b)", "The elements of a that are in b too, without repetitions.", setOf(intersectRow, func(a, b types.Type) bool { return a.HasNull && b.HasNull })),
		scalar("array", "array_union(a, b)", "The elements of a and of b, without repetitions.", setOf(unionRow, func(a, b types.Type) bool { return a.HasNull || b.HasNull })),
		scalar("array", "arrays_overlap(a, b)", "True if a and b have an element in common; NULL if they have none but a NULL could be one.", direct(bindOverlap)),
		scalar("array", "array_distinct(array)", "The array without repetitions.", direct(bindDistinct)),
	}
}

// keySet is a set of values, NULL being one of them; NaN equals itself and 0.0 equals -0.0.
type keySet struct {
	seen map[string]struct{}
	buf  []byte
	null bool
}

func (s *keySet) reset() {
	if s.seen == nil {
		s.seen = map[string]struct{}{}
	}
	clear(s.seen)
	s.null = false
}

// add reports whether the value is new.
func (s *keySet) add(c []vec.Col, i int) bool {
	if c[0].IsNull(i) {
		old := s.null
		s.null = true
		return !old
	}
	s.buf = vec.AppendKey(s.buf[:0], c[:1], i)
	if _, ok := s.seen[string(s.buf)]; ok {
		return false
	}
	s.seen[string(s.buf)] = struct{}{}
	return true
}

func (s *keySet) has(c []vec.Col, i int) bool {
	if c[0].IsNull(i) {
		return s.null
	}
	s.buf = vec.AppendKey(s.buf[:0], c[:1], i)
	_, ok := s.seen[string(s.buf)]
	return ok
}

// twoArrays resolves two arrays to their common element type.
func twoArrays(name string, args []Arg) ([]types.Type, error) {
	if err := checkArity(name, args, 2, 2); err != nil {
		return nil, err
	}
	a, b := args[0].Type, args[1].Type
	wide, ok := tightest(a, b)
	if a.Kind != types.Array || b.Kind != types.Array || !ok {
		return nil, errs.New("DATATYPE_MISMATCH.BINARY_ARRAY_DIFF_TYPES",
			`"%s" takes two arrays of one element type, not "%s" and "%s"`, name, a.SQL(), b.SQL()).State("42K09").
			WithHint("cast one array to the type of the other")
	}
	elem := *wide.Elem
	return []types.Type{types.ArrayOf(elem, a.HasNull), types.ArrayOf(elem, b.HasNull)}, nil
}

// orderedElem refuses elements that cannot be compared.
func orderedElem(name string, t types.Type) error {
	if !t.Elem.IsOrderable() {
		return noOrder(name, *t.Elem)
	}
	return nil
}

type setRow func(s *keySet, b *vec.ColBuilder, x, y *vec.Col, i int)

func setOf(row setRow, hasNull func(a, b types.Type) bool) binder {
	return direct(func(name string, args []Arg) (Bound, error) {
		ts, err := twoArrays(name, args)
		if err == nil {
			err = orderedElem(name, ts[0])
		}
		if err != nil {
			return Bound{}, err
		}
		t := types.ArrayOf(*ts[0].Elem, hasNull(ts[0], ts[1]))
		k := strict(t, func(_ *Context, args []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
			s := &keySet{}
			return buildRows(t, n, sel, valid, func(b *vec.ColBuilder, i int) error {
				s.reset()
				row(s, b.Child(0), &args[0], &args[1], i)
				b.EndList()
				return nil
			})
		})
		return Bound{Params: ts, Result: t, Nullable: nullable(args), Kernel: k}, nil
	})
}

func exceptRow(s *keySet, b *vec.ColBuilder, x, y *vec.Col, i int) {
	kids, lo, hi := y.List(i)
	for k := lo; k < hi; k++ {
		s.add(kids, k)
	}
	appendNew(s, b, x, i)
}

// appendNew appends the elements that are not in the set yet.
func appendNew(s *keySet, b *vec.ColBuilder, x *vec.Col, i int) {
	kids, lo, hi := x.List(i)
	for k := lo; k < hi; k++ {
		if s.add(kids, k) {
			b.AppendFrom(&kids[0], k)
		}
	}
}

func unionRow(s *keySet, b *vec.ColBuilder, x, y *vec.Col, i int) {
	appendNew(s, b, x, i)
	appendNew(s, b, y, i)
}

func intersectRow(s *keySet, b *vec.ColBuilder, x, y *vec.Col, i int) {
	kids, lo, hi := y.List(i)
	for k := lo; k < hi; k++ {
		s.add(kids, k)
	}
	out := keySet{}
	out.reset()
	kids, lo, hi = x.List(i)
	for k := lo; k < hi; k++ {
		if s.has(kids, k) && out.add(kids, k) {
			b.AppendFrom(&kids[0], k)
		}
	}
}

func bindOverlap(name string, args []Arg) (Bound, error) {
	ts, err := twoArrays(name, args)
	if err == nil {
		err = orderedElem(name, ts[0])
	}
	if err != nil {
		return Bound{}, err
	}
	t := types.BooleanType
	k := strict(t, func(_ *Context, args []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
		s := &keySet{}
		return rowLoop(t, n, sel, valid, func(i int) (bool, error) {
			s.reset()
			return overlap(s, &args[0], &args[1], i)
		})
	})
	return Bound{Params: ts, Result: t, Nullable: nullable(args) || ts[0].HasNull || ts[1].HasNull, Kernel: k}, nil
}

// overlap is NULL if no element is in both, neither array is empty and one holds a NULL.
func overlap(s *keySet, x, y *vec.Col, i int) (bool, error) {
	kids, lo, hi := x.List(i)
	other, from, to := y.List(i)
	if lo == hi || from == to {
		return false, nil
	}
	for k := lo; k < hi; k++ {
		s.add(kids, k)
	}
	unknown := s.null
	for k := from; k < to; k++ {
		switch {
		case other[0].IsNull(k):
			unknown = true
		case s.has(other, k):
			return true, nil
		}
	}
	if unknown {
		return false, errNull
	}
	return false, nil
}

func bindDistinct(name string, args []Arg) (Bound, error) {
	ts, err := resolve(name, args, 1, kinds("ARRAY", types.ArrayOf(types.NullType, true), types.Array))
	if err == nil {
		err = orderedElem(name, ts[0])
	}
	if err != nil {
		return Bound{}, err
	}
	t := ts[0]
	k := strict(t, func(_ *Context, args []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
		s := &keySet{}
		return buildRows(t, n, sel, valid, func(b *vec.ColBuilder, i int) error {
			s.reset()
			appendNew(s, b.Child(0), &args[0], i)
			b.EndList()
			return nil
		})
	})
	return Bound{Params: ts, Result: t, Nullable: args[0].Nullable, Kernel: k}, nil
}
