package sql

// relation reads an item of FROM with the joins that follow it.
func (p *parser) relation() Relation {
	p.enter()
	defer p.leave()
	return p.joins(p.relationPrimary(p.lateral()))
}

// lateral passes LATERAL, unless it begins LATERAL VIEW.
func (p *parser) lateral() bool {
	if p.isWord("LATERAL") && p.peek(1).up != "VIEW" {
		p.i++
		return true
	}
	return false
}

// joins reads JOIN … after left.
func (p *parser) joins(left Relation) Relation {
	start := left.Span().Start
	for {
		if p.isPivot() {
			left = p.pivots(left)
			continue
		}
		j, ok := p.join(left, start)
		if !ok {
			return left
		}
		left = j
	}
}

// join reads one JOIN after left; ok is false if there is none.
func (p *parser) join(left Relation, start int) (j *Join, ok bool) {
	natural := p.isWord("NATURAL")
	kind, n := p.joinKind(natural)
	if n == 0 {
		if natural {
			p.i++
			p.fail("JOIN", "JOIN", "INNER", "LEFT", "RIGHT", "FULL")
		}
		return nil, false
	}
	if natural && kind == CrossJoin {
		p.refuse("INCOMPATIBLE_JOIN_TYPES", p.peek(1).pos, "choose one of the two", "A join cannot be both NATURAL and CROSS")
	}
	p.link()
	p.i += n
	j = &Join{Kind: kind, L: left, Natural: natural, Lateral: p.lateral()}
	j.R = p.relationPrimary(j.Lateral)
	p.joinOn(j)
	j.At = p.from(start)
	p.checkLateral(j)
	return j, true
}

// checkLateral refuses joins that a LATERAL right side has not.
func (p *parser) checkLateral(j *Join) {
	switch {
	case !j.Lateral:
	case j.Natural:
		p.refuse("INCOMPATIBLE_JOIN_TYPES", j.R.Span(), "choose one of the two", "A join cannot be both NATURAL and LATERAL")
	case len(j.Using) > 0:
		p.refuse("UNSUPPORTED_FEATURE.LATERAL_JOIN_USING", j.Using[0].Pos, "write ON with a comparison", "A LATERAL join takes no USING")
	case j.Kind != InnerJoin && j.Kind != CrossJoin && j.Kind != LeftJoin:
		p.refuse("INVALID_LATERAL_JOIN_TYPE", j.R.Span(), "write JOIN LATERAL or LEFT JOIN LATERAL", "A %s JOIN cannot be LATERAL", j.Kind)
	}
}

// joinOn reads ON or USING.
func (p *parser) joinOn(j *Join) {
	switch {
	case p.isWord("ON"):
		if j.Natural {
			p.refuse(classSyntax, p.tok().pos, "leave out NATURAL or ON", "A NATURAL JOIN takes no ON")
		}
		p.i++
		j.On = p.expr()
	case p.isWord("USING"):
		if j.Natural {
			p.refuse(classSyntax, p.tok().pos, "leave out NATURAL or USING", "A NATURAL JOIN takes no USING")
		}
		p.i++
		j.Using = p.identList("a column name")
	case p.isNearest():
		p.unsupported(p.tok().pos, "A join with the NEAREST rows", "number them with row_number() OVER (ORDER BY …) and filter with QUALIFY")
	}
}

// joinKind finds the kind of join that begins here and how many tokens name it; 0 if none does.
func (p *parser) joinKind(natural bool) (JoinKind, int) {
	n := 0
	if natural {
		n = 1
	}
	word := func(i int) string {
		if t := p.peek(i); t.kind == tkWord {
			return t.up
		}
		return ""
	}
	kind, w := InnerJoin, word(n)
	switch w {
	case "INNER":
		n++
	case "CROSS":
		kind = CrossJoin
		n++
	case "SEMI", "ANTI":
		kind = map[string]JoinKind{"SEMI": SemiJoin, "ANTI": AntiJoin}[w]
		n++
	case "LEFT", "RIGHT", "FULL":
		kind = map[string]JoinKind{"LEFT": LeftJoin, "RIGHT": RightJoin, "FULL": FullJoin}[w]
		n++
		switch next := word(n); {
		case next == "OUTER":
			n++
		case next == "SEMI" && w == "LEFT":
			kind = SemiJoin
			n++
		case next == "ANTI" && w == "LEFT":
			kind = AntiJoin
			n++
		}
	}
	if word(n) == "JOIN" {
		return kind, n + 1
	}
	if n > 0 && !natural {
		p.i += n
		p.fail("JOIN", "JOIN", "OUTER", "SEMI", "ANTI")
	}
	return "", 0
}

// relationPrimary reads a table, a stream, a function, VALUES, or something in parentheses.
func (p *parser) relationPrimary(lateral bool) Relation {
	start := p.start()
	r := p.relationItem(lateral)
	switch r.(type) {
	case *SubqueryRef, *FuncRef:
	default:
		if lateral {
			p.refuse("INVALID_SQL_SYNTAX.LATERAL_WITHOUT_SUBQUERY_OR_TABLE_VALUED_FUNC", p.from(start).Pos, "leave LATERAL out",
				"LATERAL stands only before a subquery or a function")
		}
	}
	return r
}

func (p *parser) relationItem(lateral bool) Relation {
	start := p.start()
	switch {
	case p.isOp("("):
		return p.parenRelation(start, lateral)
	case p.isWord("VALUES") && (p.peek(1).kind != tkOp || p.peek(1).up == "("):
		v := p.values()
		return &ValuesRef{v.At, v}
	case p.isStream():
		return p.stream(start)
	case p.tok().kind == tkString:
		p.refuse(classSyntax, p.tok().pos, "write the name without quotes, or with `backquotes`", "A text in quotes cannot be a table name")
	}
	if !p.isIdent() || p.tok().kind == tkWord && strictReserved[p.tok().up] {
		p.fail("a table name", "SELECT", "STREAM", "VALUES", "LATERAL")
	}
	n := p.name("a table name")
	if p.isOp("(") {
		return p.function(start, n, lateral)
	}
	t := &TableRef{Name: n}
	p.tableTail(start, t)
	return t
}

// isStream reports STREAM t or STREAM(t); a table may also be called stream.
func (p *parser) isStream() bool {
	next := p.peek(1)
	if !p.isWord("STREAM") {
		return false
	}
	return next.kind == tkQuoted || next.kind == tkOp && next.up == "(" ||
		next.kind == tkWord && !aliasStops[next.up] && !strictReserved[next.up]
}

func (p *parser) stream(start int) Relation {
	p.i++
	t := &TableRef{Stream: true}
	if p.acceptOp("(") {
		if p.queryAt(p.i) {
			p.unsupported(p.tok().pos, "STREAM over a query", "write STREAM before the table within the query")
		}
		t.Name = p.plainName("the name of the table to stream")
		if p.isOp("(") {
			p.unsupported(p.tok().pos, "STREAM over a function", "declare a table with CREATE TABLE … USING")
		}
		p.expectOp(")")
	} else {
		t.Name = p.plainName("the name of the table to stream")
		if p.isOp("(") {
			p.unsupported(p.tok().pos, "STREAM over a function", "declare a table with CREATE TABLE … USING")
		}
	}
	if p.isWords("IDENTIFIED", "BY") {
		p.unsupported(p.tok().pos, "IDENTIFIED BY", "leave it out")
	}
	p.tableTail(start, t)
	return t
}

// versionWords begin AS OF after a table.
var versionWords = set("VERSION SYSTEM_VERSION TIMESTAMP SYSTEM_TIME")

// tableTail reads what may follow the name of a table.
func (p *parser) tableTail(start int, t *TableRef) {
	n := 0
	if p.isWord("FOR") {
		n = 1
	}
	if w := p.peek(n); w.kind == tkWord && versionWords[w.up] && p.peek(n+1).up == "AS" && p.peek(n+2).up == "OF" {
		p.unsupported(p.tok().pos, "Reading an earlier version of a table", "leave the clause out")
	}
	if p.isWord("CHANGES") && p.peek(1).kind == tkWord && p.peek(1).up == "FROM" && p.peek(2).kind == tkWord {
		p.unsupported(p.tok().pos, "Reading the CHANGES of a table", "read the table itself")
	}
	if p.isWord("WITH") && p.peek(1).up == "(" {
		p.i++
		t.Options = p.options(false)
	}
	t.Sample = p.sample()
	t.Watermark, t.Alias = p.relationTail()
	t.At = p.from(start)
}

// relationTail reads [WATERMARK …] [AS name(columns)].
func (p *parser) relationTail() (*Watermark, *TableAlias) {
	w := p.watermark()
	a := p.tableAlias()
	if p.isSample() {
		p.refuse(classSyntax, p.tok().pos, "write it right behind the table or subquery", "TABLESAMPLE cannot stand here")
	}
	if p.isWord("WATERMARK") && p.peek(1).kind != tkEOF {
		hint := "write FROM table WATERMARK column DELAY OF INTERVAL … AS name"
		p.refuse(classSyntax, p.tok().pos, hint, "WATERMARK comes before the alias")
	}
	return w, a
}

// watermark reads WATERMARK expression [AS name] DELAY OF INTERVAL …, or nil.
func (p *parser) watermark() *Watermark {
	if !p.isWord("WATERMARK") || p.peek(1).kind != tkWord && p.peek(1).kind != tkQuoted {
		return nil
	}
	start := p.start()
	p.i++
	w := &Watermark{X: p.expr()}
	if id, ok := p.alias(); ok {
		w.Name = id
	}
	if !p.isWord("DELAY") {
		p.fail("DELAY OF INTERVAL …", "DELAY")
	}
	p.i++
	if !p.isWord("OF") {
		p.fail("OF", "OF")
	}
	p.i++
	if !p.isWord("INTERVAL") {
		t := p.tok()
		if t.kind == tkString || t.kind == tkNumber {
			p.refuse(classSyntax, t.pos, "write DELAY OF INTERVAL 10 MINUTES", "DELAY OF takes an INTERVAL, not a bare %s",
				map[bool]string{true: "text", false: "number"}[t.kind == tkString])
		}
		p.fail("INTERVAL and a length, such as INTERVAL 10 MINUTES", "INTERVAL")
	}
	w.Delay = p.interval()
	w.At = p.from(start)
	return w
}

// tableAlias reads [AS] name [(columns)], or nil.
func (p *parser) tableAlias() *TableAlias {
	start := p.start()
	if p.isWord("AS") && p.peek(1).kind == tkWord && strictReserved[p.peek(1).up] {
		p.i++
		p.fail("a name; this keyword needs backquotes to be one")
	}
	id, ok := p.alias()
	if !ok {
		return nil
	}
	a := &TableAlias{Name: id}
	if p.isOp("(") {
		a.Columns = p.identList("a column name")
	}
	a.At = p.from(start)
	return a
}

// function reads the arguments of a table-valued function.
func (p *parser) function(start int, n Name, lateral bool) Relation {
	f := &FuncRef{Name: n, Lateral: lateral}
	p.expectOp("(")
	if !p.isOp(")") {
		f.Args = list(p, p.argument)
	}
	if !p.isOp(")") {
		p.fail("',' or ')' in the arguments of " + n.String())
	}
	p.i++
	f.Watermark, f.Alias = p.relationTail()
	f.At = p.from(start)
	return f
}

// parenRelation reads (query) or (relation) with what follows. ((SELECT 1) a JOIN b) and
// ((SELECT 1) UNION SELECT 2) show their nature only inside.
func (p *parser) parenRelation(start int, lateral bool) Relation {
	p.enter()
	defer p.leave()
	q, rel := p.parenBoth()
	if q != nil {
		return p.subquery(start, q, lateral)
	}
	return p.closedRelation(start, rel)
}

// closedRelation reads what follows (relation).
func (p *parser) closedRelation(start int, rel Relation) Relation {
	r := &ParenRef{Rel: rel, Sample: p.sample()}
	r.Watermark, r.Alias = p.relationTail()
	r.At = p.from(start)
	return r
}

func (p *parser) subquery(start int, q *Query, lateral bool) Relation {
	s := &SubqueryRef{Query: q, Lateral: lateral, Sample: p.sample()}
	s.Watermark, s.Alias = p.relationTail()
	s.At = p.from(start)
	return s
}

// parenBoth reads ( … ) in FROM; exactly one result is set.
func (p *parser) parenBoth() (*Query, Relation) {
	p.enter()
	defer p.leave()
	p.expectOp("(")
	start := p.start()
	if !p.queryAt(p.i) {
		r := p.relation()
		p.closeRelation()
		return nil, r
	}
	if !p.isOp("(") {
		q := p.query()
		p.expectOp(")")
		return q, nil
	}
	q, rel := p.parenBoth()
	switch {
	case q != nil && (p.isOp(")") || p.isQueryTail()):
		q = p.queryFrom(start, q)
		p.expectOp(")")
		return q, nil
	case q != nil:
		rel = p.subquery(start, q, false)
	default:
		rel = p.closedRelation(start, rel)
	}
	rel = p.joins(rel)
	p.closeRelation()
	return nil, rel
}

func (p *parser) closeRelation() {
	if !p.isOp(")") {
		p.fail("')' or JOIN", "JOIN", "ON", "USING", "WHERE")
	}
	p.i++
}

// lateralView reads LATERAL VIEW [OUTER] f(args) [t] [AS a, b].
func (p *parser) lateralView() LateralView {
	start := p.start()
	p.i += 2
	var v LateralView
	if p.isWord("OUTER") && p.peek(1).up != "(" {
		p.i++
		v.Outer = true
	}
	n := p.name("a function such as explode")
	if !p.isOp("(") {
		p.fail("'(' and the arguments of " + n.String())
	}
	p.i++
	v.Call = &Call{Name: n}
	if !p.isOp(")") {
		v.Call.Args = list(p, p.expr)
	}
	p.expectOp(")")
	v.Call.At = p.from(n.Pos.Start)
	if p.isIdent() && !aliasStops[p.tok().up] {
		v.Table = p.ident("a name for the view")
	}
	if p.acceptWord("AS") != "" || p.isIdent() && !aliasStops[p.tok().up] && !strictReserved[p.tok().up] {
		v.Columns = list(p, func() Ident { return p.nameIdent("a column name") })
	}
	if v.Table.Name == "" && len(v.Columns) == 0 {
		p.fail("a name for the rows, as in LATERAL VIEW explode(x) t AS a", "AS")
	}
	v.At = p.from(start)
	return v
}
