package broker

import (
	"context"
	"math"
	"time"

	"github.com/azud/azud/internal/log"
)

// retryTxn is when an abort that failed is tried again.
const retryTxn = 10 * time.Second

// longestWait is how long the timer sleeps where there is nothing to wait for.
const longestWait = 24 * time.Hour

// run aborts late transactions and forgets unused transactional ids, until ctx ends. One timer
// serves all.
func (x *txns) run(ctx context.Context) {
	for {
		x.mu.Lock()
		now := x.now()
		wait := time.Duration(min(max(x.wake-now, 0), longestWait.Milliseconds())) * time.Millisecond
		x.mu.Unlock()
		select {
		case <-ctx.Done():
			return
		case <-x.kick:
		case <-x.b.cfg.Sys.Clock.After(wait):
			x.sweep()
		}
	}
}

// due is when something is to be done about a transactional id, in ms.
func (x *txns) due(s *txnState) int64 {
	if s.phase == txnOngoing {
		return s.deadline()
	}
	return s.updated + x.b.settingInt("transactional.id.expiration.ms")
}

// schedule lets the timer know of a state that is new.
func (x *txns) schedule(t *txn) {
	at := x.due(&t.txnState)
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.wake <= at {
		return
	}
	x.wake = at
	select {
	case x.kick <- struct{}{}:
	default:
	}
}

// sweep does all that is due and finds the next time.
func (x *txns) sweep() {
	now := x.now()
	x.mu.Lock()
	list := make([]*txn, 0, len(x.byID))
	for _, t := range x.byID {
		list = append(list, t)
	}
	x.wake = math.MaxInt64 // what comes up meanwhile lowers it
	x.mu.Unlock()
	next := int64(math.MaxInt64)
	for _, t := range list {
		t.mu.Lock()
		if !t.gone && t.producer != noProducer && x.due(&t.txnState) <= now {
			if err := x.late(t); err != nil {
				x.b.log.Warn("a late transaction could not be ended", "id", t.id, "error", err)
				next = min(next, now+retryTxn.Milliseconds())
			}
		}
		if !t.gone && x.due(&t.txnState) > now {
			next = min(next, x.due(&t.txnState))
		}
		t.mu.Unlock()
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.wake = min(x.wake, next)
}

// late aborts the transaction, which is locked, or forgets the transactional id.
func (x *txns) late(t *txn) error {
	if t.phase == txnOngoing {
		x.b.log.Info("a transaction took too long and is aborted", "id", t.id, "producer", t.producer, "timeout", t.timeout)
		return x.fence(t)
	}
	if err := x.b.store.Write(log.Write{Puts: []log.Put{{Table: log.TableTxns, Key: t.id}}}); err != nil {
		return err
	}
	t.gone = true
	x.mu.Lock()
	delete(x.byID, t.id)
	x.mu.Unlock()
	return nil
}
