package sparkfuzz

import (
	"regexp"
	"slices"
	"strings"
)

// scope is what expressions can name, and what the enclosing query's can.
type scope struct {
	columns []column
	outer   *scope
	tables  []table
	exact   bool // for sums, whose order is open: no division, no inexact columns
	simple  bool // no subqueries
}

// flat is the scope without subqueries, for sums where exact is set.
func (s *scope) flat(exact bool) *scope {
	out := *s
	out.simple, out.exact = true, exact || s.exact
	return &out
}

var hole = regexp.MustCompile(`\{([a-z]+)(0?)\}`)

// kind is one that columns of the scope have, mostly.
func (c *Choices) kind(s *scope) kind {
	if len(s.columns) > 0 && !c.rare(4) {
		return s.columns[c.n(len(s.columns))].kind
	}
	return kind(c.n(int(kinds)))
}

// fill chooses a form and fills it; {same} is what the hole before it was filled with.
func (c *Choices) fill(s *scope, depth int, of ...string) string {
	form, last := of[c.n(len(of))], ""
	if strings.Contains(form, "->") { // Spark takes no subquery in a function with a lambda
		s = s.flat(false)
	}
	return hole.ReplaceAllStringFunc(form, func(h string) string {
		m := hole.FindStringSubmatch(h)
		switch k := kind(slices.Index(names[:], m[1])); {
		case m[1] == "same":
		case m[2] != "":
			last = c.leaf(s, k)
		default:
			last = c.expr(s, k, depth-1)
		}
		return last
	})
}

// of puts a kind into the {?} of forms.
func (k kind) of(forms ...string) []string {
	out := make([]string, len(forms))
	for i, f := range forms {
		out[i] = strings.ReplaceAll(f, "{?}", "{"+names[k]+"}")
	}
	return out
}

// expr is an expression of a kind, at most so deep.
func (c *Choices) expr(s *scope, k kind, depth int) string {
	switch {
	case depth <= 0 || c.n(5) < 2:
		return c.leaf(s, k)
	case c.rare(5):
		return c.general(s, k, depth)
	case k == boolK:
		return c.condition(s, depth)
	case divisions[k] != nil && !s.exact && c.rare(4):
		return c.fill(s, depth, divisions[k]...)
	}
	return c.fill(s, depth, forms[k]...)
}

// leaf is a column, of the enclosing query at times, or a literal.
func (c *Choices) leaf(s *scope, k kind) string {
	var fit []string
	for at, far := s, false; at != nil; at, far = at.outer, true {
		for _, col := range at.columns {
			if col.kind == k && !(s.exact && col.inexact) && (!far || strings.Contains(col.name, ".") && c.rare(4)) {
				fit = append(fit, col.name)
			}
		}
	}
	if len(fit) > 0 && !c.rare(4) {
		return fit[c.n(len(fit))]
	}
	if c.rare(12) {
		return "CAST(NULL AS " + k.ddl() + ")"
	}
	return c.literal(k)
}

// general is an expression that any kind can have.
func (c *Choices) general(s *scope, k kind, depth int) string {
	if !s.simple && c.rare(3) {
		return c.scalarSubquery(s, k)
	}
	return c.fill(s, depth, k.of(generals...)...)
}

// condition is a BOOLEAN expression.
func (c *Choices) condition(s *scope, depth int) string {
	k := c.kind(s)
	if depth > 0 && !s.simple && c.rare(5) {
		if c.rare(2) {
			return c.exists(s)
		}
		return c.inSubquery(s, k, false)
	}
	form := k.of(conditions[c.n(len(conditions))])
	if depth <= 0 {
		form[0] = hole.ReplaceAllString(form[0], "{${1}0}")
	}
	return c.fill(s, depth, form...)
}

// where is the condition of a WHERE: conjuncts, of which some are subqueries.
func (c *Choices) where(s *scope) string {
	out := ""
	switch c.n(4) {
	case 1:
		out = c.inSubquery(s, c.kind(s), true)
	case 2:
		out = c.exists(s)
	default:
		return c.condition(s, 2)
	}
	if c.rare(3) {
		out += " AND " + c.condition(s, 1)
	}
	return out
}
