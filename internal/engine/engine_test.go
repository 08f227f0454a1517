package engine

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/sys"
)

const spec = "name: x\n"

// newEngine has no Kafka and keeps checkpoints in memory.
func newEngine(t *testing.T) *Engine {
	t.Helper()
	world := sys.Real()
	world.Dir = t.TempDir()
	e, err := Open(Config{Sys: world, FS: vfs.NewMem(), Version: "test", Log: func(s string) { t.Log(s) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return e
}

func add(t *testing.T, e *Engine, sqlText string) error {
	t.Helper()
	p, err := LoadPipeline(folder(map[string]string{"spark-pipeline.yml": spec, "a.sql": sqlText}), "p", "p", noEnv)
	if err != nil {
		t.Fatal(err)
	}
	return e.Add(context.Background(), p)
}

func TestPipelineErrorsPointAtTheirPlace(t *testing.T) {
	const topic = "CREATE TABLE s (a INT, ts TIMESTAMP) USING kafka OPTIONS (subscribe 's', format 'json');\n"
	const live = "CREATE TABLE m USING memory OPTIONS (outputMode 'update');\n"
	for _, c := range []struct{ name, sql, class, has string }{
		{"syntax", "CREATE TABEL s", "PARSE_SYNTAX_ERROR", "p/a.sql:1:8"},
		{"connector", "CREATE TABLE s (a INT) USING kafak", "DATA_SOURCE_NOT_FOUND", "did you mean kafka"},
		{"no connector", "CREATE TABLE s (a INT)", "MISSING_CONNECTOR", "USING kafka"},
		{"option", "CREATE TABLE s (a INT) USING kafka OPTIONS (subscribe 's', formta 'json')", "UNKNOWN_OPTION", "p/a.sql:1:60"},
		{"required", "CREATE TABLE h (a INT) USING http", "MISSING_OPTION", `"url"`},
		{"value", "CREATE TABLE c USING console OPTIONS (numRows 'x')", "INVALID_OPTION", "numRows"},
		{"twice", topic + topic, "TABLE_OR_VIEW_ALREADY_EXISTS", "p/a.sql:2:14"},
		{"variable", "CREATE TABLE h (a INT) USING http OPTIONS (url '${NOWHERE}')", "UNBOUND_VARIABLE", "NOWHERE"},
		{"statement", "DROP TABLE x", "UNSUPPORTED_PIPELINE_SQL_STATEMENT", "p/a.sql:1:1"},
		{"target", topic + "CREATE FLOW f AS INSERT INTO n BY NAME SELECT a FROM STREAM s", "TABLE_OR_VIEW_NOT_FOUND", "p/a.sql:2:30"},
		{"target is a source", "CREATE TABLE h (a INT) USING http OPTIONS (url 'http://x');" + topic +
			"CREATE FLOW f AS INSERT INTO h BY NAME SELECT a FROM STREAM s", "UNSUPPORTED_FEATURE", "cannot be written"},
		{"column", topic + live + "CREATE FLOW f AS INSERT INTO m BY NAME SELECT b FROM STREAM s", "UNRESOLVED_COLUMN.WITH_SUGGESTION", "p/a.sql:3:47"},
		{"mode", topic + "CREATE TABLE m USING memory;\nCREATE FLOW f AS INSERT INTO m BY NAME SELECT count(*) AS n FROM STREAM s",
			"STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION", "p/a.sql:3:"},
		{"flow name", topic + "CREATE TABLE c USING console;\nCREATE FLOW f AS INSERT INTO c BY NAME SELECT a FROM STREAM s;\n" +
			"CREATE FLOW f AS INSERT INTO c BY NAME SELECT a FROM STREAM s", "DUPLICATE_FLOW", "p/a.sql:4:13"},
		{"two flows", topic + live + "CREATE FLOW f AS INSERT INTO m BY NAME SELECT a FROM STREAM s;\n" +
			"CREATE FLOW g AS INSERT INTO m BY NAME SELECT a FROM STREAM s", "LIVE_TABLE_HAS_A_FLOW", "p/a.sql:4:30"},
		{"sink columns", topic + "CREATE TABLE t (b INT) USING kafka OPTIONS (topic 't', format 'json');\n" +
			"CREATE FLOW f AS INSERT INTO t BY NAME SELECT a FROM STREAM s", "INCOMPATIBLE_DATA_FOR_TABLE.EXTRA_COLUMNS", "p/a.sql:3:30"},
	} {
		e := newEngine(t)
		err := add(t, e, c.sql)
		if err == nil || errs.ClassOf(err) != c.class || !strings.Contains(errs.Render(err), c.has) {
			t.Errorf("%s: got\n%v\nwant %s with %q", c.name, errs.Render(orNil(err)), c.class, c.has)
		}
		if len(e.Pipelines()) != 0 || len(e.catalog.names()) != 1 {
			t.Errorf("%s: something of the broken pipeline stays", c.name)
		}
	}
}

func orNil(err error) error {
	if err == nil {
		return errs.New("", "no error")
	}
	return err
}

// answer runs a script and returns the last result as CSV.
func answer(t *testing.T, e *Engine, sqlText string) (string, error) {
	t.Helper()
	out := ""
	for r, err := range e.Query(context.Background(), &errs.Source{Name: "-e", Text: sqlText}, "") {
		if err != nil {
			return out, err
		}
		out = r.CSV()
	}
	return out, nil
}

func TestShellStatements(t *testing.T) {
	e := newEngine(t)
	if err := add(t, e, "CREATE TABLE s (a INT, b STRUCT<c: STRING>) USING kafka OPTIONS (subscribe 's', format 'json');\n"+
		"CREATE VIEW v AS SELECT 1 AS one; CREATE TABLE c USING console;"); err != nil {
		t.Fatal(err)
	}
	for in, want := range map[string]string{
		"SELECT 1; SELECT 'a,b' AS x, CAST(NULL AS INT) AS n": "x,n\n\"a,b\",\n",
		"SHOW TABLES":                  "namespace,tableName,isTemporary\nx,c,false\nx,s,false\nx,v,false\n",
		"SHOW TABLES LIKE 'S*|zz'":     "namespace,tableName,isTemporary\nx,s,false\n",
		"SHOW FUNCTIONS LIKE 'upp*'":   "function\nupper\n",
		"DESCRIBE s":                   "col_name,data_type,comment\na,int,\nb,struct<c:string>,\n",
		"SELECT one + 1 AS two FROM v": "two\n2\n",
		"SELECT one FROM x.v":          "one\n1\n",
	} {
		if got, err := answer(t, e, in); err != nil || got != want {
			t.Errorf("%s gave\n%s%v\nwant\n%s", in, got, err, want)
		}
	}
	if got, err := answer(t, e, "EXPLAIN SELECT one FROM v WHERE one > 0"); err != nil || !strings.HasPrefix(got, "plan\n") {
		t.Errorf("EXPLAIN gave %q, %v", got, err)
	}
	for in, class := range map[string]string{
		"SELECT * FROM c":        "UNSUPPORTED_FEATURE",
		"SELECT * FROM sss":      "TABLE_OR_VIEW_NOT_FOUND",
		"SELECT a FROM STREAM s": "UNSUPPORTED_FEATURE",
		"CREATE FLOW f AS INSERT INTO c BY NAME SELECT 1 AS a": "UNSUPPORTED_FEATURE.CREATE_FLOW_QUERY_EXECUTION",
		"SELECT 1 / 0": "DIVIDE_BY_ZERO",
	} {
		if _, err := answer(t, e, in); !strings.HasPrefix(errs.ClassOf(err), class) {
			t.Errorf("%s gave %v, want %s", in, err, class)
		}
	}
}

func TestJSONOutput(t *testing.T) {
	e := newEngine(t)
	for r, err := range e.Query(context.Background(), &errs.Source{Text: "SELECT 1 AS a, 'x\"<' AS b, named_struct('k', 2.5D) AS s, double('NaN') AS d"}, "") {
		if err != nil {
			t.Fatal(err)
		}
		want := `{"schema":[["a","int"],["b","string"],["s","struct<k:double>"],["d","double"]],"rows":[[1,"x\"<",{"k":2.5},"NaN"]]}`
		if got := string(r.JSON()); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func TestSettingsInSQL(t *testing.T) {
	e := newEngine(t)
	p, err := LoadPipeline(folder(map[string]string{
		"spark-pipeline.yml": "name: x\nconfiguration:\n  MIN: '4'\n  WHO: it's me\n  TAB: t\n  azud.flow.f.trigger: 2 seconds\n",
		"a.sql": "CREATE TABLE ${TAB} (a INT) USING kafka OPTIONS (subscribe '${WHO}', format 'json');" +
			"CREATE TABLE m USING memory;\n-- ${NOT_EVEN_READ}\n" +
			"CREATE FLOW f AS INSERT INTO m BY NAME SELECT a, '${WHO}' AS w FROM STREAM t WHERE a > ${MIN} AND a < ${MAX:-10}",
	}), "p", "p", noEnv)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Add(context.Background(), p); err != nil {
		t.Fatal(errs.Render(err))
	}
	f := e.list()[0]
	if got := plan.Explain(f.plan); !strings.Contains(got, "> 4") || !strings.Contains(got, "< 10") || !strings.Contains(got, `it\'s me`) {
		t.Errorf("the plan is\n%s", got)
	}
	if f.every != 2*time.Second {
		t.Errorf("the trigger is %v", f.every)
	}
	for text, class := range map[string]string{
		"SELECT ${NOPE}":         "UNBOUND_VARIABLE",
		"SELECT ${X:-1 OR TRUE}": "INVALID_SETTING",
		"SELECT ${X:-;}":         "INVALID_SETTING",
		"SELECT '${NOPE}'":       "UNBOUND_VARIABLE",
	} {
		if err := add(t, newEngine(t), text); errs.ClassOf(err) != class || !strings.Contains(errs.Render(err), "p/a.sql:1:8") {
			t.Errorf("%s gave %v, want %s", text, err, class)
		}
	}
}

func TestUnknownSettingsAreRefused(t *testing.T) {
	e := newEngine(t)
	p, err := LoadPipeline(folder(map[string]string{"spark-pipeline.yml": "name: x\nconfiguration:\n  azud.flow.zz.trigger: 1 second\n",
		"a.sql": "CREATE VIEW v AS SELECT 1 AS a"}), "p", "p", noEnv)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Add(context.Background(), p); errs.ClassOf(err) != "UNKNOWN_OPTION" {
		t.Errorf("got %v", err)
	}
}

func TestAmbiguousNamesNamePipelines(t *testing.T) {
	e := newEngine(t)
	for _, name := range []string{"one", "two"} {
		p, err := LoadPipeline(folder(map[string]string{"spark-pipeline.yml": "name: " + name,
			"a.sql": "CREATE TABLE s (a INT) USING kafka OPTIONS (subscribe 's', format 'json')"}), "p", "p", noEnv)
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Add(context.Background(), p); err != nil {
			t.Fatal(err)
		}
	}
	_, err := answer(t, e, "DESCRIBE s")
	if errs.ClassOf(err) != "AMBIGUOUS_REFERENCE" || !strings.Contains(errs.Render(err), "one.s or two.s") {
		t.Errorf("got %v", err)
	}
	if got, err := answer(t, e, "DESCRIBE two.s"); err != nil || !strings.Contains(got, "a,int") {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestADefectIsAnErrorWithItsStackInTheLog(t *testing.T) {
	e := newEngine(t)
	var log strings.Builder
	e.log = func(s string) { log.WriteString(s) }
	err := e.guarded(func() error { panic("planted") })
	if errs.ClassOf(err) != "INTERNAL_ERROR" || !strings.Contains(log.String(), "planted\ngoroutine") {
		t.Errorf("got %v, log %q", err, log.String())
	}
}
