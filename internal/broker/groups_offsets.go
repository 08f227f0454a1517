package broker

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/azud/azud/internal/log"
)

// committed is an offset that a group has committed.
type committed struct {
	Topic       string
	TopicID     log.TopicID // puts fills it in from Topic where it is zero
	Partition   int32
	Offset      int64
	LeaderEpoch int32 // -1 if unknown
	Metadata    string
	Time        int64 // of the commit, ms
	Expire      int64 // ms, for clients before version 5 that say so; 0: the broker's retention
}

func (o *committed) key() topicPartition { return topicPartition{o.Topic, o.Partition} }

// offsetKey is the key in TableOffsets: Kafka's OffsetCommitKey.
func offsetKey(group string, tp topicPartition) string {
	k := kmsg.OffsetCommitKey{Version: 1, Group: group, Topic: tp.topic, Partition: tp.partition}
	return string(k.AppendTo(nil))
}

// value is the value in TableOffsets: Kafka's OffsetCommitValue; version 1, without a leader
// epoch, where an expiry is asked for.
func (o *committed) value() []byte {
	v := kmsg.OffsetCommitValue{Version: 4, Offset: o.Offset, LeaderEpoch: o.LeaderEpoch, Metadata: o.Metadata,
		CommitTimestamp: o.Time, TopicID: o.TopicID}
	if o.Expire > 0 {
		v.Version, v.ExpireTimestamp = 1, o.Expire
	}
	return v.AppendTo(nil)
}

func readOffset(key string, value []byte) (group string, o committed, err error) {
	var k kmsg.OffsetCommitKey
	v := kmsg.NewOffsetCommitValue()
	if err := errors.Join(k.ReadFrom([]byte(key)), v.ReadFrom(value)); err != nil {
		return "", o, err
	}
	return k.Group, committed{Topic: k.Topic, TopicID: v.TopicID, Partition: k.Partition, Offset: v.Offset,
		LeaderEpoch: v.LeaderEpoch, Metadata: v.Metadata, Time: v.CommitTimestamp, Expire: max(v.ExpireTimestamp, 0)}, nil
}

// puts are the changes of the table that commit offsets; it completes them with topic ids.
func (c *groups) puts(group string, offsets []committed) []log.Put {
	list := make([]log.Put, len(offsets))
	for i := range offsets {
		o := &offsets[i]
		if o.TopicID == (log.TopicID{}) {
			t, _ := c.topics.byName(o.Topic)
			o.TopicID = t.id
		}
		list[i] = log.Put{Table: log.TableOffsets, Key: offsetKey(group, o.key()), Value: o.value()}
	}
	return list
}

// apply takes over committed offsets that have been written.
func (g *group) apply(offsets []committed) {
	for _, o := range offsets {
		o.Topic = strings.Clone(o.Topic)
		g.offsets[o.key()] = o
	}
}

// current says whether an offset belongs to the topic that has its name now: Kafka deletes
// the offsets of a topic with it.
func (c *groups) current(o committed) bool {
	t, ok := c.topics.byName(o.Topic)
	return ok && (o.TopicID == t.id || o.TopicID == log.TopicID{})
}

// offset finds a committed offset.
func (g *group) offset(tp topicPartition) (committed, bool) {
	o, ok := g.offsets[tp]
	return o, ok && g.all.current(o)
}

// sortedOffsets lists all of them by topic and partition.
func (g *group) sortedOffsets() []committed {
	list := make([]committed, 0, len(g.offsets))
	for _, o := range g.offsets {
		if g.all.current(o) {
			list = append(list, o)
		}
	}
	slices.SortFunc(list, func(a, b committed) int {
		return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition))
	})
	return list
}

// forget deletes offsets, in the store and here.
func (g *group) forget(keys []topicPartition) error {
	if len(keys) == 0 {
		return nil
	}
	w := log.Write{}
	for _, tp := range keys {
		w.Puts = append(w.Puts, log.Put{Table: log.TableOffsets, Key: offsetKey(g.name, tp)})
	}
	if err := g.all.store.Write(w); err != nil {
		return err
	}
	for _, tp := range keys {
		delete(g.offsets, tp)
	}
	return nil
}

// checkCommit says whether a commit may be made (Kafka: validateOffsetCommit). txn is for
// TxnOffsetCommit. The function that it returns checks one partition's offset, of which it
// reads TopicID and Partition; nil: all may.
func (g *group) checkCommit(generation int32, member string, instance *string, txn bool, version int16) (func(*committed) error, error) {
	if g.modern != nil {
		return g.modern.checkCommit(generation, member, instance, txn, version)
	}
	cl := g.classic
	switch {
	case generation < 0 && cl.state == stateEmpty:
		return nil, nil // an admin client, or a consumer that assigns for itself
	case generation >= 0 || member != "" || instance != nil:
		if err := cl.validate(member, instance); err != nil {
			return nil, err
		}
		if generation != cl.generation {
			return nil, kerr.IllegalGeneration
		}
	case !txn:
		return nil, kerr.UnknownMemberID
	}
	if !txn && cl.state == stateCompleting {
		return nil, kerr.RebalanceInProgress
	}
	return nil, nil
}

// commit writes and takes over the offsets of one request.
func (g *group) commit(offsets []committed) error {
	if len(offsets) == 0 {
		return nil
	}
	if err := g.all.store.Write(log.Write{Puts: g.all.puts(g.name, offsets)}); err != nil {
		return err
	}
	g.apply(offsets)
	return nil
}

// scheduleExpiry looks for old offsets every so often.
func (c *groups) scheduleExpiry() {
	c.timers.set(timerKey{kind: timerExpiry}, c.cfg.retentionCheck, func() {
		for _, g := range c.snapshot() {
			g.mu.Lock()
			if !g.gone {
				g.expire(c.now())
			}
			g.mu.Unlock()
		}
		c.scheduleExpiry()
	})
}

// expire deletes offsets past their time, and the group when nothing is left of it (Kafka:
// cleanupExpiredOffsets, offsetExpirationCondition).
func (g *group) expire(now int64) {
	var old []topicPartition
	for tp, o := range g.offsets {
		if !g.all.current(o) || len(g.pending[tp]) == 0 && g.expired(o, now) {
			old = append(old, tp)
		}
	}
	err := g.forget(old)
	if err == nil && len(g.offsets) == 0 && len(g.pending) == 0 && g.empty() && (g.modern != nil || len(g.classic.pendingJoin) == 0) {
		err = g.remove()
	}
	if err != nil {
		g.all.log.Warn("old offsets could not be deleted", "group", g.name, "error", err)
	}
}

// expired says whether an offset is past its time.
func (g *group) expired(o committed, now int64) bool {
	keep := g.all.cfg.retention.Milliseconds()
	base := o.Time
	switch {
	case g.subscribesTo(o.Topic) && !g.empty():
		return false
	case g.modern != nil || g.classic.protocolType == "":
	case g.classic.state == stateEmpty:
		base = g.classic.since
	case g.classic.state != stateStable || g.classic.protocolType != consumerProtocol || g.classic.subscribed == nil:
		return false
	}
	if o.Expire > 0 {
		return now >= o.Expire
	}
	return now-base >= keep
}

// storeError is the answer to a failed write, as Kafka's coordinator gives it.
func storeError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, log.ErrStorage), errors.Is(err, log.ErrClosed):
		return kerr.NotCoordinator
	case errors.Is(err, log.ErrDiskFull):
		return kerr.CoordinatorNotAvailable
	}
	return err
}
