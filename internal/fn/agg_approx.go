package fn

import (
	"encoding/binary"
	"math"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

func approxFuncs() []Aggregate {
	return []Aggregate{
		aggregate("approx_percentile(a, p[, accuracy])", "A value of the column at about that share of the rows; the error is at most 1/accuracy (10000).",
			bindApproxPercentile, "percentile_approx"),
	}
}

func bindApproxPercentile(name string) func([]Arg) (BoundAggregate, error) {
	return func(args []Arg) (BoundAggregate, error) {
		ts, err := resolve(name, args, 2, anyQuantity, percentParam, integer64)
		if err != nil {
			return BoundAggregate{}, err
		}
		accuracy := int64(10000)
		if len(args) == 3 {
			v, null, err := constLong(name, "accuracy", args[2])
			if err != nil {
				return BoundAggregate{}, err
			}
			if null || v <= 0 || v > math.MaxInt32 {
				return BoundAggregate{}, notInRange(name, "accuracy", "between 1 and 2147483647")
			}
			accuracy = v
		}
		ps, many, err := constPercents(name, args[1])
		if err != nil {
			return BoundAggregate{}, err
		}
		result := ts[0]
		if many {
			result = types.ArrayOf(ts[0], false)
		}
		return BoundAggregate{Params: ts, Result: result, Nullable: true, Version: 1, Partial: []types.Type{types.BinaryType},
			OrderSensitive: true, // which of the values within the error it is
			New: func(*Context) Accumulator {
				return &approxAcc{elem: ts[0], ps: ps, many: many, eps: 1 / float64(accuracy)}
			}}, nil
	}
}

// anyQuantity accepts numbers, times and intervals as they are.
func anyQuantity(a Arg) (types.Type, string) {
	if a.Type.IsTime() || a.Type.Kind == types.DayTime || a.Type.Kind == types.YearMonth {
		return a.Type, ""
	}
	if t, required := numeric(a); required == "" {
		return t, ""
	}
	return types.Type{}, `("NUMERIC" or "DATE" or "TIMESTAMP" or "TIMESTAMP_NTZ" or "INTERVAL")`
}

// approxAcc keeps a summary of Greenwald and Khanna for each group, with the sizes of its buffers as
// in Spark, so that the answers are the same.
type approxAcc struct {
	elem types.Type
	ps   []float64
	many bool
	eps  float64
	sums []*summary
}

func (a *approxAcc) of(g uint32) *summary {
	a.sums = grow(a.sums, int(g)+1)
	if a.sums[g] == nil {
		a.sums[g] = &summary{eps: a.eps}
	}
	return a.sums[g]
}

func (a *approxAcc) Update(groups []uint32, args []vec.Col, sel []uint32) error {
	valid, never := bothValid(args[:1], len(groups))
	if never {
		return nil
	}
	at := numberOf(&args[0])
	for i := range live(len(groups), sel, valid) {
		a.of(groups[i]).insert(at(i))
	}
	return nil
}

func (a *approxAcc) Merge(groups []uint32, partial []vec.Col) error {
	for i, g := range groups {
		b := partial[0].Bytes(i)
		if len(b) == 0 {
			continue
		}
		s, ok := decodeSummary(b, a.eps)
		if !ok {
			return errs.New("INTERNAL_ERROR", "a summary of percentiles is damaged")
		}
		a.of(g).merge(s)
	}
	return nil
}

func (a *approxAcc) Partial(groups []uint32) ([]vec.Col, error) {
	b := vec.NewColBuilder(types.BinaryType)
	for _, g := range groups {
		if s := at(a.sums, g); s != nil {
			b.AppendBytes(s.encode())
		} else {
			b.AppendBytes(nil)
		}
	}
	return []vec.Col{b.Finish()}, nil
}

func (a *approxAcc) Final(groups []uint32) (vec.Col, error) {
	return quantiles(a.elem, a.many, a.ps, groups, func(g uint32) func(p float64) float64 {
		s := at(a.sums, g)
		if s == nil {
			return nil
		}
		s.compress()
		return s.query
	})
}

func (a *approxAcc) Free(groups []uint32) { reset(a.sums, groups) }

func (a *approxAcc) Bytes() int64 {
	n := int64(8 * cap(a.sums))
	for _, s := range a.sums {
		if s != nil {
			n += int64(80 + 24*cap(s.tuples) + 8*cap(s.head))
		}
	}
	return n
}

// encode is the count, then value, g and delta of each tuple, little-endian.
func (s *summary) encode() []byte {
	s.compress()
	b := make([]byte, 0, 8+24*len(s.tuples))
	b = binary.LittleEndian.AppendUint64(b, uint64(s.count))
	for _, t := range s.tuples {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(t.value))
		b = binary.LittleEndian.AppendUint64(b, uint64(t.g))
		b = binary.LittleEndian.AppendUint64(b, uint64(t.delta))
	}
	return b
}

func decodeSummary(b []byte, eps float64) (*summary, bool) {
	if len(b) < 8 || (len(b)-8)%24 != 0 {
		return nil, false
	}
	s := &summary{eps: eps, count: int64(binary.LittleEndian.Uint64(b)), compressed: true}
	for b = b[8:]; len(b) > 0; b = b[24:] {
		s.tuples = append(s.tuples, tuple{math.Float64frombits(binary.LittleEndian.Uint64(b)),
			int64(binary.LittleEndian.Uint64(b[8:])), int64(binary.LittleEndian.Uint64(b[16:]))})
	}
	return s, true
}
