package exec

import (
	"fmt"
	"strings"

	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// traceAcc is an aggregate for tests: it writes down every value of a group, in order, so
// that a row that is lost, doubled or moved shows. An empty group is NULL. It complains
// about the use of groups that were not freed before they were given out again only by
// showing their old values.
type traceAcc struct{ groups map[uint32][]string }

func (a *traceAcc) Update(groups []uint32, args []vec.Col, sel []uint32) error {
	for i := range vec.Each(len(groups), sel) {
		a.groups[groups[i]] = append(a.groups[groups[i]], fmt.Sprint(value(&args[0], i)))
	}
	return nil
}

func (a *traceAcc) Merge(groups []uint32, partial []vec.Col) error {
	for i, g := range groups {
		if !partial[0].IsNull(i) {
			a.groups[g] = append(a.groups[g], strings.Split(partial[0].Str(i), ",")...)
		}
	}
	return nil
}

func (a *traceAcc) Partial(groups []uint32) ([]vec.Col, error) {
	b := vec.NewColBuilder(types.StringType)
	for _, g := range groups {
		if len(a.groups[g]) == 0 {
			b.AppendNull()
		} else {
			b.AppendString(strings.Join(a.groups[g], ","))
		}
	}
	return []vec.Col{b.Finish()}, nil
}

func (a *traceAcc) Final(groups []uint32) (vec.Col, error) {
	cols, err := a.Partial(groups)
	return cols[0], err
}

func (a *traceAcc) Free(groups []uint32) {
	for _, g := range groups {
		delete(a.groups, g)
	}
}

func (a *traceAcc) Bytes() int64 { return int64(100 * len(a.groups)) }

// trace is an aggregate call trace(arg).
func trace(arg plan.Expr) *plan.Agg {
	return &plan.Agg{Name: "trace", Args: []plan.Expr{arg}, Fn: fn.BoundAggregate{
		Params: []types.Type{arg.Type()}, Result: types.StringType, Nullable: true, Partial: []types.Type{types.StringType}, Version: 1,
		New: func(*fn.Context) fn.Accumulator { return &traceAcc{map[uint32][]string{}} },
	}}
}

// countAcc is count(*).
type countAcc struct{ n []int64 }

func (a *countAcc) at(g uint32) *int64 {
	for int(g) >= len(a.n) {
		a.n = append(a.n, 0)
	}
	return &a.n[g]
}

func (a *countAcc) Update(groups []uint32, _ []vec.Col, sel []uint32) error {
	for i := range vec.Each(len(groups), sel) {
		*a.at(groups[i])++
	}
	return nil
}

func (a *countAcc) Merge(groups []uint32, partial []vec.Col) error {
	for i, g := range groups {
		*a.at(g) += vec.Get[int64](&partial[0], i)
	}
	return nil
}

func (a *countAcc) Partial(groups []uint32) ([]vec.Col, error) {
	c, err := a.Final(groups)
	return []vec.Col{c}, err
}

func (a *countAcc) Final(groups []uint32) (vec.Col, error) {
	out := make([]int64, len(groups))
	for i, g := range groups {
		out[i] = *a.at(g)
	}
	return vec.FlatOf(types.LongType, out, nil), nil
}

func (a *countAcc) Free(groups []uint32) {
	for _, g := range groups {
		*a.at(g) = 0
	}
}

func (a *countAcc) Bytes() int64 { return int64(8 * cap(a.n)) }

func countStar() *plan.Agg {
	return &plan.Agg{Name: "count", Fn: fn.BoundAggregate{Result: types.LongType, Partial: []types.Type{types.LongType}, Version: 1,
		New: func(*fn.Context) fn.Accumulator { return &countAcc{} }}}
}
