package checkpoint_test

import (
	"reflect"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/azud/azud/internal/connector"
)

func TestJournal(t *testing.T) {
	fs := vfs.NewCrashableMem()
	s := open(t, fs)
	j, err := s.Journal(1)
	must(t, err)
	other, err := s.Journal(0)
	must(t, err)
	if a, b := j.Bounds(); a != 0 || b != 0 {
		t.Errorf("empty bounds %d %d", a, b)
	}
	for i := range 5 {
		n, err := j.Append([]byte{byte(i)})
		must(t, err)
		if n != int64(i+1) {
			t.Fatalf("entry %d got number %d", i, n)
		}
	}
	if _, err := other.Append([]byte("other")); err != nil {
		t.Fatal(err)
	}
	must(t, j.Trim(3))
	read := func(j connector.Journal, from, to int64) (out []int64) {
		for e, err := range j.Read(from, to) {
			must(t, err)
			if e.Data[0] != byte(e.N-1) {
				t.Errorf("entry %d holds %v", e.N, e.Data)
			}
			out = append(out, e.N)
		}
		return out
	}
	if got := read(j, 0, 4); !reflect.DeepEqual(got, []int64{3, 4}) {
		t.Errorf("read %v", got)
	}
	must(t, j.Trim(100))
	if a, b := j.Bounds(); a != 0 || b != 0 {
		t.Errorf("bounds after trimming all: %d %d", a, b)
	}
	n, err := j.Append([]byte{5})
	must(t, err)
	if n != 6 {
		t.Errorf("numbers go on at %d, want 6", n)
	}
	s2 := open(t, fs.CrashClone(vfs.CrashCloneCfg{}))
	defer s2.Close()
	must(t, s.Close())
	j, err = s2.Journal(1)
	must(t, err)
	if a, b := j.Bounds(); a != 6 || b != 6 {
		t.Errorf("bounds after a crash: %d %d, want 6 6", a, b)
	}
	if got := read(j, 1, 10); !reflect.DeepEqual(got, []int64{6}) {
		t.Errorf("read %v", got)
	}
}

func TestSinkStore(t *testing.T) {
	fs := vfs.NewCrashableMem()
	s := open(t, fs)
	k := s.Sink()
	kv := func(k, v string) connector.KV { return connector.KV{Key: []byte(k), Value: []byte(v)} }
	must(t, k.Apply([]connector.KV{kv("a1", "x"), kv("a2", "y"), kv("b", "")}, false))
	must(t, k.Apply([]connector.KV{{Key: []byte("a1")}, kv("a3", "z")}, true))
	s2 := open(t, fs.CrashClone(vfs.CrashCloneCfg{}))
	defer s2.Close()
	must(t, s.Close())
	k = s2.Sink()
	var got []string
	for e, err := range k.Each([]byte("a")) {
		must(t, err)
		got = append(got, string(e.Key)+"="+string(e.Value))
	}
	if !reflect.DeepEqual(got, []string{"a2=y", "a3=z"}) {
		t.Errorf("keys %v", got)
	}
	if v, err := k.Get([]byte("b")); err != nil || v == nil || len(v) != 0 {
		t.Errorf("an empty value: %v, %v", v, err)
	}
	if v, err := k.Get([]byte("nothing")); err != nil || v != nil {
		t.Errorf("an absent key: %v, %v", v, err)
	}
}
