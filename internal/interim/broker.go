package interim

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/sys"
)

// Config says where the broker listens and keeps its data. The zero value of each
// field but Sys is usable.
type Config struct {
	Sys *sys.Sys
	// Addrs are host:port to listen on; port 0 takes a free one, the same for all. The
	// first is the one told to clients. Empty: 127.0.0.1:9092 and [::1]:9092, the
	// latter where IPv6 exists; "localhost:PORT" means both too.
	Addrs []string
	// Dir keeps topics, offsets and transactions; it is made if needed and locked.
	// "" keeps everything in memory.
	Dir string
	// DefaultPartitions is for topics made without a number; 0 means 3.
	DefaultPartitions int
	// Console is the URL told to a browser that comes to the Kafka port; "" if unknown.
	Console string
	// Log receives one line at a time, without a newline; nil drops them. It may be
	// called from several goroutines.
	Log func(string)
}

// TopicInfo is a topic at one moment.
type TopicInfo struct {
	Name       string
	Partitions int
	Records    int64 // sum over partitions of end minus log start, control records included
	Bytes      int64 // record batches as stored
	Internal   bool  // begins with "__": Azud's own
}

// Broker is a running broker. Its methods may be called from any goroutine.
type Broker struct {
	cfg     Config
	addr    string
	cluster *kfake.Cluster
	front   *front
	journal *journal // nil without Dir
	lock    io.Closer
	warn    atomic.Int64 // errors that kfake logged
	stop    context.CancelFunc
	upkeep  sync.WaitGroup

	mu     sync.RWMutex // guards closed, and cluster against use after Close
	closed bool
}

// Start listens and serves until Close. ctx bounds the start only. A taken port is an
// error of class PORT_IN_USE, a directory in use DATA_LOCKED.
func Start(ctx context.Context, cfg Config) (_ *Broker, err error) {
	if cfg.Log == nil {
		cfg.Log = func(string) {}
	}
	if cfg.DefaultPartitions <= 0 {
		cfg.DefaultPartitions = 3
	}
	if len(cfg.Addrs) == 0 {
		cfg.Addrs = []string{"localhost:9092"}
	}
	b := &Broker{cfg: cfg}
	defer func() {
		if err != nil {
			b.abandon()
		}
	}()
	if b.front, err = listen(ctx, cfg); err != nil {
		return nil, err
	}
	b.addr = b.front.Addr().String()
	if cfg.Dir != "" {
		if err := b.openDir(); err != nil {
			return nil, err
		}
	}
	if b.cluster, err = kfake.NewCluster(b.options()...); err != nil {
		return nil, errs.Wrap(err, "BROKER_START", "the broker cannot start with its data in %s", place(cfg.Dir))
	}
	limit(b.cluster)
	if b.journal != nil {
		b.journal.watch(b.cluster)
	}
	b.front.open(b.createMissing)
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	b.stop = stop
	b.upkeep.Go(func() { b.retain(run) })
	return b, nil
}

// openDir locks the directory, repairs it after a kill, and opens the journal.
func (b *Broker) openDir() error {
	fs, dir := b.cfg.Sys.FS, b.cfg.Dir
	if err := fs.MkdirAll(dir, 0o755); err != nil {
		return errs.Wrap(err, "DATA_NOT_WRITABLE", "the data directory %s cannot be made", dir).
			WithHint("choose another with --data DIR, or run with --ephemeral")
	}
	lock, err := fs.Lock(filepath.Join(dir, "LOCK"))
	if err != nil {
		return lockError(err, dir)
	}
	b.lock = lock
	if err := recoverDir(b.cfg); err != nil {
		return errs.Wrap(err, "BROKER_RECOVERY", "the broker's data in %s cannot be read", dir)
	}
	if b.journal, err = openJournal(b.cfg); err != nil {
		return errs.Wrap(err, "DATA_NOT_WRITABLE", "cannot write in %s", dir).
			WithHint("choose another with --data DIR, or run with --ephemeral")
	}
	return nil
}

func lockError(err error, dir string) error {
	if strings.Contains(err.Error(), "permission denied") || strings.Contains(err.Error(), "read-only") {
		return errs.Wrap(err, "DATA_NOT_WRITABLE", "cannot write in %s", dir).
			WithHint("choose another with --data DIR, or run with --ephemeral")
	}
	return errs.Wrap(err, "DATA_LOCKED", "another process works in %s", dir).
		WithHint("stop the other azud, or choose another directory with --data DIR")
}

// options are kfake's settings. Kafka's defaults, but: 3 partitions, transactions up to
// an hour (Flink's default), a heartbeat of 1 s, and no compaction (see the package).
func (b *Broker) options() []kfake.Opt {
	opts := []kfake.Opt{
		kfake.NumBrokers(1),
		kfake.ListenFn(func(string, string) (net.Listener, error) { return b.front, nil }),
		kfake.DefaultNumPartitions(b.cfg.DefaultPartitions),
		kfake.MaxVersions(versions()),
		kfake.WithLogger((*kfakeLog)(b)),
		kfake.ClusterID(clusterID(b.cfg.Sys.Rand)),
		kfake.BrokerConfigs(map[string]string{
			"log.retention.ms":                     "604800000",
			"transaction.max.timeout.ms":           "3600000",
			"group.consumer.heartbeat.interval.ms": "1000",
			"log.cleaner.backoff.ms":               "1000000000000",
		}),
	}
	if b.cfg.Dir != "" {
		opts = append(opts, kfake.DataDir(b.cfg.Dir))
	}
	return opts
}

// createMissing makes the topics that a client asks for. kfake could, but would not
// write them down: after a kill their records would be gone.
func (b *Broker) createMissing(names []string) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if b.closed {
		return
	}
	for _, name := range names {
		if !legalName(name) || b.cluster.TopicInfo(name) != nil {
			continue
		}
		if err := b.cluster.CreateTopic(name, -1, nil); err != nil && !errors.Is(err, kerr.TopicAlreadyExists) {
			b.front.guard.say(fmt.Sprintf("broker: topic %q not made: %v", name, err))
		}
	}
}

// clusterID is 16 random bytes as Kafka writes them; kfake keeps the first one given.
func clusterID(r sys.Rand) string {
	var id [16]byte
	binary.BigEndian.PutUint64(id[:8], r.Uint64())
	binary.BigEndian.PutUint64(id[8:], r.Uint64())
	return base64.RawURLEncoding.EncodeToString(id[:])
}

// Addr is the host:port that clients use.
func (b *Broker) Addr() string { return b.addr }

// Close stops serving, writes what a clean start needs, and unlocks the directory. It
// is safe to call twice. An error means that the next start recovers as after a kill.
func (b *Broker) Close() error {
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		return nil
	}
	b.closed = true
	b.mu.Unlock()
	b.stop()
	b.upkeep.Wait()
	before := b.warn.Load()
	b.cluster.Close()
	b.front.shut()
	var err error
	if b.warn.Load() != before {
		err = errs.New("BROKER_STOP", "the broker could not write all its state; the next start recovers it from the log")
	}
	if b.journal != nil {
		err = b.journal.close(err)
	}
	if b.lock != nil {
		if e := b.lock.Close(); err == nil && e != nil {
			err = e
		}
	}
	return err
}

// abandon releases what a failed Start had taken.
func (b *Broker) abandon() {
	if b.front != nil {
		b.front.shut()
	}
	if b.journal != nil {
		b.journal.drop()
	}
	if b.lock != nil {
		b.lock.Close() //nolint:errcheck // the start's own error is the one to report
	}
}

// Topics lists the topics by name. After Close there are none.
func (b *Broker) Topics() []TopicInfo {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if b.closed {
		return nil
	}
	names, err := b.front.topics()
	if err != nil {
		b.cfg.Log(fmt.Sprintf("broker: list of topics: %v", err))
		return nil
	}
	slices.Sort(names)
	var out []TopicInfo
	for _, name := range names {
		t := TopicInfo{Name: name, Internal: strings.HasPrefix(name, "__")}
		for _, p := range b.cluster.PartitionInfos(name) {
			t.Partitions++
			t.Records += p.HighWatermark - p.LogStartOffset
			t.Bytes += p.NumBytes
		}
		if t.Partitions > 0 {
			out = append(out, t)
		}
	}
	return out
}

// kfakeLog passes kfake's warnings on and counts its errors.
type kfakeLog Broker

func (l *kfakeLog) Logf(level kfake.LogLevel, format string, args ...any) {
	if level > kfake.LogLevelWarn || level == kfake.LogLevelNone {
		return
	}
	if level == kfake.LogLevelError {
		l.warn.Add(1)
	}
	l.cfg.Log("broker: " + fmt.Sprintf(format, args...))
}

func place(dir string) string {
	if dir == "" {
		return "memory"
	}
	return dir
}
