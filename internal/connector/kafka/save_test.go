package kafka_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// saving begins a batch write.
func (l *lab) saving(options connector.Options, s types.Schema, m connector.SaveMode) (connector.BatchWriter, error) {
	l.t.Helper()
	sink, err := l.connector().Save(l.t.Context(), l.env(), l.table(options))
	if err != nil {
		return nil, err
	}
	l.t.Cleanup(func() { sink.Close() }) //nolint:errcheck // nothing is written then
	return sink.Begin(l.t.Context(), s, m)
}

func TestSaveIsAtomic(t *testing.T) {
	everywhere(t, func(t *testing.T, l *lab) {
		l.topic("t", 2)
		options := connector.Options{"subscribe": "t", "format": "json", "key": "id"}
		for i, end := range []func(connector.BatchWriter) error{
			func(w connector.BatchWriter) error { return w.Abort(t.Context()) },
			func(w connector.BatchWriter) error { return w.Commit(t.Context()) },
			func(w connector.BatchWriter) error { return w.Commit(t.Context()) },
		} {
			w, err := l.saving(options, readings, connector.SaveAppend)
			if err != nil {
				t.Fatal(err)
			}
			for k := range 3 {
				if err := w.Write(t.Context(), reading(fmt.Sprintf("a:%d", k+10*i), "b:-")); err != nil {
					t.Fatal(err)
				}
			}
			if err := end(w); err != nil {
				t.Fatal(err)
			}
		}
		want := sorted([]string{"a | 10", "a | 11", "a | 12", "a | 20", "a | 21", "a | 22", "b | NULL", "b | NULL", "b | NULL", "b | NULL", "b | NULL", "b | NULL"})
		l.want("rows", sorted(l.batch(connector.Options{"subscribe": "t", "format": "json"}, connector.Scan{Columns: []int{0, 1}, Limit: -1})), want...)
		l.want("a key and its value", l.batch(connector.Options{"subscribe": "t"}, connector.Scan{Columns: []int{0, 1}, Limit: 1})[:1], strings.Split(l.first(), "\n")...)
	})
}

// first is the first record that a client of its own reads, as key and value.
func (l *lab) first() string {
	cl := l.client(kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{"t": {0: kgo.NewOffset().AtStart(), 1: kgo.NewOffset().AtStart()}}), kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	best := ""
	for range 2 {
		cl.PollFetches(l.t.Context()).EachRecord(func(r *kgo.Record) {
			if best == "" || r.Partition == 0 && !strings.HasPrefix(best, "0") {
				best = fmt.Sprintf("%d%s | %s", r.Partition, r.Key, r.Value)
			}
		})
		if strings.HasPrefix(best, "0") {
			break
		}
	}
	return best[1:]
}

var headersType = types.ArrayOf(types.StructOf(types.Field{Name: "key", Type: types.StringType, Nullable: true}, types.Field{Name: "value", Type: types.BinaryType, Nullable: true}), true)

// whole are all columns that a message can have.
var whole = types.Schema{{Name: "key", Type: types.StringType}, {Name: "value", Type: types.BinaryType}, {Name: "topic", Type: types.StringType},
	{Name: "partition", Type: types.IntType}, {Name: "headers", Type: headersType}, {Name: "offset", Type: types.LongType}}

// message makes a row of them; topic "" and partition -1 are NULL.
func wholeRow(value, topic string, partition int32, headers ...string) *vec.Batch {
	b := vec.NewBuilder(whole)
	b.Cols[0].AppendString("k")
	b.Cols[1].AppendString(value)
	if topic == "" {
		b.Cols[2].AppendNull()
	} else {
		b.Cols[2].AppendString(topic)
	}
	if partition == -1 {
		b.Cols[3].AppendNull()
	} else {
		vec.Append(b.Cols[3], partition)
	}
	for _, h := range headers {
		one := b.Cols[4].Child(0)
		one.Child(0).AppendString(h)
		one.Child(1).AppendString("v" + h)
		one.EndStruct()
	}
	b.Cols[4].EndList()
	b.Cols[5].AppendNull()
	return b.Finish()
}

func TestSaveRawColumns(t *testing.T) {
	everywhere(t, func(t *testing.T, l *lab) {
		l.topic("a", 3)
		write := func(options connector.Options, rows ...*vec.Batch) error {
			w, err := l.saving(options, whole, connector.SaveNew)
			for _, r := range rows {
				if err == nil {
					err = w.Write(t.Context(), r)
				}
			}
			if err != nil {
				if w != nil {
					w.Abort(t.Context()) //nolint:errcheck // the first failure counts
				}
				return err
			}
			return w.Commit(t.Context())
		}
		if err := write(connector.Options{}, wholeRow("1", "a", 2, "x", "y"), wholeRow("2", "a", 0), wholeRow("3", "neu", -1)); err != nil {
			t.Fatal(err)
		}
		all := connector.Scan{Columns: []int{0, 1, 2, 3, 7}, Limit: -1}
		l.want("rows", l.batch(connector.Options{"subscribe": "a", "includeHeaders": "true"}, all), "k | 2 | a | 0 | NULL", "k | 1 | a | 2 | [{x, vx}, {y, vy}]")
		l.want("a topic made", l.batch(connector.Options{"subscribe": "neu"}, valueOnly), "3")
		if err := write(connector.Options{"topic": "other"}, wholeRow("4", "a", -1)); err != nil {
			t.Fatal(err)
		}
		l.want("the option comes first", l.batch(connector.Options{"subscribe": "other"}, valueOnly), "4")
		if err := write(connector.Options{}, wholeRow("5", "a", 1), wholeRow("6", "", 0)); errs.ClassOf(err) != "KAFKA_NULL_TOPIC_IN_DATA" {
			t.Errorf("no topic: %v", err)
		}
		if err := write(connector.Options{}, wholeRow("5", "a", 1), wholeRow("6", "a", 3)); err == nil || l.home != nil && errs.ClassOf(err) != "UNKNOWN_TOPIC_OR_PARTITION" {
			t.Errorf("partition 3 of 3: %v", err)
		}
		l.want("nothing more came", l.batch(connector.Options{"subscribe": "a"}, valueOnly), "2", "1")
	})
}

func TestSaveRefusals(t *testing.T) {
	l := embedded(t)
	for _, c := range []struct {
		options connector.Options
		mode    connector.SaveMode
		schema  types.Schema
		class   string
	}{
		{connector.Options{"subscribe": "t", "format": "json"}, connector.SaveOverwrite, readings, "UNSUPPORTED_FEATURE"},
		{connector.Options{"subscribe": "t", "format": "json"}, connector.SaveIgnore, readings, "UNSUPPORTED_FEATURE"},
		{connector.Options{"format": "json"}, connector.SaveAppend, readings, "MISSING_OPTION"},
		{connector.Options{"subscribe": "a,b", "format": "json"}, connector.SaveAppend, readings, "MISSING_OPTION"},
		{connector.Options{}, connector.SaveAppend, types.Schema{{Name: "value", Type: types.StringType}}, "MISSING_OPTION"},
		{connector.Options{"topic": "t"}, connector.SaveAppend, readings, "KAFKA_SINK_NO_VALUE"},
		{connector.Options{"topic": "t"}, connector.SaveAppend, append(types.Schema{{Name: "value", Type: types.StringType}}, readings...), "KAFKA_SINK_COLUMN"},
		{connector.Options{"topic": "t"}, connector.SaveAppend, types.Schema{{Name: "value", Type: types.StringType}, {Name: "partition", Type: types.LongType}}, "KAFKA_SINK_COLUMN"},
	} {
		if _, err := l.saving(c.options, c.schema, c.mode); errs.ClassOf(err) != c.class {
			t.Errorf("%v %s %v: %v", c.options, c.mode, c.schema.Names(), err)
		}
	}
}
