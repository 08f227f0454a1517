package exec

import (
	"context"
	"errors"
	"iter"
	"sync"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/vec"
)

// sortRows orders all rows of an epoch. It is stable; NaN is the largest value, -0.0 equals 0.0,
// and NULLs go where each key says.
type sortRows struct {
	one
	node *plan.Sort
	opts *BuildOptions
	keys [][]evaluator // of each worker

	budget int // bytes that may be held where there is neither a budget nor a place to spill to
	src    *errs.Source
	span   errs.Span
}

func newSort(n *plan.Sort, in node, o *BuildOptions) (node, error) {
	s := &sortRows{one: one{in}, node: n, opts: o, budget: maxBytes, src: o.Source, span: n.At}
	for range max(1, o.Workers) {
		c := compiler{in: n.Child.Output(), src: o.Source}
		var keys []evaluator
		for _, k := range n.By {
			key, err := c.compile(k.Expr)
			if err != nil {
				return nil, err
			}
			keys = append(keys, key)
		}
		s.keys = append(s.keys, keys)
	}
	return s, nil
}

func (o *sortRows) Run(ctx context.Context, e *EpochTask) iter.Seq2[*vec.Batch, error] {
	return func(yield func(*vec.Batch, error) bool) {
		sorters, err := o.gather(ctx, e)
		defer func() {
			for _, s := range sorters {
				s.close() // files that stay are removed with the query
			}
		}()
		if err != nil {
			yield(nil, err)
			return
		}
		sortedRuns(ctx, sorters, o.opts.BatchSize, int(o.node.Top))(yield)
	}
}

func (o *sortRows) newSorter(tied bool) *sorter {
	s := newSorter(o.opts, plan.SchemaOf(o.node.Child), o.node.By)
	s.top, s.most, s.tied = int(o.node.Top), int64(o.budget), tied
	return s
}

// gather collects the rows: each worker in a sorter of its own.
func (o *sortRows) gather(ctx context.Context, e *EpochTask) ([]*sorter, error) {
	var mu sync.Mutex
	sorters := make([]*sorter, len(o.keys))
	err := consume(ctx, e, o.in, len(o.keys), func(ctx context.Context, w *worker, part int, rows iter.Seq2[*vec.Batch, error]) error {
		mu.Lock()
		s := sorters[w.i]
		if s == nil {
			s = o.newSorter(len(o.keys) > 1)
			sorters[w.i] = s
		}
		mu.Unlock()
		s.tie = uint64(part) << 40 // equal keys come in the order of the input
		return o.fill(ctx, e, s, o.keys[w.i], rows)
	})
	var used []*sorter
	for _, s := range sorters {
		if s != nil {
			used = append(used, s)
		}
	}
	if err == nil && len(used) == 0 {
		used = append(used, o.newSorter(false))
	}
	return used, err
}

func (o *sortRows) fill(ctx context.Context, e *EpochTask, s *sorter, keys []evaluator, rows iter.Seq2[*vec.Batch, error]) error {
	for b, err := range rows {
		if err != nil {
			return err
		}
		cols, err := evalAll(keys, &frame{&e.Fn, b}, b.Sel)
		if err != nil {
			return err
		}
		if err := s.add(ctx, b, cols); err != nil {
			return o.placed(err)
		}
	}
	return ctx.Err()
}

// placed gives an error of too many rows the place of ORDER BY.
func (o *sortRows) placed(err error) error {
	var e *errs.Error
	if errors.As(err, &e) && e.Source == nil && o.src != nil && o.span != (errs.Span{}) {
		at := *e
		return at.At(o.src, o.span)
	}
	return err
}
