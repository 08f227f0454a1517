package sql

import (
	"cmp"

	"github.com/azud/azud/internal/errs"
)

// create reads CREATE ….
func (p *parser) create() Statement {
	start := p.start()
	replace := p.acceptWord("REPLACE") != ""
	if !replace {
		p.i++
		if p.isWords("OR", "REFRESH") {
			p.refuse(classSyntax, p.tok().pos, "leave it out", "Spark has no CREATE OR REFRESH")
		}
		if p.acceptWord("OR") != "" {
			p.expectWords("REPLACE")
			replace = true
		}
	}
	global := p.acceptWord("GLOBAL") != ""
	temp := p.acceptWord("TEMPORARY", "TEMP") != ""
	if p.isWord("EXTERNAL") {
		p.unsupported(p.tok().pos, "EXTERNAL", "leave it out and write USING with its OPTIONS")
	}
	plain := !replace && !global && !temp
	t := p.tok()
	switch {
	case p.acceptWord("VIEW") != "":
		return p.createView(start, &CreateView{OrReplace: replace, Global: global, Temporary: temp})
	case global:
		p.fail("TEMPORARY VIEW", "TEMPORARY", "VIEW")
	case p.acceptWord("TABLE") != "":
		return p.createTable(start, &CreateTable{OrReplace: replace, Temporary: temp})
	case plain && p.acceptWords("STREAMING", "TABLE"):
		return p.createDataset(start, &CreateDataset{})
	case plain && p.acceptWords("MATERIALIZED", "VIEW"):
		return p.createDataset(start, &CreateDataset{Materialized: true})
	case p.isWord("STREAMING", "MATERIALIZED") && !plain:
		p.refuse(classSyntax, t.pos, "write CREATE "+t.up+" … without OR REPLACE or TEMPORARY", "CREATE %s takes neither OR REPLACE nor TEMPORARY", t.up)
	case plain && p.acceptWord("FLOW") != "":
		return p.createFlow(start)
	case plain && p.acceptWord("SCHEMA", "DATABASE", "NAMESPACE") != "":
		return p.createSchema(start)
	}
	p.notCreated(t, plain)
	return nil
}

// notCreated explains what cannot be created.
func (p *parser) notCreated(t *token, plain bool) {
	switch t.up {
	case "FUNCTION":
		p.unsupported(t.pos, "CREATE FUNCTION", "write the expression itself, or a view")
	case "ROLE", "MACRO":
		p.refuse(classStatement, t.pos, "leave it out", "There is no CREATE %s", t.up)
	case "INDEX":
		p.unsupported(t.pos, "CREATE "+t.up, "leave it out")
	case "STREAM", "SOURCE", "TOPIC":
		p.refuse(classSyntax, t.pos, "write CREATE TABLE … USING kafka OPTIONS (subscribe 'topic', format 'json') and read it with FROM STREAM name",
			"There is no CREATE %s", t.up)
	case "SINK":
		p.refuse(classSyntax, t.pos, "write CREATE TABLE … USING connector OPTIONS (…) and CREATE FLOW … AS INSERT INTO it BY NAME SELECT …",
			"There is no CREATE SINK")
	case "LIVE":
		p.refuse(classSyntax, t.pos, "write CREATE MATERIALIZED VIEW or CREATE STREAMING TABLE", "There is no CREATE LIVE")
	}
	if plain {
		p.fail("TABLE, VIEW, STREAMING TABLE, MATERIALIZED VIEW or FLOW", "TABLE", "VIEW", "STREAMING", "MATERIALIZED", "FLOW", "TEMPORARY")
	}
	p.fail("TABLE or VIEW", "TABLE", "VIEW", "TEMPORARY")
}

// ifNotExists reads IF NOT EXISTS.
func (p *parser) ifNotExists() bool {
	if !p.isWords("IF", "NOT") {
		if p.isWords("IF", "EXISTS") {
			p.fail("IF NOT EXISTS")
		}
		return false
	}
	p.expectWords("IF", "NOT", "EXISTS")
	return true
}

// clauses are what may follow the columns of a table, in any order.
type clauses struct {
	options    []Option
	partition  []Ident
	columns    []ColumnDef // PARTITIONED BY (a INT)
	cluster    []Name
	location   string
	comment    string
	properties []Option
	seen       map[string]errs.Span
	class      string // of the error when a clause comes twice; "" is DUPLICATE_CLAUSES
}

// onceClause notes a clause and refuses it the second time.
func (p *parser) onceClause(c *clauses) {
	t := p.tok()
	if c.seen == nil {
		c.seen = map[string]errs.Span{}
	}
	if _, ok := c.seen[t.up]; ok {
		p.refuse(cmp.Or(c.class, "DUPLICATE_CLAUSES"), t.pos, "join the two into one", "%s is written twice", t.up)
	}
	c.seen[t.up] = t.pos
	p.i++
}

// tableClauses reads OPTIONS, PARTITIONED BY, LOCATION, COMMENT and TBLPROPERTIES.
func (p *parser) tableClauses() clauses {
	c := clauses{seen: map[string]errs.Span{}}
	for {
		switch t := p.tok(); {
		case p.isWord("OPTIONS"):
			p.onceClause(&c)
			c.options = p.options(true)
		case p.isWord("PARTITIONED"):
			p.onceClause(&c)
			p.expectWords("BY")
			p.partitionColumns(&c)
		case p.isWords("CLUSTER", "BY"):
			p.onceClause(&c)
			p.i++
			c.cluster = paren(p, func() Name { return p.plainName("a column") })
		case p.isWord("LOCATION"):
			p.onceClause(&c)
			c.location = p.stringText("the path in quotes")
		case p.isWord("COMMENT"):
			p.onceClause(&c)
			c.comment = p.stringText("the comment in quotes")
		case p.isWord("TBLPROPERTIES"):
			p.onceClause(&c)
			c.properties = p.options(false)
		case p.isWord("CLUSTERED", "ROW", "STORED", "DEFAULT"):
			p.unsupported(t.pos, t.up+" in CREATE TABLE", "write USING with a connector and its OPTIONS")
		case p.isWord("SKEWED"):
			p.refuse(classStatement, t.pos, "leave it out", "A table USING a connector takes no SKEWED BY")
		case p.isWord("USING"):
			p.refuse(classSyntax, t.pos, "put it before OPTIONS, COMMENT and the other clauses", "USING comes right after the columns")
		case p.isWord("WITH") && p.peek(1).up == "(" && !p.queryAt(p.i):
			p.refuse(classSyntax, t.pos, "write OPTIONS (key 'value')", "A table takes its options with OPTIONS, not WITH")
		default:
			return c
		}
	}
}

func (p *parser) createTable(start int, c *CreateTable) Statement {
	c.IfNotExists = p.ifNotExists()
	if c.IfNotExists && c.OrReplace {
		p.refuse(classSyntax, p.prev().pos, "choose one of the two", "OR REPLACE and IF NOT EXISTS exclude each other")
	}
	c.Name = p.name("the name of the table")
	if p.isWord("LIKE") {
		return p.createLike(start, c)
	}
	c.Columns = p.columnDefs()
	if p.acceptWord("USING") != "" {
		c.Using = p.plainName("a connector such as kafka")
	}
	cl := p.tableClauses()
	if pos, ok := cl.seen["CLUSTER"]; ok {
		p.unsupported(pos, "CLUSTER BY in CREATE TABLE", "leave it out")
	}
	c.Options, c.PartitionBy, c.Location = cl.options, cl.partition, cl.location
	c.Comment, c.Properties = cl.comment, cl.properties
	c.Columns = p.allColumns(c.Columns, cl.columns)
	c.Query = p.asQuery(false)
	c.At = p.from(start)
	p.checkTable(c)
	return c
}

// checkTable refuses what goes not together in CREATE TABLE.
func (p *parser) checkTable(c *CreateTable) {
	switch {
	case c.Query != nil && len(c.Columns) > 0:
		p.refuse(classNotAllowed, c.Columns[0].Pos, "leave the columns out; cast them in the query: CAST(a AS INT) AS a", "CREATE TABLE … AS takes its columns from the query")
	case c.Query != nil && c.Temporary:
		p.refuse(classNotAllowed, c.Pos, "write CREATE TEMPORARY VIEW … AS", "CREATE TEMPORARY TABLE … AS does not exist")
	case c.Temporary && c.IfNotExists:
		p.refuse(classStatement, c.Name.Pos, "write CREATE TEMPORARY VIEW", "CREATE TEMPORARY TABLE takes no IF NOT EXISTS")
	}
}

// createLike reads the rest of CREATE TABLE name LIKE source.
func (p *parser) createLike(start int, t *CreateTable) Statement {
	if t.Temporary || t.OrReplace {
		p.refuse(classSyntax, p.tok().pos, "write CREATE TABLE … LIKE", "CREATE TABLE … LIKE takes neither OR REPLACE nor TEMPORARY")
	}
	p.i++
	l := &CreateTableLike{IfNotExists: t.IfNotExists, Name: t.Name, Source: p.name("the table whose columns to take")}
	if p.acceptWord("USING") != "" {
		l.Using = p.plainName("a format such as parquet")
	}
	cl := p.tableClauses()
	for _, word := range []string{"OPTIONS", "PARTITIONED", "CLUSTER", "COMMENT"} {
		if pos, ok := cl.seen[word]; ok {
			p.refuse(classSyntax, pos, "leave it out, or write CREATE TABLE … AS SELECT * FROM … WHERE FALSE", "CREATE TABLE … LIKE takes no %s", word)
		}
	}
	l.Location, l.Properties = cl.location, cl.properties
	l.At = p.from(start)
	return l
}

// asQuery reads [AS] query, or nil.
func (p *parser) asQuery(must bool) *Query {
	as := p.acceptWord("AS") != ""
	if as || p.queryAt(p.i) {
		return p.query()
	}
	if must {
		p.fail("AS and a query", "AS")
	}
	if p.tok().kind != tkEOF && !p.isOp(";") {
		p.fail("USING, OPTIONS, COMMENT, AS or the end of the statement",
			"USING", "OPTIONS", "COMMENT", "PARTITIONED", "LOCATION", "TBLPROPERTIES", "AS", "SELECT")
	}
	return nil
}

func (p *parser) createDataset(start int, c *CreateDataset) Statement {
	c.IfNotExists = p.ifNotExists()
	c.Name = p.name("the name of the table")
	c.Columns = p.columnDefs()
	if p.acceptWord("USING") != "" {
		c.Using = p.plainName("a format such as parquet")
	}
	cl := p.tableClauses()
	for _, word := range []string{"OPTIONS", "LOCATION"} {
		if pos, ok := cl.seen[word]; ok {
			p.refuse(classSyntax, pos, "use TBLPROPERTIES, or CREATE TABLE … USING for a table outside",
				"A streaming table or materialized view takes no %s", word)
		}
	}
	c.PartitionBy, c.ClusterBy, c.Comment, c.Properties = cl.partition, cl.cluster, cl.comment, cl.properties
	c.Columns = p.allColumns(c.Columns, cl.columns)
	if p.queryAt(p.i) {
		p.fail("AS before the query", "AS")
	}
	c.Query = p.asQuery(c.Materialized)
	c.At = p.from(start)
	return c
}

// createFlow reads CREATE FLOW name [COMMENT 'c'] AS INSERT INTO target BY NAME query.
func (p *parser) createFlow(start int) Statement {
	f := &CreateFlow{}
	n := p.name("a name for the flow")
	if len(n.Parts) > 1 {
		p.refuse("MULTIPART_FLOW_NAME_NOT_SUPPORTED", n.Pos, "write "+quoteIfNeeded(n.Last().Name), "The name of a flow has one part")
	}
	f.Name = n.Parts[0]
	if p.acceptWord("COMMENT") != "" {
		f.Comment = p.stringText("the comment in quotes")
	}
	if !p.isWord("AS") {
		p.fail("AS INSERT INTO table BY NAME SELECT …", "AS", "COMMENT")
	}
	p.i++
	switch {
	case p.isWords("AUTO", "CDC"):
		p.unsupported(p.tok().pos, "AUTO CDC", "write INSERT INTO table BY NAME SELECT …")
	case p.isWords("INSERT", "OVERWRITE"):
		p.refuse(classSyntax, p.peek(1).pos, "write INSERT INTO", "A flow adds to its table and cannot overwrite it")
	case p.isWord("SELECT", "WITH"):
		p.refuse(classSyntax, p.tok().pos, "write AS INSERT INTO table BY NAME "+p.tok().up+" …", "A flow needs a table to write into")
	}
	p.expectWords("INSERT", "INTO")
	i := &Insert{}
	at := p.i
	p.insertTarget(i)
	if !i.ByName {
		hint := "write INSERT INTO " + i.Table.String() + " BY NAME SELECT …"
		if len(i.Columns) > 0 {
			p.refuse(classSyntax, p.toks[at].pos, hint, "A flow takes no list of columns")
		}
		p.refuse(classSyntax, p.tok().pos, hint, "A flow inserts BY NAME, so that columns meet by their names")
	}
	f.Target = i.Table
	f.Query = p.insertQuery()
	f.At = p.from(start)
	return f
}

// createView reads CREATE VIEW name [(columns)] … AS query, or USING for a temporary one.
func (p *parser) createView(start int, v *CreateView) Statement {
	v.IfNotExists = p.ifNotExists()
	if v.IfNotExists && v.OrReplace {
		p.refuse(classSyntax, p.prev().pos, "choose one of the two", "OR REPLACE and IF NOT EXISTS exclude each other")
	}
	v.Name = p.name("the name of the view")
	if v.Temporary && len(v.Name.Parts) > 1 {
		p.refuse("INVALID_TEMP_OBJ_QUALIFIER", v.Name.Pos, "write "+quoteIfNeeded(v.Name.Last().Name), "A temporary view belongs to no schema")
	}
	if v.Temporary && v.IfNotExists {
		p.refuse(classNotAllowed, v.Name.Pos, "write CREATE OR REPLACE TEMPORARY VIEW", "A temporary view takes no IF NOT EXISTS")
	}
	if p.isOp("(") {
		p.viewColumns(v)
	}
	if v.Temporary && p.acceptWord("USING") != "" {
		v.Using = p.plainName("a connector such as csv")
		if p.acceptWord("OPTIONS") != "" {
			v.Options = p.options(false)
		}
		v.At = p.from(start)
		return v
	}
	if len(v.Defs) > 0 {
		p.fail("USING; the columns of a view AS SELECT take no types")
	}
	p.viewClauses(v)
	if !p.isWord("AS") {
		p.fail("AS and a query", "AS", "COMMENT", "TBLPROPERTIES")
	}
	p.i++
	from := p.start()
	v.Query = p.query()
	v.Text = p.src.Text[from:p.prev().pos.End]
	v.At = p.from(start)
	return v
}

// viewColumns reads (a, b COMMENT 'c'), or with types for a view USING a connector.
func (p *parser) viewColumns(v *CreateView) {
	t := p.peek(2)
	if v.Temporary && t.kind == tkWord && t.up != "COMMENT" {
		v.Defs = p.columnDefs()
		return
	}
	seen := map[string]bool{}
	v.Columns = paren(p, func() ViewColumn {
		start := p.start()
		c := ViewColumn{Name: p.nameIdent("a column name")}
		p.once(seen, c.Name.Name, c.Name.Pos)
		if p.acceptWord("COMMENT") != "" {
			c.Comment = p.stringText("the comment in quotes")
		}
		c.At = p.from(start)
		return c
	})
}

func (p *parser) viewClauses(v *CreateView) {
	seen := clauses{seen: map[string]errs.Span{}}
	for {
		switch {
		case p.isWord("COMMENT"):
			p.onceClause(&seen)
			v.Comment = p.stringText("the comment in quotes")
		case p.isWord("TBLPROPERTIES"):
			if v.Temporary {
				p.refuse(classSyntax, p.tok().pos, "leave them out", "A temporary view takes no TBLPROPERTIES")
			}
			p.onceClause(&seen)
			v.Properties = p.options(false)
		case p.isWords("WITH", "SCHEMA"):
			p.onceClause(&seen)
			p.i++
			if v.Binding = p.acceptWord("BINDING", "COMPENSATION", "EVOLUTION"); v.Binding == "" {
				p.expectWords("TYPE", "EVOLUTION")
				v.Binding = "TYPE EVOLUTION"
			}
			if v.Temporary {
				p.refuse("UNSUPPORTED_FEATURE.TEMPORARY_VIEW_WITH_SCHEMA_BINDING_MODE", p.prev().pos, "leave it out", "A temporary view takes no WITH SCHEMA")
			}
		case p.isWords("WITH", "METRICS"):
			p.unsupported(p.tok().pos, "A view WITH METRICS", "write CREATE VIEW … AS SELECT")
		case p.isWord("PARTITIONED"):
			p.refuse(classStatement, p.tok().pos, "leave it out", "A view takes no PARTITIONED ON")
		case p.isWord("DEFAULT"):
			p.unsupported(p.tok().pos, p.tok().up+" in CREATE VIEW", "leave it out")
		default:
			return
		}
	}
}
