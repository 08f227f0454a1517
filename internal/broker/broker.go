package broker

import (
	"context"
	"crypto/tls"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/azud/azud/internal/log"
	"github.com/azud/azud/internal/sys"
)

// Config says what the broker serves and where. The zero value of each field but Sys, Log
// and Store is usable.
type Config struct {
	Sys   *sys.Sys
	Log   *slog.Logger
	Store *log.Log // not closed by the broker
	// Listeners: empty means PLAINTEXT on localhost:9092 (127.0.0.1 and ::1).
	Listeners []Listener
	// DefaultPartitions is for topics made without a number; 0 means 3.
	DefaultPartitions int
	NoAutoCreate      bool // topics are made by asking for them unless this is set, as in Kafka
	// NodeID is the broker's id; 0 means 1, as in Kafka's image.
	NodeID int32
	// Settings are broker settings by Kafka's names ("log.retention.hours"), as
	// DescribeConfigs shows them; FromEnv makes them of KAFKA_* variables.
	Settings map[string]string
	Version  string // of Azud, for the log and metrics
	// Console is the URL told to a browser that comes to the Kafka port; "" if unknown.
	Console string
	// ClusterID is given to a store that has none; "" makes one.
	ClusterID string
}

// Security is what a listener asks of its clients.
type Security int8

// Securities, by Kafka's names.
const (
	Plaintext Security = iota
	SSL
	SASLPlaintext
	SASLSSL
)

// String is Kafka's name.
func (s Security) String() string {
	return [...]string{"PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"}[s&3]
}

// Listener is an address with its rules.
type Listener struct {
	Name       string // "PLAINTEXT" if empty and the security is that
	Addr       string // host:port; "localhost:PORT" is 127.0.0.1 and, where it exists, ::1; port 0 takes a free one
	Advertised string // host:port told to clients; "": localhost to loopback peers, to others the address they reached
	Security   Security
	TLS        *tls.Config // for SSL and SASLSSL
	Mechanisms []string    // PLAIN, SCRAM-SHA-256, SCRAM-SHA-512
	// Users are the passwords of PLAIN by user; SCRAM credentials live in the store.
	Users map[string]string
}

// Broker is a running broker. Its methods may be called from any goroutine.
type Broker struct {
	cfg   Config
	log   *slog.Logger
	store *log.Log
	apis  map[int16]api

	schemas   map[int16]schema
	life      context.Context // until Close
	stop      context.CancelFunc
	wg        sync.WaitGroup // all goroutines of the broker
	listeners []*listener
	clusterID string
	groups    *groups
	txns      *txns
	configs   *configs
	bufs      pool
	budget    *budget
	count     *Counters
	making    sync.Mutex   // held to make a topic that was asked for
	replying  atomic.Int64 // bytes of records in answers that are being made or sent
	saltKey   []byte       // makes the salts of users who have none

	mu     sync.Mutex
	conns  map[*conn]struct{}
	closed bool
	said   [refusals]time.Time // by kind
}

// inFlight is how many bytes of requests all connections may have in the broker at once.
const inFlight = 64 << 20

// Start serves until Close. ctx bounds the start only.
func Start(ctx context.Context, cfg Config) (*Broker, error) {
	if cfg.DefaultPartitions == 0 {
		cfg.DefaultPartitions = 3
	}
	if cfg.NodeID == 0 {
		cfg.NodeID = 1
	}
	b := &Broker{
		cfg: cfg, log: cfg.Log, store: cfg.Store,
		budget: newBudget(inFlight), conns: map[*conn]struct{}{}, count: newCounters(),
	}
	b.apis, b.schemas = apis(), schemas()
	b.life, b.stop = context.WithCancel(context.WithoutCancel(ctx))
	b.configs = newConfigs(b)
	err := b.identify(ctx)
	if err == nil {
		err = b.open(ctx)
	}
	if err == nil {
		err = cfg.Store.SetDefaults(b.configs.topicDefaults())
	}
	if err != nil {
		b.Close() //nolint:errcheck // the start's own error is the one to report
		return nil, err
	}
	b.groups = newGroups(cfg.Sys, cfg.Log, cfg.Store, storeTopics{cfg.Store}, cfg.Settings)
	b.groups.perGroup = b.groupSettingInt
	b.wg.Go(func() { b.groups.run(b.life.Done()) })
	b.txns = newTxns(b)
	b.wg.Go(func() { b.txns.run(b.life) })
	for _, l := range b.listeners {
		for _, ln := range l.lns {
			b.wg.Go(func() { b.accept(l, ln) })
		}
		b.log.Debug("Kafka listener", "name", l.Name, "address", l.addr, "security", l.Security.String())
	}
	b.log.Info("Kafka Server started", "node", cfg.NodeID, "cluster", b.clusterID, "version", cfg.Version)
	return b, nil
}

// Close ends all connections and waits for what the broker runs. The store stays open.
func (b *Broker) Close() error {
	b.mu.Lock()
	again := b.closed
	b.closed = true
	conns := make([]*conn, 0, len(b.conns))
	for c := range b.conns {
		conns = append(conns, c)
	}
	b.mu.Unlock()
	if !again {
		b.stop()
		b.budget.close()
		for _, l := range b.listeners {
			for _, ln := range l.lns {
				ln.Close() //nolint:errcheck // going away
			}
		}
		for _, c := range conns {
			c.raw.Close() //nolint:errcheck // going away
		}
	}
	b.wg.Wait()
	return nil
}

// Addr is the first listener's address.
func (b *Broker) Addr() string { return b.listeners[0].addr }

// TopicInfo is a topic, for lists.
type TopicInfo struct {
	Name       string
	Partitions int
	Records    int64 // sum over partitions of end minus log start, control records included
	Bytes      int64 // record batches as stored
	Internal   bool  // begins with "__": Azud's own
}

// Topics lists the topics by name. After Close there are none.
func (b *Broker) Topics() []TopicInfo {
	if b.life.Err() != nil {
		return nil
	}
	var out []TopicInfo
	for _, t := range allTopics(b.store) {
		info := TopicInfo{Name: t.Name(), Partitions: len(t.Partitions()), Internal: strings.HasPrefix(t.Name(), "__")}
		for _, p := range t.Partitions() {
			info.Records += p.High() - p.Start()
			info.Bytes += p.Size()
		}
		out = append(out, info)
	}
	slices.SortFunc(out, func(x, y TopicInfo) int { return strings.Compare(x.Name, y.Name) })
	return out
}

// say warns, at most once a second of each kind: a port scan must not fill the log.
func (b *Broker) say(kind int, line string, attrs ...any) {
	b.mu.Lock()
	now := b.cfg.Sys.Clock.Now()
	quiet := !b.said[kind].IsZero() && now.Sub(b.said[kind]) < time.Second
	if !quiet {
		b.said[kind] = now
	}
	b.mu.Unlock()
	if !quiet {
		b.log.Warn(line, attrs...)
	}
}
