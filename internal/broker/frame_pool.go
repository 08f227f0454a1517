package broker

import (
	"math/bits"
	"sync"
)

// Buffers of 2^minBuf to 2^maxBuf bytes are used again; larger ones are left to the collector.
const (
	minBuf = 9
	maxBuf = 22
)

// pool keeps buffers by size.
type pool struct {
	classes [maxBuf + 1]sync.Pool
	boxes   sync.Pool // what a slice is put into a sync.Pool with: *[]byte, empty
}

// get is a buffer of length n with arbitrary content.
func (p *pool) get(n int) []byte {
	class := max(bits.Len(uint(max(n, 1)-1)), minBuf)
	if class > maxBuf {
		return make([]byte, n)
	}
	if box, ok := p.classes[class].Get().(*[]byte); ok {
		b := (*box)[:n]
		*box = nil
		p.boxes.Put(box)
		return b
	}
	return make([]byte, n, 1<<class)
}

// put takes a buffer back, which nobody may use any more. Any buffer will do.
func (p *pool) put(b []byte) {
	class := bits.Len(uint(cap(b))) - 1 // the largest that it can serve
	if class < minBuf || class > maxBuf {
		return
	}
	box, ok := p.boxes.Get().(*[]byte)
	if !ok {
		box = new([]byte)
	}
	*box = b[:0]
	p.classes[class].Put(box)
}

// fitting is b, or, where b fills little of its buffer, a copy in a smaller one, so that what
// is kept of b takes about the memory that its length says.
func (p *pool) fitting(b []byte) []byte {
	if cap(b)/4 < len(b) || cap(b) <= 1<<minBuf {
		return b
	}
	small := p.get(len(b))
	copy(small, b)
	p.put(b)
	return small
}
