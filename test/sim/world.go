package sim

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/azud/azud/internal/sys"
)

var errDead = errors.New("the process is dead")

// world is what outlives the process: the disk and the sink's contents. Everything that a
// process does to it counts as one event, and it dies at the event that the seed picked.
// A torn world keeps a random part of what was not synced, each block and each directory
// entry for itself, and dies at background writes as well; it does not reproduce exactly.
type world struct {
	mu     sync.Mutex
	rng    *rand.Rand
	disk   *vfs.MemFS // as the living process sees it
	after  *vfs.MemFS // what the crash left of it
	events int
	fatal  int // the event at which the process dies; 0: never
	dead   bool
	unsafe int // percent of unsynced data that a crash keeps
	torn   bool
	story  []string
}

func newWorld(seed uint64) *world {
	return &world{rng: rand.New(rand.NewPCG(seed, 0x5eed)), disk: vfs.NewCrashableMem()}
}

// live begins a process that dies after n events; 0: it may live.
func (w *world) live(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.after != nil {
		w.disk, w.after = w.after, nil
	}
	w.events, w.fatal, w.dead = 0, n, false
	w.unsafe = 100 * w.rng.IntN(2)
	if w.torn {
		w.unsafe = 50
	}
}

// event counts one; it fails if the process is dead or dies by it. The caller holds mu.
func (w *world) event(what string) error {
	if w.dead {
		return errDead
	}
	if w.events++; w.fatal > 0 && w.events >= w.fatal {
		w.dead = true
		w.after = w.disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: w.unsafe, RNG: rand.New(rand.NewPCG(w.rng.Uint64(), 1))})
		w.note("dies at event %d: %s", w.events, what)
		return errDead
	}
	return nil
}

func (w *world) note(format string, args ...any) {
	w.story = append(w.story, fmt.Sprintf(format, args...))
}

// call is an event with an effect, which it has only if the process lives.
func (w *world) call(what string, effect func() error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.event(what); err != nil {
		return err
	}
	return effect()
}

// chance is true in one of n cases.
func (w *world) chance(n int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return n > 0 && w.rng.IntN(n) == 0
}

// fs is the disk of the process that lives now; it dies by writes and syncs. What Pebble's
// own goroutines do is no event, because its order is chance and a seed must reproduce:
// writes to the log (its syncs are events, and a crash keeps all or nothing of what was
// written since the last), tables, and the removal of old files.
func (w *world) fs() vfs.FS {
	return errorfs.Wrap(w.disk, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if op.Kind.ReadOrWrite() == errorfs.OpIsRead || !w.torn && background(op) {
			return nil
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.event(fmt.Sprintf("disk %d %s", op.Kind, op.Path))
	}))
}

func background(op errorfs.Op) bool {
	written := op.Kind == errorfs.OpFileWrite || op.Kind == errorfs.OpFilePreallocate
	return op.Kind == errorfs.OpRemove || strings.HasSuffix(op.Path, ".sst") || strings.HasSuffix(op.Path, ".log") && written
}

func (w *world) sys() *sys.Sys {
	s := sys.Real()
	s.FS, s.Clock, s.Rand = w.fs(), &clock{now: time.Unix(1_700_000_000, 0)}, zeroRand{}
	return s
}

// clock moves by a millisecond at each look; nothing waits.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(time.Millisecond)
	return c.now
}

func (c *clock) Sleep(ctx context.Context, d time.Duration) error { return ctx.Err() }

func (c *clock) After(d time.Duration) <-chan time.Time {
	ch := make(chan time.Time, 1)
	ch <- c.Now()
	return ch
}

type zeroRand struct{}

func (zeroRand) Uint64() uint64 { return 7 }
