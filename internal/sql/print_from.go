package sql

import (
	"strings"

	"github.com/azud/azud/internal/types"
)

// openRelation prints the leftmost relation of a pipe operator's Select: the query before |>.
func (w *printer) openRelation(r Relation) {
	switch r := r.(type) {
	case *SubqueryRef:
		w.pipeInput(r.Query)
	case *PivotRef:
		w.openRelation(r.Rel)
	case *UnpivotRef:
		w.openRelation(r.Rel)
	case *Join:
		w.openRelation(r.L)
	}
}

// pipeInput prints a query before |>, in parentheses if it would not be read as a whole.
func (w *printer) pipeInput(q *Query) {
	s, _ := q.Body.(*Select)
	pipe := s != nil && s.Pipe == PipeOrganize
	if len(q.With) > 0 || q.organized() && !pipe {
		w.put("(")
		defer w.put(")")
	}
	w.query(q)
}

// pipe prints a Select that stands for a pipe operator.
func (w *printer) pipe(s *Select) {
	w.openRelation(s.From[0])
	w.put(" |>")
	if s.Pipe == PipeOrganize {
		return // the Query around it prints its clauses
	}
	w.put(" ")
	switch in, _ := s.From[0].(*SubqueryRef); s.Pipe {
	case PipeSelect:
		w.selectList(s)
		w.groupClause(s.GroupBy)
		w.windows(s.Windows)
	case PipeExtend:
		w.put("EXTEND ")
		each(w, s.Items[1:], ", ", w.selectItem)
	case PipeSet:
		r := s.Items[0].X.(*Star).Replace
		w.put("SET ")
		w.ident(r.Name)
		w.put(" = ")
		w.expr(r.X, 0)
	case PipeDrop:
		w.put("DROP ")
		w.names(s.Items[0].X.(*Star).Except)
	case PipeAs:
		w.put("AS ")
		w.ident(in.Alias.Name)
	case PipeWhere:
		w.put("WHERE ")
		w.expr(s.Where, 0)
	case PipeAggregate:
		w.put("AGGREGATE")
		if len(s.Items) > 0 {
			w.put(" ")
			each(w, s.Items, ", ", w.selectItem)
		}
		w.groupClause(s.GroupBy)
	case PipeSample:
		w.sampleText(in.Sample)
	default:
		w.pipeRelation(s.From[0])
	}
}

// pipeRelation prints PIVOT, UNPIVOT and JOIN without what stands before them.
func (w *printer) pipeRelation(r Relation) {
	switch r := r.(type) {
	case *PivotRef:
		w.pivot(r)
	case *UnpivotRef:
		w.unpivot(r)
	case *Join:
		w.joinTail(r)
	}
}

// sample prints a space and the sample, if there is one.
func (w *printer) sample(s *Sample) {
	if s != nil {
		w.put(" ")
		w.sampleText(s)
	}
}

func (w *printer) sampleText(s *Sample) {
	w.put("TABLESAMPLE ", when(s.System, "SYSTEM "), "(")
	if s.Kind == SampleBucket {
		w.put("BUCKET ")
		w.plainNumber(s.Bucket)
		w.put(" OUT OF ")
		w.plainNumber(s.Size)
	} else if s.Kind == SamplePercent {
		w.plainNumber(s.Size)
		w.put(" PERCENT")
	} else {
		w.expr(s.Size, 0)
		w.put(" ROWS")
	}
	w.put(")")
	if s.Seed != nil {
		w.put(" REPEATABLE (")
		w.plainNumber(s.Seed)
		w.put(")")
	}
}

// plainNumber prints a number without the suffix of its type, where Spark takes digits only.
func (w *printer) plainNumber(e Expr) {
	if n, ok := e.(*NumberLit); ok {
		w.put(n.Text, when(n.Type.Kind == types.Decimal && !strings.Contains(n.Text, "."), "."))
		return
	}
	w.expr(e, 0)
}

func (w *printer) pivot(r *PivotRef) {
	w.put("PIVOT (")
	each(w, r.Aggs, ", ", w.selectItem)
	w.put(" FOR ")
	if len(r.Columns) == 1 {
		w.ident(r.Columns[0])
	} else {
		w.columnList(r.Columns)
	}
	w.put(" IN (")
	each(w, r.Values, ", ", func(v PivotValue) {
		w.expr(v.X, 0)
		w.asName(v.Alias)
	})
	w.put("))")
	w.alias(r.Alias)
}

func (w *printer) asName(id Ident) {
	if id.Name != "" {
		w.put(" AS ")
		w.ident(id)
	}
}

func (w *printer) unpivot(r *UnpivotRef) {
	w.put("UNPIVOT ", when(r.IncludeNulls, "INCLUDE NULLS "), "(")
	if r.Multi {
		w.columnList(r.Values)
	} else {
		w.ident(r.Values[0])
	}
	w.put(" FOR ")
	w.ident(r.Name)
	w.put(" IN (")
	each(w, r.Columns, ", ", func(c UnpivotColumns) {
		w.put(when(r.Multi, "("))
		w.names(c.Columns)
		w.put(when(r.Multi, ")"))
		w.asName(c.Alias)
	})
	w.put("))")
	w.alias(r.Alias)
}
