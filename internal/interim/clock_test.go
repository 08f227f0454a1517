package interim

import (
	"context"
	"time"

	"github.com/azud/azud/internal/sys"
)

// stepClock sleeps until the test takes a step.
type stepClock struct {
	sys.Clock
	steps chan struct{}
}

func (c *stepClock) Sleep(ctx context.Context, _ time.Duration) error {
	select {
	case <-c.steps:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
