package optimize_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/plan/analyze"
	"github.com/azud/azud/internal/plan/optimize"
	"github.com/azud/azud/internal/plan/unnest"
	"github.com/azud/azud/internal/sql"
	"github.com/azud/azud/internal/types"
)

// sized is a table that knows its rows.
type sized struct {
	name   string
	schema types.Schema
	stats  plan.TableStats
}

func (t sized) Name() string                          { return t.name }
func (t sized) Schema() types.Schema                  { return t.schema }
func (t sized) Stats(context.Context) plan.TableStats { return t.stats }

// shop has a large, a middling and a small table.
func shop(t *testing.T) map[string]sized {
	t.Helper()
	out := map[string]sized{}
	for name, c := range map[string]struct {
		columns string
		rows    int64
	}{
		"ventas":    {"id BIGINT, cliente BIGINT, producto BIGINT, total DOUBLE", 1_000_000},
		"clientes":  {"id BIGINT, pais BIGINT, nombre STRING", 10_000},
		"paises":    {"id BIGINT, nombre STRING", 50},
		"productos": {"id BIGINT, nombre STRING", 500},
	} {
		schema, err := sql.ParseSchema(c.columns)
		if err != nil {
			t.Fatal(err)
		}
		out[name] = sized{name, schema, plan.TableStats{Rows: c.rows, Bytes: -1}}
	}
	return out
}

func shopPlan(t *testing.T, text string, o optimize.Options) (before, after plan.Node) {
	t.Helper()
	src := &errs.Source{Name: "q.sql", Text: text}
	stmts, err := sql.Parse(src)
	if err != nil {
		t.Fatal(errs.Render(err))
	}
	tables := shop(t)
	n, err := analyze.Query(context.Background(), stmts[0].(*sql.QueryStmt).Query, analyze.Env{
		Source: src, Resolve: func(name []string, _ errs.Span) (plan.Table, error) { return tables[name[0]], nil },
	})
	if err == nil {
		n, err = unnest.Plan(n)
	}
	if err != nil {
		t.Fatal(errs.Render(err))
	}
	return n, optimize.Batch(context.Background(), n, o)
}

// shape is a plan without the numbers of attributes.
func shape(n plan.Node) string {
	var b strings.Builder
	for line := range strings.Lines(plan.Explain(n)) {
		for {
			i := strings.IndexByte(line, '#')
			if i < 0 {
				break
			}
			end := i + 1
			for end < len(line) && line[end] >= '0' && line[end] <= '9' {
				end++
			}
			line = line[:i] + line[end:]
		}
		b.WriteString(line)
	}
	return b.String()
}

func TestJoinsAreOptimized(t *testing.T) {
	for _, c := range []struct{ name, sql, want string }{
		{"conditions move to their tables", "SELECT v.total FROM ventas v, clientes c WHERE v.cliente = c.id AND c.nombre = 'Ana' AND v.total > 5", `
Project [total]
  Inner join ON (cliente = id)
    Filter (total > 5.0)
      Scan ventas [cliente, total] filters [(total > 5.0)]
    Project [id]
      Filter (nombre = 'Ana')
        Scan clientes [id, nombre] filters [(nombre = 'Ana')]`},
		{"the smaller table is built", "SELECT v.total, c.nombre FROM clientes c JOIN ventas v ON v.cliente = c.id", `
Project [total, nombre]
  Inner join ON (cliente = id)
    Scan ventas [cliente, total]
    Scan clientes [id, nombre]`},
		{"small tables are joined first, and no cross product is made",
			"SELECT v.total FROM ventas v, paises p, clientes c WHERE v.cliente = c.id AND c.pais = p.id AND p.nombre = 'Perú'", `
Project [total]
  Inner join ON (cliente = id)
    Scan ventas [cliente, total]
    Project [id]
      Inner join ON (pais = id)
        Scan clientes [id, pais]
        Project [id]
          Filter (nombre = 'Perú')
            Scan paises [id, nombre] filters [(nombre = 'Perú')]`},
		{"what branches of OR have in common becomes the key",
			"SELECT v.total FROM ventas v, clientes c WHERE v.cliente = c.id AND c.nombre = 'a' AND v.total < 1 OR v.cliente = c.id AND c.nombre = 'b' AND v.total > 9", `
Project [total]
  Inner join ON ((cliente = id) AND (((nombre = 'a') AND (total < 1.0)) OR ((nombre = 'b') AND (total > 9.0))))
    Filter ((total < 1.0) OR (total > 9.0))
      Scan ventas [cliente, total] filters [((total < 1.0) OR (total > 9.0))]
    Filter ((nombre = 'a') OR (nombre = 'b'))
      Scan clientes [id, nombre] filters [((nombre = 'a') OR (nombre = 'b'))]`},
		{"an outer join whose added rows go is an inner one", "SELECT v.total FROM ventas v LEFT JOIN clientes c ON v.cliente = c.id WHERE c.nombre > 'M'", `
Project [total]
  Inner join ON (cliente = id)
    Scan ventas [cliente, total]
    Project [id]
      Filter (nombre > 'M')
        Scan clientes [id, nombre] filters [(nombre > 'M')]`},
		{"a condition on the added side of an outer join stays above, its own goes below",
			"SELECT v.total, c.nombre FROM ventas v LEFT JOIN clientes c ON v.cliente = c.id AND c.nombre = 'x' AND v.total > 1 WHERE c.id IS NULL AND v.id = 3", `
Project [total, nombre]
  Filter (id IS NULL)
    LeftOuter join ON ((cliente = id) AND (total > 1.0))
      Project [cliente, total]
        Filter (id = 3)
          Scan ventas [id, cliente, total] filters [(id = 3)]
      Filter (nombre = 'x')
        Scan clientes [id, nombre] filters [(nombre = 'x')]`},
		{"a semi join goes below a join that gives more rows than what it reads",
			"SELECT v.total FROM ventas v JOIN clientes c ON v.cliente = c.id WHERE c.pais IN (SELECT id FROM paises)", `
Project [total]
  Inner join ON (cliente = id)
    Scan ventas [cliente, total]
    Project [id]
      LeftSemi join ON (pais = id)
        Scan clientes [id, pais]
        Scan paises [id]`},
		{"an anti join stays above a join that gives fewer rows",
			"SELECT v.total FROM ventas v JOIN clientes c ON v.cliente = c.id AND c.nombre = 'x' WHERE NOT EXISTS (SELECT 1 FROM paises p WHERE p.id = v.producto)", `
Project [total]
  LeftAnti join ON (id = producto)
    Project [producto, total]
      Inner join ON (cliente = id)
        Scan ventas [cliente, producto, total]
        Project [id]
          Filter (nombre = 'x')
            Scan clientes [id, nombre] filters [(nombre = 'x')]
    Scan paises [id]`},
		{"a semi join that reads both sides of a join stays above it",
			"SELECT v.total FROM ventas v JOIN clientes c ON v.cliente = c.id WHERE EXISTS (SELECT 1 FROM paises p WHERE p.id = v.producto + c.pais)", `
Project [total]
  LeftSemi join ON (id = (producto + pais))
    Project [producto, total, pais]
      Inner join ON (cliente = id)
        Scan ventas [cliente, producto, total]
        Scan clientes [id, pais]
    Scan paises [id]`},
		{"a limit over a sort keeps the first rows only", "SELECT id FROM ventas ORDER BY total DESC LIMIT 5", `
Limit 5
  Project [id]
    Sort [total DESC] top 5
      Scan ventas [id, total]`},
		{"a limit reaches the scan", "SELECT id + 1 AS n FROM ventas LIMIT 5 OFFSET 2", `
Limit 5 offset 2
  Project [(id + 1) AS n]
    Scan ventas [id] limit 7`},
	} {
		before, after := shopPlan(t, c.sql, optimize.Options{})
		if got := strings.TrimSpace(shape(after)); got != strings.TrimSpace(c.want) {
			t.Errorf("%s:\n%s\ngot\n%s\nwant%s", c.name, c.sql, got, c.want)
		}
		sameOutput(t, c.sql, before, after)
	}
}

func TestOffLeavesTheRequiredRules(t *testing.T) {
	_, after := shopPlan(t, "SELECT v.total FROM ventas v, clientes c WHERE v.cliente = c.id AND 1 + 1 = 2", optimize.Options{Off: true})
	got := shape(after)
	if !strings.Contains(got, "Inner join ON (cliente = id)") || !strings.Contains(got, "Scan ventas [id, cliente, producto, total]") {
		t.Errorf("got\n%s", got)
	}
	_, after = shopPlan(t, "SELECT v.total FROM ventas v", optimize.Options{Exclude: []string{"Prune Columns"}})
	if got := shape(after); !strings.Contains(got, "Scan ventas [id, cliente, producto, total]") {
		t.Errorf("got\n%s", got)
	}
}

// TestManyJoins: with more tables than a set of them can hold, each join keeps its condition.
func TestManyJoins(t *testing.T) {
	text := "SELECT t0.id FROM paises t0"
	for i := 1; i < 70; i++ {
		text += fmt.Sprintf(" JOIN paises t%d ON t%d.id = t%d.id", i, i, i-1)
	}
	before, after := shopPlan(t, text, optimize.Options{})
	sameOutput(t, text, before, after)
	joins := 0
	plan.Walk(after, func(n plan.Node) bool {
		switch n := n.(type) {
		case *plan.Join:
			joins++
			if n.On == nil {
				t.Errorf("a join has no condition: %s", plan.Describe(n))
			}
		case *plan.Filter:
			t.Errorf("conditions came out of the joins: %s", plan.Describe(n))
		}
		return true
	})
	if joins != 69 {
		t.Errorf("%d joins of 70 tables", joins)
	}
}
