package parquet_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/azud/azud/internal/format/parquet"
)

// TestWritesWhatItReads writes what Spark wrote anew and reads it back.
func TestWritesWhatItReads(t *testing.T) {
	for _, name := range []string{"all", "nulls", "v2"} {
		for _, codec := range []string{"snappy", "zstd", "none", "gzip", "lz4_raw", "brotli"} {
			f, foot := open(t, spark+"spark/"+name)
			s, err := foot.Schema()
			if err != nil {
				t.Fatal(err)
			}
			want := texts(t, f, foot, s)
			var buf bytes.Buffer
			w, err := parquet.NewWriter(&buf, s, codec)
			if err != nil {
				t.Fatal(err)
			}
			for g := range foot.Groups() {
				for b, err := range foot.Read(f, g, s) {
					if err == nil {
						err = w.Write(b)
					}
					if err != nil {
						t.Fatal(err)
					}
				}
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			again, err := parquet.ReadFooter(bytes.NewReader(buf.Bytes()), int64(buf.Len()))
			if err != nil {
				t.Fatal(err)
			}
			s2, err := again.Schema()
			if err != nil || s2.Struct().String() != s.Struct().String() {
				t.Fatalf("%s: schema %s, %v", name, s2.Struct(), err)
			}
			var got [][]string
			for g := range again.Groups() {
				for b, err := range again.Read(bytes.NewReader(buf.Bytes()), g, s2) {
					if err != nil {
						t.Fatal(err)
					}
					got = append(got, rowsOf(b)...)
				}
			}
			if !slices.EqualFunc(got, want, slices.Equal) {
				t.Errorf("%s %s:\ngot  %v\nwant %v", name, codec, got, want)
			}
		}
	}
}
