package broker

import (
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// fencedFrom is the version of AddPartitionsToTxn, AddOffsetsToTxn and EndTxn that knows
// PRODUCER_FENCED.
const fencedFrom = 2

// addPartitionsToTxn adds all partitions to a transaction, or none.
func (b *Broker) addPartitionsToTxn(c *call, q *kmsg.AddPartitionsToTxnRequest) {
	r := kmsg.NewPtrAddPartitionsToTxnResponse()
	var parts []txnPart
	bad := false
	for _, t := range q.Topics {
		out := kmsg.NewAddPartitionsToTxnResponseTopic()
		out.Topic = t.Topic
		topic := b.store.Topics().ByName(t.Topic)
		for _, n := range t.Partitions {
			p := kmsg.NewAddPartitionsToTxnResponseTopicPartition()
			p.Partition = n
			switch {
			case reserved(t.Topic):
				p.ErrorCode = kerr.TopicAuthorizationFailed.Code
			case partitionOf(topic, n) == nil:
				p.ErrorCode = kerr.UnknownTopicOrPartition.Code
			default:
				parts = append(parts, txnPart{topic.ID(), topic.Name(), n})
			}
			bad = bad || p.ErrorCode != 0
			out.Partitions = append(out.Partitions, p)
		}
		r.Topics = append(r.Topics, out)
	}
	all := func(code int16) {
		for i := range r.Topics {
			for j := range r.Topics[i].Partitions {
				if p := &r.Topics[i].Partitions[j]; p.ErrorCode == 0 {
					p.ErrorCode = code
				}
			}
		}
	}
	if bad {
		all(kerr.OperationNotAttempted.Code)
		c.answer(r)
		return
	}
	if err := b.txns.join(q.TransactionalID, q.ProducerID, q.ProducerEpoch, parts, nil); err != nil {
		all(oldFence(err, q.Version, fencedFrom))
		c.answer(r)
		return
	}
	b.durable(c, r, all)
}

// join adds partitions and groups for the transaction's producer.
func (x *txns) join(id string, producer int64, epoch int16, parts []txnPart, groups map[string][]committed) error {
	t, err := x.check(id, producer, epoch)
	if err != nil {
		return err
	}
	defer t.mu.Unlock()
	return x.add(t, parts, groups)
}
