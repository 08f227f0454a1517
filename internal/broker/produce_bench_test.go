package broker

import (
	"io"
	"sync"
	"testing"

	"github.com/azud/azud/internal/log"
)

// benchProduce has n producers send one record each and wait for its answer, b.N times in
// all; the clients themselves allocate nothing.
func benchProduce(b *testing.B, n int, acks int16) {
	broker := startTest(b, withStore(func(c *log.Config) { c.Volatile, c.JournalBytes = false, 1<<20 }))
	first := dialRaw(b, broker.Addr())
	first.ask(metadataOf(9, "t"))
	clients := make([]*rawClient, n)
	for i := range clients {
		clients[i] = dialRaw(b, broker.Addr())
	}
	frame := first.frame(produceOf("t", 0, acks, batchOf(b, string(make([]byte, 100)))))
	size := 4 + 4 + 1 // length, correlation id, tags
	size += 1 + 2 + 1 + 4 + 2 + 8 + 8 + 8 + 1 + 1 + 1 + 1 + 4 + 1
	work := make(chan struct{}, n)
	b.ReportAllocs()
	b.ResetTimer()
	var wg sync.WaitGroup
	for _, c := range clients {
		wg.Go(func() {
			answer := make([]byte, size)
			for range work {
				if _, err := c.nc.Write(frame); err != nil {
					b.Error(err)
				}
				if _, err := io.ReadFull(c.nc, answer); err != nil {
					b.Error(err)
				}
			}
		})
	}
	for range b.N {
		work <- struct{}{}
	}
	close(work)
	wg.Wait()
}

func BenchmarkProduce(b *testing.B) {
	b.Run("1/acks=all", func(b *testing.B) { benchProduce(b, 1, -1) })
	b.Run("1/acks=1", func(b *testing.B) { benchProduce(b, 1, 1) })
	b.Run("64/acks=all", func(b *testing.B) { benchProduce(b, 64, -1) })
}
