package registry

import (
	"context"
	"strings"
	"testing"
)

// Whatever a parser takes, its canonical text reads back as itself, it is compatible with
// itself, and nothing panics.
func fuzzParser(f *testing.F, kind SchemaType, refs []resolved) {
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1<<12 {
			return
		}
		p, err := parseSchema(kind, text, refs, true)
		if err != nil {
			return
		}
		again, err := parseSchema(kind, p.canonical(), refs, true)
		if err != nil {
			t.Fatalf("the canonical text of %q does not parse: %v\n%s", text, err, p.canonical())
		}
		if again.canonical() != p.canonical() {
			t.Fatalf("not stable:\n%s\n%s", p.canonical(), again.canonical())
		}
		if normal, err := parseSchema(kind, p.normal(), refs, true); err != nil || normal.normal() != p.normal() {
			t.Fatalf("the normal text of %q is not stable (%v):\n%s", text, err, p.normal())
		}
		diffs, err := again.compare(p)
		if err != nil && err != errCostly || len(diffs) > 0 {
			t.Fatalf("%q does not fit itself: %v %v", text, diffs, err)
		}
	})
}

func FuzzAvro(f *testing.F) {
	for _, s := range []string{recordOf(fieldA + "," + fieldBD), `{"type":"record","name":"a.B","aliases":["C"],"fields":[{"name":"n","type":["null","B"],"default":null}]}`,
		`{"type":"fixed","name":"F","size":3,"p":[1.5e3]}`, `["int",{"type":"map","values":"string"}]`} {
		f.Add(s)
	}
	fuzzParser(f, Avro, nil)
}

func FuzzJSONSchema(f *testing.F) {
	for _, s := range []string{`{"type":["string","null"],"enum":["a",1]}`, `{"properties":{"a":{"$ref":"#"}},"required":["a"],"additionalProperties":{"not":{}}}`,
		`{"$id":"http://a/b","items":[true,{"$ref":"r.json#x"}],"allOf":[{"maximum":1.50,"exclusiveMaximum":true}]}`, `{"patternProperties":{"^a":false},"dependencies":{"a":["b"]}}`} {
		f.Add(s)
	}
	fuzzParser(f, JSON, []resolved{{"r.json", `{"$anchor":"x","type":"integer"}`}})
}

func FuzzProtobuf(f *testing.F) {
	f.Add(rich)
	f.Add(other)
	f.Add("CgdkZWZhdWx0EgFhIgMKAUFiBnByb3RvMw==")
	f.Add("edition = \"2023\"; message A { int32 a = 1 [features = { field_presence: EXPLICIT }]; }")
	fuzzParser(f, Protobuf, []resolved{{"other.proto", other}})
}

// Any request gets an answer with a status, and the registry opens again afterwards with the
// same subjects.
func FuzzHTTP(f *testing.F) {
	f.Add("POST", "/subjects/s/versions", schemaBody(`"int"`))
	f.Add("DELETE", "/subjects/s", "")
	f.Add("PUT", "/mode/s", `{"mode":"IMPORT"}`)
	f.Add("POST", "/contexts/.c/subjects/s/versions?normalize=true", schemaBody("{}", `"schemaType":"JSON","id":3,"references":[{"name":"a","subject":"s","version":-1}]`))
	f.Add("GET", "/schemas/ids/1?format=resolved&offset=-1", "")
	f.Fuzz(func(t *testing.T, method, path, body string) {
		if !strings.HasPrefix(path, "/") || strings.ContainsAny(path+method, " \r\n\t\x00") || method == "" {
			return
		}
		defer func() {
			if p := recover(); p != nil && !strings.Contains(str(p), "invalid NewRequest") {
				panic(p)
			}
		}()
		store := &memory{}
		c := client{t, open(t, store)}
		c.do("POST", "/subjects/s/versions", schemaBody(`"int"`))
		if w := c.do(method, path, body); w.Code < 200 || w.Code == 500 && !strings.Contains(w.Body.String(), "50001") {
			t.Fatalf("%s %s gave %d %s", method, path, w.Code, w.Body)
		}
		want := c.do("GET", "/schemas?deleted=true", "").Body.String()
		if got := (client{t, open(t, store)}).do("GET", "/schemas?deleted=true", "").Body.String(); got != want {
			t.Fatalf("after a restart there is\n%s\nnot\n%s", got, want)
		}
	})
}

func str(v any) string {
	s, _ := v.(string)
	return s
}

// Records of any content leave a registry that answers.
func FuzzRecords(f *testing.F) {
	f.Add(`{"keytype":"SCHEMA","subject":"a","version":1,"magic":1}`, `{"subject":"a","version":1,"id":5,"schema":"\"int\"","deleted":false}`)
	f.Add(`{"keytype":"DELETE_SUBJECT","subject":"b","magic":0}`, `{"subject":"b","version":-1}`)
	f.Add(`{"keytype":"CONFIG","subject":null}`, `{"compatibilityLevel":"X"}`)
	f.Fuzz(func(t *testing.T, key, value string) {
		store := &memory{records: []record{{[]byte(key), []byte(value)}}}
		c := client{t, open(t, store)}
		c.do("GET", "/schemas", "")
		if _, err := c.r.Register(context.Background(), Registration{Subject: "zz", Schema: Schema{Text: `"bytes"`}}); err != nil && CodeOf(err) == 500 {
			t.Fatal(err)
		}
	})
}
