package sparkfuzz

import (
	"fmt"
	"strings"
)

// Case is one query, whole with its tables.
type Case struct {
	SQL     string
	Ordered bool // the order of the rows counts
	Strict  bool // it can fail in one way only: the class of the error counts
}

// New makes the case of a sequence of choices.
func New(c *Choices) Case {
	tables := c.tables()
	s := &scope{tables: tables}
	var with []string
	for _, t := range tables {
		with = append(with, t.name+" AS ("+t.text+")")
	}
	if c.rare(20) {
		return Case{SQL: "WITH " + strings.Join(with, ",\n") + "\n" + c.failing(s), Strict: true}
	}
	if c.rare(4) {
		text, types := c.query(s, nil, 1)
		t := table{name: "q"}
		for i, k := range types {
			t.columns = append(t.columns, column{name: fmt.Sprintf("c%d", i+1), kind: k, inexact: true})
		}
		with = append(with, "q AS ("+text+")")
		s.tables = append([]table{t}, tables...)
	}
	body, types := c.query(s, nil, 2)
	if c.rare(10) {
		body = c.piped(s, body, types)
		return Case{SQL: "WITH " + strings.Join(with, ",\n") + "\n" + body}
	}
	out := Case{SQL: "WITH " + strings.Join(with, ",\n") + "\n" + body}
	if c.rare(2) {
		out.SQL, out.Ordered = out.SQL+c.total(len(types)), true
		if c.rare(2) {
			out.SQL += pick(c, " LIMIT 3", " LIMIT 1", " LIMIT 0", " LIMIT 10", "")
			if c.rare(3) {
				out.SQL += " OFFSET " + pick(c, "1", "2")
			}
		}
	}
	return out
}

// piped is a query with operators after |>.
func (c *Choices) piped(s *scope, body string, types []kind) string {
	inner := &scope{tables: s.tables, simple: true}
	for i, k := range types {
		inner.columns = append(inner.columns, column{name: fmt.Sprintf("c%d", i+1), kind: k, inexact: true})
	}
	out := "FROM (" + body + ")"
	for range 1 + c.n(3) {
		switch c.n(5) {
		case 0:
			out += "\n|> WHERE " + c.condition(inner, 2)
		case 1:
			k := c.kind(inner)
			name := fmt.Sprintf("e%d", c.pos)
			out += "\n|> EXTEND " + c.expr(inner, k, 2) + " AS " + name
			inner.columns = append(inner.columns, column{name: name, kind: k, inexact: true})
		case 2:
			out += "\n|> SET c1 = " + c.expr(inner, inner.columns[0].kind, 2)
		case 3:
			return out + "\n|> AGGREGATE " + c.aggregate(inner, c.kind(inner)) + " AS n, count(*) AS m GROUP BY c1"
		default:
			return out + "\n|> SELECT " + c.expr(inner, c.kind(inner), 2) + " AS d1, c1"
		}
	}
	return out
}

// failing is a query with one expression that can fail, on every row.
func (c *Choices) failing(s *scope) string {
	relation, columns := c.relation(s, 0)
	inner := &scope{columns: columns, tables: s.tables, simple: true}
	bad := c.fill(inner, 0, failing...)
	return pick(c, "SELECT "+bad+" AS c1 FROM "+relation, "SELECT "+columns[0].name+", "+bad+" AS c2 FROM "+relation, "SELECT max(CAST("+bad+" AS STRING)) AS c1 FROM "+relation,
		"SELECT 1 AS c1 FROM "+relation+" WHERE length(CAST("+bad+" AS STRING)) >= 0")
}

// total orders by all columns, so that only rows that are alike can change places.
func (c *Choices) total(columns int) string {
	if c.rare(6) {
		return " ORDER BY ALL" + pick(c, "", " DESC", " NULLS LAST")
	}
	var by []string
	for i := range columns {
		by = append(by, fmt.Sprintf("%d%s%s", i+1, pick(c, "", " DESC"), pick(c, "", " NULLS LAST", " NULLS FIRST")))
	}
	return " ORDER BY " + strings.Join(by, ", ")
}

// query is a query with columns c1, c2 … of the kinds wanted (nil: of any), without ORDER BY.
func (c *Choices) query(s *scope, want []kind, depth int) (string, []kind) {
	left, types := c.selection(s, want, depth)
	if depth > 0 && c.rare(5) {
		right, _ := c.selection(s, types, depth-1)
		op := pick(c, "UNION ALL", "UNION", "INTERSECT", "EXCEPT", "INTERSECT ALL", "EXCEPT ALL", "MINUS")
		if op == "UNION ALL" && c.rare(3) {
			right = "(" + right + "\nUNION\n" + left + ")"
		}
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
		where = "\nWHERE " + c.where(inner)
	}
	switch c.n(4) {
	case 1:
		return c.groups(inner, want, from+where), want
	case 2:
		return c.windows(inner, want, from+where), want
	}
	var items []string
	for i, k := range want {
		e := c.expr(inner, k, 3)
		if i == 0 && k == intK && c.rare(8) {
			e = pick(c, "explode(", "explode_outer(") + c.expr(inner.flat(false), arrayK, 2) + ")"
		}
		items = append(items, fmt.Sprintf("%s AS c%d", e, i+1))
	}
	return "SELECT " + pick(c, "", "", "", "DISTINCT ") + strings.Join(items, ", ") + from + where, want
}

// groups is a SELECT with GROUP BY, or of one group.
func (c *Choices) groups(s *scope, want []kind, from string) string {
	keys := c.n(min(3, len(want)+1))
	var items, by []string
	for i, k := range want {
		if i < keys {
			e := c.expr(s.flat(false), k, 3)
			if !c.names(s, e) {
				e = "coalesce(" + c.anyColumn(s, k) + ", " + c.literal(k) + ")"
			}
			items, by = append(items, fmt.Sprintf("%s AS c%d", e, i+1)), append(by, e)
			continue
		}
		items = append(items, fmt.Sprintf("%s AS c%d", c.aggregate(s, k), i+1))
	}
	return c.grouped(s, want, items, by, from)
}

// grouped puts GROUP BY and HAVING behind the items, of which the first are the keys.
func (c *Choices) grouped(s *scope, want []kind, items, by []string, from string) string {
	tail, sets := "", false
	if len(by) > 0 {
		list := strings.Join(by, ", ")
		ways := []string{list, strings.Join([]string{"1", "2", "3"}[:len(by)], ", "), "ALL", "ROLLUP (" + list + ")", "CUBE (" + list + ")",
			"GROUPING SETS ((" + list + "), (), (" + by[0] + "))", by[0] + ", ROLLUP (" + list + ")", list + " WITH ROLLUP",
			"GROUPING SETS (ROLLUP (" + list + "), (" + by[len(by)-1] + "))"}
		way := c.n(len(ways))
		tail, sets = ways[way], way >= 3
		tail = "\nGROUP BY " + tail
	}
	if last := len(want) - 1; last >= len(by) && c.rare(3) {
		switch k := want[last]; {
		case k == bigintK:
			items[last] = pick(c, "sum(count(*)) OVER ()", "count(*) OVER (ORDER BY count(*))", "sum(sum(1)) OVER (ORDER BY max(1))") + fmt.Sprintf(" AS c%d", last+1)
			if sets {
				items[last] = fmt.Sprintf("grouping_id() AS c%d", last+1)
			}
		case k == intK && sets:
			items[last] = fmt.Sprintf("CAST(grouping(%s) AS INT) AS c%d", by[0], last+1)
		case k == intK:
			items[last] = fmt.Sprintf("rank() OVER (ORDER BY %s) AS c%d", c.aggregate(s, intK), last+1)
		}
	}
	out := "SELECT " + strings.Join(items, ", ") + from + tail
	if c.rare(4) {
		out += "\nHAVING " + pick(c, "count(*) > 1", c.aggregate(s, intK)+" IS NOT NULL", c.aggregate(s, boolK))
	}
	return out
}

func (c *Choices) names(s *scope, e string) bool {
	for _, col := range s.columns {
		if strings.Contains(col.name, ".") && strings.Contains(e, col.name) {
			return true
		}
	}
	return false
}

// anyColumn is a column of the kind, or cast to it where that cannot fail.
func (c *Choices) anyColumn(s *scope, k kind) string {
	for _, col := range s.columns {
		if col.kind == k {
			return col.name
		}
	}
	switch k {
	case arrayK:
		return "array(length(CAST(" + s.columns[0].name + " AS STRING)))"
	case structK:
		return "named_struct('x', length(CAST(" + s.columns[0].name + " AS STRING)), 'y', 'k')"
	}
	return "try_cast(CAST(" + s.columns[0].name + " AS STRING) AS " + k.ddl() + ")"
}

// plainAggregate is one call of an aggregate of a kind, of something exact.
func (c *Choices) plainAggregate(s *scope, k kind) string {
	of := append([]string{}, k.of("min({?})", "max({?})", "max_by({?}, {same})")...)
	for _, form := range aggregates[k] {
		if name := form[:strings.IndexByte(form, '(')]; strings.HasSuffix(form, ")") && !strings.Contains(form, " + ") && !wrapped[name] {
			of = append(of, form)
		}
	}
	return c.fill(s.flat(true), 3, of...)
}

// wrapped are functions around aggregates.
var wrapped = map[string]bool{"CAST": true, "concat_ws": true, "sort_array": true, "array_sort": true, "CASE WHEN max": true}

// aggregate is an aggregate of a kind, with FILTER at times.
func (c *Choices) aggregate(s *scope, k kind) string {
	if c.rare(5) {
		return c.plainAggregate(s, k) + " FILTER (WHERE " + c.condition(s.flat(true), 1) + ")"
	}
	return c.fill(s.flat(true), 3, append(k.of("min({?})", "max({?})"), aggregates[k]...)...)
}
