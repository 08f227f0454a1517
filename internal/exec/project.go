package exec

import (
	"context"
	"iter"

	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/vec"
)

// project computes new columns for the same rows.
type project struct {
	one
	cols []evaluator
}

func newProject(n *plan.Project, in node, o *BuildOptions) (node, error) {
	c := compiler{in: n.Child.Output(), src: o.Source}
	cols, err := c.compileAll(exprsOf(n.Cols))
	return &project{one: one{in}, cols: cols}, err
}

func exprsOf(list []plan.Named) []plan.Expr {
	out := make([]plan.Expr, len(list))
	for i, c := range list {
		out[i] = c.Expr
	}
	return out
}

func (o *project) Run(ctx context.Context, e *EpochTask) iter.Seq2[*vec.Batch, error] {
	return func(yield func(*vec.Batch, error) bool) {
		for b, err := range o.in.Run(ctx, e) {
			if err != nil {
				yield(nil, err)
				return
			}
			cols, err := evalAll(o.cols, &frame{&e.Fn, b}, b.Sel)
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
