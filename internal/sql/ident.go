package sql

import (
	"strings"

	"github.com/azud/azud/internal/errs"
)

// reserved words are never an identifier unless quoted, or written after AS or a dot. Spark
// reserves none of them, and so reads SELECT a, FROM t as a column FROM named t; here the
// forgotten column is reported instead.
var reserved = set("SELECT FROM WHERE HAVING AND OR NOT AS WHEN THEN CASE IS BETWEEN DISTINCT ALL")

// strictReserved are the words that Spark allows as a column but not as the name of a table's
// alias (Spark: strictNonReserved).
var strictReserved = set("ANTI CROSS EXCEPT FULL INNER INTERSECT JOIN LATERAL LEFT NATURAL ON RIGHT SEMI MINUS UNION USING")

// aliasStops begin what follows an expression or a relation; without AS they are no alias.
var aliasStops = set("FROM WHERE GROUP HAVING ORDER LIMIT OFFSET WINDOW CLUSTER DISTRIBUTE SORT LATERAL WATERMARK " +
	"TABLESAMPLE PIVOT UNPIVOT QUALIFY INTO WITH SET VALUES SELECT FETCH THEN ELSE END WHEN AND OR NOT IS BETWEEN IN LIKE ILIKE RLIKE REGEXP ASC DESC NULLS AS " +
	"DELAY")

func set(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}

// isIdent reports whether the current token can be an identifier.
func (p *parser) isIdent() bool {
	t := p.tok()
	return t.kind == tkQuoted || t.kind == tkWord && !reserved[t.up] && !p.isClause()
}

// isClause reports GROUP BY, ORDER BY and the like, whose first word alone may be a name.
func (p *parser) isClause() bool {
	return p.isWord("GROUP", "ORDER", "CLUSTER", "DISTRIBUTE", "SORT", "PARTITION") && p.peek(1).kind == tkWord && p.peek(1).up == "BY"
}

// ident reads an identifier; what says for what.
func (p *parser) ident(what string) Ident {
	if !p.isIdent() {
		p.fail(what)
	}
	return p.anyIdent(what)
}

// anyIdent reads an identifier that may be any keyword, as after AS or a dot.
func (p *parser) anyIdent(what string) Ident {
	t := p.tok()
	switch t.kind {
	case tkQuoted:
		if t.text == "" {
			p.refuse(classSyntax, t.pos, "give it a name", "A quoted name is empty")
		}
		p.i++
		return Ident{At{t.pos}, t.text, true}
	case tkWord:
		if p.isIdentClause() && p.peek(2).kind == tkString {
			return p.identPart()
		}
		p.i++
		if !isASCIIWord(t.text) {
			p.badIdent(t.text, t.pos)
		}
		return Ident{At{t.pos}, t.text, false}
	}
	p.fail(what)
	return Ident{}
}

// isASCIIWord reports ASCII letters, digits and underscores only.
func isASCIIWord(s string) bool {
	for i := range len(s) {
		if !isIdentByte(s[i]) {
			return false
		}
	}
	return true
}

// badIdent refuses a name that needs backquotes (Spark: INVALID_IDENTIFIER).
func (p *parser) badIdent(text string, pos errs.Span) {
	panic(bail{errs.New(classIdent, "The unquoted name %s is not valid: only ASCII letters, digits and _ may stand without quotes", text).
		State("42602").At(p.src, pos).WithHint("write %s", quoteIdent(text))})
}

// name reads a dotted name; my-table is refused with the quoted form.
func (p *parser) name(what string) Name {
	start := p.start()
	var parts []Ident
	if p.isIdentClause() {
		ids, x := p.identClause()
		if x != nil {
			return Name{At: p.from(start), Expr: x}
		}
		parts = ids
	} else {
		parts = []Ident{p.nameIdent(what)}
	}
	for p.acceptOp(".") {
		parts = append(parts, p.dashed(p.anyIdent("a name after the dot")))
	}
	return Name{At: p.from(start), Parts: parts}
}

// plainName reads a name that is known when the text is read: IDENTIFIER takes a plain text here.
func (p *parser) plainName(what string) Name {
	n := p.name(what)
	if n.Expr != nil {
		p.refuse(classSyntax, n.Pos, "write the name itself, or IDENTIFIER('name')", "IDENTIFIER takes only a plain text here")
	}
	return n
}

// nameIdent reads an identifier where no expression can follow.
func (p *parser) nameIdent(what string) Ident { return p.dashed(p.ident(what)) }

// dashed refuses id-more, which needs quotes.
func (p *parser) dashed(id Ident) Ident {
	if p.isOp("-") && p.peek(1).kind == tkWord && !id.Quoted {
		end := p.i
		for p.toks[end].kind == tkOp && p.toks[end].up == "-" && p.toks[min(end+1, len(p.toks)-1)].kind == tkWord {
			end += 2
		}
		span := errs.Span{Start: id.Pos.Start, End: p.toks[end-1].pos.End}
		p.badIdent(p.src.Text[span.Start:span.End], span)
	}
	return id
}

// alias reads an alias with or without AS; ok is false when there is none.
func (p *parser) alias() (id Ident, ok bool) {
	if p.acceptWord("AS") != "" {
		return p.dashed(p.anyIdent("a name after AS")), true
	}
	t := p.tok()
	if t.kind == tkQuoted || t.kind == tkWord && (!aliasStops[t.up] || p.isQualifyName()) && !strictReserved[t.up] && !p.isNearest() && !p.isHive() {
		return p.dashed(p.anyIdent("a name")), true
	}
	return Ident{}, false
}

// isQualifyName reports QUALIFY at the end of a query, where it is a name and no clause.
func (p *parser) isQualifyName() bool {
	next := p.peek(1)
	return p.isWord("QUALIFY") && (next.kind == tkEOF || next.kind == tkOp && (next.up == ")" || next.up == "," || next.up == ";"))
}

// isNearest reports APPROX NEAREST or EXACT NEAREST, which follow a JOIN.
func (p *parser) isNearest() bool {
	return p.isWord("APPROX", "EXACT") && p.peek(1).kind == tkWord && p.peek(1).up == "NEAREST"
}

// isHive reports INSERT INTO, MAP or REDUCE, which may follow FROM t.
func (p *parser) isHive() bool {
	next := p.peek(1)
	switch {
	case p.isWord("INSERT"):
		return next.kind == tkWord && (next.up == "INTO" || next.up == "OVERWRITE")
	case p.isWord("MAP", "REDUCE"):
		return next.kind == tkQuoted || next.kind == tkWord && !aliasStops[next.up] && !strictReserved[next.up]
	}
	return false
}

// identList is (a, b, …).
func (p *parser) identList(what string) []Ident {
	return paren(p, func() Ident { return p.nameIdent(what) })
}
