package broker

import (
	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/azud/azud/internal/log"
)

// txnPart is a partition of a transaction.
type txnPart struct {
	topic     log.TopicID
	name      string
	partition int32
}

// marker is the end of a transaction in the partition.
func (p txnPart) marker(producer int64, epoch int16, commit bool) log.Marker {
	return log.Marker{Topic: p.topic, Partition: p.partition, Producer: producer, Epoch: epoch, Commit: commit}
}

// admitTxn says for each of parts whether a transactional batch of the producer may be
// appended: nil, or why not. No errors at all is the same as a nil for each. implicit says
// that the batch itself adds the partition to the transaction (Produce 12 and later:
// transaction.version 2); otherwise AddPartitionsToTxn must have done so. The transaction does
// not end before done is called, which must be when the batches have been appended.
func (b *Broker) admitTxn(c *call, txnID string, producer int64, epoch int16, parts []txnPart, implicit bool) (errs []error, done func()) {
	all := func(err error) ([]error, func()) {
		out := make([]error, len(parts))
		for i := range out {
			out[i] = err
		}
		return out, func() {}
	}
	if txnID == "" {
		return all(kerr.TransactionalIDAuthorizationFailed)
	}
	t, err := b.txns.check(txnID, producer, epoch)
	switch {
	case err == kerr.ProducerFenced: //nolint:errorlint // our own value
		return all(kerr.InvalidProducerEpoch) // Kafka: Produce never answers PRODUCER_FENCED
	case err != nil:
		return all(err)
	}
	defer t.mu.Unlock()
	if implicit {
		if err := b.txns.add(t, parts, nil); err != nil {
			return all(err)
		}
	} else {
		errs = t.absent(parts, c.version())
	}
	t.gate.RLock()
	return errs, t.gate.RUnlock
}

// notAdded is the refusal of a partition, or group, that is not in the transaction.
//
// Kafka: TransactionSupportedOperation; TRANSACTION_ABORTABLE came with KIP-890.
func notAdded(version, abortableFrom int16) error {
	if version < abortableFrom {
		return coded{kerr.InvalidTxnState, "Partition was not added to the transaction"}
	}
	return kerr.TransactionAbortable
}

// absent refuses those of parts that are not in the transaction; nil if all are.
func (t *txn) absent(parts []txnPart, version int16) (errs []error) {
	const abortableFrom = 11
	for i, p := range parts {
		if _, in := t.parts[p]; in && t.phase == txnOngoing {
			continue
		}
		if errs == nil {
			errs = make([]error, len(parts))
		}
		errs[i] = notAdded(version, abortableFrom)
	}
	return errs
}
