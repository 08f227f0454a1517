package record

import (
	"bytes"
	"testing"
)

// small is a batch of n records of about 120 bytes, as sensors send them.
func small(tb testing.TB, n int, c Codec) []byte {
	tb.Helper()
	var b Builder
	b.Begin(Plain(c))
	for i := range n {
		value := bytes.Repeat([]byte("0123456789"), 10)
		copy(value, []byte{byte(i), byte(i >> 8), byte(i * 7)})
		b.Add(1_700_000_000_000+int64(i), []byte("sensor-12"), value)
	}
	raw, err := b.Finish(nil, new(Compressor))
	if err != nil {
		tb.Fatal(err)
	}
	return raw
}

func BenchmarkRecords(b *testing.B) {
	const n = 5000
	for _, c := range []Codec{None, Gzip, Snappy, LZ4, Zstd} {
		b.Run(c.String(), func(b *testing.B) {
			batch, _, err := Parse(small(b, n, c))
			if err != nil {
				b.Fatal(err)
			}
			var d Decompressor
			var sum int64
			b.SetBytes(int64(n * 120))
			for b.Loop() {
				err := batch.Records(&d, func(r *Record) bool { sum += r.Offset + int64(len(r.Value)); return true })
				if err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/record")
		})
	}
}

func BenchmarkBuild(b *testing.B) {
	const n = 5000
	var bld Builder
	var dst []byte
	key, value := []byte("sensor-12"), bytes.Repeat([]byte("0123456789"), 10)
	for b.Loop() {
		bld.Begin(Plain(None))
		for i := range n {
			bld.Add(int64(i), key, value)
		}
		var err error
		if dst, err = bld.Finish(dst[:0], nil); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/record")
}
