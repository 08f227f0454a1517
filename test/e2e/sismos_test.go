// Package e2e runs the shipped pipelines in this process, from the source to what people see.
package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/azud/azud/internal/broker/brokertest"
	"github.com/azud/azud/internal/engine"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/sys"
	"github.com/azud/azud/pipelines"
	"github.com/azud/azud/test/replay/feed"
)

// quake is what this test keeps of a feature; the computation below is its own.
type quake struct {
	ID         string
	Properties struct {
		Mag  *float64
		Time int64
	}
}

// expected reads the files in order: the first version of each earthquake counts.
func expected(t *testing.T, files []feed.File) map[string]quake {
	t.Helper()
	out := map[string]quake{}
	for _, f := range files {
		var doc struct{ Features []quake }
		if err := json.Unmarshal(f.Body, &doc); err != nil {
			t.Fatal(err)
		}
		for _, q := range doc.Features {
			if _, known := out[q.ID]; !known {
				out[q.ID] = q
			}
		}
	}
	return out
}

// windows are count and maximum of each five minutes, as CSV rows.
func windows(quakes map[string]quake) []string {
	type group struct {
		n   int
		max *float64
	}
	groups := map[int64]group{}
	for _, q := range quakes {
		w := q.Properties.Time / 300_000
		g := groups[w]
		g.n++
		if m := q.Properties.Mag; m != nil && (g.max == nil || *m > *g.max) {
			g.max = m
		}
		groups[w] = g
	}
	var rows []string
	for _, w := range slices.Sorted(maps.Keys(groups)) {
		top := ""
		if g := groups[w]; g.max != nil {
			top = fmt.Sprint(*g.max)
			if !strings.Contains(top, ".") {
				top += ".0"
			}
		}
		rows = append(rows, fmt.Sprintf("%s,%d,%s", time.UnixMilli(w*300_000).UTC().Format(time.DateTime), groups[w].n, top))
	}
	return rows
}

// house is one life of the program over a data directory.
type house struct {
	broker *brokertest.Server
	engine *engine.Engine
}

func open(t *testing.T, data, url string) *house {
	t.Helper()
	world := sys.Real()
	world.Dir = data
	world.Out = &quiet{}
	log := func(s string) { t.Log(s) }
	b, err := brokertest.Open(t.Context(), world, filepath.Join(data, "log"))
	if err != nil {
		t.Fatal(err)
	}
	e, err := engine.Open(engine.Config{Sys: world, FS: world.FS, Dir: filepath.Join(data, "flows"), Embedded: b, Kafka: b.Addr(), Version: "test", Log: log})
	if err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"USGS_URL": url + "/feed.geojson", "USGS_INTERVAL": "20 milliseconds"}
	p, err := engine.LoadPipeline(pipelines.FS, "sismos", "sismos", func(n string) (string, bool) { v, ok := env[n]; return v, ok })
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Add(t.Context(), p); err != nil {
		t.Fatal(errs.Render(err))
	}
	e.StartAll()
	return &house{b, e}
}

func (h *house) close(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := h.engine.Close(ctx); err != nil {
		t.Error(err)
	}
	if err := h.broker.Close(); err != nil {
		t.Error(err)
	}
}

// quiet takes what flows print; alerts are judged by their file.
type quiet struct{ mu sync.Mutex }

func (q *quiet) Write(p []byte) (int, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(p), nil
}

// rows runs a query and returns its CSV rows.
func (h *house) rows(t *testing.T, sql string) []string {
	t.Helper()
	var out string
	for r, err := range h.engine.Query(t.Context(), &errs.Source{Name: "test", Text: sql}, "sismos") {
		if err != nil {
			t.Fatal(errs.Render(err))
		}
		out = r.CSV()
	}
	return strings.Split(strings.TrimSpace(out), "\n")[1:]
}

// until waits for a condition that the flows bring about.
func until(t *testing.T, what string, cond func() bool) {
	t.Helper()
	deadline := time.Now().Add(60 * time.Second)
	for !cond() {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// TestSismos replays the recorded feeds with errors, cuts and repetitions between them, and
// stops and starts everything in the middle.
func TestSismos(t *testing.T) {
	files, err := feed.Load("../../pipelines/sismos/demo/polled", "*.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	want := expected(t, files)
	server := feed.New(feed.Steps(files, true), false)
	web := httptest.NewServer(server)
	defer web.Close()
	data := t.TempDir()

	h := open(t, data, web.URL)
	until(t, "half of the feed", func() bool { s := server.Status(); return s.Step >= s.Steps/2 })
	h.close(t)
	h = open(t, data, web.URL)
	defer func() { h.close(t) }()
	until(t, "the whole feed", func() bool { return server.Status().Done })
	until(t, "all flows", func() bool {
		return !slices.ContainsFunc(h.engine.Flows(), func(f engine.FlowStatus) bool { return f.State != "running" })
	})

	wantWindows := windows(want)
	total := fmt.Sprintf("%d,%d", len(want), len(want))
	until(t, "all earthquakes in the topic", func() bool {
		return h.rows(t, "SELECT count(*), count(DISTINCT id) FROM sismos")[0] == total
	})
	const stats = "SELECT ventana.start, sismos, magnitud_maxima FROM estadisticas ORDER BY 1"
	until(t, "the windows", func() bool { return slices.Equal(h.rows(t, stats), wantWindows) })

	strong := 0
	for _, q := range want {
		if q.Properties.Mag != nil && *q.Properties.Mag >= 4.5 {
			strong++
		}
	}
	log := filepath.Join(data, "alertas.log")
	until(t, "the alerts", func() bool { return alerts(log) >= strong })
	if got := alerts(log); got != strong {
		t.Errorf("alertas.log holds %d alerts of %d", got, strong)
	}
	for _, f := range h.engine.Flows() {
		if f.State != "running" {
			t.Errorf("flow %s is %s: %+v", f.Name, f.State, f.LastError)
		}
	}
}

// alerts counts the boxes of a log.
func alerts(log string) int {
	text, err := os.ReadFile(log)
	if err != nil {
		return 0
	}
	return strings.Count(string(text), "ALERTA SISMICA")
}
