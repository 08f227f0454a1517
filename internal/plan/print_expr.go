package plan

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow/decimal128"

	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// String is an expression for EXPLAIN: near SQL, with attribute ids.
func String(e Expr) string {
	switch e := e.(type) {
	case *Ref:
		if e.Attr.ID == 0 { // see Text
			return e.Attr.Name
		}
		return fmt.Sprintf("%s#%d", e.Attr.Name, e.Attr.ID)
	case *Lit:
		return litString(&e.Value)
	case *Call:
		return callString(e)
	case *Cast:
		name := "CAST"
		if e.Try {
			name = "TRY_CAST"
		}
		return fmt.Sprintf("%s(%s AS %s)", name, String(e.X), e.To.String())
	case *Logic:
		op := "AND"
		if e.Or {
			op = "OR"
		}
		return fmt.Sprintf("(%s %s %s)", String(e.L), op, String(e.R))
	case *Case:
		return caseString(e)
	case *Coalesce:
		return "coalesce(" + exprList(e.Args) + ")"
	case *In:
		return fmt.Sprintf("(%s IN (%s))", String(e.X), exprList(e.List))
	case *Field:
		return String(e.X) + "." + fieldName(e)
	case *Agg:
		return aggString(e)
	}
	return moreString(e)
}

// moreString is String for the expressions of batch queries.
func moreString(e Expr) string {
	switch e := e.(type) {
	case *Outer:
		return fmt.Sprintf("outer(%s#%d)", e.Attr.Name, e.Attr.ID)
	case *Subquery:
		switch e.Kind {
		case ExistsQuery:
			return "EXISTS (subquery)"
		case InQuery:
			return "(" + exprList(e.X) + " IN (subquery))"
		}
		return "(scalar subquery)"
	case *Lambda:
		names := make([]string, len(e.Params))
		for i, p := range e.Params {
			names[i] = attr(p)
		}
		return "(" + strings.Join(names, ", ") + ") -> " + String(e.Body)
	case *Higher:
		return e.Name + "(" + exprList(e.Args) + ")"
	case *WindowCall:
		call := e.Name + "(" + exprList(e.Args) + ")"
		if e.Agg != nil {
			call = String(e.Agg)
		}
		if e.IgnoreNulls {
			call += " IGNORE NULLS"
		}
		return call + " OVER " + frameString(e.Frame)
	}
	return fmt.Sprintf("%T", e)
}

func frameString(f Frame) string {
	kind := "ROWS"
	if f.Range {
		kind = "RANGE"
	}
	return kind + " BETWEEN " + boundString(f.Lo, "PRECEDING") + " AND " + boundString(f.Hi, "FOLLOWING")
}

func boundString(b FrameBound, unbounded string) string {
	switch {
	case b.Kind == Unbounded:
		return "UNBOUNDED " + unbounded
	case b.Kind == CurrentRow:
		return "CURRENT ROW"
	case b.Kind == ByValue:
		return String(b.Value)
	case b.Rows < 0:
		return fmt.Sprintf("%d PRECEDING", -b.Rows)
	}
	return fmt.Sprintf("%d FOLLOWING", b.Rows)
}

// Text is an expression near SQL that does not depend on the numbers of attributes, so that
// it is the same whenever the same text is analyzed; names are in small letters, as they
// denote the same column in any.
func Text(e Expr) string {
	return String(RewriteUp(e, func(e Expr) Expr {
		if r, ok := e.(*Ref); ok {
			return &Ref{Attr: Attr{Name: strings.ToLower(r.Attr.Name), Type: r.Attr.Type}}
		}
		return e
	}))
}

func exprList(list []Expr) string {
	parts := make([]string, len(list))
	for i, e := range list {
		parts[i] = String(e)
	}
	return strings.Join(parts, ", ")
}

func callString(e *Call) string {
	switch {
	case e.Name != "" && len(e.Args) == 2 && (!isLetter(e.Name[0]) || e.Name == "div"):
		return fmt.Sprintf("(%s %s %s)", String(e.Args[0]), e.Name, String(e.Args[1]))
	case e.Name == "not" && len(e.Args) == 1:
		return "(NOT " + String(e.Args[0]) + ")"
	case e.Name == "isnull" && len(e.Args) == 1:
		return "(" + String(e.Args[0]) + " IS NULL)"
	case e.Name == "isnotnull" && len(e.Args) == 1:
		return "(" + String(e.Args[0]) + " IS NOT NULL)"
	case e.Name == "getitem" && len(e.Args) == 2:
		return String(e.Args[0]) + "[" + String(e.Args[1]) + "]"
	}
	return e.Name + "(" + exprList(e.Args) + ")"
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' }

func caseString(e *Case) string {
	var b strings.Builder
	b.WriteString("CASE")
	for i := range e.When {
		fmt.Fprintf(&b, " WHEN %s THEN %s", String(e.When[i]), String(e.Then[i]))
	}
	if e.Else != nil {
		b.WriteString(" ELSE " + String(e.Else))
	}
	b.WriteString(" END")
	return b.String()
}

func fieldName(e *Field) string {
	t := e.X.Type()
	if t.Kind == types.Array {
		t = *t.Elem
	}
	return t.Fields[e.Index].Name
}

func aggString(e *Agg) string {
	s := e.Name + "("
	if e.Distinct {
		s += "DISTINCT "
	}
	s += exprList(e.Args) + ")"
	if len(e.Order) > 0 {
		s += " WITHIN GROUP (ORDER BY " + orderList(e.Order) + ")"
	}
	if e.Filter != nil {
		s += " FILTER (WHERE " + String(e.Filter) + ")"
	}
	return s
}

// litString is a constant as SQL, times in UTC.
func litString(c *vec.Col) string {
	if c.IsNull(0) {
		return "NULL"
	}
	switch c.Type.Kind {
	case types.Boolean:
		return strconv.FormatBool(vec.Get[bool](c, 0))
	case types.Byte:
		return fmt.Sprint(vec.Get[int8](c, 0))
	case types.Short:
		return fmt.Sprint(vec.Get[int16](c, 0))
	case types.Int:
		return fmt.Sprint(vec.Get[int32](c, 0))
	case types.Long:
		return fmt.Sprint(vec.Get[int64](c, 0))
	case types.Float:
		return floatString(float64(vec.Get[float32](c, 0)), 32)
	case types.Double:
		return floatString(vec.Get[float64](c, 0), 64)
	case types.Decimal:
		return vec.Get[decimal128.Num](c, 0).ToString(int32(c.Type.Scale))
	case types.String:
		return "'" + strings.ReplaceAll(c.Str(0), "'", `\'`) + "'"
	case types.Binary:
		return "X'" + strings.ToUpper(hex.EncodeToString(c.Bytes(0))) + "'"
	}
	return timeLitString(c)
}

// floatString shows a whole number as 2.0, so that it is not taken for an integer.
func floatString(f float64, bits int) string {
	s := strconv.FormatFloat(f, 'g', -1, bits)
	if strings.Trim(s, "-0123456789") == "" {
		s += ".0"
	}
	return s
}

func timeLitString(c *vec.Col) string {
	switch c.Type.Kind {
	case types.Date:
		return "DATE '" + time.Unix(int64(vec.Get[int32](c, 0))*86400, 0).UTC().Format("2006-01-02") + "'"
	case types.Timestamp:
		return "TIMESTAMP '" + time.UnixMicro(vec.Get[int64](c, 0)).UTC().Format("2006-01-02 15:04:05.999999Z") + "'"
	case types.TimestampNTZ:
		return "TIMESTAMP_NTZ '" + time.UnixMicro(vec.Get[int64](c, 0)).UTC().Format("2006-01-02 15:04:05.999999") + "'"
	case types.DayTime:
		return "INTERVAL " + micros(vec.Get[int64](c, 0))
	case types.YearMonth:
		return fmt.Sprintf("INTERVAL %d months", vec.Get[int32](c, 0))
	}
	return "<" + c.Type.String() + ">"
}
