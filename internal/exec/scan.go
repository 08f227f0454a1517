package exec

import (
	"context"
	"iter"

	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/vec"
)

// scan reads a table through the epoch's Scan, and cuts batches that are too big.
type scan struct {
	node *plan.Scan
	size int
}

func (o *scan) Run(ctx context.Context, e *EpochTask) iter.Seq2[*vec.Batch, error] {
	return func(yield func(*vec.Batch, error) bool) {
		if err := ctx.Err(); err != nil {
			yield(nil, err)
			return
		}
		o.pass(ctx, e.Scan(ctx, o.node), yield)
	}
}

func (o *scan) pass(ctx context.Context, rows iter.Seq2[*vec.Batch, error], yield func(*vec.Batch, error) bool) {
	for b, err := range rows {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			yield(nil, err)
			return
		}
		if !yieldCut(ctx, b, o.size, yield) {
			return
		}
	}
}

func (o *scan) split(ctx context.Context, e *EpochTask, _ int) ([]part, error) {
	if e.Parts == nil {
		return onePart(ctx, e, o), nil
	}
	opened, err := e.Parts(ctx, o.node)
	if err != nil {
		return nil, err
	}
	parts := make([]part, len(opened))
	for i, rows := range opened {
		parts[i] = func(*worker) iter.Seq2[*vec.Batch, error] {
			return func(yield func(*vec.Batch, error) bool) { o.pass(ctx, rows, yield) }
		}
	}
	return parts, nil
}

// yieldCut yields a batch in views of at most size rows, without empty ones; false means
// that the iteration is over.
func yieldCut(ctx context.Context, b *vec.Batch, size int, yield func(*vec.Batch, error) bool) bool {
	if b.Rows() == 0 {
		return true
	}
	if b.N <= size {
		return yield(b, nil)
	}
	for lo := 0; lo < b.N; lo += size {
		if err := ctx.Err(); err != nil {
			yield(nil, err)
			return false
		}
		part := viewOf(b, lo, min(lo+size, b.N))
		if part.Rows() > 0 && !yield(part, nil) {
			return false
		}
	}
	return true
}

func (o *scan) inputs() []node { return nil }
func (o *scan) Close() error   { return nil }

// values yields literal rows, in every epoch.
type values struct {
	rows *vec.Batch
	size int
}

func (o *values) Run(ctx context.Context, _ *EpochTask) iter.Seq2[*vec.Batch, error] {
	return func(yield func(*vec.Batch, error) bool) { yieldCut(ctx, o.rows, o.size, yield) }
}

func (o *values) inputs() []node { return nil }
func (o *values) Close() error   { return nil }

// viewOf is rows [lo, hi) of a batch, which know where they come from.
func viewOf(b *vec.Batch, lo, hi int) *vec.Batch {
	v := b.View(lo, hi)
	if origin := b.Origin; origin != nil {
		v.Origin = func(row int) string { return origin(lo + row) }
	}
	return v
}
