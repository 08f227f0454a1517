package sql

import (
	"strings"

	"github.com/azud/azud/internal/errs"
)

// query reads [WITH …] body [ORDER BY …].
func (p *parser) query() *Query {
	p.enter()
	defer p.leave()
	start := p.start()
	q := &Query{}
	if p.isWord("WITH") {
		q.With, q.Recursive = p.ctes()
	}
	q.Body = p.setOps(p.queryPrimary(), 0)
	p.organize(q)
	q.At = p.from(start)
	return q.simplest()
}

// simplest is the query within mere parentheses, of which the tree keeps nothing.
func (q *Query) simplest() *Query {
	inner, ok := q.Body.(*Query)
	if ok && len(q.With)+len(q.Order)+len(q.Cluster)+len(q.Distribute)+len(q.Sort)+len(q.Windows) == 0 &&
		q.OrderAll == nil && q.Limit == nil && q.Offset == nil {
		return inner
	}
	return q
}

// queryFrom reads what follows a query in parentheses that turned out to be the first part of
// a longer one.
func (p *parser) queryFrom(start int, first *Query) *Query {
	q := &Query{Body: p.setOps(first, 0)}
	p.organize(q)
	q.At = p.from(start)
	return q.simplest()
}

// parenQuery reads (query).
func (p *parser) parenQuery() *Query {
	p.expectOp("(")
	q := p.query()
	p.expectOp(")")
	return q
}

// ctes reads WITH [RECURSIVE] name [(columns)] AS (query), ….
func (p *parser) ctes() (out []CTE, recursive bool) {
	p.expectWords("WITH")
	if p.isWord("RECURSIVE") && p.peek(1).kind != tkOp && !(p.peek(1).up == "AS" && p.peek(2).up == "(") {
		p.i++
		recursive = true
	}
	seen := map[string]bool{}
	out = list(p, func() CTE {
		start := p.start()
		c := CTE{Name: p.nameIdent("a name for the query")}
		if low := strings.ToLower(c.Name.Name); seen[low] {
			p.refuse("DUPLICATED_CTE_NAMES", c.Name.Pos, "give each its own name; case makes no difference", "The name %s is given twice in WITH", quoteIfNeeded(c.Name.Name))
		} else {
			seen[low] = true
		}
		if p.isOp("(") && !p.queryAt(p.i) {
			c.Columns = p.identList("a column name")
		}
		if p.isWords("MAX", "RECURSION") {
			if !recursive {
				p.refuse(classNotAllowed, p.tok().pos, "write WITH RECURSIVE", "MAX RECURSION LEVEL needs WITH RECURSIVE")
			}
			p.i += 2
			p.expectWords("LEVEL")
			c.MaxLevel = p.wholeNumber("a whole number")
		}
		p.acceptWord("AS")
		if !p.isOp("(") {
			p.fail("AS and a query in parentheses", "AS")
		}
		c.Query = p.parenQuery()
		c.At = p.from(start)
		return c
	})
	return out, recursive
}

// setOps reads UNION, EXCEPT and INTERSECT after left; INTERSECT binds tighter.
func (p *parser) setOps(left Body, min int) Body {
	start := left.Span().Start
	for {
		if p.isPipe() && min == 0 {
			left = p.pipeOp(left)
			if u, ok := left.(*SetOp); ok { // closed: what follows does not reach into it
				left = &Query{At: u.At, Body: u}
			}
			continue
		}
		op, prec := p.setOp(), 1
		if op == "INTERSECT" {
			prec = 2
		}
		if op == "" || prec <= min {
			return left
		}
		p.link()
		p.i++
		all := p.acceptWord("ALL", "DISTINCT") == "ALL"
		right := p.setOps(p.queryPrimary(), prec)
		left = &SetOp{p.from(start), op, all, left, right}
	}
}

// setOp is the set operation at the current token, or "".
func (p *parser) setOp() string {
	switch {
	case p.isWord("INTERSECT", "UNION", "EXCEPT"):
		return p.tok().up
	case p.isWord("MINUS"):
		return "EXCEPT"
	}
	return ""
}

// queryPrimary reads SELECT, VALUES, TABLE or a query in parentheses.
func (p *parser) queryPrimary() Body {
	switch {
	case p.isWord("SELECT"):
		return p.selectClause()
	case p.isWord("VALUES"):
		return p.values()
	case p.isWord("TABLE"):
		start := p.start()
		p.i++
		n := p.name("a table name")
		return &TableQuery{p.from(start), n}
	case p.isWord("FROM"):
		return p.fromFirst()
	case p.isWord("MAP", "REDUCE"):
		p.unsupported(p.tok().pos, p.tok().up+" with a script", "use functions in SELECT")
	case p.isOp("("):
		p.enter()
		defer p.leave()
		return p.parenQuery()
	}
	p.fail("a query (SELECT, VALUES, TABLE or WITH)", "SELECT", "VALUES", "TABLE", "WITH")
	return nil
}

// values reads VALUES row, row … [AS t(a, b)]. A row in parentheses has several columns.
func (p *parser) values() *Values {
	start := p.start()
	p.expectWords("VALUES")
	v := &Values{}
	v.Rows = list(p, func() []Expr {
		x := p.expr()
		if r, ok := x.(*Row); ok {
			return r.Items
		}
		return []Expr{x}
	})
	v.Alias = p.tableAlias()
	v.At = p.from(start)
	return v
}

// organize reads ORDER BY, CLUSTER BY, DISTRIBUTE BY, SORT BY, WINDOW, LIMIT and OFFSET, after
// which the query ends.
func (p *parser) organize(q *Query) {
	p.clauses(q)
	if p.isWord("FETCH") && p.peek(1).kind == tkWord {
		p.refuse(classSyntax, p.tok().pos, "write LIMIT n", "There is no FETCH clause")
	}
	p.misplaced()
}

// clauses reads the clauses of organize.
func (p *parser) clauses(q *Query) {
	at := p.tok().pos
	if p.acceptWords("ORDER", "BY") {
		if p.isWord("ALL") && !p.continuesName(1) {
			start := p.start()
			p.i++
			item := p.sortTail(start, nil)
			q.OrderAll = &item
		} else {
			q.Order = list(p, p.sortItem)
		}
	}
	if p.acceptWords("CLUSTER", "BY") {
		q.Cluster = list(p, p.expr)
	}
	if p.acceptWords("DISTRIBUTE", "BY") {
		q.Distribute = list(p, p.expr)
	}
	if p.acceptWords("SORT", "BY") {
		q.Sort = list(p, p.sortItem)
	}
	if q.mixed() {
		p.refuse("UNSUPPORTED_FEATURE.COMBINATION_QUERY_RESULT_CLAUSES", at, "keep one of them; only DISTRIBUTE BY goes with SORT BY",
			"ORDER BY, SORT BY, DISTRIBUTE BY and CLUSTER BY cannot be combined")
	}
	if p.isWord("WINDOW") && p.peek(2).up == "AS" {
		q.Windows = p.windows()
	}
	if p.acceptWord("LIMIT") != "" {
		if p.isWord("ALL") {
			p.i++
		} else {
			q.Limit = p.expr()
		}
		if p.isOp(",") {
			p.refuse(classSyntax, p.tok().pos, "write LIMIT count OFFSET start", "LIMIT takes one number")
		}
	}
	if p.acceptWord("OFFSET") != "" {
		q.Offset = p.expr()
	}
}

// mixed reports ORDER BY, SORT BY, DISTRIBUTE BY and CLUSTER BY in a combination that Spark has not.
func (q *Query) mixed() bool {
	ordered, spread := len(q.Order) > 0 || q.OrderAll != nil, len(q.Sort)+len(q.Distribute) > 0
	return ordered && (spread || len(q.Cluster) > 0) || spread && len(q.Cluster) > 0
}

// misplaced explains a clause that stands in the wrong order.
func (p *parser) misplaced() {
	order := map[string]string{
		"WHERE": "WHERE comes right after FROM, before GROUP BY, ORDER BY and LIMIT", "GROUP": "GROUP BY comes after WHERE, before HAVING and ORDER BY",
		"HAVING": "HAVING comes after GROUP BY, before ORDER BY", "ORDER": "ORDER BY comes after HAVING, before LIMIT", "LIMIT": "LIMIT comes before OFFSET, and only once",
	}
	t := p.tok()
	if p.isWord("GROUP", "ORDER") && p.peek(1).up != "BY" {
		p.i++
		p.fail("BY", "BY")
	}
	if why, ok := order[t.up]; ok && t.kind == tkWord {
		p.refuse(classSyntax, t.pos, why, "%s stands in the wrong place", t.up)
	}
}

// continuesName reports whether the token n ahead makes a longer expression of a word.
func (p *parser) continuesName(n int) bool {
	t := p.peek(n)
	return t.kind == tkOp && t.up != ")" && t.up != ";" && t.up != "," && t.up != "|>"
}

func (p *parser) sortItem() SortItem {
	start := p.start()
	return p.sortTail(start, p.expr())
}

// sortTail reads [ASC | DESC] [NULLS FIRST | LAST] after x.
func (p *parser) sortTail(start int, x Expr) SortItem {
	s := SortItem{X: x}
	s.Desc = p.acceptWord("ASC", "DESC") == "DESC"
	if p.acceptWord("NULLS") != "" {
		switch p.acceptWord("FIRST", "LAST") {
		case "FIRST":
			s.Nulls = NullsFirst
		case "LAST":
			s.Nulls = NullsLast
		default:
			p.fail("FIRST or LAST", "FIRST", "LAST")
		}
	}
	s.At = p.from(start)
	return s
}

// selectClause reads SELECT … up to HAVING and WINDOW.
func (p *parser) selectClause() *Select {
	start := p.start()
	s := &Select{}
	p.selectList(s)
	if p.acceptWord("FROM") != "" {
		s.From, s.Views = p.fromClause()
	}
	p.selectRest(s)
	s.At = p.from(start)
	return s
}

// selectList reads SELECT [hints] [DISTINCT] items.
func (p *parser) selectList(s *Select) {
	p.expectWords("SELECT")
	for p.isOp("/*+") {
		s.Hints = append(s.Hints, p.hints()...)
	}
	if p.isWord("TRANSFORM") && p.peek(1).up == "(" && p.isScript() {
		p.unsupported(p.tok().pos, "TRANSFORM with a script", "use functions in SELECT")
	}
	if w := p.acceptWord("DISTINCT", "ALL"); w == "DISTINCT" {
		s.Distinct = true
	}
	s.Items = list(p, p.selectItem)
}

// selectRest reads LATERAL VIEW, WHERE, GROUP BY, HAVING, WINDOW and QUALIFY.
func (p *parser) selectRest(s *Select) {
	for p.isWords("LATERAL", "VIEW") {
		s.Views = append(s.Views, p.lateralView())
	}
	if p.acceptWord("WHERE") != "" {
		s.Where = p.expr()
	}
	if p.isWords("GROUP", "BY") {
		s.GroupBy = p.groupBy(false)
	}
	if p.acceptWord("HAVING") != "" {
		s.Having = p.expr()
	}
	if p.isWord("WINDOW") && p.peek(2).up == "AS" {
		s.Windows = p.windows()
	}
	if p.isWord("QUALIFY") && !p.isQualifyName() {
		p.i++
		s.Qualify = p.expr()
	}
}

// isScript looks for the USING 'script' of TRANSFORM(…).
func (p *parser) isScript() bool {
	depth := 0
	for i := p.i + 1; i < len(p.toks); i++ {
		switch t := p.toks[i]; {
		case t.kind != tkOp:
		case t.up == "(":
			depth++
		case t.up == ")":
			if depth--; depth == 0 {
				next := p.toks[i+1]
				return next.kind == tkWord && (next.up == "USING" || next.up == "ROW")
			}
		}
	}
	return false
}

// selectItem reads expression [AS name | AS (a, b)].
func (p *parser) selectItem() SelectItem {
	start := p.start()
	if prev := p.prev(); p.isWord("FROM") && p.i > 0 && prev.kind == tkOp && prev.up == "," {
		p.refuse("TRAILING_COMMA_IN_SELECT", prev.pos, "remove it, or write the column that is missing", "A comma stands before FROM")
	}
	x := p.starExpr()
	item := SelectItem{X: x, Text: p.src.Text[start:p.prev().pos.End]}
	if p.isWord("AS") && p.peek(1).up == "(" || p.isOp("(") {
		p.acceptWord("AS")
		item.Alias = p.identList("a column name")
	} else if id, ok := p.alias(); ok {
		item.Alias = []Ident{id}
	} else if next := p.peek(1); p.tok().kind == tkWord && strictReserved[p.tok().up] && p.setOp() == "" && (next.kind == tkWord && next.up == "FROM" || next.kind == tkOp && next.up == ",") {
		item.Alias = []Ident{p.anyIdent("a name")} // SELECT a natural FROM t
	}
	item.At = p.from(start)
	if !p.endsItem() {
		p.fail("',' or what follows the select list", clauseWords...)
	}
	return item
}

// endsItem reports whether the current token may follow a select item.
func (p *parser) endsItem() bool {
	t := p.tok()
	switch t.kind {
	case tkEOF:
		return true
	case tkOp:
		return t.up == "," || t.up == ")" || t.up == ";" || p.isPipe()
	case tkWord:
		return aliasStops[t.up] || strictReserved[t.up] || t.up == "FETCH" || p.isHive()
	}
	return false
}

// hints reads /*+ name(args), … */. Hints are for Spark's optimizer and have no effect here.
func (p *parser) hints() []Hint {
	p.expectOp("/*+")
	var out []Hint
	for !p.isOp("*/") {
		start := p.start()
		h := Hint{Name: p.anyIdent("the name of a hint, or */")}
		if p.isOp("(") {
			h.Args = paren(p, func() Expr { return p.value(precPrimary) })
		}
		h.At = p.from(start)
		out = append(out, h)
		p.acceptOp(",")
	}
	if len(out) == 0 {
		p.fail("the name of a hint")
	}
	p.i++
	return out
}

// once refuses a name given twice in one list.
func (p *parser) once(seen map[string]bool, name string, pos errs.Span) {
	if low := strings.ToLower(name); seen[low] {
		panic(bail{errs.New("COLUMN_ALREADY_EXISTS", "The name %s is given twice", quoteIfNeeded(name)).State("42711").
			At(p.src, pos).WithHint("give each its own name; case makes no difference")})
	} else {
		seen[low] = true
	}
}
