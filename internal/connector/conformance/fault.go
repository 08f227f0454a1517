package conformance

import "github.com/cockroachdb/pebble/v2/vfs"

// fuse counts the steps that reach the disk and, when its time has come, ends the process.
type fuse struct {
	left  int // steps until the crash; 0: no crash
	steps int
}

// crashed is the panic by which the process ends.
type crashed struct{}

func (f *fuse) step() {
	f.steps++
	if f.left > 0 {
		if f.left--; f.left == 0 {
			panic(crashed{})
		}
	}
}

// faultyFS counts the steps of what sinks do to files.
type faultyFS struct {
	vfs.FS
	fuse *fuse
}

func (fs faultyFS) OpenReadWrite(name string, c vfs.DiskWriteCategory, o ...vfs.OpenOption) (vfs.File, error) {
	fs.fuse.step()
	f, err := fs.FS.OpenReadWrite(name, c, o...)
	return faultyFile{f, fs.fuse}, err
}

func (fs faultyFS) OpenDir(name string) (vfs.File, error) {
	f, err := fs.FS.OpenDir(name)
	return faultyFile{f, fs.fuse}, err
}

type faultyFile struct {
	vfs.File
	fuse *fuse
}

// WriteAt may be cut in the middle.
func (f faultyFile) WriteAt(p []byte, at int64) (int, error) {
	f.fuse.step()
	half := len(p) / 2
	if n, err := f.File.WriteAt(p[:half], at); err != nil {
		return n, err
	}
	f.fuse.step()
	n, err := f.File.WriteAt(p[half:], at+int64(half))
	f.fuse.step()
	return half + n, err
}

func (f faultyFile) Sync() error {
	f.fuse.step()
	err := f.File.Sync()
	f.fuse.step()
	return err
}
