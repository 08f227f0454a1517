package kafka

import (
	"context"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/azud/azud/internal/connector"
)

// A watcher waits on the brokers with one long poll a broker, so that a query with trigger 0
// wakes at once and costs nothing while nothing comes. It has a client of its own: a broker
// answers a connection's requests in order, and reading must not queue behind the waiting.

const (
	pollWait   = 2 * time.Second
	retryPause = 500 * time.Millisecond
	// relearnEvery is how often the number of partitions is looked at (Kafka:
	// metadata.max.age.ms is 5 minutes).
	relearnEvery = 30 * time.Second
)

// keepWatching watches until ctx ends. After a panic, which is shown and logged, it begins
// anew: the runner is woken, looks, and tells where it stands.
func (s *source) keepWatching(ctx context.Context) {
	for {
		err := s.guard(func() error {
			s.watch(ctx)
			return nil
		})
		if err == nil || s.env.Sys.Clock.Sleep(ctx, retryPause) != nil {
			return
		}
		s.wake()
	}
}

// guard runs what a goroutine of the watcher does; a panic is shown as trouble.
func (s *source) guard(f func() error) error {
	err := connector.Guard(s.env.Report, "watching "+s.table.Name, f)
	if err != nil {
		s.env.Report.Trouble(err)
	}
	return err
}

func (s *source) wake() {
	select {
	case s.ready <- struct{}{}:
	default:
	}
}

// watch signals ready when a partition has records beyond what the runner last saw, or a
// topic has got more partitions, and then waits until the runner has looked.
func (s *source) watch(ctx context.Context) {
	clock := s.env.Sys.Clock
	for learned := clock.Now(); ; {
		var at positions
		select {
		case at = <-s.moved:
		case <-ctx.Done():
			return
		}
		for !s.anything(ctx, at) {
			if ctx.Err() != nil {
				return
			}
			if clock.Now().Sub(learned) > relearnEvery {
				learned = clock.Now()
				if s.relearn(ctx, 0) == nil && len(s.current().leaders) != len(at) {
					break
				}
			}
			select { // the runner looked meanwhile: watch from there
			case at = <-s.moved:
			default:
			}
		}
		select { // what the runner saw before is old by now; it looks again when it wakes
		case <-s.moved:
		default:
		}
		s.wake()
	}
}

// anything long-polls all leaders side by side; true as soon as one has data, or when
// asking failed, because then the runner should look and report.
func (s *source) anything(ctx context.Context, at positions) bool {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	lay := s.current()
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
			err := s.guard(func() error {
				found = s.poll(ctx, lay, leader, some)
				return nil
			})
			if err != nil {
				_ = s.env.Sys.Clock.Sleep(ctx, retryPause) // the answer is the same when ctx ends first
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
func (s *source) poll(ctx context.Context, lay *layout, leader int32, at positions) bool {
	parts, err := ask(ctx, s.watchCl, leader, fetchRequest(lay, at, readCommitted, pollWait, 1))
	found := false
	for i := range parts {
		found = found || len(parts[i].RecordBatches) > 0
		if err == nil {
			err = kerr.ErrorForCode(parts[i].ErrorCode)
		}
	}
	if err != nil && ctx.Err() == nil {
		_ = s.relearn(ctx, retryPause) // the runner meets the same error and shows it
	}
	return found || err != nil
}
