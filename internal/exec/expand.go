package exec

import (
	"context"
	"iter"

	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/vec"
)

// expand gives one row of each list of expressions for each row: batch by batch, list by list.
type expand struct {
	one
	lists [][]evaluator
}

func newExpand(n *plan.Expand, in node, o *BuildOptions) (node, error) {
	c := compiler{in: n.Child.Output(), src: o.Source}
	out := &expand{one: one{in}}
	for _, row := range n.Rows {
		list, err := c.compileAll(row)
		if err != nil {
			return nil, err
		}
		out.lists = append(out.lists, list)
	}
	return out, nil
}

func (o *expand) Run(ctx context.Context, e *EpochTask) iter.Seq2[*vec.Batch, error] {
	return func(yield func(*vec.Batch, error) bool) {
		for b, err := range o.in.Run(ctx, e) {
			if err != nil {
				yield(nil, err)
				return
			}
			for _, list := range o.lists {
				cols, err := evalAll(list, &frame{&e.Fn, b}, b.Sel)
				if err != nil {
					yield(nil, err)
					return
				}
				if !yield(&vec.Batch{Cols: cols, N: b.N, Sel: b.Sel, Origin: b.Origin}, nil) {
					return
				}
			}
		}
	}
}
