package analyze

import (
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/sql"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// intersected is INTERSECT and EXCEPT of inputs of the same types. Without ALL it is a semi or
// anti join of distinct rows (Spark: ReplaceIntersectWithSemiJoin, ReplaceExceptWithAntiJoin).
func (a *analyzer) intersected(s *sql.SetOp, ins [2]plan.Node, names *scope, nullable []bool) (plan.Node, *scope, error) {
	if err := a.noMaps(ins[0], s.Span()); err != nil {
		return nil, nil, err
	}
	if s.All {
		return a.counted(s, ins, names, nullable)
	}
	j := &plan.Join{Kind: plan.LeftSemi, L: ins[0], R: ins[1], At: s.Span()}
	if s.Op == "EXCEPT" {
		j.Kind = plan.LeftAnti
	}
	right := ins[1].Output()
	for i, l := range ins[0].Output() {
		eq, err := a.op("<=>", s.Span(), "", val{x: &plan.Ref{Attr: l, At: s.Span()}}, val{x: &plan.Ref{Attr: right[i], At: s.Span()}})
		if err != nil {
			return nil, nil, err
		}
		j.On = plan.And(j.On, eq.x)
	}
	p := &plan.Project{Child: j}
	for i, l := range ins[0].Output() {
		out := a.newAttr(names.cols[i].attr.Name, l.Type, nullable[i])
		p.Cols = append(p.Cols, plan.Named{Attr: out, Expr: &plan.Ref{Attr: l, At: s.Span()}})
	}
	n, err := a.distinct(p, s.Span())
	return n, scopeOf(p.Output()), err
}

func (a *analyzer) noMaps(n plan.Node, at errs.Span) error {
	for _, c := range n.Output() {
		if hasMap(c.Type) {
			return a.fail(at, "UNSUPPORTED_FEATURE.SET_OPERATION_ON_MAP_TYPE", "0A000",
				"rows with a MAP column cannot be compared, and `%s` is %s", c.Name, c.Type.SQL())
		}
	}
	return nil
}

// counted is INTERSECT ALL and EXCEPT ALL: how often each row comes in the inputs is counted, and it
// is given as often as it is in both, or as it is more often in the first (Spark:
// RewriteIntersectAll, RewriteExceptAll).
func (a *analyzer) counted(s *sql.SetOp, ins [2]plan.Node, names *scope, nullable []bool) (plan.Node, *scope, error) {
	u := &plan.Union{At: s.Span()}
	g := &plan.Aggregate{Stateful: -1, At: s.Span()}
	out := &scope{}
	for i, c := range ins[0].Output() {
		in := a.newAttr(c.Name, c.Type, c.Nullable || ins[1].Output()[i].Nullable)
		key := in
		key.Name, key.Nullable = names.cols[i].attr.Name, nullable[i]
		u.Attrs = append(u.Attrs, in)
		g.Keys = append(g.Keys, plan.Named{Attr: key, Expr: &plan.Ref{Attr: in, At: s.Span()}})
		out.add(key)
	}
	times, err := a.countSides(s, u, g, ins)
	if err != nil {
		return nil, nil, err
	}
	r := &plan.Generate{Child: g, Name: "replicaterows", Fn: replicate(), Args: []plan.Expr{times}, At: s.Span()}
	p := &plan.Project{Child: r}
	for _, k := range g.Keys {
		p.Cols = append(p.Cols, plan.Named{Attr: k.Attr, Expr: &plan.Ref{Attr: k.Attr, At: s.Span()}})
	}
	return p, out, nil
}

// countSides adds a column of ones to each input, sums both and says how often a row comes.
func (a *analyzer) countSides(s *sql.SetOp, u *plan.Union, g *plan.Aggregate, ins [2]plan.Node) (plan.Expr, error) {
	one := func(v int64) plan.Expr { return &plan.Lit{Value: vec.ConstOf(types.LongType, v, 1), At: s.Span()} }
	for i, in := range ins {
		p := &plan.Project{Child: in}
		for _, c := range in.Output() {
			p.Cols = append(p.Cols, plan.Named{Attr: c, Expr: &plan.Ref{Attr: c, At: s.Span()}})
		}
		for k := range ins {
			v := int64(0)
			if i == k {
				v = 1
			}
			p.Cols = append(p.Cols, plan.Named{Attr: a.newAttr("n", types.LongType, false), Expr: one(v)})
		}
		u.Inputs = append(u.Inputs, p)
	}
	g.Child = u
	var n [2]val
	for k := range ins {
		in := a.newAttr("n", types.LongType, false)
		u.Attrs = append(u.Attrs, in)
		sum, err := a.sumOf(&plan.Ref{Attr: in, At: s.Span()}, s.Span())
		if err != nil {
			return nil, err
		}
		total := a.newAttr("n", sum.Type(), true)
		g.Aggs = append(g.Aggs, plan.Named{Attr: total, Expr: sum})
		n[k] = val{x: &plan.Ref{Attr: total, At: s.Span()}}
	}
	if s.Op == "EXCEPT" {
		v, err := a.op("-", s.Span(), "", n[0], n[1])
		return v.x, err
	}
	v, err := a.op("<", s.Span(), "", n[0], n[1])
	if err != nil {
		return nil, err
	}
	return &plan.Case{When: []plan.Expr{v.x}, Then: []plan.Expr{n[0].x}, Else: n[1].x, At: s.Span()}, nil
}

func (a *analyzer) sumOf(x plan.Expr, at errs.Span) (*plan.Agg, error) {
	f, ok := a.env.aggregate("sum")
	if !ok {
		return nil, a.unsupported(at, "a sum")
	}
	b, err := f.Bind([]fn.Arg{{Type: x.Type(), Nullable: x.Nullable()}})
	if err != nil {
		return nil, a.place(err, at)
	}
	return &plan.Agg{Name: f.Name, Fn: b, Args: []plan.Expr{castTo(x, b.Params[0])}, At: at}, nil
}

// replicate gives each row as often as its argument says, and makes no column.
func replicate() fn.BoundGenerator {
	return fn.BoundGenerator{
		Params: []types.Type{types.LongType},
		Kernel: func(_ *fn.Context, args []vec.Col, n int, sel []uint32) ([]vec.Col, []uint32, error) {
			var parents []uint32
			add := func(i uint32) {
				if args[0].IsNull(int(i)) {
					return
				}
				for range max(vec.Get[int64](&args[0], int(i)), 0) {
					parents = append(parents, i)
				}
			}
			if sel == nil {
				for i := range n {
					add(uint32(i))
				}
			}
			for _, i := range sel {
				add(i)
			}
			return nil, parents, nil
		},
	}
}

// subqueryIn finds a subquery in the rows of VALUES.
func subqueryIn(rows [][]sql.Expr) sql.Expr {
	for _, r := range rows {
		for _, e := range r {
			if q, ok := e.(*sql.Subquery); ok {
				return q
			}
		}
	}
	return nil
}
