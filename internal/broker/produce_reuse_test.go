package broker

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/azud/azud/internal/log"
)

// TestRequestsShareNothing pipelines produce requests of all shapes, whose memory is used in
// turns: each must have the answer that it alone would have.
func TestRequestsShareNothing(t *testing.T) {
	b := startTest(t, withStore(func(c *log.Config) { c.Volatile, c.JournalBytes = false, 1<<20 }))
	if _, err := b.store.CreateTopic("t", newTopicID(b.cfg.Sys.Rand), 20, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := b.store.CreateTopic("u", newTopicID(b.cfg.Sys.Rand), 3, nil); err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(5, 6))
	const connections, requests = 4, 100
	written := map[string]int{}
	for range connections {
		c := dialRaw(t, b.Addr())
		var all []byte
		var sent []*kmsg.ProduceRequest
		for i := range requests {
			q := kmsg.NewPtrProduceRequest()
			q.SetVersion(int16(3 + r.IntN(10)))
			q.Acks, q.TimeoutMillis = 1-2*int16(r.IntN(2)), 1000
			for _, name := range []string{"t", "none", "u", "t"}[r.IntN(3):][:1+r.IntN(2)] {
				topic := kmsg.ProduceRequestTopic{Topic: name}
				for range 1 + r.IntN(3)*r.IntN(9) {
					p := kmsg.ProduceRequestTopicPartition{Partition: int32(r.IntN(5)), Records: batchOf(t, fmt.Sprint(i, "-", len(all)))}
					if r.IntN(5) == 0 {
						p.Records[len(p.Records)-1]++ // a wrong checksum
					}
					topic.Partitions = append(topic.Partitions, p)
				}
				q.Topics = append(q.Topics, topic)
			}
			sent = append(sent, q)
			all = append(all, c.frame(q)...)
		}
		first := c.id - requests + 1
		go c.nc.Write(all) //nolint:errcheck // the answers would not come
		for i, q := range sent {
			resp := c.answer(q, first+int32(i)).(*kmsg.ProduceResponse)
			if len(resp.Topics) != len(q.Topics) {
				t.Fatalf("request %d: %d topics, expected %d", i, len(resp.Topics), len(q.Topics))
			}
			for j, topic := range q.Topics {
				got := resp.Topics[j]
				if got.Topic != topic.Topic || len(got.Partitions) != len(topic.Partitions) {
					t.Fatalf("request %d: %s with %d partitions, expected %s with %d", i, got.Topic, len(got.Partitions), topic.Topic, len(topic.Partitions))
				}
				for k, p := range topic.Partitions {
					want := int16(0)
					switch {
					case topic.Topic == "none" || topic.Topic == "u" && p.Partition > 2:
						want = kerr.UnknownTopicOrPartition.Code
					case broken(p.Records):
						want = kerr.CorruptMessage.Code
					}
					g := got.Partitions[k]
					if g.Partition != p.Partition || g.ErrorCode != want || (g.BaseOffset < 0) != (want != 0) || (want == 0 && g.ErrorMessage != nil) {
						t.Fatalf("request %d, %s: %+v, expected error %d", i, topic.Topic, g, want)
					}
					if want == 0 {
						written[fmt.Sprint(topic.Topic, p.Partition)]++
					}
				}
			}
		}
	}
	for _, topic := range allTopics(b.store) {
		for _, p := range topic.Partitions() {
			if got := int(p.End()); got != written[fmt.Sprint(topic.Name(), p.Index())] {
				t.Errorf("%s-%d has %d records, of which %d were acknowledged", topic.Name(), p.Index(), got, written[fmt.Sprint(topic.Name(), p.Index())])
			}
		}
	}
}

// broken reports whether a batch of batchOf was damaged: its last byte is no number of headers.
func broken(raw []byte) bool { return raw[len(raw)-1] != 0 }

// TestIdleRequestsHoldNothing: what is kept for the next request refers to nothing of the last.
func TestIdleRequestsHoldNothing(t *testing.T) {
	p := &producing{work: newAppending()}
	body := produceOf(strings.Repeat("t", 10), 0, -1, []byte("records")).AppendTo(nil)
	for range 2 {
		p.req.Version = 9
		if err := readProduce(&p.req, body); err != nil {
			t.Fatal(err)
		}
		p.work.resp.Topics = sized(p.work.resp.Topics, 1)
		out := &p.work.resp.Topics[0]
		out.Topic, out.Partitions = p.req.Topics[0].Topic, sized(out.Partitions, 1)
		if !p.forget() {
			t.Fatal("a small request is not used again")
		}
		topic := p.req.Topics[:1][0]
		if topic.Topic != "" || topic.Partitions[:1][0].Records != nil || p.work.resp.Topics[0].Topic != "" {
			t.Fatalf("%+v, %+v", topic, p.work.resp)
		}
	}
	p.req.Topics = make([]kmsg.ProduceRequestTopic, 1)
	p.req.Topics[0].Partitions = make([]kmsg.ProduceRequestTopicPartition, 1000)
	if p.forget() {
		t.Fatal("a large request is kept")
	}
}
