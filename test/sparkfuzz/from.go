package sparkfuzz

import "fmt"

// from is a FROM clause and what it makes visible. Aliases are unique in a case: they come from the
// position among the choices.
func (c *Choices) from(outer *scope, depth int) (string, *scope) {
	s := &scope{tables: outer.tables, outer: outer.outer}
	text, columns := c.relation(outer, depth)
	s.columns = columns
	for depth > 0 && c.rare(3) {
		right, more := c.relation(outer, depth-1)
		both := &scope{columns: append(append([]column{}, s.columns...), more...), tables: outer.tables, simple: true}
		kind := pick(c, "JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "LEFT SEMI JOIN", "LEFT ANTI JOIN", "CROSS JOIN")
		text += "\n" + kind + " " + right
		if kind != "CROSS JOIN" {
			text += " ON " + c.joinCondition(both, s.columns, more)
		}
		if kind != "LEFT SEMI JOIN" && kind != "LEFT ANTI JOIN" {
			s.columns = both.columns
		}
	}
	return "\nFROM " + text, s
}

func (c *Choices) joinCondition(both *scope, left, right []column) string {
	for _, l := range left {
		for _, r := range right {
			if l.kind == r.kind && !c.rare(3) {
				on := fmt.Sprintf("%s %s %s", l.name, pick(c, "=", "=", "=", "<=>", "<"), r.name)
				if c.rare(4) {
					on += " AND " + c.condition(both, 1)
				}
				return on
			}
		}
	}
	return c.condition(both, 1)
}

// relation is a table or a subquery with an alias, and its columns.
func (c *Choices) relation(outer *scope, depth int) (string, []column) {
	alias := fmt.Sprintf("x%d", c.pos)
	if depth > 0 && c.rare(4) {
		text, types := c.query(&scope{tables: outer.tables}, nil, depth-1)
		var columns []column
		for i, k := range types {
			columns = append(columns, column{name: fmt.Sprintf("%s.c%d", alias, i+1), kind: k, inexact: k == doubleK})
		}
		return "(" + text + ") " + alias, columns
	}
	t := outer.tables[c.n(len(outer.tables))]
	var columns []column
	for _, col := range t.columns {
		columns = append(columns, column{name: alias + "." + col.name, kind: col.kind})
	}
	return t.name + " " + alias, columns
}

// scalarSubquery is an aggregate over a table, correlated at times by an equality.
func (c *Choices) scalarSubquery(s *scope, k kind) string {
	relation, columns := c.relation(s, 0)
	inner := &scope{columns: columns, tables: s.tables, simple: true}
	agg := c.aggregate(inner, k)
	if k == intK {
		agg = pick(c, agg, "CAST(count(*) AS INT)")
	}
	return "(SELECT " + agg + " FROM " + relation + c.correlation(s, columns) + ")"
}

// correlation is a WHERE that equates a column of the subquery with one of the query, or nothing.
func (c *Choices) correlation(s *scope, columns []column) string {
	if c.rare(2) {
		for _, in := range columns {
			for _, out := range s.columns {
				if in.kind == out.kind && !c.rare(3) {
					return " WHERE " + in.name + " = " + out.name
				}
			}
		}
	}
	return ""
}

func (c *Choices) inSubquery(s *scope, k kind) string {
	relation, columns := c.relation(s, 0)
	inner := &scope{columns: columns, tables: s.tables, simple: true}
	flat := *s
	flat.simple = true
	return fmt.Sprintf("(%s %sIN (SELECT %s FROM %s%s))", c.expr(&flat, k, 1), pick(c, "", "NOT "), c.expr(inner, k, 1), relation, c.correlation(s, columns))
}

func (c *Choices) exists(s *scope) string {
	relation, columns := c.relation(s, 0)
	return fmt.Sprintf("(%sEXISTS (SELECT 1 FROM %s%s))", pick(c, "", "NOT "), relation, c.correlation(s, columns))
}
