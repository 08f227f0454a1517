package engine

import (
	"context"
	"regexp"
	"strings"
	"testing"

	"github.com/azud/azud/internal/errs"
)

// plans runs statements and gives the lines of the last one's answer.
func plans(t *testing.T, s *Session, script string) string {
	t.Helper()
	var lines []string
	for r, err := range s.Run(context.Background(), &errs.Source{Name: "-e", Text: script}, Args{}) {
		if err != nil {
			return errs.Render(err)
		}
		lines = nil
		for i := range rowsOf(r.Rows) {
			lines = append(lines, r.Rows.Cols[0].Str(i))
		}
	}
	return strings.Join(lines, "\n")
}

const explainedQuery = "SELECT k % 3 AS g, count(*) AS n FROM range(100) AS t(k) WHERE k > 10 GROUP BY k % 3 ORDER BY n"

func TestExplain(t *testing.T) {
	for _, c := range []struct{ name, script, want string }{
		{"a plan", "EXPLAIN SELECT 1 AS a", `(?s)^Project \[1 AS a#\d+\]\n  Values 1 rows \[\]$`},
		{"extended", "EXPLAIN EXTENDED " + explainedQuery, `(?s)^== Parsed ==\nSELECT k % 3 AS g.*\n== Analyzed ==\ng: bigint, n: bigint\nSort .*\n== Optimized ==\nSort`},
		{"formatted", "EXPLAIN FORMATTED " + explainedQuery, `(?s)^Sort \(\d\)\n\+- .*\+- Range \(1\)\n\n\(1\) Range\nOutput: \[id#\d+\]\n.*Input:  \(1\) \[id#\d+\]\n`},
		{"cost", "EXPLAIN COST " + explainedQuery, `(?s)Range 0 to 100 by 1 AS id#\d+  ~100 rows$`},
		{"code", "EXPLAIN CODEGEN SELECT 1", `(?s)UNSUPPORTED_FEATURE.*no generated code.*hint: EXPLAIN FORMATTED`},
		{"a command", "EXPLAIN SHOW TABLES", `^Execute SHOW TABLES$`},
		{"analyze", "EXPLAIN ANALYZE " + explainedQuery, `(?s)^Sort .*  rows 3, batches 1, time \d.*\n +Aggregate .*  rows 3, .*memory \d.*Range .*  rows 100, batches .*\ntotal time \d+(\.\d+)? (µs|ms|s)$`},
		{"an error in the query", "EXPLAIN SELECT nada", `(?s)UNRESOLVED_COLUMN.*1 \| EXPLAIN SELECT nada\n  \|                \^\^\^\^`},
	} {
		if got := plans(t, newSession(t), c.script); !regexp.MustCompile(c.want).MatchString(got) {
			t.Errorf("%s:\n%s\nis not like %s", c.name, got, c.want)
		}
	}
}

// EXPLAIN of what writes writes nothing, also when it runs the query.
func TestExplainWritesNothing(t *testing.T) {
	e := newEngine(t)
	e.cfg.Warehouse = t.TempDir()
	s, err := e.NewSession(SessionOptions{})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir() + "/informe"
	for script, want := range map[string]string{
		"CREATE TABLE t (a INT) USING csv; EXPLAIN INSERT INTO t SELECT id FROM range(3)":  "InsertInto default.t\n  Project",
		"EXPLAIN ANALYZE INSERT OVERWRITE t SELECT id FROM range(3)":                       "InsertOverwrite default.t  (not done: EXPLAIN writes nothing)\n  Project",
		"EXPLAIN ANALYZE CREATE TABLE u AS SELECT 1 AS a":                                  "CreateTable u USING parquet  (not done",
		"EXPLAIN ANALYZE INSERT OVERWRITE DIRECTORY '" + dir + "' USING csv SELECT 1 AS a": "InsertOverwriteDirectory '" + dir + "' USING csv  (not done",
		"EXPLAIN CREATE VIEW v AS SELECT 1 AS a":                                           "CreateView v\n  Project",
		"EXPLAIN INSERT INTO t SELECT 'x' AS a, 2 AS b":                                    "INSERT_COLUMN_ARITY_MISMATCH.TOO_MANY_DATA_COLUMNS",
		"CREATE TEMPORARY VIEW w AS SELECT 1 AS a; EXPLAIN INSERT INTO w SELECT 1":         "is a view",
	} {
		if strings.Contains(script, " t SELECT") && !strings.HasPrefix(script, "CREATE") {
			ask(t, s, "CREATE TABLE IF NOT EXISTS t (a INT) USING csv")
		}
		if got := plans(t, s, strings.Replace(script, "CREATE TABLE t", "CREATE TABLE IF NOT EXISTS t", 1)); !strings.Contains(got, want) {
			t.Errorf("%s:\n%s", script, got)
		}
	}
	if got := ask(t, s, "SELECT count(*) AS n FROM t; SHOW TABLES; SELECT * FROM u; SELECT * FROM csv.`"+dir+"`"); got[0] != "n\n0\n" || got[2] != "TABLE_OR_VIEW_NOT_FOUND" || got[3] != "PATH_NOT_FOUND" {
		t.Errorf("something was written: %q", got)
	}
}
