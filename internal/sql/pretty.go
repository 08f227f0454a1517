package sql

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/azud/azud/internal/types"
)

// Pretty is the text that Spark shows for an expression in messages and in automatic column
// names (Spark: toPrettySQL), as far as the syntax alone says it: (a + 1), count(1),
// CASE WHEN (a > 1) THEN x ELSE y END. What Spark prints after resolution (lower-case function
// names, DISTINCT and FILTER, default window frames, namedlambdavariable()) is printed so.
// Qualifiers stay; the analyzer, which knows what they name, prints v.a as a.
func Pretty(e Expr) string { return pretty{}.expr(e) }

// OutputName is the name that Spark gives to a column of a select list without alias. It is
// Pretty but for columns and fields (the last part), casts of those, and window functions of
// time, which are called window and session_window. Of a.b the syntax cannot tell whether b is a
// column of a or a field of it; Spark prints a cast of a field in full, here it is the last part.
func OutputName(e Expr) string {
	switch e := e.(type) {
	case *Column:
		if len(e.Parts) == 1 {
			return Pretty(e)
		}
		return e.Parts[len(e.Parts)-1].Name
	case *Cast:
		if c, ok := e.X.(*Column); ok {
			return OutputName(c)
		}
	case *Call:
		if n := strings.ToLower(e.Name.Last().Name); n == "window" || n == "session_window" {
			return n
		}
	}
	return Pretty(e)
}

// pretty prints expressions; vars are the parameters of the lambdas around.
type pretty struct{ vars []string }

func (p pretty) list(es []Expr) string {
	parts := make([]string, len(es))
	for i, e := range es {
		parts[i] = p.expr(e)
	}
	return strings.Join(parts, ", ")
}

// not is Spark's form of a negated predicate.
func not(negate bool, s string) string {
	if negate {
		return "(NOT " + s + ")"
	}
	return s
}

func (p pretty) expr(e Expr) string {
	switch e := e.(type) {
	case *Column:
		return p.column(e)
	case *Field:
		return p.base(e.X) + "." + e.Name.Name
	case *Index:
		return p.expr(e.X) + "[" + p.expr(e.I) + "]"
	case *Unary:
		return p.unary(e)
	case *Binary:
		return p.binary(e)
	case *Between, *InList, *InQuery, *LikeExpr, *IsNull, *IsBool, *IsDistinct:
		return p.predicate(e)
	case *Case:
		return p.caseExpr(e)
	case *Cast:
		word := "CAST("
		if e.Try {
			word = "TRY_CAST("
		}
		return word + p.expr(e.X) + " AS " + TypeText(e.Type) + ")"
	case *Call:
		return p.call(e)
	case *Collate:
		return "collate(" + p.expr(e.X) + ", " + e.Name.String() + ")"
	case *Subquery:
		return "scalarsubquery()"
	case *Exists:
		return "exists()"
	}
	return p.other(e)
}

// base is a struct whose field is taken: window(ts, '5 minutes').start is window.start.
func (p pretty) base(x Expr) string {
	if c, ok := x.(*Call); ok {
		return OutputName(c)
	}
	return p.expr(x)
}

// sessionWords are the columns without a name of their own, which Spark resolves as functions.
var sessionWords = set("CURRENT_DATE CURRENT_TIMESTAMP CURRENT_USER USER SESSION_USER CURRENT_TIME LOCALTIMESTAMP")

func (p pretty) column(c *Column) string {
	parts := make([]string, len(c.Parts))
	for i, id := range c.Parts {
		parts[i] = id.Name
	}
	if slices.Contains(p.vars, strings.ToLower(parts[0])) {
		parts[0] = "namedlambdavariable()"
	} else if len(parts) == 1 && !c.Parts[0].Quoted && sessionWords[strings.ToUpper(parts[0])] {
		return strings.ToLower(parts[0]) + "()"
	}
	return strings.Join(parts, ".")
}

func (p pretty) unary(e *Unary) string {
	switch e.Op {
	case OpNot:
		return "(NOT " + p.expr(e.X) + ")"
	case OpBitNot:
		return "~" + p.expr(e.X)
	}
	return "(" + string(e.Op) + " " + p.expr(e.X) + ")"
}

func (p pretty) binary(e *Binary) string {
	l, r := p.expr(e.L), p.expr(e.R)
	switch e.Op {
	case OpNe:
		return "(NOT (" + l + " = " + r + "))"
	case OpConcat:
		if c, ok := e.L.(*Binary); ok && c.Op == OpConcat { // a || b || c is concat(concat(a, b), c)
			return "concat(" + p.binary(c) + ", " + r + ")"
		}
		return "concat(" + l + ", " + r + ")"
	case OpIntDiv:
		return "(" + l + " div " + r + ")"
	}
	return "(" + l + " " + string(e.Op) + " " + r + ")"
}

func (p pretty) predicate(e Expr) string {
	switch e := e.(type) {
	case *Between:
		return not(e.Not, "between("+p.list([]Expr{e.X, e.Low, e.High})+")")
	case *InList:
		return not(e.Not, "("+p.expr(e.X)+" IN ("+p.list(e.List)+"))")
	case *InQuery:
		return not(e.Not, "("+p.expr(e.X)+" IN (listquery()))")
	case *LikeExpr:
		return p.like(e)
	case *IsNull:
		return "(" + p.expr(e.X) + map[bool]string{true: " IS NOT NULL)", false: " IS NULL)"}[e.Not]
	case *IsBool:
		if e.Value == "UNKNOWN" {
			return p.predicate(&IsNull{X: e.X, Not: e.Not})
		}
		return not(e.Not, "("+p.expr(e.X)+" <=> "+strings.ToLower(e.Value)+")")
	case *IsDistinct:
		return not(!e.Not, "("+p.expr(e.L)+" <=> "+p.expr(e.R)+")")
	}
	return ""
}

func (p pretty) like(e *LikeExpr) string {
	x := p.expr(e.X)
	if e.Quant != "" {
		name := strings.ToLower(string(e.Op) + e.Quant)
		if e.Not {
			name = "not" + name
		}
		return name + "(" + x + ")"
	}
	pattern := p.expr(e.Patterns[0])
	switch e.Op {
	case RLike:
		return not(e.Not, "RLIKE("+x+", "+pattern+")")
	case ILike:
		return not(e.Not, "ilike("+x+", "+pattern+")")
	}
	s := x + " LIKE " + pattern
	if e.Escape != '\\' {
		s += " ESCAPE '" + string(e.Escape) + "'"
	}
	return not(e.Not, s)
}

func (p pretty) caseExpr(e *Case) string {
	var b strings.Builder
	b.WriteString("CASE")
	for _, w := range e.Whens {
		cond := w.Cond
		if e.Operand != nil {
			cond = &Binary{Op: OpEq, L: e.Operand, R: w.Cond}
		}
		b.WriteString(" WHEN " + p.expr(cond) + " THEN " + p.expr(w.Result))
	}
	if e.Else != nil {
		b.WriteString(" ELSE " + p.expr(e.Else))
	}
	b.WriteString(" END")
	return b.String()
}

func (p pretty) call(c *Call) string {
	names := c.Name.Strings()
	for i := range names {
		names[i] = strings.ToLower(names[i])
	}
	name := strings.Join(names, ".")
	args := p.list(c.Args)
	switch {
	case c.Form == FormExtract:
		args = c.Args[0].(*StringLit).Value + " FROM " + p.expr(c.Args[1])
	case c.Form == FormPosition:
		name, args = "locate", args+", 1"
	case c.Form == FormUnit:
		name = map[bool]string{true: "timestampadd", false: "timestampdiff"}[strings.HasSuffix(name, "add")]
	case name == "count" && !c.Distinct && len(c.Args) == 1 && isBareStar(c.Args[0]):
		args = "1"
	case name == "if":
		return "(IF(" + args + "))" // Spark 4.2 prints it so
	}
	if c.Distinct {
		args = "DISTINCT " + args
	}
	s := name + "(" + args + ")"
	if len(c.WithinGroup) > 0 {
		s += " WITHIN GROUP (ORDER BY " + p.sort(c.WithinGroup, false) + ")"
	}
	if c.Filter != nil {
		s += " FILTER (WHERE " + p.expr(c.Filter) + ")"
	}
	if c.Over != nil {
		s += " OVER " + p.window(c.Over)
	}
	return s
}

func isBareStar(e Expr) bool {
	s, ok := e.(*Star)
	return ok && len(s.Qualifier) == 0 && len(s.Except) == 0
}

// sort prints keys with direction and nulls, which full asks for even where they are defaults.
func (p pretty) sort(items []SortItem, full bool) string {
	parts := make([]string, len(items))
	for i, s := range items {
		parts[i] = p.expr(s.X)
		if !full && !s.Desc && s.Nulls == NullsDefault {
			continue
		}
		dir, nulls := " ASC", " NULLS FIRST"
		if s.Desc {
			dir, nulls = " DESC", " NULLS LAST"
		}
		switch s.Nulls {
		case NullsFirst:
			nulls = " NULLS FIRST"
		case NullsLast:
			nulls = " NULLS LAST"
		}
		parts[i] += dir + nulls
	}
	return strings.Join(parts, ", ")
}

// window prints a window with the frame that Spark adds to an aggregate without one.
func (p pretty) window(s *WindowSpec) string {
	if s.Ref.Name != "" {
		return s.Ref.Name
	}
	var parts []string
	if len(s.Partition) > 0 {
		parts = append(parts, "PARTITION BY "+p.list(s.Partition))
	}
	if len(s.Order) > 0 {
		parts = append(parts, "ORDER BY "+p.sort(s.Order, true))
	}
	switch {
	case s.Frame != nil:
		kind := map[bool]string{true: "RANGE", false: "ROWS"}[s.Frame.Range]
		parts = append(parts, kind+" BETWEEN "+p.bound(s.Frame.Start)+" AND "+p.bound(s.Frame.End))
	case len(s.Order) > 0:
		parts = append(parts, "RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW")
	default:
		parts = append(parts, "ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING")
	}
	return "(" + strings.Join(parts, " ") + ")"
}

func (p pretty) bound(b Bound) string {
	s := [...]string{"UNBOUNDED PRECEDING", "PRECEDING", "CURRENT ROW", "FOLLOWING", "UNBOUNDED FOLLOWING"}[b.Kind]
	if b.X != nil {
		return p.expr(b.X) + " " + s
	}
	return s
}

// other prints literals and the rarer expressions.
func (p pretty) other(e Expr) string {
	switch e := e.(type) {
	case *NullLit:
		return "NULL"
	case *BoolLit:
		return strconv.FormatBool(e.Value)
	case *StringLit:
		return e.Value
	case *BinaryLit:
		return fmt.Sprintf("X'%X'", e.Value)
	case *NumberLit:
		return prettyNumber(e)
	case *TypedLit:
		return map[types.Kind]string{types.Date: "DATE", types.TimestampNTZ: "TIMESTAMP_NTZ", types.Timestamp: "TIMESTAMP"}[e.Type.Kind] + " '" + e.Value + "'"
	case *IntervalLit:
		return "INTERVAL " + intervalText(e)
	case *Row:
		return p.row(e)
	case *Trim:
		return p.trim(e)
	case *Lambda:
		return p.lambda(e)
	case *Alias:
		return p.expr(e.X) + " AS " + e.Name.Name
	case *NamedArg:
		return p.expr(e.X)
	}
	return Print(e)
}

func (p pretty) row(r *Row) string {
	var parts []string
	for i, x := range r.Items {
		name := fmt.Sprintf("col%d", i+1)
		switch x := x.(type) {
		case *Column:
			name = x.Parts[len(x.Parts)-1].Name
		case *Alias:
			name = x.Name.Name
		}
		parts = append(parts, name, p.expr(x))
	}
	return "named_struct(" + strings.Join(parts, ", ") + ")"
}

func (p pretty) trim(t *Trim) string {
	if t.Chars != nil {
		return "TRIM(" + t.Side + " " + p.expr(t.Chars) + " FROM " + p.expr(t.X) + ")"
	}
	return map[string]string{"BOTH": "trim", "LEADING": "ltrim", "TRAILING": "rtrim"}[t.Side] + "(" + p.expr(t.X) + ")"
}

func (p pretty) lambda(l *Lambda) string {
	inner := pretty{slices.Clone(p.vars)}
	for _, id := range l.Params {
		inner.vars = append(inner.vars, strings.ToLower(id.Name))
	}
	return "lambdafunction(" + inner.expr(l.Body) + strings.Repeat(", namedlambdavariable()", len(l.Params)) + ")"
}

// prettyNumber prints DOUBLE and FLOAT as Java does: 1000.0, 1.0E7.
func prettyNumber(n *NumberLit) string {
	bits := map[types.Kind]int{types.Double: 64, types.Float: 32}[n.Type.Kind]
	if bits == 0 {
		return n.Text
	}
	f, err := strconv.ParseFloat(n.Text, bits)
	if err != nil {
		return n.Text
	}
	if a := math.Abs(f); a == 0 || a >= 1e-3 && a < 1e7 {
		s := strconv.FormatFloat(f, 'f', -1, bits)
		if !strings.Contains(s, ".") {
			s += ".0"
		}
		return s
	}
	mantissa, exp, _ := strings.Cut(strconv.FormatFloat(f, 'e', -1, bits), "e")
	if !strings.Contains(mantissa, ".") {
		mantissa += ".0"
	}
	x, _ := strconv.Atoi(exp)
	return mantissa + "E" + strconv.Itoa(x)
}
