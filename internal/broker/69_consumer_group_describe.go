package broker

import (
	"fmt"
	"maps"
	"slices"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// consumerGroupDescribe describes modern groups.
func consumerGroupDescribe(b *Broker, c *call, q *kmsg.ConsumerGroupDescribeRequest) kmsg.Response {
	r := kmsg.NewPtrConsumerGroupDescribeResponse()
	for _, name := range q.Groups {
		d := b.groups.describeConsumers(name)
		if q.IncludeAuthorizedOperations && d.ErrorCode == 0 {
			d.AuthorizedOperations = groupOperations
		}
		r.Groups = append(r.Groups, d)
	}
	return r
}

func (c *groups) describeConsumers(name string) kmsg.ConsumerGroupDescribeResponseGroup {
	d := kmsg.NewConsumerGroupDescribeResponseGroup()
	d.Group, d.AuthorizedOperations = name, noOperations
	fail := func(err *kerr.Error, text string) kmsg.ConsumerGroupDescribeResponseGroup {
		d.ErrorCode, d.ErrorMessage = err.Code, &text
		return d
	}
	if name == "" {
		return fail(kerr.InvalidGroupID, "the group id is empty")
	}
	g := c.lock(name)
	if g == nil {
		return fail(kerr.GroupIDNotFound, fmt.Sprintf("Group %s not found.", name))
	}
	defer g.mu.Unlock()
	if g.modern == nil {
		return fail(kerr.GroupIDNotFound, fmt.Sprintf("Group %s is not a consumer group.", name))
	}
	md := g.modern
	d.State, d.Epoch, d.AssignmentEpoch = md.state(), md.epoch, md.targetEpoch
	d.AssignorName = md.assignorName(c.cfg.assignors[0])
	for _, m := range md.sorted() {
		d.Members = append(d.Members, c.describeConsumer(m))
	}
	return d
}

func (c *groups) describeConsumer(m *consumer) kmsg.ConsumerGroupDescribeResponseGroupMember {
	e := kmsg.NewConsumerGroupDescribeResponseGroupMember()
	e.MemberID, e.InstanceID, e.RackID, e.MemberEpoch = m.id, m.instance, m.rack, m.epoch
	e.ClientID, e.ClientHost, e.SubscribedTopics = m.client, m.host, m.topics
	if m.regex != "" {
		e.SubscribedTopicRegex = kmsg.StringPtr(m.regex)
	}
	e.Assignment, e.TargetAssignment = c.describeParts(m.assigned), c.describeParts(m.target)
	e.MemberType = 1
	if m.classic != nil {
		e.MemberType = 0
	}
	return e
}

// describeParts lists partitions of topics that exist, by topic name.
func (c *groups) describeParts(p parts) kmsg.Assignment {
	a := kmsg.NewAssignment()
	for id, partitions := range p {
		if t, ok := c.topics.byID(id); ok {
			a.TopicPartitions = append(a.TopicPartitions, kmsg.AssignmentTopicPartition{TopicID: id, Topic: t.name, Partitions: slices.Sorted(maps.Keys(partitions))})
		}
	}
	slices.SortFunc(a.TopicPartitions, func(x, y kmsg.AssignmentTopicPartition) int {
		return slices.Compare([]byte(x.Topic), []byte(y.Topic))
	})
	return a
}
