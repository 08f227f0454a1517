package kafkatool

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/sys"
)

// ReadFile reads a file that a client property names.
type ReadFile func(name string) (string, error)

// ClientOptions turns the properties of a Kafka client (bootstrap.servers, client.id,
// security.protocol, sasl.*, ssl.*, request.timeout.ms, …) into options of a kgo client that dials through
// net. It understands PLAINTEXT, SSL with PEM files, and SASL PLAIN and SCRAM over either; what it
// cannot do (Kerberos, OAuth, JKS stores) is an error that says what to use instead. Properties of
// producers and consumers are the caller's; [UnknownProperties] finds misspelt ones.
func ClientOptions(p Properties, net sys.Net, read ReadFile) ([]kgo.Opt, error) {
	opts := []kgo.Opt{
		kgo.SeedBrokers(seeds(p["bootstrap.servers"])...),
		kgo.DisableClientMetrics(),
		// A partition that is found while others are waited for otherwise comes after 5 s.
		kgo.MetadataMinAge(250 * time.Millisecond),
	}
	if id, ok := p["client.id"]; ok {
		opts = append(opts, kgo.ClientID(id))
	}
	protocol := strings.ToUpper(p.or("security.protocol", "PLAINTEXT"))
	secure, authenticated := false, false
	switch protocol {
	case "PLAINTEXT":
	case "SSL":
		secure = true
	case "SASL_PLAINTEXT":
		authenticated = true
	case "SASL_SSL":
		secure, authenticated = true, true
	default:
		return nil, configError("security.protocol", protocol,
			"String must be one of (case insensitive): SASL_SSL, PLAINTEXT, SSL, SASL_PLAINTEXT")
	}
	var conf *tls.Config
	var err error
	if secure {
		if conf, err = tlsConfig(p, read); err != nil {
			return nil, err
		}
	}
	opts = append(opts, kgo.Dialer(dialer(net, conf)))
	if authenticated {
		m, err := saslMechanism(p)
		if err != nil {
			return nil, err
		}
		opts = append(opts, kgo.SASL(m))
	}
	more, err := timeoutOptions(p)
	return append(opts, more...), err
}

func seeds(list string) []string {
	var out []string
	for _, s := range strings.Split(list, ",") {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}

func dialer(n sys.Net, conf *tls.Config) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, host string) (net.Conn, error) {
		c, err := n.DialContext(ctx, network, host)
		if err != nil || conf == nil {
			return c, err
		}
		own := conf.Clone()
		own.ServerName, _, _ = net.SplitHostPort(host)
		secured := tls.Client(c, own)
		if err := secured.HandshakeContext(ctx); err != nil {
			c.Close()
			return nil, err
		}
		return secured, nil
	}
}

func timeoutOptions(p Properties) ([]kgo.Opt, error) {
	var opts []kgo.Opt
	for _, t := range []struct {
		key string
		opt func(time.Duration) kgo.Opt
	}{
		{"socket.connection.setup.timeout.ms", kgo.DialTimeout},
		{"connections.max.idle.ms", kgo.ConnIdleTimeout},
		{"metadata.max.age.ms", kgo.MetadataMaxAge},
		{"request.timeout.ms", kgo.RequestTimeoutOverhead},
	} {
		d, ok, err := p.millis(t.key)
		if err != nil {
			return nil, err
		}
		if ok && d > 0 {
			opts = append(opts, t.opt(max(d, time.Second)))
		}
	}
	return opts, nil
}

func saslMechanism(p Properties) (sasl.Mechanism, error) {
	name := strings.ToUpper(p.or("sasl.mechanism", "GSSAPI"))
	switch name {
	case "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512":
	default:
		return nil, errs.New("UNSUPPORTED_FEATURE", "sasl.mechanism '%s' is not supported", name).
			WithHint("use PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512")
	}
	login, err := parseJAAS(p["sasl.jaas.config"])
	if err != nil {
		return nil, err
	}
	if name == "PLAIN" {
		return plain.Auth{User: login["username"], Pass: login["password"]}.AsMechanism(), nil
	}
	a := scram.Auth{User: login["username"], Pass: login["password"], IsToken: strings.EqualFold(login["tokenauth"], "true")}
	if name == "SCRAM-SHA-256" {
		return a.AsSha256Mechanism(), nil
	}
	return a.AsSha512Mechanism(), nil
}

// or is a property, def where it is missing.
func (p Properties) or(key, def string) string {
	if v, ok := p[key]; ok {
		return strings.TrimSpace(v)
	}
	return def
}

// integer is a property with a number; ok is false where it is missing.
func (p Properties) integer(key string) (n int64, ok bool, err error) {
	v, ok := p[key]
	if !ok {
		return 0, false, nil
	}
	n, err = strconv.ParseInt(strings.TrimSpace(v), 10, 64)
	if err != nil {
		return 0, false, configError(key, v, "Not a number of type LONG")
	}
	return n, true, nil
}

// millis is a property with a number of milliseconds.
func (p Properties) millis(key string) (time.Duration, bool, error) {
	n, ok, err := p.integer(key)
	return time.Duration(n) * time.Millisecond, ok, err
}

func configError(key, value, why string) error {
	return &javaError{class: "org.apache.kafka.common.config.ConfigException",
		text: fmt.Sprintf("Invalid value %s for configuration %s: %s", value, key, why)}
}

// UnknownProperties returns, sorted, the keys that no client of Kafka 4.3.1 has.
func UnknownProperties(p Properties) []string {
	known := strings.Fields(clientProperties)
	var out []string
next:
	for key := range p {
		for _, k := range known {
			if key == k || strings.HasSuffix(k, ".") && strings.HasPrefix(key, k) {
				continue next
			}
		}
		out = append(out, key)
	}
	sort.Strings(out)
	return out
}

// clientProperties are the names of AdminClientConfig, ProducerConfig and ConsumerConfig of Kafka 4.3.1; a
// name that ends in a dot stands for all that begin so.
const clientProperties = `
acks allow.auto.create.topics auto.commit.interval.ms auto.offset.reset batch.size bootstrap.controllers
bootstrap.servers buffer.memory check.crcs client.dns.lookup client.id client.rack compression.
config.providers config.providers. connections.max.idle.ms default.api.timeout.ms delivery.timeout.ms enable.auto.commit
enable.idempotence enable.metrics.push exclude.internal.topics fetch.max.bytes fetch.max.wait.ms
fetch.min.bytes group.id group.instance.id group.protocol group.remote.assignor heartbeat.interval.ms
interceptor.classes isolation.level key.deserializer key.serializer linger.ms max.block.ms
max.in.flight.requests.per.connection max.partition.fetch.bytes max.poll.interval.ms max.poll.records
max.request.size metadata. metric.reporters metrics. partition.assignment.strategy partitioner.
receive.buffer.bytes reconnect.backoff.max.ms reconnect.backoff.ms request.timeout.ms retries
retry.backoff.max.ms retry.backoff.ms sasl.client.callback.handler.class sasl.jaas.config sasl.kerberos.
sasl.login. sasl.mechanism sasl.oauthbearer. security.protocol security.providers send.buffer.bytes
session.timeout.ms share.acknowledgement.mode share.acquire.mode socket.connection.setup.timeout.max.ms
socket.connection.setup.timeout.ms ssl.cipher.suites ssl.enabled.protocols
ssl.endpoint.identification.algorithm ssl.engine.factory.class ssl.key.password ssl.keymanager.algorithm
ssl.keystore. ssl.protocol ssl.provider ssl.secure.random.implementation ssl.trustmanager.algorithm
ssl.truststore. transaction.timeout.ms transaction.two.phase.commit.enable transactional.id
value.deserializer value.serializer`
