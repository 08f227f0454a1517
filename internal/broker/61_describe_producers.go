package broker

import (
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// describeProducers lists what partitions know of producers.
func (b *Broker) describeProducers(_ *call, q *kmsg.DescribeProducersRequest) kmsg.Response {
	r := kmsg.NewPtrDescribeProducersResponse()
	for _, t := range q.Topics {
		out := kmsg.NewDescribeProducersResponseTopic()
		out.Topic = t.Topic
		topic := b.store.Topics().ByName(t.Topic)
		for _, n := range t.Partitions {
			p := kmsg.NewDescribeProducersResponseTopicPartition()
			p.Partition = n
			part := partitionOf(topic, n)
			switch {
			case topic == nil:
				p.ErrorMessage = kmsg.StringPtr("This server does not host this topic-partition.")
				fallthrough
			case part == nil:
				p.ErrorCode = kerr.UnknownTopicOrPartition.Code
			default:
				for _, known := range part.Producers() {
					p.ActiveProducers = append(p.ActiveProducers, kmsg.DescribeProducersResponseTopicPartitionActiveProducer{
						ProducerID: known.ID, ProducerEpoch: int32(known.Epoch), LastSequence: known.LastSequence,
						LastTimestamp: known.LastTime, CoordinatorEpoch: known.CoordinatorEpoch, CurrentTxnStartOffset: known.TxnStart,
					})
				}
			}
			out.Partitions = append(out.Partitions, p)
		}
		r.Topics = append(r.Topics, out)
	}
	return r
}
