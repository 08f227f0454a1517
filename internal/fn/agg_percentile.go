package fn

import (
	"math"
	"slices"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// bindPercentile takes a constant percentage, or for median one half.
func bindPercentile(median bool) func(name string) func([]Arg) (BoundAggregate, error) {
	return func(name string) func([]Arg) (BoundAggregate, error) {
		return func(args []Arg) (BoundAggregate, error) {
			params := []param{double, double}
			if median {
				params = params[:1]
			}
			ts, err := resolve(name, args, len(params), params...)
			if err != nil {
				return BoundAggregate{}, err
			}
			p := 0.5
			if !median {
				if p, err = constDouble(args[1]); err != nil {
					return BoundAggregate{}, err
				}
			}
			d := types.DoubleType
			return BoundAggregate{Params: ts, Result: d, Nullable: true, Partial: []types.Type{types.ArrayOf(d, false)}, Version: 1,
				New: func(*Context) Accumulator { return &percentileAcc{collectAcc: newCollect(d, false), p: p} }}, nil
		}
	}
}

// constDouble is a constant argument between 0 and 1.
func constDouble(a Arg) (float64, error) {
	bad := errs.New("DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE", "the percentage must be a constant between 0.0 and 1.0").State("42K09")
	if a.Const == nil {
		return 0, bad
	}
	k := castOf(a.Type, types.DoubleType, true)
	if k == nil {
		return 0, bad
	}
	v, err := k(&Context{}, []vec.Col{*a.Const}, 1, nil)
	if err != nil || v.IsNull(0) {
		return 0, bad
	}
	p := vec.Get[float64](&v, 0)
	if !(p >= 0 && p <= 1) {
		return 0, bad
	}
	return p, nil
}

// percentileAcc keeps all values. Spark: Percentile.
type percentileAcc struct {
	*collectAcc
	p float64
}

func (a *percentileAcc) Update(groups []uint32, args []vec.Col, sel []uint32) error {
	return a.collectAcc.Update(groups, args[:1], sel)
}

func (a *percentileAcc) Final(groups []uint32) (vec.Col, error) {
	lists, err := a.collectAcc.Final(groups)
	if err != nil {
		return lists, err
	}
	return rowLoop(types.DoubleType, len(groups), nil, nil, func(i int) (float64, error) {
		kids, lo, hi := lists.List(i)
		if lo == hi {
			return 0, errNull
		}
		v := slices.Clone(vec.Values[float64](&kids[0])[lo:hi])
		slices.SortFunc(v, compareNum[float64])
		at := a.p * float64(len(v)-1)
		low, high := int(math.Floor(at)), int(math.Ceil(at))
		if low == high || v[low] == v[high] {
			return v[low], nil
		}
		return (float64(high)-at)*v[low] + (at-float64(low))*v[high], nil
	})
}
