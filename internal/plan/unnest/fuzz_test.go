package unnest

import (
	"context"
	"testing"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/plan/analyze"
	"github.com/azud/azud/internal/sql"
)

// FuzzPlan: whatever is analyzed becomes a plan without subqueries that outputs the same, each of
// whose nodes reads only what its children give or what a Lateral join around it provides.
func FuzzPlan(f *testing.F) {
	for seed := range uint64(200) {
		f.Add((&generator{r: newRand(seed)}).query())
	}
	for _, q := range []string{
		"SELECT * FROM a FULL JOIN b USING (k) WHERE EXISTS (SELECT 1 FROM c WHERE c.k = a.k)",
		"WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n IN (SELECT k FROM b)) SELECT (SELECT max(n) FROM t) FROM a",
		"SELECT * FROM a LEFT JOIN LATERAL (SELECT * FROM b WHERE b.k = a.k LIMIT 1) q ON q.x IN (SELECT x FROM c)",
		"SELECT k FROM a EXCEPT ALL SELECT k FROM b WHERE x NOT IN (SELECT x FROM c WHERE c.k = b.k)",
		"SELECT sum((SELECT max(x) FROM b WHERE b.k = a.k)) FROM a GROUP BY (SELECT count(*) FROM c WHERE c.k = a.k)",
		"SELECT * FROM a, LATERAL explode(array(k, (SELECT max(x) FROM b WHERE b.k = a.k))) AS e(v)",
	} {
		f.Add(numbers + q)
	}
	f.Fuzz(func(t *testing.T, text string) {
		src := &errs.Source{Name: "q.sql", Text: text}
		stmts, err := sql.Parse(src)
		if err != nil || len(stmts) == 0 {
			return
		}
		q, ok := stmts[0].(*sql.QueryStmt)
		if !ok {
			return
		}
		n, err := analyze.Query(context.Background(), q.Query, analyze.Env{Source: src,
			Resolve: func([]string, errs.Span) (plan.Table, error) { return nil, errs.New("TABLE_OR_VIEW_NOT_FOUND", "none") }})
		if err != nil {
			return
		}
		out, err := Plan(n)
		if err != nil {
			return
		}
		want, got := n.Output(), out.Output()
		if len(got) != len(want) {
			t.Fatalf("%d columns, not %d:\n%s", len(got), len(want), plan.Explain(out))
		}
		for i := range got {
			if got[i].ID != want[i].ID || got[i].Name != want[i].Name {
				t.Fatalf("column %d is %s, not %s:\n%s", i, got[i].Name, want[i].Name, plan.Explain(out))
			}
		}
		checked(t, out, out, nil)
	})
}

// checked checks a node and those below it; outer is what Lateral joins around it provide.
func checked(t *testing.T, root, n plan.Node, outer map[plan.ID]bool) {
	t.Helper()
	have := map[plan.ID]bool{}
	for _, c := range n.Children() {
		for _, a := range c.Output() {
			have[a.ID] = true
		}
	}
	for _, e := range plan.ExprsOf(n) {
		plan.WalkExpr(e, func(e plan.Expr) bool {
			bad := false
			switch e := e.(type) {
			case *plan.Subquery:
				bad = true
			case *plan.Outer:
				bad = !outer[e.Attr.ID]
			case *plan.Ref:
				bad = !have[e.Attr.ID]
			case *plan.Lambda:
				for _, p := range e.Params {
					have[p.ID] = true
				}
			}
			if bad {
				t.Fatalf("%s in %s of\n%s", plan.String(e), plan.Describe(n), plan.Explain(root))
			}
			return true
		})
	}
	j, ok := n.(*plan.Join)
	if !ok || !j.Lateral {
		for _, c := range n.Children() {
			checked(t, root, c, outer)
		}
		return
	}
	checked(t, root, j.L, outer)
	inner := plan.IDs(j.L.Output())
	for id := range outer {
		inner[id] = true
	}
	checked(t, root, j.R, inner)
}
