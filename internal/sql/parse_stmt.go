package sql

import (
	"fmt"
	"slices"
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

// insert reads INSERT INTO | OVERWRITE; ctes are those written before it.
func (p *parser) insert(ctes []CTE, recursive bool) Statement {
	start := p.start()
	if len(ctes) > 0 {
		start = ctes[0].Pos.Start
	}
	p.expectWords("INSERT")
	if p.isWords("WITH", "SCHEMA", "EVOLUTION") {
		p.unsupported(p.tok().pos, "WITH SCHEMA EVOLUTION", "create the table anew with the new columns")
	}
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

// insertTarget reads [TABLE] name [PARTITION (…)] [(columns)] [BY NAME] [REPLACE WHERE x].
func (p *parser) insertTarget(i *Insert) {
	if p.isWord("TABLE") && p.peek(1).kind != tkOp {
		p.i++
	}
	i.Table = p.name("the table to insert into")
	if p.isWord("WITH") && p.peek(1).up == "(" {
		p.i++
		i.Options = p.options(false)
	}
	i.Partition = p.partitionSpec()
	if at := p.tok().pos; p.isWords("IF", "NOT") {
		if i.IfNotExists = p.ifNotExists(); i.Overwrite && len(i.Partition) == 0 {
			p.refuse(classSyntax, at, "leave it out, or name the PARTITION before it", "IF NOT EXISTS says of a PARTITION that it may be there")
		} else if !i.Overwrite {
			p.refuse(classStatement, at, "leave it out", "INSERT INTO … IF NOT EXISTS does not exist; only OVERWRITE takes it")
		}
		p.checkDynamic(i)
	}
	if p.acceptWords("BY", "NAME") {
		i.ByName = true
	} else if p.isOp("(") && !p.queryAt(p.i) {
		i.Columns = p.identList("a column name")
	}
	if p.isWord("REPLACE") && !i.Overwrite && len(i.Columns)+len(i.Partition) == 0 && p.peek(1).kind == tkWord {
		p.replaceWhere(i)
	}
}

// checkDynamic refuses IF NOT EXISTS with partitions that only the rows know.
func (p *parser) checkDynamic(i *Insert) {
	for _, v := range i.Partition {
		if v.X == nil {
			p.refuse("INSERT_PARTITION_IF_NOT_EXISTS_DYNAMIC", v.Pos, "give the partition a value, or leave IF NOT EXISTS out",
				"IF NOT EXISTS needs a value for each partition column, but %s has none", v.Name.Name)
		}
	}
}

// replaceWhere reads REPLACE WHERE condition.
func (p *parser) replaceWhere(i *Insert) {
	p.i++
	if p.isWord("ON", "USING") {
		p.unsupported(p.tok().pos, "INSERT … REPLACE "+p.tok().up, "write INSERT INTO … REPLACE WHERE, or INSERT OVERWRITE")
	}
	p.expectWords("WHERE")
	i.ReplaceWhere = p.expr()
}

// insertQuery reads the query of an INSERT.
func (p *parser) insertQuery() *Query {
	if h := p.hive; h != nil {
		p.hive = nil
		if !p.isWord("SELECT") {
			p.noScript()
			p.fail("SELECT", "SELECT")
		}
		b := p.hiveSelect(p.start(), h.from, h.views)
		if q, ok := b.(*Query); ok {
			return q
		}
		return &Query{At: At{b.Span()}, Body: b}
	}
	if p.isOp("(") { // a query in parentheses may have a name, which only REPLACE ON uses
		q := p.query()
		if p.prev().kind == tkOp && p.prev().up == ")" {
			p.tableAlias()
		}
		return q
	}
	if p.queryAt(p.i) {
		return p.query()
	}
	p.noScript()
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
	d.Using = p.plainName("a format such as csv")
	if p.acceptWord("OPTIONS") != "" {
		d.Options = p.options(false)
	}
	p.acceptWord("AS")
	d.Query = p.insertQuery()
	d.At = p.from(start)
	p.checkDirectory(d)
	return d
}

// checkDirectory wants the path exactly once.
func (p *parser) checkDirectory(d *InsertDir) {
	option := slices.IndexFunc(d.Options, func(o Option) bool { return strings.EqualFold(o.Key, "path") }) >= 0
	if option == (d.Path != "") {
		p.refuse(classNotAllowed, d.Using.Pos, "write DIRECTORY 'path' USING …, or OPTIONS (path '…')", "The path of the directory must be given exactly once")
	}
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
