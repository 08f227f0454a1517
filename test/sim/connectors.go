package sim

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"strings"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

var inputSchema = types.Schema{{Name: "id", Type: types.LongType}, {Name: "k", Type: types.StringType}, {Name: "t", Type: types.TimestampType}}

// Rows of the input: id i has key k<i mod 5> and a time that goes forward by a second a row.
const totalRows = 120

func inputRow(b *vec.Builder, columns []int, i int64) {
	for c, col := range columns {
		switch col {
		case 0:
			vec.Append(b.Cols[c], i)
		case 1:
			b.Cols[c].AppendString(fmt.Sprintf("k%d", i%5))
		case 2:
			vec.Append(b.Cols[c], 1_700_000_000_000_000+i*1_000_000)
		}
	}
}

// source replays the input. How much an epoch may read is chance, so that an epoch that
// is planned anew differs from the one that was lost.
type source struct {
	w     *world
	flaky int // one in so many reads fails for the moment
}

func at(o connector.Offset) (n int64) {
	if o != "" {
		_ = json.Unmarshal([]byte(o), &n)
	}
	return n
}

func offset(n int64) connector.Offset { return connector.Offset(fmt.Sprint(n)) }

func (s *source) Schema() types.Schema                              { return inputSchema }
func (s *source) Initial(context.Context) (connector.Offset, error) { return offset(0), nil }
func (s *source) Ready() <-chan struct{}                            { return make(chan struct{}) }
func (s *source) Ack(context.Context, connector.Offset) error       { return nil }
func (s *source) Close() error                                      { return nil }
func (s *source) Plan(_ context.Context, from, to connector.Offset) ([]connector.Split, error) {
	mid := offset((at(from) + at(to)) / 2)
	return []connector.Split{{ID: "0", From: string(from), To: string(mid)}, {ID: "1", From: string(mid), To: string(to)}}, nil
}

func (s *source) Latest(_ context.Context, from connector.Offset, limit connector.Limit) (connector.Offset, error) {
	if limit.Rows == 0 {
		return offset(totalRows), nil
	}
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	return offset(min(totalRows, at(from)+1+s.w.rng.Int64N(limit.Rows))), nil
}

func (s *source) Open(_ context.Context, split connector.Split, columns []int) iter.Seq2[*vec.Batch, error] {
	return func(yield func(*vec.Batch, error) bool) {
		schema := make(types.Schema, len(columns))
		for i, c := range columns {
			schema[i] = inputSchema[c]
		}
		b := vec.NewBuilder(schema)
		for i := at(connector.Offset(split.From)); i < at(connector.Offset(split.To)); i++ {
			if s.w.chance(s.flaky) {
				yield(nil, connector.Passing(errs.New("SIM", "the network is down")))
				return
			}
			if inputRow(b, columns, i); b.Len() == 7 {
				if !yield(b.Finish(), nil) {
					return
				}
			}
		}
		if b.Len() > 0 {
			yield(b.Finish(), nil)
		}
	}
}

// contents is what a sink keeps, outside of the process.
type contents struct {
	rows []string
	mark connector.EpochMark
}

// sink appends rows to contents. Exactly once, with its mark in its own atomic commit; or
// at least once, row by row.
type sink struct {
	w     *world
	c     *contents
	g     connector.Guarantee
	flaky int  // one in so many commits is in doubt or aborted
	late  bool // planted fault: a commit is carried out only when the next epoch begins
	owed  func()
	id    string
}

func (s *sink) Guarantee() connector.Guarantee { return s.g }
func (s *sink) Close() error                   { return nil }

func (s *sink) Open(_ context.Context, q connector.QueryIdentity, _ types.Schema, _ connector.OutputMode) (m connector.EpochMark, err error) {
	s.id = q.Checkpoint
	err = s.w.call("sink open", func() error { m = s.c.mark; return nil })
	if s.g == connector.AtLeastOnce {
		m = connector.EpochMark{}
	}
	return m, err
}

func (s *sink) Begin(_ context.Context, e connector.EpochPlan) (connector.Writer, error) {
	return &writer{s: s, e: e}, s.w.call("sink begin", func() error {
		if s.owed != nil {
			s.owed()
			s.owed = nil
		}
		return nil
	})
}

type writer struct {
	s    *sink
	e    connector.EpochPlan
	rows []string
}

func (w *writer) Write(_ context.Context, b *vec.Batch) error {
	return w.s.w.call("sink write", func() error {
		for i := range b.Each() {
			var parts []string
			for c := range b.Cols {
				parts = append(parts, show(&b.Cols[c], i))
			}
			w.rows = append(w.rows, strings.Join(parts, " "))
		}
		if w.s.g == connector.AtLeastOnce {
			w.s.c.rows, w.rows = append(w.s.c.rows, w.rows...), nil
		}
		return nil
	})
}

func show(c *vec.Col, i int) string {
	switch {
	case c.IsNull(i):
		return "NULL"
	case c.Type.Kind == types.String:
		return c.Str(i)
	case c.Type.Kind == types.Boolean:
		return fmt.Sprint(vec.Get[bool](c, i))
	case c.Type.Kind == types.Struct:
		f := c.Field(1)
		return show(&f, i)
	case c.Type.Kind == types.Binary:
		return fmt.Sprintf("%x", c.Bytes(i))
	}
	return fmt.Sprint(vec.Get[int64](c, i))
}

func (w *writer) Commit(context.Context) (connector.Outcome, error) {
	doubt, done := w.s.w.chance(w.s.flaky), w.s.w.chance(2)
	if doubt && !done && w.s.w.chance(2) {
		return connector.Aborted, w.s.w.call("sink abort", func() error { return nil })
	}
	effect := func() {
		w.s.c.rows = append(w.s.c.rows, w.rows...)
		w.s.c.mark = connector.EpochMark{Checkpoint: w.s.id, Epoch: w.e.Epoch, Plan: w.e.Plan}
	}
	err := w.s.w.call("sink commit", func() error {
		switch {
		case w.s.late:
			w.s.owed = effect
		case !doubt || done:
			effect()
		}
		return nil
	})
	if err == nil {
		err = w.s.w.call("after the sink's commit", func() error { return nil })
	}
	if doubt || err != nil {
		return connector.Unknown, err
	}
	return connector.Committed, nil
}

func (w *writer) Abort(context.Context) error { return nil }

// storedSink keeps rows and mark in the query's own checkpoint, as live tables do: what it
// applies is on disk at the latest with the epoch.
type storedSink struct {
	w *world
	q connector.QueryIdentity
}

var storedMark = []byte("mark")

func (s *storedSink) Guarantee() connector.Guarantee { return connector.ExactlyOnce }
func (s *storedSink) Close() error                   { return nil }

func (s *storedSink) Open(_ context.Context, q connector.QueryIdentity, _ types.Schema, _ connector.OutputMode) (m connector.EpochMark, err error) {
	s.q = q
	raw, err := q.Store.Get(storedMark)
	if raw != nil && err == nil {
		err = json.Unmarshal(raw, &m)
	}
	return m, err
}

func (s *storedSink) Begin(_ context.Context, e connector.EpochPlan) (connector.Writer, error) {
	return &storedWriter{writer{s: &sink{w: s.w, g: connector.ExactlyOnce}, e: e}, s}, nil
}

type storedWriter struct {
	writer
	to *storedSink
}

func (w *storedWriter) Commit(context.Context) (connector.Outcome, error) {
	if len(w.rows) == 0 {
		return connector.Committed, nil // a sink may spare itself the mark of nothing
	}
	rows, err := json.Marshal(w.rows)
	if err != nil {
		return connector.Aborted, err
	}
	mark, err := json.Marshal(connector.EpochMark{Checkpoint: w.to.q.Checkpoint, Epoch: w.e.Epoch, Plan: w.e.Plan})
	if err != nil {
		return connector.Aborted, err
	}
	err = w.to.q.Store.Apply([]connector.KV{{Key: fmt.Appendf(nil, "rows/%08d", w.e.Epoch), Value: rows},
		{Key: storedMark, Value: mark}}, w.s.w.chance(2))
	if err == nil {
		err = w.s.w.call("after the store", func() error { return nil })
	}
	if err != nil {
		return connector.Unknown, err
	}
	return connector.Committed, nil
}

func storedRows(s connector.Store) (out []string, err error) {
	for kv, err := range s.Each([]byte("rows/")) {
		if err != nil {
			return nil, err
		}
		var rows []string
		if err := json.Unmarshal(kv.Value, &rows); err != nil {
			return nil, err
		}
		out = append(out, rows...)
	}
	return out, nil
}
