package broker

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/azud/azud/internal/log"
)

// modern is a group of the protocol of KIP-848: the broker assigns the partitions (Kafka:
// ConsumerGroup).
type modern struct {
	epoch, targetEpoch int32 // the target assignment is that of targetEpoch
	members            map[string]*consumer
	static             map[string]string    // instance id to member id
	subscribed         map[string]topicInfo // topics that members read and that exist, as of epoch
	seen               any                  // topicLookup.mark of subscribed
	regexes            map[string][]string  // topics that match, as of seen
}

// consumerState is how far a member is on the way to its target.
type consumerState uint8

const (
	consumerStable     consumerState = iota
	consumerUnrevoked                // has to give partitions up first
	consumerUnreleased               // waits for others to give partitions up
)

// parts are partitions of topics, each with the member epoch at which it was assigned.
type parts map[log.TopicID]map[int32]int32

func (p parts) has(id log.TopicID, partition int32) bool {
	_, ok := p[id][partition]
	return ok
}

func (p parts) add(id log.TopicID, partition, epoch int32) {
	if p[id] == nil {
		p[id] = map[int32]int32{}
	}
	p[id][partition] = epoch
}

// same says whether two hold the same partitions.
func (p parts) same(o parts) bool {
	return maps.EqualFunc(p, o, func(a, b map[int32]int32) bool {
		return maps.EqualFunc(a, b, func(int32, int32) bool { return true })
	})
}

// consumer is a member of a modern group. Its maps are replaced, never changed.
type consumer struct {
	order           uint64
	id              string
	instance, rack  *string
	client, host    string
	epoch, previous int32
	state           consumerState
	rebalance       time.Duration
	topics          []string // sorted
	regex           string
	assignor        string // "" for the group's
	assigned        parts
	revoking        parts // still with the member
	target          parts // epochs mean nothing

	classic *classicClient // of a client of the classic protocol
}

// classicClient is what a member of the classic protocol in a modern group said.
type classicClient struct {
	session   time.Duration
	protocols []kmsg.JoinGroupRequestProtocol
}

// leftStatic is the epoch of a static member that went and may come back.
const leftStatic = -2

func newModern() *modern {
	return &modern{members: map[string]*consumer{}, static: map[string]string{}, subscribed: map[string]topicInfo{}}
}

// state is the group's state as Kafka names it.
func (md *modern) state() string {
	switch {
	case len(md.members) == 0:
		return "Empty"
	case md.epoch > md.targetEpoch:
		return "Assigning"
	}
	for _, m := range md.members {
		if m.state != consumerStable || m.epoch != md.targetEpoch {
			return "Reconciling"
		}
	}
	return "Stable"
}

// bump begins a new epoch; the first one is 2, as in Kafka 4.3.
func (md *modern) bump() { md.epoch = max(md.epoch+1, 2) }

// sorted lists the members by id.
func (md *modern) sorted() []*consumer {
	return slices.SortedFunc(maps.Values(md.members), func(a, b *consumer) int { return cmp.Compare(a.id, b.id) })
}

// remove takes a member out; its partitions are free.
func (md *modern) remove(m *consumer) {
	delete(md.members, m.id)
	if m.instance != nil && md.static[*m.instance] == m.id {
		delete(md.static, *m.instance)
	}
}

// put takes a member in.
func (md *modern) put(m *consumer) {
	md.members[m.id] = m
	if m.instance != nil {
		md.static[*m.instance] = m.id
	}
}

// owned are the partitions that members have, by member.
func (md *modern) owned() map[log.TopicID]map[int32]string {
	all := map[log.TopicID]map[int32]string{}
	for _, m := range md.members {
		for _, p := range []parts{m.assigned, m.revoking} {
			for id, partitions := range p {
				if all[id] == nil {
					all[id] = map[int32]string{}
				}
				for partition := range partitions {
					all[id][partition] = m.id
				}
			}
		}
	}
	return all
}

// namesOf are the topics that a member reads, existing or not.
func (md *modern) namesOf(m *consumer) []string {
	if m.regex == "" {
		return m.topics
	}
	list := slices.Concat(m.topics, md.regexes[m.regex])
	slices.Sort(list)
	return slices.Compact(list)
}

// look resolves the subscriptions of all members against the topics that there are; true if
// the topics that the group reads, or their partitions, are others than before.
func (md *modern) look(topics topicLookup) bool {
	md.seen = topics.mark()
	md.regexes = map[string][]string{}
	now := map[string]topicInfo{}
	for _, m := range md.members {
		if m.regex != "" && md.regexes[m.regex] == nil {
			md.regexes[m.regex] = match(m.regex, topics.all())
		}
		for _, name := range md.namesOf(m) {
			if t, ok := topics.byName(name); ok {
				now[name] = t
			}
		}
	}
	changed := !maps.Equal(now, md.subscribed)
	md.subscribed = now
	return changed
}

// match lists the topics whose whole name matches; none for a pattern that does not compile.
func match(pattern string, topics []topicInfo) []string {
	list := []string{}
	re, err := regexp.Compile("^(?:" + pattern + ")$")
	if err != nil {
		return list
	}
	for _, t := range topics {
		if re.MatchString(t.name) {
			list = append(list, t.name)
		}
	}
	return list
}

// assignorName is the one that most members ask for, or the broker's first.
func (md *modern) assignorName(byDefault string) string {
	votes, best := map[string]int{}, ""
	for _, m := range md.sorted() {
		if m.assignor != "" {
			votes[m.assignor]++
		}
	}
	for _, name := range slices.Sorted(maps.Keys(votes)) {
		if best == "" || votes[name] > votes[best] {
			best = name
		}
	}
	return cmp.Or(best, byDefault)
}

// assign computes the target assignment of the group's epoch.
func (md *modern) assign(name string) {
	members := md.sorted()
	spec := make([]assignee, len(members))
	for i, m := range members {
		spec[i] = assignee{id: m.id, instance: m.instance, now: m.target}
		for _, topic := range md.namesOf(m) {
			if t, ok := md.subscribed[topic]; ok {
				spec[i].topics = append(spec[i].topics, t)
			}
		}
	}
	for i, target := range assignor(name)(spec) {
		members[i].target = target
	}
	md.targetEpoch = md.epoch
}

// member finds a member by its id, or by its instance id if there is one, and says whether it
// is fenced.
func (md *modern) member(id string, instance *string) (*consumer, error) {
	if instance == nil {
		if m := md.members[id]; m != nil {
			return m, nil
		}
		return nil, kerr.UnknownMemberID
	}
	known, ok := md.static[*instance]
	switch {
	case !ok:
		return nil, kerr.UnknownMemberID
	case known != id:
		return nil, kerr.FencedInstanceID
	}
	return md.members[known], nil
}

// checkCommit is group.checkCommit for a modern group. Since Kafka 4.3 (KIP-1251) a member may
// commit with an epoch that is not its last for partitions that it has had since then; so may a
// client of the classic protocol (Kafka: ConsumerGroup.validateOffsetCommit).
func (md *modern) checkCommit(epoch int32, member string, instance *string, txn bool, version int16) (func(*committed) error, error) {
	switch {
	case epoch < 0 && len(md.members) == 0:
		return nil, nil
	case txn && epoch == -1 && member == "" && instance == nil:
		return nil, nil
	}
	m := md.members[member]
	if m == nil {
		return nil, kerr.UnknownMemberID
	}
	stale := kerr.StaleMemberEpoch
	if m.classic != nil {
		stale = kerr.IllegalGeneration
	}
	switch {
	case !txn && m.classic == nil && version < 9:
		return nil, kerr.UnsupportedVersion
	case epoch == m.epoch:
		return nil, nil
	case epoch > m.epoch:
		return nil, stale
	}
	return func(o *committed) error {
		for _, p := range []parts{m.assigned, m.revoking} {
			if since, ok := p[o.TopicID][o.Partition]; ok && since <= epoch {
				return nil
			}
		}
		return stale
	}, nil
}

// checkFetch says whether a member may fetch offsets; (nil, -1) is not checked.
func (md *modern) checkFetch(member *string, epoch int32) error {
	if member == nil && epoch < 0 {
		return nil
	}
	var m *consumer
	if member != nil {
		m = md.members[*member]
	}
	switch {
	case m == nil:
		return kerr.UnknownMemberID
	case m.epoch == epoch:
		return nil
	case m.classic != nil:
		return kerr.IllegalGeneration
	}
	return kerr.StaleMemberEpoch
}
