package analyze

import (
	"context"
	"errors"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/sql"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// analyzer holds what one Query call counts and knows.
type analyzer struct {
	env        Env
	src        *errs.Source // the text being analyzed: a view's while within it
	folding    *fn.Context
	lastID     plan.ID
	watermarks int
	sources    int
	events     map[plan.Expr]*plan.EventTime // of computed window times
	consts     map[plan.Expr]*vec.Col        // values of constant expressions; nil: not one
	views      []string                      // the views being expanded, outermost first
	queries    int                           // analyzed so far, those of WITH and of views once for each reading
	ctx        context.Context               // of this call: expressions hold queries
	with       *ctes                         // what a query within an expression sees
	around     []*exprScope                  // the queries around the one being analyzed, outermost first
	params     map[plan.ID]bool              // the parameters of lambdas
	recursions int                           // numbered so far
	outerAggs  map[plan.ID]*plan.Agg         // aggregates of a query that one within it reads
}

// A name of WITH or a view is analyzed at every place that reads it, so that a short text may
// stand for a plan that grows with two to the power of its length. These bound what is built.
const (
	maxQueries    = 20_000
	maxAttributes = 400_000
)

// tooLarge refuses a plan that has grown beyond reason; at is the query that would go on.
func (a *analyzer) tooLarge(at errs.Span) error {
	a.queries++
	if a.queries <= maxQueries && a.lastID <= maxAttributes {
		return nil
	}
	return a.fail(at, "QUERY_TOO_COMPLEX", "54001", "the query stands for too many others: names of WITH and views count at each place that reads them").
		WithHint("read each name fewer times, or write what is in between into a table")
}

// newAttr makes an attribute with a new id.
func (a *analyzer) newAttr(name string, t types.Type, nullable bool) plan.Attr {
	a.lastID++
	return plan.Attr{ID: a.lastID, Name: name, Type: t, Nullable: nullable}
}

// fail makes an error at a place of the current text.
func (a *analyzer) fail(at errs.Span, class, state, format string, args ...any) *errs.Error {
	return errs.New(class, format, args...).State(state).At(a.src, at)
}

// place gives an error its place, unless it has one.
func (a *analyzer) place(err error, at errs.Span) error {
	var e *errs.Error
	if !errors.As(err, &e) {
		return errs.Wrap(err, "", "the query cannot be analyzed").At(a.src, at)
	}
	if e.Source == nil {
		e.At(a.src, at)
	}
	return err
}

// unsupported refuses what Spark has and Azud has not.
func (a *analyzer) unsupported(at errs.Span, what string) *errs.Error {
	return a.fail(at, "UNSUPPORTED_FEATURE", "0A000", "%s is not supported", what)
}

// val is an analyzed expression and its name in Spark's pretty form.
type val struct {
	x    plan.Expr
	name string
}

// foldAll folds the constant parts of a whole plan.
func (a *analyzer) foldAll(n plan.Node) plan.Node {
	return plan.TransformUp(n, func(n plan.Node) plan.Node {
		return plan.MapExprs(n, func(e plan.Expr) plan.Expr {
			if g, ok := e.(*plan.Agg); ok { // an Agg itself is never constant; its arguments may be
				return plan.RewriteDown(g, func(x plan.Expr) (plan.Expr, bool) {
					if x == plan.Expr(g) {
						return x, false
					}
					return plan.Fold(a.folding, x), true
				})
			}
			return plan.Fold(a.folding, e)
		})
	})
}

// numberStateful numbers the stateful operators of the streaming parts, children first, left
// to right; those of batch parts get -1.
func numberStateful(n plan.Node) plan.Node {
	next := 0
	take := func(child plan.Node) int {
		if !plan.IsStreaming(child) {
			return -1
		}
		next++
		return next - 1
	}
	return plan.TransformUp(n, func(n plan.Node) plan.Node {
		switch n := n.(type) {
		case *plan.Aggregate:
			d := *n
			d.Stateful = take(n.Child)
			return &d
		case *plan.Limit:
			d := *n
			d.Stateful = take(n.Child)
			return &d
		}
		return n
	})
}

// parts is a dotted name as text.
func parts(ids []sql.Ident) []string {
	out := make([]string, len(ids))
	for i, p := range ids {
		out[i] = p.Name
	}
	return out
}
