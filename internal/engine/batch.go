package engine

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/exec"
	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/plan/analyze"
	"github.com/azud/azud/internal/plan/optimize"
	"github.com/azud/azud/internal/sql"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// MaxResultRows bounds what a query returns to a shell or page.
const MaxResultRows = 1_000_000

// Result is what one statement gave. Rows is nil for a statement without rows.
type Result struct {
	Schema types.Schema
	Rows   *vec.Batch
	Ctx    fn.Context // for printing the values
}

// resolver finds a query's tables; one whose columns are not known yet asks its connector.
func (e *Engine) resolver(ctx context.Context, s scope) func([]string, errs.Span) (plan.Table, error) {
	return func(name []string, _ errs.Span) (plan.Table, error) {
		t, err := e.catalog.table(name, s.database)
		if err != nil {
			return nil, err
		}
		if t.conn.Source == nil {
			return nil, errs.New("UNSUPPORTED_FEATURE", "%s is written to %s and cannot be read", t.Name(), t.conn.Name).
				WithHint("to see a flow's result in queries as well, let a flow write it to a table USING memory")
		}
		e.awaitWriter(ctx, t)
		if len(t.Schema()) > 0 {
			return t, nil
		}
		if t.conn.Schema == nil {
			return nil, errs.New("MISSING_COLUMNS", "the table %s is declared without columns", t.Name()).
				WithHint("write CREATE TABLE %s (name TYPE, …) USING %s", t.name, t.conn.Name)
		}
		columns, err := t.conn.Schema(t.declared(false))
		if err != nil {
			return nil, err
		}
		t.learn(columns)
		return t, nil
	}
}

// awaitWriter waits while a flow that writes a live table is opening, so that a question asked
// right after the start is answered from what the checkpoint holds.
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

// maxOpening is how long a question waits for a flow that is opening.
const maxOpening = 10 * time.Second

// Query runs the statements of a script one after the other and yields each one's result.
// The first error ends it. database is where bare names are looked for first; "" is all.
func (e *Engine) Query(ctx context.Context, src *errs.Source, database string) iter.Seq2[Result, error] {
	return func(yield func(Result, error) bool) {
		stmts, err := sql.Parse(src)
		if err != nil {
			yield(Result{}, err)
			return
		}
		s := scope{src: src, database: database}
		for _, st := range stmts {
			var r Result
			err := e.guarded(func() (err error) {
				r, err = e.statement(ctx, s, st)
				return err
			})
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

// statement runs one statement of the shell.
func (e *Engine) statement(ctx context.Context, s scope, st sql.Statement) (Result, error) {
	switch st := st.(type) {
	case *sql.QueryStmt:
		return e.query(ctx, s, st.Query)
	case *sql.Explain:
		return e.explain(ctx, s, st)
	case *sql.Show:
		return e.show(s, st)
	case *sql.Describe:
		return e.describe(ctx, s, st)
	case *sql.CreateFlow, *sql.CreateDataset:
		return Result{}, errs.New("UNSUPPORTED_FEATURE.CREATE_FLOW_QUERY_EXECUTION", "flows and streaming tables are part of a pipeline").
			State("0A000").At(s.src, st.Span()).WithHint("put the statement into a pipeline's folder and start it with 'azud up --pipelines DIR'")
	}
	return Result{}, errs.New("UNSUPPORTED_FEATURE", "the shell does not run this statement").State("0A000").At(s.src, st.Span()).
		WithHint("it runs SELECT, VALUES, SHOW TABLES, DESCRIBE and EXPLAIN")
}

// plan analyzes and optimizes a batch query.
func (e *Engine) plan(ctx context.Context, s scope, q *sql.Query) (plan.Node, error) {
	n, err := analyze.Query(ctx, q, e.env(ctx, s, false))
	if err != nil {
		return nil, err
	}
	return optimize.Plan(n), nil
}

func (e *Engine) query(ctx context.Context, s scope, q *sql.Query) (Result, error) {
	n, err := e.plan(ctx, s, q)
	if err != nil {
		return Result{}, err
	}
	op, err := exec.Build(n, exec.BuildOptions{Zone: e.zone.String(), Source: s.src})
	if err != nil {
		return Result{}, err
	}
	defer op.Close()
	c := fn.Context{Zone: e.zone, Now: e.sys.Clock.Now().UnixMicro(), Seed: int64(e.sys.Rand.Uint64())}
	rows, err := exec.Collect(ctx, op, &exec.EpochTask{
		Fn: c, Mode: connector.Complete, Scan: e.scan, Late: exec.NoWatermark, Evict: exec.NoWatermark,
		Observe: func(int, int64) {}, CountLate: func(int, int64) {},
	}, MaxResultRows)
	if err != nil {
		return Result{}, err
	}
	return Result{plan.SchemaOf(n), rows, c}, nil
}

// scan reads a table as a batch: all that is there when the query starts.
func (e *Engine) scan(ctx context.Context, n *plan.Scan) iter.Seq2[*vec.Batch, error] {
	return func(yield func(*vec.Batch, error) bool) {
		t, ok := n.Table.(*Table)
		if !ok {
			yield(nil, errs.New("INTERNAL_ERROR", "a scan of %T", n.Table))
			return
		}
		// What a query cannot read is NULL in its answer; the flows' readers log and count it.
		quiet := &reporter{flow: t.Name(), clock: e.sys.Clock, log: func(string) {}}
		src, err := t.conn.Source(ctx, e.connectorEnv(quiet, nil), t.declared(false))
		if err != nil {
			yield(nil, err)
			return
		}
		defer src.Close()
		for b, err := range readAll(ctx, src, n.Columns) {
			if !yield(b, err) || err != nil {
				return
			}
		}
	}
}

// readAll reads a source from its start to its end as of now.
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

// textRows makes a result of text columns.
func (e *Engine) textRows(columns []string, rows [][]string) Result {
	var s types.Schema
	for _, c := range columns {
		s = append(s, types.Field{Name: c, Type: types.StringType})
	}
	b := vec.NewBuilder(s)
	for _, r := range rows {
		for i, v := range r {
			b.Cols[i].AppendString(v)
		}
	}
	return Result{s, b.Finish(), fn.Context{Zone: e.zone}}
}

func (e *Engine) explain(ctx context.Context, s scope, st *sql.Explain) (Result, error) {
	q, ok := st.Stmt.(*sql.QueryStmt)
	if !ok || st.Mode == "ANALYZE" {
		return Result{}, errs.New("UNSUPPORTED_FEATURE", "EXPLAIN shows the plan of a query").State("0A000").At(s.src, st.Span())
	}
	n, err := e.plan(ctx, s, q.Query)
	if err != nil {
		return Result{}, err
	}
	var rows [][]string
	for line := range strings.Lines(plan.Explain(n)) {
		rows = append(rows, []string{strings.TrimRight(line, "\n")})
	}
	return e.textRows([]string{"plan"}, rows), nil
}

func (e *Engine) show(s scope, st *sql.Show) (Result, error) {
	switch st.What {
	case "TABLES":
		var rows [][]string
		for _, t := range e.catalog.list() {
			if like(st, t.name) {
				rows = append(rows, []string{t.database, t.name, t.conn.Name})
			}
		}
		return e.textRows([]string{"namespace", "tableName", "connector"}, rows), nil
	case "FUNCTIONS":
		var rows [][]string
		for _, name := range fn.Names() {
			if like(st, name) {
				rows = append(rows, []string{name})
			}
		}
		return e.textRows([]string{"function"}, rows), nil
	}
	return Result{}, errs.New("UNSUPPORTED_FEATURE", "SHOW %s is not supported", st.What).State("0A000").At(s.src, st.Span()).
		WithHint("SHOW TABLES and SHOW FUNCTIONS are")
}

// like matches SHOW's pattern: * for any text, | between alternatives, without regard to case.
func like(st *sql.Show, name string) bool {
	if !st.Like && st.Pattern == "" {
		return true
	}
	return slices.ContainsFunc(strings.Split(strings.ToLower(st.Pattern), "|"), func(p string) bool {
		parts := strings.Split(strings.TrimSpace(p), "*")
		rest, ok := strings.CutPrefix(strings.ToLower(name), parts[0])
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
	})
}

func (e *Engine) describe(ctx context.Context, s scope, st *sql.Describe) (Result, error) {
	var schema types.Schema
	switch st.What {
	case "TABLE":
		t, err := e.resolver(ctx, s)(st.Name.Strings(), st.Name.Span())
		if err != nil {
			return Result{}, s.at(err, st.Name.Span())
		}
		schema = t.Schema()
	case "QUERY":
		n, err := e.plan(ctx, s, st.Query)
		if err != nil {
			return Result{}, err
		}
		schema = plan.SchemaOf(n)
	default:
		return Result{}, errs.New("UNSUPPORTED_FEATURE", "DESCRIBE %s is not supported", st.What).State("0A000").At(s.src, st.Span())
	}
	var rows [][]string
	for _, f := range schema {
		rows = append(rows, []string{f.Name, fmt.Sprint(f.Type)})
	}
	return e.textRows([]string{"col_name", "data_type"}, rows), nil
}
