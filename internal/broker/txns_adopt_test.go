package broker

import (
	"testing"

	"github.com/azud/azud/internal/log"
)

// TestLostOpening: a kill may keep the first batch of a transaction and lose the entry that
// says that it is open. Its producer repeats the batch, is told that it is there, and commits:
// it must not have been aborted meanwhile.
func TestLostOpening(t *testing.T) {
	x := newTxnBench(t, nil)
	x.topic("a")
	s := x.txn("id")
	p := s.init(5, &s.id, 60_000, -1, -1).ProducerID
	if _, err := x.part("a", 0).Append(txnBatch(p, 0, 0), log.AppendOptions{Now: x.clock.Now().UnixMilli(), Txn: true}); err != nil {
		t.Fatal(err)
	}
	x.restart()
	s = x.txn("id")
	if d := s.describe(); d.State != "Ongoing" || len(d.Topics) != 1 {
		t.Fatalf("the transaction is %s, with %v", d.State, d.Topics)
	}
	wantCode(t, s.end(5, p, 0, true).ErrorCode, nil)
	x.settled("a", 0)
	c, err := x.part("a", 0).Read(0, 1<<20, log.ReadCommitted, nil)
	if err != nil || len(c.Aborted) > 0 {
		t.Errorf("the committed transaction was aborted: %v, %v", c.Aborted, err)
	}
}
