package broker

import (
	"strings"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// txnOffsetCommit keeps offsets until the transaction's end.
func (b *Broker) txnOffsetCommit(c *call, q *kmsg.TxnOffsetCommitRequest) {
	r := kmsg.NewPtrTxnOffsetCommitResponse()
	offsets := b.txnOffsets(q, r)
	all := func(code int16) {
		for i := range r.Topics {
			for j := range r.Topics[i].Partitions {
				if p := &r.Topics[i].Partitions[j]; p.ErrorCode == 0 {
					p.ErrorCode = code
				}
			}
		}
	}
	err := b.keepTxnOffsets(q, offsets)
	if err == kerr.ProducerFenced { //nolint:errorlint // our own value
		err = kerr.InvalidProducerEpoch // Kafka: the group coordinator never answers the other
	}
	if err != nil {
		all(code(err))
		c.answer(r)
		return
	}
	b.durable(c, r, all)
}

// txnOffsets are the offsets that can be kept; r gets an entry for each, good or bad.
func (b *Broker) txnOffsets(q *kmsg.TxnOffsetCommitRequest, r *kmsg.TxnOffsetCommitResponse) (offsets []committed) {
	now := b.txns.now()
	for _, t := range q.Topics {
		out := kmsg.NewTxnOffsetCommitResponseTopic()
		out.Topic = t.Topic
		topic := b.store.Topics().ByName(t.Topic)
		for _, in := range t.Partitions {
			p := kmsg.NewTxnOffsetCommitResponseTopicPartition()
			p.Partition = in.Partition
			o := committed{Partition: in.Partition, Offset: in.Offset, LeaderEpoch: in.LeaderEpoch, Time: now}
			if in.Metadata != nil {
				o.Metadata = strings.Clone(*in.Metadata)
			}
			const leaderEpochFrom = 2
			if q.Version < leaderEpochFrom {
				o.LeaderEpoch = -1
			}
			switch {
			case partitionOf(topic, in.Partition) == nil:
				p.ErrorCode = kerr.UnknownTopicOrPartition.Code
			case len(o.Metadata) > b.groups.cfg.maxMetadata:
				p.ErrorCode = kerr.OffsetMetadataTooLarge.Code
			default:
				o.Topic, o.TopicID = topic.Name(), topic.ID()
				offsets = append(offsets, o)
			}
			out.Partitions = append(out.Partitions, p)
		}
		r.Topics = append(r.Topics, out)
	}
	return offsets
}

// keepTxnOffsets adds the offsets to the transaction. From version 5 that adds the group too.
func (b *Broker) keepTxnOffsets(q *kmsg.TxnOffsetCommitRequest, offsets []committed) error {
	const (
		memberFrom    = 3
		abortableFrom = 4
		implicitFrom  = 5
	)
	if q.Group == "" {
		return kerr.InvalidGroupID
	}
	if len(offsets) == 0 {
		return nil
	}
	t, err := b.txns.check(q.TransactionalID, q.ProducerID, q.ProducerEpoch)
	if err != nil {
		return err
	}
	defer t.mu.Unlock()
	if _, in := t.groups[q.Group]; !in && q.Version < implicitFrom {
		return notAdded(q.Version, abortableFrom)
	}
	generation, member, instance := int32(-1), "", (*string)(nil)
	if q.Version >= memberFrom {
		generation, member, instance = q.Generation, q.MemberID, q.InstanceID
	}
	if err := b.checkTxnCommit(q.Group, generation, member, instance, offsets); err != nil {
		return err
	}
	if err := b.txns.add(t, nil, map[string][]committed{q.Group: offsets}); err != nil {
		return err
	}
	b.markPending(strings.Clone(q.Group), q.ProducerID, offsets)
	return nil
}
