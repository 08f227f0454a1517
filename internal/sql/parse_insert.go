package sql

import (
	"slices"
	"strings"
)

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
