package broker

import "github.com/twmb/franz-go/pkg/kmsg"

// producing is a produce request of a connection, with all that serving it takes. One that
// was answered, and whose answer was sent, is used for another request: only then nobody
// refers to it any more, neither the log's committer, which answers it, nor the handler, which
// has returned before an answer is sent.
type producing struct {
	call call
	req  kmsg.ProduceRequest
	work *appending
}

// Only small requests are used again, and not many a connection: they are most, and what is
// kept for idle clients is bounded.
const (
	spareTopics     = 4
	sparePartitions = 16
	spares          = 8
)

// newCall is a call of the connection, to be filled in by the reader.
func (c *conn) newCall(key int16) *call {
	if key != keyProduce {
		return &call{ctx: c.life, host: c.host, user: c.user, listener: c.ln, conn: c, wire: wireCall{key: key}}
	}
	p := c.out.takeSpare()
	if p == nil {
		p = &producing{work: newAppending()}
	}
	p.call = call{ctx: c.life, host: c.host, user: c.user, listener: c.ln, conn: c, req: &p.req, wire: wireCall{key: key, own: p}}
	return &p.call
}

// appending is the place for a produce request's work.
func (c *call) appending() *appending {
	if p := c.wire.own; p != nil {
		return p.work
	}
	return newAppending()
}

func (q *queue) takeSpare() *producing {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := len(q.spare) - 1
	if n < 0 {
		return nil
	}
	p := q.spare[n]
	q.spare = q.spare[:n]
	return p
}

// keep takes what can be used again of calls whose answers were sent; q.mu is held.
func (q *queue) keep(sent []*call) {
	for _, c := range sent {
		if p := c.wire.own; p != nil && len(q.spare) < spares && p.forget() {
			q.spare = append(q.spare, p)
		}
	}
}

// forget drops all references to what the request was about, but keeps the arrays; false if
// they are too large for that.
func (p *producing) forget() bool {
	if len(p.req.Topics) > spareTopics {
		return false
	}
	for i := range p.req.Topics {
		t := &p.req.Topics[i]
		if cap(t.Partitions) > sparePartitions {
			return false
		}
		clear(t.Partitions)
		*t = kmsg.ProduceRequestTopic{Partitions: t.Partitions[:0]}
	}
	p.req = kmsg.ProduceRequest{Topics: p.req.Topics[:0]}
	a := p.work
	for i := range a.resp.Topics {
		t := &a.resp.Topics[i]
		clear(t.Partitions)
		*t = kmsg.ProduceResponseTopic{Partitions: t.Partitions[:0]}
	}
	clear(a.topics)
	clear(a.kept)
	a.c, a.req, a.release, a.refused, a.gate, a.inTxn = nil, nil, nil, nil, nil, nil
	return true
}

// sized is s with n elements, in its own array if that is large enough.
func sized[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}
