package unnest

import (
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/exec"
	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/plan/analyze"
	"github.com/azud/azud/internal/sql"
	"github.com/azud/azud/internal/vec"
)

// analyzed is a query's plan; it reads no table but those it makes itself.
func analyzed(t testing.TB, text string) plan.Node {
	t.Helper()
	src := &errs.Source{Name: "q.sql", Text: text}
	stmts, err := sql.Parse(src)
	if err != nil {
		t.Fatal(errs.Render(err))
	}
	n, err := analyze.Query(context.Background(), stmts[0].(*sql.QueryStmt).Query, analyze.Env{Source: src,
		Resolve: func(name []string, _ errs.Span) (plan.Table, error) {
			return nil, errs.New("TABLE_OR_VIEW_NOT_FOUND", "%s", strings.Join(name, "."))
		}})
	if err != nil {
		t.Fatalf("%s\n%s", text, errs.Render(err))
	}
	return n
}

// answer runs a plan: its rows sorted, or the class of its error.
func answer(t testing.TB, n plan.Node) string {
	t.Helper()
	op, err := exec.Build(n, exec.BuildOptions{Zone: "UTC", Source: &errs.Source{}})
	if err != nil {
		t.Fatalf("%v\n%s", err, plan.Explain(n))
	}
	defer op.Close()
	c := fn.Context{Zone: time.UTC}
	b, err := exec.Collect(context.Background(), op, &exec.EpochTask{Fn: c, Late: exec.NoWatermark, Evict: exec.NoWatermark,
		Scan:    func(context.Context, *plan.Scan) iter.Seq2[*vec.Batch, error] { return nil },
		Observe: func(int, int64) {}, CountLate: func(int, int64) {}}, 0)
	if err != nil {
		return errs.ClassOf(err)
	}
	var rows []string
	for i := range b.Each() {
		var row []byte
		for k := range b.Cols {
			row = append(fn.AppendJSON(row, &c, &b.Cols[k], i), ' ')
		}
		rows = append(rows, string(row))
	}
	slices.Sort(rows)
	return strings.Join(rows, "\n")
}

// generator makes queries with correlated subqueries over three small tables.
type generator struct {
	r     *rand.Rand
	names int
}

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }

const numbers = "WITH a(k, x) AS (VALUES (0, 1), (1, 2), (1, 2), (2, NULL), (NULL, 3), (3, 0), (NULL, NULL), (2, 1)), " +
	"b(k, x) AS (VALUES (1, 1), (1, 3), (2, 2), (NULL, 1), (3, NULL), (1, 1)), " +
	"c(k, x) AS (VALUES (0, 0), (2, 5), (2, NULL), (NULL, 2), (4, 1)), none(k, x) AS (SELECT k, x FROM a WHERE false) "

func (g *generator) pick(list ...string) string { return list[g.r.IntN(len(list))] }

func (g *generator) alias() string {
	g.names++
	return fmt.Sprintf("t%d", g.names)
}

// column is one of a table, or of one around.
func (g *generator) column(around []string) string {
	return g.pick(around...) + "." + g.pick("k", "x")
}

// cond compares a column of the table with one around, or restricts it alone.
func (g *generator) cond(own string, around []string, depth int) string {
	mine := own + "." + g.pick("k", "x")
	switch n := g.r.IntN(12); {
	case n < 5:
		return mine + " = " + g.column(around)
	case n < 6:
		return mine + " <=> " + g.column(around)
	case n < 7:
		return mine + g.pick(" > ", " <> ", " <= ") + g.column(around)
	case n < 8:
		return mine + " + 1 = " + g.column(around) + " + " + g.pick("0", "1")
	case n < 9:
		return mine + " > 0"
	case n < 10:
		return "(" + mine + " = " + g.column(around) + " OR " + own + ".x IS NULL)"
	case depth > 0:
		return g.predicate(append(slices.Clone(around), own), depth-1)
	}
	return mine + " IS NOT NULL"
}

func (g *generator) where(own string, around []string, depth int) string {
	s := g.cond(own, around, depth)
	for range g.r.IntN(3) {
		s += " AND " + g.cond(own, around, depth)
	}
	return " WHERE " + s
}

// from is a relation under a new alias, with columns k and x.
func (g *generator) from(around []string, depth int) (text, alias string) {
	alias = g.alias()
	table := g.pick("a", "b", "c", "none")
	in := g.alias()
	switch g.r.IntN(9) {
	case 0:
		return fmt.Sprintf("(SELECT DISTINCT k, x FROM %s %s%s) %s", table, in, g.where(in, around, 0), alias), alias
	case 1:
		return fmt.Sprintf("(SELECT k, %s(x) AS x FROM %s %s%s GROUP BY k) %s", g.pick("max", "count", "sum"), table, in, g.where(in, around, 0), alias), alias
	case 2:
		return fmt.Sprintf("(SELECT max(k) AS k, count(*) AS x FROM %s %s%s) %s", table, in, g.where(in, around, 0), alias), alias
	case 3:
		other := g.alias()
		return fmt.Sprintf("(SELECT k, x FROM %s %s%s UNION ALL SELECT k, x FROM b %s%s) %s", table, in, g.where(in, around, 0), other, g.where(other, around, 0), alias), alias
	case 4:
		other := g.alias()
		return fmt.Sprintf("(SELECT %s.k, %s.x FROM %s %s %s JOIN b %s ON %s.k = %s.k%s) %s", in, other, table, in, g.pick("", "LEFT", "RIGHT", "FULL"),
			other, in, other, g.where(in, around, 0), alias), alias
	case 5:
		if depth > 0 {
			return fmt.Sprintf("(SELECT k, x FROM %s %s%s) %s", table, in, g.where(in, around, depth-1), alias), alias
		}
	}
	return table + " " + alias, alias
}

// predicate is a condition with a subquery that reads the tables around.
func (g *generator) predicate(around []string, depth int) string {
	rel, own := g.from(around, depth)
	w := g.where(own, around, depth)
	not := g.pick("", "NOT ")
	switch g.r.IntN(7) {
	case 0, 1:
		return not + "EXISTS (SELECT 1 FROM " + rel + w + ")"
	case 2:
		return not + "EXISTS (SELECT k FROM " + rel + w + " GROUP BY k HAVING count(*) > 1)"
	case 3, 4:
		return g.column(around) + " " + not + "IN (SELECT " + own + "." + g.pick("k", "x") + " FROM " + rel + w + ")"
	case 5:
		return "(" + g.column(around) + " IS NULL OR " + not + "EXISTS (SELECT 1 FROM " + rel + w + "))"
	}
	return g.column(around) + g.pick(" = ", " < ", " <> ") + "(" + g.scalar(around, depth) + ")"
}

// scalar is a query of one row.
func (g *generator) scalar(around []string, depth int) string {
	rel, own := g.from(around, depth)
	w := g.where(own, around, depth)
	agg := g.pick("max(%s.x)", "count(*)", "sum(%s.k) + 1", "coalesce(min(%s.x), 7)", "count(DISTINCT %s.x)")
	if strings.Contains(agg, "%s") {
		agg = fmt.Sprintf(agg, own)
	}
	having := ""
	if g.r.IntN(6) == 0 {
		having = g.pick(" HAVING count(*) > 0", " HAVING count(*) = 0")
	}
	if g.r.IntN(6) == 0 {
		return "SELECT " + own + ".x FROM " + rel + w + " ORDER BY " + own + ".x DESC LIMIT 1"
	}
	return "SELECT " + agg + " FROM " + rel + w + having
}

func (g *generator) query() string {
	switch g.r.IntN(5) {
	case 0:
		return numbers + "SELECT o.k, o.x, (" + g.scalar([]string{"o"}, 1) + ") AS v FROM a o"
	case 1:
		return numbers + "SELECT o.k, o.x, " + g.predicate([]string{"o"}, 1) + " AS v FROM a o"
	case 2:
		rel, own := g.from([]string{"o"}, 1)
		sub := "SELECT " + own + ".k, " + own + ".x FROM " + rel + g.where(own, []string{"o"}, 1)
		return numbers + "SELECT o.k, q.k, q.x FROM a o " + g.pick("JOIN", "LEFT JOIN") + " LATERAL (" + sub + ") q"
	case 3:
		return numbers + "SELECT o.k, count(*) FROM a o GROUP BY o.k HAVING count(*) > (SELECT count(*) FROM b" + " WHERE b.k = o.k)"
	}
	return numbers + "SELECT o.k, o.x FROM a o WHERE " + g.predicate([]string{"o"}, 2)
}

// TestSameAsRowByRow: random queries give the same when their subqueries are computed for each row.
func TestSameAsRowByRow(t *testing.T) {
	const queries = 400
	lateral := 0
	for seed := range uint64(queries) {
		g := &generator{r: newRand(seed)}
		text := g.query()
		n := analyzed(t, text)
		fast, err := Plan(n)
		if err != nil {
			t.Fatalf("seed %d: %s\n%v", seed, text, err)
		}
		slow := &unnester{last: maxID(n), used: map[plan.ID]bool{}, rows: true}
		want, err := slow.node(n)
		if err != nil {
			t.Fatalf("seed %d: %s\n%v", seed, text, err)
		}
		if got, want := answer(t, fast), answer(t, want); got != want {
			t.Fatalf("seed %d: %s\ngot\n%s\nwant\n%s\n%s", seed, text, got, want, plan.Explain(fast))
		}
		plan.Walk(fast, func(n plan.Node) bool {
			if j, ok := n.(*plan.Join); ok && j.Lateral {
				lateral++
			}
			return true
		})
	}
	t.Logf("%d joins stay Lateral in %d queries", lateral, queries)
}
