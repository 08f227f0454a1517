package broker

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// consumerGroupHeartbeat is all that a member of a modern group says: join (epoch 0), stay,
// leave (-1; static: -2), and what it has and reads. The answer gives it its epoch and, where
// it changed, its assignment.
func consumerGroupHeartbeat(b *Broker, c *call, q *kmsg.ConsumerGroupHeartbeatRequest) kmsg.Response {
	r, err := b.groups.consumerHeartbeat(c, q)
	if err != nil {
		r = kmsg.NewPtrConsumerGroupHeartbeatResponse()
		r.ErrorCode, r.ErrorMessage = code(err), errorText(err)
	}
	return r
}

// said is a Kafka error with its own text.
type said struct {
	kafka *kerr.Error
	text  string
}

func (e *said) Error() string { return e.text }
func (e *said) Unwrap() error { return e.kafka }

func sayf(k *kerr.Error, format string, args ...any) error {
	return &said{k, fmt.Sprintf(format, args...)}
}

// errorText is the text to send along with an error's code.
func errorText(err error) *string {
	var k *kerr.Error
	if s := (*said)(nil); !errors.As(err, &s) && errors.As(err, &k) {
		return kmsg.StringPtr(k.Description)
	}
	return kmsg.StringPtr(err.Error())
}

// checkConsumerHeartbeat says what is wrong with a request by itself.
func (c *groups) checkConsumerHeartbeat(q *kmsg.ConsumerGroupHeartbeatRequest) error {
	isEmpty := func(s *string) bool { return s != nil && strings.TrimSpace(*s) == "" }
	joins := q.MemberEpoch == 0
	switch {
	case strings.TrimSpace(q.Group) == "":
		return sayf(kerr.InvalidRequest, "the group id is empty")
	case isEmpty(q.InstanceID):
		return sayf(kerr.InvalidRequest, "the instance id is empty")
	case isEmpty(q.RackID):
		return sayf(kerr.InvalidRequest, "the rack id is empty")
	case q.MemberID == "" && (q.Version >= 1 || !joins):
		return sayf(kerr.InvalidRequest, "the member id is empty")
	case q.MemberEpoch < leftStatic:
		return sayf(kerr.InvalidRequest, "member epoch %d is none", q.MemberEpoch)
	case q.MemberEpoch == leftStatic && q.InstanceID == nil:
		return sayf(kerr.InvalidRequest, "only a static member leaves with epoch -2")
	case joins && q.RebalanceTimeoutMillis == -1:
		return sayf(kerr.InvalidRequest, "a member that joins needs a rebalance timeout")
	case joins && len(q.Topics) > 0, joins && q.Topics == nil:
		return sayf(kerr.InvalidRequest, "a member that joins has no partitions yet: the list must be empty")
	case joins && q.SubscribedTopicNames == nil && q.SubscribedTopicRegex == nil:
		return sayf(kerr.InvalidRequest, "a member that joins needs topics or a pattern to subscribe to")
	case q.ServerAssignor != nil && !slices.Contains(c.cfg.assignors, *q.ServerAssignor):
		return sayf(kerr.UnsupportedAssignor, "assignor %q is not served; there are: %s", *q.ServerAssignor, strings.Join(c.cfg.assignors, ", "))
	}
	if q.SubscribedTopicRegex != nil {
		if _, err := regexp.Compile(*q.SubscribedTopicRegex); err != nil {
			return sayf(kerr.InvalidRegularExpression, "the pattern is not RE2: %v", err)
		}
	}
	return nil
}

func (c *groups) consumerHeartbeat(from *call, q *kmsg.ConsumerGroupHeartbeatRequest) (*kmsg.ConsumerGroupHeartbeatResponse, error) {
	if err := c.checkConsumerHeartbeat(q); err != nil {
		return nil, err
	}
	g := c.lock(q.Group)
	if g == nil && q.MemberEpoch == 0 {
		g, _ = c.lockOrMake(q.Group)
	}
	if g == nil {
		return nil, sayf(kerr.GroupIDNotFound, "there is no group %q", q.Group)
	}
	defer g.mu.Unlock()
	if g.modern == nil {
		if q.MemberEpoch != 0 {
			return nil, sayf(kerr.GroupIDNotFound, "group %q is not one of consumers with the new protocol", q.Group)
		}
		if err := g.toModern(); err != nil {
			return nil, err
		}
	}
	if q.MemberEpoch < 0 {
		return g.consumerLeaves(q)
	}
	return g.consumerBeats(from, q)
}

// consumerBeats handles a member that joins or stays.
func (g *group) consumerBeats(from *call, q *kmsg.ConsumerGroupHeartbeatRequest) (*kmsg.ConsumerGroupHeartbeatResponse, error) {
	md, id := g.modern, q.MemberID
	if md.members[id] == nil && len(md.members) >= g.all.cfg.consumerMaxSize {
		return nil, sayf(kerr.GroupMaxSizeReached, "the group has its %d members", len(md.members))
	}
	id = cmp.Or(id, g.all.newID())
	m, err := g.consumerMember(id, q)
	if err != nil {
		return nil, err
	}
	before := *m
	described, resubscribed := m.take(from, q)
	saved := g.consumerMoves(m, q.Topics, resubscribed)
	if described || saved {
		g.saveOrWarn()
	}
	g.consumerHeard(m)
	r := kmsg.NewPtrConsumerGroupHeartbeatResponse()
	r.MemberID, r.MemberEpoch = &m.id, m.epoch
	r.HeartbeatIntervalMillis = int32(g.setting("consumer.heartbeat.interval.ms", g.all.cfg.consumerHeartbeat).Milliseconds())
	full := q.RebalanceTimeoutMillis != -1 && (q.SubscribedTopicNames != nil || q.SubscribedTopicRegex != nil) && q.Topics != nil
	if q.MemberEpoch == 0 || full || !m.assigned.same(before.assigned) {
		r.Assignment = m.assignment()
	}
	return r, nil
}

// consumerMoves takes the group to a new epoch and target if need be, and a member a step
// towards its target; true if anything changed.
func (g *group) consumerMoves(m *consumer, owned ownedTopics, resubscribed bool) bool {
	md := g.modern
	changed := false
	if bump := md.epoch == 0 || resubscribed; bump || md.seen != g.all.topics.mark() {
		if md.look(g.all.topics) || bump {
			md.bump()
			changed = true
		}
	}
	if md.epoch > md.targetEpoch {
		md.assign(md.assignorName(g.all.cfg.assignors[0]))
		changed = true
	}
	if md.reconcile(m, owned, resubscribed) {
		changed = true
		g.watchRevocation(m)
	}
	return changed
}

// watchRevocation gives a member its rebalance timeout to give partitions up.
func (g *group) watchRevocation(m *consumer) {
	if m.state != consumerUnrevoked {
		g.cancel(timerRebalance, m.id)
		return
	}
	id, epoch := m.id, m.epoch
	g.after(timerRebalance, id, m.rebalance, func() {
		if m := g.modern.members[id]; m != nil && m.epoch == epoch && m.state == consumerUnrevoked {
			g.all.log.Info("consumer did not give up partitions in time", "group", g.name, "member", id)
			g.fence(m)
		}
	})
}

// consumerHeard gives a member its session timeout anew.
func (g *group) consumerHeard(m *consumer) {
	id, d := m.id, g.setting("consumer.session.timeout.ms", g.all.cfg.consumerSession)
	if m.classic != nil {
		d = m.classic.session
	}
	g.after(timerSession, id, d, func() {
		if m := g.modern.members[id]; m != nil {
			g.all.log.Info("consumer timed out", "group", g.name, "member", id)
			g.fence(m)
		}
	})
}

// consumerMember finds the member of a heartbeat, or makes it (Kafka:
// getOrMaybeSubscribeDynamicConsumerGroupMember and its static sister).
func (g *group) consumerMember(id string, q *kmsg.ConsumerGroupHeartbeatRequest) (*consumer, error) {
	md := g.modern
	if q.MemberEpoch == 0 {
		return g.consumerJoins(id, q.InstanceID, false)
	}
	m, err := md.member(id, q.InstanceID)
	if err != nil {
		return nil, err
	}
	switch {
	case q.MemberEpoch == m.epoch:
	case q.MemberEpoch < m.epoch && q.MemberEpoch == m.previous && within(q.Topics, m.assigned):
		// The answer with the newer epoch was lost.
	default:
		return nil, sayf(kerr.FencedMemberEpoch, "the member is at epoch %d, not %d: it must give up its partitions and join anew", m.epoch, q.MemberEpoch)
	}
	return m, nil
}

// consumerJoins finds or makes the member that joins; a static one takes the place of one
// that left, and a client of the classic protocol that of any. One that joins again with its
// own id is let in, where Kafka makes it wait for its session to end: after a crash of this
// broker a member may be ahead of the stored epoch, and clients take that wait for the end.
func (g *group) consumerJoins(id string, instance *string, classic bool) (*consumer, error) {
	md := g.modern
	m := md.members[id]
	if instance != nil {
		if old, ok := md.static[*instance]; ok && old != id {
			m = md.members[old]
			if m.epoch != leftStatic && !classic && m.classic == nil {
				return nil, sayf(kerr.UnreleasedInstanceID, "instance id %q belongs to member %s, which has not left", *instance, old)
			}
			g.cancel(timerSession, old)
			g.cancel(timerRebalance, old)
			md.remove(m)
			m.id, m.epoch, m.previous = id, 0, 0
			md.put(m)
			return m, nil
		} else if ok && m.epoch == leftStatic {
			m.epoch, m.previous = 0, 0
		}
	}
	if m == nil {
		m = &consumer{order: g.all.nextMember(), id: id, instance: instance}
		md.put(m)
	}
	return m, nil
}

// take takes over what a heartbeat says of a member: whether anything is other than before,
// and whether the topics are.
func (m *consumer) take(c *call, q *kmsg.ConsumerGroupHeartbeatRequest) (described, resubscribed bool) {
	before := *m
	if q.RackID != nil {
		m.rack = q.RackID
	}
	if q.RebalanceTimeoutMillis != -1 {
		m.rebalance = time.Duration(q.RebalanceTimeoutMillis) * time.Millisecond
	}
	if q.ServerAssignor != nil {
		m.assignor = *q.ServerAssignor
	}
	if q.SubscribedTopicNames != nil {
		m.topics = sortedUnique(q.SubscribedTopicNames)
	}
	if q.SubscribedTopicRegex != nil {
		m.regex = *q.SubscribedTopicRegex
	}
	m.client, m.host, m.classic = c.client, c.host, nil
	resubscribed = m.regex != before.regex || !slices.Equal(m.topics, before.topics)
	described = resubscribed || before.classic != nil || m.rebalance != before.rebalance || m.assignor != before.assignor ||
		m.client != before.client || m.host != before.host || m.rack != before.rack
	return described, resubscribed
}

func sortedUnique(names []string) []string {
	list := slices.Sorted(slices.Values(names))
	return slices.Compact(list)
}

// assignment is what a member may read.
func (m *consumer) assignment() *kmsg.ConsumerGroupHeartbeatResponseAssignment {
	a := &kmsg.ConsumerGroupHeartbeatResponseAssignment{}
	for id, partitions := range m.assigned {
		a.Topics = append(a.Topics, kmsg.ConsumerGroupHeartbeatResponseAssignmentTopic{TopicID: id, Partitions: slices.Sorted(maps.Keys(partitions))})
	}
	slices.SortFunc(a.Topics, func(x, y kmsg.ConsumerGroupHeartbeatResponseAssignmentTopic) int {
		return slices.Compare(x.TopicID[:], y.TopicID[:])
	})
	return a
}

// consumerLeaves handles a member that goes, a static one for now (-2) or for good (-1).
func (g *group) consumerLeaves(q *kmsg.ConsumerGroupHeartbeatRequest) (*kmsg.ConsumerGroupHeartbeatResponse, error) {
	m, err := g.modern.member(q.MemberID, q.InstanceID)
	if err != nil {
		return nil, err
	}
	if q.MemberEpoch == leftStatic {
		m.epoch, m.revoking = leftStatic, nil
		g.cancel(timerRebalance, m.id)
		g.saveOrWarn()
	} else {
		g.fence(m)
	}
	r := kmsg.NewPtrConsumerGroupHeartbeatResponse()
	r.MemberID, r.MemberEpoch = &q.MemberID, q.MemberEpoch
	return r, nil
}

// fence removes a member; the others get its partitions in a new epoch.
func (g *group) fence(m *consumer) {
	g.unseat(m)
	g.consumersLeft()
}

// unseat removes a member without a new epoch.
func (g *group) unseat(m *consumer) {
	g.modern.remove(m)
	for _, kind := range []timerKind{timerSession, timerRebalance, timerJoin, timerSync} {
		g.cancel(kind, m.id)
	}
}

// consumersLeft begins a new epoch after members were removed; a group of classic clients
// alone becomes a classic one again.
func (g *group) consumersLeft() {
	if g.maybeDowngrade() {
		return
	}
	g.modern.look(g.all.topics)
	g.modern.bump()
	g.saveOrWarn()
}
