package engine

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/exec"
	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/plan/analyze"
	"github.com/azud/azud/internal/plan/optimize"
	"github.com/azud/azud/internal/plan/unnest"
	"github.com/azud/azud/internal/sql"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// MaxResultRows bounds a query's answer: it is held in memory.
const MaxResultRows = 1_000_000

// Result is one statement's answer; one without rows to show has no schema.
type Result struct {
	Schema types.Schema
	Rows   *vec.Batch
	Ctx    fn.Context // for printing the values
}

// resolver finds tables for a query. It asks connectors for the columns of tables declared
// without any.
func (e *Engine) resolver(ctx context.Context, s scope) func([]string, errs.Span) (plan.Table, error) {
	return func(name []string, _ errs.Span) (plan.Table, error) {
		t, err := e.catalog.table(name, s.database)
		if err != nil {
			return nil, err
		}
		if s.session != nil {
			return s.session.readable(ctx, t)
		}
		return (&reading{e: e, zone: e.zone}).readable(ctx, t)
	}
}

// readable makes sure that a table can be read and that its columns are known. Where they are found by
// looking at data, they are those of now, and the query reads by them: what it gets is a table of its own.
func (r *reading) readable(ctx context.Context, t *Table) (plan.Table, error) {
	e := r.e
	if t.conn.Source == nil && t.conn.Batch == nil {
		return nil, errs.New("UNSUPPORTED_FEATURE", "%s is written to %s and cannot be read", t.Name(), t.conn.Name).
			WithHint("to see a flow's result in queries as well, let a flow write it to a table USING memory")
	}
	e.awaitWriter(ctx, t)
	if len(t.Schema()) > 0 {
		return t, nil
	}
	if t.conn.Infer != nil {
		columns, err := t.conn.Infer(ctx, r.env(t), t.declared(false))
		if err != nil {
			return nil, err
		}
		return &Table{e: e, database: t.database, name: t.name, conn: t.conn, options: t.options, columns: columns, stored: t.stored}, nil
	}
	var columns types.Schema
	var err error
	switch {
	case t.conn.Schema != nil:
		columns, err = t.conn.Schema(t.declared(false))
	default:
		err = errs.New("MISSING_COLUMNS", "the table %s is declared without columns", t.Name()).
			WithHint("write CREATE TABLE %s (name TYPE, …) USING %s", t.name, t.conn.Name)
	}
	if err != nil {
		return nil, err
	}
	t.learn(columns)
	return t, nil
}

// awaitWriter waits until the flow that writes a live table has opened it, if one does: only
// then does the table hold what it holds after a restart.
func (e *Engine) awaitWriter(ctx context.Context, t *Table) {
	for _, f := range e.list() {
		f.mu.Lock()
		opened := f.opened
		f.mu.Unlock()
		if f.target != t || opened == nil || t.conn.Name != "memory" {
			continue
		}
		select {
		case <-opened:
		case <-ctx.Done():
		case <-e.sys.Clock.After(maxOpening):
		}
	}
}

// maxOpening bounds how long a query waits for a flow that is opening.
const maxOpening = 10 * time.Second

// plan analyzes and optimizes a query.
func (s *Session) plan(ctx context.Context, at scope, q *sql.Query) (plan.Node, error) {
	n, err := analyze.Query(ctx, q, s.e.env(ctx, at, false))
	if err != nil {
		return nil, err
	}
	return s.optimized(ctx, n)
}

// query runs a query and collects its rows.
func (s *Session) query(ctx context.Context, at scope, q *sql.Query) (Result, error) {
	n, err := s.plan(ctx, at, q)
	if err != nil {
		return Result{}, err
	}
	r := &reading{e: s.e, sys: s.sys, zone: s.zoneNow(), read: at.args.Read}
	defer r.close()
	op, err := exec.Build(n, s.buildOptions(at))
	if err != nil {
		return Result{}, err
	}
	defer op.Close()
	task := s.task(r)
	rows, err := exec.Collect(ctx, op, task, MaxResultRows)
	if err != nil {
		return Result{}, err
	}
	return Result{plan.SchemaOf(n), rows, task.Fn}, nil
}

// run runs a plan and gives its batches, which are borrowed.
func (s *Session) run(ctx context.Context, at scope, n plan.Node) iter.Seq2[*vec.Batch, error] {
	return func(yield func(*vec.Batch, error) bool) {
		r := &reading{e: s.e, sys: s.sys, zone: s.zoneNow(), read: at.args.Read}
		defer r.close()
		op, err := exec.Build(n, s.buildOptions(at))
		if err != nil {
			yield(nil, err)
			return
		}
		defer op.Close()
		for b, err := range op.Run(ctx, s.task(r)) {
			if !yield(b, err) || err != nil {
				return
			}
		}
	}
}

// buildOptions is how the session's queries are run: by its settings, else by the engine's.
func (s *Session) buildOptions(at scope) exec.BuildOptions {
	s.mu.Lock()
	zone := s.zone.String()
	s.mu.Unlock()
	o := exec.BuildOptions{Zone: zone, Source: at.src}
	if v, _ := s.get(keyBatch); v != "" {
		o.BatchSize = int(mustBytes(v))
	}
	if v, _ := s.get(keyWorkers); v != "" {
		o.Workers = int(mustBytes(v))
	}
	o.Memory = s.e.cfg.Memory
	if v, _ := s.get(keyMemory); v != "" {
		o.Memory = mustBytes(v)
	}
	if s.e.cfg.Spill != "" {
		o.Spill = &exec.Spill{FS: s.e.sys.FS, Dir: s.e.sys.FS.PathJoin(s.e.cfg.Spill, fmt.Sprint("q", s.e.queries.Add(1)))}
	}
	return o
}

// optimized applies the optimizer's rules, as far as settings leave them on.
func (s *Session) optimized(ctx context.Context, n plan.Node) (plan.Node, error) {
	n, err := unnest.Plan(n)
	if err != nil {
		return nil, err
	}
	how, _ := s.get(keyOptimizer)
	excluded, _ := s.get(keyExcluded)
	o := optimize.Options{Zone: s.zoneNow(), Off: strings.EqualFold(how, "off"), Exclude: strings.Split(excluded, ",")}
	return optimize.Batch(ctx, n, o), nil
}

// like reports whether a name fits SHOW's pattern: * is any text, | an alternative, in any case.
func like(st *sql.Show, name string) bool {
	if !st.Like && st.Pattern == "" {
		return true
	}
	for p := range strings.SplitSeq(strings.ToLower(st.Pattern), "|") {
		if matches(strings.TrimSpace(p), strings.ToLower(name)) {
			return true
		}
	}
	return false
}

func matches(pattern, name string) bool {
	parts := strings.Split(pattern, "*")
	rest, ok := strings.CutPrefix(name, parts[0])
	if !ok || len(parts) == 1 {
		return ok && rest == ""
	}
	for _, part := range parts[1 : len(parts)-1] {
		i := strings.Index(rest, part)
		if i < 0 {
			return false
		}
		rest = rest[i+len(part):]
	}
	return strings.HasSuffix(rest, parts[len(parts)-1])
}

// readable is a table as the session reads it.
func (s *Session) readable(ctx context.Context, t *Table) (plan.Table, error) {
	return (&reading{e: s.e, sys: s.sys, zone: s.zoneNow()}).readable(ctx, t)
}
