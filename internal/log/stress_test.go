package log

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/azud/azud/internal/record"
)

// TestManyAtOnce runs everything beside everything, and then compares the log after a crash
// with what was acknowledged to each producer.
func TestManyAtOnce(t *testing.T) {
	disk := vfs.NewCrashableMem()
	l := open(t, disk, func(c *Config) {
		c.JournalBytes, c.CheckpointBytes, c.DirectBytes = 32<<10, 64<<10, 500
		c.OpenFiles = 1
	})
	topic := create(t, l, "a", 1, 3, "segment.bytes", "10000")
	const producers, rounds = 8, 40
	acked := make([][]int64, producers) // offsets, by sequence
	var wg sync.WaitGroup
	for n := range producers {
		wg.Go(func() {
			p := topic.Partition(int32(n % 3))
			for i := range rounds {
				size := 10
				if (i+n)%7 == 0 {
					size = 2000
				}
				a, err := p.Append(of(int64(n), 0, int32(i), fmt.Sprintf("%d-%d %0*d", n, i, size, 0)), AppendOptions{Now: testTime, Deferred: n%3 > 0})
				if err == nil {
					err = l.Wait(context.Background())
				}
				if err != nil || p.High() < a.Next {
					t.Error(p.High(), a, err)
					return
				}
				acked[n] = append(acked[n], a.Base)
			}
		})
	}
	stop := make(chan struct{})
	var others sync.WaitGroup
	busy := func(f func(i int) error) {
		others.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				if err := f(i); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for n := range int32(3) {
		p, r := topic.Partition(n), topic.Partition(n).Reader()
		at := int64(0)
		busy(func(int) error {
			batches, next, err := r.ReadFor(context.Background(), at, 5000, ReadUncommitted, 1)
			for _, b := range batches {
				if b.Base < at && b.Last() < at || b.Last() >= p.High() {
					return fmt.Errorf("batch [%d, %d] in a read from %d", b.Base, b.Last(), at)
				}
			}
			at = next
			return err
		})
		busy(func(int) error {
			if _, err := p.OffsetAt(testTime, ReadCommitted); err != nil {
				return err
			}
			_, err := p.MaxTime()
			p.Producers()
			p.Size()
			return err
		})
	}
	busy(func(i int) error {
		if err := l.Write(Write{Puts: []Put{{TableOffsets, fmt.Sprint(i % 10), []byte(fmt.Sprint(i))}}}); err != nil {
			return err
		}
		return l.Wait(context.Background())
	})
	busy(func(i int) error {
		fresh, err := l.CreateTopic(fmt.Sprint("t", i), TopicID{1, byte(i >> 8), byte(i)}, 2, nil)
		if err != nil {
			return err
		}
		if _, err := fresh.Partition(1).Append(plain("x"), AppendOptions{Now: testTime}); err != nil {
			return err
		}
		if err := l.DeleteTopic(fresh.ID()); err != nil {
			return err
		}
		return l.Wait(context.Background())
	})
	wg.Wait()
	after := disk.CrashClone(vfs.CrashCloneCfg{})
	close(stop)
	others.Wait()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = open(t, after)
	for n := range acked {
		p := l.Topics().ByName("a").Partition(int32(n % 3))
		for seq, offset := range acked[n] {
			c, err := p.Read(offset, 1, ReadUncommitted, nil)
			if err != nil {
				t.Fatal(err)
			}
			b, ok, err := record.Parse(c.Batches)
			if err != nil || !ok || b.Base != offset || b.Producer != int64(n) || b.Sequence != int32(seq) || b.Check() != nil {
				t.Fatalf("producer %d, sequence %d, offset %d: %+v, %v", n, seq, offset, b, err)
			}
		}
		if a, err := p.Append(of(int64(n), 0, rounds-1, "again"), AppendOptions{Now: testTime}); err != nil || !a.Duplicate {
			t.Fatal("the last batch is not known any more:", a, err)
		}
	}
	if _, err := l.Topics().ByName("a").Partition(0).Read(1<<40, 1, ReadUncommitted, nil); !errors.Is(err, ErrOutOfRange) {
		t.Fatal(err)
	}
}
