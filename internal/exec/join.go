package exec

import (
	"context"
	"errors"
	"iter"
	"sync"
	"sync/atomic"

	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/vec"
)

// join combines two inputs: it collects the built side, then streams the probed side through it.
// A built side beyond the budget is divided by the hash of its keys, with the probed side, and
// joined part by part (a Grace hash join; see joingrace.go).
type join struct {
	shape        *joinShape
	probe, build node
	opts         *BuildOptions
	builders     []*joinBuilder // of each worker
	probers      []*prober      // of each worker
	acc          account        // of the built side
	mu           sync.Mutex
	open         []*partitions // to be closed
}

func newJoin(n *plan.Join, l, r node, o *BuildOptions) (node, error) {
	j := &join{shape: shapeOf(n), probe: l, build: r, opts: o, acc: o.account()}
	if j.shape.swapped {
		j.probe, j.build = r, l
	}
	return j, j.staff(1)
}

// staff makes what each worker needs.
func (o *join) staff(workers int) error {
	for len(o.builders) < workers {
		b, err := newJoinBuilder(o.shape, o.opts)
		if err != nil {
			return err
		}
		p, err := newProber(o.shape, o.opts)
		if err != nil {
			return err
		}
		o.builders, o.probers = append(o.builders, b), append(o.probers, p)
	}
	return nil
}

func (o *join) Run(ctx context.Context, e *EpochTask) iter.Seq2[*vec.Batch, error] {
	return func(yield func(*vec.Batch, error) bool) {
		err := o.staff(o.opts.Workers) // the built side is read by all, whoever probes
		var parts []part
		if err == nil {
			parts, err = o.parts(ctx, e, func(ctx context.Context) ([]part, error) { return onePart(ctx, e, o.probe), nil })
		}
		if err != nil {
			yield(nil, err)
			return
		}
		w := &worker{watch: watchOf(ctx)}
		for _, p := range parts {
			for b, err := range p(w) {
				if !yield(b, err) || err != nil {
					return
				}
			}
		}
	}
}

func (o *join) split(ctx context.Context, e *EpochTask, workers int) ([]part, error) {
	if err := o.staff(max(workers, o.opts.Workers)); err != nil {
		return nil, err
	}
	return o.parts(ctx, e, func(ctx context.Context) ([]part, error) { return partsOf(ctx, e, o.probe, workers) })
}

// parts builds, then makes of each part of the probed side a part of the join.
func (o *join) parts(ctx context.Context, e *EpochTask, probe func(ctx context.Context) ([]part, error)) ([]part, error) {
	c, err := o.collect(ctx, e)
	if err != nil {
		return nil, err
	}
	if c.grace != nil {
		return o.graceParts(ctx, e, c, probe)
	}
	side, err := o.index(ctx, c)
	if err != nil {
		return nil, err
	}
	in, err := probe(ctx)
	if err != nil {
		return nil, err
	}
	if len(in) == 0 && o.shape.kind == plan.FullOuter {
		in = []part{func(*worker) iter.Seq2[*vec.Batch, error] { return func(func(*vec.Batch, error) bool) {} }}
	}
	out := make([]part, len(in))
	var left atomic.Int64
	left.Store(int64(len(in)))
	for i := range in {
		out[i] = func(w *worker) iter.Seq2[*vec.Batch, error] {
			return o.joined(ctx, e, w, side, in[i](w), func() bool { return left.Add(-1) == 0 })
		}
	}
	return out, nil
}

// joined is the rows of one part; after the last part, rows of the built side that found no
// partner follow.
func (o *join) joined(ctx context.Context, e *EpochTask, w *worker, side *buildSide, in iter.Seq2[*vec.Batch, error], last func() bool) iter.Seq2[*vec.Batch, error] {
	return func(yield func(*vec.Batch, error) bool) {
		p := o.probers[w.i]
		for b, err := range p.run(ctx, e, in, side) {
			if !yield(b, err) || err != nil {
				return
			}
		}
		if !last() {
			return
		}
		defer o.acc.set(0) // Close lets go of what an early end leaves
		if o.shape.kind != plan.FullOuter {
			return
		}
		for b, err := range p.leftover(ctx, side) {
			if !yield(b, err) || err != nil {
				return
			}
		}
	}
}

// index makes the table of what was collected.
func (o *join) index(ctx context.Context, c *collected) (*buildSide, error) {
	all := c.rows(o.shape)
	size := batchSize(all)
	o.acc.set(size)
	c.release()
	side, err := o.shape.index(ctx, all)
	if err != nil {
		return nil, err
	}
	if !o.acc.set(size+side.bytes()) && o.opts.q.spill == nil {
		return nil, o.opts.q.mem.full("the rows of one side of a join")
	}
	return side, nil
}

// batchSize is about the memory of a batch.
func batchSize(b *vec.Batch) int64 {
	var n int64
	for i := range b.Cols {
		n += int64(colSize(&b.Cols[i]))
	}
	return n
}

// keep notes partitions that Close closes, whatever happens before.
func (o *join) keep(p *partitions) *partitions {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.open = append(o.open, p)
	return p
}

func (o *join) inputs() []node { return []node{o.probe, o.build} }

func (o *join) Close() error {
	o.acc.set(0)
	all := []error{o.probe.Close(), o.build.Close()}
	for _, p := range o.open {
		all = append(all, p.close())
	}
	o.open = nil
	return errors.Join(all...)
}
