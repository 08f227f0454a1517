package broker

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// txnScript sends the requests of a transactional producer.
type txnScript struct {
	*script
	id string
}

func (s txnScript) init(version int16, id *string, timeout int32, producer int64, epoch int16) *kmsg.InitProducerIDResponse {
	r := kmsg.NewPtrInitProducerIDRequest()
	r.TransactionalID, r.TransactionTimeoutMillis, r.ProducerID, r.ProducerEpoch = id, timeout, producer, epoch
	return s.say(fmt.Sprintf("InitProducerId %d: epoch %d", version, epoch), r, version).(*kmsg.InitProducerIDResponse)
}

// fresh is a new epoch of the transactional id.
func (s txnScript) fresh(version int16) (producer int64, epoch int16) {
	r := s.init(version, &s.id, 60_000, -1, -1)
	return r.ProducerID, r.ProducerEpoch
}

func (s txnScript) end(version int16, producer int64, epoch int16, commit bool) *kmsg.EndTxnResponse {
	r := kmsg.NewPtrEndTxnRequest()
	r.TransactionalID, r.ProducerID, r.ProducerEpoch, r.Commit = s.id, producer, epoch, commit
	resp := s.say(fmt.Sprintf("EndTxn %d: epoch %d commit %v", version, epoch, commit), r, version).(*kmsg.EndTxnResponse)
	s.settle()
	return resp
}

// settle lets Kafka write its markers, which it does after the answer.
func (s txnScript) settle() {
	if s.real {
		time.Sleep(250 * time.Millisecond)
	}
}

func (s txnScript) add(version int16, producer int64, epoch int16, topic string, parts ...int32) int16 {
	r := kmsg.NewPtrAddPartitionsToTxnRequest()
	r.TransactionalID, r.ProducerID, r.ProducerEpoch = s.id, producer, epoch
	r.Topics = []kmsg.AddPartitionsToTxnRequestTopic{{Topic: topic, Partitions: parts}}
	resp := s.say(fmt.Sprintf("AddPartitionsToTxn %d: epoch %d %s %v", version, epoch, topic, parts), r, version)
	return resp.(*kmsg.AddPartitionsToTxnResponse).Topics[0].Partitions[0].ErrorCode
}

func (s txnScript) addGroup(version int16, producer int64, epoch int16, group string) {
	r := kmsg.NewPtrAddOffsetsToTxnRequest()
	r.TransactionalID, r.ProducerID, r.ProducerEpoch, r.Group = s.id, producer, epoch, group
	s.say(fmt.Sprintf("AddOffsetsToTxn %d: epoch %d %s", version, epoch, group), r, version)
}

func (s txnScript) offsets(version int16, producer int64, epoch int16, group, topic string, part int32) int16 {
	r := kmsg.NewPtrTxnOffsetCommitRequest()
	r.TransactionalID, r.ProducerID, r.ProducerEpoch, r.Group, r.Generation = s.id, producer, epoch, group, -1
	r.Topics = []kmsg.TxnOffsetCommitRequestTopic{{Topic: topic, Partitions: []kmsg.TxnOffsetCommitRequestTopicPartition{{Partition: part, Offset: 7, LeaderEpoch: -1, Metadata: kmsg.StringPtr("m")}}}}
	resp := s.say(fmt.Sprintf("TxnOffsetCommit %d: epoch %d %s %s-%d", version, epoch, group, topic, part), r, version)
	return resp.(*kmsg.TxnOffsetCommitResponse).Topics[0].Partitions[0].ErrorCode
}

func (s txnScript) produce(version int16, id *string, producer int64, epoch int16, sequence int32, topic string, part int32) int16 {
	r := kmsg.NewPtrProduceRequest()
	r.TransactionID, r.Acks, r.TimeoutMillis = id, -1, 5000
	r.Topics = []kmsg.ProduceRequestTopic{{Topic: topic, Partitions: []kmsg.ProduceRequestTopicPartition{{Partition: part, Records: txnBatch(producer, epoch, sequence)}}}}
	r.SetVersion(version)
	resp := s.peer.ask(r).(*kmsg.ProduceResponse)
	p := resp.Topics[0].Partitions[0]
	s.note(fmt.Sprintf("Produce %d: epoch %d sequence %d %s-%d: %d at %d", version, epoch, sequence, topic, part, p.ErrorCode, p.BaseOffset))
	return p.ErrorCode
}

func (s txnScript) describe() kmsg.DescribeTransactionsResponseTransactionState {
	r := kmsg.NewPtrDescribeTransactionsRequest()
	r.TransactionalIDs = []string{s.id}
	return s.say("DescribeTransactions", r, 0).(*kmsg.DescribeTransactionsResponse).TransactionStates[0]
}

func (s txnScript) producers(topic string) {
	r := kmsg.NewPtrDescribeProducersRequest()
	r.Topics = []kmsg.DescribeProducersRequestTopic{{Topic: topic, Partitions: []int32{0, 1, 7}}, {Topic: "nosuch", Partitions: []int32{0}}}
	s.say("DescribeProducers", r, 0)
}

// txnBatch is a transactional batch of one record.
func txnBatch(producer int64, epoch int16, sequence int32) []byte {
	record := []byte{14, 0, 0, 0, 1, 2, 'v', 0}
	b := make([]byte, 61)
	put32, put64 := binary.BigEndian.PutUint32, binary.BigEndian.PutUint64
	put32(b[8:], uint32(61+len(record)-12))
	b[16] = 2
	binary.BigEndian.PutUint16(b[21:], 1<<4)
	now := uint64(time.Now().UnixMilli())
	put64(b[27:], now)
	put64(b[35:], now)
	put64(b[43:], uint64(producer))
	binary.BigEndian.PutUint16(b[51:], uint16(epoch))
	put32(b[53:], uint32(sequence))
	put32(b[57:], 1)
	b = append(b, record...)
	put32(b[17:], crc32.Checksum(b[21:], crc32.MakeTable(crc32.Castagnoli)))
	return b
}

// ready makes the topic, and lets Kafka make its own ones.
func (s txnScript) ready() {
	if s.real {
		for _, kind := range []int8{0, 1} {
			f := kmsg.NewPtrFindCoordinatorRequest()
			f.SetVersion(4)
			f.CoordinatorType, f.CoordinatorKeys = kind, []string{"x"}
			for s.peer.ask(f).(*kmsg.FindCoordinatorResponse).Coordinators[0].ErrorCode != 0 {
				time.Sleep(200 * time.Millisecond)
			}
		}
		i := kmsg.NewPtrInitProducerIDRequest()
		for s.peer.ask(i).(*kmsg.InitProducerIDResponse).ErrorCode != 0 {
			time.Sleep(200 * time.Millisecond)
		}
		time.Sleep(5 * time.Second) // until it has loaded them
	}
	createTopics(s.script, "for transactions", 4, false, newTopic{name: "tx", partitions: 2, factor: 1})
}

func playTxns(script *script) {
	s := txnScript{script, "first"}
	s.ready()
	playInit(s)
	playOlder(txnScript{script, "older"})
	playNewer(txnScript{script, "newer"})
	playFenced(txnScript{script, "fenced"})
	playMarkers(txnScript{script, "markers"})
	l := kmsg.NewPtrListTransactionsRequest()
	l.DurationFilterMillis = -1
	s.say("ListTransactions", l, 1)
	l.StateFilters = []string{"Nonsense", "Empty"}
	s.say("ListTransactions by state", l, 1)
	l.StateFilters, l.DurationFilterMillis = nil, 100_000_000
	s.say("ListTransactions by duration", l, 1)
}

func playInit(s txnScript) {
	s.init(0, nil, 0, -1, -1)
	s.init(4, nil, 0, 77, 3)
	s.init(4, kmsg.StringPtr(""), 1000, -1, -1)
	s.init(4, &s.id, 1000, 5, -1)
	s.init(4, &s.id, 1000, -1, 5)
	for _, timeout := range []int32{0, -5, 3_600_001} {
		s.init(4, &s.id, timeout, -1, -1)
	}
	p, _ := s.fresh(4)
	s.describe()
	s.init(4, &s.id, 60_000, p, 0)
	s.init(4, &s.id, 60_000, p, 0)
	s.init(4, &s.id, 60_000, p, 5)
	s.init(3, &s.id, 60_000, p, 5)
	s.init(4, &s.id, 60_000, p+1000, 1)
	s.fresh(4)
	s.init(4, &s.id, 60_000, p, 0)
	s.init(4, kmsg.StringPtr("unknown before"), 60_000, 123, 7)
}

func playOlder(s txnScript) {
	p, _ := s.fresh(2)
	s.end(4, p, 0, true)
	s.end(4, p, 0, false)
	s.produce(9, &s.id, p, 0, 0, "tx", 0)
	s.produce(11, &s.id, p, 0, 0, "tx", 0)
	s.produce(9, nil, p, 0, 0, "tx", 0)
	s.produce(9, kmsg.StringPtr("other"), p, 0, 0, "tx", 0)
	s.add(3, p, 0, "tx", 0)
	s.add(3, p, 0, "tx", 0)
	s.add(3, p, 0, "nosuch", 0)
	s.add(3, p, 0, "tx", 0, 5)
	s.add(1, p, 1, "tx", 0)
	s.add(2, p, 1, "tx", 0)
	s.add(2, p+1000, 0, "tx", 0)
	s.add(2, -1, -1, "tx", 0)
	s.add(2, p, 0, "__consumer_offsets", 0)
	txnScript{s.script, ""}.add(2, p, 0, "tx", 0)
	txnScript{s.script, "nobody"}.add(2, p, 0, "tx", 0)
	s.produce(9, &s.id, p, 0, 0, "tx", 0)
	s.produce(9, &s.id, p, 0, 0, "tx", 0) // again: a duplicate
	s.produce(9, &s.id, p, 0, 0, "tx", 1)
	s.produce(11, &s.id, p, 1, 0, "tx", 0)
	s.produce(12, &s.id, p, 1, 0, "tx", 0)
	s.produce(12, &s.id, p+1000, 0, 0, "tx", 0)
	s.producers("tx")
	s.offsets(3, p, 0, "g", "tx", 0)
	s.offsets(4, p, 0, "g", "tx", 0)
	s.addGroup(0, p, 1, "g")
	s.addGroup(2, p, 1, "g")
	s.addGroup(2, p+1000, 0, "g")
	s.addGroup(3, p, 0, "g")
	s.offsets(0, p, 0, "g", "tx", 0)
	s.offsets(3, p, 0, "g", "tx", 1)
	s.offsets(3, p, 0, "g", "nosuch", 0)
	s.offsets(3, p, 0, "g", "tx", 9)
	s.offsets(3, p, 1, "g", "tx", 0)
	s.offsets(3, p+1000, 0, "g", "tx", 0)
	s.offsets(3, p, 0, "", "tx", 0)
	s.describe()
	s.end(1, p, 1, true)
	s.end(2, p, 1, true)
	s.end(2, p+1000, 0, true)
	txnScript{s.script, "nobody"}.end(2, p, 0, true)
	txnScript{s.script, ""}.end(2, p, 0, true)
	s.end(2, p, 0, true)
	s.describe()
	s.producers("tx")
	s.end(2, p, 0, true)
	s.end(2, p, 0, false)
	s.produce(9, &s.id, p, 0, 1, "tx", 0)
	s.add(3, p, 0, "tx", 0)
	s.produce(9, &s.id, p, 0, 1, "tx", 0)
	s.end(3, p, 0, false)
	s.describe()
	s.end(3, p, 0, false)
	s.end(3, p, 0, true)
}

func playNewer(s txnScript) {
	p, _ := s.fresh(5)
	s.end(5, p, 0, true)
	s.end(5, p, 0, false)
	s.describe()
	s.end(5, p, 0, false)
	s.end(5, p, 0, true)
	s.end(5, p, 1, true)
	s.produce(12, &s.id, p, 1, 0, "tx", 1)
	s.produce(12, &s.id, p, 1, 1, "tx", 1)
	s.offsets(5, p, 1, "g2", "tx", 0)
	s.describe()
	s.end(5, p, 0, true)
	s.end(5, p, 3, true)
	s.end(5, p, 1, true)
	s.producers("tx")
	s.end(5, p, 1, true)
	s.end(5, p, 1, false)
	s.end(5, p, 2, true)
	s.end(4, p, 2, true)
	s.end(4, p, 1, true)
	s.produce(12, &s.id, p, 1, 2, "tx", 1)
	s.produce(12, &s.id, p, 2, 0, "tx", 1)
	s.end(5, p, 2, false)
	s.end(5, p, 2, false)
	s.end(5, p, 3, false)
	s.offsets(5, p, 1, "g3", "tx", 0)
	s.offsets(4, p, 1, "g3", "tx", 0)
	s.produce(12, &s.id, p, 4, 0, "tx", 1)
	s.end(3, p, 4, true) // an older client goes on with the same epoch
	s.add(3, p, 4, "tx", 1)
	s.end(5, p, 4, true)
	s.describe()
}

func playFenced(s txnScript) {
	p, _ := s.fresh(5)
	s.produce(12, &s.id, p, 0, 0, "tx", 1)
	s.fresh(5) // aborts, and asks to come again
	s.settle()
	s.describe()
	s.produce(12, &s.id, p, 0, 1, "tx", 1)
	s.end(5, p, 0, true)
	s.end(5, p, 0, false)
	s.end(4, p, 0, false)
	s.add(3, p, 0, "tx", 1)
	s.init(5, &s.id, 60_000, p, 0)
	s.fresh(5)
	s.init(5, &s.id, 60_000, p, 0)
	s.produce(12, &s.id, p, 2, 0, "tx", 1)
	s.init(5, &s.id, 60_000, p, 2)
	s.settle()
	s.init(5, &s.id, 60_000, p, 2)
	s.init(5, &s.id, 60_000, p, 2)
	s.describe()
}

func playMarkers(s txnScript) {
	p, _ := s.fresh(5)
	s.produce(12, &s.id, p, 0, 0, "tx", 0)
	s.end(5, p, 0, true)
	w := kmsg.NewPtrWriteTxnMarkersRequest()
	m := kmsg.NewWriteTxnMarkersRequestMarker()
	m.ProducerID, m.ProducerEpoch, m.Committed = 987654, 0, true
	m.Topics = []kmsg.WriteTxnMarkersRequestMarkerTopic{{Topic: "tx", Partitions: []int32{0, 8}}, {Topic: "nosuch", Partitions: []int32{0}}}
	w.Markers = []kmsg.WriteTxnMarkersRequestMarker{m}
	s.say("WriteTxnMarkers", w, 1)
	w.Markers[0].ProducerID, w.Markers[0].Topics = p, []kmsg.WriteTxnMarkersRequestMarkerTopic{{Topic: "tx", Partitions: []int32{0}}}
	s.say("WriteTxnMarkers of an old epoch", w, 1)
	w.Markers[0].ProducerEpoch, w.Markers[0].CoordinatorEpoch = 7, -1
	s.say("WriteTxnMarkers of an old coordinator", w, 1)
}

func TestScriptTxns(t *testing.T) { runScript(t, "txns.kafka", playTxns, ownPeer) }
