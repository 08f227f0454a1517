package web

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/azud/azud/internal/engine"
	"github.com/azud/azud/internal/errs"
)

// id is the n-th id of a session.
func id(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012x", n) }

func TestSessionsLast(t *testing.T) {
	s := openSite(t)
	ask := func(session, sql string) answer {
		t.Helper()
		body := fmt.Sprintf(`{"sql":%q,"session":%q}`, sql, session)
		return s.do("POST", "/api/v1/sql", body, "Content-Type", "application/json")
	}
	const ddl = "CREATE TEMPORARY VIEW v AS SELECT 7 AS a; DECLARE x INT DEFAULT 5; SET TIME ZONE '+02:00'"
	if a := ask(id(1), ddl); a.Header.Get(sessionHeader) != "new" || strings.Contains(a.body, "error") {
		t.Fatal(a.Header, a.body)
	}
	const query = "SELECT a + x AS n, current_timezone() AS z FROM v"
	if a := ask(strings.ToUpper(id(1)), query); a.Header.Get(sessionHeader) != "kept" || !strings.Contains(a.body, `"rows":[[12,"+02:00"]]`) {
		t.Error(a.Header, a.body)
	}
	if a := ask(id(2), query); a.Header.Get(sessionHeader) != "new" || !strings.Contains(a.body, "TABLE_OR_VIEW_NOT_FOUND") {
		t.Error("another session", a.Header, a.body)
	}
	if a := s.do("POST", "/api/v1/sql", fmt.Sprintf(`{"sql":%q}`, query), "Content-Type", "application/json"); a.Header.Get(sessionHeader) != "" || !strings.Contains(a.body, "NOT_FOUND") {
		t.Error("no session", a.Header, a.body)
	}
	for _, c := range []struct {
		headers []string
		status  int
	}{
		{[]string{"Origin", "http://malo.example"}, 403}, {[]string{"Host", "malo.example"}, 421}, {nil, 204}, {nil, 404},
	} {
		if a := s.do("DELETE", "/api/v1/sessions/"+id(1), "", c.headers...); a.StatusCode != c.status {
			t.Errorf("DELETE with %q: %d %s", c.headers, a.StatusCode, a.body)
		}
	}
	if a := ask(id(1), query); a.Header.Get(sessionHeader) != "new" {
		t.Error("after its end", a.Header, a.body)
	}
}

func TestSessionsAreBounded(t *testing.T) {
	var list sessions
	now := time.Unix(1_000_000, 0)
	use := func(n int) (fresh bool, done func(), err error) {
		_, fresh, done, err = list.use(id(n), func() time.Time { return now }, func() (*engine.Session, error) { return &engine.Session{}, nil })
		return fresh, done, err
	}
	var dones []func()
	for n := range maxSessions {
		fresh, done, err := use(n)
		if err != nil || !fresh {
			t.Fatal(n, fresh, err)
		}
		dones = append(dones, done)
	}
	if _, _, err := use(maxSessions); errs.ClassOf(err) != "TOO_MANY_SESSIONS" {
		t.Error(err)
	}
	for _, done := range dones[1:] { // the first one runs on
		done()
	}
	now = now.Add(sessionIdle)
	if fresh, done, err := use(5); fresh || err != nil {
		t.Error("not idle for longer than allowed, but", fresh, err)
	} else {
		done()
	}
	now = now.Add(time.Second)
	if fresh, _, err := use(maxSessions); !fresh || err != nil {
		t.Error(fresh, err)
	}
	if len(list.kept) != 3 { // what runs, what was used, the new one
		t.Errorf("%d sessions are left", len(list.kept))
	}
	broken := errors.New("broken")
	if _, _, _, err := list.use(id(7), func() time.Time { return now }, func() (*engine.Session, error) { return nil, broken }); err != broken || len(list.kept) != 3 {
		t.Error(err, len(list.kept))
	}
}

// A client that closes its request cancels the statement, and the session goes on.
func TestSessionCancelsAStatement(t *testing.T) {
	s := openSite(t)
	body := fmt.Sprintf(`{"sql":"SELECT 1 AS a; SELECT count(*) AS n FROM range(1000000000000)","session":%q,"progress":true}`, id(1))
	tr := &http.Transport{DisableKeepAlives: true}
	req, err := http.NewRequestWithContext(t.Context(), "POST", s.url+"/api/v1/sql", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := tr.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 20)
	if _, err := resp.Body.Read(buf); err != nil || !strings.HasPrefix(string(buf), `{"schema":[["a"`) {
		t.Fatal(string(buf), err)
	}
	resp.Body.Close()
	a := s.do("POST", "/api/v1/sql", fmt.Sprintf(`{"sql":"SELECT 2 AS b","session":%q}`, id(1)), "Content-Type", "application/json")
	if a.Header.Get(sessionHeader) != "kept" || !strings.Contains(a.body, `"rows":[[2]]`) {
		t.Error(a.Header, a.body)
	}
}
