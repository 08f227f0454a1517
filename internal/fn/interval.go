package fn

import (
	"math/big"
	"strconv"
	"strings"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

func isInterval(t types.Type) bool { return t.Kind == types.DayTime || t.Kind == types.YearMonth }

// unitMicros are the microseconds of the units of a day-time interval.
var unitMicros = [4]int64{types.Day: microsPerDay, types.Hour: 3_600_000_000, types.Minute: 60_000_000, types.Second: 1_000_000}

// lastUnit is the size of an interval type's smallest unit, in microseconds or months.
func lastUnit(t types.Type) int64 {
	switch {
	case t.Kind == types.DayTime:
		return unitMicros[t.Scale]
	case t.Scale == types.Year:
		return 12
	}
	return 1
}

// castToInterval is between intervals of one kind, and from strings and integers.
func castToInterval(from, to types.Type, try bool) Kernel {
	switch {
	case from.Kind == to.Kind && to.Kind == types.YearMonth:
		return sure1(to, func(v int32) int32 { return v - v%int32(lastUnit(to)) })
	case from.Kind == to.Kind:
		if to.Scale == types.Second {
			return retype(to)
		}
		return sure1(to, func(v int64) int64 { return v - v%lastUnit(to) })
	case from.Kind == types.String && to.Kind == types.YearMonth:
		return row1(to, maybe(try, func(_ *Context, s string) (int32, error) {
			v, ok := parseInterval(s, to)
			if !ok || v != int64(int32(v)) {
				return 0, invalidInterval(s, to)
			}
			return int32(v), nil
		}))
	case from.Kind == types.String:
		return row1(to, maybe(try, func(_ *Context, s string) (int64, error) {
			v, ok := parseInterval(s, to)
			if !ok {
				return 0, invalidInterval(s, to)
			}
			return v, nil
		}))
	case from.IsIntegral():
		return numberToInterval(to, try, func(x *vec.Col, i int) (int64, error) {
			v := intValue(x, i)
			u, ok := mulOK(v, lastUnit(to))
			if !ok || to.Kind == types.YearMonth && u != int64(int32(u)) {
				return 0, castOverflow(strconv.FormatInt(v, 10)+intSuffix(from), from, to)
			}
			return u, nil
		})
	case from.Kind == types.Decimal:
		return numberToInterval(to, try, func(x *vec.Col, i int) (int64, error) {
			v := vec.Get[num](x, i)
			u := v.BigInt()
			u = divHalfUp(u.Mul(u, big.NewInt(lastUnit(to))), pow10(int(from.Scale)))
			if !u.IsInt64() || to.Kind == types.YearMonth && u.Int64() != int64(int32(u.Int64())) {
				return 0, castOverflow(string(decimalText(nil, v, int(from.Scale)))+"BD", from, to)
			}
			return u.Int64(), nil
		})
	}
	return nil
}

func invalidInterval(s string, to types.Type) error {
	class := "INVALID_INTERVAL_FORMAT.UNMATCHED_FORMAT_STRING"
	if to.Kind == types.DayTime {
		class += "_WITH_NOTICE"
	}
	return errs.New(class, `'%s' is not a valid value of "%s"`, s, to.SQL()).
		State("22006").WithHint("write it as %s", intervalForm(to))
}

// intervalForm shows how a value of an interval type is written.
func intervalForm(t types.Type) string {
	if t.Kind == types.YearMonth {
		return strings.Join([]string{"y", "m"}[t.Precision:t.Scale+1], "-")
	}
	parts := []string{"d", "hh", "mm", "ss.ffffff"}
	if t.Precision == types.Day && t.Scale > types.Day {
		return "d " + strings.Join(parts[1:t.Scale+1], ":")
	}
	return strings.Join(parts[t.Precision:t.Scale+1], ":")
}

// parseInterval reads '1 02:03:04.5' (as many units as the type has) and '1-2', also
// inside INTERVAL '...' UNITS. Spark: IntervalUtils.castStringToDTInterval.
func parseInterval(s string, t types.Type) (int64, bool) {
	s = trimAll(s)
	if up := strings.ToUpper(s); strings.HasPrefix(up, "INTERVAL") && strings.HasSuffix(up, intervalUnits(t)) {
		s = strings.TrimSpace(s[len("INTERVAL") : len(s)-len(intervalUnits(t))])
		outer := strings.HasPrefix(s, "-")
		s = strings.TrimPrefix(s, "-")
		if len(s) < 2 || s[0] != '\'' || s[len(s)-1] != '\'' {
			return 0, false
		}
		v, ok := parseUnits(s[1:len(s)-1], t)
		if outer {
			v = -v
		}
		return v, ok
	}
	return parseUnits(s, t)
}

func parseUnits(s string, t types.Type) (int64, bool) {
	negative := strings.HasPrefix(s, "-")
	if negative || strings.HasPrefix(s, "+") {
		s = s[1:]
	}
	var v int64
	ok := true
	for k := t.Precision; k <= t.Scale && ok; k++ {
		var part string
		last := k == t.Scale
		switch {
		case last:
			part, s = s, ""
		case t.Kind == types.YearMonth:
			part, s, ok = strings.Cut(s, "-")
		case k == types.Day:
			part, s, ok = strings.Cut(s, " ")
		default:
			part, s, ok = strings.Cut(s, ":")
		}
		if !ok {
			return 0, false
		}
		var u int64
		u, ok = parseUnit(part, t, k)
		if ok {
			v, ok = addOK(v, u)
		}
	}
	if negative {
		v = -v
	}
	return v, ok
}

// parseUnit reads one unit; all but the first have a limit, seconds may have a fraction.
func parseUnit(part string, t types.Type, k uint8) (int64, bool) {
	var micros int64
	if t.Kind == types.DayTime && k == types.Second {
		whole, frac, found := strings.Cut(part, ".")
		if found {
			if frac == "" || len(frac) > 9 {
				return 0, false
			}
			f, ok := parseInt((frac + "000000")[:6])
			if !ok || f < 0 || strings.ContainsAny(frac, "+-") {
				return 0, false
			}
			micros, part = f, whole
		}
	}
	n, ok := parseInt(part)
	if !ok || strings.ContainsAny(part, "+-") {
		return 0, false
	}
	if k > t.Precision {
		limit := int64(60)
		if t.Kind == types.YearMonth {
			limit = 12
		} else if k == types.Hour {
			limit = 24
		}
		if n >= limit {
			return 0, false
		}
	}
	unit := int64(1)
	if t.Kind == types.DayTime {
		unit = unitMicros[k]
	} else if k == types.Year {
		unit = 12
	}
	v, ok := mulOK(n, unit)
	return v + micros, ok
}

// bindIntervalScale resolves interval * number and interval / number.
func bindIntervalScale(op string, args []Arg, try bool) Bound {
	swap := !isInterval(args[0].Type)
	i, n := args[0].Type, args[1].Type
	if swap {
		i, n = n, i
	}
	t := types.DayTimeType
	if i.Kind == types.YearMonth {
		t = types.YearMonthType
	}
	if n.Kind == types.String || n.Kind == types.Null {
		n = types.DoubleType
	}
	kernel := strict(t, func(c *Context, cols []vec.Col, rows int, sel []uint32, valid []byte) (vec.Col, error) {
		iv, nv := &cols[0], &cols[1]
		if swap {
			iv, nv = nv, iv
		}
		row := maybe(try, func(_ *Context, r int) (int64, error) {
			by, err := ratOf(nv, r)
			if err != nil {
				return 0, err
			}
			return scaleInterval(op, intValue(iv, r), by, t)
		})
		if t.Kind == types.DayTime {
			return rowLoop(t, rows, sel, valid, func(r int) (int64, error) { return row(c, r) })
		}
		return rowLoop(t, rows, sel, valid, func(r int) (int32, error) {
			v, err := row(c, r)
			return int32(v), err
		})
	})
	params := []types.Type{i, n}
	if swap {
		params = []types.Type{n, i}
	}
	return Bound{Params: params, Result: t, Nullable: nullable(args), Kernel: kernel}
}

// bindIntervalDiv counts how often one interval goes into another.
func bindIntervalDiv(args []Arg, try bool) Bound {
	l := types.LongType
	k := strict(l, func(c *Context, a []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
		row := maybe(try, func(_ *Context, i int) (int64, error) {
			by := intValue(&a[1], i)
			if by == 0 {
				return 0, errs.New("INTERVAL_DIVIDED_BY_ZERO", "division by zero").State("22012").
					WithHint("use try_divide to get NULL instead")
			}
			return intValue(&a[0], i) / by, nil
		})
		return rowLoop(l, n, sel, valid, func(i int) (int64, error) { return row(c, i) })
	})
	return Bound{Params: []types.Type{args[0].Type, args[1].Type}, Result: l, Nullable: nullable(args) || try, Kernel: k}
}

// ratOf is any number exactly.
func ratOf(c *vec.Col, i int) (*big.Rat, error) {
	var f float64
	switch c.Type.Kind {
	case types.Float:
		f = float64(vec.Get[float32](c, i))
	case types.Double:
		f = vec.Get[float64](c, i)
	case types.Decimal:
		return new(big.Rat).SetFrac(vec.Get[num](c, i).BigInt(), pow10(int(c.Type.Scale))), nil
	default:
		return new(big.Rat).SetInt64(intValue(c, i)), nil
	}
	r := new(big.Rat).SetFloat64(f)
	if r == nil {
		return nil, errs.New("ARITHMETIC_OVERFLOW", "an interval cannot be multiplied or divided by %v", f).State("22003")
	}
	return r, nil
}

// scaleInterval multiplies or divides, rounding half up.
func scaleInterval(op string, v int64, by *big.Rat, t types.Type) (int64, error) {
	r := new(big.Rat).SetInt64(v)
	if op == "*" {
		r.Mul(r, by)
	} else {
		if by.Sign() == 0 {
			return 0, errs.New("INTERVAL_DIVIDED_BY_ZERO", "division by zero").State("22012").
				WithHint("use try_divide to get NULL instead")
		}
		r.Quo(r, by)
	}
	out := divHalfUp(new(big.Int).Set(r.Num()), r.Denom())
	if !out.IsInt64() || t.Kind == types.YearMonth && out.Int64() != int64(int32(out.Int64())) {
		return 0, overflow(t, "")
	}
	return out.Int64(), nil
}
