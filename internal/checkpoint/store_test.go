package checkpoint_test

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"reflect"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/azud/azud/internal/checkpoint"
	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/sys"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

var stateSchema = types.Schema{{Name: "deleted", Type: types.BooleanType}, {Name: "k", Type: types.StringType, Nullable: true},
	{Name: "n", Type: types.LongType}}

func stateRows(rows ...any) *vec.Batch {
	b := vec.NewBuilder(stateSchema)
	for i := 0; i < len(rows); i += 2 {
		vec.Append(b.Cols[0], rows[i+1] == nil)
		b.Cols[1].AppendString(rows[i].(string))
		n, _ := rows[i+1].(int)
		vec.Append(b.Cols[2], int64(n))
	}
	return b.Finish()
}

func world(fs vfs.FS) *sys.Sys {
	s := sys.Real()
	s.FS = fs
	return s
}

func open(t *testing.T, fs vfs.FS) *checkpoint.Store {
	t.Helper()
	s, err := checkpoint.Open("/q", checkpoint.Options{Sys: world(fs)})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// load replays the state into a map and counts the stored parts.
func load(t *testing.T, s *checkpoint.Store) (map[string]int, int, *checkpoint.State) {
	t.Helper()
	st, err := s.State(3, stateSchema)
	must(t, err)
	m, parts := map[string]int{}, 0
	for r, err := range st.Load() {
		must(t, err)
		parts++
		for i := range r.Batch.N {
			k := fmt.Sprintf("%d/%s", r.Shard, r.Batch.Cols[1].Str(i))
			if vec.Get[bool](&r.Batch.Cols[0], i) {
				delete(m, k)
			} else {
				m[k] = int(vec.Get[int64](&r.Batch.Cols[2], i))
			}
		}
	}
	return m, parts, st
}

func commit(t *testing.T, s *checkpoint.Store, st *checkpoint.State, n int64, shards map[int]*vec.Batch, snapshot bool) error {
	t.Helper()
	e, err := s.Begin(n)
	if err != nil {
		return err
	}
	for shard, rows := range shards {
		if snapshot {
			err = e.Snapshot(st, shard, rows)
		} else {
			err = e.Delta(st, shard, rows)
		}
		if err != nil {
			return err
		}
	}
	return e.Commit(&checkpoint.Done{Plan: checkpoint.Plan{Epoch: n, Sources: []checkpoint.Range{{From: "a", To: "b"}}}, Watermark: n * 1000, Nodes: []int64{n}})
}

func TestAnEpochSurvivesACrash(t *testing.T) {
	fs := vfs.NewCrashableMem()
	s := open(t, fs)
	id := s.ID()
	must(t, s.PutSetup(&checkpoint.Setup{Delays: []int64{7}, Sources: []connector.Offset{"x"}}))
	if d, err := s.LastDone(); d != nil || err != nil {
		t.Fatalf("a new checkpoint has committed %v, %v", d, err)
	}
	_, _, st := load(t, s)
	must(t, commit(t, s, st, 0, map[int]*vec.Batch{1: stateRows("a", 1, "b", 2), 5: stateRows("c", 3)}, false))
	must(t, commit(t, s, st, 1, map[int]*vec.Batch{1: stateRows("a", nil, "b", 4)}, false))
	must(t, s.PutPlan(&checkpoint.Plan{Epoch: 2, Zone: "UTC", Late: -1 << 63}))

	// What is begun and not committed is not there afterwards.
	e, err := s.Begin(2)
	must(t, err)
	must(t, e.Delta(st, 1, stateRows("z", 9)))

	s2 := open(t, fs.CrashClone(vfs.CrashCloneCfg{}))
	defer s2.Close()
	e.Abort()
	must(t, s.Close())
	m, _, _ := load(t, s2)
	if want := map[string]int{"1/b": 4, "5/c": 3}; !reflect.DeepEqual(m, want) {
		t.Errorf("state %v, want %v", m, want)
	}
	d, err := s2.LastDone()
	must(t, err)
	if d == nil || d.Plan.Epoch != 1 || d.Watermark != 1000 || d.Plan.Sources[0].To != "b" || s2.ID() != id {
		t.Errorf("done %+v, id %s want %s", d, s2.ID(), id)
	}
	p, err := s2.LastPlan()
	must(t, err)
	if p == nil || p.Epoch != 2 || p.Late != -1<<63 || p.Zone != "UTC" {
		t.Errorf("plan %+v", p)
	}
	q, err := s2.Setup()
	must(t, err)
	if q == nil || q.Delays[0] != 7 || q.Sources[0] != "x" {
		t.Errorf("setup %+v", q)
	}
}

func TestASnapshotReplacesTheDeltas(t *testing.T) {
	fs := vfs.NewMem()
	s := open(t, fs)
	_, _, st := load(t, s)
	n := int64(0)
	for ; !st.WantsSnapshot(1); n++ {
		if n > 1000 {
			t.Fatal("no snapshot is ever wanted")
		}
		must(t, commit(t, s, st, n, map[int]*vec.Batch{1: stateRows("a", int(n)), 2: stateRows("b", int(n))}, false))
	}
	must(t, commit(t, s, st, n, map[int]*vec.Batch{1: stateRows("a", 7)}, true))
	if st.WantsSnapshot(1) || !st.WantsSnapshot(2) {
		t.Error("only the snapshot's shard has one")
	}
	must(t, commit(t, s, st, n+1, map[int]*vec.Batch{1: stateRows("x", 8)}, false))
	must(t, commit(t, s, st, n+2, map[int]*vec.Batch{2: nil}, true))
	must(t, s.Close())
	s = open(t, fs)
	defer s.Close()
	m, parts, st := load(t, s)
	if want := map[string]int{"1/a": 7, "1/x": 8}; !reflect.DeepEqual(m, want) || parts != 2 {
		t.Errorf("state %v in %d parts, want %v in 2", m, parts, want)
	}
	if st.WantsSnapshot(2) {
		t.Error("an emptied shard wants nothing")
	}
}

func TestOldPlansGo(t *testing.T) {
	s := open(t, vfs.NewMem())
	defer s.Close()
	_, _, st := load(t, s)
	for n := range int64(301) {
		must(t, s.PutPlan(&checkpoint.Plan{Epoch: n}))
		must(t, commit(t, s, st, n, nil, false))
	}
	d, err := s.LastDone()
	must(t, err)
	if d.Plan.Epoch != 300 {
		t.Errorf("last is %d", d.Plan.Epoch)
	}
}

func TestTwoCannotShareACheckpoint(t *testing.T) {
	dir := t.TempDir()
	s, err := checkpoint.Open(dir, checkpoint.Options{Sys: sys.Real()})
	must(t, err)
	_, err = checkpoint.Open(dir, checkpoint.Options{Sys: sys.Real()})
	if errs.ClassOf(err) != "CHECKPOINT_LOCKED" {
		t.Errorf("the second Open: %v", err)
	}
	must(t, s.Close())
	s, err = checkpoint.Open(dir, checkpoint.Options{Sys: sys.Real()})
	must(t, err)
	must(t, s.Close())
}

// TestAFailedWriteParks lets each write in turn fail: the process lives, what is reported
// as committed is there afterwards, and the directory can be opened again at once.
func TestAFailedWriteParks(t *testing.T) {
	for fail := int32(1); ; fail += 1 + fail/8 {
		mem := vfs.NewCrashableMem()
		var count atomic.Int32
		var failed atomic.Bool
		fs := errorfs.Wrap(mem, errorfs.InjectorFunc(func(op errorfs.Op) error {
			if op.Kind.ReadOrWrite() == errorfs.OpIsRead || count.Add(1) < fail {
				return nil
			}
			failed.Store(true)
			return errors.New("the disk is full")
		}))
		committed := int64(-1)
		s, err := checkpoint.Open("/q", checkpoint.Options{Sys: world(fs)})
		if err == nil {
			_, _, st := load(t, s)
			for n := range int64(4) {
				big := stateRows(strings.Repeat(string(rune('a'+n)), 150<<10), int(n)) // rotates the log
				if err = commit(t, s, st, n, map[int]*vec.Batch{0: big}, false); err != nil {
					break
				}
				committed = n
			}
			if err == nil && failed.Load() {
				err = s.Err() // a background flush may still be failing
			}
			if c := s.Close(); err == nil {
				err = c
			}
		}
		if err != nil && errs.ClassOf(err) != "CHECKPOINT_STORAGE" && errs.ClassOf(err) != "CHECKPOINT_LOCKED" {
			t.Fatalf("write %d: %v", fail, err)
		}
		if !failed.Load() {
			if fail < 20 {
				t.Fatalf("only %d writes were seen", fail)
			}
			break
		}
		for _, clone := range []vfs.FS{mem, mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 50, RNG: rand.New(rand.NewPCG(uint64(fail), 1))})} {
			s, err := checkpoint.Open("/q", checkpoint.Options{Sys: world(clone)})
			if err != nil {
				t.Fatalf("write %d: opening again: %v", fail, err)
			}
			d, err := s.LastDone()
			must(t, err)
			got := int64(-1)
			if d != nil {
				got = d.Plan.Epoch
			}
			if got < committed {
				t.Errorf("write %d: epoch %d was committed, %d is there", fail, committed, got)
			}
			must(t, s.Close())
		}
	}
}

func TestLowSpaceIsTemporary(t *testing.T) {
	fs := &fullFS{FS: vfs.NewMem()}
	s := open(t, fs)
	defer s.Close()
	must(t, s.Space())
	fs.full.Store(true)
	err := s.Space()
	if errs.ClassOf(err) != "CHECKPOINT_NO_SPACE" || !connector.IsPassing(err) {
		t.Errorf("a full disk: %v", err)
	}
	j, err := s.Journal(0)
	must(t, err)
	if _, err := j.Append([]byte("x")); errs.ClassOf(err) != "CHECKPOINT_NO_SPACE" || !connector.IsPassing(err) {
		t.Errorf("a journal on a full disk: %v", err)
	}
	fs.full.Store(false)
	if n, err := j.Append([]byte("x")); n != 1 || err != nil {
		t.Errorf("after it had space again: entry %d, %v", n, err)
	}
}

// lockedFS cannot lock, for a reason of its own.
type lockedFS struct {
	vfs.FS
	err error
}

func (f lockedFS) Lock(string) (io.Closer, error) { return nil, f.err }

func TestNoPermissionIsNotInUse(t *testing.T) {
	for class, cause := range map[string]error{
		"CHECKPOINT_STORAGE": &os.PathError{Op: "open", Path: "LOCK", Err: os.ErrPermission},
		"CHECKPOINT_LOCKED":  errors.New("lock held by current process"),
	} {
		_, err := checkpoint.Open("/c", checkpoint.Options{Sys: world(lockedFS{vfs.NewMem(), cause})})
		if errs.ClassOf(err) != class {
			t.Errorf("%v gives %v", cause, err)
		}
	}
}

type fullFS struct {
	vfs.FS
	full atomic.Bool
}

func (f *fullFS) GetDiskUsage(string) (vfs.DiskUsage, error) {
	if f.full.Load() {
		return vfs.DiskUsage{AvailBytes: 1 << 20}, nil
	}
	return vfs.DiskUsage{AvailBytes: 1 << 40}, nil
}

// BenchmarkOpen reports what a start costs: making a checkpoint, and opening one again.
func BenchmarkOpen(b *testing.B) {
	for _, again := range []bool{false, true} {
		b.Run(fmt.Sprintf("again=%v", again), func(b *testing.B) {
			var syncs atomic.Int64
			fs := errorfs.Wrap(vfs.Default, errorfs.InjectorFunc(func(op errorfs.Op) error {
				if op.Kind == errorfs.OpFileSync || op.Kind == errorfs.OpFileSyncData {
					syncs.Add(1)
				}
				return nil
			}))
			dir := b.TempDir()
			var spent time.Duration
			for i := range b.N {
				at := dir
				if !again {
					at = fmt.Sprintf("%s/%d", dir, i)
				}
				start := time.Now()
				s, err := checkpoint.Open(at, checkpoint.Options{Sys: world(fs)})
				spent += time.Since(start)
				if err != nil {
					b.Fatal(err)
				}
				if err := s.PutPlan(&checkpoint.Plan{Epoch: int64(i)}); err != nil {
					b.Fatal(err)
				}
				if err := s.Close(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(spent.Milliseconds())/float64(b.N), "ms/open")
			b.ReportMetric(float64(syncs.Load())/float64(b.N), "syncs/open+close")
		})
	}
}

// BenchmarkIdleMemory reports what four open checkpoints hold after some work.
func BenchmarkIdleMemory(b *testing.B) {
	for range b.N {
		cache := pebble.NewCache(4 << 20)
		var before, now runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		var list []*checkpoint.Store
		for i := range 4 {
			s, err := checkpoint.Open(fmt.Sprintf("%s/%d", b.TempDir(), i), checkpoint.Options{Sys: sys.Real(), Cache: cache})
			if err != nil {
				b.Fatal(err)
			}
			for n := range int64(2000) {
				if err := s.Sink().Apply([]connector.KV{{Key: fmt.Append(nil, n%50), Value: make([]byte, 500)}}, false); err != nil {
					b.Fatal(err)
				}
			}
			list = append(list, s)
		}
		runtime.GC()
		runtime.ReadMemStats(&now)
		b.ReportMetric(float64(now.HeapAlloc-before.HeapAlloc)/(1<<20), "MiB/4-queries")
		b.ReportMetric(float64(runtime.NumGoroutine()), "goroutines")
		for _, s := range list {
			if err := s.Close(); err != nil {
				b.Fatal(err)
			}
		}
		cache.Unref()
	}
}
