package broker

import (
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/azud/azud/internal/log"
)

// offsetFetch answers the committed offsets of groups: of the partitions asked for, or all.
func offsetFetch(b *Broker, c *call, q *kmsg.OffsetFetchRequest) kmsg.Response {
	r := kmsg.NewPtrOffsetFetchResponse()
	if q.Version >= 8 {
		for i := range q.Groups {
			r.Groups = append(r.Groups, b.groups.fetch(&q.Groups[i], q.Version, q.RequireStable))
		}
		return r
	}
	one := kmsg.OffsetFetchRequestGroup{Group: q.Group, MemberEpoch: -1}
	if q.Topics != nil {
		one.Topics = []kmsg.OffsetFetchRequestGroupTopic{}
	}
	for _, t := range q.Topics {
		one.Topics = append(one.Topics, kmsg.OffsetFetchRequestGroupTopic{Topic: t.Topic, Partitions: t.Partitions})
	}
	g := b.groups.fetch(&one, q.Version, q.RequireStable)
	if q.Version >= 2 {
		r.ErrorCode = g.ErrorCode
	}
	for _, t := range g.Topics {
		rt := kmsg.OffsetFetchResponseTopic{Topic: t.Topic}
		for _, p := range t.Partitions {
			rt.Partitions = append(rt.Partitions, kmsg.OffsetFetchResponseTopicPartition(p))
		}
		r.Topics = append(r.Topics, rt)
	}
	return r
}

// fetch answers for one group.
func (c *groups) fetch(q *kmsg.OffsetFetchRequestGroup, version int16, stable bool) kmsg.OffsetFetchResponseGroup {
	r := kmsg.OffsetFetchResponseGroup{Group: q.Group}
	g := c.lock(q.Group)
	if g != nil {
		defer g.mu.Unlock()
		if g.modern != nil {
			if err := g.modern.checkFetch(q.MemberID, q.MemberEpoch); err != nil {
				r.ErrorCode = code(err)
				return r
			}
		}
	}
	if q.Topics == nil {
		if g != nil {
			r.Topics = g.fetchAll(stable)
		}
		return r
	}
	for _, t := range q.Topics {
		rt := kmsg.OffsetFetchResponseGroupTopic{Topic: t.Topic, TopicID: t.TopicID}
		info, known := topicInfo{name: t.Topic}, true
		if version >= 10 {
			info, known = c.topics.byID(log.TopicID(t.TopicID))
		}
		for _, p := range t.Partitions {
			rp := noOffset(p, nil)
			switch {
			case !known:
				rp = noOffset(p, kerr.UnknownTopicID)
			case g != nil:
				rp = g.fetchOne(topicPartition{info.name, p}, stable)
			}
			rt.Partitions = append(rt.Partitions, rp)
		}
		r.Topics = append(r.Topics, rt)
	}
	return r
}

// noOffset is the answer where nothing is committed, or nothing can be said.
func noOffset(partition int32, err error) kmsg.OffsetFetchResponseGroupTopicPartition {
	return kmsg.OffsetFetchResponseGroupTopicPartition{Partition: partition, Offset: -1, LeaderEpoch: -1, Metadata: new(string), ErrorCode: code(err)}
}

// fetchOne answers for one partition.
func (g *group) fetchOne(tp topicPartition, stable bool) kmsg.OffsetFetchResponseGroupTopicPartition {
	o, ok := g.offset(tp)
	switch {
	case stable && len(g.pending[tp]) > 0:
		return noOffset(tp.partition, kerr.UnstableOffsetCommit)
	case !ok:
		return noOffset(tp.partition, nil)
	}
	return kmsg.OffsetFetchResponseGroupTopicPartition{Partition: o.Partition, Offset: o.Offset, LeaderEpoch: o.LeaderEpoch, Metadata: &o.Metadata}
}

// fetchAll answers for all partitions with an offset.
func (g *group) fetchAll(stable bool) []kmsg.OffsetFetchResponseGroupTopic {
	var list []kmsg.OffsetFetchResponseGroupTopic
	for _, o := range g.sortedOffsets() {
		if n := len(list); n == 0 || list[n-1].Topic != o.Topic {
			t, _ := g.all.topics.byName(o.Topic)
			list = append(list, kmsg.OffsetFetchResponseGroupTopic{Topic: o.Topic, TopicID: t.id})
		}
		t := &list[len(list)-1]
		t.Partitions = append(t.Partitions, g.fetchOne(o.key(), stable))
	}
	return list
}
