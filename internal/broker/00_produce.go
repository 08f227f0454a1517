package broker

import (
	"errors"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/azud/azud/internal/log"
	"github.com/azud/azud/internal/record"
)

// produce appends record batches. It answers when they are written (acks=1), when they are
// durable (acks=-1), or not at all (acks=0).
func (b *Broker) produce(c *call, req *kmsg.ProduceRequest) {
	a := c.appending()
	a.begin(b, c, req)
	resp := &a.resp
	if req.Acks < -1 || req.Acks > 1 {
		a.refused = kerr.InvalidRequiredAcks
	} else if req.TransactionID != nil {
		a.admit(*req.TransactionID)
	}
	if a.release != nil {
		defer a.release()
	}
	n, failed := 0, false
	for i := range req.Topics {
		t, out := &req.Topics[i], &resp.Topics[i]
		out.Topic, out.TopicID = t.Topic, t.TopicID
		out.Partitions = sized(out.Partitions, len(t.Partitions))
		topic := a.topics[i]
		var count *TopicCounters
		if topic != nil {
			count = b.count.topic(topic.Name())
		}
		for j := range t.Partitions {
			p := &out.Partitions[j]
			*p = kmsg.NewProduceResponseTopicPartition()
			p.Partition = t.Partitions[j].Partition
			err := a.one(topic, &t.Partitions[j], p, count, n)
			n++
			failed = failed || err != nil
		}
	}
	switch {
	case req.Acks == 0:
		c.answer(nil)
		if failed && c.conn != nil { // all that can tell this client; Kafka does so too
			b.log.Debug("a producer with acks=0 failed; connection closed", "client", c.client)
			c.conn.raw.Close() //nolint:errcheck // that is its purpose
		}
	case req.Acks == 1 || len(a.kept) == 0:
		c.answer(resp)
	default:
		b.store.Sync(a.synced)
	}
}

// durable ends a request whose batches the disk has, or does not have for err.
func (a *appending) durable(err error) {
	a.settle(err)
	a.c.answer(&a.resp)
}

// settle takes back what was promised of batches that are written but not durable: the
// journal failed with err, or a partition's own segment.
func (a *appending) settle(journal error) {
	for _, k := range a.kept {
		err := journal
		if err == nil {
			err = k.part.Err()
		}
		if err != nil {
			k.out.ErrorCode, k.out.ErrorMessage = code(err), message(err)
			k.out.BaseOffset, k.out.LogAppendTime, k.out.LogStartOffset = -1, -1, -1
		}
	}
}

// kept is a batch that was written, with its answer.
type kept struct {
	part *log.Partition
	out  *kmsg.ProduceResponseTopicPartition
}

// appending is a produce request on its way into the log.
type appending struct {
	b       *Broker
	c       *call
	req     *kmsg.ProduceRequest
	now     int64
	topics  []*log.Topic // by number in the request; nil where there is none
	refused error        // for all partitions
	gate    []error      // by number of the partition in the request; nil where nothing is transactional
	inTxn   []bool       // the same: the coordinator let it in
	kept    []kept
	release func() // ends what admit keeps from ending; nil if nothing

	resp   kmsg.ProduceResponse
	synced func(error) // durable, bound once
}

func newAppending() *appending {
	a := &appending{}
	a.synced = a.durable
	return a
}

// begin makes room for the answer, and finds the topics: once, for one that is deleted and
// made anew meanwhile must not be admitted as the one and appended to as the other. What was
// used for an earlier request, and cleared by forget, is used again.
func (a *appending) begin(b *Broker, c *call, req *kmsg.ProduceRequest) {
	*a = appending{b: b, c: c, req: req, now: b.cfg.Sys.Clock.Now().UnixMilli(), synced: a.synced,
		topics: a.topics[:0], kept: a.kept[:0],
		resp: kmsg.ProduceResponse{Topics: sized(a.resp.Topics, len(req.Topics))}}
	for i := range req.Topics {
		a.topics = append(a.topics, b.topicBy(req.Topics[i].Topic, req.Topics[i].TopicID))
	}
}

// admit asks the transaction coordinator about the transactional batches, which must be of one
// producer.
//
// Kafka: ReplicaManager.handleProduceAppend.
func (a *appending) admit(txnID string) {
	var (
		parts    []txnPart
		at       []int
		producer int64
		epoch    int16
		n        int
	)
	for i := range a.req.Topics {
		t := &a.req.Topics[i]
		topic := a.topics[i]
		for j := range t.Partitions {
			batch, ok, err := record.Parse(t.Partitions[j].Records)
			if ok && err == nil && batch.Transactional() && partitionOf(topic, t.Partitions[j].Partition) != nil {
				if len(parts) > 0 && (batch.Producer != producer || batch.Epoch != epoch) {
					a.refused = coded{kerr.InvalidProducerIDMapping, "Transactional records contained more than one producer ID"}
					return
				}
				parts = append(parts, txnPart{topic.ID(), topic.Name(), t.Partitions[j].Partition})
				at = append(at, n)
				producer, epoch = batch.Producer, batch.Epoch
			}
			n++
		}
	}
	if len(parts) == 0 {
		return
	}
	const implicitFrom = 12
	errs, done := a.b.admitTxn(a.c, txnID, producer, epoch, parts, a.req.Version >= implicitFrom)
	a.release = done
	a.gate, a.inTxn = make([]error, n), make([]bool, n)
	for i, k := range at {
		a.inTxn[k] = true
		if errs != nil {
			a.gate[k] = errs[i]
		}
	}
}

// one appends the batch of one partition, the n-th of the request, and fills in its answer.
func (a *appending) one(t *log.Topic, in *kmsg.ProduceRequestTopicPartition, out *kmsg.ProduceResponseTopicPartition, count *TopicCounters, n int) error {
	err := a.check(t, in, n)
	var done log.Appended
	p := partitionOf(t, in.Partition)
	shown := err == nil // to the log
	if shown {
		done, err = p.Append(in.Records, log.AppendOptions{Now: a.now, Deferred: a.req.Acks == -1, Txn: a.inTxn != nil && a.inTxn[n]})
	}
	if err != nil {
		err = unlessWhole(err, in.Records)
		if errors.Is(err, log.ErrBatchTooLarge) && len(in.Records) <= p.Settings().MaxMessageBytes {
			err = coded{kerr.RecordListTooLarge, err.Error()} // the topic takes it, its segments do not
		}
		out.ErrorCode, out.BaseOffset = code(err), -1
		out.ErrorMessage = message(err)
		if shown && tellsStart(out.ErrorCode) {
			out.LogStartOffset = p.Start()
		}
		if p != nil && (errors.Is(err, log.ErrNoKey) || errors.Is(err, log.ErrBadTimestamp)) {
			out.ErrorRecords = culprits(in.Records, err, p.Settings(), a.now)
		}
		if count != nil {
			count.FailedIn.Add(1)
		}
		return err
	}
	out.BaseOffset, out.LogAppendTime, out.LogStartOffset = done.Base, done.AppendTime, done.LogStart
	if done.Duplicate && done.AppendTime < 0 { // Kafka tells the batch's time here
		batch, _, _ := record.Parse(in.Records)
		out.LogAppendTime = batch.MaxTime
	}
	a.kept = append(a.kept, kept{p, out})
	if !done.Duplicate {
		count.RecordsIn.Add(done.Next - done.Base)
		count.BytesIn.Add(int64(len(in.Records)))
	}
	return nil
}

// unlessWhole tells batches that arrived damaged from those that were made wrong.
func unlessWhole(err error, raw []byte) error {
	if !errors.Is(err, log.ErrCorruptBatch) {
		return err
	}
	if b, ok, bad := record.Parse(raw); bad == nil && ok && b.Check() == nil {
		return invalidRecord(err.Error())
	}
	return err
}

// message is the text of an error that says more than its code.
func message(err error) *string {
	if k, ok := err.(*kerr.Error); ok && k != nil { //nolint:errorlint // wrapped ones say more
		return nil
	}
	return kmsg.StringPtr(err.Error())
}

// tellsStart reports whether Kafka tells the log's start with an error of Produce
// (ReplicaManager.appendToLocalLog).
func tellsStart(code int16) bool {
	switch code {
	case kerr.InvalidRecord.Code, kerr.InvalidTimestamp.Code, kerr.OutOfOrderSequenceNumber.Code,
		kerr.InvalidProducerEpoch.Code, kerr.UnknownProducerID.Code, kerr.InvalidTxnState.Code:
		return true
	}
	return false
}

// unknown is the error for a topic that does not exist, as the version names topics.
func (a *appending) unknown() error {
	if a.req.Version >= 13 {
		return kerr.UnknownTopicID
	}
	return kerr.UnknownTopicOrPartition
}

// check refuses what need not be shown to the log (ProduceRequest.validateRecords).
func (a *appending) check(t *log.Topic, in *kmsg.ProduceRequestTopicPartition, n int) error {
	switch {
	case a.refused != nil:
		return a.refused
	case t == nil:
		return a.unknown()
	case reserved(t.Name()):
		return kerr.InvalidTopicException
	case partitionOf(t, in.Partition) == nil:
		return kerr.UnknownTopicOrPartition
	case a.gate != nil && a.gate[n] != nil:
		return a.gate[n]
	}
	const magicAt = 16
	records := in.Records
	switch size := record.Size(records); {
	case len(records) > magicAt && records[magicAt] != 2:
		return invalidRecord("only record batches of version 2 are taken")
	case len(records) < record.HeaderSize || size > len(records) || size < record.HeaderSize:
		return invalidRecord("there must be a whole record batch for each partition")
	case size < len(records):
		return invalidRecord("there must be exactly one record batch for each partition")
	}
	const zstdFrom = 7
	switch b, _, _ := record.Parse(records); {
	case b.Codec() == record.Zstd && a.req.Version < zstdFrom:
		return kerr.UnsupportedCompressionType
	case b.Transactional() && a.req.TransactionID == nil:
		return kerr.TransactionalIDAuthorizationFailed
	}
	return nil
}

// coded is an error with Kafka's code and a text of its own.
type coded struct {
	kafka *kerr.Error
	text  string
}

func (e coded) Error() string { return e.text }
func (e coded) Unwrap() error { return e.kafka }

func invalidRecord(text string) error { return coded{kerr.InvalidRecord, text} }

// culprits are the records of a batch for which it was refused (KIP-467); at most a hundred.
func culprits(raw []byte, why error, s *log.Settings, now int64) []kmsg.ProduceResponseTopicPartitionErrorRecord {
	const most = 100
	b, ok, err := record.Parse(raw)
	if !ok || err != nil {
		return nil
	}
	var out []kmsg.ProduceResponseTopicPartitionErrorRecord
	n := int32(-1)
	err = b.Records(&record.Decompressor{}, func(r *record.Record) bool {
		n++
		bad := errors.Is(why, log.ErrNoKey) && r.Key == nil ||
			errors.Is(why, log.ErrBadTimestamp) && (r.Time > now+s.TimestampAfterMs || r.Time < now-s.TimestampBeforeMs)
		if bad {
			e := kmsg.NewProduceResponseTopicPartitionErrorRecord()
			e.RelativeOffset, e.ErrorMessage = n, kmsg.StringPtr(why.Error())
			out = append(out, e)
		}
		return len(out) < most
	})
	if err != nil {
		return nil
	}
	return out
}
