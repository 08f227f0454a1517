package broker

import "github.com/twmb/franz-go/pkg/kmsg"

// listPartitionReassignments tells that there are none: one node has nowhere to move to.
func (b *Broker) listPartitionReassignments(*call, *kmsg.ListPartitionReassignmentsRequest) kmsg.Response {
	return kmsg.NewPtrListPartitionReassignmentsResponse()
}
