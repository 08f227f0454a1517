package sqltest

import (
	"strings"
	"testing"
)

func TestParseErrors(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"directive", "@orderd\nSELECT 1\n----\nschema []", "f:1: unknown directive @orderd"},
		{"reason", "@azud\nSELECT 1", "f:1: @azud needs a text"},
		{"two sections", "SELECT 1\n----\nerror X\n----\nerror X", "f:4: one ---- section"},
		{"azud first", "@differs why\nSELECT 1\n---- azud\nerror X\n----\nerror X", "f:5: one ---- section"},
		{"differs alone", "@differs why\nSELECT 1\n----\nerror X", "f:2: @differs and ---- azud belong together"},
		{"azud alone", "SELECT 1\n----\nerror X\n---- azud\nerror X", "f:1: @differs and ---- azud belong together"},
		{"schema", "SELECT 1\n----\n[1]", "f:3: want error CLASS, or schema"},
		{"empty", "SELECT 1\n----", "f:2: nothing expected"},
		{"after error", "SELECT 1\n----\nerror X 22012\n[1]", "f:4: nothing can follow an error"},
		{"table", "table t a INT", "f:1: want table NAME (COLUMNS)"},
		{"mode", "stream s\ntable t (a INT)\nSELECT 1", "f:1: a stream needs mode"},
		{"body", "stream s\nmode append", "f:1: a stream needs mode"},
		{"stray input", "SELECT 1\n----\nerror X\n\ninput t\n{}", "f:5: input without a stream"},
		{"rows before input", "stream s\nmode append\nSELECT 1\n----\nschema []\n\ninput t\n{}\nnext\n{}", "f:10: want input NAME"},
		{"epoch", "stream s\nmode append\nSELECT 1\n----\nschema []\n\ninput t\n{}\n----\nepoch x", "f:10: want epoch N"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse("f", c.text)
			if err == nil || !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

const script = `# recorded: Spark 4.2.0
# About something.

table f (a INT)
{"a":1}

# A comment.
@ordered
@zone Europe/Madrid
SELECT a
FROM f ORDER BY a
----
schema [["a", "int"]]
[1]

@differs a reason
stream a flow
table t (a INT, ts TIMESTAMP)
mode update
SELECT a
FROM STREAM t
----
schema [["a", "int"]]
---- azud
schema [["a", "bigint"]]

input t
{"a":1}
next
input t
{"a":2}
input u
{"b":3}
----
epoch 0 watermark=none late=0 state=none
[1]
epoch 1 watermark=2024-01-15T10:00:00.001Z late=2 state=3,4
`

func TestParse(t *testing.T) {
	f, err := Parse("f", script)
	if err != nil {
		t.Fatal(err)
	}
	if f.Recorded != "4.2.0" || len(f.Statements) != 1 || len(f.Scenarios) != 1 {
		t.Fatalf("got %+v", f)
	}
	st := f.Statements[0]
	if st.Line != 10 || !st.Ordered || st.Zone != "Europe/Madrid" || st.SQL != "SELECT a\nFROM f ORDER BY a" ||
		len(st.Tables) != 1 || st.Tables[0].Rows[0] != `{"a":1}` || st.Want.Rows[0] != "[1]" {
		t.Errorf("statement %+v", st)
	}
	sc := f.Scenarios[0]
	if sc.Title != "a flow" || sc.Mode != "update" || sc.Body != "SELECT a\nFROM STREAM t" || sc.Zone != "" ||
		sc.Inputs[0].Columns != "a INT, ts TIMESTAMP" || sc.Want.Schema[0].Type != "bigint" {
		t.Errorf("scenario %+v", sc)
	}
	data := sc.Steps[0].Epochs
	if len(data) != 2 || len(data[0]) != 1 || len(data[1]) != 2 || data[1][1].Name != "u" || data[1][1].Rows[0] != `{"b":3}` {
		t.Errorf("step %+v", sc.Steps[0])
	}
	epochs := sc.StepWants[0].Epochs
	if len(epochs) != 2 || epochs[0].Rows[0] != "[1]" || epochs[1].WatermarkMs != 1705312800001 || epochs[1].Late != 2 ||
		epochs[1].String() != "epoch 1 watermark=2024-01-15T10:00:00.001Z late=2 state=3,4" {
		t.Errorf("epochs %+v", epochs)
	}
}

func TestCanonical(t *testing.T) {
	const nested = "struct<a:array<double>,m:map<string,struct<d:decimal(10,2),i:int>>>"
	for _, c := range []struct {
		typ, a, b string
		equal     bool
	}{
		{"double", "[1]", "[1.0]", true},
		{"double", "[1e3]", "[1000.0]", true},
		{"double", "[0.1]", "[0.10000000000000001]", true},
		{"double", "[0.1]", "[0.10000000000000002]", false},
		{"double", "[0.0]", "[-0.0]", false},
		{"double", `["NaN"]`, `["NaN"]`, true},
		{"double", `["Infinity"]`, `["-Infinity"]`, false},
		{"float", "[0.1]", "[0.10000000149011612]", true},
		{"bigint", "[9007199254740993]", "[9007199254740992]", false},
		{"string", `["a"]`, `["\u0061"]`, true},
		{"string", `["null"]`, `[null]`, false},
		{"decimal(3,2)", `["1.50"]`, `["1.5"]`, false},
		{"array<int>", "[[1,2]]", "[[2,1]]", false},
		{"map<int,string>", `[[[1,"a"]]]`, `[[[1, "a"]]]`, true},
		{nested, `[{"a":[1],"m":[["k",{"d":"1.00","i":2}]]}]`, `[{"m":[["k",{"i":2,"d":"1.00"}]],"a":[1.0]}]`, true},
		{nested, `[{"a":[1],"m":[["k",{"d":"1.00","i":2}]]}]`, `[{"m":[["k",{"i":2,"d":null}]],"a":[1.0]}]`, false},
	} {
		got, err := canonical([]Column{{"c", c.typ}}, []string{c.a, c.b})
		if err != nil {
			t.Errorf("%s: %v", c.typ, err)
		} else if (got[0] == got[1]) != c.equal {
			t.Errorf("%s: %s and %s: equal is %v, want %v", c.typ, c.a, c.b, !c.equal, c.equal)
		}
	}
}

func TestNotOfItsType(t *testing.T) {
	for _, c := range []struct{ typ, row string }{
		{"int", "[1.0]"}, {"int", "[1e2]"}, {"int", `["1"]`}, {"double", `["1.0"]`}, {"string", "[1]"},
		{"decimal(3,2)", "[1.5]"}, {"boolean", "[1]"}, {"array<int>", `[{"a":1}]`}, {"map<int,int>", "[[1,2]]"},
		{"struct<a:int>", "[[1]]"}, {"struct<a:int>", `[{"b":1}]`}, {"struct<a:int>", "[{}]"},
		{"int", "[1,2]"}, {"int", "[1] [2]"}, {"int", "{}"}, {"set<int>", "[1]"}, {"array<int", "[1]"},
	} {
		if got, err := canonical([]Column{{"c", c.typ}}, []string{c.row}); err == nil {
			t.Errorf("%s %s was taken as %q", c.typ, c.row, got)
		}
	}
}

// TestDiffs plants one fault after another into right answers; each must be seen.
func TestDiffs(t *testing.T) {
	f, err := Parse("f", strings.Replace(script, "@differs a reason\n", "", 1)[:strings.Index(script, "---- azud")-len("@differs a reason\n")]+
		script[strings.Index(script, "\ninput t"):])
	if err != nil {
		t.Fatal(err)
	}
	st, sc := f.Statements[0], f.Scenarios[0]
	right := Result{st.Want.Schema, st.Want.Rows}
	if d := diffResult(st.Want, st.Marks, right, nil); d != "" {
		t.Fatal(d)
	}
	for name, got := range map[string]Result{
		"name": {[]Column{{"A", "int"}}, right.Rows}, "type": {[]Column{{"a", "bigint"}}, right.Rows},
		"no row": {right.Schema, nil}, "value": {right.Schema, []string{"[2]"}}, "twice": {right.Schema, []string{"[1]", "[1]"}},
	} {
		if diffResult(st.Want, st.Marks, got, nil) == "" {
			t.Errorf("%s: not seen", name)
		}
	}
	for _, c := range []struct {
		want Failure
		got  Failure
		ok   bool
	}{
		{Failure{"A", "1"}, Failure{"A", "1"}, true}, {Failure{"A", "1"}, Failure{"A", ""}, true},
		{Failure{"A", "1"}, Failure{"A", "2"}, false}, {Failure{"A", "1"}, Failure{"A.B", "1"}, false},
		{Failure{"*", ""}, Failure{"A", "1"}, true},
	} {
		if d := diffError(&c.want, fail(&c.got)); (d == "") != c.ok {
			t.Errorf("%v for %v: %s", c.got, c.want, d)
		}
	}
	if diffError(&Failure{"*", ""}, nil) == "" || diffError(nil, fail(&Failure{"A", ""})) == "" {
		t.Error("rows for an error, or an error for rows, not seen")
	}
	streamFaults(t, sc)
}

func streamFaults(t *testing.T, sc *Scenario) {
	whole := func(change func(*StreamResult)) StreamResult {
		epochs := append([]Epoch(nil), sc.StepWants[0].Epochs...)
		got := StreamResult{Schema: sc.Want.Schema, Steps: [][]Epoch{epochs}}
		change(&got)
		return got
	}
	if d := diffStream(sc, whole(func(*StreamResult) {}), nil); d != "" {
		t.Fatal(d)
	}
	for name, change := range map[string]func(*StreamResult){
		"row":       func(r *StreamResult) { r.Steps[0][0].Rows = nil },
		"watermark": func(r *StreamResult) { r.Steps[0][1].WatermarkMs++ },
		"late":      func(r *StreamResult) { r.Steps[0][1].Late = 0 },
		"state":     func(r *StreamResult) { r.Steps[0][1].State = []int64{3} },
		"id":        func(r *StreamResult) { r.Steps[0][0].ID = 7 },
		"missing":   func(r *StreamResult) { r.Steps[0] = r.Steps[0][:1] },
		"extra":     func(r *StreamResult) { r.Steps[0] = append(r.Steps[0], Epoch{ID: 2}) },
		"no step":   func(r *StreamResult) { r.Steps = nil },
		"more":      func(r *StreamResult) { r.Steps = append(r.Steps, nil) },
		"refused":   func(r *StreamResult) { r.Schema = nil },
	} {
		if diffStream(sc, whole(change), nil) == "" {
			t.Errorf("%s: not seen", name)
		}
	}
	if diffStream(sc, whole(func(*StreamResult) {}), fail(&Failure{"A", ""})) == "" {
		t.Error("an error after all steps: not seen")
	}
}
