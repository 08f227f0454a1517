package broker

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// TestOneProducerInARequest: a batch of somebody else that rides with one of a transaction
// would begin a transaction that no coordinator ends.
func TestOneProducerInARequest(t *testing.T) {
	x := newTxnBench(t, nil)
	x.topic("a")
	s := x.txn("id")
	p := s.init(5, &s.id, 60_000, -1, -1).ProducerID
	send := func(version int16, batches ...[]byte) (codes []int16) {
		r := kmsg.NewPtrProduceRequest()
		r.TransactionID, r.Acks, r.TimeoutMillis = &s.id, -1, 5000
		topic := kmsg.ProduceRequestTopic{Topic: "a"}
		for i, b := range batches {
			topic.Partitions = append(topic.Partitions, kmsg.ProduceRequestTopicPartition{Partition: int32(i), Records: b})
		}
		r.Topics = []kmsg.ProduceRequestTopic{topic}
		r.SetVersion(version)
		for _, p := range s.peer.ask(r).(*kmsg.ProduceResponse).Topics[0].Partitions {
			codes = append(codes, p.ErrorCode)
		}
		return codes
	}
	wrong := kerr.InvalidProducerIDMapping.Code
	for name, batches := range map[string][][]byte{
		"a stranger first": {txnBatch(999, 0, 0), txnBatch(p, 0, 0)},
		"a stranger last":  {txnBatch(p, 0, 0), txnBatch(999, 0, 0)},
		"another epoch":    {txnBatch(p, 1, 0), txnBatch(p, 0, 0)},
	} {
		if got := send(12, batches...); got[0] != wrong || got[1] != wrong {
			t.Errorf("%s: errors %v, expected %d", name, got, wrong)
		}
	}
	if got := s.describe().State; got != "Empty" {
		t.Errorf("the transaction is %s", got)
	}
	x.settled("a", 0)
	x.settled("a", 1)
	if got := send(12, txnBatch(p, 0, 0), txnBatch(p, 0, 0)); got[0] != 0 || got[1] != 0 {
		t.Fatalf("errors %v", got)
	}
	wantCode(t, s.end(5, p, 0, true).ErrorCode, nil)
	x.settled("a", 0)
	x.settled("a", 1)
	if got := x.part("a", 0).End(); got != 2 { // a record and a marker
		t.Errorf("a-0 ends at %d", got)
	}
}
