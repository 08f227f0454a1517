package broker

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/azud/azud/internal/log"
)

// txns is the transaction coordinator. Its rules are those of Kafka's TransactionCoordinator
// for transaction.version 2, but the end of a transaction is one write of the log, so that no
// state lies between the decision and its markers.
//
// Locks: a transaction's, then its gate, then a group's, then those of the log. mu is taken
// with a transaction's lock held, never before it.
type txns struct {
	b    *Broker
	ids  producerIDs
	kick chan struct{} // an earlier deadline has come up

	mu   sync.Mutex
	byID map[string]*txn
	wake int64 // ms: when the timer looks again
}

// txn is a transactional id.
type txn struct {
	id string
	// gate is held for reading while admitted batches are appended, and for writing by the
	// transaction's end: no batch may come after the marker.
	gate sync.RWMutex

	mu       sync.Mutex
	gone     bool // expired: look it up again
	txnState      // what the store has
}

// txnPhase is a transaction's state as Kafka numbers it.
type txnPhase int8

const (
	txnEmpty          txnPhase = 0
	txnOngoing        txnPhase = 1
	txnCompleteCommit txnPhase = 4
	txnCompleteAbort  txnPhase = 5
)

// txnPhases are all of Kafka's names, by number.
var txnPhases = []string{"Empty", "Ongoing", "PrepareCommit", "PrepareAbort", "CompleteCommit", "CompleteAbort", "Dead", "PrepareEpochFence"}

func (p txnPhase) String() string { return txnPhases[p] }

// noProducer is the producer id, and the epoch, of nobody.
const noProducer = -1

// txnState is what is kept of a transactional id. It is replaced, never changed.
type txnState struct {
	producer, before int64 // the producer id, and the one before the last change
	epoch, last      int16 // last: the epoch before, if its producer may ask again; -1
	timeout          int32 // ms
	phase            txnPhase
	started          int64 // ms; -1 if no transaction has begun since InitProducerId
	updated          int64 // ms
	parts            map[txnPart]struct{}
	groups           map[string][]committed // offsets that the commit will commit; none yet: AddOffsetsToTxn alone
}

// fresh is the state of a transactional id that nobody has used.
func freshTxn() txnState {
	return txnState{producer: noProducer, before: noProducer, epoch: noProducer, last: noProducer, started: -1}
}

// next is a copy to change.
func (s *txnState) next(now int64) *txnState {
	n := *s
	n.before, n.updated = s.producer, now
	n.parts, n.groups = maps.Clone(s.parts), maps.Clone(s.groups)
	return &n
}

// exhausted says that the epoch cannot be raised any more (Kafka: isEpochExhausted): the last
// one is kept for fencing.
func exhausted(epoch int16) bool { return epoch >= 1<<15-2 }

// open notes a first partition or group.
func (s *txnState) open(now int64) {
	if s.phase != txnOngoing {
		s.phase, s.started = txnOngoing, now
	}
	if s.parts == nil {
		s.parts = map[txnPart]struct{}{}
	}
	if s.groups == nil {
		s.groups = map[string][]committed{}
	}
}

// deadline is when an ongoing transaction is aborted, in ms.
func (s *txnState) deadline() int64 { return s.started + int64(s.timeout) }

// sortedParts are the partitions by topic and number.
func (s *txnState) sortedParts() []txnPart {
	return slices.SortedFunc(maps.Keys(s.parts), func(a, b txnPart) int {
		return cmp.Or(strings.Compare(a.name, b.name), cmp.Compare(a.partition, b.partition))
	})
}

// newTxns reads what the store kept. run must be called for timeouts to happen.
func newTxns(b *Broker) *txns {
	x := &txns{b: b, byID: map[string]*txn{}, kick: make(chan struct{}, 1), wake: math.MaxInt64}
	x.ids.store = b.store
	x.load()
	return x
}

func (x *txns) now() int64 { return x.b.cfg.Sys.Clock.Now().UnixMilli() }

// find returns the transactional id locked, or nil if it is not known.
func (x *txns) find(id string) *txn {
	for {
		x.mu.Lock()
		t := x.byID[id]
		x.mu.Unlock()
		if t == nil {
			return nil
		}
		t.mu.Lock()
		switch {
		case t.gone:
			t.mu.Unlock()
		case t.producer == noProducer: // its first write failed
			t.mu.Unlock()
			return nil
		default:
			return t
		}
	}
}

// findOrMake returns the transactional id locked.
func (x *txns) findOrMake(id string) *txn {
	for {
		x.mu.Lock()
		t := x.byID[id]
		if t == nil {
			id = strings.Clone(id)
			t = &txn{id: id, txnState: freshTxn()}
			x.byID[id] = t
		}
		x.mu.Unlock()
		t.mu.Lock()
		if !t.gone {
			return t
		}
		t.mu.Unlock()
	}
}

// check finds a transaction for its producer: the error says why it is not his. The
// transaction is locked if there is no error.
func (x *txns) check(id string, producer int64, epoch int16) (*txn, error) {
	if id == "" {
		return nil, kerr.InvalidRequest
	}
	t := x.find(id)
	switch {
	case t == nil:
		return nil, kerr.InvalidProducerIDMapping
	case t.producer != producer:
		t.mu.Unlock()
		return nil, kerr.InvalidProducerIDMapping
	case t.epoch != epoch:
		t.mu.Unlock()
		return nil, kerr.ProducerFenced
	}
	return t, nil
}

// save writes the next state with more changes and takes it over. The transaction is locked.
func (x *txns) save(t *txn, next *txnState) error {
	if err := x.b.store.Write(log.Write{Puts: []log.Put{txnPut(t.id, next)}}); err != nil {
		return storeError(err)
	}
	t.txnState = *next
	x.schedule(t)
	return nil
}

// add opens the transaction, if it is not, and adds partitions and groups. The transaction is
// locked.
func (x *txns) add(t *txn, parts []txnPart, groups map[string][]committed) error {
	known := t.phase == txnOngoing
	for _, p := range parts {
		_, ok := t.parts[p]
		known = known && ok
	}
	for g, offsets := range groups {
		_, ok := t.groups[g]
		known = known && ok && len(offsets) == 0
	}
	if known {
		return nil
	}
	now := x.now()
	next := t.next(now)
	next.open(now)
	for _, p := range parts {
		next.parts[p] = struct{}{}
	}
	for g, offsets := range groups {
		next.groups[strings.Clone(g)] = mergeOffsets(t.groups[g], offsets)
	}
	return x.save(t, next)
}

// mergeOffsets is old with fresh ones; a partition's newest counts. The lists stay as they are.
func mergeOffsets(old, fresh []committed) []committed {
	out := slices.Clone(old)
	at := make(map[topicPartition]int, len(out)+len(fresh))
	for i := range out {
		at[out[i].key()] = i
	}
	for _, o := range fresh {
		if i, ok := at[o.key()]; ok {
			out[i] = o
			continue
		}
		at[o.key()] = len(out)
		out = append(out, o)
	}
	return out
}

// durable answers once all that was written is durable; fail puts an error into the answer.
func (b *Broker) durable(c *call, resp kmsg.Response, fail func(int16)) {
	b.store.Sync(func(err error) {
		if err != nil {
			fail(code(storeError(err)))
		}
		c.answer(resp)
	})
}

// oldFence is the error as older versions know it: PRODUCER_FENCED came with version from.
func oldFence(err error, version, from int16) int16 {
	if version < from && err == kerr.ProducerFenced { //nolint:errorlint // our own value
		return kerr.InvalidProducerEpoch.Code
	}
	return code(err)
}
