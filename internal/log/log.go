package log

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/azud/azud/internal/sys"
)

// Log is an open log folder. Its methods may be called from any goroutine.
type Log struct {
	sys *sys.Sys
	cfg Config
	log *slog.Logger

	lock    *ownerLock
	journal *journal
	stage   stager
	tables  tableSet
	topics  atomic.Pointer[Topics]
	over    atomic.Pointer[map[string]string] // see SetDefaults

	mu      sync.Mutex // changes of topics
	changes sync.Mutex // Write, and what must see all of one or nothing

	closed atomic.Bool
	full   atomic.Bool // of the disk
	failed atomic.Pointer[failure]

	compacting sync.Mutex // one compaction at a time; before snapMu
	dropped    drops
	files      handles

	snapMu   sync.Mutex // one checkpoint at a time; no segments are replaced meanwhile
	snapN    uint64
	appended atomic.Int64 // bytes of journal and direct rounds since the last checkpoint
	due      chan struct{}
	spaceDue chan struct{}
	used     atomic.Bool // the journal has been written to
	broken   atomic.Bool // it has been said that a partition keeps checkpoints from being made
	lastGen  uint64      // of the journal at the last round; the committer's
	quit     chan struct{}
	stop     context.CancelFunc
	wg       sync.WaitGroup // commit
	tasks    sync.WaitGroup // the rest
}

type failure struct{ err error }

// Open opens or makes a log folder, and recovers what a crash left. The error says what to
// do if another process has the folder, or if what had been acknowledged is damaged.
func Open(ctx context.Context, cfg Config) (*Log, error) {
	cfg.defaults()
	l := &Log{
		sys: cfg.Sys, cfg: cfg, log: cfg.Log,
		due: make(chan struct{}, 1), spaceDue: make(chan struct{}, 1), quit: make(chan struct{}),
	}
	l.stage.wake = make(chan struct{}, 1)
	l.stage.next = new(stage)
	l.stage.next.reset()
	l.files.most = cfg.OpenFiles
	if _, err := ParseSettings(cfg.Defaults, nil); err != nil {
		return nil, err
	}
	if err := l.prepareFolder(); err != nil {
		return nil, err
	}
	var err error
	if l.lock, err = lockFolder(cfg.Sys.FS, cfg.Dir, cfg.Owner); err != nil {
		return nil, err
	}
	if err := l.recover(ctx); err != nil {
		return nil, errors.Join(err, l.abandon())
	}
	l.checkSpace()
	l.wg.Add(1)
	go l.commit()
	ctx, l.stop = context.WithCancel(context.WithoutCancel(ctx))
	for _, run := range l.background() {
		l.tasks.Go(func() { run(ctx) })
	}
	return l, nil
}

func (c *Config) defaults() {
	set := func(v *int64, d int64) {
		if *v == 0 {
			*v = d
		}
	}
	set(&c.JournalBytes, 64<<20)
	set(&c.CheckpointBytes, 128<<20)
	set((*int64)(&c.CheckpointEvery), int64(60*time.Second))
	set((*int64)(&c.RetainEvery), int64(retainEvery))
	set((*int64)(&c.CompactEvery), int64(compactEvery))
	if c.DirectBytes == 0 {
		c.DirectBytes = 16 << 10
	}
	if c.OpenFiles == 0 {
		c.OpenFiles = 512
	}
	if c.IndexBytes == 0 {
		c.IndexBytes = 16 << 10
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
}

// background are the tasks that run while the log is open. Each returns when its context
// ends.
func (l *Log) background() []func(context.Context) {
	list := []func(context.Context){l.watchSpace, l.maintain}
	if !l.cfg.Volatile {
		list = append(list, l.checkpoints, l.fillJournal)
	}
	return list
}

// prepareFolder makes the folders.
func (l *Log) prepareFolder() error {
	f := l.sys.FS
	for _, dir := range []string{l.topicsDir(), l.journalDir()} {
		if err := f.MkdirAll(dir, 0o755); err != nil {
			return fmt.Errorf("making the folder of the log: %w", err)
		}
	}
	if l.cfg.Volatile {
		return nil
	}
	return errors.Join(syncDir(f, l.cfg.Dir), syncDir(f, f.PathDir(l.cfg.Dir)))
}

func (l *Log) journalDir() string { return l.sys.FS.PathJoin(l.cfg.Dir, "journal") }

// Dir is the log's folder.
func (l *Log) Dir() string { return l.cfg.Dir }

func (l *Log) now() int64 { return l.sys.Clock.Now().UnixMilli() }

// Err is why nothing more is taken, or nil: the journal failed.
func (l *Log) Err() error {
	if f := l.failed.Load(); f != nil {
		return f.err
	}
	return nil
}

// fail stops the log for good.
func (l *Log) fail(err error) {
	if errors.Is(err, ErrStorage) {
		return // it has failed already
	}
	if l.failed.CompareAndSwap(nil, &failure{fmt.Errorf("%w: the journal: %v", ErrStorage, err)}) {
		l.log.Error("no more records are taken: the journal failed", "error", err)
		l.noteDoubt()
	}
}

// Wait waits until all that was appended and written before is durable.
func (l *Log) Wait(ctx context.Context) error {
	done := make(chan error, 1)
	l.Sync(func(err error) { done <- err })
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close makes everything durable, writes a checkpoint and releases the folder. Calls that
// come later get ErrClosed.
func (l *Log) Close() error {
	if l.closed.Swap(true) {
		return nil
	}
	l.stop()
	l.tasks.Wait()
	l.mu.Lock() // changes of topics that had begun
	//lint:ignore SA2001 only a barrier
	l.mu.Unlock()
	close(l.quit)
	l.wg.Wait()
	for _, t := range l.Topics().All() {
		for _, p := range t.parts {
			p.wake()
		}
	}
	var err error
	if !l.cfg.Volatile && l.Err() == nil {
		err = l.checkpoint(true)
	}
	return errors.Join(err, l.abandon())
}

// abandon lets go of all files.
func (l *Log) abandon() error {
	if topics := l.topics.Load(); topics != nil {
		for _, t := range topics.All() {
			for _, p := range t.parts {
				p.mu.Lock()
				p.deleted = true
				p.hints = [hints]hint{}
				for _, s := range p.segs {
					s.release()
				}
				p.mu.Unlock()
			}
		}
	}
	for _, s := range l.dropped.take() { // a failed checkpoint has left their files
		s.release()
	}
	var err error
	if l.journal != nil {
		err = l.journal.close()
	}
	return errors.Join(err, l.lock.release())
}
