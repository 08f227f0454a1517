package broker

import (
	"encoding/binary"
	"maps"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Groups change between the protocols without stopping (Kafka's bidirectional migration
// policy): a client of the new protocol makes a classic group of consumers a modern one, in
// which clients of the classic protocol go on; when only such clients are left, the group is
// a classic one again. In a modern group nobody leads: a join is answered with an epoch for
// its generation, a sync with what the broker assigned.

// toClassic makes an empty modern group a new classic one. Offsets stay.
func (g *group) toClassic() {
	g.all.timers.cancelAll(g)
	g.modern, g.classic = nil, newClassic(g.all.now())
	g.saveOrWarn()
}

// toModern makes a classic group a modern one: an empty group a new one, one of consumers
// with its members and what they are assigned.
func (g *group) toModern() error {
	cl := g.classic
	if cl.state == stateEmpty {
		g.all.timers.cancelAll(g)
		g.modern, g.classic = newModern(), nil
		return nil
	}
	if !g.all.cfg.upgrade || cl.protocolType != consumerProtocol || len(cl.members) > g.all.cfg.consumerMaxSize {
		return sayf(kerr.GroupIDNotFound, "group %q is a classic one of %d %q and cannot be upgraded", g.name, len(cl.members), cl.protocolType)
	}
	md := newModern()
	md.epoch, md.targetEpoch = cl.generation, cl.generation
	for _, m := range cl.sorted() {
		u, ok := g.upgraded(m)
		if !ok {
			return sayf(kerr.GroupIDNotFound, "group %q cannot be upgraded: the subscription of member %s cannot be read", g.name, m.id)
		}
		md.put(u)
	}
	for _, m := range cl.sorted() {
		m.answerJoin(joinError(m.id, kerr.RebalanceInProgress))
		m.answerSync(syncError(kerr.RebalanceInProgress))
	}
	g.all.timers.cancelAll(g)
	g.modern, g.classic = md, nil
	md.look(g.all.topics)
	for _, m := range md.members {
		g.consumerHeard(m)
	}
	g.saveOrWarn()
	return nil
}

// upgraded is a classic member as one of a modern group; false if it is not a consumer that
// can be read.
func (g *group) upgraded(m *classicMember) (*consumer, bool) {
	u := &consumer{order: m.order, id: m.id, instance: m.instance, client: m.client, host: m.host, rebalance: m.rebalance,
		epoch: g.classic.generation, previous: g.classic.generation, assigned: parts{}, target: parts{},
		classic: &classicClient{m.session, m.protocols}}
	var sub kmsg.ConsumerMemberMetadata
	var has kmsg.ConsumerMemberAssignment
	metadata := m.metadata(g.classic.protocol)
	if metadata == nil && len(m.protocols) > 0 {
		metadata = m.protocols[0].Metadata
	}
	if sub.ReadFrom(metadata) != nil || len(m.assignment) > 0 && has.ReadFrom(m.assignment) != nil {
		return nil, false
	}
	u.topics, u.rack = sortedUnique(sub.Topics), sub.Rack
	for _, t := range has.Topics {
		if info, ok := g.all.topics.byName(t.Topic); ok {
			for _, p := range t.Partitions {
				u.assigned.add(info.id, p, u.epoch)
				u.target.add(info.id, p, u.epoch)
			}
		}
	}
	return u, true
}

// maybeDowngrade makes a modern group of classic clients alone a classic one, which
// rebalances; false if it is none.
func (g *group) maybeDowngrade() bool {
	if !g.onlyClassicClients() {
		return false
	}
	g.downgrade()
	g.prepare("the last client of the new protocol left")
	return true
}

func (g *group) onlyClassicClients() bool {
	for _, m := range g.modern.members {
		if m.classic == nil {
			return false
		}
	}
	return g.all.cfg.downgrade && len(g.modern.members) > 0 && len(g.modern.members) <= g.all.cfg.maxSize
}

// downgrade makes the group a stable classic one with its members and their assignments.
func (g *group) downgrade() {
	md, cl := g.modern, newClassic(g.all.now())
	for _, m := range md.sorted() {
		cl.add(&classicMember{order: m.order, id: m.id, instance: m.instance, client: m.client, host: m.host,
			rebalance: m.rebalance, session: m.classic.session, protocols: m.classic.protocols, assignment: g.classicAssignment(m)}, consumerProtocol)
	}
	cl.generation, cl.protocol = md.epoch, cl.selectProtocol()
	cl.to(stateStable, g.all.now())
	cl.subscribed = cl.topics()
	g.all.timers.cancelAll(g)
	g.modern, g.classic = nil, cl
	for _, m := range cl.members {
		g.heard(m)
	}
	g.saveOrWarn()
}

// joinConsumer is the join of a classic client to a modern group.
func (g *group) joinConsumer(c *call, q *kmsg.JoinGroupRequest) {
	r, err := g.joinModern(c, q)
	if err != nil {
		r = joinError("", err)
	}
	c.answer(r)
}

func (g *group) joinModern(c *call, q *kmsg.JoinGroupRequest) (*kmsg.JoinGroupResponse, error) {
	md, id, unknown := g.modern, q.MemberID, q.MemberID == ""
	if unknown {
		id = c.client + "-" + g.all.newID()
	}
	var sub kmsg.ConsumerMemberMetadata
	switch {
	case md.members[id] == nil && len(md.members) >= g.all.cfg.consumerMaxSize:
		return nil, kerr.GroupMaxSizeReached
	case !md.supports(q), sub.ReadFrom(q.Protocols[0].Metadata) != nil:
		return nil, kerr.InconsistentGroupProtocol
	case unknown && q.InstanceID == nil && q.Version >= 4:
		return joinError(id, kerr.MemberIDRequired), nil
	}
	if !unknown && q.InstanceID != nil {
		if _, err := md.member(id, q.InstanceID); err != nil {
			return nil, err
		}
	}
	m, err := g.consumerJoins(id, q.InstanceID, true)
	if err != nil {
		return nil, err
	}
	resubscribed := m.regex != "" || !slices.Equal(m.topics, sortedUnique(sub.Topics))
	m.topics, m.regex, m.assignor, m.rack, m.client, m.host = sortedUnique(sub.Topics), "", "", sub.Rack, c.client, c.host
	m.rebalance = time.Duration(q.RebalanceTimeoutMillis) * time.Millisecond
	m.classic = &classicClient{time.Duration(q.SessionTimeoutMillis) * time.Millisecond, takeProtocols(q.Protocols)}
	last := g.onlyClassicClients() // it took the place of the last client of the new protocol
	if !last || !resubscribed {
		g.consumerMoves(m, g.ownedOf(&sub), resubscribed)
	}
	r := kmsg.NewPtrJoinGroupResponse()
	r.MemberID, r.Generation = m.id, m.epoch
	r.ProtocolType, r.Protocol = kmsg.StringPtr(consumerProtocol), kmsg.StringPtr(m.classic.protocols[0].Name)
	if last {
		g.downgrade()
		if resubscribed {
			g.prepare("a static member took the place of the last client of the new protocol")
		}
		return r, nil
	}
	g.saveOrWarn()
	g.cancel(timerJoin, m.id)
	g.consumerHeard(m)
	g.expect(timerSync, m)
	return r, nil
}

// supports says whether a classic client fits in: all classic clients know one of its
// protocols.
func (md *modern) supports(q *kmsg.JoinGroupRequest) bool {
	if q.ProtocolType != consumerProtocol || len(q.Protocols) == 0 {
		return false
	}
	others := classic{members: map[string]*classicMember{}}
	for _, m := range md.members {
		if m.classic != nil {
			others.members[m.id] = &classicMember{protocols: m.classic.protocols}
		}
	}
	common := others.common()
	return len(others.members) == 0 || slices.ContainsFunc(q.Protocols, func(p kmsg.JoinGroupRequestProtocol) bool { return common[p.Name] })
}

// ownedOf are the partitions that a subscription says its client has.
func (g *group) ownedOf(sub *kmsg.ConsumerMemberMetadata) ownedTopics {
	owned := ownedTopics{}
	for _, t := range sub.OwnedPartitions {
		if info, ok := g.all.topics.byName(t.Topic); ok {
			owned = append(owned, kmsg.ConsumerGroupHeartbeatRequestTopic{TopicID: info.id, Partitions: t.Partitions})
		}
	}
	return owned
}

// expect fences a classic client that does not join or sync in its rebalance timeout.
func (g *group) expect(kind timerKind, m *consumer) {
	id := m.id
	if kind == timerJoin && g.all.timers.has(timerKey{g, kind, id}) {
		return // it has been told before
	}
	g.after(kind, id, m.rebalance, func() {
		if m := g.modern.members[id]; m != nil {
			g.fence(m)
		}
	})
}

// classicMemberOf finds the classic client of a request.
func (g *group) classicMemberOf(id string, instance *string, generation int32) (*consumer, error) {
	m, err := g.modern.member(id, instance)
	switch {
	case err != nil:
		return nil, err
	case m.classic == nil:
		return nil, kerr.UnknownMemberID
	case m.epoch != generation:
		return nil, kerr.IllegalGeneration
	}
	return m, nil
}

// syncConsumer is the sync of a classic client.
func (g *group) syncConsumer(q *kmsg.SyncGroupRequest) *kmsg.SyncGroupResponse {
	m, err := g.classicMemberOf(q.MemberID, q.InstanceID, q.Generation)
	switch {
	case err != nil:
		return syncError(err)
	case q.ProtocolType != nil && *q.ProtocolType != consumerProtocol, q.Protocol != nil && *q.Protocol != m.classic.protocols[0].Name:
		return syncError(kerr.InconsistentGroupProtocol)
	case g.modern.epoch > m.epoch && m.state != consumerUnrevoked:
		g.expect(timerJoin, m)
		return syncError(kerr.RebalanceInProgress)
	}
	g.cancel(timerSync, m.id)
	g.consumerHeard(m)
	r := kmsg.NewPtrSyncGroupResponse()
	r.ProtocolType, r.Protocol = kmsg.StringPtr(consumerProtocol), kmsg.StringPtr(m.classic.protocols[0].Name)
	r.MemberAssignment = g.classicAssignment(m)
	return r
}

// heartbeatConsumer is the heartbeat of a classic client; it has to join anew to catch up, to
// give partitions up and to get those that have become free.
func (g *group) heartbeatConsumer(q *kmsg.HeartbeatRequest) error {
	m, err := g.classicMemberOf(q.MemberID, q.InstanceID, q.Generation)
	if err != nil {
		return err
	}
	g.consumerHeard(m)
	if g.modern.seen != g.all.topics.mark() && g.modern.look(g.all.topics) {
		g.modern.bump()
		g.saveOrWarn()
	}
	if m.epoch < g.modern.epoch || m.state == consumerUnrevoked || g.modern.waitsInVain(m) {
		g.expect(timerJoin, m)
		return kerr.RebalanceInProgress
	}
	return nil
}

// leaver finds a member that a LeaveGroup names.
func (md *modern) leaver(q kmsg.LeaveGroupRequestMember) (*consumer, error) {
	id := q.MemberID
	if id == "" && q.InstanceID != nil {
		id = md.static[*q.InstanceID]
	}
	return md.member(id, q.InstanceID)
}

// classicAssignment is what a member may read, as classic clients read it, in the version in
// which the client wrote its subscription.
func (g *group) classicAssignment(m *consumer) []byte {
	var a kmsg.ConsumerMemberAssignment
	if p := m.classic.protocols[0].Metadata; len(p) >= 2 {
		a.Version = int16(binary.BigEndian.Uint16(p))
	}
	for _, name := range g.modern.namesOf(m) {
		if t, ok := g.all.topics.byName(name); ok && len(m.assigned[t.id]) > 0 {
			a.Topics = append(a.Topics, kmsg.ConsumerMemberAssignmentTopic{Topic: name, Partitions: slices.Sorted(maps.Keys(m.assigned[t.id]))})
		}
	}
	return a.AppendTo(nil)
}
