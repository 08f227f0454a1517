package kafka

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
)

// unavailable is a failure that passes by itself.
func unavailable(err error, format string, args ...any) error {
	return connector.Passing(errs.Wrap(err, "KAFKA_UNAVAILABLE", format, args...))
}

// newClient dials through sys; bootstrap servers come from the table or the environment.
func newClient(env connector.Env, t connector.Table, more ...kgo.Opt) (*kgo.Client, error) {
	servers, ok := t.Options.Lookup("kafka.bootstrap.servers")
	if !ok {
		servers = env.Kafka
	}
	if servers == "" {
		return nil, errs.New("MISSING_OPTION", "table %s names no Kafka and none is running here", t.Name).
			WithHint("add OPTIONS (kafka.bootstrap.servers 'host:port') or start 'azud up'")
	}
	opts := append([]kgo.Opt{
		kgo.SeedBrokers(strings.Split(servers, ",")...),
		kgo.Dialer(func(ctx context.Context, network, host string) (net.Conn, error) {
			return env.Sys.Net.DialContext(ctx, network, host)
		}),
		kgo.ClientID("azud"),
		kgo.RetryTimeout(15 * time.Second),
		kgo.MetadataMinAge(50 * time.Millisecond),
		kgo.DisableClientMetrics(),
	}, more...)
	cl, err := kgo.NewClient(opts...)
	if err != nil {
		return nil, errs.Wrap(err, "INVALID_OPTION", "table %s: Kafka client", t.Name)
	}
	return cl, nil
}

// layout is what metadata says of the subscribed topics.
type layout struct {
	id      map[string][16]byte // topic ids, for Fetch 13 and later
	parts   map[string][]int32  // partitions, ascending
	leaders map[tp]int32
}

type tp struct {
	topic string
	part  int32
}

func (p tp) String() string { return fmt.Sprintf("%s-%d", p.topic, p.part) }

// describe fetches the layout; a topic that does not exist is created with the broker's
// defaults where the broker allows it, as Kafka's own consumers do.
func describe(ctx context.Context, cl *kgo.Client, names []string) (*layout, error) {
	adm := kadm.NewClient(cl)
	l := &layout{id: map[string][16]byte{}, parts: map[string][]int32{}, leaders: map[tp]int32{}}
	list, err := adm.ListTopics(ctx, names...)
	if err != nil {
		return nil, unavailable(err, "reading the layout of %s", strings.Join(names, ", "))
	}
	for _, name := range names {
		d := list[name]
		if errors.Is(d.Err, kerr.UnknownTopicOrPartition) || len(d.Partitions) == 0 {
			if err := create(ctx, adm, name, -1, nil); err != nil {
				return nil, err
			}
			return describe(ctx, cl, names)
		}
		if d.Err != nil {
			return nil, unavailable(d.Err, "topic %s", name)
		}
		l.id[name] = d.ID
		for _, p := range d.Partitions.Sorted() {
			l.parts[name] = append(l.parts[name], p.Partition)
			l.leaders[tp{name, p.Partition}] = p.Leader
		}
	}
	return l, nil
}

// create makes a topic if it does not exist. partitions -1 is the broker's default.
func create(ctx context.Context, adm *kadm.Client, name string, partitions int32, configs map[string]*string) error {
	resp, err := adm.CreateTopic(ctx, partitions, -1, configs, name)
	if err == nil {
		err = resp.Err
	}
	if err != nil && !errors.Is(err, kerr.TopicAlreadyExists) {
		return unavailable(err, "creating topic %s", name)
	}
	return nil
}
