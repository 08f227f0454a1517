package fn

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

func histogramFuncs() []Aggregate {
	return []Aggregate{aggregate("histogram_numeric(a, bins)", "An approximate histogram: at most so many centres x with their heights y.", bindHistogram)}
}

func bindHistogram(name string) func([]Arg) (BoundAggregate, error) {
	return func(args []Arg) (BoundAggregate, error) {
		ts, err := resolve(name, args, 2, anyQuantity, integer32)
		if err != nil {
			return BoundAggregate{}, err
		}
		n, null, err := constLong(name, "number of bins", args[1])
		if err != nil {
			return BoundAggregate{}, err
		}
		if null {
			return BoundAggregate{}, errs.New("DATATYPE_MISMATCH.UNEXPECTED_NULL", "the number of bins of %s must not be NULL", name).State("42K09")
		}
		if n < 2 {
			return BoundAggregate{}, notInRange(name, "number of bins", "at least 2")
		}
		result := types.ArrayOf(types.StructOf(types.Field{Name: "x", Type: ts[0], Nullable: true},
			types.Field{Name: "y", Type: types.DoubleType, Nullable: true}), true)
		return BoundAggregate{Params: ts, Result: result, Nullable: true, Version: 1, Partial: []types.Type{types.BinaryType},
			OrderSensitive: true, // which bins were joined
			New:            func(*Context) Accumulator { return &histogramAcc{result: result, most: int(n)} }}, nil
	}
}

// histogramAcc is the streaming histogram of Ben-Haim and Tom-Tov (2010) for each group, with Spark's
// choice between equal gaps (NumericHistogram).
type histogramAcc struct {
	result types.Type
	most   int
	groups []*histogram
}

type histogram struct {
	bins []histBin // ascending by x
	rng  uint64
}

type histBin struct{ x, y float64 }

func (a *histogramAcc) of(g uint32) *histogram {
	a.groups = grow(a.groups, int(g)+1)
	if a.groups[g] == nil {
		a.groups[g] = &histogram{rng: javaSeed(31183)}
	}
	return a.groups[g]
}

func (a *histogramAcc) Update(groups []uint32, args []vec.Col, sel []uint32) error {
	valid, never := bothValid(args[:1], len(groups))
	if never {
		return nil
	}
	at := numberOf(&args[0])
	for i := range live(len(groups), sel, valid) {
		a.of(groups[i]).add(at(i), a.most)
	}
	return nil
}

func (h *histogram) find(x float64) (at int, found bool) {
	return slices.BinarySearchFunc(h.bins, x, func(b histBin, x float64) int { return compareNum(b.x, x) })
}

func (h *histogram) add(x float64, most int) {
	at, found := h.find(x)
	if found {
		h.bins[at].y++
		return
	}
	h.bins = slices.Insert(h.bins, at, histBin{x, 1})
	h.trim(most)
}

// trim joins the closest bins until there are few enough; of equal gaps one is drawn.
func (h *histogram) trim(most int) {
	for len(h.bins) > most {
		best, at, ties := h.bins[1].x-h.bins[0].x, 0, 1
		for i := 1; i+1 < len(h.bins); i++ {
			gap := h.bins[i+1].x - h.bins[i].x
			if gap < best {
				best, at, ties = gap, i, 1
			} else if gap == best {
				ties++
				if javaDouble(&h.rng) <= 1/float64(ties) {
					at = i
				}
			}
		}
		l, r := h.bins[at], h.bins[at+1]
		y := l.y + r.y
		h.bins[at] = histBin{l.x*(l.y/y) + r.x/y*r.y, y}
		h.bins = slices.Delete(h.bins, at+1, at+2)
	}
}

func (h *histogram) merge(in []histBin, most int) {
	for _, b := range in {
		at, found := h.find(b.x)
		if found {
			h.bins[at].y += b.y
		} else {
			h.bins = slices.Insert(h.bins, at, b)
		}
	}
	h.trim(most)
}

// javaSeed and javaDouble are java.util.Random: a linear congruential generator of 48 bits (its
// documentation gives the constants).
func javaSeed(seed int64) uint64 { return (uint64(seed) ^ 0x5DEECE66D) & (1<<48 - 1) }

func javaDouble(state *uint64) float64 {
	next := func(bits uint) uint64 {
		*state = (*state*0x5DEECE66D + 0xB) & (1<<48 - 1)
		return *state >> (48 - bits)
	}
	hi := next(26)
	return float64(hi<<27+next(27)) / (1 << 53)
}

func (a *histogramAcc) Merge(groups []uint32, partial []vec.Col) error {
	for i, g := range groups {
		var in []histBin
		for b := partial[0].Bytes(i); len(b) >= 16; b = b[16:] {
			in = append(in, histBin{math.Float64frombits(binary.LittleEndian.Uint64(b)), math.Float64frombits(binary.LittleEndian.Uint64(b[8:]))})
		}
		if len(in) > 0 {
			a.of(g).merge(in, a.most)
		}
	}
	return nil
}

// Partial is x and y of each bin, little-endian.
func (a *histogramAcc) Partial(groups []uint32) ([]vec.Col, error) {
	out := vec.NewColBuilder(types.BinaryType)
	for _, g := range groups {
		var b []byte
		if h := at(a.groups, g); h != nil {
			for _, v := range h.bins {
				b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v.x))
				b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v.y))
			}
		}
		out.AppendBytes(b)
	}
	return []vec.Col{out.Finish()}, nil
}

func (a *histogramAcc) Final(groups []uint32) (vec.Col, error) {
	b := vec.NewColBuilder(a.result)
	for _, g := range groups {
		h := at(a.groups, g)
		if h == nil {
			b.AppendNull()
			continue
		}
		for _, v := range h.bins {
			item := b.Child(0)
			appendNumber(item.Child(0), v.x)
			vec.Append(item.Child(1), v.y)
			item.EndStruct()
		}
		b.EndList()
	}
	return b.Finish(), nil
}

func (a *histogramAcc) Free(groups []uint32) { reset(a.groups, groups) }

func (a *histogramAcc) Bytes() int64 {
	n := int64(8 * cap(a.groups))
	for _, h := range a.groups {
		if h != nil {
			n += 48 + 16*int64(cap(h.bins))
		}
	}
	return n
}
