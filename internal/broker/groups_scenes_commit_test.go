package broker

import "github.com/twmb/franz-go/pkg/kmsg"

// sceneCommits are commits with epochs that are not the last (KIP-1251): each partition has the
// epoch at which its member got it.
func sceneCommits(s *scene) {
	a, b := s.topic("a", 4), s.topic("b", 1)
	of := func(q *kmsg.OffsetCommitRequest, partitions ...int32) *kmsg.OffsetCommitRequest {
		list := q.Topics[0].Partitions
		q.Topics[0].Partitions = nil
		for _, p := range partitions {
			q.Topics[0].Partitions = append(q.Topics[0].Partitions, list[p])
		}
		return q
	}
	commit := func(version int16, member string, epoch int32, topic string, partitions ...int32) *kmsg.OffsetCommitRequest {
		return of(s.commit(version, member, epoch, topic, 5, 5, 5, 5), partitions...)
	}
	s.say("one has all, then gives half of it up")
	ask[chbR](s, "one joins", s.consumer("11111111", "a"))
	ask[chbR](s, "two joins", s.consumer("22222222", "a"))
	ask[chbR](s, "one beats", owning(s.consumerBeat("11111111", 2), a, 0, 1, 2, 3))
	ask[comR](s, "one commits, not given up yet", commit(9, "11111111", 2, "a", 0, 2))
	ask[chbR](s, "one gave up", owning(s.consumerBeat("11111111", 2), a, 0, 1))
	ask[comR](s, "one commits what it kept, older", commit(9, "11111111", 2, "a", 0, 1))
	ask[comR](s, "one commits what it gave up, older", commit(9, "11111111", 2, "a", 2))
	ask[comR](s, "one commits what it gave up, newest", commit(9, "11111111", 3, "a", 2))
	ask[comR](s, "one commits both, older", commit(9, "11111111", 2, "a", 0, 2))
	ask[comR](s, "one commits both, older, v10", commit(10, "11111111", 2, "a", 2, 0))
	ask[comR](s, "one commits what it kept, before it had it", commit(9, "11111111", 1, "a", 0))
	ask[comR](s, "one commits without an epoch", commit(9, "11111111", -1, "a", 0))
	ask[chbR](s, "two gets it", s.consumerBeat("22222222", 3))
	ask[comR](s, "two commits", commit(9, "22222222", 3, "a", 2))
	ask[comR](s, "two commits, older", commit(9, "22222222", 2, "a", 2))
	s.say("a topic that nobody reads any more, not given up yet")
	s.group += "-topics"
	ask[chbR](s, "three joins", s.consumer("33333333", "a"))
	q := s.consumerBeat("33333333", 2)
	q.SubscribedTopicNames = []string{"a", "b"}
	ask[chbR](s, "three reads b, too", q)
	ask[comR](s, "three commits, older", commit(9, "33333333", 2, "a", 0))
	ask[comR](s, "three commits b, older", commit(9, "33333333", 2, "b", 0))
	q = owning(s.consumerBeat("33333333", 3), a, 0, 1, 2, 3)
	q.SubscribedTopicNames = []string{"b"}
	ask[chbR](s, "three reads b alone", q)
	ask[comR](s, "three commits, older", commit(9, "33333333", 2, "a", 0))
	ask[comR](s, "three commits, older, v10", commit(10, "33333333", 2, "a", 0))
	ask[chbR](s, "three gave up", owning(s.consumerBeat("33333333", 3), b, 0))
	ask[comR](s, "three commits, older", commit(9, "33333333", 2, "a", 0))
	s.say("a client of the classic protocol")
	s.group += "-classic"
	four := ask[joinR](s, "four", s.join("", nil, "range:a")).MemberID
	ask[joinR](s, "four joins", s.join(four, nil, "range:a"))
	ask[syncR](s, "four syncs", s.sync(four, 1, map[string][]byte{four: s.assignment("a", 0, 1, 2, 3)}))
	ask[chbR](s, "five joins", s.consumer("55555555", "a"))
	join := s.join(four, nil, "range:a")
	join.Protocols[0].Metadata = owned("a", 0, 1)
	ask[joinR](s, "four joins, having given up", join)
	ask[syncR](s, "four syncs", s.sync(four, 2, nil))
	ask[comR](s, "four commits what it kept, older", commit(9, four, 1, "a", 0, 1))
	ask[comR](s, "four commits what it kept, older, v6", commit(6, four, 1, "a", 0))
	ask[comR](s, "four commits what it gave up, older", commit(9, four, 1, "a", 2))
	ask[comR](s, "four commits both, older", commit(9, four, 1, "a", 0, 2))
	ask[comR](s, "four commits what it kept, before it had it", commit(9, four, 0, "a", 0))
	ask[comR](s, "four commits, newer", commit(9, four, 3, "a", 0))
}

// owned is a subscription to a topic by a client that has partitions of it.
func owned(topic string, partitions ...int32) []byte {
	m := kmsg.NewConsumerMemberMetadata()
	m.Version, m.Topics = 1, []string{topic}
	m.OwnedPartitions = []kmsg.ConsumerMemberMetadataOwnedPartition{{Topic: topic, Partitions: partitions}}
	return m.AppendTo(nil)
}
