package fn

import (
	"fmt"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

func makeFuncs() []Scalar {
	return []Scalar{
		scalar("struct", "struct(a, ...)", "A struct of the arguments; the analyzer passes their names by named_struct.", direct(bindStruct)),
		scalar("struct", "named_struct(name, value, ...)", "A struct of fields with constant names.", direct(bindNamedStruct)),
		scalar("array", "array(a, ...)", "An array of the arguments.", direct(bindArray)),
		scalar("map", "map(key, value, ...)", "A map of keys and values.", direct(bindMap)),
		scalar("map", "map_from_arrays(keys, values)", "A map of an array of keys and one of values.", direct(bindMapFromArrays)),
		scalar("array", "sequence(start, stop[, step])", "The numbers from start to stop, both included.", direct(bindSequence)),
	}
}

// bindStruct names the fields col1, col2, ...
func bindStruct(name string, args []Arg) (Bound, error) {
	var fields []types.Field
	var params []types.Type
	for i, a := range args {
		fields = append(fields, types.Field{Name: fmt.Sprintf("col%d", i+1), Type: a.Type, Nullable: a.Nullable})
		params = append(params, a.Type)
	}
	t := types.StructOf(fields...)
	return Bound{Params: params, Result: t, Kernel: structKernel(t, 0, 1)}, nil
}

func bindNamedStruct(name string, args []Arg) (Bound, error) {
	if len(args)%2 == 1 {
		return Bound{}, arity(name, "2n (n > 0)", len(args))
	}
	var fields []types.Field
	var params []types.Type
	for i := 0; i < len(args); i += 2 {
		k := args[i].Const
		if k == nil || args[i].Type.Kind != types.String || k.IsNull(0) {
			return Bound{}, errs.New("DATATYPE_MISMATCH.CREATE_NAMED_STRUCT_WITHOUT_FOLDABLE_STRING",
				"the names of named_struct must be constant strings").State("42K09")
		}
		fields = append(fields, types.Field{Name: string(k.Bytes(0)), Type: args[i+1].Type, Nullable: args[i+1].Nullable})
		params = append(params, types.StringType, args[i+1].Type)
	}
	t := types.StructOf(fields...)
	return Bound{Params: params, Result: t, Kernel: structKernel(t, 1, 2)}, nil
}

// structKernel takes every step-th argument from the first on as a field, without copying
// flat ones.
func structKernel(t types.Type, first, step int) Kernel {
	return func(_ *Context, args []vec.Col, n int, _ []uint32) (vec.Col, error) {
		out := vec.Col{Type: t, Len: n}
		for i := first; i < len(args); i += step {
			out.Kids = append(out.Kids, vec.Flatten(&args[i]))
		}
		return out, nil
	}
}

// bindArray casts the elements to their common type.
func bindArray(name string, args []Arg) (Bound, error) {
	params, elem, err := commonParams(name, args)
	if err != nil {
		return Bound{}, err
	}
	t := types.ArrayOf(elem, nullable(args))
	return Bound{Params: params, Result: t, Kernel: func(_ *Context, args []vec.Col, n int, sel []uint32) (vec.Col, error) {
		return buildRows(t, n, sel, nil, func(b *vec.ColBuilder, i int) error {
			for k := range args {
				b.Child(0).AppendFrom(&args[k], i)
			}
			b.EndList()
			return nil
		})
	}}, nil
}

func bindMap(name string, args []Arg) (Bound, error) {
	if len(args)%2 == 1 {
		return Bound{}, arity(name, "2n (n > 0)", len(args))
	}
	var keys, vals []Arg
	for i := 0; i < len(args); i += 2 {
		keys, vals = append(keys, args[i]), append(vals, args[i+1])
	}
	_, kt, err := commonParams(name, keys)
	if err != nil {
		return Bound{}, err
	}
	_, vt, err := commonParams(name, vals)
	if err != nil {
		return Bound{}, err
	}
	if kt.Kind == types.Map {
		return Bound{}, errs.New("DATATYPE_MISMATCH.INVALID_MAP_KEY_TYPE", "the key of a map cannot be a map").State("42K09")
	}
	t := types.MapOf(kt, vt, nullable(vals))
	params := make([]types.Type, len(args))
	for i := range params {
		params[i] = []types.Type{kt, vt}[i%2]
	}
	return Bound{Params: params, Result: t, Kernel: mapKernel(t)}, nil
}

func mapKernel(t types.Type) Kernel {
	return func(_ *Context, args []vec.Col, n int, sel []uint32) (vec.Col, error) {
		m := newMapBuilder(*t.Key)
		return buildRows(t, n, sel, nil, func(b *vec.ColBuilder, i int) error {
			m.reset()
			for k := 0; k < len(args); k += 2 {
				if err := m.add(b, &args[k], i, &args[k+1], i); err != nil {
					return err
				}
			}
			b.EndList()
			return nil
		})
	}
}

// mapBuilder appends entries, refusing NULL and duplicate keys.
type mapBuilder struct {
	order Comparer
	keys  []mapKey
}

type mapKey struct {
	c *vec.Col
	i int
}

func newMapBuilder(key types.Type) *mapBuilder { return &mapBuilder{order: CompareFunc(key)} }

// reset begins the next map.
func (m *mapBuilder) reset() { m.keys = m.keys[:0] }

func (m *mapBuilder) add(b *vec.ColBuilder, key *vec.Col, i int, val *vec.Col, j int) error {
	if key.IsNull(i) {
		return errs.New("NULL_MAP_KEY", "the key of a map cannot be NULL").State("2200E")
	}
	for _, k := range m.keys {
		if m.order(k.c, k.i, key, i) == 0 {
			return errs.New("DUPLICATED_MAP_KEY", "the key %s occurs twice in the map", Text(nil, key, i)).State("23505").
				WithHint("remove one of the two entries")
		}
	}
	m.keys = append(m.keys, mapKey{key, i})
	b.Child(0).AppendFrom(key, i)
	b.Child(1).AppendFrom(val, j)
	return nil
}

func bindMapFromArrays(name string, args []Arg) (Bound, error) {
	list := kinds("ARRAY", types.ArrayOf(types.NullType, true), types.Array)
	ts, err := resolve(name, args, 2, list, list)
	if err != nil {
		return Bound{}, err
	}
	t := types.MapOf(*ts[0].Elem, *ts[1].Elem, ts[1].HasNull)
	return Bound{Params: ts, Result: t, Nullable: nullable(args),
		Kernel: strict(t, func(_ *Context, args []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
			m := newMapBuilder(*t.Key)
			return buildRows(t, n, sel, valid, func(b *vec.ColBuilder, i int) error {
				m.reset()
				keys, lo, hi := args[0].List(i)
				vals, from, to := args[1].List(i)
				if hi-lo != to-from {
					return errs.New("INVALID_PARAMETER_VALUE.MAP_ARRAYS", "the arrays of keys and values must be equally long").State("22023")
				}
				for k := range hi - lo {
					if err := m.add(b, &keys[0], lo+k, &vals[0], from+k); err != nil {
						return err
					}
				}
				b.EndList()
				return nil
			})
		})}, nil
}
