package fn

import (
	"math"
	"math/big"

	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

func mathFuncs() []Scalar {
	d := types.DoubleType
	unary := func(usage, doc string, f func(float64) float64, aliases ...string) Scalar {
		return scalar("math", usage, doc, fixed(d, sure1(d, f), double), aliases...)
	}
	logarithm := func(usage, doc string, floor float64, f func(float64) float64) Scalar {
		return scalar("math", usage, doc, orNullable(fixed(d, row1(d, func(_ *Context, v float64) (float64, error) {
			if v <= floor {
				return 0, errNull
			}
			return f(v), nil
		}), double)))
	}
	return []Scalar{
		scalar("math", "abs(a)", "The absolute value.", direct(bindAbs)),
		scalar("math", "sign(a)", "-1.0, 0.0 or 1.0 as the number is negative, zero or positive.", direct(bindSignum), "signum"),
		scalar("math", "round(a[, d])", "The number rounded half up (away from zero) to d decimals, 0 if not given.", direct(bindRound(halfUp))),
		scalar("math", "bround(a[, d])", "The number rounded half to even to d decimals.", direct(bindRound(halfEven))),
		scalar("math", "floor(a[, d])", "The largest number not above a, with d decimals if given.", direct(bindRound(roundFloor))),
		scalar("math", "ceil(a[, d])", "The smallest number not below a, with d decimals if given.", direct(bindRound(roundCeil)), "ceiling"),
		unary("rint(a)", "The nearest whole number, half to even.", math.RoundToEven),
		unary("sqrt(a)", "The square root; NaN of a negative number.", math.Sqrt),
		unary("cbrt(a)", "The cube root.", math.Cbrt),
		unary("exp(a)", "e to the power of a.", exp),
		unary("expm1(a)", "exp(a) - 1.", math.Expm1),
		logarithm("ln(a)", "The natural logarithm, NULL unless positive.", 0, math.Log),
		logarithm("log10(a)", "The logarithm to base 10, NULL unless positive.", 0, math.Log10),
		logarithm("log2(a)", "The logarithm to base 2, NULL unless positive.", 0, math.Log2),
		logarithm("log1p(a)", "ln(1 + a), NULL unless a is above -1.", -1, math.Log1p),
		scalar("math", "log([base, ]a)", "The logarithm to a base, e if not given; NULL unless positive.", orNullable(opt(1, d, logKernel, double, double))),
		scalar("math", "pow(a, b)", "a to the power of b.", fixed(d, sure2(d, math.Pow), double, double), "power"),
		scalar("math", "hypot(a, b)", "The square root of a*a + b*b.", fixed(d, sure2(d, math.Hypot), double, double)),
		unary("radians(a)", "Degrees in radians.", func(v float64) float64 { return v / 180 * math.Pi }),
		unary("degrees(a)", "Radians in degrees.", func(v float64) float64 { return v * 180 / math.Pi }),
		unary("sin(a)", "The sine of an angle in radians.", math.Sin),
		unary("cos(a)", "The cosine of an angle in radians.", math.Cos),
		unary("tan(a)", "The tangent of an angle in radians.", math.Tan),
		unary("asin(a)", "The inverse sine.", math.Asin),
		unary("acos(a)", "The inverse cosine.", math.Acos),
		unary("atan(a)", "The inverse tangent.", math.Atan),
		unary("sinh(a)", "The hyperbolic sine.", math.Sinh),
		unary("cosh(a)", "The hyperbolic cosine.", math.Cosh),
		unary("tanh(a)", "The hyperbolic tangent.", math.Tanh),
		scalar("math", "atan2(y, x)", "The angle of the point (x, y).", fixed(d, sure2(d, math.Atan2), double, double)),
		scalar("math", "pi()", "The number pi.", fixed(d, constant(math.Pi))),
		scalar("math", "e()", "Euler's number.", fixed(d, constant(math.E))),
		scalar("math", "pmod(a, b)", "The remainder that is never negative for a positive b.", direct(bindPmod)),
		scalar("math", "greatest(a, b, ...)", "The largest of the arguments that are not NULL.", direct(bindExtreme(1))),
		scalar("math", "least(a, b, ...)", "The smallest of the arguments that are not NULL.", direct(bindExtreme(-1))),
		scalar("math", "width_bucket(v, min, max, n)", "The bucket of n equal ones between min and max that v falls into; 0 below, n + 1 above.", orNullable(direct(bindWidthBucket))),
		scalar("math", "factorial(n)", "n!, for n from 0 to 20; otherwise NULL.", orNullable(fixed(types.LongType, row1(types.LongType, factorial), integer32))),
	}
}

func constant(v float64) Kernel {
	return func(_ *Context, _ []vec.Col, n int, _ []uint32) (vec.Col, error) {
		return vec.ConstOf(types.DoubleType, v, n), nil
	}
}

func sign(v float64) float64 {
	switch {
	case v > 0:
		return 1
	case v < 0:
		return -1
	}
	return v
}

// bindSignum is over numbers and intervals.
func bindSignum(name string, args []Arg) (Bound, error) {
	d := types.DoubleType
	if len(args) != 1 || !isInterval(args[0].Type) {
		return fixed(d, sure1(d, sign), double)(name)(args)
	}
	t := args[0].Type
	return Bound{Params: []types.Type{t}, Result: d, Nullable: args[0].Nullable, Kernel: strict(d, func(_ *Context, a []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
		return rowLoop(d, n, sel, valid, func(i int) (float64, error) { return sign(float64(intValue(&a[0], i))), nil })
	})}, nil
}

// bindWidthBucket is over numbers, or intervals of one kind.
func bindWidthBucket(name string, args []Arg) (Bound, error) {
	t := types.LongType
	if len(args) != 4 || !isInterval(args[0].Type) {
		return fixed(t, widthBucket, double, double, double, integer64)(name)(args)
	}
	ts := []types.Type{args[0].Type, args[1].Type, args[2].Type, t}
	for i, a := range args[:3] {
		if a.Type.Kind != args[0].Type.Kind {
			return Bound{}, mismatch(name, i, `"`+args[0].Type.SQL()+`"`, a.Type)
		}
	}
	if !args[3].Type.IsIntegral() {
		return Bound{}, mismatch(name, 3, `"BIGINT"`, args[3].Type)
	}
	k := strict(t, func(_ *Context, a []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
		at := func(k, i int) float64 { return float64(intValue(&a[k], i)) }
		return rowLoop(t, n, sel, valid, func(i int) (int64, error) { return bucket(at(0, i), at(1, i), at(2, i), vec.Get[int64](&a[3], i)) })
	})
	return Bound{Params: ts, Result: t, Nullable: true, Kernel: k}, nil
}

func logKernel(c *Context, args []vec.Col, n int, sel []uint32) (vec.Col, error) {
	d := types.DoubleType
	one := row1(d, func(_ *Context, v float64) (float64, error) {
		if v <= 0 {
			return 0, errNull
		}
		return math.Log(v), nil
	})
	two := row2(d, func(_ *Context, base, v float64) (float64, error) {
		if v <= 0 || base <= 0 {
			return 0, errNull
		}
		return math.Log(v) / math.Log(base), nil
	})
	return byCount(one, 2, two)(c, args, n, sel)
}

func factorial(_ *Context, n int32) (int64, error) {
	if n < 0 || n > 20 {
		return 0, errNull
	}
	out := int64(1)
	for k := int64(2); k <= int64(n); k++ {
		out *= k
	}
	return out, nil
}

func widthBucket(c *Context, args []vec.Col, n int, sel []uint32) (vec.Col, error) {
	t := types.LongType
	return strict(t, func(_ *Context, args []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
		v, lo, hi, k := read[float64](&args[0]), read[float64](&args[1]), read[float64](&args[2]), read[int64](&args[3])
		return rowLoop(t, n, sel, valid, func(i int) (int64, error) {
			return bucket(v.at(i), lo.at(i), hi.at(i), k.at(i))
		})
	})(c, args, n, sel)
}

func bucket(v, lo, hi float64, n int64) (int64, error) {
	if n <= 0 || n == math.MaxInt64 || v != v || lo == hi || math.IsNaN(lo-hi) || math.IsInf(lo, 0) || math.IsInf(hi, 0) {
		return 0, errNull
	}
	low, high := min(lo, hi), max(lo, hi)
	switch {
	case lo < hi && v < low, lo > hi && v > high:
		return 0, nil
	case lo < hi && v >= high, lo > hi && v <= low:
		return n + 1, nil
	case lo < hi:
		return int64(float64(n)*(v-low)/(high-low)) + 1, nil
	}
	return int64(float64(n)*(high-v)/(high-low)) + 1, nil
}

func bindAbs(name string, args []Arg) (Bound, error) {
	ts, err := resolve(name, args, 1, sumParam)
	if err != nil {
		return Bound{}, err
	}
	t := ts[0]
	b := Bound{Params: ts, Result: t, Nullable: nullable(args)}
	switch t.Kind {
	case types.Byte:
		b.Kernel = row1(t, absInt[int8](t))
	case types.Short:
		b.Kernel = row1(t, absInt[int16](t))
	case types.Int, types.YearMonth:
		b.Kernel = row1(t, absInt[int32](t))
	case types.Long, types.DayTime:
		b.Kernel = row1(t, absInt[int64](t))
	case types.Float:
		b.Kernel = sure1(t, func(v float32) float32 { return float32(math.Abs(float64(v))) })
	case types.Double:
		b.Kernel = sure1(t, math.Abs)
	default:
		b.Kernel = sure1(t, num.Abs)
	}
	return b, nil
}

func absInt[T integer](t types.Type) func(*Context, T) (T, error) {
	return func(_ *Context, v T) (T, error) {
		switch {
		case v >= 0:
			return v, nil
		case v == -v:
			return 0, overflow(t, "")
		}
		return -v, nil
	}
}

// bindPmod is over one common numeric type.
func bindPmod(name string, args []Arg) (Bound, error) {
	if err := checkArity(name, args, 2, 2); err != nil {
		return Bound{}, err
	}
	t, ok := types.Common(args[0].Type, args[1].Type)
	if t.Kind == types.Null || t.Kind == types.String {
		t = types.DoubleType
	}
	if !ok || !t.IsNumeric() {
		return Bound{}, differing(name, args[0].Type, args[1].Type)
	}
	b := Bound{Params: []types.Type{t, t}, Result: t, Nullable: nullable(args)}
	switch t.Kind {
	case types.Byte:
		b.Kernel = row2(t, pmodInt[int8])
	case types.Short:
		b.Kernel = row2(t, pmodInt[int16])
	case types.Int:
		b.Kernel = row2(t, pmodInt[int32])
	case types.Long:
		b.Kernel = row2(t, pmodInt[int64])
	case types.Float:
		b.Kernel = row2(t, pmodFloat[float32])
	case types.Double:
		b.Kernel = row2(t, pmodFloat[float64])
	case types.Decimal:
		x, y := decimalParam(args[0]), decimalParam(args[1])
		b.Params, b.Result = []types.Type{x, y}, types.DecimalResult("%", x, y)
		b.Kernel = row2(b.Result, pmodDecimal(x, y, b.Result))
	}
	return b, nil
}

func pmodInt[T integer](_ *Context, a, n T) (T, error) {
	if n == 0 {
		return 0, remainderByZero()
	}
	if n == -1 {
		return 0, nil
	}
	if r := a % n; r >= 0 {
		return r, nil
	} else {
		return (r + n) % n, nil
	}
}

func pmodFloat[T float](_ *Context, a, n T) (T, error) {
	if n == 0 {
		return 0, remainderByZero()
	}
	r := math.Mod(float64(a), float64(n))
	if r < 0 {
		r = math.Mod(r+float64(n), float64(n))
	}
	return T(r), nil
}

func pmodDecimal(x, y, t types.Type) func(*Context, num, num) (num, error) {
	rem := decimalExact("%", x, y, t)
	return func(c *Context, a, n num) (num, error) {
		r, err := rem(c, a, n)
		if err != nil || r.Sign() >= 0 {
			return r, err
		}
		v := r.BigInt()
		m := rescale(n.BigInt(), int(y.Scale), int(t.Scale))
		v.Rem(v.Add(v, m), m)
		out, ok := fitDecimal(v, t.Precision)
		if !ok {
			return out, outOfRange(new(big.Int).Set(v), int(t.Scale), t)
		}
		return out, nil
	}
}

// bindExtreme picks the largest (dir 1) or smallest (dir -1) argument, skipping NULLs.
func bindExtreme(dir int) func(name string, args []Arg) (Bound, error) {
	return func(name string, args []Arg) (Bound, error) {
		if err := checkArity(name, args, 2, -1); err != nil {
			return Bound{}, err
		}
		ts, t, err := commonBy(name, args, widest)
		if err != nil {
			return Bound{}, err
		}
		if !t.IsOrderable() {
			return Bound{}, noOrder(name, t)
		}
		all := true
		for _, a := range args {
			all = all && a.Nullable
		}
		return Bound{Params: ts, Result: t, Nullable: all, Kernel: extremeKernel(t, dir)}, nil
	}
}

func extremeKernel(t types.Type, dir int) Kernel {
	order := CompareFunc(t)
	return func(_ *Context, args []vec.Col, n int, sel []uint32) (vec.Col, error) {
		return buildRows(t, n, sel, nil, func(b *vec.ColBuilder, i int) error {
			best := -1
			for k := range args {
				if args[k].IsNull(i) {
					continue
				}
				if best < 0 || order(&args[k], i, &args[best], i)*dir > 0 {
					best = k
				}
			}
			if best < 0 {
				return errNull
			}
			b.AppendFrom(&args[best], i)
			return nil
		})
	}
}
