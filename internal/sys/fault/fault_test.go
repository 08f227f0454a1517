package fault

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

const cat = vfs.WriteCategoryUnspecified

func must[T any](t testing.TB) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func syncDir(t testing.TB, fs vfs.FS, name string) {
	t.Helper()
	check(t, must[vfs.File](t)(fs.OpenDir(name)).Sync())
}

// read is a file's content, or "gone".
func read(t testing.TB, fs vfs.FS, name string) string {
	t.Helper()
	f, err := fs.Open(name)
	if os.IsNotExist(err) {
		return "gone"
	}
	check(t, err)
	return string(must[[]byte](t)(io.ReadAll(f)))
}

func fill(c byte, n int) []byte { return bytes.Repeat([]byte{c}, n) }

// synced makes a file that is certain, with its directory.
func synced(t testing.TB, fs vfs.FS, name string, data []byte) vfs.File {
	t.Helper()
	f := must[vfs.File](t)(fs.Create(name, cat))
	must[int](t)(f.Write(data))
	check(t, f.Sync())
	syncDir(t, fs, fs.PathDir(name))
	return f
}

// outcomes runs a story under many seeds and counts what came of it.
func outcomes(t *testing.T, seeds int, story func(t *testing.T, d *Disk) string) map[string]int {
	t.Helper()
	got := map[string]int{}
	for seed := range seeds {
		d := New(Options{Seed: uint64(seed)})
		got[story(t, d)]++
	}
	return got
}

func want(t *testing.T, got map[string]int, all ...string) {
	t.Helper()
	for _, w := range all {
		if got[w] == 0 {
			t.Errorf("%q never happens: %v", w, got)
		}
	}
	for g := range got {
		if !slices.Contains(all, g) {
			t.Errorf("%q must not happen: %v", g, got)
		}
	}
}

func TestFiles(t *testing.T) {
	d := New(Options{})
	fs := d.FS()
	check(t, fs.MkdirAll("/a/b", 0o755))
	f := must[vfs.File](t)(fs.Create("/a/b/x", cat))
	must[int](t)(f.Write([]byte("hello ")))
	must[int](t)(f.Write([]byte("world")))
	must[int](t)(f.WriteAt([]byte("HE"), 0))
	must[int](t)(f.WriteAt([]byte("!"), 20))
	if got := read(t, fs, "/a/b/x"); got != "HEllo world"+strings.Repeat("\x00", 9)+"!" {
		t.Errorf("%q", got)
	}
	check(t, f.(interface{ Truncate(int64) error }).Truncate(5))
	if got := read(t, fs, "a/b/x"); got != "HEllo" || d.Used() != 5 {
		t.Errorf("%q, %d used", got, d.Used())
	}
	check(t, fs.Link("/a/b/x", "/a/y"))
	check(t, fs.Rename("/a/b/x", "/a/b/z"))
	if got := must[[]string](t)(fs.List("/a")); !slices.Equal(got, []string{"b", "y"}) {
		t.Error(got)
	}
	if st := must[vfs.FileInfo](t)(fs.Stat("/a/b/z")); st.Size() != 5 || st.IsDir() || st.Name() != "z" {
		t.Error(st)
	}
	for name, err := range map[string]error{
		"remove full directory": fs.Remove("/a/b"), "remove nothing": fs.Remove("/q"),
		"link over": fs.Link("/a/y", "/a/b/z"), "rename nothing": fs.Rename("/q", "/r"),
		"below a file": fs.MkdirAll("/a/y/c", 0),
	} {
		if err == nil || errors.Is(err, ErrCrashed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	lock := must[io.Closer](t)(fs.Lock("/a/LOCK"))
	if _, err := fs.Lock("/a/LOCK"); err == nil {
		t.Error("locked twice")
	}
	check(t, lock.Close())
	must[io.Closer](t)(fs.Lock("/a/LOCK"))
	d.Kill()
	if _, err := f.Write([]byte("x")); !errors.Is(err, ErrCrashed) {
		t.Error(err)
	}
	fs = d.FS()
	if got := read(t, fs, "/a/b/z"); got != "HEllo" {
		t.Errorf("after a kill: %q", got)
	}
	must[io.Closer](t)(fs.Lock("/a/LOCK"))
	check(t, fs.RemoveAll("/a"))
	if got := must[[]string](t)(fs.List("/")); len(got) != 0 {
		t.Error(got)
	}
}

// Pages that were not synced are dropped each for itself, torn, or kept.
func TestCrashDropsPages(t *testing.T) {
	got := outcomes(t, 400, func(t *testing.T, d *Disk) string {
		fs := d.FS()
		f := synced(t, fs, "/f", fill('a', 3*pageSize))
		must[int](t)(f.WriteAt(fill('b', 2*pageSize), pageSize))
		d.Crash()
		s := read(t, d.FS(), "/f")
		if len(s) != 3*pageSize || s[:pageSize] != string(fill('a', pageSize)) {
			t.Fatal("what was synced is damaged")
		}
		out := ""
		for i := 1; i < 3; i++ {
			switch page := s[i*pageSize : (i+1)*pageSize]; {
			case page == string(fill('a', pageSize)):
				out += "old "
			case page == string(fill('b', pageSize)):
				out += "new "
			default:
				out += "torn "
			}
		}
		return out
	})
	want(t, got, "old old ", "old new ", "new old ", "new new ", "torn old ", "torn new ", "torn torn ", "old torn ", "new torn ")
}

// A page may also come back as it was between two writes.
func TestCrashKeepsAnEarlierVersion(t *testing.T) {
	got := outcomes(t, 300, func(t *testing.T, d *Disk) string {
		f := synced(t, d.FS(), "/f", []byte("1"))
		must[int](t)(f.WriteAt([]byte("2"), 0))
		must[int](t)(f.WriteAt([]byte("3"), 0))
		d.Crash()
		return read(t, d.FS(), "/f")
	})
	want(t, got, "1", "2", "3")
}

func TestCrashAndSizes(t *testing.T) {
	grow := outcomes(t, 400, func(t *testing.T, d *Disk) string {
		f := synced(t, d.FS(), "/f", []byte("old"))
		must[int](t)(f.Write([]byte("new")))
		d.Crash()
		return read(t, d.FS(), "/f")
	})
	for _, w := range []string{"old", "oldnew", "old\x00\x00\x00", "oldn"} {
		if grow[w] == 0 {
			t.Errorf("%q never happens: %v", w, grow)
		}
	}
	for g := range grow {
		if !strings.HasPrefix(g, "old") {
			t.Errorf("%q", g)
		}
	}
	cut := outcomes(t, 300, func(t *testing.T, d *Disk) string {
		f := synced(t, d.FS(), "/f", fill('a', 2*pageSize))
		check(t, f.(*file).Truncate(pageSize))
		d.Crash()
		s := read(t, d.FS(), "/f")
		if strings.Trim(s, "a") != "" {
			t.Fatal("zeros where a cut did not happen")
		}
		return fmt.Sprint(len(s) == pageSize, len(s) == 2*pageSize)
	})
	want(t, cut, "true false", "false true", "false false")
}

// Names that were not synced are lost; a rename leaves one of its names.
func TestCrashAndDirectories(t *testing.T) {
	create := outcomes(t, 100, func(t *testing.T, d *Disk) string {
		fs := d.FS()
		f := must[vfs.File](t)(fs.Create("/f", cat))
		must[int](t)(f.Write([]byte("x")))
		check(t, f.Sync())
		d.Crash()
		return read(t, d.FS(), "/f")
	})
	want(t, create, "x", "gone")
	remove := outcomes(t, 100, func(t *testing.T, d *Disk) string {
		fs := d.FS()
		synced(t, fs, "/f", []byte("x"))
		check(t, fs.Remove("/f"))
		d.Crash()
		return read(t, d.FS(), "/f")
	})
	want(t, remove, "x", "gone")
	rename := outcomes(t, 200, func(t *testing.T, d *Disk) string {
		fs := d.FS()
		synced(t, fs, "/new", []byte("new"))
		synced(t, fs, "/cur", []byte("old"))
		check(t, fs.Rename("/new", "/cur"))
		d.Crash()
		fs = d.FS()
		return read(t, fs, "/cur") + " " + read(t, fs, "/new")
	})
	want(t, rename, "old new", "new gone")
	two := outcomes(t, 300, func(t *testing.T, d *Disk) string {
		fs := d.FS()
		check(t, fs.MkdirAll("/d", 0))
		syncDir(t, fs, "/")
		must[vfs.File](t)(fs.Create("/d/1", cat))
		must[vfs.File](t)(fs.Create("/d/2", cat))
		d.Crash()
		return strings.Join(must[[]string](t)(d.FS().List("/d")), " ")
	})
	want(t, two, "", "1", "2", "1 2")
	settled := outcomes(t, 50, func(t *testing.T, d *Disk) string {
		fs := d.FS()
		check(t, fs.MkdirAll("/d", 0))
		syncDir(t, fs, "/")
		synced(t, fs, "/d/1", []byte("a"))
		check(t, fs.Rename("/d/1", "/d/2"))
		syncDir(t, fs, "/d")
		d.Crash()
		fs = d.FS()
		return read(t, fs, "/d/1") + " " + read(t, fs, "/d/2")
	})
	want(t, settled, "gone a")
}

// A crash at the N-th change leaves it done, undone, or a write in part.
func TestCrashAt(t *testing.T) {
	parts := map[int]bool{}
	for seed := range 300 {
		d := New(Options{Seed: uint64(seed), Story: true})
		fs := d.FS()
		f := synced(t, fs, "/f", []byte("0"))
		d.CrashAt(2)
		must[int](t)(f.Write([]byte("1")))
		if _, err := f.Write([]byte("2345")); !errors.Is(err, ErrCrashed) || !d.Crashed() {
			t.Fatal(err)
		}
		if err := f.Sync(); !errors.Is(err, ErrCrashed) {
			t.Fatal(err)
		}
		if _, err := fs.Open("/f"); !errors.Is(err, ErrCrashed) {
			t.Fatal(err)
		}
		s := read(t, d.FS(), "/f")
		if strings.HasPrefix("012345", s) {
			parts[len(s)] = true
		}
		if story := strings.Join(d.Story(), "\n"); !strings.Contains(story, "6 write /f [2, +4): crash") {
			t.Fatal(story)
		}
	}
	for n := 1; n <= 6; n++ {
		if !parts[n] {
			t.Errorf("%d bytes are never left: %v", n, parts)
		}
	}
	sync := outcomes(t, 100, func(t *testing.T, d *Disk) string {
		f := synced(t, d.FS(), "/f", []byte("a"))
		must[int](t)(f.WriteAt([]byte("b"), 0))
		d.CrashAt(1)
		if err := f.Sync(); !errors.Is(err, ErrCrashed) {
			t.Fatal(err)
		}
		return read(t, d.FS(), "/f")
	})
	want(t, sync, "a", "b")
}

func TestHook(t *testing.T) {
	d := New(Options{})
	fs := d.FS()
	f := synced(t, fs, "/f", []byte("a"))
	var answer Answer
	var kind Kind
	d.SetHook(func(o Op) Answer {
		if o.Kind == kind && o.Path == "/f" {
			return answer
		}
		return Answer{}
	})
	kind, answer = Write, Answer{Err: syscall.EIO, Short: 2}
	if n, err := f.Write([]byte("bcd")); n != 2 || !errors.Is(err, syscall.EIO) || read(t, fs, "/f") != "abc" {
		t.Error(n, err, read(t, fs, "/f"))
	}
	kind, answer = Read, Answer{Err: syscall.EIO}
	if _, err := f.ReadAt(make([]byte, 1), 0); !errors.Is(err, syscall.EIO) {
		t.Error(err)
	}
	kind = Remove
	if err := fs.Remove("/f"); !errors.Is(err, syscall.EIO) || read(t, fs, "/f") != "abc" {
		t.Error(err)
	}
	kind, answer = Sync, Answer{Lie: true}
	check(t, f.Sync())
	d.SetHook(nil)
	lied := false
	for seed := range 50 {
		d := New(Options{Seed: uint64(seed)})
		f := synced(t, d.FS(), "/f", []byte("a"))
		must[int](t)(f.WriteAt([]byte("b"), 0))
		d.SetHook(func(o Op) Answer { return Answer{Lie: o.Kind == Sync} })
		check(t, f.Sync())
		d.Crash()
		lied = lied || read(t, d.FS(), "/f") == "a"
	}
	if !lied {
		t.Error("a sync that lies loses nothing")
	}
}

// After a failed sync the next one succeeds, and the pages may be lost all the same.
func TestFailedSyncLosesPages(t *testing.T) {
	got := outcomes(t, 100, func(t *testing.T, d *Disk) string {
		f := synced(t, d.FS(), "/f", []byte("a"))
		must[int](t)(f.WriteAt([]byte("b"), 0))
		d.SetHook(func(o Op) Answer {
			if o.Kind == Sync {
				return Answer{Err: syscall.EIO}
			}
			return Answer{}
		})
		if err := f.Sync(); !errors.Is(err, syscall.EIO) {
			t.Fatal(err)
		}
		d.SetHook(nil)
		check(t, f.Sync())
		d.Crash()
		return read(t, d.FS(), "/f")
	})
	want(t, got, "a", "b")
	again := outcomes(t, 100, func(t *testing.T, d *Disk) string {
		f := synced(t, d.FS(), "/f", []byte("a"))
		must[int](t)(f.WriteAt([]byte("b"), 0))
		d.SetHook(func(o Op) Answer { return Answer{Err: map[bool]error{true: syscall.EIO}[o.Kind == Sync]} })
		if f.Sync() == nil {
			t.Fatal("no error")
		}
		d.SetHook(nil)
		must[int](t)(f.WriteAt([]byte("c"), 0))
		check(t, f.Sync())
		d.Crash()
		return read(t, d.FS(), "/f")
	})
	want(t, again, "c")
}

func TestFullDisk(t *testing.T) {
	d := New(Options{})
	fs := d.FS()
	d.SetCapacity(10)
	f := synced(t, fs, "/f", []byte("12345"))
	if n, err := f.Write([]byte("6789abcd")); n != 5 || !errors.Is(err, syscall.ENOSPC) {
		t.Error(n, err)
	}
	if u := must[vfs.DiskUsage](t)(fs.GetDiskUsage("/")); u.AvailBytes != 0 || u.TotalBytes != 10 || u.UsedBytes != 10 {
		t.Error(u)
	}
	must[int](t)(f.WriteAt([]byte("over"), 0))
	check(t, fs.Remove("/f"))
	if d.Used() != 0 {
		t.Error(d.Used())
	}
}

func TestFlip(t *testing.T) {
	d := New(Options{})
	fs := d.FS()
	synced(t, fs, "/f", []byte("abc"))
	check(t, d.Flip("/f", 1, 0))
	d.Crash()
	if got := read(t, d.FS(), "/f"); got != "acc" {
		t.Error(got)
	}
	if d.Flip("/f", 3, 0) == nil || d.Flip("/g", 0, 0) == nil {
		t.Error("no error")
	}
	if got := d.Files(); len(got) != 1 || got[0] != (FileSize{"/f", 3}) {
		t.Error(got)
	}
}

// The same seed and the same changes leave the same disk.
func TestReproduces(t *testing.T) {
	run := func(seed uint64) string {
		d := New(Options{Seed: seed, Story: true})
		fs := d.FS()
		f := synced(t, fs, "/f", fill('a', 8*pageSize))
		d.CrashAt(15)
		for i := 0; !d.Crashed(); i++ {
			_, _ = f.WriteAt(fill(byte('b'+i), 3000), int64(i*1900))
			_, _ = fs.Create(fmt.Sprint("/", i), cat)
		}
		return strings.Join(d.Story(), "\n") + read(t, d.FS(), "/f") + fmt.Sprint(d.Files())
	}
	if once, again := run(3), run(3); once != again {
		t.Error("the same seed, another disk")
	}
	if run(3) == run(4) {
		t.Error("the seed does nothing")
	}
}

// The checkpoint's database keeps what it committed with a sync.
func TestPebbleSurvives(t *testing.T) {
	for seed := range uint64(5) {
		d := New(Options{Seed: seed})
		n := 0
		for range 4 {
			db, err := pebble.Open("/db", &pebble.Options{FS: d.FS(), Logger: quiet{}})
			check(t, err)
			for i := range n {
				_, closer, err := db.Get([]byte(fmt.Sprint(i)))
				if err != nil {
					t.Fatalf("seed %d: key %d of %d: %v", seed, i, n, err)
				}
				check(t, closer.Close())
			}
			for range 20 {
				check(t, db.Set([]byte(fmt.Sprint(n)), fill('v', 100), pebble.Sync))
				n++
			}
			d.Crash()
			_ = db.Close()
		}
	}
}

type quiet struct{}

func (quiet) Infof(string, ...any)  {}
func (quiet) Errorf(string, ...any) {}
func (quiet) Fatalf(string, ...any) { select {} }
