package analyze

import (
	"strings"
	"testing"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/plan"
)

const twoTables = "WITH l(k, x) AS (VALUES (1, 'a'), (NULL, 'b')), r(k, y) AS (VALUES (1L, 10), (3L, 12)) "

// TestJoinOutputs: the columns of joins, in Spark 4.2.0's order, names, types and nullability (NN is
// NOT NULL), and the classes of its errors.
func TestJoinOutputs(t *testing.T) {
	for _, c := range []struct{ query, want string }{
		{"SELECT * FROM l, r", "k: int; x: string NN; k: bigint NN; y: int NN"},
		{"SELECT * FROM l LEFT JOIN r ON l.k = r.k", "k: int; x: string NN; k: bigint; y: int"},
		{"SELECT * FROM l RIGHT JOIN r ON l.k > r.k", "k: int; x: string; k: bigint NN; y: int NN"},
		{"SELECT * FROM l FULL JOIN r ON l.k = r.k", "k: int; x: string; k: bigint; y: int"},
		{"SELECT * FROM l SEMI JOIN r", "k: int; x: string NN"},
		{"SELECT * FROM l JOIN r USING (k)", "k: int; x: string NN; y: int NN"},
		{"SELECT * FROM l RIGHT JOIN r USING (k)", "k: bigint NN; x: string; y: int NN"},
		{"SELECT * FROM l FULL JOIN r USING (k)", "k: bigint; x: string; y: int"},
		{"SELECT l.*, r.* FROM l FULL JOIN r USING (k)", "k: int; x: string; k: bigint; y: int"},
		{"SELECT r.*, l.* FROM l JOIN r USING (k)", "k: bigint NN; y: int NN; k: int; x: string NN"},
		{"SELECT k, l.k, r.k FROM l FULL JOIN r USING (k)", "k: bigint; k: int; k: bigint"},
		{"SELECT * FROM l NATURAL LEFT JOIN r", "k: int; x: string NN; y: int"},
		{"SELECT * FROM l NATURAL FULL JOIN (SELECT 7 AS q)", "k: int; x: string; q: int"},
		{"SELECT * FROM (l JOIN r USING (k)) AS j", "k: int; x: string NN; y: int NN"},
		{"SELECT * FROM l LEFT JOIN LATERAL (SELECT y FROM r WHERE r.k = l.k)", "k: int; x: string NN; y: int"},
		{"SELECT k, (SELECT max(y) FROM r WHERE r.k = l.k AND x > 'a') FROM l", "k: int; scalarsubquery(k, x): int"},
		{"SELECT EXISTS (SELECT 1 FROM r WHERE r.k = l.k) FROM l", "exists(k): boolean NN"},
		{"SELECT k NOT IN (SELECT k FROM r) FROM l", "(NOT (k IN (listquery()))): boolean"},
		{"SELECT k FROM l INTERSECT SELECT k FROM r", "k: bigint NN"},
		{"SELECT k FROM l EXCEPT SELECT k FROM r", "k: bigint"},
		{"SELECT * FROM range(5)", "id: bigint NN"},
		{"SELECT * FROM l LATERAL VIEW OUTER explode(array(k)) t AS e", "k: int; x: string NN; e: int"},
		{"SELECT k, explode(map(x, k)) FROM l", "k: int; key: string NN; value: int"},

		{"SELECT * FROM l, r WHERE k = 1", "! AMBIGUOUS_REFERENCE"},
		{"SELECT l.k FROM l JOIN l ON l.k = l.k", "! AMBIGUOUS_REFERENCE"},
		{"SELECT r.k FROM l SEMI JOIN r USING (k)", "! UNRESOLVED_COLUMN.WITH_SUGGESTION"},
		{"SELECT * FROM l JOIN r USING (z)", "! UNRESOLVED_USING_COLUMN_FOR_JOIN"},
		{"SELECT * FROM l JOIN r ON l.k", "! JOIN_CONDITION_IS_NOT_BOOLEAN_TYPE"},
		{"SELECT * FROM l JOIN r ON sum(l.k) > 1", "! UNSUPPORTED_EXPR_FOR_OPERATOR"},
		{"SELECT * FROM l RIGHT JOIN LATERAL (SELECT y FROM r WHERE r.k = l.k)", "! INVALID_LATERAL_JOIN_TYPE"},
		{"SELECT (SELECT k, y FROM r)", "! INVALID_SUBQUERY_EXPRESSION.SCALAR_SUBQUERY_RETURN_MORE_THAN_ONE_OUTPUT_COLUMN"},
		{"SELECT k IN (SELECT k, y FROM r) FROM l", "! DATATYPE_MISMATCH.IN_SUBQUERY_LENGTH_MISMATCH"},
		{"SELECT struct(k, x AS z) IN (SELECT struct(k, y) FROM r) FROM l", "! DATATYPE_MISMATCH.IN_SUBQUERY_LENGTH_MISMATCH"},
		{"SELECT array(k) IN (SELECT y FROM r) FROM l", "! DATATYPE_MISMATCH.IN_SUBQUERY_DATA_TYPE_MISMATCH"},
		{"SELECT x, (SELECT max(y) FROM r WHERE r.k = l.k) FROM l GROUP BY x", "! SCALAR_SUBQUERY_IS_IN_GROUP_BY_OR_AGGREGATE_FUNCTION"},
		{"SELECT * FROM l LATERAL VIEW explode(map(x, k)) t AS a", "! UDTF_ALIAS_NUMBER_MISMATCH"},
		{"SELECT * FROM l LATERAL VIEW upper(x) t AS a", "! UNSUPPORTED_GENERATOR.NOT_GENERATOR"},
		{"SELECT explode(array(k)) + 1 FROM l", "! UNSUPPORTED_GENERATOR.NESTED_IN_EXPRESSIONS"},
		{"SELECT k FROM l WHERE explode(array(k)) = 1", "! UNSUPPORTED_GENERATOR.OUTSIDE_SELECT"},
		{"SELECT * FROM upper('a')", "! NOT_A_TABLE_FUNCTION"},
		{"SELECT * FROM nada(1)", "! UNRESOLVABLE_TABLE_VALUED_FUNCTION"},
		{"SELECT map(1, 2) INTERSECT SELECT map(1, 2)", "! UNSUPPORTED_FEATURE.SET_OPERATION_ON_MAP_TYPE"},
		{"SELECT * FROM IDENTIFIER(1)", "! NOT_A_CONSTANT_STRING.WRONG_TYPE"},
	} {
		n, err := analyzed(t, twoTables+c.query)
		got := "! " + errs.ClassOf(err)
		if err == nil {
			var cols []string
			for _, a := range n.Output() {
				s := a.Name + ": " + a.Type.String()
				if !a.Nullable {
					s += " NN"
				}
				cols = append(cols, s)
			}
			got = strings.Join(cols, "; ")
		}
		if got != c.want {
			t.Errorf("%s\n got %s\nwant %s\n%v", c.query, got, c.want, err)
		}
	}
}

// TestRecursion: Spark 4.2.0's classes for what WITH RECURSIVE does not take.
func TestRecursion(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 5", "n: int"},
		{"SELECT 1L UNION ALL SELECT CAST(n + 1 AS INT) FROM t WHERE n < 3", "n: bigint"},
		{"SELECT 1", "n: int"},
		{"SELECT 1 UNION SELECT n + 1 FROM t WHERE n < 5", "! UNION_NOT_SUPPORTED_IN_RECURSIVE_CTE"},
		{"SELECT n + 1 FROM t", "! INVALID_RECURSIVE_CTE"},
		{"SELECT n + 1 FROM t UNION ALL SELECT 1", "! INVALID_RECURSIVE_CTE"},
		{"SELECT 1 EXCEPT SELECT n + 1 FROM t", "! INVALID_RECURSIVE_CTE"},
		{"SELECT 1 UNION ALL SELECT n + 1 FROM t ORDER BY 1", "! INVALID_RECURSIVE_CTE"},
		{"SELECT 1 UNION ALL SELECT CAST(max(n) AS INT) FROM t", "! INVALID_RECURSIVE_REFERENCE.PLACE"},
		{"SELECT 1 UNION ALL SELECT t.n FROM l LEFT JOIN t ON l.k = t.n", "! INVALID_RECURSIVE_REFERENCE.PLACE"},
		{"SELECT 1 UNION ALL SELECT n + 1L FROM t", "! CANNOT_MERGE_INCOMPATIBLE_DATA_TYPE"},
	} {
		text := strings.Replace(twoTables, "WITH ", "WITH RECURSIVE ", 1) + ", t(n) AS (" + c.text + ") SELECT * FROM t"
		n, err := analyzed(t, text)
		if got := answer(n, err); got != c.want {
			t.Errorf("%s\n got %s\nwant %s\n%v", c.text, got, c.want, err)
		}
	}
}

// TestEachReadingHasItsIDs: a name that is read twice gives different attributes.
func TestEachReadingHasItsIDs(t *testing.T) {
	n, err := analyzed(t, twoTables+"SELECT a.k, b.k FROM l a JOIN l b ON a.k = b.k")
	if err != nil {
		t.Fatal(err)
	}
	plan.Walk(n, func(n plan.Node) bool {
		j, ok := n.(*plan.Join)
		if !ok {
			return true
		}
		for _, a := range j.L.Output() {
			if _, twice := plan.Find(j.R.Output(), a.ID); twice {
				t.Errorf("#%d is on both sides", a.ID)
			}
		}
		return false
	})
}

// TestStreamsAndQueries: subqueries and streams do not go together yet.
func TestStreamsAndQueries(t *testing.T) {
	for _, q := range []string{
		"SELECT id FROM STREAM sismos WHERE id IN (SELECT id FROM otros)",
		"SELECT id FROM sismos WHERE id IN (SELECT id FROM STREAM otros)",
		"SELECT * FROM STREAM sismos JOIN otros USING (id)",
	} {
		if _, err := analyzed(t, q); errs.ClassOf(err) != "UNSUPPORTED_FEATURE" {
			t.Errorf("%s: %v", q, err)
		}
	}
}
