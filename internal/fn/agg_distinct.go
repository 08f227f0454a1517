package fn

import (
	_ "embed" // for the table of biases
	"encoding/binary"
	"math"
	"math/bits"
	"sort"
	"sync"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

func distinctFuncs() []Aggregate {
	return []Aggregate{aggregate("approx_count_distinct(a[, rsd])",
		"About how many distinct values there are; rsd is the relative standard deviation of the answer (0.05).", bindApproxDistinct)}
}

func bindApproxDistinct(name string) func([]Arg) (BoundAggregate, error) {
	return func(args []Arg) (BoundAggregate, error) {
		ts, err := resolve(name, args, 1, anyType, double)
		if err != nil {
			return BoundAggregate{}, err
		}
		rsd := 0.05
		if len(args) == 2 {
			c, err := constOf(name, "deviation", args[1], types.DoubleType)
			if err != nil {
				return BoundAggregate{}, err
			}
			if c.IsNull(0) {
				return BoundAggregate{}, errs.New("DATATYPE_MISMATCH.UNEXPECTED_NULL", "the deviation of %s must not be NULL", name).State("42K09")
			}
			rsd = vec.Get[float64](c, 0)
		}
		p := int(math.Ceil(2 * math.Log(1.106/rsd) / math.Log(2)))
		if !(rsd > 0) || p < 4 || p > 24 {
			return BoundAggregate{}, errs.New("FAILED_FUNCTION_CALL", "%s takes a relative deviation between 0.0003 and 0.39, not %v", name, rsd).State("38000")
		}
		return BoundAggregate{Params: ts, Result: types.LongType, Version: 1, Partial: []types.Type{types.BinaryType},
			New: func(*Context) Accumulator { return &hllAcc{p: uint(p)} }}, nil
	}
}

// hllAcc is HyperLogLog++ (Heule, Nunkesser, Hall, 2013) over Spark's xxhash64, with its estimates:
// 2^p registers a group, dense.
type hllAcc struct {
	p    uint
	regs [][]byte
}

func (a *hllAcc) of(g uint32) []byte {
	a.regs = grow(a.regs, int(g)+1)
	if a.regs[g] == nil {
		a.regs[g] = make([]byte, 1<<a.p)
	}
	return a.regs[g]
}

func (a *hllAcc) Update(groups []uint32, args []vec.Col, sel []uint32) error {
	x := &args[0]
	pad := uint64(1) << (a.p - 1)
	for i := range vec.Each(len(groups), sel) {
		if x.IsNull(i) {
			continue
		}
		h := uint64(hashPart(42, x, i, xxhashValue))
		regs := a.of(groups[i])
		rank := byte(bits.LeadingZeros64(h<<a.p|pad) + 1)
		if at := h >> (64 - a.p); regs[at] < rank {
			regs[at] = rank
		}
	}
	return nil
}

func (a *hllAcc) Merge(groups []uint32, partial []vec.Col) error {
	for i, g := range groups {
		in := partial[0].Bytes(i)
		if len(in) == 0 {
			continue
		}
		regs := a.of(g)
		if len(in) != len(regs) {
			return errs.New("INTERNAL_ERROR", "a sketch of distinct values has %d registers, not %d", len(in), len(regs))
		}
		for k, v := range in {
			regs[k] = max(regs[k], v)
		}
	}
	return nil
}

func (a *hllAcc) Partial(groups []uint32) ([]vec.Col, error) {
	b := vec.NewColBuilder(types.BinaryType)
	for _, g := range groups {
		b.AppendBytes(at(a.regs, g))
	}
	return []vec.Col{b.Finish()}, nil
}

func (a *hllAcc) Final(groups []uint32) (vec.Col, error) {
	out := make([]int64, len(groups))
	for i, g := range groups {
		if regs := at(a.regs, g); regs != nil {
			out[i] = estimate(regs, int(a.p))
		}
	}
	return vec.FlatOf(types.LongType, out, nil), nil
}

func (a *hllAcc) Free(groups []uint32) { reset(a.regs, groups) }

func (a *hllAcc) Bytes() int64 {
	n := int64(24 * cap(a.regs))
	for _, r := range a.regs {
		n += int64(len(r))
	}
	return n
}

// estimate counts by the empty registers while they are many, and else by the harmonic mean, less its
// known bias.
func estimate(regs []byte, p int) int64 {
	m := float64(len(regs))
	sum, empty := 0.0, 0.0
	for _, r := range regs {
		sum += 1 / float64(int32(1)<<(r&31)) // Spark shifts an Int
		if r == 0 {
			empty++
		}
	}
	var table biasTable
	if p <= 18 {
		table = biases()[p-4]
	}
	e := alpha(p) * m * m / sum
	if empty > 0 {
		h := m * math.Log(m/empty)
		if p <= 18 && h <= table.threshold || e <= 2.5*m { // the latter is of the first HyperLogLog
			return int64(math.Floor(h + 0.5))
		}
	}
	if p <= 18 && e < 5*m {
		e -= table.bias(e)
	}
	return int64(math.Floor(e + 0.5))
}

// alpha corrects the harmonic mean for its own error (Flajolet and others, 2007).
func alpha(p int) float64 {
	switch p {
	case 4:
		return 0.673
	case 5:
		return 0.697
	case 6:
		return 0.709
	}
	return 0.7213 / (1 + 1.079/float64(int(1)<<p))
}

// biasTable is what was measured for one precision: raw estimates, ascending, and their biases.
type biasTable struct {
	threshold  float64 // up to it, counting empty registers is better
	raw, biasz []float64
}

//go:embed hll_bias.bin
var biasData []byte // made by testdata/hll.py, which says what is in it

var biases = sync.OnceValue(func() (out [15]biasTable) {
	b := biasData
	floats := func(n int) []float64 {
		v := make([]float64, n)
		for i := range v {
			v[i] = math.Float64frombits(binary.LittleEndian.Uint64(b[8*i:]))
		}
		b = b[8*n:]
		return v
	}
	for p := range out {
		n := int(binary.LittleEndian.Uint16(b))
		b = b[2:]
		out[p].threshold = floats(1)[0]
		out[p].raw, out[p].biasz = floats(n), floats(n)
	}
	return out
})

// bias is the mean over the six points nearest to an estimate.
func (t *biasTable) bias(e float64) float64 {
	const nearest = 6
	far := func(i int) float64 { return (e - t.raw[i]) * (e - t.raw[i]) }
	lo := max(sort.SearchFloat64s(t.raw, e)-nearest+1, 0)
	hi := min(lo+nearest, len(t.raw))
	for hi < len(t.raw) && far(hi) < far(lo) {
		lo, hi = lo+1, hi+1
	}
	sum := 0.0
	for i := lo; i < hi; i++ {
		sum += t.biasz[i]
	}
	return sum / float64(hi-lo)
}
