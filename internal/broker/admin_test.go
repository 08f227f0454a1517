package broker

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/azud/azud/internal/log"
)

// TestAdminClient: the life of a topic, as an admin client leads it.
func TestAdminClient(t *testing.T) {
	b := startTest(t, onDisk(t))
	ctx := testCtx(t)
	cl := client(t, b, kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerBatchCompression(kgo.NoCompression()))
	adm := kadm.NewClient(cl)
	days := "1000"
	if r, err := adm.CreateTopic(ctx, 2, 1, map[string]*string{"retention.ms": &days}, "t"); err != nil || r.NumPartitions != 2 || r.ID == (kadm.TopicID{}) {
		t.Fatalf("create: %+v %v", r, err)
	}
	if _, err := adm.UpdatePartitions(ctx, 4, "t"); err != nil {
		t.Fatal(err)
	}
	for p := range 4 {
		r := &kgo.Record{Topic: "t", Partition: int32(p), Value: bytes.Repeat([]byte("x"), 1000)}
		if err := cl.ProduceSync(ctx, r, r).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	dirs, err := adm.DescribeAllLogDirs(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	size := int64(0)
	dirs.Each(func(d kadm.DescribedLogDir) {
		size += d.Size()
		if d.TotalBytes <= 0 || d.UsableBytes <= 0 {
			t.Errorf("the disk has %d bytes, %d usable", d.TotalBytes, d.UsableBytes)
		}
	})
	if size < 8000 {
		t.Errorf("8 records of 1000 bytes take %d", size)
	}
	before := kadm.Offsets{}
	before.AddOffset("t", 0, 1, -1)
	deleted, err := adm.DeleteRecords(ctx, before)
	if err != nil || deleted["t"][0].LowWatermark != 1 {
		t.Errorf("delete records: %+v %v", deleted, err)
	}
	value := "5000"
	if _, err := adm.AlterTopicConfigs(ctx, []kadm.AlterConfig{{Op: kadm.SetConfig, Name: "retention.ms", Value: &value}}, "t"); err != nil {
		t.Fatal(err)
	}
	if got := b.store.Topics().ByName("t").Settings().RetentionMs; got != 5000 {
		t.Errorf("retention.ms is %d", got)
	}
	if r, err := adm.DeleteTopics(ctx, "t"); err != nil || r["t"].Err != nil {
		t.Errorf("delete: %+v %v", r, err)
	}
}

// TestDeletionWakesReaders: whoever waits for records of a topic learns at once that it is gone.
func TestDeletionWakesReaders(t *testing.T) {
	for _, version := range []int16{11, 17} {
		b := startTest(t)
		p := callPeer{t, b}
		createTopics(&script{peer: p, names: map[string]string{}}, "", 4, false, newTopic{name: "t", partitions: 1, factor: 1})
		topic := b.store.Topics().ByName("t")
		r := kmsg.NewPtrFetchRequest()
		r.SetVersion(version)
		r.MaxWaitMillis, r.MinBytes, r.MaxBytes = 60_000, 1, 1<<20
		part := kmsg.NewFetchRequestTopicPartition()
		part.PartitionMaxBytes = 1 << 20
		r.Topics = []kmsg.FetchRequestTopic{{Topic: "t", TopicID: topic.ID(), Partitions: []kmsg.FetchRequestTopicPartition{part}}}
		got := make(chan int16, 1)
		go func() {
			resp, err := b.Request(t.Context(), r)
			if err != nil {
				got <- -1
				return
			}
			got <- resp.(*kmsg.FetchResponse).Topics[0].Partitions[0].ErrorCode
		}()
		time.Sleep(20 * time.Millisecond) // most likely it waits then; either way it must end
		d := kmsg.NewPtrDeleteTopicsRequest()
		d.SetVersion(5)
		d.TopicNames = []string{"t"}
		p.ask(d)
		select {
		case code := <-got:
			if code != kerr.UnknownTopicOrPartition.Code && code != kerr.UnknownTopicID.Code {
				t.Errorf("version %d: %v", version, kerr.ErrorForCode(code))
			}
		case <-testCtx(t).Done():
			t.Fatal("the reader still waits")
		}
	}
}

// TestBrokerSettingsReachTopics: a changed default counts at once, for topics that do not
// override it, and after a restart.
func TestBrokerSettingsReachTopics(t *testing.T) {
	x := newTxnBench(t, map[string]string{"log.retention.hours": "2", "log.roll.hours": "x"})
	s := x.txn("").script
	createTopics(s, "", 4, false, newTopic{name: "own", partitions: 1, factor: 1, configs: [][2]string{{"retention.ms", "1234"}}}, newTopic{name: "default", partitions: 1, factor: 1})
	retention := func(topic string) int64 { return x.b.store.Topics().ByName(topic).Settings().RetentionMs }
	if got := retention("default"); got != 7_200_000 {
		t.Errorf("two hours are %d ms", got)
	}
	incremental(s, "", false, ofBroker, "", change{opSet, "log.retention.ms", "60000"}, change{opSet, "message.max.bytes", "5000"})
	incremental(s, "", true, ofBroker, "", change{opSet, "log.retention.ms", "1"}) // validated only
	for range 2 {
		if got := retention("default"); got != 60_000 {
			t.Errorf("the changed default is %d", got)
		}
		if got := retention("own"); got != 1234 {
			t.Errorf("the override is %d", got)
		}
		if got := x.b.store.Topics().ByName("default").Settings().MaxMessageBytes; got != 5000 {
			t.Errorf("max.message.bytes is %d", got)
		}
		if got := x.part("default", 0).Settings().RetentionMs; got != 60_000 {
			t.Errorf("the partition has %d", got)
		}
		x.restart()
	}
	incremental(x.txn("").script, "", false, ofBroker, "", change{opDel, "log.retention.ms", "null"})
	if got := retention("default"); got != 7_200_000 {
		t.Errorf("taken back it is %d", got)
	}
}

// TestBrokerSettingsShown: what tools look for.
func TestBrokerSettingsShown(t *testing.T) {
	b := startTest(t, with(func(c *Config) { c.Settings = map[string]string{"ssl.keystore.password": "secret"} }))
	r := kmsg.NewPtrDescribeConfigsRequest()
	r.SetVersion(4)
	r.Resources = []kmsg.DescribeConfigsRequestResource{resource(ofBroker, "1")}
	r.IncludeDocumentation, r.IncludeSynonyms = true, true
	resp := callPeer{t, b}.ask(r)
	if bytes.Contains(resp.AppendTo(nil), []byte("secret")) {
		t.Error("a password is shown")
	}
	got := map[string]string{}
	for _, c := range resp.(*kmsg.DescribeConfigsResponse).Resources[0].Configs {
		if c.Value != nil {
			got[c.Name] = *c.Value
		}
		if c.Documentation == nil {
			t.Errorf("%s has no documentation", c.Name)
		}
	}
	for name, want := range map[string]string{"inter.broker.protocol.version": "4.3-IV0", "node.id": "1", "num.partitions": "3",
		"transaction.max.timeout.ms": "3600000", "log.retention.hours": "168", "listeners": "PLAINTEXT://" + b.Addr(), "group.initial.rebalance.delay.ms": "0"} {
		if got[name] != want {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
	}
}

// TestBrokerTable: the table is sorted, its defaults are of their types, and those of topics
// are what the log does by default.
func TestBrokerTable(t *testing.T) {
	last := ""
	topics := map[string]string{}
	for _, s := range log.TopicSettings() {
		topics[s.Name] = s.Default
	}
	for _, s := range brokerTable() {
		if s.name <= last {
			t.Errorf("%s comes after %s", s.name, last)
		}
		last = s.name
		if s.byDefault != unset {
			if err := checkKind(s.name, s.byDefault, s.kind, kerr.InvalidConfig); err != nil {
				t.Error(err)
			}
		}
		if want, ok := topics[s.topic]; s.topic != "" && (!ok || s.byDefault != unset && s.byDefault != want) {
			t.Errorf("%s is %q by default, %s is %q", s.name, s.byDefault, s.topic, want)
		}
		if strings.TrimSpace(s.doc) == "" {
			t.Errorf("%s says nothing", s.name)
		}
	}
}

func TestPartitionsAreLimitedInAll(t *testing.T) {
	b := startTest(t)
	s := &script{peer: callPeer{t, b}, names: map[string]string{}}
	createTopics(s, "", 4, false, newTopic{name: "a", partitions: 1, factor: 1})
	for n, want := range map[int32]*kerr.Error{maxPartitions: kerr.PolicyViolation, maxPartitions - 1: nil} {
		r := kmsg.NewPtrCreateTopicsRequest()
		r.SetVersion(4)
		r.ValidateOnly = true
		topic := kmsg.NewCreateTopicsRequestTopic()
		topic.Topic, topic.NumPartitions, topic.ReplicationFactor = "b", n, 1
		r.Topics = append(r.Topics, topic)
		wantCode(t, s.peer.ask(r).(*kmsg.CreateTopicsResponse).Topics[0].ErrorCode, want)
		c := kmsg.NewPtrCreatePartitionsRequest()
		c.SetVersion(3)
		c.ValidateOnly = true
		c.Topics = []kmsg.CreatePartitionsRequestTopic{{Topic: "a", Count: n + 1}}
		wantCode(t, s.peer.ask(c).(*kmsg.CreatePartitionsResponse).Topics[0].ErrorCode, want)
	}
}
