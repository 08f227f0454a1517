package analyze

import (
	"slices"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/sql"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// maxSets bounds what CUBE and its products stand for.
const maxSets = 4096

// groupingSets is GROUP BY with CUBE, ROLLUP or GROUPING SETS: each row counts once for each set.
type groupingSets struct {
	sets [][]int   // positions of keys; each as written, perhaps with repetitions
	id   plan.Attr // which keys a row's set leaves out: a bit for each key, the first is the highest
	pos  plan.Attr // tells equal sets apart; ID 0: there are none
}

// hasSets reports a GROUP BY with more than plain expressions.
func (b *selecting) hasSets() bool {
	return b.sel.GroupBy != nil && slices.ContainsFunc(b.sel.GroupBy.Items, func(g sql.GroupItem) bool { return g.Kind != sql.GroupExpr })
}

// groupSets analyzes such a GROUP BY. Spark: ResolveGroupingAnalytics.
func (b *selecting) groupSets() error {
	b.keys = nil
	sets := [][]int{nil}
	for i := range b.sel.GroupBy.Items {
		more, err := b.setsOf(&b.sel.GroupBy.Items[i])
		if err != nil {
			return err
		}
		if len(sets)*len(more) > maxSets {
			return b.tooManySets()
		}
		var product [][]int
		for _, s := range sets {
			for _, m := range more {
				product = append(product, append(slices.Clone(s), m...))
			}
		}
		sets = product
	}
	b.sets = &groupingSets{sets: sets, id: b.a.newAttr("spark_grouping_id", types.LongType, false)}
	if len(b.keys) == 0 && len(sets) == 1 { // all rows are one group, even without any
		b.sets.id.ID = 0
	}
	if len(b.keys) > 63 {
		return b.a.fail(b.sel.GroupBy.Span(), "GROUPING_SIZE_LIMIT_EXCEEDED", "54000", "at most 64 expressions can stand in grouping sets")
	}
	for i := range b.keys {
		k := &b.keys[i]
		k.Attr = b.a.newAttr(k.Attr.Name, k.Expr.Type(), true)
	}
	seen := map[int64]bool{}
	for _, s := range sets {
		id := b.setID(s)
		if seen[id] && b.sets.pos.ID == 0 {
			b.sets.pos = b.a.newAttr("_gen_grouping_pos", types.IntType, false)
		}
		seen[id] = true
	}
	return nil
}

func (b *selecting) tooManySets() error {
	return b.a.fail(b.sel.GroupBy.Span(), "GROUPING_SIZE_LIMIT_EXCEEDED", "54000", "GROUP BY stands for more than %d grouping sets", maxSets).
		WithHint("write the sets that are wanted with GROUPING SETS")
}

// setsOf is the sets that an item of GROUP BY stands for.
func (b *selecting) setsOf(g *sql.GroupItem) ([][]int, error) {
	switch g.Kind {
	case sql.Cube, sql.Rollup:
		parts := make([][]int, len(g.Sets))
		for i, s := range g.Sets {
			var err error
			if parts[i], err = b.keysOf(s); err != nil {
				return nil, err
			}
		}
		if g.Kind == sql.Rollup {
			return rollup(parts), nil
		}
		if len(parts) > 12 {
			return nil, b.tooManySets()
		}
		return cube(parts), nil
	case sql.GroupSets:
		var out [][]int
		for i := range g.Items {
			s, err := b.setsOf(&g.Items[i])
			if err != nil {
				return nil, err
			}
			out = append(out, s...)
		}
		return out, nil
	}
	list := g.Set
	if g.X != nil {
		list = []sql.Expr{g.X}
	}
	s, err := b.keysOf(list)
	return [][]int{s}, err
}

// rollup is all beginnings of a list, the longest first.
func rollup(parts [][]int) [][]int {
	var out [][]int
	for n := len(parts); n >= 0; n-- {
		out = append(out, slices.Concat(parts[:n]...))
	}
	return out
}

// cube is all parts of a list.
func cube(parts [][]int) [][]int {
	if len(parts) == 0 {
		return [][]int{nil}
	}
	rest := cube(parts[1:])
	var out [][]int
	for _, r := range rest {
		out = append(out, append(slices.Clone(parts[0]), r...))
	}
	return append(out, rest...)
}

// keysOf is the positions of expressions among the keys, to which it adds them.
func (b *selecting) keysOf(list []sql.Expr) ([]int, error) {
	var out []int
	for _, e := range list {
		if err := b.groupItem(e); err != nil {
			return nil, err
		}
		out = append(out, b.lastKey)
	}
	return out, nil
}

// setID is the grouping id of a set.
func (b *selecting) setID(set []int) int64 {
	var id int64
	for i := range b.keys {
		id <<= 1
		if !slices.Contains(set, i) {
			id |= 1
		}
	}
	return id
}

// expand repeats the rows for each set: the keys that a set leaves out are NULL. Aggregates read
// the input's own columns, which pass.
func (b *selecting) expand(n plan.Node) *plan.Aggregate {
	in := n.Output()
	e := &plan.Expand{Child: n, Attrs: slices.Clone(in)}
	agg := &plan.Aggregate{Child: e, Aggs: b.aggs, Stateful: -1, At: b.groupSpan()}
	keep := func(a plan.Attr) {
		e.Attrs = append(e.Attrs, a)
		agg.Keys = append(agg.Keys, plan.Named{Attr: a, Expr: &plan.Ref{Attr: a}})
	}
	for _, k := range b.keys {
		keep(k.Attr)
	}
	keep(b.sets.id)
	if b.sets.pos.ID != 0 {
		keep(b.sets.pos)
	}
	for i, s := range b.sets.sets {
		var row []plan.Expr
		for _, a := range in {
			row = append(row, &plan.Ref{Attr: a})
		}
		for j, k := range b.keys {
			if slices.Contains(s, j) {
				row = append(row, k.Expr)
			} else {
				row = append(row, &plan.Lit{Value: vec.NullCol(k.Expr.Type(), 1)})
			}
		}
		row = append(row, longLit(b.setID(s), errs.Span{}))
		if b.sets.pos.ID != 0 {
			row = append(row, &plan.Lit{Value: vec.ConstOf(types.IntType, int32(i), 1)})
		}
		e.Rows = append(e.Rows, row)
	}
	return agg
}

func longLit(n int64, at errs.Span) *plan.Lit {
	return &plan.Lit{Value: vec.ConstOf(types.LongType, n, 1), At: at}
}

// groupingFn is grouping(x) or grouping_id(x, …) until the keys are known. It embeds a constant of
// its type, so that it is an expression.
type groupingFn struct {
	*plan.Lit
	args []plan.Expr
	id   bool
	name string
}

// Children are the arguments, which are not computed.
func (*groupingFn) Children() []plan.Expr { return nil }

// With is the call itself: it has no children.
func (g *groupingFn) With([]plan.Expr) plan.Expr { return g }

// groupingCall analyzes grouping() and grouping_id().
func (a *analyzer) groupingCall(s *exprScope, e *sql.Call, name string) (val, error) {
	if err := a.plainCall(e, name); err != nil {
		return val{}, err
	}
	if name == "grouping" && len(e.Args) != 1 {
		return val{}, a.arity(e, name, "1", len(e.Args))
	}
	if s.sel == nil || !s.sel.hasSets() || !s.list && s.outputs == nil {
		return val{}, a.fail(e.Span(), "UNSUPPORTED_GROUPING_EXPRESSION", "42K0E", "%s needs GROUP BY with GROUPING SETS, CUBE or ROLLUP", name)
	}
	if s.outputs != nil { // there the input's columns count, not the select list's
		s = s.within()
	}
	args, err := a.args(s, e.Args)
	if err != nil {
		return val{}, err
	}
	t := vec.ConstOf(types.ByteType, int8(0), 1)
	if name == "grouping_id" {
		t = vec.ConstOf(types.LongType, int64(0), 1)
	}
	display := name + "(" + names(args) + ")"
	return val{&groupingFn{&plan.Lit{Value: t, At: e.Span()}, exprsOf(args), name == "grouping_id", display}, display}, nil
}

// groupingIDColumn is grouping__id, Hive's name of grouping_id().
func (a *analyzer) groupingIDColumn(s *exprScope, c *sql.Column) (val, bool) {
	if len(c.Parts) != 1 || !equalFold(c.Parts[0].Name, "grouping__id") || s.sel == nil || !s.sel.hasSets() {
		return val{}, false
	}
	t := vec.ConstOf(types.LongType, int64(0), 1)
	return val{&groupingFn{&plan.Lit{Value: t, At: c.Span()}, nil, true, c.Parts[0].Name}, c.Parts[0].Name}, true
}

// grouping is the value of such a call over the Aggregate's output.
func (b *selecting) grouping(g *groupingFn) (plan.Expr, error) {
	var id plan.Expr = &plan.Ref{Attr: b.sets.id, At: g.At}
	if b.sets.id.ID == 0 {
		id = longLit(0, g.At)
	}
	keyOf := func(x plan.Expr) int {
		return slices.IndexFunc(b.keys, func(k plan.Named) bool { return plan.Equal(k.Expr, x) })
	}
	if g.id {
		for i, x := range g.args {
			if len(g.args) != len(b.keys) || keyOf(x) != i {
				return nil, b.a.fail(g.At, "GROUPING_ID_COLUMN_MISMATCH", "42803", "%s must have all the grouping columns, in their order, or none", g.name)
			}
		}
		return id, nil
	}
	k := keyOf(g.args[0])
	if k < 0 {
		return nil, b.a.fail(g.At, "GROUPING_COLUMN_MISMATCH", "42803", "\"%s\" is about a column that is not in GROUP BY", g.name)
	}
	return b.leavesOut(id, k), nil
}

// leavesOut is 1 where a row's set leaves out key k, else 0.
func (b *selecting) leavesOut(id plan.Expr, k int) plan.Expr {
	in := &plan.In{X: id, At: id.Span()}
	for _, s := range b.sets.sets {
		if !slices.Contains(s, k) {
			in.List = append(in.List, longLit(b.setID(s), id.Span()))
		}
	}
	bit := func(n int8) plan.Expr { return &plan.Lit{Value: vec.ConstOf(types.ByteType, n, 1), At: id.Span()} }
	if len(in.List) == 0 {
		return bit(0)
	}
	return &plan.Case{When: []plan.Expr{in}, Then: []plan.Expr{bit(1)}, Else: bit(0), At: id.Span()}
}

// groupingInAggs lets the arguments of aggregates read grouping(): it is computed below them.
func (b *selecting) groupingInAggs() error {
	var failed error
	for i, g := range b.aggs {
		b.aggs[i].Expr = plan.RewriteDown(g.Expr, func(e plan.Expr) (plan.Expr, bool) {
			f, ok := e.(*groupingFn)
			if !ok || failed != nil {
				return e, false
			}
			var x plan.Expr
			if x, failed = b.grouping(f); failed != nil {
				return e, true
			}
			return x, true
		})
	}
	return failed
}
