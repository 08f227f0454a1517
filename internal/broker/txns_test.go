package broker

import (
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/azud/azud/internal/log"
)

func TestTxnTimesOut(t *testing.T) {
	x := newTxnBench(t, nil)
	x.topic("a")
	s := x.txn("slow")
	p := s.init(5, &s.id, 10_000, -1, -1).ProducerID
	s.produce(12, &s.id, p, 0, 0, "a", 0)
	x.clock.advance(9 * time.Second)
	wantCode(t, s.produce(12, &s.id, p, 0, 1, "a", 0), nil)
	if got := s.describe().State; got != "Ongoing" {
		t.Fatalf("before its time the transaction is %s", got)
	}
	x.clock.advance(2 * time.Second)
	eventually(t, "the abort", func() bool { return s.describe().State == "CompleteAbort" })
	if got := s.describe().ProducerEpoch; got != 1 {
		t.Errorf("epoch %d, want 1", got)
	}
	x.settled("a", 0)
	wantCode(t, s.produce(12, &s.id, p, 0, 2, "a", 0), kerr.InvalidProducerEpoch)
	wantCode(t, s.end(5, p, 0, true).ErrorCode, kerr.InvalidTxnState)
	wantCode(t, s.end(4, p, 0, true).ErrorCode, kerr.ProducerFenced)
	if r := s.end(5, p, 0, false); r.ErrorCode != 0 || r.ProducerEpoch != 1 {
		t.Errorf("the producer's own abort: %d, epoch %d", r.ErrorCode, r.ProducerEpoch)
	}
	wantCode(t, s.produce(12, &s.id, p, 1, 0, "a", 0), nil)
}

// TestTimeoutOfAShorterTransaction: the timer notices a deadline before the one it waits for.
func TestTimeoutOfAShorterTransaction(t *testing.T) {
	x := newTxnBench(t, nil)
	x.topic("a")
	long, short := x.txn("long"), x.txn("short")
	p := long.init(5, &long.id, 60_000, -1, -1).ProducerID
	long.produce(12, &long.id, p, 0, 0, "a", 0)
	p = short.init(5, &short.id, 1_000, -1, -1).ProducerID
	short.produce(12, &short.id, p, 0, 0, "a", 1)
	x.clock.advance(1100 * time.Millisecond)
	eventually(t, "the short one's abort", func() bool { x.clock.advance(time.Millisecond); return short.describe().State == "CompleteAbort" })
	if got := long.describe().State; got != "Ongoing" {
		t.Fatalf("the long one is %s", got)
	}
}

func TestTransactionalIDExpires(t *testing.T) {
	x := newTxnBench(t, map[string]string{"transactional.id.expiration.ms": "60000"})
	s := x.txn("old")
	s.init(5, &s.id, 10_000, -1, -1)
	x.clock.advance(59 * time.Second)
	wantCode(t, s.describe().ErrorCode, nil)
	x.clock.advance(2 * time.Second)
	eventually(t, "the end of the id", func() bool { return s.describe().ErrorCode == kerr.TransactionalIDNotFound.Code })
	x.restart()
	wantCode(t, x.txn("old").describe().ErrorCode, kerr.TransactionalIDNotFound)
}

// TestTxnSurvivesRestart: a client goes on after a restart, to commit or to abort, and the
// offsets wait with it.
func TestTxnSurvivesRestart(t *testing.T) {
	for _, commit := range []bool{true, false} {
		x := newTxnBench(t, nil)
		x.topic("a")
		s := x.txn("id")
		p := s.init(5, &s.id, 60_000, -1, -1).ProducerID
		s.produce(12, &s.id, p, 0, 0, "a", 1)
		wantCode(t, s.offsets(5, p, 0, "g", "a", 0), nil)
		x.restart()
		s = x.txn("id")
		if _, pending := x.committed("g", "a", 0); !pending {
			t.Error("nothing is pending after the restart")
		}
		wantCode(t, s.produce(12, &s.id, p, 0, 1, "a", 1), nil)
		r := s.end(5, p, 0, commit)
		if r.ErrorCode != 0 || r.ProducerEpoch != 1 {
			t.Fatalf("end: %d, epoch %d", r.ErrorCode, r.ProducerEpoch)
		}
		want := int64(-1)
		if commit {
			want = 7
		}
		for range 2 { // and after one more restart
			offset, pending := x.committed("g", "a", 0)
			if offset != want || pending {
				t.Errorf("commit %v: offset %d, pending %v", commit, offset, pending)
			}
			x.settled("a", 1)
			x.restart()
		}
		s = x.txn("id")
		if r := s.end(5, p, 0, commit); r.ErrorCode != 0 || r.ProducerEpoch != 1 {
			t.Errorf("the same end again: %d, epoch %d", r.ErrorCode, r.ProducerEpoch)
		}
		wantCode(t, s.end(5, p, 0, !commit).ErrorCode, kerr.InvalidTxnState)
	}
}

// TestTimeoutAfterRestart: what was open when the broker stopped ends at its time all the same.
func TestTimeoutAfterRestart(t *testing.T) {
	x := newTxnBench(t, nil)
	x.topic("a")
	s := x.txn("id")
	p := s.init(5, &s.id, 10_000, -1, -1).ProducerID
	s.produce(12, &s.id, p, 0, 0, "a", 1)
	x.restart()
	s = x.txn("id")
	x.clock.advance(11 * time.Second)
	eventually(t, "the abort", func() bool { return s.describe().State == "CompleteAbort" })
	x.settled("a", 1)
}

func TestProducerIDsAreNeverGivenTwice(t *testing.T) {
	x := newTxnBench(t, nil)
	seen := map[int64]bool{}
	for range 3 {
		s := x.txn("")
		for range producerBlock/2 + 10 {
			p := s.init(4, nil, 0, -1, -1).ProducerID
			if seen[p] {
				t.Fatalf("producer id %d came twice", p)
			}
			seen[p] = true
		}
		x.restart()
	}
}

// setEpoch puts a transactional id where thousands of epochs would lead to.
func (x *txnBench) setEpoch(id string, epoch int16) {
	t := x.b.txns.find(id)
	defer t.mu.Unlock()
	next := t.next(x.b.txns.now())
	next.epoch = epoch
	if err := x.b.txns.save(t, next); err != nil {
		x.t.Fatal(err)
	}
}

func TestEpochsRunOut(t *testing.T) {
	const last = 1<<15 - 2
	x := newTxnBench(t, nil)
	x.topic("a")
	s := x.txn("id")
	p := s.init(5, &s.id, 60_000, -1, -1).ProducerID

	x.setEpoch("id", last)
	s.produce(12, &s.id, p, last, 0, "a", 0)
	first := s.end(5, p, last, true)
	again := s.end(5, p, last, true)
	if first.ErrorCode != 0 || first.ProducerID == p || first.ProducerEpoch != 0 {
		t.Fatalf("after the last epoch: error %d, producer %d (was %d), epoch %d", first.ErrorCode, first.ProducerID, p, first.ProducerEpoch)
	}
	if again.ErrorCode != 0 || again.ProducerID != first.ProducerID || again.ProducerEpoch != 0 {
		t.Errorf("the same again: error %d, producer %d, epoch %d", again.ErrorCode, again.ProducerID, again.ProducerEpoch)
	}
	wantCode(t, s.produce(12, &s.id, p, last, 1, "a", 0), kerr.InvalidProducerIDMapping)

	p = first.ProducerID
	x.setEpoch("id", last)
	next := s.init(4, &s.id, 60_000, p, last)
	if next.ErrorCode != 0 || next.ProducerID == p || next.ProducerEpoch != 0 {
		t.Fatalf("a new start after the last epoch: error %d, producer %d, epoch %d", next.ErrorCode, next.ProducerID, next.ProducerEpoch)
	}
	p = next.ProducerID
	x.setEpoch("id", last)
	s.produce(12, &s.id, p, last, 0, "a", 0)
	wantCode(t, s.init(4, &s.id, 60_000, -1, -1).ErrorCode, kerr.ConcurrentTransactions) // fenced with the epoch kept for that
	next = s.init(4, &s.id, 60_000, -1, -1)
	if next.ErrorCode != 0 || next.ProducerID == p || next.ProducerEpoch != 0 {
		t.Fatalf("after the fence: error %d, producer %d, epoch %d", next.ErrorCode, next.ProducerID, next.ProducerEpoch)
	}
	x.settled("a", 0)
}

func TestTxnOfADeletedTopicEnds(t *testing.T) {
	x := newTxnBench(t, nil)
	x.topic("a")
	x.topic("b")
	s := x.txn("id")
	p := s.init(5, &s.id, 60_000, -1, -1).ProducerID
	s.produce(12, &s.id, p, 0, 0, "a", 0)
	s.produce(12, &s.id, p, 0, 0, "b", 0)
	if err := x.b.store.DeleteTopic(x.b.store.Topics().ByName("a").ID()); err != nil {
		t.Fatal(err)
	}
	x.topic("a") // another one of that name
	wantCode(t, s.end(5, p, 0, true).ErrorCode, nil)
	x.settled("b", 0)
	if end := x.part("a", 0).End(); end != 0 {
		t.Errorf("the new topic got a marker: it ends at %d", end)
	}
}

// TestLostEntries: batches may reach the disk of a machine that loses its power before the
// coordinator's entry does. The next start must not leave them open.
func TestLostEntries(t *testing.T) {
	x := newTxnBench(t, nil)
	x.topic("a")
	s := x.txn("id")
	p := s.init(5, &s.id, 60_000, -1, -1).ProducerID
	s.add(3, p, 0, "a", 0)
	for n, producer := range []int64{p, 999} { // a-0 of nobody's transaction, a-1 of the open one
		if _, err := x.part("a", 1-int32(n)).Append(txnBatch(producer, 0, 0), log.AppendOptions{Now: x.clock.Now().UnixMilli(), Txn: true}); err != nil {
			t.Fatal(err)
		}
	}
	x.restart()
	s = x.txn("id")
	d := s.describe()
	if len(d.Topics) != 1 || len(d.Topics[0].Partitions) != 2 {
		t.Errorf("the open transaction has %v", d.Topics)
	}
	x.settled("a", 0)
	wantCode(t, s.end(5, p, 0, true).ErrorCode, nil)
	x.settled("a", 1)
}

// TestNoBatchAfterTheMarker: a batch that was let in before the end and appended after it
// would be open for ever, as older producers keep their epoch.
func TestNoBatchAfterTheMarker(t *testing.T) {
	x := newTxnBench(t, nil)
	x.topic("a")
	s := x.txn("id")
	p := s.init(2, &s.id, 60_000, -1, -1).ProducerID
	wantCode(t, s.add(3, p, 0, "a", 0), nil)
	part := txnPart{x.b.store.Topics().ByName("a").ID(), "a", 0}
	c := &call{req: &kmsg.ProduceRequest{Version: 9}}
	errs, done := x.b.admitTxn(c, "id", p, 0, []txnPart{part}, false)
	if errs != nil {
		t.Fatal(errs)
	}
	ended := make(chan int16, 1)
	go func() { ended <- x.txn("id").end(3, p, 0, true).ErrorCode }()
	it := x.b.txns.byID["id"]
	eventually(t, "the end to come or to wait", func() bool {
		free := it.mu.TryLock()
		if free {
			it.mu.Unlock()
		}
		return !free || len(ended) > 0
	})
	if _, err := x.part("a", 0).Append(txnBatch(p, 0, 0), log.AppendOptions{Now: x.clock.Now().UnixMilli(), Txn: true}); err != nil {
		t.Fatal(err)
	}
	done()
	wantCode(t, <-ended, nil)
	x.settled("a", 0)
}

func TestTxnEntry(t *testing.T) {
	s := txnState{producer: 5, before: 4, epoch: 3, last: 2, timeout: 60_000, phase: txnOngoing, started: 1, updated: 2,
		parts:  map[txnPart]struct{}{{log.TopicID{1}, "a", 7}: {}, {log.TopicID{2}, "b", 0}: {}},
		groups: map[string][]committed{"g": {{Topic: "a", TopicID: log.TopicID{1}, Partition: 1, Offset: 9, LeaderEpoch: -1, Metadata: "m\xff", Time: 8}}, "empty": nil}}
	raw := txnPut("id", &s).Value
	back, err := readTxn(raw)
	if err != nil {
		t.Fatal(err)
	}
	if again := txnPut("id", &back).Value; string(again) != string(raw) || back.epoch != 3 || len(back.groups["g"]) != 1 || back.groups["g"][0].Metadata != "m\xff" {
		t.Errorf("read back: %+v", back)
	}
	for n := range raw {
		if _, err := readTxn(raw[:n]); err == nil {
			t.Fatalf("an entry of %d bytes of %d is taken", n, len(raw))
		}
	}
}

func FuzzTxnEntry(f *testing.F) {
	s := freshTxn()
	f.Add(txnPut("id", &s).Value)
	f.Fuzz(func(t *testing.T, raw []byte) {
		if s, err := readTxn(raw); err == nil {
			txnPut("id", &s)
		}
	})
}
