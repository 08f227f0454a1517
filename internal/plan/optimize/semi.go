package optimize

import (
	"slices"

	"github.com/azud/azud/internal/plan"
)

// sinkSemiJoins moves semi and anti joins below the joins on their left, to the input that their
// condition reads, where that input is not larger than what the joins give: the rows that they drop
// are then joined with nothing.
func (s *stats) sinkSemiJoins(n plan.Node) plan.Node {
	return plan.TransformUp(n, func(n plan.Node) plan.Node {
		j, ok := n.(*plan.Join)
		if !ok || j.Kind != plan.LeftSemi && j.Kind != plan.LeftAnti || j.Lateral || j.On == nil {
			return n
		}
		for _, c := range plan.Conjuncts(j.On) {
			if !movable(c) {
				return n
			}
		}
		if left, ok := s.sink(j, j.L, s.size(j.L)); ok {
			return left
		}
		return n
	})
}

// sink puts a semi join over one of the inputs of a join below n; false if there is no place for it.
// A row of that input comes out of the joins as often as before, or not at all.
func (s *stats) sink(semi *plan.Join, n plan.Node, rows float64) (plan.Node, bool) {
	switch n := n.(type) {
	case *plan.Project:
		if !fits(semi, n.Child) {
			return nil, false
		}
		child, ok := s.sink(semi, n.Child, rows)
		if !ok {
			return nil, false
		}
		return n.With([]plan.Node{child}), true
	case *plan.Join:
		if n.Lateral || n.Kind != plan.Inner && n.Kind != plan.LeftOuter {
			return nil, false
		}
		switch {
		case fits(semi, n.L) && s.size(n.L) <= rows:
			return n.With([]plan.Node{s.over(semi, n.L, rows), n.R}), true
		case n.Kind == plan.Inner && fits(semi, n.R) && s.size(n.R) <= rows:
			return n.With([]plan.Node{n.L, s.over(semi, n.R, rows)}), true
		}
	}
	return nil, false
}

// over is a semi join as deep in n as it goes.
func (s *stats) over(semi *plan.Join, n plan.Node, rows float64) plan.Node {
	if deeper, ok := s.sink(semi, n, rows); ok {
		return deeper
	}
	d := *semi
	d.L = n
	return &d
}

// fits reports whether a join's condition finds in n all that it reads of the left side.
func fits(semi *plan.Join, n plan.Node) bool {
	own := ids(plan.IDs(slices.Concat(n.Output(), semi.R.Output())))
	return own.covers(semi.On)
}
