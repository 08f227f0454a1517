package sql

// isPivot reports PIVOT or UNPIVOT with what follows them.
func (p *parser) isPivot() bool {
	next := p.peek(1)
	return p.isWord("PIVOT") && next.kind == tkOp && next.up == "(" ||
		p.isWord("UNPIVOT") && (next.kind == tkOp && next.up == "(" || next.kind == tkWord && (next.up == "INCLUDE" || next.up == "EXCLUDE"))
}

// pivots reads PIVOT (…) or UNPIVOT (…) after rel.
func (p *parser) pivots(rel Relation) Relation {
	p.link()
	if p.isWord("PIVOT") {
		return p.pivot(rel)
	}
	return p.unpivot(rel)
}

// pivot reads PIVOT (aggregates FOR columns IN (values)) [AS alias].
func (p *parser) pivot(rel Relation) *PivotRef {
	p.enter()
	defer p.leave()
	r := &PivotRef{Rel: rel}
	p.i++
	p.expectOp("(")
	r.Aggs = list(p, func() SelectItem { return p.pivotAgg() })
	p.expectFor("the aggregates")
	if p.isOp("(") {
		r.Columns = p.identList("a column name")
	} else {
		r.Columns = []Ident{p.nameIdent("the column whose values become columns")}
	}
	p.expectIn()
	r.Values = list(p, p.pivotValue)
	p.closePivot()
	r.Alias = p.pivotAlias()
	r.At = p.from(rel.Span().Start)
	return r
}

// pivotAgg reads one aggregate with its alias; FOR ends the list and is no alias.
func (p *parser) pivotAgg() SelectItem {
	start := p.start()
	x := p.expr()
	item := SelectItem{X: x, Text: p.src.Text[start:p.prev().pos.End]}
	if p.isWord("AS") || !p.isWord("FOR") || p.peek(1).kind == tkWord && p.peek(1).up == "FOR" {
		if id, ok := p.alias(); ok {
			item.Alias = []Ident{id}
		}
	}
	item.At = p.from(start)
	return item
}

func (p *parser) expectFor(after string) {
	if !p.isWord("FOR") {
		p.fail("FOR after "+after, "FOR")
	}
	p.i++
}

func (p *parser) expectIn() {
	if !p.isWord("IN") {
		p.fail("IN and a list in parentheses", "IN")
	}
	p.i++
	p.expectOp("(")
}

// closePivot passes the parentheses of the list and of the clause.
func (p *parser) closePivot() {
	p.expectOp(")")
	p.expectOp(")")
}

// pivotValue reads value [[AS] alias].
func (p *parser) pivotValue() PivotValue {
	start := p.start()
	if p.queryAt(p.i) && !p.isOp("(") {
		p.unsupported(p.tok().pos, "PIVOT … IN (query)", "list the values")
	}
	v := PivotValue{X: p.expr()}
	v.Alias, _ = p.alias()
	v.At = p.from(start)
	return v
}

// pivotAlias reads [AS] name, without columns.
func (p *parser) pivotAlias() *TableAlias {
	start := p.start()
	if p.isPivot() || p.isWord("TABLESAMPLE") {
		return nil
	}
	id, ok := p.alias()
	if !ok {
		return nil
	}
	return &TableAlias{At: p.from(start), Name: id}
}

// unpivot reads UNPIVOT [INCLUDE | EXCLUDE NULLS] (values FOR name IN (columns)) [AS alias].
func (p *parser) unpivot(rel Relation) *UnpivotRef {
	p.enter()
	defer p.leave()
	r := &UnpivotRef{Rel: rel}
	p.i++
	if w := p.acceptWord("INCLUDE", "EXCLUDE"); w != "" {
		p.expectWords("NULLS")
		r.IncludeNulls = w == "INCLUDE"
	}
	p.expectOp("(")
	if r.Multi = p.isOp("("); r.Multi {
		r.Values = p.identList("a name for the column of values")
	} else {
		r.Values = []Ident{p.ident("a name for the column of values")}
	}
	p.expectFor("the column of values")
	r.Name = p.ident("a name for the column of names")
	p.expectIn()
	r.Columns = list(p, func() UnpivotColumns { return p.unpivotColumns(r) })
	p.closePivot()
	r.Alias = p.pivotAlias()
	r.At = p.from(rel.Span().Start)
	return r
}

// unpivotColumns reads a [AS x], or (a, b) [AS x] for several values.
func (p *parser) unpivotColumns(r *UnpivotRef) UnpivotColumns {
	start := p.start()
	var u UnpivotColumns
	switch {
	case r.Multi:
		if !p.isOp("(") {
			p.fail("the columns of one row in parentheses")
		}
		u.Columns = paren(p, func() Name { return p.plainName("a column") })
	default:
		u.Columns = []Name{p.plainName("a column")}
	}
	u.Alias, _ = p.alias()
	u.At = p.from(start)
	if len(u.Columns) != len(r.Values) {
		p.refuse("UNPIVOT_VALUE_SIZE_MISMATCH", u.Pos, "give each row as many columns as there are names before FOR",
			"UNPIVOT has %d columns of values, but %d columns here", len(r.Values), len(u.Columns))
	}
	return u
}
