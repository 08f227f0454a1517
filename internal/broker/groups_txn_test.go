package broker

import (
	"errors"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/azud/azud/internal/log"
)

func TestTxnOffsets(t *testing.T) {
	s, p := alone(t, nil)
	one, _ := pair(s)
	b := p.b
	list := []committed{{Topic: "a", Partition: 0, Offset: 9, LeaderEpoch: -1}, {Topic: "a", Partition: 1, Offset: 8, LeaderEpoch: -1}}
	fetch := func(stable bool) (codes [2]int16, offsets [2]int64) {
		q := s.fetch(8, "a", 0, 1)
		q.RequireStable = stable
		for i, x := range ask[fetR](s, "fetch", q).Groups[0].Topics[0].Partitions {
			codes[i], offsets[i] = x.ErrorCode, x.Offset
		}
		return codes, offsets
	}
	unstable := kerr.UnstableOffsetCommit.Code
	ask[comR](s, "commit", s.commit(9, one, 2, "a", 1))
	b.markPending("g", 77, list)
	if c, o := fetch(true); c != [2]int16{unstable, unstable} || o != [2]int64{-1, -1} {
		t.Errorf("pending: %v %v", c, o)
	}
	if c, o := fetch(false); c != [2]int16{} || o != [2]int64{1, -1} {
		t.Errorf("pending, asked for anything: %v %v", c, o)
	}
	failed := errors.New("no")
	if err := b.endPending(77, map[string][]committed{"g": list}, func([]log.Put) error { return failed }); err != failed {
		t.Errorf("error %v", err)
	}
	if c, _ := fetch(true); c[0] != unstable {
		t.Error("a failed end cleared what is pending")
	}
	b.markPending("g", 78, list[:1])
	err := b.endPending(77, map[string][]committed{"g": list, "new": list[:1]}, func(puts []log.Put) error {
		if len(puts) != 3 {
			t.Errorf("%d puts", len(puts))
		}
		return p.store.Write(log.Write{Puts: puts})
	})
	if err != nil {
		t.Fatal(err)
	}
	if c, o := fetch(true); c != [2]int16{unstable, 0} || o != [2]int64{-1, 8} {
		t.Errorf("one of two ended: %v %v", c, o)
	}
	if err := b.endPending(78, map[string][]committed{"g": nil}, func([]log.Put) error { return nil }); err != nil { // an abort
		t.Fatal(err)
	}
	p.start(nil)
	if c, o := fetch(true); c != [2]int16{} || o != [2]int64{9, 8} {
		t.Errorf("after a restart: %v %v", c, o)
	}
	s.group = "new"
	if _, o := fetch(true); o != [2]int64{9, -1} {
		t.Errorf("of a group that was not there: %v", o)
	}
}

func TestCheckTxnCommit(t *testing.T) {
	s, p := alone(t, nil)
	one, _ := pair(s)
	s.group = "consumers"
	id := p.topics.set("a", 4)
	ask[chbR](s, "c", s.consumer("11111111", "a"))
	ask[chbR](s, "d", s.consumer("22222222", "a"))
	ask[chbR](s, "c", owning(s.consumerBeat("11111111", 2), id, 0, 1)) // gave up 2 and 3; epoch 3
	i := kmsg.StringPtr("i")
	for _, c := range []struct {
		group      string
		generation int32
		member     string
		instance   *string
		partition  int32
		want       error
	}{
		{"g", -1, "", nil, 0, nil}, // old producers do not say who they are
		{"g", 2, one, nil, 0, nil},
		{"g", 1, one, nil, 0, kerr.IllegalGeneration},
		{"g", 2, "x", nil, 0, kerr.UnknownMemberID},
		{"g", 2, one, i, 0, kerr.UnknownMemberID},
		{"g", -1, one, nil, 0, kerr.IllegalGeneration},
		{"none", -1, "", nil, 0, nil},
		{"none", 1, "x", nil, 0, kerr.IllegalGeneration},
		{"consumers", 3, "11111111", nil, 0, nil},
		{"consumers", 3, "11111111", nil, 2, nil},
		{"consumers", 2, "11111111", nil, 0, nil}, // kept (KIP-1251)
		{"consumers", 2, "11111111", nil, 2, kerr.IllegalGeneration},
		{"consumers", 1, "11111111", nil, 0, kerr.IllegalGeneration},
		{"consumers", 4, "11111111", nil, 0, kerr.IllegalGeneration},
		{"consumers", 2, "x", nil, 0, kerr.UnknownMemberID},
		{"consumers", -1, "", nil, 0, nil},
	} {
		offsets := []committed{{Topic: "a", TopicID: id, Partition: c.partition}}
		if err := p.b.checkTxnCommit(c.group, c.generation, c.member, c.instance, offsets); !errors.Is(err, c.want) {
			t.Errorf("%s %d %q %d: %v, want %v", c.group, c.generation, c.member, c.partition, err, c.want)
		}
	}
}
