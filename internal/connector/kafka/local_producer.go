package kafka

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/record"
	"github.com/azud/azud/internal/sys"
)

// batchBytes is the size from which a batch of the local producer is sent: the log takes
// large ones best, and max.message.bytes is 1 MiB by default.
const batchBytes = 512 << 10

// Versions of the requests that the local producer sends: transactions of version 2 (KIP-890),
// where a produce adds its partition by itself.
const (
	produceVersion = 12
	initVersion    = 5
	endVersion     = 5
)

// localProducer writes to the broker of this process by the requests that every producer
// sends, without a connection.
type localProducer struct {
	at   *local
	sys  *sys.Sys
	id   string
	tune tuning

	producer  int64
	epoch     int16
	sequences map[tp]int32
	open      map[tp]*record.Builder
	sticky    map[string]int32 // partition of the next keyless records of a topic
	wrote     bool             // something was sent since begin
	compress  record.Compressor

	inFlight pending
	now      *fault // of the transaction at hand
}

func newLocalProducer(home Embedded, env connector.Env, t connector.Table, id string) (*localProducer, error) {
	tune, err := tuningOf(env, t)
	if err != nil {
		return nil, err
	}
	return &localProducer{at: newLocal(home, env.Sys.Clock), sys: env.Sys, id: id, tune: tune, open: map[tp]*record.Builder{}}, nil
}

func (p *localProducer) cluster() cluster { return p.at }

// close waits for the answers, which the log gives soon also where its disk failed.
func (p *localProducer) close() { _ = p.inFlight.wait(context.Background()) }

func (p *localProducer) start(ctx context.Context) error {
	req := kmsg.NewPtrInitProducerIDRequest()
	req.SetVersion(initVersion)
	req.TransactionalID = &p.id
	req.TransactionTimeoutMillis = int32(p.tune.timeout.Milliseconds())
	req.ProducerID, req.ProducerEpoch = -1, -1
	const tries = 50 // while an earlier transaction of the same id is being ended
	for try := 0; ; try++ {
		raw, err := p.at.home.Request(ctx, req)
		if err != nil {
			return err
		}
		resp := raw.(*kmsg.InitProducerIDResponse)
		err = kerr.ErrorForCode(resp.ErrorCode)
		if err == nil {
			p.producer, p.epoch, p.sequences = resp.ProducerID, resp.ProducerEpoch, map[tp]int32{}
			return nil
		}
		if err != kerr.ConcurrentTransactions || try == tries {
			return err
		}
		if err := p.sys.Clock.Sleep(ctx, 20*time.Millisecond); err != nil {
			return err
		}
	}
}

func (p *localProducer) begin() error {
	p.now, p.wrote = &fault{}, false
	p.sticky = map[string]int32{}
	return nil
}

func (p *localProducer) failure() error { return p.now.get() }

func (p *localProducer) produce(ctx context.Context, m *message) {
	t := p.at.home.Store().Topics().ByName(m.topic)
	if t == nil {
		p.now.set(fmt.Errorf("topic %s: %w", m.topic, kerr.UnknownTopicOrPartition))
		return
	}
	n := int32(len(t.Partitions()))
	if m.part >= n {
		p.now.set(noPartition(m, n))
		return
	}
	at := tp{m.topic, p.partition(m, n)}
	b := p.open[at]
	if b == nil {
		b = &record.Builder{}
		p.open[at] = b
	}
	if b.Count() > 0 && b.Size()+m.size() > min(batchBytes, p.tune.maxRequest) {
		p.send(ctx, at, b)
	}
	if b.Count() == 0 {
		b.Begin(record.Batch{
			Attrs: int16(p.tune.codec) | record.AttrTxn, LeaderEpoch: -1,
			Producer: p.producer, Epoch: p.epoch, Sequence: p.sequences[at],
		})
	}
	b.Add(p.sys.Clock.Now().UnixMilli(), m.key, m.value, m.headers...)
	if b.Size() > p.tune.maxRequest {
		p.now.set(kerr.MessageTooLarge)
	}
}

// noPartition is the error for a message whose partition does not exist.
func noPartition(m *message, n int32) error {
	return errs.New("UNKNOWN_TOPIC_OR_PARTITION", "a row has partition %d, but topic %s has %d partitions", m.part, m.topic, n).
		WithHint("partitions count from 0; a row whose partition is NULL goes where its key belongs")
}

// partition is Kafka's choice, where the message does not say: the key's hash, or without a key the same partition for a
// whole batch (KIP-480).
func (p *localProducer) partition(m *message, n int32) int32 {
	if m.part >= 0 {
		return m.part
	}
	if m.key != nil {
		return int32(murmur2(m.key)&0x7fffffff) % n
	}
	part, ok := p.sticky[m.topic]
	if !ok {
		part = int32(p.sys.Rand.Uint64() % uint64(n))
		p.sticky[m.topic] = part
	}
	return part % n
}

// send hands a batch to the broker, which writes it before Send returns and answers when it
// is durable. Nothing of it is used again before that: the broker changes its bytes in place.
func (p *localProducer) send(ctx context.Context, at tp, b *record.Builder) {
	p.sequences[at] = int32((int64(p.sequences[at]) + int64(b.Count())) & 0x7fffffff)
	raw, err := b.Finish(nil, &p.compress)
	b.Begin(record.Batch{})
	delete(p.sticky, at.topic)
	if err != nil {
		p.now.set(err)
		return
	}
	req := kmsg.NewPtrProduceRequest()
	req.SetVersion(produceVersion)
	req.TransactionID, req.Acks, req.TimeoutMillis = &p.id, -1, int32(deliveryTimeout.Milliseconds())
	part := kmsg.NewProduceRequestTopicPartition()
	part.Partition, part.Records = at.part, raw
	topic := kmsg.NewProduceRequestTopic()
	topic.Topic, topic.Partitions = at.topic, []kmsg.ProduceRequestTopicPartition{part}
	req.Topics = []kmsg.ProduceRequestTopic{topic}
	p.wrote = true
	p.inFlight.add()
	now := p.now
	p.at.home.Send(ctx, req, func(raw kmsg.Response, err error) {
		defer p.inFlight.done()
		if err == nil {
			err = produced(raw.(*kmsg.ProduceResponse))
		}
		if err != nil {
			now.set(err)
		}
	})
}

// produced is the error in the answer to a request for one partition.
func produced(r *kmsg.ProduceResponse) error {
	if len(r.Topics) != 1 || len(r.Topics[0].Partitions) != 1 {
		return fmt.Errorf("the answer leaves the partition out")
	}
	return kerr.ErrorForCode(r.Topics[0].Partitions[0].ErrorCode)
}

func (p *localProducer) flush(ctx context.Context) error {
	if p.failure() == nil {
		for at, b := range p.open {
			if b.Count() > 0 {
				p.send(ctx, at, b)
			}
		}
	}
	if err := p.inFlight.wait(ctx); err != nil {
		return err
	}
	return p.failure()
}

func (p *localProducer) commit(ctx context.Context) error { return p.end(ctx, true) }

func (p *localProducer) abort(ctx context.Context) error {
	for _, b := range p.open {
		b.Begin(record.Batch{})
	}
	if err := p.inFlight.wait(ctx); err != nil {
		return err
	}
	return p.end(ctx, false)
}

// end ends the transaction and takes the epoch of the next one (KIP-890).
func (p *localProducer) end(ctx context.Context, commit bool) error {
	if !p.wrote { // the broker knows of no transaction
		return nil
	}
	req := kmsg.NewPtrEndTxnRequest()
	req.SetVersion(endVersion)
	req.TransactionalID, req.ProducerID, req.ProducerEpoch, req.Commit = p.id, p.producer, p.epoch, commit
	raw, err := p.at.home.Request(ctx, req)
	if err != nil {
		return err
	}
	resp := raw.(*kmsg.EndTxnResponse)
	if err := kerr.ErrorForCode(resp.ErrorCode); err != nil {
		return err
	}
	p.wrote = false
	if resp.ProducerID != p.producer || resp.ProducerEpoch != p.epoch {
		p.producer, p.epoch, p.sequences = resp.ProducerID, resp.ProducerEpoch, map[tp]int32{}
	}
	return nil
}

// producer gives the producer of a table.
func (f *factory) producer(env connector.Env, t connector.Table, id string) (producer, error) {
	if f.embedded(t) {
		return newLocalProducer(f.home, env, t, id)
	}
	return newRemoteProducer(env, t, id)
}
