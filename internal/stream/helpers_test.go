package stream_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/stream"
	"github.com/azud/azud/internal/sys"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// row is an input row: a time in microseconds and a key.
type row struct {
	t int64
	k string
}

var rowSchema = types.Schema{{Name: "t", Type: types.TimestampType}, {Name: "k", Type: types.StringType}}

// memSource replays rows that a test adds. Offsets are row counts; a limit of rows counts.
type memSource struct {
	mu     sync.Mutex
	rows   []row
	ready  chan struct{}
	acked  connector.Offset
	fault  func() error // asked before each read
	closed int
}

func newSource(rows ...row) *memSource { return &memSource{rows: rows, ready: make(chan struct{}, 1)} }

func (s *memSource) add(rows ...row) {
	s.mu.Lock()
	s.rows = append(s.rows, rows...)
	s.mu.Unlock()
	select {
	case s.ready <- struct{}{}:
	default:
	}
}

func num(o connector.Offset) (n int) {
	fmt.Sscan(string(o), &n)
	return n
}

func (s *memSource) Schema() types.Schema                              { return rowSchema }
func (s *memSource) Initial(context.Context) (connector.Offset, error) { return "0", nil }
func (s *memSource) Ready() <-chan struct{}                            { return s.ready }
func (s *memSource) Close() error                                      { s.closed++; return nil }
func (s *memSource) Ack(_ context.Context, to connector.Offset) error  { s.acked = to; return nil }

func (s *memSource) Latest(_ context.Context, from connector.Offset, l connector.Limit) (connector.Offset, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.rows)
	if l.Rows > 0 {
		n = min(n, num(from)+int(l.Rows))
	}
	return connector.Offset(fmt.Sprint(n)), nil
}

func (s *memSource) Plan(_ context.Context, from, to connector.Offset) ([]connector.Split, error) {
	return []connector.Split{{ID: "0", From: string(from), To: string(to)}}, nil
}

func (s *memSource) Open(_ context.Context, p connector.Split, cols []int) iter.Seq2[*vec.Batch, error] {
	return func(yield func(*vec.Batch, error) bool) {
		s.mu.Lock()
		part, fault := s.rows[num(connector.Offset(p.From)):num(connector.Offset(p.To))], s.fault
		s.mu.Unlock()
		if fault != nil {
			if err := fault(); err != nil {
				yield(nil, err)
				return
			}
		}
		b := vec.NewBuilder(rowSchema)
		for _, r := range part {
			vec.Append(b.Cols[0], r.t)
			b.Cols[1].AppendString(r.k)
		}
		all := b.Finish()
		out := &vec.Batch{N: all.N}
		for _, c := range cols {
			out.Cols = append(out.Cols, all.Cols[c])
		}
		yield(out, nil)
	}
}

// memSink keeps each epoch's rows as text, with a mark.
type memSink struct {
	mu     sync.Mutex
	g      connector.Guarantee
	mark   connector.EpochMark
	epochs map[int64][]string
	id     string
	commit func(apply func()) (connector.Outcome, error) // nil: apply
	opened int
}

func newSink() *memSink { return &memSink{g: connector.ExactlyOnce, epochs: map[int64][]string{}} }

func (s *memSink) Open(_ context.Context, q connector.QueryIdentity, _ types.Schema, _ connector.OutputMode) (connector.EpochMark, error) {
	s.id = q.Checkpoint
	s.opened++
	return s.mark, nil
}
func (s *memSink) Guarantee() connector.Guarantee { return s.g }
func (s *memSink) Close() error                   { return nil }
func (s *memSink) Begin(_ context.Context, e connector.EpochPlan) (connector.Writer, error) {
	return &memWriter{s: s, e: e}, nil
}

func (s *memSink) all() (out []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for n := range int64(1000) {
		out = append(out, s.epochs[n]...)
	}
	return out
}

type memWriter struct {
	s    *memSink
	e    connector.EpochPlan
	rows []string
}

func (w *memWriter) Write(_ context.Context, b *vec.Batch) error {
	for i := range b.Each() {
		var parts []string
		for c := range b.Cols {
			parts = append(parts, cell(&b.Cols[c], i))
		}
		w.rows = append(w.rows, strings.Join(parts, " "))
	}
	return nil
}

func cell(c *vec.Col, i int) string {
	switch {
	case c.IsNull(i):
		return "NULL"
	case c.Type.Kind == types.String:
		return c.Str(i)
	case c.Type.Kind == types.Struct:
		f := c.Field(0)
		return cell(&f, i)
	case c.Type.Kind == types.Timestamp:
		return time.UnixMicro(vec.Get[int64](c, i)).UTC().Format("15:04:05")
	}
	return fmt.Sprint(vec.Get[int64](c, i))
}

func (w *memWriter) Commit(context.Context) (connector.Outcome, error) {
	apply := func() {
		w.s.mu.Lock()
		defer w.s.mu.Unlock()
		w.s.epochs[w.e.Epoch] = w.rows
		if w.s.g == connector.ExactlyOnce {
			w.s.mark = connector.EpochMark{Checkpoint: w.s.id, Epoch: w.e.Epoch, Plan: w.e.Plan}
		}
	}
	if w.s.commit != nil {
		return w.s.commit(apply)
	}
	apply()
	return connector.Committed, nil
}
func (w *memWriter) Abort(context.Context) error { return nil }

type memTable struct{}

func (memTable) Name() string         { return "t" }
func (memTable) Schema() types.Schema { return rowSchema }

func scanNode(id plan.ID) *plan.Scan {
	return &plan.Scan{Table: memTable{}, Stream: true, Source: int(id) / 100, Columns: []int{0, 1},
		Attrs: []plan.Attr{{ID: id + 1, Name: "t", Type: types.TimestampType}, {ID: id + 2, Name: "k", Type: types.StringType}}}
}

func watermarked(in *plan.Scan, node int, delay time.Duration) *plan.Watermark {
	t := in.Attrs[0]
	t.Event = &plan.EventTime{Node: node, Delay: delay.Microseconds()}
	return &plan.Watermark{Child: in, Number: node, Attr: t.ID, Delay: delay.Microseconds(), Attrs: []plan.Attr{t, in.Attrs[1]}}
}

// windowCount is SELECT window(t, size), k, count(*) GROUP BY 1, 2 over a plan of (t, k).
func windowCount(t *testing.T, in plan.Node, size time.Duration) plan.Node {
	t.Helper()
	f, _ := fn.LookupAggregate("count")
	bound, err := f.Bind(nil)
	if err != nil {
		t.Fatal(err)
	}
	at, k := in.Output()[0], in.Output()[1]
	w := plan.Attr{ID: 1000, Name: "window", Event: at.Event, Type: types.StructOf(
		types.Field{Name: "start", Type: types.TimestampType}, types.Field{Name: "end", Type: types.TimestampType})}
	win := &plan.TimeWindow{Child: in, Time: &plan.Ref{Attr: at}, Duration: size.Microseconds(), Slide: size.Microseconds(), Out: w}
	return &plan.Aggregate{Child: win, Keys: []plan.Named{{Attr: w, Expr: &plan.Ref{Attr: w}}, {Attr: k, Expr: &plan.Ref{Attr: k}}},
		Aggs: []plan.Named{{Attr: plan.Attr{ID: 1001, Name: "count", Type: bound.Result}, Expr: &plan.Agg{Name: "count", Fn: bound}}}}
}

// rig is a query over memory, with what outlives it.
type rig struct {
	t       *testing.T
	sources []*memSource
	sink    *memSink
	cfg     stream.Config
	mu      sync.Mutex
	epochs  []stream.Epoch
	logs    []string
}

func newRig(t *testing.T, p plan.Node, sources ...*memSource) *rig {
	r := &rig{t: t, sources: sources, sink: newSink()}
	world := sys.Real()
	world.FS = vfs.NewMem()
	r.cfg = stream.Config{Name: "q", Plan: p, Mode: connector.Append, Checkpoint: "/c", Sys: world, Report: r,
		Retry: stream.Retry{Min: time.Millisecond, Max: time.Millisecond},
		OpenSource: func(_ context.Context, n int, _ connector.Journal, _ connector.Reporter) (connector.Source, error) {
			return r.sources[n], nil
		},
		OpenSink: func(context.Context, connector.Reporter) (connector.Sink, error) { return r.sink, nil },
		Listener: func(e stream.Epoch) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.epochs = append(r.epochs, e)
		},
	}
	return r
}

func (r *rig) Rejected(string, string, []byte) {}
func (r *rig) Trouble(error)                   {}
func (r *rig) Log(msg string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.logs = append(r.logs, msg)
}

func (r *rig) start() *stream.Query {
	r.t.Helper()
	q, err := stream.Start(context.Background(), r.cfg)
	if err != nil {
		r.t.Fatal(err)
	}
	return q
}

func (r *rig) drain(q *stream.Query) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := q.ProcessAllAvailable(ctx); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) stop(q *stream.Query) {
	r.t.Helper()
	if err := q.Stop(context.Background()); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) took() []stream.Epoch {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := r.epochs
	r.epochs = nil
	return out
}

var errTest = errors.New("test")

// blockingSource blocks in its first read until the epoch is abandoned.
type blockingSource struct {
	*memSource
	in chan struct{}
}

func (s *blockingSource) Open(ctx context.Context, _ connector.Split, _ []int) iter.Seq2[*vec.Batch, error] {
	return func(yield func(*vec.Batch, error) bool) {
		close(s.in)
		<-ctx.Done()
		yield(nil, ctx.Err())
	}
}
