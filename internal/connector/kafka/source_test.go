package kafka_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kversion"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/connector/conformance"
	"github.com/azud/azud/internal/errs"
)

func TestSourceConforms(t *testing.T) {
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
	if err != nil || bare(to) != `{"t":{"0":6,"1":2,"2":0}}` {
		t.Errorf("to %s, %v", to, err)
	}
	rows := 0
	for bare(from) != `{"t":{"0":30,"1":10,"2":0}}` {
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
