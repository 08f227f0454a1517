package analyze

import (
	"strings"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/sql"
	"github.com/azud/azud/internal/types"
)

// exprScope is what an expression may name and contain.
type exprScope struct {
	in      *scope      // the columns of the node below
	windows *windowSlot // the query's time window; nil where window() cannot stand
	outputs []*item     // HAVING, ORDER BY: the select list, which wins over in
	inputs  bool        // HAVING: an output means its expression over the input
	lateral []*item     // the select list before this item, whose aliases may be used
	aggArg  bool        // inside an aggregate's arguments
	filter  bool        // inside FILTER (WHERE …)
	list    bool        // the select list
	where   bool        // WHERE
	sel     *selecting  // the SELECT it stands in; nil where there can be no window functions
	lambdas []plan.Attr // the parameters of the lambdas around it, outermost first
	// noLateral says of which clause within the item the aliases of others cannot be used in
	noLateral   string
	usedLateral *bool // set when the alias of another item is read
}

// within is the scope of an aggregate's arguments: there the input's columns win.
func (s *exprScope) within() *exprScope {
	d := *s
	d.aggArg = true
	return &d
}

// expr analyzes an expression.
func (a *analyzer) expr(s *exprScope, e sql.Expr) (val, error) {
	switch e := e.(type) {
	case *sql.Column:
		return a.column(s, e)
	case *sql.Field:
		x, err := a.expr(s, e.X)
		if err != nil {
			return x, err
		}
		return a.field(x, e.Name, e.Span())
	case *sql.Index:
		return a.index(s, e)
	case *sql.Unary:
		return a.unary(s, e)
	case *sql.Binary:
		return a.binary(s, e)
	case *sql.Between, *sql.InList, *sql.LikeExpr, *sql.IsNull, *sql.IsBool, *sql.IsDistinct:
		return a.predicate(s, e)
	case *sql.Case:
		return a.caseExpr(s, e)
	case *sql.Cast:
		return a.cast(s, e)
	case *sql.Call:
		return a.callExpr(s, e)
	case *sql.Trim:
		return a.trim(s, e)
	case *sql.Row:
		return a.row(s, e)
	case *sql.DynColumn:
		return a.dynColumn(s, e)
	case *sql.Param:
		return a.param(e)
	case *sql.Collate:
		return a.collate(s, e)
	case *sql.Subquery, *sql.Exists, *sql.InQuery:
		if len(s.lambdas) > 0 {
			return val{}, a.fail(e.Span(), "UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY.HIGHER_ORDER_FUNCTION", "0A000", "a lambda cannot contain a subquery")
		}
		return a.subquery(s, e)
	}
	if v, ok, err := a.literal(e); ok {
		return v, err
	}
	return val{}, a.refused(e)
}

// refused names what the syntax tree has and the analyzer has not.
func (a *analyzer) refused(e sql.Expr) error {
	switch e := e.(type) {
	case *sql.Star:
		return a.fail(e.Span(), "INVALID_USAGE_OF_STAR_OR_REGEX", "42000", "* can stand only in a select list and in count(*)")
	case *sql.Lambda:
		return a.fail(e.Span(), "INVALID_LAMBDA_FUNCTION_CALL.NON_HIGHER_ORDER_FUNCTION", "42K0D", "a lambda can stand only in the arguments of a function that takes one")
	case *sql.NamedArg:
		return a.fail(e.Span(), "NAMED_PARAMETERS_NOT_SUPPORTED", "4274K", "named arguments are not supported").
			WithHint("write the arguments by position")
	}
	return a.unsupported(e.Span(), "this expression")
}

func (a *analyzer) exprs(s *exprScope, list []sql.Expr) ([]val, error) {
	out := make([]val, len(list))
	for i, e := range list {
		v, err := a.expr(s, e)
		if err != nil {
			return nil, err
		}
		out[i] = v
	}
	return out, nil
}

func names(list []val) string {
	parts := make([]string, len(list))
	for i, v := range list {
		parts[i] = v.name
	}
	return strings.Join(parts, ", ")
}

// column resolves a name: in HAVING and ORDER BY among the select list first (but not within
// aggregates), then among the input's columns, then as an alias to the left, then as the
// time window's column, then as a function that is called without parentheses.
func (a *analyzer) column(s *exprScope, c *sql.Column) (val, error) {
	if v, ok, err := a.lambdaParam(s, c); ok {
		return v, err
	}
	if v, ok, err := a.localColumn(s, c); ok || err != nil {
		return v, err
	}
	if v, ok, err := a.outerColumn(c); ok || err != nil {
		return v, err
	}
	if v, ok := a.groupingIDColumn(s, c); ok {
		return v, nil
	}
	if v, ok, err := a.variable(c); ok {
		return v, err
	}
	scopes := []*scope{s.in}
	if s.outputs != nil {
		scopes = []*scope{outputScope(s.outputs)}
	}
	return val{}, a.unresolved(parts(c.Parts), c.Span(), scopes...)
}

// localColumn is column within one query: ok is false if the name means nothing there.
func (a *analyzer) localColumn(s *exprScope, c *sql.Column) (val, bool, error) {
	if s.outputs != nil && !s.aggArg {
		if v, ok, err := a.outputColumn(s, c); ok {
			return v, true, err
		}
	}
	if v, ok, err := a.resolve(s.in, c); ok {
		return v, true, err
	}
	if v, ok, err := a.lateralColumn(s, c); ok {
		return v, true, err
	}
	if s.windows != nil && s.windows.made != nil {
		if v, ok, err := a.resolve(scopeOf([]plan.Attr{s.windows.made.Out}), c); ok {
			return v, true, err
		}
	}
	if s.outputs != nil && s.aggArg {
		if v, ok, err := a.outputColumn(s, c); ok {
			return v, true, err
		}
	}
	if len(c.Parts) == 1 && !c.Parts[0].Quoted {
		return a.bareFunction(c)
	}
	return val{}, false, nil
}

// bareFunction calls what needs no parentheses. Spark: LiteralFunctionResolution.
func (a *analyzer) bareFunction(c *sql.Column) (val, bool, error) {
	switch name := strings.ToLower(c.Parts[0].Name); name {
	case "current_date", "current_timestamp", "current_time", "current_user", "user", "session_user":
		display := name + "()"
		if strings.HasSuffix(name, "user") {
			display = "current_user()"
		}
		if _, ok := a.env.scalar(name); !ok {
			return val{}, false, nil
		}
		v, err := a.op(name, c.Span(), display)
		return v, true, err
	}
	return val{}, false, nil
}

func (a *analyzer) index(s *exprScope, e *sql.Index) (val, error) {
	x, err := a.expr(s, e.X)
	if err != nil {
		return x, err
	}
	i, err := a.expr(s, e.I)
	if err != nil {
		return i, err
	}
	switch x.x.Type().Kind {
	case types.Array, types.Map:
		return a.op("getitem", e.Span(), x.name+"["+i.name+"]", x, i)
	case types.Struct:
		return a.structIndex(x, i, e)
	}
	return val{}, a.fail(e.Span(), "INVALID_EXTRACT_BASE_FIELD_TYPE", "42000",
		"cannot take an element of \"%s\": an array, map or struct is needed, but it is %s", x.name, x.x.Type().SQL())
}

// structIndex is s['field'].
func (a *analyzer) structIndex(x, i val, e *sql.Index) (val, error) {
	l, ok := i.x.(*plan.Lit)
	if !ok || l.Value.Type.Kind != types.String || l.Value.IsNull(0) {
		return val{}, a.fail(e.I.Span(), "INVALID_EXTRACT_FIELD_TYPE", "42000",
			"the field of the struct \"%s\" must be a string literal", x.name)
	}
	id := sql.Ident{At: sql.At{Pos: e.I.Span()}, Name: strings.Clone(l.Value.Str(0))}
	return a.field(x, id, e.Span())
}

func (a *analyzer) cast(s *exprScope, e *sql.Cast) (val, error) {
	x, err := a.expr(s, e.X)
	if err != nil {
		return x, err
	}
	name := castName(x.name, e)
	if err := a.castable(x.x.Type(), e.Type, e.Try, e.Span(), name); err != nil {
		return val{}, err
	}
	// A cast to the same type stays, as in Spark: its value carries no event time.
	return val{&plan.Cast{X: x.x, To: e.Type, Try: e.Try, At: e.Span()}, name}, nil
}

// castName shows a cast as it is written, but one to a nested type as what it casts (Spark
// loses the mark of a written cast when it resolves the parts).
func castName(x string, e *sql.Cast) string {
	switch {
	case e.Type.IsNested():
		return x
	case e.Try:
		return "TRY_CAST(" + x + " AS " + e.Type.SQL() + ")"
	}
	return "CAST(" + x + " AS " + e.Type.SQL() + ")"
}

// logic makes AND or OR.
func (a *analyzer) logic(or bool, l, r val, at errs.Span) (val, error) {
	op := "AND"
	if or {
		op = "OR"
	}
	name := "(" + l.name + " " + op + " " + r.name + ")"
	sides, err := a.logicSides(l, r, name, at)
	if err != nil {
		return val{}, err
	}
	return val{&plan.Logic{Or: or, L: sides[0], R: sides[1], At: at}, name}, nil
}

// logicSides casts the operands of AND and OR: a string beside a boolean is read as one.
func (a *analyzer) logicSides(l, r val, name string, at errs.Span) (sides [2]plan.Expr, err error) {
	common, ok := types.Common(l.x.Type(), r.x.Type())
	switch {
	case !ok:
		return sides, a.fail(at, "DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES", "42K09",
			"cannot resolve \"%s\": the operands must be BOOLEAN, not %s and %s", name, l.x.Type().SQL(), r.x.Type().SQL())
	case common.Kind != types.Boolean && common.Kind != types.Null:
		return sides, a.fail(at, "DATATYPE_MISMATCH.BINARY_OP_WRONG_TYPE", "42K09",
			"cannot resolve \"%s\": the operands must be BOOLEAN, not %s", name, common.SQL())
	}
	return [2]plan.Expr{castTo(l.x, types.BooleanType), castTo(r.x, types.BooleanType)}, nil
}
