package fn

import (
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

func bindFlatten(name string, args []Arg) (Bound, error) {
	if err := checkArity(name, args, 1, 1); err != nil {
		return Bound{}, err
	}
	t := args[0].Type
	if t.Kind != types.Array || t.Elem.Kind != types.Array {
		return Bound{}, mismatch(name, 0, `"ARRAY" of "ARRAY"`, t)
	}
	out := *t.Elem
	return Bound{Params: []types.Type{t}, Result: out, Nullable: args[0].Nullable || t.HasNull,
		Kernel: strict(out, func(_ *Context, args []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
			return buildRows(out, n, sel, valid, func(b *vec.ColBuilder, i int) error { return flattenRow(b, &args[0], i) })
		})}, nil
}

// flattenRow appends nothing if one of the inner arrays is NULL.
func flattenRow(b *vec.ColBuilder, c *vec.Col, i int) error {
	kids, lo, hi := c.List(i)
	for k := lo; k < hi; k++ {
		if kids[0].IsNull(k) {
			return errNull
		}
	}
	for k := lo; k < hi; k++ {
		inner, from, to := kids[0].List(k)
		for j := from; j < to; j++ {
			b.Child(0).AppendFrom(&inner[0], j)
		}
	}
	b.EndList()
	return nil
}

func mapEntriesOf(t types.Type) (types.Type, Kernel) {
	entry := types.StructOf(types.Field{Name: "key", Type: *t.Key}, types.Field{Name: "value", Type: *t.Elem, Nullable: t.HasNull})
	out := types.ArrayOf(entry, false)
	return out, strict(out, func(_ *Context, args []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
		return buildRows(out, n, sel, valid, func(b *vec.ColBuilder, i int) error {
			kids, lo, hi := args[0].List(i)
			for k := lo; k < hi; k++ {
				b.Child(0).Child(0).AppendFrom(&kids[0], k)
				b.Child(0).Child(1).AppendFrom(&kids[1], k)
				b.Child(0).EndStruct()
			}
			b.EndList()
			return nil
		})
	})
}
