package broker

import (
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// maxPartitions is how many partitions there may be in all, and in one request (Kafka:
// ReplicationControlManager.MAX_PARTITIONS_PER_BATCH).
const maxPartitions = 10_000

// illegalName says in Kafka's words why a topic cannot have a name; "" if it can.
func illegalName(name string) string {
	switch {
	case legalName(name):
		return ""
	case name == "":
		return "Topic name is invalid: the empty string is not allowed"
	case name == "." || name == "..":
		return "Topic name is invalid: '" + name + "' is not allowed"
	case len(name) > maxName:
		return "Topic name is invalid: the length of '" + name + "' is longer than the max allowed length 249"
	}
	return "Topic name is invalid: '" + name + "' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'"
}

// freeName refuses names that are illegal, taken, Kafka's own, or that metrics could not tell
// from another topic's.
func (b *Broker) freeName(name string, planned map[string]bool) error {
	if why := illegalName(name); why != "" {
		return refused(kerr.InvalidTopicException, "%s", why)
	}
	if b.store.Topics().ByName(name) != nil || reserved(name) || planned[name] {
		return refused(kerr.TopicAlreadyExists, "Topic '%s' already exists.", name)
	}
	if !strings.ContainsAny(name, "._") {
		return nil
	}
	same := strings.ReplaceAll(name, ".", "_")
	for _, t := range allTopics(b.store) {
		if strings.ReplaceAll(t.Name(), ".", "_") == same {
			return refused(kerr.InvalidTopicException, "Topic '%s' collides with existing topic: %s", name, t.Name())
		}
	}
	return nil
}

// countPartitions is how many partitions a new topic gets; each has one replica, here.
func (b *Broker) countPartitions(in *kmsg.CreateTopicsRequestTopic) (int, error) {
	if len(in.ReplicaAssignment) > 0 {
		return b.assigned(in)
	}
	switch n := in.NumPartitions; {
	case in.ReplicationFactor < -1 || in.ReplicationFactor == 0:
		return 0, refused(kerr.InvalidReplicationFactor, "Replication factor must be larger than 0, or -1 to use the default value.")
	case n < -1 || n == 0:
		return 0, refused(kerr.InvalidPartitions, "Number of partitions was set to an invalid non-positive value.")
	case in.ReplicationFactor > 1:
		return 0, refused(kerr.InvalidReplicationFactor, "Unable to replicate the partition %d time(s): The target replication factor of %d cannot be reached because only 1 broker(s) are registered or some brokers have all their log directories cordoned.", in.ReplicationFactor, in.ReplicationFactor)
	case n == -1:
		return b.cfg.DefaultPartitions, nil
	default:
		return int(n), nil
	}
}

// assigned checks a manual assignment.
func (b *Broker) assigned(in *kmsg.CreateTopicsRequestTopic) (int, error) {
	if in.ReplicationFactor != -1 {
		return 0, refused(kerr.InvalidRequest, "A manual partition assignment was specified, but replication factor was not set to -1.")
	}
	if in.NumPartitions != -1 {
		return 0, refused(kerr.InvalidRequest, "A manual partition assignment was specified, but numPartitions was not set to -1.")
	}
	n := len(in.ReplicaAssignment)
	seen := map[int32]bool{}
	for _, a := range in.ReplicaAssignment {
		if seen[a.Partition] {
			return 0, refused(kerr.InvalidReplicaAssignment, "Found multiple manual partition assignments for partition %d", a.Partition)
		}
		seen[a.Partition] = true
		if err := b.checkReplicas(a.Replicas); err != nil {
			return 0, err
		}
	}
	for p := range seen {
		if p < 0 || int(p) >= n {
			return 0, refused(kerr.InvalidReplicaAssignment, "partitions should be a consecutive 0-based integer sequence")
		}
	}
	return n, nil
}

// checkReplicas refuses what cannot be the replicas of a partition of this node alone.
func (b *Broker) checkReplicas(replicas []int32) error {
	if len(replicas) == 0 {
		return refused(kerr.InvalidReplicaAssignment, "The manual partition assignment includes an empty replica list.")
	}
	for _, r := range slices.Sorted(slices.Values(replicas)) {
		if r != b.cfg.NodeID {
			return refused(kerr.InvalidReplicaAssignment, "The manual partition assignment includes broker %d, but no such broker is registered.", r)
		}
	}
	if len(replicas) > 1 {
		return refused(kerr.InvalidReplicaAssignment, "The manual partition assignment includes the broker %d more than once.", b.cfg.NodeID)
	}
	return nil
}
