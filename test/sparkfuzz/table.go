package sparkfuzz

import (
	"fmt"
	"strings"
)

// kind is a type of the queries' values.
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
	kinds
)

// ddl is the type of a column of a kind.
func (k kind) ddl() string {
	return [...]string{"INT", "STRING", "BIGINT", "DOUBLE", "DECIMAL(7,2)", "BOOLEAN", "DATE", "TIMESTAMP"}[k]
}

// column is what an expression can name.
type column struct {
	name    string
	kind    kind
	inexact bool // a DOUBLE that can be the result of a division
}

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
		col := column{name: string(rune('a' + i)), kind: kind(c.n(int(kinds)))}
		t.columns = append(t.columns, col)
		casts = append(casts, fmt.Sprintf("CAST(v%d AS %s) AS %s", i, col.kind.ddl(), col.name))
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

// value is a constant of a kind, NULL at times. Doubles are quarters, so that sums are exact.
func (c *Choices) value(k kind) string {
	if c.rare(6) {
		return "NULL"
	}
	return c.literal(k)
}

func (c *Choices) literal(k kind) string {
	switch k {
	case intK:
		return pick(c, "0", "1", "2", "3", "-1", "7", "10", "-20", "50")
	case bigintK:
		return pick(c, "0L", "1L", "2L", "-3L", "1000L", "5000000000L")
	case doubleK:
		return pick(c, "0.0D", "1.0D", "0.25D", "-1.5D", "2.75D", "100.0D")
	case decimalK:
		return pick(c, "0.00BD", "1.00BD", "0.10BD", "-2.35BD", "99.99BD", "12.5BD")
	case boolK:
		return pick(c, "false", "true")
	case dateK:
		return pick(c, "DATE '2024-01-01'", "DATE '2024-02-29'", "DATE '1999-12-31'", "DATE '2024-01-31'")
	case timestampK:
		return pick(c, "TIMESTAMP '2024-01-01 00:00:00'", "TIMESTAMP '2024-02-29 23:59:59.5'", "TIMESTAMP '1969-12-31 12:00:00'", "TIMESTAMP '2024-01-01 10:30:00'")
	}
	return pick(c, "''", "'a'", "'b'", "'ab'", "'Ñu'", "' a '", "'10'")
}
