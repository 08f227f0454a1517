package exec

import (
	"bytes"
	"context"
	"iter"
	"slices"

	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// windowOp computes functions over the partitions of its input: it sorts by partition and order (unless
// the rows come so), collects whole partitions, and gives them out in that order. Of rows that
// pass through, a spool holds what does not fit the budget; what the functions read stays in memory.
type windowOp struct {
	one
	o          *BuildOptions
	sorted     bool // the input has the order already
	by         []plan.Order
	keys       []evaluator // of by
	partition  []int       // columns of a sorted batch: the partition's keys
	order      []plan.Order
	orderCols  []int // columns of a sorted batch: the order's keys
	carried    []int // positions in keys that are not columns of the input: they are carried along
	width      int   // columns of the input
	schema     types.Schema
	vals       []evaluator  // what the functions read of each row, after the order's keys
	valsSchema types.Schema // of the order's keys, then vals
	calls      []*windowCall
	at         place
}

func newWindow(n *plan.Window, in node, o *BuildOptions) (node, error) {
	child := n.Child.Output()
	w := &windowOp{one: one{in}, o: o, sorted: windowSorted(n), order: n.Order, width: len(child),
		schema: plan.SchemaOf(n.Child), at: place{o.Source, n.At}}
	c := compiler{in: child, src: o.Source}
	for _, p := range n.Partition {
		w.by = append(w.by, plan.Order{Expr: p, NullsFirst: true})
	}
	w.by = append(w.by, n.Order...)
	for i, k := range w.by {
		e, err := c.compile(k.Expr)
		if err != nil {
			return nil, err
		}
		w.keys = append(w.keys, e)
		at := len(child) + len(w.carried)
		if r, ok := k.Expr.(*plan.Ref); ok {
			if at, err = position(child, r.Attr); err != nil {
				return nil, err
			}
		} else {
			w.carried = append(w.carried, i)
			w.schema = append(w.schema, types.Field{Type: k.Expr.Type(), Nullable: true})
		}
		if i < len(n.Partition) {
			w.partition = append(w.partition, at)
			continue
		}
		w.orderCols = append(w.orderCols, at)
		w.valsSchema = append(w.valsSchema, types.Field{Type: k.Expr.Type(), Nullable: true})
	}
	for _, named := range n.Calls {
		call, err := w.newCall(&c, named)
		if err != nil {
			return nil, err
		}
		w.calls = append(w.calls, call)
	}
	return w, nil
}

// windowSorted reports whether the input's rows come in the order wanted: from a window of the same
// partitions whose order begins with this one.
func windowSorted(n *plan.Window) bool {
	if len(n.Partition)+len(n.Order) == 0 {
		return true
	}
	below, ok := n.Child.(*plan.Window)
	if !ok || len(below.Partition) != len(n.Partition) || len(below.Order) < len(n.Order) {
		return false
	}
	for i := range n.Partition {
		if !plan.Equal(n.Partition[i], below.Partition[i]) {
			return false
		}
	}
	for i, k := range n.Order {
		if b := below.Order[i]; k.Desc != b.Desc || k.NullsFirst != b.NullsFirst || !plan.Equal(k.Expr, b.Expr) {
			return false
		}
	}
	return true
}

// value adds an expression to what is read of each row; it returns its column.
func (w *windowOp) value(c *compiler, e plan.Expr) (int, error) {
	v, err := c.compile(e)
	w.vals = append(w.vals, v)
	w.valsSchema = append(w.valsSchema, types.Field{Type: e.Type(), Nullable: true})
	return len(w.valsSchema) - 1, err
}

func (w *windowOp) Run(ctx context.Context, e *EpochTask) iter.Seq2[*vec.Batch, error] {
	return func(yield func(*vec.Batch, error) bool) {
		r := &windowRun{w: w, fn: &e.Fn, acc: w.o.account()}
		r.begin()
		defer r.end()
		for b, err := range w.rows(ctx, e) {
			more := false
			if err == nil {
				more, err = r.add(ctx, b, yield)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if !more {
				return
			}
		}
		if r.n > 0 {
			r.starts = append(r.starts, r.n)
			if _, err := r.flush(ctx, yield); err != nil {
				yield(nil, err)
			}
		}
	}
}

// rows yields flat batches in the order of by: the input's columns, then the carried keys.
func (w *windowOp) rows(ctx context.Context, e *EpochTask) iter.Seq2[*vec.Batch, error] {
	return func(yield func(*vec.Batch, error) bool) {
		var s *sorter
		if !w.sorted {
			s = newSorter(w.o, w.schema, w.by)
			defer s.close()
		}
		for b, err := range w.in.Run(ctx, e) {
			var keys []vec.Col
			if err == nil {
				keys, err = evalAll(w.keys, &frame{&e.Fn, b}, b.Sel)
			}
			if err == nil {
				wide := &vec.Batch{N: b.N, Sel: b.Sel, Cols: slices.Clone(b.Cols)}
				for _, k := range w.carried {
					wide.Cols = append(wide.Cols, keys[k])
				}
				if s == nil {
					if !yield(wide.Compact(), nil) {
						return
					}
					continue
				}
				err = s.add(ctx, wide, keys)
			}
			if err != nil {
				yield(nil, err)
				return
			}
		}
		if s == nil {
			return
		}
		for b, err := range s.sorted(ctx) {
			if !yield(b, err) || err != nil {
				return
			}
		}
	}
}

// windowRun collects rows until they are whole partitions and enough for a batch.
type windowRun struct {
	w      *windowOp
	fn     *fn.Context
	acc    account
	pass   *spool       // the columns that pass through
	vals   *vec.Builder // what the functions read
	n      int          // rows collected
	starts []int        // where the partitions after the first begin, and the end
	last   []byte       // the partition of the last row
	seen   bool
	key    []byte
}

func (r *windowRun) begin() {
	r.pass = newSpool(r.w.o, r.w.schema[:r.w.width])
	r.vals = vec.NewBuilder(r.w.valsSchema)
	r.n, r.starts = 0, r.starts[:0]
}

func (r *windowRun) end() {
	_ = r.pass.close() // the file is removed; there is nobody to tell
	r.acc.set(0)
}

// add takes a sorted batch; false: no more rows are wanted.
func (r *windowRun) add(ctx context.Context, b *vec.Batch, yield func(*vec.Batch, error) bool) (bool, error) {
	vals := make([]vec.Col, 0, len(r.w.valsSchema))
	for _, c := range r.w.orderCols {
		vals = append(vals, b.Cols[c])
	}
	more, err := evalAll(r.w.vals, &frame{r.fn, b}, nil)
	if err != nil {
		return false, err
	}
	vals = append(vals, more...)
	from := 0
	for i := range b.N {
		if !r.opens(b, i) {
			continue
		}
		r.starts = append(r.starts, r.n+i-from)
		if r.n+i-from < r.w.o.BatchSize {
			continue
		}
		if err := r.take(b, vals, from, i); err != nil {
			return false, err
		}
		if ok, err := r.flush(ctx, yield); !ok || err != nil {
			return false, err
		}
		from = i
	}
	return true, r.take(b, vals, from, b.N)
}

// opens reports whether a row begins another partition than that of the row before.
func (r *windowRun) opens(b *vec.Batch, i int) bool {
	if len(r.w.partition) == 0 {
		return false
	}
	r.key = r.key[:0]
	for _, c := range r.w.partition {
		r.key = vec.AppendKey(r.key, b.Cols[c:c+1], i)
	}
	if r.seen && bytes.Equal(r.key, r.last) {
		return false
	}
	first := !r.seen
	r.seen = true
	r.last = append(r.last[:0], r.key...)
	return !first
}

// take collects rows [lo, hi) of a batch.
func (r *windowRun) take(b *vec.Batch, vals []vec.Col, lo, hi int) error {
	if lo == hi {
		return nil
	}
	v := &vec.Batch{N: b.N, Cols: b.Cols[:r.w.width]}
	if lo > 0 || hi < b.N {
		v = v.View(lo, hi)
	}
	if err := r.pass.append(v); err != nil {
		return err
	}
	for k := range vals {
		c := vals[k].View(lo, hi)
		r.vals.Cols[k].AppendRows(&c, hi-lo, nil)
	}
	r.n += hi - lo
	if !r.acc.set(int64(r.vals.Size())) && r.n > 2*r.w.o.BatchSize {
		return r.w.at.wrap(r.w.o.q.mem.full("the rows of a window partition"))
	}
	return nil
}

// flush computes the functions over the partitions collected and yields their rows.
func (r *windowRun) flush(ctx context.Context, yield func(*vec.Batch, error) bool) (bool, error) {
	results, err := r.compute(ctx)
	if err != nil {
		return false, err
	}
	lo := 0
	for b, err := range r.pass.read(ctx) {
		if err != nil {
			return false, err
		}
		out := &vec.Batch{N: b.N, Cols: slices.Clone(b.Cols)}
		for k := range results {
			out.Cols = append(out.Cols, results[k].View(lo, lo+b.N))
		}
		lo += b.N
		if !yieldCut(ctx, out, r.w.o.BatchSize, yield) {
			return false, nil
		}
	}
	err = r.pass.close()
	r.begin()
	r.acc.set(0)
	return true, err
}

// compute gives the column of each call over all rows collected.
func (r *windowRun) compute(ctx context.Context) ([]vec.Col, error) {
	vals := r.vals.Finish()
	out := make([]*vec.ColBuilder, len(r.w.calls))
	for k, c := range r.w.calls {
		out[k] = vec.NewColBuilder(c.typ)
	}
	lo := 0
	for _, hi := range r.starts {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		p := &windowPart{w: r.w, fn: r.fn, n: hi - lo, vals: make([]vec.Col, len(vals.Cols))}
		for k := range vals.Cols {
			p.vals[k] = vals.Cols[k].View(lo, hi)
		}
		for k, c := range r.w.calls {
			col, err := c.over(p)
			if err != nil {
				return nil, c.at.wrap(err)
			}
			out[k].AppendRows(&col, p.n, nil)
		}
		lo = hi
	}
	cols := make([]vec.Col, len(out))
	for k := range out {
		cols[k] = out[k].Finish()
	}
	return cols, nil
}
