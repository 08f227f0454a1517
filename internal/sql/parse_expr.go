package sql

import (
	"unicode/utf8"

	"github.com/azud/azud/internal/errs"
)

// The binding strengths of operators, weakest first (Spark: booleanExpression, valueExpression).
const (
	precOr = iota + 1
	precAnd
	precNot
	precPredicate
	precCompare
	precBitOr
	precBitXor
	precBitAnd
	precShift
	precAdd
	precMul
	precUnary
	precPrimary
)

type binaryOp struct {
	op   Op
	prec int
}

// valueOps are the operators that stand between two values.
var valueOps = map[string]binaryOp{
	"=": {OpEq, precCompare}, "==": {OpEq, precCompare}, "<>": {OpNe, precCompare}, "!=": {OpNe, precCompare},
	"<=>": {OpNullEq, precCompare}, "<": {OpLt, precCompare}, "<=": {OpLe, precCompare}, "!>": {OpLe, precCompare},
	">": {OpGt, precCompare}, ">=": {OpGe, precCompare}, "!<": {OpGe, precCompare},
	"|": {OpBitOr, precBitOr}, "^": {OpBitXor, precBitXor}, "&": {OpBitAnd, precBitAnd},
	"<<": {OpShl, precShift}, ">>": {OpShr, precShift}, ">>>": {OpUshr, precShift},
	"+": {OpAdd, precAdd}, "-": {OpSub, precAdd}, "||": {OpConcat, precAdd},
	"*": {OpMul, precMul}, "/": {OpDiv, precMul}, "%": {OpMod, precMul},
}

// expr reads any expression.
func (p *parser) expr() Expr { return p.boolean(precOr) }

// boolean reads what AND, OR, NOT and predicates combine, at least as tight as min.
func (p *parser) boolean(min int) Expr {
	p.enter()
	defer p.leave()
	start := p.start()
	if p.pending != nil {
		start = p.pending.Span().Start
	}
	left := p.negated()
	for {
		op, prec := OpAnd, precAnd
		switch {
		case p.isWord("OR"):
			op, prec = OpOr, precOr
		case !p.isWord("AND"):
			return left
		}
		if prec < min {
			return left
		}
		p.link()
		pos := p.advance().pos
		right := p.boolean(prec + 1)
		left = &Binary{p.from(start), op, left, right, pos}
	}
}

// negated reads NOT x, EXISTS (query), or a value with at most one predicate.
func (p *parser) negated() Expr {
	start := p.start()
	switch {
	case p.pending != nil:
	case p.isWord("NOT"), p.isOp("!"):
		p.i++
		x := p.boolean(precNot)
		return &Unary{p.from(start), OpNot, x}
	case p.isWord("EXISTS") && p.peek(1).up == "(" && p.queryAt(p.i+1):
		p.i++
		q := p.parenQuery()
		return &Exists{p.from(start), q}
	}
	return p.predicate(p.value(precCompare))
}

// value reads operators between values, at least as tight as min.
func (p *parser) value(min int) Expr {
	p.enter()
	defer p.leave()
	start := p.start()
	if p.pending != nil {
		start = p.pending.Span().Start
	}
	left := p.unary()
	for {
		b, ok := p.valueOp()
		if !ok || b.prec < min {
			return left
		}
		p.link()
		pos := p.advance().pos
		if p.isOp("=") && pos.End == p.tok().pos.Start && b.prec == precCompare {
			p.fail("a value")
		}
		right := p.value(b.prec + 1)
		left = &Binary{p.from(start), b.op, left, right, pos}
	}
}

// valueOp is the operator at the current token.
func (p *parser) valueOp() (binaryOp, bool) {
	t := p.tok()
	if t.kind == tkWord && t.up == "DIV" {
		return binaryOp{OpIntDiv, precMul}, true
	}
	if t.kind != tkOp {
		return binaryOp{}, false
	}
	if t.up == "|" && p.isPipe() {
		return binaryOp{}, false
	}
	b, ok := valueOps[t.up]
	return b, ok
}

// unary reads -x, +x, ~x. A minus before a number belongs to the number.
func (p *parser) unary() Expr {
	if p.pending != nil || p.isOp("-") && p.peek(1).kind == tkNumber {
		return p.postfix()
	}
	start := p.start()
	var op Op
	switch {
	case p.acceptOp("-"):
		op = OpSub
	case p.acceptOp("+"):
		op = OpAdd
	case p.acceptOp("~"):
		op = OpBitNot
	default:
		return p.postfix()
	}
	p.enter()
	x := p.unary()
	p.leave()
	return &Unary{p.from(start), op, x}
}

// predicate reads BETWEEN, IN, LIKE, IS … after x, if one is there.
func (p *parser) predicate(x Expr) Expr {
	start := x.Span().Start
	if p.isWord("IS") {
		return p.is(x, start)
	}
	next := p.tok()
	not := p.isWord("NOT")
	if not || p.isOp("!") {
		next = p.peek(1)
	}
	if next.kind != tkWord && !p.isWord("NOT") {
		return x
	}
	switch next.up {
	case "BETWEEN", "IN", "LIKE", "ILIKE", "RLIKE", "REGEXP":
	default:
		if not && p.tok().kind == tkWord && next.up != "NULL" { // DEFAULT 1 NOT NULL
			p.i++
			p.fail("IN, BETWEEN, LIKE, ILIKE or RLIKE after NOT", "IN", "BETWEEN", "LIKE", "ILIKE", "RLIKE")
		}
		return x
	}
	if p.isOp("!") {
		p.refuse("SYNTAX_DISCONTINUED.BANG_EQUALS_NOT", p.tok().pos, "write NOT "+next.up, "'!' cannot stand for NOT before %s", next.up)
	}
	if not {
		p.i++
	}
	switch op := p.advance().up; op {
	case "BETWEEN":
		return p.between(x, start, not)
	case "IN":
		return p.in(x, start, not)
	case "REGEXP":
		return p.like(x, start, not, RLike)
	default:
		return p.like(x, start, not, LikeOp(op))
	}
}

func (p *parser) between(x Expr, start int, not bool) Expr {
	low := p.value(precCompare)
	if !p.isWord("AND") {
		p.fail("AND and the upper bound of BETWEEN", "AND")
	}
	p.i++
	high := p.value(precCompare)
	return &Between{p.from(start), x, low, high, not}
}

func (p *parser) in(x Expr, start int, not bool) Expr {
	if !p.isOp("(") {
		p.fail("'(' and the values after IN")
	}
	p.i++
	if p.isOp(")") {
		panic(bail{errs.New("INVALID_SQL_SYNTAX.EMPTY_IN_PREDICATE", "IN has no values").State("42000").At(p.src, p.tok().pos).
			WithHint("give at least one value; nothing is IN an empty list, so write FALSE instead")})
	}
	q, first := p.queryOrExpr()
	if q != nil {
		p.expectOp(")")
		return &InQuery{p.from(start), x, q, not}
	}
	items := []Expr{first}
	for p.acceptOp(",") {
		items = append(items, p.starExpr())
	}
	p.expectOp(")")
	return &InList{p.from(start), x, items, not}
}

func (p *parser) like(x Expr, start int, not bool, op LikeOp) Expr {
	e := &LikeExpr{Op: op, X: x, Escape: '\\', Not: not}
	if op != RLike && p.isWord("ANY", "SOME", "ALL") && p.peek(1).up == "(" {
		e.Quant = p.advance().up
		if e.Quant == "SOME" {
			e.Quant = "ANY"
		}
		if p.peek(1).up == ")" {
			p.refuse(classSyntax, p.tok().pos, "write at least one pattern", "%s %s has no pattern", op, e.Quant)
		}
		e.Patterns = paren(p, p.expr)
		e.At = p.from(start)
		return e
	}
	e.Patterns = []Expr{p.value(precCompare)}
	if op != RLike && p.acceptWord("ESCAPE") != "" {
		t := p.tok()
		s := p.stringText("one character in quotes after ESCAPE")
		r, n := utf8.DecodeRuneInString(s)
		if n == 0 || n != len(s) {
			p.refuse("INVALID_ESC", t.pos, "write one character, such as ESCAPE '!'", "ESCAPE takes exactly one character")
		}
		e.Escape = r
	}
	e.At = p.from(start)
	return e
}

// is reads IS [NOT] NULL, TRUE, FALSE, UNKNOWN and DISTINCT FROM.
func (p *parser) is(x Expr, start int) Expr {
	p.i++
	if p.isOp("!") {
		p.refuse("SYNTAX_DISCONTINUED.BANG_EQUALS_NOT", p.tok().pos, "write IS NOT", "'!' cannot stand for NOT after IS")
	}
	not := p.acceptWord("NOT") != ""
	switch w := p.acceptWord("NULL", "TRUE", "FALSE", "UNKNOWN", "DISTINCT"); w {
	case "":
		p.fail("NULL, TRUE, FALSE, UNKNOWN or DISTINCT FROM", "NULL", "TRUE", "FALSE", "UNKNOWN", "DISTINCT")
		return nil
	case "NULL":
		return &IsNull{p.from(start), x, not}
	case "DISTINCT":
		p.expectWords("FROM")
		right := p.value(precCompare)
		return &IsDistinct{p.from(start), x, right, not}
	default:
		return &IsBool{p.from(start), x, w, not}
	}
}

// starExpr reads an expression where * may stand alone: a select item or an argument.
func (p *parser) starExpr() Expr {
	p.star = p.i
	return p.expr()
}

// queryAt reports whether a query begins at token i, perhaps after several opening parentheses.
func (p *parser) queryAt(i int) bool {
	for i < len(p.toks) && p.toks[i].kind == tkOp && p.toks[i].up == "(" {
		i++
	}
	t, next := p.toks[i], p.toks[min(i+1, len(p.toks)-1)]
	if t.kind != tkWord {
		return false
	}
	switch t.up {
	case "SELECT":
		return true
	case "WITH":
		return next.kind == tkWord || next.kind == tkQuoted
	case "VALUES":
		return next.kind != tkOp || next.up == "("
	case "FROM":
		return next.kind == tkWord && (!aliasStops[next.up] || next.up == "VALUES") || next.kind == tkQuoted || next.kind == tkOp && next.up == "("
	case "TABLE":
		return next.kind == tkWord && !aliasStops[next.up] || next.kind == tkQuoted
	}
	return false
}

// queryOrExpr reads what follows an opening parenthesis, of which ((SELECT 1) + 2) and
// ((SELECT 1) UNION SELECT 2) show their nature only later. Exactly one result is set.
func (p *parser) queryOrExpr() (*Query, Expr) {
	if !p.queryAt(p.i) {
		return nil, p.starExpr()
	}
	if !p.isOp("(") {
		return p.query(), nil
	}
	p.enter()
	defer p.leave()
	start := p.start()
	p.i++
	q, x := p.queryOrExpr()
	if q == nil { // ((SELECT 1) + 2) …, or the first item of a row ((SELECT 1), 2)
		p.pending = p.parenRest(start, x)
		return nil, p.expr()
	}
	p.expectOp(")")
	if p.isOp(")") || p.isQueryTail() {
		return p.queryFrom(start, q), nil
	}
	p.pending = &Subquery{p.from(start), q}
	return nil, p.expr()
}

// isQueryTail reports what can follow a parenthesised query within a longer query.
func (p *parser) isQueryTail() bool {
	return p.isWord("UNION", "INTERSECT", "EXCEPT", "MINUS", "LIMIT", "OFFSET", "WINDOW") || p.isClause() || p.isPipe()
}
