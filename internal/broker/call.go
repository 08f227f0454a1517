package broker

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// call is one request on its way.
type call struct {
	ctx      context.Context // ends with the connection, or with the broker
	req      kmsg.Request    // its byte slices alias the frame, which lives as long as the call
	client   string          // client id; "" if null
	host     string          // the peer's address as groups show it: "/127.0.0.1"
	user     string          // "ANONYMOUS" without SASL
	listener *listener       // nil in the same process
	answered atomic.Bool
	deliver  func(kmsg.Response) // nil response: none is sent (acks=0)

	conn *conn // nil in the same process; then deliver is not
	wire wireCall
}

func (c *call) version() int16 { return c.req.GetVersion() }

// answer ends the call; only the first one counts. It never blocks and may be called from
// any goroutine, the log's committer included. nil sends nothing.
func (c *call) answer(r kmsg.Response) {
	if !c.answered.CompareAndSwap(false, true) {
		return
	}
	if r != nil {
		r.SetVersion(c.version())
	}
	if c.conn != nil {
		c.conn.finish(c, r)
		return
	}
	c.deliver(r)
}

// api is an API with the versions served.
type api struct {
	key      int16
	min, max int16
	handle   func(*Broker, *call)
}

// at makes an API whose handler answers when it returns.
func at[Q kmsg.Request](key, min, max int16, f func(*Broker, *call, Q) kmsg.Response) api {
	return api{key, min, max, func(b *Broker, c *call) { c.answer(f(b, c, c.req.(Q))) }}
}

// later makes an API whose handler keeps the call and answers it by itself.
func later[Q kmsg.Request](key, min, max int16, f func(*Broker, *call, Q)) api {
	return api{key, min, max, func(b *Broker, c *call) { f(b, c, c.req.(Q)) }}
}

// Request serves a request of this process without a connection. The request's version must
// be one that is served. The response is the caller's. The error is ctx's, or names an API
// that is not served.
func (b *Broker) Request(ctx context.Context, req kmsg.Request) (kmsg.Response, error) {
	a, ok := b.apis[req.Key()]
	if !ok || req.GetVersion() < a.min || req.GetVersion() > a.max {
		return nil, fmt.Errorf("%s version %d is not served here", kmsg.NameForKey(req.Key()), req.GetVersion())
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(b.life, cancel)()
	done := make(chan kmsg.Response, 1)
	c := &call{ctx: ctx, req: req, client: "azud", host: "/127.0.0.1", user: anonymous, deliver: func(r kmsg.Response) { done <- r }}
	b.count.api(req.Key()).Add(1)
	a.handle(b, c)
	select {
	case r := <-done:
		if f, ok := r.(*fetchReply); ok {
			f.counted()
			f.hold(0) // and the buffers are the caller's
			r = f.FetchResponse
		}
		return r, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// anonymous is the user of connections without SASL (Kafka: KafkaPrincipal.ANONYMOUS).
const anonymous = "ANONYMOUS"
