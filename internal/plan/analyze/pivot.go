package analyze

import (
	"context"
	"slices"
	"strings"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/sql"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// pivoting analyzes a PIVOT. Spark: PivotTransformer.
type pivoting struct {
	a     *analyzer
	r     *sql.PivotRef
	in    *scope
	cols  []val // FOR
	aggs  []val
	names []string // of aggs
	b     *selecting
	// typed: all aggregates are numbers or booleans, and then a group without rows of a value has
	// NULL there, even for count (Spark groups by the value first: PivotFirst).
	typed bool
}

// pivotValue is one value of IN, or several, one for each column of FOR.
type pivotValue struct {
	match plan.Expr // whether a row has it
	name  string
	rows  plan.Expr // how many rows of the group have it; nil unless typed
}

func (a *analyzer) pivot(ctx context.Context, r *sql.PivotRef, env *ctes) (plan.Node, *scope, error) {
	n, in, err := a.relation(ctx, r.Rel, env)
	if err != nil {
		return nil, nil, err
	}
	p := &pivoting{a: a, r: r, in: in, typed: true, b: &selecting{a: a, in: in, sel: &sql.Select{At: r.At}}}
	for _, step := range []func() error{p.columns, p.aggregates, p.group} {
		if err := step(); err != nil {
			return nil, nil, err
		}
	}
	out := &plan.Project{}
	sc := &scope{}
	p.passGroups(out, sc)
	for i := range r.Values {
		if err := p.value(&r.Values[i], out, sc); err != nil {
			return nil, nil, err
		}
	}
	out.Child = &plan.Aggregate{Child: n, Keys: p.b.keys, Aggs: p.b.aggs, Stateful: -1, At: r.Span()}
	return out, sc, nil
}

func (p *pivoting) columns() error {
	for _, c := range p.r.Columns {
		v, err := p.a.expr(&exprScope{in: p.in}, &sql.Column{At: c.At, Parts: []sql.Ident{c}})
		if err != nil {
			return err
		}
		if hasMap(v.x.Type()) {
			return p.a.fail(c.Span(), "INCOMPARABLE_PIVOT_COLUMN", "42818", "PIVOT cannot compare \"%s\", which is %s", v.name, v.x.Type().SQL())
		}
		p.cols = append(p.cols, v)
	}
	return nil
}

func (p *pivoting) aggregates() error {
	for i := range p.r.Aggs {
		it := &p.r.Aggs[i]
		v, err := p.a.expr(&exprScope{in: p.in}, it.X)
		if err != nil {
			return err
		}
		if firstAgg(v.x) == nil {
			return p.noAggregate(v, it.X.Span())
		}
		name := v.name
		if len(it.Alias) > 0 {
			name = it.Alias[0].Name
		}
		t := v.x.Type()
		p.typed = p.typed && (t.IsNumeric() || t.Kind == types.Boolean)
		p.aggs, p.names = append(p.aggs, v), append(p.names, name)
	}
	return nil
}

func (p *pivoting) noAggregate(v val, at errs.Span) error {
	return p.a.fail(at, "PIVOT_WITHOUT_AGGREGATE", "42803", "PIVOT needs aggregates, but \"%s\" is a single row's value", v.name).
		WithHint("write for example sum(%s)", v.name)
}

// group groups by the columns that nothing in PIVOT mentions.
func (p *pivoting) group() error {
	used := map[plan.ID]bool{}
	for _, v := range slices.Concat(p.cols, p.aggs) {
		plan.Refs(v.x, used)
	}
	for _, c := range p.in.visible() {
		if used[c.attr.ID] {
			continue
		}
		if err := p.b.addKey(val{&plan.Ref{Attr: c.attr, At: p.r.Span()}, c.attr.Name}); err != nil {
			return err
		}
	}
	return nil
}

func (p *pivoting) passGroups(out *plan.Project, sc *scope) {
	for _, k := range p.b.keys {
		out.Cols = append(out.Cols, plan.Named{Attr: k.Attr, Expr: &plan.Ref{Attr: k.Attr}})
		for _, c := range p.in.visible() {
			if c.attr.ID == k.Attr.ID {
				sc.add(k.Attr, c.qual...)
				break
			}
		}
	}
}

// value adds the columns of one value.
func (p *pivoting) value(pv *sql.PivotValue, out *plan.Project, sc *scope) error {
	v, err := p.match(pv)
	if err != nil {
		return err
	}
	if p.typed {
		if v.rows, err = p.rowsOf(v, pv.Span()); err != nil {
			return err
		}
	}
	for i, g := range p.aggs {
		x, err := p.only(g, v, p.r.Aggs[i].X.Span())
		if err != nil {
			return err
		}
		name := v.name
		if len(p.aggs) > 1 {
			name += "_" + p.names[i]
		}
		attr := p.a.newAttr(name, x.Type(), x.Nullable())
		out.Cols = append(out.Cols, plan.Named{Attr: attr, Expr: x})
		sc.add(attr)
	}
	return nil
}

// match analyzes a value and compares the columns with it; NULL matches NULL.
func (p *pivoting) match(pv *sql.PivotValue) (*pivotValue, error) {
	list := []sql.Expr{pv.X}
	if row, ok := pv.X.(*sql.Row); ok && len(p.cols) > 1 {
		list = row.Items
	}
	if len(list) != len(p.cols) {
		return nil, p.a.fail(pv.Span(), "PIVOT_VALUE_DATA_TYPE_MISMATCH", "42K09", "%d columns need as many values, not %d", len(p.cols), len(list))
	}
	out := &pivotValue{}
	var texts []string
	for i, e := range list {
		v, err := p.a.expr(&exprScope{in: p.in}, e)
		if err != nil {
			return nil, err
		}
		if !plan.IsConst(v.x) {
			return nil, p.a.fail(e.Span(), "NON_LITERAL_PIVOT_VALUES", "42K08", "the values of PIVOT must be constants, not \"%s\"", v.name)
		}
		text, lit, err := p.constant(v, p.cols[i], e.Span())
		if err != nil {
			return nil, err
		}
		texts = append(texts, text)
		eq, err := p.a.op("<=>", e.Span(), v.name, p.cols[i], val{lit, v.name})
		if err != nil {
			return nil, err
		}
		if out.match == nil {
			out.match = eq.x
		} else {
			out.match = &plan.Logic{L: out.match, R: eq.x, At: e.Span()}
		}
	}
	out.name = texts[0]
	if len(texts) > 1 {
		out.name = "{" + strings.Join(texts, ", ") + "}"
	}
	if pv.Alias.Name != "" {
		out.name = pv.Alias.Name
	}
	return out, nil
}

// constant is a value as text, which names its column, and as a literal of the column's type.
func (p *pivoting) constant(v, col val, at errs.Span) (string, plan.Expr, error) {
	own, err := plan.Eval(p.a.folding, v.x)
	if err != nil {
		return "", nil, p.a.place(err, at)
	}
	text := "null"
	if !own.IsNull(0) {
		s, err := plan.Eval(p.a.folding, castTo(&plan.Lit{Value: own}, types.StringType))
		if err != nil {
			return "", nil, p.a.place(err, at)
		}
		text = strings.Clone(s.Str(0))
	}
	to := col.x.Type()
	if err := p.a.castable(own.Type, to, false, at, v.name); err != nil {
		return "", nil, p.a.fail(at, "PIVOT_VALUE_DATA_TYPE_MISMATCH", "42K09", "the value \"%s\" is %s, but the column \"%s\" is %s",
			v.name, own.Type.SQL(), col.name, to.SQL())
	}
	c, err := plan.Eval(p.a.folding, castTo(&plan.Lit{Value: own}, to))
	if err != nil {
		return "", nil, p.a.place(err, at)
	}
	c.Type = to
	return text, &plan.Lit{Value: c, At: at}, nil
}

// rowsOf counts the rows of a group that have a value.
func (p *pivoting) rowsOf(v *pivotValue, at errs.Span) (plan.Expr, error) {
	f, ok := p.a.env.aggregate("count")
	if !ok {
		return nil, p.a.unsupported(at, "PIVOT without the function count")
	}
	one := lit(vec.ConstOf(types.IntType, int32(1), 1), at, "1")
	b, err := f.Bind(p.a.argsOf([]val{one}))
	if err != nil {
		return nil, p.a.place(err, at)
	}
	g := &plan.Agg{Name: f.Name, Fn: b, Args: []plan.Expr{castTo(one.x, b.Params[0])}, Filter: v.match, At: at}
	return &plan.Ref{Attr: p.b.addAgg(g, "count(1)"), At: at}, nil
}

// only is an aggregate over the rows that have a value.
func (p *pivoting) only(g val, v *pivotValue, at errs.Span) (plan.Expr, error) {
	var failed error
	x := plan.RewriteUp(g.x, func(e plan.Expr) plan.Expr {
		agg, ok := e.(*plan.Agg)
		if !ok || failed != nil {
			return e
		}
		d := *agg
		d.Filter = v.match
		if agg.Filter != nil {
			d.Filter = &plan.Logic{L: v.match, R: agg.Filter, At: at}
		}
		if !p.typed {
			failed = p.skipNulls(&d)
		}
		return &d
	})
	if failed != nil {
		return nil, failed
	}
	x, err := p.b.overGroups(x, "", func(*plan.Ref) error { return p.noAggregate(g, at) })
	if err != nil || v.rows == nil {
		return x, err
	}
	some, err := p.a.op(">", at, "", val{v.rows, ""}, val{longLit(0, at), "0"})
	if err != nil {
		return nil, err
	}
	return &plan.Case{When: []plan.Expr{some.x}, Then: []plan.Expr{x}, At: at}, nil
}

// skipNulls makes first and last skip NULLs, as Spark's PIVOT does where it does not group by the value.
func (p *pivoting) skipNulls(g *plan.Agg) error {
	f, ok := p.a.env.aggregate(g.Name)
	if !ok || !slices.Contains(mayIgnoreNulls, f.Name) || len(g.Args) != 1 {
		return nil
	}
	args := []val{{g.Args[0], ""}, boolVal(true, g.At)}
	b, err := f.Bind(p.a.argsOf(args))
	if err != nil {
		return p.a.place(err, g.At)
	}
	if g.Args, err = p.a.castAll(args, b.Params, g.At); err != nil {
		return err
	}
	g.Fn = b
	return nil
}
