package broker

import (
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// joinGroup answers when the group has a new generation, or at once if it cannot be joined
// (Kafka: classicGroupJoin).
func joinGroup(b *Broker, c *call, q *kmsg.JoinGroupRequest) {
	session := time.Duration(q.SessionTimeoutMillis) * time.Millisecond
	switch cfg := b.groups.cfg; {
	case q.Group == "":
		c.answer(joinError(q.MemberID, kerr.InvalidGroupID))
		return
	case session < cfg.minSession || session > cfg.maxSession:
		c.answer(joinError(q.MemberID, kerr.InvalidSessionTimeout))
		return
	}
	if q.Version == 0 {
		q.RebalanceTimeoutMillis = q.SessionTimeoutMillis
	}
	g, made := b.groups.lock(q.Group), false
	if g == nil {
		if q.MemberID != "" {
			c.answer(joinError(q.MemberID, kerr.UnknownMemberID))
			return
		}
		g, made = b.groups.lockOrMake(q.Group)
	}
	defer g.mu.Unlock()
	if g.modern != nil && len(g.modern.members) > 0 {
		g.joinConsumer(c, q)
		return
	}
	if g.modern != nil {
		if q.MemberID != "" { // the group is made anew, and nobody is a member of it
			c.answer(joinError(q.MemberID, kerr.UnknownMemberID))
			return
		}
		g.toClassic()
	}
	g.join(c, q)
	if made && g.classic.state == stateEmpty {
		g.saveOrWarn()
	}
}

// join handles a JoinGroup of a classic group.
func (g *group) join(c *call, q *kmsg.JoinGroupRequest) {
	cl := g.classic
	switch {
	case !g.accepts(q.MemberID):
		cl.remove(q.MemberID)
		g.cancel(timerSession, q.MemberID)
		c.answer(joinError("", kerr.GroupMaxSizeReached))
	case !cl.supports(q.ProtocolType, q.Protocols):
		c.answer(joinError(q.MemberID, kerr.InconsistentGroupProtocol))
	case q.MemberID != "":
		g.joinKnown(c, q)
	case q.InstanceID != nil:
		id := *q.InstanceID + "-" + g.all.newID()
		if old, ok := cl.static[*q.InstanceID]; ok {
			g.replaceStatic(c, q, old, id)
		} else {
			g.joinNew(c, q, id)
		}
	default:
		id := c.client + "-" + g.all.newID()
		if q.Version < 4 {
			g.joinNew(c, q, id)
			return
		}
		cl.pendingJoin[id] = true
		g.after(timerSession, id, time.Duration(q.SessionTimeoutMillis)*time.Millisecond, func() { g.expireMember(id) })
		c.answer(joinError(id, kerr.MemberIDRequired))
	}
}

// accepts says whether the group is below its largest size for a member (Kafka:
// acceptJoiningMember).
func (g *group) accepts(id string) bool {
	m, limit := g.classic.members[id], g.all.cfg.maxSize
	switch g.classic.state {
	case stateEmpty:
		return true
	case statePreparing:
		return m != nil && m.join != nil || g.classic.waiting() < limit
	}
	return m != nil || len(g.classic.members) < limit
}

// joinKnown is the join of somebody who has an id.
func (g *group) joinKnown(c *call, q *kmsg.JoinGroupRequest) {
	cl := g.classic
	if cl.pendingJoin[q.MemberID] && q.InstanceID == nil {
		g.joinNew(c, q, q.MemberID)
		return
	}
	if err := cl.validate(q.MemberID, q.InstanceID); err != nil {
		c.answer(joinError(q.MemberID, err))
		return
	}
	m := cl.members[q.MemberID]
	same := m.matches(q.Protocols)
	switch {
	case cl.state == stateEmpty:
		c.answer(joinError(q.MemberID, kerr.UnknownMemberID))
	case cl.state == stateCompleting && same:
		c.answer(cl.joinAnswer(m)) // the first answer was lost
	case cl.state == stateStable && same && m.id != cl.leader:
		c.answer(cl.joinAnswer(m))
	default: // a leader may join anew to have the partitions assigned anew
		m.update(c, q)
		g.maybeRebalance("a member joined anew: " + reason(q))
	}
}

// joinNew takes in a new member.
func (g *group) joinNew(c *call, q *kmsg.JoinGroupRequest, id string) {
	m := &classicMember{order: g.all.nextMember(), id: id, instance: q.InstanceID, client: c.client, host: c.host, fresh: true}
	m.update(c, q)
	if g.classic.state == statePreparing && g.classic.previous == stateEmpty {
		g.classic.joined = true
	}
	g.classic.add(m, q.ProtocolType)
	// It cannot send heartbeats before it knows its id, and may have gone: its join is not
	// waited for for ever.
	g.heardFor(m, g.all.cfg.newMemberJoin)
	g.maybeRebalance("a new member: " + reason(q))
}

// update takes over what a join says of a member, which waits from now on.
func (m *classicMember) update(c *call, q *kmsg.JoinGroupRequest) {
	m.protocols = takeProtocols(q.Protocols)
	m.rebalance = time.Duration(q.RebalanceTimeoutMillis) * time.Millisecond
	m.session = time.Duration(q.SessionTimeoutMillis) * time.Millisecond
	m.answerJoin(joinError(m.id, kerr.RebalanceInProgress)) // its earlier try, given up
	m.join = c
}

// replaceStatic gives a static member's place to a new process of the same instance id. In a
// stable group that is no rebalance unless the protocol changes with it.
func (g *group) replaceStatic(c *call, q *kmsg.JoinGroupRequest, old, id string) {
	cl := g.classic
	m, oldLeader := cl.members[old], cl.leader
	m.answerJoin(joinError(old, kerr.FencedInstanceID))
	m.answerSync(syncError(kerr.FencedInstanceID))
	g.cancel(timerSession, old)
	delete(cl.members, old)
	delete(cl.pendingSync, old)
	m.id, m.client, m.host = id, c.client, c.host
	cl.members[id], cl.static[*m.instance] = m, id
	if oldLeader == old {
		cl.leader = id
	}
	g.heard(m)
	m.update(c, q)
	switch {
	case cl.state == stateStable && cl.selectProtocol() == cl.protocol:
		if err := g.save(); err != nil {
			m.answerJoin(joinError("", storeError(err)))
			return
		}
		r := cl.joinAnswer(m)
		if q.Version >= 9 {
			r.SkipAssignment = cl.leader == id
		} else { // an old client that believes to lead would send an assignment
			r.LeaderID, r.Members = oldLeader, nil
		}
		m.answerJoin(r)
	case cl.state == stateStable:
		g.maybeRebalance("a static member brought another protocol: " + reason(q))
	case cl.state == stateCompleting:
		g.prepare("a static member was replaced: " + reason(q))
	default:
		g.maybeCompleteJoin()
	}
}

// reason is what a client says why it joins.
func reason(q *kmsg.JoinGroupRequest) string {
	if q.Reason == nil {
		return "not provided"
	}
	return *q.Reason
}
