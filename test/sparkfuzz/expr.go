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

// forms are the expressions of a kind that are not leaves. {kind} stands for an expression of a
// kind, {kind0} for a leaf.
var forms = map[kind][]string{
	intK: {"({int} + {int})", "({int} - {int})", "({int} * 2)", "({int} * -3)", "-({int})", "({int} % nullif({int}, 0))", "length({string})", "year({date})",
		"day({date})", "hour({timestamp})", "CAST({bool} AS INT)", "abs({int})", "datediff({date}, {date})", "instr({string}, 'a')", "CAST({decimal} AS INT)",
		"pmod({int}, 3)", "({int} & {int})", "({int} DIV nullif({int}, 0))::INT"},
	bigintK: {"({bigint} + {int})", "CAST({int} AS BIGINT)", "({bigint} - {bigint})", "abs({bigint})", "({bigint} % nullif({bigint}, 0))"},
	doubleK: {"({double} + {double})", "({double} - {int})", "CAST({int} AS DOUBLE)", "-{double0}", "abs({double})", "({double0} * {double0})", "CAST({decimal} AS DOUBLE)"},
	decimalK: {"({decimal} + {decimal})", "({decimal} - {int})", "({decimal0} * {decimal0})", "CAST({int} AS DECIMAL(12,3))", "round({decimal}, 1)", "-{decimal0}",
		"abs({decimal})", "CAST({decimal} AS DECIMAL(20,1))"},
	dateK: {"date_add({date}, 1)", "date_add({date}, -30)", "CAST({timestamp} AS DATE)", "add_months({date}, 1)", "({date} + INTERVAL '1' MONTH)", "last_day({date})",
		"({date} - 7)"},
	timestampK: {"({timestamp} + INTERVAL '36' HOUR)", "CAST({date} AS TIMESTAMP)", "date_trunc('DAY', {timestamp})", "date_trunc('WEEK', {timestamp})",
		"({timestamp} - INTERVAL '1' MONTH)", "date_trunc('HOUR', {timestamp})"},
	stringK: {"upper({string})", "lower({string})", "concat({string}, {string})", "({string} || '-')", "substring({string}, 1, 1)", "substring({string}, -1)",
		"trim({string})", "CAST({int} AS STRING)", "CAST({date} AS STRING)", "CAST({decimal} AS STRING)", "CAST({double} AS STRING)", "CAST({bool} AS STRING)",
		"CAST({timestamp} AS STRING)", "replace({string}, 'a', 'xy')", "lpad({string}, 3, '*')", "reverse({string})", "repeat({string}, 2)",
		"date_format({timestamp}, 'yyyy-MM-dd HH:mm')"},
}

// divisions give results that are not exact, so that their sums depend on the order of rows.
var divisions = map[kind][]string{
	doubleK:  {"({double} / nullif({double}, 0.0D))", "({int} / nullif({int}, 0))", "sqrt(abs({double}))", "round({double}, 1)"},
	decimalK: {"({decimal0} / nullif({decimal0}, 0))"},
}

var names = [...]string{"int", "string", "bigint", "double", "decimal", "bool", "date", "timestamp"}

var hole = regexp.MustCompile(`\{([a-z]+)(0?)\}`)

// kind is one that columns of the scope have, mostly.
func (c *Choices) kind(s *scope) kind {
	if len(s.columns) > 0 && !c.rare(4) {
		return s.columns[c.n(len(s.columns))].kind
	}
	return kind(c.n(int(kinds)))
}

// fill chooses a form and fills it.
func (c *Choices) fill(s *scope, depth int, of ...string) string {
	return hole.ReplaceAllStringFunc(of[c.n(len(of))], func(h string) string {
		m := hole.FindStringSubmatch(h)
		k := kind(slices.Index(names[:], m[1]))
		if m[2] != "" {
			return c.leaf(s, k)
		}
		return c.expr(s, k, depth-1)
	})
}

// expr is an expression of a kind, at most so deep.
func (c *Choices) expr(s *scope, k kind, depth int) string {
	switch {
	case depth <= 0 || c.n(5) < 2:
		return c.leaf(s, k)
	case c.rare(4):
		return c.general(s, k, depth)
	case k == boolK:
		return c.condition(s, depth)
	case divisions[k] != nil && !s.exact && c.rare(4):
		return c.fill(s, depth, divisions[k]...)
	}
	return c.fill(s, depth, forms[k]...)
}

func (c *Choices) leaf(s *scope, k kind) string {
	var fit []string
	for at, far := s, false; at != nil; at, far = at.outer, true {
		for _, col := range at.columns {
			if col.kind == k && !(s.exact && col.inexact) && (!far || c.rare(4)) {
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
	if !s.simple && c.rare(5) {
		return c.scalarSubquery(s, k)
	}
	return c.fill(s, depth, strings.ReplaceAll(pick(c, "coalesce({?}, {?})", "CASE WHEN {bool} THEN {?} ELSE {?} END", "if({bool}, {?}, {?})", "nullif({?}, {?})",
		"greatest({?}, {?})", "least({?}, {?})", "CASE {?} WHEN {?} THEN {?} END"), "{?}", "{"+names[k]+"}"))
}

// conditions are forms of BOOLEAN; {?} stands for an expression of one kind, the same everywhere.
var conditions = []string{"({?} = {?})", "({?} < {?})", "({?} >= {?})", "({?} <> {?})", "({?} <=> {?})", "({?} IS NULL)", "({?} IS NOT NULL)",
	"({?} IN ({?}, {?}))", "({?} NOT IN ({?}, NULL))", "({?} BETWEEN {?} AND {?})", "({bool} AND {bool})", "({bool} OR {bool})", "(NOT {bool})",
	"({string} LIKE 'a%')", "({string} NOT LIKE '%b')", "({string} LIKE '_')", "({bool0} IS NOT TRUE)"}

// condition is a BOOLEAN expression.
func (c *Choices) condition(s *scope, depth int) string {
	k := names[c.kind(s)]
	if depth > 0 && !s.simple && c.rare(5) {
		if c.rare(2) {
			return c.exists(s)
		}
		return c.inSubquery(s, kind(slices.Index(names[:], k)))
	}
	leaf := ""
	if depth <= 0 {
		leaf = "0"
	}
	return c.fill(s, depth, strings.NewReplacer("{?}", "{"+k+leaf+"}").Replace(conditions[c.n(len(conditions))]))
}
