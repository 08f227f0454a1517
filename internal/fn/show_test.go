package fn

import (
	"math"
	"os"
	"strings"
	"testing"

	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// field is a column for a show case: an expression and its name.
type field struct{ expr, name string }

// showCases are the queries of testdata/show.txt, in order; rows repeat for range(n).
func showCases() [][]field {
	return [][]field{
		{{"1", "a"}, {"'x'", "b"}, {"CAST(NULL AS INT)", "c"}},
		{{"'this is a long string of text'", "long_column_name_here_ok"}, {"1.50", "d"}},
		{{"'this is a long string of text'", "long_column_name_here_ok"}, {"1.50", "d"}},
		{{"'this is a long string of text'", "s"}},
		{{"range 3", "id"}},
		{{"range 3", "id"}},
		{{"range 3", "id"}},
		{{"range 0", "id"}},
		{{"x'6162'", "b"}, {"array(1,NULL)", "a"}, {"map('k',NULL)", "m"}, {"struct(1,NULL)", "s"}},
		{{"'日本'", "j"}, {"'ñ'", "n"}},
		{{`'a\nb\tc'`, "e"}},
		{{"timestamp'2020-01-01 10:00:00.5'", "t"}, {"date'2020-01-01'", "d"}, {"interval '1' day", "i"}, {"1e10", "x"}},
		{{"struct(timestamp'2020-01-01 00:00:00', timestamp'2020-01-01 00:05:00')", "window"}, {"'a'", "k"}},
		{{"true", "b"}, {"CAST('NaN' AS DOUBLE)", "n"}, {"array(x'61', NULL)", "ab"}},
	}
}

func TestShowStringAsSpark(t *testing.T) {
	text, err := os.ReadFile("testdata/show.txt")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(text), "## ")[1:]
	cases := showCases()
	if len(blocks) != len(cases) {
		t.Fatalf("%d blocks, %d cases", len(blocks), len(cases))
	}
	for i, block := range blocks {
		head, want, _ := strings.Cut(block, "\n")
		f := strings.Fields(head)
		schema, batch := showBatch(t, cases[i])
		got := ShowString(&Context{}, schema, batch, atoi(f[0]), atoi(f[1]))
		if strings.TrimSuffix(got, "\n") != strings.TrimSuffix(want, "\n") {
			t.Errorf("%s\n got\n%s\nwant\n%s", head, got, want)
		}
	}
}

func showBatch(t *testing.T, fields []field) (types.Schema, *vec.Batch) {
	t.Helper()
	batch := &vec.Batch{N: 1}
	var schema types.Schema
	for _, f := range fields {
		var col vec.Col
		if n, isRange := strings.CutPrefix(f.expr, "range "); isRange {
			ids := make([]int64, atoi(n))
			for i := range ids {
				ids[i] = int64(i)
			}
			col = vec.FlatOf(types.LongType, ids, nil)
			batch.N = len(ids)
		} else {
			var err error
			if col, err = evalExpr(f.expr, &Context{}); err != nil {
				t.Fatal(err)
			}
		}
		batch.Cols = append(batch.Cols, col)
		schema = append(schema, types.Field{Name: f.name, Type: col.Type})
	}
	return schema, batch
}

func TestAppendJSON(t *testing.T) {
	for _, c := range []struct{ expr, want string }{
		{"1", "1"},
		{"NULL", "null"},
		{"true", "true"},
		{"1.5D", "1.5"},
		{"1e20", "1.0E20"},
		{"CAST('NaN' AS DOUBLE)", `"NaN"`},
		{"CAST('-Infinity' AS FLOAT)", `"-Infinity"`},
		{"1.50", `"1.50"`},
		{"'a\"<b>\\n'", `"a\"<b>\n"`},
		{"'ñ'", `"ñ"`},
		{"x'61'", `"a"`},
		{"date'2020-01-02'", `"2020-01-02"`},
		{"timestamp'2020-01-02 03:04:05.6'", `"2020-01-02 03:04:05.6"`},
		{"interval '1' day", `"INTERVAL '1' DAY"`},
		{"array(1, NULL)", "[1,null]"},
		{"map('a', 1, 'b', NULL)", `[["a",1],["b",null]]`},
		{"named_struct('x', 1, 'y', 'z')", `{"x":1,"y":"z"}`},
	} {
		col, err := evalExpr(c.expr, &Context{})
		if err != nil {
			t.Fatal(err)
		}
		if got := string(AppendJSON(nil, &Context{}, &col, 0)); got != c.want {
			t.Errorf("%s: got %s, want %s", c.expr, got, c.want)
		}
	}
}

func TestDoubleTextReadsBack(t *testing.T) {
	for _, v := range []float64{0, 1, -1.5, 1e7, 9999999, 1e-3, 0.00099, math.MaxFloat64, 5e-324, 1e22, 123456789.125, math.Inf(-1)} {
		text := string(appendDouble(nil, v, 64))
		if back, ok := parseDouble(text, 64); !ok || back != v {
			t.Errorf("%v prints as %s, which reads as %v", v, text, back)
		}
	}
}
