package json

import (
	"strings"
	"testing"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/sql"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// from_json is the meaning of a table with format 'json': on every message both give the same row.
func TestReaderAgreesWithDecoder(t *testing.T) {
	const ddl = "a INT, d STRING, t TIMESTAMP, m MAP<STRING, INT>, l ARRAY<STRUCT<x: INT, y: STRING>>, _corrupt_record STRING"
	s := schemaOf(t, ddl)
	o, err := ParseOptions(func(string) (string, bool) { return "", false }, nil)
	if err != nil {
		t.Fatal(err)
	}
	msgs := []string{`{"a":1}`, `{"a":"x","d":[1, 2.50, {"q" : 'z'}]}`, `{"a":1`, `[1]`, `null`, `x`, ``, `  `, `{"l":[{"x":"q","y":1},null]}`,
		`{"_corrupt_record":"mine","a":2}`, `{"t":"2024-01-15T10:00:00"} tail`, `{"m":{"k":null,"j":"x"}}`}
	for _, line := range strings.Split(recorded, "\n") {
		if parts := strings.Split(line, "\t"); len(parts) == 3 {
			msgs = append(msgs, unescape.Replace(parts[1]))
		}
	}
	dec, err := NewDecoder(s, o)
	if err != nil {
		t.Fatal(err)
	}
	r, err := NewReader(s.Struct(), o)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range msgs {
		rows := vec.NewBuilder(s)
		rejects, err := dec.Decode(rows, [][]byte{[]byte(m)})
		if err != nil {
			t.Fatal(err)
		}
		col := vec.NewColBuilder(s.Struct())
		bad := r.Read(col, []byte(m))
		value := col.Finish()
		if strings.TrimSpace(m) == "" {
			if !value.IsNull(0) || bad != nil {
				t.Errorf("an empty message is %s, %v", fn.Text(nil, &value, 0), bad)
			}
			continue
		}
		if (len(rejects) > 0) != (bad != nil) {
			t.Errorf("%s: rejects %v, error %v", m, rejects, bad)
		}
		batch := rows.Finish()
		for i := range s {
			want, got := batch.Cols[i], value.Kids[i]
			if w, g := fn.Text(nil, &want, 0), fn.Text(nil, &got, 0); w != g {
				t.Errorf("%s: column %s is %s in the source, %s by from_json", m, s[i].Name, w, g)
			}
		}
	}
}

func TestOptionsAreRead(t *testing.T) {
	given := map[string]string{"mode": "failfast", "timezone": "Europe/Madrid", "allowcomments": "TRUE", "ignorenullfields": "false",
		"timestampformat": "dd/MM/yyyy", "columnnameofcorruptrecord": "bad"}
	o, err := ParseOptions(func(name string) (string, bool) { v, ok := given[strings.ToLower(name)]; return v, ok }, nil)
	if err != nil || o.Mode != FailFast || o.Zone.String() != "Europe/Madrid" || !o.Comments || !o.KeepNulls || o.Timestamp == nil || o.CorruptColumn != "bad" {
		t.Errorf("%+v, %v", o, err)
	}
	for name, value := range map[string]string{"timezone": "Nowhere/Land", "allowcomments": "perhaps", "dateformat": "{"} {
		if _, err := ParseOptions(func(n string) (string, bool) { return value, strings.EqualFold(n, name) }, nil); err == nil {
			t.Errorf("%s = %s was accepted", name, value)
		}
	}
}

// The answers were recorded from Spark 4.2.0.
func TestPaths(t *testing.T) {
	p := &pathDecoder{}
	for _, c := range [][3]string{
		{`{"a":{"b":[{"c":1},{"c":[2,3]}]}}`, `$.a.b[*].c`, `[1,[2,3]]`},
		{`[{"a":[1,2]},{"a":[3]}]`, `$[*].a[*]`, `[[1,2],[3]]`},
		{`[{"a":[1,2]},{"a":[3]}]`, `$[*].a[0]`, `[1,3]`},
		{`[[[1],[2]],[[3]]]`, `$[*][*][*]`, `[[1,2],3]`},
		{`{"a":[{"b":"x"}]}`, `$.a[*].b`, `"x"`},
		{`{"a":"x\ny"}`, `$.a`, ""},
		{`{"a":null}`, `$.a`, "-"},
		{`{"b":[null,1]}`, `$.b[0]`, "null"},
		{`{"a":1e500}`, `$.a`, `"Infinity"`},
		{`{"a b":1}`, `$.a b`, "1"},
		{`{"a":1}`, `$..a`, "-"},
		{`{"a":1}`, `$['a`, "-"},
		{`{"a":[1]}`, `$.a[99999999999999999999]`, "-"},
	} {
		out := p.object([]byte(c[0]), c[1])
		if c[2] == "" {
			c[2] = "x\ny"
		}
		if got := string(out); out == nil && c[2] != "-" || out != nil && got != c[2] {
			t.Errorf("%s of %s is %q, want %q", c[1], c[0], got, c[2])
		}
	}
}

// Whatever the text and the path, functions give one row and do not fail.
func FuzzFunctions(f *testing.F) {
	for _, s := range []string{`{"a":[1,{"b":"x"}]}`, `[1,[2,3]]`, `{"a":1`, `'x'`, `{"a":-0.5e-7,"b":NaN}`, ``} {
		f.Add([]byte(s), "$.a[*].b")
	}
	list, err := sql.ParseType(&errs.Source{Text: "ARRAY<STRUCT<a: INT, b: MAP<STRING, ARRAY<DOUBLE>>>>"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text []byte, path string) {
		p := &pathDecoder{}
		p.object(text, path)
		d := &Decoder{opts: lenient}
		d.top(text, '[', func([]byte) {})
		d.top(text, '{', func([]byte) {})
		if inferred, err := TypeOf(text, Options{}); err == nil && inferred.Kind == types.Null {
			t.Error("a type is VOID")
		}
		r, err := NewReader(list, Options{UnquotedNames: true, Comments: true, LeadingZeros: true, AnyEscape: true})
		if err != nil {
			t.Fatal(err)
		}
		b := vec.NewColBuilder(list)
		_ = r.Read(b, text)
		_ = r.Read(b, []byte(`[{"a":7}]`))
		col := b.Finish()
		if col.Len != 2 || fn.Text(nil, &col, 1) != "[{7, null}]" {
			t.Errorf("%d values, the last %s", col.Len, fn.Text(nil, &col, 1))
		}
	})
}
