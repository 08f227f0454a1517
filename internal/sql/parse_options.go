package sql

import (
	"strings"

	"github.com/azud/azud/internal/errs"
)

// options reads (key 'value', key = value, …). With exprs the value follows Spark's
// expressionProperty, of which only constants are taken.
func (p *parser) options(exprs bool) []Option {
	seen := map[string]bool{}
	return paren(p, func() Option {
		start := p.start()
		var o Option
		key, pos := p.optionKey()
		if low := strings.ToLower(key); seen[low] {
			panic(bail{errs.New("DUPLICATE_KEY", "The option %s is given twice", key).State("23505").
				At(p.src, pos).WithHint("keep one of the two")})
		} else {
			seen[low] = true
		}
		o.Key = key
		if !p.acceptOp("=") {
			p.acceptOp("==")
		}
		o.Value, o.ValPos = p.optionValue(key)
		o.At = p.from(start)
		if !p.isOp(",") && !p.isOp(")") {
			if exprs && p.tok().kind == tkOp {
				p.unsupported(p.tok().pos, "An expression as the value of an option", "write the value itself")
			}
			p.fail("',' or ')' after the option "+key, "OPTIONS")
		}
		return o
	})
}

// optionKey reads a.b.c or a text.
func (p *parser) optionKey() (string, errs.Span) {
	start := p.start()
	if p.tok().kind == tkString {
		s := p.advance().text
		return s, p.from(start).Pos
	}
	parts := []string{p.dashed(p.anyIdent("the name of an option")).Name}
	for p.acceptOp(".") {
		parts = append(parts, p.dashed(p.anyIdent("a name after the dot")).Name)
	}
	return strings.Join(parts, "."), p.from(start).Pos
}

// optionValue reads a text, number or truth value.
func (p *parser) optionValue(key string) (string, errs.Span) {
	start := p.start()
	minus := ""
	if p.isOp("-") && p.peek(1).kind == tkNumber {
		p.i++
		minus = "-"
	}
	switch t := p.tok(); {
	case t.kind == tkString:
		s := p.stringText("")
		return s, p.from(start).Pos
	case t.kind == tkNumber:
		p.i++
		return minus + t.text, p.from(start).Pos
	case p.isWord("TRUE", "FALSE"):
		p.i++
		return strings.ToLower(t.text), p.from(start).Pos
	case t.kind == tkWord || t.kind == tkQuoted:
		p.refuse(classSyntax, t.pos, "write "+key+" '"+t.text+"'", "The value of the option %s needs quotes", key)
	}
	p.fail("the value of the option " + key + " in quotes")
	return "", errs.Span{}
}
