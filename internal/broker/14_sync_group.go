package broker

import (
	"slices"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// syncGroup answers when the leader has sent the assignment (Kafka: classicGroupSync).
func syncGroup(b *Broker, c *call, q *kmsg.SyncGroupRequest) {
	if q.Group == "" {
		c.answer(syncError(kerr.InvalidGroupID))
		return
	}
	g := b.groups.lock(q.Group)
	if g == nil {
		c.answer(syncError(kerr.UnknownMemberID))
		return
	}
	defer g.mu.Unlock()
	switch {
	case g.empty():
		c.answer(syncError(kerr.UnknownMemberID))
	case g.modern != nil:
		c.answer(g.syncConsumer(q))
	default:
		g.sync(c, q)
	}
}

// sync handles a SyncGroup of a classic group.
func (g *group) sync(c *call, q *kmsg.SyncGroupRequest) {
	cl := g.classic
	if err := cl.checkSync(q); err != nil {
		c.answer(syncError(err))
		return
	}
	m := cl.members[q.MemberID]
	switch cl.state {
	case statePreparing:
		c.answer(syncError(kerr.RebalanceInProgress))
	case stateStable:
		g.synced(m.id)
		c.answer(cl.syncAnswer(m))
	case stateCompleting:
		m.answerSync(syncError(kerr.RebalanceInProgress)) // its earlier try, given up
		m.sync = c
		g.synced(m.id)
		if m.id != cl.leader {
			return
		}
		assignment := map[string][]byte{}
		for _, a := range q.GroupAssignment {
			assignment[a.MemberID] = slices.Clone(a.MemberAssignment)
		}
		g.assign(assignment)
	}
}

// checkSync says whether a sync fits (Kafka: validateSyncGroup).
func (c *classic) checkSync(q *kmsg.SyncGroupRequest) error {
	if err := c.validate(q.MemberID, q.InstanceID); err != nil {
		return err
	}
	differs := func(said *string, is string) bool { return said != nil && *said != is }
	switch {
	case q.Generation != c.generation:
		return kerr.IllegalGeneration
	case differs(q.ProtocolType, c.protocolType), differs(q.Protocol, c.protocol):
		return kerr.InconsistentGroupProtocol
	}
	return nil
}
