package analyze

import (
	"strings"

	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/sql"
	"github.com/azud/azud/internal/types"
)

// unary analyzes NOT, -, + and ~.
func (a *analyzer) unary(s *exprScope, e *sql.Unary) (val, error) {
	x, err := a.expr(s, e.X)
	if err != nil {
		return x, err
	}
	switch e.Op {
	case sql.OpNot:
		return a.not(x, e)
	case sql.OpSub:
		return a.op("negative", e.Span(), "(- "+x.name+")", x)
	case sql.OpAdd:
		return a.op("positive", e.Span(), "(+ "+x.name+")", x)
	}
	return a.op("~", e.Span(), "~"+x.name, x)
}

func (a *analyzer) not(x val, at sql.Node) (val, error) {
	return a.op("not", at.Span(), "(NOT "+x.name+")", x)
}

// notIf negates where the text says NOT.
func (a *analyzer) notIf(not bool, v val, err error, at sql.Node) (val, error) {
	if err != nil || !not {
		return v, err
	}
	return a.not(v, at)
}

// binary analyzes the operators between two operands.
func (a *analyzer) binary(s *exprScope, e *sql.Binary) (val, error) {
	l, err := a.expr(s, e.L)
	if err != nil {
		return l, err
	}
	r, err := a.expr(s, e.R)
	if err != nil {
		return r, err
	}
	switch e.Op {
	case sql.OpAnd, sql.OpOr:
		return a.logic(e.Op == sql.OpOr, l, r, e.Span())
	case sql.OpNe: // Spark: Not(EqualTo)
		v, err := a.op("=", e.Span(), "("+l.name+" = "+r.name+")", l, r)
		return a.notIf(true, v, err, e)
	case sql.OpConcat:
		return a.op("concat", e.Span(), "concat("+l.name+", "+r.name+")", l, r)
	}
	op := strings.ToLower(string(e.Op))
	if strings.ContainsAny(op, "<=>") && len(op) < 4 && op != "<<" && op != ">>" && op != ">>>" {
		l.name, r.name = comparedName(l, r)
	}
	l, r = besideVoid(op, l, r)
	v, err := a.op(op, e.Span(), arithmeticName(op, l, r), l, r)
	if err != nil {
		return v, operandMismatch(err, op, l.x.Type(), r.x.Type())
	}
	return v, nil
}

// arithmeticName is how Spark shows an operation: with dates and intervals the analyzer has
// rewritten it. Spark: BinaryArithmeticWithDatetimeResolver.
func arithmeticName(op string, l, r val) string {
	lt, rt := l.x.Type(), r.x.Type()
	if op == "+" && rt.IsTime() && (lt.IsIntegral() || isInterval(lt)) || op == "*" && isInterval(rt) {
		l, r, lt, rt = r, l, rt, lt
	}
	plain := "(" + l.name + " " + op + " " + r.name + ")"
	if op != "+" && op != "-" || !lt.IsTime() {
		return plain
	}
	switch {
	case lt.Kind == types.Date && rt.IsIntegral() && op == "+":
		return "date_add(" + l.name + ", " + r.name + ")"
	case lt.Kind == types.Date && rt.IsIntegral():
		return "date_sub(" + l.name + ", " + r.name + ")"
	case lt.Kind == types.Date && rt.Kind == types.DayTime && rt.Scale == types.Day && op == "+":
		return "date_add(" + l.name + ", extractansiintervaldays(" + r.name + "))"
	case lt.Kind == types.Date && rt.Kind == types.DayTime && rt.Scale == types.Day:
		return "date_add(" + l.name + ", (- extractansiintervaldays(" + r.name + ")))"
	case isInterval(rt):
		return l.name + " " + op + " " + r.name
	}
	return plain
}

// comparedName shows the operands of a comparison: Spark replaces a VOID column beside a STRING by NULL.
func comparedName(l, r val) (string, string) {
	switch lk, rk := l.x.Type().Kind, r.x.Type().Kind; {
	case lk == types.Null && rk == types.String:
		return "NULL", r.name
	case rk == types.Null && lk == types.String:
		return l.name, "NULL"
	}
	return l.name, r.name
}

func isInterval(t types.Type) bool { return t.Kind == types.DayTime || t.Kind == types.YearMonth }

// predicate analyzes the operators that are rewritten into others.
func (a *analyzer) predicate(s *exprScope, e sql.Expr) (val, error) {
	switch e := e.(type) {
	case *sql.Between:
		v, err := a.between(s, e)
		return a.notIf(e.Not, v, err, e)
	case *sql.InList:
		v, err := a.inList(s, e)
		return a.notIf(e.Not, v, err, e)
	case *sql.LikeExpr:
		return a.like(s, e)
	case *sql.IsNull:
		return a.isNull(s, e.X, e.Not, e)
	case *sql.IsBool:
		return a.isBool(s, e)
	case *sql.IsDistinct:
		l, err := a.expr(s, e.L)
		if err != nil {
			return l, err
		}
		r, err := a.expr(s, e.R)
		if err != nil {
			return r, err
		}
		v, err := a.op("<=>", e.Span(), "("+l.name+" <=> "+r.name+")", l, r)
		return a.notIf(!e.Not, v, err, e)
	}
	return val{}, a.refused(e)
}

func (a *analyzer) between(s *exprScope, e *sql.Between) (val, error) {
	list, err := a.exprs(s, []sql.Expr{e.X, e.Low, e.High})
	if err != nil {
		return val{}, err
	}
	x, low, high := list[0], list[1], list[2]
	if x = a.once(s, x); plan.IsVolatile(x.x) {
		return val{}, a.unsupported(e.X.Span(), "BETWEEN over a value that changes with each evaluation")
	}
	from, err := a.op(">=", e.Span(), "("+x.name+" >= "+low.name+")", x, low)
	if err != nil {
		return val{}, err
	}
	to, err := a.op("<=", e.Span(), "("+x.name+" <= "+high.name+")", x, high)
	if err != nil {
		return val{}, err
	}
	return val{&plan.Logic{L: from.x, R: to.x, At: e.Span()}, "between(" + names(list) + ")"}, nil
}

func (a *analyzer) inList(s *exprScope, e *sql.InList) (val, error) {
	list, err := a.args(s, append([]sql.Expr{e.X}, e.List...))
	if err != nil {
		return val{}, err
	}
	cast, _, err := a.common("IN", e.Span(), list)
	if err != nil {
		return val{}, err
	}
	return val{&plan.In{X: cast[0], List: cast[1:], At: e.Span()},
		"(" + list[0].name + " IN (" + names(list[1:]) + "))"}, nil
}

// isNull is x IS [NOT] NULL.
func (a *analyzer) isNull(s *exprScope, x sql.Expr, not bool, at sql.Node) (val, error) {
	v, err := a.expr(s, x)
	if err != nil {
		return v, err
	}
	if not {
		return a.op("isnotnull", at.Span(), "("+v.name+" IS NOT NULL)", v)
	}
	return a.op("isnull", at.Span(), "("+v.name+" IS NULL)", v)
}

// isBool is x IS [NOT] TRUE, FALSE or UNKNOWN.
func (a *analyzer) isBool(s *exprScope, e *sql.IsBool) (val, error) {
	if e.Value == "UNKNOWN" {
		return a.isNull(s, e.X, e.Not, e)
	}
	x, err := a.expr(s, e.X)
	if err != nil {
		return x, err
	}
	want := boolVal(e.Value == "TRUE", e.Span())
	v, err := a.op("<=>", e.Span(), "("+x.name+" <=> "+want.name+")", x, want)
	return a.notIf(e.Not, v, err, e)
}

// like is LIKE, ILIKE and RLIKE, and LIKE ANY and ALL as a chain of OR or AND.
func (a *analyzer) like(s *exprScope, e *sql.LikeExpr) (val, error) {
	list, err := a.exprs(s, append([]sql.Expr{e.X}, e.Patterns...))
	if err != nil {
		return val{}, err
	}
	if e.Quant == "" {
		v, err := a.likeOne(e, list[0], list[1])
		return a.notIf(e.Not, v, err, e)
	}
	var out val
	for i, p := range list[1:] {
		v, err := a.likeOne(e, list[0], p)
		if v, err = a.notIf(e.Not, v, err, e); err != nil {
			return v, err
		}
		if i > 0 {
			if v, err = a.logic(e.Quant == "ANY", out, v, e.Span()); err != nil {
				return v, err
			}
		}
		out = v
	}
	out.name = strings.ToLower(string(e.Op)+e.Quant) + "(" + list[0].name + ")"
	if e.Op == sql.ILike {
		out.name = "like" + strings.ToLower(e.Quant) + "(lower(" + list[0].name + "))"
	}
	if e.Not {
		out.name = "not" + out.name
	}
	return out, nil
}

func (a *analyzer) likeOne(e *sql.LikeExpr, x, p val) (val, error) {
	args := []val{x, p}
	if e.Escape != '\\' && e.Escape != 0 && e.Op != sql.RLike {
		args = append(args, strVal(string(e.Escape), e.Span()))
	}
	switch e.Op {
	case sql.ILike:
		return a.op("ilike", e.Span(), "ilike("+names(args)+")", args...)
	case sql.RLike:
		return a.op("rlike", e.Span(), "RLIKE("+x.name+", "+p.name+")", args...)
	}
	name := x.name + " LIKE " + p.name
	if len(args) == 3 {
		name += " ESCAPE '" + args[2].name + "'"
	}
	return a.op("like", e.Span(), name, args...)
}
