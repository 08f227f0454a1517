package broker

import (
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// metadataTopic is the log of Kafka's controllers.
const metadataTopic = "__cluster_metadata"

// describeQuorum tells that this node is the only controller, and is up to date.
func (b *Broker) describeQuorum(c *call, q *kmsg.DescribeQuorumRequest) kmsg.Response {
	const textsFrom = 2
	r := kmsg.NewPtrDescribeQuorumResponse()
	now := b.cfg.Sys.Clock.Now().UnixMilli()
	known := false
	for i := range q.Topics {
		out := kmsg.NewDescribeQuorumResponseTopic()
		out.Topic = q.Topics[i].Topic
		for _, in := range q.Topics[i].Partitions {
			p := kmsg.NewDescribeQuorumResponseTopicPartition()
			p.Partition = in.Partition
			if out.Topic != metadataTopic || in.Partition != 0 {
				p.ErrorCode = kerr.UnknownTopicOrPartition.Code
				p.ErrorMessage = kmsg.StringPtr("This server does not host this topic-partition.")
				out.Partitions = append(out.Partitions, p)
				continue
			}
			known = true
			p.LeaderID, p.LeaderEpoch, p.HighWatermark = b.cfg.NodeID, 1, 1
			voter := kmsg.NewDescribeQuorumResponseTopicPartitionReplicaState()
			voter.ReplicaID, voter.LogEndOffset, voter.LastFetchTimestamp, voter.LastCaughtUpTimestamp = b.cfg.NodeID, 1, now, now
			p.CurrentVoters = append(p.CurrentVoters, voter)
			out.Partitions = append(out.Partitions, p)
		}
		r.Topics = append(r.Topics, out)
	}
	if q.Version >= textsFrom {
		r.ErrorMessage = kmsg.StringPtr("")
	}
	if known {
		host, port := b.advertised(c)
		r.Nodes = append(r.Nodes, kmsg.DescribeQuorumResponseNode{NodeID: b.cfg.NodeID,
			Listeners: []kmsg.DescribeQuorumResponseNodeListener{{Name: "CONTROLLER", Host: host, Port: uint16(port)}}})
	}
	return r
}
