package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/azud/azud/internal/errs"
)

// look sees what no record says: that the topic has more partitions, that it is gone, or that
// other members of the group have come to the end. The end itself needs no look: the last
// batch of a log is never compacted away, and what a transaction ends with is a marker.
func (r *reading) look(ctx context.Context) error {
	topics, err := r.adm.ListTopicsWithInternal(ctx, r.topic)
	if err != nil {
		return unavailable(err, "looking at topic %s", r.topic)
	}
	t := topics[r.topic]
	switch {
	case errors.Is(t.Err, kerr.UnknownTopicOrPartition):
		return errs.New("UNKNOWN_TOPIC_OR_PARTITION", "topic %s was deleted", r.topic)
	case t.Err != nil:
		return nil // such as a leader that is being chosen
	case r.end == nil:
		r.addPartitions(t)
		return nil
	}
	if r.o.group != "" {
		return r.follow(ctx)
	}
	return nil
}

// addPartitions reads partitions that have come since from their beginning. A group's client
// does that by itself.
func (r *reading) addPartitions(t kadm.TopicDetail) {
	if r.o.group != "" || len(r.o.partitions) > 0 {
		return
	}
	for p := range t.Partitions {
		if _, known := r.next[p]; known {
			continue
		}
		r.next[p] = 0
		r.cl.AddConsumePartitions(map[string]map[int32]kgo.Offset{r.topic: {p: kgo.NewOffset().AtStart()}})
		fmt.Fprintf(r.a.sys.Err, "azud: topic %s has got partition %d\n", r.topic, p)
	}
}

// follow takes over what other members of the group have read.
func (r *reading) follow(ctx context.Context) error {
	committed, err := r.a.committedOf(ctx, r.adm, r.o.group)
	if err != nil {
		return err
	}
	for p := range r.left {
		if at, ok := committed.Lookup(r.topic, p); ok {
			r.next[p] = max(r.next[p], at.At)
		}
		if r.next[p] >= r.end[p] {
			r.finish(p)
		}
	}
	return nil
}
