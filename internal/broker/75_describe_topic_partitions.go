package broker

import (
	"slices"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// describeTopicPartitions describes topics in order of name, a limited number of partitions a
// time; the cursor says where the next request goes on.
func (b *Broker) describeTopicPartitions(_ *call, q *kmsg.DescribeTopicPartitionsRequest) kmsg.Response {
	r := kmsg.NewPtrDescribeTopicPartitionsResponse()
	if q.Cursor != nil && q.Cursor.Partition < 0 {
		for _, t := range q.Topics {
			r.Topics = append(r.Topics, b.noPartitions(t.Topic, kerr.InvalidRequest.Code, noOps))
		}
		return r
	}
	left := int(max(min(int64(q.ResponsePartitionLimit), b.settingInt("max.request.partition.size.limit")), 1))
	for _, name := range b.topicsFrom(q) {
		t := b.store.Topics().ByName(name)
		switch {
		case !legalName(name):
			r.Topics = append(r.Topics, b.noPartitions(name, kerr.InvalidTopicException.Code, topicOps))
			continue
		case t == nil:
			r.Topics = append(r.Topics, b.noPartitions(name, kerr.UnknownTopicOrPartition.Code, topicOps))
			continue
		}
		from := 0
		if q.Cursor != nil && q.Cursor.Topic == name {
			from = min(int(q.Cursor.Partition), len(t.Partitions()))
		}
		if left == 0 {
			r.NextCursor = &kmsg.DescribeTopicPartitionsResponseNextCursor{Topic: name, Partition: int32(from)}
			break
		}
		out := b.noPartitions(name, 0, topicOps)
		out.TopicID = t.ID()
		end := min(from+left, len(t.Partitions()))
		for n := from; n < end; n++ {
			p := kmsg.NewDescribeTopicPartitionsResponseTopicPartition()
			p.Partition, p.LeaderID, p.LeaderEpoch = int32(n), b.cfg.NodeID, t.Partitions()[n].LeaderEpoch()
			p.Replicas, p.ISR = []int32{b.cfg.NodeID}, []int32{b.cfg.NodeID}
			p.EligibleLeaderReplicas, p.LastKnownELR = []int32{}, []int32{} // Java takes no null here
			out.Partitions = append(out.Partitions, p)
		}
		left -= end - from
		r.Topics = append(r.Topics, out)
		if end < len(t.Partitions()) {
			r.NextCursor = &kmsg.DescribeTopicPartitionsResponseNextCursor{Topic: name, Partition: int32(end)}
			break
		}
	}
	return r
}

// topicsFrom are the names to describe, from the cursor on.
func (b *Broker) topicsFrom(q *kmsg.DescribeTopicPartitionsRequest) (names []string) {
	for _, t := range q.Topics {
		names = append(names, t.Topic)
	}
	if len(q.Topics) == 0 {
		for _, t := range allTopics(b.store) {
			names = append(names, t.Name())
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	if q.Cursor != nil {
		names = slices.DeleteFunc(names, func(n string) bool { return n < q.Cursor.Topic })
	}
	return names
}

func (b *Broker) noPartitions(name string, code int16, ops int32) kmsg.DescribeTopicPartitionsResponseTopic {
	out := kmsg.NewDescribeTopicPartitionsResponseTopic()
	out.Topic, out.ErrorCode, out.AuthorizedOperations = &name, code, ops
	return out
}
