package analyze

import (
	"slices"
	"strings"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/sql"
	"github.com/azud/azud/internal/types"
)

// lambdaName is how Spark shows the parameters of lambdas.
const lambdaName = "namedlambdavariable()"

// lambdaParam finds the lambda's parameter that a name begins with; those of inner lambdas hide the
// others, and columns.
func (a *analyzer) lambdaParam(s *exprScope, c *sql.Column) (v val, ok bool, err error) {
	for i := len(s.lambdas) - 1; i >= 0; i-- {
		p := s.lambdas[i]
		if !equalFold(p.Name, c.Parts[0].Name) {
			continue
		}
		v = val{&plan.Ref{Attr: p, At: c.Span()}, lambdaName}
		for _, f := range c.Parts[1:] {
			if v, err = a.field(v, f, c.Span()); err != nil {
				return v, true, err
			}
		}
		return v, true, nil
	}
	return val{}, false, nil
}

// isParam reports the parameter of a lambda.
func (a *analyzer) isParam(id plan.ID) bool { return a.params[id] }

// readsParam reports an expression that reads a lambda's parameter of the scope.
func readsParam(s *exprScope, x plan.Expr) bool {
	found := false
	plan.WalkExpr(x, func(e plan.Expr) bool {
		if r, ok := e.(*plan.Ref); ok && slices.ContainsFunc(s.lambdas, func(p plan.Attr) bool { return p.ID == r.Attr.ID }) {
			found = true
		}
		return !found
	})
	return found
}

// paramLost is the error of a parameter within an aggregate or a window, which are computed outside
// of the lambda.
func (a *analyzer) paramLost(e *sql.Call) error {
	return a.fail(e.Span(), "MISSING_ATTRIBUTES.RESOLVED_ATTRIBUTE_MISSING_FROM_INPUT", "XX000",
		"%s cannot read the parameter of a lambda: it is computed over the rows of the query", e.Name.String())
}

// isHigher reports whether a call is of the higher-order function of its name, and not of a plain
// one of the same name.
func (a *analyzer) isHigher(e *sql.Call, name string) bool {
	_, scalar := a.env.scalar(name)
	return !scalar || slices.ContainsFunc(e.Args, isLambda)
}

func isLambda(e sql.Expr) bool {
	if n, ok := e.(*sql.NamedArg); ok {
		e = n.X
	}
	_, ok := e.(*sql.Lambda)
	return ok
}

// noLambda refuses a lambda as the argument of a plain function.
func (a *analyzer) noLambda(e *sql.Call, name string) error {
	for _, x := range e.Args {
		if isLambda(x) {
			return a.fail(x.Span(), "INVALID_LAMBDA_FUNCTION_CALL.NON_HIGHER_ORDER_FUNCTION", "42K0D",
				"the function `%s` takes no lambda", name).WithHint("lambdas are for functions such as transform, filter and aggregate")
		}
	}
	return nil
}

// higherArg is an argument of a higher-order function.
type higherArg struct {
	v      val
	lambda *sql.Lambda
	params []plan.Attr
}

// higherCall analyzes a call of a higher-order function.
func (a *analyzer) higherCall(s *exprScope, e *sql.Call, f *fn.Higher) (val, error) {
	if err := a.plainCall(e, f.Name); err != nil {
		return val{}, err
	}
	args := make([]higherArg, len(e.Args))
	in := make([]fn.HigherArg, len(e.Args))
	for i, x := range e.Args {
		l, ok := x.(*sql.Lambda)
		if ok {
			if err := a.lambdaNames(l); err != nil {
				return val{}, err
			}
			args[i].lambda, in[i].Params = l, len(l.Params)
			continue
		}
		v, err := a.expr(s, x)
		if err != nil {
			return val{}, err
		}
		args[i].v, in[i].Arg = v, a.argsOf([]val{v})[0]
	}
	var bodyErr error
	b, err := f.Bind(in, func(i int, params []fn.Arg) (fn.Arg, error) {
		out, err := a.lambdaBody(s, &args[i], params)
		if err != nil {
			bodyErr = err
		}
		return out, err
	})
	for i, g := range args {
		if err == nil && bodyErr == nil && g.lambda != nil && g.v.x.Type().Kind == types.Null && b.Params[i].Kind != types.Null {
			args[i].v.name = "NULL" // Spark: a cast of VOID is NULL
		}
	}
	display := strings.ToLower(e.Name.Last().Name) + "(" + shownArgs(f.Name, args) + shownFinish(f.Name, args) + ")"
	switch {
	case bodyErr != nil:
		return val{}, bodyErr
	case err != nil:
		return val{}, a.mismatch(err, e.Span(), display)
	}
	out := &plan.Higher{Name: f.Name, Fn: b, At: e.Span()}
	for i := range args {
		x := castTo(args[i].v.x, b.Params[i])
		if args[i].lambda != nil {
			x = &plan.Lambda{Params: args[i].params, Body: x, At: args[i].lambda.Span()}
		}
		out.Args = append(out.Args, x)
	}
	return val{out, display}, nil
}

// shownArgs shows the arguments as Spark does.
func shownArgs(name string, args []higherArg) string {
	list := make([]string, len(args))
	for i, g := range args {
		list[i] = g.v.name
		params := len(g.params)
		if g.lambda == nil && i == 1 {
			params = constantLambda(name)
		}
		if params > 0 {
			list[i] = "lambdafunction(" + g.v.name + strings.Repeat(", "+lambdaName, params) + ")"
		}
	}
	return strings.Join(list, ", ")
}

// constantLambda is how many parameters Spark gives a value in the place of the second argument's
// lambda; 0: a value belongs there.
func constantLambda(name string) int {
	switch name {
	case "transform", "filter", "exists", "forall":
		return 1
	case "map_filter", "transform_keys", "transform_values":
		return 2
	}
	return 0
}

// shownFinish is what Spark shows for aggregate's last argument where it is not written, and for
// array_sort's order.
func shownFinish(name string, args []higherArg) string {
	switch {
	case (name == "aggregate" || name == "reduce") && len(args) == 3:
		return ", lambdafunction(" + lambdaName + ", " + lambdaName + ")"
	case name == "array_sort" && len(args) == 1:
		v := lambdaName
		return ", lambdafunction((IF(((" + v + " IS NULL) AND (" + v + " IS NULL)), 0, (IF((" + v + " IS NULL), 1, (IF((" + v +
			" IS NULL), -1, (IF((" + v + " < " + v + "), -1, (IF((" + v + " > " + v + "), 1, 0)))))))))), " + v + ", " + v + ")"
	}
	return ""
}

func (a *analyzer) lambdaNames(l *sql.Lambda) error {
	for i, p := range l.Params {
		for _, q := range l.Params[:i] {
			if equalFold(p.Name, q.Name) {
				return a.fail(p.Span(), "INVALID_LAMBDA_FUNCTION_CALL.DUPLICATE_ARG_NAMES", "42K0D",
					"the parameters of the lambda must have different names, but `%s` is there twice", p.Name)
			}
		}
	}
	return nil
}

// lambdaBody analyzes a lambda with parameters of the types given.
func (a *analyzer) lambdaBody(s *exprScope, g *higherArg, params []fn.Arg) (fn.Arg, error) {
	d := *s
	d.lambdas = slices.Clone(s.lambdas)
	g.params = nil
	if len(params) != len(g.lambda.Params) {
		return fn.Arg{}, errs.New("INVALID_LAMBDA_FUNCTION_CALL.NUM_ARGS_MISMATCH",
			"the lambda takes %d parameters, but here it gets %d", len(g.lambda.Params), len(params)).State("42K0D").At(a.src, g.lambda.Span())
	}
	for i, p := range params {
		out := a.newAttr(g.lambda.Params[i].Name, p.Type, p.Nullable)
		if a.params == nil {
			a.params = map[plan.ID]bool{}
		}
		a.params[out.ID] = true
		g.params = append(g.params, out)
	}
	d.lambdas = append(d.lambdas, g.params...)
	v, err := a.expr(&d, g.lambda.Body)
	if err != nil {
		return fn.Arg{}, err
	}
	g.v = v
	out := fn.Arg{Type: v.x.Type(), Nullable: v.x.Nullable()}
	if out.Type.Kind == types.Null {
		out.Const = a.constant(v.x)
	}
	return out, nil
}
