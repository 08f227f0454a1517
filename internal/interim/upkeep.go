package interim

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// retentionEvery is Kafka's log.retention.check.interval.ms.
const retentionEvery = 5 * time.Minute

// retain applies retention until ctx ends.
func (b *Broker) retain(ctx context.Context) {
	for b.cfg.Sys.Clock.Sleep(ctx, retentionEvery) == nil {
		b.retainOnce(ctx)
	}
}

// retainOnce applies retention to all topics. What cannot be judged is kept, and told;
// a defect must not end the process, whose other parts do without retention.
func (b *Broker) retainOnce(ctx context.Context) {
	defer func() {
		if v := recover(); v != nil {
			b.cfg.Log(fmt.Sprintf("broker: retention failed: %v\n%s", v, debug.Stack()))
		}
	}()
	names, err := b.front.topics()
	if err != nil {
		b.cfg.Log(fmt.Sprintf("broker: retention postponed: %v", err))
		return
	}
	for _, name := range names {
		if ctx.Err() != nil {
			return
		}
		if err := b.retainTopic(ctx, name); err != nil {
			b.cfg.Log(fmt.Sprintf("broker: retention of topic %q postponed: %v", name, err))
		}
	}
}

// retainTopic removes what a topic need not keep. The request goes the way of a
// client's, so that the journal notes the floors before anything is removed.
func (b *Broker) retainTopic(ctx context.Context, topic string) error {
	lim, err := b.limits(topic)
	if err != nil || !lim.any() {
		return err
	}
	t := kmsg.NewDeleteRecordsRequestTopic()
	t.Topic = topic
	for _, info := range b.cluster.PartitionInfos(topic) {
		cut, err := b.expired(ctx, topic, info, lim)
		if err != nil {
			return err
		}
		if cut > info.LogStartOffset {
			p := kmsg.NewDeleteRecordsRequestTopicPartition()
			p.Partition, p.Offset = info.Partition, cut
			t.Partitions = append(t.Partitions, p)
		}
	}
	if len(t.Partitions) == 0 {
		return nil
	}
	req := kmsg.NewPtrDeleteRecordsRequest()
	req.Version = 2
	req.Topics = append(req.Topics, t)
	resp := req.ResponseKind().(*kmsg.DeleteRecordsResponse)
	if err := b.front.request(req, resp); err != nil {
		return err
	}
	for _, t := range resp.Topics {
		for _, p := range t.Partitions {
			if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
				return fmt.Errorf("partition %d: %w", p.Partition, err)
			}
		}
	}
	return nil
}

// expired is the offset before which a partition may be cut: the end of the batches at
// its beginning that are all expired, or beyond the size. The first batch to be kept
// ends the search, as the first such segment does in Kafka; an open transaction is kept.
func (b *Broker) expired(ctx context.Context, topic string, info *kfake.PartitionInfo, lim limits) (int64, error) {
	const probe, chunk = 1, 1 << 20 // bytes; a reply holds at least a batch
	now := b.cfg.Sys.Clock.Now().UnixMilli()
	cut, size, room := info.LogStartOffset, info.NumBytes, int32(probe)
	for cut < info.LastStableOffset {
		if err := ctx.Err(); err != nil {
			return info.LogStartOffset, nil // closing: the next pass decides
		}
		raw, err := b.front.fetch(topic, info.Partition, cut, room)
		if err != nil {
			return 0, err
		}
		from := cut
		for len(raw) > 0 {
			h, rest := firstBatch(raw)
			if h.size == 0 { // the rest did not fit
				break
			}
			if h.next() > info.LastStableOffset || !lim.expired(h, now, size) {
				return cut, nil
			}
			raw, size, cut = rest, size-int64(h.size), h.next()
		}
		if cut == from {
			return cut, nil
		}
		room = chunk
	}
	return cut, nil
}
