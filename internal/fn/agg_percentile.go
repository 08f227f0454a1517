package fn

import (
	"math"
	"slices"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

func percentileFuncs() []Aggregate {
	cont := aggregate("percentile_cont(p)", "The percentile of the values that WITHIN GROUP (ORDER BY …) names, interpolated.", needsWithin)
	cont.WithinGroup, cont.BindWithin = OrderedValue, bindPercentileWithin("percentile_cont", false)
	disc := aggregate("percentile_disc(p)", "The first value at or after that share of the rows of WITHIN GROUP (ORDER BY …).", needsWithin)
	disc.WithinGroup, disc.BindWithin = OrderedValue, bindPercentileWithin("percentile_disc", true)
	return []Aggregate{
		{Name: "median", Group: "agg", Usage: "median(a)", Doc: "The median, interpolated.", Bind: bindMedian},
		{Name: "percentile", Group: "agg", Usage: "percentile(a, p[, frequency])",
			Doc: "The exact percentile, interpolated; p between 0 and 1, or an array of them.", Bind: bindPercentile},
		cont, disc,
	}
}

// needsWithin is the Bind of a function that takes its values from WITHIN GROUP only.
func needsWithin(name string) func([]Arg) (BoundAggregate, error) {
	return func([]Arg) (BoundAggregate, error) { return BoundAggregate{}, withinMissing(name) }
}

func withinMissing(name string) error {
	return errs.New("INVALID_WITHIN_GROUP_EXPRESSION.WITHIN_GROUP_MISSING", "%s needs WITHIN GROUP (ORDER BY …)", name).State("42K0K").
		WithHint("write %s(…) WITHIN GROUP (ORDER BY value)", name)
}

// quantity accepts numbers and intervals; numbers are read as DOUBLE.
func quantity(a Arg) (types.Type, string) {
	switch {
	case a.Type.Kind == types.DayTime, a.Type.Kind == types.YearMonth:
		return a.Type, ""
	}
	if _, required := numeric(a); required == "" {
		return types.DoubleType, ""
	}
	return types.Type{}, `("NUMERIC" or "INTERVAL DAY TO SECOND" or "INTERVAL YEAR TO MONTH")`
}

func bindMedian(args []Arg) (BoundAggregate, error) {
	ts, err := resolve("median", args, 1, quantity)
	if err != nil {
		return BoundAggregate{}, err
	}
	return percentiles(ts, percentileAcc{ps: []float64{0.5}}), nil
}

func bindPercentile(args []Arg) (BoundAggregate, error) {
	ts, err := resolve("percentile", args, 2, quantity, percentParam, integer64)
	if err != nil {
		return BoundAggregate{}, err
	}
	ps, many, err := constPercents("percentile", args[1])
	if err != nil {
		return BoundAggregate{}, err
	}
	return percentiles(ts, percentileAcc{ps: ps, many: many, weighted: len(args) == 3}), nil
}

func bindPercentileWithin(name string, discrete bool) func(args []Arg, desc bool) (BoundAggregate, error) {
	return func(args []Arg, desc bool) (BoundAggregate, error) {
		if err := checkArity(name, args[1:], 1, 1); err != nil {
			return BoundAggregate{}, err
		}
		ts, err := resolve(name, args, 2, quantity, percentParam)
		if err != nil {
			return BoundAggregate{}, err
		}
		ps, many, err := constPercents(name, args[1])
		if err != nil {
			return BoundAggregate{}, err
		}
		return percentiles(ts, percentileAcc{ps: ps, many: many, discrete: discrete, desc: desc}), nil
	}
}

func percentiles(params []types.Type, of percentileAcc) BoundAggregate {
	of.elem = params[0]
	result := of.elem
	if of.many {
		result = types.ArrayOf(of.elem, false)
	}
	return BoundAggregate{Params: params, Result: result, Nullable: true, Version: 2,
		Partial: []types.Type{types.ArrayOf(types.DoubleType, false), types.ArrayOf(types.LongType, false)},
		New:     func(*Context) Accumulator { acc := of; return &acc }}
}

// percentileAcc keeps all values, as Spark's Percentile does.
type percentileAcc struct {
	elem           types.Type // DOUBLE or an interval
	ps             []float64
	many           bool // the result is an array
	weighted       bool // the third argument says how often a value counts
	discrete, desc bool
	groups         []weights
	bytes          int64
}

// weights are values and how often each counts; no times: once.
type weights struct {
	vals  []float64
	times []int64
}

func (a *percentileAcc) add(g uint32, v float64, times int64) {
	w := &a.groups[g]
	w.vals = append(w.vals, v)
	if a.weighted {
		w.times = append(w.times, times)
		a.bytes += 8
	}
	a.bytes += 8
}

func (a *percentileAcc) Update(groups []uint32, args []vec.Col, sel []uint32) error {
	valid, never := bothValid(args[:1], len(groups))
	if never {
		return nil
	}
	a.groups = grow(a.groups, groupCount(groups, sel))
	at := numberOf(&args[0])
	for i := range live(len(groups), sel, valid) {
		times := int64(1)
		if a.weighted {
			if args[2].IsNull(i) {
				continue
			}
			if times = vec.Get[int64](&args[2], i); times < 0 {
				return &RowError{Row: i, Err: errs.New("NEGATIVE_VALUES_IN_FREQUENCY_EXPRESSION",
					"the frequency of percentile must not be negative, but it is %d", times).State("22003")}
			} else if times == 0 {
				continue
			}
		}
		a.add(groups[i], at(i), times)
	}
	return nil
}

func (a *percentileAcc) Merge(groups []uint32, partial []vec.Col) error {
	a.groups = grow(a.groups, groupCount(groups, nil))
	for i, g := range groups {
		kids, lo, hi := partial[0].List(i)
		counts, from, to := partial[1].List(i)
		for k := lo; k < hi; k++ {
			times := int64(1)
			if to > from {
				times = vec.Get[int64](&counts[0], from+k-lo)
			}
			a.add(g, vec.Get[float64](&kids[0], k), times)
		}
	}
	return nil
}

func (a *percentileAcc) Partial(groups []uint32) ([]vec.Col, error) {
	vals, times := vec.NewColBuilder(types.ArrayOf(types.DoubleType, false)), vec.NewColBuilder(types.ArrayOf(types.LongType, false))
	for _, g := range groups {
		w := at(a.groups, g)
		appendAll(vals, w.vals)
		appendAll(times, w.times)
	}
	return []vec.Col{vals.Finish(), times.Finish()}, nil
}

// appendAll appends an array of values.
func appendAll[T vec.Fixed](b *vec.ColBuilder, list []T) {
	for _, v := range list {
		vec.Append(b.Child(0), v)
	}
	b.EndList()
}

func (a *percentileAcc) Final(groups []uint32) (vec.Col, error) {
	return quantiles(a.elem, a.many, a.ps, groups, func(g uint32) func(p float64) float64 {
		w := at(a.groups, g)
		if len(w.vals) == 0 {
			return nil
		}
		w = w.sorted(a.desc)
		total := int64(len(w.vals))
		if w.times != nil { // cumulate
			total = 0
			for i := range w.times {
				total += w.times[i]
				w.times[i] = total
			}
		}
		if a.discrete {
			return func(p float64) float64 { return w.at(max(0, int64(math.Ceil(p*float64(total)))-1)) }
		}
		return func(p float64) float64 {
			pos := p * float64(total-1)
			low, high := math.Floor(pos), math.Ceil(pos)
			x, y := w.at(int64(low)), w.at(int64(high))
			if low == high || x == y {
				return x
			}
			return (high-pos)*x + (pos-low)*y
		}
	})
}

// sorted is a sorted copy.
func (w weights) sorted(desc bool) weights {
	order := make([]int, len(w.vals))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(x, y int) int {
		if desc {
			x, y = y, x
		}
		return compareNum(w.vals[x], w.vals[y])
	})
	out := weights{vals: make([]float64, len(order))}
	if w.times != nil {
		out.times = make([]int64, len(order))
	}
	for i, o := range order {
		out.vals[i] = w.vals[o]
		if w.times != nil {
			out.times[i] = w.times[o]
		}
	}
	return out
}

// at is the value at a position of sorted values, whose times are cumulated.
func (w weights) at(pos int64) float64 {
	if w.times == nil {
		return w.vals[pos]
	}
	i, _ := slices.BinarySearch(w.times, pos+1)
	return w.vals[i]
}

// quantiles makes a column of values of elem, or of arrays of them, that of gives for each percentage;
// where it gives no function, the row is NULL.
func quantiles(elem types.Type, many bool, ps []float64, groups []uint32, of func(g uint32) func(p float64) float64) (vec.Col, error) {
	t := elem
	if many {
		t = types.ArrayOf(elem, false)
	}
	b := vec.NewColBuilder(t)
	for _, g := range groups {
		f := of(g)
		switch {
		case f == nil || many && len(ps) == 0:
			b.AppendNull()
		case many:
			for _, p := range ps {
				appendNumber(b.Child(0), f(p))
			}
			b.EndList()
		default:
			appendNumber(b, f(ps[0]))
		}
	}
	return b.Finish(), nil
}

func (a *percentileAcc) Free(groups []uint32) {
	for _, g := range groups {
		w := at(a.groups, g)
		a.bytes -= 8 * int64(len(w.vals)+len(w.times))
	}
	reset(a.groups, groups)
}

func (a *percentileAcc) Bytes() int64 { return a.bytes + int64(cap(a.groups))*48 }
