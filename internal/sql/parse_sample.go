package sql

import (
	"strconv"

	"github.com/azud/azud/internal/types"
)

// classNotAllowed is for what Spark refuses with "Operation not allowed" and no class of a name.
const classNotAllowed = "OPERATION_NOT_ALLOWED"

// classTableOp is for changes of tables that Spark has for tables of other systems only.
const classTableOp = "UNSUPPORTED_FEATURE.TABLE_OPERATION"

// classStatement is for statements and clauses that neither Spark nor Azud has.
const classStatement = "INVALID_STATEMENT_OR_CLAUSE"

// isSample reports TABLESAMPLE with what follows it.
func (p *parser) isSample() bool {
	next := p.peek(1)
	return p.isWord("TABLESAMPLE") && (next.kind == tkOp && next.up == "(" ||
		next.kind == tkWord && (next.up == "SYSTEM" || next.up == "BERNOULLI") && p.peek(2).up == "(")
}

// sample reads TABLESAMPLE [BERNOULLI | SYSTEM] (…) [REPEATABLE (seed)], or nil.
func (p *parser) sample() *Sample {
	if !p.isSample() {
		return nil
	}
	start := p.start()
	p.i++
	s := &Sample{System: p.acceptWord("SYSTEM", "BERNOULLI") == "SYSTEM"}
	p.expectOp("(")
	if p.isOp(")") {
		p.refuse(classNotAllowed, p.from(start).Pos, "write for example TABLESAMPLE (10 PERCENT)", "TABLESAMPLE does not say how much to take")
	}
	if p.isWord("BUCKET") && p.peek(1).kind != tkOp {
		p.sampleBucket(s)
	} else {
		p.sampleSize(s)
	}
	p.expectOp(")")
	if p.isWord("REPEATABLE") && p.peek(1).up == "(" {
		p.i += 2
		s.Seed = p.wholeNumber("a whole number as seed")
		p.expectOp(")")
	}
	s.At = p.from(start)
	return s
}

// sampleSize reads n PERCENT or n ROWS.
func (p *parser) sampleSize(s *Sample) {
	start := p.start()
	s.Size = p.expr()
	at := p.from(start)
	switch p.acceptWord("PERCENT", "ROWS") {
	case "PERCENT":
		n, isNumber := s.Size.(*NumberLit)
		if _, isParam := s.Size.(*Param); !isParam && (!isNumber || n.Type.Kind == types.Double || n.Type.Kind == types.Float) {
			p.refuse(classSyntax, at.Pos, "write for example TABLESAMPLE (10 PERCENT)", "The percentage is not a plain number")
		}
		if isNumber {
			p.fraction(n, at, 100)
		}
	case "ROWS":
		s.Kind = SampleRows
	default:
		if t := p.tok(); t.kind == tkOp && t.up == ")" {
			p.unsupported(at.Pos, "TABLESAMPLE by size in bytes", "write TABLESAMPLE (10 PERCENT) or TABLESAMPLE (5 ROWS)")
		}
		p.fail("PERCENT or ROWS", "PERCENT", "ROWS")
	}
}

// fraction refuses what is not between 0 and whole.
func (p *parser) fraction(n *NumberLit, at At, whole float64) {
	if f, err := strconv.ParseFloat(n.Text, 64); err != nil || f < 0 || f > whole {
		p.refuse("INVALID_SAMPLING_FRACTION", at.Pos, "take between 0 and 100 PERCENT", "The sample is larger than the whole, or less than nothing")
	}
}

// sampleBucket reads BUCKET x OUT OF y.
func (p *parser) sampleBucket(s *Sample) {
	start := p.start()
	p.i++
	s.Kind = SampleBucket
	s.Bucket = p.wholeNumber("the number of buckets to take")
	p.expectWords("OUT", "OF")
	s.Size = p.wholeNumber("the number of all buckets")
	if p.isWord("ON") {
		p.unsupported(p.tok().pos, "TABLESAMPLE (BUCKET … ON …)", "leave ON out, or filter with WHERE hash(x) % 10 = 0")
	}
	b, bok := s.Bucket.(*NumberLit)
	n, nok := s.Size.(*NumberLit)
	if bok && nok {
		whole, err := strconv.ParseFloat(n.Text, 64)
		if err != nil || whole == 0 {
			p.refuse("INVALID_SAMPLING_FRACTION", n.Pos, "write at least 1", "There are no buckets to take from")
		}
		p.fraction(b, p.from(start), whole)
	}
}

// wholeNumber reads digits or a parameter.
func (p *parser) wholeNumber(what string) Expr {
	if p.isParam() {
		return p.param()
	}
	if t := p.tok(); t.kind != tkNumber || t.num != numInt {
		p.fail(what)
	}
	return p.number(false)
}
