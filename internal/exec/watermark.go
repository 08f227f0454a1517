package exec

import (
	"context"
	"iter"

	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// watermark passes rows through and reports the maximum event time of the epoch, in
// microseconds; rows whose event time is NULL do not count. The event time of a window
// is its end. Spark: EventTimeWatermarkExec.
type watermark struct {
	one
	number, col int
}

func newWatermark(n *plan.Watermark, in node) (node, error) {
	col, err := position(n.Child.Output(), plan.Attr{ID: n.Attr, Name: "event time"})
	return &watermark{one: one{in}, number: n.Number, col: col}, err
}

func (o *watermark) Run(ctx context.Context, e *EpochTask) iter.Seq2[*vec.Batch, error] {
	return func(yield func(*vec.Batch, error) bool) {
		top, seen := NoWatermark, false
		defer func() {
			if seen && e.Observe != nil {
				e.Observe(o.number, top)
			}
		}()
		for b, err := range o.in.Run(ctx, e) {
			if err != nil {
				yield(nil, err)
				return
			}
			times := eventTime(&b.Cols[o.col])
			for i := range b.Each() {
				if !times.IsNull(i) {
					top, seen = max(top, vec.Get[int64](&times, i)), true
				}
			}
			if !yield(b, nil) {
				return
			}
		}
	}
}

// eventTime is the event time of a column in microseconds: the timestamp, or a window's end.
func eventTime(c *vec.Col) vec.Col {
	if c.Type.Kind == types.Struct {
		return c.Field(1)
	}
	return *c
}
