package sql

import (
	"fmt"
	"strings"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
)

// statementWords begin the statements that Azud has.
var statementWords = []string{"SELECT", "WITH", "VALUES", "TABLE", "CREATE", "DROP", "INSERT", "SHOW",
	"DESCRIBE", "DESC", "EXPLAIN", "SET", "RESET", "USE", "ALTER", "TRUNCATE", "DECLARE", "EXECUTE", "CACHE", "UNCACHE", "REFRESH", "ANALYZE", "FROM"}

// unsupportedStatements are Spark's statements that Azud has not, with what to do instead.
var unsupportedStatements = map[string]string{
	"LOAD": "declare the files with CREATE TABLE … USING csv OPTIONS (path '…')",
	"ADD":  "leave it out; there are no jars to add", "LIST": "leave it out", "CALL": "there are no procedures",
	"BEGIN": "write the statements one after another", "DELETE": "write INSERT OVERWRITE … SELECT with the rows to keep",
	"UPDATE": "write INSERT OVERWRITE … SELECT with the new values", "MERGE": "write INSERT OVERWRITE … SELECT with a JOIN",
	"GRANT": "there are no permissions", "REVOKE": "there are no permissions",
	"EXPORT": "write INSERT OVERWRITE DIRECTORY", "IMPORT": "write CREATE TABLE … USING", "LOCK": "leave it out",
	"UNLOCK": "leave it out", "START": "leave it out; each statement is its own transaction", "COMMIT": "leave it out; each statement is its own transaction",
	"ROLLBACK": "leave it out; each statement is its own transaction", "DFS": "use the file commands of your shell",
	"MAP": "use functions in SELECT", "REDUCE": "use functions in SELECT",
	"OPEN": "there are no cursors; write the query itself", "FETCH": "there are no cursors; write the query itself",
	"CLOSE": "there are no cursors; leave it out",
}

// nobodyHas are those among them that Spark refuses as well.
var nobodyHas = set("GRANT REVOKE EXPORT IMPORT LOCK UNLOCK START COMMIT ROLLBACK DFS")

// otherStatements are the commands whose first word is enough to know them.
var otherStatements = map[string]func(*parser) Statement{
	"ALTER": (*parser).alter, "TRUNCATE": (*parser).truncate, "DECLARE": (*parser).declare, "EXECUTE": (*parser).execute,
	"CACHE": (*parser).cache, "UNCACHE": (*parser).uncache, "CLEAR": (*parser).clearCache, "REFRESH": (*parser).refresh,
	"ANALYZE": (*parser).analyze, "COMMENT": (*parser).commentOn, "MSCK": (*parser).repair, "REPAIR": (*parser).repair,
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
	case "SELECT", "VALUES", "TABLE":
		return p.queryStmt()
	case "FROM":
		if s := p.fromInsert(nil, false); s != nil {
			return s
		}
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
	if read, ok := otherStatements[t.up]; ok {
		return read(p)
	}
	if nobodyHas[t.up] {
		p.refuse(classStatement, t.pos, unsupportedStatements[t.up], "There is no %s in Spark SQL", t.up)
	}
	if instead, ok := unsupportedStatements[t.up]; ok {
		if t.up == "OPEN" || t.up == "FETCH" || t.up == "CLOSE" {
			p.refuse(classUnsupported+".SQL_CURSOR", t.pos, instead, "There are no cursors")
		}
		if t.up == "DELETE" || t.up == "UPDATE" || t.up == "MERGE" {
			p.tableOperation(t)
		}
		p.unsupported(t.pos, t.up, instead)
	}
	p.fail("a statement such as SELECT or CREATE TABLE", statementWords...)
	return nil
}

// tableOperation refuses DELETE, UPDATE and MERGE, which Spark has for some tables only.
func (p *parser) tableOperation(t *token) {
	if next := p.peek(1); next.kind == tkEOF || next.up == ";" {
		p.i++
		p.fail("a table name")
	}
	p.refuse(classTableOp, t.pos, unsupportedStatements[t.up], "%s is not supported", t.up)
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
		return p.insert(ctes, recursive)
	}
	if p.isWord("FROM") {
		if s := p.fromInsert(ctes, recursive); s != nil {
			return s
		}
	}
	if p.isWord("DELETE", "UPDATE", "MERGE") {
		p.tableOperation(p.tok())
	}
	q := &Query{With: ctes, Recursive: recursive}
	q.Body = p.setOps(p.queryPrimary(), 0)
	p.organize(q)
	q.At = p.from(start)
	return &QueryStmt{q.At, q}
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
	case p.acceptWord("DATABASE", "SCHEMA", "NAMESPACE") != "":
		return p.dropSchema(start)
	case p.isWord("TEMPORARY", "TEMP") && p.peek(1).kind == tkWord && (p.peek(1).up == "VARIABLE" || p.peek(1).up == "VAR"):
		p.i += 2
		return p.dropVariable(start)
	case p.isWord("ROLE"), p.isWord("TEMPORARY", "TEMP") && p.peek(1).up == "MACRO":
		p.refuse(classStatement, t.pos, "leave it out", "There is no DROP %s in Spark SQL", t.up)
	case p.isWord("FUNCTION", "TEMPORARY", "TEMP", "INDEX"):
		p.unsupported(t.pos, "DROP "+t.up, "only tables, views, schemas and temporary variables can be dropped")
	case p.isWord("FLOW"):
		p.refuse(classSyntax, t.pos, "remove CREATE FLOW from the pipeline, or stop the flow", "There is no DROP FLOW")
	default:
		p.fail("TABLE or VIEW", "TABLE", "VIEW")
	}
	d.IfExists = p.acceptWords("IF", "EXISTS")
	d.Name = p.name("the name to drop")
	if !d.View {
		d.Purge = p.acceptWord("PURGE") != ""
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
	case p.isWord("VARIABLE", "VAR") && (next.kind == tkWord || next.kind == tkQuoted || next.up == "("):
		p.i++
		return p.setVariable(start)
	case p.isWord("CATALOG") && next.kind == tkString:
		p.i++
		at := p.tok().pos
		id := Ident{At{at}, p.stringText("the name of a catalog"), true}
		if id.Name == "" {
			p.refuse(classSyntax, at, "give it a name", "The name of the catalog is empty")
		}
		return &Use{p.from(start), true, Name{At: id.At, Parts: []Ident{id}}}
	case p.isWord("ROLE") && next.kind == tkWord:
		p.refuse(classStatement, p.tok().pos, "there are no roles; leave it out", "There is no SET ROLE in Spark SQL")
	case p.isWord("PATH") && (next.up == "=" || next.up == "=="):
		p.unsupported(p.tok().pos, "SET "+p.tok().up, "leave it out, and write names with their schema")
	case p.isOp("-") && next.up == "V":
		p.i += 2
		return &Set{At: p.from(start), Verbose: true}
	}
	s := &Set{}
	if s.Key = p.settingKey("=", "INVALID_SET_SYNTAX", "SET key = value"); s.Key == "" && (p.isOp("=") || p.isOp("==")) {
		p.refuse("INVALID_SET_SYNTAX", p.tok().pos, "write SET key = value", "The name of the setting is missing before '='")
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
		s.Value = p.offset(p.interval())
	} else {
		s.Value = p.stringText("a time zone in quotes, such as 'Europe/Madrid'")
	}
	s.At = p.from(start)
	return s
}

// offset is an interval as the offset of a time zone: +05:30.
func (p *parser) offset(l *IntervalLit) string {
	v := l.Micros
	if l.Type.Kind != types.DayTime || v%1_000_000 != 0 || v > 18*day/24 || v < -18*day/24 {
		panic(bail{errs.New("INVALID_INTERVAL_FORMAT.TIMEZONE_INTERVAL_OUT_OF_RANGE", "This interval is no offset of a time zone").State("22006").At(p.src, l.Pos).
			WithHint("take whole seconds between INTERVAL -18 HOURS and INTERVAL 18 HOURS")})
	}
	sign := "+"
	if v < 0 {
		sign, v = "-", -v
	}
	v /= 1_000_000
	text := fmt.Sprintf("%s%02d:%02d", sign, v/3600, v/60%60)
	if v%60 != 0 {
		text += fmt.Sprintf(":%02d", v%60)
	}
	if v == 0 {
		return "Z"
	}
	return text
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
	key := p.settingKey("", "INVALID_RESET_COMMAND_FORMAT", "RESET key")
	return &Reset{p.from(start), key}
}

// settingKey reads the name of a setting, which needs backquotes if it has more than letters,
// digits, underscores, dots and colons (Spark: SparkSqlParser.configKeyDef).
func (p *parser) settingKey(until, class, form string) string {
	start, quoted := p.start(), p.tok().kind == tkQuoted
	key := p.rawUntil(until)
	for i := range len(key) {
		if c := key[i]; !quoted && !isIdentByte(c) && c != '.' && c != ':' {
			p.refuse(class, p.from(start).Pos, "write "+form+", with `backquotes` around a key that has other characters",
				"The name of a setting has only letters, digits, dots and underscores")
		}
	}
	return key
}
