package broker

import (
	"bytes"
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/azud/azud/internal/log"
	"github.com/azud/azud/internal/sys"
)

// testSetup is what a test may change before the broker starts.
type testSetup struct {
	broker Config
	store  log.Config
}

// with changes the broker's configuration.
func with(f func(*Config)) func(*testSetup) { return func(s *testSetup) { f(&s.broker) } }

// withStore changes the log's configuration; a Dir makes it durable on the real disk.
func withStore(f func(*log.Config)) func(*testSetup) { return func(s *testSetup) { f(&s.store) } }

// startTest starts a broker on a free loopback port. Its log is in memory unless withStore
// says otherwise. Both are closed when the test ends.
func startTest(t testing.TB, opts ...func(*testSetup)) *Broker {
	t.Helper()
	s := sys.Real()
	mem := *s
	mem.FS = vfs.NewMem()
	quiet := slog.New(slog.DiscardHandler)
	setup := testSetup{
		broker: Config{Sys: s, Log: quiet, Listeners: []Listener{{Addr: "localhost:0"}}},
		store:  log.Config{Sys: &mem, Dir: "/log", Log: quiet, Volatile: true, MinFree: -1},
	}
	for _, o := range opts {
		o(&setup)
	}
	ctx := t.Context()
	store, err := log.Open(ctx, setup.store)
	if err != nil {
		t.Fatal(err)
	}
	setup.broker.Store = store
	b, err := Start(ctx, setup.broker)
	if err != nil {
		store.Close() //nolint:errcheck // the start's error counts
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

// onDisk gives the log a folder of the real disk.
func onDisk(t testing.TB) func(*testSetup) {
	dir := t.TempDir()
	return withStore(func(c *log.Config) { c.Sys, c.Dir, c.Volatile = sys.Real(), dir, false })
}

// client connects to b; it is closed when the test ends.
func client(t testing.TB, b *Broker, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	cl, err := kgo.NewClient(append([]kgo.Opt{
		kgo.SeedBrokers(b.Addr()), kgo.AllowAutoTopicCreation(), kgo.RetryBackoffFn(func(int) time.Duration { return 10 * time.Millisecond }),
		kgo.MetadataMinAge(10 * time.Millisecond),
	}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cl.Close)
	return cl
}

// testCtx ends before the test's own time does.
func testCtx(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// logBuffer keeps log lines, as text.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// logTo makes the broker log into l.
func logTo(l *logBuffer) func(*testSetup) {
	return with(func(c *Config) {
		c.Log = slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
}

// eventually waits until ok, which no event tells of.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it did not happen: %s", what)
		}
	}
}
