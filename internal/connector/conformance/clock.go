package conformance

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/azud/azud/internal/sys"
)

// Clock moves only by Advance. Safe for concurrent use.
type Clock struct {
	mu       sync.Mutex
	now      time.Time
	sleepers []*sleeper
	wake     chan struct{} // closed and replaced when somebody goes to sleep
}

type sleeper struct {
	until time.Time
	asked time.Duration
	ch    chan time.Time
}

var _ sys.Clock = (*Clock)(nil)

// NewClock starts on 2024-01-15 10:30 UTC.
func NewClock() *Clock {
	return &Clock{now: time.Date(2024, 1, 15, 10, 30, 0, 0, time.UTC), wake: make(chan struct{})}
}

// Now implements sys.Clock.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Sleep implements sys.Clock.
func (c *Clock) Sleep(ctx context.Context, d time.Duration) error {
	s := c.sleep(d)
	select {
	case <-s.ch:
		return nil
	case <-ctx.Done():
		c.mu.Lock()
		defer c.mu.Unlock()
		c.sleepers = slices.DeleteFunc(c.sleepers, func(o *sleeper) bool { return o == s })
		return ctx.Err()
	}
}

// After implements sys.Clock.
func (c *Clock) After(d time.Duration) <-chan time.Time { return c.sleep(d).ch }

func (c *Clock) sleep(d time.Duration) *sleeper {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := &sleeper{c.now.Add(d), d, make(chan time.Time, 1)}
	if d <= 0 {
		s.ch <- c.now
		return s
	}
	c.sleepers = append(c.sleepers, s)
	close(c.wake)
	c.wake = make(chan struct{})
	return s
}

// Advance moves the time and wakes who slept until then.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	c.sleepers = slices.DeleteFunc(c.sleepers, func(s *sleeper) bool {
		if s.until.After(c.now) {
			return false
		}
		s.ch <- c.now
		return true
	})
}

// Asleep waits until somebody sleeps, and returns how long the first sleeper asked for.
func (c *Clock) Asleep(t testing.TB) time.Duration {
	t.Helper()
	limit := time.After(10 * time.Second)
	for {
		c.mu.Lock()
		wake := c.wake
		if len(c.sleepers) > 0 {
			defer c.mu.Unlock()
			return c.sleepers[0].asked
		}
		c.mu.Unlock()
		select {
		case <-wake:
		case <-limit:
			t.Fatal("nobody went to sleep")
		}
	}
}
