package broker

import (
	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/azud/azud/internal/log"
)

// end is what EndTxn asks for.
type end struct {
	id       string
	producer int64
	epoch    int16
	commit   bool
	// bump: the epoch is raised and told, as from version 5 (transaction.version 2).
	bump bool
}

// end commits or aborts. It answers who the producer is from now on.
func (x *txns) end(q end) (producer int64, epoch int16, err error) {
	if q.id == "" {
		return 0, 0, kerr.InvalidRequest
	}
	t := x.find(q.id)
	if t == nil {
		return 0, 0, kerr.InvalidProducerIDMapping
	}
	defer t.mu.Unlock()
	todo, err := t.judge(q)
	if err != nil {
		return 0, 0, err
	}
	if todo {
		err = x.finish(t, q)
	}
	return t.producer, t.epoch, err
}

// judge says whether an EndTxn is to be done, was done before, or is refused.
func (t *txn) judge(q end) (todo bool, err error) {
	if q.bump {
		return t.judgeBumped(q)
	}
	switch {
	case t.producer != q.producer:
		return false, kerr.InvalidProducerIDMapping
	case t.epoch != q.epoch:
		return false, kerr.ProducerFenced
	case t.phase == txnOngoing:
		return true, nil
	case t.phase == completed(q.commit):
		return false, nil
	}
	return false, kerr.InvalidTxnState
}

// judgeBumped is judge where each end raises the epoch: the epoch tells a repeated request
// from that of the next transaction, which may be aborted although nothing is in it.
//
// Kafka: the table in TransactionCoordinator.endTransaction.
func (t *txn) judgeBumped(q end) (todo bool, err error) {
	complete := t.phase == txnCompleteCommit || t.phase == txnCompleteAbort
	renamed := t.before == q.producer && q.epoch == 1<<15-2 && t.epoch == 0 // the answer named another producer id
	again := complete && (renamed || t.epoch == q.epoch+1)
	switch {
	case t.producer != q.producer && !renamed:
		return false, kerr.InvalidProducerIDMapping
	case !again && t.epoch != q.epoch:
		return false, kerr.ProducerFenced
	case t.phase == txnOngoing:
		return true, nil
	case again && t.phase == completed(q.commit):
		return false, nil
	case again || q.commit:
		return false, kerr.InvalidTxnState
	}
	return true, nil
}

func completed(commit bool) txnPhase {
	if commit {
		return txnCompleteCommit
	}
	return txnCompleteAbort
}

// finish writes the end of the transaction. It is locked.
func (x *txns) finish(t *txn, q end) error {
	now := x.now()
	next := t.next(now)
	if t.phase != txnOngoing {
		next.started = now
	}
	marker := t.epoch
	if q.bump {
		marker = t.epoch + 1
		next.epoch, next.last = marker, t.epoch
		if exhausted(t.epoch) {
			producer, err := x.ids.take()
			if err != nil {
				return err
			}
			next.producer, next.epoch = producer, 0
		}
	}
	return x.write(t, next, marker, q.commit)
}

// fence aborts an open transaction and raises the epoch, because its producer is late or
// another one takes its place. It is locked. The last epoch stays known: a producer that
// only was late may ask for its successor.
func (x *txns) fence(t *txn) error {
	next := t.next(x.now())
	next.epoch, next.last = t.epoch+1, t.epoch
	return x.write(t, next, next.epoch, false)
}

// write is the end itself: the decision, the markers and the offsets in one change of the log.
func (x *txns) write(t *txn, next *txnState, epoch int16, commit bool) error {
	next.phase, next.parts, next.groups = completed(commit), nil, nil
	w := log.Write{}
	for _, p := range t.sortedParts() {
		w.Markers = append(w.Markers, p.marker(t.producer, epoch, commit))
	}
	offsets := make(map[string][]committed, len(t.groups))
	for g, list := range t.groups {
		switch {
		case len(list) == 0: // announced, but none came
		case commit:
			offsets[g] = list
		default:
			offsets[g] = nil
		}
	}
	t.gate.Lock() // no batch that was let in may come after the markers
	defer t.gate.Unlock()
	err := x.b.endPending(t.producer, offsets, func(puts []log.Put) error {
		w.Puts = append(puts, txnPut(t.id, next))
		return x.b.store.Write(w)
	})
	if err != nil {
		return storeError(err)
	}
	t.txnState = *next
	x.schedule(t)
	return nil
}
