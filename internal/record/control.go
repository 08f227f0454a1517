package record

import (
	"encoding/binary"
	"fmt"
)

// Types of control records.
const (
	controlAbort  = 0
	controlCommit = 1
)

// EndMark is what the control record at the end of a transaction says.
type EndMark struct {
	Commit           bool
	CoordinatorEpoch int32
}

// Marker appends the control batch that ends a producer's transaction. time is in ms.
//
// Kafka: "Control Batches", EndTxnMarker.
func Marker(dst []byte, base int64, leaderEpoch int32, producer int64, epoch int16, commit bool, coordinatorEpoch int32, time int64) []byte {
	var b Builder
	b.Begin(Batch{
		Base: base, LeaderEpoch: leaderEpoch, Attrs: AttrTxn | AttrControl,
		Producer: producer, Epoch: epoch, Sequence: -1,
	})
	key, value := make([]byte, 4), make([]byte, 6) // each begins with its version, 0
	if commit {
		key[3] = controlCommit
	}
	binary.BigEndian.PutUint32(value[2:], uint32(coordinatorEpoch))
	b.Add(time, key, value)
	dst, _ = b.Finish(dst, nil) // one small record, not compressed: it fits
	return dst
}

// EndMark reads a control batch. ok is false if it is of another kind than the end of a
// transaction; those are to be skipped.
func (b *Batch) EndMark() (m EndMark, ok bool, err error) {
	if !b.Control() || b.Codec() != None {
		return m, false, fmt.Errorf("the batch at offset %d holds no readable control record", b.Base)
	}
	var seen bool
	var bad error
	err = b.Records(nil, func(r *Record) bool {
		seen = true
		m, ok, bad = endMark(r)
		return false
	})
	switch {
	case err != nil:
		return m, false, err
	case bad != nil:
		return m, false, bad
	case !seen:
		return m, false, nil // compaction has emptied it
	}
	return m, ok, nil
}

func endMark(r *Record) (m EndMark, ok bool, err error) {
	be := binary.BigEndian
	if len(r.Key) < 4 {
		return m, false, fmt.Errorf("control record at offset %d with a key of %d bytes", r.Offset, len(r.Key))
	}
	kind := be.Uint16(r.Key[2:])
	if kind != controlAbort && kind != controlCommit {
		return m, false, nil
	}
	if len(r.Value) < 6 {
		return m, false, fmt.Errorf("control record at offset %d with a value of %d bytes", r.Offset, len(r.Value))
	}
	return EndMark{Commit: kind == controlCommit, CoordinatorEpoch: int32(be.Uint32(r.Value[2:]))}, true, nil
}
