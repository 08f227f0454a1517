package sql

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/azud/azud/internal/types"
)

// Print is the text of a statement, query or expression in one canonical form. Parsing it
// gives the same tree again, save for places and the Quoted marks of identifiers.
func Print(n Node) string {
	var w printer
	switch n := n.(type) {
	case Expr:
		w.expr(n, 0)
	case *Query:
		w.query(n)
	case Statement:
		w.statement(n)
	case Relation:
		w.relation(n)
	}
	return w.b.String()
}

// printer gathers the text.
type printer struct{ b strings.Builder }

func (w *printer) put(parts ...string) {
	for _, s := range parts {
		w.b.WriteString(s)
	}
}

// each prints items with a separator.
func each[T any](w *printer, items []T, sep string, print func(T)) {
	for i, x := range items {
		if i > 0 {
			w.put(sep)
		}
		print(x)
	}
}

// risky words are printed in backquotes, so that they are read as names wherever they stand.
var risky = set("INTERVAL EXISTS TABLE STREAM DIV COLLATE UNKNOWN NULL TRUE FALSE CAST TRY_CAST IDENTIFIER OVER FILTER WITHIN IGNORE RESPECT " +
	"COMMENT OPTIONS USING TBLPROPERTIES LOCATION PARTITIONED PARTITION BY ESCAPE DEFAULT FOR TRANSFORM RECURSIVE CUBE ROLLUP GROUPING " +
	"FETCH IF CONSTRAINT CHECK UNIQUE PRIMARY FOREIGN ROWS RANGE UNBOUNDED CURRENT MAP REDUCE OUTER VIEW BOTH LEADING TRAILING REPLACE " +
	"EXTENDED FORMATTED FUNCTION SCHEMA DATABASE NAMESPACE QUERY FIRST LAST CATALOG DIRECTORY LOCAL VERSION SYSTEM_VERSION " +
	"SYSTEM_TIME PROCEDURE CLUSTERED SKEWED ROW STORED MAX BEGIN ANY SOME PRECEDING FOLLOWING PURGE " +
	"APPROX EXACT BUCKET INCLUDE EXCLUDE REPEATABLE PERCENT EXTEND AGGREGATE VARIABLE VAR LAZY CHANGES JSON QUALIFY")

// ident prints an identifier, quoted if it must be.
func (w *printer) ident(id Ident) {
	up := strings.ToUpper(id.Name)
	if !isASCIIWord(id.Name) || !isPlainIdent(id.Name) || isDigit(id.Name[0]) || reserved[up] || aliasStops[up] || strictReserved[up] || risky[up] {
		w.put(quoteIdent(id.Name))
		return
	}
	w.put(id.Name)
}

func (w *printer) idents(ids []Ident, sep string) { each(w, ids, sep, w.ident) }

func (w *printer) name(n Name) {
	if n.Expr != nil {
		w.put("IDENTIFIER(")
		w.expr(n.Expr, 0)
		w.put(")")
		return
	}
	w.idents(n.Parts, ".")
}

func (w *printer) names(ns []Name) { each(w, ns, ", ", w.name) }

// str prints a text in quotes with its escapes.
func (w *printer) str(s string) {
	w.put("'")
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch r {
		case '\'', '\\':
			w.put(`\`, s[i:i+n])
		case '\n':
			w.put(`\n`)
		case '\r':
			w.put(`\r`)
		case '\t':
			w.put(`\t`)
		default:
			if r < ' ' {
				fmt.Fprintf(&w.b, `\u%04x`, r)
			} else {
				w.put(s[i : i+n])
			}
		}
		i += n
	}
	w.put("'")
}

// TypeText is a type as SQL text that ParseType reads, with the names of fields as they are.
func TypeText(t types.Type) string {
	switch t.Kind {
	case types.Array:
		return "ARRAY<" + TypeText(*t.Elem) + ">"
	case types.Map:
		return "MAP<" + TypeText(*t.Key) + ", " + TypeText(*t.Elem) + ">"
	case types.Struct:
		var w printer
		w.put("STRUCT<")
		each(&w, t.Fields, ", ", func(f types.Field) {
			w.ident(Ident{Name: f.Name})
			w.put(": ", TypeText(f.Type))
			if !f.Nullable {
				w.put(" NOT NULL")
			}
		})
		w.put(">")
		return w.b.String()
	}
	return t.SQL()
}

// numberText is a number literal with the suffix that gives it its type.
func numberText(n *NumberLit) string {
	suffix := map[types.Kind]string{types.Long: "L", types.Short: "S", types.Byte: "Y", types.Decimal: "BD", types.Float: "F", types.Double: "D"}
	return n.Text + suffix[n.Type.Kind]
}

// intervalText is the text and the units of an interval, as Spark prints them:
// '1 02:03' DAY TO MINUTE.
func intervalText(l *IntervalLit) string {
	if l.Type.Kind == types.YearMonth {
		return yearMonthText(l)
	}
	sign, v := "", l.Micros
	if v < 0 {
		sign, v = "-", -v
	}
	units := []string{"DAY", "HOUR", "MINUTE", "SECOND"}
	sizes := []int64{day, day / 24, day / 1440, 1_000_000}
	first, last := int(l.Type.Precision), int(l.Type.Scale)
	var b strings.Builder
	b.WriteString(sign)
	for u := first; u <= last; u++ {
		n := v / sizes[u]
		v %= sizes[u]
		switch {
		case u == 0:
			fmt.Fprintf(&b, "%d", n)
		case u == first:
			fmt.Fprintf(&b, "%02d", n)
		case u == 1:
			fmt.Fprintf(&b, " %02d", n)
		default:
			fmt.Fprintf(&b, ":%02d", n)
		}
	}
	if last == 3 && v > 0 {
		b.WriteString(strings.TrimRight(fmt.Sprintf(".%06d", v), "0"))
	}
	if first == last {
		return "'" + b.String() + "' " + units[first]
	}
	return "'" + b.String() + "' " + units[first] + " TO " + units[last]
}

func yearMonthText(l *IntervalLit) string {
	sign, m := "", int64(l.Months)
	if m < 0 {
		sign, m = "-", -m
	}
	switch {
	case l.Type.Precision == types.Month:
		return fmt.Sprintf("'%s%d' MONTH", sign, m)
	case l.Type.Scale == types.Year:
		return fmt.Sprintf("'%s%d' YEAR", sign, m/12)
	}
	return fmt.Sprintf("'%s%d-%d' YEAR TO MONTH", sign, m/12, m%12)
}
