package fn

import (
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

func bitAggFuncs() []Aggregate {
	return []Aggregate{
		aggregate("bit_and(a)", "The bitwise AND of the values that are not NULL.", bindBitAgg(foldAnd)),
		aggregate("bit_or(a)", "The bitwise OR of the values that are not NULL.", bindBitAgg(foldOr)),
		aggregate("bit_xor(a)", "The bitwise exclusive OR of the values that are not NULL.", bindBitAgg(foldXor)),
	}
}

type bitFold uint8

const (
	foldAnd bitFold = iota
	foldOr
	foldXor
)

func bindBitAgg(op bitFold) func(name string) func([]Arg) (BoundAggregate, error) {
	return func(name string) func([]Arg) (BoundAggregate, error) {
		return func(args []Arg) (BoundAggregate, error) {
			ts, err := resolve(name, args, 1, integral)
			if err != nil {
				return BoundAggregate{}, err
			}
			t := ts[0]
			b := BoundAggregate{Params: ts, Result: t, Nullable: true, Partial: ts, Version: 1}
			switch t.Kind {
			case types.Byte:
				b.New = func(*Context) Accumulator { return &bitAcc[int8]{t: t, op: op} }
			case types.Short:
				b.New = func(*Context) Accumulator { return &bitAcc[int16]{t: t, op: op} }
			case types.Int:
				b.New = func(*Context) Accumulator { return &bitAcc[int32]{t: t, op: op} }
			default:
				b.New = func(*Context) Accumulator { return &bitAcc[int64]{t: t, op: op} }
			}
			return b, nil
		}
	}
}

// integral accepts integers; a string is read as a BIGINT.
func integral(a Arg) (types.Type, string) {
	switch {
	case a.Type.IsIntegral():
		return a.Type, ""
	case a.Type.Kind == types.String, a.Type.Kind == types.Null:
		return types.LongType, ""
	}
	return types.Type{}, `"INTEGRAL"`
}

// bitAcc combines integers bit by bit.
type bitAcc[T integer] struct {
	t    types.Type
	op   bitFold
	v    []T
	seen []bool
}

func (a *bitAcc[T]) Update(groups []uint32, args []vec.Col, sel []uint32) error {
	valid, never := bothValid(args, len(groups))
	if never {
		return nil
	}
	n := groupCount(groups, sel)
	a.v, a.seen = grow(a.v, n), grow(a.seen, n)
	r := read[T](&args[0])
	for i := range live(len(groups), sel, valid) {
		g, x := groups[i], r.at(i)
		switch {
		case !a.seen[g]:
			a.v[g], a.seen[g] = x, true
		case a.op == foldAnd:
			a.v[g] &= x
		case a.op == foldOr:
			a.v[g] |= x
		default:
			a.v[g] ^= x
		}
	}
	return nil
}

func (a *bitAcc[T]) Merge(groups []uint32, partial []vec.Col) error {
	return a.Update(groups, partial, nil)
}

func (a *bitAcc[T]) Partial(groups []uint32) ([]vec.Col, error) {
	c, err := a.Final(groups)
	return []vec.Col{c}, err
}

func (a *bitAcc[T]) Final(groups []uint32) (vec.Col, error) {
	return gatherSeen(a.t, a.v, a.seen, groups), nil
}

func (a *bitAcc[T]) Free(groups []uint32) { reset(a.v, groups); reset(a.seen, groups) }
func (a *bitAcc[T]) Bytes() int64         { return int64(cap(a.v)*vec.Width(a.t) + cap(a.seen)) }
