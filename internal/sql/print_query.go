package sql

import "strings"

func upper(s string) string { return strings.ToUpper(s) }

func (w *printer) query(q *Query) {
	w.with(q)
	w.body(q.Body)
	switch {
	case len(q.Order) > 0:
		w.put(" ORDER BY ")
		w.sortItems(q.Order)
	case q.OrderAll != nil:
		w.put(" ORDER BY ALL")
		w.sortTail(*q.OrderAll)
	}
	if len(q.Cluster) > 0 {
		w.put(" CLUSTER BY ")
		w.list(q.Cluster)
	}
	if len(q.Distribute) > 0 {
		w.put(" DISTRIBUTE BY ")
		w.list(q.Distribute)
	}
	if len(q.Sort) > 0 {
		w.put(" SORT BY ")
		w.sortItems(q.Sort)
	}
	w.windows(q.Windows)
	if s, ok := q.Body.(*Select); ok && s.Pipe == PipeOrganize && !q.organized() {
		w.put(" LIMIT ALL")
	}
	if q.Limit != nil {
		w.put(" LIMIT ")
		w.expr(q.Limit, 0)
	}
	if q.Offset != nil {
		w.put(" OFFSET ")
		w.expr(q.Offset, 0)
	}
}

func (w *printer) with(q *Query) {
	if len(q.With) == 0 {
		return
	}
	w.put("WITH ")
	if q.Recursive {
		w.put("RECURSIVE ")
	}
	each(w, q.With, ", ", func(c CTE) {
		w.ident(c.Name)
		w.columnList(c.Columns)
		if c.MaxLevel != nil {
			w.put(" MAX RECURSION LEVEL ")
			w.plainNumber(c.MaxLevel)
		}
		w.put(" AS (")
		w.query(c.Query)
		w.put(")")
	})
	w.put(" ")
}

// columnList prints (a, b), or nothing.
func (w *printer) columnList(ids []Ident) {
	if len(ids) > 0 {
		w.put("(")
		w.idents(ids, ", ")
		w.put(")")
	}
}

func (w *printer) body(b Body) {
	switch b := b.(type) {
	case *Query:
		w.put("(")
		w.query(b)
		w.put(")")
	case *Select:
		w.selectClause(b)
	case *SetOp:
		w.body(b.L)
		w.put(" ", b.Op, " ")
		if b.All {
			w.put("ALL ")
		}
		w.body(b.R)
	case *Values:
		w.values(b)
	case *TableQuery:
		w.put("TABLE ")
		w.name(b.Name)
	}
}

func (w *printer) values(v *Values) {
	w.put("VALUES ")
	each(w, v.Rows, ", ", func(row []Expr) {
		if s, ok := row[0].(*Star); ok && len(row) == 1 {
			w.expr(s, 0)
			return
		}
		w.put("(")
		w.list(row)
		w.put(")")
	})
	w.alias(v.Alias)
}

func (w *printer) selectClause(s *Select) {
	switch s.Pipe {
	case PipeNone:
		w.selectList(s)
	case PipeFrom:
		w.put("FROM ")
		each(w, s.From, ", ", w.relation)
		for i := range s.Views {
			w.lateralView(&s.Views[i])
		}
		return
	default:
		w.pipe(s)
		return
	}
	if len(s.From) > 0 {
		w.put(" FROM ")
		each(w, s.From, ", ", w.relation)
	}
	for i := range s.Views {
		w.lateralView(&s.Views[i])
	}
	w.clause(" WHERE ", s.Where)
	w.groupClause(s.GroupBy)
	w.clause(" HAVING ", s.Having)
	w.windows(s.Windows)
	w.clause(" QUALIFY ", s.Qualify)
}

// selectList prints SELECT with hints, DISTINCT and the items.
func (w *printer) selectList(s *Select) {
	w.put("SELECT ")
	if len(s.Hints) > 0 {
		w.put("/*+ ")
		each(w, s.Hints, ", ", func(h Hint) {
			w.ident(h.Name)
			if len(h.Args) > 0 {
				w.put("(")
				each(w, h.Args, ", ", func(e Expr) { w.expr(e, precPrimary) })
				w.put(")")
			}
		})
		w.put(" */ ")
	}
	if s.Distinct {
		w.put("DISTINCT ")
	}
	each(w, s.Items, ", ", w.selectItem)
}

func (w *printer) selectItem(i SelectItem) {
	w.expr(i.X, 0)
	switch len(i.Alias) {
	case 0:
	case 1:
		w.put(" AS ")
		w.ident(i.Alias[0])
	default:
		w.put(" AS (")
		w.idents(i.Alias, ", ")
		w.put(")")
	}
}

func (w *printer) groupClause(g *GroupBy) {
	if g != nil {
		w.put(" GROUP BY ")
		w.groupBy(g)
	}
}

func (w *printer) clause(word string, e Expr) {
	if e != nil {
		w.put(word)
		w.expr(e, 0)
	}
}

func (w *printer) lateralView(v *LateralView) {
	w.put(" LATERAL VIEW ")
	if v.Outer {
		w.put("OUTER ")
	}
	w.call(v.Call)
	if v.Table.Name != "" {
		w.put(" ")
		w.ident(v.Table)
	}
	if len(v.Columns) > 0 {
		w.put(" AS ")
		w.idents(v.Columns, ", ")
	}
}

func (w *printer) groupBy(g *GroupBy) {
	if g.All {
		w.put("ALL")
		return
	}
	each(w, g.Items, ", ", w.groupItem)
}

func (w *printer) groupItem(g GroupItem) {
	switch {
	case g.Kind == Cube || g.Kind == Rollup:
		w.put(map[GroupKind]string{Cube: "CUBE (", Rollup: "ROLLUP ("}[g.Kind])
		each(w, g.Sets, ", ", w.groupSet)
		w.put(")")
	case g.Kind == GroupSets:
		w.put("GROUPING SETS (")
		each(w, g.Items, ", ", w.groupItem)
		w.put(")")
	case g.X != nil:
		w.expr(g.X, 0)
		w.asName(g.Alias)
	default:
		w.groupSet(g.Set)
	}
}

func (w *printer) groupSet(set []Expr) {
	if len(set) == 1 {
		w.expr(set[0], 0)
		return
	}
	w.put("(")
	w.list(set)
	w.put(")")
}

func (w *printer) windows(ws []NamedWindow) {
	if len(ws) == 0 {
		return
	}
	w.put(" WINDOW ")
	each(w, ws, ", ", func(n NamedWindow) {
		w.ident(n.Name)
		w.put(" AS ")
		w.windowSpec(&n.Spec)
	})
}

func (w *printer) alias(a *TableAlias) {
	if a != nil {
		w.put(" AS ")
		w.ident(a.Name)
		w.columnList(a.Columns)
	}
}

func (w *printer) watermark(m *Watermark) {
	if m == nil {
		return
	}
	w.put(" WATERMARK ")
	w.expr(m.X, 0)
	if m.Name.Name != "" {
		w.put(" AS ")
		w.ident(m.Name)
	}
	w.put(" DELAY OF INTERVAL ", intervalText(m.Delay))
}

func (w *printer) relation(r Relation) {
	switch r := r.(type) {
	case *TableRef:
		if r.Stream {
			w.put("STREAM ")
		}
		w.name(r.Name)
		if len(r.Options) > 0 {
			w.put(" WITH ")
			w.options(r.Options)
		}
		w.sample(r.Sample)
		w.watermark(r.Watermark)
		w.alias(r.Alias)
	case *SubqueryRef:
		w.lateral(r.Lateral)
		w.put("(")
		w.query(r.Query)
		w.put(")")
		w.sample(r.Sample)
		w.watermark(r.Watermark)
		w.alias(r.Alias)
	case *FuncRef:
		w.lateral(r.Lateral)
		w.name(r.Name)
		w.put("(")
		w.list(r.Args)
		w.put(")")
		w.watermark(r.Watermark)
		w.alias(r.Alias)
	case *ValuesRef:
		w.values(r.Values)
	case *ParenRef:
		w.put("(")
		w.relation(r.Rel)
		w.put(")")
		w.sample(r.Sample)
		w.watermark(r.Watermark)
		w.alias(r.Alias)
	case *Join:
		w.relation(r.L)
		w.put(" ")
		w.joinTail(r)
	case *PivotRef:
		w.relation(r.Rel)
		w.put(" ")
		w.pivot(r)
	case *UnpivotRef:
		w.relation(r.Rel)
		w.put(" ")
		w.unpivot(r)
	}
}

func (w *printer) lateral(l bool) {
	if l {
		w.put("LATERAL ")
	}
}

// joinTail prints a join without its left side.
func (w *printer) joinTail(j *Join) {
	if j.Natural {
		w.put("NATURAL ")
	}
	if j.Kind != InnerJoin {
		w.put(string(j.Kind), " ")
	}
	w.put("JOIN ")
	w.relation(j.R)
	w.clause(" ON ", j.On)
	if len(j.Using) > 0 {
		w.put(" USING ")
		w.columnList(j.Using)
	}
}
