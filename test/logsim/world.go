package logsim

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"testing/synctest"
	"time"

	"github.com/azud/azud/internal/log"
	"github.com/azud/azud/internal/record"
	"github.com/azud/azud/internal/sys"
	"github.com/azud/azud/internal/sys/fault"
)

// options of a run.
type options struct {
	seed  uint64
	steps int
	story bool
	plant func(fault.Op) fault.Answer // a bug that is planted; nil: none
	tune  func(*log.Config)
}

// world is one seed's run.
type world struct {
	o    options
	rng  *rand.Rand
	disk *fault.Disk
	sys  *sys.Sys
	cfg  log.Config
	l    *log.Log
	logs *logs

	topics    []*topic
	known     map[string]*topic
	dies      int    // the next start crashes at this change; 0: it does not
	live      *state // with all that was done
	sure      *state // as of the last acknowledgement
	steps     []step // between the two
	writes    int    // number of the last Write
	lastWrite int    // the last one that outlived the crash
	ids       int    // of records
	prods     []*producer
	com       record.Compressor
	faulty    string // the fault that is on: "", "eio", "full"
	failing   bool   // some process since the last good start had a failing disk
	bad       error  // the first thing found wrong
	counts    map[string]int
}

func newWorld(o options) *world {
	rng := rand.New(rand.NewPCG(o.seed, 0x109))
	w := &world{
		o: o, rng: rng, live: newState(), sure: newState(), logs: &logs{}, counts: map[string]int{}, known: map[string]*topic{},
		disk: fault.New(fault.Options{Seed: o.seed, Story: o.story}),
	}
	w.sys = sys.Real()
	w.sys.Rand = lockedRand{&sync.Mutex{}, rand.New(rand.NewPCG(o.seed, 3))}
	w.cfg = log.Config{
		Sys: w.sys, Dir: "/data", Owner: "the simulation",
		JournalBytes:    []int64{16 << 10, 64 << 10, 256 << 10}[rng.IntN(3)],
		CheckpointEvery: []time.Duration{0, 3 * time.Second}[rng.IntN(2)],
		CheckpointBytes: []int64{8 << 10, 64 << 10, 0}[rng.IntN(3)],
		DirectBytes:     []int{200, 1000, 0, 1 << 20}[rng.IntN(4)],
		IndexBytes:      []int{64, 512, 0}[rng.IntN(3)],
		OpenFiles:       2,
		MinFree:         -1,
	}
	if o.tune != nil {
		o.tune(&w.cfg)
	}
	return w
}

// open begins a process and opens the log.
func (w *world) open() error {
	w.sys.FS = w.disk.FS()
	w.disk.CrashAt(w.dies)
	w.dies = 0
	w.cfg.Log = slog.New(&handler{w.logs})
	w.setHook(nil)
	w.disk.SetCapacity(1 << 40)
	w.failing = w.failing || w.faulty != ""
	w.faulty = ""
	l, err := log.Open(context.Background(), w.cfg)
	if err != nil {
		return err
	}
	w.l = l
	synctest.Wait()
	w.disk.CrashAt(0)
	return nil
}

// setHook makes the disk fail as f says. Besides, whoever writes or syncs steps aside at
// times, so that the log's own goroutines and the clients come between each other.
func (w *world) setHook(f fault.Hook) {
	turn := w.rng.Uint64()
	w.disk.SetHook(func(o fault.Op) fault.Answer {
		if o.Kind == fault.Sync || o.Kind == fault.Write {
			turn = turn*6364136223846793005 + 1442695040888963407
			if turn>>62 == 0 {
				runtime.Gosched()
			}
		}
		switch {
		case w.o.plant != nil:
			return w.o.plant(o)
		case f != nil:
			return f(o)
		}
		return fault.Answer{}
	})
}

func (w *world) now() int64 { return w.sys.Clock.Now().UnixMilli() }

func (w *world) tell(format string, args ...any) {
	if w.o.story {
		w.disk.Note("        "+format, args...)
	}
}

// wrong notes a violation.
func (w *world) wrong(format string, args ...any) {
	err := fmt.Errorf(format, args...)
	w.tell("WRONG: %v", err)
	if w.bad == nil {
		w.bad = err
	}
}

// chance is true in one of n cases.
func (w *world) chance(n int) bool { return w.rng.IntN(n) == 0 }

// allowed reports whether an error is one that the faults explain: the process has died, or
// the disk fails and the log says so in its own words.
func (w *world) allowed(err error) bool {
	if w.disk.Crashed() {
		return true
	}
	switch w.faulty {
	case "eio":
		return errors.Is(err, log.ErrStorage)
	case "full":
		return errors.Is(err, log.ErrDiskFull) || errors.Is(err, log.ErrStorage)
	}
	return false
}

// check notes an error that no fault explains.
func (w *world) check(what string, err error) bool {
	if err == nil {
		return true
	}
	w.tell("%s: %v", what, err)
	if !w.allowed(err) {
		w.wrong("%s: %v", what, err)
	}
	return false
}

// logs collects what the log says at level Warn and above.
type logs struct {
	mu    sync.Mutex
	lines []string
}

type handler struct{ logs *logs }

func (h *handler) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelWarn }
func (h *handler) WithAttrs([]slog.Attr) slog.Handler               { return h }
func (h *handler) WithGroup(string) slog.Handler                    { return h }
func (h *handler) Handle(_ context.Context, r slog.Record) error {
	var b strings.Builder
	b.WriteString(r.Level.String() + " " + r.Message)
	r.Attrs(func(a slog.Attr) bool { fmt.Fprintf(&b, " %s=%v", a.Key, a.Value); return true })
	h.logs.mu.Lock()
	defer h.logs.mu.Unlock()
	h.logs.lines = append(h.logs.lines, b.String())
	return nil
}

type lockedRand struct {
	mu  *sync.Mutex
	rng *rand.Rand
}

func (l lockedRand) Uint64() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.rng.Uint64()
}
