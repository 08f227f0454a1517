package fn

import (
	"cmp"

	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// A comparison is "less" or "equal", with its sides swapped and its outcome negated as
// needed: a > b is less(b, a), a <= b is not less(b, a).
type comparison struct {
	equal, swap, negate bool
}

func comparisonOf(op string) comparison {
	switch op {
	case "<":
		return comparison{}
	case ">":
		return comparison{swap: true}
	case "<=":
		return comparison{swap: true, negate: true}
	case ">=":
		return comparison{negate: true}
	case "=":
		return comparison{equal: true}
	}
	return comparison{equal: true, negate: true} // !=
}

func comparisonFuncs() []Scalar {
	entry := func(name, doc string, aliases ...string) Scalar {
		return Scalar{Name: name, Aliases: aliases, Group: "predicate", Usage: "a " + name + " b",
			Doc: doc, Bind: bindComparison(name)}
	}
	return []Scalar{
		entry("=", "True if both sides are equal; NULL if one is NULL.", "=="),
		entry("!=", "True if the sides differ; NULL if one is NULL.", "<>"),
		entry("<", "True if the left side is smaller."),
		entry("<=", "True if the left side is smaller or equal."),
		entry(">", "True if the left side is greater."),
		entry(">=", "True if the left side is greater or equal."),
		entry("<=>", "As =, but NULL equals NULL and the result is never NULL."),
	}
}

func bindComparison(op string) func([]Arg) (Bound, error) {
	return func(args []Arg) (Bound, error) {
		if err := checkArity(op, args, 2, 2); err != nil {
			return Bound{}, err
		}
		common := types.Common
		if args[0].Type.IsNested() && args[1].Type.IsNested() {
			common = tightest // within nested types no string is read as a number
		}
		t, ok := common(args[0].Type, args[1].Type)
		params := []types.Type{t, t}
		if !ok && sameShape(args[0].Type, args[1].Type) {
			t, params, ok = args[0].Type, []types.Type{args[0].Type, args[1].Type}, true
		}
		if !ok {
			return Bound{}, differing(op, args[0].Type, args[1].Type)
		}
		if !t.IsOrderable() {
			return Bound{}, noOrder(op, t)
		}
		b := Bound{Params: params, Result: types.BooleanType, Nullable: nullable(args)}
		if op == "<=>" {
			b.Nullable, b.Kernel = false, nullSafeEqual(t)
		} else {
			b.Kernel = compareKernel(t, comparisonOf(op))
		}
		return b, nil
	}
}

// sameShape reports types that are equal but for the names of struct fields: what is compared has no
// use for them. Spark: DataType.equalsStructurally.
func sameShape(a, b types.Type) bool {
	if !a.IsNested() || a.Kind != b.Kind || len(a.Fields) != len(b.Fields) {
		return a.Equal(b)
	}
	for i, f := range a.Fields {
		if !sameShape(f.Type, b.Fields[i].Type) {
			return false
		}
	}
	return a.Kind == types.Struct || sameShape(*a.Elem, *b.Elem) && (a.Kind == types.Array || sameShape(*a.Key, *b.Key))
}

// compareKernel is the loop of a comparison over a type.
func compareKernel(t types.Type, op comparison) Kernel {
	var loop func(a, b *vec.Col, n int, sel []uint32, out []bool)
	switch t.Kind {
	case types.Byte:
		loop = compareLoop[int8](op)
	case types.Short:
		loop = compareLoop[int16](op)
	case types.Int, types.Date, types.YearMonth:
		loop = compareLoop[int32](op)
	case types.Long, types.Timestamp, types.TimestampNTZ, types.DayTime:
		loop = compareLoop[int64](op)
	case types.Float:
		loop = compareLoop[float32](op)
	case types.Double:
		loop = compareLoop[float64](op)
	case types.String, types.Binary:
		loop = compareStrings(op)
	default:
		return compareAny(t, op)
	}
	return strict(types.BooleanType, func(_ *Context, args []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
		a, b := &args[0], &args[1]
		if op.swap {
			a, b = b, a
		}
		out := make([]bool, n)
		if d, viaDict := overDict(a, b, loop); viaDict != nil {
			for i, id := range viaDict {
				out[i] = len(d) > 0 && d[id]
			}
		} else {
			loop(a, b, n, sel, out)
		}
		return vec.FlatOf(types.BooleanType, out, valid), nil
	})
}

// overDict compares each distinct value once if one side is a dictionary no longer than the batch (one
// that a join made may be a whole table) and the other constant; ids is nil otherwise.
func overDict(a, b *vec.Col, loop func(a, b *vec.Col, n int, sel []uint32, out []bool)) (res []bool, ids []uint32) {
	switch {
	case a.Enc == vec.Dict && b.Enc == vec.Const && a.Dict.Len <= a.Len:
		res = make([]bool, a.Dict.Len)
		loop(a.Dict, b, len(res), nil, res)
		return res, a.Ids
	case a.Enc == vec.Const && b.Enc == vec.Dict && b.Dict.Len <= b.Len:
		res = make([]bool, b.Dict.Len)
		loop(a, b.Dict, len(res), nil, res)
		return res, b.Ids
	}
	return nil, nil
}

type orderedFixed interface {
	int8 | int16 | int32 | int64 | float32 | float64
}

func compareLoop[T orderedFixed](op comparison) func(a, b *vec.Col, n int, sel []uint32, out []bool) {
	return func(a, b *vec.Col, n int, sel []uint32, out []bool) {
		ra, rb := read[T](a), read[T](b)
		switch {
		case sel != nil && len(sel) < n/2 || a.Enc == vec.Dict || b.Enc == vec.Dict:
			for i := range vec.Each(n, sel) {
				out[i] = holds(ra.at(i), rb.at(i), op)
			}
		case b.Enc == vec.Const:
			withConst(ra.v[:n], rb.v[0], op, out)
		case a.Enc == vec.Const:
			constWith(ra.v[0], rb.v[:n], op, out)
		case op.equal:
			x, y := ra.v[:n], rb.v[:n]
			for i := range x {
				out[i] = same(x[i], y[i]) != op.negate
			}
		default:
			x, y := ra.v[:n], rb.v[:n]
			for i := range x {
				out[i] = less(x[i], y[i]) != op.negate
			}
		}
	}
}

func withConst[T orderedFixed](x []T, y T, op comparison, out []bool) {
	if op.equal {
		for i, v := range x {
			out[i] = same(v, y) != op.negate
		}
		return
	}
	for i, v := range x {
		out[i] = less(v, y) != op.negate
	}
}

func constWith[T orderedFixed](x T, y []T, op comparison, out []bool) {
	if op.equal {
		for i, v := range y {
			out[i] = same(x, v) != op.negate
		}
		return
	}
	for i, v := range y {
		out[i] = less(x, v) != op.negate
	}
}

// same and less are Spark's: NaN equals itself and is the largest.
func same[T cmp.Ordered](x, y T) bool { return x == y || x != x && y != y }
func less[T cmp.Ordered](x, y T) bool { return x < y || y != y && x == x }

func holds[T cmp.Ordered](x, y T, op comparison) bool {
	if op.equal {
		return same(x, y) != op.negate
	}
	return less(x, y) != op.negate
}

func compareStrings(op comparison) func(a, b *vec.Col, n int, sel []uint32, out []bool) {
	return func(a, b *vec.Col, n int, sel []uint32, out []bool) {
		if op.equal && a.Enc == vec.Const && b.Enc == vec.Flat {
			a, b = b, a
		}
		if op.equal && a.Enc == vec.Flat && b.Enc == vec.Const && sel == nil {
			equalConst(a, b.Str(0), op.negate, out)
			return
		}
		for i := range vec.Each(n, sel) {
			if !a.IsNull(i) && !b.IsNull(i) {
				out[i] = holds(a.Str(i), b.Str(i), op)
			}
		}
	}
}

// equalConst compares every text of a flat column with one; those of NULL rows are empty.
func equalConst(c *vec.Col, s string, negate bool, out []bool) {
	data, off := c.Data, c.Off[:len(out)+1]
	for i := range out {
		out[i] = (string(data[off[i]:off[i+1]]) == s) != negate
	}
}

// compareAny compares the types without a loop of their own.
func compareAny(t types.Type, op comparison) Kernel {
	order := CompareFunc(t)
	return strict(types.BooleanType, func(_ *Context, args []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
		a, b := &args[0], &args[1]
		if op.swap {
			a, b = b, a
		}
		out := make([]bool, n)
		for i := range live(n, sel, valid) {
			d := order(a, i, b, i)
			out[i] = (op.equal && d == 0 || !op.equal && d < 0) != op.negate
		}
		return vec.FlatOf(types.BooleanType, out, valid), nil
	})
}

func nullSafeEqual(t types.Type) Kernel {
	order := nullsFirst(CompareFunc(t))
	return func(_ *Context, args []vec.Col, n int, sel []uint32) (vec.Col, error) {
		out := make([]bool, n)
		for i := range vec.Each(n, sel) {
			out[i] = order(&args[0], i, &args[1], i) == 0
		}
		return vec.FlatOf(types.BooleanType, out, nil), nil
	}
}
