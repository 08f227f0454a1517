package conformance

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/sys"
)

// World is what a connector lives in. Its disk and its checkpoint survive Crash as a
// machine's would; everything else of it may be shared by the lives.
type World struct {
	Store    *Store
	Journal  *Journal
	Clock    *Clock
	Reporter *Reporter
	Out      *bytes.Buffer // what was printed

	fs   *vfs.MemFS
	seed uint64
	fuse *fuse
}

// NewWorld makes a world with an empty disk whose folder /casa exists.
func NewWorld(t testing.TB) *World {
	t.Helper()
	fs := vfs.NewCrashableMem()
	if err := fs.MkdirAll("/casa", 0o755); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"/casa", "/"} {
		d, err := fs.OpenDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Sync(); err != nil {
			t.Fatal(err)
		}
	}
	w := &World{Journal: NewJournal(), Clock: NewClock(), Reporter: &Reporter{}, Out: &bytes.Buffer{}, fs: fs, fuse: &fuse{}}
	w.Store = &Store{fuse: w.fuse, now: map[string][]byte{}}
	return w
}

// Sys is the world's door; its FS counts as steps what reaches the disk.
func (w *World) Sys() *sys.Sys {
	real := sys.Real()
	return &sys.Sys{Clock: w.Clock, FS: faultyFS{w.fs, w.fuse}, Net: real.Net, Rand: real.Rand,
		Env: func(string) (string, bool) { return "", false }, Out: w.Out, Err: w.Out, Dir: "/casa"}
}

// Env is a connector's environment in this world, UTC.
func (w *World) Env() connector.Env {
	return connector.Env{Sys: w.Sys(), Zone: time.UTC, Report: w.Reporter, Journal: w.Journal}
}

// FS is the disk, without faults.
func (w *World) FS() vfs.FS { return w.fs }

// Read is a file's content, "" if there is none.
func (w *World) Read(t testing.TB, name string) string {
	t.Helper()
	info, err := w.fs.Stat(name)
	if err != nil {
		return ""
	}
	f, err := w.fs.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	data := make([]byte, info.Size())
	if len(data) > 0 {
		if _, err := f.ReadAt(data, 0); err != nil {
			t.Fatal(err)
		}
	}
	return string(data)
}

// Append writes to the end of a file, as another program would.
func (w *World) Append(t testing.TB, name, text string) {
	t.Helper()
	f, err := w.fs.OpenReadWrite(name, vfs.WriteCategoryUnspecified)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err == nil {
		_, err = f.WriteAt([]byte(text), info.Size())
	}
	if err == nil {
		err = f.Sync()
	}
	if err != nil {
		t.Fatal(err)
	}
}

// crash loses what was not synced, or any part of it.
func (w *World) crash() {
	w.seed++
	r := rand.New(rand.NewPCG(w.seed, 0))
	w.Store.crash(r)
	w.fs = w.fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: []int{0, 50, 100}[w.seed%3], RNG: r})
	w.fuse.left = 0
}

// Reporter remembers what was reported. Safe for concurrent use.
type Reporter struct {
	mu       sync.Mutex
	rejected []string
	troubles []string
	logs     []string
}

var _ connector.Reporter = (*Reporter)(nil)

// Rejected implements connector.Reporter.
func (r *Reporter) Rejected(origin, reason string, sample []byte) {
	r.add(&r.rejected, fmt.Sprintf("%s: %s: %s", origin, reason, sample))
}

// Trouble implements connector.Reporter; nil is remembered as "".
func (r *Reporter) Trouble(err error) {
	if err == nil {
		r.add(&r.troubles, "")
		return
	}
	r.add(&r.troubles, err.Error())
}

// Log implements connector.Reporter.
func (r *Reporter) Log(msg string) { r.add(&r.logs, msg) }

func (r *Reporter) add(to *[]string, s string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	*to = append(*to, s)
}

// Rejects, Troubles and Logs are what came so far.
func (r *Reporter) Rejects() []string { return r.list(&r.rejected) }

// Troubles are the errors shown; "" where one was cleared.
func (r *Reporter) Troubles() []string { return r.list(&r.troubles) }

// Logs are the lines logged.
func (r *Reporter) Logs() []string { return r.list(&r.logs) }

func (r *Reporter) list(of *[]string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(*of)
}
