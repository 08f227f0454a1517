package log

import (
	"hash/maphash"

	"github.com/azud/azud/internal/record"
)

// keyMap is the greatest offset of each key, in bounded memory: it holds 128 bits of a
// seeded hash for a key and not the key, as Kafka's cleaner does with MD5.
type keyMap struct {
	seeds [2]maphash.Seed
	slots []keySlot
	used  int
	most  int // slots that it may grow to, a power of two
}

type keySlot struct {
	hash   [2]uint64
	offset int64 // of the record, plus one; 0: free
}

const keySlotBytes = 24

// newKeyMap makes a map of at most about bytes, but room for a handful of keys at least.
func newKeyMap(bytes int) *keyMap {
	m := &keyMap{seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}, most: 16}
	for 2*m.most*keySlotBytes <= bytes {
		m.most *= 2
	}
	m.slots = make([]keySlot, 16)
	return m
}

// room is how many more keys are sure to fit.
func (m *keyMap) room() int { return m.most*3/4 - m.used }

// clear empties the map and keeps its memory.
func (m *keyMap) clear() { clear(m.slots); m.used = 0 }

func (m *keyMap) hash(key []byte) [2]uint64 {
	return [2]uint64{maphash.Bytes(m.seeds[0], key), maphash.Bytes(m.seeds[1], key)}
}

// slot finds the key's slot, or the free one where it belongs.
func (m *keyMap) slot(h [2]uint64) *keySlot {
	mask := len(m.slots) - 1
	for i := int(h[0]) & mask; ; i = (i + 1) & mask {
		if s := &m.slots[i]; s.offset == 0 || s.hash == h {
			return s
		}
	}
}

// put notes a record; offsets of a key come in order. Where there is no room it grows past
// its bound: whoever minds asks for room first.
func (m *keyMap) put(key []byte, offset int64) {
	h := m.hash(key)
	s := m.slot(h)
	if s.offset == 0 {
		if m.used >= len(m.slots)*3/4 {
			m.grow()
			s = m.slot(h)
		}
		m.used++
	}
	*s = keySlot{h, offset + 1}
}

func (m *keyMap) grow() {
	old := m.slots
	m.slots = make([]keySlot, 2*len(old))
	for _, s := range old {
		if s.offset != 0 {
			*m.slot(s.hash) = s
		}
	}
}

// last is the greatest offset of the key that the map knows; -1 if none.
func (m *keyMap) last(key []byte) int64 { return m.slot(m.hash(key)).offset - 1 }

// txnTracker follows the transactions of a pass over batches in order.
//
// Kafka: CleanedTransactionMetadata.
type txnTracker struct {
	aborted []Aborted // by First
	open    map[int64]*trackedTxn
	data    map[int64]bool // producers with records of a transaction that is to commit
}

type trackedTxn struct {
	Aborted
	seen bool // records of it
}

func newTxnTracker(aborted []Aborted) *txnTracker {
	return &txnTracker{aborted: aborted, open: map[int64]*trackedTxn{}, data: map[int64]bool{}}
}

func (t *txnTracker) reach(b *record.Batch) {
	for len(t.aborted) > 0 && t.aborted[0].First <= b.Last() {
		t.open[t.aborted[0].Producer] = &trackedTxn{Aborted: t.aborted[0]}
		t.aborted = t.aborted[1:]
	}
}

// batch takes in a batch of records and reports whether its transaction was aborted.
func (t *txnTracker) batch(b *record.Batch) bool {
	t.reach(b)
	if !b.Transactional() {
		return false
	}
	if txn := t.open[b.Producer]; txn != nil {
		txn.seen = true
		return true
	}
	t.data[b.Producer] = true
	return false
}

// marker takes in a control batch and reports whether no batch of its transaction came
// before it. keep is the entry of the transaction if it was aborted and has batches.
func (t *txnTracker) marker(b *record.Batch) (empty bool, keep *Aborted) {
	t.reach(b)
	m, ok, err := b.EndMark()
	if err != nil || !ok {
		return b.Count == 0, nil
	}
	if m.Commit {
		had := t.data[b.Producer]
		delete(t.data, b.Producer)
		return !had, nil
	}
	txn := t.open[b.Producer]
	delete(t.open, b.Producer)
	if txn == nil || !txn.seen {
		return true, nil
	}
	return false, &txn.Aborted
}
