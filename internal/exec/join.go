package exec

import (
	"context"
	"errors"
	"iter"

	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/vec"
)

// join combines two inputs: it collects the built side, then streams the probed side through it.
type join struct {
	shape        *joinShape
	probe, build node
	opts         *BuildOptions
	builder      *joinBuilder
	prober       *prober
}

func newJoin(n *plan.Join, l, r node, o *BuildOptions) (node, error) {
	j := &join{shape: shapeOf(n), probe: l, build: r, opts: o}
	if j.shape.swapped {
		j.probe, j.build = r, l
	}
	var err error
	if j.builder, err = newJoinBuilder(j.shape, o); err != nil {
		return nil, err
	}
	j.prober, err = newProber(j.shape, o)
	return j, err
}

func (o *join) Run(ctx context.Context, e *EpochTask) iter.Seq2[*vec.Batch, error] {
	return func(yield func(*vec.Batch, error) bool) {
		side, err := o.collect(ctx, e)
		if err != nil {
			yield(nil, err)
			return
		}
		for b, err := range o.prober.run(ctx, e, o.probe.Run(ctx, e), side) {
			if !yield(b, err) || err != nil {
				return
			}
		}
		if o.shape.kind != plan.FullOuter {
			return
		}
		for b, err := range o.prober.leftover(ctx, side) {
			if !yield(b, err) || err != nil {
				return
			}
		}
	}
}

// collect reads the built side.
func (o *join) collect(ctx context.Context, e *EpochTask) (*buildSide, error) {
	rows := vec.NewBuilder(o.shape.buildSchema())
	n := 0
	for b, err := range o.build.Run(ctx, e) {
		if err != nil {
			return nil, err
		}
		with, err := o.builder.withKeys(&frame{&e.Fn, b})
		if err != nil {
			return nil, err
		}
		rows.AppendBatch(with)
		n += with.Rows()
	}
	all := rows.Finish()
	all.N = n
	return o.shape.index(ctx, all)
}

func (o *join) inputs() []node { return []node{o.probe, o.build} }

func (o *join) Close() error { return errors.Join(o.probe.Close(), o.build.Close()) }
