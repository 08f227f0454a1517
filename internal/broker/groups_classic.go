package broker

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// classicState is the state of a classic group.
type classicState uint8

const (
	stateEmpty      classicState = iota // no members; perhaps offsets
	statePreparing                      // waiting for the members to join
	stateCompleting                     // waiting for the leader's assignment
	stateStable
)

func (s classicState) String() string {
	return [...]string{"Empty", "PreparingRebalance", "CompletingRebalance", "Stable"}[s]
}

// classic is a group of the client-side protocol: clients elect a leader among them, which
// assigns the partitions (Kafka: ClassicGroup).
type classic struct {
	state, previous classicState
	since           int64 // ms, of the last change of state
	protocolType    string
	protocol        string // the selected one; "" without members
	generation      int32
	leader          string // member id; "" if none
	members         map[string]*classicMember
	static          map[string]string // instance id to member id
	pendingJoin     map[string]bool   // have been given an id and have yet to come back
	pendingSync     map[string]bool
	subscribed      map[string]bool // topics; nil: unknown
	joined          bool            // a member came during the initial delay
}

// classicMember is a member of a classic group.
type classicMember struct {
	order              uint64
	id                 string
	instance           *string
	client, host       string
	rebalance, session time.Duration
	protocols          []kmsg.JoinGroupRequestProtocol // by preference; ours
	assignment         []byte
	join, sync         *call // waiting for an answer
	fresh              bool  // joins for the first time
}

func newClassic(now int64) *classic {
	return &classic{since: now, members: map[string]*classicMember{}, static: map[string]string{},
		pendingJoin: map[string]bool{}, pendingSync: map[string]bool{}}
}

func (c *classic) to(s classicState, now int64) { c.previous, c.state, c.since = c.state, s, now }

// sorted lists the members in the order in which they came.
func (c *classic) sorted() []*classicMember {
	return slices.SortedFunc(maps.Values(c.members), func(a, b *classicMember) int { return cmp.Compare(a.order, b.order) })
}

// validate says whether a member is one, and not replaced (Kafka: validateMember).
func (c *classic) validate(id string, instance *string) error {
	if instance != nil {
		switch known, ok := c.static[*instance]; {
		case !ok:
			return kerr.UnknownMemberID
		case known != id:
			return kerr.FencedInstanceID
		}
	}
	if c.members[id] == nil {
		return kerr.UnknownMemberID
	}
	return nil
}

// supports says whether a member with these protocols fits in: one of them is known to all.
func (c *classic) supports(protocolType string, protocols []kmsg.JoinGroupRequestProtocol) bool {
	if c.state == stateEmpty {
		return protocolType != "" && len(protocols) > 0
	}
	if protocolType != c.protocolType {
		return false
	}
	common := c.common()
	return slices.ContainsFunc(protocols, func(p kmsg.JoinGroupRequestProtocol) bool { return len(c.members) == 0 || common[p.Name] })
}

// common are the protocols that all members know.
func (c *classic) common() map[string]bool {
	count := map[string]int{}
	for _, m := range c.members {
		for _, p := range m.protocols {
			count[p.Name]++
		}
	}
	all := map[string]bool{}
	for name, n := range count {
		if n >= len(c.members) {
			all[name] = true
		}
	}
	return all
}

// selectProtocol takes the one with the most votes: each member votes for the first of its
// own that all know. Of equals, the one that the earliest member voted for.
func (c *classic) selectProtocol() string {
	common, votes, best := c.common(), map[string]int{}, ""
	members := c.sorted()
	vote := func(m *classicMember) string {
		for _, p := range m.protocols {
			if common[p.Name] {
				return p.Name
			}
		}
		return ""
	}
	for _, m := range members {
		votes[vote(m)]++
	}
	for _, m := range members {
		if v := vote(m); best == "" || votes[v] > votes[best] {
			best = v
		}
	}
	return best
}

// add takes in a member; the first one's protocol type is the group's.
func (c *classic) add(m *classicMember, protocolType string) {
	if len(c.members) == 0 {
		c.protocolType = protocolType
	}
	c.members[m.id] = m
	if m.instance != nil {
		c.static[*m.instance] = m.id
	}
	if c.leader == "" {
		c.leader = m.id
	}
	delete(c.pendingJoin, m.id)
}

// remove takes a member out, pending ones too. Its calls must have been answered.
func (c *classic) remove(id string) {
	if m := c.members[id]; m != nil {
		delete(c.members, id)
		if m.instance != nil && c.static[*m.instance] == id {
			delete(c.static, *m.instance)
		}
	}
	if c.leader == id {
		c.leader = ""
		if rest := c.sorted(); len(rest) > 0 {
			c.leader = rest[0].id
		}
	}
	delete(c.pendingJoin, id)
	delete(c.pendingSync, id)
}

// waiting counts the members whose join waits.
func (c *classic) waiting() (n int) {
	for _, m := range c.members {
		if m.join != nil {
			n++
		}
	}
	return n
}

// allJoined says that nobody is missing.
func (c *classic) allJoined() bool { return c.waiting() == len(c.members) && len(c.pendingJoin) == 0 }

// electLeader makes sure that the leader is one who joined; false if nobody has.
func (c *classic) electLeader() bool {
	lead := c.members[c.leader]
	if lead == nil || lead.join != nil {
		return lead != nil
	}
	for _, m := range c.sorted() {
		if m.join != nil {
			c.leader = m.id
			return true
		}
	}
	return false
}

// rebalanceTimeout is the longest of the members'.
func (c *classic) rebalanceTimeout() (longest time.Duration) {
	for _, m := range c.members {
		longest = max(longest, m.rebalance)
	}
	return longest
}

// nextGeneration begins one with the members that there are.
func (c *classic) nextGeneration(now int64) {
	c.generation++
	clear(c.pendingSync)
	if len(c.members) == 0 {
		c.protocol = ""
		c.to(stateEmpty, now)
	} else {
		c.protocol = c.selectProtocol()
		c.to(stateCompleting, now)
	}
	c.subscribed = c.topics()
}

// topics are those that the members of a group of consumers subscribe to; nil if it is none
// or a member's subscription cannot be read.
func (c *classic) topics() map[string]bool {
	if c.protocolType != consumerProtocol {
		return nil
	}
	all := map[string]bool{}
	for _, m := range c.members {
		var sub kmsg.ConsumerMemberMetadata
		if sub.ReadFrom(m.metadata(c.protocol)) != nil {
			return nil
		}
		for _, t := range sub.Topics {
			all[t] = true
		}
	}
	return all
}

func (c *classic) subscribesTo(topic string) bool {
	if c.subscribed != nil {
		return c.subscribed[topic]
	}
	return c.protocolType == consumerProtocol
}

// metadata is what the member said for a protocol; nil if nothing.
func (m *classicMember) metadata(protocol string) []byte {
	for _, p := range m.protocols {
		if p.Name == protocol {
			return p.Metadata
		}
	}
	return nil
}

// matches says whether protocols are the same as before.
func (m *classicMember) matches(protocols []kmsg.JoinGroupRequestProtocol) bool {
	return slices.EqualFunc(m.protocols, protocols, func(a, b kmsg.JoinGroupRequestProtocol) bool {
		return a.Name == b.Name && string(a.Metadata) == string(b.Metadata)
	})
}

// takeProtocols copies protocols out of a request's frame.
func takeProtocols(from []kmsg.JoinGroupRequestProtocol) []kmsg.JoinGroupRequestProtocol {
	to := slices.Clone(from)
	for i := range to {
		to[i].Metadata = slices.Clone(to[i].Metadata)
	}
	return to
}

// answerJoin ends a waiting join.
func (m *classicMember) answerJoin(r *kmsg.JoinGroupResponse) {
	if m.join != nil {
		m.join.answer(r)
		m.join = nil
	}
}

// answerSync ends a waiting sync; false if there was none.
func (m *classicMember) answerSync(r *kmsg.SyncGroupResponse) bool {
	if m.sync == nil {
		return false
	}
	m.sync.answer(r)
	m.sync = nil
	return true
}

// joinError is an answer to a join that failed.
func joinError(member string, err error) *kmsg.JoinGroupResponse {
	r := kmsg.NewPtrJoinGroupResponse()
	r.ErrorCode, r.Generation, r.MemberID = code(err), -1, member
	return r
}

// syncError is an answer to a sync that failed.
func syncError(err error) *kmsg.SyncGroupResponse {
	r := kmsg.NewPtrSyncGroupResponse()
	r.ErrorCode = code(err)
	return r
}

// joinAnswer is the answer to a member's join in the present generation; the leader's lists
// the members.
func (c *classic) joinAnswer(m *classicMember) *kmsg.JoinGroupResponse {
	r := kmsg.NewPtrJoinGroupResponse()
	r.Generation, r.LeaderID, r.MemberID = c.generation, c.leader, m.id
	r.ProtocolType, r.Protocol = kmsg.StringPtr(c.protocolType), kmsg.StringPtr(c.protocol)
	if m.id == c.leader {
		for _, o := range c.sorted() {
			r.Members = append(r.Members, kmsg.JoinGroupResponseMember{MemberID: o.id, InstanceID: o.instance, ProtocolMetadata: o.metadata(c.protocol)})
		}
	}
	return r
}

// syncAnswer is the answer to a member's sync in the present generation.
func (c *classic) syncAnswer(m *classicMember) *kmsg.SyncGroupResponse {
	r := kmsg.NewPtrSyncGroupResponse()
	r.ProtocolType, r.Protocol = kmsg.StringPtr(c.protocolType), kmsg.StringPtr(c.protocol)
	r.MemberAssignment = m.assignment
	return r
}
