package checkpoint

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/sys"
)

// format is the version of everything in doc.go.
const format = 1

// Options are the world of a checkpoint.
type Options struct {
	Sys    *sys.Sys
	Cache  *pebble.Cache    // block cache shared between queries; nil: a small one of its own
	Logger func(msg string) // trouble, one line each; nil: dropped
}

// Store is the open checkpoint of one query. Its methods are called by the query's
// goroutine, except those of a Journal and Err, which any may call.
type Store struct {
	dir string
	db  *pebble.DB
	// files is ours so that it outlives an Open that fails: a compaction may run by then, and
	// panics over a cache that is gone.
	files *pebble.FileCache
	lock  *pebble.Lock
	gate  *gate
	logf  func(string)
	meta  meta

	parked atomic.Pointer[error]

	mu       sync.Mutex
	journals map[int]*journal
}

type meta struct {
	ID      string `json:"id"`
	Format  int    `json:"format"`
	Created int64  `json:"created"` // microseconds UTC
}

// Open opens the checkpoint in dir, or makes one there. A new one is on disk at the latest
// with the first synced write.
func Open(dir string, o Options) (*Store, error) {
	s := &Store{dir: dir, gate: newGate(o.Sys.FS), logf: o.Logger, journals: map[int]*journal{}}
	s.gate.failed = func(err error) { _ = s.park(err) }
	if err := o.Sys.FS.MkdirAll(dir, 0o755); err != nil {
		return nil, errs.Wrap(err, "CHECKPOINT_STORAGE", "cannot make the checkpoint directory %s", dir)
	}
	lock, err := pebble.LockDirectory(dir, s.gate)
	if errors.Is(err, fs.ErrPermission) {
		return nil, errs.Wrap(err, "CHECKPOINT_STORAGE", "the checkpoint in %s cannot be written", dir).
			WithHint("give yourself write permission for it and what is in it")
	}
	if err != nil {
		return nil, errs.Wrap(err, "CHECKPOINT_LOCKED", "the checkpoint in %s is in use by another query or process", dir).
			WithHint("stop the other one, or give this query a checkpoint location of its own")
	}
	s.lock, s.files = lock, pebble.NewFileCache(1, 64)
	if err := s.openDB(o); err != nil {
		_ = s.Close()
		return nil, err
	}
	if err := s.readMeta(o.Sys); err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

func (s *Store) openDB(o Options) error {
	opts := &pebble.Options{
		Cache: o.Cache, CacheSize: 1 << 20, FS: s.gate, Lock: s.lock, Logger: logger{s},
		MemTableSize: 1 << 20, MaxOpenFiles: 64, MaxManifestFileSize: 1 << 20,
		FormatMajorVersion:          pebble.FormatFlushableIngest, // the oldest: a new one costs a sync a version
		CompactionConcurrencyRange:  func() (int, int) { return 1, 1 },
		DisableTableStats:           true, // they only refine the choice of compactions
		EventListener:               &pebble.EventListener{BackgroundError: func(err error) { _ = s.park(err) }},
		MemTableStopWritesThreshold: 4,
	}
	opts.FileCache = s.files
	// Pebble's default scheduler looks for compactions ten times a second, idle or not. This one
	// does so when something was flushed or compacted, which is enough for one at a time.
	opts.Experimental.CompactionScheduler = pebble.NewConcurrencyLimitSchedulerWithNoPeriodicGrantingForTest()
	err := s.guard(false, func() (err error) {
		s.db, err = pebble.Open(s.dir, opts)
		return err
	})
	if err != nil && pebble.IsCorruptionError(err) {
		return errs.Wrap(err, "CHECKPOINT_CORRUPT", "the checkpoint in %s is damaged", s.dir).
			WithHint("restore it from a copy, or remove it to start the query anew")
	}
	return err
}

func (s *Store) readMeta(world *sys.Sys) error {
	data, err := s.get([]byte{tagMeta})
	if err != nil {
		return err
	}
	if data == nil {
		s.meta = meta{ID: newID(world.Rand), Format: format, Created: world.Clock.Now().UnixMicro()}
		data, err = json.Marshal(s.meta)
		if err != nil {
			return err
		}
		return s.write(pebble.NoSync, func(b *pebble.Batch) error { return b.Set([]byte{tagMeta}, data, nil) })
	}
	if err := json.Unmarshal(data, &s.meta); err != nil {
		return errs.Wrap(err, "CHECKPOINT_CORRUPT", "the metadata of the checkpoint in %s cannot be read", s.dir)
	}
	if s.meta.Format != format {
		return errs.New("CHECKPOINT_INCOMPATIBLE", "the checkpoint in %s has format %d; this version reads %d", s.dir, s.meta.Format, format).
			WithHint("run the version that wrote it, or remove the checkpoint to start anew")
	}
	return nil
}

// newID is a random UUID, version 4.
func newID(r sys.Rand) string {
	hi, lo := r.Uint64(), r.Uint64()
	hi = hi&^0xf000 | 0x4000
	lo = lo&^(3<<62) | 2<<62
	return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", hi>>32, hi>>16&0xffff, hi&0xffff, lo>>48, lo&(1<<48-1))
}

// ID is the checkpoint's UUID, made when it was.
func (s *Store) ID() string { return s.meta.ID }

// Created is when the checkpoint was made.
func (s *Store) Created() time.Time { return time.UnixMicro(s.meta.Created).UTC() }

// Dir is where the checkpoint is.
func (s *Store) Dir() string { return s.dir }

// minFree is the free space below which work is refused before it is written.
const minFree = 64 << 20

// Space fails if the disk is nearly full. The error may pass.
func (s *Store) Space() error {
	u, err := s.gate.GetDiskUsage(s.dir)
	if err != nil || u.AvailBytes >= minFree {
		return nil // a file system that cannot tell is not full
	}
	return connector.Passing(errs.New("CHECKPOINT_NO_SPACE", "the disk of %s has %d MiB left", s.dir, u.AvailBytes>>20).
		WithHint("free some space: epochs stop below %d MiB and go on by themselves", minFree>>20))
}

// Close closes the database and releases the directory, also after a failure.
func (s *Store) Close() (err error) {
	defer s.gate.unlock()
	if s.db == nil {
		return nil
	}
	parked := s.Err()
	defer func() {
		if v := recover(); v != nil {
			err = s.park(fmt.Errorf("%v", v))
		}
	}()
	err = s.db.Close()
	switch now := s.Err(); {
	case parked != nil:
		return nil // its owner has heard of it
	case now != nil:
		return now
	case err != nil:
		return errs.Wrap(err, "CHECKPOINT_STORAGE", "closing the checkpoint in %s", s.dir)
	}
	s.files.Unref()
	return nil
}

func (s *Store) log(format string, args ...any) {
	if s.logf != nil {
		s.logf(fmt.Sprintf(format, args...))
	}
}

// get returns a value that the caller owns, or nil.
func (s *Store) get(key []byte) (out []byte, err error) {
	err = s.guard(false, func() error {
		v, closer, err := s.db.Get(key)
		if errors.Is(err, pebble.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		out = append([]byte{}, v...)
		return closer.Close()
	})
	return out, err
}

// write applies what fill puts into a batch, atomically.
func (s *Store) write(o *pebble.WriteOptions, fill func(*pebble.Batch) error) error {
	return s.guard(true, func() error {
		b := s.db.NewBatch()
		if err := fill(b); err != nil {
			_ = b.Close()
			return err
		}
		if err := b.Commit(o); err != nil {
			return err
		}
		if s.Err() != nil {
			return nil // a batch in doubt must not be reused
		}
		return b.Close()
	})
}

// scan visits the keys in [lo, hi); key and value are valid during the call.
func (s *Store) scan(lo, hi []byte, visit func(key, value []byte) (bool, error)) error {
	return s.guard(false, func() error {
		it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: lo, UpperBound: hi})
		if err != nil {
			return err
		}
		defer it.Close()
		for ok := it.First(); ok; ok = it.Next() {
			v, err := it.ValueAndErr()
			if err != nil {
				return err
			}
			if more, err := foreign(visit, it.Key(), v); err != nil || !more {
				return err
			}
		}
		return it.Error()
	})
}

// foreign calls a visitor so that its panic is not taken for Pebble's by guard.
func foreign(visit func(key, value []byte) (bool, error), key, value []byte) (bool, error) {
	defer func() {
		if v := recover(); v != nil {
			panic(foreignPanic{v})
		}
	}()
	return visit(key, value)
}

type foreignPanic struct{ value any }
