package exec

import (
	"encoding/binary"

	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// grouping is what the batch and the streaming aggregate share: the keys and the calls.
type grouping struct {
	keys     []evaluator
	keyTypes []types.Type
	calls    []*aggCall
}

// aggCall is one aggregate: what to compute of each row, and where it goes.
type aggCall struct {
	agg    *plan.Agg
	args   []evaluator
	filter evaluator // nil: every row
	at     place
	acc    fn.Accumulator
	seen   *groupTable // DISTINCT: the group and arguments of rows seen
	sel    []uint32    // scratch
	buf    []byte      // scratch
}

func newGrouping(n *plan.Aggregate, o *BuildOptions) (grouping, error) {
	c := compiler{in: n.Child.Output(), src: o.Source}
	var g grouping
	var err error
	if g.keys, err = c.compileAll(exprsOf(n.Keys)); err != nil {
		return g, err
	}
	for _, k := range n.Keys {
		g.keyTypes = append(g.keyTypes, k.Expr.Type())
	}
	for _, a := range n.Aggs {
		agg, ok := a.Expr.(*plan.Agg)
		if !ok {
			return g, internalf("%s is %T, not an aggregate", a.Attr.Name, a.Expr)
		}
		call := &aggCall{agg: agg, at: c.at(agg), sel: []uint32{}}
		if call.args, err = c.compileAll(agg.Args); err != nil {
			return g, err
		}
		if agg.Filter != nil {
			if call.filter, err = c.compile(agg.Filter); err != nil {
				return g, err
			}
		}
		g.calls = append(g.calls, call)
	}
	return g, nil
}

// reset gives every call an empty accumulator.
func (g *grouping) reset(c *fn.Context) {
	for _, call := range g.calls {
		call.acc = call.agg.Fn.New(c)
		if call.agg.Distinct {
			call.seen = newGroupTable()
		}
	}
}

// update adds the selected rows to their groups.
func (g *grouping) update(f *frame, groups, sel []uint32) error {
	for _, call := range g.calls {
		if err := call.update(f, groups, sel); err != nil {
			return err
		}
	}
	return nil
}

func (a *aggCall) update(f *frame, groups, sel []uint32) error {
	if a.filter != nil {
		cond, err := a.filter.eval(f, sel)
		if err != nil {
			return err
		}
		a.sel = fn.IsTrue(&cond, f.b.N, sel, a.sel[:0])
		sel = a.sel
	}
	if count(f.b.N, sel) == 0 {
		return nil
	}
	args, err := evalAll(a.args, f, sel)
	if err != nil {
		return err
	}
	if a.seen != nil {
		sel = a.distinct(args, f.b.N, groups, sel)
	}
	return a.at.wrap(a.acc.Update(groups, args, sel))
}

// distinct returns the rows whose arguments are new to their group. sel may be a.sel: rows
// are written no earlier than they are read.
func (a *aggCall) distinct(args []vec.Col, n int, groups, sel []uint32) []uint32 {
	out := a.sel[:0]
	for i := range vec.Each(n, sel) {
		a.buf = binary.BigEndian.AppendUint32(a.buf[:0], groups[i])
		a.buf = vec.AppendKey(a.buf, args, i)
		if _, added := a.seen.add(a.buf); added {
			out = append(out, uint32(i))
		}
	}
	a.sel = out
	return out
}

// result is the output columns of some groups: keys, then aggregates.
func (g *grouping) result(t *groupTable, ids []uint32) (*vec.Batch, error) {
	cols, err := t.columns(g.keyTypes, ids)
	if err != nil {
		return nil, err
	}
	for _, call := range g.calls {
		col, err := call.acc.Final(ids)
		if err != nil {
			return nil, call.at.wrap(err)
		}
		cols = append(cols, col)
	}
	return &vec.Batch{N: len(ids), Cols: cols}, nil
}

// zeros returns n zeros in the memory of buf if it suffices.
func zeros(buf []uint32, n int) []uint32 {
	if cap(buf) < n {
		return make([]uint32, n)
	}
	clear(buf[:n])
	return buf[:n]
}
