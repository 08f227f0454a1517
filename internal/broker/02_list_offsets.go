package broker

import (
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/azud/azud/internal/log"
)

// Timestamps of ListOffsets that mean a place.
const (
	latest        = -1
	earliest      = -2
	maxTimestamp  = -3 // from version 7
	earliestLocal = -4 // from version 8: what is not in remote storage; here, all
	latestTiered  = -5 // from version 9: the end of remote storage; here, none
)

// listOffsets finds offsets by time, among all records that were written before it came: a
// producer with acks=1 has its answer before they can be read, and then expects to find them.
func (b *Broker) listOffsets(c *call, req *kmsg.ListOffsetsRequest) kmsg.Response {
	resp := kmsg.NewPtrListOffsetsResponse()
	if b.anyBehind(req) {
		b.catchUp(c.ctx)
	}
	type key struct {
		topic     string
		partition int32
	}
	const answered = -1 // one that is named twice gets one answer
	seen := map[key]int{}
	for _, t := range req.Topics {
		for _, p := range t.Partitions {
			seen[key{t.Topic, p.Partition}]++
		}
	}
	for _, t := range req.Topics {
		out := kmsg.NewListOffsetsResponseTopic()
		out.Topic = t.Topic
		topic := b.store.Topics().ByName(t.Topic)
		for _, p := range t.Partitions {
			if seen[key{t.Topic, p.Partition}] == answered {
				continue
			}
			d := kmsg.NewListOffsetsResponseTopicPartition()
			d.Partition, d.Timestamp, d.Offset, d.LeaderEpoch = p.Partition, -1, -1, -1
			var err error
			if seen[key{t.Topic, p.Partition}] > 1 {
				err = kerr.InvalidRequest
				seen[key{t.Topic, p.Partition}] = answered
			} else {
				err = b.listOffset(partitionOf(topic, p.Partition), req, p, &d)
			}
			d.ErrorCode = code(err)
			if req.Version == 0 && err == nil {
				d.OldStyleOffsets = []int64{}
				if d.Offset >= 0 && p.MaxNumOffsets > 0 {
					d.OldStyleOffsets = []int64{d.Offset}
				}
			}
			out.Partitions = append(out.Partitions, d)
		}
		resp.Topics = append(resp.Topics, out)
	}
	return resp
}

// anyBehind reports whether a partition of the request may soon have another answer.
func (b *Broker) anyBehind(req *kmsg.ListOffsetsRequest) bool {
	for i := range req.Topics {
		topic := b.store.Topics().ByName(req.Topics[i].Topic)
		for _, p := range req.Topics[i].Partitions {
			fixed := p.Timestamp == earliest || p.Timestamp == earliestLocal
			if !fixed && behind(partitionOf(topic, p.Partition)) {
				return true
			}
		}
	}
	return false
}

// leastVersion is the version of ListOffsets in which a timestamp got its meaning.
func leastVersion(timestamp int64) int16 {
	switch timestamp {
	case latest, earliest:
		return 0
	case maxTimestamp:
		return 7
	case earliestLocal:
		return 8
	case latestTiered:
		return 9
	}
	if timestamp < 0 {
		return 1 << 14
	}
	return 0
}

func (b *Broker) listOffset(p *log.Partition, req *kmsg.ListOffsetsRequest, want kmsg.ListOffsetsRequestTopicPartition, out *kmsg.ListOffsetsResponseTopicPartition) error {
	if p == nil {
		return kerr.UnknownTopicOrPartition
	}
	if req.Version < leastVersion(want.Timestamp) {
		return kerr.UnsupportedVersion
	}
	if err := checkEpoch(p, want.CurrentLeaderEpoch, req.Version >= 4); err != nil {
		return err
	}
	iso := log.Isolation(req.IsolationLevel)
	switch want.Timestamp {
	case latest:
		out.Offset, out.LeaderEpoch = p.High(), p.LeaderEpoch()
		if iso == log.ReadCommitted {
			out.Offset = p.Stable()
		}
	case earliest, earliestLocal:
		out.Offset, out.LeaderEpoch = p.Start(), p.LeaderEpoch()
	case latestTiered:
	case maxTimestamp:
		found, err := p.MaxTime()
		if err != nil {
			return err
		}
		out.Offset, out.Timestamp, out.LeaderEpoch = found.Offset, found.Time, found.LeaderEpoch
	default:
		found, err := p.OffsetAt(want.Timestamp, iso)
		if err != nil {
			return err
		}
		out.Offset, out.Timestamp, out.LeaderEpoch = found.Offset, found.Time, found.LeaderEpoch
	}
	if out.Offset < 0 {
		out.LeaderEpoch = -1
	}
	return nil
}

// checkEpoch compares the leader epoch that a client believes in with the partition's.
func checkEpoch(p *log.Partition, epoch int32, has bool) error {
	if !has || epoch < 0 {
		return nil
	}
	switch now := p.LeaderEpoch(); {
	case epoch < now:
		return kerr.FencedLeaderEpoch
	case epoch > now:
		return kerr.UnknownLeaderEpoch
	}
	return nil
}
