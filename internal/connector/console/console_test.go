package console_test

import (
	_ "embed"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/connector/conformance"
	"github.com/azud/azud/internal/connector/console"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// console.txt was recorded from a real Spark by testdata/record.py.
//
//go:embed testdata/console.txt
var recorded string

var schema = types.Schema{
	{Name: "texto", Type: types.StringType, Nullable: true}, {Name: "x", Type: types.DoubleType, Nullable: true},
	{Name: "n", Type: types.IntType, Nullable: true}, {Name: "cuando", Type: types.TimestampType, Nullable: true},
	{Name: "s", Type: types.StructOf(types.Field{Name: "start", Type: types.TimestampType, Nullable: true}, types.Field{Name: "n", Type: types.IntType, Nullable: true})},
	{Name: "l", Type: types.ArrayOf(types.IntType, true)}, {Name: "b", Type: types.BooleanType},
}

// add appends a row; nil is NULL and an empty time too.
func add(b *vec.Builder, text, x, n any, at string) {
	fixed := func(c *vec.ColBuilder, v any) {
		switch v := v.(type) {
		case float64:
			vec.Append(c, v)
		case int:
			vec.Append(c, int32(v))
		case time.Time:
			vec.Append(c, v.UnixMicro())
		default:
			c.AppendNull()
		}
	}
	var when any
	if t, err := time.Parse("2006-01-02 15:04:05", at); err == nil {
		when = t
	}
	if s, ok := text.(string); ok {
		b.Cols[0].AppendString(s)
	} else {
		b.Cols[0].AppendNull()
	}
	fixed(b.Cols[1], x)
	fixed(b.Cols[2], n)
	fixed(b.Cols[3], when)
	fixed(b.Cols[4].Child(0), when)
	fixed(b.Cols[4].Child(1), n)
	b.Cols[4].EndStruct()
	fixed(b.Cols[5].Child(0), n)
	fixed(b.Cols[5].Child(0), 7)
	b.Cols[5].EndList()
	vec.Append(b.Cols[6], text == nil)
}

// rows are those of testdata/record.py.
func rows(name string) *vec.Batch {
	b := vec.NewBuilder(schema)
	switch name {
	case "empty":
	case "many":
		for i := range 25 {
			add(b, "r"+strconv.Itoa(i), float64(i), i, "")
		}
	default:
		add(b, "uno", 1.5, 1, "2024-01-15 10:30:00")
		add(b, "a text that is longer than twenty characters", -0.1, nil, "")
		add(b, nil, 1e10, 3, "2024-01-15 10:30:00.123")
		add(b, "tab\tline\nbell\a 日本", nil, 4, "1999-12-31 23:59:59.999999")
		add(b, "", math.NaN(), 5, "")
	}
	return b.Finish()
}

func newSink(t *testing.T, w *conformance.World, options connector.Options) connector.Sink {
	t.Helper()
	c := console.Connector()
	if err := c.Check(options); err != nil {
		t.Fatal(err)
	}
	s, err := c.Sink(t.Context(), w.Env(), connector.Table{Name: "consola", Options: options})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func show(t *testing.T, options connector.Options, s types.Schema, b *vec.Batch) string {
	t.Helper()
	w := conformance.NewWorld(t)
	sink := newSink(t, w, options)
	if _, err := sink.Open(t.Context(), connector.QueryIdentity{}, s, connector.Append); err != nil {
		t.Fatal(err)
	}
	wr, err := sink.Begin(t.Context(), connector.EpochPlan{})
	if err != nil {
		t.Fatal(err)
	}
	if err := wr.Write(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	if out, err := wr.Commit(t.Context()); out != connector.Committed || err != nil {
		t.Fatalf("commit: %v, %v", out, err)
	}
	return w.Out.String()
}

func TestPrintsAsSpark(t *testing.T) {
	cases := strings.Split(recorded, "### ")[1:]
	if len(cases) < 8 {
		t.Fatalf("%d cases", len(cases))
	}
	for _, c := range cases {
		head, want, _ := strings.Cut(c, "\n")
		at := strings.IndexByte(head, '{')
		name := strings.TrimSpace(head[:at])
		var options connector.Options
		if err := json.Unmarshal([]byte(head[at:]), &options); err != nil {
			t.Fatal(err)
		}
		if got := show(t, options, schema, rows(name)); got != want {
			t.Errorf("%s:\n%s\nSpark:\n%s", name, got, want)
		}
	}
}

func TestSkipEmpty(t *testing.T) {
	options := connector.Options{"skipEmpty": "true"}
	if got := show(t, options, schema, rows("empty")); got != "" {
		t.Errorf("an epoch without rows printed %q", got)
	}
	if got := show(t, options, schema, rows("many")); !strings.Contains(got, "r19") {
		t.Errorf("an epoch with rows printed %q", got)
	}
}

func TestHostileValuesAreInert(t *testing.T) {
	s := types.Schema{{Name: "a\x1b[31m", Type: types.StringType}}
	b := vec.NewBuilder(s)
	b.Cols[0].AppendString("\x1b[2J\u202ex\u2028|+-\r\n\u009b1m")
	got := show(t, connector.Options{"truncate": "false"}, s, b.Finish())
	for _, r := range []string{"\x1b", "\u202e", "\u2028", "\r", "\u009b"} {
		if strings.Contains(got, r) {
			t.Errorf("%q lets %q through", got, r)
		}
	}
	if n := strings.Count(got, "\n"); n != 9 {
		t.Errorf("%d lines: %q", n, got)
	}
}

func TestConforms(t *testing.T) {
	epochs := []*vec.Batch{rows(""), nil, rows("many")}
	conformance.Sink(t, conformance.SinkCase{
		Make:   func(t *testing.T, w *conformance.World) connector.Sink { return newSink(t, w, nil) },
		Schema: schema, Mode: connector.Append, Epochs: epochs,
		Held: func(_ *testing.T, w *conformance.World) string {
			var batches []string
			for _, line := range strings.Split(w.Out.String(), "\n") {
				if strings.HasPrefix(line, "Batch: ") {
					batches = append(batches, line)
				}
			}
			return strings.Join(batches, "\n")
		},
		Want: func(n int) string { return strings.Join([]string{"Batch: 0", "Batch: 1", "Batch: 2"}[:n], "\n") },
	})
}

func TestRefusals(t *testing.T) {
	c := console.Connector()
	_, err := c.Sink(t.Context(), conformance.NewWorld(t).Env(), connector.Table{Name: "c", Options: connector.Options{"numRows": "-1"}})
	if err == nil || !strings.Contains(err.Error(), "numRows is -1") {
		t.Errorf("numRows -1: %v", err)
	}
	err = c.Check(connector.Options{"truncate": "twenty"})
	if want := "[INVALID_OPTION] option truncate: \"twenty\" is not true or false\nhint: truncate: cut cells after 20 characters"; err == nil || errs.Render(err) != want {
		t.Errorf("truncate: %v", errs.Render(err))
	}
}
