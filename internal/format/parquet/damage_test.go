package parquet_test

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/azud/azud/internal/format/parquet"
)

// TestDamage flips bytes of files that Spark wrote: whatever they become, reading them ends, in rows or in an error.
func TestDamage(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, name := range []string{"all", "nulls", "legacy", "v2", "c_zstd", "int96"} {
		found, err := filepath.Glob(spark + "spark/" + name + "/*.parquet")
		if err != nil || len(found) != 1 {
			t.Fatal(name, found, err)
		}
		text, err := os.ReadFile(found[0])
		if err != nil {
			t.Fatal(err)
		}
		failed := 0
		for range 150 {
			bad := bytes.Clone(text)
			for range 1 + r.IntN(4) {
				bad[r.IntN(len(bad))] ^= byte(1 + r.IntN(255))
			}
			if readAll(bad) != nil {
				failed++
			}
		}
		if readAll(text) != nil || failed == 0 {
			t.Errorf("%s: %d of the damaged files failed", name, failed)
		}
		for cut := range len(text) / 97 {
			if readAll(text[:cut*97]) == nil {
				t.Errorf("%s: the first %d bytes are read as a file", name, cut*97)
			}
		}
	}
}

func readAll(text []byte) error {
	foot, err := parquet.ReadFooter(bytes.NewReader(text), int64(len(text)))
	if err != nil {
		return err
	}
	s, err := foot.Schema()
	if err != nil {
		return err
	}
	for g := range foot.Groups() {
		for _, f := range s {
			foot.Bounds(g, f.Name, f.Type)
		}
		n := 0
		for _, err := range foot.Read(bytes.NewReader(text), g, s) {
			if err != nil {
				return err
			}
			if n++; n > 1000 {
				break
			}
		}
	}
	return nil
}
