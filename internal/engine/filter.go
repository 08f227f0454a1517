package engine

import (
	"context"
	"iter"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/exec"
	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/plan/analyze"
	"github.com/azud/azud/internal/plan/optimize"
	"github.com/azud/azud/internal/plan/unnest"
	"github.com/azud/azud/internal/sql"
	"github.com/azud/azud/internal/sys"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// numberColumn is the message's number in its batch; nobody else's column has such a name.
const numberColumn = "_number"

// messages is the table over which a MessageFilter's condition speaks.
type messages struct{}

func (messages) Name() string { return "messages" }

func (messages) Schema() types.Schema {
	return types.Schema{
		{Name: "key", Type: types.StringType, Nullable: true},
		{Name: "value", Type: types.StringType, Nullable: true},
		{Name: "topic", Type: types.StringType},
		{Name: "partition", Type: types.IntType},
		{Name: "offset", Type: types.LongType},
		{Name: "timestamp", Type: types.TimestampType},
		{Name: numberColumn, Type: types.IntType},
	}
}

// MessageFilter is a condition in SQL over the messages of a topic, for who looks at them
// outside flows. It is for one goroutine.
type MessageFilter struct {
	op  exec.Operator
	fn  fn.Context
	now *vec.Batch // the messages at hand
}

// NewMessageFilter compiles a condition over key, value, topic, partition, offset and
// timestamp. Errors show the place in it.
func NewMessageFilter(ctx context.Context, s *sys.Sys, condition string) (*MessageFilter, error) {
	src := &errs.Source{Name: "filter", Text: condition}
	where, err := sql.ParseExpr(src)
	if err != nil {
		return nil, err
	}
	named := func(name string) []sql.Ident { return []sql.Ident{{Name: name}} }
	query := &sql.Query{Body: &sql.Select{
		Items: []sql.SelectItem{{X: &sql.Column{Parts: named(numberColumn)}}},
		From:  []sql.Relation{&sql.TableRef{Name: sql.Name{Parts: named(messages{}.Name())}}},
		Where: where,
	}}
	n, err := analyze.Query(ctx, query, analyze.Env{
		Source: src, Zone: time.UTC,
		Resolve: func([]string, errs.Span) (plan.Table, error) { return messages{}, nil },
	})
	if err != nil {
		return nil, err
	}
	if n, err = unnest.Plan(n); err != nil {
		return nil, err
	}
	op, err := exec.Build(optimize.Plan(n), exec.BuildOptions{Zone: time.UTC.String(), Source: src})
	if err != nil {
		return nil, err
	}
	return &MessageFilter{op: op, fn: fn.Context{Zone: time.UTC, Now: s.Clock.Now().UnixMicro(), Seed: int64(s.Rand.Uint64())}}, nil
}

// Close ends the filter.
func (f *MessageFilter) Close() error { return f.op.Close() }

// Keep gives those of the messages for which the condition is true.
func (f *MessageFilter) Keep(ctx context.Context, list []*kgo.Record) ([]*kgo.Record, error) {
	if len(list) == 0 {
		return nil, nil
	}
	b := vec.NewBuilder(messages{}.Schema())
	for i, r := range list {
		text(b.Cols[0], r.Key)
		text(b.Cols[1], r.Value)
		b.Cols[2].AppendString(r.Topic)
		vec.Append(b.Cols[3], r.Partition)
		vec.Append(b.Cols[4], r.Offset)
		vec.Append(b.Cols[5], r.Timestamp.UnixMicro())
		vec.Append(b.Cols[6], int32(i))
	}
	f.now = b.Finish()
	f.now.N = len(list)
	rows, err := exec.Collect(ctx, f.op, &exec.EpochTask{
		Fn: f.fn, Mode: connector.Complete, Scan: f.scan, Late: exec.NoWatermark, Evict: exec.NoWatermark,
		Observe: func(int, int64) {}, CountLate: func(int, int64) {},
	}, MaxResultRows)
	if err != nil {
		return nil, err
	}
	kept := make([]*kgo.Record, 0, rows.Rows())
	for i := range rows.Each() {
		kept = append(kept, list[vec.Get[int32](&rows.Cols[0], i)])
	}
	return kept, nil
}

func text(c *vec.ColBuilder, b []byte) {
	if b == nil {
		c.AppendNull()
		return
	}
	c.AppendBytes(b)
}

func (f *MessageFilter) scan(_ context.Context, s *plan.Scan) iter.Seq2[*vec.Batch, error] {
	return func(yield func(*vec.Batch, error) bool) {
		b := &vec.Batch{N: f.now.N}
		for _, c := range s.Columns {
			b.Cols = append(b.Cols, f.now.Cols[c])
		}
		yield(b, nil)
	}
}
