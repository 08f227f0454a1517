package web

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// keys checks the names of a JSON object's members.
func keys(t *testing.T, what string, object map[string]any, want string) {
	t.Helper()
	if got := strings.Join(slices.Sorted(maps.Keys(object)), " "); got != want {
		t.Errorf("%s has\n %s\nnot\n %s", what, got, want)
	}
}

func TestStatus(t *testing.T) {
	s := openSite(t)
	a := s.get("/api/v1/status")
	var got map[string]any
	decode(t, a.body, &got)
	keys(t, "status", got, "data demo http kafka name pipelines startedAt version")
	if got["name"] != "azud" || got["http"] != s.srv.Addr() || got["kafka"] != s.broker.Addr() || got["demo"] != false ||
		got["version"] != "test" || fmt.Sprint(got["pipelines"]) != "[prueba]" {
		t.Error(a.body)
	}
	if a.Header.Get("Content-Type") != "application/json" || a.Header.Get("Cache-Control") != "no-store" {
		t.Error(a.Header)
	}
}

func TestFlows(t *testing.T) {
	s := openSite(t)
	s.produceAndWait()
	var got struct{ Flows []map[string]any }
	decode(t, s.get("/api/v1/flows").body, &got)
	if len(got.Flows) != 1 {
		t.Fatal(got)
	}
	f := got.Flows[0]
	keys(t, "a flow", f, "connector epoch inputRows inputRowsPerSecond lastEpochAt lastError lateRows name outputRows pipeline "+
		"processedRowsPerSecond rejected rejectedRows sink state troubles watermark")
	if f["pipeline"] != "prueba" || f["name"] != "cuenta" || f["sink"] != "resumen" || f["connector"] != "memory" ||
		f["state"] != "running" || f["inputRows"] != 3.0 || f["lastError"] != nil || f["watermark"] != nil || f["rejected"] == nil {
		t.Error(f)
	}
}

// produceAndWait fills the topic of the pipeline and waits until its flow has read it.
func (s *site) produceAndWait() {
	s.t.Helper()
	s.produce("lecturas", 0, `{"id":"a","valor":1}`, `{"id":"b","valor":null}`)
	s.produce("lecturas", 1, `{"id":"a","valor":2.5}`)
	eventually(s.t, "the flow reads the topic", func() bool {
		return strings.Contains(s.get("/api/v1/flows").body, `"inputRows":3`)
	})
}

func TestTopics(t *testing.T) {
	s := openSite(t)
	s.createTopic("otra", 1)
	s.produce("otra", 0, "1", "2")
	var got struct{ Topics []map[string]any }
	decode(t, s.get("/api/v1/topics").body, &got)
	byName := map[string]map[string]any{}
	for _, topic := range got.Topics {
		keys(t, "a topic", topic, "bytes internal name partitions records")
		byName[topic["name"].(string)] = topic
	}
	if o := byName["otra"]; o["partitions"] != 1.0 || o["records"] != 2.0 || o["internal"] != false || o["bytes"].(float64) <= 0 {
		t.Error(o)
	}
	if l := byName["lecturas"]; l["partitions"] != 2.0 || l["records"] != 0.0 {
		t.Error(l)
	}
}

func TestTopicsAndFlowsAreNeverNull(t *testing.T) {
	s := &Server{cfg: Config{Topics: func() []Topic { return nil }}}
	if data, err := json.Marshal(s.topics()); err != nil || string(data) != `{"topics":[]}` {
		t.Errorf("%s, %v", data, err)
	}
}

func TestTable(t *testing.T) {
	s := openSite(t)
	s.produceAndWait()
	for _, name := range []string{"resumen", "prueba.resumen"} {
		var got struct {
			Name   string
			Schema [][2]string
			Rows   [][]any
		}
		eventually(t, "the table has its rows", func() bool {
			decode(t, s.get("/api/v1/tables/"+name).body, &got)
			return len(got.Rows) == 2
		})
		slices.SortFunc(got.Rows, func(a, b []any) int { return strings.Compare(a[0].(string), b[0].(string)) })
		if got.Name != name || fmt.Sprint(got.Schema) != "[[id string] [n bigint]]" || fmt.Sprint(got.Rows) != "[[a 2] [b 1]]" {
			t.Error(got)
		}
	}
	for name, say := range map[string]string{"resumem": "did you mean resumen", "lecturas": "is not a live table"} {
		if a := s.get("/api/v1/tables/" + name); a.StatusCode != 404 || !strings.Contains(a.body, say) {
			t.Errorf("%s: %d %s", name, a.StatusCode, a.body)
		}
	}
}

func TestSQL(t *testing.T) {
	s := openSite(t)
	s.produceAndWait()
	for _, c := range []struct {
		name, body string
		status     int
		want       []string // one a line, each a part of it
	}{
		{"json is the default", `{"sql":"SELECT 1 AS uno, 'x' AS b, null AS c"}`, 200,
			[]string{`{"schema":[["uno","int"],["b","string"],["c","void"]],"rows":[[1,"x",null]]}`}},
		{"a topic as a batch", `{"sql":"SELECT count(*) AS n, max(valor) AS m FROM lecturas","output":"json"}`, 200,
			[]string{`{"schema":[["n","bigint"],["m","double"]],"rows":[[3,2.5]]}`}},
		{"table", `{"sql":"SELECT 1 AS uno","output":"table"}`, 200, []string{`{"text":"+---+\n|uno|\n+---+\n|1  |\n+---+\n","rows":1}`}},
		{"csv", `{"sql":"SELECT 1 AS uno, 'a,b' AS dos","output":"csv"}`, 200, []string{`{"text":"uno,dos\n1,\"a,b\"\n","rows":1}`}},
		{"several statements", `{"sql":"SELECT 1; SELECT 2;"}`, 200, []string{`"rows":[[1]]`, `"rows":[[2]]`}},
		{"no statement", `{"sql":""}`, 200, nil},
		{"an error is the last line", `{"sql":"SELECT 1; SELECT nada FROM lecturas; SELECT 3","name":"consulta"}`, 200,
			[]string{`"rows":[[1]]`, `{"error":{"class":"UNRESOLVED_COLUMN`}},
		{"an error shows its place", `{"sql":"SELEC 1","name":"consulta"}`, 200,
			[]string{`--> consulta:1:1\n  |\n1 | SELEC 1\n  | ^^^^^`}},
		{"an error without a name", `{"sql":"SELECT 1 +","output":"csv"}`, 200, []string{`--> sql:1:11`}},
		{"its sqlState", `{"sql":"SELECT * FROM lectura"}`, 200, []string{`"sqlState":"42P01"`}},
		{"the database of bare names", `{"sql":"SELECT count(*) FROM lecturas","database":"prueba"}`, 200, []string{`"rows":[[3]]`}},
		{"markdown", `{"sql":"SELECT 1 AS uno","output":"markdown"}`, 200, []string{`{"text":"| uno |\n| --: |\n| 1 |\n","rows":1}`}},
		{"keeping going", `{"sql":"SELECT nada; SELEC; SELECT 3","keepGoing":true}`, 200, []string{`"UNRESOLVED_COLUMN`, `"PARSE_SYNTAX_ERROR"`, `"rows":[[3]]`}},
		{"values", `{"sql":"SELECT ${a} + :b AS c","values":{"a":"1","b":"2"}}`, 200, []string{`"rows":[[3]]`}},
		{"settings", `{"sql":"SET azud.sql.workers","settings":{"azud.sql.workers":"3"}}`, 200, []string{`"rows":[["azud.sql.workers","3"]]`}},
		{"a wrong setting", `{"sql":"SELECT 1","settings":{"azud.sql.workers":"x"}}`, 400, []string{`azud.sql.workers`}},
		{"a session that is no UUID", `{"sql":"SELECT 1","session":"mine"}`, 400, []string{`no id of a session`}},
		{"an unknown output", `{"sql":"SELECT 1","output":"xml"}`, 400, []string{`choose table, json, csv or markdown`}},
		{"not JSON", `SELECT 1`, 400, []string{`the body is not`}},
		{"no body", ``, 400, []string{`the body is empty`}},
		{"an unknown member", `{"query":"SELECT 1"}`, 400, []string{`unknown field`}},
		{"two values", `{"sql":"SELECT 1"}{"sql":"SELECT 2"}`, 400, []string{`more than one`}},
		{"too large", `{"sql":"` + strings.Repeat("x", maxBody) + `"}`, 413, []string{`larger than 4194304 bytes`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := s.do("POST", "/api/v1/sql", c.body, "Content-Type", "application/json")
			kind := "application/x-ndjson"
			if c.status != 200 {
				kind = "application/problem+json"
			}
			if a.StatusCode != c.status || a.Header.Get("Content-Type") != kind {
				t.Fatalf("%d %s: %s", a.StatusCode, a.Header.Get("Content-Type"), a.body)
			}
			var lines []string
			for line := range strings.Lines(a.body) {
				if !json.Valid([]byte(line)) {
					t.Errorf("not JSON: %s", line)
				}
				lines = append(lines, line)
			}
			if len(lines) != len(c.want) {
				t.Fatalf("%d lines: %s", len(lines), a.body)
			}
			for i, want := range c.want {
				if !strings.Contains(strings.ReplaceAll(lines[i], `\u003e`, ">"), want) {
					t.Errorf("line %d is %s", i+1, lines[i])
				}
			}
		})
	}
}

// TestOnlyTheTokenReachesFiles: a request of another user of the machine, who cannot read the data
// directory, must not read the files of the one whose process it is.
func TestOnlyTheTokenReachesFiles(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.txt"), []byte("hola\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := openSite(t)
	body := `{"sql":"SELECT value FROM text.` + "`a.txt`" + `","dir":"` + dir + `"}`
	for _, c := range []struct{ name, token, has string }{
		{"no token", "", "FILES_NOT_ALLOWED"}, {"another", "0123456789abcdee", "FILES_NOT_ALLOWED"}, {"the token", siteToken, `[["hola"]]`},
	} {
		headers := []string{"Content-Type", "application/json"}
		if c.token != "" {
			headers = append(headers, "Azud-Token", c.token)
		}
		if a := s.do("POST", "/api/v1/sql", body, headers...); !strings.Contains(a.body, c.has) {
			t.Errorf("%s: %s", c.name, a.body)
		}
	}
}
