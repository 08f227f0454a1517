package fn

import (
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

func predicateFuncs() []Scalar {
	return []Scalar{
		{Name: "not", Aliases: []string{"!"}, Group: "predicate", Usage: "NOT a", Doc: "Logical negation; NULL stays NULL.",
			Bind: simple("not", types.BooleanType, notKernel, is(types.BooleanType))},
		{Name: "isnull", Group: "predicate", Usage: "isnull(a)", Doc: "True if the argument is NULL; a IS NULL.", Bind: bindNullTest("isnull", true)},
		{Name: "isnotnull", Group: "predicate", Usage: "isnotnull(a)", Doc: "True if the argument is not NULL; a IS NOT NULL.", Bind: bindNullTest("isnotnull", false)},
	}
}

func notKernel(c *Context, args []vec.Col, n int, sel []uint32) (vec.Col, error) {
	return strict(types.BooleanType, func(_ *Context, args []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
		r, out := read[bool](&args[0]), make([]bool, n)
		for i := range vec.Each(n, sel) {
			out[i] = !r.at(i)
		}
		return vec.FlatOf(types.BooleanType, out, valid), nil
	})(c, args, n, sel)
}

func bindNullTest(name string, want bool) func([]Arg) (Bound, error) {
	kernel := func(_ *Context, args []vec.Col, n int, sel []uint32) (vec.Col, error) {
		a := &args[0]
		if !a.MayNull() || a.Enc == vec.Const {
			return vec.ConstOf(types.BooleanType, (a.MayNull() && a.IsNull(0)) == want, n), nil
		}
		out := make([]bool, n)
		for i := range vec.Each(n, sel) {
			out[i] = a.IsNull(i) == want
		}
		return vec.FlatOf(types.BooleanType, out, nil), nil
	}
	return func(args []Arg) (Bound, error) {
		ts, err := resolve(name, args, 1, anyType)
		return Bound{Params: ts, Result: types.BooleanType, Kernel: kernel}, err
	}
}
