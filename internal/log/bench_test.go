package log

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/azud/azud/internal/record"
)

func benchLog(b *testing.B, parts int) *Topic {
	l := open(b, vfs.Default, func(c *Config) { c.JournalBytes, c.Log = 0, nil })
	return create(b, l, "a", 1, parts)
}

// BenchmarkSmall is 64 producers of one 1 KB record at a time, each waiting for it to be
// durable.
func BenchmarkSmall(b *testing.B) {
	t := benchLog(b, 12)
	l := t.Partition(0).l
	var left atomic.Int64
	left.Store(int64(b.N))
	proto := plain(strings.Repeat("x", 1000))
	b.ResetTimer()
	var wg sync.WaitGroup
	for w := range 64 {
		wg.Go(func() {
			buf := make([]byte, len(proto))
			p := t.Partition(int32(w % 12))
			done := make(chan error, 1)
			f := func(err error) { done <- err }
			for left.Add(-1) >= 0 {
				copy(buf, proto)
				if _, err := p.Append(buf, AppendOptions{Now: testTime, Deferred: true}); err != nil {
					b.Error(err)
					return
				}
				l.Sync(f)
				if err := <-done; err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "acks/s")
}

// BenchmarkAppendSmall is Append alone.
func BenchmarkAppendSmall(b *testing.B) {
	p := benchLog(b, 1).Partition(0)
	proto := plain(strings.Repeat("x", 1000))
	buf := make([]byte, len(proto))
	b.ReportAllocs()
	for b.Loop() {
		copy(buf, proto)
		if _, err := p.Append(buf, AppendOptions{Now: testTime}); err != nil {
			b.Fatal(err)
		}
	}
}

// megabyte is a batch of about 1 MB of 100-byte records.
func megabyte() ([]byte, int) {
	var rb record.Builder
	rb.Begin(record.Plain(record.None))
	v := []byte(strings.Repeat("x", 100))
	n := 0
	for rb.Size() < 1<<20-2000 {
		rb.Add(testTime, nil, v)
		n++
	}
	out, err := rb.Finish(nil, nil)
	if err != nil {
		panic(err)
	}
	return out, n
}

// BenchmarkLarge is one producer of 1 MB batches with five in flight.
func BenchmarkLarge(b *testing.B) {
	p := benchLog(b, 1).Partition(0)
	proto, n := megabyte()
	b.SetBytes(int64(len(proto)))
	slots := make(chan error, 5)
	for range 5 {
		slots <- nil
	}
	for b.Loop() {
		if err := <-slots; err != nil {
			b.Fatal(err)
		}
		if _, err := p.Append(proto, AppendOptions{Now: testTime}); err != nil {
			b.Fatal(err)
		}
		p.l.Sync(func(err error) { slots <- err })
	}
	for range 5 {
		if err := <-slots; err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "records/s")
}

// BenchmarkReadLarge reads them back, 1 MB at a time.
func BenchmarkReadLarge(b *testing.B) {
	p := benchLog(b, 1).Partition(0)
	proto, _ := megabyte()
	for range 64 {
		put(b, p, proto)
	}
	wait(b, p.l)
	b.SetBytes(int64(len(proto)))
	var buf []byte
	from := int64(0)
	for b.Loop() {
		c, err := p.Read(from, 1<<20, ReadUncommitted, buf[:0])
		if err != nil {
			b.Fatal(err)
		}
		if from = c.Next; from == p.High() {
			from = 0
		}
		buf = c.Batches
	}
}
