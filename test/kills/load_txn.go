package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// txnStream is a transactional producer: transactions over both topics.
type txnStream struct {
	name    string
	most    int           // records of a transaction
	size    int           // of a value
	timeout time.Duration // transaction.timeout.ms
	dawdle  time.Duration // at most so long before the end
}

func txnStreams() []txnStream {
	return []txnStream{
		{"quick", 6, 150, 10 * time.Second, 5 * time.Millisecond},
		{"wide", 60, 500, 10 * time.Second, 60 * time.Millisecond},
		{"slow", 20, 200, 2 * time.Second, 2600 * time.Millisecond}, // some time out
	}
}

const (
	txnTopic, txnParts = "txns", 3
	also, alsoParts    = "also", 2
)

func (w *world) txnClient(id string, timeout time.Duration) (*kgo.Client, error) {
	return kgo.NewClient(w.clientOpts(kgo.TransactionalID(id), kgo.TransactionTimeout(timeout))...)
}

// transact runs transactions until work ends.
func (w *world) transact(work, all context.Context, s txnStream, seed uint64) error {
	r := rand.New(rand.NewPCG(seed, 2))
	p := w.l.newWriter(s.name, txnal)
	cl, err := w.txnClient(s.name, s.timeout)
	if err != nil {
		return err
	}
	defer func() { cl.Close() }()
	for work.Err() == nil && all.Err() == nil {
		if w.transaction(all, cl, p, s, r) {
			continue
		}
		old := cl
		if cl, err = w.txnClient(s.name, s.timeout); err != nil {
			return err
		}
		if _, err := producerID(all, cl); err != nil { // aborts what the old one left
			old.Close()
			return fmt.Errorf("transactional producer %s: no producer id: %w", s.name, err)
		}
		w.mustBeFenced(all, old, s, r)
		old.Close()
	}
	return all.Err()
}

// mustBeFenced lets a producer that was replaced try to commit.
func (w *world) mustBeFenced(ctx context.Context, old *kgo.Client, s txnStream, r *rand.Rand) {
	if r.IntN(2) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	_ = old.EndTransaction(ctx, kgo.TryCommit) // an abandoned transaction is noted as aborted: the checks find it if this commits
}

// transaction runs one. False: the client must be replaced.
func (w *world) transaction(ctx context.Context, cl *kgo.Client, p *pen, s txnStream, r *rand.Rand) bool {
	if err := cl.BeginTransaction(); err != nil {
		return false
	}
	t := p.begin()
	var failed atomic.Bool
	for range 1 + r.IntN(s.most) {
		at := part{txnTopic, int32(r.IntN(txnParts))}
		if r.IntN(3) == 0 {
			at = part{also, int32(r.IntN(alsoParts))}
		}
		w.sendInTxn(ctx, cl.Produce, p, sent{part: at, txn: t}, s.size, &failed)
	}
	pause(ctx, upTo(r, s.dawdle))
	if err := cl.Flush(ctx); err != nil {
		failed.Store(true)
	}
	what := r.IntN(10)
	switch {
	case what == 0: // left alone; the next producer of this id ends it
		p.end(t, aborted)
		return false
	case what < 3 || failed.Load():
		p.end(t, aborted)
		ring(w.bells.end)
		return cl.EndTransaction(ctx, kgo.TryAbort) == nil
	}
	p.end(t, committing)
	ring(w.bells.end)
	if err := cl.EndTransaction(ctx, kgo.TryCommit); err != nil {
		w.story.Printf("%s: transaction %d: %v", s.name, t, err)
		return false
	}
	p.end(t, committed)
	ring(w.bells.end)
	return true
}

type produceFunc func(context.Context, *kgo.Record, func(*kgo.Record, error))

func (w *world) sendInTxn(ctx context.Context, produce produceFunc, p *pen, x sent, size int, failed *atomic.Bool) {
	id, rec := p.record(x, size)
	produce(ctx, rec, func(rec *kgo.Record, err error) {
		if err != nil {
			failed.Store(true)
			return
		}
		p.acked(id, rec.Offset)
	})
}

const (
	stepGroup           = "steps"
	stepTopic, stepPart = "results", 2
)

// step consumes, transforms and produces, with the offsets in the transactions.
func (w *world) step(work, all context.Context, name string, seed uint64) error {
	r := rand.New(rand.NewPCG(seed, 3))
	p := w.l.newWriter(name, txnal)
	for work.Err() == nil {
		if err := w.stepSession(work, all, name, p, r); err != nil {
			return err
		}
	}
	return nil
}

// stepSession lasts until its client fails, which is no fault, or by chance leaves the group.
func (w *world) stepSession(work, all context.Context, name string, p *pen, r *rand.Rand) error {
	s, err := kgo.NewGroupTransactSession(w.clientOpts(kgo.TransactionalID(name), kgo.TransactionTimeout(10*time.Second),
		kgo.ConsumerGroup(stepGroup), kgo.ConsumeTopics(txnTopic), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.SessionTimeout(6*time.Second),
		kgo.FetchMaxWait(300*time.Millisecond))...)
	if err != nil {
		return err
	}
	defer s.Close()
	for rounds := 50 + r.IntN(200); rounds > 0 && work.Err() == nil; rounds-- {
		poll, cancel := context.WithTimeout(all, 400*time.Millisecond)
		fetches := s.PollRecords(poll, 300)
		cancel()
		if fetches.NumRecords() == 0 {
			continue
		}
		if !w.stepOnce(all, s, p, r, fetches) {
			return nil
		}
	}
	return nil
}

func (w *world) stepOnce(ctx context.Context, s *kgo.GroupTransactSession, p *pen, r *rand.Rand, fetches kgo.Fetches) bool {
	if err := s.Begin(); err != nil {
		return false
	}
	t := p.begin()
	next := map[part]int64{}
	var failed atomic.Bool
	fetches.EachRecord(func(rec *kgo.Record) {
		from := part{rec.Topic, rec.Partition}
		next[from] = rec.Offset + 1
		w.sendInTxn(ctx, s.Produce, p, sent{part: part{stepTopic, int32(rec.Offset % stepPart)}, txn: t, source: &source{from, rec.Offset}}, 100, &failed)
	})
	if r.IntN(8) == 0 {
		p.end(t, aborted)
		_, err := s.End(ctx, kgo.TryAbort)
		return err == nil
	}
	w.l.commitAsked(stepGroup, next)
	p.end(t, committing)
	ring(w.bells.end)
	done, err := s.End(ctx, kgo.TryCommit)
	switch {
	case err != nil:
		return false
	case done:
		p.end(t, committed)
		w.l.commitAcked(stepGroup, next)
		ring(w.bells.end)
	default:
		p.end(t, aborted)
	}
	return true
}
