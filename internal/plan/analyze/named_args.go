package analyze

import (
	"slices"
	"strings"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/sql"
	"github.com/azud/azud/internal/types"
)

// parameter is one of a function that takes named arguments.
type parameter struct {
	name  string
	value func(at sql.At) sql.Expr // the default; nil: the argument must be given
}

func text(s string) func(sql.At) sql.Expr {
	return func(at sql.At) sql.Expr { return &sql.StringLit{At: at, Value: s} }
}

func null(at sql.At) sql.Expr { return &sql.NullLit{At: at} }

// parametersOf are the parameters of the functions that Spark lets be called with names.
func parametersOf(name string) []parameter {
	switch name {
	case "mask":
		return []parameter{{"str", nil}, {"upperChar", text("X")}, {"lowerChar", text("x")}, {"digitChar", text("n")}, {"otherChar", null}}
	case "count_min_sketch":
		seed := func(at sql.At) sql.Expr { return &sql.NumberLit{At: at, Text: "42", Type: types.IntType} }
		return []parameter{{"column", nil}, {"epsilon", nil}, {"confidence", nil}, {"seed", seed}}
	case "explode", "explode_outer", "posexplode", "posexplode_outer":
		return []parameter{{"collection", nil}}
	case "inline", "inline_outer":
		return []parameter{{"input", nil}}
	}
	return nil
}

// positional gives a call's arguments by position: named ones in their places, then the defaults.
// Spark: NamedParametersSupport.defaultRearrange.
func (a *analyzer) positional(e *sql.Call, name string) (*sql.Call, error) {
	named := slices.IndexFunc(e.Args, isNamed)
	params := parametersOf(name)
	if params == nil || named < 0 && (name != "mask" || len(e.Args) >= len(params) || len(e.Args) == 0) {
		if named >= 0 {
			return nil, a.noNames(e.Args[named], name)
		}
		return e, nil
	}
	if named < 0 {
		named = len(e.Args)
	}
	if named > len(params) {
		return e, nil
	}
	args := make([]sql.Expr, len(params))
	copy(args, e.Args[:named])
	for _, x := range e.Args[named:] {
		n, ok := x.(*sql.NamedArg)
		if !ok {
			return nil, a.fail(x.Span(), "UNEXPECTED_POSITIONAL_ARGUMENT", "4274K", "an argument by position cannot follow a named one").
				WithHint("name it, or put it first")
		}
		i, err := a.parameter(n, name, params)
		if err != nil {
			return nil, err
		}
		if args[i] != nil {
			why := "DOUBLE_NAMED_ARGUMENT_REFERENCE"
			if i < named {
				why = "BOTH_POSITIONAL_AND_NAMED"
			}
			return nil, a.fail(n.Span(), "DUPLICATE_ROUTINE_PARAMETER_ASSIGNMENT."+why, "4274K", "the parameter %s of `%s` is given twice", params[i].name, name)
		}
		args[i] = n.X
	}
	for i, p := range params {
		switch {
		case args[i] != nil:
		case p.value == nil:
			return nil, a.fail(e.Span(), "REQUIRED_PARAMETER_NOT_FOUND", "4274K", "the parameter %s of `%s` is missing", p.name, name)
		default:
			args[i] = p.value(e.At)
		}
	}
	d := *e
	d.Args = args
	return &d, nil
}

func isNamed(e sql.Expr) bool {
	_, ok := e.(*sql.NamedArg)
	return ok
}

func (a *analyzer) noNames(x sql.Expr, name string) error {
	return a.fail(x.Span(), "NAMED_PARAMETERS_NOT_SUPPORTED", "4274K", "the function `%s` takes no named arguments", name).
		WithHint("write the arguments by position")
}

func (a *analyzer) parameter(n *sql.NamedArg, name string, params []parameter) (int, error) {
	var names []string
	for i, p := range params {
		if strings.EqualFold(p.name, n.Name.Name) {
			return i, nil
		}
		names = append(names, p.name)
	}
	e := a.fail(n.Name.Span(), "UNRECOGNIZED_PARAMETER_NAME", "4274K", "`%s` has no parameter %s", name, n.Name.Name)
	if near := errs.Near(n.Name.Name, names); len(near) > 0 {
		return 0, e.WithHint("did you mean %s?", strings.Join(near, ", "))
	}
	return 0, e.WithHint("its parameters are %s", strings.Join(names, ", "))
}
