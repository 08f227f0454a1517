package broker

import (
	"context"
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

// anonymous is the user of connections without SASL (Kafka: KafkaPrincipal.ANONYMOUS).
const anonymous = "ANONYMOUS"
