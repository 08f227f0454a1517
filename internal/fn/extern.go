package fn

import (
	"errors"
	"strings"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// What functions that live beside their formats share with those of this package.

// ErrNull is what the callback of BuildRows returns, having appended nothing, for a NULL.
var ErrNull = errNull

// BuildRows makes a column of n rows: f appends the value of each selected row, or returns ErrNull;
// another error becomes a *RowError.
func BuildRows(t types.Type, n int, sel []uint32, f func(b *vec.ColBuilder, i int) error) (vec.Col, error) {
	return buildRows(t, n, sel, nil, f)
}

// WrongArity is the error of a call with n arguments where lo to hi are taken.
func WrongArity(name string, lo, hi, n int) error {
	return checkArity(name, make([]Arg, n), lo, hi)
}

// Mismatch is the error of argument i (from 0) that is not of the type required, which is quoted.
func Mismatch(name string, i int, required string, got types.Type) error {
	return mismatch(name, i, required, got)
}

// WithExamples fills in examples from lines of name, query and result, separated by tabs, as in
// examples.tsv.
func WithExamples(table string, list []Scalar) []Scalar {
	found := exampleTable(table)
	for i := range list {
		e := found[list[i].Name]
		list[i].Example, list[i].Result = e[0], e[1]
	}
	return list
}

// SchemaArg is the type that a constant string argument spells.
func SchemaArg(a Arg, parse func(text string) (types.Type, error)) (types.Type, error) {
	if a.Const == nil || a.Type.Kind != types.String || a.Const.IsNull(0) {
		return types.Type{}, errs.New("INVALID_SCHEMA.NON_STRING_LITERAL", "the schema must be a constant string").State("42K07").
			WithHint("write it as 'a INT, b STRING'")
	}
	t, err := parse(string(a.Const.Bytes(0)))
	if e := (*errs.Error)(nil); errors.As(err, &e) && e.Class == "UNSUPPORTED_DATATYPE" {
		return t, errs.Wrap(err, "PARSE_SYNTAX_ERROR", "the schema '%s' cannot be read", a.Const.Bytes(0)).State("42601")
	}
	return t, err
}

// TextArg is the value of a constant string argument that must not be NULL.
func TextArg(name, argument string, a Arg) (string, error) {
	text, known, err := constText(name, argument, a)
	if err == nil && !known {
		err = errs.New("DATATYPE_MISMATCH.UNEXPECTED_NULL", "the argument %s of %s must not be NULL", argument, name).State("42K09")
	}
	return text, err
}

// OptionsArg reads argument i, if there is one, as a constant map of options whose names ignore case.
func OptionsArg(args []Arg, i int) (func(name string) (string, bool), error) {
	found := map[string]string{}
	get := func(name string) (string, bool) {
		v, ok := found[strings.ToLower(name)]
		return v, ok
	}
	if i >= len(args) {
		return get, nil
	}
	t, c := args[i].Type, args[i].Const
	if t.Kind != types.Map || c == nil || c.IsNull(0) {
		return nil, errs.New("INVALID_OPTIONS.NON_MAP_FUNCTION", "options must be a constant map").State("42K06").
			WithHint("write map('name', 'value', ...)")
	}
	if t.Key.Kind != types.String || t.Elem.Kind != types.String {
		return nil, errs.New("INVALID_OPTIONS.NON_STRING_TYPE", `options must be a map of strings to strings, not "%s"`, t.SQL()).State("42K06").
			WithHint("put the values in quotes")
	}
	kids, lo, hi := c.List(0)
	for k := lo; k < hi; k++ {
		if !kids[1].IsNull(k) {
			found[strings.ToLower(string(kids[0].Bytes(k)))] = string(kids[1].Bytes(k))
		}
	}
	return get, nil
}
