package log

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"log/slog"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/azud/azud/internal/record"
	"github.com/azud/azud/internal/sys"
)

// world is a Sys with its own file system.
func world(fs vfs.FS) *sys.Sys {
	s := *sys.Real()
	s.FS, s.Clock = fs, clock{s.Clock}
	return &s
}

type opt func(*Config)

// open opens the log in /log of a file system; what it logs is in the buffer.
func open(t testing.TB, fs vfs.FS, opts ...opt) *Log {
	t.Helper()
	l, err := tryOpen(t, fs, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() }) //nolint:errcheck // closed twice by some
	return l
}

func tryOpen(t testing.TB, fs vfs.FS, opts ...opt) (*Log, error) {
	t.Helper()
	dir := "/log"
	if fs == vfs.Default {
		dir = t.TempDir()
	}
	cfg := Config{Sys: world(fs), Dir: dir, MinFree: -1, JournalBytes: 64 << 10, Log: slog.New(slog.NewTextHandler(logged{t}, nil))}
	for _, o := range opts {
		o(&cfg)
	}
	return Open(context.Background(), cfg)
}

// logged writes to the test's log.
type logged struct{ t testing.TB }

func (l logged) Write(p []byte) (int, error) { l.t.Log(string(bytes.TrimSpace(p))); return len(p), nil }

func id(n byte) TopicID { return TopicID{15: n} }

func create(t testing.TB, l *Log, name string, n byte, partitions int, settings ...string) *Topic {
	t.Helper()
	m := map[string]string{}
	for i := 0; i+1 < len(settings); i += 2 {
		m[settings[i]] = settings[i+1]
	}
	topic, err := l.CreateTopic(name, id(n), partitions, m)
	if err != nil {
		t.Fatal(err)
	}
	wait(t, l)
	return topic
}

func wait(t testing.TB, l *Log) {
	t.Helper()
	if err := l.Wait(context.Background()); err != nil {
		t.Fatal(err)
	}
}

const testTime = 1_700_000_000_000

// batch makes a batch of one record a value.
func batch(head record.Batch, values ...string) []byte {
	var b record.Builder
	b.Begin(head)
	for _, v := range values {
		b.Add(testTime, nil, []byte(v))
	}
	out, err := b.Finish(nil, nil)
	if err != nil {
		panic(err)
	}
	return out
}

func plain(values ...string) []byte { return batch(record.Plain(record.None), values...) }

// of makes a batch of an idempotent producer.
func of(producer int64, epoch int16, seq int32, values ...string) []byte {
	h := record.Plain(record.None)
	h.Producer, h.Epoch, h.Sequence = producer, epoch, seq
	return batch(h, values...)
}

// inTxn makes a batch of a transaction.
func inTxn(producer int64, epoch int16, seq int32, values ...string) []byte {
	h := record.Plain(record.None)
	h.Producer, h.Epoch, h.Sequence, h.Attrs = producer, epoch, seq, record.AttrTxn
	return batch(h, values...)
}

func put(t testing.TB, p *Partition, batches []byte, o ...AppendOptions) Appended {
	t.Helper()
	opts := AppendOptions{Now: testTime, Txn: true}
	if len(o) > 0 {
		opts = o[0]
	}
	a, err := p.Append(batches, opts)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// values reads all that a reader at from sees, as "offset:value".
func values(t testing.TB, p *Partition, from int64, iso Isolation) []string {
	t.Helper()
	var out []string
	for {
		c, err := p.Read(from, 1000, iso, nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(c.Batches) == 0 {
			return out
		}
		aborted := c.Aborted
		active := map[int64]bool{}
		for rest := c.Batches; len(rest) > 0; {
			b, ok, err := record.Parse(rest)
			if !ok || err != nil || b.Check() != nil {
				t.Fatalf("a bad batch at %d: %v", b.Base, err)
			}
			rest = rest[len(b.Raw):]
			for len(aborted) > 0 && aborted[0].First <= b.Last() {
				active[aborted[0].Producer] = true
				aborted = aborted[1:]
			}
			if b.Control() {
				delete(active, b.Producer)
				continue
			}
			if b.Transactional() && active[b.Producer] {
				continue
			}
			if err := b.Records(nil, func(r *record.Record) bool {
				if r.Offset >= from {
					out = append(out, fmt.Sprintf("%d:%s", r.Offset, r.Value))
				}
				return true
			}); err != nil {
				t.Fatal(err)
			}
		}
		from = c.Next
	}
}

// crc renews the CRC of a batch.
func crc(raw []byte) []byte {
	binary.BigEndian.PutUint32(raw[17:], crc32.Checksum(raw[21:], castagnoli))
	return raw
}

// clock stands still at testTime, but waits as long as a real one.
type clock struct{ sys.Clock }

func (clock) Now() time.Time { return time.UnixMilli(testTime) }
