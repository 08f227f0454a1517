package sparkfuzz

import (
	"fmt"
	"slices"
	"strings"
)

// from is a FROM clause and what it makes visible. Aliases are unique in a case: they come from the
// position among the choices.
func (c *Choices) from(outer *scope, depth int) (string, *scope) {
	s := &scope{tables: outer.tables, outer: outer.outer}
	text, columns := c.relation(outer, depth)
	s.columns = columns
	for depth > 0 && c.rare(3) {
		right, more := c.relation(outer, depth-1)
		if c.rare(4) {
			if using := c.using(s, right, more); using != "" {
				text += using
				break // a third relation could have a column of the same name
			}
		}
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
	if c.rare(8) {
		text += c.lateral(s)
	}
	if c.rare(6) {
		text += c.view(s)
	}
	return "\nFROM " + text, s
}

// using is a join by names, with the columns that it makes visible; "" if no names fit.
func (c *Choices) using(s *scope, right string, more []column) string {
	var common []column
	for _, l := range s.columns {
		for _, r := range more {
			if l.bare() != r.bare() {
				continue
			}
			twice := slices.ContainsFunc(s.columns, func(o column) bool { return o != l && o.bare() == l.bare() })
			if l.kind != r.kind || twice {
				return ""
			}
			common = append(common, l)
		}
	}
	if len(common) == 0 {
		return ""
	}
	kind := pick(c, "JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "LEFT SEMI JOIN", "LEFT ANTI JOIN")
	out := "\n" + kind + " " + right
	if !strings.HasPrefix(kind, "LEFT S") && !strings.HasPrefix(kind, "LEFT A") && c.rare(3) { // Spark fails at NATURAL SEMI and ANTI
		out = "\nNATURAL " + kind + " " + right
	} else {
		common = common[:1+c.n(len(common))]
		var by []string
		for _, col := range common {
			by = append(by, col.bare())
		}
		out += " USING (" + strings.Join(by, ", ") + ")"
	}
	if kind == "LEFT SEMI JOIN" || kind == "LEFT ANTI JOIN" {
		return out
	}
	s.columns = append(slices.Clone(s.columns), more...)
	for _, col := range common {
		s.columns = append(s.columns, column{name: col.bare(), kind: col.kind, inexact: true})
	}
	return out
}

// lateral joins a subquery that reads the columns before it.
func (c *Choices) lateral(s *scope) string {
	alias := fmt.Sprintf("y%d", c.pos)
	relation, columns := c.relation(s, 0)
	inner := &scope{columns: columns, outer: s, tables: s.tables, simple: true}
	k := c.kind(inner)
	text := fmt.Sprintf("LATERAL (SELECT %s AS v FROM %s%s) %s", c.expr(inner, k, 2), relation, c.correlation(s, columns), alias)
	if c.rare(3) {
		text = fmt.Sprintf("LATERAL (SELECT %s AS v) %s", c.expr(&scope{columns: s.columns, simple: true}, k, 2), alias)
	}
	s.columns = append(slices.Clone(s.columns), column{name: alias + ".v", kind: k, inexact: true})
	return pick(c, "\nCROSS JOIN "+text, "\nLEFT JOIN "+text+" ON true", "\nJOIN "+text+" ON "+c.condition(&scope{columns: s.columns, simple: true}, 1))
}

// view is a LATERAL VIEW.
func (c *Choices) view(s *scope) string {
	alias := fmt.Sprintf("z%d", c.pos)
	flat := s.flat(false)
	outer := pick(c, "", "OUTER ")
	made := []column{{name: alias + ".v", kind: intK}}
	call, as := "explode("+c.expr(flat, arrayK, 2)+")", "v"
	switch c.n(5) {
	case 1:
		call, as = "posexplode("+c.expr(flat, arrayK, 2)+")", "p, v"
		made = append(made, column{name: alias + ".p", kind: intK})
	case 2:
		call, as = "inline(array("+c.expr(flat, structK, 1)+", "+c.expr(flat, structK, 1)+"))", "v, w"
		made = append(made, column{name: alias + ".w", kind: stringK})
	case 3:
		call, as = c.fill(flat, 2, "explode(map('k', {int}, 'j', {int0}))"), "w, v"
		made = append(made, column{name: alias + ".w", kind: stringK})
	case 4:
		call, as = c.fill(flat, 2, "stack(2, CAST({int} AS INT), {string}, CAST({int} AS INT), {string})"), "v, w"
		made = append(made, column{name: alias + ".w", kind: stringK})
	}
	s.columns = append(slices.Clone(s.columns), made...)
	return "\nLATERAL VIEW " + outer + call + " " + alias + " AS " + as
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
		if c.rare(6) {
			text += c.total(len(types)) + " LIMIT " + pick(c, "3", "1", "5")
		}
		var columns []column
		for i, k := range types {
			columns = append(columns, column{name: fmt.Sprintf("%s.c%d", alias, i+1), kind: k, inexact: k == doubleK})
		}
		return "(" + text + ") " + alias, columns
	}
	t := outer.tables[c.n(len(outer.tables))]
	if depth > 0 && c.rare(8) {
		if text, columns := c.turned(t, alias); text != "" {
			return text, columns
		}
	}
	var columns []column
	for _, col := range t.columns {
		columns = append(columns, column{name: alias + "." + col.name, kind: col.kind, inexact: col.inexact})
	}
	return t.name + " " + alias, columns
}

// turned is a table pivoted or unpivoted; "" if its columns do not fit.
func (c *Choices) turned(t table, alias string) (string, []column) {
	at, of := t.columns[c.n(len(t.columns))], t.columns[c.n(len(t.columns))]
	if at == of {
		return "", nil
	}
	if c.rare(2) {
		if at.kind != of.kind {
			return "", nil
		}
		nulls := pick(c, "", "INCLUDE NULLS ")
		return fmt.Sprintf("(SELECT * FROM (SELECT %s, %s FROM %s) UNPIVOT %s(v FOR n IN (%s, %s AS otro))) %s", at.name, of.name, t.name, nulls, at.name, of.name, alias),
			[]column{{name: alias + ".v", kind: of.kind, inexact: of.inexact}, {name: alias + ".n", kind: stringK}}
	}
	if at.kind > boolK {
		return "", nil
	}
	inner := &scope{columns: []column{{name: of.name, kind: of.kind, inexact: of.inexact}}, simple: true}
	values := literals[at.kind]
	i := c.n(len(values) - 1)
	return fmt.Sprintf("(SELECT * FROM (SELECT %s, %s FROM %s) PIVOT (%s FOR %s IN (%s AS p, %s AS q))) %s", at.name, of.name, t.name, c.plainAggregate(inner, of.kind), at.name, values[i], values[i+1], alias),
		[]column{{name: alias + ".p", kind: of.kind, inexact: true}, {name: alias + ".q", kind: of.kind, inexact: true}}
}
