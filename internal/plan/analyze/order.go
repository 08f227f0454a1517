package analyze

import (
	"strings"

	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/sql"
)

func equalFold(a, b string) bool { return strings.EqualFold(a, b) }

// ordering analyzes the keys of ORDER BY.
type ordering struct {
	a     *analyzer
	items []*item
	scope *exprScope
	over  func(plan.Expr) (plan.Expr, error) // rewrites over an Aggregate; nil: none
}

// order analyzes ORDER BY: over the select list and, except after DISTINCT, the input.
func (b *selecting) order() error {
	if b.tail == nil {
		return nil
	}
	o := &ordering{a: b.a, items: b.items, scope: b.scope()}
	o.scope.outputs = b.items
	if b.sel.Distinct {
		o.scope.in, o.scope.windows = b.passed(), nil
	} else if b.grouped {
		o.over = func(x plan.Expr) (plan.Expr, error) { return b.overGroups(x, "", b.notInOutput) }
	}
	by, err := o.keys(b.tail)
	b.by = by
	return err
}

func (o *ordering) keys(q *sql.Query) ([]plan.Order, error) {
	if q.OrderAll != nil {
		var by []plan.Order
		for _, it := range o.items {
			k, err := o.key(q.OrderAll, &plan.Ref{Attr: it.attr, At: q.OrderAll.Span()}, it.name)
			if err != nil {
				return nil, err
			}
			by = append(by, k)
		}
		return by, nil
	}
	var by []plan.Order
	for i := range q.Order {
		s := &q.Order[i]
		x, name, err := o.expr(s.X)
		if err != nil {
			return nil, err
		}
		k, err := o.key(s, x, name)
		if err != nil {
			return nil, err
		}
		by = append(by, k)
	}
	return by, nil
}

func (o *ordering) key(s *sql.SortItem, x plan.Expr, name string) (plan.Order, error) {
	if !x.Type().IsOrderable() {
		return plan.Order{}, o.a.fail(s.Span(), "DATATYPE_MISMATCH.INVALID_ORDERING_TYPE", "42K09",
			"rows cannot be ordered by \"%s\", which is %s", name, x.Type().SQL())
	}
	first := !s.Desc
	if s.Nulls != sql.NullsDefault {
		first = s.Nulls == sql.NullsFirst
	}
	return plan.Order{Expr: x, Desc: s.Desc, NullsFirst: first}, nil
}

// expr analyzes one key: a position in the select list, or an expression.
func (o *ordering) expr(e sql.Expr) (plan.Expr, string, error) {
	if n, ok := ordinalOf(e); ok {
		if n < 1 || n > len(o.items) {
			return nil, "", o.a.fail(e.Span(), "ORDER_BY_POS_OUT_OF_RANGE", "42805",
				"ORDER BY position %d is not in the select list (it has 1 to %d)", n, len(o.items))
		}
		it := o.items[n-1]
		return &plan.Ref{Attr: it.attr, At: e.Span()}, it.name, nil
	}
	v, err := o.a.expr(o.scope, e)
	if err != nil {
		return nil, "", err
	}
	x := v.x
	if w := firstOver(x); w != nil {
		return nil, "", o.a.fail(w.At, "UNSUPPORTED_EXPR_FOR_OPERATOR", "42K0E", "ORDER BY cannot contain a window function").
			WithHint("give it a name in the select list and order by that")
	}
	if o.over != nil {
		if x, err = o.over(x); err != nil {
			return nil, "", err
		}
	} else if g := firstAgg(x); g != nil {
		return nil, "", o.a.fail(g.At, "UNSUPPORTED_EXPR_FOR_OPERATOR", "42K0E",
			"ORDER BY cannot aggregate here, because the rows that it orders are not groups").
			WithHint("add GROUP BY, or put the aggregate into the select list")
	}
	for _, it := range o.items {
		if it.final != nil && plan.Equal(it.final, x) {
			return &plan.Ref{Attr: it.attr, At: e.Span()}, v.name, nil
		}
	}
	return x, v.name, nil
}

// passed is the columns of the input that the select list passes on, with their tables.
func (b *selecting) passed() *scope {
	out := &scope{}
	for _, it := range b.items {
		r, ok := it.final.(*plan.Ref)
		if !ok || it.alias != "" || it.attr.ID != r.Attr.ID {
			continue
		}
		for _, c := range b.in.cols {
			if c.attr.ID == r.Attr.ID {
				out.cols = append(out.cols, column{attr: it.attr, qual: c.qual})
				break
			}
		}
	}
	return out
}

// outputScope is the select list as columns, for suggestions.
func outputScope(items []*item) *scope {
	s := &scope{}
	for _, it := range items {
		s.add(plan.Attr{Name: it.name})
	}
	return s
}

// outputColumn resolves a name among the select list: as the output's attribute or, where the
// filter stands below the Project (HAVING), as the expression itself.
func (a *analyzer) outputColumn(s *exprScope, c *sql.Column) (v val, ok bool, err error) {
	sc := &scope{}
	by := map[plan.ID]*item{}
	for _, it := range s.outputs {
		if s.inputs && firstOver(it.v.x) != nil { // not computed yet
			continue
		}
		sc.add(it.attr)
		by[it.attr.ID] = it
	}
	if v, ok, err = a.resolve(sc, c); !ok || err != nil || !s.inputs {
		return v, ok, err
	}
	v.x = plan.RewriteUp(v.x, func(e plan.Expr) plan.Expr {
		if r, isRef := e.(*plan.Ref); isRef {
			return by[r.Attr.ID].v.x
		}
		return e
	})
	return v, true, nil
}

// maxAlias bounds what a lateral alias stands for, in nodes: each use repeats it, and a chain
// of uses doubles.
const maxAlias = 2000

func size(x plan.Expr) int {
	n := 0
	plan.WalkExpr(x, func(plan.Expr) bool {
		n++
		return n <= maxAlias
	})
	return n
}

// lateralColumn resolves a name as the alias of an item further left. Spark:
// ResolveLateralColumnAliasReference.
func (a *analyzer) lateralColumn(s *exprScope, c *sql.Column) (v val, ok bool, err error) {
	var found *item
	for _, it := range s.lateral {
		if it.alias == "" || !equalFold(it.alias, c.Parts[0].Name) {
			continue
		}
		if found != nil {
			return val{}, true, a.fail(c.Span(), "AMBIGUOUS_LATERAL_COLUMN_ALIAS", "42702",
				"`%s` names two columns of the select list", it.alias)
		}
		found = it
	}
	switch {
	case found == nil:
		return val{}, false, nil
	case s.aggArg || s.noLateral != "":
		return val{}, true, a.lateralInside(s, c)
	case plan.IsVolatile(found.v.x):
		if !a.share(s, found) {
			return val{}, true, a.unsupported(c.Span(), "using the alias of a value that changes with each evaluation")
		}
	case size(found.v.x) > maxAlias:
		return val{}, true, a.unsupported(c.Span(), "an alias of an alias of so large an expression").
			WithHint("put the first aliases into a subquery in FROM")
	}
	if s.usedLateral != nil {
		*s.usedLateral = true
	}
	v = val{found.v.x, "lateralAliasReference(" + found.alias + ")"}
	for _, p := range c.Parts[1:] {
		if v, err = a.field(v, p, c.Span()); err != nil {
			return val{}, true, err
		}
	}
	return v, true, nil
}
