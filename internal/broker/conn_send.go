package broker

import (
	"encoding/binary"
	"net"

	"github.com/twmb/franz-go/pkg/kmsg"
)

const (
	// apart is from where on bytes are sent from where they are, not copied together.
	apart = 4 << 10
	// portion of a reply has frameTime to leave.
	portion    = 1 << 20
	smallReply = 2 << 10
)

// outgoing collects what is sent at once: small parts in buf, large ones where they are.
type outgoing struct {
	buf  []byte
	cuts []cut
	size int // bytes of the large parts
}

// cut is a large part, to be sent after buf[:at].
type cut struct {
	at   int
	data []byte
}

// put adds bytes, which stay unchanged until they are sent.
func (o *outgoing) put(data []byte) {
	if len(data) < apart {
		o.buf = append(o.buf, data...)
		return
	}
	o.cuts = append(o.cuts, cut{len(o.buf), data})
	o.size += len(data)
}

// buffers are the parts in order.
func (o *outgoing) buffers() net.Buffers {
	var out net.Buffers
	from := 0
	for _, c := range o.cuts {
		if c.at > from {
			out = append(out, o.buf[from:c.at])
		}
		out = append(out, c.data)
		from = c.at
	}
	if from < len(o.buf) {
		out = append(out, o.buf[from:])
	}
	return out
}

// send writes the answers of calls and releases what they held.
func (c *conn) send(calls []*call) error {
	o := outgoing{buf: c.b.bufs.get(smallReply)[:0]}
	for _, call := range calls {
		o.answer(call)
		if call.wire.key == keyProduce {
			c.b.settle(call)
			c.b.bufs.put(call.wire.frame)
		}
	}
	err := c.write(&o)
	for _, call := range calls {
		if f, ok := call.wire.resp.(*fetchReply); ok {
			f.counted()
			f.free()
		}
	}
	c.b.bufs.put(o.buf)
	return err
}

// answer adds a call's reply: length, correlation id, tags where the version has them, body.
func (o *outgoing) answer(c *call) {
	w := &c.wire
	if w.bytes != nil {
		o.buf = binary.BigEndian.AppendUint32(o.buf, uint32(len(w.bytes)))
		o.put(w.bytes)
		return
	}
	if w.resp == nil {
		return
	}
	at, before := len(o.buf), o.size
	o.buf = append(o.buf, 0, 0, 0, 0)
	o.buf = binary.BigEndian.AppendUint32(o.buf, uint32(w.correlation))
	if w.resp.IsFlexible() && !w.plain {
		o.buf = append(o.buf, 0)
	}
	switch r := w.resp.(type) {
	case *fetchReply:
		r.appendTo(o)
	case *kmsg.ProduceResponse:
		o.buf = appendProduce(o.buf, r)
	default:
		o.buf = r.AppendTo(o.buf)
	}
	binary.BigEndian.PutUint32(o.buf[at:], uint32(len(o.buf)-at-4+o.size-before))
}

// write sends all of o, in portions that have frameTime each, or a little more.
func (c *conn) write(o *outgoing) error {
	if len(o.buf) == 0 && len(o.cuts) == 0 {
		return nil
	}
	if len(o.cuts) == 0 && len(o.buf) <= portion {
		if err := c.extend(); err != nil {
			return err
		}
		_, err := c.nc.Write(o.buf)
		return err
	}
	defer c.sending.Store(0)
	for rest := o.buffers(); len(rest) > 0; {
		if err := c.extend(); err != nil {
			return err
		}
		c.sending.Store(c.b.cfg.Sys.Clock.Now().UnixNano())
		var now net.Buffers
		now, rest = split(rest, portion)
		if _, err := now.WriteTo(c.nc); err != nil {
			return err
		}
	}
	return nil
}

// extend lets the next portion take frameTime at least; the deadline is set anew only when
// frameSlack of it has passed.
func (c *conn) extend() error {
	now := c.b.cfg.Sys.Clock.Now()
	if c.sendBy.Sub(now) >= frameTime {
		return nil
	}
	c.sendBy = now.Add(frameTime + frameSlack)
	return c.nc.SetWriteDeadline(c.sendBy)
}

// split takes about n bytes off the front of b.
func split(b net.Buffers, n int) (front, rest net.Buffers) {
	for len(b) > 0 && n > 0 {
		if len(b[0]) > n {
			front = append(front, b[0][:n:n])
			b[0] = b[0][n:]
			return front, b
		}
		n -= len(b[0])
		front = append(front, b[0])
		b = b[1:]
	}
	return front, b
}
