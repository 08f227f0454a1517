package main

import (
	"context"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"
)

// bells ring when something happens that a kill should follow closely.
type bells struct {
	ack, end, commit chan struct{}
	flood            atomic.Bool // the other way: those who can are to send as much as they can
}

func newBells() *bells {
	return &bells{ack: make(chan struct{}, 1), end: make(chan struct{}, 1), commit: make(chan struct{}, 1)}
}

func ring(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// await waits for the next ring after now, at most limit.
func await(ctx context.Context, c chan struct{}, limit time.Duration) {
	select {
	case <-c: // an old one
	default:
	}
	select {
	case <-c:
	case <-time.After(limit):
	case <-ctx.Done():
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// moment is a way to choose when to kill.
type moment struct {
	name   string
	weight int
	early  bool // while it starts: before the ready line, if it comes in time
	wait   func(ctx context.Context, r *rand.Rand, d *daemon, b *bells)
}

func upTo(r *rand.Rand, d time.Duration) time.Duration { return time.Duration(r.Int64N(int64(d) + 1)) }

func moments() []moment {
	return []moment{
		{name: "any time", weight: 25, wait: func(ctx context.Context, r *rand.Rand, _ *daemon, _ *bells) {
			pause(ctx, 30*time.Millisecond+upTo(r, 2500*time.Millisecond))
		}},
		{name: "start", weight: 20, early: true},
		{name: "stop", weight: 12, wait: func(ctx context.Context, r *rand.Rand, d *daemon, _ *bells) {
			pause(ctx, upTo(r, 1500*time.Millisecond))
			d.term()
			pause(ctx, upTo(r, 250*time.Millisecond))
		}},
		{name: "acknowledgement", weight: 12, wait: func(ctx context.Context, r *rand.Rand, _ *daemon, b *bells) {
			pause(ctx, 100*time.Millisecond+upTo(r, 1500*time.Millisecond))
			await(ctx, b.ack, time.Second)
		}},
		{name: "end of a transaction", weight: 14, wait: func(ctx context.Context, r *rand.Rand, _ *daemon, b *bells) {
			pause(ctx, 100*time.Millisecond+upTo(r, 1500*time.Millisecond))
			await(ctx, b.end, 2*time.Second)
			pause(ctx, upTo(r, 3*time.Millisecond))
		}},
		{name: "commit of offsets", weight: 7, wait: func(ctx context.Context, r *rand.Rand, _ *daemon, b *bells) {
			pause(ctx, 100*time.Millisecond+upTo(r, 1500*time.Millisecond))
			await(ctx, b.commit, 2*time.Second)
		}},
		{name: "new segment", weight: 6, wait: newFile(".log", 4*time.Second)},
		{name: "snapshot", weight: 6, wait: newFile("snap", 8*time.Second)},
		{name: "compaction", weight: 6, wait: newFile("swap", 4*time.Second)},
		{name: "flood", weight: 4, wait: func(ctx context.Context, r *rand.Rand, _ *daemon, b *bells) { // journal files fill
			b.flood.Store(true)
			pause(ctx, 2*time.Second+upTo(r, 6*time.Second))
			b.flood.Store(false)
		}},
		{name: "long run", weight: 3, wait: func(ctx context.Context, r *rand.Rand, _ *daemon, _ *bells) {
			pause(ctx, 5*time.Second+upTo(r, 15*time.Second))
		}},
	}
}

// newFile waits until a file appears whose name contains part.
func newFile(part string, limit time.Duration) func(context.Context, *rand.Rand, *daemon, *bells) {
	return func(ctx context.Context, r *rand.Rand, d *daemon, _ *bells) {
		pause(ctx, 100*time.Millisecond+upTo(r, 800*time.Millisecond))
		had := d.files()
		for end := time.Now().Add(limit); time.Now().Before(end) && ctx.Err() == nil; pause(ctx, 4*time.Millisecond) {
			for name := range d.files() {
				if !had[name] && strings.Contains(filepath.Base(name), part) {
					pause(ctx, upTo(r, 2*time.Millisecond))
					return
				}
			}
		}
	}
}

// pick chooses a moment; brief is without those that let the broker run for long.
func pick(r *rand.Rand, brief bool) moment {
	list, total := moments(), 0
	if brief {
		list = list[:len(list)-2]
	}
	for _, m := range list {
		total += m.weight
	}
	n := r.IntN(total)
	for _, m := range list {
		if n -= m.weight; n < 0 {
			return m
		}
	}
	return list[0]
}
