package exec

import (
	"slices"

	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/vec"
)

// windowAgg computes an aggregate over the frames of one partition.
type windowAgg struct {
	c      *windowCall
	p      *windowPart
	args   []vec.Col
	sel    []uint32 // the rows that FILTER lets through; nil: all
	lo, hi func(i int) int
	order  []uint32 // the rows in the order of WITHIN GROUP; nil: that of the window
}

func (c *windowCall) aggregate(p *windowPart) (vec.Col, error) {
	a := &windowAgg{c: c, p: p}
	for _, k := range c.args {
		a.args = append(a.args, p.vals[k])
	}
	if c.filter >= 0 {
		a.sel = fn.IsTrue(&p.vals[c.filter], p.n, nil, []uint32{})
	}
	if len(c.within) > 0 {
		a.order = c.withinOrder(p)
	}
	whole := c.Frame.Lo.Kind == plan.Unbounded && (c.Frame.Hi.Kind == plan.Unbounded || c.Frame.Hi.Kind == plan.CurrentRow && c.Frame.Range && len(p.w.order) == 0)
	if whole || c.Frame.Hi.Kind == plan.Unbounded && c.Frame.Lo.Kind == plan.CurrentRow && c.Frame.Range && len(p.w.order) == 0 {
		return a.whole()
	}
	a.lo, a.hi = c.frame(p)
	if a.order != nil {
		return a.reordered()
	}
	if c.Frame.Lo.Kind == plan.Unbounded {
		if a.smallState() {
			return a.scan()
		}
		return a.growing()
	}
	pairs := 0
	for i := range p.n {
		pairs += max(0, a.hi(i)-a.lo(i))
	}
	if pairs <= directFrame*p.n {
		return a.moving(pairs)
	}
	return a.tree()
}

// directFrame is how many rows a frame has at most, on average, whose rows are added up anew for each
// row: in the order of the rows, so that sums of floating-point numbers are Spark's to the last digit.
const directFrame = 64

func (a *windowAgg) new() fn.Accumulator { return a.c.Agg.Fn.New(a.p.fn) }

// whole: the frame is the partition.
func (a *windowAgg) whole() (vec.Col, error) {
	acc, args, sel := a.new(), a.args, a.sel
	if a.order != nil {
		args, sel = a.pick(a.kept(a.order)), nil
	}
	n := a.p.n
	if len(args) > 0 {
		n = args[0].Len
	}
	if err := acc.Update(make([]uint32, n), args, sel); err != nil {
		return vec.Col{}, err
	}
	out, err := acc.Final([]uint32{0})
	if err != nil {
		return vec.Col{}, err
	}
	return out.Repeat(a.p.n), nil
}

// withinOrder is the rows of a partition in the order of the aggregate's WITHIN GROUP.
func (c *windowCall) withinOrder(p *windowPart) []uint32 {
	order := allRows(p.n)
	slices.SortStableFunc(order, func(x, y uint32) int {
		for k, col := range c.within {
			if d := compareKeys(&p.vals[col], int(x), &p.vals[col], int(y), c.Agg.Order[k]); d != 0 {
				return d
			}
		}
		return 0
	})
	return order
}

// kept is the rows that FILTER lets through, in their order.
func (a *windowAgg) kept(rows []uint32) []uint32 {
	if a.sel == nil {
		return rows
	}
	out := []uint32{}
	for _, r := range rows {
		if _, ok := slices.BinarySearch(a.sel, r); ok {
			out = append(out, r)
		}
	}
	return out
}

// pick is rows of the arguments.
func (a *windowAgg) pick(rows []uint32) []vec.Col {
	args := make([]vec.Col, len(a.args))
	for k := range args {
		args[k] = taken(&a.args[k], rows)
	}
	return args
}

// reordered adds up each frame by itself, in the order of WITHIN GROUP.
func (a *windowAgg) reordered() (vec.Col, error) {
	order := a.kept(a.order)
	return a.each(func(acc fn.Accumulator, from, to int) error {
		var rows, groups []uint32
		for i := from; i < to; i++ {
			lo, hi := uint32(a.lo(i)), uint32(a.hi(i))
			for _, r := range order {
				if r >= lo && r < hi {
					rows, groups = append(rows, r), append(groups, uint32(i-from))
				}
			}
		}
		return acc.Update(groups, a.pick(rows), nil)
	})
}

// smallState reports whether the aggregate's state is a few numbers, cheap to copy.
func (a *windowAgg) smallState() bool {
	for _, t := range a.c.Agg.Fn.Partial {
		if vec.Width(t) == 0 {
			return false
		}
	}
	return true
}

// scanBlock is how many rows scan computes at once: each adds up half as many, on average.
const scanBlock = 32

// scan is growing for a block of rows at once: each row has a group that begins with the state of the
// block before. Rows are added in the same order as one by one, so that the results are the same.
func (a *windowAgg) scan() (vec.Col, error) {
	out := vec.NewColBuilder(a.c.typ)
	keep := a.kept(allRows(a.p.n))
	var before []vec.Col // the state of the last row, of one row
	next, at := 0, 0     // of keep, of the partition: what before does not hold yet
	var rows, groups []uint32
	for from := 0; from < a.p.n; from += scanBlock {
		m := min(scanBlock, a.p.n-from)
		acc, all := a.new(), allRows(m)
		if before != nil {
			for k := range before {
				before[k] = before[k].Repeat(m)
			}
			if err := acc.Merge(all, before); err != nil {
				return vec.Col{}, err
			}
		}
		rows, groups = rows[:0], groups[:0]
		end := next
		for i := range m {
			at = max(at, a.hi(from+i))
			for end = next; end < len(keep) && int(keep[end]) < at; end++ {
				rows, groups = append(rows, keep[end]), append(groups, uint32(i))
			}
		}
		next = end
		if err := acc.Update(groups, a.pick(rows), nil); err != nil {
			return vec.Col{}, err
		}
		col, err := acc.Final(all)
		if err != nil {
			return vec.Col{}, err
		}
		out.AppendRows(&col, m, nil)
		if before, err = acc.Partial(all[m-1:]); err != nil {
			return vec.Col{}, err
		}
	}
	return out.Finish(), nil
}

// growing: the frame begins with the partition, and its end does not go back.
func (a *windowAgg) growing() (vec.Col, error) {
	acc, out := a.new(), vec.NewColBuilder(a.c.typ)
	zero := []uint32{0}
	zeros := make([]uint32, a.p.n)
	args := make([]vec.Col, len(a.args))
	rest := a.sel
	at := 0
	var result vec.Col
	for i := range a.p.n {
		if hi := max(at, a.hi(i)); hi > at || i == 0 {
			for k := range args {
				args[k] = a.args[k].View(at, hi)
			}
			var sel []uint32
			if a.sel != nil {
				sel = []uint32{}
				for len(rest) > 0 && int(rest[0]) < hi {
					sel, rest = append(sel, rest[0]-uint32(at)), rest[1:]
				}
			}
			if err := acc.Update(zeros[:hi-at], args, sel); err != nil {
				return vec.Col{}, err
			}
			at = hi
			var err error
			if result, err = acc.Final(zero); err != nil {
				return vec.Col{}, err
			}
		}
		out.AppendFrom(&result, 0)
	}
	return out.Finish(), nil
}

// mostPairs bounds how many rows are looked at before results are taken.
const mostPairs = 1 << 16

// moving adds up each frame by itself, many frames at once.
func (a *windowAgg) moving(pairs int) (vec.Col, error) {
	keep := make([]bool, a.p.n)
	for _, i := range a.sel {
		keep[i] = true
	}
	rows := make([]uint32, 0, min(pairs, mostPairs)+a.p.n)
	return a.each(func(acc fn.Accumulator, from, to int) error {
		rows = rows[:0]
		var groups []uint32
		for i := from; i < to; i++ {
			for j := a.lo(i); j < a.hi(i); j++ {
				if a.sel == nil || keep[j] {
					rows, groups = append(rows, uint32(j)), append(groups, uint32(i-from))
				}
			}
		}
		return acc.Update(groups, a.pick(rows), nil)
	})
}

// each computes the rows in pieces of few enough pairs: fill puts the frames of rows [from, to)
// into the groups from 0.
func (a *windowAgg) each(fill func(acc fn.Accumulator, from, to int) error) (vec.Col, error) {
	out := vec.NewColBuilder(a.c.typ)
	for from := 0; from < a.p.n; {
		to, pairs := from, 0
		for to < a.p.n && (to == from || pairs < mostPairs) {
			pairs += max(0, a.hi(to)-a.lo(to))
			to++
		}
		acc := a.new()
		if err := fill(acc, from, to); err != nil {
			return vec.Col{}, err
		}
		col, err := acc.Final(allRows(to - from))
		if err != nil {
			return vec.Col{}, err
		}
		out.AppendRows(&col, to-from, nil)
		from = to
	}
	return out.Finish(), nil
}

// tree puts each frame together from partial results over 1, 2, 4 … rows.
func (a *windowAgg) tree() (vec.Col, error) {
	leaves := a.new()
	if err := leaves.Update(allRows(a.p.n), a.args, a.sel); err != nil {
		return vec.Col{}, err
	}
	var starts []int // of each level in nodes
	var nodes []*vec.ColBuilder
	for _, t := range a.c.Agg.Fn.Partial {
		nodes = append(nodes, vec.NewColBuilder(t))
	}
	level, n, total := leaves, a.p.n, 0
	for {
		cols, err := level.Partial(allRows(n))
		if err != nil {
			return vec.Col{}, err
		}
		for k := range cols {
			nodes[k].AppendRows(&cols[k], n, nil)
		}
		starts, total = append(starts, total), total+n
		if n <= 1 {
			break
		}
		parents := make([]uint32, n)
		for i := range parents {
			parents[i] = uint32(i / 2)
		}
		level = a.new()
		if err := level.Merge(parents, cols); err != nil {
			return vec.Col{}, err
		}
		n = (n + 1) / 2
	}
	all := make([]vec.Col, len(nodes))
	for k := range nodes {
		all[k] = nodes[k].Finish()
	}
	return a.each(func(acc fn.Accumulator, from, to int) error {
		var rows, groups []uint32
		for i := from; i < to; i++ {
			before := len(rows)
			rows = cover(rows, starts, a.lo(i), a.hi(i))
			for range len(rows) - before {
				groups = append(groups, uint32(i-from))
			}
		}
		cols := make([]vec.Col, len(all))
		for k := range cols {
			cols[k] = vec.Take(&all[k], rows)
		}
		return acc.Merge(groups, cols)
	})
}

// cover appends the nodes whose rows are [lo, hi), from left to right.
func cover(nodes []uint32, starts []int, lo, hi int) []uint32 {
	var right []uint32
	for level := 0; lo < hi; level++ {
		if lo&1 == 1 {
			nodes = append(nodes, uint32(starts[level]+lo))
			lo++
		}
		if hi&1 == 1 {
			hi--
			right = append(right, uint32(starts[level]+hi))
		}
		lo, hi = lo/2, hi/2
	}
	for i := len(right) - 1; i >= 0; i-- {
		nodes = append(nodes, right[i])
	}
	return nodes
}
