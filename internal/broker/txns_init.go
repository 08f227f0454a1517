package broker

import (
	"github.com/twmb/franz-go/pkg/kerr"
)

// claim is what InitProducerId asks for.
type claim struct {
	timeout  int32
	producer int64 // with epoch: who asks (KIP-360); noProducer: whoever
	epoch    int16
}

// claim gives a transactional id to a producer: the next epoch, which fences those before it.
// An open transaction is aborted first and CONCURRENT_TRANSACTIONS answered, so that the
// producer asks again, as in Kafka.
func (x *txns) claim(id string, q claim) (producer int64, epoch int16, err error) {
	t := x.findOrMake(id)
	defer t.mu.Unlock()
	if t.producer == noProducer {
		s := freshTxn()
		if s.producer, err = x.ids.take(); err != nil {
			return 0, 0, err
		}
		next, err := raise(&s, q, x.now())
		if err != nil {
			return 0, 0, err
		}
		next.before = noProducer
		return next.producer, next.epoch, x.save(t, next)
	}
	if q.producer != noProducer && q.producer != t.producer && (q.producer != t.before || !exhausted(q.epoch)) {
		return 0, 0, kerr.ProducerFenced
	}
	if t.phase == txnOngoing {
		if err := x.fence(t); err != nil {
			return 0, 0, err
		}
		return 0, 0, kerr.ConcurrentTransactions
	}
	next, err := x.succeed(t, q)
	if err != nil {
		return 0, 0, err
	}
	return next.producer, next.epoch, x.save(t, next)
}

// succeed is the state for the next producer: with the next epoch, or another producer id
// where there is none.
func (x *txns) succeed(t *txn, q claim) (*txnState, error) {
	if !exhausted(t.epoch) {
		return raise(&t.txnState, q, x.now())
	}
	if q.producer != noProducer && q.epoch != t.epoch && q.epoch != t.last {
		return nil, kerr.ProducerFenced
	}
	producer, err := x.ids.take()
	if err != nil {
		return nil, err
	}
	next := t.blank(q, x.now())
	next.producer, next.epoch, next.last = producer, 0, noProducer
	if q.producer != noProducer {
		next.last = t.epoch
	}
	return next, nil
}

// raise is the state with the next epoch; for a producer that asks once more after a lost
// answer it is the present one (Kafka: prepareIncrementProducerEpoch).
func raise(s *txnState, q claim, now int64) (*txnState, error) {
	next := s.blank(q, now)
	switch {
	case q.producer == noProducer:
		next.epoch, next.last = s.epoch+1, noProducer
	case s.epoch == noProducer || q.epoch == s.epoch:
		next.epoch, next.last = s.epoch+1, s.epoch
	case q.epoch == s.last:
	default:
		return nil, kerr.ProducerFenced
	}
	return next, nil
}

// blank is the next state, without a transaction.
func (s *txnState) blank(q claim, now int64) *txnState {
	next := s.next(now)
	next.phase, next.started, next.timeout = txnEmpty, -1, q.timeout
	next.parts, next.groups = nil, nil
	return next
}
