package fn

import (
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

func collectFuncs() []Aggregate {
	return []Aggregate{
		aggregate("collect_list(a)", "The values that are not NULL as an array.", bindCollect(false), "array_agg"),
		aggregate("collect_set(a)", "The distinct values that are not NULL as an array.", bindCollect(true)),
	}
}

func bindCollect(distinct bool) func(name string) func([]Arg) (BoundAggregate, error) {
	return func(name string) func([]Arg) (BoundAggregate, error) {
		return func(args []Arg) (BoundAggregate, error) {
			ts, err := resolve(name, args, 1, anyType)
			if err != nil {
				return BoundAggregate{}, err
			}
			if distinct && !ts[0].IsOrderable() {
				return BoundAggregate{}, errs.New("DATATYPE_MISMATCH.UNSUPPORTED_INPUT_TYPE", "collect_set does not take a map or what holds one").State("42K09")
			}
			t := types.ArrayOf(ts[0], false)
			return BoundAggregate{Params: ts, Result: t, Partial: []types.Type{t}, Version: 1, OrderSensitive: true,
				New: func(*Context) Accumulator { return newCollect(ts[0], distinct) }}, nil
		}
	}
}

// collectAcc keeps the values of each group in a builder, in the order of the rows.
type collectAcc struct {
	elem, list types.Type
	distinct   bool
	groups     []*collected
	bytes      int64
	key        []byte // reused
}

// collected are the values of one group; keys are their row keys, for sets.
type collected struct {
	vals *vec.ColBuilder
	keys map[string]struct{}
	size int64 // what it adds to the accumulator's bytes
}

func newCollect(elem types.Type, distinct bool) *collectAcc {
	return &collectAcc{elem: elem, list: types.ArrayOf(elem, false), distinct: distinct}
}

func (a *collectAcc) add(g uint32, c *vec.Col, i int) {
	a.groups = grow(a.groups, int(g)+1)
	s := a.groups[g]
	if s == nil {
		s = &collected{vals: vec.NewColBuilder(a.elem), size: 200}
		if a.distinct {
			s.keys = map[string]struct{}{}
		}
		a.groups[g] = s
		a.bytes += s.size
	}
	held := s.size
	if a.distinct {
		a.key = vec.AppendKey(a.key[:0], []vec.Col{*c}, i)
		if _, dup := s.keys[string(a.key)]; dup {
			return
		}
		s.keys[string(a.key)] = struct{}{}
		s.size += int64(len(a.key)) + 32
	}
	before := s.vals.Size()
	s.vals.AppendFrom(c, i)
	s.size += int64(s.vals.Size() - before)
	a.bytes += s.size - held
}

func (a *collectAcc) Update(groups []uint32, args []vec.Col, sel []uint32) error {
	for i := range vec.Each(len(groups), sel) {
		if !args[0].IsNull(i) {
			a.add(groups[i], &args[0], i)
		}
	}
	return nil
}

func (a *collectAcc) Merge(groups []uint32, partial []vec.Col) error {
	for i, g := range groups {
		if partial[0].IsNull(i) {
			continue
		}
		kids, lo, hi := partial[0].List(i)
		for k := lo; k < hi; k++ {
			a.add(g, &kids[0], k)
		}
	}
	return nil
}

func (a *collectAcc) Partial(groups []uint32) ([]vec.Col, error) {
	c, err := a.Final(groups)
	return []vec.Col{c}, err
}

func (a *collectAcc) Final(groups []uint32) (vec.Col, error) {
	b := vec.NewColBuilder(a.list)
	for _, g := range groups {
		if s := at(a.groups, g); s != nil {
			vals := s.vals.Finish()
			b.Child(0).AppendRows(&vals, vals.Len, nil)
			s.vals.AppendRows(&vals, vals.Len, nil)
		}
		b.EndList()
	}
	return b.Finish(), nil
}

func (a *collectAcc) Free(groups []uint32) {
	for _, g := range groups {
		if s := at(a.groups, g); s != nil {
			a.bytes -= s.size
		}
	}
	reset(a.groups, groups)
}

func (a *collectAcc) Bytes() int64 { return a.bytes }
