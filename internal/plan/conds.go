package plan

// Conjuncts splits a condition at its ANDs, in their order; nil, which is TRUE, has none.
func Conjuncts(e Expr) []Expr { return conjuncts(e, nil) }

func conjuncts(e Expr, to []Expr) []Expr {
	if e == nil {
		return to
	}
	if l, ok := e.(*Logic); ok && !l.Or {
		return conjuncts(l.R, conjuncts(l.L, to))
	}
	return append(to, e)
}

// And joins conditions; nil is TRUE, and what it gives for none.
func And(list ...Expr) Expr {
	var all Expr
	for _, c := range list {
		switch {
		case c == nil:
		case all == nil:
			all = c
		default:
			all = &Logic{L: all, R: c, At: c.Span()}
		}
	}
	return all
}

// Filtered puts a Filter with all conditions over a node; with none it is the node.
func Filtered(n Node, conds []Expr) Node {
	if c := And(conds...); c != nil {
		return &Filter{Child: n, Cond: c}
	}
	return n
}

// Exactly is a node that gives just the wanted columns in their order.
func Exactly(n Node, want []Attr) Node {
	out := n.Output()
	same := len(out) == len(want)
	for i := 0; same && i < len(want); i++ {
		same = out[i].ID == want[i].ID
	}
	if same {
		return n
	}
	p := &Project{Child: n}
	for _, a := range want {
		p.Cols = append(p.Cols, Named{Attr: a, Expr: &Ref{Attr: a}})
	}
	return p
}

// IDs is the ids of attributes as a set.
func IDs(list []Attr) map[ID]bool {
	out := map[ID]bool{}
	for _, a := range list {
		out[a.ID] = true
	}
	return out
}
