package alert

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
)

// intent is an epoch's decided output: Text belongs into File at Offset. Once it is Done
// only the mark is left of it.
type intent struct {
	Epoch  int64  `json:"epoch"`
	Plan   []byte `json:"plan"`
	File   string `json:"file"`
	Offset int64  `json:"offset"`
	Text   string `json:"text,omitempty"`
	Done   bool   `json:"done,omitempty"`
}

var intentKey = []byte("intent")

func (in *intent) store(st connector.Store, sync bool) error {
	v, err := json.Marshal(in)
	if err != nil {
		return errs.Wrap(err, "ALERT_INTENT", "encoding epoch %d", in.Epoch)
	}
	return st.Apply([]connector.KV{{Key: intentKey, Value: v}}, sync)
}

// loadIntent is the last one stored, or nil.
func loadIntent(st connector.Store) (*intent, error) {
	v, err := st.Get(intentKey)
	if err != nil || v == nil {
		return nil, err
	}
	in := &intent{}
	if err := json.Unmarshal(v, in); err != nil {
		return nil, errs.Wrap(err, "ALERT_INTENT", "the stored intent cannot be read")
	}
	return in, nil
}

func (s *sink) openFile(name string) (vfs.File, error) {
	f, err := s.env.Sys.FS.OpenReadWrite(name, vfs.WriteCategoryUnspecified)
	if err != nil {
		return nil, unwritable(err, name)
	}
	return f, nil
}

// append makes the file hold the text at its offset. What a crash left of it is completed;
// where the file has become shorter (rotated) or holds something else there (another program
// wrote), the text goes to the end, and the intent is stored again with that place first.
// The caller holds the file's lock. Without a file there is nothing to do.
func (s *sink) append(in *intent) error {
	if in.File == "" {
		return nil
	}
	f, err := s.openFile(in.File)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return unwritable(err, in.File)
	}
	done, ours, err := in.standing(f, info.Size())
	if err != nil {
		return unwritable(err, in.File)
	}
	if !ours {
		done, in.Offset = 0, info.Size()
		if err := in.store(s.query.Store, true); err != nil {
			return err
		}
	}
	if done < len(in.Text) {
		if _, err := f.WriteAt([]byte(in.Text[done:]), in.Offset+int64(done)); err != nil {
			return unwritable(err, in.File)
		}
	}
	if err := f.Sync(); err != nil { // also of what was found: it may not be on disk yet
		return unwritable(err, in.File)
	}
	if in.Offset > 0 {
		return nil
	}
	return s.syncFolder(in.File)
}

// standing reports how many bytes of the text stand at its place, or that the place is not
// ours. A power loss may leave zeros where the text had not reached the disk.
func (in *intent) standing(f vfs.File, size int64) (done int, ours bool, err error) {
	if size < in.Offset {
		return 0, false, nil
	}
	have := make([]byte, min(size-in.Offset, int64(len(in.Text))))
	if n, err := f.ReadAt(have, in.Offset); err != nil && !(errors.Is(err, io.EOF) && n == len(have)) {
		return 0, false, err
	}
	have = bytes.TrimRight(have, "\x00")
	return len(have), strings.HasPrefix(in.Text, string(have)), nil
}

// syncFolder makes the file's name durable: it may be new.
func (s *sink) syncFolder(name string) error {
	fs := s.env.Sys.FS
	dir, err := fs.OpenDir(fs.PathDir(name))
	if err != nil {
		return unwritable(err, name)
	}
	err = errors.Join(dir.Sync(), dir.Close())
	if err != nil {
		return unwritable(err, name)
	}
	return nil
}
