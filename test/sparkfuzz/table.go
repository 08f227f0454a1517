package sparkfuzz

import (
	"fmt"
	"strings"
)

// kind is a family of types of the queries' values.
type kind int

const (
	intK kind = iota
	stringK
	bigintK
	doubleK
	decimalK
	boolK
	dateK
	timestampK
	intervalK
	arrayK
	structK
	kinds
)

// names of kinds in forms.
var names = [kinds]string{"int", "string", "bigint", "double", "decimal", "bool", "date", "timestamp", "interval", "array", "struct"}

// ddl is a type of a kind.
func (k kind) ddl() string {
	return [...]string{"INT", "STRING", "BIGINT", "DOUBLE", "DECIMAL(7,2)", "BOOLEAN", "DATE", "TIMESTAMP", "INTERVAL DAY TO SECOND", "ARRAY<INT>", "STRUCT<x: INT, y: STRING>"}[k]
}

// ddl is the type of a column: that of the kind, or another one of it.
func (c *Choices) ddl(k kind) string {
	switch k {
	case intK:
		return pick(c, "INT", "INT", "SMALLINT")
	case decimalK:
		return pick(c, "DECIMAL(7,2)", "DECIMAL(7,2)", "DECIMAL(4,1)", "DECIMAL(18,6)", "DECIMAL(20,2)", "DECIMAL(38,10)", "DECIMAL(10,0)")
	}
	return k.ddl()
}

// column is what an expression can name.
type column struct {
	name    string
	kind    kind
	inexact bool // a DOUBLE that can be the result of a division
}

// bare is the name without the relation's.
func (c column) bare() string { return c.name[strings.IndexByte(c.name, '.')+1:] }

// table is a table of a case: its columns are a, b, c … .
type table struct {
	name    string
	columns []column
	text    string // the query that gives its rows
}

// tables makes the tables of a case.
func (c *Choices) tables() []table {
	out := make([]table, 1+c.n(3))
	for i := range out {
		out[i] = c.table(fmt.Sprintf("t%d", i+1))
	}
	return out
}

func (c *Choices) table(name string) table {
	t := table{name: name}
	var casts, names []string
	for i := range 2 + c.n(4) {
		k := kind(c.n(int(kinds)))
		if i == 0 {
			k = pick(c, intK, intK, stringK, k)
		}
		col := column{name: string(rune('a' + i)), kind: k}
		t.columns = append(t.columns, col)
		casts = append(casts, fmt.Sprintf("CAST(v%d AS %s) AS %s", i, c.ddl(k), col.name))
		names = append(names, fmt.Sprintf("v%d", i))
	}
	var rows []string
	for range 1 + c.n(8) {
		var row []string
		for _, col := range t.columns {
			row = append(row, c.value(col.kind))
		}
		rows = append(rows, "("+strings.Join(row, ", ")+")")
	}
	t.text = fmt.Sprintf("SELECT %s FROM VALUES %s AS v(%s)", strings.Join(casts, ", "), strings.Join(rows, ", "), strings.Join(names, ", "))
	if c.rare(12) {
		t.text += " WHERE false"
	}
	return t
}

// value is a constant of a kind, NULL at times.
func (c *Choices) value(k kind) string {
	if c.rare(6) {
		return "NULL"
	}
	return c.literal(k)
}

// literals of each kind. Doubles are quarters, so that sums are exact.
var literals = [kinds][]string{
	intK:       {"0", "1", "2", "3", "-1", "7", "10", "-20", "50"},
	stringK:    {"''", "'a'", "'b'", "'ab'", "'Ñu'", "' a '", "'10'", "'-3'", "'2024-01-31'", "'東京'", "'😀a'", "'Straße'", "'a,b,,c'", "'A_b%'"},
	bigintK:    {"0L", "1L", "2L", "-3L", "1000L", "5000000000L"},
	doubleK:    {"0.0D", "1.0D", "0.25D", "-1.5D", "2.75D", "100.0D"},
	decimalK:   {"0.00BD", "1.00BD", "0.10BD", "-2.35BD", "99.99BD", "12.5BD"},
	boolK:      {"false", "true"},
	dateK:      {"DATE '2024-01-01'", "DATE '2024-02-29'", "DATE '1999-12-31'", "DATE '2024-01-31'", "DATE '1969-07-20'"},
	timestampK: {"TIMESTAMP '2024-01-01 00:00:00'", "TIMESTAMP '2024-02-29 23:59:59.5'", "TIMESTAMP '1969-12-31 12:00:00'", "TIMESTAMP '2024-01-01 10:30:00'", "TIMESTAMP '1999-12-31 23:59:59.999999'"},
	intervalK: {"INTERVAL '0 00:00:00' DAY TO SECOND", "INTERVAL '1 02:03:04' DAY TO SECOND", "INTERVAL '-2 00:00:00.5' DAY TO SECOND",
		"INTERVAL '0 00:30:00' DAY TO SECOND"},
	arrayK: {"array(1, 2, 3)", "array(3, NULL, 1)", "array(-1)", "array(2, 2)", "array(10, 7, 50, 0)", "CAST(array() AS ARRAY<INT>)"},
	structK: {"named_struct('x', 1, 'y', 'a')", "named_struct('x', 2, 'y', 'Ñu')", "named_struct('x', CAST(NULL AS INT), 'y', 'b')",
		"named_struct('x', 1, 'y', CAST(NULL AS STRING))"},
}

func (c *Choices) literal(k kind) string { return literals[k][c.n(len(literals[k]))] }
