package kafka_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/connector/conformance"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// labs are the ways to reach a Kafka.
var labs = map[string]func(*testing.T) *lab{
	"embedded": embedded,
	"fake":     func(t *testing.T) *lab { return newLab(t) },
	"embedded by a client": func(t *testing.T) *lab {
		l := embedded(t)
		l.home = nil
		return l
	},
}

func everywhere(t *testing.T, f func(*testing.T, *lab)) {
	t.Helper()
	for name, make := range labs {
		t.Run(name, func(t *testing.T) { f(t, make(t)) })
	}
}

// batch reads a table by its batch source; the answer is its rows, or one error.
func (l *lab) batch(options connector.Options, sc connector.Scan) []string {
	l.t.Helper()
	rows, _, err := l.scan(options, sc)
	if err != nil {
		return []string{err.Error()}
	}
	return rows
}

func (l *lab) scan(options connector.Options, sc connector.Scan) (rows []string, parts []connector.Part, err error) {
	l.t.Helper()
	t := l.table(options)
	t.Stream = false
	src, err := l.connector().Batch(l.t.Context(), l.env(), t)
	if err != nil {
		return nil, nil, err
	}
	defer src.Close()
	if parts, err = src.Parts(l.t.Context(), sc); err != nil {
		return nil, nil, err
	}
	for _, p := range parts {
		for b, err := range src.Read(l.t.Context(), p, sc) {
			if err != nil {
				return rows, parts, err
			}
			if len(sc.Columns) == 0 {
				rows = append(rows, fmt.Sprint(b.Rows()))
				continue
			}
			rows = append(rows, conformance.Text(b)...)
		}
	}
	return rows, parts, nil
}

// at produces values with times in ms, "partition:time:value" each.
func (l *lab) at(topic string, values ...string) {
	l.t.Helper()
	for _, v := range values {
		f := strings.SplitN(v, ":", 3)
		var part int32
		var ms int64
		fmt.Sscan(f[0]+" "+f[1], &part, &ms) //nolint:errcheck // written here
		r := &kgo.Record{Topic: topic, Partition: part, Value: []byte(f[2]), Timestamp: time.UnixMilli(ms)}
		if err := l.cl.ProduceSync(l.t.Context(), r).FirstErr(); err != nil {
			l.t.Fatal(err)
		}
	}
}

var valueOnly = connector.Scan{Columns: []int{1}, Limit: -1}

func TestBatchOffsetsAndTimes(t *testing.T) {
	everywhere(t, func(t *testing.T, l *lab) {
		l.topic("t", 2)
		l.topic("u1", 1)
		l.topic("u2", 1)
		const base = 1_700_000_000_000
		ms := func(n int) string { return fmt.Sprint(base + n) }
		l.at("t", "0:"+ms(10)+":a", "0:"+ms(30)+":b", "0:"+ms(20)+":c", "1:"+ms(15)+":d", "1:"+ms(25)+":e")
		l.put(l.cl, "u1", "0:x")
		l.put(l.cl, "u2", "0:y")
		for _, c := range []struct {
			options string // name=value;…
			want    []string
		}{
			{"", []string{"a", "b", "c", "d", "e"}},
			{`startingOffsets={"t":{"0":1,"1":-2}};endingOffsets={"t":{"0":2,"1":-1}}`, []string{"b", "d", "e"}},
			{"startingTimestamp=" + ms(20), []string{"b", "c", "e"}},
			{"startingTimestamp=" + ms(20) + ";startingOffsets=earliest", []string{"b", "c", "e"}},
			{"endingTimestamp=" + ms(20), []string{"a", "d"}},
			{"endingTimestamp=" + ms(90), []string{"a", "b", "c", "d", "e"}},
			{`startingOffsetsByTimestamp={"t":{"0":` + ms(11) + `,"1":` + ms(0) + `}}`, []string{"b", "c", "d", "e"}},
			{`endingOffsetsByTimestamp={"t":{"0":` + ms(11) + `,"1":` + ms(99) + `}}`, []string{"a", "d", "e"}},
			{"startingTimestamp=" + ms(27), []string{"[INVALID_OFFSETS] No offset matched from request of topic-partition t-1 and timestamp " + ms(27) + "."}},
			{"startingTimestamp=" + ms(27) + ";startingOffsetsByTimestampStrategy=latest", []string{"b", "c"}},
			{"startingTimestamp=-1", []string{"[INVALID_OPTION] startingTimestamp is -1, but must not be negative"}},
			{`startingOffsetsByTimestamp={"t":{"0":1}}`, []string{`[KAFKA_TIMESTAMP_OFFSET_DOES_NOT_MATCH_ASSIGNED] startingOffsetsByTimestamp {"t":{"0":1}} gives no time for t-1`}},
			{`endingOffsetsByTimestamp={"v":{"0":1}}`, []string{`[KAFKA_TIMESTAMP_OFFSET_DOES_NOT_MATCH_ASSIGNED] endingOffsetsByTimestamp names v-0, which is not read`}},
			{`startingOffsets={"t":{"0":2,"1":0}};endingOffsets={"t":{"0":1,"1":0}}`, []string{"[RESOLVED_START_OFFSET_GREATER_THAN_END_OFFSET] t-0 would be read from offset 2 to offset 1, which is before it"}},
			{"startingOffsets=latest", []string{"[INVALID_OFFSETS] startingOffsets cannot be latest here"}},
			{"minPartitions=5", []string{"a", "b", "c", "d", "e"}},
			{`subscribe=;assign={"t":[1]}`, []string{"d", "e"}},
			{`subscribe=;assign={"t":[1]};startingOffsets={"t":{"1":1}}`, []string{"e"}},
			{`subscribe=;assign={"t":[7]}`, []string{"[UNKNOWN_TOPIC_OR_PARTITION] the option assign names t-7, which does not exist"}},
			{`subscribe=;assign={"t":[]}`, []string{`[INVALID_OPTION] assign "{\"t\":[]}" names no partition`}},
			{"subscribe=;subscribePattern=u.*", []string{"x", "y"}},
			{"subscribe=;subscribePattern=u", nil},
			{"subscribe=;subscribePattern=(", []string{"[INVALID_OPTION] table tabla: subscribePattern \"(\" is not a regular expression: error parsing regexp: missing closing ): `^(?:()$`"}},
			{"subscribePattern=u.*", []string{"[INVALID_OPTION] table tabla has the options subscribe and subscribePattern, of which one can be given"}},
			{"subscribe=u1,u2", []string{"x", "y"}},
			{"subscribe=nada", []string{"[UNKNOWN_TOPIC_OR_PARTITION] topic nada does not exist"}},
		} {
			options := connector.Options{"subscribe": "t"}
			for _, o := range strings.Split(c.options, ";") {
				if k, v, ok := strings.Cut(o, "="); ok {
					options[k] = v
				}
			}
			l.want(c.options, l.batch(options, valueOnly), c.want...)
		}
	})
}

func long(v int64) []vec.Col { return []vec.Col{vec.ConstOf(types.LongType, v, 1)} }
func when(ms, more int64) []vec.Col {
	return []vec.Col{vec.ConstOf(types.TimestampType, ms*1000+more, 1)}
}
func number(v ...int32) (out []vec.Col) {
	for _, n := range v {
		out = append(out, vec.ConstOf(types.IntType, n, 1))
	}
	return out
}
func text(v ...string) (out []vec.Col) {
	for _, s := range v {
		out = append(out, vec.ConstString(types.StringType, s, 1))
	}
	return out
}

// TestBatchFilters: what cannot pass is not read, and whatever can pass comes.
func TestBatchFilters(t *testing.T) {
	everywhere(t, func(t *testing.T, l *lab) {
		l.topic("t", 2)
		l.topic("u", 1)
		l.at("t", "0:10:a0", "0:30:a1", "0:20:a2", "1:15:b0", "1:25:b1")
		l.at("u", "0:5:c0")
		for _, c := range []struct {
			column int
			op     connector.PredicateOp
			values []vec.Col
			want   string
		}{
			{2, connector.Equal, text("u"), "c0"},
			{2, connector.In, text("t", "x"), "a0 a1 a2 b0 b1"},
			{2, connector.IsNull, nil, ""},
			{2, connector.IsNotNull, nil, "a0 a1 a2 b0 b1 c0"},
			{2, connector.Less, text("u"), "a0 a1 a2 b0 b1 c0"},
			{3, connector.Equal, number(1), "b0 b1"},
			{3, connector.In, number(0, 7), "a0 a1 a2 c0"},
			{3, connector.Greater, number(0), "b0 b1"},
			{3, connector.LessEqual, number(-1), ""},
			{4, connector.Equal, long(1), "a1 b1"},
			{4, connector.Greater, long(1), "a2"},
			{4, connector.GreaterEqual, long(1), "a1 a2 b1"},
			{4, connector.Less, long(1), "a0 b0 c0"},
			{4, connector.LessEqual, long(1), "a0 a1 b0 b1 c0"},
			{4, connector.In, append(long(0), long(9)...), "a0 a1 a2 b0 b1 c0"},
			{4, connector.Greater, long(1<<63 - 1), ""},
			{4, connector.Less, long(-1 << 63), ""},
			{5, connector.GreaterEqual, when(20, 0), "a1 a2 b1"}, // each record is a batch of its own here
			{5, connector.Greater, when(20, 0), "a1 b1"},
			{5, connector.GreaterEqual, when(20, 1), "a1 b1"},
			{5, connector.Greater, when(19, 999), "a1 a2 b1"},
			{5, connector.Equal, when(20, 0), "a1 a2 b1"},
			{5, connector.Greater, when(30, 0), ""},
			{5, connector.Less, when(1, 0), "a0 a1 a2 b0 b1 c0"},
			{5, connector.GreaterEqual, when(-7, 0), "a0 a1 a2 b0 b1 c0"},
		} {
			sc := connector.Scan{Columns: []int{1}, Limit: -1, Filters: []connector.Predicate{{Column: c.column, Op: c.op, Values: c.values}}}
			l.want(fmt.Sprint(c.column, c.op), l.batch(connector.Options{"subscribe": "t,u"}, sc), strings.Fields(c.want)...)
		}
		both := connector.Scan{Columns: []int{1}, Limit: -1, Filters: []connector.Predicate{
			{Column: 4, Op: connector.GreaterEqual, Values: long(1)}, {Column: 4, Op: connector.Less, Values: long(2)}, {Column: 3, Op: connector.Equal, Values: number(0)},
		}}
		l.want("a range", l.batch(connector.Options{"subscribe": "t,u"}, both), "a1")
	})
}

// TestBatchParts: a topic is read in many parts, which together are all of it, transactions
// that were aborted left out.
func TestBatchParts(t *testing.T) {
	everywhere(t, func(t *testing.T, l *lab) {
		l.topic("t", 2)
		txn := l.client(kgo.TransactionalID("x"))
		var want []string
		for i := range 60 {
			if err := txn.BeginTransaction(); err != nil {
				t.Fatal(err)
			}
			commit := kgo.TransactionEndTry(i%3 > 0)
			for k := range 3 {
				v := fmt.Sprintf(`{"id":"k%d","n":%d}`, k, i)
				l.put(txn, "t", fmt.Sprintf("%d:%s", i%2, v))
				if commit == kgo.TryCommit {
					want = append(want, fmt.Sprintf("k%d | %d", k, i))
				}
			}
			if err := txn.EndTransaction(t.Context(), commit); err != nil {
				t.Fatal(err)
			}
		}
		for _, n := range []string{"1", "7", "50", "1000", "most"} {
			options := connector.Options{"subscribe": "t", "format": "json", "minPartitions": n}
			if n == "most" {
				options = connector.Options{"subscribe": "t", "format": "json", "maxRecordsPerPartition": "60", "groupIdPrefix": "x", "fetchOffset.numRetries": "3"}
			}
			rows, parts, err := l.scan(options, connector.Scan{Columns: []int{0, 1}, Limit: -1})
			if err != nil {
				t.Fatal(err)
			}
			if got := sorted(rows); !slices.Equal(got, sorted(want)) {
				t.Errorf("%s parts: %d rows instead of %d", n, len(got), len(want))
			}
			if least := map[string]int{"1": 2, "7": 7, "50": 50, "1000": 240, "most": 4}[n]; len(parts) < least {
				t.Errorf("%s parts wanted, %d made", n, len(parts))
			}
			counts, _, err := l.scan(options, connector.Scan{Limit: -1})
			sum := 0
			for _, c := range counts {
				var one int
				fmt.Sscan(c, &one) //nolint:errcheck // a number of ours
				sum += one
			}
			if err != nil || sum != len(want) {
				t.Errorf("%s parts: %d rows are counted instead of %d, %v", n, sum, len(want), err)
			}
		}
	})
}

func TestBatchOriginLimitAndStats(t *testing.T) {
	l := embedded(t)
	l.topic("t", 1)
	for i := range 5 {
		l.put(l.cl, "t", fmt.Sprintf(`0:{"id":"a","n":%d}`, i))
	}
	tab := l.table(connector.Options{"subscribe": "t", "format": "json"})
	src, err := l.connector().Batch(t.Context(), l.env(), tab)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	if s, err := src.Stats(t.Context()); err != nil || s.Rows != 5 || s.Bytes != -1 {
		t.Errorf("stats %+v, %v", s, err)
	}
	sc := connector.Scan{Columns: []int{1}, Limit: 3}
	parts, err := src.Parts(t.Context(), sc)
	if err != nil || len(parts) != 1 || parts[0].ID != "t[0]@0..4" {
		t.Fatalf("parts %v, %v", parts, err)
	}
	var got []string
	for b, err := range src.Read(t.Context(), parts[0], sc) {
		if err != nil {
			t.Fatal(err)
		}
		for i := range b.Each() {
			got = append(got, b.Origin(i))
		}
	}
	l.want("origins", got, "t[0]@0", "t[0]@1", "t[0]@2")
	if _, err := l.open(connector.Options{"subscribePattern": "t"}); errs.ClassOf(err) != "UNSUPPORTED_FEATURE" {
		t.Errorf("a stream by pattern: %v", err)
	}
}
