package web

import (
	"strings"
	"testing"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/sys"
)

func TestGuard(t *testing.T) {
	s := openSite(t)
	port := s.srv.Addr()[strings.LastIndex(s.srv.Addr(), ":"):]
	const js = "application/json"
	for _, c := range []struct {
		name, method, path string
		headers            []string
		status             int
	}{
		{"as people open it", "GET", "/api/v1/status", []string{"Host", "localhost" + port}, 200},
		{"by address", "GET", "/api/v1/status", nil, 200},
		{"by IPv6 address", "GET", "/api/v1/status", []string{"Host", "[::1]" + port}, 200},
		{"without a port", "GET", "/api/v1/status", []string{"Host", "localhost"}, 200},
		{"a name bound to this machine", "GET", "/api/v1/status", []string{"Host", "evil.example" + port}, 421},
		{"the same for a page", "GET", "/", []string{"Host", "evil.example"}, 421},
		{"a name that begins with ours", "GET", "/", []string{"Host", "localhost.evil.example"}, 421},
		{"our own page", "GET", "/api/v1/status", []string{"Origin", s.url}, 200},
		{"another site", "GET", "/api/v1/status", []string{"Origin", "http://evil.example"}, 403},
		{"another port", "GET", "/api/v1/events?flows=1", []string{"Origin", "http://127.0.0.1:1"}, 403},
		{"a file or a sandbox", "GET", "/api/v1/status", []string{"Origin", "null"}, 403},
		{"an image of another site", "GET", "/api/v1/events?flows=1", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "image"}, 403},
		{"a script of another port", "GET", "/api/v1/status", []string{"Sec-Fetch-Site", "same-site", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "script"}, 403},
		{"a frame of another site", "GET", "/", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe"}, 403},
		{"a link of another site", "GET", "/api/v1/status", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"}, 200},
		{"our own script", "GET", "/api/v1/status", []string{"Sec-Fetch-Site", "same-origin", "Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty"}, 200},
		{"the address bar", "GET", "/api/v1/status", []string{"Sec-Fetch-Site", "none", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"}, 200},
		{"a form of another site", "POST", "/api/v1/sql", []string{"Origin", "http://evil.example", "Content-Type", "text/plain"}, 403},
		{"a form", "POST", "/api/v1/sql", []string{"Content-Type", "application/x-www-form-urlencoded"}, 415},
		{"a body without a type", "POST", "/api/v1/sql", nil, 415},
		{"text", "POST", "/api/v1/sql", []string{"Content-Type", "text/plain"}, 415},
		{"a type of two kinds", "POST", "/api/v1/sql", []string{"Content-Type", "text/plain; application/json"}, 415},
		{"a mutation", "POST", "/api/v1/sql", []string{"Content-Type", js + "; charset=utf-8"}, 200},
		{"a mutation of our own page", "POST", "/api/v1/sql", []string{"Content-Type", js, "Origin", s.url}, 200},
		{"another method", "DELETE", "/api/v1/status", []string{"Content-Type", js}, 404},
		{"no such path", "GET", "/api/v2/status", nil, 404},
		{"no such page", "GET", "/nada", nil, 404},
	} {
		t.Run(c.name, func(t *testing.T) {
			body := ""
			if c.method == "POST" {
				body = `{"sql": "SELECT 1"}`
			}
			a := s.do(c.method, c.path, body, c.headers...)
			if a.StatusCode != c.status {
				t.Fatalf("status %d instead of %d: %s", a.StatusCode, c.status, a.body)
			}
			if c.status >= 400 {
				var p struct {
					Type, Title, Detail string
					Status              int
				}
				decode(t, a.body, &p)
				if kind := a.Header.Get("Content-Type"); kind != "application/problem+json" || p.Status != c.status || p.Title == "" || p.Detail == "" {
					t.Fatalf("not a problem: %s %s", kind, a.body)
				}
			}
		})
	}
}

func TestGuardNeverAllowsOtherSites(t *testing.T) {
	s := openSite(t)
	for _, path := range []string{"/", "/sismos", "/assets/js/app.js", "/api/v1/status", "/api/v1/nada", "/nada"} {
		a := s.get(path, "Accept", "text/html")
		for name, want := range map[string]string{
			"Content-Security-Policy":      policy,
			"X-Content-Type-Options":       "nosniff",
			"Referrer-Policy":              "no-referrer",
			"Cross-Origin-Resource-Policy": "same-origin",
			"Cross-Origin-Opener-Policy":   "same-origin",
			"Access-Control-Allow-Origin":  "",
		} {
			if got := a.Header.Get(name); got != want {
				t.Errorf("%s: %s is %q", path, name, got)
			}
		}
	}
	if strings.Contains(policy, "unsafe") {
		t.Error("the policy lets inline code run")
	}
}

func TestListenAnswersToTheNameItWasTold(t *testing.T) {
	for _, c := range []struct {
		addr, host string
		ours       bool
	}{
		{"torre:8080", "torre:8080", true},
		{"torre:8080", "TORRE:8080", true},
		{"torre:8080", "otra:8080", false},
		{":8080", "", false},
		{"0.0.0.0:8080", "192.168.1.7:8080", true},
	} {
		if got := (&Server{cfg: Config{Addr: c.addr}}).ours(c.host); got != c.ours {
			t.Errorf("listening on %s, %q is ours: %v", c.addr, c.host, got)
		}
	}
}

func TestListenErrors(t *testing.T) {
	taken, err := Listen(Config{Sys: sys.Real(), Addr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ addr, class, say string }{
		{taken.Addr(), "PORT_IN_USE", "--http 127.0.0.1:0 takes a free one"},
		{strings.Replace(taken.Addr(), "127.0.0.1", "localhost", 1), "PORT_IN_USE", "taken"},
		{"nada", "ADDRESS_INVALID", "HOST:PORT"},
		{"", "ADDRESS_INVALID", "HOST:PORT"},
		{"127.0.0.1:99999", "ADDRESS_INVALID", "127.0.0.1:99999"},
		{"192.0.2.1:80", "ADDRESS_INVALID", "an address of this machine"},
	} {
		_, err := Listen(Config{Sys: sys.Real(), Addr: c.addr})
		if errs.ClassOf(err) != c.class || !strings.Contains(errs.Render(err), c.say) {
			t.Errorf("%q: %v", c.addr, err)
		}
	}
	if err := taken.Close(); err != nil { // before Serve
		t.Error(err)
	}
	again, err := Listen(Config{Sys: sys.Real(), Addr: taken.Addr()})
	if err != nil {
		t.Fatal("the port is not free after Close:", err)
	}
	again.Close()
}
