package alert

import (
	"encoding/json"
	"errors"
	"io"

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
// wrote), the text goes to the end.
func (s *sink) append(in *intent) error {
	f, err := s.openFile(in.File)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return unwritable(err, in.File)
	}
	at, rest := in.Offset, in.Text
	if size := info.Size(); size != at {
		at, rest = size, in.Text
		if size > in.Offset {
			have := make([]byte, min(size-in.Offset, int64(len(in.Text))))
			if _, err := f.ReadAt(have, in.Offset); err != nil && !errors.Is(err, io.EOF) {
				return unwritable(err, in.File)
			}
			if string(have) == in.Text[:len(have)] {
				at, rest = in.Offset+int64(len(have)), in.Text[len(have):]
			}
		}
	}
	if rest == "" {
		return nil
	}
	if _, err := f.WriteAt([]byte(rest), at); err != nil {
		return unwritable(err, in.File)
	}
	if err := f.Sync(); err != nil {
		return unwritable(err, in.File)
	}
	return nil
}
