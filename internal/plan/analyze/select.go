package analyze

import (
	"context"
	"strings"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/sql"
	"github.com/azud/azud/internal/types"
)

// item is one column of a select list.
type item struct {
	e       sql.Expr
	v       val       // over the input; aggregates are still within
	name    string    // of the output column
	alias   string    // as written, "" without
	lateral bool      // it reads the alias of another
	final   plan.Expr // over the node below the Project: aggregates are references
	attr    plan.Attr // of the output
}

// selecting analyzes one SELECT: first all its expressions, then it builds the nodes.
type selecting struct {
	a       *analyzer
	sel     *sql.Select
	tail    *sql.Query // whose ORDER BY applies; nil for none
	node    plan.Node
	in      *scope
	windows windowSlot
	// generators of the select list, in its order
	generators []*plan.Generate
	items      []*item
	grouped    bool
	keys       []plan.Named
	aggs       []plan.Named
	having     plan.Expr
	specs      map[string]*sql.WindowSpec // of WINDOW
	stages     []*windowStage
	overDepth  map[plan.ID]int // of the columns of stages
	qualify    plan.Expr
	sets       *groupingSets
	lastKey    int          // the position of the key that was added last, or was there already
	shared     []plan.Named // values that differ with each evaluation, read by aliases
	by         []plan.Order
}

// selectQuery analyzes a SELECT with the ORDER BY of the query around it.
func (a *analyzer) selectQuery(ctx context.Context, sel *sql.Select, tail *sql.Query, env *ctes) (plan.Node, *scope, error) {
	b := &selecting{a: a, sel: sel, tail: tail}
	b.specs = map[string]*sql.WindowSpec{}
	b.define(sel.Windows)
	if tail != nil {
		b.define(tail.Windows)
	}
	var err error
	if b.node, b.in, err = a.from(ctx, sel.From, env); err != nil {
		return nil, nil, err
	}
	if b.node, b.in, err = a.lateralViews(b.node, b.in, sel.Views); err != nil {
		return nil, nil, err
	}
	for _, step := range []func() error{b.where, b.pipeItems, b.groupFirst, b.list, b.pipeRefused, b.group, b.finish, b.filterGroups, b.qualified, b.order} {
		if err := step(); err != nil {
			return nil, nil, err
		}
	}
	return b.build()
}

// define notes the windows of WINDOW, which are analyzed where they are used.
func (b *selecting) define(list []sql.NamedWindow) {
	for i := range list {
		b.specs[list[i].Name.Name] = &list[i].Spec
	}
}

func isSelect(b sql.Body) bool {
	_, ok := b.(*sql.Select)
	return ok
}

// scope is what an expression over the input may name.
func (b *selecting) scope() *exprScope {
	return &exprScope{in: b.in, windows: &b.windows, sel: b}
}

// where filters the input.
func (b *selecting) where() error {
	if b.sel.Where == nil {
		return nil
	}
	v, err := b.a.expr(&exprScope{in: b.in, sel: b, where: true}, b.sel.Where)
	if err != nil {
		return err
	}
	if g := firstAgg(v.x); g != nil {
		return b.a.fail(g.At, "INVALID_WHERE_CONDITION", "42903", "WHERE cannot contain an aggregate function").
			WithHint("filter groups with HAVING, rows of one aggregate with FILTER (WHERE ...)")
	}
	if o := firstOver(v.x); o != nil {
		return b.noWindows(o, "WHERE")
	}
	if v.x.Type().Kind != types.Boolean {
		return b.a.fail(b.sel.Where.Span(), "DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN", "42K09",
			"the condition \"%s\" is %s, not BOOLEAN", v.name, v.x.Type().SQL())
	}
	b.node = &plan.Filter{Child: b.withShared(b.node), Cond: v.x}
	b.shared = nil
	return nil
}

func (b *selecting) noWindows(o *over, clause string) error {
	return b.a.fail(o.At, "WINDOW_FUNCTION_NOT_ALLOWED_IN_CLAUSE", "42601", "%s cannot contain a window function", clause).
		WithHint("filter by it with QUALIFY, or compute it in a subquery in FROM")
}

func firstAgg(x plan.Expr) *plan.Agg {
	var found *plan.Agg
	plan.WalkExpr(x, func(e plan.Expr) bool {
		if g, ok := e.(*plan.Agg); ok && found == nil {
			found = g
		}
		return found == nil
	})
	return found
}

// list analyzes the select list over the input.
func (b *selecting) list() error {
	for i := range b.sel.Items {
		it := &b.sel.Items[i]
		if star, ok := it.X.(*sql.Star); ok {
			if len(it.Alias) > 0 {
				return b.a.fail(it.Span(), "INVALID_USAGE_OF_STAR_OR_REGEX", "42000", "* stands for many columns, and can have no name")
			}
			cols, err := b.a.star(b.scope(), star)
			if err != nil {
				return err
			}
			for _, c := range cols {
				b.items = append(b.items, &item{e: star, v: c, name: c.name})
			}
			continue
		}
		if c, f := b.a.generatorOf(it.X); f != nil {
			if err := b.generatedItems(it, c, f); err != nil {
				return err
			}
			continue
		}
		if len(it.Alias) > 1 {
			return b.a.fail(it.Span(), "MULTI_ALIAS_WITHOUT_GENERATOR", "42K0E", "only a generator, such as explode, makes several columns")
		}
		n := &item{e: it.X}
		s := b.scope()
		s.lateral, s.list, s.usedLateral = b.items, true, &n.lateral
		v, err := b.a.expr(s, it.X)
		if err != nil {
			return err
		}
		n.v, n.name = v, outputName(it.X, v)
		if len(it.Alias) == 1 {
			n.name, n.alias = it.Alias[0].Name, it.Alias[0].Name
		}
		b.items = append(b.items, n)
	}
	return nil
}

// outputName is the name of a column without alias. Spark: toPrettySQL, and ResolveAliases
// for a cast column, which keeps its name.
func outputName(e sql.Expr, v val) string {
	switch x := e.(type) {
	case *sql.Column:
		if last := x.Parts[len(x.Parts)-1].Name; v.name != strings.ToLower(last)+"()" && v.name != "current_user()" { // current_date
			return last
		}
	case *sql.Cast:
		if c, ok := v.x.(*plan.Cast); ok {
			if r, ok := c.X.(*plan.Ref); ok {
				return r.Attr.Name
			}
		}
	}
	return v.name
}

// finish decides whether the query aggregates, and moves aggregates out of the select list.
func (b *selecting) finish() error {
	b.grouped = b.sel.GroupBy != nil || b.sel.Having != nil || b.generatorsAggregate()
	for _, it := range b.items {
		b.grouped = b.grouped || firstAgg(it.v.x) != nil
	}
	if b.grouped {
		if err := b.groupGenerators(); err != nil {
			return err
		}
	}
	used := map[plan.ID]bool{}
	for _, it := range b.items {
		it.final = it.v.x
		if b.grouped {
			x, err := b.overGroups(it.v.x, it.name, b.notGrouped)
			if err != nil {
				return err
			}
			b.a.setEvent(x, b.a.events[it.v.x])
			it.final = x
		}
		if x := b.extract(it.final); x != it.final {
			it.final = x
		}
		it.attr = b.a.outputAttr(it, used)
	}
	return nil
}

// outputAttr is a column's attribute: a column passed on keeps its id, once.
func (a *analyzer) outputAttr(it *item, used map[plan.ID]bool) plan.Attr {
	if r, ok := it.final.(*plan.Ref); ok && !used[r.Attr.ID] {
		used[r.Attr.ID] = true
		out := r.Attr
		out.Name, out.Qualifier = it.name, ""
		return out
	}
	out := a.newAttr(it.name, it.final.Type(), it.final.Nullable())
	out.Event = a.eventOf(it.final)
	return out
}

// build makes the nodes, from the input up.
func (b *selecting) build() (plan.Node, *scope, error) {
	n := b.node
	if w := b.windows.made; w != nil {
		w.Child = n
		n = w
	}
	n = b.withShared(n)
	if b.sets != nil {
		if err := b.groupingInAggs(); err != nil {
			return nil, nil, err
		}
	}
	switch {
	case b.sets != nil && b.sets.id.ID != 0:
		n = b.expand(n)
	case b.grouped:
		n = &plan.Aggregate{Child: n, Keys: b.keys, Aggs: b.aggs, Stateful: -1, At: b.groupSpan()}
	}
	if b.having != nil {
		n = &plan.Filter{Child: n, Cond: b.having}
	}
	n = b.overWindows(b.generated(n))
	if b.qualify != nil {
		n = &plan.Filter{Child: n, Cond: b.qualify}
	}
	p := &plan.Project{Child: n}
	out := &scope{}
	for _, it := range b.items {
		p.Cols = append(p.Cols, plan.Named{Attr: it.attr, Expr: it.final})
		out.cols = append(out.cols, b.outColumn(it))
	}
	n, err := b.sorted(p, len(b.items))
	return n, out, err
}

// groupSpan is the place that says the query aggregates: GROUP BY, else the first aggregate.
func (b *selecting) groupSpan() errs.Span {
	if b.sel.GroupBy != nil {
		return b.sel.GroupBy.Span()
	}
	for _, g := range b.aggs {
		return g.Expr.Span()
	}
	return b.sel.Span()
}

// sorted adds DISTINCT and ORDER BY above the Project; what ORDER BY reads besides the
// select list becomes hidden columns, removed after sorting.
func (b *selecting) sorted(p *plan.Project, width int) (plan.Node, error) {
	visible := p.Cols[:width:width]
	if !b.sel.Distinct {
		p.Cols = append(p.Cols, b.hidden(p)...)
	}
	var n plan.Node = p
	var err error
	if b.sel.Distinct {
		if n, err = b.a.distinct(n, b.sel.Span()); err != nil {
			return nil, err
		}
	}
	if len(b.by) == 0 {
		return n, nil
	}
	n = &plan.Sort{Child: n, By: b.by, At: orderSpan(b.tail)}
	if len(p.Cols) == width {
		return n, nil
	}
	top := &plan.Project{Child: n}
	for _, c := range visible {
		top.Cols = append(top.Cols, plan.Named{Attr: c.Attr, Expr: &plan.Ref{Attr: c.Attr}})
	}
	return top, nil
}

func (b *selecting) hidden(p *plan.Project) []plan.Named {
	have := map[plan.ID]bool{}
	for _, c := range p.Cols {
		have[c.Attr.ID] = true
	}
	var extra []plan.Named
	for _, o := range b.by {
		for _, r := range queryReads(o.Expr) {
			if _, below := plan.Find(p.Child.Output(), r.Attr.ID); below && !have[r.Attr.ID] {
				have[r.Attr.ID] = true
				extra = append(extra, plan.Named{Attr: r.Attr, Expr: r})
			}
		}
		plan.WalkExpr(o.Expr, func(e plan.Expr) bool {
			if r, ok := e.(*plan.Ref); ok && !have[r.Attr.ID] && !b.a.isParam(r.Attr.ID) {
				have[r.Attr.ID] = true
				extra = append(extra, plan.Named{Attr: r.Attr, Expr: r})
			}
			return true
		})
	}
	return extra
}
