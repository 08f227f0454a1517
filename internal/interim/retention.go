package interim

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// limits are what a topic need not keep. kfake's own retention is not used: it knows no
// cleanup.policy, and cuts behind any batch with an old timestamp, whatever is before it.
type limits struct {
	millis int64 // retention.ms, < 0 for no limit
	bytes  int64 // retention.bytes of a partition, < 0 for no limit
}

func (l limits) any() bool { return l.millis >= 0 || l.bytes >= 0 }

// expired reports whether h, the first batch of a partition of size bytes, may go: by
// its newest timestamp, or because as many bytes as the limit remain without it.
func (l limits) expired(h batch, nowMillis, size int64) bool {
	return l.millis >= 0 && nowMillis-h.maxTime >= l.millis ||
		l.bytes >= 0 && size-int64(h.size) >= l.bytes
}

// limits reads a topic's configuration: its own, else the broker's, else the default.
func (b *Broker) limits(topic string) (limits, error) {
	none := limits{-1, -1}
	res := kmsg.NewDescribeConfigsRequestResource()
	res.ResourceType, res.ResourceName = kmsg.ConfigResourceTypeTopic, topic
	req := kmsg.NewPtrDescribeConfigsRequest()
	req.Version = 2
	req.Resources = append(req.Resources, res)
	resp := req.ResponseKind().(*kmsg.DescribeConfigsResponse)
	if err := b.front.request(req, resp); err != nil {
		return none, err
	}
	if len(resp.Resources) != 1 {
		return none, fmt.Errorf("%d configurations came", len(resp.Resources))
	}
	if err := kerr.ErrorForCode(resp.Resources[0].ErrorCode); err != nil {
		return none, err
	}
	configs := resp.Resources[0].Configs
	if policy := effective(configs, "cleanup.policy"); policy != "" && !strings.Contains(policy, "delete") {
		return none, nil
	}
	millis, err := number(configs, "retention.ms")
	if err != nil {
		return none, err
	}
	size, err := number(configs, "retention.bytes")
	if err != nil {
		return none, err
	}
	return limits{millis, size}, nil
}

// effective is a setting of a topic, "" if there is none. The broker's comes beside the
// topic's default, under its own name.
func effective(configs []kmsg.DescribeConfigsResponseResourceConfig, name string) string {
	value := ""
	for _, c := range configs {
		switch {
		case c.Value == nil:
		case c.Name == name && c.Source == kmsg.ConfigSourceDynamicTopicConfig:
			return *c.Value
		case c.Name == "log."+name || c.Name == name && value == "":
			value = *c.Value
		}
	}
	return value
}

// number is a setting, -1 (no limit) if there is none.
func number(configs []kmsg.DescribeConfigsResponseResourceConfig, name string) (int64, error) {
	s := effective(configs, name)
	if s == "" {
		return -1, nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return -1, fmt.Errorf("%s: %w", name, err)
	}
	return n, nil
}

// fetch reads whole batches from an offset, about room bytes but at least one batch. The
// first may begin before the offset.
func (f *front) fetch(topic string, partition int32, from int64, room int32) ([]byte, error) {
	p := kmsg.NewFetchRequestTopicPartition()
	p.Partition, p.FetchOffset, p.PartitionMaxBytes = partition, from, room
	t := kmsg.NewFetchRequestTopic()
	t.Topic = topic
	t.Partitions = append(t.Partitions, p)
	req := kmsg.NewPtrFetchRequest()
	req.Version = 11 // the last that needs no header tags
	req.ReplicaID, req.MaxBytes, req.SessionEpoch = -1, room, -1
	req.Topics = append(req.Topics, t)
	resp := req.ResponseKind().(*kmsg.FetchResponse)
	if err := f.request(req, resp); err != nil {
		return nil, err
	}
	if err := kerr.ErrorForCode(resp.ErrorCode); err != nil {
		return nil, err
	}
	if len(resp.Topics) != 1 || len(resp.Topics[0].Partitions) != 1 {
		return nil, fmt.Errorf("partition %d: no reply", partition)
	}
	got := resp.Topics[0].Partitions[0]
	return got.RecordBatches, kerr.ErrorForCode(got.ErrorCode)
}

// firstBatch splits a batch off; its size is 0 if it is cut short or damaged.
func firstBatch(raw []byte) (batch, []byte) {
	if len(raw) < batchHeader {
		return batch{}, nil
	}
	n := 12 + int64(binary.BigEndian.Uint32(raw[8:]))
	if n > int64(len(raw)) {
		return batch{}, nil
	}
	h, ok := parseBatch(raw[:n])
	if !ok {
		return batch{}, nil
	}
	return h, raw[n:]
}
