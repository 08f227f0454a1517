package broker

import (
	"maps"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/azud/azud/internal/log"
)

// ownedTopics are the partitions that a member says it has; nil if it did not say.
type ownedTopics = []kmsg.ConsumerGroupHeartbeatRequestTopic

// reconcile takes a member a step towards its target: partitions that it loses are revoked
// first, and those that it gains are given once nobody has them (Kafka:
// CurrentAssignmentBuilder). resubscribed says that its topics are others than before. It is
// true if anything changed.
func (md *modern) reconcile(m *consumer, owned ownedTopics, resubscribed bool) bool {
	switch m.state {
	case consumerStable:
		if m.epoch == md.targetEpoch {
			return resubscribed && md.shrink(m, owned)
		}
	case consumerUnrevoked:
		if has(owned, m.revoking) {
			return resubscribed && md.shrink(m, owned)
		}
	}
	return md.advance(m, owned)
}

// shrink takes topics that are no longer subscribed to away from a member.
func (md *modern) shrink(m *consumer, owned ownedTopics) bool {
	reads := md.topicIDs(m)
	keep, revoke := parts{}, maps.Clone(m.revoking)
	if revoke == nil {
		revoke = parts{}
	}
	for id, partitions := range m.assigned {
		if reads[id] {
			keep[id] = partitions
			continue
		}
		merged := maps.Clone(partitions)
		maps.Copy(merged, revoke[id])
		revoke[id] = merged
	}
	if len(keep) == len(m.assigned) {
		return false
	}
	if has(owned, revoke) {
		m.state, m.revoking = consumerUnrevoked, revoke
	}
	m.assigned, m.previous = keep, m.epoch
	return true
}

// advance computes a member's next step.
func (md *modern) advance(m *consumer, owned ownedTopics) bool {
	reads, owners := md.topicIDs(m), md.owned()
	keep, revoke, gain, unreleased := parts{}, parts{}, parts{}, false
	for id, partitions := range m.assigned {
		for p, since := range partitions {
			if reads[id] && m.target.has(id, p) {
				keep.add(id, p, since)
			} else {
				revoke.add(id, p, since)
			}
		}
	}
	for id, partitions := range m.target {
		for p := range partitions {
			owner := owners[id][p]
			switch {
			case !reads[id] || keep.has(id, p):
			case owner != "" && owner != m.id:
				unreleased = true
			default:
				gain.add(id, p, md.targetEpoch)
			}
		}
	}
	before := *m
	m.previous, m.assigned = m.epoch, keep
	switch {
	case len(revoke) > 0 && has(owned, revoke):
		m.state, m.revoking = consumerUnrevoked, revoke
	default:
		for id, partitions := range gain {
			for p, since := range partitions {
				m.assigned.add(id, p, since)
			}
		}
		m.epoch, m.revoking, m.state = md.targetEpoch, nil, consumerStable
		if unreleased {
			m.state = consumerUnreleased
		}
	}
	return m.epoch != before.epoch || m.previous != before.previous || m.state != before.state ||
		!m.assigned.same(before.assigned) || !m.revoking.same(before.revoking)
}

// topicIDs are the topics that a member reads and that exist.
func (md *modern) topicIDs(m *consumer) map[log.TopicID]bool {
	ids := map[log.TopicID]bool{}
	for _, name := range md.namesOf(m) {
		if t, ok := md.subscribed[name]; ok {
			ids[t.id] = true
		}
	}
	return ids
}

// waitsInVain says whether a member waits for partitions that nobody has any more.
func (md *modern) waitsInVain(m *consumer) bool {
	if m.state != consumerUnreleased {
		return false
	}
	owners := md.owned()
	for id, partitions := range m.target {
		for p := range partitions {
			if !m.assigned.has(id, p) && owners[id][p] != "" {
				return false
			}
		}
	}
	return true
}

// has says whether a member still has any of some partitions; yes if it did not say.
func has(owned ownedTopics, any parts) bool {
	if owned == nil {
		return true
	}
	for _, t := range owned {
		for _, p := range t.Partitions {
			if any.has(t.TopicID, p) {
				return true
			}
		}
	}
	return false
}

// within says whether all that a member has is among some partitions; not if it did not say.
func within(owned ownedTopics, all parts) bool {
	if owned == nil {
		return false
	}
	for _, t := range owned {
		for _, p := range t.Partitions {
			if !all.has(t.TopicID, p) {
				return false
			}
		}
	}
	return true
}
