package fault

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"path"
	"slices"
	"sync"
	"syscall"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// ErrCrashed is what all calls of a process answer after the crash that ended it.
var ErrCrashed = errors.New("the machine has crashed")

// Kind is what an operation does.
type Kind string

// Kinds. All but reads and opens are changes: they are numbered and may be where a crash is.
const (
	Create   Kind = "create" // also OpenReadWrite of a file that was not there
	Open     Kind = "open"
	Read     Kind = "read"
	Write    Kind = "write"
	Truncate Kind = "truncate"
	Sync     Kind = "sync"
	SyncDir  Kind = "sync directory"
	Mkdir    Kind = "mkdir"
	Link     Kind = "link"
	Rename   Kind = "rename"
	Remove   Kind = "remove"
)

// Op is one operation.
type Op struct {
	N      int // the number of the change since New, from 1; for others that of the last one
	Kind   Kind
	Path   string
	To     string // of Rename and Link
	Off    int64
	Length int
}

// String is the operation's line in a story.
func (o Op) String() string {
	switch o.Kind {
	case Read, Write:
		return fmt.Sprintf("%d %s %s [%d, +%d)", o.N, o.Kind, o.Path, o.Off, o.Length)
	case Truncate:
		return fmt.Sprintf("%d %s %s to %d", o.N, o.Kind, o.Path, o.Off)
	case Rename, Link:
		return fmt.Sprintf("%d %s %s to %s", o.N, o.Kind, o.Path, o.To)
	}
	return fmt.Sprintf("%d %s %s", o.N, o.Kind, o.Path)
}

// Answer is what a Hook makes of an operation. The zero value lets it happen.
type Answer struct {
	Err   error // fail with it: without effect, but see Sync in the package's comment
	Short int   // of a Write: with Err, the bytes written before it
	Lie   bool  // succeed without effect
}

// Hook is asked before each operation, by the goroutine that makes it; it must not call the
// disk.
type Hook func(Op) Answer

// Options of a disk.
type Options struct {
	Seed uint64
	// Uncounted leaves changes out of the numbers: those of background goroutines, whose
	// order is chance. They fail after a crash as all others.
	Uncounted func(Op) bool
	// Story keeps a line for every operation but reads.
	Story bool
}

// Disk is what outlives crashes. Safe for concurrent use.
type Disk struct {
	opts Options

	mu       sync.Mutex
	root     *inode
	pending  []*change // of directories, not yet certain
	life     int       // number of the process that lives
	dead     bool      // it has crashed
	n        int       // changes so far
	fatal    int       // the change that crashes; 0: none
	crashes  int
	hook     Hook
	capacity int64
	used     int64
	locks    map[string]bool
	rng      *rand.Rand // what the kernel writes back by itself
	story    []string
}

// New makes an empty disk of unlimited capacity.
func New(o Options) *Disk {
	return &Disk{
		opts: o, root: newDir(), locks: map[string]bool{}, capacity: 1 << 50,
		rng: rand.New(rand.NewPCG(o.Seed, 0xd15c)),
	}
}

// FS begins the next process: the one before, if it still lives, is killed.
func (d *Disk) FS() vfs.FS {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.life++
	d.dead, d.fatal = false, 0
	clear(d.locks)
	d.tell("--- process %d", d.life)
	return &fs{d: d, life: d.life}
}

// SetHook replaces the hook; nil removes it.
func (d *Disk) SetHook(h Hook) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.hook = h
}

// SetCapacity limits what all files together hold, in bytes; more fails with ENOSPC.
func (d *Disk) SetCapacity(bytes int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.capacity = bytes
}

// Used is what all files together hold, in bytes.
func (d *Disk) Used() int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.used
}

// CrashAt makes the n-th change from now crash; 0: none does.
func (d *Disk) CrashAt(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fatal = d.n + n; n == 0 {
		d.fatal = 0
	}
}

// Crash ends the process and loses what was not synced.
func (d *Disk) Crash() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.dead {
		d.crash()
	}
}

// Kill ends the process. What it wrote stays.
func (d *Disk) Kill() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dead = true
	d.tell("--- killed")
}

// Crashed reports whether the process has crashed or was killed.
func (d *Disk) Crashed() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.dead
}

// Changes is the number of changes so far.
func (d *Disk) Changes() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.n
}

// Story returns the lines so far.
func (d *Disk) Story() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.story)
}

// Note adds a line to the story.
func (d *Disk) Note(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tell(format, args...)
}

func (d *Disk) tell(format string, args ...any) {
	if d.opts.Story {
		d.story = append(d.story, fmt.Sprintf(format, args...))
	}
}

// Flip inverts one bit of a file, at rest and in the cache.
func (d *Disk) Flip(name string, off int64, bit uint) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	in := d.root.find(clean(name))
	if in == nil || in.dir() || off < 0 || off >= int64(len(in.data)) {
		return pathErr("flip", name, syscall.EINVAL)
	}
	in.data[off] ^= 1 << (bit & 7)
	d.tell("--- flipped bit %d of %s at %d", bit&7, name, off)
	return nil
}

// Files lists all files with their sizes, sorted by name.
func (d *Disk) Files() []FileSize {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []FileSize
	d.root.walk("/", func(name string, in *inode) {
		if !in.dir() {
			out = append(out, FileSize{name, int64(len(in.data))})
		}
	})
	return out
}

// FileSize is a file of the disk.
type FileSize struct {
	Name string
	Size int64
}

// begin numbers an operation and asks the hook. dies is true if the process crashes by it:
// the caller then does part of it and calls crash. The caller holds mu.
func (d *Disk) begin(life int, op Op) (a Answer, dies bool) {
	if d.dead || life != d.life {
		return Answer{Err: ErrCrashed}, false
	}
	changes := op.Kind != Read && op.Kind != Open
	if changes && (d.opts.Uncounted == nil || !d.opts.Uncounted(op)) {
		d.n++
		dies = d.n == d.fatal
	}
	op.N = d.n
	if dies {
		d.tell("%v: crash", op)
		return Answer{}, true
	}
	if d.hook != nil {
		a = d.hook(op)
	}
	switch {
	case a.Err != nil:
		d.tell("%v: %v", op, a.Err)
	case a.Lie:
		d.tell("%v: a lie", op)
	case op.Kind != Read:
		d.tell("%v", op)
	}
	return a, false
}

// crash settles what reached the disk. The caller holds mu.
func (d *Disk) crash() {
	d.dead = true
	d.crashes++
	c := d.chance("")
	switch how := c.IntN(3); how {
	case 0:
		d.settle(func(int) bool { return true })
	case 1:
		cut := c.IntN(len(d.pending) + 1)
		d.settle(func(i int) bool { return i < cut })
	default:
		d.settle(func(int) bool { return c.IntN(2) == 0 })
	}
	keep := []int{0, 100, c.IntN(101)}[c.IntN(3)]
	d.used = 0
	seen := map[*inode]bool{}
	d.root.walk("/", func(name string, in *inode) {
		if in.dir() || seen[in] {
			return
		}
		seen[in] = true
		in.crash(d.chance(name), keep)
		d.used += int64(len(in.data))
	})
	d.tell("--- crash %d: %d %% of the pages", d.crashes, keep)
}

func hash(s string) uint64 {
	h := uint64(14695981039346656037) // FNV-1a
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}

// chance is for what becomes of name at this crash.
func (d *Disk) chance(name string) *rand.Rand {
	return rand.New(rand.NewPCG(d.opts.Seed^hash(name), uint64(d.crashes)))
}

func clean(name string) string { return path.Clean("/" + name) }
