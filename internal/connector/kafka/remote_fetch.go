package kafka

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/record"
)

// fetchBytes is what one request asks of a partition; the broker gives at least one batch.
const fetchBytes = 8 << 20

// Isolation levels of a fetch.
const (
	readUncommitted = 0
	readCommitted   = 1
)

// fetched is one partition's part of a reply.
type fetched struct {
	batches []byte
	aborted []kmsg.FetchResponseTopicPartitionAbortedTransaction
}

// fetchRequest asks for partitions of one leader, from the positions given on.
func fetchRequest(l *layout, at positions, isolation int8, wait time.Duration, bytes int32) *kmsg.FetchRequest {
	req := kmsg.NewPtrFetchRequest()
	req.MaxWaitMillis = int32(wait.Milliseconds())
	req.MinBytes = 1
	req.MaxBytes = bytes
	req.IsolationLevel = isolation
	req.SessionEpoch = -1
	for _, p := range at.sorted() {
		n := len(req.Topics)
		if n == 0 || req.Topics[n-1].Topic != p.topic {
			topic := kmsg.NewFetchRequestTopic()
			topic.Topic, topic.TopicID = p.topic, l.id[p.topic] // the id from version 13 on
			req.Topics = append(req.Topics, topic)
			n++
		}
		part := kmsg.NewFetchRequestTopicPartition()
		part.Partition, part.FetchOffset, part.PartitionMaxBytes = p.part, at[p], bytes
		req.Topics[n-1].Partitions = append(req.Topics[n-1].Partitions, part)
	}
	return req
}

// ask sends a fetch to a leader and gives the partitions of its reply.
func ask(ctx context.Context, cl *kgo.Client, leader int32, req *kmsg.FetchRequest) ([]kmsg.FetchResponseTopicPartition, error) {
	raw, err := cl.Broker(int(leader)).RetriableRequest(ctx, req)
	if err != nil {
		return nil, err
	}
	resp := raw.(*kmsg.FetchResponse)
	if err := kerr.ErrorForCode(resp.ErrorCode); err != nil {
		return nil, err
	}
	var parts []kmsg.FetchResponseTopicPartition
	for i := range resp.Topics {
		parts = append(parts, resp.Topics[i].Partitions...)
	}
	return parts, nil
}

// fetch reads batches of one partition from pos on; the reply is empty after wait with no data.
func fetch(ctx context.Context, cl *kgo.Client, l *layout, p tp, pos int64, isolation int8, wait time.Duration) (fetched, error) {
	parts, err := ask(ctx, cl, l.leaders[p], fetchRequest(l, positions{p: pos}, isolation, wait, fetchBytes))
	if err != nil {
		return fetched{}, err
	}
	if len(parts) != 1 || parts[0].Partition != p.part {
		return fetched{}, errors.New("the reply leaves the partition out")
	}
	return fetched{parts[0].RecordBatches, parts[0].AbortedTransactions}, kerr.ErrorForCode(parts[0].ErrorCode)
}

// leaderMoved reports errors that fresh metadata settles.
func leaderMoved(err error) bool {
	return errors.Is(err, kerr.NotLeaderForPartition) || errors.Is(err, kerr.FencedLeaderEpoch) ||
		errors.Is(err, kerr.UnknownLeaderEpoch) || errors.Is(err, kerr.LeaderNotAvailable) ||
		errors.Is(err, kerr.UnknownTopicID) || errors.Is(err, kerr.InconsistentTopicID)
}

// scan fetches p from `from` to `to` and hands each reply to replay, which returns the next
// offset to ask for; flush is called after each, because what replay found aliases the reply.
func (r *remote) scan(ctx context.Context, p tp, from, to int64, isolation int8,
	replay func(got fetched, pos, to int64) (int64, error), flush func() error) (int64, error) {
	pos := from
	for tries := 0; pos < to; {
		got, err := fetch(ctx, r.cl, r.layout(), p, pos, isolation, 500*time.Millisecond)
		switch {
		case leaderMoved(err) && tries < 20:
			tries++
			if err := r.relearn(ctx, 100*time.Millisecond); err != nil {
				return pos, err
			}
			continue
		case errors.Is(err, kerr.OffsetOutOfRange):
			return pos, errGone
		case err != nil:
			return pos, unavailable(err, "reading %s from offset %d", p, pos)
		}
		next, err := replay(got, pos, to)
		if err != nil {
			return pos, damaged(err, p, pos)
		}
		if next == pos {
			if tries++; tries > 20 {
				return pos, unavailable(errors.New("no data came"), "reading %s from offset %d to %d", p, pos, to)
			}
			continue
		}
		pos, tries = next, 0
		if err := flush(); err != nil {
			return pos, err
		}
	}
	return pos, nil
}

// damaged is the error for records that cannot be read.
func damaged(err error, p tp, pos int64) error {
	return errs.Wrap(err, "KAFKA_DAMAGED_BATCH", "reading %s from offset %d", p, pos)
}

func (r *remote) committed(ctx context.Context, p tp, from, to int64, want func(*record.Batch) bool, each func(*record.Batch, *record.Record), flush func() error) (int64, error) {
	w := walker{want: want}
	replay := func(got fetched, pos, to int64) (int64, error) { return w.committed(got, pos, to, each) }
	return r.scan(ctx, p, from, to, readCommitted, replay, flush)
}

func (r *remote) batches(ctx context.Context, p tp, from, to int64, each func(*record.Batch) error) (int64, error) {
	replay := func(got fetched, pos, to int64) (int64, error) { return allBatches(got.batches, pos, to, each) }
	return r.scan(ctx, p, from, to, readUncommitted, replay, func() error { return nil })
}

// wait long-polls all leaders side by side.
func (r *remote) wait(ctx context.Context, at positions) bool {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	lay := r.layout()
	byLeader := map[int32]positions{}
	for p, pos := range at {
		leader := lay.leaders[p]
		if byLeader[leader] == nil {
			byLeader[leader] = positions{}
		}
		byLeader[leader][p] = pos
	}
	var wg sync.WaitGroup
	answers := make(chan bool, len(byLeader))
	for leader, some := range byLeader {
		wg.Go(func() {
			found := true // also after a panic: the runner should look
			err := guard(r.env, r.table, func() error {
				found = r.poll(ctx, lay, leader, some)
				return nil
			})
			if err != nil {
				_ = r.env.Sys.Clock.Sleep(ctx, retryPause) // the answer is the same when ctx ends first
			}
			answers <- found
		})
	}
	found := false
	for range byLeader {
		if found = <-answers; found {
			break
		}
	}
	cancel()
	wg.Wait()
	return found
}

// poll waits for data on one leader. After a failure it pauses, so that trouble is looked
// at in turn and not in a frenzy, and learns where the leaders are now.
func (r *remote) poll(ctx context.Context, lay *layout, leader int32, at positions) bool {
	parts, err := ask(ctx, r.waiting, leader, fetchRequest(lay, at, readCommitted, pollWait, 1))
	found := false
	for i := range parts {
		found = found || len(parts[i].RecordBatches) > 0
		if err == nil {
			err = kerr.ErrorForCode(parts[i].ErrorCode)
		}
	}
	if err != nil && ctx.Err() == nil {
		_ = r.relearn(ctx, retryPause) // the runner meets the same error and shows it
	}
	return found || err != nil
}
