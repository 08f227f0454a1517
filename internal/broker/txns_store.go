package broker

import (
	"encoding/binary"
	"errors"
	"maps"
	"slices"

	"github.com/azud/azud/internal/log"
)

// txnFormat is the first byte of an entry of TableTxns.
const txnFormat = 1

// txnPut is the change of the table that keeps a state.
func txnPut(id string, s *txnState) log.Put {
	e := txnEnc{txnFormat}
	for _, n := range []int64{s.producer, s.before, int64(s.epoch), int64(s.last), int64(s.timeout), int64(s.phase), s.started, s.updated} {
		e.int(n)
	}
	e.int(int64(len(s.parts)))
	for _, p := range s.sortedParts() {
		e = append(e, p.topic[:]...)
		e.str(p.name)
		e.int(int64(p.partition))
	}
	e.int(int64(len(s.groups)))
	for _, g := range slices.Sorted(maps.Keys(s.groups)) {
		e.str(g)
		e.int(int64(len(s.groups[g])))
		for _, o := range s.groups[g] {
			e = append(e, o.TopicID[:]...)
			e.str(o.Topic)
			e.str(o.Metadata)
			for _, n := range []int64{int64(o.Partition), o.Offset, int64(o.LeaderEpoch), o.Time} {
				e.int(n)
			}
		}
	}
	return log.Put{Table: log.TableTxns, Key: id, Value: e}
}

var errTxnEntry = errors.New("the entry of a transaction cannot be read")

// readTxn is the reverse of txnPut.
func readTxn(raw []byte) (txnState, error) {
	if len(raw) == 0 || raw[0] != txnFormat {
		return txnState{}, errTxnEntry
	}
	d := txnDec{raw: raw[1:]}
	s := txnState{producer: d.int(), before: d.int(), epoch: int16(d.int()), last: int16(d.int()), timeout: int32(d.int()),
		phase: txnPhase(d.int()), started: d.int(), updated: d.int(), parts: map[txnPart]struct{}{}, groups: map[string][]committed{}}
	for n := d.int(); n > 0 && !d.bad; n-- {
		var p txnPart
		d.id(&p.topic)
		p.name, p.partition = d.str(), int32(d.int())
		s.parts[p] = struct{}{}
	}
	for n := d.int(); n > 0 && !d.bad; n-- {
		g := d.str()
		s.groups[g] = nil
		for m := d.int(); m > 0 && !d.bad; m-- {
			var o committed
			d.id(&o.TopicID)
			o.Topic, o.Metadata = d.str(), d.str()
			o.Partition, o.Offset, o.LeaderEpoch, o.Time = int32(d.int()), d.int(), int32(d.int()), d.int()
			s.groups[g] = append(s.groups[g], o)
		}
	}
	if d.bad || s.phase < 0 || int(s.phase) >= len(txnPhases) {
		return txnState{}, errTxnEntry
	}
	return s, nil
}

type txnEnc []byte

func (e *txnEnc) int(n int64)  { *e = binary.AppendVarint(*e, n) }
func (e *txnEnc) str(s string) { e.int(int64(len(s))); *e = append(*e, s...) }

type txnDec struct {
	raw []byte
	bad bool
}

func (d *txnDec) int() int64 {
	n, size := binary.Varint(d.raw)
	if size <= 0 {
		d.bad, d.raw = true, nil
		return 0
	}
	d.raw = d.raw[size:]
	return n
}

func (d *txnDec) take(n int64) []byte {
	if n < 0 || n > int64(len(d.raw)) {
		d.bad, d.raw = true, nil
		return nil
	}
	b := d.raw[:n]
	d.raw = d.raw[n:]
	return b
}

func (d *txnDec) str() string          { return string(d.take(d.int())) }
func (d *txnDec) id(into *log.TopicID) { copy(into[:], d.take(int64(len(into)))) }

// load reads the table, tells the groups what is pending, and ends what batches of lost
// transactions left open. Others do not run yet.
func (x *txns) load() {
	owners := map[int64]*txn{}
	for id, raw := range x.b.store.All(log.TableTxns) {
		s, err := readTxn(raw)
		if err != nil {
			x.b.log.Error("a transactional id is forgotten", "id", id, "error", err)
			continue
		}
		t := &txn{id: id, txnState: s}
		x.byID[id] = t
		x.schedule(t)
		owners[s.producer] = t
		if s.phase != txnOngoing {
			continue
		}
		for g, offsets := range s.groups {
			if len(offsets) > 0 {
				x.b.markPending(g, s.producer, offsets)
			}
		}
	}
	x.adopt(owners)
}

// adopt looks for batches that a crash kept, although it lost the entry that let them in: their
// producer may repeat them, is told that they are there, and goes on to commit. So they become
// part of its transaction, which is opened again if need be and ends at the latest by its
// timeout. Those of an epoch that nobody has any more are aborted, or the last stable offset
// would stay for ever.
func (x *txns) adopt(owners map[int64]*txn) {
	for _, topic := range x.b.store.Topics().All() {
		for n, p := range topic.Partitions() {
			for _, producer := range p.Producers() {
				if producer.TxnStart < 0 {
					continue
				}
				if err := x.adoptOne(owners, txnPart{topic.ID(), topic.Name(), int32(n)}, producer); err != nil {
					x.b.log.Error("an open transaction could not be ended", "topic", topic.Name(), "partition", n, "producer", producer.ID, "error", err)
				}
			}
		}
	}
}

func (x *txns) adoptOne(owners map[int64]*txn, part txnPart, p log.Producer) error {
	if t := owners[p.ID]; t != nil && t.epoch == p.Epoch {
		return x.add(t, []txnPart{part}, nil)
	}
	x.b.log.Warn("a transaction that nobody knows is aborted", "topic", part.name, "partition", part.partition, "producer", p.ID)
	return x.b.store.Write(log.Write{Markers: []log.Marker{part.marker(p.ID, p.Epoch, false)}})
}
