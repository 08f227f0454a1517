package exec

import (
	"math/bits"

	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// packer is the fast path of groupTable: keys made of numbers, times, structs of them and
// strings are packed into a few words a row, and a small cache tells the group of words seen before.
// Strings in a dictionary, and constant ones, are packed as ids, which are good for one batch only;
// others by their bytes if there are no more than seven.
type packer struct {
	words [][packWords]uint64 // of each row of the batch
	nulls []uint32            // of each row: a bit a leaf
	width int                 // words in use
	leafs int
	long  int  // strings that could not be packed
	local bool // the words of the last batch mean nothing in another
	cache []packed
	gen   uint32 // entries of another generation are stale
}

const (
	packWords = 4
	packCache = 4096 // entries, a power of two
	packShort = 7    // bytes of a string that fit into a word with their number
	unpacked  = 1 << 31
)

type packed struct {
	words [packWords]uint64
	nulls uint32
	gen   uint32
	id    uint32
}

// forget makes all entries stale.
func (p *packer) forget() {
	if p.gen++; p.gen == 0 { // 2^32 generations: entries of the first ones must not come back
		clear(p.cache)
		p.gen = 1
	}
}

// prepare packs the selected rows; false if the keys cannot be packed.
func (p *packer) prepare(keys []vec.Col, n int, sel []uint32) bool {
	if n == 0 || count(n, sel) < 8 {
		return false
	}
	width, leafs, local := 0, 0, false
	for i := range keys {
		w, l, loc, ok := packable(&keys[i])
		if !ok {
			return false
		}
		width, leafs, local = width+w, leafs+l, local || loc
	}
	if width > packWords || width == 0 || leafs > 31 {
		return false
	}
	if p.cache == nil {
		p.cache, p.gen = make([]packed, packCache), 1
	}
	if local || p.local {
		p.forget()
	}
	p.local = local
	if cap(p.words) < n {
		p.words, p.nulls = make([][packWords]uint64, n), make([]uint32, n)
	}
	p.words, p.nulls = p.words[:n], p.nulls[:n]
	clear(p.words)
	clear(p.nulls)
	p.width, p.leafs, p.long = 0, 0, 0
	for i := range keys {
		p.column(&keys[i], n, sel)
	}
	return 2*p.long < count(n, sel)
}

// packable tells how many words and null bits a column takes, and whether its words mean
// something in this batch only.
func packable(c *vec.Col) (width, leafs int, local, ok bool) {
	switch w := vec.Width(c.Type); {
	case w > 0 && w <= 8:
		return 1, 1, false, true
	case c.Type.Kind == types.String || c.Type.Kind == types.Binary:
		return 1, 1, c.Enc != vec.Flat, true
	case c.Type.Kind == types.Struct && c.Enc == vec.Flat:
		width, leafs = 0, 1
		for i := range c.Kids {
			w, l, loc, ok := packable(&c.Kids[i])
			if !ok {
				return 0, 0, false, false
			}
			width, leafs, local = width+w, leafs+l, local || loc
		}
		return width, leafs, local, true
	}
	return 0, 0, false, false
}

// column packs one column into the next words.
func (p *packer) column(c *vec.Col, n int, sel []uint32) {
	if c.MayNull() {
		bit := uint32(1) << p.leafs
		for i := range vec.Each(n, sel) {
			if c.IsNull(i) {
				p.nulls[i] |= bit
			}
		}
	}
	p.leafs++
	if c.Type.Kind == types.Struct {
		for k := range c.Kids {
			p.column(&c.Kids[k], n, sel)
		}
		return
	}
	switch w := vec.Width(c.Type); {
	case w == 0:
		p.ids(c, n, sel)
	case w == 1:
		packFixed[int8](p, c, n, sel)
	case w == 2:
		packFixed[int16](p, c, n, sel)
	case w == 4:
		packFixed[int32](p, c, n, sel)
	default:
		packFixed[int64](p, c, n, sel)
	}
	p.width++
}

// ids packs dictionary ids; a constant packs as 0.
func (p *packer) ids(c *vec.Col, n int, sel []uint32) {
	if c.Enc == vec.Flat {
		p.bytes(c, n, sel)
	}
	if c.Enc != vec.Dict {
		return
	}
	for i := range vec.Each(n, sel) {
		p.words[i][p.width] = uint64(c.Ids[i])
	}
}

// bytes packs short strings with their length; rows with longer ones are marked.
func (p *packer) bytes(c *vec.Col, n int, sel []uint32) {
	k := p.width
	for i := range vec.Each(n, sel) {
		if c.Valid != nil && c.IsNull(i) {
			continue
		}
		s := c.Data[c.Off[i]:c.Off[i+1]]
		if len(s) > packShort {
			p.nulls[i] |= unpacked
			p.long++
			continue
		}
		w := uint64(len(s)) << 56
		for j, b := range s {
			w |= uint64(b) << (8 * j)
		}
		p.words[i][k] = w
	}
}

// packFixed packs the bits of fixed-width values; those of NULL rows are as if 0.
func packFixed[T int8 | int16 | int32 | int64](p *packer, c *vec.Col, n int, sel []uint32) {
	k := p.width
	if c.Enc == vec.Flat && c.Valid == nil {
		v := vec.Values[T](c)
		for i := range vec.Each(n, sel) {
			p.words[i][k] = uint64(v[i])
		}
		return
	}
	for i := range vec.Each(n, sel) {
		if !c.IsNull(i) {
			p.words[i][k] = uint64(vec.Get[T](c, i))
		}
	}
}

// whole reports that all of a row's key is in its words.
func (p *packer) whole(i int) bool { return p.nulls[i]&unpacked == 0 }

// entry is the cache entry of a row; on a miss it already holds the row's words and the
// caller sets the id. Two places are tried, so that two keys in turn do not fight over one.
func (p *packer) entry(i int) (e *packed, hit bool) {
	w, nulls := &p.words[i], p.nulls[i]
	h := w[0]*0x9e3779b97f4a7c15 ^ bits.RotateLeft64(w[1]*0xbf58476d1ce4e5b9, 21) ^
		bits.RotateLeft64(w[2]*0x94d049bb133111eb, 42) ^ w[3]*0xd6e8feb86659fd93 ^ uint64(nulls)
	h ^= h >> 29
	at := (h * 0x9e3779b97f4a7c15) >> 52
	if e = &p.cache[at]; e.gen == p.gen && e.words == *w && e.nulls == nulls {
		return e, true
	}
	second := &p.cache[at^1]
	if second.gen == p.gen && second.words == *w && second.nulls == nulls {
		return second, true
	}
	*second = *e
	e.words, e.nulls, e.gen = *w, nulls, p.gen
	return e, false
}
