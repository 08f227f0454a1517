package fn

import (
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// slots keep one value of any type, possibly NULL, for each group.
type slots struct {
	t     types.Type
	vals  []*vec.Col // a flat column of one row; nil: nothing kept
	bytes int64
}

// get is the value of a group as a column of one row, nil if there is none.
func (s *slots) get(g uint32) *vec.Col { return at(s.vals, g) }

// set keeps row i of c for a group.
func (s *slots) set(g uint32, c *vec.Col, i int) {
	s.vals = grow(s.vals, int(g)+1)
	s.bytes -= colBytes(s.vals[g])
	b := vec.NewColBuilder(s.t)
	b.AppendFrom(c, i)
	v := b.Finish()
	s.vals[g] = &v
	s.bytes += colBytes(&v)
}

// gather makes a column of the values of groups, NULL where there is none.
func (s *slots) gather(groups []uint32) vec.Col {
	b := vec.NewColBuilder(s.t)
	for _, g := range groups {
		if v := s.get(g); v != nil {
			b.AppendFrom(v, 0)
		} else {
			b.AppendNull()
		}
	}
	return b.Finish()
}

func (s *slots) free(groups []uint32) {
	for _, g := range groups {
		s.bytes -= colBytes(s.get(g))
	}
	reset(s.vals, groups)
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
