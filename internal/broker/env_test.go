package broker

import (
	"maps"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/sys"
)

// environment is a Sys with these variables and files.
func environment(t *testing.T, vars string, files map[string]string) *sys.Sys {
	s := *sys.Real()
	fs := vfs.NewMem()
	for name, text := range files {
		if err := fs.MkdirAll(fs.PathDir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		f, err := fs.Create(name, vfs.WriteCategoryUnspecified)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
	list := strings.Split(strings.TrimSpace(vars), "\n")
	s.FS = fs
	s.Environ = func() []string { return list }
	s.Env = func(name string) (string, bool) {
		for _, v := range list {
			if text, ok := strings.CutPrefix(v, name+"="); ok {
				return text, true
			}
		}
		return "", false
	}
	return &s
}

// TestImageVariables is the example of the image's documentation for one node.
func TestImageVariables(t *testing.T) {
	e, err := FromEnv(environment(t, `
KAFKA_NODE_ID=7
KAFKA_PROCESS_ROLES=broker,controller
KAFKA_LISTENERS=PLAINTEXT://:19092,CONTROLLER://localhost:9093,EXTERNAL://0.0.0.0:9094
KAFKA_ADVERTISED_LISTENERS=PLAINTEXT://broker:19092,EXTERNAL://example.org:9094
KAFKA_CONTROLLER_LISTENER_NAMES=CONTROLLER
KAFKA_LISTENER_SECURITY_PROTOCOL_MAP=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,EXTERNAL:PLAINTEXT
KAFKA_CONTROLLER_QUORUM_VOTERS=1@localhost:9093
KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR=1
KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR=1
KAFKA_TRANSACTION_STATE_LOG_MIN_ISR=1
KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS=0
KAFKA_NUM_PARTITIONS=5
KAFKA_AUTO_CREATE_TOPICS_ENABLE=false
KAFKA_LOG_RETENTION_HOURS=24
KAFKA_LOG_SEGMENT_BYTES=1048576
KAFKA_MESSAGE_MAX_BYTES=2000000
KAFKA_LOG_DIRS=/var/lib/kafka/data
KAFKA_HEAP_OPTS=-Xmx1G
KAFKA_LOG4J_ROOT_LOGLEVEL=WARN
KAFKA_PORT_9092_TCP_ADDR=10.0.0.1
CLUSTER_ID=4L6g3nShT-eMCtK--X86sw
KAFKA_NUM_PARTITION=5
KAFKA_AUTHORIZER_CLASS_NAME=x.Y
PATH=/bin`, nil))
	if err != nil {
		t.Fatal(err)
	}
	if e.NodeID != 7 || e.ClusterID != "4L6g3nShT-eMCtK--X86sw" || !e.NoAutoCreate || e.DefaultPartitions != 5 {
		t.Errorf("%+v", e)
	}
	if len(e.Listeners) != 2 || e.Listeners[0].Addr != ":19092" || e.Listeners[0].Advertised != "broker:19092" || e.Listeners[1].Name != "EXTERNAL" {
		t.Errorf("listeners: %+v", e.Listeners)
	}
	if want := map[string]string{"retention.ms": "86400000", "segment.bytes": "1048576", "max.message.bytes": "2000000"}; !maps.Equal(e.Topics, want) {
		t.Errorf("topic defaults: %v", e.Topics)
	}
	if len(e.Warnings) != 2 || !strings.Contains(e.Warnings[0], "KAFKA_AUTHORIZER_CLASS_NAME") || !strings.Contains(e.Warnings[1], "KAFKA_NUM_PARTITION is not known and has no effect; did you mean KAFKA_NUM_PARTITIONS?") {
		t.Errorf("warnings: %q", e.Warnings)
	}
}

func TestSecureVariables(t *testing.T) {
	chain, key, _ := testCert(t)
	vars := `
KAFKA_LISTENERS=SASL_SSL://:9094,PLAINTEXT://localhost:9092
KAFKA_SASL_ENABLED_MECHANISMS=PLAIN,SCRAM-SHA-512
KAFKA_LISTENER_NAME_SASL__SSL_PLAIN_SASL_JAAS_CONFIG=org.apache.kafka.common.security.plain.PlainLoginModule required username="admin" password="a" user_admin="a\"b" user_eva="c d";
KAFKA_SSL_KEYSTORE_TYPE=PEM
KAFKA_SSL_KEYSTORE_FILENAME=kafka.pem`
	e, err := FromEnv(environment(t, vars, map[string]string{"/etc/kafka/secrets/kafka.pem": ""}))
	if err == nil {
		t.Fatalf("an empty file was taken: %+v", e)
	}
	e, err = FromEnv(environment(t, vars, map[string]string{"/etc/kafka/secrets/kafka.pem": string(key) + string(chain)}))
	if err != nil {
		t.Fatal(err)
	}
	l := e.Listeners[0]
	if l.Security != SASLSSL || l.TLS == nil || len(l.Mechanisms) != 2 || l.Users["admin"] != `a"b` || l.Users["eva"] != "c d" || len(l.Users) != 2 {
		t.Errorf("%+v", l)
	}
	if err := CheckExposure(e.Listeners, false); err != nil {
		t.Error(err)
	}
	if len(e.Warnings) != 0 {
		t.Errorf("warnings: %q", e.Warnings)
	}
}

func TestBadVariables(t *testing.T) {
	for _, test := range []struct{ vars, says string }{
		{"KAFKA_NUM_PARTITIONS=three", `KAFKA_NUM_PARTITIONS is "three"`},
		{"KAFKA_AUTO_CREATE_TOPICS_ENABLE=maybe", "true or false"},
		{"KAFKA_LOG_RETENTION_HOURS=week", `KAFKA_LOG_RETENTION_HOURS is "week"`},
		{"KAFKA_LOG_CLEANUP_POLICY=shred", "KAFKA_LOG_CLEANUP_POLICY"},
		{"KAFKA_LISTENERS=localhost:9092", "NAME://HOST:PORT"},
		{"KAFKA_LISTENERS=MINE://:9092", "MINE has no security protocol"},
		{"KAFKA_LISTENERS=SSL://:9092", "no certificate"},
		{"KAFKA_LISTENERS=SASL_PLAINTEXT://:9092", "no mechanism"},
		{"KAFKA_LISTENERS=SSL://:9092\nKAFKA_SSL_KEYSTORE_LOCATION=/kafka.jks", "cannot be read"},
	} {
		_, err := FromEnv(environment(t, test.vars, nil))
		if err == nil || !strings.Contains(errs.Render(err), test.says) {
			t.Errorf("%s: %v", test.vars, err)
		}
	}
}

func TestExposure(t *testing.T) {
	for _, test := range []struct {
		l  Listener
		ok bool
	}{
		{Listener{}, true},
		{Listener{Addr: "localhost:9092"}, true},
		{Listener{Addr: "127.0.0.1:9092"}, true},
		{Listener{Addr: "[::1]:9092"}, true},
		{Listener{Addr: ":9092"}, false},
		{Listener{Addr: "0.0.0.0:9092"}, false},
		{Listener{Addr: "192.168.1.5:9092"}, false},
		{Listener{Addr: "broker.example.org:9092"}, false},
		{Listener{Addr: ":9092", Security: SSL}, true},
		{Listener{Addr: ":9092", Security: SASLPlaintext}, true},
	} {
		if err := CheckExposure([]Listener{test.l}, false); (err == nil) != test.ok {
			t.Errorf("%+v: %v", test.l, err)
		}
		if err := CheckExposure([]Listener{test.l}, true); err != nil {
			t.Errorf("insecure: %v", err)
		}
	}
}
