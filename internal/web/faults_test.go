package web

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/azud/azud/internal/sys"
)

// TestPanicsAreLogged: a handler's and a producer's panic leave their stack in the log, end what
// they served, and nothing else.
func TestPanicsAreLogged(t *testing.T) {
	var mu sync.Mutex
	var lines []string
	srv, err := Listen(Config{Sys: sys.Real(), Addr: "127.0.0.1:0",
		Topics: func() []Topic { panic("topics") },
		Extra:  map[string]http.Handler{"GET /boom": http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("boom") })},
		Log: func(line string) {
			mu.Lock()
			defer mu.Unlock()
			lines = append(lines, line)
		}})
	if err != nil {
		t.Fatal(err)
	}
	srv.Serve(nil, "")
	defer srv.Close()
	for path, want := range map[string]string{"/boom": "GET /boom: panic: boom", "/api/v1/events?topics=1": "the stream of topics: panic: topics"} {
		resp, err := http.Get("http://" + srv.Addr() + path)
		if err == nil { // a stream has begun; it ends
			_, err = io.ReadAll(resp.Body)
			resp.Body.Close()
			if err != nil {
				t.Error(err)
			}
		} else if path != "/boom" {
			t.Error(err)
		}
		eventually(t, "the log has the stack", func() bool {
			mu.Lock()
			defer mu.Unlock()
			all := strings.Join(lines, "\n")
			return strings.Contains(all, want) && strings.Contains(all, "faults_test.go")
		})
	}
}
