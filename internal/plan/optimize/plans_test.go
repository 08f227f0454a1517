package optimize_test

import (
	"context"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/plan/analyze"
	"github.com/azud/azud/internal/plan/optimize"
	"github.com/azud/azud/internal/sql"
	"github.com/azud/azud/internal/types"
)

var update = flag.Bool("update", false, "rewrite the plans in testdata")

type table types.Schema

func (t table) Name() string         { return "sismos" }
func (t table) Schema() types.Schema { return types.Schema(t) }

func analyzed(t *testing.T, text string) plan.Node {
	t.Helper()
	src := &errs.Source{Name: "q.sql", Text: text}
	stmts, err := sql.Parse(src)
	if err != nil {
		t.Fatal(errs.Render(err))
	}
	schema, err := sql.ParseSchema("id STRING, magnitud DOUBLE, lugar STRING, latitud DOUBLE, longitud DOUBLE, " +
		"profundidad_km DOUBLE, timestamp TIMESTAMP, tsunami BOOLEAN")
	if err != nil {
		t.Fatal(err)
	}
	n, err := analyze.Query(context.Background(), stmts[0].(*sql.QueryStmt).Query, analyze.Env{
		Source: src, AllowStream: true,
		Resolve: func([]string, errs.Span) (plan.Table, error) { return table(schema), nil },
	})
	if err != nil {
		t.Fatal(errs.Render(err))
	}
	return n
}

// TestPlans compares the analyzed and the optimized plan of each query with testdata.
func TestPlans(t *testing.T) {
	const file = "testdata/plans.txt"
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, block := range strings.Split(string(data), "\n\n") {
		query, _, _ := strings.Cut(strings.TrimSpace(block), "\n")
		if query == "" || strings.HasPrefix(query, "#") {
			out.WriteString(strings.TrimSpace(block) + "\n\n")
			continue
		}
		n := analyzed(t, query)
		o := optimize.Plan(n)
		got := query + "\n" + indent(plan.Explain(n)) + "->\n" + indent(plan.Explain(o))
		if strings.TrimSpace(got) != strings.TrimSpace(block) && !*update {
			t.Errorf("%s\n--- want\n%s", got, block)
		}
		sameOutput(t, query, n, o)
		out.WriteString(got + "\n")
	}
	if *update {
		if err := os.WriteFile(file, []byte(strings.TrimRight(out.String(), "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func indent(s string) string {
	return "  " + strings.ReplaceAll(strings.TrimRight(s, "\n"), "\n", "\n  ") + "\n"
}

// sameOutput: the root's columns keep their ids, names, types and event time.
func sameOutput(t *testing.T, query string, a, b plan.Node) {
	t.Helper()
	x, y := a.Output(), b.Output()
	if len(x) != len(y) {
		t.Fatalf("%s: %d columns became %d", query, len(x), len(y))
	}
	for i := range x {
		if x[i].ID != y[i].ID || x[i].Name != y[i].Name || !x[i].Type.Equal(y[i].Type) || (x[i].Event == nil) != (y[i].Event == nil) {
			t.Errorf("%s: column %d was %+v and is %+v", query, i, x[i], y[i])
		}
	}
}

// queries are those of testdata.
func queries(t *testing.T) []string {
	t.Helper()
	data, err := os.ReadFile("testdata/plans.txt")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, block := range strings.Split(string(data), "\n\n") {
		query, _, _ := strings.Cut(strings.TrimSpace(block), "\n")
		if query != "" && !strings.HasPrefix(query, "#") {
			out = append(out, query)
		}
	}
	return out
}

// TestSettled: no rule has anything left to do on an optimized plan.
func TestSettled(t *testing.T) {
	for _, query := range queries(t) {
		n := optimize.Plan(analyzed(t, query))
		for _, r := range optimize.Rules() {
			if again := r.Apply(n); again != n {
				t.Errorf("%s\n%q still changes\n%s", query, r.Name, plan.Explain(n))
			}
		}
	}
}

// TestRulesKeepAttributes: each node reads only what its children give, after every rule.
func TestRulesKeepAttributes(t *testing.T) {
	for _, query := range queries(t) {
		n := analyzed(t, query)
		checkRefs(t, query, "analyze", n)
		for _, r := range optimize.Rules() {
			n = r.Apply(n)
			checkRefs(t, query, r.Name, n)
		}
	}
}

func checkRefs(t *testing.T, query, rule string, root plan.Node) {
	t.Helper()
	plan.Walk(root, func(n plan.Node) bool {
		have := map[plan.ID]bool{}
		for _, c := range n.Children() {
			for _, a := range c.Output() {
				have[a.ID] = true
			}
		}
		need := map[plan.ID]bool{}
		for _, e := range plan.ExprsOf(n) {
			plan.Refs(e, need)
		}
		for id := range need {
			if !have[id] {
				t.Errorf("%s\nafter %q, #%d is read but not there by:\n%s", query, rule, id, plan.Explain(n))
			}
		}
		return true
	})
}
