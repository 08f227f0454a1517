package sql

import (
	"fmt"

	"github.com/azud/azud/internal/types"
)

// strength is how tight an expression binds, for parentheses.
func strength(e Expr) int {
	switch e := e.(type) {
	case *Binary:
		switch e.Op {
		case OpOr:
			return precOr
		case OpAnd:
			return precAnd
		case OpIntDiv:
			return precMul
		}
		return valueOps[string(e.Op)].prec
	case *Unary:
		if e.Op == OpNot {
			return precNot
		}
		return precUnary
	case *Between, *InList, *InQuery, *LikeExpr, *IsNull, *IsBool, *IsDistinct, *Exists:
		return precPredicate
	case *Lambda:
		return 0
	}
	return precPrimary
}

// expr prints e, in parentheses if it binds less tight than min.
func (w *printer) expr(e Expr, min int) {
	if strength(e) < min {
		w.put("(")
		defer w.put(")")
	}
	switch e := e.(type) {
	case *Binary:
		prec := strength(e)
		w.expr(e.L, prec)
		w.put(" ", string(e.Op), " ")
		w.expr(e.R, prec+1)
	case *Unary:
		w.unary(e)
	case *Column:
		w.idents(e.Parts, ".")
	case *Field:
		w.base(e.X)
		w.put(".")
		w.ident(e.Name)
	case *Index:
		w.base(e.X)
		w.put("[")
		w.expr(e.I, precCompare)
		w.put("]")
	case *Collate:
		w.base(e.X)
		w.put(" COLLATE ")
		w.name(e.Name)
	case *Case:
		w.caseExpr(e)
	case *Cast:
		if e.Try {
			w.put("TRY_")
		}
		w.put("CAST(")
		w.expr(e.X, 0)
		w.put(" AS ", TypeText(e.Type), ")")
	case *Between, *InList, *InQuery, *LikeExpr, *IsNull, *IsBool, *IsDistinct:
		w.predicate(e)
	case *Call, *NamedArg, *Trim, *Lambda, *Row, *Alias, *Subquery, *Exists, *Star, *DynColumn:
		w.composite(e)
	default:
		w.literal(e)
	}
}

func (w *printer) unary(e *Unary) {
	if e.Op == OpNot {
		w.put("NOT ")
		w.expr(e.X, precNot)
		return
	}
	w.put(string(e.Op))
	switch x := e.X.(type) {
	case *NumberLit:
		if x.Text[0] != '-' { // -(1) is not the literal -1
			w.put("(", numberText(x), ")")
			return
		}
		w.put(" ")
	case *Unary:
		w.put(" ") // -- begins a comment
	}
	w.expr(e.X, precUnary)
}

// base prints what .field, [index] or COLLATE hangs on.
func (w *printer) base(e Expr) {
	switch e := e.(type) {
	case *Column, *Field, *Index:
		w.expr(e, 0)
	default:
		w.put("(")
		w.expr(e, 0)
		w.put(")")
	}
}

func (w *printer) literal(e Expr) {
	switch e := e.(type) {
	case *NullLit:
		w.put("NULL")
	case *BoolLit:
		w.put(map[bool]string{true: "TRUE", false: "FALSE"}[e.Value])
	case *StringLit:
		w.str(e.Value)
	case *BinaryLit:
		w.put(fmt.Sprintf("X'%X'", e.Value))
	case *NumberLit:
		w.put(numberText(e))
	case *TypedLit:
		w.put(map[types.Kind]string{types.Date: "DATE ", types.TimestampNTZ: "TIMESTAMP_NTZ ", types.Timestamp: "TIMESTAMP "}[e.Type.Kind])
		w.str(e.Value)
	case *IntervalLit:
		w.put("INTERVAL ", intervalText(e))
	case *Param:
		if e.Name == "" {
			w.put("?")
		} else {
			w.put(":", quoteIfNeeded(e.Name))
		}
	}
}

func (w *printer) caseExpr(e *Case) {
	w.put("CASE")
	if e.Operand != nil {
		w.put(" ")
		w.expr(e.Operand, 0)
	}
	for _, x := range e.Whens {
		w.put(" WHEN ")
		w.expr(x.Cond, 0)
		w.put(" THEN ")
		w.expr(x.Result, 0)
	}
	if e.Else != nil {
		w.put(" ELSE ")
		w.expr(e.Else, 0)
	}
	w.put(" END")
}

func (w *printer) not(not bool) {
	if not {
		w.put(" NOT")
	}
}

func (w *printer) predicate(e Expr) {
	switch e := e.(type) {
	case *Between:
		w.expr(e.X, precCompare)
		w.not(e.Not)
		w.put(" BETWEEN ")
		w.expr(e.Low, precCompare)
		w.put(" AND ")
		w.expr(e.High, precCompare)
	case *InList:
		w.expr(e.X, precCompare)
		w.not(e.Not)
		w.put(" IN (")
		w.list(e.List)
		w.put(")")
	case *InQuery:
		w.expr(e.X, precCompare)
		w.not(e.Not)
		w.put(" IN (")
		w.query(e.Query)
		w.put(")")
	case *LikeExpr:
		w.like(e)
	case *IsNull:
		w.expr(e.X, precCompare)
		w.put(" IS")
		w.not(e.Not)
		w.put(" NULL")
	case *IsBool:
		w.expr(e.X, precCompare)
		w.put(" IS")
		w.not(e.Not)
		w.put(" ", e.Value)
	case *IsDistinct:
		w.expr(e.L, precCompare)
		w.put(" IS")
		w.not(e.Not)
		w.put(" DISTINCT FROM ")
		w.expr(e.R, precCompare)
	}
}

func (w *printer) like(e *LikeExpr) {
	w.expr(e.X, precCompare)
	w.not(e.Not)
	w.put(" ", string(e.Op), " ")
	if e.Quant != "" {
		w.put(e.Quant, " (")
		w.list(e.Patterns)
		w.put(")")
		return
	}
	w.expr(e.Patterns[0], precCompare)
	if e.Escape != '\\' {
		w.put(" ESCAPE ")
		w.str(string(e.Escape))
	}
}

// list prints expressions separated by commas.
func (w *printer) list(es []Expr) { each(w, es, ", ", func(e Expr) { w.expr(e, 0) }) }

func (w *printer) composite(e Expr) {
	switch e := e.(type) {
	case *Call:
		w.call(e)
	case *NamedArg:
		w.ident(e.Name)
		w.put(" => ")
		w.expr(e.X, 0)
	case *Trim:
		w.put("TRIM(", e.Side, " ")
		if e.Chars != nil {
			w.expr(e.Chars, precPrimary)
			w.put(" ")
		}
		w.put("FROM ")
		w.expr(e.X, precCompare)
		w.put(")")
	case *Lambda:
		if len(e.Params) == 1 {
			w.ident(e.Params[0])
		} else {
			w.put("(")
			w.idents(e.Params, ", ")
			w.put(")")
		}
		w.put(" -> ")
		w.expr(e.Body, 0)
	case *Row:
		w.put("(")
		w.list(e.Items)
		w.put(")")
	case *Alias:
		w.expr(e.X, 0)
		w.put(" AS ")
		w.ident(e.Name)
	case *Subquery:
		w.put("(")
		w.query(e.Query)
		w.put(")")
	case *Exists:
		w.put("EXISTS (")
		w.query(e.Query)
		w.put(")")
	case *DynColumn:
		w.name(Name{Expr: e.X})
	case *Star:
		for _, q := range e.Qualifier {
			w.ident(q)
			w.put(".")
		}
		w.put("*")
		if len(e.Except) > 0 {
			w.put(" EXCEPT (")
			w.names(e.Except)
			w.put(")")
		}
	}
}

// plainCalls are risky words that are read as a call before a parenthesis.
var plainCalls = set("LEFT RIGHT FIRST LAST MAX IF DATE TIMESTAMP TIME")

func (w *printer) call(c *Call) {
	if c.Name.Expr == nil && len(c.Name.Parts) == 1 && !c.Name.Parts[0].Quoted {
		w.put(c.callName())
	} else {
		w.name(c.Name)
	}
	w.put("(")
	w.args(c)
	w.put(")")
	if len(c.WithinGroup) > 0 {
		w.put(" WITHIN GROUP (ORDER BY ")
		w.sortItems(c.WithinGroup)
		w.put(")")
	}
	if c.Filter != nil {
		w.put(" FILTER (WHERE ")
		w.expr(c.Filter, 0)
		w.put(")")
	}
	if c.IgnoreNulls {
		w.put(" IGNORE NULLS")
	}
	if c.Over != nil {
		w.put(" OVER ")
		w.windowSpec(c.Over)
	}
}

// callName is the unquoted name of a function, quoted only where it would not be read as one.
func (c *Call) callName() string {
	name := c.Name.Parts[0].Name
	up := upper(name)
	if c.Form == FormPlain && !plainCalls[up] && (reserved[up] || aliasStops[up] || strictReserved[up] || up == "EXISTS" || up == "ANY" || up == "SOME" || up == "CUBE" || up == "ROLLUP" || up == "TABLE" || up == "INTERVAL" || isDigit(name[0])) {
		return quoteIdent(name)
	}
	return name
}

// unitFuncs are the functions whose first argument may be a bare unit.
var unitFuncs = set("TIMESTAMPADD DATEADD DATE_ADD TIMESTAMPDIFF DATEDIFF DATE_DIFF TIMEDIFF")

// looksLikeUnit reports a plain call whose first argument would be read as a unit without
// parentheses around it.
func (c *Call) looksLikeUnit() bool {
	if len(c.Args) != 3 || !unitFuncs[upper(c.Name.String())] {
		return false
	}
	switch x := c.Args[0].(type) {
	case *StringLit:
		return true
	case *Column:
		return len(x.Parts) == 1 && dateUnits[upper(x.Parts[0].Name)]
	}
	return false
}

func (w *printer) args(c *Call) {
	parts := func(seps ...string) {
		for i, a := range c.Args {
			w.expr(a, precCompare)
			if i < len(c.Args)-1 {
				w.put(seps[i])
			}
		}
	}
	switch c.Form {
	case FormExtract:
		w.ident(Ident{Name: c.Args[0].(*StringLit).Value})
		w.put(" FROM ")
		w.expr(c.Args[1], precCompare)
	case FormSubstring:
		parts(" FROM ", " FOR ")
	case FormPosition:
		parts(" IN ")
	case FormOverlay:
		parts(" PLACING ", " FROM ", " FOR ")
	case FormUnit:
		w.put(c.Args[0].(*StringLit).Value)
		for _, a := range c.Args[1:] {
			w.put(", ")
			w.expr(a, precCompare)
		}
	default:
		if c.Distinct {
			w.put("DISTINCT ")
		}
		if c.looksLikeUnit() {
			w.put("(")
			w.expr(c.Args[0], 0)
			w.put("), ")
			w.list(c.Args[1:])
			return
		}
		w.list(c.Args)
	}
}
