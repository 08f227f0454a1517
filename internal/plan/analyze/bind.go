package analyze

import (
	"errors"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// lit makes a literal.
func lit(v vec.Col, at errs.Span, name string) val { return val{&plan.Lit{Value: v, At: at}, name} }

func strVal(s string, at errs.Span) val { return lit(vec.ConstString(types.StringType, s, 1), at, s) }

func boolVal(b bool, at errs.Span) val {
	name := "false"
	if b {
		name = "true"
	}
	return lit(vec.ConstOf(types.BooleanType, b, 1), at, name)
}

func nullVal(t types.Type, at errs.Span) val { return lit(vec.NullCol(t, 1), at, "NULL") }

// argsOf is what overload resolution sees of the arguments: the values of the constant ones
// included.
func (a *analyzer) argsOf(args []val) []fn.Arg {
	out := make([]fn.Arg, len(args))
	for i, v := range args {
		_, lit := v.x.(*plan.Lit)
		out[i] = fn.Arg{Type: v.x.Type(), Nullable: v.x.Nullable(), Const: a.constant(v.x), Folded: !lit, Name: plainName(v.x)}
	}
	return out
}

// plainName is the name of the column or field that an expression is, "" if it is more than that.
func plainName(x plan.Expr) string {
	switch x := x.(type) {
	case *plan.Ref:
		return x.Attr.Name
	case *plan.Field:
		t := x.X.Type()
		if t.Kind == types.Array {
			t = *t.Elem
		}
		return t.Fields[x.Index].Name
	}
	return ""
}

// constant is the value of a constant expression, nil for any other and for one that fails to
// evaluate, which is left to fail at run time. Each expression is evaluated once.
func (a *analyzer) constant(x plan.Expr) *vec.Col {
	if l, ok := x.(*plan.Lit); ok {
		return &l.Value
	}
	if v, ok := a.consts[x]; ok {
		return v
	}
	v := a.evaluate(x)
	if a.consts == nil {
		a.consts = map[plan.Expr]*vec.Col{}
	}
	a.consts[x] = v
	return v
}

func (a *analyzer) evaluate(x plan.Expr) *vec.Col {
	children := x.Children()
	lits := make([]plan.Expr, len(children))
	for i, c := range children {
		v := a.constant(c)
		if v == nil {
			return nil
		}
		lits[i] = &plan.Lit{Value: *v}
	}
	if len(lits) > 0 {
		x = x.With(lits)
	}
	if !plan.Foldable(x) {
		return nil
	}
	v, err := plan.Eval(a.folding, x)
	if err != nil {
		return nil
	}
	return &v
}

// op applies a scalar function or operator under a given display name.
func (a *analyzer) op(name string, at errs.Span, display string, args ...val) (val, error) {
	s, ok := a.env.scalar(name)
	if !ok {
		return val{}, a.unsupported(at, "the function or operator "+name)
	}
	b, err := s.Bind(a.argsOf(args))
	if err != nil {
		return val{}, a.mismatch(err, at, display)
	}
	cast, err := a.castAll(args, b.Params, at)
	if err != nil {
		return val{}, err
	}
	return val{&plan.Call{Name: s.Name, Fn: b, Args: cast, At: at}, display}, nil
}

// mismatch places a Bind's error and says which expression it is about.
func (a *analyzer) mismatch(err error, at errs.Span, display string) error {
	var e *errs.Error
	if errors.As(err, &e) && e.Source == nil && len(display) < 200 {
		d := *e
		d.Msg = "cannot resolve \"" + display + "\": " + e.Msg
		return d.At(a.src, at)
	}
	return a.place(err, at)
}

func (a *analyzer) castAll(args []val, to []types.Type, at errs.Span) ([]plan.Expr, error) {
	if len(to) != len(args) {
		return nil, a.fail(at, "INTERNAL_ERROR", "XX000", "a function asks for %d arguments and got %d", len(to), len(args))
	}
	out := make([]plan.Expr, len(args))
	for i, v := range args {
		out[i] = castTo(v.x, to[i])
	}
	return out, nil
}

// castTo inserts a cast where the type differs; a literal NULL takes the type at once.
func castTo(x plan.Expr, t types.Type) plan.Expr {
	if x.Type().Equal(t) {
		return x
	}
	if l, ok := x.(*plan.Lit); ok && l.Value.Type.Kind == types.Null {
		return &plan.Lit{Value: vec.NullCol(t, 1), At: l.At}
	}
	return &plan.Cast{X: x, To: t, At: x.Span()}
}

// common casts values to their least common type.
func (a *analyzer) common(what string, at errs.Span, list []val) ([]plan.Expr, types.Type, error) {
	t := types.NullType
	for _, v := range list {
		c, ok := types.Common(t, v.x.Type())
		if !ok {
			return nil, t, a.fail(at, "DATATYPE_MISMATCH.DATA_DIFF_TYPES", "42K09",
				"the values of %s must have one type, but \"%s\" is %s beside %s", what, v.name, v.x.Type().SQL(), t.SQL()).
				WithHint("cast them to one type")
		}
		t = c
	}
	out := make([]plan.Expr, len(list))
	for i, v := range list {
		out[i] = castTo(v.x, t)
	}
	return out, t, nil
}

// boolean makes a condition of a value that is BOOLEAN or, where Spark takes it, NULL.
func (a *analyzer) boolean(v val, null bool, fail func() error) (plan.Expr, error) {
	switch k := v.x.Type().Kind; {
	case k == types.Boolean:
		return v.x, nil
	case k == types.Null && null:
		return castTo(v.x, types.BooleanType), nil
	}
	return nil, fail()
}
