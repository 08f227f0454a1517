package log

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// faultFS answers writes and syncs with what fault says.
type faultFS struct {
	vfs.FS
	mu    sync.Mutex
	fault func(op, name string) error
	free  uint64
}

func (f *faultFS) set(fault func(op, name string) error) {
	f.mu.Lock()
	f.fault = fault
	f.mu.Unlock()
}

func (f *faultFS) ask(op, name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fault == nil {
		return nil
	}
	return f.fault(op, name)
}

func (f *faultFS) OpenReadWrite(n string, k vfs.DiskWriteCategory, o ...vfs.OpenOption) (vfs.File, error) {
	file, err := f.FS.OpenReadWrite(n, k, o...)
	if err != nil {
		return nil, err
	}
	return &faultFile{file, f, n}, nil
}

func (f *faultFS) GetDiskUsage(string) (vfs.DiskUsage, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return vfs.DiskUsage{AvailBytes: f.free, TotalBytes: 100 << 30}, nil
}

type faultFile struct {
	vfs.File
	fs   *faultFS
	name string
}

func (f *faultFile) WriteAt(p []byte, at int64) (int, error) {
	if err := f.fs.ask("write", f.name); err != nil {
		n, _ := f.File.WriteAt(p[:len(p)/2], at) // torn
		return n, err
	}
	return f.File.WriteAt(p, at)
}

func (f *faultFile) SyncData() error {
	if err := f.fs.ask("sync", f.name); err != nil {
		return err
	}
	return f.File.SyncData()
}

func failing(op, part string, err error) func(string, string) error {
	return func(o, name string) error {
		if o == op && strings.Contains(name, part) {
			return err
		}
		return nil
	}
}

func once(f func(string, string) error) func(string, string) error {
	done := false
	return func(o, name string) error {
		if done {
			return nil
		}
		err := f(o, name)
		done = err != nil
		return err
	}
}

func TestFailedSegmentSyncStopsThePartition(t *testing.T) {
	disk := vfs.NewCrashableMem()
	fs := &faultFS{FS: disk}
	l := open(t, fs, func(c *Config) { c.DirectBytes = 100 })
	topic := create(t, l, "a", 1, 2)
	p, q := topic.Partition(0), topic.Partition(1)
	put(t, p, plain("x"))
	wait(t, l)
	fs.set(failing("sync", id(1).folder(0), syscall.EIO))
	big := plain(strings.Repeat("y", 200))
	put(t, p, slices.Clone(big))
	put(t, q, slices.Clone(big))
	wait(t, l)
	if !errors.Is(p.Err(), ErrStorage) || q.Err() != nil || p.High() != 1 || q.High() != 1 {
		t.Fatal(p.Err(), q.Err(), p.High(), q.High())
	}
	fs.set(nil) // a sync that works now proves nothing
	if _, err := p.Append(plain("z"), AppendOptions{Now: testTime}); !errors.Is(err, ErrStorage) {
		t.Fatal(err)
	}
	if got := values(t, p, 0, ReadUncommitted); !slices.Equal(got, []string{"0:x"}) {
		t.Fatal(got)
	}
	put(t, q, plain("z"))
	wait(t, l)
	if err := l.checkpoint(false); err == nil {
		t.Fatal("a checkpoint must not let go of the journal")
	}
	l.Close() //nolint:errcheck // nothing is lost; the journal has it
	l = open(t, disk.CrashClone(vfs.CrashCloneCfg{}))
	topic = l.Topics().ByName("a")
	if got := values(t, topic.Partition(0), 0, ReadUncommitted); !slices.Equal(got, []string{"0:x"}) {
		t.Fatal(got)
	}
	if topic.Partition(1).End() != 2 {
		t.Fatal("the other partition lost something")
	}
	put(t, topic.Partition(0), plain("again"))
}

// TestTransactionsOutliveAStoppedPartition: one partition whose disk failed, and one where a
// newer marker was, must not keep the others of a transaction from being ended.
func TestTransactionsOutliveAStoppedPartition(t *testing.T) {
	disk := vfs.NewCrashableMem()
	fs := &faultFS{FS: disk}
	l := open(t, fs, func(c *Config) { c.DirectBytes = 100 })
	topic := create(t, l, "a", 1, 3)
	bad, good, fenced := topic.Partition(0), topic.Partition(1), topic.Partition(2)
	end := func(producer int64, epoch int16, strict bool, parts ...*Partition) error {
		w := Write{Strict: strict, Puts: []Put{{TableTxns, fmt.Sprint(producer), []byte("ended")}}}
		for _, p := range parts {
			w.Markers = append(w.Markers, Marker{Topic: id(1), Partition: p.Index(), Producer: producer, Epoch: epoch, Commit: true})
		}
		return l.Write(w)
	}
	for _, p := range topic.Partitions() {
		put(t, p, inTxn(1, 0, 0, "x"))
		put(t, p, inTxn(2, 0, 0, "y"))
	}
	wait(t, l)
	if err := end(1, 1, true, fenced); err != nil { // an administrator's
		t.Fatal(err)
	}
	fs.set(failing("sync", id(1).folder(0), syscall.EIO))
	put(t, bad, plain(strings.Repeat("z", 200))) // lost: only its segment had it
	wait(t, l)
	fs.set(nil)
	if !errors.Is(bad.Err(), ErrStorage) {
		t.Fatal(bad.Err())
	}
	if err := end(1, 0, true, bad); !errors.Is(err, ErrStorage) {
		t.Fatal(err)
	}
	if err := end(1, 0, true, fenced); !errors.Is(err, ErrProducerFenced) {
		t.Fatal(err)
	}
	for producer := range int64(2) {
		if err := end(producer+1, 0, false, bad, good, fenced); err != nil {
			t.Fatal(err)
		}
	}
	wait(t, l)
	if good.Stable() != 4 || fenced.Stable() != 4 || bad.Stable() != 0 || bad.High() != 2 {
		t.Fatal(good.Stable(), fenced.Stable(), bad.Stable(), bad.High())
	}
	for _, s := range bad.Producers() {
		if s.TxnStart >= 0 {
			t.Fatal("the coordinator must see that it has ended", s)
		}
	}
	l.Close() //nolint:errcheck // there is no checkpoint
	for _, percent := range []int{0, 100} {
		l = open(t, disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: percent, RNG: rand.New(rand.NewPCG(1, 1))}), func(c *Config) {
			c.Log = slog.New(slog.NewTextHandler(noDamage{t}, nil))
		})
		p := l.Topics().ByName("a").Partition(0)
		if p.End() != 5 || p.Stable() != 5 {
			t.Errorf("%d %%: the end is %d, the last stable offset %d", percent, p.End(), p.Stable())
		}
		if got := values(t, p, 0, ReadCommitted); !slices.Equal(got[:2], []string{"0:x", "1:y"}) {
			t.Error(got)
		}
		put(t, p, inTxn(1, 0, 1, "again"))
		wait(t, l)
	}
}

// TestBehindALostBatch: what the journal has behind a batch that a failed sync has lost was
// never acknowledged. It is no damage, and must not be there without what comes before it.
func TestBehindALostBatch(t *testing.T) {
	disk := vfs.NewCrashableMem()
	fs := &faultFS{FS: disk}
	l := open(t, fs, func(c *Config) { c.DirectBytes = 100 })
	p := create(t, l, "a", 1, 1).Partition(0)
	put(t, p, of(1, 0, 0, "x"))
	wait(t, l)
	behind := false
	fs.set(func(op, name string) error {
		if op != "sync" || !strings.Contains(name, id(1).folder(0)) {
			return nil
		}
		if !behind { // in the round after the one that fails
			behind = true
			put(t, p, of(1, 0, 2, "z"), AppendOptions{Now: testTime, Deferred: true})
		}
		return syscall.EIO
	})
	put(t, p, of(1, 0, 1, strings.Repeat("y", 200)))
	wait(t, l)
	wait(t, l)
	if !behind || p.Err() == nil || p.High() != 1 {
		t.Fatal(behind, p.Err(), p.High())
	}
	l.Close() //nolint:errcheck // there is no checkpoint
	l = open(t, disk.CrashClone(vfs.CrashCloneCfg{}), func(c *Config) { c.Log = slog.New(slog.NewTextHandler(noDamage{t}, nil)) })
	p = l.Topics().ByName("a").Partition(0)
	if p.End() != 1 || p.LeaderEpoch() != 1 {
		t.Fatal(p.End(), p.LeaderEpoch())
	}
	put(t, p, of(1, 0, 1, "y")) // the producer tries again
	put(t, p, of(1, 0, 2, "z"))
}

func TestFailedJournalStopsAll(t *testing.T) {
	disk := vfs.NewCrashableMem()
	fs := &faultFS{FS: disk}
	l := open(t, fs)
	p := create(t, l, "a", 1, 1).Partition(0)
	put(t, p, plain("x"))
	wait(t, l)
	fs.set(failing("sync", "journal", syscall.EIO))
	put(t, p, plain("y"))
	if err := l.Wait(context.Background()); !errors.Is(err, ErrStorage) {
		t.Fatal(err)
	}
	fs.set(nil)
	if err := l.Wait(context.Background()); !errors.Is(err, ErrStorage) {
		t.Fatal(err)
	}
	if _, err := p.Append(plain("z"), AppendOptions{Now: testTime}); !errors.Is(err, ErrStorage) {
		t.Fatal(err)
	}
	if err := l.Write(Write{}); !errors.Is(err, ErrStorage) {
		t.Fatal(err)
	}
	if p.High() != 1 || l.Err() == nil {
		t.Fatal(p.High(), l.Err())
	}
	l.Close() //nolint:errcheck // it says so again
	l = open(t, disk.CrashClone(vfs.CrashCloneCfg{}))
	if got := values(t, l.Topics().ByName("a").Partition(0), 0, ReadUncommitted); !slices.Equal(got, []string{"0:x"}) {
		t.Fatal(got)
	}
}

func TestFullDiskPasses(t *testing.T) {
	fs := &faultFS{FS: vfs.NewMem()}
	l := open(t, fs)
	p := create(t, l, "a", 1, 1).Partition(0)
	put(t, p, of(1, 0, 0, "x"))
	fs.set(once(failing("write", ".log", syscall.ENOSPC)))
	two := slices.Concat(of(1, 0, 1, "y"), of(1, 0, 2, strings.Repeat("z", 100)))
	if _, err := p.Append(slices.Clone(two), AppendOptions{Now: testTime}); !errors.Is(err, ErrDiskFull) {
		t.Fatal(err)
	}
	fs.set(nil)
	if a := put(t, p, two); a.Base != 1 || a.Duplicate {
		t.Fatal("nothing must be left of the failed append:", a)
	}
	wait(t, l)
	if got := values(t, p, 0, ReadUncommitted); len(got) != 3 {
		t.Fatal(got)
	}
}

// TestFullDiskAtTheEndOfARound: records that were taken before the disk was found to be full
// are durable in the journal, and readable; others are refused until there is space.
func TestFullDiskAtTheEndOfARound(t *testing.T) {
	for name, c := range map[string]struct{ direct, size int }{"journaled": {16 << 10, 10}, "direct": {100, 300}} {
		t.Run(name, func(t *testing.T) {
			disk := vfs.NewCrashableMem()
			fs := &faultFS{FS: disk}
			l := open(t, fs, func(cfg *Config) { cfg.DirectBytes, cfg.IndexBytes = c.direct, 100 })
			p := create(t, l, "a", 1, 1).Partition(0)
			deferred := AppendOptions{Now: testTime, Deferred: true}
			long := strings.Repeat(".", c.size)
			want := []string{"0:v" + long, "1:w" + long, "2:x" + long, "3:y" + long}
			check := func(p *Partition, when string) {
				t.Helper()
				wait(t, p.l)
				if p.Err() != nil || p.High() != p.End() {
					t.Fatal(when, p.Err(), p.High(), p.End())
				}
				for from := range int64(4) {
					if got := values(t, p, from, ReadCommitted); !slices.Equal(got, want[from:]) {
						t.Fatalf("%s, from %d: %.20q", when, from, got)
					}
				}
				if at, err := p.OffsetAt(testTime+2, ReadUncommitted); err != nil || at.Offset != 3 {
					t.Fatal(when, at, err)
				}
			}
			put(t, p, plain("v"+long))
			put(t, p, inTxn(1, 0, 0, "w"+long))
			wait(t, l)
			fs.set(failing("write", ".log", syscall.ENOSPC))
			release := hold(t, l)
			put(t, p, plain("x"+long), deferred)
			put(t, p, batchAt(testTime+2, "y"+long), deferred)
			release()
			wait(t, l)
			for _, o := range []AppendOptions{deferred, {Now: testTime}} {
				if _, err := p.Append(plain("refused"), o); !errors.Is(err, ErrDiskFull) {
					t.Fatal(err)
				}
			}
			if err := l.Write(Write{Markers: []Marker{{Topic: id(1), Producer: 1, Commit: true}}, Strict: true}); err != nil {
				t.Fatal("small state goes on:", err)
			}
			check(p, "full")
			if err := l.checkpoint(false); !errors.Is(err, ErrDiskFull) {
				t.Fatal("the journal is needed:", err)
			}
			crash := open(t, disk.CrashClone(vfs.CrashCloneCfg{}), func(c *Config) { c.Log = slog.New(slog.NewTextHandler(noDamage{t}, nil)) })
			check(crash.Topics().ByName("a").Partition(0), "after a crash")

			fs.set(nil)
			want = append(want, "5:z")
			put(t, p, plain("z"), deferred)
			check(p, "space again")
			if err := l.checkpoint(false); err != nil {
				t.Fatal(err)
			}
			check(open(t, disk.CrashClone(vfs.CrashCloneCfg{})).Topics().ByName("a").Partition(0), "at last")
		})
	}
}

func TestMinFree(t *testing.T) {
	fs := &faultFS{FS: vfs.NewMem(), free: 1 << 30}
	l := open(t, fs, func(c *Config) { c.MinFree = 0 })
	p := create(t, l, "a", 1, 1).Partition(0)
	if _, err := p.Append(plain("x"), AppendOptions{Now: testTime}); !errors.Is(err, ErrDiskFull) {
		t.Fatal("2 % of 100 GiB are more than 1 GiB:", err)
	}
	if err := l.Write(Write{Puts: []Put{{TableIDs, "a", []byte("b")}}}); err != nil {
		t.Fatal("small state goes on:", err)
	}
	fs.mu.Lock()
	fs.free = 3 << 30
	fs.mu.Unlock()
	l.checkSpace()
	put(t, p, plain("x"))
}
