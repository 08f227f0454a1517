package kafka

import (
	"context"
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/azud/azud/internal/connector"
)

// remoteProducer writes through a client.
type remoteProducer struct {
	at  *remote
	now *fault // of the transaction at hand
}

// fault is the first failure of a transaction's records. Those of an aborted one may still
// fail while the next goes on.
type fault struct {
	mu  sync.Mutex
	err error
}

func (f *fault) set(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err == nil {
		f.err = err
	}
}

func (f *fault) get() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

func newRemoteProducer(env connector.Env, t connector.Table, id string) (*remoteProducer, error) {
	cl, err := newClient(env, t, kgo.TransactionalID(id), kgo.ProducerLinger(0),
		kgo.MaxBufferedRecords(100_000), kgo.RecordPartitioner(chosen{kgo.StickyKeyPartitioner(nil)}), kgo.RecordDeliveryTimeout(deliveryTimeout))
	if err != nil {
		return nil, err
	}
	return &remoteProducer{at: &remote{env: env, table: t.Name, cl: cl}}, nil
}

func (p *remoteProducer) cluster() cluster { return p.at }

func (p *remoteProducer) close() { p.at.close() }

func (p *remoteProducer) start(ctx context.Context) error {
	_, _, err := p.at.cl.ProducerID(ctx)
	return err
}

func (p *remoteProducer) begin() error {
	p.now = &fault{}
	return p.at.cl.BeginTransaction()
}

func (p *remoteProducer) produce(ctx context.Context, m *message) {
	now := p.now
	r := &kgo.Record{Topic: m.topic, Key: m.key, Value: m.value, Partition: m.part}
	for _, h := range m.headers {
		r.Headers = append(r.Headers, kgo.RecordHeader{Key: h.Key, Value: h.Value})
	}
	p.at.cl.Produce(ctx, r, func(_ *kgo.Record, err error) {
		if err != nil {
			now.set(err)
		}
	})
}

func (p *remoteProducer) failure() error { return p.now.get() }

func (p *remoteProducer) flush(ctx context.Context) error {
	if err := p.at.cl.Flush(ctx); err != nil {
		return err
	}
	return p.failure()
}

func (p *remoteProducer) commit(ctx context.Context) error {
	return p.at.cl.EndTransaction(ctx, kgo.TryCommit)
}

func (p *remoteProducer) abort(ctx context.Context) error {
	if err := p.at.cl.AbortBufferedRecords(ctx); err != nil {
		return err
	}
	return p.at.cl.EndTransaction(ctx, kgo.TryAbort)
}

// chosen is Kafka's partitioner, but for records that say their partition.
type chosen struct{ kgo.Partitioner }

func (c chosen) ForTopic(topic string) kgo.TopicPartitioner {
	return chosenIn{c.Partitioner.ForTopic(topic)}
}

type chosenIn struct{ kgo.TopicPartitioner }

func (c chosenIn) RequiresConsistency(r *kgo.Record) bool {
	return r.Partition >= 0 || c.TopicPartitioner.RequiresConsistency(r)
}

// Partition gives the client a number outside of its partitions back, which is its error.
func (c chosenIn) Partition(r *kgo.Record, n int) int {
	if r.Partition >= 0 {
		return int(r.Partition)
	}
	return c.TopicPartitioner.Partition(r, n)
}

// OnNewBatch moves records without a key on to another partition.
func (c chosenIn) OnNewBatch() {
	if p, ok := c.TopicPartitioner.(kgo.TopicPartitionerOnNewBatch); ok {
		p.OnNewBatch()
	}
}
