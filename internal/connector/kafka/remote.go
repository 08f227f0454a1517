package kafka

import (
	"context"
	"encoding/base64"
	"errors"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
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
	own, err := tuningOf(env, t)
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
	}, append(more, own.opts()...)...)
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

// remote is a Kafka behind a client.
type remote struct {
	env   connector.Env
	table string
	cl    *kgo.Client
	// waiting is a client of its own: a broker answers a connection's requests in order,
	// and reading must not queue behind the waiting. nil: nobody waits.
	waiting *kgo.Client

	mu    sync.Mutex
	names []string
	lay   *layout
}

func newRemote(env connector.Env, t connector.Table, waits bool) (*remote, error) {
	cl, err := newClient(env, t)
	if err != nil {
		return nil, err
	}
	r := &remote{env: env, table: t.Name, cl: cl}
	if waits {
		if r.waiting, err = newClient(env, t); err != nil {
			cl.Close()
			return nil, err
		}
	}
	return r, nil
}

func (r *remote) close() {
	if r.waiting != nil {
		r.waiting.Close()
	}
	r.cl.Close()
}

func (r *remote) layout() *layout {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lay
}

func (r *remote) ids() identities {
	out := identities{}
	for name, id := range r.layout().id {
		if id != [16]byte{} {
			out[name] = base64.RawURLEncoding.EncodeToString(id[:])
		}
	}
	return out
}

func (r *remote) count() int { return len(r.layout().leaders) }

func (r *remote) learn(ctx context.Context, names []string, make bool) error {
	describe := r.describe
	if make {
		describe = r.establish
	}
	l, err := describe(ctx, names)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.names, r.lay = names, l
	return nil
}

// relearn is learn of what was learnt before.
func (r *remote) relearn(ctx context.Context, after time.Duration) error {
	if err := r.env.Sys.Clock.Sleep(ctx, after); err != nil {
		return err
	}
	err := r.learn(ctx, r.names, false)
	var e *errs.Error
	if errors.As(err, &e) && e.Class == "UNKNOWN_TOPIC_OR_PARTITION" {
		return connector.Passing(e) // it was there: a broker may not know it yet, or again
	}
	return err
}

// describe fetches the layout. A topic that does not exist is an error.
func (r *remote) describe(ctx context.Context, names []string) (*layout, error) {
	adm := kadm.NewClient(r.cl)
	list, missing, err := look(ctx, adm, names)
	if err != nil {
		return nil, err
	}
	if len(missing) > 0 {
		all, _ := adm.ListTopics(ctx) // only for the hint
		return nil, unknownTopic(missing[0], all.Names())
	}
	return layoutOf(list, names), nil
}

// establish is describe for what a flow reads all its life: topics that do not exist are made,
// as Kafka's own consumers do.
func (r *remote) establish(ctx context.Context, names []string) (*layout, error) {
	adm := kadm.NewClient(r.cl)
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
			if err := r.create(ctx, name, -1, nil); err != nil {
				return nil, err
			}
		}
		if err := r.env.Sys.Clock.Sleep(ctx, time.Duration(try)*5*time.Millisecond); err != nil {
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

func (r *remote) create(ctx context.Context, name string, partitions int32, configs map[string]*string) error {
	resp, err := kadm.NewClient(r.cl).CreateTopic(ctx, partitions, -1, configs, name)
	if err == nil {
		err = resp.Err
	}
	if err != nil && !errors.Is(err, kerr.TopicAlreadyExists) {
		return unavailable(err, "creating topic %s", name)
	}
	return nil
}

func (r *remote) all(ctx context.Context) ([]string, error) {
	list, err := kadm.NewClient(r.cl).ListTopics(ctx)
	if err != nil {
		return nil, unavailable(err, "listing the topics")
	}
	return list.Names(), nil
}

// after asks once for each time that occurs: all partitions have the same as a rule.
func (r *remote) after(ctx context.Context, times positions) (positions, error) {
	topicsOf := map[int64]map[string]bool{}
	for p, ms := range times {
		if topicsOf[ms] == nil {
			topicsOf[ms] = map[string]bool{}
		}
		topicsOf[ms][p.topic] = true
	}
	out := positions{}
	for ms, topics := range topicsOf {
		names := slices.Collect(maps.Keys(topics))
		list, err := kadm.NewClient(r.cl).ListOffsetsAfterMilli(ctx, ms, names...)
		if err == nil {
			err = list.Error()
		}
		if err != nil {
			return nil, unavailable(err, "reading the offsets of a time in %s", strings.Join(names, ", "))
		}
		list.Each(func(o kadm.ListedOffset) {
			p := tp{o.Topic, o.Partition}
			if times[p] != ms {
				return
			}
			if out[p] = o.Offset; o.Timestamp < 0 { // the answer is the end
				out[p] = -1
			}
		})
	}
	return out, nil
}

func (r *remote) bounds(ctx context.Context, names []string, uncommitted bool) (first, next positions, err error) {
	adm := kadm.NewClient(r.cl)
	starts, err := adm.ListStartOffsets(ctx, names...)
	if err == nil {
		err = starts.Error()
	}
	if err != nil {
		return nil, nil, unavailable(err, "reading the first offsets of %s", strings.Join(names, ", "))
	}
	list := adm.ListCommittedOffsets
	if uncommitted {
		list = adm.ListEndOffsets
	}
	ends, err := list(ctx, names...)
	if err == nil {
		err = ends.Error()
	}
	if err != nil {
		return nil, nil, unavailable(err, "reading the last offsets of %s", strings.Join(names, ", "))
	}
	return collect(starts), collect(ends), nil
}

func collect(list kadm.ListedOffsets) positions {
	p := positions{}
	list.Each(func(o kadm.ListedOffset) { p[tp{o.Topic, o.Partition}] = o.Offset })
	return p
}
