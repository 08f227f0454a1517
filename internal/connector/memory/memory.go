package memory

import (
	"context"
	"iter"
	"strconv"
	"strings"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// Connector is the registry's entry, over one hub.
func Connector(h *Hub) *connector.Connector {
	c := &connector.Connector{
		Name: "memory",
		Doc:  "A live table: a flow's result, for queries, the shell and pages.",
		Options: []connector.Option{
			{Name: "key", Kind: connector.Text, Doc: "columns, separated by commas, that identify a row: a newer row replaces the older"},
			{Name: "maxRows", Kind: connector.Number, Default: "10000", Doc: "the oldest rows beyond are dropped (outputMode complete: the last); 0: no bound"},
		},
	}
	c.Sink = func(_ context.Context, _ connector.Env, t connector.Table) (connector.Sink, error) {
		s := &sink{hub: h, name: t.Name, max: int(c.Int(t.Options, "maxRows"))}
		for _, k := range strings.Split(c.Text(t.Options, "key"), ",") {
			if k = strings.TrimSpace(k); k != "" {
				s.key = append(s.key, k)
			}
		}
		return s, nil
	}
	c.Source = func(_ context.Context, _ connector.Env, t connector.Table) (connector.Source, error) {
		if t.Stream {
			return nil, errs.New("UNSUPPORTED_FEATURE", "the live table %s cannot be read as a stream", t.Name).
				WithHint("read what its flow reads, or write the flow to a topic as well")
		}
		return newSource(h, t)
	}
	c.Schema = func(t connector.Table) (types.Schema, error) {
		s, _, _, _, ok := h.Snapshot(t.Name)
		if !ok {
			return nil, errs.New("LIVE_TABLE_NOT_RUNNING", "the live table %s has no columns yet: its flow has not started here", t.Name).
				WithHint("declare its columns, or start the flow that writes it with 'azud up'")
		}
		return s, nil
	}
	return c
}

// source reads the snapshot that was there when it was made.
type source struct {
	schema  types.Schema
	rows    *vec.Batch
	version int64
	name    string
}

func newSource(h *Hub, t connector.Table) (*source, error) {
	s, rows, version, _, ok := h.Snapshot(t.Name)
	if !ok { // its rows are in the checkpoint of the flow, which alone may open it
		return nil, errs.New("LIVE_TABLE_NOT_RUNNING", "the flow that writes the live table %s has not started here", t.Name).
			WithHint("start it with 'azud up', or ask the running one: azud sql --http HOST:PORT")
	}
	if len(t.Columns) > 0 && !t.Columns.Struct().Equal(s.Struct()) {
		return nil, errs.New("INCOMPATIBLE_TABLE_SCHEMA", "the live table %s holds %s, but %s was declared", t.Name, s.Struct(), t.Columns.Struct())
	}
	return &source{s, rows, version, t.Name}, nil
}

func (s *source) Schema() types.Schema                              { return s.schema }
func (s *source) Initial(context.Context) (connector.Offset, error) { return "0", nil }
func (s *source) Ready() <-chan struct{}                            { return nil }
func (s *source) Ack(context.Context, connector.Offset) error       { return nil }
func (s *source) Close() error                                      { return nil }

func (s *source) Latest(context.Context, connector.Offset, connector.Limit) (connector.Offset, error) {
	return connector.Offset(strconv.FormatInt(s.version, 10)), nil
}

func (s *source) Plan(_ context.Context, from, to connector.Offset) ([]connector.Split, error) {
	if from == to {
		return nil, nil
	}
	return []connector.Split{{ID: s.name, From: string(from), To: string(to)}}, nil
}

func (s *source) Open(_ context.Context, _ connector.Split, columns []int) iter.Seq2[*vec.Batch, error] {
	return func(yield func(*vec.Batch, error) bool) {
		b := &vec.Batch{N: s.rows.N}
		for _, c := range columns {
			b.Cols = append(b.Cols, s.rows.Cols[c])
		}
		yield(b, nil)
	}
}
