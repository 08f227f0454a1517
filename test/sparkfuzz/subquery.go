package sparkfuzz

import (
	"fmt"
	"strings"
)

// scalarSubquery is an aggregate over a table, correlated at times by an equality, or the first row
// of a table.
func (c *Choices) scalarSubquery(s *scope, k kind) string {
	relation, columns := c.relation(s, 0)
	inner := &scope{columns: columns, tables: s.tables, simple: true, exact: s.exact}
	if c.rare(5) {
		return "(SELECT " + c.expr(inner, k, 1) + " AS v FROM " + relation + " ORDER BY 1 LIMIT 1)"
	}
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
				if in.kind == out.kind && strings.Contains(out.name, ".") && !c.rare(3) {
					return " WHERE " + in.name + " = " + out.name
				}
			}
		}
	}
	return ""
}

// filtered is a WHERE of a subquery whose rows alone count: any condition over both queries.
func (c *Choices) filtered(s *scope, columns []column) string {
	out := c.correlation(s, columns)
	if !c.rare(3) {
		return out
	}
	both := &scope{columns: columns, outer: s, tables: s.tables, simple: true}
	if out == "" {
		return " WHERE " + c.condition(both, 1)
	}
	return out + " AND " + c.condition(both, 1)
}

// inSubquery is IN or NOT IN. Whether an unknown one that is not itself a conjunct of a WHERE is NULL or
// false depends on what Spark's optimizer has made of the subquery, so that there nothing is NULL.
func (c *Choices) inSubquery(s *scope, k kind, conjunct bool) string {
	relation, columns := c.relation(s, 0)
	inner := &scope{columns: columns, tables: s.tables, simple: true}
	left, right := c.expr(s.flat(false), k, 1), c.expr(inner, k, 1)
	if !conjunct {
		left, right = "coalesce("+left+", "+c.literal(k)+")", "coalesce("+right+", "+c.literal(k)+")"
	}
	return fmt.Sprintf("(%s %sIN (SELECT %s FROM %s%s))", left, pick(c, "", "NOT "), right, relation, c.filtered(s, columns))
}

func (c *Choices) exists(s *scope) string {
	relation, columns := c.relation(s, 0)
	return fmt.Sprintf("(%sEXISTS (SELECT 1 FROM %s%s))", pick(c, "", "NOT "), relation, c.filtered(s, columns))
}
