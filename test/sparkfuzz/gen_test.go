package sparkfuzz

import "testing"

// TestSameSeedSameCase: a case depends on nothing but its choices.
func TestSameSeedSameCase(t *testing.T) {
	for seed := range uint64(200) {
		c := Seeded(seed)
		first := New(c)
		if again := New(Given(c.data)); again != first {
			t.Fatalf("seed %d: %s\nthen %s", seed, first.SQL, again.SQL)
		}
	}
}

// TestShrink finds the one choice that matters.
func TestShrink(t *testing.T) {
	data := make([]uint32, 300)
	for i := range data {
		data[i] = uint32(i + 1)
	}
	got := Shrink(data, 10_000, func(d []uint32) bool {
		for _, v := range d {
			if v == 117 {
				return true
			}
		}
		return false
	})
	if len(got) != 1 || got[0] != 117 {
		t.Errorf("got %v", got)
	}
}
