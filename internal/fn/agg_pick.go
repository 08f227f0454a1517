package fn

import (
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

func pickFuncs() []Aggregate {
	return []Aggregate{
		aggregate("first(a[, ignoreNulls])", "The first value, in the order of the rows.", bindPick(false), "first_value"),
		aggregate("last(a[, ignoreNulls])", "The last value, in the order of the rows.", bindPick(true), "last_value"),
		aggregate("any_value(a[, ignoreNulls])", "Some value of the group: the first.", bindPick(false)),
		aggregate("max_by(a, b)", "The value of a for which b is largest.", bindBy(true)),
		aggregate("min_by(a, b)", "The value of a for which b is smallest.", bindBy(false)),
	}
}

func bindPick(last bool) func(name string) func([]Arg) (BoundAggregate, error) {
	return func(name string) func([]Arg) (BoundAggregate, error) {
		return func(args []Arg) (BoundAggregate, error) {
			ts, err := resolve(name, args, 1, anyType, boolean)
			if err != nil {
				return BoundAggregate{}, err
			}
			skip := false
			if len(args) == 2 {
				k := args[1].Const
				if k == nil || k.IsNull(0) {
					return BoundAggregate{}, notConstant(name, "second argument")
				}
				skip = vec.Get[bool](k, 0)
			}
			t := ts[0]
			return BoundAggregate{Params: ts, Result: t, Nullable: true, Partial: []types.Type{t, types.BooleanType}, Version: 1, OrderSensitive: true,
				New: func(*Context) Accumulator { return &pickAcc{last: last, skip: skip, vals: newSlots(t)} }}, nil
		}
	}
}

// pickAcc keeps the first or last value of each group, NULL included unless skip.
type pickAcc struct {
	last, skip bool
	vals       slots
}

func (a *pickAcc) Update(groups []uint32, args []vec.Col, sel []uint32) error {
	for i := range vec.Each(len(groups), sel) {
		a.see(groups[i], &args[0], i)
	}
	return nil
}

func (a *pickAcc) see(g uint32, c *vec.Col, i int) {
	if a.skip && c.IsNull(i) || !a.last && a.vals.has(g) {
		return
	}
	a.vals.set(g, c, i)
}

func (a *pickAcc) Merge(groups []uint32, partial []vec.Col) error {
	for i, g := range groups {
		if vec.Get[bool](&partial[1], i) {
			a.see(g, &partial[0], i)
		}
	}
	return nil
}

func (a *pickAcc) Partial(groups []uint32) ([]vec.Col, error) {
	set := make([]bool, len(groups))
	for i, g := range groups {
		set[i] = a.vals.has(g)
	}
	return []vec.Col{a.vals.gather(groups), vec.FlatOf(types.BooleanType, set, nil)}, nil
}

func (a *pickAcc) Final(groups []uint32) (vec.Col, error) { return a.vals.gather(groups), nil }
func (a *pickAcc) Free(groups []uint32)                   { a.vals.free(groups) }
func (a *pickAcc) Bytes() int64                           { return a.vals.size() }

func bindBy(largest bool) func(name string) func([]Arg) (BoundAggregate, error) {
	return func(name string) func([]Arg) (BoundAggregate, error) {
		return func(args []Arg) (BoundAggregate, error) {
			ts, err := resolve(name, args, 2, anyType, anyType)
			if err != nil {
				return BoundAggregate{}, err
			}
			if !ts[1].IsOrderable() {
				return BoundAggregate{}, noOrder(name, ts[1])
			}
			return BoundAggregate{Params: ts, Result: ts[0], Nullable: true, Partial: ts, Version: 1, OrderSensitive: true,
				New: func(*Context) Accumulator {
					return &byAcc{largest: largest, order: CompareFunc(ts[1]), vals: newSlots(ts[0]), keys: newSlots(ts[1])}
				}}, nil
		}
	}
}

// byAcc keeps the value that goes with the best key; of equal keys the later wins, as in
// Spark (MaxMinBy).
type byAcc struct {
	largest    bool
	order      Comparer
	vals, keys slots
}

func (a *byAcc) Update(groups []uint32, args []vec.Col, sel []uint32) error {
	key := &args[1]
	for i := range vec.Each(len(groups), sel) {
		if key.IsNull(i) {
			continue
		}
		g := groups[i]
		if a.keys.has(g) {
			old, k := a.keys.look(g)
			if d := a.order(key, i, old, k); d != 0 && d > 0 != a.largest {
				continue
			}
		}
		a.keys.set(g, key, i)
		a.vals.set(g, &args[0], i)
	}
	return nil
}

func (a *byAcc) Merge(groups []uint32, partial []vec.Col) error {
	return a.Update(groups, partial, nil)
}

func (a *byAcc) Partial(groups []uint32) ([]vec.Col, error) {
	return []vec.Col{a.vals.gather(groups), a.keys.gather(groups)}, nil
}

func (a *byAcc) Final(groups []uint32) (vec.Col, error) { return a.vals.gather(groups), nil }
func (a *byAcc) Free(groups []uint32)                   { a.vals.free(groups); a.keys.free(groups) }
func (a *byAcc) Bytes() int64                           { return a.vals.size() + a.keys.size() }
