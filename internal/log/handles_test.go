package log

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// countFS counts the segments that are open, and finds out who uses a closed one.
type countFS struct {
	vfs.FS
	open, most atomic.Int64
	misused    atomic.Bool
}

type countFile struct {
	vfs.File
	fs     *countFS
	closed atomic.Bool
}

func (c *countFS) wrap(name string, f vfs.File, err error) (vfs.File, error) {
	if err != nil || !strings.HasSuffix(name, ".log") {
		return f, err
	}
	n := c.open.Add(1)
	for old := c.most.Load(); n > old && !c.most.CompareAndSwap(old, n); old = c.most.Load() {
	}
	return &countFile{File: f, fs: c}, nil
}

func (c *countFS) Open(name string, o ...vfs.OpenOption) (vfs.File, error) {
	f, err := c.FS.Open(name, o...)
	return c.wrap(name, f, err)
}

func (c *countFS) OpenReadWrite(name string, k vfs.DiskWriteCategory, o ...vfs.OpenOption) (vfs.File, error) {
	f, err := c.FS.OpenReadWrite(name, k, o...)
	return c.wrap(name, f, err)
}

func (f *countFile) Close() error {
	if f.closed.Swap(true) {
		f.fs.misused.Store(true)
	}
	f.fs.open.Add(-1)
	return f.File.Close()
}

func (f *countFile) ReadAt(p []byte, at int64) (int, error) {
	if f.closed.Load() {
		f.fs.misused.Store(true)
	}
	return f.File.ReadAt(p, at)
}

func (f *countFile) SyncData() error {
	if f.closed.Load() {
		f.fs.misused.Store(true)
	}
	return f.File.SyncData()
}

func TestOpenFilesAreBounded(t *testing.T) {
	fs := &countFS{FS: vfs.NewMem()}
	few := func(c *Config) { c.OpenFiles = 3 }
	l := open(t, fs, few)
	topic := create(t, l, "a", 1, 2, "segment.bytes", "200")
	var want []string
	for i := range 60 {
		for _, p := range topic.Partitions() {
			put(t, p, plain(strings.Repeat("x", 60)))
		}
		want = append(want, fmt.Sprintf("%d:%s", i, strings.Repeat("x", 60)))
		wait(t, l)
		if err := l.checkpoint(false); err != nil { // what was left is synced, and may be closed
			t.Fatal(err)
		}
	}
	check := func(active int64) {
		t.Helper()
		fs.most.Store(fs.open.Load())
		for range 2 {
			for _, p := range l.Topics().ByName("a").Partitions() {
				if got := values(t, p, 0, ReadUncommitted); !slices.Equal(got, want) {
					t.Fatal(got)
				}
				if at, err := p.MaxTime(); err != nil || at.Offset != 0 {
					t.Fatal(at, err)
				}
			}
		}
		if n := fs.open.Load(); n > 3+active {
			t.Errorf("%d files are open", n)
		}
		if n := fs.most.Load(); n > 3+active+1 { // one that is opened before another is closed
			t.Errorf("%d files were open", n)
		}
		if fs.misused.Load() {
			t.Error("a file was used or closed after it had been closed")
		}
	}
	check(2)
	if err := l.Close(); err != nil || fs.open.Load() != 0 {
		t.Fatal(err, fs.open.Load())
	}
	l = open(t, fs, few)
	check(0)
	if err := l.Close(); err != nil || fs.open.Load() != 0 {
		t.Fatal(err, fs.open.Load())
	}
}

// TestReaderKeepsItsFile: the first append after a start opens the segment for writing while a
// reader has it open.
func TestReaderKeepsItsFile(t *testing.T) {
	fs := &countFS{FS: vfs.NewMem()}
	l := open(t, fs)
	put(t, create(t, l, "a", 1, 1).Partition(0), plain("x"))
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = open(t, fs)
	p := l.Topics().ByName("a").Partition(0)
	h, err := p.last().open()
	if err != nil {
		t.Fatal(err)
	}
	put(t, p, plain("y"))
	if err := readFull(h, make([]byte, 10), 0); err != nil || fs.misused.Load() {
		t.Fatal(err)
	}
	h.done()
	if n := fs.open.Load(); n != 1 {
		t.Fatal(n, "files are open")
	}
}
