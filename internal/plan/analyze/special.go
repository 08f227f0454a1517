package analyze

import (
	"fmt"
	"strings"

	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/sql"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// special analyzes a function that is a node of the plan, or is rewritten into others.
type special func(a *analyzer, s *exprScope, e *sql.Call, name string) (val, error)

// specialNames are the functions of specialOf, for "did you mean".
func specialNames() []string {
	return []string{"if", "coalesce", "nvl", "ifnull", "nvl2", "nullif", "nullifzero", "zeroifnull", "window",
		"window_time", "struct"}
}

// specialOf finds what analyzes a function that fn does not know, by its name in lower case.
func specialOf(name string) (special, bool) {
	switch name {
	case "if":
		return (*analyzer).ifCall, true
	case "coalesce":
		return (*analyzer).coalesce, true
	case "nvl", "ifnull":
		return (*analyzer).nvl, true
	case "nvl2":
		return (*analyzer).nvl2, true
	case "nullif":
		return (*analyzer).nullif, true
	case "nullifzero":
		return (*analyzer).nullifzero, true
	case "zeroifnull":
		return (*analyzer).zeroifnull, true
	case "window":
		return (*analyzer).windowCall, true
	case "window_time":
		return (*analyzer).windowTimeCall, true
	case "struct":
		return (*analyzer).structCall, true
	}
	return nil, false
}

// fixedArgs analyzes the arguments of a function that takes exactly n.
func (a *analyzer) fixedArgs(s *exprScope, e *sql.Call, name string, n int) ([]val, error) {
	args, err := a.args(s, e.Args)
	if err == nil && len(args) != n {
		err = a.arity(e, name, fmt.Sprint(n), len(args))
	}
	return args, err
}

func (a *analyzer) arity(e *sql.Call, name, want string, got int) error {
	return a.fail(e.Span(), "WRONG_NUM_ARGS.WITHOUT_SUGGESTION", "42605",
		"the function `%s` requires %s parameters but the actual number is %d", name, want, got)
}

func (a *analyzer) ifCall(s *exprScope, e *sql.Call, name string) (val, error) {
	args, err := a.fixedArgs(s, e, name, 3)
	if err != nil {
		return val{}, err
	}
	display := "(IF(" + names(args) + "))"
	cond, err := a.boolean(args[0], true, func() error {
		return a.fail(e.Args[0].Span(), "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", "42K09",
			"cannot resolve \"%s\": the condition must be BOOLEAN, but \"%s\" is %s", display, args[0].name, args[0].x.Type().SQL())
	})
	if err != nil {
		return val{}, err
	}
	sides, _, err := a.common("if", e.Span(), args[1:])
	if err != nil {
		return val{}, err
	}
	return val{&plan.Case{When: []plan.Expr{cond}, Then: sides[:1], Else: sides[1], At: e.Span()}, display}, nil
}

func (a *analyzer) coalesceOf(e *sql.Call, args []val, display string) (val, error) {
	cast, _, err := a.common("coalesce", e.Span(), args)
	if err != nil {
		return val{}, err
	}
	return val{&plan.Coalesce{Args: cast, At: e.Span()}, display}, nil
}

func (a *analyzer) coalesce(s *exprScope, e *sql.Call, name string) (val, error) {
	args, err := a.args(s, e.Args)
	if err != nil {
		return val{}, err
	}
	if len(args) == 0 {
		return val{}, a.arity(e, name, "> 0", 0)
	}
	return a.coalesceOf(e, args, "coalesce("+names(args)+")")
}

func (a *analyzer) nvl(s *exprScope, e *sql.Call, name string) (val, error) {
	args, err := a.fixedArgs(s, e, name, 2)
	if err != nil {
		return val{}, err
	}
	return a.coalesceOf(e, args, name+"("+names(args)+")")
}

func (a *analyzer) nvl2(s *exprScope, e *sql.Call, name string) (val, error) {
	args, err := a.fixedArgs(s, e, name, 3)
	if err != nil {
		return val{}, err
	}
	has, err := a.op("isnotnull", e.Span(), "", args[0])
	if err != nil {
		return val{}, err
	}
	sides, _, err := a.common("nvl2", e.Span(), args[1:])
	if err != nil {
		return val{}, err
	}
	return val{&plan.Case{When: []plan.Expr{has.x}, Then: sides[:1], Else: sides[1], At: e.Span()},
		"nvl2(" + names(args) + ")"}, nil
}

// nullif keeps the type of its first argument.
func (a *analyzer) nullif(s *exprScope, e *sql.Call, name string) (val, error) {
	args, err := a.fixedArgs(s, e, name, 2)
	if err != nil {
		return val{}, err
	}
	return a.nullWhenEqual(e, args[0], args[1], "nullif("+names(args)+")")
}

func (a *analyzer) nullWhenEqual(e *sql.Call, x, y val, display string) (val, error) {
	eq, err := a.op("=", e.Span(), "("+x.name+" = "+y.name+")", x, y)
	if err != nil {
		return val{}, err
	}
	null := &plan.Lit{Value: vec.NullCol(x.x.Type(), 1), At: e.Span()}
	return val{&plan.Case{When: []plan.Expr{eq.x}, Then: []plan.Expr{null}, Else: x.x, At: e.Span()}, display}, nil
}

func zero(e *sql.Call) val { return lit(vec.ConstOf(types.IntType, int32(0), 1), e.Span(), "0") }

func (a *analyzer) nullifzero(s *exprScope, e *sql.Call, name string) (val, error) {
	args, err := a.fixedArgs(s, e, name, 1)
	if err != nil {
		return val{}, err
	}
	return a.nullWhenEqual(e, args[0], zero(e), "nullifzero("+args[0].name+")")
}

func (a *analyzer) zeroifnull(s *exprScope, e *sql.Call, name string) (val, error) {
	args, err := a.fixedArgs(s, e, name, 1)
	if err != nil {
		return val{}, err
	}
	return a.coalesceOf(e, []val{args[0], zero(e)}, "zeroifnull("+args[0].name+")")
}

// caseExpr analyzes both forms of CASE; CASE x WHEN y compares x = y.
func (a *analyzer) caseExpr(s *exprScope, e *sql.Case) (val, error) {
	var operand val
	var err error
	if e.Operand != nil {
		if operand, err = a.expr(s, e.Operand); err != nil {
			return val{}, err
		}
		if operand = a.once(s, operand); plan.IsVolatile(operand.x) {
			return val{}, a.unsupported(e.Operand.Span(), "CASE over a value that changes with each evaluation")
		}
	}
	out := &plan.Case{At: e.Span()}
	display, results := "CASE", []val{}
	for _, w := range e.Whens {
		cond, name, err := a.when(s, e, operand, w)
		if err != nil {
			return val{}, err
		}
		r, err := a.expr(s, w.Result)
		if err != nil {
			return val{}, err
		}
		out.When, results = append(out.When, cond), append(results, r)
		display += " WHEN " + name + " THEN " + r.name
	}
	if e.Else != nil {
		r, err := a.expr(s, e.Else)
		if err != nil {
			return val{}, err
		}
		results = append(results, r)
		display += " ELSE " + r.name
	}
	cast, _, err := a.common("CASE", e.Span(), results)
	if err != nil {
		return val{}, err
	}
	out.Then = cast[:len(e.Whens)]
	if e.Else != nil {
		out.Else = cast[len(e.Whens)]
	}
	return val{out, display + " END"}, nil
}

func (a *analyzer) when(s *exprScope, e *sql.Case, operand val, w sql.When) (plan.Expr, string, error) {
	c, err := a.expr(s, w.Cond)
	if err != nil {
		return nil, "", err
	}
	if e.Operand != nil {
		c, err = a.op("=", w.Cond.Span(), "("+operand.name+" = "+c.name+")", operand, c)
		return c.x, c.name, err
	}
	x, err := a.boolean(c, false, func() error {
		return a.fail(w.Cond.Span(), "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", "42K09",
			"the condition of WHEN must be BOOLEAN, but \"%s\" is %s", c.name, c.x.Type().SQL())
	})
	return x, c.name, err
}

// structCall is struct(a, b AS c, …): named_struct with the names that Spark derives.
func (a *analyzer) structCall(s *exprScope, e *sql.Call, _ string) (val, error) {
	v, shown, err := a.makeStruct(s, e.Args, e)
	v.name = "struct(" + shown + ")"
	return v, err
}

// row is (a, b); Spark shows it as named_struct.
func (a *analyzer) row(s *exprScope, e *sql.Row) (val, error) {
	v, _, err := a.makeStruct(s, e.Items, e)
	return v, err
}

// makeStruct builds a struct: the fields have the names of their columns or aliases, else
// col1, col2, … shown is the list as struct(…) shows it.
func (a *analyzer) makeStruct(s *exprScope, items []sql.Expr, at sql.Node) (v val, shown string, err error) {
	var pairs []val
	var list []string
	add := func(name string, x val, text string) {
		if name == "" {
			name = fmt.Sprintf("col%d", len(pairs)/2+1)
		}
		pairs = append(pairs, strVal(name, at.Span()), x)
		list = append(list, text)
	}
	for _, it := range items {
		switch it := it.(type) {
		case *sql.Star:
			cols, err := a.star(s, it)
			if err != nil {
				return val{}, "", err
			}
			shown := starArgs(cols)
			for i, c := range cols {
				add(c.name, c, shown[i].name)
			}
			continue
		case *sql.Alias:
			x, err := a.expr(s, it.X)
			if err != nil {
				return val{}, "", err
			}
			add(it.Name.Name, x, x.name+" AS "+it.Name.Name)
			continue
		}
		x, err := a.expr(s, it)
		if err != nil {
			return val{}, "", err
		}
		add(ownName(it), x, x.name)
	}
	v, err = a.op("named_struct", at.Span(), "named_struct("+names(pairs)+")", pairs...)
	return v, strings.Join(list, ", "), err
}

// ownName is the name that a column or field expression has of itself, "" for others.
func ownName(e sql.Expr) string {
	switch e := e.(type) {
	case *sql.Column:
		return e.Parts[len(e.Parts)-1].Name
	case *sql.Field:
		return e.Name.Name
	}
	return ""
}
