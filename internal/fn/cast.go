package fn

import (
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// Kernel1 is a Kernel of one argument: a cast.
type Kernel1 func(c *Context, x vec.Col, n int, sel []uint32) (vec.Col, error)

// CastKernel makes the cast between two types under ANSI; with try, NULL where it would
// raise. A cast that Spark forbids is DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION, without
// a place. A row's failure is a *RowError. Spark: Cast, with ANSI on.
func CastKernel(from, to types.Type, try bool) (Kernel1, error) {
	k := castOf(from, to, try)
	if k == nil {
		return nil, forbidden(from, to, try)
	}
	return func(c *Context, x vec.Col, n int, sel []uint32) (vec.Col, error) {
		return k(c, []vec.Col{x}, n, sel)
	}, nil
}

// forbidden is the error of a cast that ANSI does not have. Spark: Cast.typeCheckFailureMessage.
func forbidden(from, to types.Type, try bool) error {
	e := errs.New("DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION", `cannot cast "%s" to "%s"`, from.SQL(), to.SQL()).State("42K09")
	switch {
	case from.Kind == types.Date && to.IsNumeric():
		e.Class = "DATATYPE_MISMATCH.CAST_WITH_FUNC_SUGGESTION"
		return e.WithHint("use unix_date to count the days since 1970-01-01")
	case from.IsNumeric() && to.Kind == types.Date:
		e.Class = "DATATYPE_MISMATCH.CAST_WITH_FUNC_SUGGESTION"
		return e.WithHint("use date_from_unix_date for the days since 1970-01-01")
	case try:
	case from.IsIntegral() && to.Kind == types.Binary, from.Kind == types.Boolean && to.Kind == types.Timestamp,
		(from.Kind == types.Timestamp || from.Kind == types.Date) && to.Kind == types.Boolean:
		e.Class = "DATATYPE_MISMATCH.CAST_WITH_CONF_SUGGESTION"
	}
	return e
}

// castOf is CastKernel as an ordinary kernel; nil if the cast is forbidden.
func castOf(from, to types.Type, try bool) Kernel {
	switch {
	case from.Equal(to):
		return retype(to)
	case from.Kind == types.Null:
		return func(_ *Context, _ []vec.Col, n int, _ []uint32) (vec.Col, error) { return vec.NullCol(to, n), nil }
	case from.IsNested() && to.Kind != types.String:
		return castNested(from, to, try)
	}
	switch to.Kind {
	case types.Boolean:
		return castToBoolean(from, try)
	case types.Byte:
		return castToInt[int8](from, to, try)
	case types.Short:
		return castToInt[int16](from, to, try)
	case types.Int:
		return castToInt[int32](from, to, try)
	case types.Long:
		return castToInt[int64](from, to, try)
	case types.Float:
		return castToFloat[float32](from, to, try)
	case types.Double:
		return castToFloat[float64](from, to, try)
	case types.Decimal:
		return castToDecimal(from, to, try)
	case types.String:
		return castToString(from)
	case types.Binary:
		return castToBinary(from)
	case types.Date:
		return castToDate(from, try)
	case types.Timestamp:
		return castToTimestamp(from, try)
	case types.TimestampNTZ:
		return castToLocal(from, try)
	case types.DayTime, types.YearMonth:
		return castToInterval(from, to, try)
	}
	return nil
}

// retype passes a column on under a type that differs only in nullability or names' case.
func retype(to types.Type) Kernel {
	return func(_ *Context, args []vec.Col, _ int, _ []uint32) (vec.Col, error) {
		x := args[0]
		x.Type = to
		return x, nil
	}
}

// maybe makes a row function give NULL where it would fail, if try is set.
func maybe[A, R any](try bool, f func(*Context, A) (R, error)) func(*Context, A) (R, error) {
	if !try {
		return f
	}
	return func(c *Context, a A) (R, error) {
		v, err := f(c, a)
		if err != nil {
			err = errNull
		}
		return v, err
	}
}

// invalidInput is the error of a string that does not have the form of the target type.
func invalidInput(s string, to types.Type) error {
	return errs.New("CAST_INVALID_INPUT",
		`the value '%s' of the type "STRING" cannot be cast to "%s" because it is malformed`, s, to.SQL()).
		State("22018").WithHint("correct the value, change the target type, or use try_cast to get NULL instead")
}

// castOverflow is the error of a value outside the range of the target type; shown is the
// value as SQL writes it.
func castOverflow(shown string, from, to types.Type) error {
	return errs.New("CAST_OVERFLOW",
		`the value %s of the type "%s" cannot be cast to "%s" due to an overflow`, shown, from.SQL(), to.SQL()).
		State("22003").WithHint("use try_cast to get NULL instead")
}

// castToString prints any type; it never fails.
func castToString(from types.Type) Kernel {
	return strict(types.StringType, func(c *Context, args []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
		w := strWriter{off: make([]int32, 1, n+1)}
		p := printer{zone: zoneOf(c), null: "null"}
		for i := range live(n, sel, valid) {
			w.fill(i)
			w.data = p.append(w.data, &args[0], i)
			w.end()
		}
		return w.col(types.StringType, n, valid), nil
	})
}

// castToBinary takes a string's bytes.
func castToBinary(from types.Type) Kernel {
	if from.Kind == types.String {
		return retype(types.BinaryType)
	}
	return nil
}

// castNested casts the parts of a nested type to those of another of the same shape.
func castNested(from, to types.Type, try bool) Kernel {
	if from.Kind != to.Kind || len(from.Fields) != len(to.Fields) {
		return nil
	}
	var parts []Kernel
	for i, f := range partTypes(from) {
		k := castOf(f, partTypes(to)[i], try)
		if k == nil {
			return nil
		}
		parts = append(parts, k)
	}
	return func(c *Context, args []vec.Col, n int, sel []uint32) (vec.Col, error) {
		x := vec.Flatten(&args[0])
		x.Type, x.Kids = to, append([]vec.Col(nil), x.Kids...)
		rows := partRows(&args[0], &x, n, sel)
		for i, k := range parts {
			kid, err := k(c, x.Kids[i:i+1], x.Kids[i].Len, rows)
			if err != nil {
				return vec.Col{}, ownRow(err, &x)
			}
			x.Kids[i] = kid
		}
		return x, nil
	}
}

// partTypes are the types of a nested type's children.
func partTypes(t types.Type) []types.Type {
	switch t.Kind {
	case types.Array:
		return []types.Type{*t.Elem}
	case types.Map:
		return []types.Type{*t.Key, *t.Elem}
	}
	out := make([]types.Type, len(t.Fields))
	for i, f := range t.Fields {
		out[i] = f.Type
	}
	return out
}
