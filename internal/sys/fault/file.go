package fault

import (
	"io"
	"path"
	"syscall"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// file is an open file or directory. It has Truncate beside what vfs.File asks for, as files
// of the operating system do.
type file struct {
	fs    *fs
	name  string
	in    *inode
	pos   int64
	write bool
}

var (
	_ vfs.FS   = (*fs)(nil)
	_ vfs.File = (*file)(nil)
)

func (f *file) Close() error                      { return nil }
func (f *file) Preallocate(off, n int64) error    { return nil }
func (f *file) Prefetch(off int64, n int64) error { return nil }
func (f *file) Fd() uintptr                       { return vfs.InvalidFd }

func (f *file) Read(p []byte) (int, error) {
	n, err := f.ReadAt(p, f.pos)
	f.pos += int64(n)
	if n > 0 && err == io.EOF {
		err = nil
	}
	return n, err
}

func (f *file) ReadAt(p []byte, off int64) (int, error) {
	d := f.fs.d
	d.mu.Lock()
	defer d.mu.Unlock()
	a, _ := d.begin(f.fs.life, Op{Kind: Read, Path: f.name, Off: off, Length: len(p)})
	switch {
	case a.Err != nil:
		return 0, pathErr("read", f.name, a.Err)
	case f.in.dir():
		return 0, pathErr("read", f.name, syscall.EISDIR)
	case off < 0:
		return 0, pathErr("read", f.name, syscall.EINVAL)
	case off >= int64(len(f.in.data)):
		return 0, io.EOF
	}
	n := copy(p, f.in.data[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (f *file) Write(p []byte) (int, error) {
	n, err := f.WriteAt(p, f.pos)
	f.pos += int64(n)
	return n, err
}

func (f *file) WriteAt(p []byte, off int64) (int, error) {
	d := f.fs.d
	d.mu.Lock()
	defer d.mu.Unlock()
	if !f.write {
		return 0, pathErr("write", f.name, syscall.EBADF)
	}
	a, dies := d.begin(f.fs.life, Op{Kind: Write, Path: f.name, Off: off, Length: len(p)})
	if dies {
		f.put(p[:d.rng.IntN(len(p)+1)], off)
		d.crash()
		return 0, pathErr("write", f.name, ErrCrashed)
	}
	if a.Lie {
		return len(p), nil
	}
	n, err := len(p), a.Err
	if err != nil {
		n = min(a.Short, n)
	}
	if room := d.capacity - d.used + int64(len(f.in.data)) - off; err == nil && off+int64(n) > int64(len(f.in.data)) && int64(n) > room {
		n, err = int(max(room, 0)), syscall.ENOSPC
		d.tell("    the disk is full")
	}
	f.put(p[:n], off)
	if err != nil {
		return n, pathErr("write", f.name, err)
	}
	return n, nil
}

// put writes to the cache and counts the space.
func (f *file) put(p []byte, off int64) {
	before := len(f.in.data)
	f.in.write(p, off, f.fs.d.writeback)
	f.fs.d.used += int64(len(f.in.data) - before)
}

// writeback tells whether the kernel has written a page by itself: once in four times.
func (d *Disk) writeback() bool { return d.rng.IntN(4) == 0 }

// Truncate cuts the file or fills it with zeros up to size bytes.
func (f *file) Truncate(size int64) error {
	if !f.write || size < 0 {
		return pathErr("truncate", f.name, syscall.EINVAL)
	}
	return f.fs.change(Op{Kind: Truncate, Path: f.name, Off: size}, func() (func(), error) {
		d, grow := f.fs.d, size-int64(len(f.in.data))
		if grow > d.capacity-d.used {
			return nil, syscall.ENOSPC
		}
		return func() {
			f.in.truncate(size, d.writeback)
			d.used += grow
		}, nil
	})
}

func (f *file) Sync() error {
	d := f.fs.d
	d.mu.Lock()
	defer d.mu.Unlock()
	kind := Sync
	if f.in.dir() {
		kind = SyncDir
	}
	a, dies := d.begin(f.fs.life, Op{Kind: kind, Path: f.name})
	switch {
	case dies:
		if d.rng.IntN(2) == 0 {
			f.settle()
		}
		d.crash()
		return pathErr("sync", f.name, ErrCrashed)
	case a.Err != nil:
		if kind == Sync && a.Err != ErrCrashed {
			f.in.syncFailed(d.rng.IntN)
		}
		return pathErr("sync", f.name, a.Err)
	case !a.Lie:
		f.settle()
	}
	return nil
}

func (f *file) settle() {
	if f.in.dir() {
		f.fs.d.syncDir(f.in)
	} else {
		f.in.sync()
	}
}

func (f *file) SyncData() error { return f.Sync() }

func (f *file) SyncTo(int64) (fullSync bool, err error) {
	if f.in.dir() {
		return false, nil
	}
	return true, f.Sync()
}

func (f *file) Stat() (vfs.FileInfo, error) {
	d := f.fs.d
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dead || f.fs.life != d.life {
		return nil, pathErr("stat", f.name, ErrCrashed)
	}
	return info{name: path.Base(f.name), size: int64(len(f.in.data)), dir: f.in.dir()}, nil
}
