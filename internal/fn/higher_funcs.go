package fn

import (
	"slices"
	"strings"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

func higherFuncs() []Higher {
	return slices.Concat(arrayHighers(), mapHighers())
}

// bodyFunc analyzes the lambda at position i with parameters of the types given.
type bodyFunc func(i int, params []Arg) (Arg, error)

// higherKernel is BoundHigher's Kernel.
type higherKernel func(c *Context, args []vec.Col, lambdas []Lambda, n int, sel []uint32) (vec.Col, error)

func higher(usage, doc string, bind func(b *higherBinder) error, aliases ...string) Higher {
	name, _, _ := strings.Cut(usage, "(")
	return Higher{Name: name, Aliases: aliases, Group: "lambda", Usage: usage, Doc: doc,
		Bind: func(args []HigherArg, body func(i int, params []Arg) (Arg, error)) (BoundHigher, error) {
			b := &higherBinder{name: name, args: args, body: body}
			b.out.Params = make([]types.Type, len(args))
			err := bind(b)
			return b.out, err
		}}
}

// higherBinder resolves one call.
type higherBinder struct {
	name string
	args []HigherArg
	body bodyFunc
	out  BoundHigher
}

func (b *higherBinder) arity(lo, hi int) error {
	plain := make([]Arg, len(b.args))
	return checkArity(b.name, plain, lo, hi)
}

// value resolves argument i, a value, by a param.
func (b *higherBinder) value(i int, p param) (types.Type, error) {
	if b.args[i].Params > 0 {
		_, required := p(Arg{Type: types.NullType})
		return types.Type{}, errs.New("DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
			"parameter %d of %s is a value, not a lambda %s", i+1, b.name, required).State("42K09")
	}
	t, required := p(b.args[i].Arg)
	if required != "" {
		return t, mismatch(b.name, i, required, b.args[i].Type)
	}
	b.out.Params[i] = t
	return t, nil
}

// lambda analyzes argument i with parameters; a lambda with fewer takes the first ones, if it has at
// least as many as least. A value in its place stands for a lambda that ignores its parameters.
func (b *higherBinder) lambda(i, least int, params ...Arg) (Arg, error) {
	n := b.args[i].Params
	if n == 0 {
		b.out.Params[i] = b.args[i].Type
		return b.args[i].Arg, nil
	}
	if n < least || n > len(params) {
		return Arg{}, errs.New("INVALID_LAMBDA_FUNCTION_CALL.NUM_ARGS_MISMATCH",
			"a lambda of %s takes %d parameters, not %d", b.name, len(params), n).State("42K0D").
			WithHint("write (%s) -> …", strings.Join([]string{"x", "y", "z"}[:min(len(params), 3)], ", "))
	}
	a, err := b.body(i, params[:n])
	b.out.Params[i] = a.Type
	return a, err
}

// predicate is lambda with a BOOLEAN result.
func (b *higherBinder) predicate(i, least int, params ...Arg) (Arg, error) {
	a, err := b.lambda(i, least, params...)
	if err != nil {
		return a, err
	}
	if a.Type.Kind != types.Boolean && a.Type.Kind != types.Null {
		return a, mismatch(b.name, i, `"BOOLEAN"`, a.Type)
	}
	b.out.Params[i] = types.BooleanType
	return a, nil
}

func arrayParam(a Arg) (types.Type, string) {
	if a.Type.Kind == types.Array {
		return a.Type, ""
	}
	return a.Type, `"ARRAY"`
}

func mapParam(a Arg) (types.Type, string) {
	if a.Type.Kind == types.Map {
		return a.Type, ""
	}
	return a.Type, `"MAP"`
}

// element is an array's element as a parameter.
func element(t types.Type) Arg { return Arg{Type: *t.Elem, Nullable: t.HasNull} }

var indexParam = Arg{Type: types.IntType}

// entry is a map's key and value as parameters.
func entry(t types.Type) []Arg { return []Arg{{Type: *t.Key}, {Type: *t.Elem, Nullable: t.HasNull}} }

// callLambda evaluates lambda i over elements; a value in its place is repeated.
func callLambda(lambdas []Lambda, args []vec.Col, i int, params []vec.Col, n int, parents []uint32) (vec.Col, error) {
	if n == 0 {
		return vec.NullCol(types.NullType, 0), nil
	}
	if lambdas[i] == nil {
		return vec.Take(&args[i], parents), nil
	}
	return lambdas[i](params, n, parents)
}

// lists makes a flat ARRAY or MAP column of n rows of the elements' rows; kids hold, one after the
// other, what the rows' elements became.
func (e *elements) lists(t types.Type, n int, kids ...vec.Col) vec.Col {
	out := vec.Col{Type: t, Len: n, Off: make([]int32, n+1), Kids: kids, Valid: make([]byte, (n+7)/8)}
	row := 0
	for r, i := range e.rows {
		for ; row <= int(i); row++ {
			out.Off[row] = int32(e.starts[r])
		}
		out.Valid[i>>3] |= 1 << (i & 7)
	}
	for ; row <= n; row++ {
		out.Off[row] = int32(len(e.at))
	}
	return out
}

// keep narrows the elements to some of them, ascending.
func (e *elements) keep(which []uint32) elements {
	out := elements{kids: e.kids, rows: e.rows}
	for r := range e.rows {
		out.starts = append(out.starts, len(out.at))
		for len(which) > 0 && int(which[0]) < e.starts[r+1] {
			out.at, out.parents = append(out.at, e.at[which[0]]), append(out.parents, e.rows[r])
			which = which[1:]
		}
	}
	out.starts = append(out.starts, len(out.at))
	return out
}

// flatOf is a column as a kid of a list: flat, of type t, also where it has no rows.
func flatOf(c vec.Col, t types.Type) vec.Col {
	if c.Len == 0 {
		b := vec.NewColBuilder(t)
		return b.Finish()
	}
	f := vec.Flatten(&c)
	f.Type = t
	return f
}
