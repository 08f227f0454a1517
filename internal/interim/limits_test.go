package interim

import (
	"errors"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

func illegalNames() []string {
	return []string{
		"", ".", "..", "../../x", "a b", "a/b", "<script>", "a\x00b", "a\x1b[2Jb", "é", "a\n",
		strings.Repeat("a", 250), strings.Repeat("a", 300),
	}
}

func TestIllegalNamesAreRefusedAlone(t *testing.T) {
	dir := t.TempDir()
	b, _ := startAt(t, dir)
	longest := strings.Repeat("a", 249)
	adm := kadm.NewClient(client(t, b.Addr()))
	want := map[string]error{"ok": nil, "A.b_c-9": nil, "...": nil, longest: nil}
	names := []string{"ok", "A.b_c-9"}
	for _, n := range illegalNames() {
		names, want[n] = append(names, n), kerr.InvalidTopicException
	}
	got, err := adm.CreateTopics(t.Context(), 1, 1, nil, append(names, "...", longest)...)
	if err != nil {
		t.Fatal(err)
	}
	for n, w := range want {
		if r, ok := got[n]; !ok || !errors.Is(r.Err, w) {
			t.Errorf("topic %.20q: got %v, want %v", n, r.Err, w)
		}
	}
	twice, err := adm.CreateTopics(t.Context(), 1, 1, nil, "..", "later", "..")
	if err != nil || !errors.Is(twice["later"].Err, kerr.InvalidRequest) {
		t.Errorf("a name twice: %v %v", twice["later"].Err, err)
	}
	if r, err := adm.CreateTopic(t.Context(), 1, 1, nil, "later"); err != nil || r.Err != nil {
		t.Errorf("after a refused request: %v %v", r.Err, err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	b, _ = startAt(t, dir)
	if n := len(b.Topics()); n != 5 {
		t.Errorf("%d topics after a restart, want 5: %+v", n, b.Topics())
	}
}

func TestIllegalNamesAreNotMadeByUse(t *testing.T) {
	b, _ := startAt(t, t.TempDir())
	c := client(t, b.Addr(), kgo.UnknownTopicRetries(0))
	req := kmsg.NewPtrMetadataRequest()
	req.AllowAutoTopicCreation = true
	for _, n := range append(illegalNames(), "made") {
		topic := kmsg.NewMetadataRequestTopic()
		topic.Topic = kmsg.StringPtr(n)
		req.Topics = append(req.Topics, topic)
	}
	if _, err := req.RequestWith(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if err := c.ProduceSync(t.Context(), &kgo.Record{Topic: "a b"}).FirstErr(); err == nil {
		t.Error("a record was taken for the topic \"a b\"")
	}
	raw := kmsg.NewPtrProduceRequest()
	raw.Acks, raw.TimeoutMillis = -1, 1000
	raw.Topics = []kmsg.ProduceRequestTopic{{Topic: "../../x", Partitions: []kmsg.ProduceRequestTopicPartition{{}}}}
	if resp, err := raw.RequestWith(t.Context(), c); err == nil && len(resp.Topics) == 1 && resp.Topics[0].Partitions[0].ErrorCode == 0 {
		t.Error("a produce request made ../../x")
	}
	if got := b.Topics(); len(got) != 1 || got[0].Name != "made" {
		t.Errorf("topics: %+v", got)
	}
}

func TestTooManyPartitionsAreRefused(t *testing.T) {
	b, _ := startAt(t, "")
	c := client(t, b.Addr())
	adm := kadm.NewClient(c)
	req := kmsg.NewPtrCreateTopicsRequest()
	for name, n := range map[string]int32{"good": 2, "many": maxPartitions + 1, "huge": 1 << 30, "negative": -2} {
		topic := kmsg.NewCreateTopicsRequestTopic()
		topic.Topic, topic.NumPartitions, topic.ReplicationFactor = name, n, 1
		req.Topics = append(req.Topics, topic)
	}
	assigned := kmsg.NewCreateTopicsRequestTopic()
	assigned.Topic, assigned.NumPartitions, assigned.ReplicationFactor = "assigned", -1, -1
	for p := range int32(maxPartitions + 1) {
		assigned.ReplicaAssignment = append(assigned.ReplicaAssignment,
			kmsg.CreateTopicsRequestTopicReplicaAssignment{Partition: p, Replicas: []int32{0}})
	}
	req.Topics = append(req.Topics, assigned)
	resp, err := req.RequestWith(t.Context(), c)
	if err != nil || len(resp.Topics) != 5 {
		t.Fatalf("%v %+v", err, resp)
	}
	for _, r := range resp.Topics {
		want := kerr.InvalidPartitions.Code
		if r.Topic == "good" {
			want = 0
		}
		if r.ErrorCode != want {
			t.Errorf("topic %s: got code %d, want %d", r.Topic, r.ErrorCode, want)
		}
	}
	for n, want := range map[int]error{3: nil, maxPartitions + 1: kerr.InvalidPartitions} {
		got, err := adm.UpdatePartitions(t.Context(), n, "good")
		if err != nil || !errors.Is(got["good"].Err, want) {
			t.Errorf("%d partitions: got %v %v, want %v", n, got["good"].Err, err, want)
		}
	}
	if got := b.Topics(); len(got) != 1 || got[0].Partitions != 3 {
		t.Errorf("topics: %+v", got)
	}
}
