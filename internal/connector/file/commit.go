package file

import (
	"context"
	"encoding/json"
	"io"
	"strings"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
)

// The names of a write's own files; readers skip them all. doc.go has the protocol.
const (
	success    = "_SUCCESS"
	appendList = "_azud-append"
)

func stagePrefix(target string) string { return "." + base(target) + "._azud-" }
func markOf(target string) string      { return join(parent(target), stagePrefix(target)+"swap") }
func oldOf(target string) string       { return join(parent(target), stagePrefix(target)+"old") }

// Commit makes the rows visible.
func (w *writer) Commit(ctx context.Context) error {
	if err := w.finish(); err != nil {
		_ = w.Abort(ctx) // the first error counts
		return err
	}
	there, err := exists(w.store, w.target)
	switch {
	case err != nil:
	case !there:
		err = w.place()
	case w.mode == connector.SaveOverwrite:
		err = begun(w.target, w.overwrite())
	case w.mode == connector.SaveAppend:
		err = begun(w.target, w.append())
	default:
		_ = w.Abort(ctx) // the error below says what happened
		return errs.New("PATH_ALREADY_EXISTS", "Path file:%s already exists: it was made while this write went on", w.target).State("42K04")
	}
	if err != nil {
		return writeFailed(w.target, err)
	}
	return nil
}

// finish ends and syncs all files, with at least one that has the columns.
func (w *writer) finish() error {
	for dir := range w.open {
		if err := w.end(dir); err != nil {
			return err
		}
	}
	if len(w.files) == 0 && len(w.by) == 0 {
		if _, err := w.output(""); err != nil {
			return err
		}
		if err := w.end(""); err != nil {
			return err
		}
	}
	if err := w.small(join(w.dir, success), nil); err != nil {
		return writeFailed(w.dir, err)
	}
	for i := len(w.dirs) - 1; i >= 0; i-- {
		if err := w.store.SyncDir(w.dirs[i]); err != nil {
			return writeFailed(w.dirs[i], err)
		}
	}
	return nil
}

// small writes and syncs a small file.
func (t *table) small(name string, text []byte) error {
	f, err := t.store.Create(name)
	if err != nil {
		return err
	}
	if _, err = f.Write(text); err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}

// place gives the hidden folder the target's name.
func (w *writer) place() error {
	if err := w.store.SyncDir(parent(w.target)); err != nil {
		return err
	}
	if err := w.store.Rename(w.dir, w.target); err != nil {
		return err
	}
	return w.store.SyncDir(parent(w.target))
}

// overwrite swaps the hidden folder and the target.
func (w *writer) overwrite() error {
	if err := w.small(markOf(w.target), []byte(base(w.dir))); err != nil {
		return err
	}
	if err := w.store.SyncDir(parent(w.target)); err != nil {
		return err
	}
	return recoverSwap(w.store, w.target)
}

// append moves the files into the target.
func (w *writer) append() error {
	list, err := json.Marshal(append(w.files, success))
	if err != nil {
		return err
	}
	if err := w.small(join(w.dir, appendList), list); err != nil {
		return err
	}
	for _, dir := range []string{w.dir, parent(w.dir)} {
		if err := w.store.SyncDir(dir); err != nil {
			return err
		}
	}
	return moveIn(w.store, w.dir, w.target)
}

// Abort drops what was written.
func (w *writer) Abort(context.Context) error {
	for dir, o := range w.open {
		delete(w.open, dir)
		_ = o.file.Close() // it is removed below
	}
	return w.store.RemoveAll(w.dir)
}

// recoverSwap finishes what a crash left half done at a target: a swap, or appends. It may run
// beside the write itself; what the other has done already is no error.
func recoverSwap(s Store, target string) error {
	dir := parent(target)
	names, err := s.List(dir)
	if err != nil {
		if missing(err) {
			return nil
		}
		return err
	}
	for _, n := range names {
		if !strings.HasPrefix(n, stagePrefix(target)) {
			continue
		}
		switch name := join(dir, n); name {
		case markOf(target):
			err = swap(s, target)
		case oldOf(target):
			continue
		default:
			err = moveIn(s, name, target)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// swap goes on with an overwrite whose mark is on disk.
func swap(s Store, target string) error {
	text, err := readAll(s, markOf(target))
	if err != nil {
		return gone(err)
	}
	staged, old := join(parent(target), text), oldOf(target)
	there, err := exists(s, staged)
	if err != nil {
		return err
	}
	if there && strings.HasPrefix(text, stagePrefix(target)) {
		if moved, err := exists(s, old); err != nil {
			return err
		} else if !moved {
			if err := gone(s.Rename(target, old)); err != nil {
				return err
			}
			if err := s.SyncDir(parent(target)); err != nil {
				return err
			}
		}
		if err := gone(s.Rename(staged, target)); err != nil {
			return err
		}
		if err := s.SyncDir(parent(target)); err != nil {
			return err
		}
	}
	for _, name := range []string{old, markOf(target)} {
		if err := gone(s.RemoveAll(name)); err != nil {
			return err
		}
		if err := s.SyncDir(parent(target)); err != nil {
			return err
		}
	}
	return nil
}

// moveIn moves the files of an append that its list names; a folder without a list was never committed.
func moveIn(s Store, staged, target string) error {
	text, err := readAll(s, join(staged, appendList))
	if err != nil {
		return gone(err)
	}
	var files []string
	if json.Unmarshal([]byte(text), &files) != nil { // torn: not synced, so not committed
		return nil
	}
	dirs := map[string]bool{target: true}
	for _, f := range files {
		to := join(target, f)
		for d := parent(to); !dirs[d] && len(d) > len(target); d = parent(d) {
			dirs[d] = true
		}
		if err := s.MkdirAll(parent(to)); err != nil {
			return err
		}
		if err := gone(s.Rename(join(staged, f), to)); err != nil {
			return err
		}
	}
	for d := range dirs {
		if err := s.SyncDir(d); err != nil {
			return err
		}
	}
	if err := gone(s.RemoveAll(staged)); err != nil {
		return err
	}
	return s.SyncDir(parent(staged))
}

// gone drops the error that something is not there any more.
func gone(err error) error {
	if missing(err) {
		return nil
	}
	return err
}

func readAll(s Store, name string) (string, error) {
	i, err := s.Stat(name)
	if err != nil {
		return "", err
	}
	f, err := s.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(io.NewSectionReader(f, 0, i.Size))
	return string(text), err
}
