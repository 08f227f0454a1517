package analyze

import (
	"context"
	"strings"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/sql"
	"github.com/azud/azud/internal/types"
)

// joinKinds are the plan's kinds of joins by the text's.
var joinKinds = map[sql.JoinKind]plan.JoinKind{
	sql.InnerJoin: plan.Inner, sql.CrossJoin: plan.Inner, sql.LeftJoin: plan.LeftOuter, sql.RightJoin: plan.RightOuter,
	sql.FullJoin: plan.FullOuter, sql.SemiJoin: plan.LeftSemi, sql.AntiJoin: plan.LeftAnti,
}

// side is an analyzed relation.
type side struct {
	n  plan.Node
	sc *scope
}

// comma joins the relations of FROM; those to the right may be LATERAL.
func (a *analyzer) comma(ctx context.Context, list []sql.Relation, env *ctes) (plan.Node, *scope, error) {
	n, sc, err := a.relation(ctx, list[0], env)
	if err != nil {
		return nil, nil, err
	}
	for _, r := range list[1:] {
		j := &sql.Join{At: sql.At{Pos: list[0].Span().To(r.Span())}, Kind: sql.InnerJoin, R: r}
		if n, sc, err = a.joinWith(ctx, side{n, sc}, j, env); err != nil {
			return nil, nil, err
		}
	}
	return n, sc, nil
}

func (a *analyzer) join(ctx context.Context, j *sql.Join, env *ctes) (plan.Node, *scope, error) {
	n, sc, err := a.relation(ctx, j.L, env)
	if err != nil {
		return nil, nil, err
	}
	return a.joinWith(ctx, side{n, sc}, j, env)
}

// isLateral reports a relation that sees the columns to its left: Spark takes table functions
// for such only with LATERAL.
func isLateral(r sql.Relation) bool {
	switch r := r.(type) {
	case *sql.SubqueryRef:
		return r.Lateral
	case *sql.FuncRef:
		return r.Lateral
	}
	return false
}

// joinWith joins what stands to the left with the right relation of a join.
func (a *analyzer) joinWith(ctx context.Context, l side, j *sql.Join, env *ctes) (plan.Node, *scope, error) {
	lateral := j.Lateral || isLateral(j.R)
	if lateral {
		if err := a.lateralRefused(j); err != nil {
			return nil, nil, err
		}
	}
	around := a.around
	if lateral {
		a.around = append(around[:len(around):len(around)], &exprScope{in: l.sc})
	}
	n, sc, err := a.relation(ctx, j.R, env)
	a.around = around
	if err != nil {
		return nil, nil, err
	}
	r := side{n, sc}
	if err := a.joinedStreams(l, r, j.R.Span()); err != nil {
		return nil, nil, err
	}
	p := &plan.Join{Kind: joinKinds[j.Kind], L: l.n, R: r.n, Lateral: lateral && readsAny(r.n, l.sc), At: j.Span()}
	switch {
	case len(j.Using) > 0:
		return a.joinUsing(p, l, r, j.Using)
	case j.Natural:
		return a.joinUsing(p, l, r, commonNames(l.sc, r.sc))
	}
	if j.On != nil {
		both := &scope{cols: append(append([]column{}, l.sc.cols...), r.sc.cols...)}
		if p.On, err = a.joinCondition(both, j.On); err != nil {
			return nil, nil, err
		}
	}
	return p, joinedScope(p.Kind, l.sc, r.sc), nil
}

func (a *analyzer) lateralRefused(j *sql.Join) error {
	switch {
	case j.Natural:
		return a.fail(j.Span(), "INCOMPATIBLE_JOIN_TYPES", "42613", "the join types LATERAL and NATURAL are incompatible").
			WithHint("write ON with the columns that must be equal")
	case len(j.Using) > 0:
		return a.fail(j.Using[0].Span(), "UNSUPPORTED_FEATURE.LATERAL_JOIN_USING", "0A000", "a LATERAL join cannot have USING").
			WithHint("write ON with the columns that must be equal")
	case j.Kind == sql.InnerJoin, j.Kind == sql.CrossJoin, j.Kind == sql.LeftJoin:
		return nil
	}
	return a.fail(j.R.Span(), "INVALID_LATERAL_JOIN_TYPE", "42613", "a %s JOIN cannot be LATERAL", j.Kind).
		WithHint("it can be INNER, CROSS or LEFT")
}

// joinedStreams refuses a join in which a side is a stream.
func (a *analyzer) joinedStreams(l, r side, at errs.Span) error {
	if !plan.IsStreaming(l.n) && !plan.IsStreaming(r.n) {
		return nil
	}
	return a.unsupported(at, "a join with a stream").
		WithHint("leave out STREAM to join the rows that are there now, or let a flow write the stream into a table and join that")
}

// streamQueries refuses a subquery as a value in a query over a stream, which would be a join.
func (a *analyzer) streamQueries(n plan.Node) error {
	var found *plan.Subquery
	plan.Walk(n, func(n plan.Node) bool {
		if !plan.IsStreaming(n) || found != nil {
			return false
		}
		for _, x := range plan.ExprsOf(n) {
			plan.WalkExpr(x, func(e plan.Expr) bool {
				if q, ok := e.(*plan.Subquery); ok && found == nil {
					found = q
				}
				return found == nil
			})
		}
		return true
	})
	if found == nil {
		return nil
	}
	return a.unsupported(found.At, "a subquery over a stream").WithHint("let a flow write the stream into a table and query that")
}

// readsAny reports a plan that reads a column of a scope around it.
func readsAny(n plan.Node, sc *scope) bool {
	set := map[plan.ID]bool{}
	plan.OuterRefs(n, set)
	for id := range set {
		if sc.has(id) {
			return true
		}
	}
	return false
}

func (a *analyzer) joinCondition(sc *scope, on sql.Expr) (plan.Expr, error) {
	v, err := a.expr(&exprScope{in: sc}, on)
	if err != nil {
		return nil, err
	}
	if g := firstAgg(v.x); g != nil {
		return nil, a.fail(g.At, "UNSUPPORTED_EXPR_FOR_OPERATOR", "42K0E", "the condition of a join cannot contain an aggregate function").
			WithHint("compute the aggregate in a subquery in FROM")
	}
	if v.x.Type().Kind != types.Boolean {
		return nil, a.fail(on.Span(), "JOIN_CONDITION_IS_NOT_BOOLEAN_TYPE", "42K0E",
			"the condition \"%s\" is %s, not BOOLEAN", v.name, v.x.Type().SQL())
	}
	return v.x, nil
}

// joinedScope is the columns of a join, those of a side that may be missing being nullable.
func joinedScope(kind plan.JoinKind, l, r *scope) *scope {
	if kind.KeepsLeftOnly() {
		return l
	}
	out := &scope{}
	for _, c := range l.cols {
		c.attr.Nullable = c.attr.Nullable || kind == plan.RightOuter || kind == plan.FullOuter
		out.cols = append(out.cols, c)
	}
	for _, c := range r.cols {
		c.attr.Nullable = c.attr.Nullable || kind == plan.LeftOuter || kind == plan.FullOuter
		out.cols = append(out.cols, c)
	}
	return out
}

// commonNames are the columns of NATURAL, in the order of the left side.
func commonNames(l, r *scope) []sql.Ident {
	var out []sql.Ident
	for _, c := range l.visible() {
		for _, d := range r.visible() {
			if strings.EqualFold(c.attr.Name, d.attr.Name) {
				out = append(out, sql.Ident{Name: c.attr.Name})
				break
			}
		}
	}
	return out
}

// joinUsing joins on equal columns of both sides. The columns come first in the output, once;
// what else has their names stays under the tables' names. Spark: ResolveNaturalAndUsingJoin.
func (a *analyzer) joinUsing(p *plan.Join, l, r side, names []sql.Ident) (plan.Node, *scope, error) {
	var keys [2][]plan.ID
	for _, name := range names {
		at := name.Span()
		if at == (errs.Span{}) {
			at = p.At
		}
		var pair [2]val
		for i, s := range []side{l, r} {
			c, err := a.usingColumn(s.sc, name, i)
			if err != nil {
				return nil, nil, err
			}
			keys[i] = append(keys[i], c.ID)
			pair[i] = val{&plan.Ref{Attr: c, At: at}, c.Name}
		}
		eq, err := a.op("=", at, "("+pair[0].name+" = "+pair[1].name+")", pair[0], pair[1])
		if err != nil {
			return nil, nil, err
		}
		p.On = plan.And(p.On, eq.x)
	}
	sc := joinedScope(p.Kind, l.sc, r.sc)
	if p.Kind == plan.FullOuter {
		return a.coalesced(p, sc, keys)
	}
	return p, usingScope(p.Kind, sc, keys), nil
}

func (a *analyzer) usingColumn(sc *scope, name sql.Ident, i int) (plan.Attr, error) {
	var all []string
	for _, c := range sc.visible() {
		if strings.EqualFold(c.attr.Name, name.Name) {
			return c.attr, nil
		}
		all = append(all, c.attr.Name)
	}
	where := [...]string{"left", "right"}[i]
	return plan.Attr{}, a.fail(name.Span(), "UNRESOLVED_USING_COLUMN_FOR_JOIN", "42703",
		"USING column `%s` is not on the %s side of the join", name.Name, where).
		WithHint("the columns there are %s", strings.Join(all[:min(len(all), 12)], ", "))
}

// usingScope puts the keys of the side that is kept first and hides those of the other.
func usingScope(kind plan.JoinKind, sc *scope, keys [2][]plan.ID) *scope {
	first, other := keys[0], keys[1]
	if kind == plan.RightOuter {
		first, other = other, first
	}
	out := &scope{}
	done := map[plan.ID]bool{}
	for _, id := range first {
		for _, c := range sc.cols {
			if c.attr.ID == id && !done[id] {
				out.cols = append(out.cols, c)
				done[id] = true
			}
		}
	}
	for _, id := range other {
		done[id] = true
	}
	for _, c := range sc.cols {
		if !done[c.attr.ID] {
			out.cols = append(out.cols, c)
		}
	}
	for _, c := range sc.cols {
		for _, id := range other {
			if c.attr.ID == id && !kind.KeepsLeftOnly() {
				c.hidden = true
				out.cols = append(out.cols, c)
				break
			}
		}
	}
	return out
}

// coalesced computes the keys of a full join: the value of the side that has one.
func (a *analyzer) coalesced(j *plan.Join, sc *scope, keys [2][]plan.ID) (plan.Node, *scope, error) {
	p := &plan.Project{Child: j}
	for _, c := range j.Output() {
		p.Cols = append(p.Cols, plan.Named{Attr: c, Expr: &plan.Ref{Attr: c, At: j.At}})
	}
	out := &scope{}
	hidden := map[plan.ID]bool{}
	for i := range keys[0] {
		var pair []val
		for _, id := range []plan.ID{keys[0][i], keys[1][i]} {
			for _, c := range sc.cols {
				if c.attr.ID == id {
					pair = append(pair, val{&plan.Ref{Attr: c.attr, At: j.At}, c.attr.Name})
					break
				}
			}
			hidden[id] = true
		}
		cast, t, err := a.common("USING", j.At, pair)
		if err != nil {
			return nil, nil, err
		}
		x := &plan.Coalesce{Args: cast, At: j.At}
		key := a.newAttr(pair[0].name, t, x.Nullable())
		p.Cols = append(p.Cols, plan.Named{Attr: key, Expr: x})
		out.add(key)
	}
	for _, c := range sc.cols {
		c.hidden = c.hidden || hidden[c.attr.ID]
		out.cols = append(out.cols, c)
	}
	return p, out, nil
}
