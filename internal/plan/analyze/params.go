package analyze

import (
	"strconv"
	"strings"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/sql"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// param is the value of :name or ?, a literal.
func (a *analyzer) param(e *sql.Param) (val, error) {
	var v vec.Col
	ok := false
	name := e.Name
	switch {
	case e.Name == "":
		name = "_" + strconv.Itoa(e.Index+1)
		if ok = e.Index < len(a.env.Positional); ok {
			v = a.env.Positional[e.Index]
		}
	case a.env.Named != nil:
		v, ok = a.env.Named(e.Name)
	}
	if !ok {
		return val{}, a.fail(e.Span(), "UNBOUND_SQL_PARAMETER", "42P02", "the parameter %s has no value", name).
			WithHint("give it a value together with the statement")
	}
	return lit(v, e.Span(), a.shownValue(&v)), nil
}

// shownValue shows a constant as a literal.
func (a *analyzer) shownValue(v *vec.Col) string {
	switch v.Type.Kind {
	case types.Array, types.Map:
		if !v.IsNull(0) {
			return a.shownList(v)
		}
	case types.Date, types.Timestamp, types.TimestampNTZ:
		if !v.IsNull(0) {
			return v.Type.SQL() + " '" + a.textOf(v) + "'"
		}
	}
	if v.IsNull(0) {
		return "NULL"
	}
	return a.textOf(v)
}

// shownList shows an ARRAY or a MAP as the call that makes it.
func (a *analyzer) shownList(v *vec.Col) string {
	kids, lo, hi := v.List(0)
	var parts []string
	for i := lo; i < hi; i++ {
		for k := range kids {
			part := vec.Slice(&kids[k], i, i+1)
			parts = append(parts, a.shownValue(&part))
		}
	}
	name := "array"
	if v.Type.Kind == types.Map {
		name = "map"
	}
	return name + "(" + strings.Join(parts, ", ") + ")"
}

// variable finds a session variable: x, session.x or system.session.x, with fields after it. It is
// asked for names that no column has. Spark: VariableResolution.
func (a *analyzer) variable(c *sql.Column) (v val, ok bool, err error) {
	if a.env.Variable == nil {
		return val{}, false, nil
	}
	for _, prefix := range [][]string{{"system", "session"}, {"session"}, {}} {
		n := len(prefix)
		if len(c.Parts) <= n || !hasPrefix(c.Parts, prefix) {
			continue
		}
		x, found := a.env.Variable(c.Parts[n].Name)
		if !found {
			continue
		}
		name := strings.ToLower(c.Parts[n].Name)
		v = lit(x, c.Span(), "variablereference(system.session."+name+"="+a.sqlLiteral(&x)+")")
		for _, f := range c.Parts[n+1:] {
			if v, err = a.field(v, f, c.Span()); err != nil {
				return v, true, err
			}
		}
		return v, true, nil
	}
	return val{}, false, nil
}

func hasPrefix(parts []sql.Ident, prefix []string) bool {
	for i, p := range prefix {
		if !strings.EqualFold(parts[i].Name, p) {
			return false
		}
	}
	return true
}

// collate is x COLLATE name: there is only the order of bytes.
func (a *analyzer) collate(s *exprScope, e *sql.Collate) (val, error) {
	x, err := a.expr(s, e.X)
	if err != nil {
		return x, err
	}
	return a.collated(x, e.Name.Last().Name, e.Span())
}

func (a *analyzer) collateCall(s *exprScope, e *sql.Call) (val, error) {
	args, err := a.args(s, e.Args)
	if err != nil {
		return val{}, err
	}
	c := a.constant(args[1].x)
	if c == nil || c.IsNull(0) || c.Type.Kind != types.String {
		return val{}, a.fail(e.Args[1].Span(), "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT", "42K09", "the collation must be a constant string")
	}
	return a.collated(args[0], c.Str(0), e.Span())
}

func (a *analyzer) collated(x val, name string, at errs.Span) (val, error) {
	switch k := x.x.Type().Kind; {
	case !strings.EqualFold(name, "UTF8_BINARY"):
		return val{}, a.unsupported(at, "the collation "+name).WithHint("there is only UTF8_BINARY; compare lower(...) to ignore the case of letters")
	case k == types.Null:
		x.x = castTo(x.x, types.StringType)
	case k != types.String:
		return val{}, a.fail(at, "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", "42K09", "COLLATE needs a STRING, but \"%s\" is %s", x.name, x.x.Type().SQL())
	}
	return val{&plan.Cast{X: x.x, To: types.StringType, At: at}, "collate(" + x.name + ", UTF8_BINARY)"}, nil
}
