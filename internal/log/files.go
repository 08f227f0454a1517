package log

import (
	"errors"
	"io"
	"io/fs"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/azud/azud/internal/sys"
)

const category = vfs.WriteCategoryUnspecified

// openRW opens a file for reading and writing at positions, and makes it if there is none.
func openRW(f sys.FS, name string) (vfs.File, error) { return f.OpenReadWrite(name, category) }

// syncDir makes the names in a folder durable.
func syncDir(f sys.FS, dir string) error {
	d, err := f.OpenDir(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// readAll returns a file's contents.
func readAll(f sys.FS, name string) ([]byte, error) {
	file, err := f.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // only read
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	buf := make([]byte, info.Size())
	return buf, readFull(file, buf, 0)
}

// readFull fills buf from position at; io.ErrUnexpectedEOF if the file ends before.
func readFull(f io.ReaderAt, buf []byte, at int64) error {
	n, err := f.ReadAt(buf, at)
	if n == len(buf) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// view is a file and what comes behind it, which the file has not yet.
type view struct {
	f    io.ReaderAt
	at   int64 // where tail begins
	tail []byte
}

func (v view) ReadAt(b []byte, off int64) (int, error) {
	if len(v.tail) == 0 || off+int64(len(b)) <= v.at {
		return v.f.ReadAt(b, off)
	}
	n := 0
	if off < v.at {
		n = int(v.at - off)
		if err := readFull(v.f, b[:n], off); err != nil {
			return 0, err
		}
	}
	from := off + int64(n) - v.at
	if from < int64(len(v.tail)) {
		n += copy(b[n:], v.tail[from:])
	}
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

// writeWhole writes a file anew and syncs it. The folder is not synced.
func writeWhole(f sys.FS, name string, data []byte) error {
	file, err := f.Create(name, category)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	return errors.Join(err, file.Sync(), file.Close())
}

// cut makes a file end at position at: truncated where the file system can, else filled with
// zeros, which no batch and no journal record begins with. Synced, so that what was there
// can never come back.
func cut(f vfs.File, at int64) error {
	if t, ok := f.(interface{ Truncate(int64) error }); ok {
		if err := t.Truncate(at); err != nil {
			return err
		}
		return f.Sync()
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if err := zero(f, at, info.Size()); err != nil {
		return err
	}
	return f.Sync()
}

// zeros are never written to.
var zeros [64 << 10]byte

// zero writes zeros from position at up to end.
func zero(f vfs.File, at, end int64) error {
	if at >= end {
		return nil
	}
	for at < end {
		n, err := f.WriteAt(zeros[:min(int64(len(zeros)), end-at)], at)
		if err != nil {
			return err
		}
		at += int64(n)
	}
	return nil
}

// missing reports whether err says that a file does not exist.
func missing(err error) bool { return errors.Is(err, fs.ErrNotExist) }

// removeIf removes a file; one that is not there is as good.
func removeIf(f sys.FS, name string) error {
	if err := f.Remove(name); err != nil && !missing(err) {
		return err
	}
	return nil
}
