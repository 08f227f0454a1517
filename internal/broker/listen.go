package broker

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kbin"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/sys"
)

// maxConns is how many clients may be connected at once.
const maxConns = 1024

// listener is a Listener that is open.
type listener struct {
	Listener
	addr string // as bound; "localhost:PORT" for both loopbacks
	port int32
	lns  []net.Listener
	// scram are the credentials of Users, by scramKey: hashing a password at each login would
	// tell strangers who exists, and cost as much as they like.
	scram map[string]scramCredential
}

// defaultListen is where clients look first.
const defaultListen = "localhost:9092"

// open listens where cfg says.
func (b *Broker) open(ctx context.Context) error {
	list := b.cfg.Listeners
	if len(list) == 0 {
		list = []Listener{{}}
	}
	for _, l := range list {
		if l.Addr == "" {
			l.Addr = defaultListen
		}
		if l.Name == "" {
			l.Name = l.Security.String()
		}
		ln, err := b.listen(ctx, l)
		if err != nil {
			return err
		}
		b.listeners = append(b.listeners, ln)
	}
	return nil
}

func (b *Broker) listen(ctx context.Context, l Listener) (*listener, error) {
	if err := l.check(); err != nil {
		return nil, err
	}
	host, port, err := net.SplitHostPort(l.Addr)
	if err != nil {
		return nil, errs.Wrap(err, "ADDRESS_INVALID", "%q is no address to listen on", l.Addr).
			WithHint("write HOST:PORT, for example 127.0.0.1:9092; port 0 takes a free one")
	}
	credentials, err := b.scramOfListener(&l)
	if err != nil {
		return nil, err
	}
	lns, err := sys.Listen(b.cfg.Sys.Net, l.Addr)
	if err != nil {
		return nil, b.cannotListen(ctx, err, host, port)
	}
	_, port, _ = net.SplitHostPort(lns[0].Addr().String())
	n, _ := strconv.Atoi(port)
	out := &listener{Listener: l, addr: net.JoinHostPort(host, port), port: int32(n), lns: lns, scram: credentials}
	if host != "localhost" {
		out.addr = lns[0].Addr().String()
	}
	return out, nil
}

// check says what a listener lacks.
func (l *Listener) check() error {
	if (l.Security == SSL || l.Security == SASLSSL) && l.TLS == nil {
		return errs.New("TLS_NO_CERTIFICATE", "the listener %s speaks TLS, but has no certificate", l.Name).
			WithHint("give it a certificate and its key (KAFKA_SSL_KEYSTORE_CERTIFICATE_CHAIN, KAFKA_SSL_KEYSTORE_KEY)")
	}
	if l.Security != SASLPlaintext && l.Security != SASLSSL {
		return nil
	}
	if len(l.Mechanisms) == 0 {
		return errs.New("SASL_NO_MECHANISM", "the listener %s asks for a login, but takes no mechanism", l.Name).
			WithHint("name one or more of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512")
	}
	for _, m := range l.Mechanisms {
		if !knownMechanism(m) {
			return errs.New("SASL_MECHANISM_UNKNOWN", "the listener %s names the SASL mechanism %q, which is not known", l.Name, m).
				WithHint("PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512 are")
		}
	}
	return nil
}

// cannotListen says why host:port cannot be listened on. Of localhost's two addresses, the
// system's error names the one that is taken.
func (b *Broker) cannotListen(ctx context.Context, err error, host, port string) error {
	addr := net.JoinHostPort(host, port)
	if !sys.InUse(err) {
		return errs.Wrap(err, "ADDRESS_INVALID", "cannot listen on %s", addr).
			WithHint("use an address of this machine, for example --kafka 127.0.0.1:9092")
	}
	var op *net.OpError
	if errors.As(err, &op) && op.Addr != nil {
		addr = op.Addr.String()
	}
	return errs.Wrap(err, "PORT_IN_USE", "the Kafka address %s is taken%s", addr, holder(ctx, b.cfg.Sys, addr)).
		WithHint("stop what listens there, or choose another: --kafka %s (port 0 takes a free one)", net.JoinHostPort(host, "0"))
}

// holder says what answers at addr, if that is quickly known: a broker says its versions.
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
	ask := kmsg.NewRequestFormatter(kmsg.FormatterClientID("azud")).AppendRequest(nil, kmsg.NewPtrApiVersionsRequest(), 1)
	if _, err := c.Write(ask); err != nil {
		return ""
	}
	reply := make([]byte, 10)
	if n, _ := c.Read(reply); n < 10 {
		return " by a program that is no Kafka broker"
	}
	r := kbin.Reader{Src: reply[4:]}
	if r.Int32() == 1 && r.Int16() == 0 {
		return " by another Kafka broker (perhaps another azud)"
	}
	return " by a program that is no Kafka broker"
}

// accept takes clients until ln is closed.
func (b *Broker) accept(l *listener, ln net.Listener) {
	for {
		nc, err := ln.Accept()
		if err != nil {
			if errors.Is(err, net.ErrClosed) || b.life.Err() != nil {
				return
			}
			b.say(refusedCount, "no client can be taken: "+err.Error())
			select {
			case <-b.cfg.Sys.Clock.After(50 * time.Millisecond): // too many open files pass
			case <-b.life.Done():
				return
			}
			continue
		}
		b.take(l, nc)
	}
}

// take starts a connection, or refuses it.
func (b *Broker) take(l *listener, nc net.Conn) {
	c := &conn{b: b, ln: l, raw: nc, host: peerHost(nc.RemoteAddr()), user: anonymous}
	c.out.init()
	if l.Security == SASLPlaintext || l.Security == SASLSSL {
		c.sasl = &saslState{}
	}
	b.mu.Lock()
	full, over := len(b.conns) >= maxConns, b.closed
	if !full && !over {
		c.life, c.stop = context.WithCancel(b.life)
		b.conns[c] = struct{}{}
		b.wg.Go(c.serve)
	}
	b.mu.Unlock()
	if full && !over {
		b.count.Refused.Add(1)
		b.say(refusedCount, nc.RemoteAddr().String()+": refused: "+strconv.Itoa(maxConns)+" clients are connected, which is the most")
	}
	if full || over {
		nc.Close() //nolint:errcheck // refused
		return
	}
	b.count.Accepted.Add(1)
	b.count.Connections.Add(1)
}

// drop forgets a connection that has ended.
func (b *Broker) drop(c *conn) {
	b.mu.Lock()
	delete(b.conns, c)
	b.mu.Unlock()
	b.count.Connections.Add(-1)
}

// peerHost is a peer as Java shows it: "/127.0.0.1", "/0:0:0:0:0:0:0:1".
func peerHost(a net.Addr) string {
	ap, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return "/" + a.String()
	}
	ip := ap.Addr().Unmap().WithZone("")
	if ip.Is4() {
		return "/" + ip.String()
	}
	var s strings.Builder
	for i, b := 0, ip.As16(); i < len(b); i += 2 {
		if i > 0 {
			s.WriteByte(':')
		}
		s.WriteString(strconv.FormatUint(uint64(b[i])<<8|uint64(b[i+1]), 16))
	}
	return "/" + s.String()
}

// advertised is the address told to the client of a call (in-process: that of the first
// listener): the listener's own, "localhost" where both loopbacks are listened on and the
// client came by one, else the address that the client reached.
func (b *Broker) advertised(c *call) (host string, port int32) {
	l := c.listener
	if l == nil {
		l = b.listeners[0]
	}
	if l.Advertised != "" {
		h, p, err := net.SplitHostPort(l.Advertised)
		if n, bad := strconv.Atoi(p); err == nil && bad == nil {
			return h, int32(n)
		}
	}
	bound, _, _ := net.SplitHostPort(l.addr)
	ip, err := netip.ParseAddr(bound)
	if bound == "localhost" || (c.conn == nil && err == nil && ip.IsUnspecified()) {
		return "localhost", l.port
	}
	if err == nil && !ip.IsUnspecified() {
		return bound, l.port
	}
	reached, err := netip.ParseAddrPort(c.conn.raw.LocalAddr().String())
	if err != nil || reached.Addr().Unmap().IsLoopback() {
		return "localhost", l.port
	}
	return reached.Addr().Unmap().WithZone("").String(), l.port
}
