package broker

import "github.com/twmb/franz-go/pkg/kmsg"

// endTxn commits or aborts a transaction; it is answered when that is durable.
func (b *Broker) endTxn(c *call, q *kmsg.EndTxnRequest) {
	const bumpFrom = 5
	r := kmsg.NewPtrEndTxnResponse()
	fail := func(code int16) { r.ErrorCode, r.ProducerID, r.ProducerEpoch = code, noProducer, noProducer }
	id, epoch, err := b.txns.end(end{id: q.TransactionalID, producer: q.ProducerID, epoch: q.ProducerEpoch, commit: q.Commit, bump: q.Version >= bumpFrom})
	if err != nil {
		fail(oldFence(err, q.Version, fencedFrom))
		c.answer(r)
		return
	}
	r.ProducerID, r.ProducerEpoch = id, epoch
	b.durable(c, r, fail)
}
