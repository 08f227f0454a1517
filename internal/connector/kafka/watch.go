package kafka

import (
	"context"
	"time"

	"github.com/azud/azud/internal/connector"
)

// A watcher waits at the cluster, so that a query with trigger 0 wakes at once and costs
// nothing while nothing comes.

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
		err := guard(s.env, s.table.Name, func() error {
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
func guard(env connector.Env, table string, f func() error) error {
	err := connector.Guard(env.Report, "watching "+table, f)
	if err != nil {
		env.Report.Trouble(err)
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
				if s.at.learn(ctx, s.names, false) == nil && s.at.count() != len(at) {
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

// anything waits at the cluster; true also after a panic, because then the runner should look.
func (s *source) anything(ctx context.Context, at positions) bool {
	found := true
	err := guard(s.env, s.table.Name, func() error {
		found = s.at.wait(ctx, at)
		return nil
	})
	if err != nil {
		_ = s.env.Sys.Clock.Sleep(ctx, retryPause) // the answer is the same when ctx ends first
	}
	return found
}
