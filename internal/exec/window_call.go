package exec

import (
	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// windowCall is one function over the window.
type windowCall struct {
	*plan.WindowCall
	typ    types.Type
	args   []int // columns of windowPart.vals
	filter int   // likewise, of an aggregate's FILTER; -1: none
	within []int // likewise, of its WITHIN GROUP
	lo, hi int   // likewise, of the frame's bounds by value
	at     place
}

func (w *windowOp) newCall(c *compiler, named plan.Named) (*windowCall, error) {
	e, ok := named.Expr.(*plan.WindowCall)
	if !ok {
		return nil, internalf("%s is %T, not a call over a window", named.Attr.Name, named.Expr)
	}
	out := &windowCall{WindowCall: e, typ: e.Type(), filter: -1, lo: -1, hi: -1, at: c.at(e)}
	args := e.Args
	if e.Agg != nil {
		args = e.Agg.Args
		if e.Agg.Distinct {
			return nil, internalf("%s over a window has DISTINCT", e.Agg.Name)
		}
		for _, o := range e.Agg.Order {
			i, err := w.value(c, o.Expr)
			if err != nil {
				return nil, err
			}
			out.within = append(out.within, i)
		}
	}
	for _, a := range args {
		i, err := w.value(c, a)
		if err != nil {
			return nil, err
		}
		out.args = append(out.args, i)
	}
	var err error
	if e.Agg != nil && e.Agg.Filter != nil {
		if out.filter, err = w.value(c, e.Agg.Filter); err != nil {
			return nil, err
		}
	}
	for _, b := range []struct {
		bound plan.FrameBound
		col   *int
	}{{e.Frame.Lo, &out.lo}, {e.Frame.Hi, &out.hi}} {
		if b.bound.Kind != plan.ByValue {
			continue
		}
		if len(w.order) != 1 || !b.bound.Value.Type().Equal(w.order[0].Expr.Type()) {
			return nil, internalf("a bound of %s by value is not of the type of its one order key", named.Attr.Name)
		}
		if *b.col, err = w.value(c, b.bound.Value); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// windowPart is the rows of one partition, in order.
type windowPart struct {
	w                  *windowOp
	fn                 *fn.Context
	n                  int
	vals               []vec.Col // the order's keys, then what the functions read
	peerStart, peerEnd []int     // see peers
}

// peers finds the rows that are equal in the order.
func (p *windowPart) peers() {
	if p.peerStart != nil {
		return
	}
	p.peerStart, p.peerEnd = make([]int, p.n), make([]int, p.n)
	keys := p.vals[:len(p.w.order)]
	start := 0
	end := func(hi int) {
		for i := start; i < hi; i++ {
			p.peerStart[i], p.peerEnd[i] = start, hi
		}
		start = hi
	}
	for i := 1; i < p.n; i++ {
		for k := range keys {
			if !vec.Equal(&keys[k], i-1, &keys[k], i) {
				end(i)
				break
			}
		}
	}
	end(p.n)
}

// over computes the call for all rows of a partition.
func (c *windowCall) over(p *windowPart) (vec.Col, error) {
	if c.Agg != nil {
		return c.aggregate(p)
	}
	part := &fn.Partition{N: p.n, IgnoreNulls: c.IgnoreNulls,
		PeerStart: func(i int) int { p.peers(); return p.peerStart[i] },
		PeerEnd:   func(i int) int { p.peers(); return p.peerEnd[i] }}
	for _, a := range c.args {
		part.Args = append(part.Args, p.vals[a])
	}
	if !c.Fn.FixedFrame {
		lo, hi := c.frame(p)
		part.Frame = func(i int) (int, int) { return lo(i), hi(i) }
	}
	return c.Fn.Kernel(p.fn, part)
}

// frame gives the rows [lo, hi) in the frame of each row; both lie within the partition.
func (c *windowCall) frame(p *windowPart) (lo, hi func(i int) int) {
	clamp := func(i int) int { return min(max(i, 0), p.n) }
	switch b := c.Frame.Lo; {
	case b.Kind == plan.Unbounded:
		lo = func(int) int { return 0 }
	case b.Kind == plan.ByRows:
		by := int(min(max(b.Rows, int64(-p.n)), int64(p.n)))
		lo = func(i int) int { return clamp(i + by) }
	case b.Kind == plan.ByValue:
		lo = p.search(c.lo, false)
	case c.Frame.Range:
		p.peers()
		lo = func(i int) int { return p.peerStart[i] }
	default:
		lo = func(i int) int { return i }
	}
	switch b := c.Frame.Hi; {
	case b.Kind == plan.Unbounded:
		hi = func(int) int { return p.n }
	case b.Kind == plan.ByRows:
		by := int(min(max(b.Rows, int64(-p.n)), int64(p.n)))
		hi = func(i int) int { return clamp(i + by + 1) }
	case b.Kind == plan.ByValue:
		hi = p.search(c.hi, true)
	case c.Frame.Range:
		p.peers()
		hi = func(i int) int { return p.peerEnd[i] }
	default:
		hi = func(i int) int { return i + 1 }
	}
	return lo, hi
}

// search finds, for each row, the first row whose key is not before the row's value in column col, or with
// after the first whose key is after it. A bound does not go back: one that its type cannot hold, for
// which the value is NULL, stays where that of the row before is (so do Spark's frames).
func (p *windowPart) search(col int, after bool) func(i int) int {
	key, val, by := &p.vals[0], &p.vals[col], p.w.order[0]
	limit := 0
	if after {
		limit = 1
	}
	at := make([]int, p.n)
	for i := range at {
		lo, hi := 0, p.n
		if i > 0 {
			lo = at[i-1]
		}
		for lo < hi {
			if mid := (lo + hi) / 2; compareKeys(key, mid, val, i, by) < limit {
				lo = mid + 1
			} else {
				hi = mid
			}
		}
		at[i] = lo
	}
	return func(i int) int { return at[i] }
}

// compareKeys orders two values as a sort key says.
func compareKeys(a *vec.Col, i int, b *vec.Col, j int, by plan.Order) int {
	an, bn := a.IsNull(i), b.IsNull(j)
	if an || bn {
		rank := 1
		if by.NullsFirst {
			rank = -1
		}
		switch {
		case an && bn:
			return 0
		case an:
			return rank
		}
		return -rank
	}
	if by.Desc {
		return vec.Compare(b, j, a, i)
	}
	return vec.Compare(a, i, b, j)
}
