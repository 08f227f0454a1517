package sql

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
)

var update = flag.Bool("update", false, "write the golden files anew")

func source(text string) *errs.Source { return &errs.Source{Name: "q.sql", Text: text} }

// check compares an outcome with what Spark says and with the class we promise.
func (c parseCase) check(t *testing.T, err error) {
	t.Helper()
	if got := errs.ClassOf(orNil(err)); got != c.class {
		t.Errorf("%s\nclass %q, want %q: %v", c.text, got, c.class, err)
	}
	if err == nil {
		return
	}
	checkPlace(t, c.text, err)
	if c.spark && c.class == classSyntax && !sparkReadsNames[c.text] {
		t.Errorf("%s\nSpark accepts it, so it is no syntax error: %v", c.text, err)
	}
}

func orNil(err error) error {
	if err == nil {
		return errors.New("")
	}
	return err
}

// sparkReadsNames are the texts that Spark accepts because it takes a keyword for a name, or
// because it complains only later; we say at once what is missing.
var sparkReadsNames = func() map[string]bool {
	m := map[string]bool{}
	for _, s := range []string{
		"SELECT 1 UNION", "SELECT FROM t", "SELECT a, FROM t", "SELECT a FROM", "SELECT a FROM t WHERE", "SELECT CAST(a, INT) FROM t",
		"SELECT 1 + FROM t", "SELECT ALL FROM t", "SELECT DISTINCT FROM t", "SELECT a FROM t LIMIT", "SELECT a FROM t WINDOW",
		"SELECT a from from t", "SELECT a FROM t, WHERE b", "a = NOT b", "select", "from", "case", "``",
		"CREATE TABLE t USING kafka OPTIONS (subscribe topic)", "CREATE FLOW f AS INSERT INTO t SELECT 1 a",
		"CREATE FLOW f AS INSERT INTO t (a) SELECT 1 a", "CREATE FLOW f AS INSERT OVERWRITE t BY NAME SELECT 1 a",
		"INSERT OVERWRITE DIRECTORY '/tmp/x' SELECT 1", "SELECT all FROM t", "SELECT distinct FROM t",
		"SELECT a FROM t GROUP BY CUBE(a) WITH ROLLUP", "INSERT INTO table SELECT 1",
	} {
		m[s] = true
	}
	return m
}()

// oursOnly are the texts that Azud accepts and Spark does not: empty statements of a script, its
// own EXPLAIN ANALYZE, a semicolon within quotes, and >> after array(…), which Spark's lexer
// takes for the end of a type.
var oursOnly = map[string]bool{
	";": true, "EXPLAIN ANALYZE SELECT 1": true, "SET a = 'x;y'": true, "SELECT array(1) >> 1": true, "SELECT struct(1) >> 2": true,
}

func TestStatementsAsSpark(t *testing.T) {
	for _, c := range statementCases {
		_, err := Parse(source(c.text))
		c.check(t, err)
		if err == nil && !c.spark && !oursOnly[c.text] {
			t.Errorf("%s\nSpark refuses it", c.text)
		}
		roundTrip(t, c.text)
	}
}

func TestExpressionsAsSpark(t *testing.T) {
	for _, c := range exprCases {
		_, err := ParseExpr(source(c.text))
		c.check(t, err)
		if err == nil && !c.spark {
			t.Errorf("%s\nSpark refuses it", c.text)
		}
		roundTrip(t, "SELECT "+c.text)
	}
}

func TestTypesAsSpark(t *testing.T) {
	for _, c := range typeCases {
		typ, err := ParseType(source(c[0]))
		if got := errs.ClassOf(orNil(err)); got != c[2] {
			t.Errorf("%s: class %q, want %q: %v", c[0], got, c[2], err)
		}
		if err != nil {
			continue
		}
		if typ.String() != c[1] {
			t.Errorf("%s is %s, in Spark %s", c[0], typ, c[1])
		}
		again, err := ParseType(source(TypeText(typ)))
		if err != nil || !again.Equal(typ) {
			t.Errorf("%s prints as %s: %v", c[0], TypeText(typ), err)
		}
	}
}

func TestSchema(t *testing.T) {
	for _, c := range [][2]string{
		{"id INT, name STRING", "struct<id:int,name:string>"},
		{"id INT NOT NULL COMMENT 'x', `a b` ARRAY<INT>", "struct<id:int,a b:array<int>>"},
		{"STRUCT<a: INT, b: MAP<STRING, BIGINT>>", "struct<a:int,b:map<string,bigint>>"},
		{"select INT, left INT", "struct<select:int,left:int>"},
		{"", ""}, {"id", ""}, {"id INT,", ""}, {"a INT b INT", ""}, {"a INT, A INT", ""}, {"a INT DEFAULT 1", ""},
	} {
		s, err := ParseSchema(c[0])
		got := ""
		if err == nil {
			got = s.Struct().String()
		}
		if got != c[1] {
			t.Errorf("%q is %q, want %q (%v)", c[0], got, c[1], err)
		}
	}
	if s, err := ParseSchema("a INT NOT NULL, b INT"); err != nil || s[0].Nullable || !s[1].Nullable {
		t.Errorf("nullability is lost: %v %v", s, err)
	}
}

// TestLiterals: values as spark.sql of Spark 4.2.0 returned them.
func TestLiterals(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{`'a''b'`, `STRING a'b`}, {`'a\'b'`, `STRING a'b`}, {`'a\nb\tc\\d\%e\_f\qg'`, "STRING a\nb\tc\\d\\%e\\_fqg"},
		{`'\u00e1\U0001F600\101\177\200\0\Z'`, "STRING á😀A\x7f200\x00\x1a"}, {`r'a\nb'`, `STRING a\nb`}, {`'a' 'b'`, `STRING ab`},
		{`"a""b"`, `STRING a"b`}, {`"it's"`, `STRING it's`}, {`'\ud83d\ude00'`, `STRING 😀`},
		{`X'1F'`, "BINARY 1f"}, {`X'F'`, "BINARY 0f"}, {`X''`, "BINARY "},
		{"1", "int 1"}, {"1L", "bigint 1"}, {"2S", "smallint 2"}, {"3Y", "tinyint 3"}, {"1.5BD", "decimal(2,1) 1.5"}, {"1e3", "double 1e3"},
		{"1.5D", "double 1.5"}, {"2F", "float 2"}, {"1e3BD", "decimal(4,0) 1000"}, {"1E-5BD", "decimal(5,5) 0.00001"}, {".5", "decimal(1,1) 0.5"},
		{"5.", "decimal(1,0) 5"}, {"00012", "int 12"}, {"0.10", "decimal(2,2) 0.10"}, {"-0.0", "decimal(1,1) 0.0"},
		{"2147483648", "bigint 2147483648"}, {"-2147483648", "int -2147483648"}, {"9223372036854775808", "decimal(19,0) 9223372036854775808"},
		{"-9223372036854775808", "bigint -9223372036854775808"}, {"-1Y", "tinyint -1"},
		{"date'2020-01-01'", "date 2020-01-01"}, {"TIMESTAMP_LTZ'2020-01-01'", "timestamp 2020-01-01"}, {"TIMESTAMP_NTZ '2020-01-01'", "timestamp_ntz 2020-01-01"},
		{"300Y", "INVALID_NUMERIC_LITERAL_RANGE"}, {"1e400", "INVALID_NUMERIC_LITERAL_RANGE"}, {"1.5e40F", "INVALID_NUMERIC_LITERAL_RANGE"},
		{"123456789012345678901234567890123456789", "DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION"}, {"X'GG'", "INVALID_TYPED_LITERAL"}, {"foo 'b'", classTyped}, {"interv'b'", "UNSUPPORTED_TYPED_LITERAL"},
	} {
		e, err := ParseExpr(source(c.text))
		if got := literalText(e, err); got != c.want {
			t.Errorf("%s is %q, want %q", c.text, got, c.want)
		}
	}
}

func literalText(e Expr, err error) string {
	if err != nil {
		return errs.ClassOf(err)
	}
	switch e := e.(type) {
	case *StringLit:
		return "STRING " + e.Value
	case *BinaryLit:
		return fmt.Sprintf("BINARY %x", e.Value)
	case *NumberLit:
		return e.Type.String() + " " + e.Text
	case *TypedLit:
		return e.Type.String() + " " + e.Value
	case *IntervalLit:
		return e.Type.String() + " " + intervalText(e)
	}
	return fmt.Sprintf("%T", e)
}

// TestIntervals: types and names as spark.sql of Spark 4.2.0 returned them.
func TestIntervals(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"10 MINUTES", "minute '10' MINUTE"}, {"'10' MINUTES", "minute '10' MINUTE"}, {"'10 minutes'", "minute '10' MINUTE"}, {"5 MINUTES", "minute '05' MINUTE"},
		{"'1 day 2 hours'", "day to hour '1 02' DAY TO HOUR"}, {"2 HOURS 1 DAY", "day to hour '1 02' DAY TO HOUR"},
		{"'1 02:03' DAY TO MINUTE", "day to minute '1 02:03' DAY TO MINUTE"}, {"'1-2' YEAR TO MONTH", "year to month '1-2' YEAR TO MONTH"},
		{"'1 02:03:04.5' DAY TO SECOND", "day to second '1 02:03:04.5' DAY TO SECOND"}, {"-'1' DAY", "day '-1' DAY"}, {"'-1' DAY", "day '-1' DAY"}, {"-1 DAY", "day '-1' DAY"},
		{"1.5 SECONDS", "second '01.5' SECOND"}, {"1 WEEK", "day '7' DAY"}, {"2 WEEKS 1 DAY", "day '15' DAY"}, {"100 MILLISECONDS", "second '00.1' SECOND"},
		{"5 MICROSECONDS", "second '00.000005' SECOND"}, {"14 MONTHS", "month '14' MONTH"}, {"2 YEARS", "year '2' YEAR"}, {"'90' SECOND", "second '90' SECOND"}, {"'.5' SECOND", "second '00.5' SECOND"},
		{"'10:30.5' MINUTE TO SECOND", "minute to second '10:30.5' MINUTE TO SECOND"}, {"'99 2:3' DAY TO MINUTE", "day to minute '99 02:03' DAY TO MINUTE"},
		{"1 day -2 hours", "day to hour '0 22' DAY TO HOUR"}, {"'interval 1 day'", "day '1' DAY"}, {"' 1 ' DAY", "day '1' DAY"}, {"1 DAY 2 DAYS", "day '3' DAY"},
		{"'1 02:03:04.123456789' DAY TO SECOND", "day to second '1 02:03:04.123456' DAY TO SECOND"}, {"1 DAY 1 SECOND", "day to second '1 00:00:01' DAY TO SECOND"},
		{"'100:00:00' HOUR TO SECOND", "hour to second '100:00:00' HOUR TO SECOND"}, {"'-1-2' YEAR TO MONTH", "year to month '-1-2' YEAR TO MONTH"}, {"'-0.5' SECOND", "second '-00.5' SECOND"},
		{"1.5 DAYS", "INVALID_INTERVAL_FORMAT.INVALID_FRACTION"}, {"1 NANOSECOND", "INVALID_INTERVAL_FORMAT.INVALID_UNIT"}, {"1 MONTH 2 DAYS", classInterval}, {"'1 month 2 days'", classInterval}, {"'x' DAY", "INVALID_INTERVAL_FORMAT.UNRECOGNIZED_NUMBER"},
		{"'' DAY", "INVALID_INTERVAL_FORMAT.UNRECOGNIZED_NUMBER"}, {"'1:2' DAY TO HOUR", "INVALID_INTERVAL_FORMAT.UNMATCHED_FORMAT_STRING_WITH_NOTICE"}, {"'25' HOUR TO MINUTE", "INVALID_INTERVAL_FORMAT.UNMATCHED_FORMAT_STRING_WITH_NOTICE"}, {"'1 25:00' DAY TO MINUTE", "INVALID_INTERVAL_FORMAT.INTERVAL_PARSING"},
		{"'1-13' YEAR TO MONTH", "INVALID_INTERVAL_FORMAT.INTERVAL_PARSING"}, {"'- 1 02:03' DAY TO MINUTE", "INVALID_INTERVAL_FORMAT.UNMATCHED_FORMAT_STRING_WITH_NOTICE"}, {"'1' YEAR TO DAY", "INVALID_INTERVAL_FORMAT.UNSUPPORTED_FROM_TO_EXPRESSION"}, {"1 DAY TO HOUR", "INVALID_INTERVAL_FORMAT.UNMATCHED_FORMAT_STRING_WITH_NOTICE"},
		{"'foo'", "INVALID_TYPED_LITERAL"}, {"9999999999 DAYS", "INVALID_INTERVAL_FORMAT.ARITHMETIC_EXCEPTION"}, {"1 minute 'a'", classSyntax},
	} {
		e, err := ParseExpr(source("INTERVAL " + c.text))
		if got := strings.TrimPrefix(literalText(e, err), "interval "); got != c.want {
			t.Errorf("INTERVAL %s is %q, want %q", c.text, got, c.want)
		}
	}
	e, err := ParseExpr(source("INTERVAL '1 02:03:04.5' DAY TO SECOND"))
	if err != nil || e.(*IntervalLit).Micros != 93_784_500_000 {
		t.Errorf("microseconds: %v %v", e, err)
	}
	if e, err = ParseExpr(source("INTERVAL -'1-2' YEAR TO MONTH")); err != nil || e.(*IntervalLit).Months != -14 {
		t.Errorf("months: %v %v", e, err)
	}
}

// TestFlow reads the design's own example and looks at every part of it.
func TestFlow(t *testing.T) {
	const text = "CREATE TABLE lecturas ( -- a source\n  timestamp TIMESTAMP, sensor_id STRING NOT NULL COMMENT 'id')\nUSING kafka OPTIONS (subscribe 'input_topic', kafka.max.poll = 5, failOnDataLoss = FALSE);\n" +
		"CREATE FLOW promedios AS INSERT INTO consola BY NAME\nSELECT window(timestamp, '5 minutes') AS window, count(*)\n" +
		"FROM STREAM lecturas WATERMARK timestamp DELAY OF INTERVAL 10 MINUTES AS l\nGROUP BY window(timestamp, '5 minutes'), sensor_id;"
	stmts, err := Parse(source(text))
	if err != nil {
		t.Fatal(errs.Render(err))
	}
	table := stmts[0].(*CreateTable)
	if table.Name.String() != "lecturas" || table.Using.String() != "kafka" || len(table.Columns) != 2 || !table.Columns[1].NotNull || !table.Columns[0].Type.Equal(types.TimestampType) {
		t.Errorf("table: %+v", table)
	}
	var opts []string
	for _, o := range table.Options {
		opts = append(opts, o.Key+"="+o.Value)
	}
	if got := strings.Join(opts, " "); got != "subscribe=input_topic kafka.max.poll=5 failOnDataLoss=false" {
		t.Errorf("options: %s", got)
	}
	flow := stmts[1].(*CreateFlow)
	sel := flow.Query.Body.(*Select)
	ref := sel.From[0].(*TableRef)
	if flow.Name.Name != "promedios" || flow.Target.String() != "consola" || !ref.Stream || ref.Watermark.Delay.Micros != 600_000_000 || ref.Alias.Name.Name != "l" {
		t.Errorf("flow: %s", Print(flow))
	}
	if sel.Items[0].Text != "window(timestamp, '5 minutes')" || sel.Items[0].Alias[0].Name != "window" {
		t.Errorf("items: %+v", sel.Items)
	}
	pos := sel.Items[1].X.Span()
	if text[pos.Start:pos.End] != "count(*)" {
		t.Errorf("span of count(*) is %q", text[pos.Start:pos.End])
	}
	if pos = ref.Watermark.Span(); text[pos.Start:pos.End] != "WATERMARK timestamp DELAY OF INTERVAL 10 MINUTES" {
		t.Errorf("span of the watermark is %q", text[pos.Start:pos.End])
	}
}

// TestPrint fixes the printed form of a few statements.
func TestPrint(t *testing.T) {
	for _, c := range [][2]string{
		{"select a+b*c, (a+b)*c, -(-a), not a and b from t", "SELECT a + b * c, (a + b) * c, - -a, NOT a AND b FROM t"},
		{"(select 1) union all select 2 order by 1", "(SELECT 1) UNION ALL SELECT 2 ORDER BY 1"},
		{"select * from a left join b using(x), stream c watermark ts delay of interval 1 hour", "SELECT * FROM a LEFT OUTER JOIN b USING (x), STREAM c WATERMARK ts DELAY OF INTERVAL '01' HOUR"},
		{"set a.b = c d", "SET a.b = `c d`"},
		{"create temp view v(x) as values (1)", "CREATE TEMPORARY VIEW v (x) AS VALUES (1)"},
		{"select a::int, `from` x from t group by all limit 3", "SELECT CAST(a AS INT), `from` AS x FROM t GROUP BY ALL LIMIT 3"},
	} {
		stmts, err := Parse(source(c[0]))
		if err != nil {
			t.Errorf("%s: %v", c[0], err)
		} else if got := Print(stmts[0]); got != c[1] {
			t.Errorf("%s\nprints as %s\nwant      %s", c[0], got, c[1])
		}
	}
}

// TestErrors compares the whole text that a person sees with testdata/errors.golden, which
// was read aloud; -update writes it anew.
func TestErrors(t *testing.T) {
	const file = "testdata/errors.golden"
	golden, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for _, block := range strings.Split(strings.TrimSpace(string(golden)), "\n\n\n") {
		text, _, _ := strings.Cut(strings.TrimPrefix(block, "=== "), "\n---")
		_, err := Parse(source(text))
		if err == nil {
			t.Errorf("accepted: %s", text)
			continue
		}
		fmt.Fprintf(&got, "=== %s\n---\n%s\n\n\n", text, errs.Render(err))
	}
	if *update {
		if err := os.WriteFile(file, []byte(strings.TrimSpace(got.String())+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if strings.TrimSpace(got.String()) != strings.TrimSpace(string(golden)) {
		t.Errorf("the errors have changed; got\n%s", got.String())
	}
}
