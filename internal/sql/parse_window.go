package sql

// windows reads WINDOW w AS (spec), ….
func (p *parser) windows() []NamedWindow {
	p.expectWords("WINDOW")
	seen := map[string]bool{}
	return list(p, func() NamedWindow {
		start := p.start()
		n := NamedWindow{Name: p.ident("a name for the window")}
		if low := upper(n.Name.Name); seen[low] {
			p.refuse("INVALID_SQL_SYNTAX.REPETITIVE_WINDOW_DEFINITION", n.Name.Pos, "give each its own name", "The window %s is defined twice", n.Name.Name)
		} else {
			seen[low] = true
		}
		p.expectWords("AS")
		n.Spec = p.windowSpec()
		n.At = p.from(start)
		return n
	})
}

// windowSpec reads w, (w), or (PARTITION BY … ORDER BY … frame).
func (p *parser) windowSpec() WindowSpec {
	start := p.start()
	var w WindowSpec
	if !p.isOp("(") {
		w.Ref = p.ident("the name of a window, or '('")
		w.At = p.from(start)
		return w
	}
	p.i++
	if next := p.peek(1); p.isIdent() && next.up == ")" && next.kind == tkOp {
		w.Ref = p.ident("the name of a window")
	} else {
		p.windowBody(&w)
	}
	p.expectOp(")")
	w.At = p.from(start)
	return w
}

func (p *parser) windowBody(w *WindowSpec) {
	if p.acceptWords("CLUSTER", "BY") {
		w.Partition = list(p, p.expr)
	} else {
		if p.acceptWords("PARTITION", "BY") || p.acceptWords("DISTRIBUTE", "BY") {
			w.Partition = list(p, p.expr)
		}
		if p.acceptWords("ORDER", "BY") || p.acceptWords("SORT", "BY") {
			w.Order = list(p, p.sortItem)
		}
	}
	if p.isWord("ROWS", "RANGE") {
		w.Frame = p.frame()
	} else if !p.isOp(")") {
		p.fail("PARTITION BY, ORDER BY, ROWS, RANGE or ')'", "PARTITION", "ORDER", "ROWS", "RANGE")
	}
}

func (p *parser) frame() *Frame {
	start := p.start()
	f := &Frame{Range: p.advance().up == "RANGE", End: Bound{Kind: CurrentRow}}
	if p.acceptWord("BETWEEN") != "" {
		f.Start = p.bound()
		p.expectWords("AND")
		f.End = p.bound()
	} else {
		f.Start = p.bound()
	}
	f.At = p.from(start)
	return f
}

func (p *parser) bound() Bound {
	switch {
	case p.acceptWord("UNBOUNDED") != "":
		if p.acceptWord("PRECEDING") != "" {
			return Bound{Kind: UnboundedPreceding}
		}
		if p.acceptWord("FOLLOWING") != "" {
			return Bound{Kind: UnboundedFollowing}
		}
	case p.acceptWords("CURRENT", "ROW"):
		return Bound{Kind: CurrentRow}
	default:
		from := p.start()
		x := p.value(precCompare)
		if varies(x) {
			p.refuse(classNotAllowed, p.from(from).Pos, "write a number or an interval", "The bound of a window must be constant")
		}
		if p.acceptWord("PRECEDING") != "" {
			return Bound{Preceding, x}
		}
		if p.acceptWord("FOLLOWING") != "" {
			return Bound{Following, x}
		}
	}
	p.fail("PRECEDING or FOLLOWING", "PRECEDING", "FOLLOWING")
	return Bound{}
}

// varies reports a column or a call in a bound of a frame, as far as operators show it.
func varies(x Expr) bool {
	switch x := x.(type) {
	case *Column, *DynColumn, *Call, *Subquery, *Field, *Index:
		return true
	case *Unary:
		return varies(x.X)
	case *Cast:
		return varies(x.X)
	case *Binary:
		return varies(x.L) || varies(x.R)
	}
	return false
}
