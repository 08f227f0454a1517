package broker

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/azud/azud/internal/log"
)

// Store is the log that the broker serves; flows of the same process read it directly.
func (b *Broker) Store() *log.Log { return b.store }

// begin makes the call of a request of this process, whose version must be one that is served.
// The error names what is not.
func (b *Broker) begin(ctx context.Context, req kmsg.Request, deliver func(kmsg.Response)) (*call, api, error) {
	key := req.Key()
	a, ok := b.apis[key]
	if !ok || req.GetVersion() < a.min || req.GetVersion() > a.max {
		return nil, a, fmt.Errorf("%s version %d is not served here", nameOf(key), req.GetVersion())
	}
	b.count.api(key).Add(1)
	return &call{ctx: ctx, req: req, client: "azud", host: "/127.0.0.1", user: anonymous, deliver: deliver}, a, nil
}

// Request serves a request of this process without a connection. The request's version must
// be one that is served. The response is the caller's; nil for a produce with acks=0. The
// error is ctx's, or names an API that is not served.
func (b *Broker) Request(ctx context.Context, req kmsg.Request) (kmsg.Response, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(b.life, cancel)()
	done := make(chan kmsg.Response, 1)
	c, a, err := b.begin(ctx, req, func(r kmsg.Response) { done <- r })
	if err != nil {
		return nil, err
	}
	a.handle(b, c)
	if req.Key() == keyFetch { // answered by now
		return taken(ctx, <-done)
	}
	select {
	case r := <-done:
		return r, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// taken is the answer to a fetch of this process, unless ctx cut it short.
func taken(ctx context.Context, r kmsg.Response) (kmsg.Response, error) {
	f, ok := r.(*fetchReply)
	if !ok {
		return r, nil
	}
	if err := ctx.Err(); err != nil {
		f.free()
		return nil, err
	}
	f.counted()
	f.hold(0) // the buffers are the caller's
	return f.FetchResponse, nil
}

// Send serves a request of this process without a connection: it is carried out before Send
// returns, in the order of the calls, and answered is called once, then or later, perhaps by
// the log's committer; it must not block. The broker may change the records in req, which must
// stay as they are until the answer. Fetches are refused: they go to the log directly, or by
// Request.
func (b *Broker) Send(ctx context.Context, req kmsg.Request, answered func(kmsg.Response, error)) {
	c, a, err := b.begin(ctx, req, func(r kmsg.Response) { answered(r, nil) })
	if err == nil && req.Key() == keyFetch {
		err = errors.New("a fetch of this process goes to its log")
	}
	if err != nil {
		answered(nil, err)
		return
	}
	a.handle(b, c)
}
