package fn

import (
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

func sumFuncs() []Aggregate {
	return []Aggregate{
		{Name: "sum", Group: "agg", Usage: "sum(a)", Doc: "The sum of the values that are not NULL; NULL if there are none.", Bind: bindSum("sum", false)},
		{Name: "try_sum", Group: "agg", Usage: "try_sum(a)", Doc: "As sum, but NULL on overflow.", Bind: bindSum("try_sum", true)},
		aggregate("avg(a)", "The mean of the values that are not NULL; NULL if there are none.", bindAvg(false), "mean"),
		aggregate("try_avg(a)", "As avg, but NULL on overflow.", bindAvg(true)),
	}
}

func bindSum(name string, try bool) func([]Arg) (BoundAggregate, error) {
	return func(args []Arg) (BoundAggregate, error) {
		ts, err := resolve(name, args, 1, sumParam)
		if err != nil {
			return BoundAggregate{}, err
		}
		b := BoundAggregate{Params: ts, Nullable: true, Version: 1}
		switch t := ts[0]; {
		case t.Kind == types.Decimal:
			b.Result = types.BoundedDecimal(int(t.Precision)+10, int(t.Scale))
			b.New = func(*Context) Accumulator { return &decimalSum{in: t, sum: b.Result, out: b.Result, try: try} }
			b.Partial = []types.Type{b.Result, types.LongType}
			return b, nil
		case t.IsIntegral():
			b.Result = types.LongType
		case t.IsFractional():
			b.Result = types.DoubleType
		default:
			b.Result = t
		}
		b.Partial = []types.Type{b.Result}
		b.New = func(*Context) Accumulator { return newSum(ts[0], b.Result, try) }
		if try && b.Result.Kind != types.Double {
			b.Partial = append(b.Partial, types.BooleanType)
		}
		return b, nil
	}
}

// sumParam accepts numbers and intervals.
func sumParam(a Arg) (types.Type, string) {
	switch t, required := numeric(a); {
	case required == "":
		return t, ""
	case a.Type.Kind == types.DayTime, a.Type.Kind == types.YearMonth:
		return a.Type, ""
	}
	return types.Type{}, `"NUMERIC" or "INTERVAL"`
}

func newSum(in, out types.Type, try bool) Accumulator {
	switch in.Kind {
	case types.Byte:
		return &intSum[int8, int64]{t: out, try: try}
	case types.Short:
		return &intSum[int16, int64]{t: out, try: try}
	case types.Int:
		return &intSum[int32, int64]{t: out, try: try}
	case types.YearMonth:
		return &intSum[int32, int32]{t: out, try: try}
	case types.Float:
		return &floatSum[float32]{}
	case types.Double:
		return &floatSum[float64]{}
	}
	return &intSum[int64, int64]{t: out, try: try}
}

// sumOverflow is the error of a sum that its type cannot hold.
func sumOverflow(t types.Type) error {
	if t.Kind == types.DayTime || t.Kind == types.YearMonth {
		return errs.New("INTERVAL_ARITHMETIC_OVERFLOW.WITH_SUGGESTION", "the sum of intervals has no room in its type").State("22015").
			WithHint("use try_sum or try_avg to get NULL instead")
	}
	return overflow(t, "try_sum")
}

// intSum adds integers into S; an overflow raises, or with try makes the group NULL.
type intSum[T, S integer] struct {
	t    types.Type
	sum  []S
	seen []bool
	over []bool // with try: the group has overflowed
	try  bool
}

func (a *intSum[T, S]) grow(n int) {
	a.sum, a.seen = grow(a.sum, n), grow(a.seen, n)
	if a.try {
		a.over = grow(a.over, n)
	}
}

func (a *intSum[T, S]) Update(groups []uint32, args []vec.Col, sel []uint32) error {
	valid, never := bothValid(args, len(groups))
	if never {
		return nil
	}
	a.grow(groupCount(groups, sel))
	x := &args[0]
	if !a.try && valid == nil && sel == nil && x.Enc == vec.Flat {
		return a.addAll(groups, vec.Values[T](x))
	}
	r := read[T](x)
	for i := range live(len(groups), sel, valid) {
		if err := a.add(groups[i], S(r.at(i))); err != nil {
			return err
		}
	}
	return nil
}

func (a *intSum[T, S]) addAll(groups []uint32, v []T) error {
	sum, seen := a.sum, a.seen
	var bad S
	v = v[:len(groups)]
	for i, g := range groups {
		x, old := S(v[i]), sum[g]
		s := old + x
		bad |= (old ^ s) & (x ^ s)
		sum[g], seen[g] = s, true
	}
	if bad < 0 {
		return sumOverflow(a.t)
	}
	return nil
}

func (a *intSum[T, S]) add(g uint32, x S) error {
	s, ok := addOK(a.sum[g], x)
	if !ok {
		if !a.try {
			return sumOverflow(a.t)
		}
		a.over[g] = true
	}
	a.sum[g], a.seen[g] = s, true
	return nil
}

func (a *intSum[T, S]) Merge(groups []uint32, partial []vec.Col) error {
	a.grow(groupCount(groups, nil))
	r := read[S](&partial[0])
	for i, g := range groups {
		if a.try && vec.Get[bool](&partial[1], i) {
			a.over[g], a.seen[g] = true, true
		}
		if partial[0].IsNull(i) {
			continue
		}
		if err := a.add(g, r.at(i)); err != nil {
			return err
		}
	}
	return nil
}

func (a *intSum[T, S]) Partial(groups []uint32) ([]vec.Col, error) {
	out := []vec.Col{gatherSeen(a.t, a.sum, a.seen, groups)}
	if a.try {
		out = append(out, gather(types.BooleanType, a.over, groups))
	}
	return out, nil
}

func (a *intSum[T, S]) Final(groups []uint32) (vec.Col, error) {
	c := gatherSeen(a.t, a.sum, a.seen, groups)
	for i, g := range groups {
		if at(a.over, g) {
			c.Valid = vec.SetNull(c.Valid, len(groups), i)
		}
	}
	return c, nil
}

func (a *intSum[T, S]) Free(groups []uint32) {
	reset(a.sum, groups)
	reset(a.seen, groups)
	reset(a.over, groups)
}

func (a *intSum[T, S]) Bytes() int64 { return int64(cap(a.sum)*8 + cap(a.seen) + cap(a.over)) }

// floatSum adds FLOAT or DOUBLE into DOUBLE, in the order of the rows.
type floatSum[T float] struct {
	sum  []float64
	seen []bool
}

func (a *floatSum[T]) grow(n int) { a.sum, a.seen = grow(a.sum, n), grow(a.seen, n) }

func (a *floatSum[T]) Update(groups []uint32, args []vec.Col, sel []uint32) error {
	valid, never := bothValid(args, len(groups))
	if never {
		return nil
	}
	a.grow(groupCount(groups, sel))
	r, sum, seen := read[T](&args[0]), a.sum, a.seen
	if valid == nil && sel == nil && args[0].Enc == vec.Flat {
		v := r.v[:len(groups)]
		for i, g := range groups {
			sum[g] += float64(v[i])
			seen[g] = true
		}
		return nil
	}
	for i := range live(len(groups), sel, valid) {
		sum[groups[i]] += float64(r.at(i))
		seen[groups[i]] = true
	}
	return nil
}

func (a *floatSum[T]) Merge(groups []uint32, partial []vec.Col) error {
	a.grow(groupCount(groups, nil))
	r := read[float64](&partial[0])
	for i, g := range groups {
		if !partial[0].IsNull(i) {
			a.sum[g] += r.at(i)
			a.seen[g] = true
		}
	}
	return nil
}

func (a *floatSum[T]) Partial(groups []uint32) ([]vec.Col, error) {
	c, err := a.Final(groups)
	return []vec.Col{c}, err
}

func (a *floatSum[T]) Final(groups []uint32) (vec.Col, error) {
	return gatherSeen(types.DoubleType, a.sum, a.seen, groups), nil
}

func (a *floatSum[T]) Free(groups []uint32) { reset(a.sum, groups); reset(a.seen, groups) }
func (a *floatSum[T]) Bytes() int64         { return int64(cap(a.sum)*8 + cap(a.seen)) }
