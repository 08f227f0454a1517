package sql

import "strings"

// special reads the functions whose arguments are no plain list; nil if the word at hand is
// none of them, or is written as a plain call.
func (p *parser) special() Expr {
	start := p.start()
	switch up := p.tok().up; up {
	case "CAST", "TRY_CAST":
		return p.cast(start, up == "TRY_CAST")
	case "STRUCT":
		return p.structCall(start)
	case "EXTRACT":
		return p.extract(start)
	case "SUBSTRING", "SUBSTR":
		return p.substring(start)
	case "TRIM":
		return p.trim(start)
	case "POSITION":
		return p.position(start)
	case "OVERLAY":
		return p.overlay(start)
	case "TIMESTAMPADD", "DATEADD", "DATE_ADD", "TIMESTAMPDIFF", "DATEDIFF", "DATE_DIFF", "TIMEDIFF":
		return p.unitCall(start)
	case "IDENTIFIER":
		return p.dynColumn(start)
	}
	return nil
}

// callee passes the function's name and opening parenthesis.
func (p *parser) callee() Name {
	id := p.anyIdent("a function")
	p.expectOp("(")
	return Name{At: id.At, Parts: []Ident{id}}
}

func (p *parser) cast(start int, try bool) Expr {
	p.enter()
	defer p.leave()
	p.callee()
	x := p.expr()
	if !p.isWord("AS") {
		p.fail("AS and a type", "AS")
	}
	p.i++
	t, pos := p.typeAt()
	p.expectOp(")")
	return &Cast{p.from(start), x, t, try, pos}
}

// structCall reads struct(a AS x, b), whose arguments may have names.
func (p *parser) structCall(start int) Expr {
	p.enter()
	defer p.leave()
	c := &Call{Name: p.callee()}
	if !p.isOp(")") {
		c.Args = list(p, func() Expr { return p.aliased(p.starExpr()) })
	}
	p.expectOp(")")
	c.At = p.from(start)
	return c
}

func (p *parser) extract(start int) Expr {
	name := p.callee()
	id := p.ident("a field such as YEAR or HOUR")
	if !p.isWord("FROM") {
		p.fail("FROM", "FROM")
	}
	p.i++
	x := p.value(precCompare)
	p.expectOp(")")
	return &Call{At: p.from(start), Name: name, Args: []Expr{&StringLit{id.At, id.Name}, x}, Form: FormExtract}
}

// substring reads SUBSTRING(s FROM p [FOR n]) and, as a plain call, substring(s, p, n).
func (p *parser) substring(start int) Expr {
	p.enter()
	defer p.leave()
	save := p.i
	name := p.callee()
	if p.isOp(")") || p.peek(1).up == "=>" {
		p.i = save
		return nil
	}
	c := &Call{Name: name, Args: []Expr{p.expr()}}
	if p.acceptWord("FROM") == "" {
		return p.plainRest(start, c)
	}
	c.Form = FormSubstring
	c.Args = append(c.Args, p.value(precCompare))
	if p.acceptWord("FOR") != "" {
		c.Args = append(c.Args, p.value(precCompare))
	}
	p.expectOp(")")
	c.At = p.from(start)
	return c
}

// plainRest reads the remaining arguments of an ordinary call after its first one.
func (p *parser) plainRest(start int, c *Call) Expr {
	for p.acceptOp(",") {
		c.Args = append(c.Args, p.argument())
	}
	if !p.isOp(")") {
		p.fail("',' or ')' in the arguments of "+c.Name.String(), "FROM", "FOR", "IN", "PLACING")
	}
	p.i++
	c.At = p.from(start)
	return c
}

// trim reads TRIM([BOTH | LEADING | TRAILING] [chars] FROM x) and the plain trim(x).
func (p *parser) trim(start int) Expr {
	p.enter()
	defer p.leave()
	name := p.callee()
	t := &Trim{Side: "BOTH"}
	// BOTH may also be a column: trim(both)
	side := p.isWord("BOTH", "LEADING", "TRAILING") && (p.peek(1).kind != tkOp || strings.Contains("(-+~?:!", p.peek(1).up))
	if side {
		t.Side = p.advance().up
	}
	if p.acceptWord("FROM") == "" {
		if p.isOp(")") {
			p.fail("an expression")
		}
		x := p.expr()
		if !side && !p.isWord("FROM") {
			return p.plainRest(start, &Call{Name: name, Args: []Expr{x}})
		}
		if !p.isWord("FROM") {
			p.fail("FROM", "FROM")
		}
		p.i++
		t.Chars = x
	}
	t.X = p.value(precCompare)
	p.expectOp(")")
	t.At = p.from(start)
	return t
}

// position reads POSITION(a IN b) and the plain position(a, b).
func (p *parser) position(start int) Expr {
	p.enter()
	defer p.leave()
	c := &Call{Name: p.callee()}
	c.Args = []Expr{p.value(precCompare)}
	if p.acceptWord("IN") == "" {
		return p.plainRest(start, c)
	}
	c.Form = FormPosition
	c.Args = append(c.Args, p.value(precCompare))
	p.expectOp(")")
	c.At = p.from(start)
	return c
}

// overlay reads OVERLAY(s PLACING r FROM p [FOR n]) and the plain overlay(s, r, p, n).
func (p *parser) overlay(start int) Expr {
	p.enter()
	defer p.leave()
	c := &Call{Name: p.callee()}
	c.Args = []Expr{p.value(precCompare)}
	if p.acceptWord("PLACING") == "" {
		return p.plainRest(start, c)
	}
	c.Form = FormOverlay
	c.Args = append(c.Args, p.value(precCompare))
	p.expectWords("FROM")
	c.Args = append(c.Args, p.value(precCompare))
	if p.acceptWord("FOR") != "" {
		c.Args = append(c.Args, p.value(precCompare))
	}
	p.expectOp(")")
	c.At = p.from(start)
	return c
}

var dateUnits = set("YEAR QUARTER MONTH WEEK DAY DAYOFYEAR HOUR MINUTE SECOND MILLISECOND MICROSECOND")

// unitCall reads TIMESTAMPADD(HOUR, n, ts) and its relatives; datediff(a, b) without a unit is
// a plain call.
func (p *parser) unitCall(start int) Expr {
	unit, comma := p.peek(2), p.peek(3)
	if unit.kind == tkString && comma.up == "," && p.threeArgs() {
		p.refuse("INVALID_PARAMETER_VALUE.DATETIME_UNIT", unit.pos, "write the unit without quotes: "+strings.ToUpper(unit.text), "The unit of %s is a word, not a text", p.tok().text)
	}
	if unit.kind != tkWord || !dateUnits[unit.up] || comma.up != "," || !p.threeArgs() {
		return nil
	}
	p.enter()
	defer p.leave()
	c := &Call{Name: p.callee(), Form: FormUnit}
	c.Args = []Expr{&StringLit{At{unit.pos}, strings.ToUpper(unit.text)}}
	p.i++
	for range 2 {
		p.expectOp(",")
		c.Args = append(c.Args, p.value(precCompare))
	}
	p.expectOp(")")
	c.At = p.from(start)
	return c
}

// threeArgs counts the arguments of the call at hand: date_add(day, 1) has a column named day.
func (p *parser) threeArgs() bool {
	depth, commas := 0, 0
	for i := p.i + 1; i < len(p.toks); i++ {
		switch t := p.toks[i]; {
		case t.kind != tkOp:
		case t.up == "(" || t.up == "[":
			depth++
		case t.up == ")" || t.up == "]":
			if depth--; depth == 0 {
				return commas == 2
			}
		case t.up == "," && depth == 1:
			commas++
		}
	}
	return false
}
