package interim

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/azud/azud/internal/sys"
)

// openTransaction leaves three records, one a partition, in a transaction of id "tx".
func openTransaction(t *testing.T, addr, value string) (pid int64, epoch int16, c *kgo.Client) {
	t.Helper()
	c = client(t, addr, kgo.TransactionalID("tx"), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	pid, epoch, err := c.ProducerID(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := c.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	for p := range int32(3) {
		r := &kgo.Record{Topic: "t", Partition: p, Value: []byte(value)}
		if err := c.ProduceSync(t.Context(), r).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	return pid, epoch, c
}

func values(rs []*kgo.Record) map[string]int {
	n := map[string]int{}
	for _, r := range rs {
		n[string(r.Value)]++
	}
	return n
}

// What a kill leaves open is aborted, and stays so after the same producer commits and
// another kill follows (kfake would then show it).
func TestAnOpenTransactionIsAbortedForEver(t *testing.T) {
	v := &victim{t: t, dir: t.TempDir(), addr: "127.0.0.1:0"}
	v.start()
	openTransaction(t, v.addr, "open")
	v.kill()
	v.start()
	if got := values(readAll(t, v.addr, "t")); len(got) != 0 {
		t.Errorf("after the kill: %v", got)
	}
	_, _, c := openTransaction(t, v.addr, "committed")
	if err := c.EndTransaction(t.Context(), kgo.TryCommit); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if got := values(readAll(t, v.addr, "t")); len(got) != 1 || got["committed"] != 3 {
			t.Errorf("records: %v", got)
		}
		v.kill()
		v.start()
	}
	v.stop()
}

// Killed between the decision and its markers: the decision stands in all partitions.
func TestADecidedTransactionIsFinished(t *testing.T) {
	for _, tc := range []struct {
		name  string
		after func(pid int64, epoch int16) []end
		want  int
	}{
		{"commit", func(pid int64, epoch int16) []end { return []end{{pid, epoch, commits, true}} }, 3},
		{"abort", func(pid int64, epoch int16) []end { return []end{{pid, epoch, aborting, true}} }, 0},
		{"commit of an earlier one", func(pid int64, epoch int16) []end { return []end{{pid, epoch - 1, commits, true}} }, 0},
		{"before KIP-890", func(pid int64, epoch int16) []end {
			return []end{{pid, epoch, commits, false}, {pid, epoch, began, false}}
		}, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			v := &victim{t: t, dir: t.TempDir(), addr: "127.0.0.1:0"}
			v.start()
			pid, epoch, c := openTransaction(t, v.addr, "x")
			v.kill()
			c.Close()
			var raw []byte
			for _, e := range tc.after(pid, epoch) {
				raw = e.append(raw)
			}
			if err := os.WriteFile(filepath.Join(v.dir, endsFile), append(raw, "torn"...), 0o600); err != nil {
				t.Fatal(err)
			}
			v.start()
			if got := values(readAll(t, v.addr, "t"))["x"]; got != tc.want {
				t.Errorf("%d records, want %d", got, tc.want)
			}
			v.stop()
		})
	}
}

// A torn batch at the end of a segment, a missing index and a torn log of offsets.
func TestTornFilesAreRepaired(t *testing.T) {
	v := &victim{t: t, dir: t.TempDir(), addr: "127.0.0.1:0"}
	v.start()
	_, _, c := openTransaction(t, v.addr, "a")
	if err := c.EndTransaction(t.Context(), kgo.TryCommit); err != nil {
		t.Fatal(err)
	}
	v.kill()
	for p := range 3 {
		dir := filepath.Join(v.dir, "partitions", fmt.Sprint("t-", p))
		whole, err := os.ReadFile(filepath.Join(dir, "0.dat"))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "0.dat"), append(whole, whole[:70]...), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(filepath.Join(dir, "0.idx")); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(v.dir, "groups.log"), []byte("torn"), 0o600); err != nil {
		t.Fatal(err)
	}
	v.start()
	_, _, c = openTransaction(t, v.addr, "b")
	if err := c.EndTransaction(t.Context(), kgo.TryCommit); err != nil {
		t.Fatal(err)
	}
	if got := values(readAll(t, v.addr, "t")); got["a"] != 3 || got["b"] != 3 {
		t.Errorf("records: %v", got)
	}
	v.stop()
}

func TestTheJournalKeepsTheLastEndOfEachProducer(t *testing.T) {
	j, err := openJournal(Config{Sys: sys.Real(), Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer j.drop()
	add := func(e end) {
		t.Helper()
		if err := j.add(e); err != nil {
			t.Fatal(err)
		}
	}
	for i := range int16(100) {
		add(end{1, i, commits, true})
		add(end{2, i, began, false})
	}
	add(end{1, 50, aborting, true}) // a fenced producer
	j.mu.Lock()
	err = j.compact()
	j.mu.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	add(end{2, 99, aborting, false})
	raw, err := os.ReadFile(j.path(endsFile))
	if err != nil {
		t.Fatal(err)
	}
	got := readEnds(raw)
	if len(raw) != 3*endSize || got[1] != (end{1, 99, commits, true}) || got[2] != (end{2, 99, aborting, false}) {
		t.Errorf("%d bytes: %+v", len(raw), got)
	}
}

// Retention's own loop, in simulated time, on a topic whose records are old.
func TestRetentionRuns(t *testing.T) {
	world := sys.Real()
	clock := &stepClock{Clock: world.Clock, steps: make(chan struct{})}
	world.Clock = clock
	b, err := Start(t.Context(), Config{Sys: world, Addrs: []string{"127.0.0.1:0"}, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	old := &kgo.Record{Topic: "t", Value: []byte("old"), Timestamp: time.Now().Add(-8 * 24 * time.Hour)}
	if err := client(t, b.Addr()).ProduceSync(t.Context(), old).FirstErr(); err != nil {
		t.Fatal(err)
	}
	clock.steps <- struct{}{}
	clock.steps <- struct{}{} // the second is taken when the first pass is over
	if got := b.Topics(); len(got) != 1 || got[0].Records != 0 {
		t.Errorf("topics: %+v", got)
	}
}
