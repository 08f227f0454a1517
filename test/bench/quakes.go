package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// quake is a made earthquake, with the fields of the feed.
type quake struct {
	id        string
	mag       float64
	lat, lon  float64
	depth     float64
	at        time.Time
	placeName string
}

// quakes makes n of them within the last 12 hours, the same for the same n and hour; one
// in a hundred is strong enough for an alert.
func quakes(n int) []quake {
	rng := rand.New(rand.NewPCG(1, uint64(n)))
	end := time.Now().UTC().Truncate(time.Hour)
	out := make([]quake, n)
	for i := range out {
		mag := 0.1 + 4.3*rng.Float64()
		if i%100 == 0 {
			mag = 4.5 + 2*rng.Float64()
		}
		out[i] = quake{
			id: fmt.Sprintf("bench%08d", i), mag: round(mag, 100),
			lat: round(180*rng.Float64()-90, 10000), lon: round(360*rng.Float64()-180, 10000),
			depth: round(100*rng.Float64(), 100), placeName: fmt.Sprintf("%d km WSW of Johannesburg, CA", rng.IntN(200)),
			at: end.Add(-12 * time.Hour).Add(time.Duration(rng.IntN(12*3600*1000)) * time.Millisecond),
		}
	}
	return out
}

func round(v, to float64) float64 { return float64(int64(v*to)) / to }

// fill produces n earthquakes into the topic as the pipeline's own flow writes them.
func fill(ctx context.Context, server string, n int) error {
	c, err := kgo.NewClient(kgo.SeedBrokers(server), kgo.AllowAutoTopicCreation(), kgo.DefaultProduceTopic("sismos"))
	if err != nil {
		return err
	}
	defer c.Close()
	failed := make(chan error, 1)
	for _, q := range quakes(n) {
		value := fmt.Sprintf(`{"id":%q,"magnitud":%v,"lugar":%q,"latitud":%v,"longitud":%v,"profundidad_km":%v,"timestamp":%q,"tsunami":false}`,
			q.id, q.mag, q.placeName, q.lat, q.lon, q.depth, q.at.Format("2006-01-02T15:04:05.000Z"))
		c.Produce(ctx, &kgo.Record{Key: []byte(q.id), Value: []byte(value)}, func(_ *kgo.Record, err error) {
			if err != nil {
				select {
				case failed <- err:
				default:
				}
			}
		})
	}
	if err := c.Flush(ctx); err != nil {
		return err
	}
	select {
	case err := <-failed:
		return err
	default:
		return nil
	}
}

// feedBody is a feed of n earthquakes, with the fields of the real one.
func feedBody(n int) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `{"type":"FeatureCollection","metadata":{"generated":0,"status":200,"api":"1.14.1","count":%d},"features":[`, n)
	for i, q := range quakes(n) {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"type":"Feature","properties":{"mag":%v,"place":%q,"time":%d,"updated":%d,"tz":null,`+
			`"url":"https://example.org/%s","felt":null,"cdi":null,"mmi":null,"alert":null,"status":"automatic","tsunami":0,"sig":34,`+
			`"net":"ci","code":%q,"types":",nearby-cities,origin,phase-data,","nst":35,"dmin":0.07936,"rms":0.18,"gap":36,`+
			`"magType":"ml","type":"earthquake","title":"M %v - %s"},"geometry":{"type":"Point","coordinates":[%v,%v,%v]},"id":%q}`,
			q.mag, q.placeName, q.at.UnixMilli(), q.at.UnixMilli(), q.id, q.id, q.mag, q.placeName, q.lon, q.lat, q.depth, q.id)
	}
	b.WriteString("]}")
	return b.Bytes()
}

// serveFeed serves one body with an ETag for ever; nil is a feed without earthquakes.
func serveFeed(body []byte) *httptest.Server {
	if body == nil {
		body = feedBody(0)
	}
	const etag = `"bench"`
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", etag)
		if r.Header.Get("If-None-Match") == etag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Header().Set("Content-Type", "application/geo+json")
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		w.Write(body) //nolint:errcheck // the client is gone
	}))
}
