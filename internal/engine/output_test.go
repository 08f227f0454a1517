package engine

import (
	"context"
	"strings"
	"testing"

	"github.com/azud/azud/internal/errs"
)

// The strings are what a running Spark 4.2.0 answers to CAST(x AS STRING), in UTC.
func TestJSONOfEachType(t *testing.T) {
	for _, c := range []struct{ x, typ, want string }{
		{"NULL", "void", "null"}, {"true", "boolean", "true"}, {"CAST(NULL AS INT)", "int", "null"},
		{"-1Y", "tinyint", "-1"}, {"2S", "smallint", "2"}, {"3", "int", "3"}, {"9223372036854775807L", "bigint", "9223372036854775807"},
		{"CAST('1.5' AS FLOAT)", "float", "1.5"}, {"1.0E7D", "double", "1.0E7"}, {"0.1D", "double", "0.1"},
		{"CAST('NaN' AS DOUBLE)", "double", `"NaN"`}, {"CAST('Infinity' AS DOUBLE)", "double", `"Infinity"`}, {"CAST('-Infinity' AS FLOAT)", "float", `"-Infinity"`},
		{"1.50", "decimal(3,2)", `"1.50"`}, {"CAST('12345678901234567890.5' AS DECIMAL(38,1))", "decimal(38,1)", `"12345678901234567890.5"`},
		{"'a\"b<é>\\n'", "string", `"a\"b<é>\n"`}, {"X'C3A9'", "binary", `"é"`},
		{"DATE '2024-02-29'", "date", `"2024-02-29"`}, {"TIMESTAMP '2024-01-15 10:30:00.5'", "timestamp", `"2024-01-15 10:30:00.5"`},
		{"TIMESTAMP_NTZ '2024-01-15 10:30:00'", "timestamp_ntz", `"2024-01-15 10:30:00"`},
		{"INTERVAL '1 02:03:04.5' DAY TO SECOND", "interval day to second", `"INTERVAL '1 02:03:04.5' DAY TO SECOND"`},
		{"INTERVAL -90 MINUTES", "interval minute", `"INTERVAL '-90' MINUTE"`}, {"INTERVAL '1-2' YEAR TO MONTH", "interval year to month", `"INTERVAL '1-2' YEAR TO MONTH"`},
		{"array(1.5, NULL)", "array<decimal(2,1)>", `["1.5",null]`}, {"array(array(1), array())", "array<array<int>>", `[[1],[]]`},
		{"map('a', 1, 'b', NULL)", "map<string,int>", `[["a",1],["b",null]]`}, {"map(DATE '2024-01-01', X'61')", "map<date,binary>", `[["2024-01-01","a"]]`},
		{"named_struct('x', 1, 'y', array('z'), 'd', CAST('NaN' AS DOUBLE))", "struct<x:int,y:array<string>,d:double>", `{"x":1,"y":["z"],"d":"NaN"}`},
	} {
		for r, err := range newSession(t).Run(context.Background(), &errs.Source{Name: "-e", Text: "SELECT " + c.x + " AS x"}, Args{}) {
			if err != nil {
				t.Error(c.x, err)
				continue
			}
			if got, want := string(r.JSON()), `{"schema":[["x","`+c.typ+`"]],"rows":[[`+c.want+`]]}`; got != want {
				t.Errorf("%s:\ngot  %s\nwant %s", c.x, got, want)
			}
		}
	}
}

func TestOutputs(t *testing.T) {
	for _, c := range []struct{ output, script, want string }{
		{"json", "SELECT 1 AS a WHERE false", `{"schema":[["a","int"]],"rows":[]}`},
		{"json", "CREATE TEMPORARY VIEW v AS SELECT 1", `{"schema":[],"rows":[]}`},
		{"table", "SELECT 1 AS a WHERE false", `{"text":"+---+\n|a  |\n+---+\n+---+\n","rows":0}`},
		{"csv", "SELECT 1 AS a, 'x,y' AS b, NULL AS c", `{"text":"a,b,c\n1,\"x,y\",\n","rows":1}`},
		{"csv", "CREATE TEMPORARY VIEW v AS SELECT 1", `{"text":"","rows":0}`},
		{"markdown", "SELECT 1 AS a, 'x|y\nz' AS `b*`, NULL AS c UNION ALL SELECT 2, '<i>', NULL",
			`{"text":"| a | b\\* | c |\n| --: | --- | --- |\n| 1 | x\\|y<br>z | NULL |\n| 2 | &lt;i> | NULL |\n","rows":2}`},
	} {
		show, err := Output(c.output)
		if err != nil {
			t.Fatal(err)
		}
		for r, err := range newSession(t).Run(context.Background(), &errs.Source{Name: "-e", Text: c.script}, Args{}) {
			if err != nil {
				t.Fatal(c.script, err)
			}
			if got := string(show(r)); got != c.want {
				t.Errorf("%s of %s:\ngot  %s\nwant %s", c.output, c.script, got, c.want)
			}
		}
	}
	if _, err := Output("xml"); err == nil {
		t.Error("xml")
	}
}

func TestGiven(t *testing.T) {
	values := map[string]string{"i": "7", "neg": "-7", "l": "3000000000", "d": "-0012.50", "b": "TRUE", "s": "a'b", "e": "", "huge": strings.Repeat("9", 39),
		"exp": "1e3", "tabla": "v", "point": "0.5"}
	for _, c := range []struct{ script, want string }{
		{"SELECT :i, :l, :b, :s, :neg", `"schema":[["7","int"],["3000000000","bigint"],["true","boolean"],["a'b","string"],["-7","int"]],"rows":[[7,3000000000,true,"a'b",-7]]`},
		{"SELECT :d AS d, :point AS p, :e AS e, :exp AS x", `"schema":[["d","decimal(4,2)"],["p","decimal(1,1)"],["e","string"],["x","string"]],"rows":[["-12.50","0.5","","1e3"]]`},
		{"SELECT length(:huge) AS n, '${s}' AS t, ${i} AS i, '${nada:-x}' AS u", `"rows":[[39,"a'b",7,"x"]]`},
		{"SELECT * FROM VALUES (1) AS ${tabla}(a)", `"rows":[[1]]`},
		{"SELECT ${tabl}", "UNBOUND_VARIABLE.*1 | SELECT ${tabl}\n  |        ^^^^^^^\nhint: did you mean ${tabla}?"},
		{"SELECT '${zzzz}'", "hint: give it one with -D zzzz=…"},
		{"SELECT :nada", "UNBOUND_SQL_PARAMETER"},
	} {
		for r, err := range newSession(t).Run(context.Background(), &errs.Source{Name: "-e", Text: c.script}, Given(values)) {
			got := string(r.JSON())
			if err != nil {
				got = errs.Render(err)
			}
			for part := range strings.SplitSeq(c.want, ".*") {
				if !strings.Contains(got, part) {
					t.Errorf("%s:\n%s\nhas no %s", c.script, got, part)
				}
			}
		}
	}
	for r, err := range newSession(t).Run(context.Background(), &errs.Source{Name: "-e", Text: "SELECT '${x}' AS a"}, Given(nil)) {
		if err != nil || !strings.Contains(string(r.JSON()), `[[""]]`) {
			t.Errorf("without values: %s %v", r.JSON(), err)
		}
	}
}
