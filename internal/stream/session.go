package stream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/azud/azud/internal/checkpoint"
	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/exec"
)

// session is everything of a query that is opened anew after a passing failure. It belongs
// to the query's goroutine.
type session struct {
	q       *Query
	root    exec.Operator
	ops     []exec.Stateful
	states  []*checkpoint.State // of ops
	sources []connector.Source
	sink    connector.Sink

	marks   *watermarks
	last    *checkpoint.Done   // nil before the first epoch
	from    []connector.Offset // where the next epoch begins
	rerun   *checkpoint.Plan   // the epoch to run again first
	held    bool               // the sink holds its rows
	trigger time.Time          // when the last trigger started
	own     bool               // the last epoch failed by itself, not because it was cut off
}

// open makes a session and settles what is to be done first. On an error nothing is left open.
func (q *Query) open(ctx context.Context) (s *session, err error) {
	s = &session{q: q}
	defer func() {
		if err != nil {
			err = errors.Join(err, q.guarded(s.close))
			s = nil
		}
	}()
	err = q.guarded(func() error {
		if err := s.build(); err != nil {
			return err
		}
		if err := s.openSources(ctx); err != nil {
			return err
		}
		if err := s.restore(ctx); err != nil {
			return err
		}
		return s.openSink(ctx)
	})
	return s, err
}

// build makes the operators and loads their state.
func (s *session) build() (err error) {
	if s.root, s.ops, err = s.q.cfg.Build(); err != nil {
		return err
	}
	if s.last, err = s.q.store.LastDone(); err != nil {
		return err
	}
	s.marks = newWatermarks(s.q.shape.delays, nil, exec.NoWatermark)
	if s.last != nil {
		s.marks = newWatermarks(s.q.shape.delays, s.last.Nodes, s.last.Watermark)
		s.q.board.update(func(st *Status) { st.Epoch, st.Watermark = s.last.Plan.Epoch, s.marks.query })
	}
	return nil
}

// setup is what the checkpoint must fit.
func (s *session) setup() *checkpoint.Setup {
	now := &checkpoint.Setup{Delays: s.q.shape.delays, Sources: make([]connector.Offset, len(s.q.shape.sources))}
	for _, op := range s.ops {
		now.Operators = append(now.Operators, checkpoint.Fingerprint{Number: op.Number(), Of: json.RawMessage(op.Fingerprint())})
	}
	return now
}

func (s *session) openSources(ctx context.Context) error {
	for n := range s.q.shape.sources {
		j, err := s.q.store.Journal(n)
		if err != nil {
			return err
		}
		src, err := s.q.cfg.OpenSource(ctx, n, j, s.q.report)
		if err != nil {
			return err
		}
		s.sources = append(s.sources, src)
	}
	return nil
}

// restore checks that the checkpoint fits, fixes where a new query begins, and loads state.
func (s *session) restore(ctx context.Context) error {
	now := s.setup()
	old, err := s.q.store.Setup()
	if err != nil {
		return err
	}
	if old == nil {
		for n, src := range s.sources {
			if now.Sources[n], err = src.Initial(ctx); err != nil {
				return err
			}
		}
		if err := s.q.store.PutSetup(now); err != nil {
			return err
		}
		old = now
	}
	warnings, err := old.Check(now, s.q.cfg.Name, s.q.store.Dir())
	if err != nil {
		return err
	}
	for _, w := range warnings {
		s.q.report.Log("warning: " + w)
	}
	if len(warnings) > 0 {
		now.Sources = old.Sources
		if err := s.q.store.PutSetup(now); err != nil {
			return err
		}
	}
	s.from = old.Sources
	if s.last != nil {
		s.from = ends(&s.last.Plan)
	}
	return s.loadState()
}

func ends(p *checkpoint.Plan) []connector.Offset {
	out := make([]connector.Offset, len(p.Sources))
	for i, r := range p.Sources {
		out[i] = r.To
	}
	return out
}

func (s *session) loadState() error {
	for _, op := range s.ops {
		st, err := s.q.store.State(op.Number(), op.StateSchema())
		if err != nil {
			return err
		}
		for rows, err := range st.Load() {
			if err == nil {
				err = op.Load(rows.Shard, rows.Batch)
			}
			if err != nil {
				return err
			}
		}
		s.states = append(s.states, st)
	}
	return nil
}

// openSink opens the sink and decides what is to be done with what it holds.
func (s *session) openSink(ctx context.Context) error {
	cfg, store := s.q.cfg, s.q.store
	sink, err := cfg.OpenSink(ctx, s.q.report)
	if err != nil {
		return err
	}
	s.sink = sink
	id := connector.QueryIdentity{Name: cfg.Name, Checkpoint: store.ID(), Store: store.Sink()}
	mark, err := sink.Open(ctx, id, cfg.SinkSchema, cfg.Mode)
	if err != nil {
		return err
	}
	seen := checkpoint.Observed{Query: cfg.Name, Checkpoint: store.ID(), Dir: store.Dir(), Planned: checkpoint.None,
		Committed: checkpoint.None, Wrote: checkpoint.None, Guarantee: sink.Guarantee(), Mark: mark}
	planned, err := store.LastPlan()
	if err != nil {
		return err
	}
	if planned != nil {
		seen.Planned = planned.Epoch
	}
	if s.last != nil {
		seen.Committed, seen.Wrote = s.last.Plan.Epoch, s.last.Wrote
	}
	d := cfg.Decide(seen)
	if d.Err != nil {
		return d.Err
	}
	if d.Action != checkpoint.Rerun {
		return nil
	}
	s.rerun, s.held = planned, d.Suppress
	if len(d.Plan) > 0 {
		if s.rerun, err = checkpoint.DecodePlan(d.Plan); err != nil {
			return err
		}
	}
	s.q.report.Log(fmt.Sprintf("epoch %d was not finished; it runs again from its plan (the sink has its rows: %v)", d.Epoch, d.Suppress))
	return nil
}

// close closes all that is open.
func (s *session) close() error {
	var list []error
	if s.sink != nil {
		list = append(list, s.sink.Close())
	}
	if s.root != nil {
		list = append(list, s.root.Close())
	}
	for _, src := range s.sources {
		list = append(list, src.Close())
	}
	return errors.Join(list...)
}
