package kafka_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"testing"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/sys"
)

// dyingNet is the network of a process that ends at its nth send.
type dyingNet struct {
	sys.Net
	left *atomic.Int32
	die  context.CancelFunc
}

var errDead = errors.New("the process has ended")

func (n dyingNet) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	if n.left.Load() <= 0 {
		return nil, errDead
	}
	c, err := n.Net.DialContext(ctx, network, addr)
	return dyingConn{c, n}, err
}

type dyingConn struct {
	net.Conn
	n dyingNet
}

// Write sends; after the last one nothing is heard any more, not even its answer.
func (c dyingConn) Write(p []byte) (int, error) {
	left := c.n.left.Add(-1)
	if left < 0 {
		return 0, errDead
	}
	n, err := c.Conn.Write(p)
	if left == 0 {
		c.n.die()
		c.Close() //nolint:errcheck // dead
	}
	return n, err
}

// A process that ends at any of its sends leaves each row once, however often it comes back.
func TestEachRowIsWrittenOnceWhereverTheProcessEnds(t *testing.T) {
	l := newLab(t)
	options := func(topic string) connector.Options { return connector.Options{"topic": topic, "format": "json"} }
	died := 0
	for at := int32(1); ; at++ {
		topic := fmt.Sprintf("t%d", at)
		l.topic(topic, 2)
		ctx, die := context.WithCancel(t.Context())
		env := l.env()
		left := &atomic.Int32{}
		left.Store(at)
		env.Sys.Net = dyingNet{env.Sys.Net, left, die}
		committed := int64(-1)
		run := func(ctx context.Context, env connector.Env) error {
			s, err := l.connector().Sink(ctx, env, l.table(options(topic)))
			if err != nil {
				return err
			}
			defer s.Close() //nolint:errcheck // may be dead
			m, err := s.Open(ctx, identity(topic), readings, connector.Append)
			if err != nil {
				return err
			}
			if m.Checkpoint != "" && m.Epoch == committed+1 {
				committed++
			} else if m.Checkpoint != "" && m.Epoch != committed || m.Checkpoint == "" && committed >= 0 {
				t.Errorf("died at send %d: mark %+v after epoch %d", at, m, committed)
			}
			for ; committed < 2; committed++ {
				w, err := s.Begin(ctx, connector.EpochPlan{Epoch: committed + 1})
				if err != nil {
					return err
				}
				rows := reading(fmt.Sprintf("a:%d", committed+1), fmt.Sprintf("b:%d", committed+1))
				if err := w.Write(ctx, rows); err != nil {
					return err
				}
				if out, err := w.Commit(ctx); out != connector.Committed {
					return errors.Join(errDead, err)
				}
			}
			return nil
		}
		first := run(ctx, env)
		alive := left.Load() > 0
		die()
		if first != nil && alive {
			t.Fatal(first)
		}
		// A last request of the dead may arrive late and fence its successor, which then comes back.
		err := run(t.Context(), l.env())
		for try := 0; err != nil && connector.IsPassing(err) && try < 5; try++ {
			err = run(t.Context(), l.env())
		}
		if err != nil {
			t.Fatalf("died at send %d, then: %v", at, err)
		}
		l.want(fmt.Sprint("died at send ", at), sorted(l.all(l.source(connector.Options{"subscribe": topic, "startingOffsets": "earliest"}), "value")),
			`{"id":"a","n":0}`, `{"id":"a","n":1}`, `{"id":"a","n":2}`, `{"id":"b","n":0}`, `{"id":"b","n":1}`, `{"id":"b","n":2}`)
		if alive {
			break
		}
		died++
	}
	if died < 10 {
		t.Errorf("only %d sends", died)
	}
}
