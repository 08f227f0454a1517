package sql

// groupBy reads GROUP BY with its list; aliases may follow its items only after |> AGGREGATE.
func (p *parser) groupBy(aliases bool) *GroupBy {
	start := p.start()
	p.i += 2
	g := &GroupBy{}
	if p.isWord("ALL") && !p.continuesName(1) {
		p.i++
		g.All = true
		g.At = p.from(start)
		return g
	}
	g.Items = list(p, func() GroupItem {
		it := p.groupItem()
		if aliases && it.Kind == GroupExpr {
			if id, ok := p.alias(); ok {
				it.Alias = id
				it.Pos.End = p.prev().pos.End
			}
		}
		return it
	})
	p.groupSuffix(g)
	g.At = p.from(start)
	return g
}

// groupSuffix reads GROUP BY a, b WITH ROLLUP | WITH CUBE | GROUPING SETS (…).
func (p *parser) groupSuffix(g *GroupBy) {
	start := g.Items[0].Pos.Start
	switch {
	case p.isWords("WITH", "ROLLUP"), p.isWords("WITH", "CUBE"):
		item := GroupItem{Kind: Rollup}
		if p.peek(1).up == "CUBE" {
			item.Kind = Cube
		}
		for _, it := range g.Items {
			if it.Kind != GroupExpr {
				p.fail("the end of the statement; WITH " + p.peek(1).up + " takes plain columns")
			}
			set := []Expr{it.X}
			if r, ok := it.X.(*Row); ok {
				set = r.Items
			}
			item.Sets = append(item.Sets, set)
		}
		p.i += 2
		item.At = p.from(start)
		g.Items = []GroupItem{item}
	case p.isWords("GROUPING", "SETS"):
		// the columns before GROUPING SETS only repeat those within
		g.Items = []GroupItem{p.groupItem()}
	}
}

// groupItem reads an expression, CUBE(…), ROLLUP(…) or GROUPING SETS (…).
func (p *parser) groupItem() GroupItem {
	p.enter()
	defer p.leave()
	start := p.start()
	var g GroupItem
	switch {
	case p.isWord("CUBE", "ROLLUP") && p.peek(1).up == "(":
		g.Kind = Cube
		if p.advance().up == "ROLLUP" {
			g.Kind = Rollup
		}
		g.Sets = paren(p, func() []Expr {
			s := p.groupSet()
			if len(s) == 0 {
				p.refuse(classNotAllowed, p.prev().pos, "leave it out; CUBE and ROLLUP make the empty set themselves", "An empty set cannot stand here")
			}
			return s
		})
	case p.isWords("GROUPING", "SETS"):
		p.i += 2
		g.Kind = GroupSets
		g.Items = paren(p, p.groupElement)
	default:
		g.X = p.expr()
	}
	g.At = p.from(start)
	return g
}

// groupElement reads one element of GROUPING SETS: a set or a nested CUBE, ROLLUP, GROUPING SETS.
func (p *parser) groupElement() GroupItem {
	if p.isWord("CUBE", "ROLLUP") && p.peek(1).up == "(" || p.isWords("GROUPING", "SETS") {
		return p.groupItem()
	}
	start := p.start()
	s := p.groupSet()
	return GroupItem{At: p.from(start), Set: s}
}

// groupSet reads x, (), or (x, y).
func (p *parser) groupSet() []Expr {
	if p.isOp("(") && p.peek(1).up == ")" {
		p.i += 2
		return []Expr{}
	}
	x := p.expr()
	if r, ok := x.(*Row); ok {
		return r.Items
	}
	return []Expr{x}
}
