package plan

// Walk calls f for n and, where f answers true, for its descendants: parents first, children
// in order.
func Walk(n Node, f func(Node) bool) {
	if !f(n) {
		return
	}
	for _, c := range n.Children() {
		Walk(c, f)
	}
}

// TransformUp rebuilds a plan from its leaves: f gets each node with its children already
// rewritten. Nodes whose children did not change are not copied.
func TransformUp(n Node, f func(Node) Node) Node {
	children := n.Children()
	out := make([]Node, len(children))
	changed := false
	for i, c := range children {
		out[i] = TransformUp(c, f)
		changed = changed || out[i] != c
	}
	if changed {
		n = n.With(out)
	}
	return f(n)
}

// MapExprs applies f to every top-level expression of a node (not of its children). The
// node is copied only if an expression changed.
func MapExprs(n Node, f func(Expr) Expr) Node {
	switch n := n.(type) {
	case *Filter:
		if c := f(n.Cond); c != n.Cond {
			return &Filter{Child: n.Child, Cond: c}
		}
	case *Project:
		if cols, ok := mapNamed(n.Cols, f); ok {
			return &Project{Child: n.Child, Cols: cols}
		}
	case *TimeWindow:
		if t := f(n.Time); t != n.Time {
			d := *n
			d.Time = t
			return &d
		}
	case *Aggregate:
		keys, k := mapNamed(n.Keys, f)
		aggs, a := mapNamed(n.Aggs, f)
		if k || a {
			d := *n
			d.Keys, d.Aggs = keys, aggs
			return &d
		}
	case *Sort:
		if by, ok := mapOrders(n.By, f); ok {
			d := *n
			d.By = by
			return &d
		}
	}
	return mapMore(n, f)
}

// mapMore is MapExprs for the nodes of batch queries.
func mapMore(n Node, f func(Expr) Expr) Node {
	switch n := n.(type) {
	case *Scan:
		if list, ok := mapList(n.Filters, f); ok {
			d := *n
			d.Filters = list
			return &d
		}
	case *Join:
		if n.On == nil {
			return n
		}
		if on := f(n.On); on != n.On {
			d := *n
			d.On = on
			return &d
		}
	case *Window:
		part, p := mapList(n.Partition, f)
		by, o := mapOrders(n.Order, f)
		calls, c := mapNamed(n.Calls, f)
		if p || o || c {
			d := *n
			d.Partition, d.Order, d.Calls = part, by, calls
			return &d
		}
	case *Generate:
		if args, ok := mapList(n.Args, f); ok {
			d := *n
			d.Args = args
			return &d
		}
	case *Expand:
		return mapExpand(n, f)
	}
	return n
}

func mapExpand(n *Expand, f func(Expr) Expr) Node {
	d, changed := *n, false
	d.Rows = make([][]Expr, len(n.Rows))
	for i, row := range n.Rows {
		list, ok := mapList(row, f)
		d.Rows[i] = list
		changed = changed || ok
	}
	if !changed {
		return n
	}
	return &d
}

func mapOrders(by []Order, f func(Expr) Expr) (out []Order, changed bool) {
	out = make([]Order, len(by))
	for i, o := range by {
		out[i] = o
		out[i].Expr = f(o.Expr)
		changed = changed || out[i].Expr != o.Expr
	}
	return out, changed
}

func mapList(list []Expr, f func(Expr) Expr) (out []Expr, changed bool) {
	out = make([]Expr, len(list))
	for i, e := range list {
		out[i] = f(e)
		changed = changed || out[i] != e
	}
	return out, changed
}

func mapNamed(list []Named, f func(Expr) Expr) (out []Named, changed bool) {
	out = make([]Named, len(list))
	for i, c := range list {
		out[i] = Named{Attr: c.Attr, Expr: f(c.Expr)}
		changed = changed || out[i].Expr != c.Expr
	}
	return out, changed
}

// ExprsOf lists the top-level expressions of a node (not of its children).
func ExprsOf(n Node) []Expr {
	var out []Expr
	MapExprs(n, func(e Expr) Expr {
		out = append(out, e)
		return e
	})
	return out
}

// WalkExpr calls f for e and, where f answers true, for its descendants.
func WalkExpr(e Expr, f func(Expr) bool) {
	if !f(e) {
		return
	}
	for _, c := range e.Children() {
		WalkExpr(c, f)
	}
}

// RewriteUp rebuilds an expression from its leaves.
func RewriteUp(e Expr, f func(Expr) Expr) Expr {
	return f(mapChildren(e, func(c Expr) Expr { return RewriteUp(c, f) }))
}

// RewriteDown rebuilds an expression from its root: where f answers true its result stands
// and is not entered.
func RewriteDown(e Expr, f func(Expr) (Expr, bool)) Expr {
	if r, done := f(e); done {
		return r
	}
	return mapChildren(e, func(c Expr) Expr { return RewriteDown(c, f) })
}

func mapChildren(e Expr, f func(Expr) Expr) Expr {
	children := e.Children()
	if len(children) == 0 {
		return e
	}
	out, changed := make([]Expr, len(children)), false
	for i, c := range children {
		out[i] = f(c)
		changed = changed || out[i] != c
	}
	if !changed {
		return e
	}
	return e.With(out)
}

// Refs adds the ids that an expression reads to a set: those that subqueries in it read of the
// queries around them, too. A lambda's parameters are among them.
func Refs(e Expr, into map[ID]bool) {
	WalkExpr(e, func(e Expr) bool {
		switch e := e.(type) {
		case *Ref:
			into[e.Attr.ID] = true
		case *Subquery:
			OuterRefs(e.Plan, into)
		}
		return true
	})
}

// OuterRefs adds the ids that a plan reads of the queries around it to a set; those which a
// Lateral join or a Subquery within it provides are among them.
func OuterRefs(n Node, into map[ID]bool) {
	MapOuter(n, func(o *Outer) Expr {
		into[o.Attr.ID] = true
		return o
	})
}

// MapOuter rebuilds a plan with every Outer replaced, in subqueries within it as well.
func MapOuter(n Node, f func(*Outer) Expr) Node {
	return TransformUp(n, func(n Node) Node {
		return MapExprs(n, func(e Expr) Expr { return mapOuterExpr(e, f) })
	})
}

func mapOuterExpr(e Expr, f func(*Outer) Expr) Expr {
	return RewriteUp(e, func(e Expr) Expr {
		switch e := e.(type) {
		case *Outer:
			return f(e)
		case *Subquery:
			if p := MapOuter(e.Plan, f); p != e.Plan {
				d := *e
				d.Plan = p
				return &d
			}
		}
		return e
	})
}

// Substitute replaces references by expressions.
func Substitute(e Expr, by map[ID]Expr) Expr {
	return RewriteUp(e, func(e Expr) Expr {
		if r, ok := e.(*Ref); ok {
			if x, ok := by[r.Attr.ID]; ok {
				return x
			}
		}
		return e
	})
}

// IsVolatile reports whether an expression may differ from one evaluation to the next, so
// that it must not be moved or computed twice.
func IsVolatile(e Expr) bool {
	found := false
	WalkExpr(e, func(e Expr) bool {
		if c, ok := e.(*Call); ok && c.Fn.Volatile {
			found = true
		}
		return !found
	})
	return found
}

// IsConst reports whether an expression reads no attribute and gives the same value each time.
func IsConst(e Expr) bool {
	ok := true
	WalkExpr(e, func(e Expr) bool {
		switch e := e.(type) {
		case *Ref, *Agg, *Outer, *Subquery, *WindowCall, *Higher:
			ok = false
		case *Call:
			ok = ok && !e.Fn.Volatile
		}
		return ok
	})
	return ok
}

// IsStreaming reports whether a plan reads a stream.
func IsStreaming(n Node) bool {
	found := false
	Walk(n, func(n Node) bool {
		if s, ok := n.(*Scan); ok && s.Stream {
			found = true
		}
		return !found
	})
	return found
}

// MaxID is the largest attribute id that a plan defines: those of lambdas' parameters and of plans
// within subqueries are among them.
func MaxID(n Node) ID {
	var top ID
	Walk(n, func(n Node) bool {
		for _, a := range n.Output() {
			top = max(top, a.ID)
		}
		for _, e := range ExprsOf(n) {
			WalkExpr(e, func(e Expr) bool {
				switch e := e.(type) {
				case *Lambda:
					for _, p := range e.Params {
						top = max(top, p.ID)
					}
				case *Subquery:
					top = max(top, MaxID(e.Plan))
				}
				return true
			})
		}
		return true
	})
	return top
}

// Find returns the attribute of a list with an id.
func Find(list []Attr, id ID) (Attr, bool) {
	for _, a := range list {
		if a.ID == id {
			return a, true
		}
	}
	return Attr{}, false
}
