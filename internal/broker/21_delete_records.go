package broker

import (
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// deleteRecords moves log starts up.
func (b *Broker) deleteRecords(c *call, q *kmsg.DeleteRecordsRequest) {
	r := kmsg.NewPtrDeleteRecordsResponse()
	for i := range q.Topics {
		in := &q.Topics[i]
		out := kmsg.NewDeleteRecordsResponseTopic()
		out.Topic = in.Topic
		t := b.store.Topics().ByName(in.Topic)
		for _, want := range in.Partitions {
			p := kmsg.NewDeleteRecordsResponseTopicPartition()
			p.Partition, p.LowWatermark = want.Partition, -1
			part := partitionOf(t, want.Partition)
			switch {
			case part == nil:
				p.ErrorCode = kerr.UnknownTopicOrPartition.Code
			case !t.Settings().Delete: // Kafka: only what retention may delete anyway
				p.ErrorCode = kerr.PolicyViolation.Code
			case want.Offset < -1:
				p.ErrorCode = kerr.OffsetOutOfRange.Code
			default:
				if behind(part) { // up to the end means that of all records that were acknowledged
					b.catchUp(c.ctx)
				}
				start, err := part.DeleteBefore(want.Offset)
				if p.LowWatermark, p.ErrorCode = start, code(err); err != nil {
					p.LowWatermark = -1
				}
			}
			out.Partitions = append(out.Partitions, p)
		}
		r.Topics = append(r.Topics, out)
	}
	b.durable(c, r, func(code int16) {
		for i := range r.Topics {
			for j := range r.Topics[i].Partitions {
				r.Topics[i].Partitions[j].ErrorCode = code
			}
		}
	})
}
