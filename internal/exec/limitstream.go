package exec

import (
	"context"
	"encoding/json"
	"iter"

	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// streamLimit passes the first rows of a stream's whole life. It reads on when they are
// through, because operators below keep state. Its state is one row in shard 0: the number
// of rows seen so far, which stops counting when nothing passes any more.
// Spark: StreamingGlobalLimitExec, append mode only.
type streamLimit struct {
	one
	number      int
	count, skip int64
	seen, saved int64
}

func newStreamLimit(n *plan.Limit, in node) node {
	return &streamLimit{one: one{in}, number: n.Stateful, count: n.Count, skip: max(0, n.Offset)}
}

func (o *streamLimit) Run(ctx context.Context, e *EpochTask) iter.Seq2[*vec.Batch, error] {
	return func(yield func(*vec.Batch, error) bool) {
		o.saved = o.seen
		w := o.window()
		for b, err := range o.in.Run(ctx, e) {
			if err != nil {
				yield(nil, err)
				return
			}
			if w.done() {
				continue
			}
			before := w
			out := w.cut(b)
			o.seen += before.skip - w.skip + int64(out.Rows())
			if out.Rows() > 0 && !yield(out, nil) {
				return
			}
		}
	}
}

// window is what is left after the rows seen.
func (o *streamLimit) window() limitWindow {
	w := limitWindow{skip: max(0, o.skip-o.seen), count: o.count}
	if o.count >= 0 {
		w.count = max(0, o.count-max(0, o.seen-o.skip))
	}
	return w
}

func (o *streamLimit) Number() int { return o.number }

func (o *streamLimit) Fingerprint() string {
	out, _ := json.Marshal(map[string]any{"kind": "limit", "version": 1, "count": o.count, "offset": o.skip})
	return string(out)
}

func (o *streamLimit) StateSchema() types.Schema {
	return types.Schema{{Name: "deleted", Type: types.BooleanType}, {Name: "seen", Type: types.LongType}}
}

func (o *streamLimit) Load(shard int, rows *vec.Batch) (err error) {
	defer protect(&err)
	for i := range rows.Each() {
		o.seen = vec.Get[int64](&rows.Cols[1], i)
	}
	o.saved = o.seen
	return nil
}

func (o *streamLimit) Save() iter.Seq2[Delta, error] {
	return func(yield func(Delta, error) bool) {
		if o.seen != o.saved {
			yield(Delta{Shard: 0, Rows: o.row()}, nil)
		}
	}
}

func (o *streamLimit) Snapshot(shard int) (*vec.Batch, error) {
	if shard != 0 || o.seen == 0 {
		return vec.NewBuilder(o.StateSchema()).Finish(), nil
	}
	return o.row(), nil
}

func (o *streamLimit) row() *vec.Batch {
	return &vec.Batch{N: 1, Cols: []vec.Col{
		vec.FlatOf(types.BooleanType, []bool{false}, nil), vec.FlatOf(types.LongType, []int64{o.seen}, nil),
	}}
}

func (o *streamLimit) Rows() int64  { return min(o.seen, 1) }
func (o *streamLimit) Bytes() int64 { return 16 }
