package broker

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/azud/azud/internal/record"
)

// plainPeer leaves out of answers what cannot be the same: addresses, the cluster's id, the
// words of errors.
type plainPeer struct{ peer }

func (p plainPeer) ask(r kmsg.Request) kmsg.Response {
	words := func(s **string) {
		if *s != nil {
			*s = kmsg.StringPtr("words")
		}
	}
	resp := p.peer.ask(r)
	switch r := resp.(type) {
	case *kmsg.MetadataResponse:
		r.Brokers, r.ClusterID = nil, nil
	case *kmsg.ProduceResponse:
		for i := range r.Topics {
			for j := range r.Topics[i].Partitions {
				d := &r.Topics[i].Partitions[j]
				d.ErrorMessage = nil // ours says more often what is wrong
				for k := range d.ErrorRecords {
					words(&d.ErrorRecords[k].ErrorMessage)
				}
			}
		}
	case *kmsg.ApiVersionsResponse:
		r.ApiKeys, r.SupportedFeatures, r.FinalizedFeatures, r.FinalizedFeaturesEpoch = nil, nil, nil, 0
	case *kmsg.SASLAuthenticateResponse:
		words(&r.ErrorMessage)
	}
	return resp
}

// longAgo is when the records of the scripts were made.
const longAgo = 1_700_000_000_000

// batchWith is a record batch whose header is first changed by f.
func batchWith(f func(*record.Batch), values ...string) []byte {
	head := record.Plain(record.None)
	if f != nil {
		f(&head)
	}
	var b record.Builder
	b.Begin(head)
	for i, v := range values {
		key, value, has := strings.Cut(v, "=")
		if !has {
			b.Add(longAgo+int64(i), nil, []byte(v))
		} else {
			b.Add(longAgo+int64(i), []byte(key), []byte(value))
		}
	}
	raw, err := b.Finish(nil, &record.Compressor{})
	if err != nil {
		panic(err)
	}
	return raw
}

// resealed is a batch with changed bytes and a fitting checksum.
func resealed(raw []byte, at int, b byte) []byte {
	raw[at] = b
	binary.BigEndian.PutUint32(raw[17:], crc32.Checksum(raw[21:], crc32.MakeTable(crc32.Castagnoli)))
	return raw
}

func produceTo(s *script, about string, version int16, topic string, id [16]byte, partition int32, acks int16, batch []byte) {
	q := produceOf(topic, partition, acks, batch)
	q.Topics[0].TopicID = id
	s.say("Produce "+about, q, version)
}

// playProduce leaves out what makes Kafka fail (null records, an unknown magic or codec).
func playProduce(s *script) {
	createTopics(s, "for produce", 4, false, newTopic{name: "pd", partitions: 2, factor: 1},
		newTopic{name: "pc", partitions: 1, factor: 1, configs: [][2]string{{"cleanup.policy", "compact"}}},
		newTopic{name: "pl", partitions: 1, factor: 1, configs: [][2]string{{"message.timestamp.type", "LogAppendTime"}}},
		newTopic{name: "ps", partitions: 1, factor: 1, configs: [][2]string{{"max.message.bytes", "200"}}},
		newTopic{name: "pt", partitions: 1, factor: 1, configs: [][2]string{{"message.timestamp.before.max.ms", "1000"}}})
	to := func(about string, version int16, topic string, partition int32, acks int16, batch []byte) {
		produceTo(s, about, version, topic, [16]byte{}, partition, acks, batch)
	}
	for v := int16(3); v <= 12; v++ {
		to(fmt.Sprint("version ", v), v, "pd", 0, -1, batchWith(nil, "a", "b"))
	}
	id := scriptTopicID(s, "pd")
	produceTo(s, "by id", 13, "", id, 1, -1, batchWith(nil, "a"))
	produceTo(s, "by an unknown id", 13, "", [16]byte{1, 2, 3}, 0, -1, batchWith(nil, "a"))
	produceTo(s, "by id, no such partition", 13, "", id, 9, -1, batchWith(nil, "a"))
	to("acks=1", 9, "pd", 0, 1, batchWith(nil, "a"))
	to("acks=2", 9, "pd", 0, 2, batchWith(nil, "a"))
	to("unknown topic", 9, "nosuch", 0, -1, batchWith(nil, "a"))
	to("unknown partition", 9, "pd", 2, -1, batchWith(nil, "a"))
	to("negative partition", 9, "pd", -1, -1, batchWith(nil, "a"))
	to("empty records", 9, "pd", 0, -1, []byte{})
	to("half a batch", 9, "pd", 0, -1, batchWith(nil, "a")[:40])
	to("two batches", 9, "pd", 0, -1, append(batchWith(nil, "a"), batchWith(nil, "b")...))
	broken := batchWith(nil, "a")
	broken[len(broken)-1]++
	to("a wrong checksum", 9, "pd", 0, -1, broken)
	to("magic 1", 9, "pd", 0, -1, resealed(batchWith(nil, "a"), 16, 1))
	to("count too large", 9, "pd", 0, -1, resealed(batchWith(nil, "a"), 60, 5))
	to("last delta too large", 9, "pd", 0, -1, resealed(batchWith(nil, "a"), 26, 5))
	to("zstd in version 6", 6, "pd", 0, -1, batchWith(func(b *record.Batch) { b.Attrs = int16(record.Zstd) }, "a"))
	to("zstd", 7, "pd", 0, -1, batchWith(func(b *record.Batch) { b.Attrs = int16(record.Zstd) }, "a"))
	to("control", 9, "pd", 0, -1, resealed(batchWith(nil, "a"), 22, record.AttrControl))
	to("transactional without an id", 9, "pd", 0, -1, batchWith(func(b *record.Batch) { b.Attrs, b.Producer, b.Epoch, b.Sequence = record.AttrTxn, 77, 0, 0 }, "a"))
	to("a key to the compacted", 9, "pc", 0, -1, batchWith(nil, "k=v", "l=w"))
	to("no key to the compacted", 9, "pc", 0, -1, batchWith(nil, "k=v", "a", "b"))
	to("no key to the compacted, version 7", 7, "pc", 0, -1, batchWith(nil, "a"))
	to("append time", 9, "pl", 0, -1, batchWith(nil, "a"))
	to("too large", 9, "ps", 0, -1, batchWith(nil, strings.Repeat("x", 200)))
	to("too old", 9, "pt", 0, -1, batchWith(nil, "a", "b"))
	seq := func(about string, producer int64, epoch int16, seq int32, n int) {
		to(about, 9, "pd", 1, -1, batchWith(func(b *record.Batch) { b.Producer, b.Epoch, b.Sequence = producer, epoch, seq }, strings.Split(strings.Repeat("x,", n)[:2*n-1], ",")...))
	}
	seq("idempotent", 4711, 0, 0, 2)
	seq("idempotent, next", 4711, 0, 2, 1)
	seq("idempotent, doubled", 4711, 0, 2, 1)
	seq("idempotent, first one doubled", 4711, 0, 0, 2)
	seq("idempotent, gap", 4711, 0, 9, 1)
	seq("idempotent, overlapping", 4711, 0, 1, 2)
	seq("idempotent, new epoch", 4711, 1, 0, 1)
	seq("idempotent, new epoch not from 0", 4711, 2, 5, 1)
	seq("idempotent, old epoch", 4711, 0, 3, 1)
	seq("unknown producer, sequence 5", 4712, 0, 5, 1)
	seq("producer without a sequence", 4714, 0, -1, 1)
}

func scriptTopicID(s *script, name string) [16]byte {
	q := metadataOf(12, name)
	q.AllowAutoTopicCreation = false
	return s.peer.ask(q).(*kmsg.MetadataResponse).Topics[0].TopicID
}

func playFetch(s *script) {
	createTopics(s, "for fetch", 4, false, newTopic{name: "f", partitions: 3, factor: 1})
	for range 3 {
		s.peer.ask(produceOf("f", 0, -1, batchWith(nil, "a", "b")))
	}
	s.peer.ask(produceOf("f", 1, -1, batchWith(nil, strings.Repeat("x", 1000))))
	id := scriptTopicID(s, "f")
	fetch := func(about string, version int16, f func(*kmsg.FetchRequest), parts ...[2]int64) {
		q := fetchOf("f", 0, 0)
		one := q.Topics[0].Partitions[0]
		q.Topics[0].TopicID, q.Topics[0].Partitions = id, nil
		for _, p := range parts {
			one.Partition, one.FetchOffset = int32(p[0]), p[1]
			q.Topics[0].Partitions = append(q.Topics[0].Partitions, one)
		}
		if f != nil {
			f(q)
		}
		s.say("Fetch "+about, q, version)
	}
	each := func(g func(*kmsg.FetchRequestTopicPartition)) func(*kmsg.FetchRequest) {
		return func(q *kmsg.FetchRequest) {
			for i := range q.Topics[0].Partitions {
				g(&q.Topics[0].Partitions[i])
			}
		}
	}
	for v := int16(4); v <= 17; v++ {
		fetch(fmt.Sprint("version ", v), v, nil, [2]int64{0, 2})
	}
	fetch("the middle of a batch", 12, nil, [2]int64{0, 3})
	fetch("the end", 12, nil, [2]int64{0, 6})
	fetch("beyond the end", 12, nil, [2]int64{0, 7})
	fetch("before the start", 12, nil, [2]int64{0, -1})
	fetch("an empty partition", 12, nil, [2]int64{2, 0})
	fetch("no such partition", 12, nil, [2]int64{3, 0})
	fetch("no such partition by id", 13, nil, [2]int64{3, 0})
	fetch("no such topic", 12, func(q *kmsg.FetchRequest) { q.Topics[0].Topic = "nosuch" }, [2]int64{0, 0})
	fetch("no such id", 13, func(q *kmsg.FetchRequest) { q.Topics[0].TopicID[0]++ }, [2]int64{0, 0})
	fetch("one byte", 12, each(func(p *kmsg.FetchRequestTopicPartition) { p.PartitionMaxBytes = 1 }), [2]int64{0, 2})
	fetch("two batches' bytes", 12, each(func(p *kmsg.FetchRequestTopicPartition) { p.PartitionMaxBytes = 154 }), [2]int64{0, 0})
	fetch("one byte in all", 12, func(q *kmsg.FetchRequest) { q.MaxBytes = 1 }, [2]int64{0, 4}, [2]int64{1, 0})
	fetch("read_committed", 12, func(q *kmsg.FetchRequest) { q.IsolationLevel = 1 }, [2]int64{0, 4}, [2]int64{2, 0})
	fetch("good and bad", 12, nil, [2]int64{0, 4}, [2]int64{1, 99}, [2]int64{5, 0})
	fetch("a session that is not", 12, func(q *kmsg.FetchRequest) { q.SessionID, q.SessionEpoch = 4711, 1 }, [2]int64{0, 0})
	fetch("no session, epoch 5", 12, func(q *kmsg.FetchRequest) { q.SessionEpoch = 5 }, [2]int64{0, 0})
	fetch("leader epoch 0", 12, each(func(p *kmsg.FetchRequestTopicPartition) { p.CurrentLeaderEpoch = 0 }), [2]int64{0, 4})
	fetch("leader epoch 1", 12, each(func(p *kmsg.FetchRequestTopicPartition) { p.CurrentLeaderEpoch = 1 }), [2]int64{0, 4})
	fetch("last epoch 0", 12, each(func(p *kmsg.FetchRequestTopicPartition) { p.LastFetchedEpoch = 0 }), [2]int64{0, 4})
	fetch("last epoch 0, beyond the end", 12, each(func(p *kmsg.FetchRequestTopicPartition) { p.LastFetchedEpoch = 0 }), [2]int64{0, 9})
	fetch("last epoch 5", 12, each(func(p *kmsg.FetchRequestTopicPartition) { p.LastFetchedEpoch = 5 }), [2]int64{0, 4})
	fetch("nothing", 12, func(q *kmsg.FetchRequest) { q.Topics = nil })
	del := kmsg.NewPtrDeleteRecordsRequest()
	del.TimeoutMillis = 10000
	del.Topics = []kmsg.DeleteRecordsRequestTopic{{Topic: "f", Partitions: []kmsg.DeleteRecordsRequestTopicPartition{{Partition: 0, Offset: 3}}}}
	s.say("DeleteRecords", del, 2)
	fetch("before the new start", 12, nil, [2]int64{0, 2})
	fetch("from the new start", 12, nil, [2]int64{0, 3})
}

func playOffsets(s *script) {
	createTopics(s, "for offsets", 4, false, newTopic{name: "o", partitions: 2, factor: 1})
	for range 2 {
		s.peer.ask(produceOf("o", 0, -1, batchWith(nil, "a", "b", "c")))
	}
	list := func(about string, version int16, time int64, f func(*kmsg.ListOffsetsRequest), parts ...int32) {
		q := kmsg.NewPtrListOffsetsRequest()
		q.ReplicaID = -1
		t := kmsg.NewListOffsetsRequestTopic()
		t.Topic = "o"
		for _, n := range parts {
			p := kmsg.NewListOffsetsRequestTopicPartition()
			p.Partition, p.Timestamp = n, time
			t.Partitions = append(t.Partitions, p)
		}
		q.Topics = append(q.Topics, t)
		if f != nil {
			f(q)
		}
		s.say("ListOffsets "+about, q, version)
	}
	for v := int16(1); v <= 10; v++ {
		list(fmt.Sprint("latest, version ", v), v, latest, nil, 0, 1)
		list(fmt.Sprint("earliest, version ", v), v, earliest, nil, 0, 1)
		list(fmt.Sprint("greatest time, version ", v), v, maxTimestamp, nil, 0, 1)
		list(fmt.Sprint("earliest local, version ", v), v, earliestLocal, nil, 0, 1)
		list(fmt.Sprint("latest tiered, version ", v), v, latestTiered, nil, 0, 1)
		list(fmt.Sprint("a time, version ", v), v, longAgo+1, nil, 0, 1)
	}
	list("-6", 10, -6, nil, 0)
	list("-99", 10, -99, nil, 0)
	list("time 0", 7, 0, nil, 0)
	list("a time too late", 7, longAgo+3, nil, 0)
	list("read_committed", 7, latest, func(q *kmsg.ListOffsetsRequest) { q.IsolationLevel = 1 }, 0)
	list("no such partition", 7, latest, nil, 7)
	list("no such topic", 7, latest, func(q *kmsg.ListOffsetsRequest) { q.Topics[0].Topic = "nosuch" }, 0)
	list("a partition twice", 7, latest, nil, 0, 0, 1)
	for _, epoch := range []int32{0, 1} {
		list(fmt.Sprint("leader epoch ", epoch), 7, latest, func(q *kmsg.ListOffsetsRequest) { q.Topics[0].Partitions[0].CurrentLeaderEpoch = epoch }, 0)
	}
	for v := int16(2); v <= 4; v++ {
		for _, n := range [][3]int32{{0, -1, 0}, {0, 0, 0}, {0, 1, 0}, {0, -1, 1}, {0, -1, -1}, {9, -1, 0}, {1, -1, 0}} {
			q := kmsg.NewPtrOffsetForLeaderEpochRequest()
			q.ReplicaID = -1
			p := kmsg.NewOffsetForLeaderEpochRequestTopicPartition()
			p.Partition, p.CurrentLeaderEpoch, p.LeaderEpoch = n[0], n[1], n[2]
			q.Topics = []kmsg.OffsetForLeaderEpochRequestTopic{{Topic: "o", Partitions: []kmsg.OffsetForLeaderEpochRequestTopicPartition{p}}}
			s.say(fmt.Sprint("OffsetForLeaderEpoch ", v, " ", n), q, v)
		}
	}
}

func playMetadata(s *script) {
	createTopics(s, "for metadata", 4, false, newTopic{name: "m", partitions: 2, factor: 1}, newTopic{name: "m.dot", partitions: 1, factor: 1})
	ask := func(about string, version int16, f func(*kmsg.MetadataRequest), names ...string) {
		q := metadataOf(version, names...)
		q.AllowAutoTopicCreation = false
		if f != nil {
			f(q)
		}
		s.say("Metadata "+about, q, version)
	}
	for v := int16(0); v <= 13; v++ {
		ask(fmt.Sprint("version ", v), v, nil, "m")
	}
	ask("all", 9, func(q *kmsg.MetadataRequest) { q.Topics = nil })
	ask("none", 9, nil)
	ask("all in version 0", 0, nil)
	ask("unknown", 9, nil, "nosuch", "m")
	ask("illegal", 9, nil, "a b", "", ".", strings.Repeat("x", 250))
	ask("twice", 9, nil, "m", "m")
	ask("authorized operations", 9, func(q *kmsg.MetadataRequest) {
		q.IncludeClusterAuthorizedOperations, q.IncludeTopicAuthorizedOperations = true, true
	}, "m", "nosuch")
	id := scriptTopicID(s, "m")
	ask("by id", 12, func(q *kmsg.MetadataRequest) { q.Topics = []kmsg.MetadataRequestTopic{{TopicID: id}} })
	ask("by an unknown id", 12, func(q *kmsg.MetadataRequest) { q.Topics = []kmsg.MetadataRequestTopic{{TopicID: [16]byte{4, 5}}} })
	ask("by id and name", 12, func(q *kmsg.MetadataRequest) {
		q.Topics = []kmsg.MetadataRequestTopic{{TopicID: id, Topic: kmsg.StringPtr("m")}}
	})
	ask("by id in version 11", 11, func(q *kmsg.MetadataRequest) { q.Topics = []kmsg.MetadataRequestTopic{{TopicID: id}} })
	q := kmsg.NewPtrApiVersionsRequest()
	for _, name := range []string{"ok", "", "-x", "x y", "a.b-c"} {
		q.ClientSoftwareName, q.ClientSoftwareVersion = name, "1"
		s.say(fmt.Sprintf("ApiVersions of %q", name), q, 3)
	}
	h := kmsg.NewPtrSASLHandshakeRequest()
	h.Mechanism = "PLAIN"
	s.say("SaslHandshake without SASL", h, 1)
	s.say("SaslAuthenticate without SASL", kmsg.NewPtrSASLAuthenticateRequest(), 2)
}

func TestScriptData(t *testing.T) {
	runScript(t, "data.kafka", func(s *script) {
		s.peer = plainPeer{s.peer}
		playMetadata(s)
		playProduce(s)
		playFetch(s)
		playOffsets(s)
	}, func(t *testing.T) peer { return dialPeer(startTest(t).Addr()) })
}
