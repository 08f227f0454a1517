package fn

import (
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

func mapHighers() []Higher {
	return []Higher{
		higher("map_filter(map, (k, v) -> condition)", "The entries for which the condition is true.", bindMapFilter),
		higher("transform_keys(map, (k, v) -> key)", "The map with other keys.", bindTransformKeys),
		higher("transform_values(map, (k, v) -> value)", "The map with other values.", bindTransformValues),
		higher("map_zip_with(a, b, (k, x, y) -> value)", "Two maps combined key by key; NULL stands for the value of a missing key.", bindMapZip),
	}
}

// entries resolves a map and a lambda over its entries.
func (b *higherBinder) entries(predicate bool) (t types.Type, body Arg, err error) {
	if err = b.arity(2, 2); err != nil {
		return
	}
	if t, err = b.value(0, mapParam); err != nil {
		return
	}
	b.out.Nullable = b.args[0].Nullable
	if predicate {
		body, err = b.predicate(1, 2, entry(t)...)
	} else {
		body, err = b.lambda(1, 2, entry(t)...)
	}
	return
}

// overEntries makes the kernel of a function that makes a map of a map's entries and what the lambda
// says of them.
func overEntries(build func(e *elements, said vec.Col, n int) (vec.Col, error)) higherKernel {
	return func(_ *Context, args []vec.Col, lambdas []Lambda, n int, sel []uint32) (vec.Col, error) {
		e := elementsOf(&args[0], n, sel)
		said, err := callLambda(lambdas, args, 1, []vec.Col{e.take(0), e.take(1)}, len(e.at), e.parents)
		if err != nil {
			return vec.Col{}, err
		}
		return build(&e, said, n)
	}
}

func bindMapFilter(b *higherBinder) error {
	t, _, err := b.entries(true)
	b.out.Result = t
	b.out.Kernel = overEntries(func(e *elements, said vec.Col, n int) (vec.Col, error) {
		kept := e.keep(IsTrue(&said, len(e.at), nil, []uint32{}))
		return kept.lists(t, n, flatOf(kept.take(0), *t.Key), flatOf(kept.take(1), *t.Elem)), nil
	})
	return err
}

func bindTransformValues(b *higherBinder) error {
	t, body, err := b.entries(false)
	if err != nil {
		return err
	}
	result := types.MapOf(*t.Key, body.Type, body.Nullable)
	b.out.Result = result
	b.out.Kernel = overEntries(func(e *elements, said vec.Col, n int) (vec.Col, error) {
		return e.lists(result, n, flatOf(e.take(0), *t.Key), flatOf(said, body.Type)), nil
	})
	return nil
}

func bindTransformKeys(b *higherBinder) error {
	t, body, err := b.entries(false)
	if err != nil {
		return err
	}
	if holdsMap(body.Type) {
		return errs.New("DATATYPE_MISMATCH.INVALID_MAP_KEY_TYPE", `the key of a map cannot be "%s"`, body.Type.SQL()).State("42K09")
	}
	result := types.MapOf(body.Type, *t.Elem, t.HasNull)
	b.out.Result = result
	b.out.Kernel = overEntries(func(e *elements, said vec.Col, n int) (vec.Col, error) {
		if err := e.checkKeys(&said); err != nil {
			return vec.Col{}, err
		}
		return e.lists(result, n, flatOf(said, body.Type), flatOf(e.take(1), *t.Elem)), nil
	})
	return nil
}

// holdsMap reports a type that is a map or holds one.
func holdsMap(t types.Type) bool {
	switch t.Kind {
	case types.Map:
		return true
	case types.Array:
		return holdsMap(*t.Elem)
	case types.Struct:
		for _, f := range t.Fields {
			if holdsMap(f.Type) {
				return true
			}
		}
	}
	return false
}

// checkKeys refuses NULL and double keys within a row.
func (e *elements) checkKeys(keys *vec.Col) error {
	var buf []byte
	for r, row := range e.rows {
		seen := map[string]bool{}
		for j := e.starts[r]; j < e.starts[r+1]; j++ {
			if keys.IsNull(j) {
				return &RowError{Row: int(row), Err: errs.New("NULL_MAP_KEY", "the key of a map cannot be NULL").State("2200E")}
			}
			buf = vec.AppendKey(buf[:0], []vec.Col{*keys}, j)
			if seen[string(buf)] {
				return &RowError{Row: int(row), Err: errs.New("DUPLICATED_MAP_KEY", "the key %s occurs twice in the map", Text(nil, keys, j)).State("23505")}
			}
			seen[string(buf)] = true
		}
	}
	return nil
}

func bindMapZip(b *higherBinder) error {
	if err := b.arity(3, 3); err != nil {
		return err
	}
	var ts [2]types.Type
	for i := range 2 {
		var err error
		if ts[i], err = b.value(i, mapParam); err != nil {
			return err
		}
	}
	key, ok := types.Common(*ts[0].Key, *ts[1].Key)
	if k0, k1 := ts[0].Key.Kind, ts[1].Key.Kind; !ok || k0 != k1 && (k0 == types.String || k1 == types.String) && k0 != types.Null && k1 != types.Null {
		return errs.New("DATATYPE_MISMATCH.MAP_ZIP_WITH_DIFF_TYPES", `the keys of the two maps of %s have the types "%s" and "%s"`,
			b.name, ts[0].Key.SQL(), ts[1].Key.SQL()).State("42K09").WithHint("cast the keys of one map to the type of the other's")
	}
	params := []Arg{{Type: key}}
	for i := range 2 {
		b.out.Params[i] = types.MapOf(key, *ts[i].Elem, ts[i].HasNull)
		params = append(params, Arg{Type: *ts[i].Elem, Nullable: true})
	}
	body, err := b.lambda(2, 3, params...)
	if err != nil {
		return err
	}
	result := types.MapOf(key, body.Type, body.Nullable)
	b.out.Result, b.out.Nullable = result, b.args[0].Nullable || b.args[1].Nullable
	b.out.Kernel = func(_ *Context, args []vec.Col, lambdas []Lambda, n int, sel []uint32) (vec.Col, error) {
		e, cols := byKey(args[:2], n, sel)
		out, err := callLambda(lambdas, args, 2, cols, len(e.at), e.parents)
		if err != nil {
			return vec.Col{}, err
		}
		return e.lists(result, n, flatOf(cols[0], key), flatOf(out, body.Type)), nil
	}
	return nil
}

// byKey gives the keys of two maps, those of the first before the others, with the values of both.
func byKey(args []vec.Col, n int, sel []uint32) (elements, []vec.Col) {
	e := elements{parents: []uint32{}}
	b := []*vec.ColBuilder{vec.NewColBuilder(*args[0].Type.Key), vec.NewColBuilder(*args[0].Type.Elem), vec.NewColBuilder(*args[1].Type.Elem)}
	var buf []byte
	for i := range vec.Each(n, sel) {
		if args[0].IsNull(i) || args[1].IsNull(i) {
			continue
		}
		e.rows, e.starts = append(e.rows, uint32(i)), append(e.starts, len(e.at))
		at := map[string][2]int{} // where a key's values are, from 1; 0: nowhere
		var order []string
		for side := range 2 {
			kids, lo, hi := args[side].List(i)
			for k := lo; k < hi; k++ {
				buf = vec.AppendKey(buf[:0], kids[:1], k)
				places, seen := at[string(buf)]
				if !seen {
					order = append(order, string(buf))
				}
				places[side] = k + 1
				at[string(buf)] = places
			}
		}
		for _, key := range order {
			e.at, e.parents = append(e.at, 0), append(e.parents, uint32(i))
			for side := 1; side >= 0; side-- {
				kids, _, _ := args[side].List(i)
				k := at[key][side] - 1
				if k < 0 {
					b[side+1].AppendNull()
					continue
				}
				b[side+1].AppendFrom(&kids[1], k)
				if side == 0 || at[key][0] == 0 {
					b[0].AppendFrom(&kids[0], k)
				}
			}
		}
	}
	e.starts = append(e.starts, len(e.at))
	return e, []vec.Col{b[0].Finish(), b[1].Finish(), b[2].Finish()}
}
