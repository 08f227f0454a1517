package engine

import (
	"context"
	"iter"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/exec"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/plan/analyze"
	"github.com/azud/azud/internal/plan/optimize"
	"github.com/azud/azud/internal/plan/unnest"
	"github.com/azud/azud/internal/sql"
	"github.com/azud/azud/internal/stream"
	"github.com/azud/azud/internal/vec"
)

// Flow is a planned flow and, once started, its streaming query.
type Flow struct {
	e        *Engine
	pipeline string
	name     string
	src      *errs.Source
	at       errs.Span
	plan     plan.Node
	scans    []*plan.Scan // by source number
	target   *Table
	mode     connector.OutputMode
	every    time.Duration
	report   *reporter

	life    sync.WaitGroup // the goroutine of run
	mu      sync.Mutex
	abandon context.CancelFunc // ends the opening; nil before start
	opened  chan struct{}      // closed when the opening has ended, well or not
	query   *stream.Query
	failed  error   // why it could not start
	shown   Trouble // the last error shown, so that its time is when it came
}

// FlowStatus is a flow at a glance. Totals are of this start of the process.
type FlowStatus struct {
	Pipeline               string     `json:"pipeline"`
	Name                   string     `json:"name"`
	Sink                   string     `json:"sink"`
	Connector              string     `json:"connector"`
	State                  string     `json:"state"`
	Epoch                  int64      `json:"epoch"` // the last committed, -1 before
	InputRows              int64      `json:"inputRows"`
	InputRowsPerSecond     float64    `json:"inputRowsPerSecond"`
	ProcessedRowsPerSecond float64    `json:"processedRowsPerSecond"`
	OutputRows             int64      `json:"outputRows"`
	Watermark              *string    `json:"watermark"` // ISO 8601 with milliseconds, Z
	RejectedRows           int64      `json:"rejectedRows"`
	LateRows               int64      `json:"lateRows"`
	Troubles               int64      `json:"troubles"` // passing failures, such as a poll without answer
	LastEpochAt            *time.Time `json:"lastEpochAt"`
	LastError              *Trouble   `json:"lastError"`
	Rejected               []Sample   `json:"rejected"` // the newest rejected records
}

// planFlow analyzes, checks and optimizes a flow.
func (e *Engine) planFlow(ctx context.Context, p *Pipeline, s scope, st *sql.CreateFlow) (*Flow, error) {
	target, err := e.catalog.table(st.Target.Strings(), s.database)
	if err != nil {
		return nil, s.at(err, st.Target.Span())
	}
	if target.conn.Sink == nil {
		return nil, errs.New("UNSUPPORTED_FEATURE", "%s is read from %s and cannot be written", target.Name(), target.conn.Name).
			At(s.src, st.Target.Span()).WithHint("write to a table USING kafka, memory, console or alert")
	}
	if err := e.claim(target, p.Spec.Name, st.Name.Name); err != nil {
		return nil, s.at(err, st.Target.Span())
	}
	f := &Flow{e: e, pipeline: p.Spec.Name, name: st.Name.Name, src: s.src, at: st.Name.Span(), target: target}
	f.report = &reporter{flow: f.pipeline + "." + f.name, clock: e.sys.Clock, log: e.log}
	if err := f.settings(p); err != nil {
		return nil, s.at(err, st.Name.Span())
	}
	n, err := analyze.Query(ctx, st.Query, e.env(ctx, s, true))
	if err != nil {
		return nil, err
	}
	if err := analyze.CheckStreaming(n, f.mode, s.src); err != nil {
		return nil, s.at(err, st.Name.Span())
	}
	into := analyze.Target{Name: target.Name(), Schema: target.Schema(), ByName: true, Source: s.src, At: st.Target.Span()}
	if n, err = analyze.Insert(into, n); err != nil {
		return nil, err
	}
	if len(into.Schema) == 0 {
		target.learn(plan.SchemaOf(n))
	}
	if n, err = unnest.Plan(n); err != nil {
		return nil, s.at(err, st.Name.Span())
	}
	f.plan = optimize.Plan(n)
	f.scans = streamScans(f.plan)
	return f, nil
}

// claim makes a flow the writer of its target. A live table is the result of one query: a
// second one would hide the first one's rows. Flows of a pipeline that is not added in the end
// claim nothing, because its tables are forgotten with it.
func (e *Engine) claim(t *Table, pipeline, flow string) error {
	name := pipeline + "." + flow
	if t.conn.Name == "memory" && t.writer != "" {
		return errs.New("LIVE_TABLE_HAS_A_FLOW", "the live table %s is written by the flow %s already", t.Name(), t.writer).
			WithHint("declare a table of its own for %s, or let one flow select the UNION ALL of both", flow)
	}
	t.writer = name
	return nil
}

// settings reads output mode and trigger: azud.flow.<name>.<option> of the configuration, else
// the sink table's options.
func (f *Flow) settings(p *Pipeline) error {
	options := connector.Options{}
	for _, o := range connector.Common {
		options[o.Name] = f.target.conn.Text(f.target.options, o.Name)
		if v, ok := connector.Options(p.Spec.Configuration).Lookup(flowSetting(f.name, o.Name)); ok {
			options[o.Name] = v
		}
	}
	if err := (&connector.Connector{Name: "flow"}).Check(options); err != nil {
		return err
	}
	f.mode = connector.OutputMode(strings.ToLower(options["outputMode"]))
	every, err := connector.ParseDuration(options["trigger"])
	f.every = every
	return err
}

func streamScans(n plan.Node) []*plan.Scan {
	var out []*plan.Scan
	plan.Walk(n, func(n plan.Node) bool {
		if s, ok := n.(*plan.Scan); ok && s.Stream {
			for len(out) <= s.Source {
				out = append(out, nil)
			}
			out[s.Source] = s
		}
		return true
	})
	return out
}

// start starts the query in a goroutine of the flow; a failure to start is kept and shown.
func (f *Flow) start() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.abandon != nil {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	f.abandon, f.opened = cancel, make(chan struct{})
	f.life.Go(func() { f.run(ctx) })
}

// maxRowsPerEpoch bounds what an epoch reads of each source, so that a backlog is worked off in
// pieces: memory stays flat, and what is done is committed.
const maxRowsPerEpoch = 100_000

// run opens the query and waits for its end.
func (f *Flow) run(opening context.Context) {
	checkpoints := *f.e.sys
	checkpoints.FS = f.e.cfg.FS
	q, err := stream.Start(opening, stream.Config{
		Name: f.pipeline + "." + f.name, Plan: f.plan, Text: f.src,
		OpenSource: f.openSource, OpenSink: f.openSink, Static: f.static,
		SinkSchema: plan.SchemaOf(f.plan), Mode: f.mode, Trigger: stream.Trigger{Every: f.every},
		MaxRowsPerEpoch: maxRowsPerEpoch,
		Checkpoint:      f.checkpointDir(), Cache: f.e.cache, Sys: &checkpoints, Zone: f.e.zone, Report: f.report,
	})
	f.mu.Lock()
	f.query, f.failed = q, err // a nil query if it failed
	f.mu.Unlock()
	close(f.opened)
	if err == nil {
		err = q.Wait()
	}
	if err != nil && opening.Err() == nil {
		f.report.Log("stopped by an error: " + connector.Printable(errs.Render(err), true))
	}
}

// checkpointDir is where the flow keeps what it must remember.
func (f *Flow) checkpointDir() string {
	return filepath.Join(f.e.cfg.Dir, url.PathEscape(f.pipeline), url.PathEscape(f.name))
}

func (f *Flow) openSource(ctx context.Context, n int, j connector.Journal, report connector.Reporter) (connector.Source, error) {
	t, ok := f.scans[n].Table.(*Table)
	if !ok {
		return nil, errs.New("INTERNAL_ERROR", "a scan of %T", f.scans[n].Table)
	}
	return t.conn.Source(ctx, f.e.connectorEnv(report, j), t.declared(true))
}

func (f *Flow) openSink(ctx context.Context, report connector.Reporter) (connector.Sink, error) {
	return f.target.conn.Sink(ctx, f.e.connectorEnv(report, nil), f.target.declared(false))
}

// static reads a table that the flow looks up as a batch.
func (f *Flow) static(ctx context.Context, s *plan.Scan) iter.Seq2[*vec.Batch, error] {
	return func(yield func(*vec.Batch, error) bool) {
		r := &reading{e: f.e, zone: f.e.zone}
		defer r.close()
		for b, err := range r.scan(ctx, s) {
			if !yield(b, err) || err != nil {
				return
			}
		}
	}
}

// stop ends the query and waits for it; what it has committed is kept.
func (f *Flow) stop(ctx context.Context) error {
	f.mu.Lock()
	abandon := f.abandon
	f.mu.Unlock()
	if abandon == nil {
		return nil
	}
	abandon()
	select {
	case <-f.opened:
	case <-ctx.Done():
		return ctx.Err()
	}
	f.mu.Lock()
	q := f.query
	f.mu.Unlock()
	if q == nil {
		return nil
	}
	select {
	case <-q.Done(): // it ended by itself; if it failed, that has been said
		return nil
	default:
	}
	err := q.Stop(ctx)
	if err == nil {
		f.life.Wait()
	}
	return err
}

// Status is the flow as it is now.
func (f *Flow) Status() FlowStatus {
	f.mu.Lock()
	q, failed := f.query, f.failed
	f.mu.Unlock()
	rejected, troubles, samples, trouble := f.report.state()
	out := FlowStatus{
		Pipeline: f.pipeline, Name: f.name, Sink: f.target.name, Connector: f.target.conn.Name,
		State: "starting", Epoch: -1, RejectedRows: rejected, Troubles: troubles, Rejected: samples, LastError: trouble,
	}
	if out.Rejected == nil {
		out.Rejected = []Sample{}
	}
	if failed != nil {
		out.State = string(stream.Failed)
		out.LastError = f.trouble(failed, false)
	}
	if q != nil {
		f.fill(&out, q)
	}
	return out
}

// fill adds what the running query says.
func (f *Flow) fill(out *FlowStatus, q *stream.Query) {
	s := q.Status()
	out.State, out.Epoch = string(s.State), s.Epoch
	out.InputRows, out.OutputRows, out.LateRows = s.InputRows, s.OutputRows, s.LateRows
	if s.Watermark != exec.NoWatermark {
		w := time.UnixMicro(s.Watermark).UTC().Format("2006-01-02T15:04:05.000Z") // of any year, unlike time's own JSON
		out.Watermark = &w
	}
	if !s.LastEpoch.IsZero() {
		at := s.LastEpoch.UTC()
		out.LastEpochAt = &at
		// a rate is of the recent past: an epoch long ago says nothing about now
		if p := q.Progress(); len(p) > 0 && f.e.sys.Clock.Now().Sub(s.LastEpoch) < rateWindow {
			last := p[len(p)-1]
			out.InputRowsPerSecond, out.ProcessedRowsPerSecond = last.InputRowsPerSecond, last.ProcessedRowsPerSecond
		}
	}
	if s.LastError != nil {
		out.LastError = f.trouble(s.LastError, s.State == stream.Retrying)
	}
}

// trouble is an error as people see it, with the time when it was first seen.
func (f *Flow) trouble(err error, retrying bool) *Trouble {
	t := Trouble{errs.ClassOf(err), errs.Render(err), f.e.sys.Clock.Now().UTC(), retrying}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.shown.Message == t.Message && f.shown.Retrying == retrying {
		return &Trouble{t.Class, t.Message, f.shown.At, retrying}
	}
	f.shown = t
	return &t
}

// rateWindow is how long the rates of the last epoch are shown.
const rateWindow = 10 * time.Second
