package fn

import (
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// castToBoolean reads words and numbers (0 is false).
func castToBoolean(from types.Type, try bool) Kernel {
	t := types.BooleanType
	switch {
	case from.Kind == types.String:
		return row1(t, maybe(try, func(_ *Context, s string) (bool, error) {
			switch strings.ToLower(trimAll(s)) {
			case "t", "true", "y", "yes", "1":
				return true, nil
			case "f", "false", "n", "no", "0":
				return false, nil
			}
			return false, invalidInput(s, t)
		}))
	case from.IsIntegral():
		return strict(t, func(_ *Context, args []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
			return rowLoop(t, n, sel, valid, func(i int) (bool, error) { return intValue(&args[0], i) != 0, nil })
		})
	case from.Kind == types.Float:
		return sure1(t, func(v float32) bool { return v != 0 })
	case from.Kind == types.Double:
		return sure1(t, func(v float64) bool { return v != 0 })
	case from.Kind == types.Decimal:
		return sure1(t, func(v num) bool { return v.Sign() != 0 })
	}
	return nil
}

// castToInt makes an integer of width T.
func castToInt[T integer](from, to types.Type, try bool) Kernel {
	switch from.Kind {
	case types.Boolean:
		return sure1(to, func(b bool) T { return T(boolInt(b)) })
	case types.Byte:
		return intToInt[int8, T](from, to, try)
	case types.Short:
		return intToInt[int16, T](from, to, try)
	case types.Int:
		return intToInt[int32, T](from, to, try)
	case types.Long:
		return intToInt[int64, T](from, to, try)
	case types.Float:
		return floatToInt[float32, T](from, to, try)
	case types.Double:
		return floatToInt[float64, T](from, to, try)
	case types.Decimal:
		return decimalToInt[T](from, to, try)
	case types.String:
		return row1(to, maybe(try, func(_ *Context, s string) (T, error) {
			v, ok := parseInt(trimAll(s))
			if !ok || int64(T(v)) != v {
				return 0, invalidInput(s, to)
			}
			return T(v), nil
		}))
	case types.Timestamp:
		return row1(to, maybe(try, func(c *Context, us int64) (T, error) {
			v := floorDiv(us, 1e6)
			if int64(T(v)) != v {
				shown := "TIMESTAMP '" + string(appendTimestamp(nil, us, zoneOf(c))) + "'"
				return 0, castOverflow(shown, from, to)
			}
			return T(v), nil
		}))
	case types.DayTime, types.YearMonth:
		return intervalToInt[T](from, to, try)
	}
	return nil
}

// decimalToInt cuts the fraction off. Beyond 18 digits, what is narrower than BIGINT goes by
// way of a DOUBLE, whose rounding may reach over the limit (Spark: Decimal.roundToNumeric).
func decimalToInt[T integer](from, to types.Type, try bool) Kernel {
	scale := int(from.Scale)
	return row1(to, maybe(try, func(_ *Context, v num) (T, error) {
		whole := v.BigInt()
		whole.Quo(whole, pow10(scale))
		fits := whole.IsInt64() && int64(T(whole.Int64())) == whole.Int64()
		if from.Precision > 18 && to.Kind != types.Long && fits {
			near := int64(decimalFloat(v, scale))
			fits = int64(T(near)) == near
		}
		if fits {
			return T(whole.Int64()), nil
		}
		return 0, castOverflow(string(decimalText(nil, v, scale))+"BD", from, to)
	}))
}

// intToInt widens by a plain loop, and narrows with a check.
func intToInt[A, R integer](from, to types.Type, try bool) Kernel {
	if from.Kind > to.Kind {
		return row1(to, maybe(try, func(_ *Context, v A) (R, error) {
			if r := R(v); A(r) == v {
				return r, nil
			}
			return 0, castOverflow(strconv.FormatInt(int64(v), 10)+intSuffix(from), from, to)
		}))
	}
	return strict(to, func(_ *Context, args []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
		return vec.FlatOf(to, convertAll[A, R](&args[0], n, sel), valid), nil
	})
}

// convertAll converts every row by Go's conversion.
func convertAll[A, R integer | float](x *vec.Col, n int, sel []uint32) []R {
	out, r := make([]R, n), read[A](x)
	if x.Enc == vec.Flat && sel == nil {
		for i, v := range r.v[:n] {
			out[i] = R(v)
		}
		return out
	}
	for i := range vec.Each(n, sel) {
		out[i] = R(r.at(i))
	}
	return out
}

// intSuffix is how SQL marks a literal of the type.
func intSuffix(t types.Type) string {
	return map[types.Kind]string{types.Byte: "Y", types.Short: "S", types.Long: "L"}[t.Kind]
}

// floatToInt truncates; NaN and what does not fit is an overflow.
func floatToInt[A float, R integer](from, to types.Type, try bool) Kernel {
	return row1(to, maybe(try, func(_ *Context, v A) (R, error) {
		f := math.Floor(float64(v))
		if f < 0 {
			f = math.Ceil(float64(v))
		}
		// 2^63 itself is not an int64, but Spark's check lets a float equal to it pass as the maximum.
		if f >= -0x1p63 && f < 0x1p63 && float64(R(int64(f))) == f && int64(R(int64(f))) == int64(f) {
			return R(int64(f)), nil
		}
		if f == 0x1p63 && to.Kind == types.Long {
			top := int64(math.MaxInt64)
			return R(top), nil
		}
		return 0, castOverflow(floatShown(float64(v), from), from, to)
	}))
}

// floatShown is a FLOAT or DOUBLE as a SQL literal.
func floatShown(v float64, t types.Type) string {
	if t.Kind == types.Float {
		return "CAST('" + string(appendDouble(nil, v, 32)) + "' AS FLOAT)"
	}
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "CAST('" + string(appendDouble(nil, v, 64)) + "' AS DOUBLE)"
	}
	return string(appendDouble(nil, v, 64)) + "D"
}

// castToFloat makes FLOAT or DOUBLE.
func castToFloat[T float](from, to types.Type, try bool) Kernel {
	plain := func(f func(x *vec.Col, n int, sel []uint32) []T) Kernel {
		return strict(to, func(_ *Context, args []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
			return vec.FlatOf(to, f(&args[0], n, sel), valid), nil
		})
	}
	switch from.Kind {
	case types.Boolean:
		return sure1(to, func(b bool) T { return T(boolInt(b)) })
	case types.Byte:
		return plain(convertAll[int8, T])
	case types.Short:
		return plain(convertAll[int16, T])
	case types.Int:
		return plain(convertAll[int32, T])
	case types.Long:
		return plain(convertAll[int64, T])
	case types.Float:
		return plain(convertAll[float32, T])
	case types.Double:
		return plain(convertAll[float64, T])
	case types.Decimal:
		return sure1(to, func(v num) T { return T(decimalFloat(v, int(from.Scale))) })
	case types.Timestamp:
		return sure1(to, func(us int64) T { return T(float64(us) / 1e6) })
	case types.String:
		return row1(to, maybe(try, func(_ *Context, s string) (T, error) {
			bits := 64
			if to.Kind == types.Float {
				bits = 32
			}
			v, ok := parseDouble(s, bits)
			if !ok {
				return 0, invalidInput(s, to)
			}
			return T(v), nil
		}))
	}
	return nil
}

// decimalFloat is the nearest double.
func decimalFloat(v num, scale int) float64 {
	if lo, ok := small(v); ok && lo > -1<<53 && lo < 1<<53 && scale <= 22 {
		return float64(lo) / math.Pow10(scale)
	}
	f, _ := strconv.ParseFloat(string(decimalText(nil, v, scale)), 64)
	return f
}

// castToDecimal makes a DECIMAL, rounding half up.
func castToDecimal(from, to types.Type, try bool) Kernel {
	finish := func(v *big.Int, scale int) (num, error) {
		fit := rescale(new(big.Int).Set(v), scale, int(to.Scale))
		if out, ok := fitDecimal(fit, to.Precision); ok {
			return out, nil
		}
		return num{}, outOfRange(v, scale, to)
	}
	switch {
	case from.Kind == types.Boolean:
		return row1(to, maybe(try, func(_ *Context, b bool) (num, error) { return finish(big.NewInt(int64(boolInt(b))), 0) }))
	case from.IsIntegral():
		return strict(to, func(c *Context, args []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
			row := maybe(try, func(_ *Context, i int) (num, error) { return finish(big.NewInt(intValue(&args[0], i)), 0) })
			return rowLoop(to, n, sel, valid, func(i int) (num, error) { return row(c, i) })
		})
	case from.Kind == types.Float:
		return row1(to, maybe(try, func(_ *Context, v float32) (num, error) { return doubleToDecimal(float64(v), from, to, finish) }))
	case from.Kind == types.Double:
		return row1(to, maybe(try, func(_ *Context, v float64) (num, error) { return doubleToDecimal(v, from, to, finish) }))
	case from.Kind == types.Decimal:
		return row1(to, maybe(try, func(_ *Context, v num) (num, error) { return finish(v.BigInt(), int(from.Scale)) }))
	case from.Kind == types.Timestamp:
		return row1(to, maybe(try, func(_ *Context, us int64) (num, error) {
			return doubleToDecimal(float64(us)/1e6, from, to, finish)
		}))
	case isInterval(from):
		return intervalToDecimal(from, to, try, finish)
	case from.Kind == types.String:
		return row1(to, maybe(try, func(_ *Context, s string) (num, error) {
			v, scale, ok := parseDecimal(trimAll(s))
			switch {
			case !ok:
				return num{}, invalidInput(s, to)
			case v.CmpAbs(pow10(types.MaxPrecision+scale)) >= 0:
				return num{}, errs.New("NUMERIC_OUT_OF_SUPPORTED_RANGE",
					"the value %s cannot be interpreted as a numeric since it has more than 38 digits", s).State("22003")
			}
			return finish(v, scale)
		}))
	}
	return nil
}

// doubleToDecimal reads the shortest text of the number as a DOUBLE, also for a FLOAT.
func doubleToDecimal(v float64, from, to types.Type, finish func(*big.Int, int) (num, error)) (num, error) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return num{}, errNull // Spark: Cast.changePrecision of Decimal(NaN)
	}
	d, scale, ok := parseDecimal(strconv.FormatFloat(v, 'e', -1, 64))
	if !ok {
		return num{}, castOverflow(floatShown(v, from), from, to)
	}
	return finish(d, scale)
}
