package sql

func (w *printer) windowSpec(s *WindowSpec) {
	if s.Ref.Name != "" {
		w.ident(s.Ref)
		return
	}
	w.put("(")
	sep := ""
	if len(s.Partition) > 0 {
		w.put("PARTITION BY ")
		w.list(s.Partition)
		sep = " "
	}
	if len(s.Order) > 0 {
		w.put(sep, "ORDER BY ")
		w.sortItems(s.Order)
		sep = " "
	}
	if s.Frame != nil {
		w.put(sep)
		w.frame(s.Frame)
	}
	w.put(")")
}

func (w *printer) frame(f *Frame) {
	w.put(map[bool]string{true: "RANGE", false: "ROWS"}[f.Range], " BETWEEN ")
	w.bound(f.Start)
	w.put(" AND ")
	w.bound(f.End)
}

func (w *printer) bound(b Bound) {
	if b.X != nil {
		w.expr(b.X, precCompare)
		w.put(" ")
	}
	w.put([...]string{"UNBOUNDED PRECEDING", "PRECEDING", "CURRENT ROW", "FOLLOWING", "UNBOUNDED FOLLOWING"}[b.Kind])
}

func (w *printer) sortItems(items []SortItem) {
	each(w, items, ", ", func(s SortItem) {
		w.expr(s.X, 0)
		w.sortTail(s)
	})
}

func (w *printer) sortTail(s SortItem) {
	if s.Desc {
		w.put(" DESC")
	}
	w.put([...]string{"", " NULLS FIRST", " NULLS LAST"}[s.Nulls])
}
