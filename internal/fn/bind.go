package fn

import (
	"fmt"
	"strings"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
)

// param accepts an argument: it returns the type to cast the argument to, or the name of
// what was required.
type param func(a Arg) (to types.Type, required string)

// implicit reports whether an argument may be cast to a parameter's only type without
// being asked: strings to any atomic type, otherwise as INSERT does, at the risk of an
// overflow. Spark: AnsiTypeCoercion.implicitCast.
func implicit(from, to types.Type) bool {
	return fromString(from, to) || types.CanANSIStore(from, to)
}

// fromString reports a string where an atomic type that is no interval is wanted.
func fromString(from, to types.Type) bool {
	return from.Kind == types.String && !to.IsNested() && to.Kind != types.DayTime && to.Kind != types.YearMonth
}

// is requires one of the types: an argument that is one of them stays as it is; otherwise
// it is cast to the only one, or to the first that can hold it without loss.
func is(list ...types.Type) param {
	return func(a Arg) (types.Type, string) {
		for _, t := range list {
			if a.Type.Equal(t) {
				return t, ""
			}
		}
		for _, t := range list {
			if len(list) == 1 && implicit(a.Type, t) || fromString(a.Type, t) || types.CanUpCast(a.Type, t) {
				return t, ""
			}
		}
		names := make([]string, len(list))
		for i, t := range list {
			names[i] = `"` + t.SQL() + `"`
		}
		return types.Type{}, strings.Join(names, " or ")
	}
}

// anyType accepts everything.
func anyType(a Arg) (types.Type, string) { return a.Type, "" }

// numeric accepts numbers; a string is read as a DOUBLE.
func numeric(a Arg) (types.Type, string) {
	switch {
	case a.Type.IsNumeric():
		return a.Type, ""
	case a.Type.Kind == types.String, a.Type.Kind == types.Null:
		return types.DoubleType, ""
	}
	return types.Type{}, `"NUMERIC"`
}

// kinds accepts the kinds listed as they are; what is the name for messages. NULL is cast to dflt.
func kinds(what string, dflt types.Type, list ...types.Kind) param {
	return func(a Arg) (types.Type, string) {
		for _, k := range list {
			if a.Type.Kind == k {
				return a.Type, ""
			}
		}
		if a.Type.Kind == types.Null {
			return dflt, ""
		}
		return types.Type{}, `"` + what + `"`
	}
}

var ordinals = [...]string{"first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth"}

// mismatch is the error of an argument of a type that does not fit.
func mismatch(name string, i int, required string, got types.Type) error {
	ord := fmt.Sprintf("%dth", i+1)
	if i < len(ordinals) {
		ord = ordinals[i]
	}
	return errs.New("DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
		`the %s parameter of "%s" requires the %s type, but it has the type "%s"`, ord, name, required, got.SQL()).
		State("42K09").WithHint("cast the argument, e.g. CAST(... AS ...)")
}

// differing is the error of operands that have no common type.
func differing(name string, a, b types.Type) error {
	return errs.New("DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES",
		`the operands of "%s" have incompatible types ("%s" and "%s")`, name, a.SQL(), b.SQL()).
		State("42K09").WithHint("cast one side to the type of the other")
}

// wrongType is the error of an operand that the operation does not take.
func wrongType(name, required string, got types.Type) error {
	return errs.New("DATATYPE_MISMATCH.BINARY_OP_WRONG_TYPE",
		`"%s" requires the input type %s, not "%s"`, name, required, got.SQL()).State("42K09")
}

// noOrder is the error of values that cannot be compared.
func noOrder(name string, t types.Type) error {
	return errs.New("DATATYPE_MISMATCH.INVALID_ORDERING_TYPE", `"%s" does not support ordering on type "%s"`, name, t.SQL()).State("42K09")
}

// arity is the error of a call with the wrong number of arguments.
func arity(name, want string, got int) error {
	return errs.New("WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
		"the function `%s` requires %s parameters but the actual number is %d", name, want, got).State("42605")
}

// checkArity refuses a call with fewer than lo or more than hi arguments (hi < 0: no limit).
func checkArity(name string, args []Arg, lo, hi int) error {
	switch n := len(args); {
	case n >= lo && (hi < 0 || n <= hi):
		return nil
	case hi < 0:
		return arity(name, fmt.Sprintf("> %d", lo-1), n)
	case lo == hi:
		return arity(name, fmt.Sprint(lo), n)
	case hi == lo+1:
		return arity(name, fmt.Sprintf("[%d, %d]", lo, hi), n)
	default:
		return arity(name, fmt.Sprintf("[%d..%d]", lo, hi), n)
	}
}

// resolve matches arguments to parameters one by one; missing ones at the end are allowed
// down to lo.
func resolve(name string, args []Arg, lo int, params ...param) ([]types.Type, error) {
	if err := checkArity(name, args, lo, len(params)); err != nil {
		return nil, err
	}
	out := make([]types.Type, len(args))
	for i, a := range args {
		t, required := params[i](a)
		if required != "" {
			return nil, mismatch(name, i, required, a.Type)
		}
		out[i] = t
	}
	return out, nil
}

// resolveAll matches any number of arguments (at least lo) to one parameter.
func resolveAll(name string, args []Arg, lo int, p param) ([]types.Type, error) {
	if err := checkArity(name, args, lo, -1); err != nil {
		return nil, err
	}
	params := make([]param, len(args))
	for i := range params {
		params[i] = p
	}
	return resolve(name, args, len(args), params...)
}

// commonParams casts all arguments to their least common type.
func commonParams(name string, args []Arg) ([]types.Type, types.Type, error) {
	return commonBy(name, args, types.Common)
}

// commonBy is commonParams by a rule of what two types have in common.
func commonBy(name string, args []Arg, rule func(a, b types.Type) (types.Type, bool)) ([]types.Type, types.Type, error) {
	common := types.NullType
	for _, a := range args {
		t, ok := rule(common, a.Type)
		if !ok {
			return nil, t, errs.New("DATATYPE_MISMATCH.DATA_DIFF_TYPES",
				`the arguments of "%s" must be of one type, not "%s" and "%s"`, name, common.SQL(), a.Type.SQL()).State("42K09")
		}
		common = t
	}
	out := make([]types.Type, len(args))
	for i := range out {
		out[i] = common
	}
	return out, common, nil
}

// nullable reports whether any argument may be NULL.
func nullable(args []Arg) bool {
	for _, a := range args {
		if a.Nullable {
			return true
		}
	}
	return false
}

// simple is the Bind of a function with fixed parameters and a strict kernel.
func simple(name string, result types.Type, k Kernel, params ...param) func([]Arg) (Bound, error) {
	return optional(name, len(params), result, k, params...)
}

// optional is simple with the parameters from lo on optional.
func optional(name string, lo int, result types.Type, k Kernel, params ...param) func([]Arg) (Bound, error) {
	return func(args []Arg) (Bound, error) {
		ts, err := resolve(name, args, lo, params...)
		if err != nil {
			return Bound{}, err
		}
		return Bound{Params: ts, Result: result, Nullable: nullable(args), Kernel: k}, nil
	}
}

// mayBeNull marks the result of a Bind nullable whatever the arguments are.
func mayBeNull(bind func([]Arg) (Bound, error)) func([]Arg) (Bound, error) {
	return func(args []Arg) (Bound, error) {
		b, err := bind(args)
		b.Nullable = true
		return b, err
	}
}
