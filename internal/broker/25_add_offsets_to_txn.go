package broker

import "github.com/twmb/franz-go/pkg/kmsg"

// addOffsetsToTxn adds a group, whose offsets will come with TxnOffsetCommit.
func (b *Broker) addOffsetsToTxn(c *call, q *kmsg.AddOffsetsToTxnRequest) {
	r := kmsg.NewPtrAddOffsetsToTxnResponse()
	fail := func(code int16) { r.ErrorCode = code }
	if err := b.txns.join(q.TransactionalID, q.ProducerID, q.ProducerEpoch, nil, map[string][]committed{q.Group: nil}); err != nil {
		fail(oldFence(err, q.Version, fencedFrom))
		c.answer(r)
		return
	}
	b.durable(c, r, fail)
}
