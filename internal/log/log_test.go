package log

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

func TestAppendReadRestart(t *testing.T) {
	for name, fs := range map[string]vfs.FS{"memory": vfs.NewMem(), "disk": vfs.Default} {
		t.Run(name, func(t *testing.T) {
			dir := "/log"
			if fs == vfs.Default {
				dir = t.TempDir()
			}
			at := func(c *Config) { c.Dir = dir }
			l := open(t, fs, at)
			p := create(t, l, "a", 1, 1, "segment.bytes", "500").Partition(0)
			var want []string
			for i := range 50 {
				a := put(t, p, plain(fmt.Sprint("x", i), fmt.Sprint("y", i)))
				if a.Base != int64(2*i) || a.Next != a.Base+2 || a.Duplicate {
					t.Fatalf("appended %+v", a)
				}
				want = append(want, fmt.Sprintf("%d:x%d", 2*i, i), fmt.Sprintf("%d:y%d", 2*i+1, i))
			}
			wait(t, l)
			check := func() {
				t.Helper()
				if got := values(t, p, 0, ReadUncommitted); !slices.Equal(got, want) {
					t.Fatalf("got %v, want %v", got, want)
				}
				if got := values(t, p, 33, ReadCommitted); !slices.Equal(got, want[33:]) {
					t.Fatalf("got %v from 33", got)
				}
				if p.High() != 100 || p.Stable() != 100 || p.End() != 100 || p.Start() != 0 {
					t.Fatal(p.High(), p.Stable(), p.End(), p.Start())
				}
				if n := p.Segments(); n < 9 {
					t.Fatalf("%d segments", n)
				}
			}
			check()
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			l = open(t, fs, at)
			p = l.Topics().ByName("a").Partition(0)
			check()
			put(t, p, plain("more"))
			wait(t, l)
			if got := values(t, p, 100, ReadUncommitted); !slices.Equal(got, []string{"100:more"}) {
				t.Fatal(got)
			}
			if p.LeaderEpoch() != 0 {
				t.Fatal("a clean stop must not raise the leader epoch")
			}
		})
	}
}

func TestReadsOnlyWhatIsDurable(t *testing.T) {
	l := open(t, vfs.NewMem())
	p := create(t, l, "a", 1, 1).Partition(0)
	put(t, p, plain("x"))
	wait(t, l)
	if _, err := p.Read(2, 100, ReadUncommitted, nil); !errors.Is(err, ErrOutOfRange) {
		t.Fatal(err)
	}
	c, err := p.Read(1, 100, ReadUncommitted, nil)
	if err != nil || len(c.Batches) != 0 || c.Next != 1 || c.High != 1 {
		t.Fatal(c, err)
	}
}

func TestFirstBatchIsWhole(t *testing.T) {
	l := open(t, vfs.NewMem())
	p := create(t, l, "a", 1, 1).Partition(0)
	big := plain(strings.Repeat("x", 5000))
	put(t, p, slices.Clone(big))
	put(t, p, plain("y"))
	wait(t, l)
	for _, buf := range [][]byte{nil, make([]byte, 0, 100), make([]byte, 0, 10000)} {
		c, err := p.Read(0, 1, ReadUncommitted, buf)
		if err != nil || len(c.Batches) != len(big) || c.Next != 1 {
			t.Fatal(len(c.Batches), c.Next, err)
		}
	}
	c, err := p.Read(0, 1<<20, ReadUncommitted, nil)
	if err != nil || c.Next != 2 {
		t.Fatal(c.Next, err)
	}
}

func TestTables(t *testing.T) {
	fs := vfs.NewMem()
	l := open(t, fs)
	puts := []Put{{TableOffsets, "b", []byte("2")}, {TableOffsets, "a", []byte("1")}, {TableUsers, "a", []byte{}}, {TableIDs, "x", []byte("y")}}
	if err := l.Write(Write{Puts: puts}); err != nil {
		t.Fatal(err)
	}
	puts[0].Value[0] = '9' // copied
	if err := l.Write(Write{Puts: []Put{{TableIDs, "x", nil}}}); err != nil {
		t.Fatal(err)
	}
	if err := l.Write(Write{Puts: []Put{{tableTopics, "x", nil}}}); err == nil {
		t.Fatal("the table of topics is not for others")
	}
	check := func() {
		t.Helper()
		var got []string
		for k, v := range l.All(TableOffsets) {
			got = append(got, k+"="+string(v))
		}
		if !slices.Equal(got, []string{"a=1", "b=2"}) {
			t.Fatal(got)
		}
		if v, ok := l.Get(TableUsers, "a"); !ok || len(v) != 0 {
			t.Fatal(v, ok)
		}
		if _, ok := l.Get(TableIDs, "x"); ok {
			t.Fatal("deleted")
		}
	}
	check()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = open(t, fs)
	check()
}

func TestTopics(t *testing.T) {
	fs := vfs.NewMem()
	l := open(t, fs)
	a := create(t, l, "a", 1, 2, "retention.ms", "1000")
	create(t, l, "b", 2, 1)
	if _, err := l.CreateTopic("a", id(3), 1, nil); !errors.Is(err, ErrTopicExists) {
		t.Fatal(err)
	}
	if _, err := l.CreateTopic("c", id(3), 1, map[string]string{"retention.mss": "1"}); err == nil || !strings.Contains(err.Error(), "INVALID_CONFIG") {
		t.Fatal(err)
	}
	if err := l.AddPartitions(a.ID(), 4); err != nil {
		t.Fatal(err)
	}
	if err := l.SetTopic(a.ID(), map[string]string{"cleanup.policy": "compact"}); err != nil {
		t.Fatal(err)
	}
	put(t, l.Topics().ByName("b").Partition(0), plain("x"))
	if err := l.DeleteTopic(id(2)); err != nil {
		t.Fatal(err)
	}
	wait(t, l)
	if err := l.DeleteTopic(id(2)); !errors.Is(err, ErrNoTopic) {
		t.Fatal(err)
	}
	check := func() {
		t.Helper()
		if len(l.Topics().All()) != 1 || l.Topics().ByName("b") != nil {
			t.Fatal("b should be gone")
		}
		a := l.Topics().ByID(id(1))
		if a.Name() != "a" || len(a.Partitions()) != 4 || a.Partition(4) != nil || !a.Settings().Compact || a.Settings().Delete {
			t.Fatalf("%+v", a)
		}
		if a.Partition(1).Settings() != a.Settings() {
			t.Fatal("the partition has other settings")
		}
	}
	check()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = open(t, fs)
	check()
	names, err := fs.List("/log/topics")
	if err != nil || len(names) != 4 {
		t.Fatal(names, err)
	}
}

func TestOneOwner(t *testing.T) {
	fs := vfs.NewMem()
	l := open(t, fs, func(c *Config) { c.Owner = "azud, process 17" })
	_, err := tryOpen(t, fs)
	if err == nil || !strings.Contains(err.Error(), "azud, process 17") || !strings.Contains(err.Error(), "LOG_IN_USE") {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, fs)
}

func TestClosed(t *testing.T) {
	l := open(t, vfs.NewMem())
	p := create(t, l, "a", 1, 1).Partition(0)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Append(plain("x"), AppendOptions{Now: testTime}); !errors.Is(err, ErrClosed) {
		t.Fatal(err)
	}
	if _, err := p.Read(0, 1, ReadUncommitted, nil); !errors.Is(err, ErrClosed) {
		t.Fatal(err)
	}
	if err := l.Wait(context.Background()); !errors.Is(err, ErrClosed) {
		t.Fatal(err)
	}
	if err := l.Write(Write{}); !errors.Is(err, ErrClosed) {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal("closing twice", err)
	}
}
