package broker

import (
	"maps"
	"slices"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// describeTransactions tells the state of transactional ids.
func (b *Broker) describeTransactions(_ *call, q *kmsg.DescribeTransactionsRequest) kmsg.Response {
	r := kmsg.NewPtrDescribeTransactionsResponse()
	for _, id := range q.TransactionalIDs {
		s := kmsg.NewDescribeTransactionsResponseTransactionState()
		s.TransactionalID = id
		if id == "" {
			s.ErrorCode = kerr.InvalidRequest.Code
		} else if t := b.txns.find(id); t == nil {
			s.ErrorCode = kerr.TransactionalIDNotFound.Code
		} else {
			t.describe(&s)
			t.mu.Unlock()
		}
		r.TransactionStates = append(r.TransactionStates, s)
	}
	return r
}

// describe fills in s. A group is shown as the partition that Kafka would keep its offsets in.
func (t *txn) describe(s *kmsg.DescribeTransactionsResponseTransactionState) {
	s.State, s.TimeoutMillis, s.StartTimestamp = t.phase.String(), t.timeout, t.started
	s.ProducerID, s.ProducerEpoch = t.producer, t.epoch
	add := func(topic string, n int32) {
		last := len(s.Topics) - 1
		if last < 0 || s.Topics[last].Topic != topic {
			s.Topics = append(s.Topics, kmsg.DescribeTransactionsResponseTransactionStateTopic{Topic: topic})
			last++
		}
		if !slices.Contains(s.Topics[last].Partitions, n) {
			s.Topics[last].Partitions = append(s.Topics[last].Partitions, n)
		}
	}
	for _, g := range slices.Sorted(maps.Keys(t.groups)) {
		add(offsetsTopic, groupPartition(g))
	}
	for _, p := range t.sortedParts() {
		add(p.name, p.partition)
	}
}

// groupPartition is the partition of __consumer_offsets for a group: Java's String.hashCode of
// the name, modulo Kafka's 50 partitions. Bytes stand for characters; names are ASCII.
func groupPartition(group string) int32 {
	h := int32(0)
	for _, c := range []byte(group) {
		h = 31*h + int32(c)
	}
	return max(h, -h, 0) % 50
}
