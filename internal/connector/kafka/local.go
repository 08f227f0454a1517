package kafka

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/log"
	"github.com/azud/azud/internal/record"
	"github.com/azud/azud/internal/sys"
)

// local is the log of this process: its segments are read without a socket between.
type local struct {
	home  Embedded
	clock sys.Clock
	piece int // bytes that are read at once

	mu    sync.Mutex
	names []string
}

func newLocal(home Embedded, clock sys.Clock) *local {
	return &local{home: home, clock: clock, piece: fetchBytes}
}

func (l *local) close() {}

func (l *local) learn(ctx context.Context, names []string, make bool) error {
	topics := l.home.Store().Topics()
	for _, name := range names {
		if topics.ByName(name) != nil {
			continue
		}
		if !make {
			var all []string
			for _, t := range topics.All() {
				all = append(all, t.Name())
			}
			return unknownTopic(name, all)
		}
		if err := l.create(ctx, name, -1, nil); err != nil {
			return err
		}
	}
	l.mu.Lock()
	l.names = names
	l.mu.Unlock()
	return l.catchUp(ctx, names)
}

// catchUp waits until what is in the topics now can be read: a query reads what a producer
// with acks=1 was told is there, although that may not be durable yet.
func (l *local) catchUp(ctx context.Context, names []string) error {
	topics := l.home.Store().Topics()
	for _, name := range names {
		t := topics.ByName(name)
		if t == nil || !slices.ContainsFunc(t.Partitions(), func(p *log.Partition) bool { return p.High() < p.End() }) {
			continue
		}
		if err := l.home.Store().Wait(ctx); err != nil && ctx.Err() != nil {
			return err
		}
		return nil // a failed disk is for those to tell who read
	}
	return nil
}

func (l *local) learnt() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.names
}

func (l *local) ids() identities {
	out := identities{}
	for _, name := range l.learnt() {
		if t := l.home.Store().Topics().ByName(name); t != nil {
			out[name] = t.ID().String()
		}
	}
	return out
}

func (l *local) count() int {
	names := l.learnt()
	n := 0
	for _, name := range names {
		if t := l.home.Store().Topics().ByName(name); t != nil {
			n += len(t.Partitions())
		}
	}
	return n
}

func (l *local) create(ctx context.Context, name string, partitions int32, configs map[string]*string) error {
	req := kmsg.NewPtrCreateTopicsRequest()
	req.SetVersion(7)
	topic := kmsg.NewCreateTopicsRequestTopic()
	topic.Topic, topic.NumPartitions, topic.ReplicationFactor = name, partitions, -1
	for key, value := range configs {
		c := kmsg.NewCreateTopicsRequestTopicConfig()
		c.Name, c.Value = key, value
		topic.Configs = append(topic.Configs, c)
	}
	req.Topics = append(req.Topics, topic)
	resp, err := l.home.Request(ctx, req)
	if err == nil {
		err = kerr.ErrorForCode(resp.(*kmsg.CreateTopicsResponse).Topics[0].ErrorCode)
	}
	if err != nil && !errors.Is(err, kerr.TopicAlreadyExists) {
		return unavailable(err, "creating topic %s", name)
	}
	return nil
}

func (l *local) all(context.Context) (names []string, err error) {
	for _, t := range l.home.Store().Topics().All() {
		names = append(names, t.Name())
	}
	return names, nil
}

func (l *local) after(_ context.Context, times positions) (positions, error) {
	out := positions{}
	for p, ms := range times {
		part, err := l.partition(p)
		if err != nil {
			return nil, err
		}
		found, err := part.OffsetAt(ms, log.ReadCommitted)
		if err != nil {
			return nil, l.unreadable(err, p, part.Start())
		}
		out[p] = found.Offset
	}
	return out, nil
}

// partition finds a partition; it may have been deleted since it was learnt.
func (l *local) partition(p tp) (*log.Partition, error) {
	if t := l.home.Store().Topics().ByName(p.topic); t != nil {
		if part := t.Partition(p.part); part != nil {
			return part, nil
		}
	}
	return nil, connector.Passing(errs.Wrap(kerr.UnknownTopicOrPartition, "UNKNOWN_TOPIC_OR_PARTITION", "%s is gone", p))
}

func (l *local) bounds(_ context.Context, names []string, uncommitted bool) (first, next positions, err error) {
	first, next = positions{}, positions{}
	topics := l.home.Store().Topics()
	for _, name := range names {
		t := topics.ByName(name)
		if t == nil {
			return nil, nil, connector.Passing(errs.Wrap(kerr.UnknownTopicOrPartition, "UNKNOWN_TOPIC_OR_PARTITION", "topic %s is gone", name))
		}
		for i, part := range t.Partitions() {
			p := tp{name, int32(i)}
			first[p], next[p] = part.Start(), part.Stable()
			if uncommitted {
				next[p] = part.High()
			}
		}
	}
	return first, next, nil
}

func (l *local) committed(ctx context.Context, p tp, from, to int64, want func(*record.Batch) bool, each func(*record.Batch, *record.Record), flush func() error) (int64, error) {
	part, err := l.partition(p)
	if err != nil {
		return from, err
	}
	w := walker{want: want}
	r := part.Reader()
	defer r.Close()
	pos := from
	for pos < to {
		// Without waiting: to was readable when it was planned.
		batches, next, err := r.ReadFor(ctx, pos, l.piece, log.ReadCommitted, 0)
		if err != nil {
			return pos, l.unreadable(err, p, pos)
		}
		if next == pos {
			if part.Stable() < to { // the topic was made anew
				return pos, errGone
			}
			return to, nil // compaction has removed the rest
		}
		for i := range batches {
			if err := w.records(&batches[i], pos, to, each); err != nil {
				return pos, damaged(err, p, pos)
			}
		}
		pos = min(next, to)
		if err := flush(); err != nil {
			return pos, err
		}
	}
	return pos, nil
}

func (l *local) batches(_ context.Context, p tp, from, to int64, each func(*record.Batch) error) (int64, error) {
	part, err := l.partition(p)
	if err != nil {
		return from, err
	}
	var buf []byte
	pos := from
	for pos < to {
		chunk, err := part.Read(pos, fetchBytes, log.ReadUncommitted, buf[:0])
		if err != nil {
			return pos, l.unreadable(err, p, pos)
		}
		buf = chunk.Batches
		next, err := allBatches(buf, pos, to, each)
		if err != nil {
			return pos, damaged(err, p, pos)
		}
		if next == pos { // compaction has removed what was here
			next = max(chunk.Next, pos)
		}
		if next == pos {
			return to, nil
		}
		pos = next
	}
	return pos, nil
}

// unreadable is the error for a log that cannot be read at pos.
func (l *local) unreadable(err error, p tp, pos int64) error {
	switch {
	case errors.Is(err, log.ErrOutOfRange):
		return errGone
	case errors.Is(err, log.ErrDamaged), errors.Is(err, log.ErrCorruptBatch):
		return damaged(err, p, pos)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	}
	return unavailable(err, "reading %s from offset %d", p, pos)
}

func (l *local) wait(ctx context.Context, at positions) bool {
	w := &log.Waiter{C: make(chan struct{}, 1)}
	var parts []*log.Partition
	defer func() {
		for _, part := range parts {
			part.Unwatch(w)
		}
	}()
	ends := map[*log.Partition]int64{}
	for p, pos := range at {
		part, err := l.partition(p)
		if err != nil {
			return true
		}
		part.Watch(w)
		parts = append(parts, part)
		ends[part] = pos
	}
	late := l.clock.After(pollWait)
	for {
		if l.count() != len(at) || slices.ContainsFunc(parts, func(p *log.Partition) bool { return p.Stable() > ends[p] }) {
			return true
		}
		if slices.ContainsFunc(parts, func(p *log.Partition) bool { return p.Err() != nil }) {
			// A partition that has stopped stays so, and the runner finds nothing: it looks in
			// turn and not in a frenzy.
			_ = l.clock.Sleep(ctx, retryPause) // the answer is the same when ctx ends first
			return true
		}
		select {
		case <-w.C:
		case <-late:
			return false
		case <-ctx.Done():
			return false
		}
	}
}
