package exec

import (
	"context"
	"iter"

	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/vec"
)

// aggregate groups the rows of one run in memory. Groups come out in the order in which
// they first appeared; without keys there is one group even over no rows.
type aggregate struct {
	one
	grouping
	size   int
	groups []uint32 // scratch: the group of each row
}

func newAggregate(n *plan.Aggregate, in node, o *BuildOptions) (node, error) {
	g, err := newGrouping(n, o)
	return &aggregate{one: one{in}, grouping: g, size: o.BatchSize}, err
}

func (o *aggregate) Run(ctx context.Context, e *EpochTask) iter.Seq2[*vec.Batch, error] {
	return func(yield func(*vec.Batch, error) bool) {
		table := newGroupTable()
		o.reset(&e.Fn)
		if len(o.keys) == 0 {
			table.add(nil)
		}
		for b, err := range o.in.Run(ctx, e) {
			if err == nil {
				err = o.consume(table, &frame{&e.Fn, b})
			}
			if err != nil {
				yield(nil, err)
				return
			}
		}
		ids := make([]uint32, 0, o.size)
		for lo := 0; lo < table.ids(); lo += o.size {
			ids = ids[:0]
			for id := lo; id < min(lo+o.size, table.ids()); id++ {
				ids = append(ids, uint32(id))
			}
			out, err := o.result(table, ids)
			if err == nil {
				err = ctx.Err()
			}
			if !yield(out, err) || err != nil {
				return
			}
		}
	}
}

func (o *aggregate) consume(table *groupTable, f *frame) error {
	o.groups = zeros(o.groups, f.b.N)
	if len(o.keys) > 0 {
		keys, err := evalAll(o.keys, f, f.b.Sel)
		if err != nil {
			return err
		}
		table.assign(keys, f.b.N, f.b.Sel, o.groups, nil)
	}
	return o.update(f, o.groups, f.b.Sel)
}
