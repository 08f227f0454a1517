package fn

import (
	"math"

	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

func momentFuncs() []Aggregate {
	entry := func(usage, doc string, sample, root bool, aliases ...string) Aggregate {
		return aggregate(usage, doc, func(name string) func([]Arg) (BoundAggregate, error) {
			return func(args []Arg) (BoundAggregate, error) {
				ts, err := resolve(name, args, 1, double)
				d := types.DoubleType
				return BoundAggregate{Params: ts, Result: d, Nullable: true, Partial: []types.Type{d, d, d}, Version: 1,
					New: func(*Context) Accumulator { return &momentAcc{sample: sample, root: root} }}, err
			}
		}, aliases...)
	}
	return []Aggregate{
		entry("stddev_samp(a)", "The sample standard deviation.", true, true, "stddev", "std"),
		entry("stddev_pop(a)", "The population standard deviation.", false, true),
		entry("var_samp(a)", "The sample variance.", true, false, "variance"),
		entry("var_pop(a)", "The population variance.", false, false),
	}
}

// momentAcc keeps count, mean and the sum of squared deviations. Spark: CentralMomentAgg.
type momentAcc struct {
	sample, root bool
	n, avg, m2   []float64
}

func (a *momentAcc) grow(n int) { a.n, a.avg, a.m2 = grow(a.n, n), grow(a.avg, n), grow(a.m2, n) }

func (a *momentAcc) Update(groups []uint32, args []vec.Col, sel []uint32) error {
	valid, never := bothValid(args, len(groups))
	if never {
		return nil
	}
	a.grow(groupCount(groups, sel))
	r := read[float64](&args[0])
	for i := range live(len(groups), sel, valid) {
		g, v := groups[i], r.at(i)
		a.n[g]++
		d := v - a.avg[g]
		step := d / a.n[g]
		a.avg[g] += step
		a.m2[g] += d * (d - step)
	}
	return nil
}

func (a *momentAcc) Merge(groups []uint32, partial []vec.Col) error {
	a.grow(groupCount(groups, nil))
	rn, ra, rm := read[float64](&partial[0]), read[float64](&partial[1]), read[float64](&partial[2])
	for i, g := range groups {
		n1, n2 := a.n[g], rn.at(i)
		n := n1 + n2
		if n == 0 {
			continue
		}
		d := ra.at(i) - a.avg[g]
		step := d / n
		a.n[g] = n
		a.avg[g] += step * n2
		a.m2[g] += rm.at(i) + d*step*n1*n2
	}
	return nil
}

func (a *momentAcc) Partial(groups []uint32) ([]vec.Col, error) {
	d := types.DoubleType
	return []vec.Col{gather(d, a.n, groups), gather(d, a.avg, groups), gather(d, a.m2, groups)}, nil
}

func (a *momentAcc) Final(groups []uint32) (vec.Col, error) {
	return rowLoop(types.DoubleType, len(groups), nil, nil, func(i int) (float64, error) {
		n := at(a.n, groups[i])
		if a.sample {
			n--
		}
		if n <= 0 {
			return 0, errNull
		}
		v := at(a.m2, groups[i]) / n
		if a.root {
			v = math.Sqrt(v)
		}
		return v, nil
	})
}

func (a *momentAcc) Free(groups []uint32) {
	reset(a.n, groups)
	reset(a.avg, groups)
	reset(a.m2, groups)
}

func (a *momentAcc) Bytes() int64 { return int64(cap(a.n)+cap(a.avg)+cap(a.m2)) * 8 }
