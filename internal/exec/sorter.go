package exec

import (
	"bytes"
	"container/heap"
	"context"
	"encoding/binary"
	"errors"
	"iter"
	"slices"

	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// sorter puts rows in order: in memory while the budget allows, beyond it in sorted runs on disk that
// are merged in the end. It is stable. It belongs to one goroutine.
type sorter struct {
	o      *BuildOptions
	schema types.Schema // of the rows, then the sort key
	by     []plan.Order
	size   int
	// top is how many rows are wanted; 0: all. Then no more than a few times as many are kept, and
	// bound is the key of a row that is not among them.
	top   int
	bound []byte
	most  int64 // bytes that may be held where there is neither a budget nor a place to spill to

	rows *vec.Builder // not yet sorted
	n    int
	runs []*sortedRun
	acc  account
	held int64 // bytes of runs in memory
	key  []byte
	sel  []uint32
	tie  uint64 // appended to the key of each row if tied, and counted up
	tied bool
}

// sortedRun is sorted rows, with their keys as the last column: in memory or in a spool.
type sortedRun struct {
	rows  *vec.Batch
	spool *spool
}

// mostRun is what one run in memory holds, in bytes. Smaller runs are sorted faster, as they do not
// leave the caches.
const mostRun = 8 << 20

func newSorter(o *BuildOptions, schema types.Schema, by []plan.Order) *sorter {
	s := &sorter{o: o, schema: append(slices.Clone(schema), types.Field{Type: types.BinaryType}), by: by, size: o.BatchSize,
		acc: o.account(), most: maxBytes}
	s.rows = vec.NewBuilder(s.schema)
	return s
}

// add copies the selected rows of a batch; keys are the values to order them by.
func (s *sorter) add(ctx context.Context, b *vec.Batch, keys []vec.Col) error {
	last := len(s.schema) - 1
	s.sel = s.sel[:0]
	for i := range b.Each() {
		s.key = appendSortKey(s.key[:0], keys, s.by, i)
		if s.tied {
			s.key = binary.BigEndian.AppendUint64(s.key, s.tie)
			s.tie++
		}
		if s.bound != nil && bytes.Compare(s.key, s.bound) >= 0 {
			continue
		}
		s.rows.Cols[last].AppendBytes(s.key)
		s.sel = append(s.sel, uint32(i))
	}
	if len(s.sel) == 0 {
		return nil
	}
	for c := range last {
		s.rows.Cols[c].AppendRows(&b.Cols[c], b.N, s.sel)
	}
	s.n += len(s.sel)
	return s.check(ctx)
}

// check sorts, cuts and writes out what has been added as need be.
func (s *sorter) check(ctx context.Context) error {
	size := int64(s.rows.Size()) + 16*int64(s.n)
	fits := s.acc.set(s.held + size)
	switch {
	case s.top > 0 && s.n >= max(2*s.top, s.size):
		return s.keepTop(ctx)
	case !fits && s.o.q.spill == nil:
		return s.o.q.mem.full("the rows to be sorted")
	case !fits:
		return s.spill(ctx)
	case s.acc.m.limit == 0 && s.o.q.spill == nil && s.held+size-16*int64(s.n) > s.most:
		return tooLarge("the rows to be sorted", int(s.most)).
			WithHint("keep fewer rows with WHERE or fewer columns, or leave out ORDER BY")
	case size > mostRun:
		return s.endRun(ctx)
	}
	return nil
}

// keepTop drops all rows but the first ones.
func (s *sorter) keepTop(ctx context.Context) error {
	all := s.take()
	order := sortedOrder(ctx, &all.Cols[len(all.Cols)-1])
	order = order[:min(s.top, len(order))]
	s.bound = slices.Clone(all.Cols[len(all.Cols)-1].Bytes(int(order[len(order)-1])))
	slices.Sort(order) // the rows that stay keep their order
	for c, b := range s.rows.Cols {
		b.AppendRows(&all.Cols[c], all.N, order)
	}
	s.n = len(order)
	s.acc.set(s.held + int64(s.rows.Size()))
	return ctx.Err()
}

// take is the rows that have not been sorted.
func (s *sorter) take() *vec.Batch {
	all := s.rows.Finish()
	all.N, s.n = s.n, 0
	return all
}

// endRun sorts what was added into a run in memory.
func (s *sorter) endRun(ctx context.Context) error {
	if s.n == 0 {
		return nil
	}
	all := s.take()
	order := sortedOrder(ctx, &all.Cols[len(all.Cols)-1])
	r := &sortedRun{rows: &vec.Batch{N: all.N}}
	for c := range all.Cols {
		r.rows.Cols = append(r.rows.Cols, vec.Take(&all.Cols[c], order))
	}
	s.runs = append(s.runs, r)
	s.held += batchSize(r.rows)
	s.acc.set(s.held)
	return ctx.Err()
}

// spill writes everything in memory to disk, as one run.
func (s *sorter) spill(ctx context.Context) error {
	if err := s.endRun(ctx); err != nil {
		return err
	}
	var inMemory, onDisk []*sortedRun
	for _, r := range s.runs {
		if r.rows != nil {
			inMemory = append(inMemory, r)
		} else {
			onDisk = append(onDisk, r)
		}
	}
	r, err := s.writeRun(ctx, inMemory)
	if err != nil {
		return err
	}
	s.runs, s.held = append(onDisk, r), 0
	s.acc.set(0)
	if len(s.runs) < maxRuns {
		return nil
	}
	if r, err = s.writeRun(ctx, s.runs); err != nil {
		return err
	}
	old := s.runs
	s.runs = []*sortedRun{r}
	return closeRuns(old)
}

// writeRun merges runs into one on disk.
func (s *sorter) writeRun(ctx context.Context, runs []*sortedRun) (*sortedRun, error) {
	to := newSpool(s.o, s.schema)
	for b, err := range mergeRuns(ctx, s.schema, runs, spoolRows) {
		if err == nil {
			err = to.direct(b)
		}
		if err != nil {
			return nil, errors.Join(err, to.close())
		}
	}
	return &sortedRun{spool: to}, to.seal()
}

// maxRuns is how many runs are merged at once: each takes a block of memory.
const maxRuns = 64

// sorted yields the rows in order, without their keys. The batches are flat and may be kept.
func (s *sorter) sorted(ctx context.Context) iter.Seq2[*vec.Batch, error] {
	return sortedRuns(ctx, []*sorter{s}, s.size, s.top)
}

// sortedRuns merges what several sorters of the same keys hold; at most top rows, if that is not 0.
func sortedRuns(ctx context.Context, list []*sorter, size, top int) iter.Seq2[*vec.Batch, error] {
	return func(yield func(*vec.Batch, error) bool) {
		var runs []*sortedRun
		for _, s := range list {
			if err := s.endRun(ctx); err != nil {
				yield(nil, err)
				return
			}
			runs = append(runs, s.runs...)
		}
		left := top
		for b, err := range mergeRuns(ctx, list[0].schema[:len(list[0].schema)-1], runs, size) {
			if err != nil {
				yield(nil, err)
				return
			}
			if top > 0 {
				if left < b.N {
					b = b.View(0, left)
				}
				left -= b.N
			}
			if !yield(b, nil) || top > 0 && left == 0 {
				return
			}
		}
	}
}

// close frees memory and files.
func (s *sorter) close() error {
	err := closeRuns(s.runs)
	s.runs, s.held = nil, 0
	s.acc.set(0)
	return err
}

func closeRuns(runs []*sortedRun) error {
	var all []error
	for _, r := range runs {
		if r.spool != nil {
			all = append(all, r.spool.close())
		}
	}
	return errors.Join(all...)
}

// cursor is the next row of a run.
type cursor struct {
	run   int
	batch *vec.Batch
	at    int // row of batch
	next  func() (*vec.Batch, error, bool)
	stop  func()
	key   []byte
}

// step goes to the next row; false at the end.
func (c *cursor) step() (bool, error) {
	c.at++
	for c.batch == nil || c.at >= c.batch.N {
		if c.next == nil {
			return false, nil
		}
		b, err, ok := c.next()
		if err != nil || !ok {
			return false, err
		}
		c.batch, c.at = b, 0
	}
	c.key = c.batch.Cols[len(c.batch.Cols)-1].Bytes(c.at)
	return true, nil
}

// cursors is a heap: the smallest key first, of equal keys that of the earlier run.
type cursors []*cursor

func (h cursors) Len() int { return len(h) }
func (h cursors) Less(i, j int) bool {
	if c := bytes.Compare(h[i].key, h[j].key); c != 0 {
		return c < 0
	}
	return h[i].run < h[j].run
}
func (h cursors) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *cursors) Push(x any)   { *h = append(*h, x.(*cursor)) }
func (h *cursors) Pop() any {
	old := *h
	c := old[len(old)-1]
	*h = old[:len(old)-1]
	return c
}

// mergeRuns yields the rows of sorted runs in order, in batches of size rows; schema is the columns that
// are wanted: all, or all but the keys.
func mergeRuns(ctx context.Context, schema types.Schema, runs []*sortedRun, size int) iter.Seq2[*vec.Batch, error] {
	if len(runs) == 1 && runs[0].rows != nil {
		return oneRun(ctx, runs[0], len(schema), size)
	}
	return func(yield func(*vec.Batch, error) bool) {
		var h cursors
		defer func() {
			for _, c := range h {
				if c.stop != nil {
					c.stop()
				}
			}
		}()
		for i, r := range runs {
			c := &cursor{run: i, batch: r.rows, at: -1}
			if r.spool != nil {
				c.next, c.stop = iter.Pull2(r.spool.read(ctx))
			}
			h = append(h, c)
		}
		if err := startCursors(&h); err != nil {
			yield(nil, err)
			return
		}
		out := newWeaver(schema, size)
		for len(h) > 0 {
			c := h[0]
			if out.add(c.batch, c.at) {
				err := ctx.Err()
				b := out.finish()
				if err != nil {
					b = nil
				}
				if !yield(b, err) || err != nil {
					return
				}
			}
			ok, err := c.step()
			switch {
			case err != nil:
				yield(nil, err)
				return
			case ok:
				heap.Fix(&h, 0)
			default:
				heap.Pop(&h)
				if c.stop != nil {
					c.stop()
				}
			}
		}
		if b := out.finish(); b.N > 0 {
			yield(b, nil)
		}
	}
}

// startCursors goes to the first row of each run; empty runs fall out.
func startCursors(h *cursors) error {
	all := *h
	var live cursors
	for _, c := range all {
		ok, err := c.step()
		if err != nil {
			return err
		}
		if ok {
			live = append(live, c)
		} else if c.stop != nil {
			c.stop()
		}
	}
	*h = live
	heap.Init(h)
	return nil
}

// oneRun yields views of a run.
func oneRun(ctx context.Context, r *sortedRun, width, size int) iter.Seq2[*vec.Batch, error] {
	return func(yield func(*vec.Batch, error) bool) {
		for lo := 0; lo < r.rows.N; lo += size {
			if err := ctx.Err(); err != nil {
				yield(nil, err)
				return
			}
			b := r.rows.View(lo, min(lo+size, r.rows.N))
			b.Cols = b.Cols[:width]
			if !yield(b, nil) {
				return
			}
		}
	}
}
