package sqltest

import (
	"context"
	stdjson "encoding/json"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/format/json"
	"github.com/azud/azud/internal/sql"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// table is a script's table: fixed rows in a batch, chunks of one epoch each as a stream.
type table struct {
	name    string
	columns types.Schema
	zone    *time.Location
	rows    []string

	mu     sync.Mutex
	chunks [][]string
}

func newTables(list []Table, zone *time.Location) (map[string]*table, error) {
	out := map[string]*table{}
	for _, t := range list {
		columns, err := sql.ParseSchema(t.Columns)
		if err != nil {
			return nil, err
		}
		out[strings.ToLower(t.Name)] = &table{name: t.Name, columns: columns, zone: zone, rows: t.Rows}
	}
	return out, nil
}

func (t *table) Name() string         { return t.name }
func (t *table) Schema() types.Schema { return t.columns }

func (t *table) add(rows []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.chunks = append(t.chunks, rows)
}

// decode reads JSON rows as Spark's JSON source does, where an array is several rows.
func (t *table) decode(rows []string) (*vec.Batch, error) {
	dec, err := json.NewDecoder(t.columns, json.Options{Zone: t.zone})
	if err != nil {
		return nil, err
	}
	var msgs [][]byte
	for _, r := range rows {
		var list []stdjson.RawMessage
		if strings.HasPrefix(strings.TrimSpace(r), "[") && stdjson.Unmarshal([]byte(r), &list) == nil {
			for _, m := range list {
				msgs = append(msgs, m)
			}
			continue
		}
		msgs = append(msgs, []byte(r))
	}
	b := vec.NewBuilder(t.columns)
	if _, err := dec.Decode(b, msgs); err != nil {
		return nil, err
	}
	return b.Finish(), nil
}

// feedSource gives a table's chunks one an epoch; an offset is the number read so far.
type feedSource struct{ t *table }

func (s *feedSource) Schema() types.Schema                              { return s.t.columns }
func (s *feedSource) Initial(context.Context) (connector.Offset, error) { return "0", nil }
func (s *feedSource) Ready() <-chan struct{}                            { return nil }
func (s *feedSource) Ack(context.Context, connector.Offset) error       { return nil }
func (s *feedSource) Close() error                                      { return nil }

func (s *feedSource) Latest(_ context.Context, from connector.Offset, _ connector.Limit) (connector.Offset, error) {
	s.t.mu.Lock()
	defer s.t.mu.Unlock()
	n, err := strconv.Atoi(string(from))
	if err != nil {
		return "", err
	}
	return connector.Offset(strconv.Itoa(min(n+1, len(s.t.chunks)))), nil
}

func (s *feedSource) Plan(_ context.Context, from, to connector.Offset) ([]connector.Split, error) {
	if from == to {
		return nil, nil
	}
	return []connector.Split{{ID: "0", From: string(from), To: string(to)}}, nil
}

func (s *feedSource) Open(_ context.Context, sp connector.Split, columns []int) iter.Seq2[*vec.Batch, error] {
	return func(yield func(*vec.Batch, error) bool) {
		from, err1 := strconv.Atoi(sp.From)
		to, err2 := strconv.Atoi(sp.To)
		if err1 != nil || err2 != nil {
			yield(nil, fmt.Errorf("split %v", sp))
			return
		}
		for n := from; n < to; n++ {
			s.t.mu.Lock()
			rows := s.t.chunks[n]
			s.t.mu.Unlock()
			b, err := s.t.decode(rows)
			if err == nil {
				b = project(b, columns)
			}
			if !yield(b, err) || err != nil {
				return
			}
		}
	}
}

// capture is a sink that keeps each epoch's rows as JSON.
type capture struct {
	ctx fn.Context

	mu   sync.Mutex
	rows map[int64][]string
}

func (c *capture) Open(context.Context, connector.QueryIdentity, types.Schema, connector.OutputMode) (connector.EpochMark, error) {
	return connector.EpochMark{}, nil
}

func (c *capture) Begin(_ context.Context, e connector.EpochPlan) (connector.Writer, error) {
	return &captureWriter{c: c, epoch: e.Epoch, rows: []string{}}, nil
}

func (c *capture) Guarantee() connector.Guarantee { return connector.AtLeastOnce }
func (c *capture) Close() error                   { return nil }

// take is what an epoch wrote.
func (c *capture) take(epoch int64) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string{}, c.rows[epoch]...)
}

type captureWriter struct {
	c     *capture
	epoch int64
	rows  []string
}

func (w *captureWriter) Write(_ context.Context, b *vec.Batch) error {
	w.rows = append(w.rows, jsonRows(&w.c.ctx, b)...)
	return nil
}

func (w *captureWriter) Commit(context.Context) (connector.Outcome, error) {
	w.c.mu.Lock()
	defer w.c.mu.Unlock()
	w.c.rows[w.epoch] = w.rows
	return connector.Committed, nil
}

func (w *captureWriter) Abort(context.Context) error { return nil }
