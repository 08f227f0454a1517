package record

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

// HeaderSize is the number of bytes before a batch's records.
const HeaderSize = 61

// Bits of Batch.Attrs.
const (
	AttrCodec     = 0x07 // a Codec
	AttrLogAppend = 0x08 // MaxTime is the broker's clock and the time of every record
	AttrTxn       = 0x10
	AttrControl   = 0x20
	AttrHorizon   = 0x40 // BaseTime is a delete horizon (KIP-534): when a tombstone may go
)

// NoProducer is the producer id of batches without idempotence.
const NoProducer = -1

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Batch is a batch's header, and where its bytes are.
type Batch struct {
	Base        int64 // offset of the first record
	LeaderEpoch int32
	Attrs       int16
	LastDelta   int32 // last offset - Base
	BaseTime    int64 // ms
	MaxTime     int64 // ms
	Producer    int64
	Epoch       int16 // of the producer
	Sequence    int32 // of the first record; -1 without idempotence
	Count       int32 // records; less than LastDelta+1 after compaction
	Raw         []byte
}

// Last is the offset of the batch's last record.
func (b *Batch) Last() int64 { return b.Base + int64(b.LastDelta) }

// Next is the offset after the batch.
func (b *Batch) Next() int64 { return b.Last() + 1 }

// LastSequence is the sequence of the last record; sequences wrap around after 2^31-1.
func (b *Batch) LastSequence() int32 {
	return int32((int64(b.Sequence) + int64(b.LastDelta)) & 0x7fffffff)
}

// Codec is how the records are compressed.
func (b *Batch) Codec() Codec { return Codec(b.Attrs & AttrCodec) }

// Transactional reports whether the batch belongs to a transaction; its end marker does too.
func (b *Batch) Transactional() bool { return b.Attrs&AttrTxn != 0 }

// Control reports whether the batch holds a control record instead of a user's.
func (b *Batch) Control() bool { return b.Attrs&AttrControl != 0 }

// LogAppend reports whether the records' time is the broker's.
func (b *Batch) LogAppend() bool { return b.Attrs&AttrLogAppend != 0 }

// Size is what the length field at the start of buf says of the whole batch, in bytes;
// 0 if buf is too short to tell. It may be any number: check it before use.
func Size(buf []byte) int {
	if len(buf) < 12 {
		return 0
	}
	return int(int32(binary.BigEndian.Uint32(buf[8:]))) + 12
}

// Parse reads the header of the batch at the start of buf, without checking its CRC. ok is
// false if buf ends before the batch does, which a fetch's size limit may cause.
func Parse(buf []byte) (b Batch, ok bool, err error) {
	if len(buf) < HeaderSize {
		return b, false, nil
	}
	size := Size(buf)
	if size < HeaderSize {
		return b, false, fmt.Errorf("record batch of %d bytes", size)
	}
	if magic := buf[16]; magic != 2 {
		return b, false, fmt.Errorf("record batch of version %d; only version 2 (Kafka 0.11 and later) is read", magic)
	}
	if len(buf) < size {
		return b, false, nil
	}
	be := binary.BigEndian
	return Batch{
		Base: int64(be.Uint64(buf)), LeaderEpoch: int32(be.Uint32(buf[12:])),
		Attrs: int16(be.Uint16(buf[21:])), LastDelta: int32(be.Uint32(buf[23:])),
		BaseTime: int64(be.Uint64(buf[27:])), MaxTime: int64(be.Uint64(buf[35:])),
		Producer: int64(be.Uint64(buf[43:])), Epoch: int16(be.Uint16(buf[51:])),
		Sequence: int32(be.Uint32(buf[53:])), Count: int32(be.Uint32(buf[57:])),
		Raw: buf[:size:size],
	}, true, nil
}

// Check compares the batch's CRC with its bytes.
func (b *Batch) Check() error {
	got, want := crc32.Checksum(b.Raw[21:], castagnoli), binary.BigEndian.Uint32(b.Raw[17:])
	if got != want {
		return fmt.Errorf("record batch at offset %d is damaged: CRC %08x, expected %08x", b.Base, got, want)
	}
	return nil
}

// Place writes the offset and the leader's epoch into a batch's bytes. Neither is under the CRC.
func Place(raw []byte, base int64, leaderEpoch int32) {
	binary.BigEndian.PutUint64(raw, uint64(base))
	binary.BigEndian.PutUint32(raw[12:], uint32(leaderEpoch))
}
