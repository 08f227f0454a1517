package broker

import (
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// createPartitions gives topics more partitions.
func (b *Broker) createPartitions(c *call, q *kmsg.CreatePartitionsRequest) {
	r := kmsg.NewPtrCreatePartitionsResponse()
	times := map[string]int{}
	for i := range q.Topics {
		times[q.Topics[i].Topic]++
	}
	b.making.Lock()
	for i := range q.Topics {
		in := &q.Topics[i]
		out := kmsg.NewCreatePartitionsResponseTopic()
		out.Topic = in.Topic
		var err error
		switch {
		case times[in.Topic] == 0:
			continue // told already
		case times[in.Topic] > 1:
			times[in.Topic] = 0
			err = refused(kerr.InvalidRequest, "Duplicate topic name.")
		default:
			err = b.addPartitions(in, q.ValidateOnly)
		}
		if err != nil {
			out.ErrorCode, out.ErrorMessage = code(err), messageOf(err)
			if out.ErrorCode == kerr.UnknownTopicOrPartition.Code {
				out.ErrorMessage = nil
			}
		}
		r.Topics = append(r.Topics, out)
	}
	b.making.Unlock()
	b.durable(c, r, func(code int16) {
		for i := range r.Topics {
			if r.Topics[i].ErrorCode == 0 {
				r.Topics[i].ErrorCode = code
			}
		}
	})
}

// addPartitions gives one topic more partitions. The caller holds making.
func (b *Broker) addPartitions(in *kmsg.CreatePartitionsRequestTopic, validate bool) error {
	t := b.store.Topics().ByName(in.Topic)
	if t == nil {
		return kerr.UnknownTopicOrPartition
	}
	have := len(t.Partitions())
	more := int(in.Count) - have
	switch {
	case more == 0:
		return refused(kerr.InvalidPartitions, "Topic already has %d partition(s).", have)
	case more < 0:
		return refused(kerr.InvalidPartitions, "The topic %s currently has %d partition(s); %d would not be an increase.", in.Topic, have, in.Count)
	case len(in.Assignment) > 0 && len(in.Assignment) != more:
		return refused(kerr.InvalidReplicaAssignment, "Attempted to add %d additional partition(s), but only %d assignment(s) were specified.", more, len(in.Assignment))
	}
	for _, a := range in.Assignment {
		if err := b.checkReplicas(a.Replicas); err != nil {
			return err
		}
	}
	if room := maxPartitions - b.partitions(); more > room {
		return refused(kerr.PolicyViolation, "There may be %d partitions in all; %d are left.", maxPartitions, max(room, 0))
	}
	if validate {
		return nil
	}
	return b.store.AddPartitions(t.ID(), int(in.Count))
}
