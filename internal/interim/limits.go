package interim

import (
	"slices"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

const (
	// maxName is Kafka's limit, in bytes: a partition's directory must be a file name.
	maxName = 249
	// maxPartitions of one topic: each is a directory to open at the start and to write
	// at the end, so that many more keep the process from stopping in time.
	maxPartitions = 10_000
)

// legalName is Kafka's rule (org.apache.kafka.common.internals.Topic.validate).
func legalName(name string) bool {
	if name == "" || name == "." || name == ".." || len(name) > maxName {
		return false
	}
	for _, c := range []byte(name) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '.', c == '_', c == '-':
		default:
			return false
		}
	}
	return true
}

// limit makes the cluster refuse illegal names and too many partitions, each for its
// topic alone. kfake has no such rules, but a fault answers for one topic: it is asked
// about once, in the request's order, so the illegal names are put first and counted.
// kfake runs the control function and then the request, before any other request.
func limit(c *kfake.Cluster) {
	var (
		current kmsg.Request
		illegal int // names of current still to be refused
	)
	c.ControlKey(int16(kmsg.CreateTopics), func(r kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		current, illegal = r, limitTopics(r.(*kmsg.CreateTopicsRequest))
		return nil, nil, false
	})
	c.Fault(kfake.Fault{
		Keys: []kmsg.Key{kmsg.CreateTopics}, Err: kerr.InvalidTopicException, Count: -1,
		When: func(r kmsg.Request) bool {
			if r != current || illegal == 0 {
				return false
			}
			illegal--
			return true
		},
	})
	c.ControlKey(int16(kmsg.CreatePartitions), func(r kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		topics := r.(*kmsg.CreatePartitionsRequest).Topics
		for i := range topics {
			if topics[i].Count > maxPartitions {
				topics[i].Count = 0 // INVALID_PARTITIONS
			}
		}
		return nil, nil, false
	})
}

// limitTopics puts the illegal names first, says how many they are, and makes kfake
// answer INVALID_PARTITIONS, which it does for none, where there are too many.
func limitTopics(req *kmsg.CreateTopicsRequest) int {
	slices.SortStableFunc(req.Topics, func(a, b kmsg.CreateTopicsRequestTopic) int {
		switch legal := legalName(a.Topic); {
		case legal == legalName(b.Topic):
			return 0
		case legal:
			return 1
		}
		return -1
	})
	illegal := 0
	for i := range req.Topics {
		t := &req.Topics[i]
		if !legalName(t.Topic) {
			illegal++
		}
		if t.NumPartitions < -1 || t.NumPartitions > maxPartitions || len(t.ReplicaAssignment) > maxPartitions {
			t.NumPartitions, t.ReplicaAssignment = 0, nil
		}
	}
	return illegal
}
