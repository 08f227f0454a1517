package fn

import (
	"math"

	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// centralMoment makes a function of the central moments of one DOUBLE argument, up to order 2 or 4.
func centralMoment(usage, doc string, order int, result func(n float64, m [5]float64) (float64, bool), aliases ...string) Aggregate {
	return aggregate(usage, doc, func(name string) func([]Arg) (BoundAggregate, error) {
		return func(args []Arg) (BoundAggregate, error) {
			ts, err := resolve(name, args, 1, double)
			b := BoundAggregate{Params: ts, Result: types.DoubleType, Nullable: true, Version: 1,
				New: func(*Context) Accumulator { return &momentAcc{order: order, result: result} }}
			for range order + 1 { // the count, the mean, and the moments from the second on
				b.Partial = append(b.Partial, types.DoubleType)
			}
			return b, err
		}
	}, aliases...)
}

func momentFuncs() []Aggregate {
	return []Aggregate{
		centralMoment("stddev_samp(a)", "The sample standard deviation.", 2, variance(true, true), "stddev", "std"),
		centralMoment("stddev_pop(a)", "The population standard deviation.", 2, variance(false, true)),
		centralMoment("var_samp(a)", "The sample variance.", 2, variance(true, false), "variance"),
		centralMoment("var_pop(a)", "The population variance.", 2, variance(false, false)),
		centralMoment("skewness(a)", "The skewness: the third central moment over the third power of the deviation.", 4, skewness),
		centralMoment("kurtosis(a)", "The excess kurtosis: 0 for a normal distribution.", 4, kurtosis),
	}
}

func variance(sample, root bool) func(n float64, m [5]float64) (float64, bool) {
	return func(n float64, m [5]float64) (float64, bool) {
		if sample {
			n--
		}
		if n <= 0 {
			return 0, false
		}
		v := m[2] / n
		if root {
			v = math.Sqrt(v)
		}
		return v, true
	}
}

func skewness(n float64, m [5]float64) (float64, bool) {
	if n == 0 || m[2] == 0 {
		return 0, false
	}
	return math.Sqrt(n) * m[3] / math.Sqrt(m[2]*m[2]*m[2]), true
}

func kurtosis(n float64, m [5]float64) (float64, bool) {
	if n == 0 || m[2] == 0 {
		return 0, false
	}
	return n*m[4]/(m[2]*m[2]) - 3, true
}

// momentAcc keeps the count, the mean and the sums of the powers of deviations from it, as Spark's
// CentralMomentAgg does. A group's state is m[g]: 0 the count, 1 the mean, k the k-th power.
type momentAcc struct {
	order  int // the highest power kept: 2 or 4
	result func(n float64, m [5]float64) (float64, bool)
	m      [][5]float64
}

func (a *momentAcc) Update(groups []uint32, args []vec.Col, sel []uint32) error {
	valid, never := bothValid(args, len(groups))
	if never {
		return nil
	}
	a.m = grow(a.m, groupCount(groups, sel))
	r := read[float64](&args[0])
	for i := range live(len(groups), sel, valid) {
		a.add(&a.m[groups[i]], r.at(i))
	}
	return nil
}

func (a *momentAcc) add(m *[5]float64, v float64) {
	m[0]++
	d := v - m[1]
	step := d / m[0]
	m[1] += step
	m[2] += d * (d - step)
	if a.order < 4 {
		return
	}
	d2, step2 := d*d, step*step
	m[3] = m[3] - 3*step*m[2] + d*(d2-step2)
	m[4] = m[4] - 4*step*m[3] - 6*step2*m[2] + d*(d*d2-step*step2)
}

func (a *momentAcc) Merge(groups []uint32, partial []vec.Col) error {
	a.m = grow(a.m, groupCount(groups, nil))
	in := make([]reader[float64], len(partial))
	for k := range partial {
		in[k] = read[float64](&partial[k])
	}
	for i, g := range groups {
		var r [5]float64
		for k := range in {
			r[k] = in[k].at(i)
		}
		mergeMoments(&a.m[g], r, a.order)
	}
	return nil
}

// mergeMoments adds the moments r to l: the formulas of Pébay (2008), in Spark's order of operations.
func mergeMoments(l *[5]float64, r [5]float64, order int) {
	n1, n2 := l[0], r[0]
	n := n1 + n2
	switch {
	case n2 == 0:
		return
	case n1 == 0: // bit by bit: a state that was saved comes back as it was
		*l = r
		return
	}
	d := r[1] - l[1]
	step := d / n
	old := *l
	l[0] = n
	l[1] += step * n2
	l[2] = old[2] + r[2] + d*step*n1*n2
	if order < 4 {
		return
	}
	l[3] = old[3] + r[3] + step*step*d*n1*n2*(n1-n2) + 3*step*(n1*r[2]-n2*old[2])
	l[4] = old[4] + r[4] + step*step*step*d*n1*n2*(n1*n1-n1*n2+n2*n2) +
		step*step*6*(n1*n1*r[2]+n2*n2*old[2]) + 4*step*(n1*r[3]-n2*old[3])
}

func (a *momentAcc) Partial(groups []uint32) ([]vec.Col, error) {
	out := make([]vec.Col, a.order+1)
	for k := range out {
		v := make([]float64, len(groups))
		for i, g := range groups {
			v[i] = at(a.m, g)[k]
		}
		out[k] = vec.FlatOf(types.DoubleType, v, nil)
	}
	return out, nil
}

func (a *momentAcc) Final(groups []uint32) (vec.Col, error) {
	return rowLoop(types.DoubleType, len(groups), nil, nil, func(i int) (float64, error) {
		m := at(a.m, groups[i])
		v, ok := a.result(m[0], m)
		if !ok {
			return 0, errNull
		}
		return v, nil
	})
}

func (a *momentAcc) Free(groups []uint32) { reset(a.m, groups) }
func (a *momentAcc) Bytes() int64         { return int64(cap(a.m)) * 40 }
