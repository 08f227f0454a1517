package cli

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/azud/azud/internal/broker/brokertest"
)

// kafka is a broker in this process, for commands that name it; or the one that
// AZUD_TEST_KAFKA names, whose topics and groups are deleted first, for one test at a time.
type kafka struct {
	t                  *testing.T
	addr               string
	data               string // an empty folder: nothing runs there
	*brokertest.Server        // nil if it is another Kafka
}

func startKafka(t *testing.T) *kafka {
	t.Helper()
	k := &kafka{t: t, addr: os.Getenv("AZUD_TEST_KAFKA"), data: t.TempDir()}
	if k.addr != "" {
		k.clean()
		return k
	}
	k.Server = brokertest.Start(t)
	k.addr = k.Addr()
	return k
}

// clean deletes what a test before has left.
func (k *kafka) clean() {
	adm := k.admin()
	topics, err := adm.ListTopics(k.t.Context())
	if err == nil && len(topics) > 0 {
		_, err = adm.DeleteTopics(k.t.Context(), topics.Names()...)
	}
	groups, err2 := adm.ListGroups(k.t.Context())
	if err2 == nil && len(groups) > 0 {
		_, err2 = adm.DeleteGroups(k.t.Context(), groups.Groups()...)
	}
	if err := errors.Join(err, err2); err != nil {
		k.t.Fatal(err)
	}
}

// azud runs a command line against the broker, with in as its standard input.
func (k *kafka) azud(in string, args ...string) result {
	k.t.Helper()
	return azud(k.t, k.data, in, append(args, "--bootstrap-server", k.addr)...)
}

// ok is azud for a command that must end well and say nothing on standard error.
func (k *kafka) ok(args ...string) string {
	k.t.Helper()
	r := k.azud("", args...)
	if r.status != 0 || r.err != "" {
		k.t.Fatalf("azud %s: status %d\n%s%s", strings.Join(args, " "), r.status, r.out, r.err)
	}
	return r.out
}

func (k *kafka) client(opts ...kgo.Opt) *kgo.Client {
	k.t.Helper()
	cl, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(k.addr), kgo.RecordPartitioner(kgo.ManualPartitioner())}, opts...)...)
	if err != nil {
		k.t.Fatal(err)
	}
	k.t.Cleanup(cl.Close)
	return cl
}

func (k *kafka) admin() *kadm.Client { return kadm.NewClient(k.client()) }

// write writes records to a topic that is there.
func (k *kafka) write(cl *kgo.Client, list ...*kgo.Record) {
	k.t.Helper()
	if err := cl.ProduceSync(k.t.Context(), list...).FirstErr(); err != nil {
		k.t.Fatal(err)
	}
}

// text is a record of a topic's partition with a value.
func text(topic string, partition int32, value string) *kgo.Record {
	return &kgo.Record{Topic: topic, Partition: partition, Value: []byte(value)}
}

// lines are the sorted lines of a text: partitions are read in no order.
func lines(s string) string {
	list := strings.Split(strings.TrimSuffix(s, "\n"), "\n")
	slices.Sort(list)
	return strings.Join(list, "|")
}
