package kafka_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/connector/conformance"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

var earliest = connector.Options{"subscribe": "t", "startingOffsets": "earliest"}

func TestSinkConforms(t *testing.T) {
	for name, make := range map[string]func(t *testing.T) *lab{
		"fake":     func(t *testing.T) *lab { return newLab(t) },
		"embedded": embedded,
		"embedded by a client": func(t *testing.T) *lab {
			l := embedded(t)
			l.home = nil
			return l
		},
	} {
		t.Run(name, func(t *testing.T) {
			epochs := []*vec.Batch{reading("a:1", "b:2", "-:3"), nil, reading("c:-"), reading("d:4", "e:5", "f:6", "g:7", "h:8")}
			labs := map[*conformance.World]*lab{} // each part of the proof gets a Kafka of its own
			of := func(w *conformance.World) *lab {
				if labs[w] == nil {
					labs[w] = make(t)
					labs[w].topic("t", 1)
				}
				return labs[w]
			}
			conformance.Sink(t, conformance.SinkCase{
				Make: func(_ *testing.T, w *conformance.World) connector.Sink {
					return of(w).sink(connector.Options{"subscribe": "t", "format": "json"})
				},
				Schema: readings, Mode: connector.Append, Epochs: epochs,
				Held: func(_ *testing.T, w *conformance.World) string {
					l := of(w)
					return strings.Join(l.all(l.source(connector.Options{"subscribe": "t", "format": "json", "startingOffsets": "earliest"})), "\n")
				},
				Want: func(n int) string {
					var rows []string
					for _, e := range epochs[:n] {
						if e != nil {
							rows = append(rows, conformance.Text(e)...)
						}
					}
					return strings.Join(rows, "\n")
				},
			})
		})
	}
}

func TestMessages(t *testing.T) {
	l := newLab(t)
	rows := reading("a:1", "-:2", "c:-")
	for i, c := range []struct {
		options connector.Options
		want    []string // key | value
	}{
		{connector.Options{"format": "json"}, []string{`NULL | {"id":"a","n":1}`, `NULL | {"n":2}`, `NULL | {"id":"c"}`}},
		{connector.Options{"format": "json", "key": "ID", "ignoreNullFields": "false"}, []string{`a | {"id":"a","n":1}`, `NULL | {"id":null,"n":2}`, `c | {"id":"c","n":null}`}},
		{connector.Options{"format": "json", "key": "n"}, []string{`1 | {"id":"a","n":1}`, `2 | {"n":2}`, `NULL | {"id":"c"}`}},
	} {
		topic := fmt.Sprintf("m%d", i)
		l.topic(topic, 1)
		c.options["topic"] = topic
		l.commit(l.begin(l.sink(c.options), "q", 0, rows))
		l.want(topic, l.all(l.source(connector.Options{"subscribe": topic, "startingOffsets": "earliest"}), "key", "value"), c.want...)
	}
}

func TestRawMessages(t *testing.T) {
	l := newLab(t)
	l.topic("t", 1)
	schema := types.Schema{{Name: "value", Type: types.BinaryType, Nullable: true}, {Name: "key", Type: types.StringType, Nullable: true}}
	b := vec.NewBuilder(schema)
	b.Cols[0].AppendString("v")
	b.Cols[1].AppendString("k")
	b.Cols[0].AppendNull()
	b.Cols[1].AppendNull()
	s := l.sink(connector.Options{"topic": "t"})
	if _, err := s.Open(t.Context(), identity("q"), schema, connector.Append); err != nil {
		t.Fatal(err)
	}
	l.commit(l.write(s, 0, b.Finish()))
	l.want("rows", l.all(l.source(earliest), "key", "value"), "k | v", "NULL | NULL")
}

// Every type that JSON holds comes back as it was written.
func TestATableWrittenIsReadBackEqual(t *testing.T) {
	l := newLab(t)
	l.topic("t", 1)
	f := func(name string, t types.Type) types.Field { return types.Field{Name: name, Type: t, Nullable: true} }
	schema := types.Schema{f("b", types.BooleanType), f("l", types.LongType), f("d", types.DoubleType), f("s", types.StringType),
		f("x", types.BinaryType), f("t", types.TimestampType), f("a", types.ArrayOf(types.StringType, true)),
		f("m", types.MapOf(types.StringType, types.LongType, true)), f("st", types.StructOf(f("u", types.IntType), f("v", types.StringType)))}
	b := vec.NewBuilder(schema)
	for i := range int64(50) {
		vec.Append(b.Cols[0], i%2 == 0)
		vec.Append(b.Cols[1], i<<40-i)
		vec.Append(b.Cols[2], float64(i)/3)
		b.Cols[3].AppendString(fmt.Sprintf("línea %d\n\"\\\u2028日", i))
		b.Cols[4].AppendBytes([]byte{0, byte(i), 255})
		vec.Append(b.Cols[5], 1_705_314_600_123_000+i*1000)
		b.Cols[6].Child(0).AppendString("x")
		b.Cols[6].Child(0).AppendNull()
		b.Cols[6].EndList()
		b.Cols[7].Child(0).AppendString("k")
		vec.Append(b.Cols[7].Child(1), i)
		b.Cols[7].EndList()
		vec.Append(b.Cols[8].Child(0), int32(i))
		b.Cols[8].Child(1).AppendString("w")
		b.Cols[8].EndStruct()
		for _, c := range b.Cols {
			c.AppendNull()
		}
	}
	rows := b.Finish()
	table := connector.Table{Name: "tabla", Columns: schema, Options: connector.Options{"subscribe": "t", "format": "json"}}
	s, err := l.connector().Sink(t.Context(), l.env(), table)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // the end of the test
	if _, err := s.Open(t.Context(), identity("q"), schema, connector.Append); err != nil {
		t.Fatal(err)
	}
	l.commit(l.write(s, 0, rows))
	src, err := l.connector().Source(t.Context(), l.env(), table)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close() //nolint:errcheck // the end of the test
	l.want("rows", l.all(src), conformance.Text(rows)...)
}

// A second writer of the query fences the first, whose rows never show.
func TestAZombieIsFenced(t *testing.T) {
	l := newLab(t)
	l.topic("t", 1)
	options := connector.Options{"topic": "t", "format": "json"}
	old := l.sink(options)
	l.commit(l.begin(old, "q", 0, reading("a:1")))
	zombie := l.write(old, 1, reading("zombie:1"))
	fresh := l.sink(options)
	m, err := fresh.Open(t.Context(), identity("q"), readings, connector.Append)
	if err != nil || m.Epoch != 0 {
		t.Fatalf("mark %+v, %v", m, err)
	}
	l.commit(l.write(fresh, 1, reading("b:2")))
	if out, err := zombie.Commit(t.Context()); out == connector.Committed || err == nil {
		t.Errorf("the zombie's commit: %v, %v", out, err)
	}
	if w, err := old.Begin(t.Context(), connector.EpochPlan{Epoch: 2}); err == nil {
		err = w.Write(t.Context(), reading("zombie:2"))
		if err == nil {
			if out, _ := w.Commit(t.Context()); out == connector.Committed {
				t.Error("the zombie commits another epoch")
			}
		}
	}
	l.want("rows", l.all(l.source(earliest), "value"), `{"id":"a","n":1}`, `{"id":"b","n":2}`)
	if got := l.mark("q"); got != 1 {
		t.Errorf("the mark is of epoch %d", got)
	}
}

// Another query's open transaction holds the last stable offset of the marks back; this
// query's own marks must be seen behind it.
func TestMarksAreFoundBehindAnOpenTransaction(t *testing.T) {
	l := newLab(t)
	l.topic("t", 1)
	l.topic("other", 1)
	options := connector.Options{"topic": "t", "format": "json"}
	a := l.sink(options)
	l.commit(l.begin(a, "a", 0, reading("a:1")))

	b := l.client(kgo.TransactionalID("b"), kgo.RecordPartitioner(kgo.StickyKeyPartitioner(nil)))
	if err := b.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	rec := &kgo.Record{Topic: "__azud_epochs", Key: []byte("b"), Value: []byte(`{"checkpoint":"ck","epoch":7}`)}
	if err := b.ProduceSync(t.Context(), rec).FirstErr(); err != nil {
		t.Fatal(err)
	}
	l.commit(l.write(a, 1, reading("a:2")))
	if got := l.mark("a"); got != 1 {
		t.Errorf("the mark of a is of epoch %d, want 1", got)
	}
	if got := l.mark("b"); got != -1 {
		t.Errorf("an undecided mark of b counts: %d", got)
	}
	if err := b.EndTransaction(t.Context(), kgo.TryAbort); err != nil {
		t.Fatal(err)
	}
	if got := l.mark("b"); got != -1 {
		t.Errorf("an aborted mark of b counts: %d", got)
	}
}

// A mark far back, behind thousands of other queries' marks.
func TestAnOldMarkIsFound(t *testing.T) {
	l := newLab(t)
	l.topic("t", 1)
	options := connector.Options{"topic": "t", "format": "json"}
	l.commit(l.begin(l.sink(options), "old", 4, reading("a:1")))
	for i := range 5000 {
		l.cl.Produce(t.Context(), &kgo.Record{Topic: "__azud_epochs", Key: []byte("busy"), Value: fmt.Appendf(nil, `{"checkpoint":"ck","epoch":%d}`, i)}, nil)
	}
	if err := l.cl.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := l.mark("old"); got != 4 {
		t.Errorf("the mark is of epoch %d", got)
	}
}

// The broker commits but its answer is lost: the outcome is unknown, and Open tells.
func TestAnUnknownCommitIsSettledByOpen(t *testing.T) {
	for name, reaches := range map[string]bool{"committed": true, "not committed": false} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			l.topic("t", 1)
			options := connector.Options{"topic": "t", "format": "json"}
			s := l.sink(options)
			l.commit(l.begin(s, "q", 0, reading("a:1")))
			w := l.write(s, 1, reading("b:2"))
			ctx, cancel := context.WithCancel(t.Context())
			var ends atomic.Int32
			l.fake.ControlKey(int16(kmsg.EndTxn), func(req kmsg.Request) (kmsg.Response, error, bool) {
				if ends.Add(1) > 1 {
					return nil, nil, false
				}
				cancel() // the process is about to end
				if reaches {
					return nil, nil, false
				}
				return req.ResponseKind(), nil, true // looks done, and is not
			})
			if out, err := w.Commit(ctx); reaches && err != nil && out != connector.Unknown {
				t.Errorf("commit: %v, %v", out, err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			want := map[bool]int64{true: 1, false: 0}[reaches]
			next := l.sink(options)
			m, err := next.Open(t.Context(), identity("q"), readings, connector.Append)
			if err != nil || m.Epoch != want {
				t.Fatalf("mark %+v, %v; want epoch %d", m, err, want)
			}
			if m.Epoch == 0 {
				l.commit(l.write(next, 1, reading("b:2")))
			}
			l.want("rows", l.all(l.source(earliest), "value"), `{"id":"a","n":1}`, `{"id":"b","n":2}`)
		})
	}
}

func TestAnAbortLeavesNothing(t *testing.T) {
	l := newLab(t)
	l.topic("t", 1)
	s := l.sink(connector.Options{"topic": "t", "format": "json"})
	w := l.begin(s, "q", 0, reading("no:1"))
	if err := w.Abort(t.Context()); err != nil {
		t.Fatal(err)
	}
	l.commit(l.write(s, 0, reading("yes:1")))
	l.want("rows", l.all(l.source(earliest), "value"), `{"id":"yes","n":1}`)
	if _, err := s.Open(t.Context(), identity("q"), readings, connector.Append); err != nil { // as after Unknown
		t.Fatal(err)
	}
	l.commit(l.write(s, 1, reading("more:1")))
	if got := l.mark("q"); got != 1 {
		t.Errorf("mark %d", got)
	}
}

// A record that no retry can write is an error that does not pass.
func TestATooLongRecordIsSaid(t *testing.T) {
	l := newLab(t)
	l.topic("t", 1)
	s := l.sink(connector.Options{"topic": "t", "format": "json"})
	w := l.begin(s, "q", 0, reading(strings.Repeat("x", 2<<20)+":1"))
	out, err := w.Commit(t.Context())
	if out != connector.Aborted || connector.IsPassing(err) || errs.ClassOf(err) != "KAFKA_REFUSED" {
		t.Fatalf("%v, passing %v: %v", out, connector.IsPassing(err), err)
	}
	for _, want := range []string{"writing epoch 0 to topic t: MESSAGE_TOO_LARGE", "hint: a record is longer than the topic takes", "kafka.max.request.size"} {
		if !strings.Contains(errs.Render(err), want) {
			t.Errorf("%q lacks %q", errs.Render(err), want)
		}
	}
	l.commit(l.write(s, 0, reading("short:1"))) // the sink goes on
	l.want("rows", l.all(l.source(earliest), "value"), `{"id":"short","n":1}`)
}

// That stays so when the broker refuses the abort as well: no retry could help.
func TestATooLongRecordIsSaidAlthoughTheAbortFails(t *testing.T) {
	l := newLab(t)
	l.topic("t", 1)
	s := l.sink(connector.Options{"topic": "t", "format": "json"})
	w := l.begin(s, "q", 0, reading("short:1", strings.Repeat("x", 2<<20)+":1"))
	l.fake.ControlKey(int16(kmsg.EndTxn), func(req kmsg.Request) (kmsg.Response, error, bool) {
		resp := req.ResponseKind().(*kmsg.EndTxnResponse)
		resp.ErrorCode = kerr.InvalidTxnState.Code
		return resp, nil, true
	})
	out, err := w.Commit(t.Context())
	if out != connector.Aborted || connector.IsPassing(err) || errs.ClassOf(err) != "KAFKA_REFUSED" {
		t.Fatalf("%v, passing %v: %v", out, connector.IsPassing(err), err)
	}
	if logs := l.w.Reporter.Logs(); len(logs) != 1 || !strings.Contains(logs[0], "aborting epoch 0") {
		t.Errorf("the failed abort is not logged: %q", logs)
	}
	next := l.sink(connector.Options{"topic": "t", "format": "json"})
	m, err := next.Open(t.Context(), identity("q"), readings, connector.Append)
	if err != nil || m.Plan != nil {
		t.Fatalf("mark %+v, %v", m, err)
	}
	l.commit(l.write(next, 0, reading("again:1")))
	l.want("rows", l.all(l.source(earliest), "value"), `{"id":"again","n":1}`)
}

func TestSinkRefusals(t *testing.T) {
	l := newLab(t)
	for _, c := range []struct {
		options connector.Options
		want    string
	}{
		{connector.Options{}, "[MISSING_OPTION] table tabla names no topic, and the query has no column topic\nhint: add OPTIONS (topic 'name')"},
		{connector.Options{"subscribe": "a,b"}, "names 2 topics; which one is written?\nhint: add OPTIONS (topic 'name')"},
		{connector.Options{"topic": "t"}, "table tabla has no format, and the query has no column value\nhint: add format 'json'"},
		{connector.Options{"topic": "t", "format": "json", "key": "idd"}, "its key \"idd\" is not a column of the query\nhint: the columns are id, n"},
		{connector.Options{"topic": "t", "format": "json", "kafka.ssl.key": "x"}, "encrypted and authenticated connections are not supported yet"},
		{connector.Options{"topic": "t", "format": "json", "kafka.compression.type": "rar"}, "kafka.compression.type 'rar': it is one of none, gzip, snappy, lz4, zstd"},
		{connector.Options{"topic": "t", "format": "json", "kafka.max.request.size": "7"}, "it must be at least 1024"},
	} {
		table := connector.Table{Name: "tabla", Options: c.options}
		s, err := l.connector().Sink(t.Context(), l.env(), table)
		if err == nil {
			_, err = s.Open(t.Context(), identity("q"), readings, connector.Append)
			s.Close() //nolint:errcheck // refused
		}
		if err == nil || !strings.Contains(errs.Render(err), c.want) {
			t.Errorf("%v: %v", c.options, err)
		}
	}
	s := l.sink(connector.Options{"topic": "t", "format": "json", "kafka.acks": "all", "kafka.compression.type": "zstd"})
	l.commit(l.begin(s, "q", 0, reading("a:1")))
	l.want("logged", l.w.Reporter.Logs(), "table tabla: the setting kafka.acks has no effect")
}
