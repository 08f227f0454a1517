package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http/httptest"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/azud/azud/internal/sys"
)

// fixedClock stands still until it is set.
type fixedClock struct {
	sys.Clock
	now time.Time
}

func (c *fixedClock) Now() time.Time { return c.now }

// ask asks the demonstration's feed.
func (d *demo) ask(t *testing.T, etag string) (status int, newTag string, ids []string) {
	t.Helper()
	r := httptest.NewRequest("GET", demoPath, nil)
	r.Header.Set("If-None-Match", etag)
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	if w.Code == 200 {
		var doc struct {
			Type     string
			Features []struct {
				ID         string
				Properties struct{ Time int64 }
				Geometry   struct{ Coordinates []float64 }
			}
		}
		if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil || doc.Type != "FeatureCollection" {
			t.Fatal(err, doc.Type)
		}
		last := d.clock.Now().UnixMilli()
		for _, f := range doc.Features {
			if age := d.clock.Now().UnixMilli() - f.Properties.Time; f.Properties.Time > last || age < 0 || age > demoWindow.Milliseconds() || len(f.Geometry.Coordinates) != 3 {
				t.Fatalf("%+v at %v", f, d.clock.Now())
			}
			last = f.Properties.Time
			ids = append(ids, f.ID)
		}
	}
	return w.Code, w.Header().Get("ETag"), ids
}

// The feed moves with the clock alone: a restart goes on where it was, an id means one
// earthquake for ever, and what is unchanged is not sent again.
func TestDemoFeed(t *testing.T) {
	clock := &fixedClock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	one, other := newDemo(clock), newDemo(clock)
	seen := map[string]bool{}
	etag, changes := "", 0
	const steps, step = 60, 5 * time.Minute
	for range steps { // more than a cycle, so that times begin anew
		status, tag, ids := one.ask(t, etag)
		switch status {
		case 304:
			if tag != etag {
				t.Fatal("304 for another content")
			}
		case 200:
			changes++
			inReply := map[string]bool{}
			for _, id := range ids {
				if inReply[id] {
					t.Fatalf("%s is twice in a reply", id)
				}
				inReply[id], seen[id] = true, true
			}
			if _, again, same := other.ask(t, ""); again != tag || fmt.Sprint(same) != fmt.Sprint(ids) {
				t.Fatal("a restarted one says something else")
			}
		default:
			t.Fatal(status)
		}
		etag = tag
		clock.now = clock.now.Add(step)
	}
	if one.cycle > steps*step || changes < steps/2 || len(seen) < len(one.feed) {
		t.Errorf("%d changes, %d earthquakes of %d a cycle of %v", changes, len(seen), len(one.feed), one.cycle)
	}
}

func TestTheDemonstrationAsksNobodyElse(t *testing.T) {
	set := map[string]string{"USGS_URL": "http://mine", "USGS_INTERVAL": "", "OTHER": "x"}
	env := newDemo(nil).env("127.0.0.1:8080", func(name string) (string, bool) { v, ok := set[name]; return v, ok })
	for name, want := range map[string]string{"USGS_URL": "http://127.0.0.1:8080" + demoPath, "USGS_INTERVAL": demoPeriod, "OTHER": "x", "NADA": ""} {
		if got, ok := env(name); got != want || ok != (want != "") {
			t.Errorf("%s is %q, %v", name, got, ok)
		}
	}
}

func TestEnvFile(t *testing.T) {
	name := write(t, "\ufeff# settings\n\nA=1\nexport B = two words \nC='q=\"x\"'\r\nD=\"\"\nE=\n", t.TempDir(), "config.env")
	got, err := readEnvFile(name)
	want := map[string]string{"A": "1", "B": "two words", "C": `q="x"`, "D": "", "E": ""}
	if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%q, %v", got, err)
	}
}

func TestDefaultDataDir(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	env := func(pairs ...string) *sys.Sys {
		return &sys.Sys{Env: func(name string) (string, bool) {
			for i := 0; i < len(pairs); i += 2 {
				if pairs[i] == name {
					return pairs[i+1], true
				}
			}
			return "", false
		}}
	}
	for _, c := range []struct {
		sys  *sys.Sys
		want string
	}{
		{env("AZUD_DATA", "/srv/azud", "XDG_DATA_HOME", "/x"), "/srv/azud"},
		{env("XDG_DATA_HOME", filepath.Join(home, "x")), filepath.Join(home, "x", "azud")},
		{env("AZUD_DATA", "", "XDG_DATA_HOME", "relative"), ""},
		{env(), ""},
	} {
		want := c.want
		if want == "" {
			want = map[string]string{"linux": filepath.Join(home, ".local", "share", "azud"),
				"darwin": filepath.Join(home, "Library", "Application Support", "azud")}[runtime.GOOS]
		}
		if got, err := defaultDataDir(c.sys); want != "" && (err != nil || got != want) {
			t.Errorf("%s, %v instead of %s", got, err, want)
		}
	}
}

// A host that is closed leaves no goroutine, whatever it was doing.
func TestHostLeavesNothingRunning(t *testing.T) {
	app := newTestApp("", "")
	app.a.sys.Out, app.a.sys.Err = io.Discard, &terminal{w: io.Discard}
	opts := hostOptions{listen: onlyHere(), console: true, http: "127.0.0.1:0", ephemeral: true, demo: true, env: app.a.sys.Env}
	app.a.sys.Dir = t.TempDir()
	before := runtime.NumGoroutine()
	for range 2 {
		h, err := app.a.startHost(t.Context(), opts)
		if err != nil {
			t.Fatal(err)
		}
		h.engine.StartAll()
		if err := h.close(); err != nil { // while they open
			t.Error(err)
		}
	}
	bad := opts
	bad.listen.kafka = taken(t)
	if _, err := app.a.startHost(t.Context(), bad); err == nil {
		t.Error("a taken port passes unnoticed")
	}
	for end := time.Now().Add(testPatience); runtime.NumGoroutine() > before; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			stacks := make([]byte, 1<<20)
			t.Fatalf("%d goroutines instead of %d\n%s", runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
		}
	}
}

// A terminal gets nothing that steers it, whatever the command; a file gets all.
func TestPrintedTextCannotMoveTheCursor(t *testing.T) {
	for _, screen := range []bool{true, false} {
		app := newTestApp(t.TempDir(), "")
		app.a.screen = screen
		status := app.a.run(t.Context(), "azud", []string{"sql", "-o", "csv", "-e", "SELECT '\x1b[2Jx\ty' AS a"})
		want := "\x1b[2Jx\ty"
		if screen {
			want = "\uFFFD[2Jx\ty"
		}
		if out := app.out.String(); status != 0 || !strings.Contains(out, want) {
			t.Errorf("terminal: %v: status %d, %q", screen, status, out)
		}
	}
}
