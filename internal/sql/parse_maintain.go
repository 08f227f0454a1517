package sql

import "strings"

// cache reads CACHE [LAZY] TABLE name [OPTIONS (…)] [[AS] query].
func (p *parser) cache() Statement {
	start := p.start()
	p.i++
	c := &Cache{Lazy: p.acceptWord("LAZY") != ""}
	p.expectWords("TABLE")
	c.Name = p.name("a table name")
	if p.acceptWord("OPTIONS") != "" {
		c.Options = p.options(false)
	}
	if as := p.acceptWord("AS") != ""; as || p.queryAt(p.i) {
		if len(c.Name.Parts) > 1 {
			p.refuse(classNotAllowed, c.Name.Pos, "write "+quoteIfNeeded(c.Name.Last().Name), "A cached query belongs to no schema")
		}
		from := p.start()
		c.Query = p.query()
		c.Text = p.src.Text[from:p.prev().pos.End]
	}
	c.At = p.from(start)
	return c
}

func (p *parser) uncache() Statement {
	start := p.start()
	p.i++
	p.expectWords("TABLE")
	u := &Uncache{IfExists: p.acceptWords("IF", "EXISTS")}
	u.Name = p.name("a table name")
	u.At = p.from(start)
	return u
}

func (p *parser) clearCache() Statement {
	start := p.start()
	p.i++
	p.expectWords("CACHE")
	return &Maintain{At: p.from(start), What: "CLEAR CACHE"}
}

// refresh reads REFRESH TABLE | FUNCTION name and REFRESH 'path'.
func (p *parser) refresh() Statement {
	start := p.start()
	p.i++
	m := &Maintain{}
	next := p.peek(1)
	named := next.kind == tkWord || next.kind == tkQuoted
	switch {
	case named && p.acceptWord("TABLE") != "":
		m.What, m.Name = "REFRESH TABLE", p.name("a table name")
	case named && p.acceptWord("FUNCTION") != "":
		m.What, m.Name = "REFRESH FUNCTION", p.name("a function name")
	case p.tok().kind == tkString:
		m.What, m.Rest = "REFRESH", p.stringText("a path")
	default:
		if m.What, m.Rest = "REFRESH", p.rawUntil(""); m.Rest == "" {
			p.fail("TABLE and a name, or a path in quotes", "TABLE", "FUNCTION")
		}
	}
	m.At = p.from(start)
	return m
}

// analyze reads ANALYZE TABLE name … and ANALYZE TABLES [IN schema] ….
func (p *parser) analyze() Statement {
	start := p.start()
	p.i++
	m := &Maintain{What: "ANALYZE TABLES"}
	var w printer
	if p.acceptWord("TABLES") != "" {
		if p.acceptWord("IN", "FROM") != "" {
			m.Name = p.name("the name of a schema")
		}
	} else {
		p.expectWords("TABLE")
		m.What, m.Name = "ANALYZE TABLE", p.name("a table name")
		w.partitionSpec(p.partitionSpec())
	}
	p.expectWords("COMPUTE", "STATISTICS")
	w.put(" COMPUTE STATISTICS")
	switch {
	case p.isWord("FOR") && m.What == "ANALYZE TABLE":
		p.i++
		if p.acceptWords("ALL", "COLUMNS") {
			w.put(" FOR ALL COLUMNS")
			break
		}
		p.expectWords("COLUMNS")
		w.put(" FOR COLUMNS ")
		w.idents(list(p, func() Ident { return p.nameIdent("a column") }), ", ")
	case p.tok().kind == tkWord:
		if !p.isWord("NOSCAN") {
			p.refuse("INVALID_SQL_SYNTAX.ANALYZE_TABLE_UNEXPECTED_NOSCAN", p.tok().pos, "write NOSCAN, FOR COLUMNS a, b or FOR ALL COLUMNS", "%s cannot follow COMPUTE STATISTICS", p.tok().text)
		}
		p.i++
		w.put(" NOSCAN")
	}
	m.Rest = strings.TrimPrefix(w.b.String(), " ")
	m.At = p.from(start)
	return m
}

// repair reads [MSCK] REPAIR TABLE name [ADD | DROP | SYNC PARTITIONS].
func (p *parser) repair() Statement {
	start := p.start()
	p.acceptWord("MSCK")
	p.expectWords("REPAIR", "TABLE")
	m := &Maintain{What: "REPAIR TABLE", Name: p.name("a table name")}
	if w := p.acceptWord("ADD", "DROP", "SYNC"); w != "" {
		p.expectWords("PARTITIONS")
		m.Rest = w + " PARTITIONS"
	}
	m.At = p.from(start)
	return m
}
