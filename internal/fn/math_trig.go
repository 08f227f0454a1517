package fn

import (
	"math"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

func trigFuncs() []Scalar {
	d, l := types.DoubleType, types.LongType
	f := func(usage, doc string, f func(float64) float64) Scalar {
		return scalar("math", usage, doc, fixed(d, sure1(d, f), double))
	}
	return []Scalar{
		f("acosh(x)", "The inverse hyperbolic cosine.", func(x float64) float64 { return math.Log(x + math.Sqrt(x*x-1)) }),
		f("asinh(x)", "The inverse hyperbolic sine.", asinh),
		f("atanh(x)", "The inverse hyperbolic tangent.", func(x float64) float64 { return 0.5 * (math.Log1p(x) - math.Log1p(-x)) }),
		f("cot(x)", "The cotangent of an angle in radians.", func(x float64) float64 { return 1 / math.Tan(x) }),
		f("csc(x)", "The cosecant of an angle in radians.", func(x float64) float64 { return 1 / math.Sin(x) }),
		f("sec(x)", "The secant of an angle in radians.", func(x float64) float64 { return 1 / math.Cos(x) }),
		scalar("bitwise", "bit_get(expr, pos)", "The bit at a position, counted from 0 at the right.", direct(bindBitGet), "getbit"),
		scalar("misc", "bitmap_bit_position(n)", "The 0-based position of a number's bit in its bucket of bitmap_construct_agg.", fixed(l, sure1(l, func(v int64) int64 {
			if v > 0 {
				return (v - 1) % bitmapBits
			}
			return -(v % bitmapBits)
		}), integer64)),
		scalar("misc", "bitmap_bucket_number(n)", "The number of the bucket that a number's bit lies in.", fixed(l, sure1(l, func(v int64) int64 {
			if v > 0 {
				return 1 + (v-1)/bitmapBits
			}
			return v / bitmapBits
		}), integer64)),
		scalar("misc", "bitmap_count(bitmap)", "The number of bits set.", fixed(l, sure1(l, bitmapCount), exactly(types.BinaryType))),
	}
}

// bitmapBits is the size of a bitmap of bitmap_construct_agg.
const bitmapBits = 8 * 4096

func bitmapCount(s string) int64 {
	n := int64(0)
	for i := range len(s) {
		for b := s[i]; b != 0; b &= b - 1 {
			n++
		}
	}
	return n
}

// exactly requires a type as it is, and takes no NULL of no type.
func exactly(list ...types.Type) param {
	p := exact(list...)
	return func(a Arg) (types.Type, string) {
		if a.Type.Kind == types.Null {
			_, required := p(Arg{Type: types.ArrayOf(types.NullType, true)})
			return types.Type{}, required
		}
		return p(a)
	}
}

// asinh is Java's formula, with a large x apart, whose square has no room.
func asinh(x float64) float64 {
	switch a := math.Abs(x); {
	case math.IsInf(x, 0):
		return x
	case a > 1e150:
		return math.Copysign(math.Log(a)+math.Ln2, x)
	}
	return math.Log(x + math.Sqrt(x*x+1))
}

func bindBitGet(name string, args []Arg) (Bound, error) {
	integral := func(a Arg) (types.Type, string) {
		switch {
		case a.Type.IsIntegral():
			return a.Type, ""
		case a.Type.Kind == types.Null:
			return types.LongType, ""
		}
		return a.Type, `"INTEGRAL"`
	}
	ts, err := resolve(name, args, 2, integral, integer32)
	if err != nil {
		return Bound{}, err
	}
	t, bits := types.ByteType, int32(8*vec.Width(ts[0]))
	k := strict(t, func(_ *Context, args []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
		return rowLoop(t, n, sel, valid, func(i int) (int8, error) {
			pos := vec.Get[int32](&args[1], i)
			if pos < 0 || pos >= bits {
				return 0, errs.New("INVALID_PARAMETER_VALUE.BIT_POSITION_RANGE", "the position %d in %s must be from 0 to %d", pos, name, bits-1).State("22023")
			}
			return int8(intValue(&args[0], i) >> pos & 1), nil
		})
	})
	return Bound{Params: ts, Result: t, Nullable: nullable(args), Kernel: k}, nil
}
