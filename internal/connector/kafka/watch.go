package kafka

import (
	"context"
	"sync"
	"time"
)

// A watcher waits on the broker with one long poll a partition, so that a query with
// trigger 0 wakes at once and costs nothing while nothing comes.

const (
	pollWait   = 2 * time.Second
	retryPause = 500 * time.Millisecond
)

// watch signals ready when a partition has records beyond what the runner last saw, and
// then waits until the runner has looked.
func (s *source) watch(ctx context.Context) {
	for {
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
			select { // the runner looked meanwhile: watch from there
			case at = <-s.moved:
			default:
			}
		}
		select {
		case s.ready <- struct{}{}:
		default:
		}
	}
}

// anything long-polls all partitions side by side; true as soon as one has data, or when
// asking failed, because then the runner should look and report.
func (s *source) anything(ctx context.Context, at positions) bool {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	found := make(chan bool, len(at))
	for p, pos := range at {
		wg.Go(func() {
			got, err := fetch(ctx, s.cl, s.current(), p, pos, pollWait)
			if err != nil && ctx.Err() == nil {
				s.env.Sys.Clock.Sleep(ctx, retryPause) // ends early only when the watch ends
			}
			found <- err != nil || len(got.batches) > 0
		})
	}
	any := false
	for range at {
		if any = <-found; any {
			break
		}
	}
	cancel()
	wg.Wait()
	return any
}
