package sparkfuzz

import (
	"fmt"
	"slices"
	"strings"
)

// windows is a SELECT of window functions.
func (c *Choices) windows(s *scope, want []kind, from string) string {
	var items []string
	for i, k := range want {
		items = append(items, fmt.Sprintf("%s AS c%d", c.window(s, k), i+1))
	}
	out := "SELECT " + strings.Join(items, ", ") + from
	if c.rare(8) && !slices.ContainsFunc(s.columns, hidden) {
		out += "\nQUALIFY " + pick(c, "row_number() OVER ("+c.order(s)+") <= 3", c.window(s, boolK), "c1 IS NOT NULL AND count(*) OVER () > 0")
	}
	return out
}

// hidden reports a column that Spark takes for ambiguous in QUALIFY when a window of the select list
// reads it: one with the name of an alias there, or of USING.
func hidden(col column) bool {
	return strings.HasPrefix(col.bare(), "c") || !strings.Contains(col.name, ".")
}

// order names all columns, so that only rows that are alike can change places.
func (c *Choices) order(s *scope) string {
	var by []string
	for _, col := range s.columns {
		by = append(by, col.name+pick(c, "", " DESC", " NULLS LAST"))
	}
	return "ORDER BY " + strings.Join(by, ", ")
}

// window is a call over a window. Where the order of alike rows could be seen, all columns order.
func (c *Choices) window(s *scope, k kind) string {
	flat := s.flat(true)
	partition := ""
	if c.rare(2) {
		partition = "PARTITION BY " + s.columns[c.n(len(s.columns))].name + " "
	}
	order := partition + c.order(s)
	frame := pick(c, "", " ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW", " ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING",
		" ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING", " ROWS BETWEEN 2 PRECEDING AND 1 PRECEDING", " ROWS 2 PRECEDING", " ROWS BETWEEN 1 FOLLOWING AND 2 FOLLOWING",
		" RANGE BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING")
	value := k.of("first_value({?}) @", "last_value({?}) @", "nth_value({?}, 2) @", "lag({?}) #", "lead({?}, 2) #", "lag({?}, 1, {?}) #", "min({?}) @", "max({?}) !",
		"first_value({?}) IGNORE NULLS @", "lag({?}) IGNORE NULLS #", "max({?}) ?", "min({?}) ?", "last_value({?}, true) @")
	call := c.fill(flat, 2, append(value, calls[k]...)...)
	return strings.NewReplacer(" @", " OVER ("+order+frame+")", " #", " OVER ("+order+")", " !", " OVER ("+strings.TrimSpace(partition)+")",
		" ~", " OVER ("+partition+c.peers(s, false)+")", " ?", " OVER ("+partition+c.peers(s, true)+")").Replace(call)
}

// frames are bounds by value of each kind that has distances.
var frames = map[kind][]string{
	intK:       {"2 PRECEDING AND 3 FOLLOWING", "UNBOUNDED PRECEDING AND 1 PRECEDING", "1 FOLLOWING AND 10 FOLLOWING", "CURRENT ROW AND 5 FOLLOWING"},
	bigintK:    {"3 PRECEDING AND CURRENT ROW", "1 PRECEDING AND 999 FOLLOWING"},
	decimalK:   {"1 PRECEDING AND 1 FOLLOWING", "UNBOUNDED PRECEDING AND 2 FOLLOWING"},
	doubleK:    {"1 PRECEDING AND CURRENT ROW", "2 PRECEDING AND 3 FOLLOWING"},
	dateK:      {"31 PRECEDING AND CURRENT ROW", "INTERVAL '30' DAY PRECEDING AND INTERVAL '1' DAY FOLLOWING", "INTERVAL '1' MONTH PRECEDING AND CURRENT ROW"},
	timestampK: {"INTERVAL '11' HOUR PRECEDING AND CURRENT ROW", "INTERVAL '1' MONTH PRECEDING AND INTERVAL '2' MONTH FOLLOWING"},
}

// peers is an order by one column, in which rows can be peers, with a frame by value at times.
func (c *Choices) peers(s *scope, framed bool) string {
	col := s.columns[c.n(len(s.columns))]
	out := "ORDER BY " + col.name + pick(c, "", " DESC", " NULLS LAST", " DESC NULLS FIRST")
	if of := frames[col.kind]; framed && of != nil && !c.rare(3) {
		out += " RANGE BETWEEN " + of[c.n(len(of))]
	}
	return out
}
