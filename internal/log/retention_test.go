package log

import (
	"errors"
	"fmt"
	"testing"

	"github.com/azud/azud/internal/record"
	"github.com/azud/azud/internal/sys/fault"
)

// fill appends n records of about 100 bytes each at the clock's time.
func fillUp(t testing.TB, p *Partition, n int) {
	t.Helper()
	for i := range n {
		var h = AppendOptions{Now: p.l.now()}
		put(t, p, at(p.l.now(), fmt.Sprintf("%020d", i)), h)
	}
	wait(t, p.l)
}

func TestRetention(t *testing.T) {
	for name, c := range map[string]struct {
		settings []string
		later    int64 // ms
		start    int64
	}{
		"young":            {[]string{"retention.ms", "1000"}, 1000, 0},
		"old":              {[]string{"retention.ms", "1000"}, 1001, 20}, // the active one too
		"for ever":         {[]string{"retention.ms", "-1"}, 1 << 40, 0},
		"compacted":        {[]string{"retention.ms", "1000", "cleanup.policy", "compact"}, 1001, 0},
		"both":             {[]string{"retention.ms", "1000", "cleanup.policy", "compact,delete"}, 1001, 20},
		"large":            {[]string{"retention.bytes", "1000"}, 0, 8},
		"everything":       {[]string{"retention.bytes", "0"}, 0, 20},
		"smaller than one": {[]string{"retention.bytes", "1"}, 0, 16},
	} {
		t.Run(name, func(t *testing.T) {
			var h hand
			disk := fault.New(fault.Options{})
			l := open(t, disk.FS(), byHand(&h))
			p := create(t, l, "r", 1, 1, append(c.settings, "segment.bytes", "400")...).Partition(0)
			fillUp(t, p, 20) // four to a segment
			if n := p.Segments(); n != 5 {
				t.Fatalf("%d segments", n)
			}
			h.ms.Add(c.later)
			if err := l.Retain(t.Context()); err != nil {
				t.Fatal(err)
			}
			if p.Start() != c.start || p.End() != 20 {
				t.Errorf("[%d, %d), want [%d, 20)", p.Start(), p.End(), c.start)
			}
			wait(t, l)
			for range 2 { // and it stays, also of an empty partition
				disk.Crash()
				l.Close() //nolint:errcheck // it is dead
				l = open(t, disk.FS(), byHand(&h))
				p = l.Topics().ByName("r").Partition(0)
				if p.Start() != c.start || p.End() != 20 || int64(len(values(t, p, p.Start(), ReadUncommitted))) != 20-c.start {
					t.Errorf("after a crash [%d, %d)", p.Start(), p.End())
				}
			}
			if a := put(t, p, at(l.now(), "next")); a.Base != 20 {
				t.Errorf("the next offset is %d", a.Base)
			}
		})
	}
}

func TestRetentionRemovesFiles(t *testing.T) {
	var h hand
	disk := fault.New(fault.Options{})
	l := open(t, disk.FS(), byHand(&h))
	p := create(t, l, "r", 1, 1, "retention.bytes", "1000", "segment.bytes", "400").Partition(0)
	fillUp(t, p, 40)
	if err := l.Retain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	var logs int
	for _, f := range disk.Files() {
		if base, ok := parseSegmentName(f.Name[max(0, len(f.Name)-24):], ".log"); ok {
			if logs++; base < p.Start() {
				t.Errorf("%s is left, the log starts at %d", f.Name, p.Start())
			}
		}
	}
	if logs != 3 {
		t.Errorf("%d files", logs)
	}
}

func TestDeleteBefore(t *testing.T) {
	var h hand
	l := open(t, fault.New(fault.Options{}).FS(), byHand(&h))
	p := create(t, l, "r", 1, 1, "segment.bytes", "400").Partition(0)
	fillUp(t, p, 20)
	for _, c := range []struct {
		before, start int64
		bad           error
	}{{6, 6, nil}, {3, 6, nil}, {21, 6, ErrOutOfRange}, {-2, 6, ErrOutOfRange}, {-1, 20, nil}, {20, 20, nil}} {
		start, err := p.DeleteBefore(c.before)
		if !errors.Is(err, c.bad) || start != c.start || p.Start() != c.start {
			t.Errorf("before %d: %d, %v; want %d, %v", c.before, start, err, c.start, c.bad)
		}
		if _, err := p.Read(c.start-1, 100, ReadUncommitted, nil); !errors.Is(err, ErrOutOfRange) {
			t.Errorf("reading what was deleted: %v", err)
		}
	}
	if a := put(t, p, plain("next")); a.Base != 20 {
		t.Errorf("the next offset is %d", a.Base)
	}
	wait(t, l)
	same(t, "left", values(t, p, 20, ReadUncommitted), "20:next")
}

// at makes a batch of one record of a time.
func at(ms int64, value string) []byte {
	var b record.Builder
	b.Begin(record.Plain(record.None))
	b.Add(ms, []byte("k"), []byte(value))
	out, err := b.Finish(nil, nil)
	if err != nil {
		panic(err)
	}
	return out
}
