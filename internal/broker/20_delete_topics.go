package broker

import (
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/azud/azud/internal/log"
)

// deleteTopics deletes topics by name or, from version 6, by id. Whoever waits to read them
// wakes.
func (b *Broker) deleteTopics(c *call, q *kmsg.DeleteTopicsRequest) {
	const idsFrom = 6
	list := q.Topics
	if q.Version < idsFrom {
		list = nil
		for i := range q.TopicNames {
			list = append(list, kmsg.DeleteTopicsRequestTopic{Topic: &q.TopicNames[i]})
		}
	}
	r := kmsg.NewPtrDeleteTopicsResponse()
	names, ids := map[string]int{}, map[log.TopicID]int{}
	for _, t := range list {
		if t.Topic != nil {
			names[*t.Topic]++
		} else if t.TopicID != (log.TopicID{}) {
			ids[t.TopicID]++
		}
	}
	for _, t := range list {
		out := kmsg.NewDeleteTopicsResponseTopic()
		out.Topic, out.TopicID = t.Topic, t.TopicID
		var err error
		switch {
		case t.Topic == nil && t.TopicID == log.TopicID{}:
			err = refused(kerr.InvalidRequest, "Neither topic name nor id were specified.")
		case t.Topic != nil && t.TopicID != log.TopicID{}:
			err = refused(kerr.InvalidRequest, "You may not specify both topic name and topic id.")
		case t.Topic != nil && names[*t.Topic] == 0, t.Topic == nil && ids[t.TopicID] == 0:
			continue // told already
		case t.Topic != nil && names[*t.Topic] > 1:
			names[*t.Topic] = 0
			err = refused(kerr.InvalidRequest, "Duplicate topic name.")
		case t.Topic == nil && ids[t.TopicID] > 1:
			ids[t.TopicID] = 0
			err = refused(kerr.InvalidRequest, "Duplicate topic id.")
		default:
			err = b.deleteTopic(&out)
		}
		if err != nil {
			out.ErrorCode, out.ErrorMessage = code(err), messageOf(err)
		}
		r.Topics = append(r.Topics, out)
	}
	b.durable(c, r, func(code int16) {
		for i := range r.Topics {
			if r.Topics[i].ErrorCode == 0 {
				r.Topics[i].ErrorCode = code
			}
		}
	})
}

// deleteTopic deletes the topic that out names, and completes out.
func (b *Broker) deleteTopic(out *kmsg.DeleteTopicsResponseTopic) error {
	var t *log.Topic
	if out.Topic != nil {
		if t = b.store.Topics().ByName(*out.Topic); t == nil {
			return refused(kerr.UnknownTopicOrPartition, "This server does not host this topic-partition.")
		}
	} else if t = b.store.Topics().ByID(out.TopicID); t == nil {
		return refused(kerr.UnknownTopicID, "This server does not host this topic ID.")
	}
	if v, _ := b.setting("delete.topic.enable"); v == "false" {
		return refused(kerr.TopicDeletionDisabled, "Topic deletion is disabled.")
	}
	out.Topic, out.TopicID = kmsg.StringPtr(t.Name()), t.ID()
	return b.store.DeleteTopic(t.ID())
}
