package sqltest

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/exec"
	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/functions"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/plan/analyze"
	"github.com/azud/azud/internal/plan/optimize"
	"github.com/azud/azud/internal/plan/unnest"
	"github.com/azud/azud/internal/sql"
	"github.com/azud/azud/internal/stream"
	"github.com/azud/azud/internal/sys"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// TestGolden runs every script on the engine.
func TestGolden(t *testing.T) { Golden(t, engine{}, "*.test", flagOptions()) }

// engine runs scripts as the engine runs flows and queries: parser, analyzer, optimizer,
// operators and, for streams, the runner with a checkpoint on a disk in memory.
type engine struct{}

// query parses and analyzes one query over tables.
func query(ctx context.Context, text string, zone *time.Location, tables map[string]*table, streams bool) (plan.Node, *errs.Source, error) {
	src := &errs.Source{Name: "script", Text: text}
	stmts, err := sql.Parse(src)
	if err != nil {
		return nil, src, err
	}
	if len(stmts) != 1 {
		return nil, src, fmt.Errorf("%d statements", len(stmts))
	}
	q, ok := stmts[0].(*sql.QueryStmt)
	if !ok {
		return nil, src, errs.New("UNSUPPORTED_FEATURE", "a script holds queries, not %T", stmts[0])
	}
	n, err := analyze.Query(ctx, q.Query, analyze.Env{
		Source: src, Zone: zone, AllowStream: streams, Functions: functions.Registry(),
		Resolve: func(name []string, _ errs.Span) (plan.Table, error) {
			if t := tables[strings.ToLower(name[len(name)-1])]; t != nil {
				return t, nil
			}
			return nil, errs.New("TABLE_OR_VIEW_NOT_FOUND", "the table or view %v cannot be found", name).State("42P01")
		},
	})
	return n, src, err
}

func zoneOf(s Setup) (*time.Location, error) {
	if s.Zone == "" {
		return time.UTC, nil
	}
	z, ok := fn.ParseZone(s.Zone)
	if !ok {
		return nil, fmt.Errorf("there is no time zone %q", s.Zone)
	}
	return z, nil
}

func columnsOf(s types.Schema) []Column {
	out := []Column{}
	for _, f := range s {
		out = append(out, Column{f.Name, f.Type.String()})
	}
	return out
}

// jsonRows are the selected rows as JSON lists, as `azud sql -o json` prints them.
func jsonRows(c *fn.Context, b *vec.Batch) []string {
	out := []string{}
	for i := range b.Each() {
		row := []byte{'['}
		for k := range b.Cols {
			if k > 0 {
				row = append(row, ',')
			}
			row = fn.AppendJSON(row, c, &b.Cols[k], i)
		}
		out = append(out, string(append(row, ']')))
	}
	return out
}

// scanStatic reads a table's fixed rows.
func scanStatic(_ context.Context, n *plan.Scan) iter.Seq2[*vec.Batch, error] {
	return func(yield func(*vec.Batch, error) bool) {
		t, ok := n.Table.(*table)
		if !ok {
			yield(nil, fmt.Errorf("a scan of %T", n.Table))
			return
		}
		b, err := t.decode(t.rows)
		if err != nil {
			yield(nil, err)
			return
		}
		yield(project(b, n.Columns), nil)
	}
}

func project(b *vec.Batch, columns []int) *vec.Batch {
	out := &vec.Batch{N: b.N}
	for _, c := range columns {
		out.Cols = append(out.Cols, b.Cols[c])
	}
	return out
}

// flow is a scenario being run: what is fed, what came out, and the query between.
type flow struct {
	cfg    stream.Config
	inputs map[string]*table
	out    *capture
	query  *stream.Query

	mu     sync.Mutex
	epochs []Epoch // of the step being run
}

func (engine) Stream(ctx context.Context, s Stream, m Mode) (StreamResult, error) {
	f, schema, err := prepare(ctx, s, m)
	if err != nil {
		return StreamResult{}, err
	}
	got := StreamResult{Schema: schema}
	if err := f.start(ctx); err != nil {
		return StreamResult{}, err
	}
	defer func() { f.query.Stop(ctx) }()
	for i, step := range s.Steps {
		if i == m.RestartBefore {
			if err := f.query.Stop(ctx); err != nil {
				return got, err
			}
			if err := f.start(ctx); err != nil {
				return got, err
			}
		}
		f.feed(step)
		if err := f.query.ProcessAllAvailable(ctx); err != nil {
			return got, err
		}
		got.Steps = append(got.Steps, f.take())
	}
	return got, nil
}

// prepare plans a scenario's flow.
func prepare(ctx context.Context, s Stream, m Mode) (*flow, []Column, error) {
	zone, err := zoneOf(s.Setup)
	if err != nil {
		return nil, nil, err
	}
	all, err := newTables(append(append([]Table{}, s.Inputs...), s.Tables...), zone)
	if err != nil {
		return nil, nil, err
	}
	n, src, err := query(ctx, s.Body, zone, all, true)
	if err != nil {
		return nil, nil, err
	}
	mode := connector.OutputMode(s.Mode)
	if err := analyze.CheckStreaming(n, mode, src); err != nil {
		return nil, nil, err
	}
	if n, err = unnest.Plan(n); err != nil {
		return nil, nil, err
	}
	n = optimize.Plan(n)
	world := sys.Real()
	world.FS = vfs.NewMem()
	f := &flow{inputs: all, out: &capture{ctx: fn.Context{Zone: zone}, rows: map[int64][]string{}}}
	f.cfg = stream.Config{
		Name: "golden", Plan: n, Mode: mode, Checkpoint: "checkpoint", Sys: world, Zone: zone, Text: src,
		Trigger: stream.Trigger{Every: time.Hour}, // epochs run only when the test asks
		OpenSource: func(_ context.Context, k int, _ connector.Journal, _ connector.Reporter) (connector.Source, error) {
			return &feedSource{sourceTable(n, k)}, nil
		},
		OpenSink: func(context.Context, connector.Reporter) (connector.Sink, error) { return f.out, nil },
		Static:   scanStatic,
		Listener: f.committed,
		Build: func() (exec.Operator, []exec.Stateful, error) {
			op, err := exec.Build(n, exec.BuildOptions{Streaming: true, Mode: mode, Zone: zone.String(), Source: src, BatchSize: m.BatchRows})
			if err != nil {
				return nil, nil, err
			}
			return op, exec.StatefulOps(op), nil
		},
	}
	return f, columnsOf(plan.SchemaOf(n)), nil
}

// sourceTable is the table that the streaming scan with a number reads.
func sourceTable(n plan.Node, number int) *table {
	var found *table
	plan.Walk(n, func(n plan.Node) bool {
		if s, ok := n.(*plan.Scan); ok && s.Stream && s.Source == number {
			found, _ = s.Table.(*table)
		}
		return true
	})
	return found
}

func (f *flow) start(ctx context.Context) (err error) {
	f.query, err = stream.Start(ctx, f.cfg)
	return err
}

// feed makes a step's data available, a chunk an epoch in every input.
func (f *flow) feed(step Step) {
	for _, data := range step.Epochs {
		for name, t := range f.inputs {
			var rows []string
			for _, d := range data {
				if strings.EqualFold(d.Name, name) {
					rows = append(rows, d.Rows...)
				}
			}
			t.add(rows)
		}
	}
}

// committed keeps what an epoch wrote and left behind. The runner calls it.
func (f *flow) committed(e stream.Epoch) {
	out := Epoch{ID: e.ID, Late: e.LateRows, Rows: f.out.take(e.ID)}
	if e.Watermark != exec.NoWatermark {
		out.WatermarkMs = e.Watermark / 1000
	}
	for _, op := range e.Progress.StateOperators {
		out.State = append(out.State, op.NumRowsTotal)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.epochs = append(f.epochs, out)
}

// take is what was committed since the last call.
func (f *flow) take() []Epoch {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := f.epochs
	f.epochs = nil
	return append([]Epoch{}, out...)
}
