package fn

import (
	"math/big"

	"github.com/apache/arrow-go/v18/arrow/decimal128"

	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// decimalParam is the DECIMAL an operand counts as: an integer literal has only the digits
// that it shows. Spark: DecimalPrecisionTypeCoercion, DecimalType.fromLiteral.
func decimalParam(a Arg) types.Type {
	if a.Type.IsIntegral() && a.Type.Kind != types.Byte && a.Const != nil && !a.Folded && !a.Const.IsNull(0) {
		return types.DecimalType(digits(intValue(a.Const, 0)), 0)
	}
	return types.DecimalFor(a.Type)
}

// digits counts the decimal digits of an integer, at least 1.
func digits(v int64) int {
	n := 1
	for v /= 10; v != 0; v /= 10 {
		n++
	}
	return n
}

// intValue reads an integer of any width.
func intValue(c *vec.Col, i int) int64 {
	switch c.Type.Kind {
	case types.Byte:
		return int64(vec.Get[int8](c, i))
	case types.Short:
		return int64(vec.Get[int16](c, i))
	case types.Int, types.Date, types.YearMonth:
		return int64(vec.Get[int32](c, i))
	}
	return vec.Get[int64](c, i)
}

func bindDecimal(op string, args []Arg, try bool) Bound {
	a, b := decimalParam(args[0]), decimalParam(args[1])
	t := types.DecimalResult(op, a, b)
	out := Bound{Params: []types.Type{a, b}, Result: t, Nullable: nullable(args)}
	exact := decimalExact(op, a, b, t)
	if try {
		exact = orNull(exact)
	}
	if op == "div" {
		out.Result = types.LongType
		out.Kernel = row2(types.LongType, func(c *Context, x, y num) (int64, error) {
			q, err := exact(c, x, y)
			if err != nil {
				return 0, err
			}
			return lowBits(q.BigInt()), nil // what has no room wraps, as in Spark
		})
		return out
	}
	out.Kernel = row2(t, exact)
	return out
}

// decimalExact computes in unlimited precision, rounds half up to the result's scale and
// checks its precision; sums and products of small values take a path without big.Int.
func decimalExact(op string, a, b, t types.Type) func(*Context, num, num) (num, error) {
	sa, sb, st := int(a.Scale), int(b.Scale), int(t.Scale)
	quick := decimalQuick(op, sa, sb, t)
	return func(_ *Context, x, y num) (num, error) {
		if quick != nil {
			if v, ok := quick(x, y); ok {
				return v, nil
			}
		}
		if y.Sign() == 0 && (op == "/" || op == "div") {
			return num{}, divideByZero()
		}
		if y.Sign() == 0 && op == "%" {
			return num{}, remainderByZero()
		}
		v := decimalBig(op, x.BigInt(), y.BigInt(), sa, sb, st)
		out, ok := fitDecimal(v, t.Precision)
		if !ok {
			return num{}, outOfRange(v, st, t)
		}
		return out, nil
	}
}

// decimalBig computes x op y at scale st.
func decimalBig(op string, x, y *big.Int, sa, sb, st int) *big.Int {
	switch op {
	case "*":
		return rescale(x.Mul(x, y), sa+sb, st)
	case "/":
		if shift := st - sa + sb; shift >= 0 {
			return divHalfUp(x.Mul(x, pow10(shift)), y)
		}
		return divHalfUp(x, y.Mul(y, pow10(sa-sb-st)))
	}
	s := max(sa, sb)
	x, y = rescale(x, sa, s), rescale(y, sb, s)
	switch op {
	case "+":
		return rescale(x.Add(x, y), s, st)
	case "-":
		return rescale(x.Sub(x, y), s, st)
	case "div":
		return x.Quo(x, y)
	}
	return rescale(x.Rem(x, y), s, st)
}

// decimalQuick handles operands below 2^63 when no rounding is needed; nil if never.
func decimalQuick(op string, sa, sb int, t types.Type) func(x, y num) (num, bool) {
	st := int(t.Scale)
	limit := decimal128.GetMaxValue(int32(t.Precision))
	fits := func(v num) (num, bool) { return v, v.Abs().LessEqual(limit) }
	switch {
	case op == "*" && st == sa+sb:
		return func(x, y num) (num, bool) {
			if _, ok := small(x); !ok {
				return x, false
			}
			if _, ok := small(y); !ok {
				return x, false
			}
			return fits(x.Mul(y))
		}
	case (op == "+" || op == "-") && st-min(sa, sb) <= 18 && st >= max(sa, sb):
		fa, fb := decimal128.GetScaleMultiplier(st-sa), decimal128.GetScaleMultiplier(st-sb)
		return func(x, y num) (num, bool) {
			if _, ok := small(x); !ok {
				return x, false
			}
			if _, ok := small(y); !ok {
				return x, false
			}
			if op == "-" {
				y = y.Negate()
			}
			return fits(x.Mul(fa).Add(y.Mul(fb)))
		}
	}
	return nil
}
