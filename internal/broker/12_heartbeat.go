package broker

import (
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// heartbeat keeps a member of a classic group alive and tells it of a rebalance.
func heartbeat(b *Broker, c *call, q *kmsg.HeartbeatRequest) kmsg.Response {
	r := kmsg.NewPtrHeartbeatResponse()
	r.ErrorCode = code(b.groups.heartbeat(q))
	return r
}

func (c *groups) heartbeat(q *kmsg.HeartbeatRequest) error {
	if q.Group == "" {
		return kerr.InvalidGroupID
	}
	g := c.lock(q.Group)
	if g == nil {
		return kerr.UnknownMemberID
	}
	defer g.mu.Unlock()
	if g.modern != nil {
		return g.heartbeatConsumer(q)
	}
	cl := g.classic
	if err := cl.validate(q.MemberID, q.InstanceID); err != nil {
		return err
	}
	switch {
	case q.Generation != cl.generation:
		return kerr.IllegalGeneration
	case cl.state == stateEmpty:
		return kerr.UnknownMemberID
	}
	g.heard(cl.members[q.MemberID])
	if cl.state == statePreparing {
		return kerr.RebalanceInProgress
	}
	return nil
}
