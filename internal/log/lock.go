package log

import (
	"errors"
	"io"
	"strings"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/sys"
)

// ownerLock is the hold on a folder. Who has it stands in a file beside LOCK: LOCK itself
// must not be opened by its owner a second time, since POSIX would then release it.
type ownerLock struct {
	lock io.Closer
	fs   sys.FS
	name string
}

func lockFolder(f sys.FS, dir, owner string) (*ownerLock, error) {
	name := f.PathJoin(dir, "OWNER")
	lock, err := f.Lock(f.PathJoin(dir, "LOCK"))
	if err != nil {
		who := "another process"
		if text, rerr := readAll(f, name); rerr == nil && len(text) > 0 {
			who = strings.TrimSpace(string(text))
		}
		return nil, errs.Wrap(err, "LOG_IN_USE", "the folder %s is in use by %s", dir, who).
			WithHint("stop it, or use another folder")
	}
	o := &ownerLock{lock: lock, fs: f, name: name}
	file, err := f.Create(name, category)
	if err == nil {
		_, err = io.WriteString(file, owner)
		err = errors.Join(err, file.Close())
	}
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return o, nil
}

func (o *ownerLock) release() error {
	return errors.Join(removeIf(o.fs, o.name), o.lock.Close())
}
