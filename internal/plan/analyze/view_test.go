package analyze

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/sql"
)

// withViews analyzes a query in a catalog with views given by their text.
func withViews(t *testing.T, query string, views map[string]string, allowStream bool) (plan.Node, error) {
	t.Helper()
	parse := func(name, text string) (*sql.Query, *errs.Source) {
		src := &errs.Source{Name: name, Text: text}
		stmts, err := sql.Parse(src)
		if err != nil {
			t.Fatal(errs.Render(err))
		}
		return stmts[0].(*sql.QueryStmt).Query, src
	}
	q, src := parse("q.sql", query)
	env := testEnv(t, src)
	env.AllowStream = allowStream
	env.View = func(name []string) (*View, bool) {
		text, ok := views[strings.ToLower(strings.Join(name, "."))]
		if !ok {
			return nil, false
		}
		vq, vsrc := parse(name[len(name)-1]+".sql", text)
		return &View{Query: vq, Source: vsrc}, true
	}
	return Query(context.Background(), q, env)
}

func TestViews(t *testing.T) {
	views := map[string]string{
		"fuertes":  "SELECT id, magnitud AS m, timestamp FROM sismos WHERE magnitud >= 4.5",
		"corrian":  "SELECT * FROM STREAM sismos WATERMARK timestamp DELAY OF INTERVAL 10 MINUTES",
		"rota":     "SELECT nada FROM sismos",
		"a":        "SELECT * FROM b",
		"b":        "SELECT * FROM a",
		"encadena": "SELECT m + 1 AS m1 FROM fuertes",
	}
	for _, c := range []struct {
		query, want string // the columns, or "! CLASS at place"
	}{
		{"SELECT fuertes.m FROM fuertes", "m: double"},
		{"SELECT v.m FROM fuertes AS v WHERE v.id = 'x'", "m: double"},
		{"SELECT * FROM encadena", "m1: double"},
		{"SELECT * FROM rota", "! UNRESOLVED_COLUMN.WITH_SUGGESTION rota.sql:1:8"},
		{"SELECT * FROM a", "! RECURSIVE_VIEW b.sql:1:15"},
		{"SELECT lugar FROM STREAM corrian", "lugar: string"},
		{"SELECT * FROM STREAM fuertes", "! UNSUPPORTED_FEATURE q.sql:1:15"},
	} {
		n, err := withViews(t, c.query, views, true)
		got := answer(n, err)
		var e *errs.Error
		if errors.As(err, &e) {
			got += " " + e.Source.Where(e.Span)
		}
		if got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.query, got, c.want)
		}
	}
}

// TestViewPlaces: what a view computes fails, at run time, at the view's name in the query.
func TestViewPlaces(t *testing.T) {
	query := "SELECT count(*) FROM fuertes"
	n, err := withViews(t, query, map[string]string{
		"fuertes": "SELECT id, CAST(id AS INT) AS numero, lugar FROM sismos WHERE CAST(id AS INT) > 5",
	}, true)
	if err != nil {
		t.Fatal(err)
	}
	plan.Walk(n, func(n plan.Node) bool {
		f, ok := n.(*plan.Filter)
		if ok && query[f.Cond.Span().Start:f.Cond.Span().End] != "fuertes" {
			t.Errorf("the view's condition stands at %v of the query", f.Cond.Span())
		}
		return true
	})
}

func TestStreamNeedsAFlow(t *testing.T) {
	_, err := withViews(t, "SELECT * FROM STREAM sismos", nil, false)
	if errs.ClassOf(err) != "UNSUPPORTED_FEATURE" || !strings.Contains(errs.Render(err), "leave out STREAM") {
		t.Errorf("got %v", err)
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	src := &errs.Source{Name: "q.sql", Text: "SELECT 1"}
	stmts, err := sql.Parse(src)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Query(ctx, stmts[0].(*sql.QueryStmt).Query, testEnv(t, src)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// TestNumbers: streams in text order, watermarks likewise, stateful operators from the inside
// out; a batch has none.
func TestNumbers(t *testing.T) {
	n, err := analyzed(t, `SELECT count(*) FROM (
		SELECT lugar, count(*) AS n FROM STREAM sismos WATERMARK timestamp DELAY OF INTERVAL 1 MINUTE GROUP BY lugar
		UNION ALL
		SELECT id, count(*) FROM STREAM sismos WATERMARK timestamp DELAY OF INTERVAL 2 MINUTES GROUP BY id) LIMIT 5`)
	if err != nil {
		t.Fatal(err)
	}
	var scans, marks, states []int
	plan.Walk(n, func(n plan.Node) bool {
		switch n := n.(type) {
		case *plan.Scan:
			scans = append(scans, n.Source)
		case *plan.Watermark:
			marks = append(marks, n.Number)
		case *plan.Aggregate:
			states = append(states, n.Stateful)
		case *plan.Limit:
			states = append(states, n.Stateful)
		}
		return true
	})
	for _, c := range []struct {
		what      string
		got, want []int
	}{{"sources", scans, []int{0, 1}}, {"watermarks", marks, []int{0, 1}}, {"states", states, []int{3, 2, 0, 1}}} {
		if len(c.got) != len(c.want) {
			t.Fatalf("%s: %v, want %v", c.what, c.got, c.want)
		}
		for i := range c.got {
			if c.got[i] != c.want[i] {
				t.Errorf("%s: %v, want %v", c.what, c.got, c.want)
				break
			}
		}
	}
	batch, err := analyzed(t, "SELECT lugar, count(*) FROM sismos GROUP BY lugar LIMIT 1")
	if err != nil {
		t.Fatal(err)
	}
	plan.Walk(batch, func(n plan.Node) bool {
		if g, ok := n.(*plan.Aggregate); ok && g.Stateful != -1 {
			t.Errorf("a batch aggregate has state %d", g.Stateful)
		}
		if l, ok := n.(*plan.Limit); ok && l.Stateful != -1 {
			t.Errorf("a batch limit has state %d", l.Stateful)
		}
		return true
	})
}
