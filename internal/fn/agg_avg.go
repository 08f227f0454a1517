package fn

import (
	"math/big"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

func bindAvg(try bool) func(name string) func([]Arg) (BoundAggregate, error) {
	return func(name string) func([]Arg) (BoundAggregate, error) {
		return func(args []Arg) (BoundAggregate, error) {
			ts, err := resolve(name, args, 1, sumParam)
			if err != nil {
				return BoundAggregate{}, err
			}
			return avgOf(ts, try), nil
		}
	}
}

func avgOf(ts []types.Type, try bool) BoundAggregate {
	t := ts[0]
	b := BoundAggregate{Params: ts, Result: types.DoubleType, Nullable: true, Version: 1,
		Partial: []types.Type{types.DoubleType, types.LongType}}
	switch t.Kind {
	case types.Byte:
		b.New = func(*Context) Accumulator { return &avgAcc[int8]{} }
	case types.Short:
		b.New = func(*Context) Accumulator { return &avgAcc[int16]{} }
	case types.Int:
		b.New = func(*Context) Accumulator { return &avgAcc[int32]{} }
	case types.Long:
		b.New = func(*Context) Accumulator { return &avgAcc[int64]{} }
	case types.Float:
		b.New = func(*Context) Accumulator { return &avgAcc[float32]{} }
	case types.Double:
		b.New = func(*Context) Accumulator { return &avgAcc[float64]{} }
	case types.Decimal: // Spark: Average.resultType and sumDataType
		p, s := int(t.Precision), int(t.Scale)
		sum := types.BoundedDecimal(p+10, s)
		b.Result = types.BoundedDecimal(p+4, s+4)
		b.Partial = []types.Type{sum, types.LongType}
		b.New = func(*Context) Accumulator { return &decimalSum{in: t, sum: sum, out: b.Result, avg: true, try: try} }
	case types.YearMonth:
		return intervalAvg[int32](b, types.YearMonthType, try)
	case types.DayTime:
		return intervalAvg[int64](b, types.DayTimeType, try)
	}
	return b
}

// avgAcc keeps a DOUBLE sum and a count.
type avgAcc[T integer | float] struct {
	sum []float64
	n   []int64
}

func (a *avgAcc[T]) grow(n int) { a.sum, a.n = grow(a.sum, n), grow(a.n, n) }

func (a *avgAcc[T]) Update(groups []uint32, args []vec.Col, sel []uint32) error {
	valid, never := bothValid(args, len(groups))
	if never {
		return nil
	}
	a.grow(groupCount(groups, sel))
	r, sum, n := read[T](&args[0]), a.sum, a.n
	if valid == nil && sel == nil && args[0].Enc == vec.Flat {
		v := r.v[:len(groups)]
		for i, g := range groups {
			sum[g] += float64(v[i])
			n[g]++
		}
		return nil
	}
	for i := range live(len(groups), sel, valid) {
		sum[groups[i]] += float64(r.at(i))
		n[groups[i]]++
	}
	return nil
}

func (a *avgAcc[T]) Merge(groups []uint32, partial []vec.Col) error {
	a.grow(groupCount(groups, nil))
	s, n := read[float64](&partial[0]), read[int64](&partial[1])
	for i, g := range groups {
		a.sum[g] += s.at(i)
		a.n[g] += n.at(i)
	}
	return nil
}

func (a *avgAcc[T]) Partial(groups []uint32) ([]vec.Col, error) {
	return []vec.Col{gather(types.DoubleType, a.sum, groups), gather(types.LongType, a.n, groups)}, nil
}

func (a *avgAcc[T]) Final(groups []uint32) (vec.Col, error) {
	out := make([]float64, len(groups))
	var valid []byte
	for i, g := range groups {
		n := at(a.n, g)
		if n == 0 {
			valid = vec.SetNull(valid, len(groups), i)
			continue
		}
		out[i] = a.sum[g] / float64(n)
	}
	return vec.FlatOf(types.DoubleType, out, valid), nil
}

func (a *avgAcc[T]) Free(groups []uint32) { reset(a.sum, groups); reset(a.n, groups) }
func (a *avgAcc[T]) Bytes() int64         { return int64(cap(a.sum)+cap(a.n)) * 8 }

// decimalSum is sum and avg over DECIMAL: a sum in its wider type, and a count.
type decimalSum struct {
	in, sum, out types.Type
	avg, try     bool
	v            []num
	n            []int64
}

func (a *decimalSum) grow(n int) { a.v, a.n = grow(a.v, n), grow(a.n, n) }

func (a *decimalSum) Update(groups []uint32, args []vec.Col, sel []uint32) error {
	valid, never := bothValid(args, len(groups))
	if never {
		return nil
	}
	a.grow(groupCount(groups, sel))
	r := read[num](&args[0])
	for i := range live(len(groups), sel, valid) {
		g := groups[i]
		a.v[g] = a.v[g].Add(r.at(i))
		a.n[g]++
	}
	return nil
}

func (a *decimalSum) Merge(groups []uint32, partial []vec.Col) error {
	a.grow(groupCount(groups, nil))
	v, n := read[num](&partial[0]), read[int64](&partial[1])
	for i, g := range groups {
		if !partial[0].IsNull(i) {
			a.v[g] = a.v[g].Add(v.at(i))
			a.n[g] += n.at(i)
		}
	}
	return nil
}

func (a *decimalSum) Partial(groups []uint32) ([]vec.Col, error) {
	return []vec.Col{gather(a.sum, a.v, groups), gather(types.LongType, a.n, groups)}, nil
}

func (a *decimalSum) Final(groups []uint32) (vec.Col, error) {
	return rowLoop(a.out, len(groups), nil, nil, func(i int) (num, error) {
		g := groups[i]
		n := at(a.n, g)
		if n == 0 {
			return num{}, errNull
		}
		v := a.v[g].BigInt()
		if a.avg {
			v = v.Mul(v, pow10(int(a.out.Scale)-int(a.sum.Scale)))
			v = divHalfUp(v, big.NewInt(n))
		}
		d, ok := fitDecimal(v, a.out.Precision)
		switch {
		case ok:
			return d, nil
		case a.try:
			return num{}, errNull
		}
		return num{}, errs.New("ARITHMETIC_OVERFLOW", "overflow in the sum of decimals").State("22003").
			WithHint("use try_sum to get NULL instead")
	})
}

func (a *decimalSum) Free(groups []uint32) { reset(a.v, groups); reset(a.n, groups) }
func (a *decimalSum) Bytes() int64         { return int64(cap(a.v)*16 + cap(a.n)*8) }
