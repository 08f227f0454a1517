package log

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/azud/azud/internal/record"
	"github.com/azud/azud/internal/sys"
	"github.com/azud/azud/internal/sys/fault"
)

// hand is a clock that is set by hand. Who waits for it waits for ever.
type hand struct{ ms atomic.Int64 }

func (h *hand) Now() time.Time { return time.UnixMilli(h.ms.Load()) }
func (h *hand) Sleep(ctx context.Context, _ time.Duration) error {
	<-ctx.Done()
	return ctx.Err()
}
func (h *hand) After(time.Duration) <-chan time.Time { return make(chan time.Time) }

func byHand(h *hand) opt {
	h.ms.Store(testTime)
	return func(c *Config) {
		s := *c.Sys
		s.Clock = h
		c.Sys = &s
	}
}

var _ sys.Clock = (*hand)(nil)

// keyed makes a batch of "key=value" records; "key" alone is a tombstone.
func keyed(head record.Batch, list ...string) []byte {
	var b record.Builder
	b.Begin(head)
	for _, kv := range list {
		k, v, ok := strings.Cut(kv, "=")
		value := []byte(v)
		if !ok {
			value = nil
		}
		b.Add(testTime, []byte(k), value)
	}
	out, err := b.Finish(nil, new(record.Compressor))
	if err != nil {
		panic(err)
	}
	return out
}

func keys(list ...string) []byte { return keyed(record.Plain(record.None), list...) }

func keysOf(producer int64, seq int32, txn bool, list ...string) []byte {
	h := record.Plain(record.None)
	h.Producer, h.Epoch, h.Sequence = producer, 0, seq
	if txn {
		h.Attrs = record.AttrTxn
	}
	return keyed(h, list...)
}

// stored lists what a partition has: "offset:key=value", "offset:commit", "offset-last:empty".
func stored(t testing.TB, p *Partition) (out []string) {
	t.Helper()
	from := p.Start()
	for {
		c, err := p.Read(from, 1<<20, ReadUncommitted, nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(c.Batches) == 0 {
			return out
		}
		for rest := c.Batches; len(rest) > 0; {
			b, ok, err := record.Parse(rest)
			if !ok || err != nil || b.Check() != nil {
				t.Fatalf("a bad batch at %d", b.Base)
			}
			rest = rest[len(b.Raw):]
			out = append(out, describe(t, &b)...)
		}
		from = c.Next
	}
}

func describe(t testing.TB, b *record.Batch) (out []string) {
	t.Helper()
	if b.Count == 0 {
		return []string{fmt.Sprintf("%d-%d:empty", b.Base, b.Last())}
	}
	if b.Control() {
		m, _, _ := b.EndMark()
		return []string{fmt.Sprintf("%d:%s", b.Base, map[bool]string{true: "commit", false: "abort"}[m.Commit])}
	}
	err := b.Records(new(record.Decompressor), func(r *record.Record) bool {
		s := fmt.Sprintf("%d:%s", r.Offset, r.Key)
		if r.Value != nil {
			s += "=" + string(r.Value)
		}
		out = append(out, s)
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// rollNow ends the active segment, so that compaction may take it.
func rollNow(t testing.TB, p *Partition) {
	t.Helper()
	p.mu.Lock()
	err := p.roll(p.l.now())
	p.mu.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	put(t, p, keys("roll=x"), AppendOptions{Now: p.l.now()}) // a round syncs what was left behind
	wait(t, p.l)
	if err := p.l.checkpoint(false); err != nil {
		t.Fatal(err)
	}
}

func compacted(t testing.TB, l *Log) {
	t.Helper()
	if err := l.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func same(t testing.TB, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n got %q\nwant %q", what, got, want)
	}
}

func compactTopic(t testing.TB, h *hand, more ...string) (*Log, *Partition) {
	t.Helper()
	l := open(t, fault.New(fault.Options{}).FS(), byHand(h))
	topic := create(t, l, "c", 1, 1, append([]string{"cleanup.policy", "compact", "min.cleanable.dirty.ratio", "0", "delete.retention.ms", "1000"}, more...)...)
	return l, topic.Partition(0)
}

func TestCompactionKeepsTheLastValue(t *testing.T) {
	var h hand
	l, p := compactTopic(t, &h)
	put(t, p, keys("a=1", "b=1", "c=1"))
	put(t, p, keyed(record.Plain(record.Zstd), "a=2", "b"))
	put(t, p, keys("a=3", "d=1"))
	rollNow(t, p)
	compacted(t, l)
	want := []string{"2:c=1", "4:b", "5:a=3", "6:d=1", "7:roll=x"}
	same(t, "once", stored(t, p), want...)
	compacted(t, l) // nothing new: nothing is done
	same(t, "twice", stored(t, p), want...)

	// The tombstone stays for delete.retention.ms after the first pass, then the next one that
	// has something to do removes it.
	h.ms.Add(999)
	rollNow(t, p)
	compacted(t, l)
	same(t, "before the horizon", stored(t, p), "2:c=1", "4:b", "5:a=3", "6:d=1", "7:roll=x", "8:roll=x")
	h.ms.Add(2)
	rollNow(t, p)
	compacted(t, l)
	same(t, "behind it", stored(t, p), "2:c=1", "5:a=3", "6:d=1", "8:roll=x", "9:roll=x")
	if n := p.Segments(); n != 2 {
		t.Errorf("%d segments: they were to be merged", n)
	}
}

func TestCompactionNeverTouchesTheActiveSegment(t *testing.T) {
	var h hand
	l, p := compactTopic(t, &h)
	put(t, p, keys("a=1", "a=2"))
	wait(t, l)
	compacted(t, l)
	same(t, "active", stored(t, p), "0:a=1", "1:a=2")
}

func TestCompactionLags(t *testing.T) {
	var h hand
	l, p := compactTopic(t, &h, "min.compaction.lag.ms", "5000")
	put(t, p, keys("a=1", "a=2"))
	rollNow(t, p)
	compacted(t, l)
	same(t, "too young", stored(t, p), "0:a=1", "1:a=2", "2:roll=x")
	h.ms.Add(5001)
	compacted(t, l)
	same(t, "old enough", stored(t, p), "1:a=2", "2:roll=x")

	l, p = compactTopic(t, &h, "min.cleanable.dirty.ratio", "1", "max.compaction.lag.ms", "5000")
	put(t, p, keys("a=1", "a=2"))
	rollNow(t, p)
	compacted(t, l)
	same(t, "not dirty enough", stored(t, p), "0:a=1", "1:a=2", "2:roll=x")
	h.ms.Add(5001)
	compacted(t, l)
	same(t, "too long dirty", stored(t, p), "1:a=2", "2:roll=x")
}

// Aborted records go at once. A marker stays while records of its transaction are there, and
// then until a horizon, and so does the header of a producer's last batch.
func TestCompactionOfTransactions(t *testing.T) {
	var h hand
	l, p := compactTopic(t, &h)
	end := func(producer int64, commit bool) {
		err := l.Write(Write{Markers: []Marker{{Topic: p.Topic(), Producer: producer, Commit: commit}}})
		if err != nil {
			t.Fatal(err)
		}
	}
	put(t, p, keysOf(7, 0, true, "a=1", "b=1")) // 0, 1
	put(t, p, keysOf(8, 0, true, "a=9", "z=9")) // 2, 3: aborted
	end(8, false)                               // 4
	end(7, true)                                // 5
	put(t, p, keysOf(8, 2, true, "a=2"))        // 6
	end(8, true)                                // 7
	rollNow(t, p)                               // 8
	compacted(t, l)
	same(t, "first pass", stored(t, p), "1:b=1", "4:abort", "5:commit", "6:a=2", "7:commit", "8:roll=x")
	same(t, "committed", values(t, p, 0, ReadCommitted), "1:1", "6:2", "8:x")

	put(t, p, keys("b=2")) // 9
	rollNow(t, p)          // 10
	h.ms.Add(1)
	compacted(t, l) // batch 0-1 loses its last record, but is the last of producer 7
	same(t, "second pass", stored(t, p), "0-1:empty", "4:abort", "5:commit", "6:a=2", "7:commit", "8:roll=x", "9:b=2", "10:roll=x")
	h.ms.Add(2000)
	rollNow(t, p)
	compacted(t, l)
	same(t, "third pass", stored(t, p), "0-1:empty", "5:commit", "6:a=2", "7:commit", "9:b=2", "10:roll=x", "11:roll=x")
	for _, pr := range p.Producers() {
		if want := map[int64]int32{7: 1, 8: 2}[pr.ID]; pr.LastSequence != want {
			t.Errorf("producer %d is at sequence %d, want %d", pr.ID, pr.LastSequence, want)
		}
	}
}

func TestCompactionStopsAtOpenTransactions(t *testing.T) {
	var h hand
	l, p := compactTopic(t, &h)
	put(t, p, keys("a=1", "a=2"))
	rollNow(t, p) // 2
	put(t, p, keysOf(7, 0, true, "a=3"))
	rollNow(t, p)
	compacted(t, l)
	same(t, "open", stored(t, p), "1:a=2", "2:roll=x", "3:a=3", "4:roll=x")
}

// A map of few keys needs several passes, and they end with the same records.
func TestCompactionInLittleMemory(t *testing.T) {
	var h hand
	l, p := compactTopic(t, &h, "segment.bytes", "4000")
	last := map[string]string{}
	for i := range 2000 {
		k := fmt.Sprintf("k%d", i*i%101)
		put(t, p, keys(fmt.Sprintf("%s=%d", k, i)))
		last[k] = fmt.Sprintf("%d:%s=%d", i, k, i)
	}
	rollNow(t, p)
	before := p.Segments()
	if err := l.compact(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	got := stored(t, p)
	if len(got) != len(last)+1 {
		t.Errorf("%d records, want %d", len(got), len(last)+1)
	}
	for _, want := range last {
		if !slices.Contains(got, want) {
			t.Errorf("%s is missing", want)
		}
	}
	if after := p.Segments(); after >= before/4 {
		t.Errorf("%d segments of %d", after, before)
	}
}

func TestCompactionSurvivesARestart(t *testing.T) {
	disk := fault.New(fault.Options{})
	var h hand
	l := open(t, disk.FS(), byHand(&h))
	p := create(t, l, "c", 1, 1, "cleanup.policy", "compact", "min.cleanable.dirty.ratio", "0").Partition(0)
	put(t, p, keys("a=1", "b=1"))
	put(t, p, keys("a=2"))
	rollNow(t, p)
	compacted(t, l)
	want := stored(t, p)
	for range 2 {
		disk.Crash()
		l.Close() //nolint:errcheck // it is dead
		l = open(t, disk.FS(), byHand(&h))
		p = l.Topics().ByName("c").Partition(0)
		same(t, "after a crash", stored(t, p), want...)
	}
	for _, f := range disk.Files() {
		if strings.HasSuffix(f.Name, swapExt) {
			t.Errorf("%s is left", f.Name)
		}
	}
}

// TestTopicDeletedDuringCompaction: that is no failure of the disk, of which the log would
// leave a note for the next start.
func TestTopicDeletedDuringCompaction(t *testing.T) {
	fs := &faultFS{FS: vfs.NewMem()}
	l := open(t, fs)
	p := create(t, l, "c", 1, 1, "cleanup.policy", "compact", "min.cleanable.dirty.ratio", "0").Partition(0)
	put(t, p, keys("a=1", "a=2"))
	rollNow(t, p)
	var deleted sync.Once
	fs.set(func(op, name string) error {
		if op == "sync" && strings.Contains(name, "journal") { // with the new segment's entry
			deleted.Do(func() {
				if err := l.DeleteTopic(id(1)); err != nil {
					t.Error(err)
				}
			})
		}
		return nil
	})
	compacted(t, l)
	wait(t, l)
	if _, err := fs.Stat(l.doubtName()); !missing(err) {
		t.Error("the next start would think that the disk failed:", err)
	}
	if err := l.checkpoint(false); err != nil {
		t.Error(err)
	}
	if l.Topics().ByName("c") != nil || !errors.Is(p.Err(), ErrNoPartition) {
		t.Error(p.Err())
	}
}

func TestKeyMap(t *testing.T) {
	m := newKeyMap(1 << 20)
	for i := range 20_000 {
		m.put(fmt.Appendf(nil, "key-%d", i%7000), int64(i))
	}
	if m.used != 7000 || m.room() != m.most*3/4-7000 {
		t.Errorf("%d keys, room for %d", m.used, m.room())
	}
	for i := range 7000 {
		want := int64(i + 14_000)
		if want >= 20_000 {
			want -= 7000
		}
		if got := m.last(fmt.Appendf(nil, "key-%d", i)); got != want {
			t.Fatalf("key %d: %d, want %d", i, got, want)
		}
	}
	if m.last([]byte("other")) != -1 {
		t.Error("a key that is not there")
	}
	m.clear()
	if m.last([]byte("key-1")) != -1 || m.used != 0 {
		t.Error("not cleared")
	}
}
