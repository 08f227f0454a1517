package fn

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

func tallyFuncs() []Aggregate {
	mode := Aggregate{Name: "mode", Group: "agg", Usage: "mode(a) | mode() WITHIN GROUP (ORDER BY a)",
		Doc: "The value that occurs most often; of several, the smallest, or with DESC the largest.", Bind: bindMode}
	mode.WithinGroup = OrderedValue
	mode.BindWithin = func(args []Arg, desc bool) (BoundAggregate, error) {
		if len(args) > 1 {
			return BoundAggregate{}, errs.New("INVALID_WITHIN_GROUP_EXPRESSION.WRONG_NUM_ORDERINGS",
				"mode takes its value either as an argument or from WITHIN GROUP, not both").State("42K0K")
		}
		return modeOf(args[0].Type, []types.Type{args[0].Type}, desc), nil
	}
	return []Aggregate{mode,
		aggregate("approx_top_k(a[, k[, maxItemsTracked]])", "The k (5) most frequent values, with their counts; exact.", bindTopK),
	}
}

func bindMode(args []Arg) (BoundAggregate, error) {
	if len(args) == 0 {
		return BoundAggregate{}, withinMissing("mode")
	}
	ts, err := resolve("mode", args, 1, anyType, boolean)
	if err != nil {
		return BoundAggregate{}, err
	}
	if len(args) == 2 && args[1].Const == nil {
		return BoundAggregate{}, notConstant("mode", "second argument")
	}
	return modeOf(ts[0], ts, false), nil
}

func modeOf(t types.Type, params []types.Type, desc bool) BoundAggregate {
	b := tallied(t, t, params, false, func(b *vec.ColBuilder, top []counted) error {
		if len(top) == 0 {
			b.AppendNull()
			return nil
		}
		best := top[0]
		for _, c := range top {
			if c.n == best.n && (!desc || c.key > best.key) {
				if best = c; !desc {
					break
				}
			}
		}
		return vec.DecodeKey([]byte(best.key), []*vec.ColBuilder{b})
	})
	b.Nullable = true
	return b
}

func bindTopK(name string) func([]Arg) (BoundAggregate, error) {
	return func(args []Arg) (BoundAggregate, error) {
		if err := checkTopK(name, args); err != nil {
			return BoundAggregate{}, err
		}
		ts, err := resolve(name, args, 1, anyType, integer32, integer32)
		if err != nil {
			return BoundAggregate{}, err
		}
		k, tracked := int64(5), int64(10000)
		for i, v := range []*int64{&k, &tracked} {
			if len(args) < i+2 {
				continue
			}
			what := []string{"k", "maxItemsTracked"}[i]
			var null bool
			if *v, null, err = constLong(name, what, args[i+1]); err != nil {
				return BoundAggregate{}, err
			}
			if null {
				return BoundAggregate{}, errs.New("APPROX_TOP_K_NULL_ARG", "the %s of %s must not be NULL", what, name).State("22004")
			}
			if *v <= 0 {
				return BoundAggregate{}, errs.New("APPROX_TOP_K_NON_POSITIVE_ARG", "the %s of %s must be positive, but it is %d", what, name, *v).State("22023")
			}
		}
		if tracked > 1_000_000 {
			return BoundAggregate{}, errs.New("APPROX_TOP_K_MAX_ITEMS_TRACKED_EXCEEDS_LIMIT", "maxItemsTracked of %s must be at most 1000000", name).State("22023")
		}
		if k > tracked {
			return BoundAggregate{}, errs.New("APPROX_TOP_K_MAX_ITEMS_TRACKED_LESS_THAN_K", "k of %s must be at most maxItemsTracked", name).State("22023")
		}
		result := types.ArrayOf(types.StructOf(types.Field{Name: "item", Type: ts[0], Nullable: true},
			types.Field{Name: "count", Type: types.LongType}), false)
		return tallied(ts[0], result, ts, true, func(b *vec.ColBuilder, top []counted) error {
			for _, c := range top[:min(int(k), len(top))] {
				item := b.Child(0)
				if err := vec.DecodeKey([]byte(c.key), []*vec.ColBuilder{item.Child(0)}); err != nil {
					return err
				}
				vec.Append(item.Child(1), c.n)
				item.EndStruct()
			}
			b.EndList()
			return nil
		}), nil
	}
}

// checkTopK refuses what Spark's sketch cannot hold.
func checkTopK(name string, args []Arg) error {
	hint := func(format string, a ...any) error {
		return errs.New("DATATYPE_MISMATCH.TYPE_CHECK_FAILURE_WITH_HINT", format, a...).State("42K09")
	}
	if len(args) == 0 {
		return nil
	}
	switch t := args[0].Type; t.Kind {
	case types.Array, types.Map, types.Struct, types.Binary, types.DayTime, types.YearMonth, types.Null:
		return hint("%s takes numbers, strings, booleans, dates and timestamps, not %s", name, t.SQL())
	}
	for _, a := range args[1:] {
		if a.Const == nil {
			return hint("the numbers of %s must be constants", name)
		}
	}
	return nil
}

// counted is a value, as a row key, and how often it occurs.
type counted struct {
	key string
	n   int64
}

// tallied is an aggregate whose result is made of how often each value occurs: top is sorted by count,
// descending, then by value, ascending.
func tallied(t, out types.Type, params []types.Type, nulls bool, result func(b *vec.ColBuilder, top []counted) error) BoundAggregate {
	return BoundAggregate{Params: params, Result: out, Version: 1,
		Partial: []types.Type{types.ArrayOf(t, true), types.ArrayOf(types.LongType, false)},
		New:     func(*Context) Accumulator { return &tallyAcc{typ: t, out: out, nulls: nulls, result: result} }}
}

// tallyAcc counts the values of each group, exactly.
type tallyAcc struct {
	typ    types.Type
	out    types.Type
	nulls  bool // NULL is a value too
	result func(b *vec.ColBuilder, top []counted) error
	groups []map[string]int64
	key    []byte
	bytes  int64
}

func (a *tallyAcc) add(g uint32, c *vec.Col, i int, n int64) {
	a.groups = grow(a.groups, int(g)+1)
	if a.groups[g] == nil {
		a.groups[g] = map[string]int64{}
	}
	a.key = vec.AppendKey(a.key[:0], []vec.Col{*c}, i)
	old, seen := a.groups[g][string(a.key)]
	if !seen {
		a.bytes += int64(len(a.key)) + 48
	}
	a.groups[g][string(a.key)] = old + n
}

func (a *tallyAcc) Update(groups []uint32, args []vec.Col, sel []uint32) error {
	for i := range vec.Each(len(groups), sel) {
		if a.nulls || !args[0].IsNull(i) {
			a.add(groups[i], &args[0], i, 1)
		}
	}
	return nil
}

func (a *tallyAcc) Merge(groups []uint32, partial []vec.Col) error {
	for i, g := range groups {
		kids, lo, hi := partial[0].List(i)
		counts, from, _ := partial[1].List(i)
		for k := lo; k < hi; k++ {
			a.add(g, &kids[0], k, vec.Get[int64](&counts[0], from+k-lo))
		}
	}
	return nil
}

// sorted are the values of a group, the most frequent first.
func (a *tallyAcc) sorted(g uint32) []counted {
	var out []counted
	for k, n := range at(a.groups, g) {
		out = append(out, counted{k, n})
	}
	slices.SortFunc(out, func(x, y counted) int {
		if c := cmp.Compare(y.n, x.n); c != 0 {
			return c
		}
		return bytes.Compare([]byte(x.key), []byte(y.key))
	})
	return out
}

func (a *tallyAcc) Partial(groups []uint32) ([]vec.Col, error) {
	vals, counts := vec.NewColBuilder(types.ArrayOf(a.typ, true)), vec.NewColBuilder(types.ArrayOf(types.LongType, false))
	for _, g := range groups {
		for _, c := range a.sorted(g) {
			if err := vec.DecodeKey([]byte(c.key), []*vec.ColBuilder{vals.Child(0)}); err != nil {
				return nil, err
			}
			vec.Append(counts.Child(0), c.n)
		}
		vals.EndList()
		counts.EndList()
	}
	return []vec.Col{vals.Finish(), counts.Finish()}, nil
}

func (a *tallyAcc) Final(groups []uint32) (vec.Col, error) {
	b := vec.NewColBuilder(a.out)
	for _, g := range groups {
		if err := a.result(b, a.sorted(g)); err != nil {
			return vec.Col{}, err
		}
	}
	return b.Finish(), nil
}

func (a *tallyAcc) Free(groups []uint32) {
	for _, g := range groups {
		for k := range at(a.groups, g) {
			a.bytes -= int64(len(k)) + 48
		}
	}
	reset(a.groups, groups)
}

func (a *tallyAcc) Bytes() int64 { return a.bytes + 8*int64(cap(a.groups)) }
