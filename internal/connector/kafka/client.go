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

// lasting are answers that stay the same however often one asks.
var lasting = []error{
	kerr.MessageTooLarge, kerr.RecordListTooLarge, kerr.InvalidRecord, kerr.InvalidTopicException, kerr.PolicyViolation,
	kerr.InvalidConfig, kerr.InvalidPartitions, kerr.UnsupportedVersion, kerr.SaslAuthenticationFailed,
	kerr.TopicAuthorizationFailed, kerr.ClusterAuthorizationFailed, kerr.TransactionalIDAuthorizationFailed,
}

// unavailable is a failure that passes by itself, but for those that cannot.
func unavailable(err error, format string, args ...any) error {
	for _, l := range lasting {
		if errors.Is(err, l) {
			return errs.Wrap(err, "KAFKA_REFUSED", format, args...)
		}
	}
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
	own, err := settings(env, t)
	if err != nil {
		return nil, err
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
	}, append(more, own...)...)
	cl, err := kgo.NewClient(opts...)
	if err != nil {
		return nil, errs.Wrap(err, "INVALID_OPTION", "table %s: Kafka client", t.Name)
	}
	return cl, nil
}

// layout is what metadata says of the subscribed topics.
type layout struct {
	id      map[string][16]byte // topic ids, for Fetch 13 and later
	leaders map[tp]int32
}

type tp struct {
	topic string
	part  int32
}

func (p tp) String() string { return fmt.Sprintf("%s-%d", p.topic, p.part) }

// describe fetches the layout. A topic that does not exist is an error.
func describe(ctx context.Context, cl *kgo.Client, names []string) (*layout, error) {
	adm := kadm.NewClient(cl)
	list, missing, err := look(ctx, adm, names)
	if err != nil {
		return nil, err
	}
	if len(missing) > 0 {
		return nil, unknownTopic(ctx, adm, missing[0])
	}
	return layoutOf(list, names), nil
}

// establish is describe for what a flow reads all its life: a topic that does not exist is
// created with the broker's defaults, as Kafka's own consumers do, because its writer may
// start later.
func establish(ctx context.Context, env connector.Env, cl *kgo.Client, names []string) (*layout, error) {
	adm := kadm.NewClient(cl)
	for try := 1; ; try++ {
		list, missing, err := look(ctx, adm, names)
		if err != nil {
			return nil, err
		}
		if len(missing) == 0 {
			return layoutOf(list, names), nil
		}
		if try == 20 { // a cluster takes a moment to tell all its brokers of a new topic
			return nil, unavailable(kerr.UnknownTopicOrPartition, "topic %s was created and does not appear", missing[0])
		}
		for _, name := range missing {
			if err := create(ctx, adm, name, -1, nil); err != nil {
				return nil, err
			}
		}
		if err := env.Sys.Clock.Sleep(ctx, time.Duration(try)*5*time.Millisecond); err != nil {
			return nil, err
		}
	}
}

// look asks for the details of topics and tells which of them do not exist.
func look(ctx context.Context, adm *kadm.Client, names []string) (list kadm.TopicDetails, missing []string, err error) {
	if list, err = adm.ListTopics(ctx, names...); err != nil {
		return nil, nil, unavailable(err, "reading the layout of %s", strings.Join(names, ", "))
	}
	for _, name := range names {
		switch d := list[name]; {
		case errors.Is(d.Err, kerr.UnknownTopicOrPartition) || d.Err == nil && len(d.Partitions) == 0:
			missing = append(missing, name)
		case d.Err != nil:
			return nil, nil, unavailable(d.Err, "topic %s", name)
		}
	}
	return list, missing, nil
}

// unknownTopic is the error for a topic that does not exist; its hint has names like it.
func unknownTopic(ctx context.Context, adm *kadm.Client, name string) error {
	e := errs.Wrap(kerr.UnknownTopicOrPartition, "UNKNOWN_TOPIC_OR_PARTITION", "topic %s", name)
	all, err := adm.ListTopics(ctx) // only for the hint
	if near := errs.Near(name, all.Names()); err == nil && len(near) > 0 {
		return e.WithHint("did you mean %s?", strings.Join(near, ", "))
	}
	return e.WithHint("reading does not make a topic: a flow that writes to it does, or one that reads it as a stream")
}

func layoutOf(list kadm.TopicDetails, names []string) *layout {
	l := &layout{id: map[string][16]byte{}, leaders: map[tp]int32{}}
	for _, name := range names {
		l.id[name] = list[name].ID
		for _, p := range list[name].Partitions {
			l.leaders[tp{name, p.Partition}] = p.Leader
		}
	}
	return l
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
