package checkpoint

import (
	"io"
	"os"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/errors/oserror"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/azud/azud/internal/sys"
)

// gate stands between one database and the disk. Pebble ends the process, by Fatalf or by
// a panic that cannot be recovered, when a write fails; so it never sees one fail. The
// first failure shuts the gate instead: from then on the disk is as a crash would have left
// it, and what Pebble still writes until it is closed goes to memory and is forgotten.
type gate struct {
	vfs.FS
	failed func(error) // called once a write fails, before Pebble goes on
	shut   atomic.Bool
	mem    *vfs.MemFS // where writes go once shut
	mu     sync.Mutex
	locks  []*heldLock
}

func newGate(fs sys.FS) *gate { return &gate{FS: fs, mem: vfs.NewMem()} }

// keep reports whether the result of a write on the disk stands; if not, the gate is shut.
func (g *gate) keep(err error) bool {
	if err == nil || oserror.IsNotExist(err) || oserror.IsExist(err) {
		return true
	}
	g.shut.Store(true)
	g.failed(err)
	return false
}

// inMemory makes the file's directory in memory first.
func (g *gate) inMemory(name string, cat vfs.DiskWriteCategory) (vfs.File, error) {
	if err := g.mem.MkdirAll(g.mem.PathDir(name), 0o755); err != nil {
		return nil, err
	}
	return g.mem.Create(name, cat)
}

func (g *gate) Create(name string, cat vfs.DiskWriteCategory) (vfs.File, error) {
	if !g.shut.Load() {
		f, err := g.FS.Create(name, cat)
		if err == nil && strings.HasPrefix(g.FS.PathBase(name), "MANIFEST-") {
			if err = g.syncEntry(name); err != nil {
				_ = f.Close()
			}
		}
		if g.keep(err) {
			return g.wrap(f), err
		}
	}
	return g.inMemory(name, cat)
}

// syncEntry puts a new file's directory entry on disk. Pebble syncs a manifest's entry only
// together with that of the marker that names it, and a crash in between may keep the
// second without the first: then the database could not be opened again.
func (g *gate) syncEntry(name string) error {
	d, err := g.FS.OpenDir(g.FS.PathDir(name))
	if err != nil {
		return err
	}
	if err := d.Sync(); err != nil {
		_ = d.Close()
		return err
	}
	return d.Close()
}

func (g *gate) ReuseForWrite(oldname, newname string, cat vfs.DiskWriteCategory) (vfs.File, error) {
	if !g.shut.Load() {
		f, err := g.FS.ReuseForWrite(oldname, newname, cat)
		if g.keep(err) {
			return g.wrap(f), err
		}
	}
	return g.inMemory(newname, cat)
}

func (g *gate) OpenReadWrite(name string, cat vfs.DiskWriteCategory, opts ...vfs.OpenOption) (vfs.File, error) {
	if !g.shut.Load() {
		f, err := g.FS.OpenReadWrite(name, cat, opts...)
		if g.keep(err) {
			return g.wrap(f), err
		}
	}
	return g.inMemory(name, cat)
}

func (g *gate) OpenDir(name string) (vfs.File, error) {
	if !g.shut.Load() {
		f, err := g.FS.OpenDir(name)
		if g.keep(err) {
			return g.wrap(f), err
		}
	}
	if err := g.mem.MkdirAll(name, 0o755); err != nil {
		return nil, err
	}
	return g.mem.OpenDir(name)
}

// change runs a change of the directory on the disk; once shut, only in memory.
func (g *gate) change(real, inMemory func() error) error {
	if !g.shut.Load() {
		if err := real(); g.keep(err) {
			return err
		}
	}
	_ = inMemory() // what is not there is on the disk, and stays
	return nil
}

func (g *gate) Remove(name string) error {
	return g.change(func() error { return g.FS.Remove(name) }, func() error { return g.mem.Remove(name) })
}

func (g *gate) RemoveAll(name string) error {
	return g.change(func() error { return g.FS.RemoveAll(name) }, func() error { return g.mem.RemoveAll(name) })
}

func (g *gate) Rename(from, to string) error {
	return g.change(func() error { return g.FS.Rename(from, to) }, func() error { return g.mem.Rename(from, to) })
}

func (g *gate) Link(from, to string) error {
	return g.change(func() error { return g.FS.Link(from, to) }, func() error { return g.mem.Link(from, to) })
}

func (g *gate) MkdirAll(dir string, perm os.FileMode) error {
	return g.change(func() error { return g.FS.MkdirAll(dir, perm) }, func() error { return g.mem.MkdirAll(dir, perm) })
}

func (g *gate) Open(name string, opts ...vfs.OpenOption) (vfs.File, error) {
	if g.shut.Load() {
		if f, err := g.mem.Open(name, opts...); err == nil {
			return f, nil
		}
	}
	return g.FS.Open(name, opts...)
}

func (g *gate) Stat(name string) (vfs.FileInfo, error) {
	if g.shut.Load() {
		if info, err := g.mem.Stat(name); err == nil {
			return info, nil
		}
	}
	return g.FS.Stat(name)
}

// Unwrap is part of vfs.FS.
func (g *gate) Unwrap() vfs.FS { return g.FS }

func (g *gate) wrap(f vfs.File) vfs.File {
	if f == nil {
		return nil
	}
	return &gateFile{File: f, g: g}
}

// gateFile is a file on the disk that swallows writes once the gate is shut.
type gateFile struct {
	vfs.File
	g *gate
}

func (f *gateFile) do(op func() error) error {
	if f.g.shut.Load() {
		return nil
	}
	if err := op(); !f.g.keep(err) {
		return nil
	} else {
		return err
	}
}

func (f *gateFile) Write(p []byte) (n int, err error) {
	err = f.do(func() (err error) { _, err = f.File.Write(p); return err })
	return len(p), err
}

func (f *gateFile) WriteAt(p []byte, off int64) (n int, err error) {
	err = f.do(func() (err error) { _, err = f.File.WriteAt(p, off); return err })
	return len(p), err
}

func (f *gateFile) Sync() error     { return f.do(f.File.Sync) }
func (f *gateFile) SyncData() error { return f.do(f.File.SyncData) }

func (f *gateFile) SyncTo(length int64) (full bool, err error) {
	full = true
	err = f.do(func() (err error) { full, err = f.File.SyncTo(length); return err })
	return full, err
}

// Preallocate is advice that a file system may not support; its failure is none.
func (f *gateFile) Preallocate(off, length int64) error {
	if !f.g.shut.Load() {
		_ = f.File.Preallocate(off, length)
	}
	return nil
}

// Close closes the real file in any case; a failure of it counts as one of writing.
func (f *gateFile) Close() error {
	if err := f.File.Close(); !f.g.shut.Load() && f.g.keep(err) {
		return err
	}
	return nil
}

// Lock is the real file system's, but unlock releases it whatever Pebble does.
func (g *gate) Lock(name string) (io.Closer, error) {
	l, err := g.FS.Lock(name)
	if err != nil {
		return nil, err
	}
	held := &heldLock{c: l}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.locks = append(g.locks, held)
	return held, nil
}

func (g *gate) unlock() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, l := range g.locks {
		_ = l.Close()
	}
}

// heldLock closes once.
type heldLock struct {
	once sync.Once
	c    io.Closer
	err  error
}

func (l *heldLock) Close() error {
	l.once.Do(func() { l.err = l.c.Close() })
	return l.err
}
