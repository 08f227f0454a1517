package fn

import (
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

func countFuncs() []Aggregate {
	return []Aggregate{
		{Name: "count", Group: "agg", Usage: "count(*) | count(a, ...)",
			Doc: "The number of rows, or of rows in which no argument is NULL.", Bind: bindCount},
		{Name: "count_if", Group: "agg", Usage: "count_if(cond)", Doc: "The number of rows for which the condition is true.", Bind: bindCountIf},
	}
}

func bindCount(args []Arg) (BoundAggregate, error) {
	b := countBound(false)
	for _, a := range args {
		b.Params = append(b.Params, a.Type)
	}
	return b, nil
}

func bindCountIf(args []Arg) (BoundAggregate, error) {
	ts, err := resolve("count_if", args, 1, is(types.BooleanType))
	b := countBound(true)
	b.Params = ts
	return b, err
}

func countBound(onlyTrue bool) BoundAggregate {
	return BoundAggregate{Result: types.LongType, Partial: []types.Type{types.LongType}, Version: 1,
		New: func(*Context) Accumulator { return &countAcc{onlyTrue: onlyTrue} }}
}

type countAcc struct {
	n        []int64
	onlyTrue bool
}

func (a *countAcc) Update(groups []uint32, args []vec.Col, sel []uint32) error {
	a.n = grow(a.n, groupCount(groups, sel))
	if a.onlyTrue {
		sel = IsTrue(&args[0], len(groups), sel, []uint32{})
		args = nil
	}
	valid, never := bothValid(args, len(groups))
	switch {
	case never:
	case valid == nil && sel == nil:
		for _, g := range groups {
			a.n[g]++
		}
	default:
		for i := range live(len(groups), sel, valid) {
			a.n[groups[i]]++
		}
	}
	return nil
}

func (a *countAcc) Merge(groups []uint32, partial []vec.Col) error {
	a.n = grow(a.n, groupCount(groups, nil))
	r := read[int64](&partial[0])
	for i, g := range groups {
		a.n[g] += r.at(i)
	}
	return nil
}

func (a *countAcc) Partial(groups []uint32) ([]vec.Col, error) {
	c, err := a.Final(groups)
	return []vec.Col{c}, err
}

func (a *countAcc) Final(groups []uint32) (vec.Col, error) {
	return gather(types.LongType, a.n, groups), nil
}

func (a *countAcc) Free(groups []uint32) { reset(a.n, groups) }
func (a *countAcc) Bytes() int64         { return int64(cap(a.n)) * 8 }
