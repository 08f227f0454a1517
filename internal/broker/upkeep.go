package broker

import (
	"context"
	"fmt"
	"time"
)

// retentionEvery is Kafka's log.retention.check.interval.ms.
const retentionEvery = 5 * time.Minute

// retain applies retention until ctx ends: kfake's own timer starts only when a topic
// is altered. A partition that loses all its records keeps its offsets (floors).
func (b *Broker) retain(ctx context.Context) {
	for b.cfg.Sys.Clock.Sleep(ctx, retentionEvery) == nil {
		if err := b.noteFloors(); err != nil {
			b.cfg.Log(fmt.Sprintf("broker: retention postponed: %v", err))
			continue
		}
		b.cluster.ApplyRetention()
		if err := b.noteFloors(); err != nil {
			b.cfg.Log(fmt.Sprintf("broker: after retention: %v", err))
		}
	}
}

// noteFloors writes down where each partition's log begins and ends.
func (b *Broker) noteFloors() error {
	if b.journal == nil {
		return nil
	}
	names, err := b.front.topics()
	if err != nil {
		return err
	}
	for _, name := range names {
		info := b.cluster.TopicInfo(name)
		if info == nil {
			continue
		}
		for _, p := range b.cluster.PartitionInfos(name) {
			b.journal.raise(info.TopicID, p.Partition, floor{p.LogStartOffset, p.HighWatermark})
		}
	}
	return b.journal.saveFloors()
}
