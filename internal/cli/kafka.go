package cli

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/azud/azud/internal/cli/kafkatool"
	"github.com/azud/azud/internal/errs"
)

// kafkaFlags say which Kafka a command talks to, and how.
type kafkaFlags struct{ servers, config, http, data string }

func (a *app) addKafkaFlags(c *cobra.Command, k *kafkaFlags) {
	f := c.Flags()
	f.StringVar(&k.servers, "bootstrap-server", "", "`HOST:PORT,…` of a Kafka (default: the daemon of the data directory)")
	f.StringVar(&k.config, "command-config", "", "`FILE` of Kafka client properties: security.protocol, sasl.*, ssl.* …")
	f.StringVar(&k.http, "http", "", "console address, `HOST:PORT`, of another daemon")
	f.StringVar(&k.data, "data", "", "data directory (default: the user's data folder of the system)")
}

// reached is a Kafka that a command may connect to.
type reached struct {
	servers string // as named
	opts    []kgo.Opt
	stop    func() // ends what was started for the command
}

// reach finds the Kafka named, else the running daemon's, else starts a broker over the data
// for this command.
func (a *app) reach(ctx context.Context, k kafkaFlags) (*reached, error) {
	props, err := a.clientProperties(k.config)
	if err != nil {
		return nil, err
	}
	r := &reached{stop: func() {}, servers: cmp.Or(k.servers, props["bootstrap.servers"])}
	if r.servers == "" {
		if err := a.reachOwn(ctx, k, r); err != nil {
			return nil, err
		}
	}
	props["bootstrap.servers"] = r.servers
	if props["client.id"] == "" {
		props["client.id"] = "azud-cli"
	}
	if r.opts, err = kafkatool.ClientOptions(props, a.sys.Net, a.readFile); err != nil {
		r.stop()
		if k.config == "" {
			return nil, err
		}
		return nil, errs.Wrap(err, "INVALID_OPTION", "the client properties in %s cannot be used", k.config)
	}
	return r, nil
}

// reachOwn is the broker of this machine: a daemon's or one for this command alone.
func (a *app) reachOwn(ctx context.Context, k kafkaFlags, r *reached) error {
	d, err := a.findDaemon(ctx, k.http, k.data)
	if err != nil {
		return err
	}
	if d != nil {
		r.servers = d.kafka
		return nil
	}
	data, err := a.dataOr(k.data)
	if err != nil {
		return err
	}
	h, err := a.startHost(ctx, hostOptions{listen: onlyHere(), data: data, noPipelines: true, env: a.sys.Env, logLevel: "warn"})
	if err != nil {
		return err
	}
	r.servers = h.broker.Addr()
	r.stop = func() {
		if err := h.close(); err != nil {
			fmt.Fprintf(a.sys.Err, "azud: closing the data: %v\n", err)
		}
	}
	return nil
}

// clientProperties reads a file of Kafka client properties; "" has none.
func (a *app) clientProperties(name string) (kafkatool.Properties, error) {
	if name == "" {
		return kafkatool.Properties{}, nil
	}
	f, err := a.sys.FS.Open(a.inDir(name))
	if err != nil {
		return nil, errs.Wrap(reason(err), "COMMAND_CONFIG", "cannot read %s", name)
	}
	defer f.Close()
	p, err := kafkatool.ParseProperties(f)
	if err != nil {
		return nil, errs.Wrap(err, "COMMAND_CONFIG", "cannot read %s", name)
	}
	for _, key := range kafkatool.UnknownProperties(p) {
		fmt.Fprintf(a.sys.Err, "azud: %s: no Kafka client has a property %s; it is passed over\n", name, key)
	}
	return p, nil
}

// inDir is a file's path from the working directory.
func (a *app) inDir(name string) string {
	if a.sys.Dir == "" || filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(a.sys.Dir, name)
}

func (a *app) readFile(name string) (string, error) {
	f, err := a.sys.FS.Open(a.inDir(name))
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(f)
	return string(text), err
}

// connect makes a client that a broker has answered.
func (r *reached) connect(ctx context.Context, opts ...kgo.Opt) (*kgo.Client, error) {
	own := []kgo.Opt{kgo.FetchMaxWait(250 * time.Millisecond)} // what else is found meanwhile comes after it
	cl, err := kgo.NewClient(slices.Concat(r.opts, own, opts)...)
	if err != nil {
		return nil, errs.Wrap(err, "KAFKA_UNAVAILABLE", "the Kafka client")
	}
	answered := make(chan error, 1)
	go func() { answered <- cl.Ping(ctx) }() // it ignores ctx while it waits for a connection's first answer
	select {
	case err = <-answered:
	case <-ctx.Done():
		go cl.Close() // which waits as long
		return nil, noAnswer(r.servers, ctx.Err())
	}
	if err != nil {
		cl.Close()
		return nil, noAnswer(r.servers, err)
	}
	return cl, nil
}

// noAnswer says why no broker can be used, and what to do.
func noAnswer(servers string, err error) error {
	e := errs.Wrap(err, "KAFKA_UNAVAILABLE", "no Kafka answers at %s", servers)
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.Is(err, kerr.SaslAuthenticationFailed):
		return errs.Wrap(err, "KAFKA_UNAVAILABLE", "the Kafka at %s refuses the login", servers).
			WithHint("check sasl.mechanism and sasl.jaas.config in the file of --command-config")
	case errors.As(err, &certificate):
		return e.WithHint("name the certificate of its authority in the file of --command-config: ssl.truststore.type=PEM, ssl.truststore.location=FILE")
	case closed(err):
		return e.WithHint("it closes the connection: perhaps it wants TLS or a login, as --command-config FILE sets them (security.protocol, sasl.*, ssl.*), or wants none")
	}
	return e.WithHint("start one with 'azud up', or name one with --bootstrap-server HOST:PORT")
}

// client connects to the Kafka of the flags. The function returned ends everything.
func (a *app) client(ctx context.Context, k kafkaFlags, opts ...kgo.Opt) (*kgo.Client, func(), error) {
	r, err := a.reach(ctx, k)
	if err != nil {
		return nil, nil, err
	}
	cl, err := r.connect(ctx, opts...)
	if err != nil {
		r.stop()
		return nil, nil, err
	}
	return cl, func() { cl.Close(); r.stop() }, nil
}

// admin is client for commands that only ask and order.
func (a *app) admin(ctx context.Context, k kafkaFlags) (*kadm.Client, func(), error) {
	cl, done, err := a.client(ctx, k)
	if err != nil {
		return nil, nil, err
	}
	return kadm.NewClient(cl), done, nil
}

// span is the offsets that a partition holds: [start, end).
type span struct{ start, end int64 }

// spansOf asks for the offsets of topics, by topic and partition. The end is the high
// watermark.
func spansOf(ctx context.Context, adm *kadm.Client, names ...string) (map[string]map[int32]span, error) {
	starts, err := adm.ListStartOffsets(ctx, names...)
	if err == nil {
		err = starts.Error()
	}
	if err != nil {
		return nil, unavailable(err, "reading offsets")
	}
	ends, err := adm.ListEndOffsets(ctx, names...)
	if err == nil {
		err = ends.Error()
	}
	if err != nil {
		return nil, unavailable(err, "reading offsets")
	}
	out := map[string]map[int32]span{}
	ends.Each(func(o kadm.ListedOffset) {
		if out[o.Topic] == nil {
			out[o.Topic] = map[int32]span{}
		}
		start, _ := starts.Lookup(o.Topic, o.Partition)
		out[o.Topic][o.Partition] = span{start.Offset, o.Offset}
	})
	return out, nil
}

// existing gives the details of topics; one that is not there is an error with near names,
// because waiting for it would look like an empty one.
func existing(ctx context.Context, adm *kadm.Client, names ...string) (kadm.TopicDetails, error) {
	topics, err := adm.ListTopicsWithInternal(ctx)
	if err != nil {
		return nil, unavailable(err, "listing topics")
	}
	for _, name := range names {
		if topics.Has(name) {
			continue
		}
		e := errs.New("UNKNOWN_TOPIC_OR_PARTITION", "there is no topic %s", name)
		if near := errs.Near(name, topics.Names()); len(near) > 0 {
			return nil, e.WithHint("did you mean %s?", near[0])
		}
		return nil, e.WithHint("'azud topic list' shows the topics")
	}
	maps.DeleteFunc(topics, func(name string, _ kadm.TopicDetail) bool { return !slices.Contains(names, name) })
	return topics, nil
}

// coordinatorTime is how long a Kafka that has just started, or moves its groups, may take to
// have somebody who answers for them.
const coordinatorTime = 15 * time.Second

// committedOf asks for the offsets that a group has committed.
func (a *app) committedOf(ctx context.Context, adm *kadm.Client, group string) (out kadm.OffsetResponses, err error) {
	err = a.patiently(ctx, func() (err error) {
		out, err = adm.FetchOffsets(ctx, group)
		return err
	})
	if err != nil {
		return nil, unavailable(err, "reading the offsets of group %s", group)
	}
	return out, nil
}

// patiently asks again while nobody answers for groups.
func (a *app) patiently(ctx context.Context, ask func() error) error {
	for end := a.sys.Clock.Now().Add(coordinatorTime); ; {
		err := ask()
		none := errors.Is(err, kerr.CoordinatorNotAvailable) || errors.Is(err, kerr.CoordinatorLoadInProgress) || errors.Is(err, kerr.NotCoordinator)
		if !none || a.sys.Clock.Now().After(end) {
			return err
		}
		if err := a.sys.Clock.Sleep(ctx, 250*time.Millisecond); err != nil {
			return err
		}
	}
}

// unavailable is an error of the Kafka asked.
func unavailable(err error, format string, args ...any) error {
	return errs.Wrap(err, "KAFKA_UNAVAILABLE", format, args...)
}

// refused is what the Kafka asked says about a wish: its own words, if it has any, are the
// cause.
func refused(err error, message, format string, args ...any) error {
	if message != "" {
		err = errors.New(message)
	}
	return errs.Wrap(err, "KAFKA_REFUSED", format, args...)
}

// count is a number of things in words: 1 record, 2 records.
func count[N int | int64](n N, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
