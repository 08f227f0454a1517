package exec

import (
	"context"
	"iter"

	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// numbers yields the numbers of a Range as they are asked for.
type numbers struct {
	start, step int64
	count       uint64
	size        int
}

func newNumbers(n *plan.Range, o *BuildOptions) (node, error) {
	if n.Step == 0 {
		return nil, internalf("a range has step 0")
	}
	return &numbers{start: n.Start, step: n.Step, count: rangeCount(n.Start, n.End, n.Step), size: o.BatchSize}, nil
}

// rangeCount is how many numbers there are: the difference of two BIGINTs fits 64 bits without a sign.
func rangeCount(start, end, step int64) uint64 {
	if step > 0 {
		if end <= start {
			return 0
		}
		return (uint64(end)-uint64(start)-1)/uint64(step) + 1
	}
	if end >= start {
		return 0
	}
	return (uint64(start)-uint64(end)-1)/-uint64(step) + 1
}

func (o *numbers) Run(ctx context.Context, _ *EpochTask) iter.Seq2[*vec.Batch, error] {
	return func(yield func(*vec.Batch, error) bool) { o.run(ctx, 0, o.count, yield) }
}

// run yields the numbers from the lo-th to before the hi-th.
func (o *numbers) run(ctx context.Context, lo, hi uint64, yield func(*vec.Batch, error) bool) {
	for lo < hi {
		if err := ctx.Err(); err != nil {
			yield(nil, err)
			return
		}
		v := make([]int64, min(uint64(o.size), hi-lo))
		next := o.start + int64(lo)*o.step
		for i := range v {
			v[i] = next
			next += o.step // may go round after the last one
		}
		lo += uint64(len(v))
		if !yield(&vec.Batch{N: len(v), Cols: []vec.Col{vec.FlatOf(types.LongType, v, nil)}}, nil) {
			return
		}
	}
}

// split cuts the numbers into runs of many batches.
func (o *numbers) split(ctx context.Context, _ *EpochTask, workers int) ([]part, error) {
	step := max(o.count/uint64(8*workers), uint64(o.size)*16)
	out := []part{}
	for lo := uint64(0); lo < o.count; lo += step {
		hi := o.count
		if hi-lo > step {
			hi = lo + step
		}
		out = append(out, func(w *worker) iter.Seq2[*vec.Batch, error] {
			return func(yield func(*vec.Batch, error) bool) { o.run(ctx, lo, hi, yield) }
		})
		if hi == o.count {
			break
		}
	}
	return out, nil
}

func (o *numbers) inputs() []node { return nil }
func (o *numbers) Close() error   { return nil }
