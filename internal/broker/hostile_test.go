package broker

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// stillWorks fails unless another client is served.
func stillWorks(t testing.TB, b *Broker) {
	t.Helper()
	c := dialRaw(t, b.Addr())
	r := c.ask(metadataOf(9, "good")).(*kmsg.MetadataResponse)
	if r.Topics[0].ErrorCode != 0 {
		t.Fatalf("metadata: %+v", r.Topics)
	}
}

// head8 is the beginning of a frame.
func head8(size uint32, key, version int16) []byte {
	b := binary.BigEndian.AppendUint32(nil, size)
	b = binary.BigEndian.AppendUint16(b, uint16(key))
	return binary.BigEndian.AppendUint16(b, uint16(version))
}

func TestRefusedFrames(t *testing.T) {
	body := func(key, version int16, body ...byte) []byte {
		b := head8(uint32(4+4+3+len(body)), key, version)
		b = append(b, 0, 0, 0, 1, 0, 1, 'c') // correlation id, client id
		return append(b, body...)
	}
	huge := []byte{0xff, 0xff, 0xff, 0xff, 0x0f}
	for _, test := range []struct {
		name  string
		bytes []byte
		line  string // in the log
	}{
		{"http", []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), "HTTP request came to the Kafka port; the console is at http://console"},
		{"tls", []byte{0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3}, "speaks plaintext"},
		{"length 2^31", head8(1<<31, 0, 9), "Produce request of 2147483648 bytes"},
		{"length -1", head8(1<<32-1, 3, 9), "Metadata request of"},
		{"length 101 MiB", head8(101<<20, 0, 9), "Produce request of"},
		{"length 9 MiB of metadata", head8(9<<20, 3, 9), "Metadata request of"},
		{"length 0", head8(0, 18, 0), "of 0 bytes"},
		{"unknown key", head8(100, 999, 0), "key 999"},
		{"key of brokers", head8(100, 4, 0), "key 4 (LeaderAndISR)"},
		{"negative key", head8(100, -5, 0), "key -5"},
		{"old produce", head8(100, 0, 2), "Produce version 2"},
		{"new fetch", head8(100, 1, 99), "Fetch version 99"},
		{"client id beyond the frame", append(head8(10, 3, 1), 0, 0, 0, 1, 0x7f, 0xff), "Metadata version 1"},
		{"no body", append(head8(10, 3, 1), 0, 0, 0, 1, 0xff, 0xff), "Metadata version 1"},
		{"four billion header tags", body(3, 9, huge...), "Metadata version 9"},
		{"four billion topics", body(3, 9, append([]byte{0}, huge...)...), "Metadata version 9"},
		{"two billion topics", body(3, 1, 0x7f, 0xff, 0xff, 0xff), "Metadata version 1"},
		{"four billion tags", body(3, 9, append([]byte{0, 1, 1, 1, 1}, huge...)...), "Metadata version 9"},
		{"a tag longer than the frame", body(3, 9, append([]byte{0, 1, 1, 1, 1, 1, 0}, huge...)...), "Metadata version 9"},
		{"produce of two billion topics", body(0, 3, 0xff, 0xff, 0, 1, 0, 0, 0, 1, 0x7f, 0xff, 0xff, 0xff), "Produce version 3"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var lines logBuffer
			b := startTest(t, logTo(&lines), with(func(c *Config) { c.Console = "http://console" }))
			c := dialRaw(t, b.Addr())
			c.write(test.bytes)
			if test.name == "http" {
				page, _ := io.ReadAll(c.nc)
				if !strings.Contains(string(page), "400 Bad Request") || !strings.Contains(string(page), "http://console") {
					t.Fatalf("a browser sees %q", page)
				}
			} else {
				c.closed()
			}
			eventually(t, "a line that says "+test.line, func() bool { return strings.Contains(lines.String(), test.line) })
			if n := b.count.Malformed.Load(); n != 1 {
				t.Errorf("%d malformed connections are counted", n)
			}
			stillWorks(t, b)
		})
	}
}

func TestTooManyConnections(t *testing.T) {
	var lines logBuffer
	b := startTest(t, logTo(&lines))
	var all []*rawClient
	for range maxConns {
		all = append(all, dialRaw(t, b.Addr()))
	}
	all[maxConns-1].ask(metadataOf(9)) // all are taken: the last one is
	over := dialRaw(t, b.Addr())
	over.closed()
	eventually(t, "the refusal", func() bool { return strings.Contains(lines.String(), "1024 clients are connected") })
	if b.count.Refused.Load() != 1 {
		t.Fatalf("refused: %d", b.count.Refused.Load())
	}
	all[0].ask(metadataOf(9)) // who was here stays
	all[1].nc.Close()
	eventually(t, "a free place", func() bool {
		nc, err := net.Dial("tcp", b.Addr())
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		c := &rawClient{t: t, nc: nc}
		c.write(c.frame(metadataOf(9)))
		_, err = c.read()
		return err == nil
	})
}

// TestClaimsCostNothing has many clients announce the largest request and send little of it.
func TestClaimsCostNothing(t *testing.T) {
	b := startTest(t)
	for range 50 {
		c := dialRaw(t, b.Addr())
		c.write(append(head8(maxRequest, 0, 9), make([]byte, 1000)...))
	}
	used := func() int {
		b.budget.mu.Lock()
		defer b.budget.mu.Unlock()
		return b.budget.used
	}
	eventually(t, "50 frames have begun", func() bool { return used() == 50*firstRead })
	stillWorks(t, b)
	c := dialRaw(t, b.Addr())
	c.ask(metadataOf(9, "t"))
	big := produceOf("t", 0, 1, batchOf(t, strings.Repeat("x", 900<<10)))
	if r := c.ask(big).(*kmsg.ProduceResponse); r.Topics[0].Partitions[0].ErrorCode != 0 {
		t.Fatalf("%+v", r)
	}
}

// TestBudgetIsGivenBack lets clients leave in the middle of large frames, and after them.
func TestBudgetIsGivenBack(t *testing.T) {
	b := startTest(t)
	c := dialRaw(t, b.Addr())
	c.ask(metadataOf(9, "t"))
	for i := range 20 {
		frame := c.frame(produceOf("t", 0, int16(i%3)-1, batchOf(t, strings.Repeat("x", 500<<10))))
		d := dialRaw(t, b.Addr())
		d.write(frame[:len(frame)*(i%5)/4])
		d.nc.Close()
	}
	eventually(t, "nothing is held", func() bool {
		b.budget.mu.Lock()
		defer b.budget.mu.Unlock()
		return b.budget.used == 0 && b.budget.over == nil && b.count.Connections.Load() == 1
	})
}

// TestBudgetLetsOneThrough has frames wait for each other: one may exceed the limit, so that
// all end.
func TestBudgetLetsOneThrough(t *testing.T) {
	g := newBudget(100)
	done := make(chan bool)
	for range 8 {
		go func() {
			var l lease
			ok := true
			for range 9 {
				ok = ok && g.grow(&l, 20)
			}
			g.release(&l)
			done <- ok
		}()
	}
	for range 8 {
		if !<-done {
			t.Fatal("a frame was refused")
		}
	}
	if g.used != 0 || g.over != nil {
		t.Fatalf("held: %d", g.used)
	}
}

// TestSlowReaders has clients ask for much and read nothing.
func TestSlowReaders(t *testing.T) {
	b := startTest(t)
	p := dialRaw(t, b.Addr())
	p.ask(metadataOf(9, "t"))
	for range 40 {
		p.ask(produceOf("t", 0, 1, batchOf(t, strings.Repeat("x", 900<<10))))
	}
	const readers = 30
	for range readers {
		c := dialRaw(t, b.Addr())
		c.nc.(*net.TCPConn).SetReadBuffer(4 << 10)
		q := fetchOf("t", 0, 0)
		q.MaxBytes, q.Topics[0].Partitions[0].PartitionMaxBytes = 1<<30, 1<<30
		for range 3 {
			c.write(c.frame(q))
		}
	}
	eventually(t, "all fetches are under way", func() bool { return b.count.api(keyFetch).Load() >= readers })
	const batch = 1 << 20
	if n := b.replying.Load(); n > maxReplies+readers*batch {
		t.Fatalf("%d bytes wait to be read", n)
	}
	stillWorks(t, b)
	if r := p.ask(fetchOf("t", 0, 3)).(*kmsg.FetchResponse); len(r.Topics[0].Partitions[0].RecordBatches) == 0 {
		t.Fatal("nothing for a client that reads")
	}
}

// TestManySlowReaders has more of them than there is room for: the memory stays bounded, they
// are cut off, and others are served.
func TestManySlowReaders(t *testing.T) {
	b := startTest(t)
	p := dialRaw(t, b.Addr())
	p.ask(metadataOf(9, "t"))
	for range 12 {
		p.ask(produceOf("t", 0, 1, batchOf(t, strings.Repeat("x", 1000<<10))))
	}
	const readers = 300
	for range readers {
		c := dialRaw(t, b.Addr())
		c.nc.(*net.TCPConn).SetReadBuffer(4 << 10)
		q := fetchOf("t", 0, 0)
		q.MaxBytes, q.Topics[0].Partitions[0].PartitionMaxBytes = 1<<30, 1<<30
		for range maxInFlight {
			c.write(c.frame(q))
		}
	}
	eventually(t, "the room is taken", func() bool { return b.replying.Load() > maxReplies })
	served := func() bool {
		if n := b.replying.Load(); n > mostReplies+readers {
			t.Fatalf("%d bytes wait to be read", n)
		}
		r := p.ask(fetchOf("t", 0, 3)).(*kmsg.FetchResponse)
		return len(r.Topics[0].Partitions[0].RecordBatches) > 0
	}
	for range 20 {
		eventually(t, "a client that reads is served", served)
	}
}

// TestReplyRoomIsReserved has fetches that come at once: none may count on what another takes.
func TestReplyRoomIsReserved(t *testing.T) {
	b := &Broker{}
	const n = 200
	replies := make([]*fetchReply, n)
	var wg sync.WaitGroup
	for i := range replies {
		replies[i] = &fetchReply{b: b}
		wg.Go(func() { replies[i].reserve(1 << 30) })
	}
	wg.Wait()
	if got := b.replying.Load(); got > maxReplies+n || got < maxReplies/2 {
		t.Errorf("%d bytes are reserved of %d", got, maxReplies)
	}
	for i, r := range replies {
		if r.held < 1 || r.held > maxReply {
			t.Fatalf("a reply may have %d bytes", r.held)
		}
		if i%2 == 0 {
			r.hold(7) // that much was read
		}
		r.free()
	}
	if got := b.replying.Load(); got != 0 {
		t.Errorf("%d bytes stay reserved", got)
	}
}

// TestFewBytesTakeFewBytes: what is kept of a read must not keep the buffer of a large one.
func TestFewBytesTakeFewBytes(t *testing.T) {
	var p pool
	for _, n := range []int{1, 100, 1000, 1 << 18, 1<<18 + 1, 1 << 20} {
		b := p.get(1 << 20)[:n]
		b[0], b[n-1] = 'a', 'z'
		got := p.fitting(b)
		if len(got) != n || got[n-1] != 'z' || n > 1 && got[0] != 'a' || cap(got) > max(4*n, 1<<minBuf) {
			t.Errorf("%d bytes are kept in %d", n, cap(got))
		}
	}
}

func TestRandomFrames(t *testing.T) {
	b := startTest(t)
	r := rand.New(rand.NewPCG(7, 8))
	for range 300 {
		c := dialRaw(t, b.Addr())
		key, version := int16(r.IntN(80)), int16(r.IntN(20))
		n := r.IntN(200)
		frame := head8(uint32(4+n), key, version)
		for range n {
			frame = append(frame, byte(r.Uint32()>>uint(r.IntN(8))))
		}
		c.write(frame)
		c.nc.Close()
	}
	stillWorks(t, b)
}

// FuzzRequests decodes and serves bodies of every API as they might come.
func FuzzRequests(f *testing.F) {
	r := rand.New(rand.NewPCG(9, 10))
	for key, a := range apis() {
		for version := a.min; version <= a.max; version++ {
			q := kmsg.RequestForKey(key)
			q.SetVersion(version)
			f.Add(key, version, q.AppendTo(nil))
			fill(r, reflect.ValueOf(q).Elem())
			f.Add(key, version, q.AppendTo(nil))
		}
	}
	b := startTest(f)
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	f.Fuzz(func(t *testing.T, key, version int16, body []byte) {
		a, ok := b.apis[key]
		if !ok || version < max(a.min, lowest(key)) || version > a.max {
			return
		}
		req := kmsg.RequestForKey(key)
		req.SetVersion(version)
		c := &conn{b: b, ln: b.listeners[0]}
		q := &call{ctx: ended, req: req, client: "fuzz", host: "/127.0.0.1", user: anonymous, deliver: func(r kmsg.Response) {
			if f, ok := r.(*fetchReply); ok {
				f.appendTo(&outgoing{})
				f.free()
			} else if r != nil {
				r.AppendTo(nil)
			}
		}}
		q.wire.key = key
		if c.decode(q, body) != nil {
			return
		}
		if cost := fmt.Sprintf("%+v", req); len(cost) > 64<<20 {
			t.Fatal("the request is too large")
		}
		a.handle(b, q)
		b.budget.release(&q.wire.lease)
	})
}
