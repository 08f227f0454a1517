package http_test

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/connector/conformance"
	httpconn "github.com/azud/azud/internal/connector/http"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
)

var columns = types.Schema{{Name: "id", Type: types.StringType, Nullable: true}, {Name: "v", Type: types.LongType, Nullable: true}}

// web answers polls as told, and remembers how it was asked.
type web struct {
	*httptest.Server
	mu     sync.Mutex
	answer http.HandlerFunc
	asked  []http.Header
}

func newWeb(t *testing.T, answer http.HandlerFunc) *web {
	w := &web{answer: answer}
	w.Server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		w.asked = append(w.asked, r.Header.Clone())
		answer := w.answer
		w.mu.Unlock()
		answer(rw, r)
	}))
	t.Cleanup(w.Close)
	return w
}

func (w *web) now(answer http.HandlerFunc) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answer = answer
}

func (w *web) header(i int, name string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.asked[i].Get(name)
}

func body(s string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, s) } //nolint:errcheck // the client is gone
}

// ids is a body of rows {"rows":[{"id":…,"v":…}]}.
func ids(list ...string) http.HandlerFunc {
	var rows []string
	for i, id := range list {
		rows = append(rows, fmt.Sprintf(`{"id":%q,"v":%d}`, id, i))
	}
	return body(`{"rows":[` + strings.Join(rows, ",") + `]}`)
}

func source(t *testing.T, w *conformance.World, url string, more connector.Options) (connector.Source, error) {
	t.Helper()
	o := connector.Options{"url": url, "rows": "rows", "key": "id"}
	for k, v := range more {
		if v == "" {
			delete(o, k)
		} else {
			o[k] = v
		}
	}
	c := httpconn.Connector("test")
	if err := c.Check(o); err != nil {
		return nil, err
	}
	return c.Source(t.Context(), w.Env(), connector.Table{Name: "feed", Columns: columns, Options: o, Stream: true})
}

// poller is a source whose polls are taken one at a time.
type poller struct {
	connector.Source
	t     *testing.T
	w     *conformance.World
	from  connector.Offset
	pause time.Duration // after the last poll
}

func start(t *testing.T, w *conformance.World, url string, more connector.Options) *poller {
	t.Helper()
	s, err := source(t, w, url, more)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() }) //nolint:errcheck // may be closed already
	from, err := s.Initial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p := &poller{s, t, w, from, 0}
	p.pause = w.Clock.Asleep(t)
	return p
}

// again lets the time pass until the next poll, and the poll end.
func (p *poller) again() *poller {
	p.t.Helper()
	p.w.Clock.Advance(p.pause)
	p.pause = p.w.Clock.Asleep(p.t)
	return p
}

// rows are those that came since the last call.
func (p *poller) rows() []string {
	p.t.Helper()
	to, err := p.Latest(p.t.Context(), p.from, connector.Limit{})
	if err != nil {
		p.t.Fatal(err)
	}
	rows := conformance.Read(p.t, p.Source, p.from, to)
	p.from = to
	return rows
}

func (p *poller) want(rows ...string) {
	p.t.Helper()
	if got := p.rows(); !slices.Equal(got, rows) {
		p.t.Errorf("rows %q, want %q", got, rows)
	}
}

func (p *poller) trouble(want string) {
	p.t.Helper()
	all := p.w.Reporter.Troubles()
	if got := all[len(all)-1]; !strings.Contains(got, want) || want == "" && got != "" {
		p.t.Errorf("trouble %q, want %q", got, want)
	}
}

func TestConforms(t *testing.T) {
	w := conformance.NewWorld(t)
	srv := newWeb(t, ids())
	var list []string
	conformance.Source(t, conformance.SourceCase{
		Coarse: true,
		Make: func(t *testing.T) connector.Source {
			s, err := source(t, w, srv.URL, nil)
			if err != nil {
				t.Fatal(err)
			}
			w.Clock.Asleep(t)
			return s
		},
		More: func(t *testing.T, s connector.Source, n int) {
			for range n {
				list = append(list, fmt.Sprintf("id%d", len(list)))
			}
			srv.now(ids(list...))
			w.Clock.Advance(30 * time.Second)
			w.Clock.Asleep(t)
		},
	})
}

func TestEachKeyComesOnce(t *testing.T) {
	w := conformance.NewWorld(t)
	srv := newWeb(t, ids("a", "b", "a"))
	p := start(t, w, srv.URL, nil)
	p.want("a | 0", "b | 1")
	p.again().want() // the same again
	srv.now(ids("c", "b", "a"))
	p.again().want("c | 0")
	if _, last := w.Journal.Bounds(); last != 2 {
		t.Errorf("%d entries: a poll without news must not be kept", last)
	}
	p.Close() //nolint:errcheck // asserted elsewhere

	next := start(t, w, srv.URL, nil) // a restart
	if next.rows(); len(w.Reporter.Rejects()) > 0 {
		t.Errorf("rejects %q", w.Reporter.Rejects())
	}
	srv.now(ids("a", "b", "c", "d"))
	next.again().want("d | 3")
}

func TestKeysOfAllKinds(t *testing.T) {
	w := conformance.NewWorld(t)
	srv := newWeb(t, body(`{"rows":[{"id":7,"v":1},{"id":"7","v":2},{"v":3},{"id":null,"v":4},{"id":{"x": 1},"v":5},"text",{"id":"z","v":"no"}]}`))
	p := start(t, w, srv.URL, nil)
	p.want("7 | 1", `{"x":1} | 5`, "z | NULL")
	want := []string{
		srv.URL + `: the key is missing or null: {"v":3}`,
		srv.URL + `: the key is missing or null: {"id":null,"v":4}`,
		srv.URL + `: not JSON at byte 0: expected an object {…}, found '"': "text"`,
		`feed poll 1 row 2: field v: "no" is not BIGINT: {"id":"z","v":"no"}`,
	}
	if got := w.Reporter.Rejects(); !slices.Equal(got, want) {
		t.Errorf("rejects %q", got)
	}
}

func TestWithoutAKeyEveryPollIsNew(t *testing.T) {
	w := conformance.NewWorld(t)
	srv := newWeb(t, body(` {"id":"now","v":1} `))
	p := start(t, w, srv.URL, connector.Options{"key": "", "rows": ""})
	p.want("now | 1")
	p.again().again().want("now | 1", "now | 1")
	srv.now(body("\ufeff" + `[{"id":"x"},{"id":"y"}]`))
	p.again().want("x | NULL", "y | NULL")
	srv.now(body(`[]`))
	p.again().want()
}

func TestETagAndGzip(t *testing.T) {
	w := conformance.NewWorld(t)
	plain := false
	srv := newWeb(t, func(rw http.ResponseWriter, r *http.Request) {
		if r.Header.Get("If-None-Match") == `"v1"` {
			rw.WriteHeader(http.StatusNotModified)
			return
		}
		rw.Header().Set("ETag", `"v1"`)
		if !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			plain = true
		}
		rw.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(rw)
		z.Write([]byte(`{"rows":[{"id":"a","v":1}]}`)) //nolint:errcheck // the client is gone
		z.Close()                                      //nolint:errcheck // the client is gone
	})
	p := start(t, w, srv.URL, nil)
	p.want("a | 1")
	p.again().want()
	if p.trouble(""); plain || srv.header(0, "If-None-Match") != "" || srv.header(1, "If-None-Match") != `"v1"` {
		t.Errorf("asked %v", srv.asked)
	}
	if got := srv.header(0, "User-Agent"); got != "azud/test" {
		t.Errorf("User-Agent %q", got)
	}
	p.Close()                         //nolint:errcheck // asserted elsewhere
	start(t, w, srv.URL, nil).Close() //nolint:errcheck // asserted elsewhere
	if got := srv.header(2, "If-None-Match"); got != `"v1"` {
		t.Errorf("after a restart it asked with %q", got)
	}
	elsewhere := newWeb(t, ids("b"))
	start(t, w, elsewhere.URL, nil)
	if got := elsewhere.header(0, "If-None-Match"); got != "" {
		t.Errorf("another address was asked with %q", got)
	}
}

func TestKeysAreForgottenAfterTheirTime(t *testing.T) {
	w := conformance.NewWorld(t)
	srv := newWeb(t, ids("a"))
	p := start(t, w, srv.URL, connector.Options{"keyRetention": "1 hour", "interval": "10 minutes"})
	ack := func() {
		t.Helper()
		if err := p.Ack(t.Context(), p.from); err != nil {
			t.Fatal(err)
		}
	}
	p.want("a | 0")
	srv.now(ids("b"))
	p.again().want("b | 0") // 10 minutes
	ack()
	for range 4 {
		p.again().want()
	}
	ack() // 50 minutes: all is young
	if first, last := w.Journal.Bounds(); first != 1 || last != 2 {
		t.Fatalf("journal %d to %d", first, last)
	}
	p.again().again() // 70 minutes: a is old; b is, too, but the last entry stays
	ack()
	if first, last := w.Journal.Bounds(); first != 2 || last != 2 {
		t.Fatalf("journal %d to %d", first, last)
	}
	p.want()
	srv.now(ids("a"))
	p.again().want("a | 0")
	ack()
	p.Close() //nolint:errcheck // asserted elsewhere

	next := start(t, w, srv.URL, nil)
	next.from = p.from
	next.want()
	if _, err := next.Plan(t.Context(), `{"poll":0}`, `{"poll":2}`); err == nil || !strings.Contains(errs.Render(err), "polls 1 to 2 of feed were due, but its journal holds 3 to 3\nhint: ") {
		t.Errorf("a range that is gone: %v", err)
	}
	if _, err := next.Latest(t.Context(), `{"poll":9}`, connector.Limit{}); err == nil || !strings.Contains(err.Error(), "ends at poll 3, but the query has read up to 9") {
		t.Errorf("a journal that lost its end: %v", err)
	}
}

// A row that stays in the body comes once, however long it stays, also while the server
// says that nothing has changed.
func TestKeysOfABodyThatStaysAreNotForgotten(t *testing.T) {
	for name, tagged := range map[string]bool{"given again": false, "not modified": true} {
		t.Run(name, func(t *testing.T) {
			w := conformance.NewWorld(t)
			tag := func(v string, list ...string) http.HandlerFunc {
				return func(rw http.ResponseWriter, r *http.Request) {
					if tagged && r.Header.Get("If-None-Match") == v {
						rw.WriteHeader(http.StatusNotModified)
						return
					}
					rw.Header().Set("ETag", v)
					ids(list...)(rw, r)
				}
			}
			srv := newWeb(t, tag(`"1"`, "a", "gone"))
			p := start(t, w, srv.URL, connector.Options{"keyRetention": "1 hour", "interval": "10 minutes"})
			p.want("a | 0", "gone | 1")
			srv.now(tag(`"2"`, "a"))
			for n := range 3 {
				for range 8 {
					p.again().want()
				}
				srv.now(tag(fmt.Sprintf("%q", fmt.Sprint(n)), "a", fmt.Sprint(n)))
				p.again().want(fmt.Sprintf("%d | 1", n))
				if err := p.Ack(t.Context(), p.from); err != nil {
					t.Fatal(err)
				}
			}
			srv.now(ids("a", "gone"))
			p.again().want("gone | 1")
		})
	}
}

func TestBatchReadsOnce(t *testing.T) {
	w := conformance.NewWorld(t)
	srv := newWeb(t, ids("a", "b", "a"))
	env := w.Env()
	env.Journal = nil
	c := httpconn.Connector("test")
	table := connector.Table{Name: "feed", Columns: columns, Options: connector.Options{"url": srv.URL, "rows": "rows", "key": "id"}}
	s, err := c.Source(t.Context(), env, table)
	if err != nil {
		t.Fatal(err)
	}
	from, _ := s.Initial(t.Context())
	to, err := s.Latest(t.Context(), from, connector.Limit{})
	if err != nil {
		t.Fatal(err)
	}
	if got := conformance.Read(t, s, from, to); !slices.Equal(got, []string{"a | 0", "b | 1"}) {
		t.Errorf("rows %q", got)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	srv.now(http.NotFound)
	if _, err := c.Source(t.Context(), env, table); errs.ClassOf(err) != "HTTP_STATUS" {
		t.Errorf("a server without the page: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Source(ctx, env, table); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestOptionsAreRefusedKindly(t *testing.T) {
	for _, c := range []struct {
		options connector.Options
		want    string
	}{
		{connector.Options{"url": "ftp://x/y"}, `option url: "ftp://x/y" is not an http or https address`},
		{connector.Options{"url": "earthquake.usgs.gov"}, `url: "earthquake.usgs.gov" is not an http or https address`},
		{connector.Options{"url": ""}, `connector http needs the option "url": what to poll`},
		{connector.Options{"key": "ident"}, "its key \"ident\" is not a column\nhint: the columns are id, v"},
		{connector.Options{"interval": "0 seconds"}, "option interval must be more than 0"},
		{connector.Options{"interval": "often"}, `option interval: "often" is not a duration, such as '30 seconds' or '5 minutes'`},
		{connector.Options{"intervall": "1 second"}, `has no option "intervall"` + "\nhint: did you mean interval?"},
	} {
		_, err := source(t, conformance.NewWorld(t), "http://127.0.0.1:1", c.options)
		if err == nil || !strings.Contains(errs.Render(err), c.want) {
			t.Errorf("%v: %v", c.options, err)
		}
	}
}
