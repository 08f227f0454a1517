package stream

import (
	"context"
	"iter"
	"slices"
	"time"

	"github.com/azud/azud/internal/checkpoint"
	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/exec"
	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/vec"
)

// running is one epoch while it runs.
type running struct {
	s       *session
	plan    *checkpoint.Plan
	encoded []byte
	rerun   bool
	held    bool // the sink has the rows: none are given to it

	input  []int64 // rows by source
	output int64
	seen   []int64 // maximum event time by watermark node
	late   []int64 // by stateful operator, as in session.ops
	ops    []StateOperator

	start  time.Time
	phases map[string]int64 // milliseconds
}

// epoch runs one epoch to its commit. ctx ends when it is to be abandoned; once the sink is
// asked to commit only the query's own life bounds it.
func (s *session) epoch(ctx, life context.Context, p *checkpoint.Plan, rerun bool) (err error) {
	r := &running{s: s, plan: p, rerun: rerun, held: rerun && s.held, input: make([]int64, len(s.sources)),
		seen: make([]int64, len(s.q.shape.delays)), late: make([]int64, len(s.ops)),
		start: s.q.cfg.Sys.Clock.Now(), phases: map[string]int64{}}
	if !s.trigger.IsZero() {
		r.phases["latestOffset"] = r.start.Sub(s.trigger).Milliseconds()
		r.start = s.trigger
	}
	for i := range r.seen {
		r.seen[i] = exec.NoWatermark
	}
	s.q.board.update(func(st *Status) { st.Message = "Processing new data" })
	if r.encoded, err = p.Encode(); err != nil {
		return err
	}
	if s.sink.Guarantee() != connector.ExactlyOnce && !rerun {
		if err := r.timed("walCommit", func() error { return s.q.store.PutPlan(p) }); err != nil {
			return err
		}
	}
	if err := r.timed("addBatch", func() error { return r.deliver(ctx, life) }); err != nil {
		return err
	}
	done, err := r.commit()
	if err != nil {
		return err
	}
	s.last, s.from, s.rerun, s.held = done, ends(p), nil, false
	r.acknowledge(life)
	r.announce()
	return nil
}

func (r *running) timed(phase string, f func() error) error {
	clock := r.s.q.cfg.Sys.Clock
	start := clock.Now()
	err := f()
	r.phases[phase] = clock.Now().Sub(start).Milliseconds()
	return err
}

// deliver runs the operators and hands what they give to the sink, if it has not got it.
func (r *running) deliver(ctx, life context.Context) error {
	if r.held {
		return r.operators(ctx, func(*vec.Batch) error { return nil })
	}
	w, err := r.s.sink.Begin(ctx, connector.EpochPlan{Epoch: r.plan.Epoch, Plan: r.encoded, Now: r.plan.Time})
	if err != nil {
		return err
	}
	err = r.operators(ctx, func(b *vec.Batch) error { return w.Write(ctx, b) })
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		if e := w.Abort(life); e != nil {
			r.s.q.report.Log("abandoning epoch: " + e.Error())
		}
		return err
	}
	outcome, err := w.Commit(life)
	switch {
	case outcome == connector.Committed && err == nil:
		return nil
	case outcome == connector.Unknown:
		if err == nil {
			err = errs.New("SINK_COMMIT", "whether epoch %d was committed is unknown", r.plan.Epoch)
		}
		return unsettled{err}
	case err == nil:
		err = connector.Passing(errs.New("SINK_COMMIT", "the sink did not commit epoch %d", r.plan.Epoch))
	}
	return err
}

// unsettled is a commit of unknown outcome: the sink is opened again and tells.
type unsettled struct{ err error }

func (u unsettled) Error() string   { return u.err.Error() }
func (u unsettled) Unwrap() error   { return u.err }
func (u unsettled) Temporary() bool { return true }

// operators runs the plan and passes each batch of its output on.
func (r *running) operators(ctx context.Context, write func(*vec.Batch) error) error {
	zone, err := r.zone()
	if err != nil {
		return err
	}
	task := &exec.EpochTask{
		Epoch: r.plan.Epoch, Mode: r.s.q.cfg.Mode, Late: r.plan.Late, Evict: r.plan.Evict,
		Fn:   fn.Context{Zone: zone, Now: r.plan.Time, Seed: r.plan.Seed},
		Scan: r.scan,
		Observe: func(n int, top int64) {
			if n < len(r.seen) {
				r.seen[n] = max(r.seen[n], top)
			}
		},
		CountLate: func(n int, rows int64) {
			for i, op := range r.s.ops {
				if op.Number() == n {
					r.late[i] += rows
				}
			}
		},
	}
	for b, err := range r.s.root.Run(ctx, task) {
		if err != nil {
			return err
		}
		if b.Rows() == 0 {
			continue
		}
		r.output += int64(b.Rows())
		if err := write(b); err != nil {
			return err
		}
	}
	return nil
}

// zone is the plan's: an epoch that runs again does so in the zone it was planned in.
func (r *running) zone() (*time.Location, error) {
	if own := r.s.q.cfg.Zone; own.String() == r.plan.Zone {
		return own, nil
	}
	zone, ok := fn.ParseZone(r.plan.Zone)
	if !ok {
		return nil, errs.New("CHECKPOINT_INCOMPATIBLE", "epoch %d was planned in time zone %q, which is unknown here", r.plan.Epoch, r.plan.Zone)
	}
	return zone, nil
}

// scan reads a source's rows of the epoch, split after split.
func (r *running) scan(ctx context.Context, n *plan.Scan) iter.Seq2[*vec.Batch, error] {
	if !n.Stream {
		if r.s.q.cfg.Static != nil {
			return r.s.q.cfg.Static(ctx, n)
		}
		return fail(errs.New("INTERNAL_ERROR", "no way to read the table %s", n.Table.Name()))
	}
	if n.Source >= len(r.plan.Sources) || n.Source >= len(r.s.sources) {
		return fail(errs.New("INTERNAL_ERROR", "epoch %d has no range for source %d", r.plan.Epoch, n.Source))
	}
	span, src := r.plan.Sources[n.Source], r.s.sources[n.Source]
	if span.From == span.To {
		return func(func(*vec.Batch, error) bool) {}
	}
	return func(yield func(*vec.Batch, error) bool) {
		splits, err := src.Plan(ctx, span.From, span.To)
		if err != nil {
			yield(nil, err)
			return
		}
		for _, split := range splits {
			for b, err := range src.Open(ctx, split, n.Columns) {
				if err != nil {
					yield(nil, err)
					return
				}
				r.input[n.Source] += int64(b.Rows())
				if !yield(b, nil) {
					return
				}
			}
		}
	}
}

func fail(err error) iter.Seq2[*vec.Batch, error] {
	return func(yield func(*vec.Batch, error) bool) { yield(nil, err) }
}

// commit writes the epoch's state and "N is done" in one synced write.
func (r *running) commit() (done *checkpoint.Done, err error) {
	s := r.s
	r.ops = make([]StateOperator, len(s.ops))
	e, err := s.q.store.Begin(r.plan.Epoch)
	if err != nil {
		return nil, err
	}
	defer e.Abort()
	for i := range s.ops {
		if err := r.saveState(e, i); err != nil {
			return nil, err
		}
	}
	s.marks.advance(r.seen)
	done = &checkpoint.Done{Plan: *r.plan, Watermark: s.marks.query, Nodes: slices.Clone(s.marks.nodes), Wrote: checkpoint.None}
	if s.last != nil {
		done.Wrote = s.last.Wrote
	}
	if r.output > 0 {
		done.Wrote = r.plan.Epoch
	}
	return done, r.timed("commitOffsets", func() error { return e.Commit(done) })
}

// saveState adds what the epoch changed in one operator; a shard whose changes have
// outgrown its snapshot gets a new one.
func (r *running) saveState(e *checkpoint.Epoch, i int) error {
	op, st, m := r.s.ops[i], r.s.states[i], &r.ops[i]
	var snapshots []int
	for d, err := range op.Save() {
		if err != nil {
			return err
		}
		for row := range d.Rows.Each() {
			if vec.Get[bool](&d.Rows.Cols[0], row) {
				m.NumRowsRemoved++
			} else {
				m.NumRowsUpdated++
			}
		}
		if st.WantsSnapshot(d.Shard) {
			snapshots = append(snapshots, d.Shard)
		} else if err := e.Delta(st, d.Shard, d.Rows); err != nil {
			return err
		}
	}
	for _, shard := range snapshots {
		rows, err := op.Snapshot(shard)
		if err == nil {
			err = e.Snapshot(st, shard, rows)
		}
		if err != nil {
			return err
		}
	}
	m.NumRowsTotal, m.MemoryUsedBytes = op.Rows(), op.Bytes()
	m.NumRowsDroppedByWatermark, m.NumShufflePartitions = r.late[i], exec.Shards
	return nil
}

// acknowledge tells the sources what is committed. A failure loses nothing: the next one says more.
func (r *running) acknowledge(ctx context.Context) {
	for i, src := range r.s.sources {
		span := r.plan.Sources[i]
		if span.From == span.To {
			continue
		}
		if err := src.Ack(ctx, span.To); err != nil {
			r.s.q.report.Log("acknowledging " + string(span.To) + ": " + err.Error())
		}
	}
}

// announce publishes the epoch.
func (r *running) announce() {
	q := r.s.q
	now := q.cfg.Sys.Clock.Now()
	took := now.Sub(r.start)
	r.phases["triggerExecution"] = took.Milliseconds()
	e := Epoch{ID: r.plan.Epoch, Watermark: r.s.marks.query, Output: r.output, Rerun: r.rerun}
	var since time.Duration
	if last := q.Status().LastEpoch; !last.IsZero() {
		since = now.Sub(last)
	}
	var sources []SourceProgress
	for i, rows := range r.input {
		e.Input += rows
		span := r.plan.Sources[i]
		sources = append(sources, SourceProgress{Description: q.shape.sources[i], StartOffset: span.From, EndOffset: span.To,
			NumInputRows: rows, InputRowsPerSecond: perSecond(rows, since), ProcessedRowsPerSecond: perSecond(rows, took)})
	}
	for _, n := range r.late {
		e.LateRows += n
	}
	st := q.Status()
	e.Progress = Progress{ID: st.ID, RunID: st.RunID, Name: q.cfg.Name, Timestamp: iso(r.start.UnixMicro()), BatchID: r.plan.Epoch,
		BatchDuration: took.Milliseconds(), NumInputRows: e.Input, InputRowsPerSecond: perSecond(e.Input, since),
		ProcessedRowsPerSecond: perSecond(e.Input, took), DurationMs: r.phases, EventTime: eventTimes(r.plan.Evict, r.seen),
		StateOperators: r.ops, Sources: sources, Sink: SinkProgress{Description: q.cfg.Name, NumOutputRows: e.Output}}
	q.board.committed(e, now)
	q.report.Trouble(nil)
	if q.cfg.Listener != nil {
		q.cfg.Listener(e)
	}
}
