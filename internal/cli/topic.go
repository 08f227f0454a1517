package cli

import (
	"context"
	"fmt"
	"net"
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
			h, err := a.startHost(ctx, hostOptions{kafka: "127.0.0.1:0", data: data, noPipelines: true, env: a.sys.Env})
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

func (a *app) topic() *cobra.Command {
	var k kafkaFlags
	var all bool
	list := &cobra.Command{
		Use:     "list",
		Short:   "List topics with their partitions and records",
		Example: "  azud topic list\n  azud topic list --bootstrap-server kafka1:9092",
		Args:    exactArgs(),
		RunE:    func(c *cobra.Command, _ []string) error { return a.listTopics(c.Context(), k, all) },
	}
	k.add(list)
	list.Flags().BoolVar(&all, "all", false, "internal topics too")
	return group(&cobra.Command{Use: "topic", Short: "Look at topics", Example: list.Example}, list)
}

func (a *app) listTopics(ctx context.Context, k kafkaFlags, all bool) error {
	cl, done, err := a.client(ctx, k)
	if err != nil {
		return err
	}
	defer done()
	adm := kadm.NewClient(cl)
	topics, err := adm.ListTopicsWithInternal(ctx)
	if err != nil {
		return errs.Wrap(err, "KAFKA_UNAVAILABLE", "listing topics")
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
	starts, err := adm.ListStartOffsets(ctx, names...)
	if err != nil {
		return errs.Wrap(err, "KAFKA_UNAVAILABLE", "reading offsets")
	}
	ends, err := adm.ListEndOffsets(ctx, names...)
	if err != nil {
		return errs.Wrap(err, "KAFKA_UNAVAILABLE", "reading offsets")
	}
	fmt.Fprintf(a.sys.Out, "%-32s %10s %12s\n", "TOPIC", "PARTITIONS", "RECORDS")
	for _, name := range names {
		var records int64
		for p, end := range ends[name] {
			records += end.Offset - starts[name][p].Offset
		}
		fmt.Fprintf(a.sys.Out, "%-32s %10d %12d\n", name, len(topics[name].Partitions), records)
	}
	return nil
}
