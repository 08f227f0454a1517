package fn

import (
	"slices"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

func arrayHighers() []Higher {
	return []Higher{
		higher("transform(array, x -> value)", "Each element changed; the lambda's second parameter is its position, from 0.", bindTransform),
		higher("filter(array, x -> condition)", "The elements for which the condition is true; a second parameter is the position, from 0.", bindArrayFilter),
		higher("exists(array, x -> condition)", "Whether the condition is true for any element.", bindAny(true)),
		higher("forall(array, x -> condition)", "Whether the condition is true for all elements.", bindAny(false)),
		higher("aggregate(array, start, (acc, x) -> value[, acc -> result])", "The array folded into one value, from the left.", bindFold, "reduce"),
		higher("array_sort(array[, (a, b) -> comparison])", "The elements in ascending order, NULLs last, or as a comparison says: negative, 0 or positive.", bindArraySort),
		higher("zip_with(a, b, (x, y) -> value)", "Two arrays combined element by element; the shorter one is filled up with NULLs.", bindZipWith),
	}
}

func bindTransform(b *higherBinder) error {
	if err := b.arity(2, 2); err != nil {
		return err
	}
	t, err := b.value(0, arrayParam)
	if err != nil {
		return err
	}
	body, err := b.lambda(1, 1, element(t), indexParam)
	if err != nil {
		return err
	}
	b.out.Result, b.out.Nullable = types.ArrayOf(body.Type, body.Nullable), b.args[0].Nullable
	result := b.out.Result
	b.out.Kernel = func(_ *Context, args []vec.Col, lambdas []Lambda, n int, sel []uint32) (vec.Col, error) {
		e := elementsOf(&args[0], n, sel)
		out, err := callLambda(lambdas, args, 1, e.withPositions(b.args[1].Params), len(e.at), e.parents)
		if err != nil {
			return vec.Col{}, err
		}
		return e.lists(result, n, flatOf(out, body.Type)), nil
	}
	return nil
}

// withPositions are the elements and, for a lambda of two parameters, their positions.
func (e *elements) withPositions(params int) []vec.Col {
	cols := []vec.Col{e.take(0)}
	if params == 2 {
		cols = append(cols, e.positions())
	}
	return cols
}

func bindArrayFilter(b *higherBinder) error {
	if err := b.arity(2, 2); err != nil {
		return err
	}
	t, err := b.value(0, arrayParam)
	if err != nil {
		return err
	}
	if _, err := b.predicate(1, 1, element(t), indexParam); err != nil {
		return err
	}
	b.out.Result, b.out.Nullable = t, b.args[0].Nullable
	b.out.Kernel = func(_ *Context, args []vec.Col, lambdas []Lambda, n int, sel []uint32) (vec.Col, error) {
		e := elementsOf(&args[0], n, sel)
		out, err := callLambda(lambdas, args, 1, e.withPositions(b.args[1].Params), len(e.at), e.parents)
		if err != nil {
			return vec.Col{}, err
		}
		kept := e.keep(IsTrue(&out, len(e.at), nil, []uint32{}))
		return kept.lists(t, n, flatOf(kept.take(0), *t.Elem)), nil
	}
	return nil
}

// bindAny is exists (any) and forall in three-valued logic.
func bindAny(any bool) func(b *higherBinder) error {
	return func(b *higherBinder) error {
		if err := b.arity(2, 2); err != nil {
			return err
		}
		t, err := b.value(0, arrayParam)
		if err != nil {
			return err
		}
		body, err := b.predicate(1, 1, element(t))
		if err != nil {
			return err
		}
		b.out.Result, b.out.Nullable = types.BooleanType, b.args[0].Nullable || body.Nullable
		b.out.Kernel = func(_ *Context, args []vec.Col, lambdas []Lambda, n int, sel []uint32) (vec.Col, error) {
			return anyElement(any, args, lambdas, n, sel)
		}
		return nil
	}
}

// anyElement evaluates all elements at once; if that fails, again position by position, since
// what follows a deciding element must not raise.
func anyElement(any bool, args []vec.Col, lambdas []Lambda, n int, sel []uint32) (vec.Col, error) {
	e := elementsOf(&args[0], n, sel)
	v := verdict{decides: any, out: make([]bool, n), valid: make([]byte, (n+7)/8), done: make([]bool, n)}
	for _, i := range e.rows {
		v.out[i] = !any
		v.valid[i>>3] |= 1 << (i & 7)
	}
	cond, err := callLambda(lambdas, args, 1, []vec.Col{e.take(0)}, len(e.at), e.parents)
	if err == nil {
		v.see(&cond, e.parents)
		return vec.FlatOf(types.BooleanType, v.out, v.valid), nil
	}
	for pos := 0; ; pos++ {
		var at, parents []uint32
		for r, i := range e.rows {
			if j := e.starts[r] + pos; j < e.starts[r+1] && !v.done[i] {
				at, parents = append(at, e.at[j]), append(parents, i)
			}
		}
		if len(at) == 0 {
			return vec.FlatOf(types.BooleanType, v.out, v.valid), nil
		}
		cond, err := callLambda(lambdas, args, 1, []vec.Col{vec.Take(&e.kids[0], at)}, len(at), parents)
		if err != nil {
			return vec.Col{}, err
		}
		v.see(&cond, parents)
	}
}

// verdict is what the elements seen so far say of each row.
type verdict struct {
	decides bool // the value that settles a row
	out     []bool
	valid   []byte
	done    []bool
}

func (v *verdict) see(cond *vec.Col, parents []uint32) {
	for j, i := range parents {
		switch {
		case v.done[i]:
		case cond.IsNull(j):
			v.valid[i>>3] &^= 1 << (i & 7)
		case vec.Get[bool](cond, j) == v.decides:
			v.out[i], v.done[i] = v.decides, true
			v.valid[i>>3] |= 1 << (i & 7)
		}
	}
}

func bindFold(b *higherBinder) error {
	if err := b.arity(3, 4); err != nil {
		return err
	}
	t, err := b.value(0, arrayParam)
	if err != nil {
		return err
	}
	start, err := b.value(1, anyType)
	if err != nil {
		return err
	}
	acc := Arg{Type: start, Nullable: true}
	body, err := b.lambda(2, 2, acc, element(t))
	if err != nil {
		return err
	}
	if !body.Type.Equal(start) {
		if body.Type.Kind != types.Null {
			return mismatch(b.name, 2, `"`+start.SQL()+`"`, body.Type)
		}
		b.out.Params[2] = start
	}
	b.out.Result, b.out.Nullable = start, true
	if len(b.args) == 4 {
		finish, err := b.lambda(3, 1, acc)
		if err != nil {
			return err
		}
		b.out.Result = finish.Type
		b.out.Nullable = b.args[0].Nullable || finish.Nullable
	}
	f := fold{start: start, result: b.out.Result, finish: len(b.args) == 4}
	b.out.Kernel = f.kernel
	return nil
}

func bindArraySort(b *higherBinder) error {
	if err := b.arity(1, 2); err != nil {
		return err
	}
	t, err := b.value(0, arrayParam)
	if err != nil {
		return err
	}
	if len(b.args) == 1 && !t.Elem.IsOrderable() {
		return noOrder(b.name, t)
	}
	b.out.Result, b.out.Nullable = t, b.args[0].Nullable
	if len(b.args) == 1 {
		b.out.Kernel = func(_ *Context, args []vec.Col, _ []Lambda, n int, sel []uint32) (vec.Col, error) {
			return sortElements(&args[0], t, n, sel), nil
		}
		return nil
	}
	body, err := b.lambda(1, 2, element(t), element(t))
	if err != nil {
		return err
	}
	if body.Type.Kind != types.Int {
		return errs.New("DATATYPE_MISMATCH.UNEXPECTED_RETURN_TYPE", `the comparison of %s must return "INT", not "%s"`, b.name, body.Type.SQL()).State("42K09").
			WithHint("return a negative number, 0 or a positive number, e.g. CASE WHEN a < b THEN -1 WHEN a > b THEN 1 ELSE 0 END")
	}
	b.out.Kernel = func(_ *Context, args []vec.Col, lambdas []Lambda, n int, sel []uint32) (vec.Col, error) {
		e := elementsOf(&args[0], n, sel)
		if err := e.sortBy(func(params []vec.Col, n int, parents []uint32) (vec.Col, error) {
			return callLambda(lambdas, args, 1, params, n, parents)
		}); err != nil {
			return vec.Col{}, err
		}
		return e.lists(t, n, flatOf(vec.Take(&e.kids[0], e.at), *t.Elem)), nil
	}
	return nil
}

func sortElements(c *vec.Col, t types.Type, n int, sel []uint32) vec.Col {
	e := elementsOf(c, n, sel)
	order, kid := CompareFunc(*t.Elem), &e.kids[0]
	for r := range e.rows {
		slices.SortStableFunc(e.at[e.starts[r]:e.starts[r+1]], func(x, y uint32) int {
			xn, yn := kid.IsNull(int(x)), kid.IsNull(int(y))
			if xn || yn {
				return boolInt(xn) - boolInt(yn)
			}
			return order(kid, int(x), kid, int(y))
		})
	}
	return e.lists(t, n, flatOf(vec.Take(kid, e.at), *t.Elem))
}

func bindZipWith(b *higherBinder) error {
	if err := b.arity(3, 3); err != nil {
		return err
	}
	var params []Arg
	for i := range 2 {
		t, err := b.value(i, arrayParam)
		if err != nil {
			return err
		}
		params = append(params, Arg{Type: *t.Elem, Nullable: true})
	}
	body, err := b.lambda(2, 2, params...)
	if err != nil {
		return err
	}
	b.out.Result = types.ArrayOf(body.Type, body.Nullable)
	b.out.Nullable = b.args[0].Nullable || b.args[1].Nullable
	result := b.out.Result
	b.out.Kernel = func(_ *Context, args []vec.Col, lambdas []Lambda, n int, sel []uint32) (vec.Col, error) {
		e, cols := zipped(args[:2], n, sel)
		out, err := callLambda(lambdas, args, 2, cols, len(e.at), e.parents)
		if err != nil {
			return vec.Col{}, err
		}
		return e.lists(result, n, flatOf(out, body.Type)), nil
	}
	return nil
}

// zipped lays the elements of two arrays side by side.
func zipped(args []vec.Col, n int, sel []uint32) (elements, []vec.Col) {
	e := elements{parents: []uint32{}}
	b := []*vec.ColBuilder{vec.NewColBuilder(*args[0].Type.Elem), vec.NewColBuilder(*args[1].Type.Elem)}
	for i := range vec.Each(n, sel) {
		if args[0].IsNull(i) || args[1].IsNull(i) {
			continue
		}
		e.rows, e.starts = append(e.rows, uint32(i)), append(e.starts, len(e.at))
		_, lo0, hi0 := args[0].List(i)
		_, lo1, hi1 := args[1].List(i)
		for k := range max(hi0-lo0, hi1-lo1) {
			e.at, e.parents = append(e.at, 0), append(e.parents, uint32(i))
			for side := range 2 {
				kids, lo, hi := args[side].List(i)
				if lo+k < hi {
					b[side].AppendFrom(&kids[0], lo+k)
				} else {
					b[side].AppendNull()
				}
			}
		}
	}
	e.starts = append(e.starts, len(e.at))
	return e, []vec.Col{b[0].Finish(), b[1].Finish()}
}
