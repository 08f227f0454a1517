package broker

import (
	"errors"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// offsetCommit stores offsets and answers when they are durable.
func offsetCommit(b *Broker, c *call, q *kmsg.OffsetCommitRequest) {
	r := kmsg.NewPtrOffsetCommitResponse()
	write, err := b.groups.commit(q, r)
	if err != nil {
		failCommit(r, err)
	}
	if !write || err != nil {
		c.answer(r)
		return
	}
	b.groups.store.Sync(func(err error) {
		if err != nil {
			failCommit(r, storeError(err))
		}
		c.answer(r)
	})
}

// failCommit puts an error where there was none.
func failCommit(r *kmsg.OffsetCommitResponse, err error) {
	for i := range r.Topics {
		for j := range r.Topics[i].Partitions {
			if p := &r.Topics[i].Partitions[j]; p.ErrorCode == 0 {
				p.ErrorCode = code(err)
			}
		}
	}
}

// commit checks a request, fills the answer and stores the offsets; write says that there
// were any. An error is that of all partitions without one of their own.
func (c *groups) commit(q *kmsg.OffsetCommitRequest, r *kmsg.OffsetCommitResponse) (write bool, err error) {
	offsets := c.commitOffsets(q, r)
	g := c.lock(q.Group)
	if g == nil {
		switch {
		case q.Generation < 0:
			g, _ = c.lockOrMake(q.Group)
		case q.Version >= 9:
			return false, kerr.GroupIDNotFound
		default:
			return false, kerr.IllegalGeneration
		}
	}
	defer g.mu.Unlock()
	if err := g.checkCommits(q, offsets); err != nil {
		return false, err
	}
	if q.Generation >= 0 && g.modern == nil {
		g.heard(g.classic.members[q.MemberID])
	}
	return len(offsets) > 0, storeError(g.commit(offsets))
}

// checkCommits says whether a request's offsets may be committed.
func (g *group) checkCommits(q *kmsg.OffsetCommitRequest, offsets []committed) error {
	each, err := g.checkCommit(q.Generation, q.MemberID, q.InstanceID, false, q.Version)
	for i := 0; i < len(offsets) && err == nil && each != nil; i++ {
		err = each(&offsets[i])
	}
	if errors.Is(err, kerr.StaleMemberEpoch) && q.Version < 9 {
		return kerr.UnsupportedVersion
	}
	return err
}

// commitOffsets fills the answer and lists the offsets of partitions that exist.
func (c *groups) commitOffsets(q *kmsg.OffsetCommitRequest, r *kmsg.OffsetCommitResponse) []committed {
	now := c.now()
	var offsets []committed
	for _, t := range q.Topics {
		rt := kmsg.OffsetCommitResponseTopic{Topic: t.Topic, TopicID: t.TopicID}
		info, ok := c.topics.byName(t.Topic)
		unknown := kerr.UnknownTopicOrPartition
		if q.Version >= 10 {
			info, ok = c.topics.byID(t.TopicID)
			unknown = kerr.UnknownTopicID
		}
		for _, p := range t.Partitions {
			o := committed{Topic: info.name, TopicID: info.id, Partition: p.Partition, Offset: p.Offset, LeaderEpoch: -1, Time: now}
			if q.Version >= 6 {
				o.LeaderEpoch = p.LeaderEpoch
			}
			if p.Metadata != nil {
				o.Metadata = *p.Metadata
			}
			if q.Version >= 2 && q.Version <= 4 && q.RetentionTimeMillis >= 0 {
				o.Expire = now + q.RetentionTimeMillis
			}
			var err error
			switch {
			case !ok:
				err = unknown
			case p.Partition < 0 || p.Partition >= info.partitions:
				err = kerr.UnknownTopicOrPartition
			case len(o.Metadata) > c.cfg.maxMetadata:
				err = kerr.OffsetMetadataTooLarge
			default:
				offsets = append(offsets, o)
			}
			rt.Partitions = append(rt.Partitions, kmsg.OffsetCommitResponseTopicPartition{Partition: p.Partition, ErrorCode: code(err)})
		}
		r.Topics = append(r.Topics, rt)
	}
	return offsets
}
