package exec

import (
	"context"
	"errors"
	"iter"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/vec"
)

// worker is one goroutine's view of a pipeline: what belongs to worker i is used by nobody else
// while it runs a part.
type worker struct {
	i     int
	watch *stopwatch // nil: times are not measured
}

// part is some of the rows of a node. Different parts may run at the same time, on different workers.
type part func(w *worker) iter.Seq2[*vec.Batch, error]

// splitter is an operator whose rows can be had in parts. What must be done before there are any
// rows (a table to be built, groups to be found) is done by split itself. Parts stop soon
// after ctx is cancelled. Together, in their order, they give the rows of Run in its order, as far
// as that has one.
type splitter interface {
	split(ctx context.Context, e *EpochTask, workers int) ([]part, error)
}

// partsOf splits a node, into one part if it knows no better.
func partsOf(ctx context.Context, e *EpochTask, n node, workers int) ([]part, error) {
	if s, ok := n.(splitter); ok && workers > 1 {
		return s.split(ctx, e, workers)
	}
	return onePart(ctx, e, n), nil
}

func onePart(ctx context.Context, e *EpochTask, n node) []part {
	return []part{func(w *worker) iter.Seq2[*vec.Batch, error] { return n.Run(withWatch(ctx, w.watch), e) }}
}

// consume runs f on the rows of each part of a node, on several goroutines if there are several
// parts, and waits for all of them. The error is that of the first part that failed.
func consume(ctx context.Context, e *EpochTask, n node, workers int, f func(ctx context.Context, w *worker, part int, rows iter.Seq2[*vec.Batch, error]) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	parts, err := partsOf(ctx, e, n, workers)
	if err != nil {
		return err
	}
	return each(ctx, cancel, len(parts), workers, func(w *worker, i int) error {
		return f(withWatch(ctx, w.watch), w, i, parts[i](w))
	})
}

// each calls f for 0 to n-1, on up to workers goroutines, and waits. After an error the rest is
// left out and those that run are cancelled.
func each(ctx context.Context, cancel func(), n, workers int, f func(w *worker, i int) error) error {
	watch := watchOf(ctx)
	if n <= 1 || workers <= 1 {
		w := &worker{watch: watch}
		for i := range n {
			if err := f(w, i); err != nil {
				return err
			}
		}
		return nil
	}
	failed := make([]error, n)
	var next atomic.Int64
	var wg sync.WaitGroup
	for k := range min(n, workers) {
		w := &worker{i: k, watch: watch.fork()}
		wg.Go(func() {
			defer w.watch.stop()
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				if failed[i] = guarded(func() error { return f(w, i) }); failed[i] != nil {
					next.Store(int64(n))
					cancel()
				}
			}
		})
	}
	before := watch.enter(nil)
	wg.Wait()
	watch.enter(before)
	return firstFailure(failed)
}

// guarded turns a panic into an error: it must not pass the end of a goroutine.
func guarded(f func() error) (err error) {
	defer protect(&err)
	return f()
}

// firstFailure prefers an error of its own to those that only say that others had failed.
func firstFailure(list []error) error {
	var cancelled error
	for _, err := range list {
		if err != nil && !errors.Is(err, context.Canceled) {
			return err
		}
		if cancelled == nil {
			cancelled = err
		}
	}
	return cancelled
}

// gather yields the rows of several parts in the order of the parts, while workers run those
// that come next. Batches are copied on the way.
func gather(ctx context.Context, parts []part, workers int, yield func(*vec.Batch, error) bool) {
	ctx, cancel := context.WithCancel(ctx)
	out := make([]chan *vec.Batch, len(parts))
	for i := range out {
		out[i] = make(chan *vec.Batch, 4)
	}
	ctx = withWatch(ctx, watchOf(ctx).fork())
	done := make(chan error, 1)
	closed := make([]bool, len(parts)) // by the worker that ran it
	go func() {
		done <- each(ctx, cancel, len(parts), workers, func(w *worker, i int) error {
			defer func() { closed[i] = true; close(out[i]) }()
			for b, err := range parts[i](w) {
				if err != nil {
					return err
				}
				select {
				case out[i] <- b.Compact():
				case <-ctx.Done():
					return ctx.Err()
				}
			}
			return nil
		})
		for i := range out { // those that were never begun
			if !closed[i] {
				close(out[i])
			}
		}
	}()
	stopped := false
	defer func() { // also when the consumer panics
		cancel()
		if !stopped {
			<-done
		}
	}()
	for _, c := range out {
		for b := range c {
			if !yield(b, nil) {
				return
			}
		}
		if ctx.Err() != nil {
			break
		}
	}
	stopped = true
	if err := <-done; err != nil {
		yield(nil, err)
	}
}

// feed is the input of an operator that gets its rows part by part.
type feed struct{ rows iter.Seq2[*vec.Batch, error] }

func (f *feed) Run(context.Context, *EpochTask) iter.Seq2[*vec.Batch, error] { return f.rows }
func (f *feed) inputs() []node                                               { return nil }
func (f *feed) Close() error                                                 { return nil }

// rowwise makes an operator that looks at each batch by itself a splitter: each worker has an
// operator of its own.
type rowwise struct {
	node // the one that runs when nothing is split
	make func(in node) (node, error)
	own  []node
	fed  []*feed
}

// eachRow wraps the operator of a node that looks at each batch by itself, which make builds over an
// input. Functions that depend on the order of rows, such as rand, keep it.
func (o *BuildOptions) eachRow(n plan.Node, in node, make func(in node) (node, error)) (node, error) {
	op, err := make(in)
	if err != nil || o.Workers <= 1 || slices.ContainsFunc(plan.ExprsOf(n), plan.IsVolatile) {
		return op, err
	}
	return &rowwise{node: op, make: make}, nil
}

func (o *rowwise) split(ctx context.Context, e *EpochTask, workers int) ([]part, error) {
	in, err := partsOf(ctx, e, o.inputs()[0], workers)
	if err != nil {
		return nil, err
	}
	for len(o.own) < workers {
		f := &feed{}
		n, err := o.make(f)
		if err != nil {
			return nil, err
		}
		o.own, o.fed = append(o.own, n), append(o.fed, f)
	}
	out := make([]part, len(in))
	for i := range in {
		out[i] = func(w *worker) iter.Seq2[*vec.Batch, error] {
			o.fed[w.i].rows = in[i](w)
			return o.own[w.i].Run(withWatch(ctx, w.watch), e)
		}
	}
	return out, nil
}
