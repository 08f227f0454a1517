package analyze

import (
	"strings"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/sql"
	"github.com/azud/azud/internal/vec"
)

// generatorOf finds the generator that an expression calls.
func (a *analyzer) generatorOf(e sql.Expr) (*sql.Call, *fn.Generator) {
	c, ok := e.(*sql.Call)
	if !ok || c.Over != nil {
		return nil, nil
	}
	name, err := a.routine(c)
	if err != nil {
		return nil, nil
	}
	if g, ok := a.env.functions().Generator(name); ok {
		return c, g
	}
	return nil, nil
}

// generate analyzes a generator's call; its Child is set where the node is built.
func (a *analyzer) generate(s *exprScope, e *sql.Call, f *fn.Generator, outer bool) (*plan.Generate, error) {
	if err := a.plainCall(e, f.Name); err != nil {
		return nil, err
	}
	e, err := a.positional(e, f.Name)
	if err != nil {
		return nil, err
	}
	args, err := a.args(s, e.Args)
	if err != nil {
		return nil, err
	}
	display := f.Name + "(" + names(args) + ")"
	b, err := f.Bind(a.argsOf(args))
	if err != nil {
		return nil, a.mismatch(err, e.Span(), display)
	}
	cast, err := a.castAll(args, b.Params, e.Span())
	if err != nil {
		return nil, err
	}
	g := &plan.Generate{Name: f.Name, Fn: b, Args: cast, Outer: f.Outer || outer, At: e.Span()}
	for _, c := range b.Columns {
		g.Out = append(g.Out, a.newAttr(c.Name, c.Type, c.Nullable || g.Outer))
	}
	return g, nil
}

// nameOut gives a generator's columns the names of an alias.
func (a *analyzer) nameOut(g *plan.Generate, columns []sql.Ident, at errs.Span) error {
	if len(columns) == 0 {
		return nil
	}
	if len(columns) != len(g.Out) {
		return a.fail(at, "UDTF_ALIAS_NUMBER_MISMATCH", "42802",
			"%d columns are named, but %s makes %d", len(columns), g.Name, len(g.Out))
	}
	for i, c := range columns {
		g.Out[i].Name = c.Name
	}
	return nil
}

// lateralViews puts LATERAL VIEW over the relations of FROM.
func (a *analyzer) lateralViews(n plan.Node, sc *scope, views []sql.LateralView) (plan.Node, *scope, error) {
	for i := range views {
		v := &views[i]
		_, f := a.generatorOf(v.Call)
		if f == nil {
			return nil, nil, a.noGenerator(v.Call)
		}
		g, err := a.generate(&exprScope{in: sc}, v.Call, f, v.Outer)
		if err != nil {
			return nil, nil, err
		}
		if err := a.nameOut(g, v.Columns, v.Span()); err != nil {
			return nil, nil, err
		}
		g.Child = n
		next := &scope{cols: append([]column{}, sc.cols...)}
		for _, o := range g.Out {
			next.add(o, v.Table.Name)
		}
		n, sc = g, next
	}
	return n, sc, nil
}

// noGenerator is the error of LATERAL VIEW over another function, or none.
func (a *analyzer) noGenerator(e *sql.Call) error {
	if a.isFunction(e) {
		return a.fail(e.Span(), "UNSUPPORTED_GENERATOR.NOT_GENERATOR", "42K0E",
			"`%s` makes no rows: LATERAL VIEW needs a generator such as explode", e.Name.String())
	}
	return a.fail(e.Name.Span(), "ROUTINE_NOT_FOUND", "42883", "there is no function `%s`", e.Name.String()).
		WithHint("LATERAL VIEW needs a generator such as explode, posexplode, inline or stack")
}

// isFunction reports the name of a function that makes no rows.
func (a *analyzer) isFunction(e *sql.Call) bool {
	name, err := a.routine(e)
	if err != nil {
		return false
	}
	_, scalar := a.env.scalar(name)
	_, agg := a.env.aggregate(name)
	_, special := specialOf(name)
	return scalar || agg || special
}

// generatorOutside is the error of a generator where none can stand.
func (a *analyzer) generatorOutside(s *exprScope, e *sql.Call) error {
	if s.list {
		return a.fail(e.Span(), "UNSUPPORTED_GENERATOR.NESTED_IN_EXPRESSIONS", "42K0E",
			"the generator `%s` cannot stand within an expression", e.Name.String()).
			WithHint("give its column a name in a subquery: SELECT ... FROM (SELECT %s(...) AS x FROM t)", e.Name.String())
	}
	return a.fail(e.Span(), "UNSUPPORTED_GENERATOR.OUTSIDE_SELECT", "42K0E",
		"the generator `%s` can stand only in the select list and in FROM", e.Name.String())
}

// generatedItems analyzes a generator of the select list into the items that it makes.
func (b *selecting) generatedItems(it *sql.SelectItem, c *sql.Call, f *fn.Generator) error {
	s := &exprScope{in: b.in, windows: &b.windows, lateral: b.items, list: true}
	g, err := b.a.generate(s, c, f, false)
	if err != nil {
		return err
	}
	if err := b.a.nameOut(g, it.Alias, it.Span()); err != nil {
		return err
	}
	b.generators = append(b.generators, g)
	for _, o := range g.Out {
		n := &item{e: it.X, v: val{&plan.Ref{Attr: o, At: c.Span()}, o.Name}, name: o.Name}
		if len(it.Alias) > 0 {
			n.alias = o.Name
		}
		b.items = append(b.items, n)
	}
	return nil
}

// isGenerated reports a column that a generator of the select list makes.
func (b *selecting) isGenerated(id plan.ID) bool {
	for _, g := range b.generators {
		if _, ok := plan.Find(g.Out, id); ok {
			return true
		}
	}
	return false
}

// generatorsAggregate reports an aggregate in the argument of a generator.
func (b *selecting) generatorsAggregate() bool {
	for _, g := range b.generators {
		for _, x := range g.Args {
			if firstAgg(x) != nil {
				return true
			}
		}
	}
	return false
}

// groupGenerators rewrites the generators' arguments over the groups.
func (b *selecting) groupGenerators() error {
	for _, g := range b.generators {
		for i, x := range g.Args {
			y, err := b.overGroups(x, "", b.notGrouped)
			if err != nil {
				return err
			}
			g.Args[i] = y
		}
	}
	return nil
}

// generated puts the generators of the select list over a node.
func (b *selecting) generated(n plan.Node) plan.Node {
	for _, g := range b.generators {
		g.Child = n
		n = g
	}
	return n
}

// tableFunction analyzes a function in FROM: range or a generator.
func (a *analyzer) tableFunction(r *sql.FuncRef) (plan.Node, *scope, error) {
	c := &sql.Call{At: r.At, Name: r.Name, Args: r.Args}
	if strings.EqualFold(r.Name.Last().Name, "range") {
		return a.rangeOf(r)
	}
	if _, f := a.generatorOf(c); f != nil {
		g, err := a.generate(&exprScope{in: &scope{}}, c, f, false)
		if err != nil {
			return nil, nil, err
		}
		g.Child = &plan.Values{Rows: &vec.Batch{N: 1}}
		return g, scopeOf(g.Out), nil
	}
	if a.isFunction(c) {
		return nil, nil, a.fail(r.Name.Span(), "NOT_A_TABLE_FUNCTION", "42887", "`%s` makes no rows", r.Name.String()).
			WithHint("write SELECT %s(...)", r.Name.String())
	}
	e := a.fail(r.Name.Span(), "UNRESOLVABLE_TABLE_VALUED_FUNCTION", "42883", "there is no table function `%s`", r.Name.String())
	all := []string{"range"}
	for _, g := range fn.Generators() {
		all = append(all, g.Name)
	}
	if near := errs.Near(r.Name.Last().Name, all); len(near) > 0 {
		e.WithHint("did you mean %s?", strings.Join(near, ", "))
	} else {
		e.WithHint("there are range, explode, posexplode, inline, stack and others")
	}
	return nil, nil, e
}
