package http_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/connector/conformance"
	httpconn "github.com/azud/azud/internal/connector/http"
	"github.com/azud/azud/test/replay/feed"
)

func TestTroubleIsShownAndPollingGoesOn(t *testing.T) {
	for name, c := range map[string]struct {
		answer  http.HandlerFunc
		options connector.Options
		want    string
		rejects bool
	}{
		"500":           {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }, nil, "[HTTP_STATUS] polling URL: the server answered 500 Internal Server Error", false},
		"404":           {http.NotFound, nil, "[HTTP_STATUS] polling URL: the server answered 404 Not Found", false},
		"cut":           {cut, nil, "[HTTP_UNAVAILABLE] reading the body of URL: unexpected EOF", false},
		"invalid":       {body(`{"rows":[{"id":"z"`), nil, "[HTTP_MALFORMED_BODY] the body of URL: unexpected end of JSON input", true},
		"HTML":          {body(`<html>`), nil, "[HTTP_MALFORMED_BODY] the body of URL: invalid character '<' looking for beginning of value", true},
		"empty":         {body(""), nil, "[HTTP_MALFORMED_BODY] the body of URL: unexpected end of JSON input", true},
		"no rows":       {body(`{"row":[]}`), nil, `[HTTP_MALFORMED_BODY] the body of URL: it has no "rows" at the place that rows names`, true},
		"no deep rows":  {body(`{"a":{"b":3}}`), connector.Options{"rows": "a.b.c"}, `[HTTP_MALFORMED_BODY] the body of URL: it has no "c" at the place that rows names`, true},
		"not an array":  {body(`{"rows":{}}`), nil, "[HTTP_MALFORMED_BODY] the body of URL: rows is not an array", true},
		"null for rows": {body(`{"rows":null}`), nil, "[HTTP_MALFORMED_BODY] the body of URL: rows is not an array", true},
		"too long":      {body(`{"rows":[]}` + strings.Repeat(" ", 100)), connector.Options{"maxBytes": "100"}, "[HTTP_MALFORMED_BODY] the body of URL: longer than maxBytes, 100", true},
		"slow":          {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, connector.Options{"timeout": "50 milliseconds"}, "Client.Timeout exceeded", false},
	} {
		t.Run(name, func(t *testing.T) {
			w := conformance.NewWorld(t)
			srv := newWeb(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("ETag", `"bad"`)
				c.answer(w, r)
			})
			p := start(t, w, srv.URL, c.options)
			p.want()
			p.trouble(strings.ReplaceAll(c.want, "URL", srv.URL))
			if got := w.Reporter.Rejects(); len(got) > 0 != c.rejects {
				t.Errorf("rejects %q", got)
			}
			if p.pause < time.Second || p.pause > 1100*time.Millisecond {
				t.Errorf("the first pause is %v", p.pause)
			}
			good := ids("a")
			if c.options["rows"] != "" {
				good = body(`{"a":{"b":{"c":[{"id":"a","v":0}]}}}`)
			}
			srv.now(good)
			p.again().want("a | 0")
			if p.trouble(""); p.pause != 30*time.Second || srv.header(1, "If-None-Match") != "" {
				t.Errorf("then: pause %v, ETag %q", p.pause, srv.header(1, "If-None-Match"))
			}
		})
	}
}

func cut(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "1000")
	fmt.Fprint(w, `{"rows":[{"id":"z"}`)  //nolint:errcheck // it is to break anyway
	http.NewResponseController(w).Flush() //nolint:errcheck // it is to break anyway
	panic(http.ErrAbortHandler)
}

func TestPausesGrow(t *testing.T) {
	for interval, want := range map[string][]time.Duration{
		"30 seconds":       {1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000},
		"10 minutes":       {1000, 2000, 4000, 8000, 16000, 32000, 64000, 128000, 256000, 512000, 600000, 600000},
		"200 milliseconds": {200, 400, 800, 1600},
	} {
		w := conformance.NewWorld(t)
		srv := newWeb(t, http.NotFound)
		p := start(t, w, srv.URL, connector.Options{"interval": interval})
		for i, d := range want {
			d *= time.Millisecond
			if p.pause < d || p.pause > d+d/10+1 {
				t.Errorf("%s: pause %d is %v, want %v and up to a tenth", interval, i, p.pause, d)
			}
			p.again()
		}
		p.Close() //nolint:errcheck // asserted elsewhere
	}
}

func TestRetryAfterIsKept(t *testing.T) {
	w := conformance.NewWorld(t)
	for value, want := range map[string]time.Duration{
		"120": 2 * time.Minute, "999999999999": 10 * time.Minute, "5000": 10 * time.Minute, "0": time.Second, "-7": time.Second, "soon": time.Second,
		w.Clock.Now().Add(5 * time.Minute).Format(http.TimeFormat): 5 * time.Minute,
		w.Clock.Now().Add(-time.Hour).Format(http.TimeFormat):      time.Second,
	} {
		srv := newWeb(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", value)
			w.WriteHeader(http.StatusTooManyRequests)
		})
		w := conformance.NewWorld(t)
		p := start(t, w, srv.URL, nil)
		if p.pause < want || p.pause > want+want/10 {
			t.Errorf("Retry-After %s: %v, want %v", value, p.pause, want)
		}
	}
}

func TestWhatCannotBeKeptComesAgain(t *testing.T) {
	w := conformance.NewWorld(t)
	srv := newWeb(t, func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("ETag", `"v1"`)
		ids("a")(rw, r)
	})
	w.Journal.FailAppend(errors.New("disk full"))
	p := start(t, w, srv.URL, nil)
	p.want()
	p.trouble("[HTTP_JOURNAL] keeping a poll of feed: disk full")
	w.Journal.FailAppend(nil)
	p.again().want("a | 0")
	if p.trouble(""); srv.header(1, "If-None-Match") != "" {
		t.Error("it asked with the ETag of what it could not keep")
	}
}

// A defect met by a poll is shown and logged, and the next poll comes.
func TestADefectDoesNotEndTheProcess(t *testing.T) {
	w := conformance.NewWorld(t)
	srv := newWeb(t, ids("a"))
	env, c := w.Env(), httpconn.Connector("test")
	env.Journal = &brokenJournal{Journal: w.Journal}
	o := connector.Options{"url": srv.URL, "rows": "rows", "key": "id"}
	s, err := c.Source(t.Context(), env, connector.Table{Name: "feed", Columns: columns, Options: o, Stream: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // the end of the test
	p := &poller{s, t, w, "", w.Clock.Asleep(t)}
	p.trouble("[INTERNAL_ERROR] polling for feed failed unexpectedly: a defect")
	if logs := w.Reporter.Logs(); len(logs) != 1 || !strings.Contains(logs[0], "a defect\n") || !strings.Contains(logs[0], "trouble_test.go") {
		t.Errorf("logged %q", logs)
	}
	p.again().want("a | 0")
	p.trouble("")
}

// brokenJournal panics at its first Append.
type brokenJournal struct {
	connector.Journal
	asked bool
}

func (j *brokenJournal) Append(e []byte) (int64, error) {
	if !j.asked {
		j.asked = true
		panic("a defect")
	}
	return j.Journal.Append(e)
}

func TestCloseDuringARequestIsPrompt(t *testing.T) {
	w := conformance.NewWorld(t)
	asked := make(chan struct{})
	srv := newWeb(t, func(_ http.ResponseWriter, r *http.Request) {
		close(asked)
		<-r.Context().Done()
	})
	s, err := source(t, w, srv.URL, connector.Options{"timeout": "10 minutes"})
	if err != nil {
		t.Fatal(err)
	}
	<-asked
	closed := make(chan error)
	go func() { closed <- s.Close() }()
	select {
	case err := <-closed:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(5 * time.Second):
		t.Error("Close waits for the server")
	}
	if got := w.Reporter.Troubles(); len(got) > 0 {
		t.Errorf("the end is shown as trouble: %q", got)
	}
}

// A feed with every kind of trouble between its files: each id once, in the order of the
// files, although the source is closed and opened again in the middle.
func TestReplayedFeedWithTroubles(t *testing.T) {
	var files []feed.File
	var want []string
	for i := range 9 {
		var rows []string
		for id := max(0, i*2-3); id < i*2+2; id++ {
			rows = append(rows, fmt.Sprintf(`{"id":"e%d","v":%d}`, id, id))
		}
		files = append(files, feed.File{Name: fmt.Sprintf("f%d", i), Body: []byte(`{"rows":[` + strings.Join(rows, ",") + `]}`)})
	}
	for id := range 18 {
		want = append(want, fmt.Sprintf("e%d | %d", id, id))
	}
	for name, restart := range map[string]int{"straight": 1000, "restarted": 3} {
		t.Run(name, func(t *testing.T) {
			w := conformance.NewWorld(t)
			replay := feed.New(feed.Steps(files, true), false)
			srv := httptest.NewServer(replay)
			t.Cleanup(srv.Close)
			var got []string
			p := start(t, w, srv.URL+"/feed.geojson", nil)
			for n := 1; !replay.Status().Done; n++ {
				if n > 200 {
					t.Fatalf("stuck at %+v", replay.Status())
				}
				got = append(got, p.rows()...)
				if n%restart != 0 {
					p.again()
					continue
				}
				if err := p.Close(); err != nil {
					t.Fatal(err)
				}
				from := p.from
				p = start(t, w, srv.URL+"/feed.geojson", nil)
				p.from = from
			}
			if got = append(got, p.rows()...); !slices.Equal(got, want) {
				t.Errorf("rows %q", got)
			}
			if st := replay.Status(); st.Skipped > 0 {
				t.Errorf("it kept the ETag of a body that it could not use: %+v", st)
			}
		})
	}
}
