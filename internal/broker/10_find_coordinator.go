package broker

import (
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Types of coordinators (Kafka: FindCoordinatorRequest.CoordinatorType).
const (
	groupCoordinator = 0
	txnCoordinator   = 1
)

// findCoordinator names this node for every group and transaction.
func findCoordinator(b *Broker, c *call, q *kmsg.FindCoordinatorRequest) kmsg.Response {
	r := kmsg.NewPtrFindCoordinatorResponse()
	keys := q.CoordinatorKeys
	if q.Version < 4 {
		keys = []string{q.CoordinatorKey}
	}
	host, port := b.advertised(c)
	for _, key := range keys {
		k := kmsg.NewFindCoordinatorResponseCoordinator()
		k.Key = key
		if q.CoordinatorType == groupCoordinator || q.CoordinatorType == txnCoordinator {
			k.NodeID, k.Host, k.Port = b.cfg.NodeID, host, port
		} else { // share groups are not served
			k.NodeID, k.Port, k.ErrorCode = -1, -1, kerr.InvalidRequest.Code
			k.ErrorMessage = kmsg.StringPtr("there are coordinators of groups (0) and transactions (1) only")
		}
		r.Coordinators = append(r.Coordinators, k)
	}
	if q.Version < 4 {
		k := r.Coordinators[0]
		r.ErrorCode, r.ErrorMessage, r.NodeID, r.Host, r.Port = k.ErrorCode, k.ErrorMessage, k.NodeID, k.Host, k.Port
		r.Coordinators = nil
	}
	return r
}
