package fn

import (
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// slots keep one value of any type, possibly NULL, for each group: fixed-width ones one after the
// other, strings as reused bytes, the others as a column of one row each.
type slots struct {
	t     types.Type
	width int // 0: not fixed
	state []slotState
	fixed []byte
	texts [][]byte
	cols  []*vec.Col
	bytes int64
	view  vec.Col // of look
	off   [2]int32
}

type slotState uint8

const (
	slotEmpty slotState = iota
	slotNull
	slotValue
)

func newSlots(t types.Type) slots { return slots{t: t, width: vec.Width(t)} }

func (s *slots) isText() bool { return s.t.Kind == types.String || s.t.Kind == types.Binary }

// has reports whether the group keeps a value or NULL.
func (s *slots) has(g uint32) bool { return at(s.state, g) != slotEmpty }

// grow makes room for n groups.
func (s *slots) grow(n int) {
	if len(s.state) >= n {
		return
	}
	s.state = grow(s.state, n)
	switch {
	case s.width > 0:
		s.fixed = grow(s.fixed, n*s.width)
	case s.isText():
		s.texts = grow(s.texts, n)
	default:
		s.cols = grow(s.cols, n)
	}
}

// set keeps row i of c for a group.
func (s *slots) set(g uint32, c *vec.Col, i int) {
	s.grow(int(g) + 1)
	if c.IsNull(i) {
		s.state[g] = slotNull
		return
	}
	s.state[g] = slotValue
	switch {
	case s.width > 0:
		p, j := c.Phys(i)
		copy(s.fixed[int(g)*s.width:int(g+1)*s.width], p.Data[j*s.width:])
	case s.isText():
		s.bytes -= int64(cap(s.texts[g]))
		s.texts[g] = append(s.texts[g][:0], c.Bytes(i)...)
		s.bytes += int64(cap(s.texts[g]))
	default:
		s.bytes -= colBytes(s.cols[g])
		b := vec.NewColBuilder(s.t)
		b.AppendFrom(c, i)
		v := b.Finish()
		s.cols[g] = &v
		s.bytes += colBytes(&v)
	}
}

// look is the value of a group that is not NULL, as a row of a column; valid until the next set.
func (s *slots) look(g uint32) (*vec.Col, int) {
	switch {
	case s.width > 0:
		s.view.Type, s.view.Len, s.view.Data = s.t, len(s.state), s.fixed
		return &s.view, int(g)
	case s.isText():
		s.off[1] = int32(len(s.texts[g]))
		s.view.Type, s.view.Len, s.view.Data, s.view.Off = s.t, 1, s.texts[g], s.off[:]
		return &s.view, 0
	}
	return s.cols[g], 0
}

// gather makes a column of the values of groups, NULL where there is none.
func (s *slots) gather(groups []uint32) vec.Col {
	b := vec.NewColBuilder(s.t)
	all := vec.Col{Type: s.t, Len: len(s.state), Data: s.fixed}
	for _, g := range groups {
		switch {
		case at(s.state, g) != slotValue:
			b.AppendNull()
		case s.width > 0:
			b.AppendFrom(&all, int(g))
		case s.isText():
			b.AppendBytes(s.texts[g])
		default:
			b.AppendFrom(s.cols[g], 0)
		}
	}
	return b.Finish()
}

func (s *slots) free(groups []uint32) {
	for _, g := range groups {
		s.bytes -= int64(cap(at(s.texts, g))) + colBytes(at(s.cols, g))
	}
	reset(s.state, groups)
	reset(s.texts, groups)
	reset(s.cols, groups)
}

// size is the memory held, approximately.
func (s *slots) size() int64 {
	return s.bytes + int64(cap(s.state)+cap(s.fixed)+24*cap(s.texts)+8*cap(s.cols))
}

// colBytes is about what a column of one row takes.
func colBytes(c *vec.Col) int64 {
	if c == nil {
		return 0
	}
	n := int64(len(c.Data)+len(c.Valid)+4*len(c.Off)) + 160
	for k := range c.Kids {
		n += colBytes(&c.Kids[k])
	}
	return n
}
