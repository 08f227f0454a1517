package exec

import (
	"cmp"
	"context"
	"iter"
	"slices"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// sortRows orders all rows of an epoch in memory. It is stable; NaN is the largest value,
// -0.0 equals 0.0, and NULLs go where each key says.
type sortRows struct {
	one
	by     []plan.Order
	keys   []evaluator
	schema types.Schema // of the rows, then of the keys
	size   int
	budget int // bytes of rows and keys that are held
	src    *errs.Source
	span   errs.Span
}

func newSort(n *plan.Sort, in node, o *BuildOptions) (node, error) {
	c := compiler{in: n.Child.Output(), src: o.Source}
	s := &sortRows{one: one{in}, by: n.By, schema: plan.SchemaOf(n.Child), size: o.BatchSize,
		budget: maxBytes, src: o.Source, span: n.At}
	for _, k := range n.By {
		key, err := c.compile(k.Expr)
		if err != nil {
			return nil, err
		}
		s.keys = append(s.keys, key)
		s.schema = append(s.schema, types.Field{Type: k.Expr.Type(), Nullable: true})
	}
	return s, nil
}

func (o *sortRows) Run(ctx context.Context, e *EpochTask) iter.Seq2[*vec.Batch, error] {
	return func(yield func(*vec.Batch, error) bool) {
		all, err := o.gather(ctx, e)
		if err != nil {
			yield(nil, err)
			return
		}
		order, err := o.order(ctx, all)
		if err != nil {
			yield(nil, err)
			return
		}
		cols := all.Cols[:len(all.Cols)-len(o.keys)]
		for part := range slices.Chunk(order, o.size) {
			if err := ctx.Err(); err != nil {
				yield(nil, err)
				return
			}
			out := &vec.Batch{N: len(part)}
			for c := range cols {
				out.Cols = append(out.Cols, vec.Take(&cols[c], part))
			}
			if !yield(out, nil) {
				return
			}
		}
	}
}

// gather collects the rows and their keys.
func (o *sortRows) gather(ctx context.Context, e *EpochTask) (*vec.Batch, error) {
	all := vec.NewBuilder(o.schema)
	n := 0
	for b, err := range o.in.Run(ctx, e) {
		if err != nil {
			return nil, err
		}
		keys, err := evalAll(o.keys, &frame{&e.Fn, b}, b.Sel)
		if err != nil {
			return nil, err
		}
		all.AppendBatch(&vec.Batch{Cols: slices.Concat(b.Cols, keys), N: b.N, Sel: b.Sel})
		if all.Size() > o.budget {
			return nil, tooLarge("the rows to be sorted", o.budget).
				WithHint("keep fewer rows with WHERE or fewer columns, or leave out ORDER BY").At(o.src, o.span)
		}
		n += b.Rows()
	}
	out := all.Finish()
	out.N = n
	return out, nil
}

// order sorts row numbers. A cancelled ctx makes all rows equal, which ends the sort soon.
func (o *sortRows) order(ctx context.Context, all *vec.Batch) ([]uint32, error) {
	keys := all.Cols[len(all.Cols)-len(o.keys):]
	less := make([]func(a, b uint32) int, len(keys))
	for i := range keys {
		less[i] = comparator(&keys[i], o.by[i])
	}
	order := make([]uint32, all.N)
	for i := range order {
		order[i] = uint32(i)
	}
	calls, stopped := 0, false
	slices.SortStableFunc(order, func(a, b uint32) int {
		if calls++; calls&0xffff == 0 && ctx.Err() != nil {
			stopped = true
		}
		if stopped {
			return 0
		}
		for _, l := range less {
			if c := l(a, b); c != 0 {
				return c
			}
		}
		return 0
	})
	return order, ctx.Err()
}

// comparator compares rows of a flat key column.
func comparator(c *vec.Col, by plan.Order) func(a, b uint32) int {
	values := ascending(c)
	if by.Desc {
		up := values
		values = func(a, b uint32) int { return up(b, a) }
	}
	if !c.MayNull() {
		return values
	}
	nullRank := 1
	if by.NullsFirst {
		nullRank = -1
	}
	return func(a, b uint32) int {
		an, bn := c.IsNull(int(a)), c.IsNull(int(b))
		switch {
		case an && bn:
			return 0
		case an:
			return nullRank
		case bn:
			return -nullRank
		}
		return values(a, b)
	}
}

// ascending compares values that are not NULL.
func ascending(c *vec.Col) func(a, b uint32) int {
	switch c.Type.Kind {
	case types.Int, types.Date, types.YearMonth:
		return ordered(vec.Values[int32](c))
	case types.Long, types.Timestamp, types.TimestampNTZ, types.DayTime:
		return ordered(vec.Values[int64](c))
	case types.Double:
		v := vec.Values[float64](c)
		return func(a, b uint32) int { return vec.CompareFloat(v[a], v[b]) }
	}
	return func(a, b uint32) int { return vec.Compare(c, int(a), c, int(b)) }
}

func ordered[T cmp.Ordered](v []T) func(a, b uint32) int {
	return func(a, b uint32) int { return cmp.Compare(v[a], v[b]) }
}
