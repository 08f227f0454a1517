package broker

import (
	"fmt"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/azud/azud/internal/log"
)

// segmentBytes is what has been written to the segments of the test's log.
func segmentBytes(t *testing.T, c *log.Config) (n int64) {
	t.Helper()
	fs := c.Sys.FS
	dirs, err := fs.List(fs.PathJoin(c.Dir, "topics"))
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range dirs {
		files, err := fs.List(fs.PathJoin(c.Dir, "topics", d))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			info, err := fs.Stat(fs.PathJoin(c.Dir, "topics", d, f))
			if err != nil {
				t.Fatal(err)
			}
			if len(f) > 4 && f[len(f)-4:] == ".log" {
				n += info.Size()
			}
		}
	}
	return n
}

// TestWritesOfARoundAreOne: what waits for the disk in any case is written to its segment
// once a round of the committer, not once a request.
func TestWritesOfARoundAreOne(t *testing.T) {
	for _, acks := range []int16{-1, 1} {
		t.Run(fmt.Sprint("acks=", acks), func(t *testing.T) {
			var cfg *log.Config
			b := startTest(t, withStore(func(c *log.Config) { c.Volatile = false; cfg = c }))
			ctx := testCtx(t)
			if _, err := b.Request(ctx, metadataOf(9, "t")); err != nil {
				t.Fatal(err)
			}
			work := rest(b)
			const n = 50
			answers := make(chan int16, n)
			for range n {
				b.Send(ctx, produceOf("t", 0, acks, batchOf(t, "v")), func(r kmsg.Response, err error) {
					if err != nil {
						t.Error(err)
					}
					answers <- r.(*kmsg.ProduceResponse).Topics[0].Partitions[0].ErrorCode
				})
			}
			if written := segmentBytes(t, cfg); (written == 0) != (acks == -1) {
				t.Errorf("%d bytes of segments were written before the round", written)
			}
			work()
			for range n {
				if code := <-answers; code != 0 {
					t.Fatalf("error %d", code)
				}
			}
			if err := b.store.Wait(ctx); err != nil {
				t.Fatal(err)
			}
			if got := b.Topics()[0].Records; got != n {
				t.Errorf("%d records, expected %d", got, n)
			}
		})
	}
}

// TestBatchOfASegment: Kafka tells a batch that is too large for the topic from one that is too
// large for its segments.
func TestBatchOfASegment(t *testing.T) {
	b := startTest(t)
	if _, err := b.store.CreateTopic("t", newTopicID(b.cfg.Sys.Rand), 1, map[string]string{"segment.bytes": "1000", "max.message.bytes": "2000"}); err != nil {
		t.Fatal(err)
	}
	for size, want := range map[int]int16{100: 0, 1500: kerr.RecordListTooLarge.Code, 3000: kerr.MessageTooLarge.Code} {
		r, err := b.Request(testCtx(t), produceOf("t", 0, -1, batchOf(t, strings.Repeat("x", size))))
		if err != nil {
			t.Fatal(err)
		}
		if got := r.(*kmsg.ProduceResponse).Topics[0].Partitions[0].ErrorCode; got != want {
			t.Errorf("%d bytes: error %d, expected %d", size, got, want)
		}
	}
}
