package sql

import (
	"github.com/azud/azud/internal/errs"
)

// declare reads DECLARE [OR REPLACE] [VARIABLE] names [type] [DEFAULT | = expression].
func (p *parser) declare() Statement {
	start := p.start()
	p.i++
	d := &Declare{}
	if p.acceptWords("OR", "REPLACE") {
		d.OrReplace = true
	}
	if next := p.peek(1); p.isWord("VARIABLE", "VAR") && (next.kind == tkWord || next.kind == tkQuoted) && next.up != "DEFAULT" {
		p.i++
	}
	d.Names = list(p, func() Name { return p.name("the name of the variable") })
	if p.isWord("CURSOR") || p.isWord("ASENSITIVE", "INSENSITIVE") && p.peek(1).up == "CURSOR" {
		p.refuse(classUnsupported+".SQL_CURSOR", p.tok().pos, "write the query itself", "There are no cursors")
	}
	if p.isWord("CONDITION") || p.isWord("EXIT", "CONTINUE") && p.peek(1).up == "HANDLER" {
		p.unsupported(p.tok().pos, "A script with "+p.tok().up, "write the statements one after another")
	}
	if p.tok().kind == tkWord && !p.isWord("DEFAULT") {
		t := p.dataType()
		d.Type = &t
	}
	if p.acceptWord("DEFAULT") != "" || p.acceptOp("=") || p.acceptOp("==") {
		from := p.start()
		d.Default = p.expr()
		d.DefaultText = p.src.Text[from:p.prev().pos.End]
	}
	d.At = p.from(start)
	if d.Type == nil && d.Default == nil {
		if p.tok().kind != tkEOF && !p.isOp(";") {
			p.fail("a type, DEFAULT or '='", "DEFAULT")
		}
		panic(bail{errs.New("INVALID_SQL_SYNTAX.VARIABLE_TYPE_OR_DEFAULT_REQUIRED", "The variable has neither a type nor a value").State("42000").
			At(p.src, d.Pos).WithHint("write for example DECLARE x INT, or DECLARE x = 5")})
	}
	return d
}

// dropVariable reads DROP TEMPORARY VARIABLE [IF EXISTS] name, from behind VARIABLE.
func (p *parser) dropVariable(start int) Statement {
	d := &DropVariable{IfExists: p.acceptWords("IF", "EXISTS")}
	d.Name = p.name("the name of the variable")
	d.At = p.from(start)
	return d
}

// setVariable reads SET VAR a = x, …, or SET VAR (a, b) = (query), from behind VAR.
func (p *parser) setVariable(start int) Statement {
	s := &SetVariable{}
	target := func() Name { return p.plainName("the name of a variable") }
	if p.isOp("(") {
		s.Targets = paren(p, target)
		p.expectEq()
		if !p.isOp("(") || !p.queryAt(p.i) {
			p.fail("a query in parentheses")
		}
		s.Query = p.parenQuery()
	} else {
		s.Targets = list(p, func() Name {
			n := target()
			p.expectEq()
			s.Values = append(s.Values, p.expr())
			return n
		})
	}
	seen := map[string]bool{}
	for _, n := range s.Targets {
		low := upper(n.String())
		if seen[low] && n.Expr == nil {
			panic(bail{errs.New("DUPLICATE_ASSIGNMENTS", "The variable %s is set twice", n).State("42701").At(p.src, n.Pos).
				WithHint("keep one of the two")})
		}
		seen[low] = true
	}
	s.At = p.from(start)
	return s
}

func (p *parser) expectEq() {
	if !p.acceptOp("=") && !p.acceptOp("==") {
		p.fail("'=' and a value")
	}
}

// execute reads EXECUTE IMMEDIATE text [INTO variables] [USING arguments].
func (p *parser) execute() Statement {
	start := p.start()
	p.i++
	p.expectWords("IMMEDIATE")
	e := &ExecuteImmediate{Text: p.expr()}
	if p.acceptWord("INTO") != "" {
		e.Into = list(p, func() Name { return p.plainName("the name of a variable") })
	}
	if p.acceptWord("USING") != "" {
		e.Using = p.executeUsing()
	}
	e.At = p.from(start)
	return e
}

// executeUsing reads a, b AS n, with or without parentheses around the list.
func (p *parser) executeUsing() []SelectItem {
	if p.isOp("(") {
		here := p.i
		if items, ok := p.tryParen(); ok {
			return items
		}
		p.i = here
	}
	return list(p, p.selectItem)
}

// tryParen reads (items) if that is all of the statement that is left.
func (p *parser) tryParen() ([]SelectItem, bool) {
	depth := 0
	for i := p.i; ; i++ {
		t := p.toks[i]
		switch {
		case t.kind == tkEOF:
			return nil, false
		case t.kind == tkOp && t.up == "(":
			depth++
		case t.kind == tkOp && t.up == ")":
			depth--
		}
		if depth == 0 {
			if end := p.toks[i+1]; end.kind != tkEOF && end.up != ";" {
				return nil, false
			}
			return paren(p, p.selectItem), true
		}
	}
}
