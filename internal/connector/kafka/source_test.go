package kafka_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"

	"github.com/azud/azud/internal/broker"
	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/connector/conformance"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/sys"
)

func TestSourceConforms(t *testing.T) {
	embedded := func(t *testing.T) *lab {
		b, err := broker.Start(t.Context(), broker.Config{Sys: sys.Real(), Addrs: []string{"127.0.0.1:0"}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { b.Close() }) //nolint:errcheck // checked by its own tests
		return at(t, b.Addr())
	}
	for name, make := range map[string]func(*testing.T) *lab{
		"embedded": embedded,
		"fake":     func(t *testing.T) *lab { return newLab(t) },
		// Fetch before topic ids, which came with version 13 (Kafka 3.1).
		"old": func(t *testing.T) *lab { return newLab(t, kfake.MaxVersions(kversion.V2_8_0())) },
	} {
		for _, options := range []connector.Options{{"subscribe": "t", "startingOffsets": "earliest"}, {"subscribe": "t", "format": "json"}} {
			t.Run(fmt.Sprint(name, len(options), options["format"]), func(t *testing.T) {
				l := make(t)
				l.topic("t", 3)
				l.put(l.cl, "t", "0:warm up") // the client's goroutines are there before they are counted
				if options["startingOffsets"] == "earliest" {
					options["startingOffsets"] = `{"t":{"0":1,"1":-2,"2":-1}}`
				}
				n := 0
				conformance.Source(t, conformance.SourceCase{
					Make: func(*testing.T) connector.Source {
						s, err := l.open(options)
						if err != nil {
							t.Fatal(err)
						}
						return s
					},
					More: func(_ *testing.T, _ connector.Source, more int) {
						for range more {
							n++
							l.put(l.cl, "t", fmt.Sprintf(`%d:{"n":%d,"id":"k%d"}`, n%3, n, n))
						}
					},
				})
			})
		}
	}
}

func TestRawSchema(t *testing.T) {
	l := newLab(t)
	l.topic("t", 1)
	when := time.UnixMilli(1_705_314_600_123)
	for _, r := range []*kgo.Record{
		{Topic: "t", Key: []byte("k"), Value: []byte("v"), Timestamp: when},
		{Topic: "t", Value: []byte{}, Timestamp: when.Add(time.Hour)},
		{Topic: "t", Key: []byte{}, Timestamp: when, Headers: []kgo.RecordHeader{{Key: "a", Value: []byte("1")}, {Key: "", Value: nil}}},
	} {
		if err := l.cl.ProduceSync(t.Context(), r).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	s := l.source(connector.Options{"subscribe": "t", "startingOffsets": "earliest", "includeHeaders": "true"})
	l.want("rows", l.all(s),
		"k | v | t | 0 | 0 | 2024-01-15 10:30:00.123 | 0 | NULL",
		"NULL |  | t | 0 | 1 | 2024-01-15 11:30:00.123 | 0 | NULL",
		" | NULL | t | 0 | 2 | 2024-01-15 10:30:00.123 | 0 | [{a, 1}, {, null}]")
	l.want("projection", l.all(s, "offset", "value"), "0 | v", "1 | ", "2 | NULL")
	if names := l.source(connector.Options{"subscribe": "t"}).Schema().Names(); !slices.Equal(names, []string{"key", "value", "topic", "partition", "offset", "timestamp", "timestampType"}) {
		t.Errorf("columns %v", names)
	}
}

func TestJSONColumns(t *testing.T) {
	l := newLab(t)
	l.topic("t", 2)
	l.put(l.cl, "t", `0:{"id":"a","n":1}`, `0:`, `0:{"n":"x"}`, `0:{"n":`, `1:{"n":5,"more":[1]}`)
	s := l.source(connector.Options{"subscribe": "t", "startingOffsets": "earliest", "format": "json"})
	l.want("rows", l.all(s), "a | 1", "NULL | NULL", "NULL | NULL", "NULL | NULL", "NULL | 5")
	l.want("rejects", l.w.Reporter.Rejects(),
		`t[0]@2: field n: "x" is not BIGINT: {"n":"x"}`, `t[0]@3: the JSON ends at byte 5 where a value was expected: {"n":`)
}

// Batches of any codec, longer than one batch of rows.
func TestCompression(t *testing.T) {
	for name, codec := range map[string]kgo.CompressionCodec{"none": kgo.NoCompression(), "gzip": kgo.GzipCompression(),
		"snappy": kgo.SnappyCompression(), "lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression()} {
		l := newLab(t)
		l.topic("t", 1)
		cl := l.client(kgo.ProducerBatchCompression(codec), kgo.ProducerLinger(50*time.Millisecond))
		var want []string
		for i := range 10_000 {
			cl.Produce(t.Context(), &kgo.Record{Topic: "t", Value: fmt.Appendf(nil, `{"id":"sensor","n":%d}`, i)}, func(_ *kgo.Record, err error) {
				if err != nil {
					t.Error(err)
				}
			})
			want = append(want, fmt.Sprintf("%d", i))
		}
		if err := cl.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		s := l.source(connector.Options{"subscribe": "t", "startingOffsets": "earliest", "format": "json"})
		if got := l.all(s, "n"); !slices.Equal(got, want) {
			t.Errorf("%s: %d rows", name, len(got))
		}
	}
}

func TestTransactions(t *testing.T) {
	l := newLab(t)
	l.topic("t", 1)
	one, two := l.client(kgo.TransactionalID("one")), l.client(kgo.TransactionalID("two"))
	begin := func(cl *kgo.Client) {
		if err := cl.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
	}
	end := func(cl *kgo.Client, how kgo.TransactionEndTry) {
		if err := cl.EndTransaction(t.Context(), how); err != nil {
			t.Fatal(err)
		}
	}
	l.put(l.cl, "t", "0:a")
	begin(one)
	l.put(one, "t", "0:aborted 1", "0:aborted 2")
	begin(two)
	l.put(two, "t", "0:b")
	l.put(one, "t", "0:aborted 3")
	end(two, kgo.TryCommit)
	l.put(l.cl, "t", "0:c")
	s := l.source(connector.Options{"subscribe": "t", "startingOffsets": "earliest"})
	l.want("while a transaction is open", l.all(s, "value"), "a")
	end(one, kgo.TryAbort)
	l.want("after its abort", l.all(s, "value", "offset"), "a | 0", "b | 3", "c | 6")
	begin(one)
	l.put(one, "t", "0:d")
	l.want("and another", l.all(s, "value"), "a", "b", "c")
	end(one, kgo.TryCommit)
	l.want("after its commit", l.all(s, "value"), "a", "b", "c", "d")

	// Any range gives what the whole gives of it: a fetch that begins inside an aborted
	// transaction leaves the rest of it out, too.
	for from := range 10 {
		rows, err := l.read(s, connector.Offset(fmt.Sprintf(`{"t":{"0":%d}}`, from)), `{"t":{"0":10}}`, "offset")
		var want []string
		for _, o := range []int{0, 3, 6, 8} {
			if o >= from {
				want = append(want, fmt.Sprint(o))
			}
		}
		if err != nil || !slices.Equal(rows, want) {
			t.Errorf("from %d: %q, %v, want %q", from, rows, err, want)
		}
	}
}

func TestStartingAndEndingOffsets(t *testing.T) {
	l := newLab(t)
	l.topic("t", 2)
	l.put(l.cl, "t", "0:a", "0:b", "0:c", "1:d")
	for _, c := range []struct {
		batch           bool
		starting, until string
		want            []string // rows, or one error
	}{
		{true, "", "", []string{"a", "b", "c", "d"}},
		{true, "earliest", "latest", []string{"a", "b", "c", "d"}},
		{true, `{"t":{"0":1,"1":-2}}`, `{"t":{"0":2,"1":-1}}`, []string{"b", "d"}},
		{true, `{"t":{"0":3,"1":1}}`, "", nil},
		{false, "", "", nil},
		{false, "latest", "", nil},
		{false, "EARLIEST", "", []string{"a", "b", "c", "d"}},
		{false, `{"t":{"0":-1,"1":0}}`, "", []string{"d"}},
		{true, "latest", "", []string{"[INVALID_OFFSETS] startingOffsets cannot be latest here"}},
		{true, `{"t":{"0":-1,"1":0}}`, "", []string{"[INVALID_OFFSETS] startingOffsets cannot be latest (-1) here"}},
		{true, "", "earliest", []string{"[INVALID_OFFSETS] endingOffsets cannot be earliest here"}},
		{true, "", `{"t":{"0":-2,"1":0}}`, []string{"[INVALID_OFFSETS] endingOffsets cannot be earliest (-2) here"}},
		{true, "", `{"t":{"0":9,"1":0}}`, []string{"[INVALID_OFFSETS] endingOffsets gives t-0 offset 9, but it ends at 3"}},
		{false, `{"t":{"0":9,"1":0}}`, "", []string{"[INVALID_OFFSETS] startingOffsets gives t-0 offset 9, but it ends at 3"}},
		{false, `{"t":{"0":0}}`, "", []string{`[INVALID_OFFSETS] startingOffsets {"t":{"0":0}} names no partition 1 of topic t`}},
		{false, `{"t":{"0":0,"1":0,"2":0}}`, "", []string{"[INVALID_OFFSETS] startingOffsets names t-2, which the subscribed topics do not have"}},
		{false, `{"u":{"0":0}}`, "", []string{"[INVALID_OFFSETS] startingOffsets names u-0, which the subscribed topics do not have"}},
		{false, "earlest", "", []string{`[INVALID_OFFSETS] startingOffsets is "earlest": neither earliest, latest nor offsets such as {"topic":{"0":42}}`}},
		{false, `{"t":`, "", []string{`[INVALID_OFFSETS] offsets "{\"t\":": unexpected end of JSON input`}},
		{false, `{"t":{"x":0}}`, "", []string{`[INVALID_OFFSETS] offsets "{\"t\":{\"x\":0}}": partition "x", offset 0`}},
	} {
		options := connector.Options{"subscribe": "t"}
		if c.starting != "" {
			options["startingOffsets"] = c.starting
		}
		if c.until != "" {
			options["endingOffsets"] = c.until
		}
		s := l.source(options, slices.Repeat([]bool{true}, map[bool]int{true: 1}[c.batch])...)
		from, err := s.Initial(t.Context())
		var to connector.Offset
		if err == nil {
			to, err = s.Latest(t.Context(), from, connector.Limit{})
		}
		var rows []string
		if err == nil {
			rows, err = l.read(s, from, to, "value")
		}
		if err != nil {
			rows = []string{err.Error()}
		}
		l.want(fmt.Sprint(c.batch, " ", c.starting, " ", c.until), rows, c.want...)
	}
}

func TestMaxOffsetsPerTriggerIsShared(t *testing.T) {
	l := newLab(t)
	l.topic("t", 3)
	for i := range 30 {
		l.put(l.cl, "t", fmt.Sprintf("0:a%d", i))
	}
	for i := range 10 {
		l.put(l.cl, "t", fmt.Sprintf("1:b%d", i))
	}
	s := l.source(connector.Options{"subscribe": "t", "startingOffsets": "earliest", "maxOffsetsPerTrigger": "8"})
	from, err := s.Initial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	to, err := s.Latest(t.Context(), from, connector.Limit{Rows: 100})
	if err != nil || to != `{"t":{"0":6,"1":2,"2":0}}` {
		t.Errorf("to %s, %v", to, err)
	}
	rows := 0
	for from != `{"t":{"0":30,"1":10,"2":0}}` {
		if to, err = s.Latest(t.Context(), from, connector.Limit{}); err != nil || to == from {
			t.Fatalf("stuck at %s: %v", from, err)
		}
		got, err := l.read(s, from, to, "value")
		if err != nil || len(got) > 8 {
			t.Fatalf("%d rows, %v", len(got), err)
		}
		rows, from = rows+len(got), to
	}
	if rows != 40 {
		t.Errorf("%d rows", rows)
	}
	if _, err := l.open(connector.Options{"subscribe": "t", "maxOffsetsPerTrigger": "0"}); errs.ClassOf(err) != "INVALID_OPTION" {
		t.Errorf("0 records an epoch: %v", err)
	}
}

// A log whose beginning was deleted, and one that ends before what was read.
func TestDataLossShowsBothEnds(t *testing.T) {
	l := newLab(t)
	l.topic("t", 1)
	for i := range 10 {
		l.put(l.cl, "t", fmt.Sprintf("0:%d", i))
	}
	strict := l.source(connector.Options{"subscribe": "t"})
	lossy := l.source(connector.Options{"subscribe": "t", "failOnDataLoss": "false"})
	req := kmsg.NewDeleteRecordsRequest()
	part := kmsg.NewDeleteRecordsRequestTopicPartition()
	part.Offset = 6
	req.Topics = append(req.Topics, kmsg.DeleteRecordsRequestTopic{Topic: "t", Partitions: []kmsg.DeleteRecordsRequestTopicPartition{part}})
	if _, err := req.RequestWith(t.Context(), l.cl); err != nil {
		t.Fatal(err)
	}
	const begins = "[KAFKA_DATA_LOSS] t-0: offsets 2 to 10 were due, but the log begins at 6\nhint: the records were deleted"
	const from, to = `{"t":{"0":2}}`, `{"t":{"0":10}}`
	if _, err := strict.Latest(t.Context(), from, connector.Limit{}); err == nil || !strings.HasPrefix(errs.Render(err), begins) {
		t.Errorf("Latest: %v", err)
	}
	if _, err := l.read(strict, from, to, "value"); err == nil || !strings.HasPrefix(errs.Render(err), begins) {
		t.Errorf("a range that is gone: %v", err)
	}
	if end, err := lossy.Latest(t.Context(), from, connector.Limit{}); err != nil || end != to {
		t.Errorf("lossy: %s, %v", end, err)
	}
	rows, err := l.read(lossy, from, to, "value")
	if err != nil {
		t.Error(err)
	}
	l.want("lossy", rows, "6", "7", "8", "9")

	const ends = "[KAFKA_DATA_LOSS] t-0 ends at offset 10, but the query has read up to 40\nhint: the topic was made anew or cut"
	const far = `{"t":{"0":40}}`
	if _, err := strict.Latest(t.Context(), far, connector.Limit{}); err == nil || !strings.HasPrefix(errs.Render(err), ends) {
		t.Errorf("Latest beyond the end: %v", err)
	}
	if _, err := l.read(strict, far, `{"t":{"0":50}}`); err == nil || !strings.HasPrefix(errs.Render(err), ends) {
		t.Errorf("a range beyond the end: %v", err)
	}
	if end, err := lossy.Latest(t.Context(), far, connector.Limit{}); err != nil || end != to {
		t.Errorf("lossy goes on from the end: %s, %v", end, err)
	}
	if rows, err := l.read(lossy, far, `{"t":{"0":50}}`); err != nil || len(rows) > 0 {
		t.Errorf("lossy beyond the end: %q, %v", rows, err)
	}
	const gone = "[KAFKA_DATA_LOSS] t-1 is gone; the query has read it up to offset 3"
	if _, err := strict.Latest(t.Context(), `{"t":{"0":10,"1":3}}`, connector.Limit{}); err == nil || err.Error() != gone {
		t.Errorf("a partition that is gone: %v", err)
	}
	if end, err := lossy.Latest(t.Context(), `{"t":{"0":10,"1":3}}`, connector.Limit{}); err != nil || end != to {
		t.Errorf("lossy without the partition: %s, %v", end, err)
	}
	if n := len(l.w.Reporter.Logs()); n < 5 {
		t.Errorf("losses were passed over silently: %q", l.w.Reporter.Logs())
	}
}

func TestNewPartitionsAreReadFromTheirStart(t *testing.T) {
	l := newLab(t)
	l.topic("t", 1)
	l.put(l.cl, "t", "0:a")
	s := l.source(connector.Options{"subscribe": "t"})
	from, err := s.Initial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Latest(t.Context(), from, connector.Limit{}); err != nil {
		t.Fatal(err)
	}
	if _, err := l.adm.CreatePartitions(t.Context(), 2, "t"); err != nil {
		t.Fatal(err)
	}
	l.skew.Store(int64(time.Minute)) // the watcher looks at the partitions now and then
	select {
	case <-s.Ready():
	case <-time.After(10 * time.Second):
		t.Fatal("new partitions are not noticed")
	}
	other := at(t, l.addr)
	other.put(other.cl, "t", "1:b", "2:c", "2:d")
	to, err := s.Latest(t.Context(), from, connector.Limit{})
	for err == nil && strings.Contains(string(to), `"2":0`) {
		to, err = s.Latest(t.Context(), from, connector.Limit{})
	}
	if err != nil {
		t.Fatal(err)
	}
	rows, err := l.read(s, from, to, "value", "partition")
	if err != nil {
		t.Fatal(err)
	}
	l.want("rows", rows, "b | 1", "c | 2", "d | 2")
}

func TestATopicIsMadeOnFirstUse(t *testing.T) {
	l := newLab(t)
	s := l.source(connector.Options{"subscribe": " new , other"})
	from, err := s.Initial(t.Context())
	if want := connector.Offset(`{"new":{"0":0,"1":0,"2":0},"other":{"0":0,"1":0,"2":0}}`); err != nil || from != want {
		t.Errorf("%s, %v", from, err)
	}
	l.fake.ControlKey(int16(kmsg.CreateTopics), func(req kmsg.Request) (kmsg.Response, error, bool) {
		resp := req.ResponseKind().(*kmsg.CreateTopicsResponse)
		resp.Topics = []kmsg.CreateTopicsResponseTopic{{Topic: "a b", ErrorCode: kerr.InvalidTopicException.Code}}
		return resp, nil, true
	})
	if _, err := l.open(connector.Options{"subscribe": "a b"}); errs.ClassOf(err) != "KAFKA_REFUSED" || connector.IsPassing(err) {
		t.Errorf("a name that Kafka refuses: %v", err)
	}
}

// Ready wakes at once, although the client waits on all partitions, and while nothing
// comes few requests are made.
func TestReadyIsPromptAndQuietWhenIdle(t *testing.T) {
	l := newLab(t)
	l.topic("t", 6)
	s := l.source(connector.Options{"subscribe": "t"})
	from, err := s.Initial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	fetches := make(chan struct{}, 1000)
	l.fake.ControlKey(int16(kmsg.Fetch), func(kmsg.Request) (kmsg.Response, error, bool) {
		l.fake.KeepControl()
		fetches <- struct{}{}
		return nil, nil, false
	})
	for i := range 6 {
		if from, err = s.Latest(t.Context(), from, connector.Limit{}); err != nil {
			t.Fatal(err)
		}
		select {
		case <-s.Ready():
			t.Fatal("ready without news")
		case <-time.After(50 * time.Millisecond):
		}
		asked := time.Now()
		l.put(l.cl, "t", fmt.Sprintf("%d:x", 5-i))
		<-s.Ready()
		to, err := s.Latest(t.Context(), from, connector.Limit{})
		if err != nil {
			t.Fatal(err)
		}
		if rows, err := l.read(s, from, to, "value"); err != nil || len(rows) != 1 {
			t.Fatalf("%q, %v", rows, err)
		}
		if d := time.Since(asked); d > time.Second { // half of a long poll: it would mean queueing
			t.Errorf("partition %d: read after %v", 5-i, d)
		}
		from = to
	}
	if n := len(fetches); n > 40 { // a poll a broker, its answer, a read; six times
		t.Errorf("%d fetches", n)
	}
}

func TestKafkaAwayIsAPassingTrouble(t *testing.T) {
	l := newLab(t)
	l.topic("t", 1)
	l.put(l.cl, "t", "0:a")
	s := l.source(connector.Options{"subscribe": "t"})
	l.fake.Close()
	if _, err := s.Latest(within(t, 2*time.Second), `{"t":{"0":0}}`, connector.Limit{}); !connector.IsPassing(err) {
		t.Errorf("Latest: %v", err)
	}
	_, err := l.open(connector.Options{"subscribe": "t", "kafka.sasl.mechanism": "PLAIN"})
	if err == nil || !strings.Contains(err.Error(), "kafka.sasl.mechanism 'PLAIN': [UNSUPPORTED_FEATURE] encrypted and authenticated connections are not supported yet") {
		t.Errorf("SASL: %v", err)
	}
}
