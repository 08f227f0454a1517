package sql

// alter reads ALTER TABLE | VIEW … as far as Azud has it.
func (p *parser) alter() Statement {
	start := p.start()
	p.i++
	t := p.tok()
	view := p.isWord("VIEW")
	if !view && !p.isWord("TABLE") {
		if p.isWord("SCHEMA", "DATABASE", "NAMESPACE", "INDEX") {
			p.unsupported(t.pos, "ALTER "+t.up, "drop it and create it anew")
		}
		p.fail("TABLE or VIEW", "TABLE", "VIEW")
	}
	p.i++
	a := &AlterTable{View: view, Name: p.name("the name of the " + map[bool]string{true: "view", false: "table"}[view])}
	switch {
	case p.acceptWords("RENAME", "TO"):
		a.Rename = p.plainName("the new name")
	case p.acceptWords("SET", "TBLPROPERTIES"):
		a.Set = p.options(false)
	case p.acceptWords("UNSET", "TBLPROPERTIES"):
		a.IfExists = p.acceptWords("IF", "EXISTS")
		a.Unset = paren(p, func() string {
			key, _ := p.optionKey()
			return key
		})
	case view && (p.isWord("AS") || p.queryAt(p.i)) && !p.isWords("WITH", "SCHEMA"):
		return p.alterView(start, a.Name)
	case !view && (p.isWords("ADD", "COLUMN") || p.isWords("ADD", "COLUMNS")):
		p.i += 2
		p.addColumns(a)
	case !view && (p.isWord("ADD") && (p.peek(1).up == "PARTITION" || p.peek(1).up == "IF") || p.isWord("DROP") && (p.peek(1).up == "PARTITION" || p.peek(1).up == "IF" && p.peek(3).up == "PARTITION")):
		p.alterPartitions(a)
	default:
		p.notAltered(a)
	}
	a.At = p.from(start)
	return a
}

func (p *parser) alterView(start int, name Name) Statement {
	p.acceptWord("AS")
	v := &AlterView{Name: name}
	from := p.start()
	v.Query = p.query()
	v.Text = p.src.Text[from:p.prev().pos.End]
	v.At = p.from(start)
	return v
}

// addColumns reads the columns of ADD COLUMNS, with or without parentheses.
func (p *parser) addColumns(a *AlterTable) {
	if p.isOp("(") {
		a.Add = p.columnDefs()
	} else {
		seen := map[string]bool{}
		a.Add = list(p, func() ColumnDef { return p.columnDef(seen) })
	}
}

// alterPartitions reads ADD [IF NOT EXISTS] PARTITION …, or DROP [IF EXISTS] PARTITION ….
func (p *parser) alterPartitions(a *AlterTable) {
	a.PartitionOp = p.advance().up
	if a.PartitionOp == "ADD" {
		a.IfNotExists = p.ifNotExists()
	} else {
		a.IfExists = p.acceptWords("IF", "EXISTS")
	}
	for first := true; first || p.isWord("PARTITION") && a.PartitionOp == "ADD" || p.acceptOp(","); first = false {
		start := p.start()
		v := AlterPartition{Values: p.partitionSpec()}
		if v.Values == nil {
			p.fail("PARTITION (…)", "PARTITION")
		}
		if a.PartitionOp == "ADD" && p.acceptWord("LOCATION") != "" {
			v.Location = p.stringText("the path in quotes")
		}
		v.At = p.from(start)
		a.Partitions = append(a.Partitions, v)
	}
	if a.PartitionOp == "DROP" {
		a.Purge = p.acceptWord("PURGE") != ""
	}
}

// commentOn reads COMMENT ON TABLE | SCHEMA name IS 'text' | NULL.
func (p *parser) commentOn() Statement {
	start := p.start()
	p.i++
	p.expectWords("ON")
	c := &CommentOn{Schema: p.acceptWord("SCHEMA", "DATABASE", "NAMESPACE") != ""}
	if !c.Schema {
		p.expectWords("TABLE")
	}
	c.Name = p.name("the name of the table")
	p.expectWords("IS")
	if p.acceptWord("NULL") == "" {
		c.Text = p.stringText("the comment in quotes, or NULL")
	}
	c.At = p.from(start)
	return c
}

// notAltered explains what cannot be altered.
func (p *parser) notAltered(a *AlterTable) {
	t := p.tok()
	switch {
	case t.kind != tkWord:
	case p.isWord("ADD", "DROP", "ALTER", "CHANGE", "RENAME", "REPLACE", "SET", "UNSET", "PARTITION", "RECOVER", "CLUSTER", "DEFAULT", "WITH", "NOT",
		"CLUSTERED", "SKEWED", "EXCHANGE", "ARCHIVE", "UNARCHIVE", "TOUCH", "COMPACT", "CONCATENATE"):
		what := "ALTER TABLE … "
		if a.View {
			what = "ALTER VIEW … "
		}
		hint := "write CREATE OR REPLACE with the new definition; RENAME TO, SET TBLPROPERTIES and ADD COLUMNS are there"
		if p.isWord("DROP", "RENAME", "ALTER", "CHANGE", "REPLACE") && p.peek(1).kind == tkWord && p.peek(1).up != "CONSTRAINT" && p.peek(1).up != "PARTITION" {
			p.refuse(classTableOp, t.pos, hint, "%s is not supported", what+t.up)
		}
		p.unsupported(t.pos, what+t.up, hint)
	}
	p.fail("RENAME TO, SET TBLPROPERTIES or UNSET TBLPROPERTIES", "RENAME", "SET", "UNSET", "AS")
}

// createSchema reads CREATE SCHEMA [IF NOT EXISTS] name with its clauses.
func (p *parser) createSchema(start int) Statement {
	c := &CreateSchema{IfNotExists: p.ifNotExists()}
	c.Name = p.name("the name of the schema")
	cl := clauses{}
	for {
		switch {
		case p.isWord("COMMENT"):
			p.onceClause(&cl)
			c.Comment = p.stringText("the comment in quotes")
		case p.isWord("LOCATION"):
			p.onceClause(&cl)
			c.Location = p.stringText("the path in quotes")
		case p.isWords("WITH", "DBPROPERTIES"), p.isWords("WITH", "PROPERTIES"):
			p.onceClause(&cl)
			p.i++
			c.Properties = p.options(false)
		case p.isWord("DEFAULT"):
			p.unsupported(p.tok().pos, "A default COLLATION", "leave it out")
		default:
			c.At = p.from(start)
			return c
		}
	}
}

func (p *parser) dropSchema(start int) Statement {
	d := &DropSchema{IfExists: p.acceptWords("IF", "EXISTS")}
	d.Name = p.name("the name of the schema")
	d.Cascade = p.acceptWord("RESTRICT", "CASCADE") == "CASCADE"
	d.At = p.from(start)
	return d
}

// truncate reads TRUNCATE TABLE name [PARTITION (…)].
func (p *parser) truncate() Statement {
	start := p.start()
	p.i++
	p.expectWords("TABLE")
	t := &Truncate{Name: p.name("a table name")}
	t.Partition = p.partitionSpec()
	t.At = p.from(start)
	return t
}

// partitionSpec reads PARTITION (a = 1, b, …), or nil.
func (p *parser) partitionSpec() []PartitionValue {
	if !p.isWord("PARTITION") || p.peek(1).up != "(" {
		return nil
	}
	p.i++
	seen := map[string]bool{}
	return paren(p, func() PartitionValue {
		start := p.start()
		v := PartitionValue{Name: p.ident("the name of a partition column")}
		if low := upper(v.Name.Name); seen[low] {
			p.refuse("DUPLICATE_KEY", v.Name.Pos, "keep one of the two", "The partition column %s is given twice", v.Name.Name)
		} else {
			seen[low] = true
		}
		if p.acceptOp("=") || p.acceptOp("==") {
			v.X = p.constant("a constant value")
		}
		v.At = p.from(start)
		return v
	})
}

// constant reads a literal or a parameter.
func (p *parser) constant(what string) Expr {
	start := p.start()
	x := p.value(precUnary)
	switch x := x.(type) {
	case *NumberLit, *StringLit, *NullLit, *BoolLit, *TypedLit, *IntervalLit, *BinaryLit, *Param:
		return x
	case *Column:
		if len(x.Parts) == 1 && upper(x.Parts[0].Name) == "DEFAULT" && !x.Parts[0].Quoted {
			p.refuse("REF_DEFAULT_VALUE_IS_NOT_ALLOWED_IN_PARTITION", x.Pos, "write the value itself", "DEFAULT cannot stand for the value of a partition column")
		}
	}
	p.refuse(classSyntax, p.from(start).Pos, "write the value itself", "This is not %s", what)
	return nil
}
