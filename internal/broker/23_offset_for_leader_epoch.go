package broker

import (
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// offsetForLeaderEpoch says where an epoch ends: consumers find out by it whether what they
// have read was cut off (KIP-320).
func (b *Broker) offsetForLeaderEpoch(c *call, req *kmsg.OffsetForLeaderEpochRequest) kmsg.Response {
	resp := kmsg.NewPtrOffsetForLeaderEpochResponse()
	for _, t := range req.Topics {
		out := kmsg.NewOffsetForLeaderEpochResponseTopic()
		out.Topic = t.Topic
		topic := b.store.Topics().ByName(t.Topic)
		for _, p := range t.Partitions {
			d := kmsg.NewOffsetForLeaderEpochResponseTopicPartition()
			d.Partition, d.LeaderEpoch, d.EndOffset = p.Partition, -1, -1
			part := partitionOf(topic, p.Partition)
			if part == nil {
				d.ErrorCode = kerr.UnknownTopicOrPartition.Code
			} else if err := checkEpoch(part, p.CurrentLeaderEpoch, true); err != nil {
				d.ErrorCode = code(err)
			} else {
				d.LeaderEpoch, d.EndOffset = part.EpochEnd(p.LeaderEpoch)
			}
			out.Partitions = append(out.Partitions, d)
		}
		resp.Topics = append(resp.Topics, out)
	}
	return resp
}
