package sql

import (
	"reflect"
	"strconv"

	"github.com/azud/azud/internal/errs"
)

// param reads :name or ?, and puts the value in its place if values were given.
func (p *parser) param() Expr {
	start := p.start()
	if p.acceptOp("?") {
		p.params++
		return p.paramValue(&Param{At: p.from(start), Index: p.params - 1})
	}
	p.i++
	id := p.anyIdent("the name of a parameter")
	return p.paramValue(&Param{At: p.from(start), Name: id.Name})
}

// isParam reports whether a parameter stands at the current token.
func (p *parser) isParam() bool {
	k := p.peek(1).kind
	return p.isOp("?") || p.isOp(":") && (k == tkWord || k == tkQuoted)
}

// paramValue is the value of a parameter, or the parameter itself if no values were given at all.
func (p *parser) paramValue(x *Param) Expr {
	if p.byName == nil && p.byIndex == nil {
		return x
	}
	var value Expr
	name := "_" + strconv.Itoa(x.Index+1)
	if x.Name != "" {
		name, value = x.Name, p.byName[x.Name]
	} else if x.Index < len(p.byIndex) {
		value = p.byIndex[x.Index]
	}
	if value == nil {
		var names []string
		for n := range p.byName {
			names = append(names, n)
		}
		hint := "give it a value together with the statement"
		if near := errs.Near(name, names); len(near) > 0 {
			hint = "did you mean :" + near[0] + "?"
		}
		panic(bail{errs.New("UNBOUND_SQL_PARAMETER", "The parameter %s has no value", name).State("42P02").
			At(p.src, x.Pos).WithHint("%s", hint)})
	}
	return placedAt(value, x.At)
}

// placedAt is a copy of e that stands at another place.
func placedAt(e Expr, at At) Expr {
	v := reflect.ValueOf(e)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return e
	}
	c := reflect.New(v.Type().Elem())
	c.Elem().Set(v.Elem())
	c.Elem().FieldByName("At").Set(reflect.ValueOf(at))
	return c.Interface().(Expr)
}

// textParam is the value of a parameter where a text in quotes may stand.
func (p *parser) textParam() (string, bool) {
	if !p.isParam() || p.byName == nil && p.byIndex == nil {
		return "", false
	}
	x := p.param()
	s, ok := x.(*StringLit)
	if !ok {
		p.refuse(classSyntax, x.Span(), "give it a text", "The value of this parameter is not a text, which must stand here")
	}
	return s.Value, true
}

// isIdentClause reports IDENTIFIER( , of which a name is made.
func (p *parser) isIdentClause() bool {
	return p.isWord("IDENTIFIER") && p.peek(1).kind == tkOp && p.peek(1).up == "("
}

// identClause reads IDENTIFIER(x). Of a plain text it gives the parts of the name, else x.
func (p *parser) identClause() ([]Ident, Expr) {
	p.enter()
	defer p.leave()
	start := p.start()
	p.i += 2
	x := foldText(p.expr())
	p.expectOp(")")
	lit, ok := x.(*StringLit)
	if !ok {
		return nil, x
	}
	at := p.from(start)
	n, err := ParseName(&errs.Source{Name: p.src.Name, Text: lit.Value})
	if err != nil {
		panic(bail{errs.New(classSyntax, "'%s' is not a name", lit.Value).State("42601").At(p.src, lit.Pos).
			WithHint("write a dotted name, such as IDENTIFIER('schema.table'), with `backquotes` where it has other characters than letters, digits and _")})
	}
	for i := range n.Parts {
		n.Parts[i].At, n.Parts[i].Quoted = at, true
	}
	return n.Parts, nil
}

// identPart reads IDENTIFIER('x') as one part of a name or as an alias.
func (p *parser) identPart() Ident {
	start := p.start()
	parts, x := p.identClause()
	if x != nil || len(parts) != 1 {
		p.refuse(classSyntax, p.from(start).Pos, "write a text of one name in quotes", "IDENTIFIER must be one constant name here")
	}
	return parts[0]
}

// foldText joins texts with ||, so that IDENTIFIER('a' || 'b') is a plain name.
func foldText(x Expr) Expr {
	b, ok := x.(*Binary)
	if !ok || b.Op != OpConcat {
		return x
	}
	l, lok := foldText(b.L).(*StringLit)
	r, rok := foldText(b.R).(*StringLit)
	if !lok || !rok {
		return x
	}
	return &StringLit{b.At, l.Value + r.Value}
}
