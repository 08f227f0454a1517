package broker

import (
	"strings"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// createTopics makes topics, each of which may fail for itself.
func (b *Broker) createTopics(c *call, q *kmsg.CreateTopicsRequest) {
	r := kmsg.NewPtrCreateTopicsResponse()
	times := map[string]int{}
	total := 0
	for i := range q.Topics {
		t := &q.Topics[i]
		times[t.Topic]++
		total += max(int(t.NumPartitions), len(t.ReplicaAssignment), 0)
	}
	b.making.Lock()
	room := maxPartitions - b.partitions()
	planned := map[string]bool{} // those that validate-only would have made
	for i := range q.Topics {
		in := &q.Topics[i]
		out := kmsg.NewCreateTopicsResponseTopic()
		out.Topic, out.Configs = in.Topic, []kmsg.CreateTopicsResponseTopicConfig{}
		var err error
		switch {
		case times[in.Topic] == 0:
			continue // told already
		case times[in.Topic] > 1:
			err = refused(kerr.InvalidRequest, "Duplicate topic name.")
			times[in.Topic] = 0
		case total > maxPartitions:
			err = refused(kerr.PolicyViolation, "Excessively large number of partitions per request.")
		default:
			err = b.createTopic(in, &out, planned, &room, q)
		}
		if err != nil {
			out.ErrorCode, out.ErrorMessage = code(err), messageOf(err)
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

// createTopic makes one topic, or says why not; room is what is left of maxPartitions. The
// caller holds making.
func (b *Broker) createTopic(in *kmsg.CreateTopicsRequestTopic, out *kmsg.CreateTopicsResponseTopic, planned map[string]bool, room *int, q *kmsg.CreateTopicsRequest) error {
	if err := b.freeName(in.Topic, planned); err != nil {
		return err
	}
	overrides, err := checkOverrides(in.Configs)
	if err != nil {
		return err
	}
	n, err := b.countPartitions(in)
	if err != nil {
		return err
	}
	if n > *room {
		return refused(kerr.PolicyViolation, "There may be %d partitions in all; %d are left.", maxPartitions, max(*room, 0))
	}
	name := strings.Clone(in.Topic)
	if !q.ValidateOnly {
		t, err := b.store.CreateTopic(name, newTopicID(b.cfg.Sys.Rand), n, overrides)
		if err != nil {
			return err
		}
		out.TopicID = t.ID()
	}
	planned[name] = true
	*room -= n
	const shownFrom = 5
	if q.Version < shownFrom {
		return nil
	}
	out.NumPartitions, out.ReplicationFactor = int32(n), 1
	d := &describing{c: b.configs, q: &kmsg.DescribeConfigsRequest{}}
	d.overridden(overrides)
	for _, e := range d.out {
		shown := kmsg.NewCreateTopicsResponseTopicConfig()
		shown.Name, shown.Value, shown.ReadOnly, shown.Source, shown.IsSensitive = e.Name, e.Value, e.ReadOnly, int8(e.Source), e.IsSensitive
		out.Configs = append(out.Configs, shown)
	}
	return nil
}

// partitions are all that there are.
func (b *Broker) partitions() (n int) {
	for _, t := range allTopics(b.store) {
		n += len(t.Partitions())
	}
	return n
}
