package fn

import (
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

func arithmeticFuncs() []Scalar {
	entry := func(name, doc string) Scalar {
		return Scalar{Name: name, Group: "math", Usage: "a " + name + " b", Doc: doc,
			Bind: bindArithmetic(name, name, false)}
	}
	try := func(name, op, doc string) Scalar {
		return Scalar{Name: name, Group: "math", Usage: name + "(a, b)", Doc: doc,
			Bind: mayBeNull(bindArithmetic(name, op, true))}
	}
	return []Scalar{
		entry("+", "The sum; a date or timestamp plus an interval."),
		entry("*", "The product."),
		entry("/", "The quotient, a DOUBLE or DECIMAL."),
		entry("%", "The remainder, with the sign of the dividend."),
		entry("div", "The integral part of the quotient, a BIGINT."),
		{Name: "-", Group: "math", Usage: "a - b", Doc: "The difference; with one operand, its negative.", Bind: bindMinus},
		{Name: "mod", Group: "math", Usage: "mod(a, b)", Doc: "The remainder, as %.", Bind: bindArithmetic("mod", "%", false)},
		try("try_add", "+", "The sum, NULL on overflow."),
		try("try_subtract", "-", "The difference, NULL on overflow."),
		try("try_multiply", "*", "The product, NULL on overflow."),
		try("try_divide", "/", "The quotient, NULL if the divisor is 0."),
		try("try_mod", "%", "The remainder, NULL if the divisor is 0."),
		{Name: "positive", Group: "math", Usage: "positive(a)", Doc: "The argument itself; unary +.", Bind: bindPositive},
		{Name: "negative", Group: "math", Usage: "negative(a)", Doc: "The negative; unary -.", Bind: bindNegative},
	}
}

func bindMinus(args []Arg) (Bound, error) {
	if len(args) == 1 {
		return bindNegative(args)
	}
	return bindArithmetic("-", "-", false)(args)
}

// bindArithmetic resolves a binary operator; name is what the user wrote.
func bindArithmetic(name, op string, try bool) func([]Arg) (Bound, error) {
	return func(args []Arg) (Bound, error) {
		if err := checkArity(name, args, 2, 2); err != nil {
			return Bound{}, err
		}
		a, b := args[0].Type, args[1].Type
		if op == "div" && isInterval(a) && a.Kind == b.Kind {
			return bindIntervalDiv(args, try), nil
		}
		if isTemporal(a) || isTemporal(b) {
			return bindTemporal(name, op, args, try)
		}
		t, ok := types.Common(a, b)
		switch {
		case !ok:
			return Bound{}, differing(name, a, b)
		case t.Kind == types.Null:
			t = types.DoubleType
		case !t.IsNumeric():
			return Bound{}, wrongType(name, `"NUMERIC" or "INTERVAL"`, t)
		}
		if t.Kind == types.Decimal {
			return bindDecimal(op, args, try), nil
		}
		return bindNumber(op, t, args, try), nil
	}
}

// bindNumber resolves an operator over integers or floating point of common type t.
func bindNumber(op string, t types.Type, args []Arg, try bool) Bound {
	switch {
	case op == "/":
		t = types.DoubleType
	case op == "div":
		t = types.LongType
	}
	out := Bound{Params: []types.Type{t, t}, Result: t, Nullable: nullable(args)}
	switch t.Kind {
	case types.Byte:
		out.Kernel = intKernel[int8](op, t, try)
	case types.Short:
		out.Kernel = intKernel[int16](op, t, try)
	case types.Int:
		out.Kernel = intKernel[int32](op, t, try)
	case types.Long:
		out.Kernel = intKernel[int64](op, t, try)
	case types.Float:
		out.Kernel = floatKernel[float32](op, t, try)
	case types.Double:
		out.Kernel = floatKernel[float64](op, t, try)
	}
	return out
}

func bindPositive(args []Arg) (Bound, error) {
	return bindSign("positive", args, func(t types.Type) Kernel {
		return func(_ *Context, args []vec.Col, _ int, _ []uint32) (vec.Col, error) { return args[0], nil }
	})
}

func bindNegative(args []Arg) (Bound, error) { return bindSign("-", args, negateKernel) }

// bindSign resolves unary + and - over numbers and intervals.
func bindSign(name string, args []Arg, kernel func(types.Type) Kernel) (Bound, error) {
	if err := checkArity(name, args, 1, 1); err != nil {
		return Bound{}, err
	}
	t := args[0].Type
	switch {
	case t.Kind == types.String, t.Kind == types.Null:
		t = types.DoubleType
	case !t.IsNumeric() && t.Kind != types.DayTime && t.Kind != types.YearMonth:
		return Bound{}, mismatch(name, 0, `"NUMERIC" or "INTERVAL"`, t)
	}
	return Bound{Params: []types.Type{t}, Result: t, Nullable: nullable(args), Kernel: kernel(t)}, nil
}

func negateKernel(t types.Type) Kernel {
	switch t.Kind {
	case types.Byte:
		return row1(t, negateInt[int8](t))
	case types.Short:
		return row1(t, negateInt[int16](t))
	case types.Int, types.YearMonth:
		return row1(t, negateInt[int32](t))
	case types.Long, types.DayTime:
		return row1(t, negateInt[int64](t))
	case types.Float:
		return sure1(t, func(a float32) float32 { return -a })
	case types.Double:
		return sure1(t, func(a float64) float64 { return -a })
	}
	return sure1(t, func(a num) num { return a.Negate() })
}

func negateInt[T integer](t types.Type) func(*Context, T) (T, error) {
	return func(_ *Context, a T) (T, error) {
		if a == -a && a != 0 {
			return 0, overflow(t, "")
		}
		return -a, nil
	}
}
