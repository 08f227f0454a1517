package kafka

import (
	"context"
	"strings"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/format/json"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// messages turns rows into records: with a format all columns go into the value and the
// key option names the key's column; without one the columns key and value are taken.
type messages struct {
	enc        *json.Encoder
	key, value int // columns; -1: none
	fn         fn.Context
	bufs       [][]byte
}

func newMessages(s *sink, schema types.Schema) (*messages, error) {
	m := &messages{key: -1, value: -1, fn: fn.Context{Zone: s.env.Zone}}
	if _, ok := s.table.Options.Lookup("format"); !ok {
		m.key, m.value = schema.Index("key"), schema.Index("value")
		if m.value < 0 {
			return nil, errs.New("KAFKA_SINK_NO_VALUE", "table %s has no format, and the query has no column value", s.table.Name).
				WithHint("add format 'json' to the table, or select the message AS value")
		}
		for _, c := range schema {
			known := strings.EqualFold(c.Name, "key") || strings.EqualFold(c.Name, "value")
			if !known || c.Type.Kind != types.String && c.Type.Kind != types.Binary {
				return nil, errs.New("KAFKA_SINK_COLUMN", "column %s of type %s cannot be written to a topic without a format", c.Name, c.Type.SQL()).
					WithHint("without a format the columns are key and value, STRING or BINARY; add format 'json' to write any columns")
			}
		}
		if _, ok := s.table.Options.Lookup("key"); ok {
			return nil, errs.New("INVALID_OPTION", "table %s: the option key needs a format", s.table.Name).
				WithHint("without a format the key is the column key of the query")
		}
		return m, nil
	}
	if name, ok := s.table.Options.Lookup("key"); ok {
		if m.key = schema.Index(name); m.key < 0 {
			return nil, errs.New("INVALID_OPTION", "table %s: its key %q is not a column of the query", s.table.Name, name).
				WithHint("the columns are %s", strings.Join(schema.Names(), ", "))
		}
	}
	var err error
	m.enc, err = json.NewEncoder(schema, json.Options{Zone: s.env.Zone, KeepNulls: !s.c.Bool(s.table.Options, "ignoreNullFields")})
	return m, err
}

// Write produces the rows; failures show at the next Write or at Commit.
func (w *writer) Write(ctx context.Context, b *vec.Batch) error {
	if b.Rows() == 0 {
		return nil
	}
	if err := w.begin(); err != nil {
		return err
	}
	if err := w.sink.out.failure(); err != nil {
		return w.refused(err)
	}
	records, err := w.msgs.records(b)
	if err != nil {
		return err
	}
	for i := range records {
		records[i].topic = w.sink.topic
		w.sink.out.produce(ctx, &records[i])
	}
	return nil
}

// records makes the batch's records; encoded values share one piece of memory.
func (m *messages) records(b *vec.Batch) ([]message, error) {
	if m.enc != nil {
		var err error
		if m.bufs, err = m.enc.Encode(m.bufs[:0], b); err != nil {
			return nil, err
		}
	}
	size := 0
	for _, v := range m.bufs {
		size += len(v)
	}
	slab, out := make([]byte, 0, size), make([]message, 0, b.Rows())
	for i := range b.Each() {
		r := message{key: m.keyOf(b, i)}
		if m.enc != nil {
			start := len(slab)
			slab = append(slab, m.bufs[len(out)]...)
			r.value = slab[start:len(slab):len(slab)]
		} else if v := &b.Cols[m.value]; !v.IsNull(i) {
			r.value = append([]byte{}, v.Bytes(i)...)
		}
		out = append(out, r)
	}
	return out, nil
}

func (m *messages) keyOf(b *vec.Batch, i int) []byte {
	if m.key < 0 || b.Cols[m.key].IsNull(i) {
		return nil
	}
	c := &b.Cols[m.key]
	if c.Type.Kind == types.String || c.Type.Kind == types.Binary {
		return append([]byte{}, c.Bytes(i)...)
	}
	return []byte(fn.Text(&m.fn, c, i))
}
