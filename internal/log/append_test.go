package log

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/azud/azud/internal/record"
)

func TestAppendRefuses(t *testing.T) {
	l := open(t, vfs.NewMem())
	plainTopic := create(t, l, "a", 1, 1, "max.message.bytes", "200").Partition(0)
	compacted := create(t, l, "c", 2, 1, "cleanup.policy", "compact").Partition(0)
	bounded := create(t, l, "b", 3, 1, "message.timestamp.before.max.ms", "1000").Partition(0)
	change := func(f func(raw []byte)) []byte { b := plain("x", "y"); f(b); return b }
	control := record.Marker(nil, 0, 0, 7, 0, true, 0, testTime)
	for name, c := range map[string]struct {
		p    *Partition
		raw  []byte
		now  int64
		want error
	}{
		"nothing":           {plainTopic, nil, testTime, ErrCorruptBatch},
		"cut off":           {plainTopic, plain("x")[:70], testTime, ErrCorruptBatch},
		"old format":        {plainTopic, change(func(b []byte) { b[16] = 1 }), testTime, ErrOldFormat},
		"CRC":               {plainTopic, change(func(b []byte) { b[len(b)-1]++ }), testTime, ErrCorruptBatch},
		"too large":         {plainTopic, plain(strings.Repeat("x", 200)), testTime, ErrBatchTooLarge},
		"count":             {plainTopic, reseal(plain("x", "y"), func(b []byte) { b[60] = 3 }), testTime, ErrCorruptBatch},
		"codec":             {plainTopic, reseal(plain("x"), func(b []byte) { b[22] = 6 }), testTime, ErrCorruptBatch},
		"control":           {plainTopic, control, testTime, ErrCorruptBatch},
		"no key":            {compacted, plain("x"), testTime, ErrNoKey},
		"too far ahead":     {plainTopic, plain("x"), testTime - 3_600_001, ErrBadTimestamp},
		"too far behind":    {bounded, plain("x"), testTime + 1001, ErrBadTimestamp},
		"LogAppendTime":     {plainTopic, reseal(plain("x"), func(b []byte) { b[22] = record.AttrLogAppend }), testTime, ErrBadTimestamp},
		"txn without id":    {plainTopic, reseal(plain("x"), func(b []byte) { b[22] = record.AttrTxn }), testTime, ErrCorruptBatch},
		"negative sequence": {plainTopic, of(5, 0, -1, "x"), testTime, ErrCorruptBatch},
	} {
		if _, err := c.p.Append(c.raw, AppendOptions{Now: c.now}); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if c.p.End() != 0 {
			t.Fatalf("%s was appended", name)
		}
	}
	put(t, plainTopic, plain("x"), AppendOptions{Now: testTime - 3_600_000})
	put(t, bounded, plain("x"), AppendOptions{Now: testTime + 1000})
}

// reseal changes bytes under the CRC and renews it.
func reseal(raw []byte, f func([]byte)) []byte {
	f(raw)
	return crc(raw)
}

func TestIdempotence(t *testing.T) {
	type step struct {
		raw  []byte
		base int64 // -1: refused
		dup  bool
		err  error
	}
	ok := func(raw []byte, base int64) step { return step{raw: raw, base: base} }
	dup := func(raw []byte, base int64) step { return step{raw: raw, base: base, dup: true} }
	bad := func(raw []byte, err error) step { return step{raw: raw, base: -1, err: err} }
	const top = math.MaxInt32
	for name, steps := range map[string][]step{
		"in order":                     {ok(of(1, 0, 0, "a", "b"), 0), ok(of(1, 0, 2, "c"), 2)},
		"gap":                          {ok(of(1, 0, 0, "a"), 0), bad(of(1, 0, 2, "c"), ErrOutOfOrder)},
		"unknown id begins anywhere":   {ok(of(1, 3, 17, "a"), 0), ok(of(1, 3, 18, "b"), 1)},
		"duplicate of the last":        {ok(of(1, 0, 0, "a", "b"), 0), dup(of(1, 0, 0, "a", "b"), 0)},
		"duplicate of an earlier one":  {ok(of(1, 0, 0, "a"), 0), ok(of(1, 0, 1, "b"), 1), ok(of(1, 0, 2, "c"), 2), dup(of(1, 0, 0, "a"), 0), ok(of(1, 0, 3, "d"), 3)},
		"too old to be a duplicate":    {ok(of(1, 0, 0, "0"), 0), ok(of(1, 0, 1, "1"), 1), ok(of(1, 0, 2, "2"), 2), ok(of(1, 0, 3, "3"), 3), ok(of(1, 0, 4, "4"), 4), ok(of(1, 0, 5, "5"), 5), dup(of(1, 0, 1, "1"), 1), bad(of(1, 0, 0, "0"), ErrOutOfOrder)},
		"overlap is no duplicate":      {ok(of(1, 0, 0, "a", "b"), 0), bad(of(1, 0, 1, "b", "c"), ErrOutOfOrder)},
		"new epoch begins at 0":        {ok(of(1, 0, 0, "a"), 0), ok(of(1, 1, 0, "b"), 1), bad(of(1, 0, 1, "c"), ErrProducerFenced)},
		"new epoch not at 0":           {ok(of(1, 0, 0, "a"), 0), bad(of(1, 1, 1, "b"), ErrOutOfOrder)},
		"new epoch has no duplicates":  {ok(of(1, 0, 0, "a"), 0), ok(of(1, 1, 0, "a"), 1), dup(of(1, 1, 0, "a"), 1)},
		"sequences wrap":               {ok(of(1, 0, top-1, "a", "b"), 0), ok(of(1, 0, 0, "c"), 2), dup(of(1, 0, top-1, "a", "b"), 0)},
		"sequences wrap in a batch":    {ok(of(1, 0, top, "a", "b"), 0), ok(of(1, 0, 1, "c"), 2)},
		"two batches of one call":      {ok(slices.Concat(of(1, 0, 0, "a"), of(1, 0, 1, "b")), 0), ok(of(1, 0, 2, "c"), 2)},
		"two batches with a gap":       {bad(slices.Concat(of(1, 0, 0, "a"), of(1, 0, 2, "b")), ErrOutOfOrder), ok(of(1, 0, 0, "a"), 0)},
		"two producers":                {ok(of(1, 0, 0, "a"), 0), ok(of(2, 0, 5, "b"), 1), ok(of(1, 0, 1, "c"), 2)},
		"without a transaction's word": {bad(inTxn(1, 0, 0, "a"), ErrTxnState), ok(of(1, 0, 0, "a"), 0)},
	} {
		t.Run(name, func(t *testing.T) {
			fs := vfs.NewMem()
			l := open(t, fs)
			p := create(t, l, "a", 1, 1).Partition(0)
			for i, s := range steps {
				if i == len(steps)-1 { // what is known survives a restart
					if err := l.Close(); err != nil {
						t.Fatal(err)
					}
					l = open(t, fs)
					p = l.Topics().ByName("a").Partition(0)
				}
				a, err := p.Append(s.raw, AppendOptions{Now: testTime})
				if s.base < 0 {
					if !errors.Is(err, s.err) {
						t.Fatalf("step %d: %v, want %v", i, err, s.err)
					}
					continue
				}
				if err != nil || a.Base != s.base || a.Duplicate != s.dup {
					t.Fatalf("step %d: %+v, %v", i, a, err)
				}
			}
		})
	}
}

func TestTransactions(t *testing.T) {
	fs := vfs.NewMem()
	l := open(t, fs)
	topic := create(t, l, "a", 1, 2)
	p, q := topic.Partition(0), topic.Partition(1)
	put(t, p, plain("before"))
	put(t, p, inTxn(1, 0, 0, "a1"))
	put(t, p, inTxn(2, 0, 0, "b1"))
	put(t, q, inTxn(1, 0, 0, "a1"))
	put(t, p, inTxn(1, 0, 1, "a2"), AppendOptions{Now: testTime}) // is open here
	if _, err := p.Append(of(1, 0, 2, "x"), AppendOptions{Now: testTime}); !errors.Is(err, ErrTxnState) {
		t.Fatal("a batch outside of the open transaction:", err)
	}
	wait(t, l)
	if p.High() != 4 || p.Stable() != 1 || q.Stable() != 0 {
		t.Fatal(p.High(), p.Stable(), q.Stable())
	}
	end := func(producer int64, epoch int16, commit bool, parts ...int32) error {
		w := Write{Strict: true, Puts: []Put{{TableTxns, "t", []byte{1}}}}
		for _, n := range parts {
			w.Markers = append(w.Markers, Marker{Topic: topic.ID(), Partition: n, Producer: producer, Epoch: epoch, Commit: commit, CoordinatorEpoch: 3})
		}
		w.Markers = append(w.Markers, Marker{Topic: id(9), Producer: producer}) // gone: dropped
		err := l.Write(w)
		if err == nil {
			wait(t, l)
		}
		return err
	}
	if err := end(1, 0, false, 0, 1); err != nil { // offset 4
		t.Fatal(err)
	}
	if p.Stable() != 2 || q.Stable() != 2 {
		t.Fatal(p.Stable(), q.Stable())
	}
	put(t, p, plain("after"))
	check := func() {
		t.Helper()
		wait(t, l)
		if got := values(t, p, 0, ReadCommitted); !slices.Equal(got, []string{"0:before"}) {
			t.Fatal(got)
		}
		if got := values(t, p, 0, ReadUncommitted); len(got) != 5 {
			t.Fatal(got)
		}
	}
	check()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = open(t, fs)
	topic = l.Topics().ByName("a")
	p = topic.Partition(0)
	check()
	if err := end(2, 1, true, 0); err != nil { // transaction version 2 raises the epoch with the marker
		t.Fatal(err)
	}
	if err := end(2, 0, true, 0); !errors.Is(err, ErrProducerFenced) {
		t.Fatal(err)
	}
	if p.Stable() != 7 {
		t.Fatal(p.Stable())
	}
	want := []string{"0:before", "2:b1", "5:after"}
	if got := values(t, p, 0, ReadCommitted); !slices.Equal(got, want) {
		t.Fatal(got)
	}
	c, err := p.Read(0, 1000, ReadCommitted, nil)
	if err != nil || !slices.Equal(c.Aborted, []Aborted{{Producer: 1, First: 1, Last: 4, LastStable: 2}}) {
		t.Fatalf("%+v, %v", c.Aborted, err)
	}
	if _, err := p.Append(inTxn(2, 0, 1, "late"), AppendOptions{Now: testTime, Txn: true}); !errors.Is(err, ErrProducerFenced) {
		t.Fatal(err)
	}
	put(t, p, inTxn(2, 1, 0, "next"))
	got := p.Producers()
	if len(got) != 2 || got[1].ID != 2 || got[1].Epoch != 1 || got[1].TxnStart != 7 || got[1].CoordinatorEpoch != 3 || got[0].TxnStart != -1 {
		t.Fatalf("%+v", got)
	}
}

func TestLogAppendTime(t *testing.T) {
	l := open(t, vfs.NewMem())
	p := create(t, l, "a", 1, 1, "message.timestamp.type", "LogAppendTime").Partition(0)
	a := put(t, p, plain("x"), AppendOptions{Now: testTime + 5})
	if a.AppendTime != testTime+5 {
		t.Fatal(a)
	}
	wait(t, l)
	c, err := p.Read(0, 1000, ReadUncommitted, nil)
	if err != nil {
		t.Fatal(err)
	}
	b, _, _ := record.Parse(c.Batches)
	if !b.LogAppend() || b.MaxTime != testTime+5 || b.Check() != nil {
		t.Fatalf("%+v", b)
	}
}

func TestCompressionOfTheTopic(t *testing.T) {
	l := open(t, vfs.NewMem())
	p := create(t, l, "a", 1, 1, "compression.type", "zstd").Partition(0)
	put(t, p, of(1, 0, 0, "x", "y"))
	put(t, p, of(1, 0, 2, "z"))
	wait(t, l)
	c, err := p.Read(0, 1000, ReadUncommitted, nil)
	if err != nil {
		t.Fatal(err)
	}
	b, _, _ := record.Parse(c.Batches)
	if b.Codec() != record.Zstd || b.Count != 2 || b.Producer != 1 || b.Sequence != 0 || b.Check() != nil {
		t.Fatalf("%+v", b)
	}
}
