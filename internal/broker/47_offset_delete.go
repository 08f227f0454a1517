package broker

import (
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// offsetDelete deletes committed offsets of topics that the group does not read.
func offsetDelete(b *Broker, c *call, q *kmsg.OffsetDeleteRequest) {
	r := kmsg.NewPtrOffsetDeleteResponse()
	err := b.groups.deleteOffsets(q, r)
	if err != nil {
		r.ErrorCode, r.Topics = code(err), nil
		c.answer(r)
		return
	}
	b.groups.store.Sync(func(err error) {
		if err != nil {
			r.ErrorCode, r.Topics = code(storeError(err)), nil
		}
		c.answer(r)
	})
}

func (c *groups) deleteOffsets(q *kmsg.OffsetDeleteRequest, r *kmsg.OffsetDeleteResponse) error {
	if q.Group == "" {
		return kerr.InvalidGroupID
	}
	g := c.lock(q.Group)
	if g == nil {
		return kerr.GroupIDNotFound
	}
	defer g.mu.Unlock()
	if g.modern == nil && g.classic.state != stateEmpty && g.classic.protocolType != consumerProtocol {
		return kerr.NonEmptyGroup
	}
	var keys []topicPartition
	for _, t := range q.Topics {
		rt := kmsg.OffsetDeleteResponseTopic{Topic: t.Topic}
		info, known := c.topics.byName(t.Topic)
		for _, p := range t.Partitions {
			var err error
			tp := topicPartition{t.Topic, p.Partition}
			_, has := g.offsets[tp]
			switch {
			case !known || p.Partition < 0 || p.Partition >= info.partitions:
				err = kerr.UnknownTopicOrPartition
			case g.subscribesTo(t.Topic):
				err = kerr.GroupSubscribedToTopic
			case has:
				keys = append(keys, tp)
			}
			rt.Partitions = append(rt.Partitions, kmsg.OffsetDeleteResponseTopicPartition{Partition: p.Partition, ErrorCode: code(err)})
		}
		r.Topics = append(r.Topics, rt)
	}
	return storeError(g.forget(keys))
}
