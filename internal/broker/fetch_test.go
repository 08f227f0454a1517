package broker

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

func TestFetchWaitsForRecords(t *testing.T) {
	b := startTest(t)
	p, c := dialRaw(t, b.Addr()), dialRaw(t, b.Addr())
	p.ask(metadataOf(9, "t"))
	q := fetchOf("t", 0, 0)
	q.MaxWaitMillis = 60_000 // longer than the test may take
	c.write(c.frame(q))
	eventually(t, "the fetch waits", func() bool { return b.count.api(keyFetch).Load() == 1 })
	p.ask(produceOf("t", 1, -1, batchOf(t, "elsewhere")))
	p.ask(produceOf("t", 0, -1, batchOf(t, "here")))
	r := c.answer(q, c.id).(*kmsg.FetchResponse)
	if d := r.Topics[0].Partitions[0]; !strings.Contains(string(d.RecordBatches), "here") || d.HighWatermark != 1 {
		t.Fatalf("%+v", d)
	}
	// And for as many bytes as it wants.
	q = fetchOf("t", 0, 0)
	q.MaxWaitMillis, q.MinBytes = 60_000, 500
	c.write(c.frame(q))
	eventually(t, "the fetch waits", func() bool { return b.count.api(keyFetch).Load() == 2 })
	for range 10 {
		p.ask(produceOf("t", 0, -1, batchOf(t, strings.Repeat("x", 50))))
	}
	r = c.answer(q, c.id).(*kmsg.FetchResponse)
	if n := len(r.Topics[0].Partitions[0].RecordBatches); n < 500 {
		t.Fatalf("%d bytes", n)
	}
	// The client may have the answer before the sender has counted it as sent.
	eventually(t, "no bytes are counted any more", func() bool { return b.replying.Load() == 0 })
}

func TestFetchEndsInTime(t *testing.T) {
	b := startTest(t)
	c := dialRaw(t, b.Addr())
	c.ask(metadataOf(9, "t"))
	q := fetchOf("t", 0, 0)
	q.MaxWaitMillis = 30
	if r := c.ask(q).(*kmsg.FetchResponse); r.Topics[0].Partitions[0].ErrorCode != 0 || len(r.Topics[0].Partitions[0].RecordBatches) != 0 {
		t.Fatalf("%+v", r)
	}
}

// TestCloseDoesNotWait closes with fetches that wait for minutes.
func TestCloseDoesNotWait(t *testing.T) {
	b := startTest(t)
	for range 20 {
		c := dialRaw(t, b.Addr())
		c.ask(metadataOf(9, "t"))
		q := fetchOf("t", 0, 0)
		q.MaxWaitMillis = 600_000
		c.write(c.frame(q))
	}
	eventually(t, "all wait", func() bool { return b.count.api(keyFetch).Load() == 20 })
	done := make(chan error, 1)
	go func() { done <- b.Close() }()
	select {
	case err := <-done:
		if err != nil {
			t.Fatal(err)
		}
	case <-testCtx(t).Done():
		t.Fatal("Close waits")
	}
	if n := b.count.Connections.Load(); n != 0 || len(b.Topics()) != 0 {
		t.Fatalf("%d connections, topics %v", n, b.Topics())
	}
}

func TestRequestInProcess(t *testing.T) {
	b := startTest(t)
	ctx := testCtx(t)
	if _, err := b.Request(ctx, metadataOf(9, "t")); err != nil {
		t.Fatal(err)
	}
	r, err := b.Request(ctx, produceOf("t", 0, -1, batchOf(t, "v")))
	if err != nil || r.(*kmsg.ProduceResponse).Topics[0].Partitions[0].ErrorCode != 0 {
		t.Fatalf("%+v, %v", r, err)
	}
	r, err = b.Request(ctx, fetchOf("t", 0, 0))
	if err != nil || len(r.(*kmsg.FetchResponse).Topics[0].Partitions[0].RecordBatches) == 0 {
		t.Fatalf("%+v, %v", r, err)
	}
	if b.replying.Load() != 0 {
		t.Fatal("bytes are still counted")
	}
	q := metadataOf(99)
	if _, err := b.Request(ctx, q); err == nil {
		t.Fatal("a version that is not served was served")
	}
	short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	wait := fetchOf("t", 0, 1)
	wait.MaxWaitMillis = 600_000
	if _, err := b.Request(short, wait); err == nil {
		t.Fatal("the context's end was not heard")
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	cut := fetchOf("t", 0, 0) // finds something, but less than it wants
	cut.MaxWaitMillis, cut.MinBytes = 600_000, 1<<20
	if _, err := b.Request(ended, cut); err == nil {
		t.Fatal("the context's end was not heard")
	}
	refused := false
	b.Send(ctx, fetchOf("t", 0, 0), func(r kmsg.Response, err error) { refused = r == nil && err != nil })
	if !refused {
		t.Fatal("Send takes a fetch")
	}
	if n := b.replying.Load(); n != 0 {
		t.Fatalf("%d bytes are still counted", n)
	}
}

// TestRecreatedTopic has a consumer by topic ids meet another topic under the same name.
func TestRecreatedTopic(t *testing.T) {
	b := startTest(t)
	c := dialRaw(t, b.Addr())
	old := c.ask(metadataOf(12, "t")).(*kmsg.MetadataResponse).Topics[0].TopicID
	if err := b.store.DeleteTopic(old); err != nil {
		t.Fatal(err)
	}
	fresh := c.ask(metadataOf(12, "t")).(*kmsg.MetadataResponse).Topics[0].TopicID
	if old == fresh {
		t.Fatal("the id is the same")
	}
	for id, want := range map[[16]byte]int16{old: kerr.UnknownTopicID.Code, fresh: 0} {
		q := fetchOf("", 0, 0)
		q.SetVersion(17)
		q.Topics[0].TopicID = id
		if r := c.ask(q).(*kmsg.FetchResponse); r.Topics[0].Partitions[0].ErrorCode != want {
			t.Errorf("fetch: error %d, expected %d", r.Topics[0].Partitions[0].ErrorCode, want)
		}
		p := produceOf("", 0, -1, batchOf(t, "v"))
		p.SetVersion(13)
		p.Topics[0].TopicID = id
		if r := c.ask(p).(*kmsg.ProduceResponse); r.Topics[0].Partitions[0].ErrorCode != want {
			t.Errorf("produce: error %d, expected %d", r.Topics[0].Partitions[0].ErrorCode, want)
		}
	}
}

func TestAutoCreate(t *testing.T) {
	var lines logBuffer
	b := startTest(t, logTo(&lines), with(func(c *Config) { c.DefaultPartitions = 2 }))
	c := dialRaw(t, b.Addr())
	code := func(version int16, allow bool, name string) int16 {
		q := metadataOf(version, name)
		q.AllowAutoTopicCreation = allow
		return c.ask(q).(*kmsg.MetadataResponse).Topics[0].ErrorCode
	}
	if got := code(9, false, "orders"); got != kerr.UnknownTopicOrPartition.Code {
		t.Errorf("forbidden: %d", got)
	}
	if got := code(9, true, "orders"); got != 0 {
		t.Errorf("allowed: %d", got)
	}
	if got := code(3, false, "old"); got != 0 { // the version cannot forbid it
		t.Errorf("version 3: %d", got)
	}
	if got := code(9, true, "a b"); got != kerr.InvalidTopicException.Code {
		t.Errorf("illegal: %d", got)
	}
	if got := code(9, true, offsetsTopic); got != kerr.UnknownTopicOrPartition.Code {
		t.Errorf("reserved: %d", got)
	}
	if got := code(9, true, "order"); got != 0 || !strings.Contains(lines.String(), "near=orders") {
		t.Errorf("near: %d\n%s", got, lines.String())
	}
	for _, topic := range b.Topics() {
		if topic.Partitions != 2 {
			t.Errorf("%+v", topic)
		}
	}
	strict := startTest(t, with(func(c *Config) { c.NoAutoCreate = true }))
	c = dialRaw(t, strict.Addr())
	if got := code(9, true, "orders"); got != kerr.UnknownTopicOrPartition.Code {
		t.Errorf("not at all: %d", got)
	}
}

func TestAdvertised(t *testing.T) {
	for _, test := range []struct{ addr, advertised, dial, host string }{
		{"localhost:0", "", "127.0.0.1", "localhost"},
		{"localhost:0", "kafka.example.org:1234", "127.0.0.1", "kafka.example.org"},
		{"127.0.0.1:0", "", "127.0.0.1", "127.0.0.1"},
		{"0.0.0.0:0", "", "127.0.0.1", "localhost"},
		{":0", "", "127.0.0.1", "localhost"},
	} {
		b := startTest(t, withListeners(Listener{Addr: test.addr, Advertised: test.advertised}))
		port := b.Addr()[strings.LastIndex(b.Addr(), ":")+1:]
		c := dialRaw(t, test.dial+":"+port)
		if got := c.ask(metadataOf(9)).(*kmsg.MetadataResponse).Brokers[0]; got.Host != test.host {
			t.Errorf("%+v: %s:%d", test, got.Host, got.Port)
		}
	}
}

func TestClusterIDStays(t *testing.T) {
	disk := onDisk(t)
	id := ""
	for range 2 {
		t.Run("", func(t *testing.T) {
			b := startTest(t, disk)
			r := dialRaw(t, b.Addr()).ask(metadataOf(9)).(*kmsg.MetadataResponse)
			if id == "" {
				id = *r.ClusterID
			}
			if *r.ClusterID != id || len(id) != 22 {
				t.Fatalf("%q, then %q", id, *r.ClusterID)
			}
			if err := client(t, b).Ping(testCtx(t)); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// TestManyConsumers has 20 clients read the same records at once, whole.
func TestManyConsumers(t *testing.T) {
	b := startTest(t)
	ctx := testCtx(t)
	p := client(t, b)
	const n = 2000
	for range n {
		p.Produce(ctx, &kgo.Record{Topic: "t", Value: make([]byte, 1000)}, nil)
	}
	if err := p.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	for range 20 {
		c := client(t, b, kgo.ConsumeTopics("t"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
		go func() {
			for got := 0; got < n; {
				f := c.PollFetches(ctx)
				if err := f.Err(); err != nil {
					done <- err
					return
				}
				got += f.NumRecords()
			}
			done <- nil
		}()
	}
	for range 20 {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
}
