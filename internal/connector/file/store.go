package file

import (
	"errors"
	"io"
	"io/fs"
	"net/url"
	"strings"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/sys"
)

// Store is where files are. Names are absolute and slash-separated. The local disk is one.
type Store interface {
	List(dir string) ([]string, error) // the names in a folder
	Stat(name string) (Info, error)
	Open(name string) (Reader, error)
	Create(name string) (Writer, error)
	MkdirAll(dir string) error
	Rename(from, to string) error // of a file or folder; atomic
	RemoveAll(name string) error
	SyncDir(dir string) error // makes what happened in it durable
}

// Info describes a file or folder.
type Info struct {
	Size     int64
	Dir      bool
	Modified time.Time
}

// Reader is an open file.
type Reader interface {
	io.ReaderAt
	io.Closer
}

// Writer is a file being written.
type Writer interface {
	io.Writer
	Sync() error
	Close() error
}

// disk is the local file system.
type disk struct{ fs sys.FS }

func (d disk) List(dir string) ([]string, error) { return d.fs.List(dir) }

func (d disk) Stat(name string) (Info, error) {
	i, err := d.fs.Stat(name)
	if err != nil {
		return Info{}, err
	}
	return Info{i.Size(), i.IsDir(), i.ModTime()}, nil
}

func (d disk) Open(name string) (Reader, error) { return d.fs.Open(name) }

func (d disk) Create(name string) (Writer, error) {
	f, err := d.fs.Create(name, vfs.WriteCategoryUnspecified)
	if err != nil {
		return nil, err
	}
	return &diskWriter{f: f}, nil
}

// diskWriter gathers writes in memory of its own: a vfs.File may scribble over what it is given, and
// encoders give it what they still need.
type diskWriter struct {
	f   vfs.File
	buf []byte
}

func (w *diskWriter) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		k := min(len(p), writeBuffer-len(w.buf))
		w.buf = append(w.buf, p[:k]...)
		p = p[k:]
		if len(w.buf) == writeBuffer {
			if err := w.flush(); err != nil {
				return 0, err
			}
		}
	}
	return n, nil
}

// writeBuffer is how many bytes a file is written at once.
const writeBuffer = 256 << 10

func (w *diskWriter) flush() error {
	if len(w.buf) == 0 {
		return nil
	}
	_, err := w.f.Write(w.buf)
	w.buf = w.buf[:0]
	return err
}

func (w *diskWriter) Sync() error {
	if err := w.flush(); err != nil {
		return err
	}
	return w.f.Sync()
}

func (w *diskWriter) Close() error {
	err := w.flush()
	return errors.Join(err, w.f.Close())
}

func (d disk) MkdirAll(dir string) error    { return d.fs.MkdirAll(dir, 0o755) }
func (d disk) Rename(from, to string) error { return d.fs.Rename(from, to) }
func (d disk) RemoveAll(name string) error  { return d.fs.RemoveAll(name) }

func (d disk) SyncDir(dir string) error {
	f, err := d.fs.OpenDir(dir)
	if err != nil {
		return err
	}
	err = f.Sync()
	return errors.Join(err, f.Close())
}

// missing reports whether an error says that a file is not there.
func missing(err error) bool { return errors.Is(err, fs.ErrNotExist) }

// exists reports whether something has a name.
func exists(s Store, name string) (bool, error) {
	_, err := s.Stat(name)
	if missing(err) {
		return false, nil
	}
	return err == nil, err
}

// absolute is a path as the user writes it, as an absolute name. Addresses of other stores are refused.
func absolute(path, dir string) (string, error) {
	if scheme, rest, ok := strings.Cut(path, ":"); ok && len(scheme) > 1 && strings.HasPrefix(rest, "/") && !strings.ContainsAny(scheme, "/*?[{=") {
		if !strings.EqualFold(scheme, "file") {
			return "", errs.New("UNSUPPORTED_FILE_SYSTEM", "files at %s:// cannot be read or written yet", scheme).State("0A000").
				WithHint("copy them to this machine, or mount them")
		}
		path = "/" + strings.TrimLeft(rest, "/")
	}
	path = strings.ReplaceAll(path, `\`, "/")
	if !strings.HasPrefix(path, "/") && !(len(path) > 1 && path[1] == ':') {
		path = strings.ReplaceAll(dir, `\`, "/") + "/" + path
	}
	return clean(path), nil
}

// clean drops "." and empty parts and resolves "..".
func clean(path string) string {
	var out []string
	for _, p := range strings.Split(path, "/") {
		switch {
		case p == "" || p == ".":
		case p == ".." && len(out) > 0:
			out = out[:len(out)-1]
		case p != "..":
			out = append(out, p)
		}
	}
	name := strings.Join(out, "/")
	if strings.HasPrefix(path, "/") {
		return "/" + name
	}
	return name
}

// parent is the folder of a name, base its last part.
func parent(name string) string {
	if i := strings.LastIndexByte(name, '/'); i > 0 {
		return name[:i]
	}
	return "/"
}

func base(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }

func join(dir, name string) string { return strings.TrimSuffix(dir, "/") + "/" + name }

// unescape resolves the %XX of a partition folder's name. Spark: ExternalCatalogUtils.unescapePathName.
func unescape(s string) string {
	if out, err := url.PathUnescape(s); err == nil {
		return out
	}
	return s
}
