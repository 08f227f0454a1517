package sql

import (
	"slices"

	"github.com/azud/azud/internal/types"
)

// partitionColumns reads PARTITIONED BY (a, b), or with types (a INT, b STRING), which declares
// the columns behind the others.
func (p *parser) partitionColumns(c *clauses) {
	c.partition = paren(p, func() Ident {
		start := p.start()
		id := p.nameIdent("a column name")
		if p.isOp("(") || p.isOp(".") {
			p.unsupported(p.tok().pos, "PARTITIONED BY with anything but the names of columns", "compute a column in the table and name it here")
		}
		if p.tok().kind == tkWord {
			d := ColumnDef{Name: id}
			p.columnType(&d)
			p.columnOptions(&d)
			d.At = p.from(start)
			c.columns = append(c.columns, d)
		}
		return id
	})
	if n := len(c.columns); n > 0 && n < len(c.partition) {
		p.refuse(classNotAllowed, c.columns[0].Pos, "declare all of them before PARTITIONED BY, and name them here", "PARTITIONED BY mixes names with definitions of columns")
	}
}

// columnDefs reads (name type [NOT NULL] [DEFAULT x] [COMMENT 'c'], …), or nothing.
func (p *parser) columnDefs() []ColumnDef {
	if !p.isOp("(") || p.queryAt(p.i) {
		return nil
	}
	seen := map[string]bool{}
	return paren(p, func() ColumnDef {
		if p.isConstraint() {
			p.unsupported(p.tok().pos, "A table constraint", "leave it out, or filter with WHERE")
		}
		c := p.columnDef(seen)
		if !p.isOp(",") && !p.isOp(")") {
			p.fail("',' or ')' after the column", "NOT", "NULL", "COMMENT", "DEFAULT")
		}
		return c
	})
}

// columnDef reads one column and refuses a name that seen has.
func (p *parser) columnDef(seen map[string]bool) ColumnDef {
	start := p.start()
	c := ColumnDef{Name: p.dashed(p.anyIdent("a column name"))}
	p.once(seen, c.Name.Name, c.Name.Pos)
	if p.isOp(":") {
		p.refuse(classSyntax, p.tok().pos, "leave the colon out", "Columns of a table take no colon")
	}
	if p.isOp(",") || p.isOp(")") {
		p.fail("the type of column " + c.Name.Name + ", such as STRING")
	}
	p.columnType(&c)
	p.columnOptions(&c)
	c.At = p.from(start)
	if p.isWord("FIRST", "AFTER") {
		p.unsupported(p.tok().pos, "The position of a column", "leave it out; new columns come last")
	}
	return c
}

// columnType reads the type of a column; CHAR(n) and VARCHAR(n) are texts with a bound.
func (p *parser) columnType(c *ColumnDef) {
	if !p.isWord("CHAR", "CHARACTER", "VARCHAR") {
		c.Type = p.dataType()
		return
	}
	t := p.advance()
	c.Type, c.Char, c.Length = types.StringType, t.up != "VARCHAR", p.textLength(t)
}

// isConstraint reports a table constraint among the columns, which may have such names, too.
func (p *parser) isConstraint() bool {
	if p.isWord("CONSTRAINT") {
		t := p.peek(2)
		return t.kind == tkWord && slices.Contains([]string{"CHECK", "UNIQUE", "PRIMARY", "FOREIGN"}, t.up)
	}
	return p.isWord("CHECK", "UNIQUE") && p.peek(1).up == "(" || p.isWords("PRIMARY", "KEY") || p.isWords("FOREIGN", "KEY")
}

func (p *parser) columnOptions(c *ColumnDef) {
	seen := clauses{class: "CREATE_TABLE_COLUMN_DESCRIPTOR_DUPLICATE"}
	for {
		switch t := p.tok(); {
		case p.isWords("NOT", "NULL"):
			p.onceClause(&seen)
			p.i++
			c.NotNull = true
		case p.isWord("COMMENT"):
			p.onceClause(&seen)
			c.Comment = p.stringText("the comment in quotes")
		case p.isWord("DEFAULT"):
			p.onceClause(&seen)
			from := p.start()
			c.Default = p.expr()
			c.DefaultText = p.src.Text[from:p.prev().pos.End]
		case p.isWord("GENERATED"):
			p.refuse(classTableOp, t.pos, "compute it in SELECT", "A generated column is not supported")
		case p.isWord("PRIMARY", "UNIQUE", "CHECK", "REFERENCES", "CONSTRAINT"):
			p.unsupported(t.pos, "The constraint "+t.up, "leave it out, or filter with WHERE")
		default:
			return
		}
	}
}

// allColumns are those of the table and those that PARTITIONED BY adds.
func (p *parser) allColumns(cols, more []ColumnDef) []ColumnDef {
	if len(more) == 0 {
		return cols
	}
	all, seen := append(cols[:len(cols):len(cols)], more...), map[string]bool{}
	for _, c := range all {
		p.once(seen, c.Name.Name, c.Name.Pos)
	}
	return all
}
