package broker

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/azud/azud/internal/log"
	"github.com/azud/azud/internal/record"
)

// TopicStore keeps keys and values in a compacted topic of one partition, for parts of this
// process that want their state where every Kafka client sees it. It is for one goroutine at a
// time.
type TopicStore struct {
	b    *Broker
	name string
	made record.Builder
}

// TopicStore makes the topic if it does not exist; one that is not compacted is an error.
func (b *Broker) TopicStore(ctx context.Context, name string) (*TopicStore, error) {
	s := &TopicStore{b: b, name: name}
	if t := b.store.Topics().ByName(name); t != nil {
		if policy := t.Overrides()["cleanup.policy"]; policy != "compact" {
			return nil, fmt.Errorf("topic %s is there and its cleanup.policy is %q, not compact: its records would be lost in time", name, policy)
		}
		return s, nil
	}
	req := kmsg.NewPtrCreateTopicsRequest()
	req.SetVersion(7)
	topic := kmsg.NewCreateTopicsRequestTopic()
	topic.Topic, topic.NumPartitions, topic.ReplicationFactor = name, 1, -1
	for _, c := range [][2]string{{"cleanup.policy", "compact"}, {"max.message.bytes", "8388608"}} {
		setting := kmsg.NewCreateTopicsRequestTopicConfig()
		setting.Name, setting.Value = c[0], &c[1]
		topic.Configs = append(topic.Configs, setting)
	}
	req.Topics = append(req.Topics, topic)
	resp, err := b.Request(ctx, req)
	if err != nil {
		return nil, err
	}
	err = kerr.ErrorForCode(resp.(*kmsg.CreateTopicsResponse).Topics[0].ErrorCode)
	if err != nil && !errors.Is(err, kerr.TopicAlreadyExists) {
		return nil, err
	}
	return s, nil
}

// Append writes a record, durable when it returns; a nil value is a tombstone. A record longer
// than the topic takes is kerr.MessageTooLarge.
func (s *TopicStore) Append(ctx context.Context, key, value []byte) (int64, error) {
	s.made.Begin(record.Plain(record.None))
	s.made.Add(s.b.cfg.Sys.Clock.Now().UnixMilli(), key, value)
	raw, err := s.made.Finish(nil, nil)
	if err != nil {
		return 0, err
	}
	req := kmsg.NewPtrProduceRequest()
	req.SetVersion(12)
	req.Acks, req.TimeoutMillis = -1, 30_000
	part := kmsg.NewProduceRequestTopicPartition()
	part.Records = raw
	topic := kmsg.NewProduceRequestTopic()
	topic.Topic, topic.Partitions = s.name, []kmsg.ProduceRequestTopicPartition{part}
	req.Topics = []kmsg.ProduceRequestTopic{topic}
	resp, err := s.b.Request(ctx, req)
	if err != nil {
		return 0, err
	}
	p := resp.(*kmsg.ProduceResponse).Topics[0].Partitions[0]
	return p.BaseOffset, kerr.ErrorForCode(p.ErrorCode)
}

// Load calls each for the records that were durable when it was called, in order of their
// offsets. key and value are valid during the call only; the first error of each ends Load.
func (s *TopicStore) Load(ctx context.Context, each func(key, value []byte, offset int64) error) error {
	t := s.b.store.Topics().ByName(s.name)
	if t == nil {
		return log.ErrNoTopic
	}
	p := t.Partition(0)
	r := p.Reader()
	defer r.Close() //nolint:errcheck // only lets go
	var dec record.Decompressor
	for at, end := p.Start(), p.Stable(); at < end; {
		batches, next, err := r.ReadFor(ctx, at, 1<<20, log.ReadCommitted, 0)
		if err != nil {
			return err
		}
		if next == at { // compaction has removed the rest
			return nil
		}
		for i := range batches {
			var stop error
			err := batches[i].Records(&dec, func(rec *record.Record) bool {
				if rec.Offset >= at && rec.Offset < end {
					stop = each(rec.Key, rec.Value, rec.Offset)
				}
				return stop == nil
			})
			if err := errors.Join(err, stop); err != nil {
				return err
			}
		}
		at = next
	}
	return nil
}
