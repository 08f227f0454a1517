package log

import (
	"fmt"
	"slices"

	"github.com/azud/azud/internal/record"
)

// remembered is how many of a producer's batches are known again when they come twice.
//
// Kafka: ProducerStateEntry.NUM_BATCHES_TO_RETAIN.
const remembered = 5

// sent is a batch of an idempotent producer.
type sent struct {
	first, last int32 // sequences
	base, next  int64 // offsets
	time        int64 // ms; the append time where the topic uses it
}

// producer is a partition's state of a producer id.
type producer struct {
	epoch       int16
	coordinator int32 // epoch of the last marker's coordinator; -1 if none came
	txnStart    int64 // -1: no open transaction
	lastTime    int64 // ms, by the broker's clock
	n           int8  // of batches in use; the newest is the last
	batches     [remembered]sent
}

func (s *producer) lastSequence() int32 {
	if s.n == 0 {
		return -1
	}
	return s.batches[s.n-1].last
}

// remember adds a batch, and forgets those of another epoch.
func (s *producer) remember(epoch int16, b sent) {
	if epoch != s.epoch {
		s.epoch, s.n = epoch, 0
	}
	if s.n == remembered {
		copy(s.batches[:], s.batches[1:])
		s.n--
	}
	s.batches[s.n] = b
	s.n++
}

// duplicate finds the batch among the remembered ones.
func (s *producer) duplicate(b *record.Batch) (sent, bool) {
	if s == nil || s.epoch != b.Epoch {
		return sent{}, false
	}
	last := b.LastSequence()
	for i := s.n - 1; i >= 0; i-- {
		if s.batches[i].first == b.Sequence && s.batches[i].last == last {
			return s.batches[i], true
		}
	}
	return sent{}, false
}

// follows reports whether next comes right after last; sequences wrap around.
func follows(last, next int32) bool {
	return int64(next) == int64(last)+1 || (next == 0 && last == 1<<31-1)
}

// checkSequence says why an idempotent batch must not be appended.
//
// Kafka: ProducerAppendInfo.checkProducerEpoch, checkSequence, appendDataBatch.
func (s *producer) checkSequence(b *record.Batch) error {
	switch {
	case s == nil: // unknown: whatever it begins with, since its records may have been deleted
		return nil
	case b.Epoch < s.epoch:
		return fmt.Errorf("%w: producer %d has epoch %d, the batch %d", ErrProducerFenced, b.Producer, s.epoch, b.Epoch)
	case b.Epoch > s.epoch && b.Sequence != 0:
		return fmt.Errorf("%w: producer %d begins epoch %d with sequence %d", ErrOutOfOrder, b.Producer, b.Epoch, b.Sequence)
	case b.Epoch == s.epoch && !follows(s.lastSequence(), b.Sequence):
		return fmt.Errorf("%w: producer %d was at sequence %d, the batch begins with %d", ErrOutOfOrder, b.Producer, s.lastSequence(), b.Sequence)
	case s.txnStart >= 0 && !b.Transactional():
		return fmt.Errorf("%w: producer %d sends a batch outside of its open transaction", ErrTxnState, b.Producer)
	}
	return nil
}

// checkMarker says why a transaction's end must not be appended.
//
// Kafka: ProducerAppendInfo.appendEndTxnMarker.
func (s *producer) checkMarker(m *Marker) error {
	switch {
	case s == nil:
		return nil
	case m.Epoch < s.epoch:
		return fmt.Errorf("%w: producer %d has epoch %d, the marker %d", ErrProducerFenced, m.Producer, s.epoch, m.Epoch)
	case m.CoordinatorEpoch < s.coordinator:
		return fmt.Errorf("%w: the marker is of coordinator epoch %d, the last one was of %d", ErrTxnState, m.CoordinatorEpoch, s.coordinator)
	}
	return nil
}

// txn is a transaction that holds back the last stable offset.
type txn struct {
	producer, first int64
	marker          int64 // -1 while open
}

// noteProducer changes the state for a batch that has been written; now is in ms.
func (p *Partition) noteProducer(b *record.Batch, now int64) {
	if b.Producer < 0 {
		return
	}
	s := p.producers[b.Producer]
	if s == nil {
		s = &producer{epoch: b.Epoch, coordinator: -1, txnStart: -1}
		p.producers[b.Producer] = s
	}
	s.lastTime = now
	if b.Control() {
		p.noteMarker(s, b)
		return
	}
	s.remember(b.Epoch, sent{b.Sequence, b.LastSequence(), b.Base, b.Next(), b.MaxTime})
	if b.Transactional() && s.txnStart < 0 {
		s.txnStart = b.Base
		p.txns = append(p.txns, txn{b.Producer, b.Base, -1})
	}
}

// noteMarker ends a transaction.
func (p *Partition) noteMarker(s *producer, b *record.Batch) {
	m, ok, err := b.EndMark()
	if err != nil || !ok {
		return
	}
	if b.Epoch != s.epoch {
		s.epoch, s.n = b.Epoch, 0
	}
	s.coordinator = m.CoordinatorEpoch
	if s.txnStart < 0 {
		return
	}
	stable := b.Next()
	for i := range p.txns {
		t := &p.txns[i]
		switch {
		case t.marker >= 0:
		case t.producer == b.Producer:
			t.marker = b.Base
		default:
			stable = min(stable, t.first)
		}
	}
	if !m.Commit {
		p.aborted = p.last().base
		p.last().addAborted(Aborted{Producer: b.Producer, First: s.txnStart, Last: b.Base, LastStable: stable})
	}
	s.txnStart = -1
}

// settle computes the last stable offset from the high watermark, and lets go of the
// transactions whose markers are below it.
func (p *Partition) settle() {
	high := p.high.Load()
	if len(p.txns) > 0 {
		p.txns = slices.DeleteFunc(p.txns, func(t txn) bool { return t.marker >= 0 && t.marker < high })
	}
	if len(p.txns) > 0 {
		high = min(high, max(p.txns[0].first, p.start.Load())) // what was trimmed holds nobody back
	}
	p.stable.Store(high)
}

// expireProducers forgets the ids that sent nothing since a time (ms) and have no open
// transaction. The caller holds mu.
func (p *Partition) expireProducers(since int64) {
	for id, s := range p.producers {
		if s.lastTime < since && s.txnStart < 0 {
			delete(p.producers, id)
		}
	}
}
