package cli

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/azud/azud/internal/errs"
)

// kafkaFlags say which Kafka a command talks to.
type kafkaFlags struct{ servers, http, data string }

func (k *kafkaFlags) add(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&k.servers, "bootstrap-server", "", "`HOST:PORT,…` of a Kafka (default: the daemon of the data directory)")
	f.StringVar(&k.http, "http", "", "console address, `HOST:PORT`, of another daemon")
	f.StringVar(&k.data, "data", "", "data directory (default: the user's data folder of the system)")
}

// client connects to the Kafka named, the running daemon's, or a broker started over the
// data for this command. The function returned ends what was started.
func (a *app) client(ctx context.Context, k kafkaFlags, opts ...kgo.Opt) (*kgo.Client, func(), error) {
	stop := func() {}
	if k.servers == "" {
		d, err := a.findDaemon(ctx, k.http, k.data)
		if err != nil {
			return nil, nil, err
		}
		if d != nil {
			k.servers = d.kafka
		} else {
			data, err := a.dataOr(k.data)
			if err != nil {
				return nil, nil, err
			}
			h, err := a.startHost(ctx, hostOptions{listen: listenerOptions{kafka: "127.0.0.1:0", kafkaGiven: true}, data: data, noPipelines: true, env: a.sys.Env, logLevel: "warn"})
			if err != nil {
				return nil, nil, err
			}
			k.servers, stop = h.broker.Addr(), func() { h.close() }
		}
	}
	cl, err := kgo.NewClient(append([]kgo.Opt{
		kgo.SeedBrokers(strings.Split(k.servers, ",")...), kgo.ClientID("azud-cli"), kgo.DisableClientMetrics(),
		// By default a partition found while others are waited for comes after 5 s.
		kgo.MetadataMinAge(250 * time.Millisecond), kgo.FetchMaxWait(250 * time.Millisecond),
		kgo.Dialer(func(ctx context.Context, network, host string) (net.Conn, error) {
			return a.sys.Net.DialContext(ctx, network, host)
		}),
	}, opts...)...)
	if err != nil {
		stop()
		return nil, nil, errs.Wrap(err, "KAFKA_UNAVAILABLE", "the Kafka client")
	}
	if err := cl.Ping(ctx); err != nil {
		cl.Close()
		stop()
		return nil, nil, errs.Wrap(err, "KAFKA_UNAVAILABLE", "no Kafka answers at %s", k.servers).
			WithHint("start one with 'azud up', or name one with --bootstrap-server HOST:PORT")
	}
	return cl, func() { cl.Close(); stop() }, nil
}

// admin is client for commands that only ask and order.
func (a *app) admin(ctx context.Context, k kafkaFlags) (*kadm.Client, func(), error) {
	cl, done, err := a.client(ctx, k)
	if err != nil {
		return nil, nil, err
	}
	return kadm.NewClient(cl), done, nil
}

func (a *app) topic() *cobra.Command {
	list := a.topicList()
	return group(&cobra.Command{Use: "topic", Short: "Look at topics and change them", Example: list.Example},
		list, a.topicDescribe(), a.topicCreate(), a.topicAlter(), a.topicDelete(), a.topicPurge())
}

func (a *app) topicList() *cobra.Command {
	var k kafkaFlags
	var all bool
	c := &cobra.Command{
		Use:     "list",
		Short:   "List topics with their partitions and records",
		Example: "  azud topic list\n  azud topic list --bootstrap-server kafka1:9092",
		Args:    exactArgs(),
		RunE:    func(c *cobra.Command, _ []string) error { return a.listTopics(c.Context(), k, all) },
	}
	k.add(c)
	c.Flags().BoolVar(&all, "all", false, "internal topics too")
	return c
}

func (a *app) listTopics(ctx context.Context, k kafkaFlags, all bool) error {
	adm, done, err := a.admin(ctx, k)
	if err != nil {
		return err
	}
	defer done()
	topics, err := adm.ListTopicsWithInternal(ctx)
	if err != nil {
		return unavailable(err, "listing topics")
	}
	var names []string
	for _, t := range topics.Sorted() {
		if all || !t.IsInternal && !strings.HasPrefix(t.Topic, "__") {
			names = append(names, t.Topic)
		}
	}
	if len(names) == 0 {
		fmt.Fprintln(a.sys.Err, "there are no topics yet")
		return nil
	}
	spans, err := spansOf(ctx, adm, names...)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.sys.Out, "%-32s %10s %12s\n", "TOPIC", "PARTITIONS", "RECORDS")
	for _, name := range names {
		var records int64
		for _, s := range spans[name] {
			records += s.end - s.start
		}
		fmt.Fprintf(a.sys.Out, "%-32s %10d %12d\n", name, len(topics[name].Partitions), records)
	}
	return nil
}

// span is the offsets that a partition holds: [start, end).
type span struct{ start, end int64 }

// spansOf asks for the offsets of topics, by topic and partition.
func spansOf(ctx context.Context, adm *kadm.Client, names ...string) (map[string]map[int32]span, error) {
	starts, err := adm.ListStartOffsets(ctx, names...)
	if err != nil {
		return nil, unavailable(err, "reading offsets")
	}
	ends, err := adm.ListEndOffsets(ctx, names...)
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
	topics.FilterInternal()
	for name := range topics {
		if !slices.Contains(names, name) {
			delete(topics, name)
		}
	}
	return topics, nil
}

// unavailable is an error of the Kafka asked.
func unavailable(err error, format string, args ...any) error {
	return errs.Wrap(err, "KAFKA_UNAVAILABLE", format, args...)
}

// refused is what the Kafka asked says about a wish: its own words are the cause.
func refused(err error, message, format string, args ...any) error {
	if message != "" {
		err = fmt.Errorf("%s", message)
	}
	return errs.Wrap(err, "KAFKA_REFUSED", format, args...)
}
