package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/connector/kafka"
	"github.com/azud/azud/internal/connector/memory"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/exec"
	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/sql"
	"github.com/azud/azud/internal/sys"
)

// cacheBytes is the block cache that all checkpoints share.
const cacheBytes = 8 << 20

// Config says what an engine works with.
type Config struct {
	Sys *sys.Sys
	FS  sys.FS // of the checkpoints: Sys.FS, or one in memory
	Dir string // of the checkpoints
	// Embedded is the broker of this process, where the topics of tables live that name no
	// servers; nil: they live at Kafka, which names bootstrap servers.
	Embedded kafka.Embedded
	Kafka    string
	Version  string
	Log      func(string) // one line about a flow's life; safe for concurrent use
	// Warehouse is the folder of tables that sessions make without LOCATION, on Sys.FS; "": there are none.
	Warehouse string
	// Memory is the bytes that one batch query may hold before it writes to Spill, a folder on Sys.FS; 0: no bound.
	Memory int64
	Spill  string
	// Connectors are those of the embedding program, beside Azud's own.
	Connectors []*connector.Connector
}

// Engine holds a catalog and its flows. Safe for concurrent use.
type Engine struct {
	sys        *sys.Sys
	cfg        Config
	zone       *time.Location
	log        func(string)
	hub        *memory.Hub
	connectors registry
	catalog    *catalog
	cache      *pebble.Cache

	queries atomic.Int64 // batch queries begun: each spills into a folder of its own
	targets sync.Map     // by path: a gate for who writes there, see lockTarget
	saving  sync.Mutex   // held while the catalog's file is written

	mu        sync.Mutex
	pipelines []string
	flows     []*Flow
}

// Open makes an engine without pipelines.
func Open(cfg Config) (*Engine, error) {
	hub := memory.NewHub()
	e := &Engine{
		sys: cfg.Sys, cfg: cfg, zone: time.UTC, log: cfg.Log, hub: hub,
		connectors: append(Connectors(hub, cfg.Embedded, cfg.Version), cfg.Connectors...), catalog: newCatalog(), cache: pebble.NewCache(cacheBytes),
	}
	if err := e.loadCatalog(); err != nil {
		e.cache.Unref()
		return nil, err
	}
	return e, nil
}

// connectorEnv is the world of a table's connector.
func (e *Engine) connectorEnv(r connector.Reporter, j connector.Journal) connector.Env {
	return connector.Env{Sys: e.sys, Zone: e.zone, Report: r, Journal: j, Kafka: e.cfg.Kafka}
}

// guarded turns a panic of f, which is a defect, into an error; the log has its stack.
func (e *Engine) guarded(f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			e.log(fmt.Sprintf("panic: %v\n%s", v, debug.Stack()))
			err = errs.New("INTERNAL_ERROR", "a defect in Azud: %v", v).WithHint("please report it; the log has the details")
		}
	}()
	err = f()
	var p *exec.PanicError
	if errors.As(err, &p) {
		e.log(fmt.Sprintf("panic: %v\n%s", p.Value, p.Stack))
	}
	return err
}

// Add declares a pipeline's tables and plans its flows. Nothing runs yet. If a statement
// fails, nothing of the pipeline stays.
func (e *Engine) Add(ctx context.Context, p *Pipeline) error {
	return e.guarded(func() error { return e.add(ctx, p) })
}

func (e *Engine) add(ctx context.Context, p *Pipeline) (err error) {
	name := p.Spec.Name
	e.mu.Lock()
	taken := slices.ContainsFunc(e.pipelines, func(other string) bool { return strings.EqualFold(other, name) })
	e.mu.Unlock()
	if taken {
		return errs.New("PIPELINE_ALREADY_EXISTS", "two pipelines are called %s", name).WithHint("change the name in one spec")
	}
	if err := e.configure(p); err != nil {
		return err
	}
	database := p.Spec.Database
	if database == "" {
		database = name
	}
	defer func() {
		if err != nil {
			e.catalog.remove(database)
		}
	}()
	// Spark resolves a pipeline as a whole: all declarations first, then the flows.
	var flows []*Flow
	var waiting []func() error
	for _, src := range p.Files {
		stmts, err := sql.ParseWith(src, p.Expand)
		if err != nil {
			return err
		}
		s := scope{src: src, database: database}
		for _, st := range stmts {
			if f, ok := st.(*sql.CreateFlow); ok {
				waiting = append(waiting, func() error {
					planned, err := e.planFlow(ctx, p, s, f)
					flows = append(flows, planned)
					return err
				})
				continue
			}
			if err := e.declare(s, st); err != nil {
				return err
			}
		}
	}
	for _, plan := range waiting {
		if err := plan(); err != nil {
			return err
		}
	}
	if err := errors.Join(distinctNames(flows), checkSettings(p, flows)); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.pipelines = append(e.pipelines, name)
	e.flows = append(e.flows, flows...)
	return nil
}

// declare runs a statement of a pipeline that is not a flow.
func (e *Engine) declare(s scope, st sql.Statement) error {
	switch st := st.(type) {
	case *sql.CreateTable:
		return e.createTable(s, st)
	case *sql.CreateView:
		return e.createView(s, st)
	}
	return errs.New("UNSUPPORTED_PIPELINE_SQL_STATEMENT", "a pipeline's file does not run this statement").State("0A000").
		At(s.src, st.Span()).WithHint("it holds CREATE TABLE … USING, CREATE VIEW and CREATE FLOW … AS INSERT INTO … BY NAME")
}

func distinctNames(flows []*Flow) error {
	seen := map[string]bool{}
	for _, f := range flows {
		key := strings.ToLower(f.name)
		if seen[key] {
			return errs.New("DUPLICATE_FLOW", "two flows are called %s", f.name).At(f.src, f.at).WithHint("give one another name")
		}
		seen[key] = true
	}
	return nil
}

// configure checks the spec's settings and takes the session time zone.
func (e *Engine) configure(p *Pipeline) error {
	for k, v := range p.Spec.Configuration {
		switch {
		case strings.EqualFold(k, "spark.sql.session.timeZone"):
			zone, ok := fn.ParseZone(v)
			if !ok {
				return errs.New("INVALID_CONF_VALUE.TIME_ZONE", "pipeline %s: there is no time zone %q", p.Spec.Name, v).State("22022")
			}
			if zone.String() != time.UTC.String() {
				return errs.New("UNSUPPORTED_FEATURE", "pipeline %s: the time zone of flows is UTC for now, not %s", p.Spec.Name, v)
			}
		}
	}
	return nil
}

// checkSettings refuses azud.flow.<name>.<option> of a flow or option that is not there: a
// misspelled setting must not pass without effect.
func checkSettings(p *Pipeline, flows []*Flow) error {
	var known []string
	for _, f := range flows {
		for _, o := range connector.Common {
			known = append(known, flowSetting(f.name, o.Name))
		}
	}
	for k := range p.Spec.Configuration {
		if !strings.HasPrefix(strings.ToLower(k), "azud.") ||
			slices.ContainsFunc(known, func(s string) bool { return strings.EqualFold(s, k) }) {
			continue
		}
		e := errs.New("UNKNOWN_OPTION", "pipeline %s: there is no setting %s", p.Spec.Name, k)
		if near := errs.Near(k, known); len(near) > 0 {
			return e.WithHint("did you mean %s?", strings.Join(near, ", "))
		}
		return e.WithHint("a flow's settings are azud.flow.<name>.outputMode and azud.flow.<name>.trigger")
	}
	return nil
}

func flowSetting(flow, option string) string { return "azud.flow." + flow + "." + option }

// StartAll starts the flows that do not run. It returns at once; a flow that cannot start
// shows why.
func (e *Engine) StartAll() {
	for _, f := range e.list() {
		f.start()
	}
}

// Close stops all flows side by side and waits for them, at most until ctx ends; what they
// have committed is kept.
func (e *Engine) Close(ctx context.Context) error {
	var wg sync.WaitGroup
	flows := e.list()
	failed := make([]error, len(flows))
	for i, f := range flows {
		wg.Go(func() { failed[i] = f.stop(ctx) })
	}
	wg.Wait()
	e.cache.Unref()
	return errors.Join(failed...)
}

func (e *Engine) list() []*Flow {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.flows)
}

// Pipelines is the names of the pipelines, as they were added.
func (e *Engine) Pipelines() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]string{}, e.pipelines...)
}

// FlowNames is the names of a pipeline's flows, in the order of its texts.
func (e *Engine) FlowNames(pipeline string) []string {
	var out []string
	for _, f := range e.list() {
		if f.pipeline == pipeline {
			out = append(out, f.name)
		}
	}
	return out
}

// Flows is the state of every flow.
func (e *Engine) Flows() []FlowStatus {
	var out []FlowStatus
	for _, f := range e.list() {
		out = append(out, f.Status())
	}
	return out
}

// IsPipeline reports whether a folder holds a pipeline's spec.
func IsPipeline(fsys fs.FS, dir string) bool {
	return slices.ContainsFunc(specNames, func(name string) bool {
		_, err := fs.Stat(fsys, path.Join(dir, name))
		return err == nil
	})
}

// UnreadablePipelines is the error for a folder without pipelines; cause may be nil.
func UnreadablePipelines(cause error, where string) error {
	e := errs.New("PIPELINE_UNREADABLE", "%s holds no pipeline", where)
	if cause != nil {
		e = errs.Wrap(cause, "PIPELINE_UNREADABLE", "reading the pipelines in %s", where)
	}
	return e.WithHint("name a folder with a %s, or a folder of such folders", specNames[0])
}
