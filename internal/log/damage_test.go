package log

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/record"
)

// flip changes one byte of a file.
func flip(t *testing.T, fs vfs.FS, name string, at int64) {
	t.Helper()
	f, err := fs.OpenReadWrite(name, category)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // a test
	var b [1]byte
	if err := readFull(f, b[:], at); err != nil {
		t.Fatal(err)
	}
	b[0] ^= 0x40
	if _, err := f.WriteAt(b[:], at); err != nil {
		t.Fatal(err)
	}
}

// crashed makes a log with three journaled rounds and returns the disk as kill -9 leaves it.
func crashed(t *testing.T, values ...string) *vfs.MemFS {
	t.Helper()
	disk := vfs.NewCrashableMem()
	l := open(t, disk)
	l.snapMu.Lock() // no checkpoint
	defer l.snapMu.Unlock()
	p := create(t, l, "a", 1, 1).Partition(0)
	for _, v := range values {
		put(t, p, plain(v))
		wait(t, l)
	}
	return disk.CrashClone(vfs.CrashCloneCfg{})
}

// place is where a record is in the journal.
type place struct {
	name string
	pos  int64
}

// records finds the journal's records, in order.
func records(t *testing.T, fs vfs.FS) (at []place) {
	t.Helper()
	r, err := openJournalReader(fs, "/log/journal", mark{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.close() //nolint:errcheck // a test
	for gen := uint64(1); r.file(gen) != nil; gen++ {
		for pos := int64(fileHeader); ; {
			rec, ok, err := r.file(gen).record(pos)
			if err != nil {
				t.Fatal(err)
			}
			if !ok || rec.gen != gen {
				break
			}
			at = append(at, place{r.file(gen).name, pos})
			pos += rec.size
		}
	}
	return at
}

func TestTornJournal(t *testing.T) {
	fs := crashed(t, "x", "y", "z")
	at := records(t, fs)
	if len(at) != 4 { // the topic, three batches
		t.Fatal(at)
	}
	flip(t, fs, at[3].name, at[3].pos+50)
	l := open(t, fs)
	p := l.Topics().ByName("a").Partition(0)
	if got := values(t, p, 0, ReadUncommitted); !slices.Equal(got, []string{"0:x", "1:y"}) {
		t.Fatal(got)
	}
	put(t, p, plain("new"))
	wait(t, l)
	l = open(t, fs.CrashClone(vfs.CrashCloneCfg{}))
	if got := values(t, l.Topics().ByName("a").Partition(0), 0, ReadUncommitted); !slices.Equal(got, []string{"0:x", "1:y", "2:new"}) {
		t.Fatal(got)
	}
}

func TestDamagedJournalIsRefused(t *testing.T) {
	for _, at := range []struct {
		record int
		byte   int64
	}{{1, 50}, {1, 8}, {2, 0}, {0, 20}} {
		fs := crashed(t, "x", "y", "z")
		where := records(t, fs)[at.record]
		flip(t, fs, where.name, where.pos+at.byte)
		_, err := tryOpen(t, fs)
		if !errors.Is(err, ErrDamaged) || errs.ClassOf(err) != "LOG_JOURNAL_DAMAGED" || !strings.Contains(err.Error(), "/log/journal/") {
			t.Fatalf("record %d, byte %d: %v", at.record, at.byte, err)
		}
		if _, err := tryOpen(t, fs); errs.ClassOf(err) != "LOG_JOURNAL_DAMAGED" {
			t.Fatal("the second time:", err)
		}
	}
	fs := crashed(t, "x", "y")
	flip(t, fs, records(t, fs)[0].name, 9) // the file's header
	if _, err := tryOpen(t, fs); errs.ClassOf(err) != "LOG_JOURNAL_DAMAGED" {
		t.Fatal(err)
	}
}

func TestSnapshotIsNeeded(t *testing.T) {
	disk := vfs.NewMem()
	l := open(t, disk)
	put(t, create(t, l, "a", 1, 1).Partition(0), plain("x"))
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	list, err := snapshots(disk, "/log")
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	name := snapName(disk, "/log", list[0])
	flip(t, disk, name, 40)
	if _, err := tryOpen(t, disk); errs.ClassOf(err) != "LOG_SNAPSHOT_DAMAGED" || !strings.Contains(err.Error(), name) {
		t.Fatal(err)
	}
	if err := disk.Remove(name); err != nil {
		t.Fatal(err)
	}
	if _, err := tryOpen(t, disk); errs.ClassOf(err) != "LOG_SNAPSHOT_MISSING" {
		t.Fatal(err)
	}
}

func TestDamagedSegment(t *testing.T) {
	disk := vfs.NewCrashableMem()
	l := open(t, disk, func(c *Config) { c.DirectBytes = 100 })
	p := create(t, l, "a", 1, 1).Partition(0)
	long := strings.Repeat(".", 200)
	for _, v := range []string{"a", "b", "c"} { // synced directly
		put(t, p, plain(v+long))
		wait(t, l)
	}
	put(t, p, plain("d")) // journaled, which also makes the notes of the others durable
	wait(t, l)
	fs := disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 0})
	name := "/log/topics/" + id(1).folder(0) + "/" + segmentName(0, ".log")
	flip(t, fs, name, 400) // in b
	l = open(t, fs)
	p = l.Topics().ByName("a").Partition(0)
	if got := values(t, p, 0, ReadUncommitted); !slices.Equal(got, []string{"0:a" + long, "3:d"}) {
		t.Fatal(got)
	}
	if p.LeaderEpoch() != 1 || p.End() != 4 {
		t.Fatal(p.LeaderEpoch(), p.End())
	}
	if _, err := fs.Stat(name + ".damaged-1"); err != nil {
		t.Fatal(err)
	}
	if e, end := p.EpochEnd(0); e != 0 || end != 4 {
		t.Fatal(e, end)
	}
	put(t, p, plain("e"))
	wait(t, l)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = open(t, fs)
	p = l.Topics().ByName("a").Partition(0)
	if got := values(t, p, 1, ReadUncommitted); !slices.Equal(got, []string{"3:d", "4:e"}) {
		t.Fatal(got)
	}
	if p.LeaderEpoch() != 1 {
		t.Fatal(p.LeaderEpoch())
	}
}

func TestMarkerWithoutItsDecisionIsCut(t *testing.T) {
	disk := vfs.NewCrashableMem()
	fs := &faultFS{FS: disk}
	l := open(t, fs)
	topic := create(t, l, "a", 1, 1)
	p := topic.Partition(0)
	put(t, p, inTxn(1, 0, 0, "x"))
	wait(t, l)
	fs.set(failing("write", "journal", os.ErrPermission)) // the decision never gets there ...
	if err := l.Write(Write{Puts: []Put{{TableTxns, "t", []byte("commit")}}, Markers: []Marker{{Topic: id(1), Producer: 1, Commit: true}}}); err != nil {
		t.Fatal(err)
	}
	if err := l.Wait(context.Background()); err == nil {
		t.Fatal("the journal failed")
	}
	p.mu.Lock()
	err := p.flush() // ... but the marker does
	p.mu.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	f, err := p.last().openWrite()
	if err != nil || f.Sync() != nil {
		t.Fatal(err)
	}
	l = open(t, disk.CrashClone(vfs.CrashCloneCfg{}))
	p = l.Topics().ByName("a").Partition(0)
	if _, ok := l.Get(TableTxns, "t"); ok || p.End() != 1 || p.Stable() != 0 || p.LeaderEpoch() != 1 {
		t.Fatal(ok, p.End(), p.Stable(), p.LeaderEpoch())
	}
}

func TestIndexIsDisposable(t *testing.T) {
	for _, how := range []string{"missing", "damaged"} {
		disk := vfs.NewMem()
		small := func(c *Config) { c.IndexBytes = 200 }
		l := open(t, disk, small)
		p := create(t, l, "a", 1, 1, "segment.bytes", "4000").Partition(0)
		var want []string
		for i := range 100 {
			v := strings.Repeat("x", i)
			put(t, p, batchAt(testTime+int64(i), v))
			want = append(want, v)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		dir := "/log/topics/" + id(1).folder(0)
		names, _ := disk.List(dir)
		n := 0
		for _, name := range names {
			if !strings.HasSuffix(name, ".idx") {
				continue
			}
			n++
			if how == "missing" {
				_ = disk.Remove(dir + "/" + name)
			} else {
				flip(t, disk, dir+"/"+name, 25)
			}
		}
		if n < 2 {
			t.Fatal(names)
		}
		l = open(t, disk, small)
		p = l.Topics().ByName("a").Partition(0)
		for i := range want {
			c, err := p.Read(int64(i), 1, ReadUncommitted, nil)
			b, _, _ := record.Parse(c.Batches)
			if err != nil || b.Base != int64(i) {
				t.Fatal(how, i, b.Base, err)
			}
			at, err := p.OffsetAt(testTime+int64(i), ReadUncommitted)
			if err != nil || at.Offset != int64(i) {
				t.Fatal(how, i, at, err)
			}
		}
		put(t, p, plain("y"))
		wait(t, l)
		l.Close() //nolint:errcheck // closed by the cleanup also
	}
}

// batchAt makes a batch of one record of a time.
func batchAt(ms int64, v string) []byte {
	var b record.Builder
	b.Begin(record.Plain(record.None))
	b.Add(ms, nil, []byte(v))
	out, err := b.Finish(nil, nil)
	if err != nil {
		panic(err)
	}
	return out
}
