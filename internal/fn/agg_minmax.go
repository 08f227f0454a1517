package fn

import (
	"cmp"

	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

func minMaxFuncs() []Aggregate {
	return []Aggregate{
		{Name: "min", Group: "agg", Usage: "min(a)", Doc: "The smallest value that is not NULL.", Bind: bindMinMax("min", false)},
		{Name: "max", Group: "agg", Usage: "max(a)", Doc: "The largest value that is not NULL.", Bind: bindMinMax("max", true)},
	}
}

func bindMinMax(name string, largest bool) func([]Arg) (BoundAggregate, error) {
	return func(args []Arg) (BoundAggregate, error) {
		ts, err := resolve(name, args, 1, anyType)
		if err != nil {
			return BoundAggregate{}, err
		}
		t := ts[0]
		if !t.IsOrderable() {
			return BoundAggregate{}, noOrder(name, t)
		}
		b := BoundAggregate{Params: ts, Result: t, Nullable: true, Partial: ts, Version: 1}
		b.New = func(*Context) Accumulator { return newMinMax(t, largest) }
		return b, nil
	}
}

func newMinMax(t types.Type, largest bool) Accumulator {
	switch t.Kind {
	case types.Byte:
		return &minMax[int8]{t: t, largest: largest}
	case types.Short:
		return &minMax[int16]{t: t, largest: largest}
	case types.Int, types.Date, types.YearMonth:
		return &minMax[int32]{t: t, largest: largest}
	case types.Long, types.Timestamp, types.TimestampNTZ, types.DayTime:
		return &minMax[int64]{t: t, largest: largest}
	case types.Float:
		return &minMax[float32]{t: t, largest: largest}
	case types.Double:
		return &minMax[float64]{t: t, largest: largest}
	}
	return &bestValue{t: t, order: CompareFunc(t), largest: largest, vals: newSlots(t)}
}

// minMax keeps the best number of each group.
type minMax[T orderedFixed] struct {
	t       types.Type
	best    []T
	seen    []bool
	largest bool
}

func (a *minMax[T]) Update(groups []uint32, args []vec.Col, sel []uint32) error {
	valid, never := bothValid(args, len(groups))
	if never {
		return nil
	}
	n := groupCount(groups, sel)
	a.best, a.seen = grow(a.best, n), grow(a.seen, n)
	r, best, seen, largest := read[T](&args[0]), a.best, a.seen, a.largest
	if valid == nil && sel == nil && args[0].Enc == vec.Flat {
		for i, v := range r.v[:len(groups)] {
			g := groups[i]
			if !seen[g] || better(v, best[g], largest) {
				best[g], seen[g] = v, true
			}
		}
		return nil
	}
	for i := range live(len(groups), sel, valid) {
		g, v := groups[i], r.at(i)
		if !seen[g] || better(v, best[g], largest) {
			best[g], seen[g] = v, true
		}
	}
	return nil
}

func better[T cmp.Ordered](v, old T, largest bool) bool {
	if largest {
		return less(old, v)
	}
	return less(v, old)
}

func (a *minMax[T]) Merge(groups []uint32, partial []vec.Col) error {
	return a.Update(groups, partial, nil)
}

func (a *minMax[T]) Partial(groups []uint32) ([]vec.Col, error) {
	c, err := a.Final(groups)
	return []vec.Col{c}, err
}

func (a *minMax[T]) Final(groups []uint32) (vec.Col, error) {
	return gatherSeen(a.t, a.best, a.seen, groups), nil
}

func (a *minMax[T]) Free(groups []uint32) { reset(a.best, groups); reset(a.seen, groups) }
func (a *minMax[T]) Bytes() int64         { return int64(cap(a.best)*vec.Width(a.t) + cap(a.seen)) }

// bestValue is min and max over the types without a loop of their own.
type bestValue struct {
	t       types.Type
	order   Comparer
	largest bool
	vals    slots
}

func (a *bestValue) Update(groups []uint32, args []vec.Col, sel []uint32) error {
	x := &args[0]
	for i := range vec.Each(len(groups), sel) {
		if x.IsNull(i) {
			continue
		}
		if a.vals.has(groups[i]) {
			old, k := a.vals.look(groups[i])
			if d := a.order(x, i, old, k); d == 0 || d > 0 != a.largest {
				continue
			}
		}
		a.vals.set(groups[i], x, i)
	}
	return nil
}

func (a *bestValue) Merge(groups []uint32, partial []vec.Col) error {
	return a.Update(groups, partial, nil)
}

func (a *bestValue) Partial(groups []uint32) ([]vec.Col, error) {
	c, err := a.Final(groups)
	return []vec.Col{c}, err
}

func (a *bestValue) Final(groups []uint32) (vec.Col, error) { return a.vals.gather(groups), nil }
func (a *bestValue) Free(groups []uint32)                   { a.vals.free(groups) }
func (a *bestValue) Bytes() int64                           { return a.vals.size() }
