package exec

import (
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
	order  []evaluator // WITHIN GROUP (ORDER BY …): the rows of a group come to the aggregate so
	filter evaluator   // nil: every row
	at     place
	acc    fn.Accumulator
	seen   keyTable     // DISTINCT: the group and arguments of rows seen
	kept   *vec.Builder // with order: group, arguments and order keys of rows that wait to be sorted

	scratch keyScratch
	ids     []uint32
	sel     []uint32
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
		call, err := newAggCall(agg, &c)
		if err != nil {
			return g, err
		}
		g.calls = append(g.calls, call)
	}
	return g, nil
}

func newAggCall(agg *plan.Agg, c *compiler) (*aggCall, error) {
	call := &aggCall{agg: agg, at: c.at(agg), sel: []uint32{}}
	var err error
	if call.args, err = c.compileAll(agg.Args); err != nil {
		return nil, err
	}
	for _, o := range agg.Order {
		key, err := c.compile(o.Expr)
		if err != nil {
			return nil, err
		}
		call.order = append(call.order, key)
	}
	if agg.Filter != nil {
		call.filter, err = c.compile(agg.Filter)
	}
	return call, err
}

// reset gives every call an empty accumulator.
func (g *grouping) reset(c *fn.Context) {
	for _, call := range g.calls {
		call.reset(c)
	}
}

func (a *aggCall) reset(c *fn.Context) {
	a.acc = a.agg.Fn.New(c)
	if a.agg.Distinct {
		a.seen = newKeyTable(append(groupType(), a.argTypes()...))
	}
	if len(a.order) > 0 {
		a.kept = vec.NewBuilder(a.keptSchema())
	}
}

// groupType is the type of a group as a column.
func groupType() []types.Type { return []types.Type{types.IntType} }

func (a *aggCall) argTypes() []types.Type {
	var out []types.Type
	for _, x := range a.agg.Args {
		out = append(out, x.Type())
	}
	return out
}

// keptSchema is a group, the arguments, and the order keys.
func (a *aggCall) keptSchema() types.Schema {
	return append(types.Schema{{Type: types.IntType}}, a.rowSchema()...)
}

// rowSchema is the arguments and the order keys.
func (a *aggCall) rowSchema() types.Schema {
	var out types.Schema
	for _, t := range a.argTypes() {
		out = append(out, types.Field{Type: t, Nullable: true})
	}
	for _, o := range a.agg.Order {
		out = append(out, types.Field{Type: o.Expr.Type(), Nullable: true})
	}
	return out
}

// keepsRows reports a call whose state is rows, not what its accumulator gives as partial.
func (a *aggCall) keepsRows() bool { return a.agg.Distinct || len(a.order) > 0 }

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
	if len(a.order) == 0 {
		return a.at.wrapRow(f.b, a.take(groups, args, sel))
	}
	order, err := evalAll(a.order, f, sel)
	if err != nil {
		return err
	}
	return a.at.wrapRow(f.b, a.take(groups, append(args, order...), sel))
}

// take adds rows of arguments, and order keys if there are any, to their groups.
func (a *aggCall) take(groups []uint32, cols []vec.Col, sel []uint32) error {
	args := cols[:len(a.args)]
	if a.seen != nil {
		sel = a.distinct(args, groups, sel)
	}
	if a.kept == nil {
		return a.acc.Update(groups, args, sel)
	}
	a.kept.Cols[0].AppendRows(groupCol(groups), len(groups), sel)
	for i := range cols {
		a.kept.Cols[1+i].AppendRows(&cols[i], len(groups), sel)
	}
	return nil
}

// groupCol is groups as a column.
func groupCol(groups []uint32) *vec.Col {
	vals := make([]int32, len(groups))
	for i, g := range groups {
		vals[i] = int32(g)
	}
	c := vec.FlatOf(types.IntType, vals, nil)
	return &c
}

// distinct returns the rows whose arguments are new to their group. sel may be a.sel: rows
// are written no earlier than they are read.
func (a *aggCall) distinct(args []vec.Col, groups, sel []uint32) []uint32 {
	rows := a.scratch.rows(len(groups), sel)
	if cap(a.ids) < len(rows) {
		a.ids = make([]uint32, len(rows))
	}
	ids := a.ids[:len(rows)]
	next := uint32(a.seen.ids())
	a.seen.assign(&a.scratch, append([]vec.Col{*groupCol(groups)}, args...), rows, ids)
	out := a.sel[:0]
	for k, id := range ids {
		if id == next {
			out = append(out, rows[k])
			next++
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
	return g.finals(cols, ids)
}

// finals adds the aggregates of groups to their keys.
func (g *grouping) finals(cols []vec.Col, ids []uint32) (*vec.Batch, error) {
	for _, call := range g.calls {
		col, err := call.acc.Final(ids)
		if err != nil {
			return nil, call.at.wrap(err)
		}
		cols = append(cols, col)
	}
	return &vec.Batch{N: len(ids), Cols: cols}, nil
}

// bytes is the memory that a call holds, approximately.
func (a *aggCall) bytes() int64 {
	n := a.acc.Bytes()
	if a.seen != nil {
		n += a.seen.bytes()
	}
	if a.kept != nil {
		n += int64(a.kept.Size())
	}
	return n
}

// zeros returns n zeros in the memory of buf if it suffices.
func zeros(buf []uint32, n int) []uint32 {
	if cap(buf) < n {
		return make([]uint32, n)
	}
	clear(buf[:n])
	return buf[:n]
}
