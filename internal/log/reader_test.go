package log

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/azud/azud/internal/record"
)

// texts are the values of batches from an offset on.
func texts(t *testing.T, batches []record.Batch, from int64) (out []string) {
	t.Helper()
	for i := range batches {
		err := batches[i].Records(nil, func(r *record.Record) bool {
			if r.Offset >= from {
				out = append(out, string(r.Value))
			}
			return true
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func TestReader(t *testing.T) {
	l := open(t, vfs.NewMem())
	topic := create(t, l, "a", 1, 1, "segment.bytes", "300")
	p := topic.Partition(0)
	put(t, p, plain("a", "b"))
	put(t, p, inTxn(1, 0, 0, "dropped"))
	put(t, p, plain("c"))
	if err := l.Write(Write{Markers: []Marker{{Topic: id(1), Producer: 1}}}); err != nil {
		t.Fatal(err)
	}
	wait(t, l)
	r := p.Reader()
	defer r.Close() //nolint:errcheck // a test
	ctx := context.Background()
	var got []string
	for at := int64(1); at < p.High(); {
		batches, next, err := r.Read(ctx, at, 1, ReadCommitted)
		if err != nil || next <= at {
			t.Fatal(next, err)
		}
		got = append(got, texts(t, batches, at)...)
		at = next
	}
	if !slices.Equal(got, []string{"b", "c"}) {
		t.Fatal(got)
	}
	if batches, next, err := r.ReadFor(ctx, 5, 1000, ReadCommitted, 0); len(batches) != 0 || next != 5 || err != nil {
		t.Fatal(batches, next, err)
	}
	if batches, next, err := r.ReadFor(ctx, 5, 1000, ReadCommitted, time.Millisecond); len(batches) != 0 || next != 5 || err != nil {
		t.Fatal(batches, next, err)
	}
	if _, _, err := r.Read(ctx, 6, 1000, ReadCommitted); !errors.Is(err, ErrOutOfRange) {
		t.Fatal(err)
	}
}

func TestReaderWaits(t *testing.T) {
	l := open(t, vfs.NewMem())
	p := create(t, l, "a", 1, 1).Partition(0)
	type result struct {
		got []string
		err error
	}
	read := func(ctx context.Context, from int64) chan result {
		c := make(chan result, 1)
		go func() {
			r := p.Reader()
			defer r.Close() //nolint:errcheck // a test
			batches, _, err := r.Read(ctx, from, 1000, ReadUncommitted)
			c <- result{texts(t, batches, from), err}
		}()
		return c
	}
	c := read(context.Background(), 0)
	put(t, p, plain("x"))
	wait(t, l)
	if got := <-c; got.err != nil || !slices.Equal(got.got, []string{"x"}) {
		t.Fatal(got)
	}
	ctx, cancel := context.WithCancel(context.Background())
	c = read(ctx, 1)
	cancel()
	if got := <-c; !errors.Is(got.err, context.Canceled) {
		t.Fatal(got.err)
	}
	c = read(context.Background(), 1)
	if err := l.DeleteTopic(id(1)); err != nil {
		t.Fatal(err)
	}
	if got := <-c; !errors.Is(got.err, ErrNoPartition) {
		t.Fatal(got.err)
	}
	if _, err := p.Append(plain("y"), AppendOptions{Now: testTime}); !errors.Is(err, ErrNoPartition) {
		t.Fatal(err)
	}
}

func TestReaderSeesDamage(t *testing.T) {
	fs := vfs.NewMem()
	l := open(t, fs)
	p := create(t, l, "a", 1, 1).Partition(0)
	put(t, p, plain("x"))
	put(t, p, plain("y"))
	wait(t, l)
	flip(t, fs, p.last().name(".log"), 100)
	r := p.Reader()
	defer r.Close()
	if got, next, err := r.Read(context.Background(), 0, 1000, ReadUncommitted); err != nil || len(got) != 1 || next != 1 {
		t.Fatal("what is whole before the damage is served", len(got), next, err)
	}
	if _, next, err := r.Read(context.Background(), 1, 1000, ReadUncommitted); !errors.Is(err, ErrDamaged) || next != 1 {
		t.Fatal(next, err)
	}
	if c, err := p.Read(1, 10, ReadUncommitted, nil); !errors.Is(err, ErrDamaged) { // larger than asked for
		t.Fatal(c, err)
	}
}

func TestReadersOutliveSegments(t *testing.T) {
	fs := vfs.NewMem()
	l := open(t, fs)
	p := create(t, l, "a", 1, 1, "segment.bytes", "100").Partition(0)
	put(t, p, plain("x"))
	put(t, p, plain("y"))
	wait(t, l)
	p.mu.Lock()
	s := p.segs[0].acquire()
	p.mu.Unlock()
	name := s.name(".log")
	if _, err := p.DeleteBefore(1); err != nil {
		t.Fatal(err)
	}
	wait(t, l)
	f, err := s.open()
	if err != nil {
		t.Fatal(err)
	}
	if err := readFull(f, make([]byte, 10), 0); err != nil {
		t.Fatal(err)
	}
	f.done()
	s.release()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := fs.Stat(name); !missing(err) {
		t.Fatal("the file should be gone:", err)
	}
}

// TestAbortedTransactionsOfSegments: only segments with aborted transactions are looked at, and
// nobody is told of none because they are gone.
func TestAbortedTransactionsOfSegments(t *testing.T) {
	fs := vfs.NewMem()
	l := open(t, fs)
	p := create(t, l, "a", 1, 1).Partition(0)
	roll := func() {
		t.Helper()
		p.mu.Lock()
		defer p.mu.Unlock()
		if err := p.roll(testTime); err != nil {
			t.Fatal(err)
		}
	}
	look := func(at, want, wantEnd int64) {
		t.Helper()
		segs, end, err := p.aborting(at, p.Start())
		if err != nil {
			t.Fatal(err)
		}
		base := int64(-1)
		for _, s := range segs {
			base = s.base
			s.release()
		}
		if base != want || end != wantEnd {
			t.Fatalf("from %d: the segment %d, up to %d; want %d, %d", at, base, end, want, wantEnd)
		}
	}
	put(t, p, inTxn(1, 0, 0, "x")) // 0
	roll()
	put(t, p, plain("y")) // 1
	look(0, -1, 0)
	roll()
	if err := l.Write(Write{Markers: []Marker{{Topic: id(1), Producer: 1}}}); err != nil { // 2
		t.Fatal(err)
	}
	look(0, 2, math.MaxInt64)
	roll()
	put(t, p, plain("z")) // 3
	wait(t, l)
	for range 3 {
		look(0, 2, 3)
		look(2, 2, 3)
		look(3, -1, 0)
		if got := values(t, p, 0, ReadCommitted); !slices.Equal(got, []string{"1:y", "3:z"}) {
			t.Fatal(got)
		}
		if c, err := p.Read(0, 1, ReadCommitted, nil); err != nil || len(c.Aborted) != 1 || c.Aborted[0].Last != 2 {
			t.Fatal(c.Aborted, err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if err := removeIf(fs, p.segs[2].name(".txn")); err != nil {
			t.Fatal(err)
		}
		l = open(t, fs)
		p = l.Topics().ByName("a").Partition(0)
	}
	if _, err := p.DeleteBefore(3); err != nil {
		t.Fatal(err)
	}
	if _, err := p.abortedIn(0, 1); !errors.Is(err, ErrOutOfRange) { // it had been read before
		t.Fatal(err)
	}
	if err := l.DeleteTopic(id(1)); err != nil {
		t.Fatal(err)
	}
	if _, err := p.abortedIn(3, 4); !errors.Is(err, ErrNoPartition) {
		t.Fatal(err)
	}
}

func TestTimes(t *testing.T) {
	l := open(t, vfs.NewMem(), func(c *Config) { c.IndexBytes = 150 })
	p := create(t, l, "a", 1, 1, "segment.bytes", "500").Partition(0)
	if at, err := p.MaxTime(); err != nil || at != none {
		t.Fatal(at, err)
	}
	times := []int64{10, 30, 20, 20, 50, 40, 50, 70, 60, 65}
	for _, ms := range times {
		put(t, p, batchAt(testTime+ms, "x"))
	}
	var b record.Builder
	b.Begin(record.Plain(record.Gzip))
	for _, ms := range []int64{66, 90, 80, 90} {
		b.Add(testTime+ms, nil, []byte("y"))
	}
	raw, err := b.Finish(nil, new(record.Compressor))
	if err != nil {
		t.Fatal(err)
	}
	put(t, p, raw)
	wait(t, l)
	for ms, want := range map[int64]int64{0: 0, 10: 0, 11: 1, 30: 1, 31: 4, 45: 4, 51: 7, 70: 7, 71: 11, 85: 11, 90: 11, 91: -1} {
		at, err := p.OffsetAt(testTime+ms, ReadUncommitted)
		if err != nil || at.Offset != want {
			t.Errorf("at %d: %+v, %v, want %d", ms, at, err, want)
		}
		if want >= 0 && at.LeaderEpoch != 0 {
			t.Error(at)
		}
	}
	if at, err := p.MaxTime(); err != nil || at.Offset != 11 || at.Time != testTime+90 {
		t.Fatal(at, err)
	}
	if _, err := p.DeleteBefore(5); err != nil {
		t.Fatal(err)
	}
	if at, err := p.OffsetAt(testTime, ReadUncommitted); err != nil || at.Offset != 5 {
		t.Fatal(at, err)
	}
	put(t, p, inTxn(1, 0, 0, "open"))
	wait(t, l)
	if at, err := p.OffsetAt(testTime-1, ReadCommitted); err != nil || at.Offset != 5 {
		t.Fatal(at, err)
	}
}

func TestEpochs(t *testing.T) {
	p := &Partition{epochs: []epochStart{{2, 0}, {5, 10}, {7, 30}}}
	p.epoch.Store(7)
	p.end.Store(50)
	for _, c := range []struct {
		ask   int32
		found int32
		end   int64
	}{{-1, -1, -1}, {0, 0, 0}, {2, 2, 10}, {3, 2, 10}, {5, 5, 30}, {6, 5, 30}, {7, 7, 50}, {8, -1, -1}} {
		if found, end := p.EpochEnd(c.ask); found != c.found || end != c.end {
			t.Errorf("epoch %d: %d, %d, want %d, %d", c.ask, found, end, c.found, c.end)
		}
	}
	for offset, want := range map[int64]int32{0: 2, 9: 2, 10: 5, 30: 7, 49: 7} {
		if got := p.epochOf(offset); got != want {
			t.Errorf("offset %d: epoch %d, want %d", offset, got, want)
		}
	}
}

func TestWaiters(t *testing.T) {
	l := open(t, vfs.NewMem())
	topic := create(t, l, "a", 1, 2)
	w := &Waiter{C: make(chan struct{}, 1)}
	for _, p := range topic.Partitions() {
		p.Watch(w)
	}
	put(t, topic.Partition(1), plain("x"))
	<-w.C
	if topic.Partition(1).High() != 1 {
		t.Fatal("woken too early")
	}
	for _, p := range topic.Partitions() {
		p.Unwatch(w)
	}
	put(t, topic.Partition(1), plain("x"))
	wait(t, l)
	select {
	case <-w.C:
		t.Fatal("woken after Unwatch")
	default:
	}
}

// TestReadGoesBeyondGaps: where records are gone at the end of what a reader sees, it must
// learn where to go on, or it asks for the same offset for ever.
func TestReadGoesBeyondGaps(t *testing.T) {
	l := open(t, vfs.NewMem())
	p := create(t, l, "a", 1, 1).Partition(0)
	put(t, p, plain("x")) // without a key: compaction removes it
	p.mu.Lock()
	err := p.roll(testTime)
	p.mu.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	put(t, p, inTxn(7, 0, 0, "open"))
	wait(t, l)
	if err := l.SetTopic(id(1), map[string]string{"cleanup.policy": "compact", "min.cleanable.dirty.ratio": "0"}); err != nil {
		t.Fatal(err)
	}
	compacted(t, l)
	for iso, want := range map[Isolation]int64{ReadUncommitted: 2, ReadCommitted: 1} {
		if c, err := p.Read(0, 1000, iso, nil); err != nil || c.Next != want || len(c.Batches) > 0 != (want == 2) {
			t.Errorf("compacted: isolation %d: next %d, %d bytes, %v", iso, c.Next, len(c.Batches), err)
		}
	}
	r := p.Reader()
	defer r.Close() //nolint:errcheck // a test
	if b, next, err := r.Read(t.Context(), 0, 1000, ReadCommitted); len(b) != 0 || next != 1 || err != nil {
		t.Error(b, next, err)
	}

	p = create(t, l, "b", 2, 1).Partition(0)
	put(t, p, plain("x"))
	p.end.Store(5) // as after damage
	put(t, p, plain("y"))
	wait(t, l)
	p.mu.Lock()
	p.segs[0].written.Store(int64(len(plain("x")))) // y is gone, too
	p.mu.Unlock()
	if c, err := p.Read(1, 1000, ReadUncommitted, nil); err != nil || c.Next != 6 || len(c.Batches) > 0 {
		t.Error(c, err)
	}
}
