package sql

import (
	"iter"

	"github.com/azud/azud/internal/errs"
)

// Statements reads a script statement by statement. After one that cannot be read it yields the
// error and goes on behind the next semicolon. A text whose tokens cannot be told apart gives one
// error.
func Statements(src *errs.Source, expand Expander) iter.Seq2[Statement, error] {
	return func(yield func(Statement, error) bool) {
		var p *parser
		if err := func() (err error) {
			defer caught(&err)
			p = newParserWith(src, expand)
			return nil
		}(); err != nil {
			yield(nil, err)
			return
		}
		for {
			st, err := p.next()
			if st == nil && err == nil || !yield(st, err) {
				return
			}
			if err != nil {
				p.skip()
			}
		}
	}
}

// next reads one statement; nil at the end of the text.
func (p *parser) next() (st Statement, err error) {
	defer caught(&err)
	for p.acceptOp(";") {
	}
	if p.tok().kind == tkEOF {
		return nil, nil
	}
	p.links, p.params, p.depth, p.pending, p.star = 0, 0, 0, nil, -1
	st = p.statement()
	if p.tok().kind != tkEOF && !p.isOp(";") {
		p.fail("the end of the statement", clauseWords...)
	}
	return st, nil
}

// skip passes everything up to a semicolon.
func (p *parser) skip() {
	for p.tok().kind != tkEOF && !p.isOp(";") {
		p.i++
	}
}
