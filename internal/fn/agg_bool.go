package fn

import (
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

func boolFuncs() []Aggregate {
	return []Aggregate{
		aggregate("bool_and(a)", "True if every value that is not NULL is true.", bindBool(false), "every"),
		aggregate("bool_or(a)", "True if any value is true.", bindBool(true), "some", "any"),
	}
}

func bindBool(or bool) func(name string) func([]Arg) (BoundAggregate, error) {
	return func(name string) func([]Arg) (BoundAggregate, error) {
		return func(args []Arg) (BoundAggregate, error) {
			ts, err := resolve(name, args, 1, boolean)
			t := types.BooleanType
			return BoundAggregate{Params: ts, Result: t, Nullable: true, Partial: []types.Type{t}, Version: 1,
				New: func(*Context) Accumulator { return &boolAcc{or: or} }}, err
		}
	}
}

// boolAcc is max (or) or min (and) of booleans.
type boolAcc struct {
	or      bool
	v, seen []bool
}

func (a *boolAcc) Update(groups []uint32, args []vec.Col, sel []uint32) error {
	valid, never := bothValid(args, len(groups))
	if never {
		return nil
	}
	n := groupCount(groups, sel)
	a.v, a.seen = grow(a.v, n), grow(a.seen, n)
	r := read[bool](&args[0])
	for i := range live(len(groups), sel, valid) {
		if g, v := groups[i], r.at(i); !a.seen[g] || v == a.or {
			a.v[g], a.seen[g] = v, true
		}
	}
	return nil
}

func (a *boolAcc) Merge(groups []uint32, partial []vec.Col) error {
	return a.Update(groups, partial, nil)
}

func (a *boolAcc) Partial(groups []uint32) ([]vec.Col, error) {
	c, err := a.Final(groups)
	return []vec.Col{c}, err
}

func (a *boolAcc) Final(groups []uint32) (vec.Col, error) {
	return gatherSeen(types.BooleanType, a.v, a.seen, groups), nil
}

func (a *boolAcc) Free(groups []uint32) { reset(a.v, groups); reset(a.seen, groups) }
func (a *boolAcc) Bytes() int64         { return int64(cap(a.v) + cap(a.seen)) }
