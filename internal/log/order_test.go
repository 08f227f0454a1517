package log

import (
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// hold keeps the committer busy until the function that it returns is called: what is
// appended meanwhile is one round.
func hold(t *testing.T, l *Log) (release func()) {
	began, end := make(chan struct{}), make(chan struct{})
	l.Sync(func(error) { close(began); <-end })
	<-began
	release = sync.OnceFunc(func() { close(end) })
	t.Cleanup(release)
	return release
}

// TestSegmentsBeforeTheJournal: the journal must never hold what follows a batch that only
// its segment has, before that is durable.
func TestSegmentsBeforeTheJournal(t *testing.T) {
	fs := &faultFS{FS: vfs.NewMem()}
	l := open(t, fs, func(c *Config) { c.DirectBytes = 100 })
	p := create(t, l, "a", 1, 1).Partition(0)
	release := hold(t, l)
	put(t, p, inTxn(1, 0, 0, strings.Repeat("x", 5000))) // too large for the journal
	if err := l.Write(Write{Markers: []Marker{{Topic: id(1), Producer: 1, Commit: true}}}); err != nil {
		t.Fatal(err)
	}
	var ops []string
	fs.set(func(op, name string) error {
		if strings.Contains(name, "journal") {
			ops = append(ops, op+" journal")
		} else if op == "sync" {
			ops = append(ops, op+" segment")
		}
		return nil
	})
	release()
	wait(t, l)
	fs.set(nil)
	seg, jrn := slices.Index(ops, "sync segment"), slices.Index(ops, "write journal")
	if seg < 0 || jrn < seg || !slices.Contains(ops, "sync journal") {
		t.Fatal(ops)
	}
}

// TestCheckpointWaits: a snapshot must not be stored before the journal has all that is in it.
func TestCheckpointWaits(t *testing.T) {
	fs := vfs.NewMem()
	l := open(t, fs)
	wait(t, l)
	before, err := snapshots(fs, "/log")
	if err != nil {
		t.Fatal(err)
	}
	release := hold(t, l)
	if err := l.Write(Write{Puts: []Put{{TableIDs, "a", []byte("b")}}}); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- l.checkpoint(false) }()
	for waiting := false; !waiting; runtime.Gosched() {
		l.stage.mu.Lock()
		waiting = len(l.stage.next.done) > 0
		l.stage.mu.Unlock()
		select {
		case err := <-done:
			t.Fatal("it did not wait:", err)
		default:
		}
	}
	if now, err := snapshots(fs, "/log"); err != nil || !slices.Equal(now, before) {
		t.Fatal(before, now, err)
	}
	release()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// TestRounds: which rounds go to the journal, and which sync their segments.
func TestRounds(t *testing.T) {
	for name, c := range map[string]struct {
		values  []string // one batch each, to two partitions in turn
		journal bool
		segment bool
	}{
		"small":                         {[]string{"x", "y", "z"}, true, false},
		"large on average":              {[]string{strings.Repeat("x", 1500), "y"}, false, true},
		"one large, many small":         {[]string{strings.Repeat("x", 1500), "", "", "", "", "", "", ""}, true, false},
		"one too large for the journal": {append(make([]string, 40), strings.Repeat("x", 5000)), true, true},
	} {
		t.Run(name, func(t *testing.T) {
			fs := &faultFS{FS: vfs.NewMem()}
			l := open(t, fs, func(c *Config) { c.DirectBytes = 300 })
			topic := create(t, l, "a", 1, 2)
			release := hold(t, l)
			for i, v := range c.values {
				put(t, topic.Partition(int32(i%2)), plain(v))
			}
			var journal, segment bool
			fs.set(func(op, name string) error {
				journal = journal || op == "sync" && strings.Contains(name, "journal")
				segment = segment || op == "sync" && strings.Contains(name, ".log")
				return nil
			})
			release()
			wait(t, l)
			fs.set(nil)
			if journal != c.journal || segment != c.segment {
				t.Fatalf("journal synced %v, segments %v", journal, segment)
			}
			for _, p := range topic.Partitions() {
				if p.High() != p.End() {
					t.Fatal(p.High(), p.End())
				}
			}
		})
	}
}
