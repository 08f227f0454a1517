package web

import (
	"fmt"
	"net"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
)

func TestRecordsFromTheEarliest(t *testing.T) {
	s := openSite(t)
	s.createTopic("sismos", 3)
	s.produce("sismos", 0, `{"a": 1}`, `null`)
	s.produce("sismos", 2, "{\"a\":\n \"<b>\"}", "no json\n\nevent: evil")
	r := s.events("topic=sismos&from=earliest", "")
	var got []record
	for len(got) < 4 {
		e := r.next("records")
		var d struct {
			Topic   string
			Records []record
		}
		decode(t, e.data, &d)
		if e.id == "" || d.Topic != "sismos" {
			t.Errorf("event %+v", e)
		}
		got = append(got, d.Records...)
	}
	slices.SortFunc(got, func(a, b record) int { return int(a.Partition-b.Partition)*100 + int(a.Offset-b.Offset) })
	want := []string{`0/0 {"a":1}`, `0/1 null`, `2/0 {"a":"\u003cb\u003e"}`, `2/1 null no json` + "\n\nevent: evil"}
	for i, rec := range got {
		text := fmt.Sprintf("%d/%d %s", rec.Partition, rec.Offset, rec.Value)
		if rec.Raw != nil {
			text += " " + *rec.Raw
		}
		if text != want[i] || *rec.Key != "k" || time.Since(time.UnixMilli(rec.Timestamp)) > time.Hour {
			t.Errorf("record %s instead of %s", text, want[i])
		}
	}
	s.produce("sismos", 1, `7`)
	if got := r.records(1); got[0] != "1/0=7" {
		t.Error(got)
	}
}

func TestRecordsFromTheLatest(t *testing.T) {
	s := openSite(t)
	s.createTopic("sismos", 3)
	s.produce("sismos", 0, `1`, `2`)
	for _, query := range []string{"topic=sismos", "topic=sismos&from=latest"} {
		r := s.events(query, "")
		first := r.next("") // its positions, before any record
		s.produce("sismos", 1, `3`)
		if got := r.records(1); !strings.HasSuffix(got[0], "=3") {
			t.Error(got)
		}
		r.close()
		// What came after a connection that broke before its first record is not lost.
		s.produce("sismos", 0, `4`)
		got := s.events(query, first.id).records(2)
		slices.Sort(got)
		if !strings.HasPrefix(got[0], "0/") || !strings.HasSuffix(got[0], "=4") || !strings.HasSuffix(got[1], "=3") {
			t.Error(got)
		}
	}
}

// A stream that breaks at any event goes on there: nothing twice, nothing lost, in partitions
// seen before and not.
func TestRecordsResume(t *testing.T) {
	s := openSite(t)
	s.createTopic("sismos", 3)
	s.createTopic("otra", 1)
	const query = "topic=sismos&topic=otra&from=earliest"
	var want, got []string
	id := ""
	for round := range 5 {
		for p := range int32(3) {
			if round >= int(p) { // partitions 1 and 2 have their first record later
				s.produce("sismos", p, fmt.Sprint(round))
				want = append(want, fmt.Sprintf("%d/%d=%d", p, round-int(p), round))
			}
		}
		n := min(round+1, 3)
		if round == 3 {
			s.produce("otra", 0, `"otra"`)
			want, n = append(want, `0/0="otra"`), n+1
		}
		r := s.events(query, id)
		got = append(got, r.records(n)...)
		id = r.lastID
		r.close()
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(want, got) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func TestRecordsOfATopicThatComesLater(t *testing.T) {
	s := openSite(t)
	r := s.events("topic=lecturas&topic=nueva", "") // while another one is waited for
	r.next("")
	s.createTopic("nueva", 2)
	s.produce("nueva", 1, `1`)
	if got := r.records(1); got[0] != "1/0=1" {
		t.Error(got)
	}
}

// A topic made anew, or one of a broker that keeps nothing, is not the one of the positions.
func TestRecordsOfATopicMadeAnew(t *testing.T) {
	s := openSite(t)
	s.createTopic("sismos", 1)
	s.produce("sismos", 0, `1`, `2`, `3`)
	r := s.events("topic=sismos&from=earliest", "")
	r.records(3)
	r.close()
	if _, err := kadm.NewClient(s.kafka).DeleteTopics(t.Context(), "sismos"); err != nil {
		t.Fatal(err)
	}
	s.kafka.PurgeTopicsFromClient("sismos")
	s.createTopic("sismos", 1)
	s.produce("sismos", 0, `4`, `5`)
	got := s.events("topic=sismos&from=earliest", r.lastID).records(2)
	if !slices.Equal(got, []string{"0/0=4", "0/1=5"}) {
		t.Error(got)
	}
}

func TestEventsThatCannotBe(t *testing.T) {
	s := openSite(t)
	for _, c := range []struct{ query, id, say string }{
		{"topic=x&from=yesterday", "", "from is earliest or latest"},
		{strings.Repeat("topic=x&", 5) + strings.Repeat("table=x&", 4), "", "at most 8"},
		{"topic=x", "nonsense!", "Last-Event-ID"},
		{"topic=x", "bnVsbA", "Last-Event-ID"}, // null
		{"topic=x", positions{"x": {"", map[int32]int64{0: -2}}}.encode(), "Last-Event-ID"},
	} {
		a := s.get("/api/v1/events?"+c.query, "Last-Event-ID", c.id)
		if a.StatusCode != 400 || !strings.Contains(a.body, c.say) {
			t.Errorf("%+v: %d %s", c, a.StatusCode, a.body)
		}
	}
}

func TestStatesChange(t *testing.T) {
	s := openSite(t)
	r := s.events("flows=1&topics=1&status=1", "")
	seen := map[string]string{}
	for len(seen) < 3 {
		e := <-r.events
		if _, twice := seen[e.kind]; !twice {
			seen[e.kind] = e.data
		}
	}
	if !strings.Contains(seen["status"], `"name":"azud"`) || !strings.Contains(seen["flows"], `"cuenta"`) || !strings.Contains(seen["topics"], `"lecturas"`) {
		t.Fatal(seen)
	}
	s.produceAndWait()
	for !strings.Contains(r.next("flows").data, `"inputRows":3`) {
	}
	r = s.events("topics=1", "")
	if e := r.next("topics"); !strings.Contains(e.data, `"name":"lecturas","partitions":2,"records":3`) {
		t.Error(e)
	}
}

func TestTableChanges(t *testing.T) {
	s := openSite(t)
	r := s.events("table=resumen&table=nada", "")
	for i := range 3 {
		s.produce("lecturas", 0, `{"id":"a","valor":1}`)
		want := fmt.Sprintf(`"rows":[["a",%d]]`, i+1)
		for {
			e := r.next("table")
			if !strings.Contains(e.data, `"name":"resumen"`) {
				t.Fatal(e)
			}
			if strings.Contains(e.data, want) {
				break
			}
		}
	}
}

func TestClientsThatGoLeaveNothing(t *testing.T) {
	s := openSite(t)
	s.createTopic("sismos", 3)
	s.produce("sismos", 0, `1`)
	s.events("topic=sismos&from=earliest", "").close() // what the first one starts for all
	var before int
	eventually(t, "the first client is gone", func() bool { before = runtime.NumGoroutine(); return before < 150 })
	var clients []*reader
	for range 20 {
		clients = append(clients, s.events("topic=sismos&from=earliest&table=resumen&flows=1&topics=1&status=1", ""))
	}
	for _, r := range clients {
		r.next("records")
		r.close()
	}
	eventually(t, "their goroutines end", func() bool { return runtime.NumGoroutine() <= before })
}

func TestManyClientsGetEverything(t *testing.T) {
	s := openSite(t)
	s.createTopic("sismos", 3)
	const clients, records = 30, 60
	var ready, done sync.WaitGroup
	ready.Add(clients)
	for range clients {
		r := s.events("topic=sismos", "")
		done.Go(func() {
			r.next("")
			ready.Done()
			got := r.records(records)
			slices.Sort(got)
			if len(slices.Compact(got)) != records {
				t.Errorf("a client got only %d of %d records", len(got), records)
			}
		})
	}
	ready.Wait()
	for i := range records {
		s.produce("sismos", int32(i%3), fmt.Sprint(i))
	}
	done.Wait()
}

// stall opens a stream and reads nothing of it.
func (s *site) stall(query string) net.Conn {
	s.t.Helper()
	conn, err := net.Dial("tcp", s.srv.Addr())
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { conn.Close() })
	fmt.Fprintf(conn, "GET /api/v1/events?%s HTTP/1.1\r\nHost: localhost\r\n\r\n", query)
	return conn
}

func TestASlowClientHoldsUpNobody(t *testing.T) {
	s := openSite(t)
	s.createTopic("sismos", 1)
	big := `"` + strings.Repeat("x", 500_000) + `"`
	slow := s.stall("topic=sismos&from=earliest")
	r := s.events("topic=sismos&from=earliest", "")
	const records = 20 // more than any socket buffer holds
	for range records {
		s.produce("sismos", 0, big)
	}
	r.records(records)
	if a := s.get("/api/v1/status"); a.StatusCode != http.StatusOK {
		t.Error(a)
	}
	closeSoon(t, s)
	slow.Close()
}

// closeSoon closes the server and fails if it does not end.
func closeSoon(t *testing.T, s *site) {
	t.Helper()
	over := make(chan error, 1)
	go func() { over <- s.srv.Close() }()
	select {
	case err := <-over:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(patience):
		t.Fatal("the server does not close")
	}
}

func TestCloseEndsStreamsAndQueries(t *testing.T) {
	s := openSite(t)
	s.createTopic("sismos", 1)
	var streams []*reader
	for range 5 {
		r := s.events("topic=sismos&table=resumen&flows=1", "")
		r.next("flows")
		streams = append(streams, r)
	}
	half := s.stall("") // a request that has not been sent to its end
	closeSoon(t, s)
	for _, r := range streams {
		for range r.events { // ends when the stream does
		}
	}
	if conn, err := net.Dial("tcp", s.srv.Addr()); err == nil {
		conn.Close()
		t.Error("the port is still open")
	}
	half.Close()
	if !s.srv.requests.closed || s.srv.requests.enter() {
		t.Error("requests are still let in")
	}
	if err := s.srv.Close(); err != nil { // again
		t.Error(err)
	}
}

// TestStreamsAreBounded: beyond the bound a stream is refused, until one ends.
func TestStreamsAreBounded(t *testing.T) {
	s := openSite(t)
	var open []*reader
	for range maxStreams {
		open = append(open, s.events("status=1", ""))
	}
	a := s.get("/api/v1/events?status=1")
	if a.StatusCode != http.StatusServiceUnavailable || a.Header.Get("Retry-After") == "" ||
		a.Header.Get("Content-Type") != "application/problem+json" || !strings.Contains(string(a.body), "64 streams") {
		t.Fatalf("%d %v %s", a.StatusCode, a.Header, a.body)
	}
	open[0].close()
	eventually(t, "the place of the one that ended is free", func() bool { return s.srv.streams.Load() < maxStreams })
	s.events("status=1", "").next("status")
}
