package vec

import (
	"bytes"
	"encoding/hex"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/azud/azud/internal/types"
)

func TestKeyRoundTrip(t *testing.T) {
	eachColumn(t, func(t *testing.T, _ *rand.Rand, c Col, model []any) {
		cols := []Col{c, c}
		b := []*ColBuilder{NewColBuilder(c.Type), NewColBuilder(c.Type)}
		for i := range model {
			if err := DecodeKey(AppendKey(nil, cols, i), b); err != nil {
				t.Fatal(err)
			}
		}
		for _, x := range b {
			back := x.Finish()
			for i := range model {
				if !Equal(&back, i, &c, i) {
					t.Fatalf("row %d came back as %#v, want %#v", i, pull(&back, i), model[i])
				}
			}
		}
	})
}

func TestKeyOrderIsCompare(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	for _, typ := range testTypes {
		c, model := random(r, typ, 40, 0.2)
		cols := []Col{c}
		for i := range model {
			for j := range model {
				want := Compare(&c, i, &c, j)
				got := bytes.Compare(AppendKey(nil, cols, i), AppendKey(nil, cols, j))
				if got != sign(want) {
					t.Fatalf("%s: keys of %#v and %#v compare %d, values %d", typ, model[i], model[j], got, want)
				}
			}
		}
	}
}

func sign(n int) int {
	switch {
	case n < 0:
		return -1
	case n > 0:
		return 1
	}
	return 0
}

// The encoding and its hash are in checkpoints: these bytes must never change.
func TestKeyFormatIsFixed(t *testing.T) {
	window := types.StructOf(types.Field{Name: "start", Type: types.TimestampType}, types.Field{Name: "end", Type: types.TimestampType})
	start := FlatOf(types.TimestampType, []int64{-1}, nil)
	end := FlatOf(types.TimestampType, []int64{300_000_000}, nil)
	cols := []Col{
		{Type: window, Len: 1, Kids: []Col{start, end}},
		ConstString(types.StringType, "s\x00é", 1),
		NullCol(types.IntType, 1),
		ConstOf(types.DoubleType, math.Copysign(0, -1), 1),
		ConstOf(types.BooleanType, true, 1),
	}
	key := AppendKey(nil, cols, 0)
	const want = "01" + "017fffffffffffffff" + "018000000011e1a300" + "017300ffc3a90001" + "00" + "018000000000000000" + "0101"
	if got := hex.EncodeToString(key); got != want {
		t.Errorf("key %s\nwant %s", got, want)
	}
	if got := HashKey([]byte("abc")); got != 0x44bc2cf5ad770999 {
		t.Errorf("XXH64(abc) = %#x", got)
	}
}

func TestMalformedKeys(t *testing.T) {
	c, _ := random(rand.New(rand.NewPCG(1, 1)), testTypes[len(testTypes)-1], 20, 0)
	for i := range c.Len {
		key := AppendKey(nil, []Col{c}, i)
		for cut := range key {
			if DecodeKey(key[:cut], []*ColBuilder{NewColBuilder(c.Type)}) == nil {
				t.Fatalf("the first %d bytes of %x were accepted", cut, key)
			}
		}
		if DecodeKey(append(key, 0), []*ColBuilder{NewColBuilder(c.Type)}) == nil {
			t.Fatal("a byte too many was accepted")
		}
	}
}

func TestSpecialFloatsAreOneKey(t *testing.T) {
	vals := FlatOf(types.DoubleType, []float64{0, math.Copysign(0, -1), math.NaN(), math.Float64frombits(0xfff8000000000001)}, nil)
	cols := []Col{vals}
	for _, p := range [][2]int{{0, 1}, {2, 3}} {
		if !bytes.Equal(AppendKey(nil, cols, p[0]), AppendKey(nil, cols, p[1])) {
			t.Errorf("rows %v differ", p)
		}
	}
}
