package broker

import (
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// listTransactions lists the transactional ids that pass all filters.
func (b *Broker) listTransactions(_ *call, q *kmsg.ListTransactionsRequest) kmsg.Response {
	r := kmsg.NewPtrListTransactionsResponse()
	var phases []string
	for _, s := range q.StateFilters {
		if slices.Contains(txnPhases, s) {
			phases = append(phases, s)
		} else {
			r.UnknownStateFilters = append(r.UnknownStateFilters, s)
		}
	}
	const durationFrom = 1
	least := int64(-1)
	if q.Version >= durationFrom {
		least = q.DurationFilterMillis
	}
	now := b.txns.now()
	for _, s := range b.txns.list() {
		switch {
		case len(phases) > 0 && !slices.Contains(phases, s.TransactionState):
		case len(q.ProducerIDFilters) > 0 && !slices.Contains(q.ProducerIDFilters, s.ProducerID):
		case least >= 0 && now-s.started <= least:
		default:
			r.TransactionStates = append(r.TransactionStates, s.ListTransactionsResponseTransactionState)
		}
	}
	return r
}

// listedTxn is a transactional id with what the filters look at.
type listedTxn struct {
	kmsg.ListTransactionsResponseTransactionState
	started int64
}

// list is every transactional id, sorted.
func (x *txns) list() []listedTxn {
	x.mu.Lock()
	all := make([]*txn, 0, len(x.byID))
	for _, t := range x.byID {
		all = append(all, t)
	}
	x.mu.Unlock()
	var out []listedTxn
	for _, t := range all {
		t.mu.Lock()
		if !t.gone && t.producer != noProducer {
			s := kmsg.ListTransactionsResponseTransactionState{TransactionalID: t.id, ProducerID: t.producer, TransactionState: t.phase.String()}
			out = append(out, listedTxn{s, t.started})
		}
		t.mu.Unlock()
	}
	slices.SortFunc(out, func(a, b listedTxn) int { return strings.Compare(a.TransactionalID, b.TransactionalID) })
	return out
}
