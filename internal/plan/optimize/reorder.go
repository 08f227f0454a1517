package optimize

import (
	"math"
	"math/bits"

	"github.com/azud/azud/internal/plan"
)

// reorderJoins puts the inner joins of a query into an order that keeps the rows in between few.
// Up to maxExact tables it weighs all orders that join by conditions, beyond that it takes the
// best next pair again and again. Of more than maxLeaves, the last ones stay on top.
func (s *stats) reorderJoins(n plan.Node) plan.Node {
	j, ok := n.(*plan.Join)
	if !ok || !inner(j) {
		kids := n.Children()
		out := make([]plan.Node, len(kids))
		changed := false
		for i, c := range kids {
			out[i] = s.reorderJoins(c)
			changed = changed || out[i] != c
		}
		if !changed {
			return n
		}
		return n.With(out)
	}
	c := &cluster{s: s}
	c.collect(j)
	if len(c.leaves) < 3 || len(c.leaves) > maxLeaves {
		return n.With([]plan.Node{s.reorderJoins(j.L), s.reorderJoins(j.R)})
	}
	want := n.Output()
	for i, leaf := range c.leaves {
		c.leaves[i] = s.reorderJoins(leaf)
	}
	c.prepare()
	if len(c.leaves) <= maxExact {
		return plan.Exactly(c.exact(), want)
	}
	return plan.Exactly(c.greedy(), want)
}

const (
	maxExact  = 10
	maxLeaves = 64 // a set of leaves is the bits of a uint64
)

func inner(j *plan.Join) bool { return j.Kind == plan.Inner && !j.Lateral }

// cluster is inner joins that follow each other: their inputs and all their conditions.
type cluster struct {
	s      *stats
	leaves []plan.Node
	conds  []plan.Expr
	at     *plan.Join
	needs  []uint64  // the leaves that each condition reads, as bits
	rows   []float64 // of each leaf
	ids    []ids
}

func (c *cluster) collect(n plan.Node) {
	j, ok := n.(*plan.Join)
	if !ok || !inner(j) {
		c.leaves = append(c.leaves, n)
		return
	}
	if c.at == nil {
		c.at = j
	}
	c.conds = append(c.conds, plan.Conjuncts(j.On)...)
	c.collect(j.L)
	c.collect(j.R)
}

func (c *cluster) prepare() {
	for _, leaf := range c.leaves {
		c.rows = append(c.rows, c.s.size(leaf))
		c.ids = append(c.ids, ids(plan.IDs(leaf.Output())))
	}
	for _, cond := range c.conds {
		set := map[plan.ID]bool{}
		plan.Refs(cond, set)
		var need uint64
		for i, own := range c.ids {
			for id := range set {
				if own[id] {
					need |= 1 << i
				}
			}
		}
		c.needs = append(c.needs, need)
	}
}

// tree is a way to join some leaves.
type tree struct {
	set        uint64
	node       plan.Node
	rows, cost float64
}

// union of the attributes of a set of leaves.
func (c *cluster) attrs(set uint64) ids {
	out := ids{}
	for ; set != 0; set &= set - 1 {
		for id := range c.ids[bits.TrailingZeros64(set)] {
			out[id] = true
		}
	}
	return out
}

// between are the conditions that become possible by joining two sets, and whether one of them
// joins them.
func (c *cluster) between(a, b uint64) (conds []plan.Expr, joined bool) {
	for i, need := range c.needs {
		if need&^(a|b) == 0 && need&^a != 0 && need&^b != 0 {
			conds = append(conds, c.conds[i])
			joined = joined || need != 0
		}
	}
	return conds, joined
}

// combine joins two trees: the one with fewer rows is the right side, of which the table is built.
func (c *cluster) combine(a, b *tree, conds []plan.Expr) *tree {
	if a.rows < b.rows {
		a, b = b, a
	}
	t := &tree{set: a.set | b.set}
	t.rows = math.Max(1, a.rows*b.rows*c.s.matching(conds, c.attrs(a.set), c.attrs(b.set)))
	// A row of the build side costs more than one that probes.
	t.cost = a.cost + b.cost + t.rows + a.rows + 2*b.rows
	t.node = &plan.Join{Kind: plan.Inner, L: a.node, R: b.node, On: plan.And(conds...), At: c.at.At}
	return t
}

func (c *cluster) leaf(i int) *tree {
	return &tree{set: 1 << i, node: c.leaves[i], rows: c.rows[i]}
}

// exact is the cheapest tree over all ways to part each set of leaves in two. Crosses, without a
// condition, are only taken where nothing else joins a set.
func (c *cluster) exact() plan.Node {
	n := len(c.leaves)
	best := make([]*tree, 1<<n)
	for i := range n {
		best[1<<i] = c.leaf(i)
	}
	for set := uint64(1); set < 1<<n; set++ {
		if bits.OnesCount64(set) < 2 {
			continue
		}
		best[set] = c.bestOf(best, set)
		if best[set] == nil && set == 1<<n-1 {
			return c.greedy()
		}
	}
	return c.constants(best[1<<n-1])
}

// bestOf is the cheapest joining tree of a set, nil if no condition joins its parts.
func (c *cluster) bestOf(best []*tree, set uint64) *tree {
	var found *tree
	for a := (set - 1) & set; a > set&^a; a = (a - 1) & set { // each pair of parts once
		b := set &^ a
		if best[a] == nil || best[b] == nil {
			continue
		}
		conds, joined := c.between(a, b)
		if !joined {
			continue
		}
		if t := c.combine(best[a], best[b], conds); found == nil || t.cost < found.cost {
			found = t
		}
	}
	return found
}

// greedy joins the pair with the fewest rows until one tree is left.
func (c *cluster) greedy() plan.Node {
	var trees []*tree
	for i := range c.leaves {
		trees = append(trees, c.leaf(i))
	}
	for len(trees) > 1 {
		var best *tree
		var x, y int
		crossing := true
		for i := range trees {
			for k := i + 1; k < len(trees); k++ {
				conds, joined := c.between(trees[i].set, trees[k].set)
				if !joined && !crossing {
					continue
				}
				t := c.combine(trees[i], trees[k], conds)
				if best == nil || joined && crossing || t.rows < best.rows {
					best, x, y, crossing = t, i, k, !joined
				}
			}
		}
		trees[x] = best
		trees = append(trees[:y], trees[y+1:]...)
	}
	return c.constants(trees[0])
}

// constants adds the conditions that read no leaf.
func (c *cluster) constants(t *tree) plan.Node {
	var rest []plan.Expr
	for i, need := range c.needs {
		if need == 0 || bits.OnesCount64(need) == 1 {
			rest = append(rest, c.conds[i])
		}
	}
	return plan.Filtered(t.node, rest)
}

// chooseBuildSides makes the smaller side of an inner join the right one, of which exec builds its
// table.
func (s *stats) chooseBuildSides(n plan.Node) plan.Node {
	return plan.TransformUp(n, func(n plan.Node) plan.Node {
		j, ok := n.(*plan.Join)
		if !ok || !inner(j) || s.size(j.L)*width(j.L) >= s.size(j.R)*width(j.R) {
			return n
		}
		d := *j
		d.L, d.R = j.R, j.L
		return plan.Exactly(&d, n.Output())
	})
}
