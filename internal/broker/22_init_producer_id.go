package broker

import (
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// initProducerID gives a producer its id and epoch.
func (b *Broker) initProducerID(c *call, q *kmsg.InitProducerIDRequest) {
	r := kmsg.NewPtrInitProducerIDResponse()
	fail := func(code int16) { r.ErrorCode, r.ProducerID, r.ProducerEpoch = code, noProducer, noProducer }
	id, epoch, err := b.newProducer(q)
	r.ProducerID, r.ProducerEpoch = id, epoch
	if err != nil {
		const fencedFrom = 4
		fail(oldFence(err, q.Version, fencedFrom))
		if r.ErrorCode != kerr.ConcurrentTransactions.Code { // that one has aborted something
			c.answer(r)
			return
		}
	}
	b.durable(c, r, fail)
}

func (b *Broker) newProducer(q *kmsg.InitProducerIDRequest) (id int64, epoch int16, err error) {
	const claimsFrom = 3
	want := claim{timeout: q.TransactionTimeoutMillis, producer: noProducer, epoch: noProducer}
	if q.Version >= claimsFrom {
		want.producer, want.epoch = q.ProducerID, q.ProducerEpoch
	}
	switch {
	case (want.producer == noProducer) != (want.epoch == noProducer):
		return 0, 0, kerr.InvalidRequest
	case q.TransactionalID == nil:
		id, err = b.txns.ids.take()
		return id, 0, err
	case *q.TransactionalID == "":
		return 0, 0, kerr.InvalidRequest
	case q.TransactionTimeoutMillis <= 0 || int64(q.TransactionTimeoutMillis) > b.settingInt("transaction.max.timeout.ms"):
		return 0, 0, kerr.InvalidTransactionTimeout
	}
	return b.txns.claim(*q.TransactionalID, want)
}
