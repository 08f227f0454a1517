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
		kgo.MaxBufferedRecords(100_000), kgo.RecordDeliveryTimeout(deliveryTimeout))
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
	p.at.cl.Produce(ctx, &kgo.Record{Topic: m.topic, Key: m.key, Value: m.value}, func(_ *kgo.Record, err error) {
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
