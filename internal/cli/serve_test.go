package cli

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// http asks a path of a daemon's console.
func (p *process) ask(method, path, body string, header ...string) (status int, text string) {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), method, "http://"+p.http+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	tr := &http.Transport{DisableKeepAlives: true}
	resp, err := tr.RoundTrip(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	all, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return resp.StatusCode, string(all)
}

// Prometheus reads /metrics; dashboards made for kafka-exporter find its names.
func TestMetrics(t *testing.T) {
	p := up(t, t.TempDir(), nil, "--no-pipelines")
	azud(t, p.data, "", "topic", "create", "a", "-p", "2")
	azud(t, p.data, "1\n2\n3\n", "produce", "a", "-p", "1")
	azud(t, p.data, "", "consume", "a", "-g", "g", "--from-beginning", "-n", "1")
	status, text := p.ask("GET", "/metrics", "")
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if status != 200 || err != nil {
		t.Fatal(status, err)
	}
	value := func(name string, labels ...string) float64 {
		t.Helper()
		f := families[name]
		for _, m := range f.GetMetric() {
			got := map[string]string{}
			for _, l := range m.GetLabel() {
				got[l.GetName()] = l.GetValue()
			}
			same := len(got)*2 == len(labels)
			for i := 0; i < len(labels); i += 2 {
				same = same && got[labels[i]] == labels[i+1]
			}
			if same && f.GetHelp() != "" {
				return m.GetGauge().GetValue() + m.GetCounter().GetValue()
			}
		}
		t.Errorf("there is no %s%q", name, labels)
		return -1
	}
	for _, c := range []struct {
		name   string
		labels []string
		want   float64
	}{
		{"kafka_brokers", nil, 1},
		{"kafka_topic_partitions", []string{"topic", "a"}, 2},
		{"kafka_topic_partition_current_offset", []string{"topic", "a", "partition", "1"}, 3},
		{"kafka_topic_partition_current_offset", []string{"topic", "a", "partition", "0"}, 0},
		{"kafka_topic_partition_oldest_offset", []string{"topic", "a", "partition", "1"}, 0},
		{"kafka_topic_partition_leader", []string{"topic", "a", "partition", "1"}, 1},
		{"kafka_topic_partition_replicas", []string{"topic", "a", "partition", "1"}, 1},
		{"kafka_topic_partition_in_sync_replica", []string{"topic", "a", "partition", "1"}, 1},
		{"kafka_topic_partition_leader_is_preferred", []string{"topic", "a", "partition", "1"}, 1},
		{"kafka_topic_partition_under_replicated_partition", []string{"topic", "a", "partition", "1"}, 0},
		{"kafka_consumergroup_current_offset", []string{"consumergroup", "g", "topic", "a", "partition", "1"}, 1},
		{"kafka_consumergroup_current_offset_sum", []string{"consumergroup", "g", "topic", "a"}, 1},
		{"kafka_consumergroup_lag", []string{"consumergroup", "g", "topic", "a", "partition", "1"}, 2},
		{"kafka_consumergroup_lag_sum", []string{"consumergroup", "g", "topic", "a"}, 2},
		{"kafka_consumergroup_members", []string{"consumergroup", "g"}, 0},
		{"azud_topic_records_in_total", []string{"topic", "a"}, 3},
		{"azud_topic_partition_stopped", []string{"topic", "a", "partition", "1"}, 0},
	} {
		if got := value(c.name, c.labels...); got != c.want {
			t.Errorf("%s%q is %v instead of %v", c.name, c.labels, got, c.want)
		}
	}
	if families["go_goroutines"] == nil || families["process_resident_memory_bytes"] == nil {
		t.Error("the process says nothing of itself")
	}
	p.interrupt()
}

// The schema registry answers at the root and below /registry, and not to pages of others.
func TestRegistryOnTheConsole(t *testing.T) {
	p := up(t, t.TempDir(), nil, "--no-pipelines")
	const own, schema = "application/vnd.schemaregistry.v1+json", `{"schema":"\"string\""}`
	for _, c := range []struct {
		method, path, body string
		header             []string
		status             int
		say                string
	}{
		{"GET", "/subjects", "", nil, 200, `[]`},
		{"POST", "/subjects/a-value/versions", schema, []string{"Content-Type", own}, 200, `"id":1`},
		{"POST", "/registry/subjects/a-value/versions", schema, []string{"Content-Type", "application/json"}, 200, `"id":1`},
		{"POST", "/subjects/con%2Fbarra/versions", schema, []string{"Content-Type", own}, 200, `"id":1`},
		{"GET", "/subjects", "", nil, 200, `["a-value","con/barra"]`},
		{"GET", "/registry/subjects/con%2Fbarra/versions/latest", "", nil, 200, `"subject":"con/barra"`},
		{"GET", "/registry/schemas/ids/1", "", nil, 200, `\"string\"`},
		{"GET", "/schemas/types", "", nil, 200, `AVRO`},
		{"PUT", "/config", `{"compatibility":"FULL"}`, nil, 200, `FULL`},
		{"PUT", "/registry/config/a-value", `{"compatibility":"NONE"}`, nil, 200, `NONE`},
		{"GET", "/config", "", nil, 200, `FULL`},
		{"GET", "/mode", "", nil, 200, `READWRITE`},
		{"GET", "/subjects/nada/versions", "", nil, 404, `"error_code":40401`},
		{"POST", "/compatibility/subjects/a-value/versions/latest", schema, []string{"Content-Type", own}, 200, `true`},
		{"DELETE", "/subjects/con%2Fbarra", "", nil, 200, `[1]`},
		{"DELETE", "/registry/subjects/a-value/versions/1", "", nil, 200, `1`},
		{"GET", "/subjects", "", nil, 200, `[]`},
		{"GET", "/subjects", "", []string{"Origin", "http://evil.example"}, 403, ``},
		{"PUT", "/config", `{"compatibility":"NONE"}`, []string{"Origin", "http://evil.example"}, 403, ``},
		{"DELETE", "/subjects/a-value", "", []string{"Sec-Fetch-Site", "cross-site"}, 403, ``},
		{"POST", "/subjects/a-value/versions", schema, []string{"Content-Type", "text/plain"}, 415, ``},
		{"GET", "/registry", "", nil, 0, ``},
	} {
		status, text := p.ask(c.method, c.path, c.body, c.header...)
		if c.status != 0 && status != c.status || !strings.Contains(text, c.say) {
			t.Errorf("%s %s: %d %s", c.method, c.path, status, text)
		}
	}
	if r := azud(t, p.data, "", "topic", "describe", "_schemas"); !strings.Contains(r.out, "cleanup.policy=compact") {
		t.Error(r)
	}
	p.interrupt()
	// They are there after a restart.
	p = up(t, p.dir, nil, "--no-pipelines")
	if status, text := p.ask("GET", "/config", ""); status != 200 || !strings.Contains(text, "FULL") {
		t.Error(status, text)
	}
	p.interrupt()
}
