package unnest

import (
	"slices"

	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/types"
)

// repeatable reports a plan that, run twice, gives the same rows in the columns of a set. Others may
// differ: a sum of fractions depends on the order in which workers come.
func repeatable(n plan.Node, of map[plan.ID]bool) bool {
	if plan.IsStreaming(n) {
		return false
	}
	s := shaky{}
	if !s.rows(n) {
		return false
	}
	for id := range of {
		if s[id] {
			return false
		}
	}
	return true
}

// shaky are the attributes whose values may differ from one run to the next.
type shaky map[plan.ID]bool

func (s shaky) reads(list ...plan.Expr) bool {
	ids := map[plan.ID]bool{}
	for _, e := range list {
		if e != nil {
			plan.Refs(e, ids)
		}
	}
	for id := range ids {
		if s[id] {
			return true
		}
	}
	return false
}

// rows reports that a node gives the same rows in each run but for the shaky columns, which it adds to s.
func (s shaky) rows(n plan.Node) bool {
	for _, c := range n.Children() {
		if !s.rows(c) {
			return false
		}
	}
	for _, e := range plan.ExprsOf(n) {
		if plan.IsVolatile(e) {
			return false
		}
	}
	switch n := n.(type) {
	case *plan.Limit, *plan.Sample, *plan.RecursiveRef:
		return false
	case *plan.Project:
		s.add(n.Cols, func(e plan.Expr) bool { return s.reads(e) })
	case *plan.Sort:
	case *plan.Aggregate:
		s.aggregate(n)
	case *plan.Window:
		s.add(n.Calls, func(e plan.Expr) bool { return s.reads(e) || s.window(n) || !sameCall(e) })
	case *plan.Union:
		for _, in := range n.Inputs {
			for i, a := range in.Output() {
				s[n.Attrs[i].ID] = s[n.Attrs[i].ID] || s[a.ID]
			}
		}
	case *plan.Join:
		return !s.reads(n.On) && !(n.Lateral && s.any(n.L))
	default:
		return !s.reads(plan.ExprsOf(n)...)
	}
	return true
}

func (s shaky) any(n plan.Node) bool {
	return slices.ContainsFunc(n.Output(), func(a plan.Attr) bool { return s[a.ID] })
}

func (s shaky) add(list []plan.Named, bad func(plan.Expr) bool) {
	for _, c := range list {
		if bad(c.Expr) {
			s[c.Attr.ID] = true
		}
	}
}

// aggregate: with a shaky key it is unknown which rows a group has.
func (s shaky) aggregate(n *plan.Aggregate) {
	s.add(n.Keys, func(e plan.Expr) bool { return s.reads(e) })
	torn := slices.ContainsFunc(n.Keys, func(k plan.Named) bool { return s[k.Attr.ID] })
	s.add(n.Aggs, func(e plan.Expr) bool {
		g, ok := e.(*plan.Agg)
		return torn || s.reads(e) || !ok || !orderless(g)
	})
}

// window reports that the partitions of a window or their order may differ.
func (s shaky) window(n *plan.Window) bool {
	return s.reads(n.Partition...) || s.reads(exprsOfOrders(n.Order)...)
}

// orderless reports an aggregate that gives the same in whatever order rows and partial results come.
func orderless(g *plan.Agg) bool {
	if g.Fn.OrderSensitive {
		return false
	}
	switch g.Name {
	case "count", "count_if", "min", "max", "bool_and", "every", "bool_or", "any", "some", "bit_and", "bit_or", "bit_xor":
		return true
	case "sum", "try_sum", "avg", "mean", "try_avg":
		return !slices.ContainsFunc(g.Fn.Partial, func(t types.Type) bool { return t.Kind == types.Float || t.Kind == types.Double })
	}
	return false
}

// sameCall reports a window's call that does not depend on which of several rows of one order key comes
// first.
func sameCall(e plan.Expr) bool {
	c, ok := e.(*plan.WindowCall)
	if !ok {
		return false
	}
	if c.Agg == nil {
		return slices.Contains([]string{"rank", "dense_rank", "percent_rank", "cume_dist"}, c.Name)
	}
	whole := c.Frame.Lo.Kind == plan.Unbounded && c.Frame.Hi.Kind == plan.Unbounded
	return orderless(c.Agg) && (c.Frame.Range || whole)
}
