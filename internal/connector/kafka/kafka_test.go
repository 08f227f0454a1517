package kafka_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/azud/azud/internal/broker/brokertest"
	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/connector/conformance"
	"github.com/azud/azud/internal/connector/kafka"
	"github.com/azud/azud/internal/sys"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

var readings = types.Schema{{Name: "id", Type: types.StringType, Nullable: true}, {Name: "n", Type: types.LongType, Nullable: true}}

// lab is a Kafka and a client of it.
type lab struct {
	t    *testing.T
	addr string
	fake *kfake.Cluster // nil: another broker
	home kafka.Embedded // nil: tables are reached by a client
	cl   *kgo.Client
	adm  *kadm.Client
	w    *conformance.World
	skew atomic.Int64 // nanoseconds that the source's clock is ahead
}

// ahead is the real clock, moved on by a lab's skew.
type ahead struct {
	sys.Clock
	skew *atomic.Int64
}

func (c ahead) Now() time.Time { return c.Clock.Now().Add(time.Duration(c.skew.Load())) }

func newLab(t *testing.T, opts ...kfake.Opt) *lab {
	t.Helper()
	c, err := kfake.NewCluster(append([]kfake.Opt{kfake.NumBrokers(2), kfake.AllowAutoTopicCreation(), kfake.DefaultNumPartitions(3)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	l := at(t, strings.Join(c.ListenAddrs(), ","))
	l.fake = c
	return l
}

// embedded is a lab over the broker of this process, which its tables reach without a client.
func embedded(t *testing.T) *lab {
	t.Helper()
	b := brokertest.Start(t)
	l := at(t, b.Addr())
	l.home = b
	return l
}

func at(t *testing.T, addr string) *lab {
	t.Helper()
	l := &lab{t: t, addr: addr, w: conformance.NewWorld(t)}
	l.cl = l.client()
	l.adm = kadm.NewClient(l.cl)
	return l
}

func (l *lab) connector() *connector.Connector { return kafka.Connector(l.home) }

func (l *lab) client(opts ...kgo.Opt) *kgo.Client {
	l.t.Helper()
	cl, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(strings.Split(l.addr, ",")...), kgo.MetadataMinAge(10 * time.Millisecond),
		kgo.RecordPartitioner(kgo.ManualPartitioner())}, opts...)...)
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(cl.Close)
	return cl
}

func (l *lab) env() connector.Env {
	e := l.w.Env()
	e.Sys.Clock, e.Kafka, e.Journal = ahead{sys.Real().Clock, &l.skew}, l.addr, nil
	return e
}

func (l *lab) topic(name string, partitions int32) {
	l.t.Helper()
	if _, err := l.adm.CreateTopic(l.t.Context(), partitions, -1, nil, name); err != nil {
		l.t.Fatal(err)
	}
}

// put produces values, "partition:value" each; "partition:" is a null value.
func (l *lab) put(cl *kgo.Client, topic string, values ...string) {
	l.t.Helper()
	for _, v := range values {
		var part int32
		p, text, _ := strings.Cut(v, ":")
		fmt.Sscan(p, &part) //nolint:errcheck // written here
		r := &kgo.Record{Topic: topic, Partition: part, Value: []byte(text)}
		if text == "" {
			r.Value = nil
		}
		if err := cl.ProduceSync(l.t.Context(), r).FirstErr(); err != nil {
			l.t.Fatalf("produce %s: %v", v, err)
		}
	}
}

func (l *lab) table(options connector.Options) connector.Table {
	l.t.Helper()
	if err := l.connector().Check(options); err != nil {
		l.t.Fatal(err)
	}
	t := connector.Table{Name: "tabla", Options: options, Stream: true}
	if _, ok := options["format"]; ok {
		t.Columns = readings
	}
	return t
}

func (l *lab) open(options connector.Options, batch ...bool) (connector.Source, error) {
	l.t.Helper()
	t := l.table(options)
	t.Stream = len(batch) == 0
	return l.connector().Source(l.t.Context(), l.env(), t)
}

func (l *lab) source(options connector.Options, batch ...bool) connector.Source {
	l.t.Helper()
	s, err := l.open(options, batch...)
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { s.Close() }) //nolint:errcheck // may be closed already
	return s
}

// all reads a topic from its earliest offset to its end, some columns only.
func (l *lab) all(s connector.Source, columns ...string) []string {
	l.t.Helper()
	from, err := s.Initial(l.t.Context())
	if err != nil {
		l.t.Fatal(err)
	}
	to, err := s.Latest(l.t.Context(), from, connector.Limit{})
	if err != nil {
		l.t.Fatal(err)
	}
	rows, err := l.read(s, from, to, columns...)
	if err != nil {
		l.t.Fatal(err)
	}
	return rows
}

func (l *lab) read(s connector.Source, from, to connector.Offset, columns ...string) ([]string, error) {
	l.t.Helper()
	var at []int
	for _, c := range columns {
		at = append(at, s.Schema().Index(c))
	}
	for i := range s.Schema() {
		if len(columns) == 0 {
			at = append(at, i)
		}
	}
	splits, err := s.Plan(l.t.Context(), from, to)
	if err != nil {
		return nil, err
	}
	var rows []string
	for _, sp := range splits {
		for b, err := range s.Open(l.t.Context(), sp, at) {
			if err != nil {
				return rows, err
			}
			rows = append(rows, conformance.Text(b)...)
		}
	}
	return rows, nil
}

func (l *lab) want(what string, got []string, want ...string) {
	l.t.Helper()
	if !slices.Equal(got, want) {
		l.t.Errorf("%s:\ngot  %q\nwant %q", what, got, want)
	}
}

func (l *lab) sink(options connector.Options) connector.Sink {
	l.t.Helper()
	s, err := l.connector().Sink(l.t.Context(), l.env(), l.table(options))
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { s.Close() }) //nolint:errcheck // may be closed already
	return s
}

func identity(query string) connector.QueryIdentity {
	return connector.QueryIdentity{Name: query, Checkpoint: "ck"}
}

// begin opens a sink and begins an epoch with rows.
func (l *lab) begin(s connector.Sink, query string, epoch int64, rows *vec.Batch) connector.Writer {
	l.t.Helper()
	if _, err := s.Open(l.t.Context(), identity(query), readings, connector.Append); err != nil {
		l.t.Fatal(err)
	}
	return l.write(s, epoch, rows)
}

func (l *lab) write(s connector.Sink, epoch int64, rows *vec.Batch) connector.Writer {
	l.t.Helper()
	w, err := s.Begin(l.t.Context(), connector.EpochPlan{Epoch: epoch, Plan: fmt.Appendf(nil, "plan %d", epoch)})
	if err != nil {
		l.t.Fatal(err)
	}
	if err := w.Write(l.t.Context(), rows); err != nil {
		l.t.Fatal(err)
	}
	return w
}

func (l *lab) commit(w connector.Writer) {
	l.t.Helper()
	if out, err := w.Commit(l.t.Context()); out != connector.Committed || err != nil {
		l.t.Fatalf("commit: %v, %v", out, err)
	}
}

// mark opens a sink of the query anew and returns the epoch that it holds, -1 for none.
func (l *lab) mark(query string) int64 {
	l.t.Helper()
	s := l.sink(connector.Options{"topic": "t", "format": "json"})
	m, err := s.Open(l.t.Context(), identity(query), readings, connector.Append)
	if err != nil {
		l.t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		l.t.Fatal(err)
	}
	if m.Checkpoint == "" {
		return -1
	}
	if string(m.Plan) != fmt.Sprintf("plan %d", m.Epoch) {
		l.t.Errorf("mark %+v", m)
	}
	return m.Epoch
}

// reading makes rows "id:n"; id "-" is NULL, n "-" too.
func reading(rows ...string) *vec.Batch {
	b := vec.NewBuilder(readings)
	for _, r := range rows {
		id, n, _ := strings.Cut(r, ":")
		if id == "-" {
			b.Cols[0].AppendNull()
		} else {
			b.Cols[0].AppendString(id)
		}
		var v int64
		if _, err := fmt.Sscan(n, &v); err != nil {
			b.Cols[1].AppendNull()
		} else {
			vec.Append(b.Cols[1], v)
		}
	}
	return b.Finish()
}

func within(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func sorted(rows []string) []string { return slices.Sorted(slices.Values(rows)) }

// bare is an offset's text without the topics' ids, which differ from run to run.
func bare(o connector.Offset) string {
	var all map[string]json.RawMessage
	if err := json.Unmarshal([]byte(o), &all); err != nil {
		return err.Error()
	}
	delete(all, "$topics")
	out, err := json.Marshal(all)
	if err != nil {
		return err.Error()
	}
	return string(out)
}
