package kafka

import (
	"encoding/binary"
	"hash/crc32"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kbin"

	"github.com/azud/azud/internal/record"
)

// encode builds a record batch by the protocol guide: records are (offset delta, value).
func encode(base int64, attrs int16, deltas ...int64) []byte {
	var body []byte
	for _, d := range deltas {
		var r []byte
		r = append(r, 0)                      // attributes
		r = kbin.AppendVarint(r, int32(d*10)) // timestamp delta
		r = kbin.AppendVarint(r, int32(d))
		r = kbin.AppendVarint(r, -1) // key
		r = kbin.AppendVarint(r, 1)
		r = append(r, 'v')
		r = kbin.AppendVarint(r, 0) // headers
		body = append(kbin.AppendVarint(body, int32(len(r))), r...)
	}
	b := make([]byte, record.HeaderSize, record.HeaderSize+len(body))
	b = append(b, body...)
	be := binary.BigEndian
	be.PutUint64(b, uint64(base))
	be.PutUint32(b[8:], uint32(len(b)-12))
	b[16] = 2
	be.PutUint16(b[21:], uint16(attrs))
	be.PutUint32(b[23:], 9) // the last offset's delta: the batch was compacted
	be.PutUint64(b[27:], 1000)
	be.PutUint64(b[35:], 5000)
	be.PutUint64(b[43:], 77)
	be.PutUint32(b[57:], uint32(len(deltas)))
	return seal(b)
}

func seal(b []byte) []byte {
	binary.BigEndian.PutUint32(b[17:], crc32.Checksum(b[21:], crc32.MakeTable(crc32.Castagnoli)))
	return b
}

func TestBatchesOfACompactedLog(t *testing.T) {
	var w walker
	read := func(from, to int64, batches ...[]byte) (offsets []int64, next int64) {
		t.Helper()
		var all []byte
		for _, b := range batches {
			all = append(all, b...)
		}
		next, err := w.committed(fetched{batches: all}, from, to, func(_ *record.Batch, r *record.Record) { offsets = append(offsets, r.Offset) })
		if err != nil {
			t.Fatal(err)
		}
		return offsets, next
	}
	gaps, empty := encode(100, 0, 1, 4), encode(110, 0)
	for _, c := range []struct {
		from, to, next int64
		offsets        int
	}{{100, 110, 110, 2}, {100, 120, 120, 2}, {100, 104, 104, 1}, {104, 120, 120, 1}, {105, 115, 115, 0}, {90, 200, 120, 2}} {
		offsets, next := read(c.from, c.to, gaps, empty)
		if len(offsets) != c.offsets || next != c.next {
			t.Errorf("[%d, %d): offsets %v, next %d, want %d and %d", c.from, c.to, offsets, next, c.offsets, c.next)
		}
	}
	if offsets, next := read(100, 120, gaps, empty[:40]); len(offsets) != 2 || next != 110 {
		t.Errorf("a batch cut short: %v, %d", offsets, next)
	}
}

func TestDamagedBatchesAreErrors(t *testing.T) {
	good := encode(100, 0, 0, 1, 2)
	damage := func(f func(b []byte) []byte) error {
		var w walker
		_, err := w.committed(fetched{batches: f(append([]byte{}, good...))}, 0, 1000, func(*record.Batch, *record.Record) {})
		return err
	}
	for want, f := range map[string]func(b []byte) []byte{
		"record batch at offset 100 is damaged: CRC": func(b []byte) []byte { b[70] ^= 1; return b },
		"record batch of version 1":                  func(b []byte) []byte { b[16] = 1; return b },
		"record batch of 12 bytes":                   func(b []byte) []byte { binary.BigEndian.PutUint32(b[8:], 0); return b },
		"record 3 in the batch at offset 100":        func(b []byte) []byte { binary.BigEndian.PutUint32(b[57:], 4); return seal(b) },
		"malformed record 0 in the batch":            func(b []byte) []byte { b[record.HeaderSize+4] = 0x7e; return seal(b) },
		"decompressing the batch at offset 100":      func(b []byte) []byte { b[22] = 1; return seal(b) },
	} {
		if err := damage(f); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
	if err := damage(func(b []byte) []byte { return b[:len(b)-1] }); err != nil {
		t.Errorf("cut short by the fetch's limit: %v", err)
	}
}

func FuzzBatch(f *testing.F) {
	f.Add(encode(100, 0, 0, 1, 2))
	f.Add(encode(0, 0x30, 0))
	var w walker
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 21 {
			seal(b) // or the checksum alone would stop everything
		}
		next, err := w.committed(fetched{batches: b}, 0, 1000, func(_ *record.Batch, r *record.Record) {
			_ = r.EachHeader(func([]byte, []byte) bool { return true })
		})
		if err == nil && (next < 0 || next > 1000) {
			t.Errorf("next offset %d", next)
		}
	})
}
