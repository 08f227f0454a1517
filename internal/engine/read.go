package engine

import (
	"context"
	"iter"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/exec"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/sys"
	"github.com/azud/azud/internal/vec"
)

// reading is the sources that one batch query has open. Close it after the last row.
type reading struct {
	e    *Engine
	zone *time.Location // in which texts without a zone are times
	sys  *sys.Sys       // where relative paths begin; nil: the engine's
	read *atomic.Int64  // counts rows; may be nil

	mu      sync.Mutex // scans are opened by the workers that come to them
	sources map[*plan.Scan]connector.BatchSource
	others  []connector.Source
}

func (r *reading) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.sources {
		c.Close()
	}
	for _, c := range r.others {
		c.Close()
	}
	r.sources, r.others = nil, nil
}

// env is the world of a table's connector. What a query cannot read is NULL in its answer; the flows'
// readers log and count it.
func (r *reading) env(t *Table) connector.Env {
	env := r.e.connectorEnv(&reporter{flow: t.Name(), clock: r.e.sys.Clock, log: func(string) {}}, nil)
	env.Zone = r.zone
	if r.sys != nil {
		env.Sys = r.sys
	}
	return env
}

// source is the one that a scan reads, however often it is run.
func (r *reading) source(ctx context.Context, n *plan.Scan, t *Table) (connector.BatchSource, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if src := r.sources[n]; src != nil {
		return src, nil
	}
	src, err := t.conn.Batch(ctx, r.env(t), t.declared(false))
	if err != nil {
		return nil, err
	}
	if r.sources == nil {
		r.sources = map[*plan.Scan]connector.BatchSource{}
	}
	r.sources[n] = src
	return src, nil
}

// parts opens a table and cuts it into parts that can be read at the same time. A table whose
// connector has no batch source is one part: all that its source holds now.
func (r *reading) parts(ctx context.Context, n *plan.Scan) ([]iter.Seq2[*vec.Batch, error], error) {
	t, ok := n.Table.(*Table)
	if !ok {
		return nil, errs.New("INTERNAL_ERROR", "a scan of %T", n.Table)
	}
	if t.conn.Batch == nil {
		src, err := t.conn.Source(ctx, r.env(t), t.declared(false))
		if err != nil {
			return nil, err
		}
		r.mu.Lock()
		r.others = append(r.others, src)
		r.mu.Unlock()
		return []iter.Seq2[*vec.Batch, error]{r.counted(readAll(ctx, src, n.Columns))}, nil
	}
	src, err := r.source(ctx, n, t)
	if err != nil {
		return nil, err
	}
	want := connector.Scan{Columns: n.Columns, Filters: predicates(n), Limit: -1}
	if n.Limit > 0 {
		want.Limit = n.Limit
	}
	list, err := src.Parts(ctx, want)
	if err != nil {
		return nil, err
	}
	out := make([]iter.Seq2[*vec.Batch, error], len(list))
	for i, p := range list {
		out[i] = r.counted(src.Read(ctx, p, want))
	}
	return out, nil
}

// counted counts the rows that pass.
func (r *reading) counted(in iter.Seq2[*vec.Batch, error]) iter.Seq2[*vec.Batch, error] {
	if r.read == nil {
		return in
	}
	return func(yield func(*vec.Batch, error) bool) {
		for b, err := range in {
			if b != nil {
				r.read.Add(int64(b.Rows()))
			}
			if !yield(b, err) {
				return
			}
		}
	}
}

// scan is parts one after the other.
func (r *reading) scan(ctx context.Context, n *plan.Scan) iter.Seq2[*vec.Batch, error] {
	return func(yield func(*vec.Batch, error) bool) {
		parts, err := r.parts(ctx, n)
		if err != nil {
			yield(nil, err)
			return
		}
		for _, part := range parts {
			for b, err := range part {
				if !yield(b, err) || err != nil {
					return
				}
			}
		}
	}
}

// task is all that a batch query's run depends on.
func (s *Session) task(r *reading) *exec.EpochTask {
	return &exec.EpochTask{
		Fn: s.fnContext(), Mode: connector.Complete, Scan: r.scan, Parts: r.parts, Late: exec.NoWatermark, Evict: exec.NoWatermark,
		Observe: func(int, int64) {}, CountLate: func(int, int64) {},
	}
}

// predicates are a scan's filters as its connector understands them; others are left out.
func predicates(n *plan.Scan) []connector.Predicate {
	var out []connector.Predicate
	for _, f := range n.Filters {
		if p, ok := predicate(n, f); ok {
			out = append(out, p)
		}
	}
	return out
}

// flipped is the comparison with its sides changed.
var flipped = map[string]connector.PredicateOp{"=": connector.Equal, "<": connector.Greater, "<=": connector.GreaterEqual,
	">": connector.Less, ">=": connector.LessEqual}

func predicate(n *plan.Scan, e plan.Expr) (connector.Predicate, bool) {
	switch e := e.(type) {
	case *plan.Call:
		switch {
		case e.Name == "isnotnull" && len(e.Args) == 1:
			return onColumn(n, e.Args[0], connector.IsNotNull)
		case e.Name == "isnull" && len(e.Args) == 1:
			return onColumn(n, e.Args[0], connector.IsNull)
		case flipped[e.Name] == "" || len(e.Args) != 2:
			return connector.Predicate{}, false
		}
		if l, ok := e.Args[0].(*plan.Lit); ok {
			return onColumn(n, e.Args[1], flipped[e.Name], l)
		}
		if l, ok := e.Args[1].(*plan.Lit); ok {
			return onColumn(n, e.Args[0], connector.PredicateOp(e.Name), l)
		}
	case *plan.In:
		lits := make([]*plan.Lit, len(e.List))
		for i, x := range e.List {
			l, ok := x.(*plan.Lit)
			if !ok {
				return connector.Predicate{}, false
			}
			lits[i] = l
		}
		return onColumn(n, e.X, connector.In, lits...)
	}
	return connector.Predicate{}, false
}

// onColumn makes a predicate on a column of the table with values of its very type.
func onColumn(n *plan.Scan, x plan.Expr, op connector.PredicateOp, values ...*plan.Lit) (connector.Predicate, bool) {
	r, ok := x.(*plan.Ref)
	if !ok {
		return connector.Predicate{}, false
	}
	i := slices.IndexFunc(n.Attrs, func(a plan.Attr) bool { return a.ID == r.Attr.ID })
	if i < 0 {
		return connector.Predicate{}, false
	}
	p := connector.Predicate{Column: n.Columns[i], Op: op}
	for _, v := range values {
		if v.Value.IsNull(0) || !v.Value.Type.Equal(n.Attrs[i].Type) {
			return connector.Predicate{}, false
		}
		p.Values = append(p.Values, v.Value)
	}
	return p, true
}

// readAll reads what a source has now.
func readAll(ctx context.Context, src connector.Source, columns []int) iter.Seq2[*vec.Batch, error] {
	return func(yield func(*vec.Batch, error) bool) {
		from, err := src.Initial(ctx)
		var to connector.Offset
		if err == nil {
			to, err = src.Latest(ctx, from, connector.Limit{})
		}
		var splits []connector.Split
		if err == nil {
			splits, err = src.Plan(ctx, from, to)
		}
		if err != nil {
			yield(nil, err)
			return
		}
		for _, split := range splits {
			for b, err := range src.Open(ctx, split, columns) {
				if !yield(b, err) || err != nil {
					return
				}
			}
		}
	}
}
