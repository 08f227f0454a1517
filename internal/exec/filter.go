package exec

import (
	"context"
	"iter"

	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/vec"
)

// filter narrows the selection to the rows for which cond is TRUE.
type filter struct {
	one
	cond evaluator
	sel  []uint32 // the selection of the batch given out
}

func newFilter(n *plan.Filter, in node, o *BuildOptions) (node, error) {
	c := compiler{in: n.Child.Output(), src: o.Source}
	cond, err := c.compile(n.Cond)
	return &filter{one: one{in}, cond: cond, sel: []uint32{}}, err
}

func (o *filter) Run(ctx context.Context, e *EpochTask) iter.Seq2[*vec.Batch, error] {
	return func(yield func(*vec.Batch, error) bool) {
		for b, err := range o.in.Run(ctx, e) {
			if err != nil {
				yield(nil, err)
				return
			}
			cond, err := o.cond.eval(&frame{&e.Fn, b}, b.Sel)
			if err != nil {
				yield(nil, err)
				return
			}
			o.sel = fn.IsTrue(&cond, b.N, b.Sel, o.sel[:0])
			if len(o.sel) == 0 {
				continue
			}
			if !yield(&vec.Batch{Cols: b.Cols, N: b.N, Sel: o.sel, Origin: b.Origin}, nil) {
				return
			}
		}
	}
}
