package sql

// fromList reads the items of FROM. A PIVOT after a comma stands for the whole list before it,
// and so do joins (Spark: visitFromClause); for PIVOT the list becomes one relation.
func (p *parser) fromList() []Relation {
	out := []Relation{p.relation()}
	for p.acceptOp(",") {
		r := p.relation()
		if pivoted(r) {
			for _, before := range out[1:] {
				out[0] = commaJoin(out[0], before)
			}
			out = []Relation{underPivot(out[0], r)}
			continue
		}
		out = append(out, r)
	}
	return out
}

// pivoted reports a PIVOT or UNPIVOT on the left edge of a relation.
func pivoted(r Relation) bool {
	for {
		switch x := r.(type) {
		case *PivotRef, *UnpivotRef:
			return true
		case *Join:
			r = x.L
		default:
			return false
		}
	}
}

// commaJoin is the join that a comma means.
func commaJoin(l, r Relation) *Join {
	j := &Join{At: At{l.Span()}, Kind: InnerJoin, L: l, R: r}
	j.Pos.End = r.Span().End
	switch x := r.(type) {
	case *SubqueryRef:
		j.Lateral = x.Lateral
	case *FuncRef:
		j.Lateral = x.Lateral
	}
	return j
}

// underPivot puts l before the leftmost relation of r.
func underPivot(l, r Relation) Relation {
	switch x := r.(type) {
	case *PivotRef:
		x.Rel = underPivot(l, x.Rel)
		x.Pos.Start = l.Span().Start
	case *UnpivotRef:
		x.Rel = underPivot(l, x.Rel)
		x.Pos.Start = l.Span().Start
	case *Join:
		x.L = underPivot(l, x.L)
		x.Pos.Start = l.Span().Start
	default:
		return commaJoin(l, r)
	}
	return r
}

// fromClause reads what follows FROM: the relations and their lateral views.
func (p *parser) fromClause() ([]Relation, []LateralView) {
	from := p.fromList()
	var views []LateralView
	for p.isWords("LATERAL", "VIEW") {
		views = append(views, p.lateralView())
	}
	if len(views) > 0 && p.isPivot() {
		p.refuse("NOT_ALLOWED_IN_FROM.LATERAL_WITH_"+p.tok().up, p.tok().pos, "put the LATERAL VIEW into a subquery", "%s cannot follow a LATERAL VIEW", p.tok().up)
	}
	return from, views
}

// fromFirst reads FROM t, alone or before SELECT … (as Hive writes it). Several SELECTs are the
// UNION ALL of their rows; each reads its own copy of FROM.
func (p *parser) fromFirst() Body {
	start, params := p.start(), p.params
	p.i++
	at := p.i
	from, views := p.fromClause()
	if !p.isWord("SELECT") {
		if p.isHive() {
			p.noScript()
		}
		item := SelectItem{At: p.from(start), X: &Star{At: p.from(start)}}
		return &Select{At: p.from(start), Pipe: PipeFrom, Items: []SelectItem{item}, From: from, Views: views}
	}
	var out Body
	for p.isWord("SELECT") {
		if out != nil {
			from, views = p.again(at, params)
			p.link()
		}
		one := p.hiveSelect(start, from, views)
		if out == nil {
			out = one
		} else {
			out = &SetOp{p.from(start), "UNION", true, out, one}
		}
	}
	if u, ok := out.(*SetOp); ok { // closed: what follows does not reach into it
		return &Query{At: u.At, Body: u}
	}
	return out
}

// again reads the FROM clause at token i a second time.
func (p *parser) again(i, params int) ([]Relation, []LateralView) {
	here, now := p.i, p.params
	p.i, p.params = i, params
	from, views := p.fromClause()
	p.i, p.params = here, now
	return from, views
}

// hiveSelect reads SELECT … without FROM, up to LIMIT and OFFSET.
func (p *parser) hiveSelect(start int, from []Relation, views []LateralView) Body {
	s := &Select{From: from, Views: views}
	p.selectList(s)
	p.selectRest(s)
	s.At = p.from(start)
	q := &Query{Body: s}
	p.organize(q)
	q.At = p.from(start)
	if !q.organized() {
		return s
	}
	return q
}

// noScript refuses MAP and REDUCE after FROM.
func (p *parser) noScript() {
	if p.isWord("MAP", "REDUCE") {
		p.unsupported(p.tok().pos, p.tok().up+" with a script", "use functions in SELECT")
	}
}

// fromInsert reads FROM t INSERT INTO a SELECT …, if it is that; else nil, and nothing is read.
func (p *parser) fromInsert(ctes []CTE, recursive bool) Statement {
	start, here, params := p.start(), p.i, p.params
	p.i++
	from, views := p.fromClause()
	if !p.isWord("INSERT") {
		p.i, p.params = here, params
		return nil
	}
	p.hive = &hiveFrom{from, views}
	defer func() { p.hive = nil }()
	s := p.insert(ctes, recursive)
	if p.isWord("INSERT") {
		p.unsupported(p.tok().pos, "More than one INSERT after one FROM", "write one INSERT … SELECT … FROM for each table")
	}
	if i, ok := s.(*Insert); ok {
		i.Pos.Start = start
	}
	return s
}

// hiveFrom is the FROM clause that was written before INSERT.
type hiveFrom struct {
	from  []Relation
	views []LateralView
}
