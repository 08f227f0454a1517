package broker

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/azud/azud/internal/log"
)

const (
	// frameTime is how long a begun frame, a handshake, or 1 MiB of a reply may take.
	frameTime = 30 * time.Second
	// frameSlack is how much more the time of a reply may be.
	frameSlack = 5 * time.Second
	// idleTime is how long a client may be silent (Kafka: connections.max.idle.ms).
	idleTime = 10 * time.Minute
	// idleSlack is how old a deadline for silence may be before it is set anew.
	idleSlack = time.Minute
	readAhead = 4 << 10 // bytes read at once while a frame's size is not known
	firstRead = 64 << 10
	trusted   = 4 << 20 // a frame up to this, and the largest seen here, is read into one buffer
)

// conn is a client's connection: a reader, which also calls the handlers, and a writer for
// the answers that become ready later. Answers that are ready when the handler returns are
// written by the reader itself.
type conn struct {
	b    *Broker
	ln   *listener
	raw  net.Conn // as accepted
	nc   net.Conn // raw, or TLS over it
	host string
	user string
	life context.Context // of all its requests: it ends when the connection does
	stop context.CancelFunc
	sasl *saslState // nil where clients need not say who they are

	// of the reader
	in       *bufio.Reader
	biggest  int        // bytes of the largest frame so far
	deadline time.Time  // of reads; zero if a frame's is set
	quiet    time.Time  // when the silence began that deadline ends
	last     bool       // ends after this request
	waiter   log.Waiter // of the fetch under way
	client   string     // client id of the last request

	out queue
	// sending is since when a portion of a large answer is being sent, in ns; 0: none is.
	sending atomic.Int64
	sendBy  time.Time // the deadline of writes; of who sends
}

// wireCall is what a connection knows of a call.
type wireCall struct {
	key         int16
	correlation int32
	plain       bool // the answer's header has no tags, although the version is flexible
	frame       []byte
	lease       lease
	charged     bool // for more than the frame
	resp        kmsg.Response
	bytes       []byte     // instead of resp: the answer as sent, without a length
	own         *producing // of a produce request
	ready       bool       // answered
	inline      bool       // the handler has not returned
}

// serve is the reader's life.
func (c *conn) serve() {
	defer c.end()
	if err := c.handshake(); err != nil {
		c.explain(err)
		return
	}
	for {
		if err := c.next(); err != nil {
			c.explain(err)
			return
		}
	}
}

// handshake speaks TLS where the listener does.
func (c *conn) handshake() error {
	c.nc = c.raw
	if c.ln.Security == SSL || c.ln.Security == SASLSSL {
		t := tls.Server(c.raw, c.ln.TLS)
		c.nc = t
		if err := c.raw.SetDeadline(c.b.cfg.Sys.Clock.Now().Add(frameTime)); err != nil {
			return err
		}
		if err := t.HandshakeContext(c.life); err != nil {
			return tlsRefusal(err)
		}
		if err := c.raw.SetDeadline(time.Time{}); err != nil {
			return err
		}
	}
	c.in = bufio.NewReaderSize(c.nc, readAhead)
	c.b.wg.Go(c.writer)
	return nil
}

// next serves one frame.
func (c *conn) next() error {
	if err := c.awaitFrame(); err != nil {
		return err
	}
	if c.sasl != nil && c.sasl.raw {
		return c.nextToken()
	}
	first, err := c.in.Peek(headSize)
	if err != nil {
		return tooSlow(err, "a request that it began did not come")
	}
	h, no := c.b.checkHead(first, c.limit())
	if no != nil {
		if no.kind == refusedHTTP {
			c.answerHTTP()
		}
		return no
	}
	c.in.Discard(headSize) //nolint:errcheck // they are there
	call := c.newCall(h.key)
	frame, err := c.body(h.size-4, &call.wire.lease)
	if err != nil {
		c.b.budget.release(&call.wire.lease)
		return tooSlow(err, "a request that it began did not come")
	}
	call.wire.frame = frame
	if err := c.dispatch(call, h, frame); err != nil {
		c.b.settle(call)
		return err
	}
	if h.key != keyProduce { // of others the handler has kept what it needs
		c.b.settle(call)
	}
	return nil
}

// settle gives back what a call's frame was counted for.
func (b *Broker) settle(c *call) {
	if c.wire.charged || len(c.wire.frame) > uncharged {
		b.budget.release(&c.wire.lease)
	}
}

// limit is the most bytes of a frame that are taken now; 0: what the API may have.
func (c *conn) limit() int {
	if c.sasl != nil && !c.sasl.done {
		return maxUnknown
	}
	return 0
}

// awaitFrame returns when a frame begins; from then on the frame's deadline counts.
func (c *conn) awaitFrame() error {
	for c.in.Buffered() == 0 {
		now := c.b.cfg.Sys.Clock.Now()
		if c.deadline.IsZero() || now.Sub(c.quiet) > idleSlack {
			c.quiet, c.deadline = now, now.Add(idleTime)
			if err := c.nc.SetReadDeadline(c.deadline); err != nil {
				return err
			}
		}
		if _, err := c.in.Peek(1); err != nil {
			if !timedOut(err) || !c.out.pending() {
				return err
			}
			c.deadline = time.Time{}
		}
	}
	if c.in.Buffered() < headSize {
		return c.hurry()
	}
	return nil
}

func timedOut(err error) bool {
	var late net.Error
	return errors.As(err, &late) && late.Timeout()
}

// hurry sets the deadline for the rest of a frame.
func (c *conn) hurry() error {
	c.deadline = time.Time{}
	return c.nc.SetReadDeadline(c.b.cfg.Sys.Clock.Now().Add(frameTime))
}

// body reads n bytes; the buffer grows as they arrive, charged to l.
func (c *conn) body(n int, l *lease) ([]byte, error) {
	if c.in.Buffered() < n {
		if err := c.hurry(); err != nil {
			return nil, err
		}
	}
	size := min(n, max(firstRead, min(c.biggest, trusted)))
	buf, have := c.b.bufs.get(size), 0
	for {
		if err := c.charge(l, len(buf)); err != nil {
			return nil, err
		}
		if _, err := io.ReadFull(c.in, buf[have:]); err != nil {
			return nil, err
		}
		have = len(buf)
		if have == n {
			c.biggest = max(c.biggest, n)
			return buf, nil
		}
		size = min(n, 2*have)
		if have >= trusted { // what it has sent is enough to believe it the rest: steps of doubling cost twice the frame
			size = n
		}
		more := c.b.bufs.get(size)
		copy(more, buf)
		c.b.bufs.put(buf)
		buf = more
	}
}

// charge makes l hold n bytes where n is worth counting. The wait for room is not the
// client's fault: its deadline begins anew after it.
func (c *conn) charge(l *lease, n int) error {
	if n <= uncharged || n <= l.n {
		return nil
	}
	if !c.b.budget.grow(l, n-l.n) {
		return net.ErrClosed
	}
	if n > firstRead {
		return c.hurry()
	}
	return nil
}

// uncharged frames are so small that 1,024 connections may each have one.
const uncharged = 16 << 10

// dispatch decodes the frame and calls its handler. The error closes the connection.
func (c *conn) dispatch(call *call, h head, frame []byte) error {
	a := c.b.apis[h.key]
	req := call.req
	if req == nil {
		req = kmsg.RequestForKey(h.key)
		call.req = req
	}
	req.SetVersion(h.version)
	known := h.version >= a.min && h.version <= a.max
	rh, err := parseHead(h, frame, known && req.IsFlexible(), c.client)
	if err != nil {
		return refuse(refusedBody, "%s version %d: %v", nameOf(h.key), h.version, err)
	}
	c.client, call.client = rh.client, rh.client
	call.wire.correlation = rh.correlation
	call.wire.plain = h.key == keyAPIVersions
	c.b.count.api(h.key).Add(1)
	if !known { // of ApiVersions; the rest are refused by their head
		req.SetVersion(0)
		return c.run(call, api{handle: unsupportedAPIVersions})
	}
	if err := c.decode(call, rh.body); err != nil {
		return refuse(refusedBody, "%s version %d: %v", nameOf(h.key), h.version, err)
	}
	if c.sasl != nil {
		if err := c.sasl.permit(h.key); err != nil {
			return err
		}
	}
	return c.run(call, a)
}

// run calls the handler and sends what is ready.
func (c *conn) run(call *call, a api) (err error) {
	call.wire.inline = true
	if !c.out.push(call) {
		return net.ErrClosed
	}
	defer func() {
		if p := recover(); p != nil {
			c.b.log.Error("a request made the broker fail; its connection is closed",
				"api", nameOf(call.wire.key), "version", call.version(), "client", call.client, "panic", p, "stack", string(debug.Stack()))
			err = refuse(refusedPanic, "%s failed", nameOf(call.wire.key))
		}
	}()
	a.handle(c.b, call)
	if err := c.flush(call); err != nil || !c.last {
		return tooSlow(err, "its answers were not read")
	}
	return io.EOF
}

// tooSlow says what a client did not do in time, if that is what err is about.
func tooSlow(err error, what string) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return refuse(refusedSlow, "%s within %v", what, frameTime)
	}
	return err
}

// explain logs why the connection ends, unless the client just left.
func (c *conn) explain(err error) {
	var no *refusal
	switch {
	case errors.As(err, &no):
		if no.kind != refusedLogin && no.kind != refusedPanic {
			c.b.count.Malformed.Add(1)
		}
		c.b.say(no.kind, fmt.Sprintf("%s: %s; connection closed", c.raw.RemoteAddr(), no.text), "listener", c.ln.Name)
	case errors.Is(err, io.EOF), errors.Is(err, net.ErrClosed), c.life.Err() != nil:
	default:
		c.b.log.Debug("connection ends", "peer", c.raw.RemoteAddr().String(), "cause", err)
	}
}

// end releases all that the connection has.
func (c *conn) end() {
	c.stop()
	c.raw.Close() //nolint:errcheck // it is over
	for _, call := range c.out.close() {
		c.b.settle(call)
		if call.wire.key == keyFetch { // answered by the reader, which is here
			if f, ok := call.wire.resp.(*fetchReply); ok {
				f.free()
			}
		}
	}
	c.b.drop(c)
}

// answerHTTP tells a browser where to go.
func (c *conn) answerHTTP() {
	text := "This is Azud's Kafka port" + c.b.console() + ".\n"
	c.nc.SetWriteDeadline(c.b.cfg.Sys.Clock.Now().Add(time.Second)) //nolint:errcheck // best effort to a stranger
	fmt.Fprintf(c.nc, "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n"+
		"Content-Length: %d\r\nConnection: close\r\n\r\n%s", len(text), text) //nolint:errcheck // the same
}

// nextToken serves a frame of SaslHandshake version 0: a length and a mechanism's bytes.
func (c *conn) nextToken() error {
	first, err := c.in.Peek(4)
	if err != nil {
		return err
	}
	n := binary.BigEndian.Uint32(first)
	if n > maxUnknown {
		return refuse(refusedLogin, "a SASL token of %d bytes", n)
	}
	c.in.Discard(4) //nolint:errcheck // they are there
	call := c.newCall(keySASL)
	defer c.b.budget.release(&call.wire.lease) // the login keeps nothing of the token
	token, err := c.body(int(n), &call.wire.lease)
	if err != nil {
		return err
	}
	reply, err := c.sasl.step(c, token)
	if err != nil {
		return refuse(refusedLogin, "%v", err)
	}
	call.wire.bytes, call.wire.ready = reply, true
	if !c.out.push(call) {
		return net.ErrClosed
	}
	return c.flush(call)
}

// queue holds the calls of a connection in the order of their requests.
type queue struct {
	mu      sync.Mutex
	space   *sync.Cond
	calls   [maxInFlight]*call
	first   int
	n       int
	writing bool
	closed  bool
	wake    chan struct{} // room for one
	spare   []*producing  // answered and sent
}

// maxInFlight is how many requests of a connection may wait for their answers.
const maxInFlight = 16
