package broker

import (
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// electLeaders tells that every partition has its leader.
func (b *Broker) electLeaders(_ *call, q *kmsg.ElectLeadersRequest) kmsg.Response {
	r := kmsg.NewPtrElectLeadersResponse()
	for i := range q.Topics {
		in := &q.Topics[i]
		out := kmsg.NewElectLeadersResponseTopic()
		out.Topic = in.Topic
		t := b.store.Topics().ByName(in.Topic)
		for _, n := range in.Partitions {
			p := kmsg.NewElectLeadersResponseTopicPartition()
			p.Partition, p.ErrorCode = n, kerr.UnknownTopicOrPartition.Code
			text := fmt.Sprintf("No such partition as %s-%d", in.Topic, n)
			switch {
			case t == nil:
				text = "No such topic as " + in.Topic
			case partitionOf(t, n) != nil:
				p.ErrorCode, text = kerr.ElectionNotNeeded.Code, "Leader election not needed for topic partition."
			}
			p.ErrorMessage = &text
			out.Partitions = append(out.Partitions, p)
		}
		r.Topics = append(r.Topics, out)
	}
	return r
}
