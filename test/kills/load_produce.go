package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// stream is how a producer without transactions works.
type stream struct {
	name       string
	promise    guarantee
	topic      string
	partitions int
	burst      int           // records at a time
	every      time.Duration // between bursts
	size       int           // of a value, bytes
	keys       int           // >0: keys of a compacted topic
	reopen     int           // >0: a new client (and producer id) after so many bursts
	flood      int           // >0: so many times more while there is a flood
	codec      kgo.CompressionCodec
	opts       []kgo.Opt
}

func streams() []stream {
	none, zstd, lz4 := kgo.NoCompression(), kgo.ZstdCompression(), kgo.Lz4Compression()
	return []stream{
		{name: "singles", promise: idempotent, topic: "kept", partitions: 4, burst: 5, every: 20 * time.Millisecond, size: 200, codec: none},
		{name: "batches", promise: idempotent, topic: "kept", partitions: 4, burst: 200, every: 200 * time.Millisecond, size: 300, codec: zstd, opts: []kgo.Opt{kgo.ProducerLinger(5 * time.Millisecond)}},
		{name: "large", promise: idempotent, topic: "kept", partitions: 2, burst: 12, every: 60 * time.Millisecond, size: 9000, codec: none, opts: []kgo.Opt{kgo.ProducerBatchMaxBytes(200_000)}},
		{name: "reopened", promise: idempotent, topic: "kept", partitions: 4, burst: 3, every: 15 * time.Millisecond, size: 100, reopen: 20, codec: lz4},
		{name: "plain", promise: plain, topic: "loose", partitions: 2, burst: 2, every: 20 * time.Millisecond, size: 150, codec: kgo.SnappyCompression()},
		{name: "acks=1", promise: fleeting, topic: "loose", partitions: 2, burst: 2, every: 20 * time.Millisecond, size: 150, codec: kgo.SnappyCompression()},
		{name: "retained", promise: idempotent, topic: "retained", partitions: 2, burst: 20, every: 40 * time.Millisecond, size: 700, flood: 30, codec: none},
		{name: "retained large", promise: idempotent, topic: "retained", partitions: 2, burst: 5, every: 200 * time.Millisecond, size: 9000, flood: 60, codec: none},
		{name: "cut", promise: idempotent, topic: "cut", partitions: 3, burst: 5, every: 30 * time.Millisecond, size: 200, codec: kgo.GzipCompression(), opts: []kgo.Opt{kgo.ProducerBatchMaxBytes(12 << 10)}},
		{name: "keys", promise: idempotent, topic: "keys", partitions: 2, burst: 10, every: 40 * time.Millisecond, size: 400, keys: 60, codec: none},
		{name: "more keys", promise: idempotent, topic: "keys", partitions: 2, burst: 40, every: 200 * time.Millisecond, size: 200, keys: 200, codec: zstd},
	}
}

// maxBatch is less than the segments of most topics.
const maxBatch = 48 << 10

// clientOpts are what all clients share: they try again soon, and long enough.
func (w *world) clientOpts(more ...kgo.Opt) []kgo.Opt {
	return append([]kgo.Opt{
		kgo.SeedBrokers(w.d.kafka), kgo.DialTimeout(5 * time.Second), kgo.MetadataMinAge(50 * time.Millisecond),
		kgo.RetryBackoffFn(func(int) time.Duration {
			return 30*time.Millisecond + time.Duration(rand.Int64N(int64(70*time.Millisecond)))
		}),
		kgo.RequestRetries(500), kgo.ProducerBatchMaxBytes(maxBatch), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.WithLogger(w.clientLog),
	}, more...)
}

// produce runs a stream until work ends, then waits for what is under way.
func (w *world) produce(work, all context.Context, s stream, seed uint64) error {
	r := rand.New(rand.NewPCG(seed, 1))
	p := w.l.newWriter(s.name, s.promise)
	for session := 0; work.Err() == nil; session++ {
		cl, err := w.streamClient(all, s, session)
		if err != nil {
			return err
		}
		for n := 0; work.Err() == nil && (s.reopen == 0 || n < s.reopen); n++ {
			burst := s.burst
			if s.flood > 0 && w.bells.flood.Load() {
				burst *= s.flood
			}
			for range burst {
				w.sendOne(all, cl, p, s, r)
			}
			pause(work, s.every)
		}
		err = cl.Flush(all)
		cl.Close()
		if err != nil {
			return fmt.Errorf("producer %s: records are not acknowledged: %w", s.name, err)
		}
	}
	return nil
}

func (w *world) streamClient(ctx context.Context, s stream, session int) (*kgo.Client, error) {
	opts := append(w.clientOpts(kgo.MaxBufferedRecords(1000), kgo.ProducerBatchCompression(s.codec)), s.opts...)
	switch s.promise {
	case plain:
		opts = append(opts, kgo.DisableIdempotentWrite(), kgo.MaxProduceRequestsInflightPerBroker(1), kgo.RecordRetries(1<<30))
	case fleeting:
		opts = append(opts, kgo.DisableIdempotentWrite(), kgo.RequiredAcks(kgo.LeaderAck()), kgo.MaxProduceRequestsInflightPerBroker(1), kgo.RecordRetries(1<<30))
	default:
		opts = append(opts, kgo.ProducerOnDataLossDetected(func(topic string, n int32) {
			w.l.complain(kindLost, "producer %s: the client says that %s-%d has lost records", s.name, topic, n)
		}))
	}
	cl, err := kgo.NewClient(opts...)
	if err != nil || s.promise != idempotent {
		return cl, err
	}
	id, err := producerID(ctx, cl)
	if err != nil {
		cl.Close()
		return nil, fmt.Errorf("producer %s: no producer id: %w", s.name, err)
	}
	w.l.hasID(id, fmt.Sprintf("%s %d", s.name, session))
	return cl, nil
}

func producerID(ctx context.Context, cl *kgo.Client) (id int64, err error) {
	err = insist(ctx, func() error { id, _, err = cl.ProducerID(ctx); return err })
	return id, err
}

func (w *world) sendOne(ctx context.Context, cl *kgo.Client, p *pen, s stream, r *rand.Rand) {
	x := sent{part: part{s.topic, int32(r.IntN(s.partitions))}, txn: -1}
	if s.keys > 0 {
		n := r.IntN(s.keys)
		x.key, x.part.n, x.gone = fmt.Sprintf("%s %d", s.name, n), int32(n%s.partitions), r.IntN(20) == 0
	}
	id, rec := p.record(x, s.size)
	cl.Produce(ctx, rec, func(rec *kgo.Record, err error) {
		if err != nil {
			if ctx.Err() != nil {
				return // the run ends
			}
			w.l.complain("refused", "producer %s: %s: %v", s.name, x.part, err)
			return
		}
		p.acked(id, rec.Offset)
		ring(w.bells.ack)
	})
}
