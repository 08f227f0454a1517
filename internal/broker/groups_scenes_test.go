package broker

import (
	"fmt"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// scenes are played here and against Kafka: see TestGroupsAsKafka.
var scenes = map[string]func(*scene){
	"classic":  sceneClassic,
	"errors":   sceneErrors,
	"static":   sceneStatic,
	"offsets":  sceneOffsets,
	"consumer": sceneConsumer,
	"fencing":  sceneFencing,
	"migrate":  sceneMigrate,
	"leaders":  sceneLeaders,
	"mixed":    sceneMixed,
	"commits":  sceneCommits,
}

type (
	joinR  = *kmsg.JoinGroupResponse
	syncR  = *kmsg.SyncGroupResponse
	beatR  = *kmsg.HeartbeatResponse
	leaveR = *kmsg.LeaveGroupResponse
	descR  = *kmsg.DescribeGroupsResponse
	comR   = *kmsg.OffsetCommitResponse
	fetR   = *kmsg.OffsetFetchResponse
	chbR   = *kmsg.ConsumerGroupHeartbeatResponse
	cdeR   = *kmsg.ConsumerGroupDescribeResponse
	delR   = *kmsg.DeleteGroupsResponse
	odelR  = *kmsg.OffsetDeleteResponse
)

func (s *scene) remove() *kmsg.DeleteGroupsRequest {
	q := kmsg.NewPtrDeleteGroupsRequest()
	q.Version, q.Groups = 2, []string{s.group}
	return q
}

func sceneClassic(s *scene) {
	s.topic("a", 4)
	s.say("one member, alone")
	one := ask[joinR](s, "one", s.join("", nil, "range:a", "roundrobin:a")).MemberID
	ask[descR](s, "describe", s.describe(6))
	ask[joinR](s, "one joins", s.join(one, nil, "range:a", "roundrobin:a"))
	ask[descR](s, "describe", s.describe(6))
	ask[comR](s, "one commits while completing", s.commit(9, one, 1, "a", 5))
	ask[syncR](s, "one syncs", s.sync(one, 1, map[string][]byte{one: s.assignment("a", 0, 1, 2, 3)}))
	ask[beatR](s, "one beats", s.beat(one, 1, nil))
	ask[descR](s, "describe", s.describe(6))
	ask[comR](s, "one commits", s.commit(9, one, 1, "a", 5))
	ask[comR](s, "one commits, wrong generation", s.commit(9, one, 2, "a", 6))
	ask[comR](s, "stranger commits", s.commit(9, "x", 1, "a", 7))
	ask[comR](s, "nobody commits", s.commit(9, "", -1, "a", 8))
	ask[delR](s, "delete", s.remove())
	s.say("a second one comes")
	two := ask[joinR](s, "two", s.join("", nil, "range:a")).MemberID
	ask[beatR](s, "two beats before it joined", s.beat(two, 1, nil))
	ask[beatR](s, "one beats", s.beat(one, 1, nil))
	s.begin("two joins", s.join(two, nil, "range:a"))
	ask[beatR](s, "one beats", s.beat(one, 1, nil))
	ask[comR](s, "one commits while preparing", s.commit(9, one, 1, "a", 9))
	ask[syncR](s, "one syncs while preparing", s.sync(one, 1, nil))
	ask[descR](s, "describe", s.describe(6))
	ask[joinR](s, "one joins", s.join(one, nil, "range:a", "roundrobin:a"))
	ended[joinR](s, "two joins")
	ask[beatR](s, "two beats the old generation", s.beat(two, 1, nil))
	ask[joinR](s, "two joins again with the same", s.join(two, nil, "range:a"))
	s.begin("two syncs", s.sync(two, 2, nil))
	ask[syncR](s, "one syncs", s.sync(one, 2, map[string][]byte{one: s.assignment("a", 0, 1), two: s.assignment("a", 2, 3)}))
	ended[syncR](s, "two syncs")
	ask[syncR](s, "two syncs again", s.sync(two, 2, nil))
	s.say("a follower joins again: nothing; with other topics: a rebalance")
	ask[joinR](s, "two joins", s.join(two, nil, "range:a"))
	s.begin("two joins otherwise", s.join(two, nil, "range:a,b"))
	ask[beatR](s, "one beats", s.beat(one, 2, nil))
	ask[joinR](s, "one joins", s.join(one, nil, "range:a", "roundrobin:a"))
	ended[joinR](s, "two joins otherwise")
	ask[syncR](s, "one syncs, nothing for two", s.sync(one, 3, map[string][]byte{one: s.assignment("a", 0, 1, 2, 3)}))
	ask[syncR](s, "two syncs", s.sync(two, 3, nil))
	s.say("one leaves, then two")
	ask[leaveR](s, "one and a stranger leave", s.leave(one, "x"))
	ask[beatR](s, "two beats", s.beat(two, 3, nil))
	ask[joinR](s, "two joins", s.join(two, nil, "range:a"))
	ask[syncR](s, "two syncs", s.sync(two, 4, map[string][]byte{two: s.assignment("a", 0)}))
	ask[leaveR](s, "two leaves", s.leave(two))
	ask[descR](s, "describe", s.describe(6))
	ask[beatR](s, "two beats", s.beat(two, 4, nil))
	ask[syncR](s, "two syncs", s.sync(two, 4, nil))
	ask[joinR](s, "two joins", s.join(two, nil, "range:a"))
	ask[comR](s, "nobody commits", s.commit(9, "", -1, "a", 8))
	ask[delR](s, "delete", s.remove())
	ask[descR](s, "describe", s.describe(6))
	ask[descR](s, "describe v5", s.describe(5))
}

func sceneLeaders(s *scene) {
	s.say("votes: both know both, each likes another first; the leader goes while others wait")
	one := ask[joinR](s, "one", s.join("", nil, "range:a", "roundrobin:a")).MemberID
	ask[joinR](s, "one joins", s.join(one, nil, "range:a", "roundrobin:a"))
	two := ask[joinR](s, "two", s.join("", nil, "roundrobin:a", "range:a")).MemberID
	s.begin("two joins", s.join(two, nil, "roundrobin:a", "range:a"))
	three := ask[joinR](s, "three", s.join("", nil, "roundrobin:a", "range:a")).MemberID
	s.begin("three joins", s.join(three, nil, "roundrobin:a", "range:a"))
	ask[joinR](s, "four knows neither", s.join("", nil, "sticky:a"))
	ask[leaveR](s, "one leaves", s.leave(one))
	r2, r3 := ended[joinR](s, "two joins"), ended[joinR](s, "three joins")
	lead, other := two, three
	if r3.LeaderID == three {
		lead, other = three, two
	}
	if r2.Generation != r3.Generation {
		s.t.Error("two generations")
	}
	q := s.sync(other, r2.Generation, nil)
	q.Protocol = kmsg.StringPtr("range")
	ask[syncR](s, "with another protocol", q)
	q = s.sync(lead, r2.Generation, map[string][]byte{lead: {1}, other: {1}})
	q.Protocol = kmsg.StringPtr("roundrobin")
	ask[syncR](s, "leader syncs", q)
	s.say("the leader joins again: a rebalance")
	s.begin("leader joins", s.join(lead, nil, "roundrobin:a", "range:a"))
	ask[beatR](s, "other beats", s.beat(other, r2.Generation, nil))
	ask[leaveR](s, "other leaves", s.leave(other))
	ended[joinR](s, "leader joins")
	ask[joinR](s, "old client", func() *kmsg.JoinGroupRequest {
		q := s.join("", nil, "sticky:a")
		q.Version = 3
		return q
	}())
}

func sceneErrors(s *scene) {
	s.topic("a", 1)
	s.say("a group that is not there")
	ask[joinR](s, "join with an id", s.join("x", nil, "range:a"))
	ask[joinR](s, "join without protocols", s.join("", nil))
	q := s.join("", nil, "range:a")
	q.ProtocolType = ""
	ask[joinR](s, "join without a type", q)
	q = s.join("", nil, "range:a")
	q.SessionTimeoutMillis = 5
	ask[joinR](s, "join, short session", q)
	q = s.join("x", nil, "range:a")
	q.SessionTimeoutMillis = 50_000_000
	ask[joinR](s, "join, long session", q)
	group := s.group
	s.group = group + "-other"
	ask[syncR](s, "sync", s.sync("x", 1, nil))
	ask[beatR](s, "beat", s.beat("x", 1, nil))
	ask[leaveR](s, "leave", s.leave("x"))
	l := s.leave()
	l.Version, l.MemberID = 2, "x"
	ask[leaveR](s, "leave v2", l)
	ask[descR](s, "describe", s.describe(6))
	ask[descR](s, "describe v4", s.describe(4))
	ask[cdeR](s, "describe consumers", s.describeConsumers())
	ask[comR](s, "commit with a generation", s.commit(8, "x", 1, "a", 1))
	ask[comR](s, "commit with an epoch", s.commit(9, "x", 1, "a", 1))
	ask[delR](s, "delete", s.remove())
	od := kmsg.NewPtrOffsetDeleteRequest()
	od.Group = s.group
	ask[odelR](s, "delete offsets", od)
	ask[chbR](s, "consumer beats", s.consumerBeat("x", 3))
	ask[chbR](s, "consumer leaves", s.consumerBeat("x", -1))
	ask[fetR](s, "fetch v7", s.fetch(7, "a", 0))
	ask[fetR](s, "fetch v9", s.fetch(9, "a", 0))
	ask[fetR](s, "fetch all", s.fetch(9, "a"))
	s.group = ""
	s.say("no name")
	ask[joinR](s, "join", s.join("x", nil, "range:a"))
	ask[syncR](s, "sync", s.sync("x", 1, nil))
	ask[beatR](s, "beat", s.beat("x", 1, nil))
	ask[leaveR](s, "leave", s.leave("x"))
	ask[descR](s, "describe", s.describe(6))
	ask[cdeR](s, "describe consumers", s.describeConsumers())
	ask[delR](s, "delete", s.remove())
	od.Group = ""
	ask[odelR](s, "delete offsets", od)
	ask[chbR](s, "consumer joins", s.consumer("x", "a"))
	s.group = group + "-new"
	s.say("heartbeats of consumers that say too little")
	for label, change := range ordered(
		"no member id", func(q *kmsg.ConsumerGroupHeartbeatRequest) { q.MemberID = "" },
		"no rebalance timeout", func(q *kmsg.ConsumerGroupHeartbeatRequest) { q.RebalanceTimeoutMillis = -1 },
		"partitions", func(q *kmsg.ConsumerGroupHeartbeatRequest) { owning(q, [16]byte{1}, 1) },
		"null partitions", func(q *kmsg.ConsumerGroupHeartbeatRequest) { q.Topics = nil },
		"no topics", func(q *kmsg.ConsumerGroupHeartbeatRequest) { q.SubscribedTopicNames = nil },
		"epoch -3", func(q *kmsg.ConsumerGroupHeartbeatRequest) { q.MemberEpoch = -3 },
		"epoch -2, dynamic", func(q *kmsg.ConsumerGroupHeartbeatRequest) { q.MemberEpoch = -2 },
		"empty instance", func(q *kmsg.ConsumerGroupHeartbeatRequest) { q.InstanceID = kmsg.StringPtr("") },
		"empty rack", func(q *kmsg.ConsumerGroupHeartbeatRequest) { q.RackID = kmsg.StringPtr("") },
		"unknown assignor", func(q *kmsg.ConsumerGroupHeartbeatRequest) { q.ServerAssignor = kmsg.StringPtr("mine") },
		"bad pattern", func(q *kmsg.ConsumerGroupHeartbeatRequest) { q.SubscribedTopicRegex = kmsg.StringPtr("a(") },
		"version 0 without topics", func(q *kmsg.ConsumerGroupHeartbeatRequest) { q.Version, q.SubscribedTopicNames = 0, nil },
	) {
		q := s.consumer("m", "a")
		change(q)
		ask[chbR](s, label, q)
	}
}

func sceneStatic(s *scene) {
	s.topic("a", 2)
	i1, i2 := kmsg.StringPtr("i1"), kmsg.StringPtr("i2")
	one := ask[joinR](s, "one joins", s.join("", i1, "range:a")).MemberID
	ask[syncR](s, "one syncs", s.sync(one, 1, map[string][]byte{one: s.assignment("a", 0, 1)}))
	s.begin("two joins", s.join("", i2, "range:a"))
	ask[joinR](s, "one joins", s.join(one, i1, "range:a"))
	two := ended[joinR](s, "two joins").MemberID
	ask[syncR](s, "one syncs", s.sync(one, 2, map[string][]byte{one: s.assignment("a", 0), two: s.assignment("a", 1)}))
	ask[syncR](s, "two syncs", s.sync(two, 2, nil))
	s.say("two comes back as a new process: no rebalance, the old one is fenced")
	neu := ask[joinR](s, "neu joins", s.join("", i2, "range:a")).MemberID
	ask[syncR](s, "neu syncs", func() *kmsg.SyncGroupRequest { q := s.sync(neu, 2, nil); q.InstanceID = i2; return q }())
	ask[beatR](s, "two beats", s.beat(two, 2, i2))
	ask[beatR](s, "two beats without its instance", s.beat(two, 2, nil))
	ask[beatR](s, "neu beats", s.beat(neu, 2, i2))
	ask[beatR](s, "unknown instance", s.beat(neu, 2, kmsg.StringPtr("i9")))
	ask[joinR](s, "two joins", s.join(two, i2, "range:a"))
	c := s.commit(9, two, 2, "a", 1)
	c.InstanceID = i2
	ask[comR](s, "two commits", c)
	s.say("the leader comes back: it is told to skip the assignment")
	lead := ask[joinR](s, "lead joins", s.join("", i1, "range:a")).MemberID
	ask[syncR](s, "lead syncs", s.sync(lead, 2, nil))
	old := s.join("", i1, "range:a")
	old.Version = 8
	lead2 := ask[joinR](s, "lead2 joins with an old client", old).MemberID
	ask[descR](s, "describe", s.describe(6))
	s.say("with another protocol: a rebalance")
	s.begin("lead3 joins", s.join("", i1, "roundrobin:a", "range:a"))
	s.begin("neu joins", s.join(neu, i2, "range:a"))
	for _, who := range []string{"lead3 joins", "neu joins"} {
		if s.wait[who] != nil {
			ended[joinR](s, who)
		}
	}
	s.say("an administrator removes by instance id; who leaves with a wrong id is fenced")
	ask[leaveR](s, "leave", s.leave("@i2", "@i7", lead2+"@i1", "x"))
	ask[descR](s, "describe v4", s.describe(4))
}

func sceneOffsets(s *scene) {
	s.topic("a", 2)
	s.topic("b", 1)
	s.say("a simple group")
	ask[comR](s, "commit", s.commit(8, "", -1, "a", 10, 11, 12))
	ask[comR](s, "commit unknown", s.commit(8, "", -1, "nope", 10))
	ask[comR](s, "commit v2", s.commit(2, "", -1, "b", 3))
	ask[comR](s, "commit v10", s.commit(10, "", -1, "a", 20))
	ask[comR](s, "commit v10 unknown", s.commit(10, "", -1, "nope", 20))
	q := s.commit(8, "", -1, "a", 30)
	q.Topics[0].Partitions[0].Metadata = kmsg.StringPtr(string(make([]byte, 5000)))
	ask[comR](s, "commit with much metadata", q)
	q = s.commit(8, "", -1, "a", 30)
	q.Topics[0].Partitions[0].Metadata = nil
	ask[comR](s, "commit with null metadata", q)
	for _, v := range []int16{1, 2, 5, 7, 8, 9, 10} {
		s.say("fetch version " + string(rune('0'+v)))
		ask[fetR](s, "fetch", s.fetch(v, "a", 0, 1, 7))
		if v >= 2 {
			ask[fetR](s, "fetch all", s.fetch(v, "a"))
		}
		ask[fetR](s, "fetch unknown", s.fetch(v, "nope", 0))
	}
	ask[descR](s, "describe", s.describe(6))
	ask[cdeR](s, "describe consumers", s.describeConsumers())
	for _, states := range [][]string{nil, {"stable"}, {"EMPTY", "stable"}, {"nonsense"}} {
		for _, types := range [][]string{nil, {"consumer"}, {"Classic"}} {
			l := kmsg.NewPtrListGroupsRequest()
			l.Version, l.StatesFilter, l.TypesFilter = 5, states, types
			ask[*kmsg.ListGroupsResponse](s, fmt.Sprint("list ", states, types), l)
		}
	}
	s.say("deleting offsets")
	od := func(topic string, partitions ...int32) *kmsg.OffsetDeleteRequest {
		q := kmsg.NewPtrOffsetDeleteRequest()
		q.Group = s.group
		t := kmsg.NewOffsetDeleteRequestTopic()
		t.Topic = topic
		for _, p := range partitions {
			t.Partitions = append(t.Partitions, kmsg.OffsetDeleteRequestTopicPartition{Partition: p})
		}
		q.Topics = append(q.Topics, t)
		return q
	}
	ask[odelR](s, "delete", od("a", 1, 5))
	ask[odelR](s, "delete unknown", od("nope", 1))
	ask[fetR](s, "fetch all", s.fetch(8, "a"))
	s.say("with a member that reads b")
	one := ask[joinR](s, "one joins", s.join("", kmsg.StringPtr("i"), "range:b")).MemberID
	ask[syncR](s, "one syncs", s.sync(one, 1, map[string][]byte{one: s.assignment("b", 0)}))
	ask[odelR](s, "delete a", od("a", 0))
	ask[odelR](s, "delete b", od("b", 0))
	ask[fetR](s, "fetch all", s.fetch(8, "a"))
	ask[leaveR](s, "one leaves", s.leave(one+"@i"))
	ask[delR](s, "delete", s.remove())
	ask[fetR](s, "fetch all", s.fetch(8, "a"))
}
