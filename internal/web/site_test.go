package web

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/azud/azud/internal/broker/brokertest"
	"github.com/azud/azud/internal/engine"
	"github.com/azud/azud/internal/sys"
)

// patience fails a test that waits for what does not come.
const patience = 20 * time.Second

const pipelineSQL = `
CREATE TABLE lecturas (id STRING, valor DOUBLE)
USING kafka OPTIONS (subscribe 'lecturas', startingOffsets 'earliest', format 'json');
CREATE TABLE resumen USING memory OPTIONS (outputMode 'update', key 'id');
CREATE FLOW cuenta AS INSERT INTO resumen BY NAME
SELECT id, count(*) AS n FROM STREAM lecturas GROUP BY id;
`

// site is a console over a real broker and engine, all in memory.
type site struct {
	t      *testing.T
	srv    *Server
	broker *brokertest.Server
	kafka  *kgo.Client
	url    string
}

func openSite(t *testing.T) *site {
	t.Helper()
	s := sys.Real()
	s.Out, s.Err = io.Discard, io.Discard
	log := func(line string) {
		if t.Context().Err() == nil {
			t.Log(line)
		}
	}
	b := brokertest.Start(t)
	e, err := engine.Open(engine.Config{Sys: s, FS: vfs.NewMem(), Embedded: b, Kafka: b.Addr(), Version: "test", Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	folder := fstest.MapFS{
		"spark-pipeline.yml": {Data: []byte("name: prueba\n")},
		"todo.sql":           {Data: []byte(pipelineSQL)},
	}
	p, err := engine.LoadPipeline(folder, ".", "prueba", s.Env)
	if err == nil {
		err = e.Add(t.Context(), p)
	}
	if err != nil {
		t.Fatal(err)
	}
	srv, err := Listen(Config{Sys: s, Addr: "127.0.0.1:0", Data: "(memory)", Version: "test", Token: siteToken, Log: log, Topics: func() []Topic {
		var out []Topic
		for _, i := range b.Topics() {
			out = append(out, Topic{Name: i.Name, Partitions: i.Partitions, Records: i.Records, Bytes: &i.Bytes, Internal: i.Internal})
		}
		return out
	}})
	if err != nil {
		t.Fatal(err)
	}
	srv.Serve(e, b.Addr())
	t.Cleanup(func() { srv.Close() })
	cl, err := kgo.NewClient(kgo.SeedBrokers(b.Addr()), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cl.Close)
	st := &site{t, srv, b, cl, "http://" + srv.Addr()}
	st.createTopic("lecturas", 2)
	e.StartAll()
	return st
}

func (s *site) createTopic(name string, partitions int32) {
	s.t.Helper()
	if _, err := kadm.NewClient(s.kafka).CreateTopic(s.t.Context(), partitions, 1, nil, name); err != nil {
		s.t.Fatal(err)
	}
}

// produce appends values to one partition.
func (s *site) produce(topic string, partition int32, values ...string) {
	s.t.Helper()
	for _, v := range values {
		r := &kgo.Record{Topic: topic, Partition: partition, Key: []byte("k"), Value: []byte(v)}
		if err := s.kafka.ProduceSync(s.t.Context(), r).FirstErr(); err != nil {
			s.t.Fatal(err)
		}
	}
}

// answer is a response with its body.
type answer struct {
	*http.Response
	body string
}

func (s *site) do(method, path, body string, headers ...string) answer {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		if req.Header.Set(headers[i], headers[i+1]); headers[i] == "Host" {
			req.Host = headers[i+1]
		}
	}
	tr := &http.Transport{DisableCompression: true, DisableKeepAlives: true}
	resp, err := tr.RoundTrip(req) // unlike a client it follows nothing
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer{resp, string(data)}
}

func (s *site) get(path string, headers ...string) answer {
	s.t.Helper()
	return s.do("GET", path, "", headers...)
}

// event is one server-sent event; one with only an id has no kind.
type event struct{ id, kind, data string }

// reader reads a stream of events.
type reader struct {
	t      *testing.T
	events chan event // closed at the end of the stream
	close  context.CancelFunc
	lastID string
}

func (s *site) events(query, lastID string) *reader {
	s.t.Helper()
	ctx, cancel := context.WithCancel(s.t.Context())
	req, err := http.NewRequestWithContext(ctx, "GET", s.url+"/api/v1/events?"+query, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	if lastID != "" {
		req.Header.Set("Last-Event-ID", lastID)
	}
	tr := &http.Transport{DisableKeepAlives: true}
	resp, err := tr.RoundTrip(req)
	if err != nil {
		s.t.Fatal(err)
	}
	if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "text/event-stream" {
		s.t.Fatalf("%d %s", resp.StatusCode, resp.Header.Get("Content-Type"))
	}
	r := &reader{t: s.t, events: make(chan event), close: cancel, lastID: lastID}
	go func() {
		defer close(r.events)
		defer resp.Body.Close()
		var e event
		for in := bufio.NewReader(resp.Body); ; {
			line, err := in.ReadString('\n')
			if err != nil {
				return
			}
			name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
			switch name {
			case "id":
				e.id = value
			case "event":
				e.kind = value
			case "data":
				e.data = value
			case "":
				if e != (event{}) {
					select {
					case r.events <- e:
					case <-ctx.Done():
						return
					}
				}
				e = event{}
			}
		}
	}()
	s.t.Cleanup(cancel)
	return r
}

// next is the next event of a kind.
func (r *reader) next(kind string) event {
	r.t.Helper()
	late := time.After(patience)
	for {
		select {
		case e, ok := <-r.events:
			if !ok {
				r.t.Fatalf("the stream ended before an event %q", kind)
			}
			if e.id != "" {
				r.lastID = e.id
			}
			if e.kind == kind {
				return e
			}
		case <-late:
			r.t.Fatalf("no event %q came", kind)
		}
	}
}

// records reads until n records have come and gives them as partition/offset=value.
func (r *reader) records(n int) []string {
	r.t.Helper()
	var out []string
	for len(out) < n {
		var d struct{ Records []record }
		decode(r.t, r.next("records").data, &d)
		for _, rec := range d.Records {
			out = append(out, fmt.Sprintf("%d/%d=%s", rec.Partition, rec.Offset, rec.Value))
		}
	}
	if len(out) > n {
		r.t.Fatalf("%d records instead of %d: %v", len(out), n, out)
	}
	return out
}

func decode(t *testing.T, text string, into any) {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader([]byte(text)))
	if err := dec.Decode(into); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
}

// eventually waits until a condition holds.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatal("not within reason: " + what)
}

// siteToken is the one of the test's data directory.
const siteToken = "0123456789abcdef"
