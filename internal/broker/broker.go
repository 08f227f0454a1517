package broker

import (
	"context"
	"crypto/tls"
	"log/slog"

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
}

// listener is a Listener that is open.
type listener struct {
	Listener
	addr string // as bound
}

// Start serves until Close. ctx bounds the start only.
func Start(ctx context.Context, cfg Config) (*Broker, error) {
	b := &Broker{cfg: cfg, log: cfg.Log, store: cfg.Store}
	b.apis = apis()
	return b, nil
}
