package exec

import (
	"context"
	"iter"

	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/vec"
)

// aggregator is some groups in memory, with their calls' state. It belongs to one goroutine.
type aggregator struct {
	grouping
	o       *aggregate
	table   keyTable
	acc     account
	used    bool // it has seen rows
	scratch keyScratch
	groups  []uint32 // scratch: the group of each row
	found   []uint32
	sorting sorting
}

// mainRows are the rows of groups: keys and partial results. Other kinds are numbers of calls that
// keep rows: keys, arguments and order keys.
const mainRows = -1

func newAggregator(o *aggregate) (*aggregator, error) {
	g, err := newGrouping(o.node, o.opts)
	return &aggregator{grouping: g, o: o, acc: o.opts.account()}, err
}

// begin forgets everything and starts anew.
func (a *aggregator) begin(e *EpochTask) {
	a.used = false
	if len(a.keyTypes) == 0 {
		a.table = oneGroup{}
	} else {
		a.table = newKeyTable(a.keyTypes)
	}
	a.scratch.pack.forget()
	a.reset(&e.Fn)
}

// forget frees the memory.
func (a *aggregator) forget() {
	a.table = nil
	for _, c := range a.calls {
		c.acc, c.seen, c.kept = nil, nil, nil
	}
	a.acc.set(0)
}

func (a *aggregator) bytes() int64 {
	n := a.table.bytes()
	for _, c := range a.calls {
		n += c.bytes()
	}
	return n
}

// consume adds the selected rows of a batch.
func (a *aggregator) consume(f *frame) error {
	a.used = true
	var keys []vec.Col
	if len(a.keys) > 0 {
		var err error
		if keys, err = evalAll(a.keys, f, f.b.Sel); err != nil {
			return err
		}
	}
	return a.update(f, a.assign(keys, f.b.N, f.b.Sel), f.b.Sel)
}

// assign gives each row of a batch its group.
func (a *aggregator) assign(keys []vec.Col, n int, sel []uint32) []uint32 {
	if len(keys) == 0 {
		a.groups = zeros(a.groups, n)
		return a.groups
	}
	if cap(a.groups) < n {
		a.groups, a.found = make([]uint32, n), make([]uint32, n)
	}
	a.groups = a.groups[:n]
	rows := a.scratch.rows(n, sel)
	if sel == nil {
		a.table.assign(&a.scratch, keys, rows, a.groups)
		return a.groups
	}
	found := a.found[:len(rows)]
	a.table.assign(&a.scratch, keys, rows, found)
	clear(a.groups)
	for k, r := range rows {
		a.groups[r] = found[k]
	}
	return a.groups
}

// drain gives everything as rows of each kind: keys, the other columns, and the group of each row.
func (a *aggregator) drain(to func(kind int, keys, cols []vec.Col, groups []uint32) error) error {
	for ids := range idChunks(a.table.ids()) {
		keys, err := a.table.columns(ids)
		if err != nil {
			return err
		}
		var cols []vec.Col
		for _, c := range a.calls {
			if c.keepsRows() {
				continue
			}
			partial, err := c.acc.Partial(ids)
			if err == nil && len(partial) != len(c.agg.Fn.Partial) {
				err = internalf("%s keeps %d columns of state, not %d as declared", c.agg.Name, len(partial), len(c.agg.Fn.Partial))
			}
			if err != nil {
				return c.at.wrap(err)
			}
			cols = append(cols, partial...)
		}
		if err := to(mainRows, keys, cols, ids); err != nil {
			return err
		}
	}
	for i, c := range a.calls {
		if c.keepsRows() {
			if err := a.drainRows(i, c, to); err != nil {
				return err
			}
		}
	}
	return nil
}

// drainRows gives the rows that a call keeps.
func (a *aggregator) drainRows(kind int, c *aggCall, to func(kind int, keys, cols []vec.Col, groups []uint32) error) error {
	give := func(cols []vec.Col) error {
		groups := make([]uint32, cols[0].Len)
		for i, g := range vec.Values[int32](&cols[0]) {
			groups[i] = uint32(g)
		}
		keys, err := a.table.columns(groups)
		if err != nil {
			return err
		}
		return to(kind, keys, cols[1:], groups)
	}
	if c.kept != nil {
		all := c.kept.Finish()
		for lo := 0; lo < all.N; lo += DefaultBatchSize {
			if err := give(all.View(lo, min(lo+DefaultBatchSize, all.N)).Cols); err != nil {
				return err
			}
		}
		return nil
	}
	for ids := range idChunks(c.seen.ids()) {
		cols, err := c.seen.columns(ids)
		if err == nil {
			err = give(cols)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// idChunks yields 0 to n-1 in pieces of a batch.
func idChunks(n int) iter.Seq[[]uint32] {
	return func(yield func([]uint32) bool) {
		ids := make([]uint32, 0, DefaultBatchSize)
		for lo := 0; lo < n; lo += DefaultBatchSize {
			ids = ids[:0]
			for id := lo; id < min(lo+DefaultBatchSize, n); id++ {
				ids = append(ids, uint32(id))
			}
			if !yield(ids) {
				return
			}
		}
	}
}

// absorb adds rows that drain gave.
func (a *aggregator) absorb(kind int, keys, cols []vec.Col) error {
	n := 1 // of a group without keys
	switch {
	case len(keys) > 0:
		n = keys[0].Len
	case len(cols) > 0:
		n = cols[0].Len
	}
	a.used = true
	groups := a.assign(keys, n, nil)
	if kind != mainRows {
		c := a.calls[kind]
		return c.at.wrap(c.take(groups, cols, nil))
	}
	for _, c := range a.calls {
		if c.keepsRows() {
			continue
		}
		width := len(c.agg.Fn.Partial)
		if err := c.acc.Merge(groups, cols[:width]); err != nil {
			return c.at.wrap(err)
		}
		cols = cols[width:]
	}
	return nil
}

// spill moves everything to partitions.
func (a *aggregator) spill(e *EpochTask, to *aggParts) error {
	err := a.drain(func(kind int, keys, cols []vec.Col, groups []uint32) error {
		b := &vec.Batch{N: len(groups), Cols: append(keys[:len(keys):len(keys)], cols...)}
		hashes := a.sorting.hashesFor(len(groups))
		for i, g := range groups {
			hashes[i] = a.table.hashOf(g)
		}
		return to.of(kind).add(&a.sorting, b, a.scratch.rows(b.N, nil), hashes)
	})
	a.begin(e)
	a.acc.set(0)
	return err
}

// output yields the results of all groups, and forgets them.
func (a *aggregator) output(ctx context.Context) iter.Seq2[*vec.Batch, error] {
	return func(yield func(*vec.Batch, error) bool) {
		for _, c := range a.calls {
			if c.kept == nil {
				continue
			}
			s := c.newSorter(a.o.opts)
			err := s.fill(ctx, c.kept.Finish())
			if err == nil {
				err = c.feed(ctx, s)
			}
			s.close()
			if err != nil {
				yield(nil, c.at.wrap(err))
				return
			}
		}
		if a.results(ctx, yield) {
			a.forget()
		}
	}
}

// results yields the results of groups whose calls have seen all rows.
func (a *aggregator) results(ctx context.Context, yield func(*vec.Batch, error) bool) bool {
	ids := make([]uint32, 0, a.o.opts.BatchSize)
	for lo := 0; lo < a.table.ids(); lo += a.o.opts.BatchSize {
		ids = ids[:0]
		for id := lo; id < min(lo+a.o.opts.BatchSize, a.table.ids()); id++ {
			ids = append(ids, uint32(id))
		}
		keys, err := a.table.columns(ids)
		var out *vec.Batch
		if err == nil {
			out, err = a.finals(keys, ids)
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			out = nil
		}
		if !yield(out, err) || err != nil {
			return false
		}
	}
	return true
}

// callSorter sorts the rows of a call by group and order keys.
type callSorter struct{ *sorter }

func (a *aggCall) newSorter(o *BuildOptions) callSorter {
	by := append([]plan.Order{{}}, a.agg.Order...)
	s := newSorter(o, a.keptSchema()[:1+len(a.args)], by)
	s.size = DefaultBatchSize
	return callSorter{s}
}

// fill adds rows of keptSchema.
func (s callSorter) fill(ctx context.Context, b *vec.Batch) error {
	n := len(s.schema) - 1
	keys := append([]vec.Col{b.Cols[0]}, b.Cols[n:]...)
	return s.add(ctx, &vec.Batch{N: b.N, Cols: b.Cols[:n], Sel: b.Sel}, keys)
}

// feed gives the accumulator the rows in order.
func (a *aggCall) feed(ctx context.Context, s callSorter) error {
	for b, err := range s.sorted(ctx) {
		if err != nil {
			return err
		}
		groups := make([]uint32, b.N)
		for i, g := range vec.Values[int32](&b.Cols[0]) {
			groups[i] = uint32(g)
		}
		if err := a.acc.Update(groups, b.Cols[1:], nil); err != nil {
			return err
		}
	}
	return nil
}

// oneGroup is the table of a grouping without keys: its only group is 0.
type oneGroup struct{}

func (oneGroup) assign(_ *keyScratch, _ []vec.Col, rows, out []uint32) { clear(out[:len(rows)]) }
func (oneGroup) find(_ *keyScratch, _ []vec.Col, rows, out []uint32)   { clear(out[:len(rows)]) }
func (oneGroup) hashes(_ *keyScratch, _ []vec.Col, rows []uint32, out []uint64) {
	clear(out[:len(rows)])
}
func (oneGroup) hashOf(uint32) uint64                { return 0 }
func (oneGroup) ids() int                            { return 1 }
func (oneGroup) columns([]uint32) ([]vec.Col, error) { return nil, nil }
func (oneGroup) bytes() int64                        { return 0 }
