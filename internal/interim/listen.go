package interim

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/sys"
)

// maxConns is how many clients may be connected at once.
const maxConns = 1024

// front is the one listener that kfake sees: it merges our listeners, and hands over
// connections that let only sound frames through.
type front struct {
	cfg   Config
	guard *guard
	lns   []net.Listener
	addr  net.Addr
	conns chan net.Conn
	slots chan struct{} // one token a connection
	done  chan struct{}
	once  sync.Once
	wg    sync.WaitGroup
	own   ownClient
}

// listen opens all addresses of cfg, on one port.
func listen(ctx context.Context, cfg Config) (*front, error) {
	f := &front{
		cfg: cfg, guard: newGuard(cfg), conns: make(chan net.Conn),
		slots: make(chan struct{}, maxConns), done: make(chan struct{}),
	}
	port := ""
	for _, addr := range cfg.Addrs {
		host, p, err := net.SplitHostPort(addr)
		if err != nil {
			f.shut()
			return nil, errs.Wrap(err, "ADDRESS_INVALID", "%q is no address to listen on", addr).
				WithHint("write HOST:PORT, for example 127.0.0.1:9092; port 0 takes a free one")
		}
		if p == "0" && port != "" {
			p = port
		}
		lns, err := sys.Listen(cfg.Sys.Net, net.JoinHostPort(host, p))
		if err != nil {
			f.shut()
			return nil, f.refused(ctx, err, host, p)
		}
		f.lns = append(f.lns, lns...)
		_, port, _ = net.SplitHostPort(f.lns[0].Addr().String())
	}
	f.addr = advertised(f.lns[0].Addr(), cfg)
	return f, nil
}

// refused says why host:port cannot be listened on. Of localhost's two addresses, the
// system's error names the one that is taken.
func (f *front) refused(ctx context.Context, err error, host, port string) error {
	addr := net.JoinHostPort(host, port)
	if !sys.InUse(err) {
		return errs.Wrap(err, "ADDRESS_INVALID", "cannot listen on %s", addr).
			WithHint("use an address of this machine, for example --kafka 127.0.0.1:9092")
	}
	var op *net.OpError
	if errors.As(err, &op) && op.Addr != nil {
		addr = op.Addr.String()
	}
	return errs.Wrap(err, "PORT_IN_USE", "the Kafka address %s is taken%s", addr, holder(ctx, f.cfg.Sys, addr)).
		WithHint("stop what listens there, or choose another: --kafka %s (port 0 takes a free one)", net.JoinHostPort(host, "0"))
}

// holder says what answers at addr, if that is quickly known.
func holder(ctx context.Context, s *sys.Sys, addr string) string {
	const patience = 200 * time.Millisecond
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	c, err := s.Net.DialContext(ctx, "tcp", addr)
	if err != nil {
		return ""
	}
	defer c.Close() //nolint:errcheck // only asked a question
	if c.SetDeadline(s.Clock.Now().Add(patience)) != nil {
		return ""
	}
	own := ownClient{conn: c}
	if own.versions() == nil {
		return " by another Kafka broker (perhaps another azud)"
	}
	return " by a program that is no Kafka broker"
}

// advertised is the address told to clients: the one listened on, or the loopback for a
// wildcard, which clients elsewhere cannot use.
func advertised(a net.Addr, cfg Config) net.Addr {
	t, ok := a.(*net.TCPAddr)
	if !ok || !t.IP.IsUnspecified() {
		return a
	}
	cfg.Log("broker: clients on other machines need an address that they reach: --kafka ADDRESS:" + strconv.Itoa(t.Port))
	return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: t.Port}
}

// Addr is what kfake advertises.
func (f *front) Addr() net.Addr { return f.addr }

// Close is kfake's way to stop accepting.
func (f *front) Close() error { f.shut(); return nil }

// shut closes the listeners and waits for their goroutines.
func (f *front) shut() {
	f.once.Do(func() {
		close(f.done)
		for _, ln := range f.lns {
			ln.Close() //nolint:errcheck // going away
		}
		f.own.close()
	})
	f.wg.Wait()
}

// open begins to accept; wanted is called with the topics that a client wants made.
func (f *front) open(wanted func([]string)) {
	f.guard.wanted = wanted
	for _, ln := range f.lns {
		f.wg.Go(func() { f.accept(ln) })
	}
}

func (f *front) accept(ln net.Listener) {
	for {
		c, err := ln.Accept()
		if err != nil {
			if errors.Is(err, net.ErrClosed) || !f.pause() {
				return
			}
			continue
		}
		select {
		case f.slots <- struct{}{}:
		default:
			f.guard.say(fmt.Sprintf("broker: %s refused: %d clients are connected", c.RemoteAddr(), maxConns))
			c.Close() //nolint:errcheck // refused
			continue
		}
		g := f.guard.wrap(c, func() { <-f.slots })
		if !f.hand(g) {
			g.Close() //nolint:errcheck // going away
			return
		}
	}
}

// pause waits after a failed accept (too many open files); false when closing.
func (f *front) pause() bool {
	select {
	case <-f.cfg.Sys.Clock.After(50 * time.Millisecond):
		return true
	case <-f.done:
		return false
	}
}

func (f *front) hand(c net.Conn) bool {
	select {
	case f.conns <- c:
		return true
	case <-f.done:
		return false
	}
}

// Accept gives kfake the next connection.
func (f *front) Accept() (net.Conn, error) {
	select {
	case c := <-f.conns:
		return c, nil
	case <-f.done:
		return nil, net.ErrClosed
	}
}
