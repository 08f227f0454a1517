package kafka

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
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
func (s *source) scan(ctx context.Context, p tp, from, to int64, isolation int8,
	replay func(got fetched, pos, to int64) (int64, error), flush func() error) error {
	pos := from
	for tries := 0; pos < to; {
		got, err := fetch(ctx, s.cl, s.current(), p, pos, isolation, 500*time.Millisecond)
		switch {
		case leaderMoved(err) && tries < 20:
			tries++
			if err := s.relearn(ctx, 100*time.Millisecond); err != nil {
				return err
			}
			continue
		case errors.Is(err, kerr.OffsetOutOfRange):
			if pos, err = s.skip(ctx, p, pos, to); err != nil {
				return err
			}
			continue
		case err != nil:
			return unavailable(err, "reading %s from offset %d", p, pos)
		}
		next, err := replay(got, pos, to)
		if err != nil {
			return errs.Wrap(err, "KAFKA_DAMAGED_BATCH", "reading %s from offset %d", p, pos)
		}
		if next == pos {
			if tries++; tries > 20 {
				return unavailable(errors.New("no data came"), "reading %s from offset %d to %d", p, pos, to)
			}
			continue
		}
		pos, tries = next, 0
		if err := flush(); err != nil {
			return err
		}
	}
	return nil
}

// skip settles offsets that the log no longer has: an error, or the offset to go on from.
func (s *source) skip(ctx context.Context, p tp, pos, to int64) (int64, error) {
	first, next, err := bounds(ctx, s.cl, []string{p.topic})
	if err != nil {
		return 0, err
	}
	lost := s.lost(p, pos, to, first[p])
	if first[p] <= pos {
		lost = s.cut(p, pos, next[p])
	}
	if !s.lossy {
		return 0, lost
	}
	s.env.Report.Log(lost.Error())
	if first[p] <= pos {
		return to, nil
	}
	return min(first[p], to), nil
}

// committed walks a reply's batches and returns the next offset to ask for. Records of aborted
// transactions and control batches are left out (Kafka: the consumer's read_committed rule).
func (s *source) committed(got fetched, from, to int64, each func(record)) (int64, error) {
	pos := from
	aborted := slices.Clone(got.aborted)
	slices.SortFunc(aborted, func(a, b kmsg.FetchResponseTopicPartitionAbortedTransaction) int {
		return int(a.FirstOffset - b.FirstOffset)
	})
	dead := map[int64]bool{} // producers whose open transaction aborts
	for buf := got.batches; pos < to; {
		b, ok, err := readBatch(buf)
		if err != nil {
			return pos, err
		}
		if !ok {
			return pos, nil
		}
		buf = buf[b.size:]
		for len(aborted) > 0 && aborted[0].FirstOffset <= b.last {
			dead[aborted[0].ProducerID] = true
			aborted = aborted[1:]
		}
		switch {
		case b.control:
			abort, err := b.abortMarker(s.dec)
			if err != nil {
				return pos, err
			}
			if abort {
				delete(dead, b.producer)
			}
		case b.transactional && dead[b.producer]:
		default:
			err := b.records(s.dec, func(r record) bool {
				if r.offset >= from && r.offset < to {
					each(r)
				}
				return true
			})
			if err != nil {
				return pos, err
			}
		}
		pos = max(pos, min(b.last+1, to))
	}
	return pos, nil
}

// lost is the error for offsets that were due and are gone.
func (s *source) lost(p tp, pos, to, logStart int64) *errs.Error {
	return errs.New("KAFKA_DATA_LOSS", "%s: offsets %d to %d were due, but the log begins at %d", p, pos, to, logStart).
		WithHint("the records were deleted (retention, or the topic was made anew); to go on without them set failOnDataLoss 'false' on the table, or %s", connector.StartOver)
}

// cut is the error for a log that ends before what the query has read.
func (s *source) cut(p tp, at, end int64) *errs.Error {
	return errs.New("KAFKA_DATA_LOSS", "%s ends at offset %d, but the query has read up to %d", p, end, at).
		WithHint("the topic was made anew or cut; to go on from its end set failOnDataLoss 'false' on the table; to read it from its beginning, %s", connector.StartOver)
}
