package parquet_test

import (
	"bytes"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/decimal128"

	"github.com/azud/azud/internal/format/parquet"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// lineitem is a file of n rows shaped as TPC-H's: keys, decimals, flags of few values, dates, a comment.
func lineitem(b *testing.B, n int) []byte {
	s := types.Schema{
		{Name: "key", Type: types.LongType}, {Name: "price", Type: types.DecimalType(15, 2)}, {Name: "flag", Type: types.StringType},
		{Name: "date", Type: types.DateType}, {Name: "comment", Type: types.StringType}, {Name: "ratio", Type: types.DoubleType},
	}
	var buf bytes.Buffer
	w, err := parquet.NewWriter(&buf, s, "snappy")
	if err != nil {
		b.Fatal(err)
	}
	words := []string{"carefully ", "final ", "deposits ", "sleep ", "quickly ", "above the ", "ironic ", "requests "}
	for done := 0; done < n; {
		bl := vec.NewBuilder(s)
		for i := done; i < min(n, done+8192); i++ {
			vec.Append(bl.Cols[0], int64(i)*7)
			vec.Append(bl.Cols[1], decimal128.FromI64(int64(i*7919%1000000)))
			bl.Cols[2].AppendString([]string{"A", "N", "R"}[i%3])
			vec.Append(bl.Cols[3], int32(8000+i*31%2500))
			bl.Cols[4].AppendString(words[i%8] + words[i/8%8] + words[i/64%8])
			vec.Append(bl.Cols[5], float64(i)/3)
		}
		batch := bl.Finish()
		done += batch.N
		if err := w.Write(batch); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	return buf.Bytes()
}

// BenchmarkRead reports nanoseconds a value, by column.
func BenchmarkRead(b *testing.B) {
	const rows = 1_000_000
	text := lineitem(b, rows)
	foot, err := parquet.ReadFooter(bytes.NewReader(text), int64(len(text)))
	if err != nil {
		b.Fatal(err)
	}
	s, err := foot.Schema()
	if err != nil {
		b.Fatal(err)
	}
	for _, f := range s {
		b.Run(f.Name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				for g := range foot.Groups() {
					for _, err := range foot.Read(bytes.NewReader(text), g, types.Schema{f}) {
						if err != nil {
							b.Fatal(err)
						}
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/value")
		})
	}
}
