package sparkfuzz

import "math/rand/v2"

// Choices is a sequence of decisions. Beyond its end it draws from rnd and remembers, or, without
// rnd, takes the simplest.
type Choices struct {
	data []uint32
	pos  int
	rnd  *rand.Rand
}

// Seeded draws all choices from a seed.
func Seeded(seed uint64) *Choices { return &Choices{rnd: rand.New(rand.NewPCG(seed, 4_2_0))} }

// Given replays choices.
func Given(data []uint32) *Choices { return &Choices{data: data} }

// n chooses one of 0 … k-1.
func (c *Choices) n(k int) int {
	if k <= 1 {
		return 0
	}
	if c.pos >= len(c.data) {
		v := uint32(0)
		if c.rnd != nil {
			v = c.rnd.Uint32N(1 << 16)
		}
		c.data = append(c.data, v)
	}
	c.pos++
	return int(c.data[c.pos-1]) % k
}

// rare is true about once in k times; false is the simpler.
func (c *Choices) rare(k int) bool { return c.n(k) == k-1 }

func pick[T any](c *Choices, of ...T) T { return of[c.n(len(of))] }

// Shrink looks for fewer and smaller choices under which differs still holds, with at most so many
// calls of it.
func Shrink(data []uint32, tries int, differs func([]uint32) bool) []uint32 {
	try := func(next []uint32) bool {
		if tries--; tries < 0 || !differs(next) {
			return false
		}
		data = next
		return true
	}
	for changed := true; changed && tries > 0; {
		changed = false
		for size := len(data) / 2; size > 0 && tries > 0; size /= 2 {
			for at := len(data) - size; at >= 0 && tries > 0; at -= size {
				if at+size > len(data) {
					continue
				}
				changed = try(append(append([]uint32{}, data[:at]...), data[at+size:]...)) || changed
			}
		}
		for at := 0; at < len(data) && tries > 0; at++ {
			if data[at] != 0 {
				next := append([]uint32{}, data...)
				next[at] = 0
				changed = try(next) || changed
			}
		}
	}
	return data
}
