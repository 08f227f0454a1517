package fn

import (
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// notConstant is the error of an argument that must have one value for all rows.
func notConstant(name, what string) error {
	return errs.New("DATATYPE_MISMATCH.NON_FOLDABLE_INPUT", "the %s of %s must be a constant", what, name).State("42K09")
}

// notInRange is the error of a constant argument beyond what the function takes.
func notInRange(name, what, want string) error {
	return errs.New("DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE", "the %s of %s must be %s", what, name, want).State("42K09")
}

// constOf is the value of a constant argument cast to a type: a column of one row.
func constOf(name, what string, a Arg, to types.Type) (*vec.Col, error) {
	if a.Const == nil {
		return nil, notConstant(name, what)
	}
	k := castOf(a.Type, to, false)
	if k == nil {
		return nil, mismatch(name, 0, `"`+to.SQL()+`"`, a.Type)
	}
	one := *a.Const
	v, err := k(&Context{}, []vec.Col{one}, 1, nil)
	return &v, err
}

// constLong is a constant integer; null reports NULL.
func constLong(name, what string, a Arg) (v int64, null bool, err error) {
	c, err := constOf(name, what, a, types.LongType)
	if err != nil || c.IsNull(0) {
		return 0, err == nil, err
	}
	return vec.Get[int64](c, 0), false, nil
}

// constPercents is a constant percentage, or an array of them.
func constPercents(name string, a Arg) (ps []float64, many bool, err error) {
	const what, want = "percentage", "between 0.0 and 1.0"
	to := types.DoubleType
	if many = a.Type.Kind == types.Array; many {
		to = types.ArrayOf(to, true)
	}
	c, err := constOf(name, what, a, to)
	if err != nil {
		return nil, many, err
	}
	if c.IsNull(0) {
		return nil, many, errs.New("DATATYPE_MISMATCH.UNEXPECTED_NULL", "the %s of %s must not be NULL", what, name).State("42K09")
	}
	lo, hi, from := 0, 1, c
	if many {
		kids, l, h := c.List(0)
		from, lo, hi = &kids[0], l, h
	}
	for i := lo; i < hi; i++ {
		if from.IsNull(i) {
			return nil, many, notInRange(name, what, want)
		}
		p := vec.Get[float64](from, i)
		if !(p >= 0 && p <= 1) {
			return nil, many, notInRange(name, what, want)
		}
		ps = append(ps, p)
	}
	return ps, many, nil
}

// percentParam accepts a percentage, or an array of them.
func percentParam(a Arg) (types.Type, string) {
	if a.Type.Kind == types.Array {
		return types.ArrayOf(types.DoubleType, true), ""
	}
	if t, required := double(a); required == "" {
		return t, ""
	}
	return types.Type{}, `("DOUBLE" or "ARRAY<DOUBLE>")`
}
