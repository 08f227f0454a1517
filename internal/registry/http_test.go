package registry

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/azud/azud/internal/sys"
)

// memory is a Store of records in memory. fail makes the next appends fail, which leave their
// record behind all the same when keep is set: both may happen to a real log.
type memory struct {
	mu         sync.Mutex
	records    []record
	fail, keep bool
}

func (m *memory) Append(_ context.Context, key, value []byte) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.fail || m.keep {
		m.records = append(m.records, record{bytes.Clone(key), bytes.Clone(value)})
	}
	if m.fail {
		return 0, errors.New("disk full")
	}
	return int64(len(m.records) - 1), nil
}

func (m *memory) Load(_ context.Context, each func(key, value []byte, offset int64) error) error {
	for i, r := range m.records {
		if err := each(r.key, r.value, int64(i)); err != nil {
			return err
		}
	}
	return nil
}

// compact keeps the last record of each key, without tombstones.
func (m *memory) compact() {
	last := map[string]int{}
	for i, r := range m.records {
		last[string(r.key)] = i
	}
	var out []record
	for i, r := range m.records {
		if last[string(r.key)] == i && r.value != nil {
			out = append(out, r)
		}
	}
	m.records = out
}

func open(t *testing.T, store Store) *Registry {
	t.Helper()
	r, err := Open(context.Background(), Config{Sys: sys.Real(), Store: store, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// client talks to a registry over its handler.
type client struct {
	t *testing.T
	r *Registry
}

func (c client) do(method, path, body string, headers ...string) *httptest.ResponseRecorder {
	c.t.Helper()
	req := httptest.NewRequest(method, path, strings.NewReader(body))
	if body != "" {
		req.Header.Set("Content-Type", contentTypes[0])
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	c.r.ServeHTTP(w, req)
	return w
}

// want checks one exchange: the status and the body, or with a code of five digits (or 409) the
// status and the code.
func (c client) want(method, path, body string, status int, answer string) {
	c.t.Helper()
	w := c.do(method, path, body)
	if status > 999 || answer == "" && status >= 400 {
		var e struct {
			Code    int    `json:"error_code"`
			Message string `json:"message"`
		}
		if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil || e.Code != status || w.Code != statusOf(status) || e.Message == "" {
			c.t.Errorf("%s %s: got %d %s, want code %d", method, path, w.Code, w.Body, status)
		}
		return
	}
	if w.Code != status || strings.TrimSpace(w.Body.String()) != answer {
		c.t.Errorf("%s %s:\n got %d %s\nwant %d %s", method, path, w.Code, w.Body, status, answer)
	}
}

func schemaBody(text string, more ...string) string {
	b := string(encode(map[string]string{"schema": text}))
	for _, m := range more {
		b = strings.TrimSuffix(b, "}") + "," + m + "}"
	}
	return b
}

func recordOf(fields string) string {
	return `{"type":"record","name":"R","fields":[` + fields + `]}`
}

const (
	fieldA  = `{"name":"a","type":"int"}`
	fieldB  = `{"name":"b","type":"string"}`
	fieldBD = `{"name":"b","type":"string","default":""}`
)

// The paths, bodies and codes are those of Confluent's API reference.
func TestInterface(t *testing.T) {
	store := &memory{}
	c := client{t, open(t, store)}
	c.want("GET", "/", "", 200, `{}`)
	c.want("GET", "/subjects", "", 200, `[]`)
	c.want("GET", "/schemas/types", "", 200, `["JSON","PROTOBUF","AVRO"]`)
	c.want("GET", "/contexts", "", 200, `["."]`)
	c.want("GET", "/config", "", 200, `{"compatibilityLevel":"BACKWARD"}`)
	c.want("GET", "/mode", "", 200, `{"mode":"READWRITE"}`)
	c.want("GET", "/subjects/s/versions", "", 40401, "")
	c.want("GET", "/schemas/ids/1", "", 40403, "")
	c.want("GET", "/config/s", "", 40408, "")
	c.want("GET", "/config/s?defaultToGlobal=true", "", 200, `{"compatibilityLevel":"BACKWARD"}`)
	c.want("GET", "/mode/s", "", 40409, "")

	c.want("POST", "/subjects/s/versions", schemaBody(recordOf(fieldA)), 200, `{"id":1}`)
	c.want("POST", "/subjects/s/versions", schemaBody(" "+recordOf(fieldA)+"\n"), 200, `{"id":1}`)
	c.want("POST", "/subjects/other/versions", schemaBody(recordOf(fieldA)), 200, `{"id":1}`)
	c.want("POST", "/subjects/s/versions", schemaBody(recordOf(fieldA+","+fieldB)), 409, "")
	c.want("POST", "/subjects/s/versions", schemaBody(recordOf(fieldA+","+fieldBD)), 200, `{"id":2}`)
	c.want("POST", "/subjects/s/versions", schemaBody(`{"type":"recrd"}`), 42201, "")
	c.want("POST", "/subjects/s/versions", `{"schema":""}`, 42201, "")
	c.want("POST", "/subjects/s/versions", schemaBody(`"int"`, `"schemaType":"AVR0"`), 42201, "")
	c.want("POST", "/subjects/s/versions", `{"schema":`, 400, "")
	c.want("GET", "/subjects", "", 200, `["other","s"]`)
	c.want("GET", "/subjects?subjectPrefix=o", "", 200, `["other"]`)
	c.want("GET", "/subjects?offset=1&limit=5", "", 200, `["s"]`)
	c.want("GET", "/subjects/s/versions", "", 200, `[1,2]`)
	c.want("GET", "/subjects/s/versions/1", "", 200, `{"subject":"s","version":1,"id":1,"schema":"{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":\"int\"}]}"}`)
	c.want("GET", "/subjects/s/versions/1/schema", "", 200, recordOf(fieldA))
	c.want("GET", "/subjects/s/versions/latest/schema", "", 200, recordOf(fieldA+","+fieldBD))
	c.want("GET", "/subjects/s/versions/-1/schema", "", 200, recordOf(fieldA+","+fieldBD))
	c.want("GET", "/subjects/s/versions/7", "", 40402, "")
	c.want("GET", "/subjects/s/versions/0", "", 42202, "")
	c.want("GET", "/subjects/s/versions/x", "", 42202, "")
	c.want("GET", "/subjects/none/versions/1", "", 40401, "")
	c.want("GET", "/schemas/ids/1/schema", "", 200, recordOf(fieldA))
	c.want("GET", "/schemas/ids/1/subjects", "", 200, `["other","s"]`)
	c.want("GET", "/schemas/ids/1/versions", "", 200, `[{"subject":"other","version":1},{"subject":"s","version":1}]`)
	c.want("GET", "/schemas/ids/1?fetchMaxId=true", "", 200, `{"schema":"{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":\"int\"}]}","maxId":2}`)
	c.want("POST", "/subjects/s", schemaBody(recordOf(fieldA)), 200, `{"subject":"s","version":1,"id":1,"schema":"{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":\"int\"}]}"}`)
	c.want("POST", "/subjects/s", schemaBody(recordOf(fieldB)), 40403, "")
	c.want("POST", "/subjects/none", schemaBody(recordOf(fieldB)), 40401, "")

	c.want("POST", "/compatibility/subjects/s/versions/latest", schemaBody(recordOf(fieldA)), 200, `{"is_compatible":true}`)
	c.want("POST", "/compatibility/subjects/s/versions/1", schemaBody(recordOf(fieldB)), 200, `{"is_compatible":false}`)
	c.want("POST", "/compatibility/subjects/s/versions", schemaBody(recordOf(fieldB)), 200, `{"is_compatible":true}`)
	c.want("POST", "/compatibility/subjects/s/versions/9", schemaBody(recordOf(fieldB)), 40402, "")
	c.want("POST", "/compatibility/subjects/none/versions/latest", schemaBody(recordOf(fieldB)), 200, `{"is_compatible":true}`)
	w := c.do("POST", "/compatibility/subjects/s/versions/1?verbose=true", schemaBody(recordOf(fieldB)))
	if !strings.Contains(w.Body.String(), "READER_FIELD_MISSING_DEFAULT_VALUE") || !strings.Contains(w.Body.String(), "{oldSchemaVersion: 1}") {
		t.Errorf("verbose says %s", w.Body)
	}

	c.want("PUT", "/config", `{"compatibility":"full"}`, 200, `{"compatibility":"FULL"}`)
	c.want("PUT", "/config/s", `{"compatibility":"NONE"}`, 200, `{"compatibility":"NONE"}`)
	c.want("PUT", "/config/s", `{"compatibility":"BACKWORD"}`, 42203, "")
	c.want("PUT", "/config/s", `{"compatibilityGroup":"g"}`, 42205, "")
	c.want("GET", "/config", "", 200, `{"compatibilityLevel":"FULL"}`)
	c.want("GET", "/config/s", "", 200, `{"compatibilityLevel":"NONE"}`)
	c.want("DELETE", "/config/s", "", 200, `{"compatibilityLevel":"NONE"}`)
	c.want("DELETE", "/config/s", "", 40401, "")

	c.want("PUT", "/mode/s", `{"mode":"READONLY"}`, 200, `{"mode":"READONLY"}`)
	c.want("PUT", "/mode/s", `{"mode":"READ"}`, 42204, "")
	c.want("POST", "/subjects/s/versions", schemaBody(recordOf("")), 42205, "")
	c.want("DELETE", "/subjects/s", "", 42205, "")
	c.want("DELETE", "/subjects/s/versions/1", "", 42205, "")
	c.want("PUT", "/config/s", `{"compatibility":"NONE"}`, 42205, "")
	c.want("DELETE", "/mode/s", "", 200, `{"mode":"READONLY"}`)
	c.want("PATCH", "/subjects", "", 405, "")
	c.want("GET", "/nothing", "", 404, "")

	// The same after a restart, also when the topic was compacted.
	want := c.do("GET", "/schemas", "").Body.String()
	for range 2 {
		c = client{t, open(t, store)}
		c.want("GET", "/schemas", "", 200, want)
		c.want("GET", "/config", "", 200, `{"compatibilityLevel":"FULL"}`)
		store.compact()
	}
}

// The largest id never comes again, although compaction drops the record that had it.
func TestIdsAreSpentOnce(t *testing.T) {
	store := &memory{}
	c := client{t, open(t, store)}
	for id := range 3 {
		c.want("POST", "/subjects/s/versions", schemaBody(fmt.Sprintf(`{"type":"fixed","name":"F","size":%d}`, id)), 200, fmt.Sprintf(`{"id":%d}`, id+1))
		c.want("DELETE", "/subjects/s", "", 200, `[1]`)
		c.want("DELETE", "/subjects/s?permanent=true", "", 200, `[1]`)
		store.compact()
		c = client{t, open(t, store)}
	}
}

func TestDeleting(t *testing.T) {
	store := &memory{}
	c := client{t, open(t, store)}
	c.want("PUT", "/config", `{"compatibility":"NONE"}`, 200, `{"compatibility":"NONE"}`)
	for i, s := range []string{`"int"`, `"long"`, `"string"`} {
		c.want("POST", "/subjects/s/versions", schemaBody(s), 200, fmt.Sprintf(`{"id":%d}`, i+1))
	}
	c.want("PUT", "/config/s", `{"compatibility":"FULL"}`, 200, `{"compatibility":"FULL"}`)
	c.want("DELETE", "/subjects/s/versions/2?permanent=true", "", 40407, "")
	c.want("DELETE", "/subjects/s/versions/2", "", 200, `2`)
	c.want("DELETE", "/subjects/s/versions/2", "", 40406, "")
	c.want("GET", "/subjects/s/versions", "", 200, `[1,3]`)
	c.want("GET", "/subjects/s/versions?deleted=true", "", 200, `[1,2,3]`)
	c.want("GET", "/subjects/s/versions?deletedOnly=true", "", 200, `[2]`)
	c.want("GET", "/subjects/s/versions/2", "", 40402, "")
	c.want("GET", "/subjects/s/versions/2?deleted=true", "", 200, `{"subject":"s","version":2,"id":2,"schema":"\"long\"","deleted":true}`)
	c.want("GET", "/schemas/ids/2", "", 200, `{"schema":"\"long\""}`) // readers still need it
	c.want("GET", "/schemas/ids/2/subjects", "", 200, `[]`)
	c.want("POST", "/subjects/s", schemaBody(`"long"`), 40403, "")
	c.want("POST", "/subjects/s?deleted=true", schemaBody(`"long"`), 200, `{"subject":"s","version":2,"id":2,"schema":"\"long\"","deleted":true}`)
	// Registered again it gets a new number, its old id, and the deleted version is gone.
	c.want("PUT", "/config/s", `{"compatibility":"NONE"}`, 200, `{"compatibility":"NONE"}`)
	c.want("POST", "/subjects/s/versions", schemaBody(`"long"`), 200, `{"id":2}`)
	c.want("GET", "/subjects/s/versions?deleted=true", "", 200, `[1,3,4]`)

	c.want("DELETE", "/subjects/s?permanent=true", "", 40405, "")
	c.want("DELETE", "/subjects/s", "", 200, `[1,3,4]`)
	c.want("DELETE", "/subjects/s", "", 40404, "")
	c.want("GET", "/config/s", "", 40408, "")
	c.want("GET", "/subjects", "", 200, `[]`)
	c.want("GET", "/subjects?deleted=true", "", 200, `["s"]`)
	c.want("GET", "/subjects?deletedOnly=true", "", 200, `["s"]`)
	for range 2 { // before and after a restart on the compacted topic
		c.want("GET", "/subjects/s/versions", "", 40401, "")
		c.want("GET", "/subjects/s/versions?deleted=true", "", 200, `[1,3,4]`)
		store.compact()
		c = client{t, open(t, store)}
	}
	c.want("DELETE", "/subjects/s/versions/4?permanent=true", "", 200, `4`)
	c.want("GET", "/schemas/ids/2", "", 40403, "")
	c.want("DELETE", "/subjects/s?permanent=true", "", 200, `[1,3]`)
	c.want("DELETE", "/subjects/s?permanent=true", "", 40401, "")
	c.want("POST", "/subjects/s/versions", schemaBody(`"bytes"`), 200, `{"id":4}`)
	c.want("GET", "/subjects/s/versions", "", 200, `[1]`)
	store.compact()
	c = client{t, open(t, store)}
	c.want("GET", "/subjects/s/versions", "", 200, `[1]`) // the old deletion does not reach it
}

func TestReferences(t *testing.T) {
	c := client{t, open(t, &memory{})}
	ref := func(name, subject string, version int) string {
		return fmt.Sprintf(`"references":[{"name":%q,"subject":%q,"version":%d}]`, name, subject, version)
	}
	c.want("POST", "/subjects/inner/versions", schemaBody(`{"type":"enum","name":"E","namespace":"n","symbols":["A"]}`), 200, `{"id":1}`)
	outer := `{"type":"record","name":"O","fields":[{"name":"e","type":"n.E"}]}`
	c.want("POST", "/subjects/outer/versions", schemaBody(outer), 42201, "")
	c.want("POST", "/subjects/outer/versions", schemaBody(outer, ref("n.E", "inner", 3)), 42201, "")
	c.want("POST", "/subjects/outer/versions", schemaBody(outer, ref("n.E", "inner", -1)), 200, `{"id":2}`)
	c.want("POST", "/subjects/outer/versions", schemaBody(outer, ref("n.E", "inner", 1)), 200, `{"id":2}`)
	c.want("GET", "/schemas/ids/2", "", 200, `{"references":[{"name":"n.E","subject":"inner","version":1}],"schema":"{\"type\":\"record\",\"name\":\"O\",\"fields\":[{\"name\":\"e\",\"type\":\"n.E\"}]}"}`)
	whole := `{"type":"record","name":"O","fields":[{"name":"e","type":{"type":"enum","name":"E","namespace":"n","symbols":["A"]}}]}`
	c.want("GET", "/subjects/outer/versions/1/schema?format=resolved", "", 200, whole)
	if w := c.do("POST", "/subjects/outer", schemaBody(whole)); w.Code != 200 {
		t.Errorf("the schema with its references written out is not found: %s", w.Body)
	}
	c.want("GET", "/subjects/inner/versions/1/referencedby", "", 200, `[2]`)
	c.want("DELETE", "/subjects/inner", "", 42206, "")
	c.want("DELETE", "/subjects/inner/versions/1", "", 42206, "")

	c.want("POST", "/subjects/j.json/versions", schemaBody(`{"type":"integer"}`, `"schemaType":"JSON"`), 200, `{"id":3}`)
	c.want("POST", "/subjects/j/versions", schemaBody(`{"properties":{"a":{"$ref":"j.json"}}}`, `"schemaType":"JSON"`, ref("j.json", "j.json", 1)), 200, `{"id":4}`)
	c.want("POST", "/subjects/j/versions", schemaBody(`{"$ref":"n.E"}`, `"schemaType":"JSON"`, ref("n.E", "inner", 1)), 42201, "")
	c.want("POST", "/subjects/p.proto/versions", schemaBody(`syntax = "proto3"; package p; message P {}`, `"schemaType":"PROTOBUF"`), 200, `{"id":5}`)
	main := `syntax = "proto3"; import "p.proto"; message M { p.P p = 1; }`
	c.want("POST", "/subjects/p/versions", schemaBody(main, `"schemaType":"PROTOBUF"`, ref("p.proto", "p.proto", 1)), 200, `{"id":6}`)
	c.want("POST", "/subjects/p/versions", schemaBody(main, `"schemaType":"PROTOBUF"`), 42201, "")
	w := c.do("GET", "/schemas/ids/6?format=serialized", "")
	var got schemaAnswer
	if json.Unmarshal(w.Body.Bytes(), &got); got.SchemaType != Protobuf {
		t.Fatalf("got %s", w.Body)
	}
	c.want("POST", "/subjects/p2/versions", schemaBody(got.Schema, `"schemaType":"PROTOBUF"`, ref("p.proto", "p.proto", 1)), 200, `{"id":7}`)
	c.want("POST", "/subjects/p2/versions?normalize=true", schemaBody(main, `"schemaType":"PROTOBUF"`, ref("p.proto", "p.proto", 1)), 200, `{"id":7}`)
}

func TestContextsAndOddSubjects(t *testing.T) {
	store := &memory{}
	c := client{t, open(t, store)}
	c.want("POST", "/subjects/a%2Fb%2F..%2Fc%20d/versions", schemaBody(`"int"`), 200, `{"id":1}`)
	c.want("GET", "/subjects/a%2Fb%2F..%2Fc%20d/versions", "", 200, `[1]`)
	c.want("GET", "/subjects", "", 200, `["a/b/../c d"]`)
	c.want("POST", "/subjects/a%0Ab/versions", schemaBody(`"int"`), 42208, "")
	c.want("POST", "/subjects/:.x:s/versions", schemaBody(`"int"`), 200, `{"id":2}`)
	c.want("POST", "/contexts/.x/subjects/s/versions", schemaBody(`"int"`), 200, `{"id":2}`)
	c.want("POST", "/subjects/:.:a/versions", schemaBody(`"int"`), 200, `{"id":1}`)
	c.want("GET", "/contexts", "", 200, `[".",".x"]`)
	c.want("GET", "/subjects", "", 200, `[":.x:s","a","a/b/../c d"]`)
	c.want("GET", "/contexts/.x/subjects", "", 200, `[":.x:s"]`)
	c.want("GET", "/subjects?subjectPrefix=", "", 200, `["a","a/b/../c d"]`)
	c.want("GET", "/subjects?subjectPrefix=:*:s", "", 200, `[":.x:s"]`)
	c.want("GET", "/schemas/ids/2", "", 200, `{"schema":"\"int\""}`)
	c.want("GET", "/schemas/ids/1?subject=:.x:", "", 40403, "")
	c.want("PUT", "/config/:.x:", `{"compatibility":"FULL"}`, 200, `{"compatibility":"FULL"}`)
	c.want("GET", "/config/:.x:s?defaultToGlobal=true", "", 200, `{"compatibilityLevel":"FULL"}`)
	c.want("PUT", "/mode", `{"mode":"IMPORT"}`, 42205, "")
	c.want("PUT", "/mode/imp", `{"mode":"IMPORT"}`, 200, `{"mode":"IMPORT"}`)
	c.want("POST", "/subjects/imp/versions", schemaBody(`"string"`), 42205, "")
	c.want("POST", "/subjects/imp/versions", schemaBody(`"string"`, `"id":70,"version":5`), 200, `{"id":70}`)
	c.want("POST", "/subjects/imp/versions", schemaBody(`"long"`, `"id":70`), 42205, "")
	c.want("POST", "/subjects/a/versions", schemaBody(`"int"`, `"id":9`), 42205, "")
	c.want("GET", "/subjects/imp/versions", "", 200, `[5]`)
	c.want("PUT", "/config/a", `{"compatibility":"NONE","normalize":true}`, 200, `{"compatibility":"NONE","normalize":true}`)
	c.want("POST", "/subjects/a/versions", schemaBody(`{"type":"int","z":1,"b":2}`), 200, `{"id":71}`)
	c.want("GET", "/subjects/a/versions/2/schema", "", 200, `{"type":"int","b":2,"z":1}`)
	c.want("GET", "/contexts", "", 200, client{t, open(t, store)}.do("GET", "/contexts", "").Body.String())
}

func TestContentTypes(t *testing.T) {
	c := client{t, open(t, &memory{})}
	for accept, want := range map[string]string{
		"": contentTypes[0], "*/*": contentTypes[0], "application/json": "application/json",
		"application/vnd.schemaregistry+json; q=0.5, application/json; q=0.9": "application/json",
		"text/html": "406", "text/html, */*;q=0.1": contentTypes[0],
	} {
		w := c.do("GET", "/subjects", "", "Accept", accept)
		if got := w.Header().Get("Content-Type"); got != want && fmt.Sprint(w.Code) != want {
			t.Errorf("Accept %q gave %d %s", accept, w.Code, got)
		}
	}
	if w := c.do("POST", "/subjects/s/versions", schemaBody(`"int"`), "Content-Type", "text/plain"); w.Code != 415 {
		t.Errorf("text/plain gave %d", w.Code)
	}
	if w := c.do("POST", "/subjects/s/versions", schemaBody(strings.Repeat("x", maxBody))); w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("a large body gave %d", w.Code)
	}
	c.want("POST", "/subjects/s/versions", schemaBody(`"`+strings.Repeat("x", maxSchema)+`"`), 42209, "")
	c.want("POST", "/subjects/s/versions", strings.Repeat(`{"a":`, 200)+`1`+strings.Repeat("}", 200), 400, "")
}

// After a failed append nobody gets an id that may be on disk with another schema.
func TestFailedAppend(t *testing.T) {
	for _, keep := range []bool{false, true} {
		store := &memory{}
		c := client{t, open(t, store)}
		store.fail, store.keep = true, keep
		c.want("POST", "/subjects/s/versions", schemaBody(`"int"`), 50001, "")
		c.want("GET", "/subjects", "", 200, `[]`)
		store.fail = false
		c.want("POST", "/subjects/t/versions", schemaBody(`"long"`), 200, `{"id":2}`)
		c = client{t, open(t, store)}
		c.want("GET", "/schemas/ids/2/schema", "", 200, `"long"`)
	}
}

func TestManyAtOnce(t *testing.T) {
	store := &memory{}
	c := client{t, open(t, store)}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 20 {
				s := schemaBody(fmt.Sprintf(`{"type":"fixed","name":"F","size":%d}`, j))
				c.do("POST", fmt.Sprintf("/subjects/s%d/versions", i), s)
				c.do("POST", fmt.Sprintf("/subjects/t%d/versions", j), s)
				c.do("GET", "/schemas", "")
			}
		})
	}
	wg.Wait()
	for j := range 20 {
		body := c.do("GET", fmt.Sprintf("/subjects/t%d/versions", j), "").Body.String()
		if body != `[1]` {
			t.Errorf("subject t%d has versions %s", j, body)
		}
	}
	ids := map[int]string{}
	open(t, store).state.each(func(v *version) {
		if old, ok := ids[v.id]; ok && old != v.schema.Text {
			t.Errorf("id %d is %s and %s", v.id, old, v.schema.Text)
		}
		ids[v.id] = v.schema.Text
	})
	if len(ids) != 20 {
		t.Errorf("%d ids for 20 schemas", len(ids))
	}
}

func (s *state) each(f func(*version)) {
	for _, list := range s.subjects {
		for _, v := range list {
			f(v)
		}
	}
}

// What Confluent's registry writes is read: these records have its form, with members of newer
// releases, an unreadable one and one of its other kinds.
func TestRecordsOfConfluent(t *testing.T) {
	store := &memory{}
	for _, r := range [][2]string{
		{`{"keytype":"NOOP","magic":0}`, ""},
		{`{"keytype":"CONFIG","subject":null,"magic":0}`, `{"subject":null,"compatibilityLevel":"NONE","alias":null}`},
		{`{"keytype":"SCHEMA","subject":"a","version":1,"magic":1}`, `{"subject":"a","version":1,"id":5,"md5":"x","guid":"y","ts":1,"offset":2,"schema":"\"int\"","deleted":false}`},
		{`{"keytype":"SCHEMA","subject":"a","version":2,"magic":1}`, `{"subject":"a","version":2,"id":6,"schemaType":"JSON","references":[],"metadata":null,"schema":"{}","deleted":false}`},
		{`{"keytype":"SCHEMA","subject":"b","version":1,"magic":1}`, `{"subject":"b","version":1,"id":7,"schema":"\"long\"","deleted":false}`},
		{`{"keytype":"MODE","subject":"b","magic":0}`, `{"subject":"b","mode":"READONLY"}`},
		{`{"keytype":"DELETE_SUBJECT","subject":"b","magic":0}`, `{"subject":"b","version":1}`},
		{`{"keytype":"CONTEXT","tenant":"default","context":".c","magic":0}`, `{"tenant":"default","context":".c"}`},
		{`not json`, `{}`},
		{`{"keytype":"NEW"}`, `{}`},
	} {
		rec := record{[]byte(r[0]), []byte(r[1])}
		if r[1] == "" {
			rec.value = nil
		}
		store.records = append(store.records, rec)
	}
	c := client{t, open(t, store)}
	c.want("GET", "/subjects", "", 200, `["a"]`)
	c.want("GET", "/subjects?deletedOnly=true", "", 200, `["b"]`)
	c.want("GET", "/subjects/a/versions/2", "", 200, `{"subject":"a","version":2,"id":6,"schemaType":"JSON","schema":"{}"}`)
	c.want("GET", "/contexts", "", 200, `[".",".c"]`)
	c.want("GET", "/config", "", 200, `{"compatibilityLevel":"NONE"}`)
	c.want("GET", "/mode/b", "", 200, `{"mode":"READONLY"}`)
	c.want("POST", "/subjects/c/versions", schemaBody(`"string"`), 200, `{"id":8}`)
	last := store.records[len(store.records)-1]
	if string(last.key) != `{"keytype":"SCHEMA","subject":"c","version":1,"magic":1}` ||
		string(last.value) != `{"subject":"c","version":1,"id":8,"schema":"\"string\"","deleted":false}` {
		t.Errorf("wrote %s %s", last.key, last.value)
	}
}

func TestGoInterface(t *testing.T) {
	r := open(t, &memory{})
	got, err := r.Register(context.Background(), Registration{Subject: "s", Schema: Schema{Text: `"int"`}})
	if err != nil || got.ID != 1 || got.Version != 1 {
		t.Fatalf("%+v %v", got, err)
	}
	if s, err := r.SchemaByID(1); err != nil || s.Text != `"int"` || s.Type != Avro {
		t.Errorf("%+v %v", s, err)
	}
	if v, err := r.Latest("s"); err != nil || v.ID != 1 {
		t.Errorf("%+v %v", v, err)
	}
	if _, err := r.Latest("none"); CodeOf(err) != 40401 {
		t.Errorf("%v", err)
	}
	r.Close()
	if _, err := r.Register(context.Background(), Registration{Subject: "t", Schema: Schema{Text: `"int"`}}); CodeOf(err) != 50001 {
		t.Errorf("%v", err)
	}
}
