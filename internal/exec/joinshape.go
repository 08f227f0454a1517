package exec

import (
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/types"
)

// joinShape is how a join is run: which side is built into a table and which is probed row by
// row, by which keys, and what is left of the condition.
type joinShape struct {
	node    *plan.Join
	kind    plan.JoinKind // never RightOuter: that is LeftOuter with the sides swapped
	swapped bool          // L is built, R is probed

	probe, build         []plan.Attr
	probeKeys, buildKeys []plan.Expr
	keyTypes             []types.Type
	nullSafe             []bool    // of each key: <=>
	rest                 plan.Expr // the condition beside the keys; nil: none
	kept                 []int     // the columns of the built side that are needed: of the result, or of the condition
}

func shapeOf(n *plan.Join) *joinShape {
	s := &joinShape{node: n, kind: n.Kind, probe: n.L.Output(), build: n.R.Output()}
	if n.Kind == plan.RightOuter {
		s.kind, s.swapped = plan.LeftOuter, true
		s.probe, s.build = s.build, s.probe
	}
	s.keep()
	if n.Lateral {
		s.rest = n.On
		return s
	}
	for _, c := range plan.Conjuncts(n.On) {
		if !s.key(c) {
			s.rest = plan.And(s.rest, c)
		}
	}
	return s
}

// keep finds the columns of the built side that are needed after its keys have been computed.
func (s *joinShape) keep() {
	read := map[plan.ID]bool{}
	if s.node.On != nil {
		plan.Refs(s.node.On, read)
	}
	for i, a := range s.build {
		if !s.kind.KeepsLeftOnly() || s.node.Lateral || read[a.ID] {
			s.kept = append(s.kept, i)
		}
	}
}

// key takes a conjunct as a key if it equates an expression of one side with one of the other.
func (s *joinShape) key(e plan.Expr) bool {
	c, ok := e.(*plan.Call)
	if !ok || len(c.Args) != 2 || c.Name != "=" && c.Name != "==" && c.Name != "<=>" || plan.IsVolatile(e) {
		return false
	}
	a, b := c.Args[0], c.Args[1]
	if !readsOnly(a, s.probe) || !readsOnly(b, s.build) {
		a, b = b, a
	}
	if !readsOnly(a, s.probe) || !readsOnly(b, s.build) || !a.Type().Equal(b.Type()) {
		return false
	}
	s.probeKeys, s.buildKeys = append(s.probeKeys, a), append(s.buildKeys, b)
	s.keyTypes = append(s.keyTypes, a.Type())
	s.nullSafe = append(s.nullSafe, c.Name == "<=>")
	return true
}

// readsOnly reports an expression that reads something, and only attributes of a list.
func readsOnly(e plan.Expr, list []plan.Attr) bool {
	ids := map[plan.ID]bool{}
	plan.Refs(e, ids)
	for id := range ids {
		if _, ok := plan.Find(list, id); !ok {
			return false
		}
	}
	return len(ids) > 0
}

// input is what the condition reads: L's columns, then R's.
func (s *joinShape) input() []plan.Attr {
	return append(append([]plan.Attr{}, s.node.L.Output()...), s.node.R.Output()...)
}

// threeValued reports kinds that tell NULL from FALSE.
func (s *joinShape) threeValued() bool {
	return s.kind == plan.LeftMark || s.kind == plan.LeftAnti && s.node.NullAware
}

// keepsUnmatchable reports whether rows of the built side with a NULL key count.
func (s *joinShape) keepsUnmatchable() bool { return s.threeValued() || s.kind == plan.FullOuter }
