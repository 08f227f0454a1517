package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// options of a run.
type options struct {
	bin   string
	dir   string // of data and logs
	kills int
	seed  uint64
	out   io.Writer
	// patience is after how many polls of half a second without a record a reader gives up.
	patience int
	// tamper, in tests, changes the data before the last look: what it does must be found.
	tamper func(data string) error
}

// world is one run.
type world struct {
	options
	d          *daemon
	l          *ledger
	bells      *bells
	clientLog  kgo.Logger
	story      *log.Logger // kills and transactions, with their times
	look       *kadm.Client
	admins     *admin
	startsSeen map[part]int64 // the highest log start after each restart
	restarts   []time.Duration
	moments    map[string]int
	killed     int
}

// topic is one of the load.
type topic struct {
	name       string
	partitions int
	keeps      keeping
	settings   map[string]string
}

func topics() []topic {
	kept := func(segment string) map[string]string {
		return map[string]string{"segment.bytes": segment, "retention.ms": "-1"}
	}
	return []topic{
		{"kept", 4, everything, kept("262144")},
		{"loose", 2, everything, kept("131072")},
		{txnTopic, txnParts, everything, kept("131072")},
		{also, alsoParts, everything, kept("65536")},
		{stepTopic, stepPart, everything, kept("65536")},
		{"retained", 2, fromStart, map[string]string{"segment.bytes": "65536", "retention.bytes": "524288"}},
		{"cut", 3, fromStart, kept("16384")},
		{"keys", 2, lastOfKey, map[string]string{"cleanup.policy": "compact", "segment.bytes": "65536",
			"min.cleanable.dirty.ratio": "0.01", "delete.retention.ms": "1000"}},
	}
}

func keptTopics() map[string]int    { return topicsThat(true) }
func removedTopics() map[string]int { return topicsThat(false) }

// topicsThat are the topics, with their partitions, that keep everything or do not.
func topicsThat(keep bool) map[string]int {
	out := map[string]int{}
	for _, t := range topics() {
		if (t.keeps == everything) == keep {
			out[t.name] = t.partitions
		}
	}
	return out
}

func (w *world) topicNames() []string {
	var names []string
	for _, t := range topics() {
		names = append(names, t.name)
	}
	return names
}

// newWorld starts the broker for the first time and makes the topics.
func newWorld(ctx context.Context, o options) (*world, func(), error) {
	w := &world{options: o, l: newLedger(o.out), bells: newBells(), startsSeen: map[part]int64{}, moments: map[string]int{}}
	serverLog, err := os.Create(filepath.Join(o.dir, "broker.log"))
	if err != nil {
		return nil, nil, err
	}
	clientLog, err := os.Create(filepath.Join(o.dir, "clients.log"))
	if err != nil {
		return nil, nil, err
	}
	story, err := os.Create(filepath.Join(o.dir, "story.log"))
	if err != nil {
		return nil, nil, err
	}
	w.clientLog = kgo.BasicLogger(clientLog, kgo.LogLevelWarn, func() string { return time.Now().Format("15:04:05.000 ") })
	w.story = log.New(story, "", log.Lmicroseconds)
	w.l.story = w.story
	addr, err := freeAddr(20000 + int(rand.N(10000)))
	if err != nil {
		return nil, nil, err
	}
	w.d = &daemon{bin: o.bin, data: filepath.Join(o.dir, "data"), kafka: addr, log: serverLog, complain: w.l.complain}
	if err := w.d.start(); err != nil {
		return nil, nil, err
	}
	closeAll := func() {
		w.d.kill()
		if w.look != nil {
			w.look.Close()
		}
		if w.admins != nil {
			w.admins.cl.Close()
		}
		_ = errors.Join(serverLog.Close(), clientLog.Close(), story.Close()) // logs of a run that is over
	}
	if err := w.prepare(ctx); err != nil {
		closeAll()
		return nil, nil, err
	}
	return w, closeAll, nil
}

func (w *world) prepare(ctx context.Context) error {
	if _, err := w.d.waitReady(30 * time.Second); err != nil {
		return err
	}
	cl, err := kgo.NewClient(w.clientOpts()...)
	if err != nil {
		return err
	}
	w.look = kadm.NewClient(cl)
	if w.admins, err = newAdmin(w, "life", w.seed); err != nil {
		return err
	}
	for _, t := range topics() {
		settings := map[string]*string{}
		for k, v := range t.settings {
			settings[k] = &v
		}
		if _, err := w.look.CreateTopic(ctx, int32(t.partitions), 1, settings, t.name); err != nil {
			return fmt.Errorf("creating topic %s: %w", t.name, err)
		}
	}
	return nil
}

// load is what works while the broker is killed. Each part has its context:
// work ends first, then what reads.
type load struct {
	work, read         *crew
	endWork, endRead   context.CancelFunc
	workCtx, readerCtx context.Context
}

// crew is workers of the load. A worker that fails is reported at once.
type crew struct {
	w  *world
	wg sync.WaitGroup
}

func (c *crew) Go(work func() error) {
	c.wg.Go(func() {
		if err := work(); err != nil && !errors.Is(err, context.Canceled) {
			c.w.l.complain("load", "%v", err)
		}
	})
}

func (w *world) startLoad(ctx context.Context) *load {
	ld := &load{work: &crew{w: w}, read: &crew{w: w}}
	ld.workCtx, ld.endWork = context.WithCancel(ctx)
	ld.readerCtx, ld.endRead = context.WithCancel(ctx)
	for i, s := range streams() {
		ld.work.Go(func() error { return w.produce(ld.workCtx, ctx, s, w.seed+uint64(i)) })
	}
	for i, s := range txnStreams() {
		ld.work.Go(func() error { return w.transact(ld.workCtx, ctx, s, w.seed+uint64(i)) })
	}
	for i := range 2 {
		ld.work.Go(func() error { return w.step(ld.workCtx, ctx, fmt.Sprintf("step-%d", i), w.seed+uint64(i)) })
	}
	ld.work.Go(func() error { return w.admins.run(ld.workCtx, ctx) })
	n := uint64(0)
	for group, opts := range groupNames() {
		for range 2 {
			n++
			seed := w.seed + n
			ld.read.Go(func() error { return w.member(ld.readerCtx, group, opts, seed) })
		}
	}
	for _, committed := range []bool{false, true} {
		name := map[bool]string{false: "read_uncommitted", true: "read_committed"}[committed]
		ld.read.Go(func() error { return w.follow(ld.readerCtx, name, committed, false, keptTopics()) })
		ld.read.Go(func() error { return w.follow(ld.readerCtx, name+" (removed)", committed, true, removedTopics()) })
	}
	return ld
}

// killing kills and restarts until it is enough.
func (w *world) killing(ctx context.Context) error {
	r := rand.New(rand.NewPCG(w.seed, 6))
	start := 200 * time.Millisecond
	running := true
	for begun := time.Now(); w.killed < w.kills && ctx.Err() == nil; {
		m := pick(r, w.kills < 20)
		if m.early && !running {
			pause(ctx, upTo(r, start*5/4))
		} else {
			if !running {
				took, err := w.d.waitReady(60 * time.Second)
				if err != nil {
					return err
				}
				start = took
				w.story.Printf("ready after %v", took)
				w.restarts = append(w.restarts, took)
				if err := w.glance(ctx); err != nil {
					return err
				}
			}
			if m.wait != nil {
				m.wait(ctx, r, w.d, w.bells)
			}
		}
		w.story.Printf("kill %d (%s)", w.killed, m.name)
		w.d.kill()
		w.killed++
		w.moments[m.name]++
		if err := w.d.start(); err != nil {
			return err
		}
		running = false
		if w.killed%10 == 0 {
			w.progress(time.Since(begun))
		}
	}
	return ctx.Err()
}

func (w *world) progress(took time.Duration) {
	median, worst := spread(w.restarts)
	fmt.Fprintf(w.out, "%4d kills in %3.0f s: %d records acknowledged, %d transactions committed, %d aborted; restarts %v median, %v worst\n",
		w.killed, took.Seconds(), w.l.acks.Load(), w.l.committed.Load(), w.l.abortions.Load(), median, worst)
}

func spread(list []time.Duration) (median, worst time.Duration) {
	if len(list) == 0 {
		return 0, 0
	}
	sorted := slices.Sorted(slices.Values(list))
	return sorted[len(sorted)/2].Round(time.Millisecond), sorted[len(sorted)-1].Round(time.Millisecond)
}
