package engine

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/azud/azud/internal/errs"
)

// ask runs a script in a session and returns each statement's answer: CSV, or the error's class.
func ask(t *testing.T, s *Session, script string) []string {
	t.Helper()
	var out []string
	for r, err := range s.Run(context.Background(), &errs.Source{Name: "-e", Text: script}, Args{}) {
		if err != nil {
			out = append(out, errs.ClassOf(err))
			continue
		}
		out = append(out, r.CSV())
	}
	return out
}

func newSession(t *testing.T) *Session {
	t.Helper()
	s, err := newEngine(t).NewSession(SessionOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSessionStatements(t *testing.T) {
	for _, c := range []struct {
		name, script string
		want         []string
	}{
		{"a script goes on after an error", "SELECT 1 AS a; SELEC 2; SELECT nada; SELECT 4 AS d",
			[]string{"a\n1\n", "PARSE_SYNTAX_ERROR", "UNRESOLVED_COLUMN.WITHOUT_SUGGESTION", "d\n4\n"}},
		{"temporary views", "CREATE TEMPORARY VIEW v AS SELECT 1 AS a; SELECT a FROM v; CREATE TEMPORARY VIEW v AS SELECT 2 AS a; " +
			"CREATE OR REPLACE TEMPORARY VIEW v(b) AS SELECT 2; SELECT b FROM v; DROP VIEW v; SELECT * FROM v; DROP VIEW IF EXISTS v",
			[]string{"", "a\n1\n", "TEMP_TABLE_OR_VIEW_ALREADY_EXISTS", "", "b\n2\n", "", "TABLE_OR_VIEW_NOT_FOUND", ""}},
		{"views that stay", "CREATE SCHEMA s; USE s; CREATE VIEW v COMMENT 'c' AS SELECT 1 AS a; SELECT a FROM s.v; SHOW VIEWS; DROP SCHEMA s; DROP SCHEMA s CASCADE; SHOW SCHEMAS",
			[]string{"", "", "", "a\n1\n", "namespace,viewName,isTemporary\ns,v,false\n", "SCHEMA_NOT_EMPTY", "", "namespace\ndefault\n"}},
		{"settings", "SET a.b = 1; SET a.b; RESET a.b; SET a.b; SET azud.sql.memori = 1; SET spark.sql.ansi.enabled = false; SET TIME ZONE 'Europe/Madri'",
			[]string{"key,value\na.b,1\n", "key,value\na.b,1\n", "", "key,value\na.b,<undefined>\n", "UNKNOWN_OPTION", "UNSUPPORTED_FEATURE", "INVALID_CONF_VALUE.TIME_ZONE"}},
		{"settings in the text", "SET mi.valor = hola; SELECT '${mi.valor}' AS a, '${no.hay}' AS b; SET n = 2; SELECT id FROM range(${n:-1}); SELECT x FROM nada",
			[]string{"key,value\nmi.valor,hola\n", "a,b\nhola,\n", "key,value\nn,2\n", "id\n0\n1\n", "TABLE_OR_VIEW_NOT_FOUND"}},
		{"the zone", "SET TIME ZONE 'America/Mexico_City'; SELECT CAST(TIMESTAMP '2024-01-15 12:00:00Z' AS STRING) AS t",
			[]string{"key,value\nspark.sql.session.timeZone,America/Mexico_City\n", "t\n2024-01-15 06:00:00\n"}},
		{"variables", "DECLARE x INT DEFAULT 5; DECLARE x INT; SET VAR x = 'a'; SET VAR y = 1; DROP TEMPORARY VARIABLE x; DROP TEMPORARY VARIABLE x",
			[]string{"", "VARIABLE_ALREADY_EXISTS", "CAST_INVALID_INPUT", "UNRESOLVED_VARIABLE", "", "VARIABLE_NOT_FOUND"}},
		{"names are no paths", "CREATE SCHEMA `../x`; CREATE TABLE `../../y` (a INT) USING kafka OPTIONS (subscribe 't', format 'json'); CREATE VIEW `a/b` AS SELECT 1 AS a; " +
			"CREATE SCHEMA `..`; CREATE SCHEMA `año`; ALTER TABLE v RENAME TO `../z`",
			[]string{"INVALID_SCHEMA_OR_RELATION_NAME", "INVALID_SCHEMA_OR_RELATION_NAME", "INVALID_SCHEMA_OR_RELATION_NAME", "INVALID_SCHEMA_OR_RELATION_NAME", "", "TABLE_OR_VIEW_NOT_FOUND"}},
		{"schemas", "USE nada; CREATE SCHEMA s; CREATE SCHEMA s; CREATE SCHEMA IF NOT EXISTS s; USE s; SHOW CURRENT SCHEMA",
			[]string{"SCHEMA_NOT_FOUND", "", "SCHEMA_ALREADY_EXISTS", "", "", "catalog,namespace\nspark_catalog,s\n"}},
		{"describe", "DESCRIBE QUERY SELECT 1 AS a, 'x' AS b; DESCRIBE FUNCTION upper; DESCRIBE FUNCTION upperr",
			[]string{"col_name,data_type,comment\na,int,\nb,string,\n", "", "UNRESOLVED_ROUTINE"}},
		{"no warehouse", "CREATE TABLE t (a INT) USING kafka OPTIONS (subscribe 't', format 'json'); SHOW CREATE TABLE t; DROP TABLE t; DROP TABLE t",
			[]string{"", "createtab_stmt\n\"CREATE TABLE spark_catalog.default.t (\n  a INT)\nUSING kafka\nOPTIONS (\n  'format' = 'json',\n  'subscribe' = 't')\n\"\n", "", "TABLE_OR_VIEW_NOT_FOUND"}},
	} {
		got := ask(t, newSession(t), c.script)
		for i := range got {
			if strings.HasPrefix(got[i], "function_desc") { // only that there is one
				got[i] = ""
			}
		}
		if strings.Join(got, "|") != strings.Join(c.want, "|") {
			t.Errorf("%s:\ngot  %q\nwant %q", c.name, got, c.want)
		}
	}
}

// TestTheCatalogOutlivesTheProcess makes views and schemas and opens the engine again.
func TestTheCatalogOutlivesTheProcess(t *testing.T) {
	e := newEngine(t)
	e.cfg.Warehouse = t.TempDir()
	s, err := e.NewSession(SessionOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ask(t, s, "CREATE SCHEMA `mi_esquema` COMMENT 'x'; CREATE VIEW `mi_esquema`.v (a COMMENT 'it''s') AS SELECT 1; CREATE TEMPORARY VIEW w AS SELECT 2;"+
		"CREATE TABLE `t_t` (a INT NOT NULL COMMENT 'x', `b c` VARCHAR(3)) USING kafka OPTIONS (subscribe 't', format 'json') TBLPROPERTIES (k 'v')")
	before := ask(t, s, "SHOW CREATE TABLE `t_t`; DESCRIBE `mi_esquema`.v")
	again := newEngine(t)
	again.cfg.Warehouse = e.cfg.Warehouse
	if err := again.loadCatalog(); err != nil {
		t.Fatal(err)
	}
	if s, err = again.NewSession(SessionOptions{}); err != nil {
		t.Fatal(err)
	}
	after := ask(t, s, "SHOW CREATE TABLE `t_t`; DESCRIBE `mi_esquema`.v")
	if strings.Join(before, "|") != strings.Join(after, "|") {
		t.Errorf("before %q\nafter  %q", before, after)
	}
	if got := ask(t, s, "SELECT a FROM `mi_esquema`.v; SELECT * FROM w"); strings.Join(got, "|") != "a\n1\n|TABLE_OR_VIEW_NOT_FOUND" {
		t.Errorf("got %q", got)
	}
}

// TestConfinedSessionsReachNoFiles: what a request without the token may not do.
func TestConfinedSessionsReachNoFiles(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.txt"), []byte("hola\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	e := newEngine(t)
	e.cfg.Warehouse = t.TempDir()
	script := "SELECT value FROM text.`a.txt`; CREATE TEMPORARY VIEW v USING text OPTIONS (path 'a.txt'); INSERT OVERWRITE DIRECTORY 'out' USING csv SELECT 1;" +
		"CREATE TABLE l (value STRING) USING text LOCATION 'a.txt'; CREATE TABLE t (a INT); INSERT INTO t VALUES (1); SELECT a FROM t; DROP TABLE t"
	for confined, want := range map[bool]string{
		true:  "FILES_NOT_ALLOWED|FILES_NOT_ALLOWED|FILES_NOT_ALLOWED|FILES_NOT_ALLOWED|||a\n1\n|",
		false: "value\nhola\n||||||a\n1\n|",
	} {
		s, err := e.NewSession(SessionOptions{Dir: dir, Confined: confined})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(ask(t, s, script), "|"); got != want {
			t.Errorf("confined %v:\ngot  %q\nwant %q", confined, got, want)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "out", "_SUCCESS")); err != nil {
		t.Errorf("a relative path does not begin at the session's folder: %v", err)
	}
}
