package sparkfuzz

import (
	"fmt"
	"strings"
)

// Case is one query, whole with its tables.
type Case struct {
	SQL     string
	Ordered bool // the order of the rows counts
}

// New makes the case of a sequence of choices.
func New(c *Choices) Case {
	tables := c.tables()
	s := &scope{tables: tables}
	var with []string
	for _, t := range tables {
		with = append(with, t.name+" AS ("+t.text+")")
	}
	body, types := c.query(s, nil, 2)
	out := Case{SQL: "WITH " + strings.Join(with, ",\n") + "\n" + body}
	if c.rare(2) {
		out.SQL, out.Ordered = out.SQL+c.total(len(types)), true
		if c.rare(2) {
			out.SQL += " LIMIT " + pick(c, "3", "1", "0", "10")
			if c.rare(3) {
				out.SQL += " OFFSET " + pick(c, "1", "2")
			}
		}
	}
	return out
}

// total orders by all columns, so that only rows that are alike can change places.
func (c *Choices) total(columns int) string {
	var by []string
	for i := range columns {
		by = append(by, fmt.Sprintf("%d%s%s", i+1, pick(c, "", " DESC"), pick(c, "", " NULLS LAST", " NULLS FIRST")))
	}
	return " ORDER BY " + strings.Join(by, ", ")
}

// query is a query with columns c1, c2 … of the types wanted (nil: of any), without ORDER BY.
func (c *Choices) query(s *scope, want []kind, depth int) (string, []kind) {
	left, types := c.selection(s, want, depth)
	if depth > 0 && c.rare(5) {
		right, _ := c.selection(s, types, depth-1)
		op := pick(c, "UNION ALL", "UNION", "INTERSECT", "EXCEPT", "INTERSECT ALL", "EXCEPT ALL")
		left = left + "\n" + op + "\n" + right
		left = "SELECT * FROM (" + left + ")"
	}
	return left, types
}

// selection is one SELECT: plain, of groups, or with windows.
func (c *Choices) selection(s *scope, want []kind, depth int) (string, []kind) {
	from, inner := c.from(s, depth)
	if want == nil {
		for range 1 + c.n(4) {
			want = append(want, c.kind(inner))
		}
	}
	where := ""
	if c.rare(2) {
		where = "\nWHERE " + c.condition(inner, 2)
	}
	switch c.n(4) {
	case 1:
		return c.groups(inner, want, from+where), want
	case 2:
		return c.windows(inner, want, from+where), want
	}
	var items []string
	for i, k := range want {
		items = append(items, fmt.Sprintf("%s AS c%d", c.typed(inner, k), i+1))
	}
	return "SELECT " + pick(c, "", "", "", "DISTINCT ") + strings.Join(items, ", ") + from + where, want
}

// typed is an expression whose type is that of columns of the kind, so that set operations fit.
func (c *Choices) typed(s *scope, k kind) string {
	e := c.expr(s, k, 3)
	if k == decimalK {
		return "CAST(" + e + " AS DECIMAL(20,4))"
	}
	return e
}

// groups is a SELECT with GROUP BY, or of one group.
func (c *Choices) groups(s *scope, want []kind, from string) string {
	keys := c.n(min(3, len(want)+1))
	var items, by []string
	for i, k := range want {
		if i < keys {
			flat := *s
			flat.simple = true
			e := c.typed(&flat, k)
			if !strings.ContainsAny(e, "abcdefghijklmnopqrstuvwxyz") || !c.names(s, e) {
				e = "coalesce(" + c.anyColumn(s, k) + ", " + c.literal(k) + ")"
			}
			items, by = append(items, fmt.Sprintf("%s AS c%d", e, i+1)), append(by, e)
			continue
		}
		items = append(items, fmt.Sprintf("%s AS c%d", c.aggregate(s, k), i+1))
	}
	out := "SELECT " + strings.Join(items, ", ") + from
	if keys > 0 {
		list := strings.Join(by, ", ")
		out += "\nGROUP BY " + pick(c, list, list, list, "ROLLUP ("+list+")", "CUBE ("+list+")")
	}
	if c.rare(4) {
		out += "\nHAVING " + pick(c, "count(*) > 1", c.aggregate(s, intK)+" IS NOT NULL", c.aggregate(s, boolK))
	}
	return out
}

func (c *Choices) names(s *scope, e string) bool {
	for _, col := range s.columns {
		if strings.Contains(e, col.name) {
			return true
		}
	}
	return false
}

// anyColumn is a column cast to the kind, where that cannot fail; else NULL of the kind.
func (c *Choices) anyColumn(s *scope, k kind) string {
	for _, col := range s.columns {
		if col.kind == k {
			return col.name
		}
	}
	return "try_cast(CAST(" + s.columns[0].name + " AS STRING) AS " + k.ddl() + ")"
}

// aggregates of each kind; the others have min and max.
var aggregates = map[kind][]string{
	bigintK:  {"count(*)", "count({string})", "sum({int})", "count(DISTINCT {int})", "count(DISTINCT {string})", "max({bigint})", "count_if({bool})", "count({date})"},
	doubleK:  {"sum({double})", "avg({int})", "min({double})", "max({double})", "avg({double})", "sum(DISTINCT {double0})"},
	boolK:    {"bool_and({bool})", "bool_or({bool})", "max({bool})"},
	decimalK: {"sum({decimal})", "avg({decimal})", "max({decimal})", "min({decimal})"},
}

// aggregate is an aggregate of a kind.
func (c *Choices) aggregate(s *scope, k kind) string {
	flat := *s
	flat.exact, flat.simple = true, true
	of := aggregates[k]
	if of == nil {
		of = []string{"min({" + names[k] + "})", "max({" + names[k] + "})"}
	}
	out := c.fill(&flat, 3, of...)
	if c.rare(5) {
		out += " FILTER (WHERE " + c.condition(&flat, 1) + ")"
	}
	if k == decimalK {
		return "CAST(" + out + " AS DECIMAL(20,4))"
	}
	return out
}

// windows is a SELECT of window functions. Their ORDER BY names all columns, so that only rows that
// are alike can change places.
func (c *Choices) windows(s *scope, want []kind, from string) string {
	var items []string
	for i, k := range want {
		items = append(items, fmt.Sprintf("%s AS c%d", c.window(s, k), i+1))
	}
	return "SELECT " + strings.Join(items, ", ") + from
}

func (c *Choices) window(s *scope, k kind) string {
	flat := *s
	flat.exact, flat.simple = true, true
	partition := ""
	if c.rare(2) {
		partition = "PARTITION BY " + s.columns[c.n(len(s.columns))].name + " "
	}
	var by []string
	for _, col := range s.columns {
		by = append(by, col.name+pick(c, "", " DESC", " NULLS LAST"))
	}
	order := partition + "ORDER BY " + strings.Join(by, ", ")
	frame := pick(c, "", " ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW", " ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING",
		" ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING", " ROWS BETWEEN 2 PRECEDING AND 1 PRECEDING")
	e := "{" + names[k] + "}"
	value := []string{"first_value(" + e + ") @", "last_value(" + e + ") @", "nth_value(" + e + ", 2) @", "lag(" + e + ") #", "lead(" + e + ", 2) #", "lag(" + e + ", 1, " + e + ") #",
		"min(" + e + ") @", "max(" + e + ") !"}
	call := c.fill(&flat, 2, append(value, calls[k]...)...)
	over := strings.NewReplacer(" @", " OVER ("+order+frame+")", " #", " OVER ("+order+")", " !", " OVER ("+strings.TrimSpace(partition)+")").Replace(call)
	if k == decimalK {
		return "CAST(" + over + " AS DECIMAL(20,4))"
	}
	return over
}

// calls are window functions of each kind, beside those of all. @ stands for an ordered window with
// a frame, # for one without, ! for one without order.
var calls = map[kind][]string{
	intK:     {"row_number() #", "rank() #", "dense_rank() #", "ntile(3) #"},
	bigintK:  {"count(*) @", "sum({int}) @", "count({string}) !", "sum({int}) !"},
	doubleK:  {"sum({double}) @", "avg({int}) @", "percent_rank() #", "cume_dist() #"},
	decimalK: {"sum({decimal}) @", "avg({decimal}) @"},
}
