package exec

import (
	"math"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow/decimal128"

	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// keyLayout says how keys of fixed-width columns are packed into words of 64 bits, so that equal
// keys are equal words: NULLs as zeros with a bit of their own, one NaN, no -0.0.
type keyLayout struct {
	cols  []packedCol
	words int // in use
}

// packedCol is where a column lies in a key.
type packedCol struct {
	typ              types.Type
	width            int // bytes: 1, 2, 4, 8; 16 takes two words
	word, shift      int
	nullWord, nullAt int // its NULL bit; nullWord is -1 if NULLs are told apart elsewhere
}

const maxKeyWords = 4

// keyWidth is the width of a value in a key: as in vec, but 8 for a short decimal.
func keyWidth(t types.Type) int {
	if t.Kind == types.Decimal && t.Precision <= 18 {
		return 8
	}
	return vec.Width(t)
}

// newKeyLayout packs columns of some types; nil if they do not fit. A single column of up to a
// word has no NULL bit: whoever uses the layout keeps its NULLs apart.
func newKeyLayout(typs []types.Type) *keyLayout {
	l := &keyLayout{}
	var free []int // bits left of each word
	place := func(bits int) (word, shift int) {
		for w := range free {
			if free[w] >= bits {
				free[w] -= bits
				return w, 64 - free[w] - bits
			}
		}
		free = append(free, 64-bits)
		return len(free) - 1, 0
	}
	for _, t := range typs {
		c := packedCol{typ: t, width: keyWidth(t), nullWord: -1}
		if c.width == 0 {
			return nil
		}
		c.word, c.shift = place(min(8*c.width, 64))
		if c.width == 16 {
			free = append(free, 0) // the high half may lie apart only if the low half filled a word
			if c.word != len(free)-2 {
				return nil
			}
		}
		l.cols = append(l.cols, c)
	}
	if !l.single() {
		for i := range l.cols {
			l.cols[i].nullWord, l.cols[i].nullAt = place(1)
		}
	}
	if l.words = len(free); l.words == 0 || l.words > maxKeyWords {
		return nil
	}
	return l
}

// single reports a layout of one column of at most a word.
func (l *keyLayout) single() bool { return len(l.cols) == 1 && l.cols[0].width <= 8 }

// pack writes the keys of rows to dst, stride words each.
func (l *keyLayout) pack(dst []uint64, stride int, keys []vec.Col, rows []uint32) {
	for i := range l.cols {
		l.cols[i].pack(dst, stride, &keys[i], rows)
	}
}

func (p *packedCol) pack(dst []uint64, stride int, c *vec.Col, rows []uint32) {
	if c.Type.Kind == types.Null || c.Enc == vec.Const && c.IsNull(0) {
		p.packNulls(dst, stride, c, rows)
		return
	}
	switch c.Type.Kind {
	case types.Float:
		packWith(p, dst, stride, c, rows, func(f float32) uint64 {
			switch {
			case f == 0:
				return 0
			case f != f:
				return 0x7fc00000
			}
			return uint64(math.Float32bits(f))
		})
	case types.Double:
		packWith(p, dst, stride, c, rows, func(f float64) uint64 {
			switch {
			case f == 0:
				return 0
			case f != f:
				return 0x7ff8000000000000
			}
			return math.Float64bits(f)
		})
	case types.Decimal:
		packWith(p, dst, stride, c, rows, func(d decimal128.Num) uint64 { return d.LowBits() })
		if p.width == 16 {
			q := *p
			q.word++
			packWith(&q, dst, stride, c, rows, func(d decimal128.Num) uint64 { return uint64(d.HighBits()) })
		}
	default:
		switch p.width {
		case 1:
			packWith(p, dst, stride, c, rows, func(v int8) uint64 { return uint64(uint8(v)) })
		case 2:
			packWith(p, dst, stride, c, rows, func(v int16) uint64 { return uint64(uint16(v)) })
		case 4:
			packWith(p, dst, stride, c, rows, func(v int32) uint64 { return uint64(uint32(v)) })
		default:
			packLongs(p, dst, stride, c, rows)
		}
	}
	if p.nullWord >= 0 && c.MayNull() {
		p.packNulls(dst, stride, c, rows)
	}
}

// packNulls sets the NULL bits.
func (p *packedCol) packNulls(dst []uint64, stride int, c *vec.Col, rows []uint32) {
	if p.nullWord < 0 {
		return
	}
	for k, r := range rows {
		if c.IsNull(int(r)) {
			dst[k*stride+p.nullWord] |= 1 << p.nullAt
		}
	}
}

func packWith[T vec.Fixed](p *packedCol, dst []uint64, stride int, c *vec.Col, rows []uint32, bits func(T) uint64) {
	at, shift := p.word, p.shift&63
	if c.Enc == vec.Flat && c.Valid == nil {
		v := vec.Values[T](c)
		for k, r := range rows {
			dst[k*stride+at] |= bits(v[r]) << shift
		}
		return
	}
	for k, r := range rows {
		if !c.IsNull(int(r)) {
			dst[k*stride+at] |= bits(vec.Get[T](c, int(r))) << shift
		}
	}
}

func packLongs(p *packedCol, dst []uint64, stride int, c *vec.Col, rows []uint32) {
	if stride == 1 && c.Enc == vec.Flat && c.Valid == nil {
		v := vec.Values[int64](c)
		for k, r := range rows {
			dst[k] = uint64(v[r])
		}
		return
	}
	packWith(p, dst, stride, c, rows, func(v int64) uint64 { return uint64(v) })
}

// unpack makes columns of keys: words has stride words a key.
func (l *keyLayout) unpack(words []uint64, stride int) []vec.Col {
	n := len(words) / stride
	out := make([]vec.Col, len(l.cols))
	for i := range l.cols {
		out[i] = l.cols[i].unpack(words, stride, n)
	}
	return out
}

func (p *packedCol) unpack(words []uint64, stride, n int) vec.Col {
	var out vec.Col
	switch {
	case p.typ.Kind == types.Decimal:
		out = unpackWith(p, words, stride, n, func(w []uint64) decimal128.Num {
			if p.width == 16 {
				return decimal128.New(int64(w[p.word+1]), w[p.word])
			}
			return decimal128.FromI64(int64(w[p.word]))
		})
	case p.width == 1:
		out = unpackWith(p, words, stride, n, func(w []uint64) int8 { return int8(w[p.word] >> p.shift) })
	case p.width == 2:
		out = unpackWith(p, words, stride, n, func(w []uint64) int16 { return int16(w[p.word] >> p.shift) })
	case p.width == 4:
		out = unpackWith(p, words, stride, n, func(w []uint64) int32 { return int32(w[p.word] >> p.shift) })
	default:
		out = unpackWith(p, words, stride, n, func(w []uint64) int64 { return int64(w[p.word]) })
	}
	return out
}

func unpackWith[T vec.Fixed](p *packedCol, words []uint64, stride, n int, value func(w []uint64) T) vec.Col {
	vals := make([]T, n)
	var valid []byte
	for i := range vals {
		w := words[i*stride : (i+1)*stride]
		vals[i] = value(w)
		if p.nullWord >= 0 && w[p.nullWord]>>p.nullAt&1 != 0 {
			valid = vec.SetNull(valid, n, i)
		}
	}
	return vec.FlatOf(p.typ, vals, valid)
}

// word are the packed keys.
type word interface {
	uint64 | [2]uint64 | [maxKeyWords]uint64
}

// wordsOf views keys as words.
func wordsOf[K word](keys []K) []uint64 {
	if len(keys) == 0 {
		return nil
	}
	return unsafe.Slice((*uint64)(unsafe.Pointer(unsafe.SliceData(keys))), len(keys)*int(unsafe.Sizeof(keys[0])/8))
}

// keysOf is the inverse of wordsOf.
func keysOf[K word](words []uint64) []K {
	var k K
	if len(words) == 0 {
		return nil
	}
	return unsafe.Slice((*K)(unsafe.Pointer(unsafe.SliceData(words))), len(words)*8/int(unsafe.Sizeof(k)))
}

// hashWord is the hash of a packed key.
func hashWord[K word](k *K) uint64 {
	var h uint64
	for _, w := range unsafe.Slice((*uint64)(unsafe.Pointer(k)), unsafe.Sizeof(*k)/8) {
		h = (h ^ w) * 0x9e3779b97f4a7c15
		h ^= h >> 32
	}
	h *= 0xd6e8feb86659fd93
	return h ^ h>>29
}
