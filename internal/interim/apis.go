package interim

import (
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"
)

// offered are the requests that clients may send: what a single node without access
// control has a use for. kfake knows more, such as telemetry, which makes librdkafka
// print a line for each client.
func offered() []kmsg.Key {
	return []kmsg.Key{
		kmsg.Produce, kmsg.Fetch, kmsg.ListOffsets, kmsg.Metadata,
		kmsg.OffsetCommit, kmsg.OffsetFetch, kmsg.FindCoordinator, kmsg.JoinGroup, kmsg.Heartbeat,
		kmsg.LeaveGroup, kmsg.SyncGroup, kmsg.DescribeGroups, kmsg.ListGroups,
		kmsg.SASLHandshake, kmsg.ApiVersions, kmsg.CreateTopics, kmsg.DeleteTopics, kmsg.DeleteRecords,
		kmsg.InitProducerID, kmsg.OffsetForLeaderEpoch, kmsg.AddPartitionsToTxn, kmsg.AddOffsetsToTxn,
		kmsg.EndTxn, kmsg.TxnOffsetCommit, kmsg.DescribeACLs, kmsg.DescribeConfigs, kmsg.AlterConfigs,
		kmsg.DescribeLogDirs, kmsg.SASLAuthenticate, kmsg.CreatePartitions, kmsg.DeleteGroups,
		kmsg.IncrementalAlterConfigs, kmsg.ListPartitionReassignments, kmsg.OffsetDelete,
		kmsg.DescribeClientQuotas, kmsg.DescribeCluster, kmsg.DescribeProducers,
		kmsg.DescribeTransactions, kmsg.ListTransactions, kmsg.ConsumerGroupHeartbeat,
		kmsg.ConsumerGroupDescribe, kmsg.DescribeTopicPartitions,
	}
}

// versions are those of the newest Kafka, but Produce names topics and does not number
// them: kfake panics on a request for two topic ids that it does not know.
func versions() *kversion.Versions {
	const produceByName, none = 12, -1
	v := kversion.Stable()
	for key := int16(0); key <= kmsg.MaxKey; key++ {
		if !slices.Contains(offered(), kmsg.Key(key)) {
			v.SetMaxKeyVersion(key, none)
		}
	}
	v.SetMaxKeyVersion(int16(kmsg.Produce), produceByName)
	return v
}
