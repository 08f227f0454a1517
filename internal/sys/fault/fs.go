package fault

import (
	"io"
	iofs "io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"syscall"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// fs is the disk as one process sees it.
type fs struct {
	d    *Disk
	life int
}

func pathErr(op, name string, err error) error {
	return &iofs.PathError{Op: op, Path: name, Err: err}
}

// change makes op: try looks whether it can be done and returns what does it.
func (f *fs) change(op Op, try func() (func(), error)) error {
	d := f.d
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dead || f.life != d.life {
		return pathErr(string(op.Kind), op.Path, ErrCrashed)
	}
	do, err := try()
	if err != nil {
		return pathErr(string(op.Kind), op.Path, err)
	}
	if do == nil {
		return nil
	}
	a, dies := d.begin(f.life, op)
	switch {
	case dies:
		if d.rng.IntN(2) == 0 {
			do()
		}
		d.crash()
		return pathErr(string(op.Kind), op.Path, ErrCrashed)
	case a.Err != nil:
		return pathErr(string(op.Kind), op.Path, a.Err)
	case !a.Lie:
		do()
	}
	return nil
}

// parent finds the directory of a clean path and the last name.
func (f *fs) parent(name string) (*inode, string, error) {
	dir := f.d.root.find(path.Dir(name))
	if dir == nil {
		return nil, "", syscall.ENOENT
	}
	if !dir.dir() {
		return nil, "", syscall.ENOTDIR
	}
	return dir, path.Base(name), nil
}

// put enters a name into a directory; what was there before loses it.
func (f *fs) put(dir *inode, name string, in *inode) {
	f.drop(dir, name)
	dir.live[name] = in
	f.d.pending = append(f.d.pending, &change{dir: dir, name: name, add: in})
}

// drop frees the space of a file that loses its name; of one with more names, with the first.
func (f *fs) drop(dir *inode, name string) {
	if old := dir.live[name]; old != nil {
		f.d.used -= int64(len(old.data))
	}
}

func (f *fs) Create(name string, _ vfs.DiskWriteCategory) (vfs.File, error) {
	name = clean(name)
	in := newFile()
	err := f.change(Op{Kind: Create, Path: name}, func() (func(), error) {
		dir, base, err := f.parent(name)
		if err != nil {
			return nil, err
		}
		if old := dir.live[base]; old != nil && old.dir() {
			return nil, syscall.EISDIR
		}
		return func() { f.put(dir, base, in) }, nil
	})
	if err != nil {
		return nil, err
	}
	return &file{fs: f, name: name, in: in, write: true}, nil
}

func (f *fs) open(name string, write bool) (*file, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if a, _ := f.d.begin(f.life, Op{Kind: Open, Path: name}); a.Err != nil {
		return nil, pathErr("open", name, a.Err)
	}
	in := f.d.root.find(name)
	if in == nil {
		return nil, pathErr("open", name, syscall.ENOENT)
	}
	if write && in.dir() {
		return nil, pathErr("open", name, syscall.EISDIR)
	}
	return &file{fs: f, name: name, in: in, write: write}, nil
}

func (f *fs) Open(name string, opts ...vfs.OpenOption) (vfs.File, error) {
	out, err := f.open(clean(name), false)
	if err != nil {
		return nil, err
	}
	for _, o := range opts {
		o.Apply(out)
	}
	return out, nil
}

func (f *fs) OpenReadWrite(name string, c vfs.DiskWriteCategory, opts ...vfs.OpenOption) (vfs.File, error) {
	out, err := f.open(clean(name), true)
	if err != nil && os.IsNotExist(err) {
		made, err := f.Create(name, c)
		if err != nil {
			return nil, err
		}
		out = made.(*file)
	} else if err != nil {
		return nil, err
	}
	for _, o := range opts {
		o.Apply(out)
	}
	return out, nil
}

func (f *fs) OpenDir(name string) (vfs.File, error) {
	out, err := f.open(clean(name), false)
	if err != nil {
		return nil, err
	}
	if !out.in.dir() {
		return nil, pathErr("open", name, syscall.ENOTDIR)
	}
	return out, nil
}

func (f *fs) Link(oldname, newname string) error {
	return f.move(Link, clean(oldname), clean(newname))
}

func (f *fs) Rename(oldname, newname string) error {
	return f.move(Rename, clean(oldname), clean(newname))
}

func (f *fs) move(kind Kind, from, to string) error {
	return f.change(Op{Kind: kind, Path: from, To: to}, func() (func(), error) {
		dir, base, err := f.parent(from)
		if err != nil {
			return nil, err
		}
		toDir, toBase, err := f.parent(to)
		if err != nil {
			return nil, err
		}
		in, there := dir.live[base], toDir.live[toBase]
		switch {
		case in == nil:
			return nil, syscall.ENOENT
		case kind == Link && there != nil:
			return nil, syscall.EEXIST
		case there != nil && there.dir() && len(there.live) > 0:
			return nil, syscall.ENOTEMPTY
		case there == in:
			return nil, nil
		}
		return func() {
			f.drop(toDir, toBase)
			if kind == Rename {
				delete(dir.live, base)
			}
			toDir.live[toBase] = in
			f.d.pending = append(f.d.pending, &change{dir: dir, name: base, toDir: toDir, to: toBase, add: in, keepOld: kind == Link})
		}, nil
	})
}

func (f *fs) Remove(name string) error {
	name = clean(name)
	return f.change(Op{Kind: Remove, Path: name}, func() (func(), error) {
		dir, base, err := f.parent(name)
		if err != nil {
			return nil, err
		}
		in := dir.live[base]
		if in == nil {
			return nil, syscall.ENOENT
		}
		if in.dir() && len(in.live) > 0 {
			return nil, syscall.ENOTEMPTY
		}
		return func() {
			f.drop(dir, base)
			delete(dir.live, base)
			f.d.pending = append(f.d.pending, &change{dir: dir, name: base})
		}, nil
	})
}

func (f *fs) RemoveAll(name string) error {
	name = clean(name)
	var all []string
	f.d.mu.Lock()
	if in := f.d.root.find(name); in != nil {
		in.walk(name, func(n string, _ *inode) { all = append(all, n) })
	}
	f.d.mu.Unlock()
	for _, n := range slices.Backward(all) {
		if err := f.Remove(n); err != nil {
			return err
		}
	}
	return nil
}

func (f *fs) ReuseForWrite(oldname, newname string, c vfs.DiskWriteCategory) (vfs.File, error) {
	if err := f.Rename(oldname, newname); err != nil {
		return nil, err
	}
	return f.OpenReadWrite(newname, c)
}

func (f *fs) MkdirAll(name string, _ os.FileMode) error {
	name = clean(name)
	if name == "/" {
		return nil
	}
	if err := f.MkdirAll(path.Dir(name), 0); err != nil {
		return err
	}
	return f.change(Op{Kind: Mkdir, Path: name}, func() (func(), error) {
		dir, base, err := f.parent(name)
		if err != nil {
			return nil, err
		}
		if in := dir.live[base]; in != nil && in.dir() {
			return nil, nil
		} else if in != nil {
			return nil, syscall.ENOTDIR
		}
		return func() { f.put(dir, base, newDir()) }, nil
	})
}

// Lock is free again when the process has ended.
func (f *fs) Lock(name string) (io.Closer, error) {
	name = clean(name)
	out, err := f.OpenReadWrite(name, vfs.WriteCategoryUnspecified)
	if err != nil {
		return nil, err
	}
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if f.d.locks[name] {
		return nil, pathErr("lock", name, syscall.EAGAIN)
	}
	f.d.locks[name] = true
	return &lock{File: out, fs: f, name: name}, nil
}

type lock struct {
	vfs.File
	fs   *fs
	name string
}

func (l *lock) Close() error {
	l.fs.d.mu.Lock()
	if l.fs.life == l.fs.d.life {
		delete(l.fs.d.locks, l.name)
	}
	l.fs.d.mu.Unlock()
	return l.File.Close()
}

func (f *fs) List(name string) ([]string, error) {
	out, err := f.open(clean(name), false)
	if err != nil {
		return nil, err
	}
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if !out.in.dir() {
		return nil, pathErr("list", name, syscall.ENOTDIR)
	}
	return slices.Sorted(maps.Keys(out.in.live)), nil
}

func (f *fs) Stat(name string) (vfs.FileInfo, error) {
	out, err := f.open(clean(name), false)
	if err != nil {
		return nil, err
	}
	return out.Stat()
}

func (f *fs) PathBase(p string) string       { return path.Base(p) }
func (f *fs) PathJoin(elem ...string) string { return path.Join(elem...) }
func (f *fs) PathDir(p string) string        { return path.Dir(p) }
func (f *fs) Unwrap() vfs.FS                 { return nil }

func (f *fs) GetDiskUsage(string) (vfs.DiskUsage, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	free := max(f.d.capacity-f.d.used, 0)
	return vfs.DiskUsage{
		AvailBytes: uint64(free), TotalBytes: uint64(f.d.capacity), UsedBytes: uint64(f.d.used),
	}, nil
}

// info describes a file; times are not kept.
type info struct {
	name string
	size int64
	dir  bool
}

func (i info) Name() string       { return i.name }
func (i info) Size() int64        { return i.size }
func (i info) IsDir() bool        { return i.dir }
func (i info) ModTime() time.Time { return time.Time{} }
func (i info) Sys() any           { return nil }
func (i info) Mode() os.FileMode {
	if i.dir {
		return os.ModeDir | 0o755
	}
	return 0o644
}
func (i info) DeviceID() vfs.DeviceID { return vfs.DeviceID{} }
