package interim

import (
	"fmt"
	"testing"

	"github.com/azud/azud/internal/sys"
)

// From nothing to listening and back, with an empty directory, and with 20 topics.
func BenchmarkStartAndClose(b *testing.B) {
	for _, topics := range []int{0, 20} {
		b.Run(fmt.Sprintf("topics=%d", topics), func(b *testing.B) {
			dir := b.TempDir()
			cfg := Config{Sys: sys.Real(), Addrs: []string{"127.0.0.1:0"}, Dir: dir}
			br, err := Start(b.Context(), cfg)
			if err != nil {
				b.Fatal(err)
			}
			for i := range topics {
				br.createMissing([]string{fmt.Sprint("t", i)})
			}
			if err := br.Close(); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				br, err := Start(b.Context(), cfg)
				if err != nil {
					b.Fatal(err)
				}
				if err := br.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
