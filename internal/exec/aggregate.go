package exec

import (
	"context"
	"errors"
	"iter"
	"slices"
	"sync"

	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// aggregate groups the rows of one run. Each worker has groups of its own; a few are put together at
// the end, many are divided by the hash of their keys, and so are those that do not fit the budget:
// then they go, as partial results, through spools. Without keys there is one group even
// over no rows. With one worker and enough memory, groups come out in the order in which they
// first appeared.
type aggregate struct {
	one
	node  *plan.Aggregate
	opts  *BuildOptions
	staff []*aggregator // of each worker
	order bool          // a call depends on the order of the rows

	mu   sync.Mutex
	open []*aggParts // to be closed
}

// fewGroups are put together by one worker, in the first one's table.
const fewGroups = 1 << 14

func newAggregate(n *plan.Aggregate, in node, o *BuildOptions) (node, error) {
	a := &aggregate{one: one{in}, node: n, opts: o}
	for range max(1, o.Workers) {
		g, err := newAggregator(a)
		if err != nil {
			return nil, err
		}
		a.staff = append(a.staff, g)
	}
	a.order = slices.ContainsFunc(a.staff[0].calls, func(c *aggCall) bool { return c.agg.Fn.OrderSensitive })
	return a, nil
}

func (o *aggregate) Run(ctx context.Context, e *EpochTask) iter.Seq2[*vec.Batch, error] {
	return func(yield func(*vec.Batch, error) bool) {
		parts, err := o.split(ctx, e, 1)
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

// split groups all rows; its parts are disjoint groups.
func (o *aggregate) split(ctx context.Context, e *EpochTask, _ int) ([]part, error) {
	workers := len(o.staff)
	if o.order {
		workers = 1
	}
	for _, a := range o.staff {
		a.begin(e)
	}
	spilled, err := o.consume(ctx, e, workers)
	if err != nil {
		return nil, err
	}
	var busy []*aggregator
	groups := 0
	for _, a := range o.staff[:workers] {
		if a.used {
			busy = append(busy, a)
			groups += a.table.ids()
		}
	}
	if len(busy) == 0 {
		busy = o.staff[:1]
	}
	if spilled == nil && (len(busy) == 1 || groups <= fewGroups) {
		for _, a := range busy[1:] {
			if err := a.drain(func(kind int, keys, cols []vec.Col, _ []uint32) error { return busy[0].absorb(kind, keys, cols) }); err != nil {
				return nil, err
			}
			a.forget()
		}
		return []part{func(*worker) iter.Seq2[*vec.Batch, error] { return busy[0].output(ctx) }}, nil
	}
	return o.divided(ctx, e, busy, spilled)
}

// consume reads the input; groups that did not fit are in what it returns.
func (o *aggregate) consume(ctx context.Context, e *EpochTask, workers int) (*aggParts, error) {
	var spilled *aggParts
	full := func() *aggParts {
		o.mu.Lock()
		defer o.mu.Unlock()
		if spilled == nil {
			spilled = o.newParts(0)
			o.open = append(o.open, spilled)
		}
		return spilled
	}
	err := consume(ctx, e, o.in, workers, func(ctx context.Context, w *worker, _ int, rows iter.Seq2[*vec.Batch, error]) error {
		a := o.staff[w.i]
		for b, err := range rows {
			if err == nil {
				err = a.consume(&frame{&e.Fn, b})
			}
			if err == nil && !a.acc.set(a.bytes()) {
				if o.opts.q.spill == nil {
					return o.opts.q.mem.full("the groups of an aggregate")
				}
				err = a.spill(e, full())
			}
			if err != nil {
				return err
			}
		}
		return ctx.Err()
	})
	return spilled, err
}

// divided moves all groups into partitions, which are put together one by one, each by one worker.
func (o *aggregate) divided(ctx context.Context, e *EpochTask, busy []*aggregator, to *aggParts) ([]part, error) {
	if to == nil {
		to = o.newParts(0)
		o.open = append(o.open, to)
	}
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	if err := each(inner, cancel, len(busy), len(busy), func(_ *worker, i int) error { return busy[i].spill(e, to) }); err != nil {
		return nil, err
	}
	out := make([]part, fanOut)
	for i := range out {
		out[i] = func(*worker) iter.Seq2[*vec.Batch, error] { return o.merged(ctx, e, to, i) }
	}
	return out, nil
}

func (o *aggregate) Close() error {
	all := []error{o.in.Close()}
	for _, a := range o.staff {
		a.forget()
	}
	for _, p := range o.open {
		all = append(all, p.close())
	}
	o.open = nil
	return errors.Join(all...)
}

// aggParts is groups as rows, by the hash of their keys: what the accumulators give as partial
// results, and the rows of calls that keep rows.
type aggParts struct {
	main *partitions
	rows []*partitions // of each call; nil if its state is in main
}

func (o *aggregate) newParts(level int) *aggParts {
	calls := o.staff[0].calls
	keys := schemaOf(o.staff[0].keyTypes)
	main := slices.Clone(keys)
	p := &aggParts{rows: make([]*partitions, len(calls))}
	for i, c := range calls {
		if c.keepsRows() {
			p.rows[i] = newPartitions(o.opts, append(slices.Clone(keys), c.rowSchema()...), level)
		} else {
			main = append(main, schemaOf(c.agg.Fn.Partial)...)
		}
	}
	p.main = newPartitions(o.opts, main, level)
	return p
}

func schemaOf(typs []types.Type) types.Schema {
	var s types.Schema
	for _, t := range typs {
		s = append(s, types.Field{Type: t, Nullable: true})
	}
	return s
}

// of is the partitions of a kind of rows: a call's, or the main ones.
func (p *aggParts) of(kind int) *partitions {
	if kind == mainRows {
		return p.main
	}
	return p.rows[kind]
}

func (p *aggParts) close() error {
	all := []error{p.main.close()}
	for _, r := range p.rows {
		all = append(all, r.close())
	}
	return errors.Join(all...)
}
