package fn

import (
	"math"

	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// pairs are the moments of the rows in which neither of two values is NULL, as Spark's Covariance and
// PearsonCorrelation keep them.
type pairs struct {
	n, xAvg, yAvg, xy, xx, yy float64
}

// add counts a row. Spark has two formulas for the squares, which differ in the last digit: that of
// its correlation, and that of its variance, on which the regressions rest.
func (p *pairs) add(x, y float64, correlation bool) {
	p.n++
	dx, dy := x-p.xAvg, y-p.yAvg
	stepX, stepY := dx/p.n, dy/p.n
	p.xAvg += stepX
	p.yAvg += stepY
	p.xy += dx * (y - p.yAvg)
	if correlation {
		p.xx += dx * (x - p.xAvg)
		p.yy += dy * (y - p.yAvg)
	} else {
		p.xx += dx * (dx - stepX)
		p.yy += dy * (dy - stepY)
	}
}

func (p *pairs) merge(q pairs) {
	switch {
	case q.n == 0:
		return
	case p.n == 0:
		*p = q
		return
	}
	n1, n2 := p.n, q.n
	p.n += n2
	dx, dy := q.xAvg-p.xAvg, q.yAvg-p.yAvg
	dxN, dyN := dx/p.n, dy/p.n
	p.xAvg += dxN * n2
	p.yAvg += dyN * n2
	p.xy += q.xy + dx*dyN*n1*n2
	p.xx += q.xx + dx*dxN*n1*n2
	p.yy += q.yy + dy*dyN*n1*n2
}

// pair makes a function of two DOUBLE arguments, x and y, or with yFirst y and x.
func pair(usage, doc string, yFirst bool, result func(p pairs) (float64, bool)) Aggregate {
	return aggregate(usage, doc, func(name string) func([]Arg) (BoundAggregate, error) {
		return func(args []Arg) (BoundAggregate, error) {
			ts, err := resolve(name, args, 2, double, double)
			d := types.DoubleType
			return BoundAggregate{Params: ts, Result: d, Nullable: true, Partial: []types.Type{d, d, d, d, d, d}, Version: 1,
				New: func(*Context) Accumulator { return &pairAcc{yFirst: yFirst, name: name, result: result} }}, err
		}
	})
}

func pairFuncs() []Aggregate {
	return []Aggregate{
		pair("corr(a, b)", "Pearson's correlation of the rows in which neither is NULL.", false, correlation),
		pair("covar_pop(a, b)", "The population covariance.", false, func(p pairs) (float64, bool) { return p.xy / p.n, p.n > 0 }),
		pair("covar_samp(a, b)", "The sample covariance.", false, func(p pairs) (float64, bool) { return p.xy / (p.n - 1), p.n > 1 }),
		{Name: "regr_count", Group: "agg", Usage: "regr_count(y, x)", Doc: "The number of rows in which neither is NULL.", Bind: bindRegrCount},
		aggregate("regr_avgx(y, x)", "The mean of x over the rows in which neither is NULL.", bindRegrAvg(true)),
		aggregate("regr_avgy(y, x)", "The mean of y over the rows in which neither is NULL.", bindRegrAvg(false)),
		pair("regr_sxx(y, x)", "The sum of the squared deviations of x.", true, func(p pairs) (float64, bool) { return p.xx, p.n > 0 }),
		pair("regr_syy(y, x)", "The sum of the squared deviations of y.", true, func(p pairs) (float64, bool) { return p.yy, p.n > 0 }),
		pair("regr_sxy(y, x)", "The sum of the products of the deviations of x and y.", false, func(p pairs) (float64, bool) { return p.xy, p.n > 0 }),
		pair("regr_slope(y, x)", "The slope of the line fitted to the points.", true, func(p pairs) (float64, bool) { return p.xy / p.xx, p.n > 0 && p.xx != 0 }),
		pair("regr_intercept(y, x)", "Where the line fitted to the points has x = 0.", true,
			func(p pairs) (float64, bool) { return p.yAvg - p.xy/p.xx*p.xAvg, p.n > 0 && p.xx != 0 }),
		pair("regr_r2(y, x)", "The coefficient of determination of the fitted line.", false, regrR2),
	}
}

func correlation(p pairs) (float64, bool) {
	return p.xy / math.Sqrt(p.xx*p.yy), p.n > 1
}

// regrR2 has y as x, as in Spark, whose rounding depends on it.
func regrR2(p pairs) (float64, bool) {
	switch {
	case p.n == 0 || p.yy == 0:
		return 0, false
	case p.xx == 0:
		return 1, true
	}
	corr := p.xy / math.Sqrt(p.xx*p.yy)
	return corr * corr, true
}

func bindRegrCount(args []Arg) (BoundAggregate, error) {
	ts, err := resolve("regr_count", args, 2, double, double)
	b := countBound(false)
	b.Params = ts
	return b, err
}

// bindRegrAvg is avg of one of two arguments over the rows in which neither is NULL.
func bindRegrAvg(x bool) func(name string) func([]Arg) (BoundAggregate, error) {
	return func(name string) func([]Arg) (BoundAggregate, error) {
		return func(args []Arg) (BoundAggregate, error) {
			ts, err := resolve(name, args, 2, double, double)
			b := avgOf([]types.Type{types.DoubleType}, false)
			b.Params = ts
			b.New = func(*Context) Accumulator { return &regrAvg{x: x} }
			return b, err
		}
	}
}

type regrAvg struct {
	avgAcc[float64]
	x bool // of the second argument
}

func (a *regrAvg) Update(groups []uint32, args []vec.Col, sel []uint32) error {
	if a.x {
		args = []vec.Col{args[1], args[0]}
	}
	return a.avgAcc.Update(groups, args, sel)
}

// pairAcc keeps pairs for each group.
type pairAcc struct {
	yFirst bool
	name   string
	result func(p pairs) (float64, bool)
	p      []pairs
}

func (a *pairAcc) Update(groups []uint32, args []vec.Col, sel []uint32) error {
	valid, never := bothValid(args, len(groups))
	if never {
		return nil
	}
	a.p = grow(a.p, groupCount(groups, sel))
	x, y := read[float64](&args[0]), read[float64](&args[1])
	if a.yFirst {
		x, y = y, x
	}
	correlation := a.name == "corr" || a.name == "regr_r2"
	for i := range live(len(groups), sel, valid) {
		a.p[groups[i]].add(x.at(i), y.at(i), correlation)
	}
	return nil
}

func (a *pairAcc) Merge(groups []uint32, partial []vec.Col) error {
	a.p = grow(a.p, groupCount(groups, nil))
	var in [6]reader[float64]
	for k := range in {
		in[k] = read[float64](&partial[k])
	}
	for i, g := range groups {
		a.p[g].merge(pairs{in[0].at(i), in[1].at(i), in[2].at(i), in[3].at(i), in[4].at(i), in[5].at(i)})
	}
	return nil
}

func (a *pairAcc) Partial(groups []uint32) ([]vec.Col, error) {
	out := make([]vec.Col, 6)
	for k, part := range []func(p pairs) float64{
		func(p pairs) float64 { return p.n }, func(p pairs) float64 { return p.xAvg }, func(p pairs) float64 { return p.yAvg },
		func(p pairs) float64 { return p.xy }, func(p pairs) float64 { return p.xx }, func(p pairs) float64 { return p.yy },
	} {
		v := make([]float64, len(groups))
		for i, g := range groups {
			v[i] = part(at(a.p, g))
		}
		out[k] = vec.FlatOf(types.DoubleType, v, nil)
	}
	return out, nil
}

func (a *pairAcc) Final(groups []uint32) (vec.Col, error) {
	return rowLoop(types.DoubleType, len(groups), nil, nil, func(i int) (float64, error) {
		p := at(a.p, groups[i])
		v, ok := a.result(p)
		switch {
		case !ok:
			return 0, errNull
		case a.name == "corr" && p.n > 1 && p.xx*p.yy == 0: // of one value: Spark divides
			return 0, divideByZero()
		}
		return v, nil
	})
}

func (a *pairAcc) Free(groups []uint32) { reset(a.p, groups) }
func (a *pairAcc) Bytes() int64         { return int64(cap(a.p)) * 48 }
