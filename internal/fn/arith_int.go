package fn

import (
	"math"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

type integer interface{ int8 | int16 | int32 | int64 }

type float interface{ float32 | float64 }

// overflow is ANSI's error of an integer result that does not fit; try names the function
// that gives NULL instead, if there is one.
func overflow(t types.Type, try string) error {
	names := map[types.Kind]string{types.Byte: "byte", types.Short: "short", types.Int: "integer", types.Long: "long",
		types.DayTime: "interval", types.YearMonth: "interval"}
	e := errs.New("ARITHMETIC_OVERFLOW", "%s overflow", names[t.Kind]).State("22003")
	if try != "" {
		e = e.WithHint("use %s to get NULL instead, or cast the operands to a wider type", try)
	}
	return e
}

// binaryOverflow is the overflow of an operator; narrow integers have a class of their own.
func binaryOverflow(x int64, op string, y int64, t types.Type) error {
	switch t.Kind {
	case types.DayTime, types.YearMonth:
		return errs.New("INTERVAL_ARITHMETIC_OVERFLOW.WITH_SUGGESTION", "the interval is beyond what its type holds").State("22015").
			WithHint("use %s to get NULL instead", tryNames[op])
	case types.Int, types.Long:
		return overflow(t, tryNames[op])
	}
	s := intSuffix(t)
	return errs.New("BINARY_ARITHMETIC_OVERFLOW", "%d%s %s %d%s caused overflow", x, s, op, y, s).State("22003").
		WithHint("use %s to get NULL instead, or cast the operands to a wider type", tryNames[op])
}

func divideByZero() error {
	return errs.New("DIVIDE_BY_ZERO", "division by zero").State("22012").
		WithHint("use try_divide to get NULL instead")
}

func remainderByZero() error {
	return errs.New("REMAINDER_BY_ZERO", "remainder by zero").State("22012").
		WithHint("use try_mod to get NULL instead")
}

var tryNames = map[string]string{"+": "try_add", "-": "try_subtract", "*": "try_multiply"}

// intKernel is an operator over integers: a plain loop over all rows that notes whether
// any overflowed, and only then an exact pass over the live rows.
func intKernel[T integer](op string, t types.Type, try bool) Kernel {
	exact := intExact[T](op, t)
	if try {
		exact = orNull(exact)
	}
	slow := row2(t, exact)
	if op != "+" && op != "-" && op != "*" {
		return slow
	}
	return strict(t, func(c *Context, args []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
		a, b := &args[0], &args[1]
		if a.Enc == vec.Dict || b.Enc == vec.Dict || sel != nil && len(sel) < n/2 {
			return slow(c, args, n, sel)
		}
		out := make([]T, n)
		if !intLoop(op, a, b, out) {
			return slow(c, args, n, sel)
		}
		return vec.FlatOf(t, out, valid), nil
	})
}

// intLoop fills out and reports whether no row overflowed.
func intLoop[T integer](op string, a, b *vec.Col, out []T) bool {
	x, y := vec.Values[T](a), vec.Values[T](b)
	if op == "-" && b.Enc == vec.Const {
		y = []T{-y[0]}
		if y[0] == -y[0] && y[0] != 0 {
			return false
		}
		op = "+"
	}
	if a.Enc == vec.Const && op != "-" {
		a, b, x, y = b, a, y, x
	}
	switch {
	case a.Enc == vec.Const: // c - y
		return subFrom(x[0], y[:len(out)], out)
	case op == "+" && b.Enc == vec.Const:
		return addConst(x[:len(out)], y[0], out)
	case op == "+":
		return addAll(x[:len(out)], y[:len(out)], out)
	case op == "-":
		return subAll(x[:len(out)], y[:len(out)], out)
	case b.Enc == vec.Const:
		return mulConst(x[:len(out)], y[0], out)
	}
	return mulAll(x[:len(out)], y[:len(out)], out)
}

func addAll[T integer](x, y, out []T) bool {
	var bad T
	for i := range x {
		s := x[i] + y[i]
		bad |= (x[i] ^ s) & (y[i] ^ s)
		out[i] = s
	}
	return bad >= 0
}

func addConst[T integer](x []T, y T, out []T) bool {
	var bad T
	for i := range x {
		s := x[i] + y
		bad |= (x[i] ^ s) & (y ^ s)
		out[i] = s
	}
	return bad >= 0
}

func subAll[T integer](x, y, out []T) bool {
	var bad T
	for i := range x {
		d := x[i] - y[i]
		bad |= (x[i] ^ y[i]) & (x[i] ^ d)
		out[i] = d
	}
	return bad >= 0
}

func subFrom[T integer](x T, y, out []T) bool {
	var bad T
	for i := range y {
		d := x - y[i]
		bad |= (x ^ y[i]) & (x ^ d)
		out[i] = d
	}
	return bad >= 0
}

func mulAll[T integer](x, y, out []T) bool {
	ok := true
	for i := range x {
		p, fits := mulOK(x[i], y[i])
		ok = ok && fits
		out[i] = p
	}
	return ok
}

func mulConst[T integer](x []T, y T, out []T) bool {
	ok := true
	for i := range x {
		p, fits := mulOK(x[i], y)
		ok = ok && fits
		out[i] = p
	}
	return ok
}

// mulOK multiplies; false if the product does not fit.
func mulOK[T integer](x, y T) (T, bool) {
	p := x * y
	if int64(x) == int64(int32(x)) && int64(y) == int64(int32(y)) {
		return p, int64(x)*int64(y) == int64(p)
	}
	if y == -1 {
		return p, x != -x || x == 0
	}
	return p, y == 0 || p/y == x
}

// addOK and subOK are single checked steps.
func addOK[T integer](x, y T) (T, bool) { s := x + y; return s, (x^s)&(y^s) >= 0 }
func subOK[T integer](x, y T) (T, bool) { d := x - y; return d, (x^y)&(x^d) >= 0 }

// intExact is the operator for one row.
func intExact[T integer](op string, t types.Type) func(*Context, T, T) (T, error) {
	checked := func(f func(x, y T) (T, bool)) func(*Context, T, T) (T, error) {
		return func(_ *Context, x, y T) (T, error) {
			v, ok := f(x, y)
			if !ok {
				return 0, binaryOverflow(int64(x), op, int64(y), t)
			}
			return v, nil
		}
	}
	switch op {
	case "+":
		return checked(addOK[T])
	case "-":
		return checked(subOK[T])
	case "*":
		return checked(mulOK[T])
	case "div":
		return func(_ *Context, x, y T) (T, error) {
			switch {
			case y == 0:
				return 0, divideByZero()
			case y == -1 && x == -x && x != 0:
				return 0, overflow(t, "")
			}
			return x / y, nil
		}
	}
	return func(_ *Context, x, y T) (T, error) {
		switch y {
		case 0:
			return 0, remainderByZero()
		case -1:
			return 0, nil
		}
		return x % y, nil
	}
}

// orNull makes a row function give NULL where it would fail.
func orNull[A, B, R any](f func(*Context, A, B) (R, error)) func(*Context, A, B) (R, error) {
	return func(c *Context, a A, b B) (R, error) {
		v, err := f(c, a, b)
		if err != nil {
			err = errNull
		}
		return v, err
	}
}

// floatKernel is an operator over FLOAT or DOUBLE; division by zero raises under ANSI.
func floatKernel[T float](op string, t types.Type, try bool) Kernel {
	exact := floatExact[T](op)
	if try {
		exact = orNull(exact)
	}
	if op == "%" {
		return row2(t, exact)
	}
	slow := row2(t, exact)
	return strict(t, func(c *Context, args []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
		a, b := &args[0], &args[1]
		if a.Enc == vec.Dict || b.Enc == vec.Dict || sel != nil && len(sel) < n/2 {
			return slow(c, args, n, sel)
		}
		out := make([]T, n)
		if !floatLoop(op, a, b, out) {
			return slow(c, args, n, sel)
		}
		return vec.FlatOf(t, out, valid), nil
	})
}

// floatLoop fills out; false if a divisor was zero.
func floatLoop[T float](op string, a, b *vec.Col, out []T) bool {
	x, y := vec.Values[T](a), vec.Values[T](b)
	mx, my := -boolInt(a.Enc != vec.Const), -boolInt(b.Enc != vec.Const)
	ok := true
	switch op {
	case "+":
		for i := range out {
			out[i] = x[i&mx] + y[i&my]
		}
	case "-":
		for i := range out {
			out[i] = x[i&mx] - y[i&my]
		}
	case "*":
		for i := range out {
			out[i] = x[i&mx] * y[i&my]
		}
	case "/":
		for i := range out {
			ok = ok && y[i&my] != 0
			out[i] = x[i&mx] / y[i&my]
		}
	}
	return ok
}

func floatExact[T float](op string) func(*Context, T, T) (T, error) {
	return func(_ *Context, x, y T) (T, error) {
		switch op {
		case "+":
			return x + y, nil
		case "-":
			return x - y, nil
		case "*":
			return x * y, nil
		case "/":
			if y == 0 {
				return 0, divideByZero()
			}
			return x / y, nil
		}
		if y == 0 {
			return 0, remainderByZero()
		}
		return T(math.Mod(float64(x), float64(y))), nil
	}
}
