package exec

import (
	"context"
	"encoding/binary"
	"iter"
	"math/bits"

	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/vec"
)

// sample keeps each row with the same probability: the same ones each time for the same rows and
// seed, and those that Spark keeps of rows in one partition (BernoulliCellSampler).
type sample struct {
	one
	fraction float64
	seed     int64
	sel      []uint32
}

func newSample(n *plan.Sample, in node) node {
	return &sample{one: one{in}, fraction: n.Fraction, seed: n.Seed, sel: []uint32{}}
}

func (o *sample) Run(ctx context.Context, e *EpochTask) iter.Seq2[*vec.Batch, error] {
	return func(yield func(*vec.Batch, error) bool) {
		draw := newXORShift(o.seed)
		for b, err := range o.in.Run(ctx, e) {
			if err != nil {
				yield(nil, err)
				return
			}
			o.sel = o.sel[:0]
			for i := range b.Each() {
				if draw.double() < o.fraction {
					o.sel = append(o.sel, uint32(i))
				}
			}
			if len(o.sel) > 0 && !yield(&vec.Batch{Cols: b.Cols, N: b.N, Sel: o.sel, Origin: b.Origin}, nil) {
				return
			}
		}
	}
}

// xorShift is Spark's XORShiftRandom: Marsaglia's generator of 64 bits, seeded by a hash.
type xorShift uint64

func newXORShift(seed int64) *xorShift {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(seed))
	low := murmurBytes(b, 0x3c074a61)
	x := xorShift(uint64(murmurBytes(b, low))<<32 | uint64(low))
	return &x
}

func (x *xorShift) next(n uint) uint64 {
	v := uint64(*x)
	v ^= v << 21
	v ^= v >> 35
	v ^= v << 4
	*x = xorShift(v)
	return v & (1<<n - 1)
}

// double is java.util.Random's: 53 random bits.
func (x *xorShift) double() float64 {
	hi := x.next(26)
	return float64(hi<<27+x.next(27)) / (1 << 53)
}

// murmurBytes is MurmurHash3 (x86, 32 bits) of eight bytes.
func murmurBytes(b [8]byte, seed uint32) uint32 {
	h := seed
	for k := 0; k < 8; k += 4 {
		w := binary.LittleEndian.Uint32(b[k:]) * 0xcc9e2d51
		h = bits.RotateLeft32(h^bits.RotateLeft32(w, 15)*0x1b873593, 13)*5 + 0xe6546b64
	}
	h ^= 8
	h = (h ^ h>>16) * 0x85ebca6b
	h = (h ^ h>>13) * 0xc2b2ae35
	return h ^ h>>16
}
