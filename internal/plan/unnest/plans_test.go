package unnest

import (
	"strings"
	"testing"

	"github.com/azud/azud/internal/plan"
)

// outline is the nodes of a plan as their kinds, with what a join does: children in parentheses.
func outline(n plan.Node) string {
	s := strings.TrimPrefix(strings.SplitN(plan.Describe(n), " ", 2)[0], "*plan.")
	if j, ok := n.(*plan.Join); ok {
		s = j.Kind.String()
		if j.NullAware {
			s += " null-aware"
		}
		if j.Lateral {
			s += " lateral"
		}
		if j.On != nil {
			s += " on " + plan.Text(j.On)
		}
	}
	kids := n.Children()
	if p, ok := n.(*plan.Project); ok { // what a Project does is the other tests' affair
		return outline(p.Child)
	}
	var list []string
	for _, c := range kids {
		list = append(list, outline(c))
	}
	if len(list) == 0 {
		return s
	}
	return s + "(" + strings.Join(list, ", ") + ")"
}

// TestPlans: which join a subquery becomes.
func TestPlans(t *testing.T) {
	for _, c := range []struct{ query, want string }{
		{"SELECT k FROM a WHERE EXISTS (SELECT 1 FROM b WHERE b.k = a.k)", "LeftSemi on (k = k)(Values, Values)"},
		{"SELECT k FROM a WHERE NOT EXISTS (SELECT 1 FROM b WHERE b.k = a.k AND b.x <> a.x)",
			"LeftAnti on ((k = k) AND (NOT (x = x)))(Values, Values)"},
		{"SELECT k FROM a WHERE EXISTS (SELECT max(x) FROM b WHERE b.k = a.k)", "Values"},
		{"SELECT k FROM a WHERE k IN (SELECT k FROM b)", "LeftSemi on (k = k)(Values, Values)"},
		{"SELECT k FROM a WHERE k NOT IN (SELECT k FROM b)", "LeftAnti null-aware on (k = k)(Values, Values)"},
		// A row of b whose x is unknown is not in the subquery, so that it does not make NOT IN unknown.
		{"SELECT k FROM a WHERE k NOT IN (SELECT k FROM b WHERE b.x = a.x)",
			"LeftAnti null-aware on ((k = k) AND (x <=> x))(Values, Filter(Values))"},
		{"SELECT k FROM a WHERE x = 1 OR k IN (SELECT k FROM b)", "Filter(LeftMark on (k = k)(Values, Values))"},
		{"SELECT EXISTS (SELECT 1 FROM b WHERE b.k = a.k) FROM a", "LeftMark on (k = k)(Values, Values)"},
		{"SELECT (SELECT max(x) FROM b) FROM a", "Inner(Values, Aggregate(Values))"},
		{"SELECT (SELECT x FROM b) FROM a", "LeftSingle(Values, Values)"},
		{"SELECT (SELECT x FROM b LIMIT 1) FROM a", "Inner(Values, Limit(Values))"},
		{"SELECT (SELECT x FROM b WHERE b.k = a.k) FROM a", "LeftSingle on (k = k)(Values, Values)"},
		{"SELECT (SELECT count(*) FROM b WHERE b.k = a.k) FROM a", "LeftOuter on (k = k)(Values, Aggregate(Values))"},
		// Not equal: counted for each distinct value of a.k, with the values that have no rows.
		{"SELECT (SELECT count(*) FROM b WHERE b.k > a.k) FROM a",
			"LeftOuter on (col1 <=> col1)(Values, LeftOuter on (col1 <=> col1)(Aggregate(Values), Aggregate(Filter(Inner(Aggregate(Values), Values)))))"},
		{"SELECT (SELECT x FROM b WHERE b.k = a.k ORDER BY x LIMIT 1) FROM a", "LeftOuter on (k = k)(Values, Filter(Window(Values)))"},
		{"SELECT * FROM a, LATERAL (SELECT a.k + 1 AS n)", "Values"},
		{"SELECT * FROM a, LATERAL (SELECT x FROM b WHERE b.k = a.k)", "Inner on (k = k)(Values, Values)"},
		{"SELECT * FROM a, LATERAL (SELECT k FROM b)", "Inner(Values, Values)"},
		{"SELECT * FROM a, LATERAL explode(array(a.k, a.x)) AS e(v)", "Generate(Values)"},
		{"SELECT k FROM a WHERE EXISTS (SELECT 1 FROM b WHERE b.k = a.k AND EXISTS (SELECT 1 FROM c WHERE c.k = b.k AND c.x = a.x))",
			"LeftSemi on ((col1 <=> col1) AND (col2 <=> col2))(Values, LeftSemi on ((k = k) AND (x = col2))(Filter(Inner(Aggregate(Values), Values)), Values))"},
		{"SELECT a.k FROM a LEFT JOIN b ON a.k = b.k AND a.x IN (SELECT k FROM c)",
			"LeftOuter on ((k = k) AND coalesce(exists, false))(LeftMark on (x = k)(Values, Values), Values)"},
	} {
		n, err := Plan(analyzed(t, numbers+c.query))
		if err != nil {
			t.Errorf("%s: %v", c.query, err)
			continue
		}
		if got := outline(n); got != c.want {
			t.Errorf("%s\n got %s\nwant %s\n%s", c.query, got, c.want, plan.Explain(n))
		}
	}
}

// TestRepeatable: the left side is computed a second time only where that gives the same values.
func TestRepeatable(t *testing.T) {
	for _, c := range []struct {
		left string
		want bool
	}{
		{"SELECT k AS v FROM a", true},
		{"SELECT k, sum(x) AS v FROM a GROUP BY k", true},
		{"SELECT k, max(DOUBLE(x)) AS v FROM a GROUP BY k", true},
		{"SELECT k AS v, sum(DOUBLE(x)) AS s FROM a GROUP BY k", true}, // s is not read
		{"SELECT k, rank() OVER (ORDER BY x) AS v FROM a", true},
		{"SELECT k, count(*) OVER (ORDER BY x) AS v FROM a", true},
		{"SELECT k, sum(DOUBLE(x)) AS v FROM a GROUP BY k", false},
		{"SELECT k, avg(x) AS v FROM a GROUP BY k", false},
		{"SELECT k, stddev(x) AS v FROM a GROUP BY k", false},
		{"SELECT k, first(x) AS v FROM a GROUP BY k", false},
		{"SELECT k, size(collect_list(x)) AS v FROM a GROUP BY k", false},
		{"SELECT k, max_by(k, x) AS v FROM a GROUP BY k", false},
		{"SELECT k, row_number() OVER (ORDER BY x) AS v FROM a", false},
		{"SELECT k, lag(k) OVER (ORDER BY x) AS v FROM a", false},
		{"SELECT k, count(*) OVER (ORDER BY x ROWS UNBOUNDED PRECEDING) AS v FROM a", false},
		{"SELECT k AS v FROM a GROUP BY k HAVING sum(DOUBLE(x)) > 1", false},
		{"SELECT s, count(*) AS v FROM (SELECT k, avg(x) AS s FROM a GROUP BY k) GROUP BY s", false},
		{"SELECT v FROM (SELECT k, avg(x) + 1 AS v FROM a GROUP BY k) UNION ALL SELECT x FROM b", false},
	} {
		n, err := Plan(analyzed(t, numbers+"SELECT (SELECT count(*) FROM b WHERE b.k > t.v) FROM ("+c.left+") t"))
		if err != nil {
			t.Errorf("%s: %v", c.left, err)
			continue
		}
		if got := !strings.Contains(outline(n), "lateral"); got != c.want {
			t.Errorf("%s: computed twice is %v\n%s", c.left, got, plan.Explain(n))
		}
	}
}

// TestSettled: a plan without subqueries comes back as it is, and one that was unnested too.
func TestSettled(t *testing.T) {
	n := analyzed(t, numbers+"SELECT a.k, count(*) FROM a JOIN b ON a.k = b.k GROUP BY a.k")
	if m, err := Plan(n); err != nil || m != n {
		t.Errorf("%v\n%s", err, plan.Explain(m))
	}
	once, err := Plan(analyzed(t, numbers+"SELECT k FROM a WHERE k IN (SELECT k FROM b) AND x > (SELECT max(x) FROM c WHERE c.k = a.k)"))
	if err != nil {
		t.Fatal(err)
	}
	if twice, err := Plan(once); err != nil || twice != once {
		t.Errorf("%v\n%s", err, plan.Explain(twice))
	}
}

// TestIDs: no attribute is made twice, also where a plan is used twice.
func TestIDs(t *testing.T) {
	for seed := range uint64(100) {
		g := &generator{r: newRand(seed)}
		n, err := Plan(analyzed(t, g.query()))
		if err != nil {
			t.Fatal(err)
		}
		made := map[plan.ID]string{}
		plan.Walk(n, func(n plan.Node) bool {
			below := map[plan.ID]bool{}
			for _, c := range n.Children() {
				for _, a := range c.Output() {
					below[a.ID] = true
				}
			}
			for _, a := range n.Output() {
				if below[a.ID] {
					continue
				}
				if was, ok := made[a.ID]; ok {
					t.Fatalf("seed %d: #%d is made by %s and by %s", seed, a.ID, was, plan.Describe(n))
				}
				made[a.ID] = plan.Describe(n)
			}
			return true
		})
	}
}
