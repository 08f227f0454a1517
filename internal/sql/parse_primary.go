package sql

import (
	"strings"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
)

// postfix reads a primary expression and what hangs on it: .field, [index], ::type, COLLATE.
func (p *parser) postfix() Expr {
	start := p.start()
	x := p.pending
	if x != nil {
		start, p.pending = x.Span().Start, nil
	} else {
		x = p.primary()
	}
	for {
		switch {
		case p.isOp("."):
			p.link()
			p.i++
			id := p.anyIdent("a field name after the dot")
			if c, ok := x.(*Column); ok { // (a).b is a.b (Spark: visitDereference)
				x = &Column{p.from(start), append(c.Parts[:len(c.Parts):len(c.Parts)], id)}
			} else {
				x = &Field{p.from(start), x, id}
			}
		case p.isOp("["):
			p.link()
			p.i++
			i := p.value(precCompare)
			p.expectOp("]")
			x = &Index{p.from(start), x, i}
		case p.isOp("::"):
			p.link()
			p.i++
			t, pos := p.typeAt()
			x = &Cast{At: p.from(start), X: x, Type: t, TypePos: pos}
		case p.isWord("COLLATE"):
			p.link()
			p.i++
			n := p.plainName("the name of a collation")
			x = &Collate{p.from(start), x, n}
		case p.isOp(":") && !isNumber(x) && p.peek(1).pos.Start == p.tok().pos.End && p.prev().pos.End == p.start():
			p.unsupported(p.tok().pos, "Reading a path with ':'", "use get_json_object(x, '$.path') or from_json")
		default:
			return x
		}
	}
}

func isNumber(x Expr) bool { _, ok := x.(*NumberLit); return ok }

// primary reads the smallest expressions.
func (p *parser) primary() Expr {
	t := p.tok()
	switch t.kind {
	case tkString:
		at, s := p.stringLit()
		return &StringLit{at, s}
	case tkNumber:
		return p.number(false)
	case tkQuoted:
		return p.named()
	case tkWord:
		return p.word()
	case tkOp:
		return p.punctuated()
	}
	p.fail("an expression", "SELECT", "FROM", "WHERE")
	return nil
}

// punctuated reads what begins with a sign: (…), -1, *, :name and ?.
func (p *parser) punctuated() Expr {
	t := p.tok()
	switch t.up {
	case "(":
		return p.parenthesised()
	case "-":
		if p.peek(1).kind == tkNumber {
			return p.number(true)
		}
	case "?", ":":
		if p.isParam() {
			return p.param()
		}
	case "*":
		if p.star != p.i {
			p.refuse(classStar, t.pos, "name the column instead", "'*' can only stand alone in a select list or among arguments")
		}
		p.i++
		return p.starRest(t.pos.Start, nil)
	}
	p.fail("an expression")
	return nil
}

// starRest reads the EXCEPT (…) after a star.
func (p *parser) starRest(start int, qualifier []Ident) Expr {
	s := &Star{Qualifier: qualifier}
	if p.isWord("EXCEPT") && p.peek(1).up == "(" && !p.queryAt(p.i+1) {
		p.i++
		s.Except = paren(p, func() Name { return p.plainName("a column") })
	}
	s.At = p.from(start)
	next := p.tok()
	if next.kind == tkOp && !strings.Contains(" , ) ; |> ", " "+next.up+" ") || next.kind == tkWord && afterValue[next.up] {
		p.refuse(classStar, s.Pos, "name the column instead", "'*' is a list of columns, not a value")
	}
	return s
}

// afterValue are the words that continue a value, which * is not.
var afterValue = set("AND OR IS IN LIKE ILIKE RLIKE REGEXP BETWEEN NOT COLLATE DIV")

// parenthesised reads (x), (a, b), (query) and (x, y) -> body.
func (p *parser) parenthesised() Expr {
	if p.isLambdaParams() {
		start := p.start()
		params := paren(p, func() Ident { return p.ident("a parameter name") })
		p.expectOp("->")
		body := p.expr()
		return &Lambda{p.from(start), params, body}
	}
	start := p.start()
	p.enter()
	defer p.leave()
	p.i++
	if p.isOp(")") {
		p.fail("an expression between the parentheses")
	}
	q, x := p.queryOrExpr()
	if q != nil {
		p.expectOp(")")
		return &Subquery{p.from(start), q}
	}
	return p.parenRest(start, x)
}

// parenRest reads the end of (x) or (x, y, …) after its first item.
func (p *parser) parenRest(start int, x Expr) Expr {
	x = p.aliased(x)
	if p.isOp(",") {
		items := []Expr{x}
		for p.acceptOp(",") {
			items = append(items, p.aliased(p.starExpr()))
		}
		p.expectOp(")")
		return &Row{p.from(start), items}
	}
	if _, ok := x.(*Star); ok {
		p.refuse(classStar, x.Span(), "leave the parentheses out", "'*' cannot stand alone in parentheses")
	}
	if _, ok := x.(*Alias); ok {
		p.refuse(classSyntax, x.Span(), "put the name behind the closing parenthesis", "A single expression in parentheses takes no name")
	}
	if !p.isOp(")") {
		p.fail("')' or an operator", "AND", "OR", "BETWEEN", "LIKE", "FROM")
	}
	p.i++
	return x
}

// aliased reads the AS name after an item of struct(…) or of a row.
func (p *parser) aliased(x Expr) Expr {
	if id, ok := p.alias(); ok {
		return &Alias{p.from(x.Span().Start), x, id}
	}
	return x
}

// isLambdaParams looks ahead for (a, b) ->.
func (p *parser) isLambdaParams() bool {
	for n := 1; ; n += 2 {
		if t := p.peek(n); t.kind != tkWord && t.kind != tkQuoted {
			return false
		}
		switch t := p.peek(n + 1); {
		case t.kind == tkOp && t.up == ",":
		case t.kind == tkOp && t.up == ")":
			if n == 1 && p.peek(3).kind == tkOp && p.peek(3).up == "->" {
				p.refuse(classSyntax, p.peek(3).pos, "write "+p.peek(1).text+" -> … without parentheses", "A lambda of one parameter takes no parentheses")
			}
			return p.peek(n+2).kind == tkOp && p.peek(n+2).up == "->"
		default:
			return false
		}
	}
}

// word reads what begins with a word: keywords with a meaning of their own, else a name.
func (p *parser) word() Expr {
	t := p.tok()
	next := p.peek(1)
	opens := next.kind == tkOp && next.up == "("
	switch t.up {
	case "NULL":
		p.i++
		return &NullLit{At{t.pos}}
	case "TRUE", "FALSE":
		p.i++
		return &BoolLit{At{t.pos}, t.up == "TRUE"}
	case "CASE":
		return p.caseExpr()
	case "INTERVAL":
		signed := next.kind == tkOp && (next.up == "-" || next.up == "+") && p.unitAfter(3)
		if next.kind == tkNumber || next.kind == tkString || signed {
			return p.interval()
		}
	}
	if next.kind == tkString && !reserved[t.up] {
		return p.typedLit()
	}
	if opens && (t.up == "ANY" || t.up == "SOME" || t.up == "ALL") && p.queryAt(p.i+1) {
		p.refuse(classSyntax, t.pos, "write x IN (query), or compare with max or min", "%s (query) does not exist in Spark", t.up)
	}
	if opens {
		if x := p.special(); x != nil {
			return x
		}
	}
	return p.named()
}

// named reads a column, a qualified star, a lambda of one parameter or a call.
func (p *parser) named() Expr {
	start := p.start()
	if p.isWord("BETWEEN", "WHEN") && p.peek(1).kind == tkOp && p.peek(1).up == "(" { // functions of these names
		id := p.anyIdent("a function")
		return p.call(Name{At: id.At, Parts: []Ident{id}})
	}
	if !p.isIdent() {
		p.fail("an expression", "SELECT", "FROM", "WHERE")
	}
	if next := p.peek(1); next.kind == tkOp && next.up == "->" {
		id := p.ident("a parameter name")
		p.i++
		p.enter()
		body := p.expr()
		p.leave()
		return &Lambda{p.from(start), []Ident{id}, body}
	}
	return p.nameRest(start, []Ident{p.ident("a name")})
}

// dynColumn reads IDENTIFIER(x) as the beginning of a column or call.
func (p *parser) dynColumn(start int) Expr {
	parts, x := p.identClause()
	switch {
	case x == nil:
		return p.nameRest(start, parts)
	case p.isOp("("):
		return p.call(Name{At: p.from(start), Expr: x})
	}
	return &DynColumn{p.from(start), x}
}

// nameRest reads what follows the first parts of a name in an expression.
func (p *parser) nameRest(start int, parts []Ident) Expr {
	for p.isOp(".") {
		p.i++
		if p.isOp("*") {
			p.i++
			return p.starRest(start, parts)
		}
		parts = append(parts, p.anyIdent("a field name after the dot"))
	}
	if p.isOp("(") {
		return p.call(Name{At: p.from(start), Parts: parts})
	}
	if len(parts) == 1 && p.tok().kind == tkOp && p.tok().up == "=>" {
		p.fail("a value; a named argument stands only within the parentheses of a call")
	}
	return &Column{p.from(start), parts}
}

// call reads (args) and what may follow: WITHIN GROUP, FILTER, IGNORE NULLS, OVER.
func (p *parser) call(name Name) Expr {
	p.enter()
	defer p.leave()
	c := &Call{Name: name}
	p.expectOp("(")
	if !p.isOp(")") {
		// distinct and all may also be the names of columns, but reserving them here is Spark's way
		if w := p.acceptWord("DISTINCT", "ALL"); w == "DISTINCT" {
			c.Distinct = true
		}
		c.Args = list(p, p.argument)
	}
	if p.isWord("IGNORE", "RESPECT") && p.peek(1).up == "NULLS" {
		p.nullsWithin(c)
	}
	if !p.isOp(")") {
		p.fail("',' or ')' in the arguments of "+name.String(), "AS", "FROM", "AND", "OR", "DISTINCT")
	}
	p.i++
	p.callTail(c)
	c.At = p.from(name.Pos.Start)
	return c
}

// nullsWithin reads the IGNORE NULLS of first(x IGNORE NULLS).
func (p *parser) nullsWithin(c *Call) {
	switch name := upper(c.Name.String()); {
	case name != "FIRST" && name != "LAST" && name != "ANY_VALUE", p.isWord("RESPECT"), len(c.Args) != 1:
		p.refuse(classSyntax, p.tok().pos, "write it behind the closing parenthesis", "%s NULLS cannot stand within the parentheses here", p.tok().up)
	}
	c.IgnoreNulls = true
	p.i += 2
}

func (p *parser) callTail(c *Call) {
	if p.acceptWords("WITHIN", "GROUP") {
		p.expectOp("(")
		p.expectWords("ORDER", "BY")
		c.WithinGroup = list(p, p.sortItem)
		p.expectOp(")")
	}
	if p.isWord("FILTER") && p.peek(1).up == "(" {
		p.i += 2
		p.expectWords("WHERE")
		c.Filter = p.expr()
		p.expectOp(")")
	}
	if p.isWord("IGNORE", "RESPECT") && p.peek(1).kind == tkWord && p.peek(1).up == "NULLS" {
		c.IgnoreNulls = p.advance().up == "IGNORE"
		p.i++
	}
	if p.isWord("OVER") && (p.peek(1).up == "(" || p.peek(1).kind == tkWord || p.peek(1).kind == tkQuoted) {
		p.i++
		w := p.windowSpec()
		c.Over = &w
	}
}

// argument reads one argument: an expression, * or name => value.
func (p *parser) argument() Expr {
	if next := p.peek(1); next.kind == tkOp && next.up == "=>" {
		start := p.start()
		id := p.ident("an argument name")
		p.i++
		x := p.expr()
		return &NamedArg{p.from(start), id, x}
	}
	if p.isWord("TABLE") && (p.peek(1).kind == tkWord || p.peek(1).up == "(" && p.queryAt(p.i+1)) {
		p.unsupported(p.tok().pos, "A TABLE argument", "name the table in FROM")
	}
	return p.starExpr()
}

// caseExpr reads both forms of CASE.
func (p *parser) caseExpr() Expr {
	start := p.start()
	p.i++
	c := &Case{}
	if !p.isWord("WHEN") {
		c.Operand = p.expr()
	}
	for p.acceptWord("WHEN") != "" {
		cond := p.expr()
		if !p.isWord("THEN") {
			p.fail("THEN", "THEN")
		}
		p.i++
		c.Whens = append(c.Whens, When{cond, p.expr()})
	}
	if len(c.Whens) == 0 {
		p.fail("WHEN", "WHEN")
	}
	if p.acceptWord("ELSE") != "" {
		c.Else = p.expr()
	}
	if !p.isWord("END") {
		p.fail("WHEN, ELSE or END to finish CASE", "WHEN", "ELSE", "END")
	}
	p.i++
	c.At = p.from(start)
	return c
}

// typeAt reads the type of a cast and its place.
func (p *parser) typeAt() (t types.Type, pos errs.Span) {
	start, before := p.start(), p.lenient
	p.lenient = true // Spark casts to STRING
	t = p.dataType()
	p.lenient = before
	return t, p.from(start).Pos
}
