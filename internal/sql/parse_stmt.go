package sql

import (
	"strings"
)

// statementWords begin the statements that Azud has.
var statementWords = []string{"SELECT", "WITH", "VALUES", "TABLE", "CREATE", "DROP", "INSERT", "SHOW",
	"DESCRIBE", "DESC", "EXPLAIN", "SET", "RESET", "USE"}

// unsupportedStatements are Spark's statements that Azud has not, with what to do instead.
var unsupportedStatements = map[string]string{
	"ALTER": "drop it and create it anew", "ANALYZE": "leave it out; there are no statistics to compute",
	"REFRESH": "leave it out; files are listed anew for each query", "CACHE": "write CREATE TABLE … AS SELECT",
	"UNCACHE": "write DROP TABLE", "CLEAR": "leave it out; nothing is cached", "LOAD": "declare the files with CREATE TABLE … USING csv OPTIONS (path '…')",
	"TRUNCATE": "write INSERT OVERWRITE, or drop the table and create it anew", "MSCK": "leave it out; partitions are found by themselves",
	"REPAIR": "leave it out; partitions are found by themselves", "ADD": "leave it out; there are no jars to add", "LIST": "leave it out",
	"CALL": "there are no procedures", "DECLARE": "use SET and ${name}", "EXECUTE": "write the statement itself",
	"BEGIN": "write the statements one after another", "DELETE": "write INSERT OVERWRITE … SELECT with the rows to keep",
	"UPDATE": "write INSERT OVERWRITE … SELECT with the new values", "MERGE": "write INSERT OVERWRITE … SELECT with a JOIN",
	"COMMENT": "put the COMMENT into CREATE TABLE", "GRANT": "there are no permissions", "REVOKE": "there are no permissions",
	"EXPORT": "write INSERT OVERWRITE DIRECTORY", "IMPORT": "write CREATE TABLE … USING", "LOCK": "leave it out",
	"UNLOCK": "leave it out", "START": "leave it out; each statement is its own transaction", "COMMIT": "leave it out; each statement is its own transaction",
	"ROLLBACK": "leave it out; each statement is its own transaction", "DFS": "use the file commands of your shell",
	"MAP": "use functions in SELECT", "REDUCE": "use functions in SELECT",
}

// statement reads one statement.
func (p *parser) statement() Statement {
	p.enter()
	defer p.leave()
	t := p.tok()
	if t.kind == tkOp && t.up == "(" {
		return p.queryStmt()
	}
	if t.kind != tkWord {
		p.fail("a statement such as SELECT or CREATE TABLE", statementWords...)
	}
	switch t.up {
	case "SELECT", "VALUES", "TABLE", "FROM":
		return p.queryStmt()
	case "WITH":
		return p.withStmt()
	case "INSERT":
		return p.insert(nil, false)
	case "CREATE", "REPLACE":
		return p.create()
	case "DROP":
		return p.drop()
	case "SHOW":
		return p.show()
	case "DESC", "DESCRIBE":
		return p.describeStmt()
	case "EXPLAIN":
		return p.explain()
	case "SET":
		return p.set()
	case "RESET":
		return p.reset()
	case "USE":
		return p.use()
	}
	if instead, ok := unsupportedStatements[t.up]; ok {
		p.unsupported(t.pos, t.up, instead)
	}
	p.fail("a statement such as SELECT or CREATE TABLE", statementWords...)
	return nil
}

func (p *parser) queryStmt() Statement {
	start := p.start()
	q := p.query()
	return &QueryStmt{p.from(start), q}
}

// withStmt reads WITH …, which begins a query or an INSERT.
func (p *parser) withStmt() Statement {
	start := p.start()
	ctes, recursive := p.ctes()
	if p.isWord("INSERT") {
		s := p.insert(ctes, recursive)
		return s
	}
	q := &Query{With: ctes, Recursive: recursive}
	q.Body = p.setOps(p.queryPrimary(), 0)
	p.organize(q)
	q.At = p.from(start)
	return &QueryStmt{q.At, q}
}

// insert reads INSERT INTO | OVERWRITE; ctes are those written before it.
func (p *parser) insert(ctes []CTE, recursive bool) Statement {
	start := p.start()
	if len(ctes) > 0 {
		start = ctes[0].Pos.Start
	}
	p.expectWords("INSERT")
	what := p.acceptWord("INTO", "OVERWRITE")
	if what == "" {
		p.fail("INTO or OVERWRITE", "INTO", "OVERWRITE")
	}
	var q **Query
	var out Statement
	if what == "OVERWRITE" && (p.isWord("DIRECTORY") || p.isWords("LOCAL", "DIRECTORY")) {
		d := p.insertDir(start)
		q, out = &d.Query, d
	} else {
		i := &Insert{Overwrite: what == "OVERWRITE"}
		p.insertTarget(i)
		i.Query = p.insertQuery()
		i.At = p.from(start)
		q, out = &i.Query, i
	}
	if len(ctes) > 0 {
		(*q).With = append(ctes, (*q).With...)
		(*q).Recursive = (*q).Recursive || recursive
	}
	return out
}

// insertTarget reads [TABLE] name [(columns)] [BY NAME].
func (p *parser) insertTarget(i *Insert) {
	if p.isWord("TABLE") && p.peek(1).kind != tkOp {
		p.i++
	}
	i.Table = p.name("the table to insert into")
	switch {
	case p.isWord("WITH") && p.peek(1).up == "(":
		p.unsupported(p.tok().pos, "Options on INSERT", "put them into CREATE TABLE … OPTIONS")
	case p.isWord("PARTITION"):
		p.unsupported(p.tok().pos, "INSERT into a single PARTITION", "select the partition columns with the others")
	case p.isWords("IF", "NOT"):
		p.unsupported(p.tok().pos, "INSERT IF NOT EXISTS", "leave it out")
	case p.isWord("REPLACE") && p.peek(1).up == "WHERE":
		p.unsupported(p.tok().pos, "INSERT REPLACE WHERE", "write INSERT OVERWRITE")
	}
	if p.acceptWords("BY", "NAME") {
		i.ByName = true
	} else if p.isOp("(") && !p.queryAt(p.i) {
		i.Columns = p.identList("a column name")
	}
}

// insertQuery reads the query of an INSERT.
func (p *parser) insertQuery() *Query {
	if p.isOp("(") || p.queryAt(p.i) {
		return p.query()
	}
	if p.isWord("MAP", "REDUCE", "FROM") {
		p.queryPrimary()
	}
	p.fail("a query (SELECT or VALUES)", "SELECT", "VALUES", "BY", "NAME", "WITH")
	return nil
}

// insertDir reads DIRECTORY 'path' USING format [OPTIONS (…)] query.
func (p *parser) insertDir(start int) *InsertDir {
	d := &InsertDir{Local: p.acceptWord("LOCAL") != ""}
	p.i++
	if p.tok().kind == tkString {
		d.Path = p.stringText("the path in quotes")
	}
	if p.isWord("ROW", "STORED") {
		p.unsupported(p.tok().pos, p.tok().up+" in INSERT OVERWRITE DIRECTORY", "write USING csv, json or parquet")
	}
	if !p.isWord("USING") {
		p.fail("the path in quotes and USING format", "USING")
	}
	p.i++
	d.Using = p.name("a format such as csv")
	if p.acceptWord("OPTIONS") != "" {
		d.Options = p.options(false)
	}
	p.acceptWord("AS")
	d.Query = p.insertQuery()
	d.At = p.from(start)
	return d
}

// drop reads DROP TABLE | VIEW [IF EXISTS] name.
func (p *parser) drop() Statement {
	start := p.start()
	p.i++
	d := &Drop{}
	switch t := p.tok(); {
	case p.acceptWord("VIEW") != "":
		d.View = true
	case p.acceptWord("TABLE") != "":
	case p.acceptWords("MATERIALIZED", "VIEW"):
		p.refuse(classSyntax, t.pos, "write DROP TABLE", "Spark has no DROP MATERIALIZED VIEW")
	case p.isWord("DATABASE", "SCHEMA", "NAMESPACE", "FUNCTION", "TEMPORARY", "TEMP", "INDEX", "ROLE"):
		p.unsupported(t.pos, "DROP "+t.up, "only tables and views can be dropped")
	case p.isWord("FLOW"):
		p.refuse(classSyntax, t.pos, "remove CREATE FLOW from the pipeline, or stop the flow", "There is no DROP FLOW")
	default:
		p.fail("TABLE or VIEW", "TABLE", "VIEW")
	}
	d.IfExists = p.acceptWords("IF", "EXISTS")
	d.Name = p.name("the name to drop")
	if !d.View {
		p.acceptWord("PURGE")
	}
	d.At = p.from(start)
	return d
}

// explain reads EXPLAIN [mode] statement.
func (p *parser) explain() Statement {
	start := p.start()
	p.i++
	e := &Explain{}
	if p.isWord("LOGICAL") {
		p.refuse("INVALID_STATEMENT_OR_CLAUSE", p.tok().pos, "write EXPLAIN EXTENDED", "There is no EXPLAIN LOGICAL")
	}
	if p.isWord("FORMATTED", "EXTENDED", "CODEGEN", "COST") || p.isWord("ANALYZE") && p.peek(1).up != "TABLE" {
		e.Mode = p.advance().up
	}
	e.Stmt = p.statement()
	e.At = p.from(start)
	return e
}

// use reads USE [SCHEMA] name.
func (p *parser) use() Statement {
	start := p.start()
	p.i++
	if p.isWord("SCHEMA", "DATABASE", "NAMESPACE") && p.peek(1).kind != tkEOF && p.peek(1).kind != tkOp {
		p.i++
	}
	n := p.name("the name of a schema")
	return &Use{At: p.from(start), Name: n}
}

// set reads SET, SET key, SET key = value, SET TIME ZONE x and SET CATALOG x. The value is the
// text up to the semicolon, as Spark takes it.
func (p *parser) set() Statement {
	start := p.start()
	p.i++
	next := p.peek(1)
	switch {
	case p.isWords("TIME", "ZONE"):
		return p.setZone(start)
	case p.isWord("CATALOG") && (next.kind == tkWord || next.kind == tkQuoted):
		p.i++
		n := p.name("the name of a catalog")
		return &Use{p.from(start), true, n}
	case p.isWord("VARIABLE", "VAR", "ROLE") && (next.kind == tkWord || next.kind == tkQuoted):
		p.unsupported(p.tok().pos, "SET "+p.tok().up, "use SET key = value and ${key}")
	case p.isOp("-") && next.up == "V":
		p.i += 2
		return &Set{At: p.from(start), Verbose: true}
	}
	s := &Set{}
	if s.Key = p.settingKey("="); s.Key == "" && (p.isOp("=") || p.isOp("==")) {
		p.fail("the name of a setting before '='")
	}
	if p.acceptOp("=") || p.acceptOp("==") {
		s.Value, s.HasValue = p.rawUntil(""), true
	}
	s.At = p.from(start)
	return s
}

func (p *parser) setZone(start int) Statement {
	p.i += 2
	s := &Set{Key: "spark.sql.session.timeZone", HasValue: true}
	if p.acceptWord("LOCAL") != "" {
		s.Value = "LOCAL"
	} else if p.isWord("INTERVAL") {
		p.unsupported(p.tok().pos, "SET TIME ZONE with an INTERVAL", "write SET TIME ZONE '+02:00'")
	} else {
		s.Value = p.stringText("a time zone in quotes, such as 'Europe/Madrid'")
	}
	s.At = p.from(start)
	return s
}

// rawUntil passes tokens up to an operator or the end of the statement and returns their text
// as written, without the backquotes around it if it has some.
func (p *parser) rawUntil(op string) string {
	first := p.i
	for p.tok().kind != tkEOF && !p.isOp(";") && (op == "" || !p.isOp(op) && !p.isOp("==")) {
		t := p.tok()
		if t.kind == tkBad && t.pos.End-t.pos.Start == 1 && strings.ContainsAny(t.text, `$@#{}\`) {
			p.i++
			continue
		}
		p.advance()
	}
	if p.i == first {
		return ""
	}
	if p.i == first+1 && p.prev().kind == tkQuoted {
		return p.prev().text
	}
	return p.src.Text[p.toks[first].pos.Start:p.prev().pos.End]
}

func (p *parser) reset() Statement {
	start := p.start()
	p.i++
	key := p.settingKey("")
	return &Reset{p.from(start), key}
}

// settingKey reads the name of a setting, which needs backquotes if it has more than letters,
// digits, underscores, dots and colons (Spark: SparkSqlParser.configKeyDef).
func (p *parser) settingKey(until string) string {
	start, quoted := p.start(), p.tok().kind == tkQuoted
	key := p.rawUntil(until)
	for i := range len(key) {
		if c := key[i]; !quoted && !isIdentByte(c) && c != '.' && c != ':' {
			p.refuse("INVALID_SET_SYNTAX", p.from(start).Pos, "write SET key = value, with `backquotes` around a key that has other characters",
				"The name of a setting has only letters, digits, dots and underscores")
		}
	}
	return key
}
