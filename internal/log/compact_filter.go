package log

import (
	"fmt"

	"github.com/azud/azud/internal/record"
)

// lastOfProducer is a producer's last batch in a partition, which outlives compaction even
// without records: whoever rebuilds the producer's state finds its last sequence there.
type lastOfProducer struct {
	offset int64 // of its last record; -1: only markers are known
	epoch  int16
}

// filter decides what stays of the batches of one pass, which come in order.
//
// Kafka: Cleaner.cleanInto, MemoryRecords.filterTo; KIP-534 for the horizon.
type filter struct {
	now, deleteRetention int64 // ms
	keys                 *keyMap
	mapped               int64 // keys knows the records before this offset
	txns                 *txnTracker
	producers            map[int64]lastOfProducer

	dec *record.Decompressor
	com *record.Compressor
	bld record.Builder

	aborted []Aborted // entries for the markers that stay
	dropped int64     // records
}

// batch appends to dst what stays of a batch: all of it, some of its records, its header
// alone or nothing.
func (f *filter) batch(dst []byte, b *record.Batch) ([]byte, error) {
	if b.Control() {
		return f.control(dst, b), nil
	}
	gone := f.txns.batch(b)
	var kept int32
	var tombstones bool
	if !gone {
		err := b.Records(f.dec, func(r *record.Record) bool {
			if f.stays(b, r) {
				kept++
				tombstones = tombstones || r.Value == nil
			}
			return true
		})
		if err != nil {
			return dst, fmt.Errorf("%w: %w", ErrDamaged, err)
		}
	}
	horizon := tombstones && b.Attrs&record.AttrHorizon == 0
	if kept == b.Count && (kept > 0 || f.isLast(b)) && !horizon {
		return append(dst, b.Raw...), nil
	}
	f.dropped += int64(b.Count - kept)
	if kept == 0 && !f.isLast(b) {
		return dst, nil
	}
	return f.rebuild(dst, b, horizon, gone)
}

// rebuild writes the records that stay; of a batch that is gone, none.
func (f *filter) rebuild(dst []byte, b *record.Batch, horizon, gone bool) ([]byte, error) {
	head := *b
	if horizon {
		head.Attrs |= record.AttrHorizon
		head.BaseTime = f.now + f.deleteRetention
	}
	f.bld.Begin(head)
	if !gone {
		err := b.Records(f.dec, func(r *record.Record) bool {
			if f.stays(b, r) {
				f.bld.AddRecord(r)
			}
			return true
		})
		if err != nil {
			return dst, fmt.Errorf("%w: %w", ErrDamaged, err)
		}
	}
	return f.bld.Finish(dst, f.com)
}

// stays reports whether a record outlives the pass: one that no later record of its key
// follows, and of those without a value the ones whose time has not come.
func (f *filter) stays(b *record.Batch, r *record.Record) bool {
	if r.Offset >= f.mapped {
		return true
	}
	if r.Key == nil { // from before the topic was compacted
		return false
	}
	return r.Offset >= f.keys.last(r.Key) && (r.Value != nil || !f.expired(b))
}

// expired reports whether the batch's delete horizon has passed.
func (f *filter) expired(b *record.Batch) bool {
	return b.Attrs&record.AttrHorizon != 0 && b.BaseTime <= f.now
}

// control keeps a marker as long as records of its transaction were there, and from then on
// until a horizon: whoever reads the log meanwhile must see how the transaction ended.
func (f *filter) control(dst []byte, b *record.Batch) []byte {
	empty, entry := f.txns.marker(b)
	if entry != nil {
		f.aborted = append(f.aborted, *entry)
	}
	switch {
	case !empty:
		return append(dst, b.Raw...)
	case f.expired(b) && !f.isLast(b):
		f.dropped += int64(b.Count)
		return dst
	case b.Attrs&record.AttrHorizon != 0 && !f.expired(b), b.Count == 0:
		return append(dst, b.Raw...)
	}
	head := *b
	if b.Attrs&record.AttrHorizon == 0 {
		head.Attrs |= record.AttrHorizon
		head.BaseTime = f.now + f.deleteRetention
	}
	f.bld.Begin(head)
	if !f.expired(b) {
		_ = b.Records(nil, func(r *record.Record) bool { f.bld.AddRecord(r); return true })
	}
	if out, err := f.bld.Finish(dst, nil); err == nil {
		return out
	}
	return append(dst, b.Raw...)
}

// isLast reports whether the batch holds the last that the partition knows of its producer.
func (f *filter) isLast(b *record.Batch) bool {
	last, ok := f.producers[b.Producer]
	if !ok || b.Producer < 0 {
		return false
	}
	if last.offset >= 0 {
		return b.Last() == last.offset
	}
	return b.Control() && b.Epoch == last.epoch
}
