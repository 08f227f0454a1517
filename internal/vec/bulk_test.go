package vec

import (
	"math/rand/v2"
	"testing"

	"github.com/azud/azud/internal/types"
)

// TestAppendRowsIsAppendFrom compares rows appended at once with the same rows one by one.
func TestAppendRowsIsAppendFrom(t *testing.T) {
	r := rand.New(rand.NewPCG(81, 82))
	typs := []types.Type{types.BooleanType, types.ShortType, types.IntType, types.LongType, types.DecimalType(30, 2), types.StringType}
	for round := range 2000 {
		typ := typs[round%len(typs)]
		fast, slow := NewColBuilder(typ), NewColBuilder(typ)
		for range 1 + r.IntN(3) {
			n := r.IntN(30)
			c := bulkColumn(r, typ, n)
			if n > 4 && c.Enc == Flat && r.IntN(2) == 0 { // a view, whose offsets do not begin with 0
				c = c.View(3, n)
				n -= 3
			}
			var sel []uint32
			if r.IntN(2) == 0 {
				sel = []uint32{}
				for range r.IntN(20) * min(n, 1) {
					sel = append(sel, uint32(r.IntN(n)))
				}
			}
			fast.AppendRows(&c, n, sel)
			for i := range Each(n, sel) {
				slow.AppendFrom(&c, i)
			}
		}
		a, b := fast.Finish(), slow.Finish()
		if a.Len != b.Len || len(a.Data) != len(b.Data) {
			t.Fatalf("%v: %d rows and %d bytes, want %d and %d", typ, a.Len, len(a.Data), b.Len, len(b.Data))
		}
		for i := range a.Len {
			if a.IsNull(i) != b.IsNull(i) || !Equal(&a, i, &b, i) {
				t.Fatalf("%v: row %d differs", typ, i)
			}
		}
	}
}

func bulkColumn(r *rand.Rand, typ types.Type, n int) Col {
	nulls := r.IntN(2) == 0
	put := func(b *ColBuilder) {
		if typ.Kind == types.String {
			b.AppendString([]string{"", "a", "much longer than that", "ñ"}[r.IntN(4)])
			return
		}
		b.data = append(b.data, make([]byte, b.width)...)
		b.data[len(b.data)-b.width] = byte(r.IntN(2))
		b.next()
	}
	b := NewColBuilder(typ)
	if r.IntN(2) == 0 {
		for range n {
			if nulls && r.IntN(3) == 0 {
				b.AppendNull()
			} else {
				put(b)
			}
		}
		return b.Finish()
	}
	for range 5 {
		put(b)
	}
	d := b.Finish()
	c := Col{Type: typ, Enc: Dict, Len: n, Dict: &d, Ids: make([]uint32, n)}
	for i := range n {
		c.Ids[i] = uint32(r.IntN(5))
		if nulls && r.IntN(3) == 0 {
			c.Valid = SetNull(c.Valid, n, i)
		}
	}
	return c
}
