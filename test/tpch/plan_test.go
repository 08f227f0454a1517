package tpch

import (
	"context"
	"strings"
	"testing"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/plan/analyze"
	"github.com/azud/azud/internal/plan/unnest"
	"github.com/azud/azud/internal/sql"
	"github.com/azud/azud/internal/types"
)

type table struct {
	name   string
	schema types.Schema
}

func (t table) Name() string         { return t.name }
func (t table) Schema() types.Schema { return t.schema }

func tables(t *testing.T) map[string]plan.Table {
	t.Helper()
	out := map[string]plan.Table{}
	for name, ddl := range Schemas {
		s, err := sql.ParseSchema(ddl)
		if err != nil {
			t.Fatal(err)
		}
		out[name] = table{name, s}
	}
	return out
}

func planned(t *testing.T, n int) plan.Node {
	t.Helper()
	text, err := Query(n)
	if err != nil {
		t.Fatal(err)
	}
	src := &errs.Source{Name: "q.sql", Text: text}
	stmts, err := sql.Parse(src)
	if err != nil {
		t.Fatal(errs.Render(err))
	}
	byName := tables(t)
	p, err := analyze.Query(context.Background(), stmts[0].(*sql.QueryStmt).Query, analyze.Env{Source: src,
		Resolve: func(name []string, _ errs.Span) (plan.Table, error) { return byName[strings.Join(name, ".")], nil }})
	if err != nil {
		t.Fatal(errs.Render(err))
	}
	p, err = unnest.Plan(p)
	if err != nil {
		t.Fatal(errs.Render(err))
	}
	return p
}

// TestJoins: no subquery remains in any query, no join is Lateral, and each join that came of a
// correlated subquery compares columns for equality, so that it can be hashed.
func TestJoins(t *testing.T) {
	for n := 1; n <= Queries; n++ {
		p := planned(t, n)
		plan.Walk(p, func(node plan.Node) bool {
			for _, e := range plan.ExprsOf(node) {
				plan.WalkExpr(e, func(e plan.Expr) bool {
					switch e.(type) {
					case *plan.Subquery, *plan.Outer:
						t.Errorf("query %d: %s remains in\n%s", n, plan.String(e), plan.Explain(p))
					}
					return true
				})
			}
			if j, ok := node.(*plan.Join); ok && (j.Lateral || j.Kind != plan.Inner && !equates(j.On)) {
				t.Errorf("query %d: %s in\n%s", n, plan.Describe(j), plan.Explain(p))
			}
			return true
		})
	}
}

// equates reports an equation among the conjuncts of a condition.
func equates(on plan.Expr) bool {
	switch e := on.(type) {
	case *plan.Logic:
		return !e.Or && (equates(e.L) || equates(e.R))
	case *plan.Call:
		return e.Name == "="
	}
	return false
}
