package interim

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/sys"
)

// TestMain lets the test binary be the broker that the kill tests kill.
func TestMain(m *testing.M) {
	if dir := os.Getenv("AZUD_TEST_BROKER_DIR"); dir != "" {
		childBroker(dir, os.Getenv("AZUD_TEST_BROKER_ADDR"))
		return
	}
	os.Exit(m.Run())
}

// logged collects the broker's lines.
type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logged) line(s string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.b.WriteString(s + "\n")
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func startAt(t *testing.T, dir string) (*Broker, *logged) {
	t.Helper()
	l := &logged{}
	b, err := Start(t.Context(), Config{
		Sys: sys.Real(), Addrs: []string{"127.0.0.1:0"}, Dir: dir, Log: l.line, Console: "http://localhost:8080",
	})
	if err != nil {
		t.Fatalf("start: %v", err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return b, l
}

func client(t *testing.T, addr string, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	opts = append([]kgo.Opt{
		kgo.SeedBrokers(addr), kgo.AllowAutoTopicCreation(), kgo.MetadataMinAge(10 * time.Millisecond),
	}, opts...)
	c, err := kgo.NewClient(opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func produce(t *testing.T, c *kgo.Client, topic string, values ...string) {
	t.Helper()
	for _, v := range values {
		r := &kgo.Record{Topic: topic, Key: []byte(v), Value: []byte(v)}
		if err := c.ProduceSync(t.Context(), r).FirstErr(); err != nil {
			t.Fatalf("produce %s: %v", v, err)
		}
	}
}

// readAll returns a topic's committed records, by reading up to the ends seen at first.
func readAll(t *testing.T, addr, topic string) []*kgo.Record {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	adm := kadm.NewClient(client(t, addr))
	starts, err := adm.ListStartOffsets(ctx, topic)
	if err != nil {
		t.Fatal(err)
	}
	ends, err := adm.ListEndOffsets(ctx, topic)
	if err != nil {
		t.Fatal(err)
	}
	c := client(t, addr, kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords())
	left := map[int32]int64{}
	ends.Each(func(o kadm.ListedOffset) {
		if s, _ := starts.Lookup(topic, o.Partition); o.Offset > s.Offset {
			left[o.Partition] = o.Offset
		}
	})
	// Aborted records are not delivered: the markers behind them are, and say how far it went.
	var out []*kgo.Record
	for len(left) > 0 {
		fs := c.PollFetches(ctx)
		if ctx.Err() != nil {
			t.Fatalf("topic %s: still waiting for %v", topic, left)
		}
		fs.EachRecord(func(r *kgo.Record) {
			if !r.Attrs.IsControl() {
				out = append(out, r)
			}
			if r.Offset+1 >= left[r.Partition] {
				delete(left, r.Partition)
			}
		})
	}
	return out
}

func TestCleanRestartKeepsRecordsAndTopics(t *testing.T) {
	dir := t.TempDir()
	b, _ := startAt(t, dir)
	produce(t, client(t, b.Addr()), "sismos", "a", "b", "c")
	got := b.Topics()
	if len(got) != 1 || got[0].Name != "sismos" || got[0].Partitions != 3 || got[0].Records != 3 || got[0].Bytes == 0 || got[0].Internal {
		t.Fatalf("topics: %+v", got)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if got := b.Topics(); got != nil {
		t.Errorf("topics after close: %v", got)
	}
	b, log := startAt(t, dir)
	if n := len(readAll(t, b.Addr(), "sismos")); n != 3 {
		t.Errorf("%d records after a restart, want 3", n)
	}
	if strings.Contains(log.String(), "recovered") {
		t.Errorf("a clean stop was recovered: %s", log)
	}
}

func TestInternalTopicsAndMemory(t *testing.T) {
	b, _ := startAt(t, "")
	produce(t, client(t, b.Addr()), "__azud_epochs", "x")
	if got := b.Topics(); len(got) != 1 || !got[0].Internal {
		t.Errorf("topics: %+v", got)
	}
}

func TestPortInUse(t *testing.T) {
	b, _ := startAt(t, "")
	for _, tc := range []struct{ name, addr, says string }{
		{"a broker", b.Addr(), "another Kafka broker"},
		{"something else", silent(t), "no Kafka broker"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := Start(t.Context(), Config{Sys: sys.Real(), Addrs: []string{tc.addr}})
			text := errs.Render(err)
			if errs.ClassOf(err) != "PORT_IN_USE" || !strings.Contains(text, tc.addr) ||
				!strings.Contains(text, tc.says) || !strings.Contains(text, "--kafka 127.0.0.1:0") {
				t.Errorf("error: %s", text)
			}
		})
	}
}

// silent listens and closes every connection.
func silent(t *testing.T) string {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			c.Close()
		}
	}()
	t.Cleanup(func() { ln.Close(); <-done })
	return ln.Addr().String()
}

func TestBadAddress(t *testing.T) {
	for _, addr := range []string{"nonsense", "127.0.0.1", "203.0.113.7:9092"} {
		if _, err := Start(t.Context(), Config{Sys: sys.Real(), Addrs: []string{addr}}); errs.ClassOf(err) != "ADDRESS_INVALID" {
			t.Errorf("%s: %v", addr, err)
		}
	}
}

func TestBothLoopbacks(t *testing.T) {
	b, err := Start(t.Context(), Config{Sys: sys.Real(), Addrs: []string{"localhost:0"}})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	_, port, _ := net.SplitHostPort(b.Addr())
	if b.Addr() != "127.0.0.1:"+port {
		t.Errorf("advertised %s", b.Addr())
	}
	six := net.JoinHostPort("::1", port)
	if c, err := net.Dial("tcp", six); err == nil {
		c.Close()
		produce(t, client(t, six), "t", "over IPv6")
	} else if ln, err := net.Listen("tcp", "[::1]:0"); err == nil {
		ln.Close()
		t.Errorf("IPv6 exists, but nothing listens on %s", six)
	}
}

func TestDirectoryIsLocked(t *testing.T) {
	dir := t.TempDir()
	startAt(t, dir)
	_, err := Start(t.Context(), Config{Sys: sys.Real(), Addrs: []string{"127.0.0.1:0"}, Dir: dir})
	if errs.ClassOf(err) != "DATA_LOCKED" {
		t.Errorf("second start: %v", err)
	}
}

func TestUnwritableDirectory(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Start(t.Context(), Config{Sys: sys.Real(), Addrs: []string{"127.0.0.1:0"}, Dir: file})
	if errs.ClassOf(err) != "DATA_NOT_WRITABLE" {
		t.Errorf("error: %v", err)
	}
}

func TestGuardClosesWhatIsNoKafka(t *testing.T) {
	b, _ := startAt(t, "")
	frame := func(size uint32, key, version int16) []byte {
		return []byte{byte(size >> 24), byte(size >> 16), byte(size >> 8), byte(size),
			byte(uint16(key) >> 8), byte(key), byte(uint16(version) >> 8), byte(version), 0, 0, 0, 1, 0, 0}
	}
	for name, raw := range map[string][]byte{
		"unknown key":     frame(10, 4000, 0),
		"key of a gap":    frame(10, 54, 0),
		"negative key":    frame(10, -1, 0),
		"version":         frame(10, 3, 99),
		"negative length": frame(1<<31, 3, 0),
		"telemetry":       frame(12, 71, 0),
		"produce by id":   frame(12, 0, 13),
		"huge":            frame(1<<30, 0, 9),
		"big metadata":    frame(64<<20, 3, 9),
		"tiny":            frame(4, 3, 0),
		"TLS":             append([]byte{0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc}, make([]byte, 8)...),
	} {
		t.Run(name, func(t *testing.T) {
			c := dial(t, b.Addr())
			if _, err := c.Write(raw); err != nil {
				t.Fatal(err)
			}
			if got, err := io.ReadAll(c); len(got) > 0 || isTimeout(err) {
				t.Errorf("answered %q, %v", got, err)
			}
		})
	}
	produce(t, client(t, b.Addr()), "t", "still serving")
}

func dial(t *testing.T, addr string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return c
}

func isTimeout(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}

func TestHTTPIsSentToTheConsole(t *testing.T) {
	b, log := startAt(t, "")
	resp, err := http.Get("http://" + b.Addr() + "/")
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(resp.Body)
	resp.Body.Close()
	if resp.StatusCode != 400 || !strings.Contains(string(body), "http://localhost:8080") {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
	if !strings.Contains(log.String(), "the console is at http://localhost:8080") {
		t.Errorf("log: %s", log)
	}
}

// A frame may come byte by byte, and several in one packet.
func TestFramesInPiecesAndTogether(t *testing.T) {
	b, _ := startAt(t, "")
	req := kmsg.NewPtrApiVersionsRequest()
	raw := kmsg.NewRequestFormatter().AppendRequest(nil, req, 7)
	c := dial(t, b.Addr())
	for _, x := range raw {
		if _, err := c.Write([]byte{x}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.Write(append(bytes.Clone(raw), raw...)); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		var head [8]byte
		if _, err := io.ReadFull(c, head[:]); err != nil {
			t.Fatalf("reply %d: %v", i, err)
		}
		n := int(head[0])<<24 | int(head[1])<<16 | int(head[2])<<8 | int(head[3])
		if head[7] != 7 {
			t.Fatalf("reply %d: correlation %v", i, head)
		}
		if _, err := io.CopyN(io.Discard, c, int64(n-4)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestCloseTwiceWithClientsConnected(t *testing.T) {
	b, _ := startAt(t, t.TempDir())
	c := client(t, b.Addr(), kgo.ConsumeTopics("t"))
	produce(t, c, "t", "x")
	began := time.Now()
	if err := errors.Join(b.Close(), b.Close()); err != nil {
		t.Error(err)
	}
	if d := time.Since(began); d > 5*time.Second { // the aim is 1 s; this only finds a hang
		t.Errorf("closing took %v", d)
	}
}

// kfake forgets the offsets of a partition that lost all its records.
func TestOffsetsGoOnAfterAllRecordsWereDeleted(t *testing.T) {
	for _, clean := range []bool{true, false} {
		t.Run(fmt.Sprintf("clean=%v", clean), func(t *testing.T) {
			dir := t.TempDir()
			b, _ := startAt(t, dir)
			adm := kadm.NewClient(client(t, b.Addr()))
			if _, err := adm.CreateTopic(t.Context(), 1, 1, nil, "t"); err != nil {
				t.Fatal(err)
			}
			produce(t, client(t, b.Addr()), "t", "a", "b", "c")
			var cut kadm.Offsets
			cut.Add(kadm.Offset{Topic: "t", Partition: 0, At: 3})
			if resp, err := adm.DeleteRecords(t.Context(), cut); err != nil || resp.Error() != nil {
				t.Fatal(err, resp.Error())
			}
			if err := b.Close(); err != nil {
				t.Fatal(err)
			}
			if !clean {
				asKilled(t, dir)
			}
			b, _ = startAt(t, dir)
			c := client(t, b.Addr())
			r := &kgo.Record{Topic: "t", Value: []byte("d")}
			if err := c.ProduceSync(t.Context(), r).FirstErr(); err != nil {
				t.Fatal(err)
			}
			if r.Offset < 3 {
				t.Errorf("the next record got offset %d, after 3 were given", r.Offset)
			}
			if got := readAll(t, b.Addr(), "t"); len(got) != 1 || string(got[0].Value) != "d" {
				t.Errorf("records: %v", got)
			}
		})
	}
}

// asKilled removes what only a clean stop writes.
func asKilled(t *testing.T, dir string) {
	t.Helper()
	snaps, _ := filepath.Glob(filepath.Join(dir, "partitions", "*", "snapshot.json"))
	for _, f := range append(snaps, filepath.Join(dir, cleanFile)) {
		if err := os.Remove(f); err != nil {
			t.Fatal(err)
		}
	}
}
