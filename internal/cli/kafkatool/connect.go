package kafkatool

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/azud/azud/internal/errs"
)

// patience bounds what one request of an administrative tool may take.
const patience = 30 * time.Second

// connect makes a client from properties and checks that a broker answers, so that a wrong address
// is said at once and not after a minute of retries.
func (r *run) connect(ctx context.Context, p Properties, more ...kgo.Opt) (*kgo.Client, error) {
	for _, key := range UnknownProperties(p) {
		r.log("WARN", "org.apache.kafka.clients.CommonClientConfigs",
			fmt.Sprintf("The configuration '%s' was supplied but isn't a known config.", key))
	}
	opts, err := ClientOptions(p, r.env.Sys.Net, r.readFile)
	if err != nil {
		return nil, err
	}
	cl, err := kgo.NewClient(append(opts, more...)...)
	if err != nil {
		return nil, errs.Wrap(err, "INVALID_CONFIG", "the Kafka client")
	}
	if err := cl.Ping(ctx); err != nil {
		cl.Close()
		if ctx.Err() != nil {
			return nil, exitError(130)
		}
		return nil, connectError(p, err)
	}
	return cl, nil
}

// connectError says why no broker of those named can be used.
func connectError(p Properties, err error) error {
	var k *kerr.Error
	cause := rootCause(err).Error()
	switch {
	case errors.As(err, &k) && k.Code == kerr.SaslAuthenticationFailed.Code:
		return &javaError{class: errorPackage + "SaslAuthenticationException", code: k.Code,
			text: strings.TrimPrefix(err.Error(), k.Error()+": ")}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		cause = "the broker closes the connection; check security.protocol and sasl.* in the file that --command-config names"
	}
	return &javaError{class: errorPackage + "TimeoutException", text: fmt.Sprintf("No Kafka answers at %s: %s", p["bootstrap.servers"], cause)}
}

// rootCause is the innermost error, which says what happened to the connection.
func rootCause(err error) error {
	for {
		u, ok := err.(interface{ Unwrap() error })
		if !ok || u.Unwrap() == nil {
			return err
		}
		err = u.Unwrap()
	}
}

// admin connects an administrative tool: --command-config and --bootstrap-server.
func (r *run) admin(ctx context.Context) (*kgo.Client, error) {
	p, err := r.properties("command-config")
	if err != nil {
		return nil, err
	}
	if r.opts.has("bootstrap-server") {
		if p["bootstrap.servers"], err = r.opts.value("bootstrap-server"); err != nil {
			return nil, err
		}
	}
	if p["client.id"] == "" {
		p["client.id"] = "adminclient-1"
	}
	return r.connect(ctx, p, kgo.RetryTimeout(patience))
}

// ask sends a request and returns its response in its own type.
func ask[R kmsg.Response](ctx context.Context, cl *kgo.Client, req kmsg.Request) (R, error) {
	var none R
	ctx, cancel := context.WithTimeout(ctx, 2*patience)
	defer cancel()
	resp, err := cl.Request(ctx, req)
	if err != nil {
		return none, err
	}
	typed, ok := resp.(R)
	if !ok {
		return none, errs.New("INTERNAL_ERROR", "a response of type %T", resp)
	}
	return typed, nil
}
