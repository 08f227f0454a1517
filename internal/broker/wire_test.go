package broker

import (
	"encoding/binary"
	"io"
	"net"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kbin"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/azud/azud/internal/record"
)

// rawClient speaks to a broker frame by frame.
type rawClient struct {
	t  testing.TB
	nc net.Conn
	id int32
}

func dialRaw(t testing.TB, addr string) *rawClient {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	nc.SetDeadline(time.Now().Add(20 * time.Second))
	return &rawClient{t: t, nc: nc}
}

// frame is req as sent; correlation ids count up from 1.
func (c *rawClient) frame(req kmsg.Request) []byte {
	c.id++
	return kmsg.NewRequestFormatter(kmsg.FormatterClientID("raw")).AppendRequest(nil, req, c.id)
}

func (c *rawClient) write(b []byte) {
	c.t.Helper()
	if _, err := c.nc.Write(b); err != nil {
		c.t.Fatal(err)
	}
}

// read is the next frame without its length.
func (c *rawClient) read() ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(c.nc, head[:]); err != nil {
		return nil, err
	}
	b := make([]byte, binary.BigEndian.Uint32(head[:]))
	_, err := io.ReadFull(c.nc, b)
	return b, err
}

// answer reads the next frame into the response of a request.
func (c *rawClient) answer(req kmsg.Request, id int32) kmsg.Response {
	c.t.Helper()
	b, err := c.read()
	if err != nil {
		c.t.Fatal(err)
	}
	r := kbin.Reader{Src: b}
	if got := r.Int32(); got != id {
		c.t.Fatalf("correlation id %d, expected %d", got, id)
	}
	resp := req.ResponseKind()
	resp.SetVersion(req.GetVersion())
	if resp.IsFlexible() && req.Key() != keyAPIVersions {
		kmsg.SkipTags(&r)
	}
	if err := resp.ReadFrom(r.Src); err != nil {
		c.t.Fatal(err)
	}
	return resp
}

// ask sends a request and reads its answer.
func (c *rawClient) ask(req kmsg.Request) kmsg.Response {
	c.t.Helper()
	c.write(c.frame(req))
	return c.answer(req, c.id)
}

// closed fails unless the broker closes the connection without an answer.
func (c *rawClient) closed() {
	c.t.Helper()
	if b, err := c.read(); err == nil {
		c.t.Fatalf("an answer of %d bytes came", len(b))
	} else if ne, ok := err.(net.Error); ok && ne.Timeout() {
		c.t.Fatal("the connection stays open")
	}
}

func metadataOf(version int16, names ...string) *kmsg.MetadataRequest {
	q := kmsg.NewPtrMetadataRequest()
	q.SetVersion(version)
	q.AllowAutoTopicCreation = true
	q.Topics = []kmsg.MetadataRequestTopic{}
	for _, n := range names {
		q.Topics = append(q.Topics, kmsg.MetadataRequestTopic{Topic: kmsg.StringPtr(n)})
	}
	return q
}

// batchOf is a record batch without idempotence.
func batchOf(t testing.TB, values ...string) []byte {
	var b record.Builder
	b.Begin(record.Plain(record.None))
	for _, v := range values {
		b.Add(time.Now().UnixMilli(), nil, []byte(v))
	}
	raw, err := b.Finish(nil, &record.Compressor{})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func produceOf(topic string, partition int32, acks int16, batch []byte) *kmsg.ProduceRequest {
	q := kmsg.NewPtrProduceRequest()
	q.SetVersion(9)
	q.Acks, q.TimeoutMillis = acks, 1000
	p := kmsg.ProduceRequestTopicPartition{Partition: partition, Records: batch}
	q.Topics = []kmsg.ProduceRequestTopic{{Topic: topic, Partitions: []kmsg.ProduceRequestTopicPartition{p}}}
	return q
}

func fetchOf(topic string, partition int32, from int64) *kmsg.FetchRequest {
	q := kmsg.NewPtrFetchRequest()
	q.SetVersion(12)
	q.MaxBytes, q.MinBytes, q.MaxWaitMillis, q.SessionEpoch = 1<<20, 1, 0, -1
	p := kmsg.NewFetchRequestTopicPartition()
	p.Partition, p.FetchOffset, p.PartitionMaxBytes = partition, from, 1<<20
	p.CurrentLeaderEpoch, p.LastFetchedEpoch, p.LogStartOffset = -1, -1, -1
	q.Topics = []kmsg.FetchRequestTopic{{Topic: topic, Partitions: []kmsg.FetchRequestTopicPartition{p}}}
	return q
}

func TestAnswersComeInOrder(t *testing.T) {
	b := startTest(t, onDisk(t))
	c := dialRaw(t, b.Addr())
	c.ask(metadataOf(9, "t"))
	// More than may be in flight, mixed: those that wait for the disk must not be overtaken.
	var all []byte
	var sent []kmsg.Request
	for i := range 60 {
		var q kmsg.Request = produceOf("t", int32(i%3), -1, batchOf(t, "v"))
		switch i % 4 {
		case 1:
			q = metadataOf(9, "t")
		case 2:
			q = fetchOf("t", 0, 0)
		case 3:
			q.(*kmsg.ProduceRequest).Acks = 1
		}
		sent = append(sent, q)
		all = append(all, c.frame(q)...)
	}
	first := c.id - int32(len(sent)) + 1
	c.write(all)
	for i, q := range sent {
		resp := c.answer(q, first+int32(i))
		if p, ok := resp.(*kmsg.ProduceResponse); ok && p.Topics[0].Partitions[0].ErrorCode != 0 {
			t.Fatalf("produce: %+v", p.Topics[0].Partitions[0])
		}
	}
}

func TestNoAnswerWithoutAcks(t *testing.T) {
	b := startTest(t)
	c := dialRaw(t, b.Addr())
	c.ask(metadataOf(9, "t"))
	c.write(c.frame(produceOf("t", 0, 0, batchOf(t, "a", "b"))))
	eventually(t, "two records", func() bool { return b.Topics()[0].Records == 2 })
	c.ask(metadataOf(9, "t")) // the next answer is this one's
	c.write(c.frame(produceOf("no such topic", 0, 0, batchOf(t, "a"))))
	c.closed()
}

func TestUnknownVersionOfApiVersions(t *testing.T) {
	b := startTest(t)
	c := dialRaw(t, b.Addr())
	q := kmsg.NewPtrApiVersionsRequest()
	q.SetVersion(4)
	frame := c.frame(q)
	binary.BigEndian.PutUint16(frame[6:], 99)
	c.write(frame)
	old := kmsg.NewPtrApiVersionsRequest() // version 0
	r := c.answer(old, c.id).(*kmsg.ApiVersionsResponse)
	if r.ErrorCode != kerr.UnsupportedVersion.Code || len(r.ApiKeys) != 1 || r.ApiKeys[0].ApiKey != 18 {
		t.Fatalf("%+v", r)
	}
	q.ClientSoftwareName, q.ClientSoftwareVersion = "raw", "1.0"
	if r := c.ask(q).(*kmsg.ApiVersionsResponse); r.ErrorCode != 0 || r.ApiKeys[0].ApiKey != 0 || r.ApiKeys[0].MinVersion != 0 || r.ApiKeys[0].MaxVersion != 13 {
		t.Fatalf("%+v", r)
	}
}
