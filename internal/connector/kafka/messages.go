package kafka

import (
	"context"
	"slices"
	"strings"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/format/json"
	"github.com/azud/azud/internal/record"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// messages turns rows into records: with a format all columns go into the value and the
// key option names the key's column; without one the columns key, value, topic, partition and
// headers are taken (Spark: KafkaWriter).
type messages struct {
	enc                                   *json.Encoder
	key, value, topic, partition, headers int // columns; -1: none
	to                                    string
	fn                                    fn.Context
	bufs                                  [][]byte
}

// rawColumns are the columns that are written without a format, and how their types are told.
var rawColumns = []struct {
	name, want string
	is         func(types.Type) bool
}{
	{"key", "STRING or BINARY", isText},
	{"value", "STRING or BINARY", isText},
	{"topic", "STRING", func(t types.Type) bool { return t.Kind == types.String }},
	{"partition", "INT", func(t types.Type) bool { return t.Kind == types.Int }},
	{"headers", "ARRAY<STRUCT<key: STRING, value: BINARY>>", func(t types.Type) bool {
		return t.Equal(rawSchema(true)[headersColumn].Type)
	}},
}

func isText(t types.Type) bool { return t.Kind == types.String || t.Kind == types.Binary }

func newMessages(s *sink, schema types.Schema) (*messages, error) {
	m := &messages{key: -1, value: -1, topic: -1, partition: -1, headers: -1, to: s.topic, fn: fn.Context{Zone: s.env.Zone}}
	if _, ok := s.table.Options.Lookup("format"); !ok {
		m.key, m.value, m.topic = schema.Index("key"), schema.Index("value"), schema.Index("topic")
		m.partition, m.headers = schema.Index("partition"), schema.Index("headers")
		if m.topic < 0 && s.topic == "" {
			return nil, errs.New("MISSING_OPTION", "table %s names no topic, and the query has no column topic", s.table.Name).
				WithHint("add OPTIONS (topic 'name')")
		}
		if m.value < 0 {
			return nil, errs.New("KAFKA_SINK_NO_VALUE", "table %s has no format, and the query has no column value", s.table.Name).
				WithHint("add format 'json' to the table, or select the message AS value")
		}
		for _, c := range schema {
			if err := rawColumn(c); err != nil {
				return nil, err
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

// broker are the columns of the raw schema that a broker makes; a copy of a topic may have them.
var broker = []string{"offset", "timestamp", "timestampType"}

// rawColumn refuses a column that has no place in a record.
func rawColumn(c types.Field) error {
	for _, k := range rawColumns {
		if !strings.EqualFold(c.Name, k.name) {
			continue
		}
		if k.is(c.Type) {
			return nil
		}
		return errs.New("KAFKA_SINK_COLUMN", "column %s of type %s cannot be written to a topic without a format", c.Name, c.Type.SQL()).
			WithHint("the column %s must be %s", k.name, k.want)
	}
	if slices.ContainsFunc(broker, func(n string) bool { return strings.EqualFold(n, c.Name) }) {
		return nil
	}
	return errs.New("KAFKA_SINK_COLUMN", "column %s of type %s cannot be written to a topic without a format", c.Name, c.Type.SQL()).
		WithHint("without a format the columns are key and value, STRING or BINARY, and topic, partition and headers; add format 'json' to write any columns")
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
		if err := w.sink.ready(ctx, records[i].topic); err != nil {
			return err
		}
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
		r := message{key: m.keyOf(b, i), topic: m.to, part: anyPartition}
		if r.topic == "" {
			if b.Cols[m.topic].IsNull(i) {
				return nil, errs.New("KAFKA_NULL_TOPIC_IN_DATA", "The Kafka message data sent to the producer contains a null topic. Use the `topic` option for setting a default topic.")
			}
			r.topic = string(b.Cols[m.topic].Bytes(i))
		}
		if m.partition >= 0 && !b.Cols[m.partition].IsNull(i) {
			if r.part = vec.Get[int32](&b.Cols[m.partition], i); r.part < 0 {
				return nil, errs.New("INVALID_PARTITION", "a row has the partition %d", r.part).WithHint("partitions count from 0")
			}
		}
		if m.headers >= 0 {
			r.headers = headersOf(&b.Cols[m.headers], i)
		}
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

// headersOf copies a row's headers; those without a key are left out.
func headersOf(c *vec.Col, i int) (out []record.Header) {
	if c.IsNull(i) {
		return nil
	}
	kids, lo, hi := c.List(i)
	keys, values := kids[0].Field(0), kids[0].Field(1)
	for k := lo; k < hi; k++ {
		if keys.IsNull(k) {
			continue
		}
		h := record.Header{Key: string(keys.Bytes(k))}
		if !values.IsNull(k) {
			h.Value = append([]byte{}, values.Bytes(k)...)
		}
		out = append(out, h)
	}
	return out
}

// size is about how many bytes a message takes.
func (m *message) size() int {
	n := len(m.key) + len(m.value)
	for i := range m.headers {
		n += len(m.headers[i].Key) + len(m.headers[i].Value)
	}
	return n
}
