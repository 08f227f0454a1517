package broker

import (
	"net"
	"testing"
	"time"

	"github.com/azud/azud/internal/sys"
)

// sink is a connection that takes everything and keeps its deadlines of writes.
type sink struct {
	net.Conn
	deadlines []time.Time
}

func (s *sink) Write(b []byte) (int, error) { return len(b), nil }

func (s *sink) SetWriteDeadline(t time.Time) error {
	s.deadlines = append(s.deadlines, t)
	return nil
}

// TestWriteDeadlines: every write has its time, but not every one sets a timer.
func TestWriteDeadlines(t *testing.T) {
	clock := &handClock{now: time.UnixMilli(1_700_000_000_000)}
	nc := &sink{}
	c := &conn{nc: nc, b: &Broker{cfg: Config{Sys: &sys.Sys{Clock: clock}}}}
	write := func(times int, pause time.Duration) {
		t.Helper()
		for range times {
			clock.advance(pause)
			if err := c.write(&outgoing{buf: []byte("x")}); err != nil {
				t.Fatal(err)
			}
			left := nc.deadlines[len(nc.deadlines)-1].Sub(clock.Now())
			if left < frameTime || left > frameTime+frameSlack {
				t.Fatalf("a write has %v", left)
			}
		}
	}
	write(50, frameSlack/50)
	if n := len(nc.deadlines); n > 2 {
		t.Errorf("%d deadlines for many writes in a short time", n)
	}
	write(3, time.Hour)
	data := make([]byte, 3*portion+1)
	clock.advance(time.Hour)
	if err := c.write(&outgoing{cuts: []cut{{0, data}}, size: len(data)}); err != nil {
		t.Fatal(err)
	}
}
