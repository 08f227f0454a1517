package kafka

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/azud/azud/internal/errs"
)

// fetchBytes is what one request asks of a partition; the broker gives at least one batch.
const fetchBytes = 8 << 20

// fetched is one partition's part of a reply.
type fetched struct {
	batches  []byte
	aborted  []kmsg.FetchResponseTopicPartitionAbortedTransaction
	logStart int64
}

// fetch reads committed batches from pos on; the reply is empty after wait with no data.
func fetch(ctx context.Context, cl *kgo.Client, l *layout, p tp, pos int64, wait time.Duration) (fetched, error) {
	req := kmsg.NewPtrFetchRequest()
	req.MaxWaitMillis = int32(wait.Milliseconds())
	req.MinBytes = 1
	req.MaxBytes = fetchBytes
	req.IsolationLevel = 1 // read_committed
	req.SessionEpoch = -1
	part := kmsg.NewFetchRequestTopicPartition()
	part.Partition = p.part
	part.FetchOffset = pos
	part.PartitionMaxBytes = fetchBytes
	topic := kmsg.NewFetchRequestTopic()
	topic.Topic, topic.TopicID = p.topic, l.id[p.topic]
	topic.Partitions = append(topic.Partitions, part)
	req.Topics = append(req.Topics, topic)

	raw, err := cl.Broker(int(l.leaders[p])).RetriableRequest(ctx, req)
	if err != nil {
		return fetched{}, unavailable(err, "reading %s from offset %d", p, pos)
	}
	resp := raw.(*kmsg.FetchResponse)
	if err := kerr.ErrorForCode(resp.ErrorCode); err != nil {
		return fetched{}, unavailable(err, "reading %s from offset %d", p, pos)
	}
	for i := range resp.Topics {
		for j := range resp.Topics[i].Partitions {
			r := &resp.Topics[i].Partitions[j]
			if r.Partition != p.part {
				continue
			}
			if err := kerr.ErrorForCode(r.ErrorCode); err != nil {
				return fetched{logStart: r.LogStartOffset}, err
			}
			return fetched{r.RecordBatches, r.AbortedTransactions, r.LogStartOffset}, nil
		}
	}
	return fetched{}, unavailable(errors.New("the reply leaves the partition out"), "reading %s", p)
}

// leaderMoved reports errors that fresh metadata settles.
func leaderMoved(err error) bool {
	return errors.Is(err, kerr.NotLeaderForPartition) || errors.Is(err, kerr.FencedLeaderEpoch) ||
		errors.Is(err, kerr.UnknownLeaderEpoch) || errors.Is(err, kerr.LeaderNotAvailable) ||
		errors.Is(err, kerr.UnknownTopicID) || errors.Is(err, kerr.InconsistentTopicID)
}

// scan yields the committed records of p in [from, to), one reply's at a time: emit gets
// the records, which alias the reply, and is called again after flush.
func (s *source) scan(ctx context.Context, p tp, from, to int64, each func(record) bool, flush func() error) error {
	pos := from
	for tries := 0; pos < to; {
		got, err := fetch(ctx, s.cl, s.current(), p, pos, 500*time.Millisecond)
		switch {
		case leaderMoved(err) && tries < 20:
			tries++
			if err := s.relearn(ctx, 100*time.Millisecond); err != nil {
				return err
			}
			continue
		case errors.Is(err, kerr.OffsetOutOfRange) && s.lossy:
			s.env.Report.Log(s.lost(p, pos, to, got.logStart).Error())
			if got.logStart <= pos {
				return nil
			}
			pos = got.logStart
			continue
		case errors.Is(err, kerr.OffsetOutOfRange):
			return s.lost(p, pos, to, got.logStart)
		case err != nil:
			return unavailable(err, "reading %s from offset %d", p, pos)
		}
		next, err := s.replay(got, pos, to, each)
		if err != nil {
			return errs.Wrap(err, "KAFKA_DAMAGED_BATCH", "reading %s from offset %d", p, pos)
		}
		if next == pos { // nothing readable is left below `to`: the rest was compacted away
			if got.logStart > pos {
				return s.lost(p, pos, to, got.logStart)
			}
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

// replay walks a reply's batches and returns the next offset to ask for. Records of aborted
// transactions and control batches are left out (Kafka: the consumer's read_committed rule).
func (s *source) replay(got fetched, from, to int64, each func(record) bool) (int64, error) {
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
				return r.offset < from || r.offset >= to || each(r)
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
func (s *source) lost(p tp, pos, to, logStart int64) error {
	return errs.New("KAFKA_DATA_LOSS", "%s: offsets %d to %d were due, but the log begins at %d", p, pos, to, logStart).
		WithHint("the records were deleted (retention, or the topic was made anew); to go on without them set failOnDataLoss 'false' on the table, or reset the flow")
}
