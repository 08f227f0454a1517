package broker

import (
	"iter"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// ordered pairs labels with changes.
func ordered(pairs ...any) iter.Seq2[string, func(*kmsg.ConsumerGroupHeartbeatRequest)] {
	return func(yield func(string, func(*kmsg.ConsumerGroupHeartbeatRequest)) bool) {
		for i := 0; i < len(pairs); i += 2 {
			if !yield(pairs[i].(string), pairs[i+1].(func(*kmsg.ConsumerGroupHeartbeatRequest))) {
				return
			}
		}
	}
}

func sceneConsumer(s *scene) {
	a := s.topic("a", 4)
	s.say("one member gets all")
	one := s.consumer("11111111", "a")
	ask[chbR](s, "one joins", one)
	ask[chbR](s, "one beats", s.consumerBeat("11111111", 2))
	ask[chbR](s, "one beats, owning", owning(s.consumerBeat("11111111", 2), a, 0, 1, 2, 3))
	ask[cdeR](s, "describe", s.describeConsumers())
	ask[descR](s, "describe as classic", s.describe(6))
	ask[descR](s, "describe as classic v5", s.describe(5))
	s.say("a second one: it waits until the first has given up its half")
	ask[chbR](s, "two joins", s.consumer("22222222", "a"))
	ask[cdeR](s, "describe", s.describeConsumers())
	ask[chbR](s, "two beats", s.consumerBeat("22222222", 3))
	r := ask[chbR](s, "one beats", owning(s.consumerBeat("11111111", 2), a, 0, 1, 2, 3))
	ask[chbR](s, "one beats, still owning", owning(s.consumerBeat("11111111", 2), a, 0, 1, 2, 3))
	ask[chbR](s, "one beats, saying nothing", s.consumerBeat("11111111", 2))
	ask[chbR](s, "two beats", s.consumerBeat("22222222", 3))
	var keep []int32
	if r.Assignment != nil && len(r.Assignment.Topics) > 0 {
		keep = r.Assignment.Topics[0].Partitions
	}
	ask[chbR](s, "one beats, revoked", owning(s.consumerBeat("11111111", 2), a, keep...))
	ask[chbR](s, "two beats", s.consumerBeat("22222222", 3))
	ask[cdeR](s, "describe", s.describeConsumers())
	s.say("commits and fetches with epochs")
	ask[comR](s, "one commits", s.commit(9, "11111111", 3, "a", 5))
	ask[comR](s, "one commits, older", s.commit(9, "11111111", 2, "a", 5))
	ask[comR](s, "two commits, older", s.commit(9, "22222222", 2, "a", 5))
	ask[comR](s, "one commits, newer", s.commit(9, "11111111", 4, "a", 5))
	ask[comR](s, "one commits, version 8", s.commit(8, "11111111", 3, "a", 5))
	ask[comR](s, "stranger commits", s.commit(9, "x", 3, "a", 5))
	ask[comR](s, "nobody commits", s.commit(9, "", -1, "a", 5))
	f := s.fetch(9, "a", 0)
	f.Groups[0].MemberID, f.Groups[0].MemberEpoch = kmsg.StringPtr("11111111"), 3
	ask[fetR](s, "one fetches", f)
	f.Groups[0].MemberEpoch = 2
	ask[fetR](s, "one fetches, older", f)
	f.Groups[0].MemberEpoch = 4
	ask[fetR](s, "one fetches, newer", f)
	f.Groups[0].MemberID = kmsg.StringPtr("x")
	ask[fetR](s, "stranger fetches", f)
	ask[fetR](s, "nobody fetches", s.fetch(9, "a", 0))
	ask[delR](s, "delete", s.remove())
	s.say("one leaves")
	ask[chbR](s, "one leaves", s.consumerBeat("11111111", -1))
	ask[cdeR](s, "describe", s.describeConsumers())
	ask[chbR](s, "one beats", s.consumerBeat("11111111", 3))
	ask[chbR](s, "two beats", s.consumerBeat("22222222", 3))
	ask[cdeR](s, "describe", s.describeConsumers())
	s.say("two reads another topic too, then none that exists")
	b := s.topic("b", 2)
	q := s.consumerBeat("22222222", 4)
	q.SubscribedTopicNames = []string{"a", "b"}
	ask[chbR](s, "two beats", q)
	q = owning(s.consumerBeat("22222222", 5), b, 0, 1)
	q.SubscribedTopicNames = []string{"nope"}
	ask[chbR](s, "two beats", q)
	ask[chbR](s, "two beats, revoked", owning(s.consumerBeat("22222222", 5), b))
	ask[cdeR](s, "describe", s.describeConsumers())
	ask[chbR](s, "two leaves", s.consumerBeat("22222222", -1))
	ask[cdeR](s, "describe", s.describeConsumers())
	ask[descR](s, "describe as classic", s.describe(6))
	ask[comR](s, "nobody commits", s.commit(9, "", -1, "a", 5))
	ask[fetR](s, "nobody fetches", s.fetch(9, "a", 0))
	s.say("empty: a classic client makes it classic")
	ask[joinR](s, "classic joins with an id", s.join("x", nil, "range:a"))
	m := ask[joinR](s, "classic", s.join("", nil, "range:a")).MemberID
	ask[joinR](s, "classic joins", s.join(m, nil, "range:a"))
	ask[fetR](s, "nobody fetches", s.fetch(9, "a", 0))
	ask[leaveR](s, "classic leaves", s.leave(m))
	ask[chbR](s, "three beats", s.consumerBeat("33333333", 4))
	ask[chbR](s, "three joins", s.consumer("33333333", "a"))
	ask[fetR](s, "nobody fetches", s.fetch(9, "a", 0))
	ask[chbR](s, "three leaves", s.consumerBeat("33333333", -1))
	ask[delR](s, "delete", s.remove())
}

func sceneFencing(s *scene) {
	a := s.topic("a", 4)
	ask[chbR](s, "one joins", s.consumer("11111111", "a"))
	ask[chbR](s, "one beats, too old", s.consumerBeat("11111111", 8))
	ask[chbR](s, "stranger beats", s.consumerBeat("x", 2))
	ask[chbR](s, "stranger leaves", s.consumerBeat("x", -1))
	ask[chbR](s, "two joins", s.consumer("22222222", "a"))
	ask[chbR](s, "one gives up", owning(s.consumerBeat("11111111", 2), a, 0, 1, 2, 3))
	ask[chbR](s, "one gave up", owning(s.consumerBeat("11111111", 2), a))
	s.say("the answer was lost")
	ask[chbR](s, "one gave up", owning(s.consumerBeat("11111111", 2), a))
	ask[chbR](s, "one, saying nothing", s.consumerBeat("11111111", 2))
	ask[chbR](s, "one joins anew", s.consumer("11111111", "a"))
	s.say("static members")
	i := func(q *kmsg.ConsumerGroupHeartbeatRequest) *kmsg.ConsumerGroupHeartbeatRequest {
		q.InstanceID = kmsg.StringPtr("i")
		return q
	}
	group := s.group
	s.group += "-static"
	ask[chbR](s, "one joins", i(s.consumer("11111111", "a")))
	ask[chbR](s, "one beats", i(s.consumerBeat("11111111", 2)))
	ask[chbR](s, "one beats without its instance", s.consumerBeat("11111111", 2))
	ask[chbR](s, "other joins", i(s.consumer("33333333", "a")))
	ask[chbR](s, "other beats", i(s.consumerBeat("33333333", 2)))
	ask[chbR](s, "other leaves", i(s.consumerBeat("33333333", -2)))
	ask[chbR](s, "unknown instance", func() *kmsg.ConsumerGroupHeartbeatRequest {
		q := s.consumerBeat("11111111", 2)
		q.InstanceID = kmsg.StringPtr("j")
		return q
	}())
	ask[chbR](s, "one leaves for now", i(s.consumerBeat("11111111", -2)))
	ask[cdeR](s, "describe", s.describeConsumers())
	ask[chbR](s, "other joins", i(s.consumer("33333333", "a")))
	ask[cdeR](s, "describe", s.describeConsumers())
	ask[chbR](s, "one beats", i(s.consumerBeat("11111111", 2)))
	ask[chbR](s, "other leaves for good", i(s.consumerBeat("33333333", -1)))
	ask[cdeR](s, "describe", s.describeConsumers())
	s.say("range assignor, two topics; a dynamic member and a static one")
	s.group = group + "-range"
	s.topic("b", 3)
	r := func(q *kmsg.ConsumerGroupHeartbeatRequest) *kmsg.ConsumerGroupHeartbeatRequest {
		q.ServerAssignor = kmsg.StringPtr("range")
		return q
	}
	ask[chbR](s, "one joins", r(s.consumer("11111111", "a", "b")))
	ask[chbR](s, "two joins", r(s.consumer("22222222", "a", "b")))
	ask[cdeR](s, "describe", s.describeConsumers())
}

func sceneMigrate(s *scene) {
	a := s.topic("a", 4)
	s.say("a classic group; a client of the new protocol joins")
	one := ask[joinR](s, "one", s.join("", nil, "range:a")).MemberID
	ask[joinR](s, "one joins", s.join(one, nil, "range:a"))
	ask[syncR](s, "one syncs", s.sync(one, 1, map[string][]byte{one: s.assignment("a", 0, 1, 2, 3)}))
	ask[chbR](s, "two joins", s.consumer("22222222", "a"))
	ask[cdeR](s, "describe", s.describeConsumers())
	ask[beatR](s, "one beats", s.beat(one, 1, nil))
	ask[comR](s, "one commits", s.commit(9, one, 1, "a", 4))
	ask[comR](s, "one commits v6", s.commit(6, one, 1, "a", 4))
	ask[comR](s, "one commits, wrong", s.commit(9, one, 5, "a", 4))
	ask[syncR](s, "one syncs", s.sync(one, 1, nil))
	ask[joinR](s, "one joins, having given up", s.join(one, nil, "range:a"))
	ask[syncR](s, "one syncs", s.sync(one, 2, nil))
	ask[beatR](s, "one beats", s.beat(one, 2, nil))
	ask[chbR](s, "two beats", owning(s.consumerBeat("22222222", 2), a))
	ask[cdeR](s, "describe", s.describeConsumers())
	ask[joinR](s, "three", s.join("", nil, "sticky:a"))
	ask[joinR](s, "four of another kind", func() *kmsg.JoinGroupRequest {
		q := s.join("", nil, "range:a")
		q.ProtocolType = "connect"
		return q
	}())
	ask[beatR](s, "two beats as a classic one", s.beat("22222222", 2, nil))
	s.say("the new one leaves: classic again")
	ask[chbR](s, "two leaves", s.consumerBeat("22222222", -1))
	ask[beatR](s, "one beats", s.beat(one, 2, nil))
	ask[descR](s, "describe", s.describe(6))
	g := ask[joinR](s, "one joins", s.join(one, nil, "range:a")).Generation
	ask[syncR](s, "one syncs", s.sync(one, g, map[string][]byte{one: s.assignment("a", 0, 1, 2, 3)}))
	ask[descR](s, "describe", s.describe(6))
	s.say("not every classic group can be upgraded")
	s.group += "-connect"
	q := s.join("", kmsg.StringPtr("i"), "range:a")
	q.ProtocolType = "connect"
	ask[joinR](s, "five joins", q)
	ask[chbR](s, "six joins", s.consumer("66666666", "a"))
}

func sceneMixed(s *scene) {
	a := s.topic("a", 4)
	i := kmsg.StringPtr("i")
	s.say("a static classic client in a modern group")
	ask[chbR](s, "one joins", s.consumer("11111111", "a"))
	two := ask[joinR](s, "two joins", s.join("", i, "range:a")).MemberID
	ask[syncR](s, "two syncs", s.sync(two, 3, nil))
	ask[beatR](s, "two beats", s.beat(two, 3, i))
	ask[chbR](s, "one gives up", owning(s.consumerBeat("11111111", 2), a, 0, 1, 2, 3))
	ask[chbR](s, "one gave up", owning(s.consumerBeat("11111111", 2), a, 0, 1))
	ask[beatR](s, "two beats", s.beat(two, 3, i))
	q := s.join(two, i, "range:a")
	ask[joinR](s, "two joins", q)
	ask[syncR](s, "two syncs", s.sync(two, 3, nil))
	ask[beatR](s, "two beats", s.beat(two, 3, i))
	wrong := s.sync(two, 3, nil)
	wrong.Protocol = kmsg.StringPtr("sticky")
	ask[syncR](s, "two syncs another protocol", wrong)
	ask[syncR](s, "two syncs another generation", s.sync(two, 2, nil))
	s.say("replaced by another process")
	three := ask[joinR](s, "three joins", s.join("", i, "range:a")).MemberID
	ask[beatR](s, "two beats", s.beat(two, 3, i))
	ask[syncR](s, "three syncs", s.sync(three, 3, nil))
	ask[joinR](s, "two joins", s.join(two, i, "range:a"))
	ask[cdeR](s, "describe", s.describeConsumers())
	s.say("replaced by a client of the new protocol, and back")
	c := s.consumer("44444444", "a")
	c.InstanceID = i
	ask[chbR](s, "four joins", c)
	ask[beatR](s, "three beats", s.beat(three, 3, i))
	ask[cdeR](s, "describe", s.describeConsumers())
	five := ask[joinR](s, "five joins", s.join("", i, "range:a")).MemberID
	ask[chbR](s, "four beats", func() *kmsg.ConsumerGroupHeartbeatRequest {
		q := s.consumerBeat("44444444", 3)
		q.InstanceID = i
		return q
	}())
	ask[leaveR](s, "leave", s.leave("@i", "@j", "11111111@i", "x"))
	ask[cdeR](s, "describe", s.describeConsumers())
	s.say("a static one takes the place of the last client of the new protocol: classic")
	s.group += "-down"
	c = s.consumer("66666666", "a")
	c.InstanceID = i
	ask[chbR](s, "six joins", c)
	ask[joinR](s, "seven joins", s.join("", i, "range:a"))
	ask[descR](s, "describe", s.describe(6))
	_ = five
}
