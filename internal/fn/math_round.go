package fn

import (
	"errors"
	"math"
	"math/big"
	"strconv"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

type rounding uint8

const (
	halfUp rounding = iota // away from zero
	halfEven
	roundFloor
	roundCeil
)

// bindRound resolves round, bround, floor and ceil; the number of decimals must be a
// constant. Spark: RoundBase, RoundFloor, RoundCeil.
func bindRound(mode rounding) func(name string, args []Arg) (Bound, error) {
	return func(name string, args []Arg) (Bound, error) {
		ts, err := resolve(name, args, 1, numeric, integer32)
		if err != nil {
			return Bound{}, err
		}
		digits := 0
		if len(args) == 2 {
			k := args[1].Const
			if k == nil {
				return Bound{}, errs.New("DATATYPE_MISMATCH.NON_FOLDABLE_INPUT", "the number of decimals of %s must be a constant", name).State("42K09")
			}
			if k.IsNull(0) {
				t := ts[0]
				return Bound{Params: ts, Result: t, Nullable: true, Kernel: nullKernel(t)}, nil
			}
			n, err := constDigits(args[1])
			if err != nil {
				return Bound{}, err
			}
			digits = int(n)
		}
		if mode >= roundFloor {
			return floorBound(ts, args, digits, mode), nil
		}
		return roundBound(ts, args, digits, mode), nil
	}
}

// constDigits is the value of a constant argument, which is not NULL, as an INT.
func constDigits(a Arg) (int32, error) {
	k, err := CastKernel(a.Type, types.IntType, false)
	if err != nil {
		return 0, err
	}
	col, err := k(nil, *a.Const, 1, nil)
	var row *RowError
	if errors.As(err, &row) {
		err = row.Err
	}
	if err != nil {
		return 0, err
	}
	return vec.Get[int32](&col, 0), nil
}

func nullKernel(t types.Type) Kernel {
	return func(_ *Context, _ []vec.Col, n int, _ []uint32) (vec.Col, error) { return vec.NullCol(t, n), nil }
}

func roundBound(ts []types.Type, args []Arg, digits int, mode rounding) Bound {
	t := ts[0]
	b := Bound{Params: ts, Result: t, Nullable: nullable(args)}
	switch t.Kind {
	case types.Float:
		b.Kernel = first(sure1(t, func(v float32) float32 { return float32(roundDouble(float64(v), 64, digits, mode)) }))
	case types.Double:
		b.Kernel = first(sure1(t, func(v float64) float64 { return roundDouble(v, 64, digits, mode) }))
	case types.Decimal:
		b.Result = roundedDecimal(t, digits)
		b.Kernel = first(roundDecimalKernel(t, b.Result, digits, mode))
	default:
		b.Kernel = first(roundIntKernel(t, digits, mode))
	}
	return b
}

// first passes only the first argument on.
func first(k Kernel) Kernel {
	return func(c *Context, args []vec.Col, n int, sel []uint32) (vec.Col, error) { return k(c, args[:1], n, sel) }
}

// roundedDecimal is the type of a DECIMAL rounded to digits decimals: one digit more may
// be needed. Spark: RoundBase.dataType.
func roundedDecimal(t types.Type, digits int) types.Type {
	p, s := int(t.Precision), int(t.Scale)
	whole := p - s + 1
	if digits < 0 {
		return types.DecimalType(min(max(whole, -digits+1), types.MaxPrecision), 0)
	}
	s = min(s, digits)
	return types.DecimalType(min(whole+s, types.MaxPrecision), s)
}

func roundDecimalKernel(from, to types.Type, digits int, mode rounding) Kernel {
	return row1(to, func(_ *Context, v num) (num, error) {
		x := roundBig(v.BigInt(), int(from.Scale), digits, mode)
		x = rescale(x, max(digits, 0), int(to.Scale))
		out, ok := fitDecimal(x, to.Precision)
		if !ok {
			return out, outOfRange(x, int(to.Scale), to)
		}
		return out, nil
	})
}

// roundBig rounds an unscaled value of a scale to digits decimals, and returns it at scale
// max(digits, 0).
func roundBig(v *big.Int, scale, digits int, mode rounding) *big.Int {
	if digits >= scale {
		return v.Mul(v, pow10(digits-scale))
	}
	unit := pow10(scale - digits)
	q, r := new(big.Int).DivMod(v, unit, new(big.Int)) // Euclidean: 0 <= r < unit, q is the floor
	twice := new(big.Int).Lsh(r, 1).Cmp(unit)
	up := false
	switch mode {
	case halfUp:
		up = twice > 0 || twice == 0 && v.Sign() > 0
	case halfEven:
		up = twice > 0 || twice == 0 && q.Bit(0) == 1
	case roundCeil:
		up = r.Sign() > 0
	}
	if up {
		q.Add(q, powers[0])
	}
	if digits < 0 {
		q.Mul(q, pow10(-digits))
	}
	return q
}

// roundDouble rounds the shortest decimal form of the number, as Java's BigDecimal(toString).
func roundDouble(v float64, bits, digits int, mode rounding) float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return v
	}
	if v == 0 {
		return 0 // a BigDecimal has no negative zero
	}
	if mode == halfUp && digits == 0 && math.Abs(v) < 1<<52 {
		return math.Round(v) + 0.0
	}
	x, scale, ok := parseDecimal(strconv.FormatFloat(v, 'e', -1, bits))
	if !ok || digits >= scale {
		return v
	}
	if digits < -400 {
		return 0
	}
	x = roundBig(x, scale, digits, mode)
	out, _ := strconv.ParseFloat(decimalTextBig(x, max(digits, 0)), bits)
	return out
}

// roundIntKernel only changes anything for a negative number of decimals.
func roundIntKernel(t types.Type, digits int, mode rounding) Kernel {
	if digits >= 0 {
		return func(_ *Context, args []vec.Col, _ int, _ []uint32) (vec.Col, error) { return args[0], nil }
	}
	switch t.Kind {
	case types.Byte:
		return row1(t, roundInt[int8](t, digits, mode))
	case types.Short:
		return row1(t, roundInt[int16](t, digits, mode))
	case types.Int:
		return row1(t, roundInt[int32](t, digits, mode))
	}
	return row1(t, roundInt[int64](t, digits, mode))
}

func roundInt[T integer](t types.Type, digits int, mode rounding) func(*Context, T) (T, error) {
	return func(_ *Context, v T) (T, error) {
		x := roundBig(big.NewInt(int64(v)), 0, max(digits, -40), mode)
		if !x.IsInt64() || int64(T(x.Int64())) != x.Int64() {
			return 0, overflow(t, "")
		}
		return T(x.Int64()), nil
	}
}

// floorBound: without decimals the result is BIGINT (of a DECIMAL: a DECIMAL without
// scale); with them the number becomes a DECIMAL first.
func floorBound(ts []types.Type, args []Arg, digits int, mode rounding) Bound {
	t := ts[0]
	b := Bound{Params: ts, Nullable: nullable(args)}
	switch {
	case len(args) == 2:
		if t.Kind != types.Decimal {
			t = types.DecimalFor(t)
			if args[0].Const != nil && args[0].Type.IsIntegral() && !args[0].Const.IsNull(0) {
				t = decimalParam(args[0])
			}
			b.Params = []types.Type{t, ts[1]}
		}
		b.Result = roundedDecimal(t, digits)
		b.Kernel = first(roundDecimalKernel(t, b.Result, digits, mode))
	case t.Kind == types.Decimal:
		p, s := int(t.Precision), int(t.Scale)
		b.Result = types.BoundedDecimal(p-s+boolInt(s > 0), 0)
		if s == 0 {
			b.Result = t
		}
		b.Kernel = roundDecimalKernel(t, b.Result, 0, mode)
	case t.IsIntegral():
		b.Params, b.Result = []types.Type{types.LongType}, types.LongType
		b.Kernel = func(_ *Context, args []vec.Col, _ int, _ []uint32) (vec.Col, error) { return args[0], nil }
	default:
		b.Params, b.Result = []types.Type{types.DoubleType}, types.LongType
		f := math.Floor
		if mode == roundCeil {
			f = math.Ceil
		}
		b.Kernel = sure1(types.LongType, func(v float64) int64 { return saturate(f(v)) })
	}
	return b
}

// saturate is Java's conversion of a double to a long.
func saturate(v float64) int64 {
	switch {
	case v != v:
		return 0
	case v >= 0x1p63:
		return math.MaxInt64
	case v < -0x1p63:
		return math.MinInt64
	}
	return int64(v)
}
