package fn

import (
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// intervalAvg completes the binding of avg over intervals of one kind; the result has all units of it.
func intervalAvg[T integer](b BoundAggregate, t types.Type, try bool) BoundAggregate {
	b.Result = t
	b.Partial = []types.Type{t, types.BooleanType, types.LongType}
	b.New = func(*Context) Accumulator { return &intervalAvgAcc[T]{sum: intSum[T, T]{t: t, try: true}, try: try} }
	return b
}

// intervalAvgAcc keeps a sum, which remembers an overflow, and a count.
type intervalAvgAcc[T integer] struct {
	sum intSum[T, T]
	n   []int64
	try bool
}

func (a *intervalAvgAcc[T]) Update(groups []uint32, args []vec.Col, sel []uint32) error {
	valid, never := bothValid(args, len(groups))
	if never {
		return nil
	}
	a.n = grow(a.n, groupCount(groups, sel))
	for i := range live(len(groups), sel, valid) {
		a.n[groups[i]]++
	}
	if err := a.sum.Update(groups, args, sel); err != nil {
		return err
	}
	return a.check()
}

// check raises the overflow of any group unless it is to be NULL.
func (a *intervalAvgAcc[T]) check() error {
	if a.try {
		return nil
	}
	for _, over := range a.sum.over {
		if over {
			return sumOverflow(a.sum.t)
		}
	}
	return nil
}

func (a *intervalAvgAcc[T]) Merge(groups []uint32, partial []vec.Col) error {
	a.n = grow(a.n, groupCount(groups, nil))
	n := read[int64](&partial[2])
	for i, g := range groups {
		a.n[g] += n.at(i)
	}
	if err := a.sum.Merge(groups, partial[:2]); err != nil {
		return err
	}
	return a.check()
}

func (a *intervalAvgAcc[T]) Partial(groups []uint32) ([]vec.Col, error) {
	cols, err := a.sum.Partial(groups)
	return append(cols, gather(types.LongType, a.n, groups)), err
}

func (a *intervalAvgAcc[T]) Final(groups []uint32) (vec.Col, error) {
	return rowLoop(a.sum.t, len(groups), nil, nil, func(i int) (T, error) {
		g := groups[i]
		n := at(a.n, g)
		if n == 0 || at(a.sum.over, g) {
			return 0, errNull
		}
		return roundedQuotient(a.sum.sum[g], n), nil
	})
}

// roundedQuotient is v/n, rounded half away from zero; n is positive.
func roundedQuotient[T integer](v T, n int64) T {
	q, r := int64(v)/n, int64(v)%n
	switch {
	case r >= n-r:
		q++
	case -r >= n+r:
		q--
	}
	return T(q)
}

func (a *intervalAvgAcc[T]) Free(groups []uint32) { a.sum.Free(groups); reset(a.n, groups) }
func (a *intervalAvgAcc[T]) Bytes() int64         { return a.sum.Bytes() + 8*int64(cap(a.n)) }
