package cli

import (
	"cmp"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/azud/azud/internal/sys"
	"github.com/azud/azud/pipelines"
)

// The demonstration serves a recorded week of the USGS feed as if it happened now, and
// faster: a cycle replays it demoSpeed times as fast, over and over. What an instant shows
// depends on the clock alone, so a restart goes on where it was; ids carry the cycle's
// number, because each cycle's earthquakes are new ones.
const (
	demoPath   = "/demo/usgs.geojson"
	demoSpeed  = 60
	demoWindow = time.Hour // how far back a reply goes, as all_hour
	demoPeriod = "2 seconds"
)

type demo struct {
	clock sys.Clock
	once  sync.Once
	err   error
	feed  []quake
	cycle time.Duration
}

// quake is a recorded feature and when it comes within a cycle.
type quake struct {
	at       time.Duration
	id       string
	props    map[string]json.RawMessage
	geometry json.RawMessage
}

type feature struct {
	Type       string                     `json:"type"`
	ID         string                     `json:"id"`
	Properties map[string]json.RawMessage `json:"properties"`
	Geometry   json.RawMessage            `json:"geometry"`
}

func newDemo(c sys.Clock) *demo { return &demo{clock: c} }

// env points the pipelines at the demonstration, whatever the user has set for the real feed:
// what says DEMO must not ask the internet.
func (d *demo) env(addr string, env func(string) (string, bool)) func(string) (string, bool) {
	return func(name string) (string, bool) {
		switch name {
		case "USGS_URL":
			return "http://" + addr + demoPath, true
		case "USGS_INTERVAL":
			return demoPeriod, true
		}
		return env(name)
	}
}

func (d *demo) load() error {
	f, err := pipelines.FS.Open("sismos/demo/feed.json.gz")
	if err != nil {
		return err
	}
	defer f.Close()
	zr, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	var doc struct{ Features []feature }
	if err := json.NewDecoder(zr).Decode(&doc); err != nil {
		return err
	}
	var times []int64
	for _, ft := range doc.Features {
		var ms int64
		if err := json.Unmarshal(ft.Properties["time"], &ms); err != nil {
			return fmt.Errorf("feature %s: %w", ft.ID, err)
		}
		times = append(times, ms)
		d.feed = append(d.feed, quake{id: ft.ID, props: ft.Properties, geometry: ft.Geometry})
	}
	if len(times) == 0 {
		return fmt.Errorf("the recorded feed is empty")
	}
	for i := range d.feed {
		d.feed[i].at = time.Duration(times[i]-times[0]) * time.Millisecond / demoSpeed
	}
	slices.SortStableFunc(d.feed, func(a, b quake) int { return cmp.Compare(a.at, b.at) })
	d.cycle = d.feed[len(d.feed)-1].at + time.Minute
	return nil
}

// ServeHTTP gives the earthquakes of the last hour, the newest first.
func (d *demo) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if d.once.Do(func() { d.err = d.load() }); d.err != nil {
		http.Error(w, d.err.Error(), http.StatusInternalServerError)
		return
	}
	now := d.clock.Now()
	features := d.between(now.Add(-demoWindow), now)
	etag := `"none"`
	if len(features) > 0 {
		etag = fmt.Sprintf(`"%s-%d"`, features[0].ID, len(features))
	}
	w.Header().Set("ETag", etag)
	if r.Header.Get("If-None-Match") == etag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.Header().Set("Content-Type", "application/geo+json")
	json.NewEncoder(w).Encode(map[string]any{ // a client that has gone needs no answer
		"type": "FeatureCollection", "features": features,
		"metadata": map[string]any{"title": "USGS, recorded 2024-05-04, times shifted", "generated": now.UnixMilli()},
	})
}

// between lists what comes in (from, to], the newest first.
func (d *demo) between(from, to time.Time) []feature {
	out := []feature{}
	for n := from.UnixNano() / int64(d.cycle); n <= to.UnixNano()/int64(d.cycle); n++ {
		begin := time.Unix(0, n*int64(d.cycle))
		for _, q := range d.feed {
			if t := begin.Add(q.at); t.After(from) && !t.After(to) {
				out = append(out, q.shifted(n, t))
			}
		}
	}
	slices.Reverse(out)
	return out
}

func (q quake) shifted(cycle int64, t time.Time) feature {
	props := maps.Clone(q.props)
	ms := json.RawMessage(fmt.Sprint(t.UnixMilli()))
	props["time"], props["updated"] = ms, ms
	return feature{"Feature", fmt.Sprintf("%s-%d", q.id, cycle), props, q.geometry}
}
