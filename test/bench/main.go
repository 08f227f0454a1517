// Command bench measures the built binary: its size, the time until it is ready, its
// memory when idle, and the events a second of the sismos pipeline, from the topic and
// from the feed to the live table.
//
//	go run ./test/bench [-events 200000] [-feed 50000] [-starts 20] [-idle 10s] [-json]
//
// Figures are of this machine at this moment; nothing is asserted. Local disk and
// loopback only.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"time"
)

// figures is what is printed, in the units of the names.
type figures struct {
	Machine       string  `json:"machine"`
	FdatasyncUS   float64 `json:"fdatasync_us"`
	BinaryMB      float64 `json:"binary_mb"`
	StrippedMB    float64 `json:"binary_stripped_mb"`
	ReadyMS       float64 `json:"ready_ms_median"`
	ReadyWorstMS  float64 `json:"ready_ms_worst"`
	AgainMS       float64 `json:"ready_again_ms_median"`
	IdleMB        float64 `json:"idle_rss_mb"`
	StopMS        float64 `json:"stop_ms"`
	TopicEvents   int     `json:"topic_events"`
	TopicPerS     float64 `json:"topic_events_per_s"`
	TopicPeakMB   float64 `json:"topic_rss_mb"`
	FeedEvents    int     `json:"feed_events"`
	FeedPerS      float64 `json:"feed_events_per_s"`
	FeedPeakMB    float64 `json:"feed_rss_mb"`
	FeedBodyBytes int     `json:"feed_body_bytes"`
}

type bench struct {
	dir    string // scratch, removed at the end
	binary string
	events int
	feed   int
	starts int
	idle   time.Duration
	out    figures
}

func main() {
	b := &bench{}
	flag.IntVar(&b.events, "events", 200_000, "earthquakes waiting in the topic")
	flag.IntVar(&b.feed, "feed", 50_000, "earthquakes in one body of the feed")
	flag.IntVar(&b.starts, "starts", 20, "starts to measure")
	flag.DurationVar(&b.idle, "idle", 10*time.Second, "time until memory is read")
	asJSON := flag.Bool("json", false, "print one JSON object")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := b.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	b.print(*asJSON)
}

func (b *bench) run(ctx context.Context) (err error) {
	if b.dir, err = os.MkdirTemp("", "azud-bench-"); err != nil {
		return err
	}
	defer os.RemoveAll(b.dir) //nolint:errcheck // scratch
	b.out.Machine = fmt.Sprintf("%s/%s, %d CPUs", runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	for _, step := range []struct {
		name string
		fn   func(context.Context) error
	}{
		{"build", b.build}, {"sync", b.sync}, {"start", b.ready}, {"idle", b.rest},
		{"topic", b.fromTopic}, {"feed", b.fromFeed},
	} {
		fmt.Fprintf(os.Stderr, "%s...\n", step.name)
		if err := step.fn(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return nil
}

// build makes the binary as people build it, and stripped.
func (b *bench) build(ctx context.Context) error {
	b.binary = filepath.Join(b.dir, "azud")
	for _, v := range []struct {
		out  string
		size *float64
		args []string
	}{
		{b.binary, &b.out.BinaryMB, nil},
		{b.binary + "-stripped", &b.out.StrippedMB, []string{"-trimpath", "-ldflags=-s -w"}},
	} {
		args := append(append([]string{"build", "-o", v.out}, v.args...), "./cmd/azud")
		if err := command(ctx, "go", args...); err != nil {
			return err
		}
		info, err := os.Stat(v.out)
		if err != nil {
			return err
		}
		*v.size = float64(info.Size()) / 1e6
	}
	return nil
}

// sync is the disk's own time to make 4 KiB durable.
func (b *bench) sync(context.Context) error {
	f, err := os.Create(filepath.Join(b.dir, "sync"))
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // scratch
	var took []float64
	page := make([]byte, 4096)
	for range 50 {
		if _, err := f.Write(page); err != nil {
			return err
		}
		began := time.Now()
		if err := f.Sync(); err != nil {
			return err
		}
		took = append(took, float64(time.Since(began).Microseconds()))
	}
	b.out.FdatasyncUS = median(took)
	return nil
}

// ready starts the shipped pipelines in an empty folder, and again in the same.
func (b *bench) ready(ctx context.Context) error {
	feed := serveFeed(nil)
	defer feed.Close()
	var first, again, stop []float64
	for i := range b.starts {
		dir := filepath.Join(b.dir, fmt.Sprint("start-", i))
		for _, list := range []*[]float64{&first, &again} {
			a, err := start(ctx, b.binary, dir, feed.URL)
			if err != nil {
				return err
			}
			*list = append(*list, ms(a.took))
			took, err := a.stop()
			if err != nil {
				return err
			}
			stop = append(stop, ms(took))
		}
	}
	b.out.ReadyMS, b.out.ReadyWorstMS = median(first), slices.Max(first)
	b.out.AgainMS, b.out.StopMS = median(again), median(stop)
	return nil
}

// rest reads the memory of a daemon that has nothing to do.
func (b *bench) rest(ctx context.Context) error {
	feed := serveFeed(nil)
	defer feed.Close()
	a, err := start(ctx, b.binary, filepath.Join(b.dir, "idle"), feed.URL)
	if err != nil {
		return err
	}
	defer a.kill()
	time.Sleep(b.idle)
	b.out.IdleMB, err = a.rss()
	return err
}

// fromTopic: the earthquakes wait in the topic; how long until the live table has all.
func (b *bench) fromTopic(ctx context.Context) error {
	feed := serveFeed(nil)
	defer feed.Close()
	dir := filepath.Join(b.dir, "topic")
	a, err := start(ctx, b.binary, dir, feed.URL, "--no-pipelines")
	if err != nil {
		return err
	}
	if err := fill(ctx, a.kafka, b.events); err != nil {
		a.kill()
		return err
	}
	if _, err := a.stop(); err != nil {
		return err
	}
	if a, err = start(ctx, b.binary, dir, feed.URL); err != nil {
		return err
	}
	defer a.kill()
	took, err := a.counted(ctx, b.events)
	if err != nil {
		return err
	}
	b.out.TopicEvents, b.out.TopicPerS = b.events, float64(b.events)/took.Seconds()
	b.out.TopicPeakMB, err = a.rss()
	return err
}

// fromFeed: one large body of the feed, through the topic, to the live table.
func (b *bench) fromFeed(ctx context.Context) error {
	body := feedBody(b.feed)
	feed := serveFeed(body)
	defer feed.Close()
	a, err := start(ctx, b.binary, filepath.Join(b.dir, "feed"), feed.URL)
	if err != nil {
		return err
	}
	defer a.kill()
	took, err := a.counted(ctx, b.feed)
	if err != nil {
		return err
	}
	b.out.FeedEvents, b.out.FeedPerS = b.feed, float64(b.feed)/took.Seconds()
	b.out.FeedBodyBytes = len(body)
	b.out.FeedPeakMB, err = a.rss()
	return err
}

func (b *bench) print(asJSON bool) {
	o := b.out
	if asJSON {
		json.NewEncoder(os.Stdout).Encode(o) //nolint:errcheck // standard output
		return
	}
	fmt.Printf(`machine                %s, fsync of 4 KiB %.0f µs
binary                 %.1f MB (stripped %.1f MB)
start to ready         %.0f ms in an empty folder (median of %d, worst %.0f), %.0f ms again
stop                   %.0f ms
idle memory            %.0f MB after %v
topic to live table    %.0f events/s (%d events; %.0f MB resident then)
feed to live table     %.0f events/s (%d events in a body of %.1f MB; %.0f MB resident then)
`, o.Machine, o.FdatasyncUS, o.BinaryMB, o.StrippedMB, o.ReadyMS, b.starts, o.ReadyWorstMS, o.AgainMS, o.StopMS,
		o.IdleMB, b.idle, o.TopicPerS, o.TopicEvents, o.TopicPeakMB,
		o.FeedPerS, o.FeedEvents, float64(o.FeedBodyBytes)/1e6, o.FeedPeakMB)
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func median(v []float64) float64 {
	s := slices.Sorted(slices.Values(v))
	return s[len(s)/2]
}
