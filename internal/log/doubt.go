package log

import (
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// A file of this name says that a sync has failed since the last start. The operating system
// then forgets that pages are unwritten: a next process reads them from the cache, syncs them
// with success, and a power cut later loses them all the same. So whoever finds the file
// writes again what no snapshot has as durable. If the power is cut before that, the cache is
// gone, and nothing is in doubt.
const doubtFile = "SYNC-FAILED"

func (l *Log) doubtName() string { return l.sys.FS.PathJoin(l.cfg.Dir, doubtFile) }

// noteDoubt leaves the file, as well as the disk can.
func (l *Log) noteDoubt() {
	if l.cfg.Volatile {
		return
	}
	f, err := l.sys.FS.Create(l.doubtName(), category)
	if err == nil {
		err = f.Close() // in the cache is enough: without it, nothing is in doubt
	}
	if err != nil {
		l.log.Warn("it cannot be noted for the next start that a sync failed", "file", l.doubtName(), "error", err)
	}
}

// inDoubt reports whether a sync failed in an earlier process.
func (l *Log) inDoubt() (bool, error) {
	_, err := l.sys.FS.Stat(l.doubtName())
	if missing(err) {
		return false, nil
	}
	if err == nil {
		l.log.Warn("a sync failed before this start: what it should have made durable is written again")
	}
	return err == nil, err
}

// settleJournal makes durable what has been read of the journal. After a kill it may be in the
// cache only, and recovery is about to remove files because of it: a power cut must not bring
// back the state before with the files gone.
func (r *recovery) settleJournal() error {
	fs, dir := r.l.sys.FS, r.l.journalDir()
	for n := 0; ; n++ {
		name := fs.PathJoin(dir, journalName(n))
		info, err := fs.Stat(name)
		if missing(err) {
			return syncDir(fs, dir)
		}
		if err != nil {
			return err
		}
		f, err := openRW(fs, name)
		if err != nil {
			return err
		}
		if r.doubt {
			err = rewrite(f, 0, info.Size())
		}
		if err == nil {
			err = f.SyncData()
		}
		if err = errors.Join(err, f.Close()); err != nil {
			return fmt.Errorf("making %s durable: %w", name, err)
		}
	}
}

// rewrite writes the bytes of [from, to) again, so that the next sync is about them.
func rewrite(f vfs.File, from, to int64) error {
	buf := make([]byte, min(scanWindow, max(to-from, 0)))
	for from < to {
		part := buf[:min(int64(len(buf)), to-from)]
		if err := readFull(f, part, from); err != nil {
			return err
		}
		if _, err := f.WriteAt(part, from); err != nil {
			return err
		}
		from += int64(len(part))
	}
	return nil
}
