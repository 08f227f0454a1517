package sql

// showWords may follow SHOW.
var showWords = []string{"TABLES", "SCHEMAS", "DATABASES", "FUNCTIONS", "COLUMNS", "CREATE", "VIEWS", "TBLPROPERTIES", "CATALOGS", "PARTITIONS", "CURRENT", "COLLATIONS"}

// show reads SHOW ….
func (p *parser) show() Statement {
	start := p.start()
	p.i++
	s := &Show{}
	t := p.tok()
	switch {
	case p.acceptWord("TABLES") != "":
		p.showList(s, "TABLES")
	case p.acceptWord("VIEWS") != "":
		p.showList(s, "VIEWS")
	case p.acceptWord("SCHEMAS", "DATABASES", "NAMESPACES") != "":
		p.showList(s, "SCHEMAS")
	case p.acceptWord("CATALOGS") != "":
		s.What = "CATALOGS"
		p.showPattern(s)
	case p.isWord("FUNCTIONS") || p.isWord("ALL", "SYSTEM", "USER") && p.peek(1).up == "FUNCTIONS":
		if !p.isWord("FUNCTIONS") {
			s.Scope = p.advance().up
		}
		p.i++
		p.showFunctions(s)
	case p.acceptWord("COLUMNS") != "":
		p.showColumns(s)
	case p.acceptWords("CREATE", "TABLE"):
		s.What, s.Name = "CREATE TABLE", p.name("a table name")
		if p.isWords("AS", "SERDE") {
			p.unsupported(p.tok().pos, "AS SERDE", "leave it out")
		}
	case p.acceptWord("TBLPROPERTIES") != "":
		s.What, s.Name = "TBLPROPERTIES", p.name("a table name")
		if p.acceptOp("(") {
			s.Key, _ = p.optionKey()
			p.expectOp(")")
		}
	case p.isWord("PARTITIONS"):
		p.i++
		s.What, s.Name = "PARTITIONS", p.name("a table name")
		s.Partition = p.partitionSpec()
	case p.acceptWords("TABLE", "EXTENDED"):
		p.showExtended(s)
	case p.isWord("CURRENT") && p.peek(1).up != "ROLES":
		p.i++
		if p.acceptWord("SCHEMA", "DATABASE", "NAMESPACE") == "" {
			p.fail("SCHEMA", "SCHEMA", "DATABASE", "NAMESPACE")
		}
		s.What = "CURRENT SCHEMA"
	case p.acceptWord("COLLATIONS") != "":
		s.What = "COLLATIONS"
		p.showPattern(s)
	case p.isWord("TABLE"):
		p.i++
		p.fail("EXTENDED LIKE 'pattern'; or write SHOW TABLES", "EXTENDED")
	case p.isWord("PROCEDURES"):
		p.unsupported(t.pos, "SHOW "+t.up, "there are no procedures")
	case p.isWord("GRANT", "ROLE", "ROLES", "PRINCIPALS", "COMPACTIONS", "TRANSACTIONS", "INDEXES", "LOCKS"), p.isWords("CURRENT", "ROLES"):
		p.refuse(classStatement, t.pos, "SHOW TABLES, SCHEMAS, VIEWS, FUNCTIONS, COLUMNS and CREATE TABLE are there", "There is no SHOW %s in Spark SQL", t.up)
	case t.kind == tkWord && p.peek(1).kind == tkWord && p.peek(1).up == "FUNCTIONS":
		p.refuse("INVALID_SQL_SYNTAX.SHOW_FUNCTIONS_INVALID_SCOPE", t.pos, "write ALL, SYSTEM, USER or nothing", "%s is no kind of functions", t.text)
	default:
		p.fail("TABLES, SCHEMAS, VIEWS, FUNCTIONS, COLUMNS or CREATE TABLE", showWords...)
	}
	s.At = p.from(start)
	return s
}

// showExtended reads [IN schema] LIKE 'pattern' [PARTITION (…)].
func (p *parser) showExtended(s *Show) {
	s.What = "TABLE EXTENDED"
	if p.acceptWord("IN", "FROM") != "" {
		s.Name = p.name("the name of a schema")
	}
	if !p.isWord("LIKE") {
		p.fail("LIKE and a pattern in quotes", "LIKE")
	}
	p.showPattern(s)
	s.Partition = p.partitionSpec()
}

// showList reads [IN schema] [LIKE 'pattern'].
func (p *parser) showList(s *Show, what string) {
	s.What = what
	if p.acceptWord("IN", "FROM") != "" {
		s.Name = p.name("the name of a schema")
	}
	p.showPattern(s)
}

func (p *parser) showPattern(s *Show) {
	like := p.acceptWord("LIKE") != ""
	if like || p.tok().kind == tkString {
		s.Pattern, s.Like = p.stringText("a pattern in quotes, such as 'a*'"), true
	}
}

func (p *parser) showFunctions(s *Show) {
	s.What = "FUNCTIONS"
	if p.acceptWord("IN", "FROM") != "" {
		s.Name = p.name("the name of a schema")
	}
	like := p.acceptWord("LIKE") != ""
	if p.isIdent() {
		s.Pattern, s.Like = p.name("a function name").String(), true
	} else if like || p.tok().kind == tkString {
		s.Pattern, s.Like = p.stringText("a pattern in quotes, such as 'a*'"), true
	}
}

func (p *parser) showColumns(s *Show) {
	s.What = "COLUMNS"
	if p.acceptWord("IN", "FROM") == "" {
		p.fail("FROM and a table name", "FROM", "IN")
	}
	s.Name = p.name("a table name")
	if p.acceptWord("IN", "FROM") != "" {
		ns := p.name("the name of a schema")
		s.Name.Parts = append(ns.Parts, s.Name.Last())
	}
}

// describeStmt reads DESCRIBE of a table, query, function or schema.
func (p *parser) describeStmt() Statement {
	start := p.start()
	p.i++
	d := &Describe{What: "TABLE"}
	next := p.peek(1)
	named := next.kind == tkWord || next.kind == tkQuoted
	switch {
	case p.isWord("FUNCTION") && (named || next.kind == tkString || next.kind == tkOp && functionOps[next.up]):
		p.i++
		d.What = "FUNCTION"
		d.Extended = p.isWord("EXTENDED") && p.peek(1).kind != tkEOF && p.peek(1).up != ";" && p.acceptWord("EXTENDED") != ""
		d.Name = p.functionName()
	case p.isWord("SCHEMA", "DATABASE", "NAMESPACE") && named:
		p.i++
		d.What = "SCHEMA"
		d.Extended = p.isWord("EXTENDED") && (p.peek(1).kind == tkWord || p.peek(1).kind == tkQuoted) && p.acceptWord("EXTENDED") != ""
		d.Name = p.name("the name of a schema")
	case p.isWord("PROCEDURE") && named:
		p.unsupported(p.tok().pos, "DESCRIBE PROCEDURE", "there are no procedures")
	case p.isWord("QUERY") && p.queryAt(p.i+1):
		p.i++
		d.What, d.Query = "QUERY", p.query()
	case p.queryAt(p.i) && !(p.isWord("TABLE") && named):
		d.What, d.Query = "QUERY", p.query()
	default:
		p.describeTable(d)
	}
	d.At = p.from(start)
	return d
}

// functionOps are the operators that DESCRIBE FUNCTION explains.
var functionOps = func() map[string]bool {
	m := set("! = == <=> <> != < <= > >= + - * / % ~ & | || ^ << >> >>>")
	return m
}()

// functionName reads the name of a function or an operator, also in quotes.
func (p *parser) functionName() Name {
	t := p.tok()
	one := Name{At: At{t.pos}, Parts: []Ident{{At{t.pos}, t.text, true}}}
	switch {
	case t.kind == tkString:
		one.Parts[0].Name = p.stringText("a function name")
		if one.Parts[0].Name == "" {
			p.refuse(classSyntax, t.pos, "write a name", "The name of the function is empty")
		}
		return one
	case t.kind == tkOp && functionOps[t.up], p.isWord("AND", "OR", "NOT", "IN", "DIV"):
		p.i++
		return one
	}
	return p.name("a function name")
}

// checkColumn refuses a column together with what Spark has not for columns.
func (p *parser) checkColumn(d *Describe) {
	switch {
	case len(d.Column.Parts) == 0:
	case len(d.Partition) > 0:
		p.refuse("UNSUPPORTED_FEATURE.DESC_TABLE_COLUMN_PARTITION", d.Column.Pos, "leave one of the two out", "DESCRIBE of a column takes no PARTITION")
	case p.isWords("AS", "JSON"):
		p.refuse("UNSUPPORTED_FEATURE.DESC_TABLE_COLUMN_JSON", p.tok().pos, "leave AS JSON out", "DESCRIBE of a column takes no AS JSON")
	}
}

// describeTable reads [TABLE] [EXTENDED | FORMATTED] name [column].
func (p *parser) describeTable(d *Describe) {
	named := func() bool {
		k := p.peek(1).kind
		return k == tkWord || k == tkQuoted
	}
	if p.isWord("TABLE") && named() {
		p.i++
	}
	if p.isWord("EXTENDED", "FORMATTED") && named() && p.peek(1).up != "AS" {
		p.i++
		d.Extended = true
	}
	d.Name = p.name("a table name")
	d.Partition = p.partitionSpec()
	for _, v := range d.Partition {
		if v.X == nil {
			p.refuse("INVALID_SQL_SYNTAX.EMPTY_PARTITION_VALUE", v.Pos, "write "+v.Name.Name+" = value", "The partition column %s has no value", v.Name.Name)
		}
	}
	if p.isIdent() {
		d.Column = p.plainName("a column name")
	}
	at := p.tok().pos
	p.checkColumn(d)
	if d.JSON = p.acceptWords("AS", "JSON"); d.JSON && !d.Extended {
		p.refuse("DESCRIBE_JSON_NOT_EXTENDED", at, "write DESCRIBE EXTENDED … AS JSON", "AS JSON goes only with EXTENDED")
	}
}
