package analyze

import (
	"context"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/sql"
	"github.com/azud/azud/internal/types"
)

// Spark's limits of recursion: spark.sql.cteRecursionLevelLimit and cteRecursionRowLimit.
const (
	maxRounds        = 100
	maxRecursiveRows = 1_000_000
)

// recursion is a name of WITH RECURSIVE within its own definition.
type recursion struct {
	number int
	attrs  []plan.Attr // of the anchor; nil where the name cannot be read
	reads  int
}

// recursive analyzes a name of WITH RECURSIVE, which is one if its definition reads it.
func (a *analyzer) recursive(ctx context.Context, c *ctes) (plan.Node, *scope, error) {
	self := &recursion{}
	inner := &ctes{def: c.def, used: true, outer: c.outer, around: c.around, self: self}
	q := c.def.Query
	set, ok := q.Body.(*sql.SetOp)
	if !ok || len(q.Order)+len(q.Sort)+len(q.Cluster)+len(q.Distribute) > 0 || q.OrderAll != nil || q.Limit != nil || q.Offset != nil {
		return a.query(ctx, q, inner)
	}
	if err := a.tooLarge(q.Span()); err != nil {
		return nil, nil, err
	}
	with, err := a.ctesOf(q, inner)
	if err != nil {
		return nil, nil, err
	}
	outside := a.with
	a.with = with
	n, sc, err := a.rounds(ctx, c, self, set, with)
	a.with = outside
	if err == nil {
		err = a.unusedCTEs(ctx, with, inner)
	}
	return n, sc, err
}

// rounds analyzes the anchor and the step of a set operation that may be recursive.
func (a *analyzer) rounds(ctx context.Context, c *ctes, self *recursion, s *sql.SetOp, with *ctes) (plan.Node, *scope, error) {
	n, sc, err := a.body(ctx, s.L, with)
	if err != nil {
		return nil, nil, err
	}
	l := side{n, sc}
	names, err := a.renamed(sc, c.def.Name.Name, c.def.Columns, c.def.Span())
	if err != nil {
		return nil, nil, err
	}
	for _, col := range names.cols {
		self.attrs = append(self.attrs, a.newAttr(col.attr.Name, col.attr.Type, true))
	}
	self.number = a.recursions
	a.recursions++
	if n, sc, err = a.body(ctx, s.R, with); err != nil {
		return nil, nil, err
	}
	r := side{n, sc}
	if self.reads == 0 {
		return a.combine(s, l, r)
	}
	return a.recursiveOf(c, self, s, l, r)
}

func (a *analyzer) recursiveOf(c *ctes, self *recursion, s *sql.SetOp, l, r side) (plan.Node, *scope, error) {
	switch {
	case s.Op != "UNION":
		return nil, nil, a.notRecursive(s.Span())
	case !s.All:
		return nil, nil, a.fail(s.Span(), "UNION_NOT_SUPPORTED_IN_RECURSIVE_CTE", "42836", "a query of WITH RECURSIVE cannot be a UNION without ALL").
			WithHint("write UNION ALL, and end the recursion with a WHERE")
	}
	ts := make([]types.Type, len(self.attrs))
	for i, t := range self.attrs {
		ts[i] = t.Type
	}
	if len(r.sc.cols) != len(ts) {
		return nil, nil, a.fail(s.R.Span(), "NUM_COLUMNS_MISMATCH", "42826",
			"UNION needs inputs with the same number of columns, but the first has %d and the second %d", len(ts), len(r.sc.cols))
	}
	for i, col := range r.sc.cols {
		if t, ok := types.Common(ts[i], col.attr.Type); !ok || !t.Equal(ts[i]) {
			return nil, nil, a.fail(s.R.Span(), "CANNOT_MERGE_INCOMPATIBLE_DATA_TYPE", "42825",
				"column %d begins as %s, but the step makes it %s", i+1, ts[i].SQL(), col.attr.Type.SQL()).
				WithHint("cast it in the first query to the type that it is to have")
		}
	}
	if badPlace(r.n, self.number, false) {
		return nil, nil, a.fail(s.R.Span(), "INVALID_RECURSIVE_REFERENCE.PLACE", "42836",
			"`%s` reads itself where it cannot: under an aggregate, or on the side of a join that may be missing", c.def.Name.Name)
	}
	n := &plan.Recursive{Number: self.number, MaxDepth: maxRounds, MaxRows: maxRecursiveRows, At: s.Span(),
		Anchor: a.aligned(l.n, l.sc, ts, s.L.Span()), Step: a.aligned(r.n, r.sc, ts, s.R.Span())}
	for i, t := range self.attrs {
		n.Attrs = append(n.Attrs, a.newAttr(l.sc.cols[i].attr.Name, t.Type, true))
	}
	if c.def.MaxLevel != nil {
		v, err := a.rowCount(&scope{}, "MAX RECURSION LEVEL", c.def.MaxLevel)
		if err != nil {
			return nil, nil, err
		}
		n.MaxDepth = v
	}
	return n, scopeOf(n.Attrs), nil
}

// badPlace reports a reading of the round before where Spark refuses one: what stands there would
// need all rounds. Spark: CTESubstitution, ResolveWithCTE.
func badPlace(n plan.Node, number int, bad bool) bool {
	switch m := n.(type) {
	case *plan.RecursiveRef:
		return bad && m.Number == number
	case *plan.Aggregate:
		bad = bad || len(m.Aggs) > 0
	case *plan.Join:
		l := bad || m.Kind == plan.RightOuter || m.Kind == plan.FullOuter
		r := bad || m.Kind != plan.Inner && m.Kind != plan.RightOuter
		return badPlace(m.L, number, l) || badPlace(m.R, number, r)
	}
	for _, e := range plan.ExprsOf(n) {
		found := false
		plan.WalkExpr(e, func(e plan.Expr) bool {
			if q, ok := e.(*plan.Subquery); ok {
				found = found || badPlace(q.Plan, number, bad)
			}
			return !found
		})
		if found {
			return true
		}
	}
	for _, c := range n.Children() {
		if badPlace(c, number, bad) {
			return true
		}
	}
	return false
}

func (a *analyzer) notRecursive(at errs.Span) error {
	return a.fail(at, "INVALID_RECURSIVE_CTE", "42836",
		"a query that reads itself must be a UNION ALL of two: first one that does not read it, then one that does").
		WithHint("write WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 10)")
}

// recursiveRef reads the rows of the round before.
func (a *analyzer) recursiveRef(c *ctes, at errs.Span) (plan.Node, *scope, error) {
	if c.self.attrs == nil {
		return nil, nil, a.notRecursive(at)
	}
	c.self.reads++
	n := &plan.RecursiveRef{Number: c.self.number}
	for _, x := range c.self.attrs {
		n.Attrs = append(n.Attrs, a.newAttr(x.Name, x.Type, x.Nullable))
	}
	return n, scopeOf(n.Attrs, c.def.Name.Name), nil
}
