package memory

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"strings"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// maxChunks is how many epochs' chunks are kept before they are rewritten as one.
const maxChunks = 64

type sink struct {
	hub    *Hub
	name   string
	key    []string
	max    int
	mode   connector.OutputMode
	query  connector.QueryIdentity
	schema types.Schema
	ipc    *vec.IPC
	keys   []int
	rows   *vec.Batch // the table now
	chunks []int64    // epochs of the stored chunks, ascending
}

// mark is stored beside the chunks.
type mark struct {
	Epoch  int64  `json:"epoch"`
	Plan   []byte `json:"plan"`
	Schema string `json:"schema"`
}

var markKey = []byte("mark")

func chunkKey(epoch int64) []byte {
	return binary.BigEndian.AppendUint64([]byte("rows/"), uint64(epoch))
}

// Open loads the table that the checkpoint holds.
func (s *sink) Open(_ context.Context, q connector.QueryIdentity, schema types.Schema, m connector.OutputMode) (connector.EpochMark, error) {
	s.query, s.schema, s.mode, s.keys, s.chunks = q, schema, m, nil, nil
	for _, k := range s.key {
		i := schema.Index(k)
		if i < 0 {
			return connector.EpochMark{}, errs.New("INVALID_OPTION", "live table %s: its key %q is not a column of the query", s.name, k).
				WithHint("the columns are %s", strings.Join(schema.Names(), ", "))
		}
		s.keys = append(s.keys, i)
	}
	var err error
	if s.ipc, err = vec.NewIPC(schema); err != nil {
		return connector.EpochMark{}, err
	}
	s.rows = vec.NewBuilder(schema).Finish()
	found, err := s.load()
	if err != nil {
		return connector.EpochMark{}, err
	}
	s.hub.put(s.name, schema, s.rows)
	return found, nil
}

func (s *sink) load() (connector.EpochMark, error) {
	raw, err := s.query.Store.Get(markKey)
	if err != nil || raw == nil {
		return connector.EpochMark{}, err
	}
	var m mark
	if err := json.Unmarshal(raw, &m); err != nil {
		return connector.EpochMark{}, errs.Wrap(err, "LIVE_TABLE", "the mark of %s cannot be read", s.name)
	}
	if now := s.schema.Struct().String(); m.Schema != now {
		return connector.EpochMark{}, errs.New("INCOMPATIBLE_TABLE_SCHEMA", "live table %s was written as %s and is now %s", s.name, m.Schema, now).
			WithHint("give the new result a table of its own; or, to drop what the table holds and begin anew, %s", connector.StartOver)
	}
	for kv, err := range s.query.Store.Each([]byte("rows/")) {
		if err != nil {
			return connector.EpochMark{}, err
		}
		b, err := s.ipc.Decode(kv.Value)
		if err != nil {
			return connector.EpochMark{}, errs.Wrap(err, "LIVE_TABLE", "a chunk of %s cannot be read", s.name)
		}
		s.rows = s.apply(s.rows, b)
		s.chunks = append(s.chunks, int64(binary.BigEndian.Uint64(kv.Key[len("rows/"):])))
	}
	return connector.EpochMark{Checkpoint: s.query.Checkpoint, Epoch: m.Epoch, Plan: m.Plan}, nil
}

// apply is the table after an epoch's rows: replaced, upserted or appended, and cut to max.
func (s *sink) apply(old, rows *vec.Batch) *vec.Batch {
	out := vec.NewBuilder(s.schema)
	switch {
	case s.mode == connector.Complete:
		out.AppendBatch(rows)
	case len(s.keys) == 0:
		out.AppendBatch(old)
		out.AppendBatch(rows)
	default:
		s.upsert(out, old, rows)
	}
	b := out.Finish()
	switch {
	case s.max <= 0 || b.N <= s.max:
		return b
	case s.mode == connector.Complete: // no row is older than another; the first ones may be the top of an order
		return b.View(0, s.max).Compact()
	}
	return b.View(b.N-s.max, b.N).Compact()
}

// upsert appends the old rows that no new one replaces, then the last new row of each key.
func (s *sink) upsert(out *vec.Builder, old, rows *vec.Batch) {
	cols := func(b *vec.Batch) (out []vec.Col) {
		for _, k := range s.keys {
			out = append(out, b.Cols[k])
		}
		return out
	}
	var key []byte
	last, newer := make(map[string]int, rows.N), cols(rows)
	for i := range rows.N {
		key = vec.AppendKey(key[:0], newer, i)
		last[string(key)] = i
	}
	older := cols(old)
	for i := range old.N {
		key = vec.AppendKey(key[:0], older, i)
		if _, replaced := last[string(key)]; !replaced {
			out.AppendRow(old, i)
		}
	}
	for i := range rows.N {
		if key = vec.AppendKey(key[:0], newer, i); last[string(key)] == i {
			out.AppendRow(rows, i)
		}
	}
}

func (s *sink) Begin(_ context.Context, e connector.EpochPlan) (connector.Writer, error) {
	return &writer{sink: s, epoch: e, rows: vec.NewBuilder(s.schema)}, nil
}

func (s *sink) Guarantee() connector.Guarantee { return connector.ExactlyOnce }
func (s *sink) Close() error                   { return nil }

type writer struct {
	sink  *sink
	epoch connector.EpochPlan
	rows  *vec.Builder
}

func (w *writer) Write(_ context.Context, b *vec.Batch) error {
	w.rows.AppendBatch(b)
	return nil
}

// Commit applies the chunk and the mark without a sync of its own: both are in the
// database of the epoch's commit, whose sync covers them, and are lost only together.
func (w *writer) Commit(context.Context) (connector.Outcome, error) {
	s := w.sink
	rows := w.rows.Finish()
	if rows.N == 0 && s.mode != connector.Complete {
		return connector.Committed, nil
	}
	table := s.apply(s.rows, rows)
	changes, chunks, err := s.changes(w.epoch, rows, table)
	if err != nil {
		return connector.Aborted, err
	}
	if err := s.query.Store.Apply(changes, false); err != nil {
		return connector.Unknown, err
	}
	s.rows, s.chunks = table, chunks
	s.hub.put(s.name, s.schema, table)
	return connector.Committed, nil
}

// changes is what the epoch writes to the store: its chunk, or the whole table in place of
// all chunks when it replaces them or they have become many.
func (s *sink) changes(e connector.EpochPlan, rows, table *vec.Batch) (changes []connector.KV, chunks []int64, err error) {
	m, err := json.Marshal(mark{e.Epoch, e.Plan, s.schema.Struct().String()})
	if err != nil {
		return nil, nil, errs.Wrap(err, "LIVE_TABLE", "encoding the mark of %s", s.name)
	}
	changes = []connector.KV{{Key: markKey, Value: m}}
	chunks = s.chunks
	if s.mode == connector.Complete || len(chunks) >= maxChunks {
		for _, c := range chunks {
			changes = append(changes, connector.KV{Key: chunkKey(c)})
		}
		rows, chunks = table, nil
	}
	data, err := s.ipc.Encode(rows)
	if err != nil {
		return nil, nil, errs.Wrap(err, "LIVE_TABLE", "encoding rows of %s", s.name)
	}
	return append(changes, connector.KV{Key: chunkKey(e.Epoch), Value: data}), append(chunks[:len(chunks):len(chunks)], e.Epoch), nil
}

func (w *writer) Abort(context.Context) error { return nil }
