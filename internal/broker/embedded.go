package broker

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/azud/azud/internal/log"
)

// Store is the log that the broker serves; flows of the same process read it directly.
func (b *Broker) Store() *log.Log { return b.store }

// Send serves a request of this process without a connection: it is carried out before Send
// returns, in the order of the calls, and answered is called once, then or later, perhaps by
// the log's committer; it must not block. The broker may change the records in req, which must
// stay as they are until the answer. Fetches go to the log directly, or by Request.
func (b *Broker) Send(ctx context.Context, req kmsg.Request, answered func(kmsg.Response, error)) {
	a, ok := b.apis[req.Key()]
	if !ok || req.GetVersion() < a.min || req.GetVersion() > a.max {
		answered(nil, fmt.Errorf("%s version %d is not served here", kmsg.NameForKey(req.Key()), req.GetVersion()))
		return
	}
	b.count.api(req.Key()).Add(1)
	a.handle(b, &call{ctx: ctx, req: req, client: "azud", host: "/127.0.0.1", user: anonymous,
		deliver: func(r kmsg.Response) { answered(r, nil) }})
}
