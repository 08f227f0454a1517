package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// read reads n records of a topic, by partition and offset.
func (k *kafka) read(topic string, n int) []*kgo.Record {
	k.t.Helper()
	ctx, cancel := context.WithTimeout(k.t.Context(), testPatience)
	defer cancel()
	cl := k.client(kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	var out []*kgo.Record
	for len(out) < n {
		f := cl.PollFetches(ctx)
		if err := f.Err(); err != nil {
			k.t.Fatalf("%d of %d records: %v", len(out), n, err)
		}
		out = append(out, f.Records()...)
	}
	slices.SortFunc(out, func(a, b *kgo.Record) int {
		return int(a.Partition-b.Partition)*1000 + int(a.Offset-b.Offset)
	})
	return out
}

// brief is a record in one line; nothing that a producer sets is left out but the time.
func brief(r *kgo.Record) string {
	show := func(b []byte) string {
		if b == nil {
			return "null"
		}
		return fmt.Sprintf("%q", b)
	}
	s := fmt.Sprintf("%d %s=%s", r.Partition, show(r.Key), show(r.Value))
	for _, h := range r.Headers {
		s += fmt.Sprintf(" %s:%s", h.Key, show(h.Value))
	}
	return s
}

func TestProduce(t *testing.T) {
	for _, c := range []struct {
		name string
		in   string
		args []string
		want []string
	}{
		{"values", "", []string{"x", "uno", "", "dos palabras"}, []string{`0 null="uno"`, `0 null=""`, `0 null="dos palabras"`}},
		{"lines", "uno\r\n\ndos", []string{"x"}, []string{`0 null="uno"`, `0 null=""`, `0 null="dos"`}},
		{"bytes that are no text", "\xff\x00\n", []string{"x"}, []string{`0 null="\xff\x00"`}},
		{"nothing", "", []string{"x"}, nil},
		{"a key", "a\n", []string{"x", "-k", "k"}, []string{`0 "k"="a"`}},
		{"an empty key", "a\n", []string{"x", "--key", ""}, []string{`0 ""="a"`}},
		{"keys", "k:a\nl:b:c\n:d\n", []string{"x", "--key-separator", ":"}, []string{`0 "k"="a"`, `0 "l"="b:c"`, `0 ""="d"`}},
		{"tombstones", "k:NULL\nNULL:v\n", []string{"x", "--key-separator", ":", "--null", "NULL"}, []string{`0 "k"=null`, `0 null="v"`}},
		{"headers", "a\n", []string{"x", "-H", "h=1", "--header", "h=2=3", "-H", "e="}, []string{`0 null="a" h:"1" h:"2=3" e:""`}},
		{"gzip", "a\n", []string{"x", "--compression", "gzip"}, []string{`0 null="a"`}},
		{"zstd", "a\n", []string{"x", "--compression", "zstd"}, []string{`0 null="a"`}},
		{"lz4", "a\n", []string{"x", "--compression", "lz4"}, []string{`0 null="a"`}},
		{"snappy", "a\n", []string{"x", "--compression", "snappy"}, []string{`0 null="a"`}},
		{"json", `{"value":"a"}` + "\n" + `{"key":"k","value":{"n": 1},"headers":{"h":"x","i":null,"j":["1",{"base64":"/w=="}]},"partition":0,"offset":7,"topic":"otro"}` + "\n" +
			`{"key":{"a":1},"value":null}` + "\n" + `{"value":{"base64":"AP8="},"key":12}` + "\n" + `{"value":{"base64":"no"}}` + "\n",
			[]string{"x", "--json"},
			[]string{`0 null="a"`, `0 "k"="{\"n\": 1}" h:"x" i:null j:"1" j:"\xff"`, `0 "{\"a\":1}"=null`, `0 "12"="\x00\xff"`, `0 null="{\"base64\":\"no\"}"`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			k := startKafka(t)
			k.ok("topic", "create", "x", "-p", "1")
			r := k.azud(c.in, append([]string{"produce"}, c.args...)...)
			if want := count(len(c.want), "record") + " written to x\n"; r.status != 0 || r.out != "" || r.err != want {
				t.Fatalf("status %d, %q, %q", r.status, r.out, r.err)
			}
			var got []string
			for _, r := range k.read("x", len(c.want)) {
				got = append(got, brief(r))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%q\ninstead of %q", got, c.want)
			}
		})
	}
}

func TestProduceErrorsReadAloud(t *testing.T) {
	k := startKafka(t)
	k.ok("topic", "create", "x", "-p", "2", "-c", "max.message.bytes=2000")
	for _, c := range []struct {
		in     string
		args   string
		status int
		say    []string
	}{
		{"", "x --compression zip", 1, []string{`there is no compression "zip"`, "none, gzip, snappy, lz4 or zstd"}},
		{"", "x v -H h", 1, []string{`"h" is no header`, "NAME=VALUE"}},
		{"", "x v -k a --key-separator :", 2, []string{"--key and --key-separator exclude each other"}},
		{"", "x v -k a --json", 2, []string{"--json and --key exclude each other"}},
		{"", "x v -p -3", 2, []string{"numbered from 0"}},
		{"", "", 2, []string{"takes TOPIC"}},
		{"a:1\nb\n", "x --key-separator :", 1, []string{"1 record written to x", `line 2 has no key: ":" is not in it`, "KEY:VALUE"}},
		{"{\"value\":1}\nno\n", "x --json", 1, []string{"1 record written to x", "line 2: this is no record in JSON", `write {"key"`}},
		{"{}", "x --json", 1, []string{"0 records written", "line 1: the record has no value", "tombstone"}},
		{"null", "x --json", 1, []string{"no record in JSON but null"}},
		{`{"vaule":1}`, "x --json", 1, []string{`a record has no "vaule"; did you mean value?`}},
		{`{"value":1,"headers":[1]}`, "x --json", 1, []string{"headers are an object"}},
		{`{"value":1,"partition":"a"}`, "x --json", 1, []string{"the partition is none"}},
		{"", "x v -p 2", 1, []string{"record 1 of topic x was not written", "2 from 2 available"}},
		{strings.Repeat("x", 3000), "x", 1, []string{"record 1 is longer than topic x takes", "azud topic alter x --set max.message.bytes=…"}},
	} {
		r := k.azud(c.in, append([]string{"produce"}, strings.Fields(c.args)...)...)
		if r.status != c.status || r.out != "" {
			t.Errorf("azud produce %s: status %d, %s", c.args, r.status, r.out)
		}
		for _, say := range c.say {
			if !strings.Contains(r.err, say) {
				t.Errorf("azud produce %s does not say %q:\n%s", c.args, say, r.err)
			}
		}
	}
}

// The client's own limit does not get in the way of the topic's.
func TestProduceALongRecord(t *testing.T) {
	k := startKafka(t)
	k.ok("topic", "create", "x", "-p", "1", "-c", "max.message.bytes=5000000")
	if r := k.azud(strings.Repeat("x", 3_000_000), "produce", "x"); r.status != 0 {
		t.Error(r)
	}
}

// Lines without a key spread over the partitions; a key always goes to the same one, Kafka's.
func TestProduceSpreadsLikeKafka(t *testing.T) {
	k := startKafka(t)
	k.ok("topic", "create", "x", "-p", "3")
	var in strings.Builder
	for i := range 60 {
		fmt.Fprintf(&in, "sensor_%d;v\n", i%6)
	}
	k.azud(in.String(), "produce", "x", "--key-separator", ";")
	where := map[string]int32{}
	for _, r := range k.read("x", 60) {
		if p, ok := where[string(r.Key)]; ok && p != r.Partition {
			t.Errorf("%s is in %d and %d", r.Key, p, r.Partition)
		}
		where[string(r.Key)] = r.Partition
	}
	for key, p := range where { // Apache Kafka leaves partition 1 empty for such keys
		if p == 1 {
			t.Errorf("%s is in partition 1", key)
		}
	}
	k.ok("topic", "create", "y", "-p", "3")
	k.azud(strings.Repeat(strings.Repeat("y", 100_000)+"\n", 60), "produce", "y")
	parts := map[int32]bool{}
	for _, r := range k.read("y", 60) {
		parts[r.Partition] = true
	}
	if len(parts) < 2 {
		t.Error("all records without a key are in one partition")
	}
}

// Everything that a record holds survives azud consume -o json | azud produce --json.
func TestRoundTrip(t *testing.T) {
	k := startKafka(t)
	k.ok("topic", "create", "a", "b", "-p", "2", "-c", "retention.ms=-1")
	cl := k.client()
	values := [][]byte{nil, {}, []byte("texto"), []byte(`"texto"`), []byte("null"), []byte("true"), []byte("12"), []byte("-0.50"), []byte(" 12"), []byte("12 "),
		[]byte(`{"a": 1,  "b":"<é&>"}`), []byte(`{"a":1} `), []byte(`[1, 2]`), []byte(`{"base64":"AAE="}`), []byte(`{"base64":"x"}`), []byte(`{"base64":"AAE=","b":1}`),
		{0xff, 0x00, 0x80}, []byte("{\"a\":\"\xff\"}"), []byte("dos\nlíneas"), []byte("\x1b[2J\u2028\ufffd"), []byte("{no json}"), []byte("falso"), []byte("1e999")}
	base := time.Date(2020, 2, 29, 1, 2, 3, 4e6, time.UTC)
	var sent []*kgo.Record
	for i, v := range values {
		sent = append(sent, &kgo.Record{Topic: "a", Partition: int32(i % 2), Key: values[(i+3)%len(values)], Value: v, Timestamp: base.Add(time.Duration(i) * 1001 * time.Millisecond),
			Headers: []kgo.RecordHeader{{Key: "h", Value: v}, {Key: "", Value: []byte("vacía")}, {Key: "h", Value: nil}, {Key: "ñ\"", Value: values[(i+1)%len(values)]}}})
	}
	k.write(cl, sent...)
	out := k.ok("consume", "a", "--from-beginning", "--exit", "-o", "json")
	if n := strings.Count(out, "\n"); n != len(values) {
		t.Fatalf("%d lines\n%s", n, out)
	}
	if r := k.azud(out, "produce", "b", "--json"); r.status != 0 {
		t.Fatal(r)
	}
	was, is := k.read("a", len(values)), k.read("b", len(values))
	for i := range was {
		slices.SortStableFunc(was[i].Headers, func(a, b kgo.RecordHeader) int { return strings.Compare(a.Key, b.Key) }) // the order of different names is not kept
		slices.SortStableFunc(is[i].Headers, func(a, b kgo.RecordHeader) int { return strings.Compare(a.Key, b.Key) })
		if a, b := brief(was[i]), brief(is[i]); a != b || !was[i].Timestamp.Equal(is[i].Timestamp) {
			t.Errorf("%s at %v became\n%s at %v", a, was[i].Timestamp, b, is[i].Timestamp)
		}
	}
}

// JSON over several lines is one line, and the same JSON.
func TestJSONIsOneLine(t *testing.T) {
	got := string(appendRecord(nil, &kgo.Record{Topic: "t", Timestamp: time.UnixMilli(5), Value: []byte("{\n  \"a\":\r\n 1\n}")}, consumeOptions{output: "json"}))
	if want := `{"topic":"t","partition":0,"offset":0,"timestamp":5,"key":null,"value":{   "a":   1 },"headers":{}}` + "\n"; got != want {
		t.Errorf("%q", got)
	}
}

// What has been read when Ctrl+C comes is written.
func TestProduceLosesNothingOnCtrlC(t *testing.T) {
	for _, typing := range []bool{false, true} {
		k := startKafka(t)
		k.ok("topic", "create", "x", "-p", "1")
		in, out := io.Pipe()
		app := newTestApp(k.data, "")
		app.a.in, app.a.interactive = in, typing
		ctx, interrupt := context.WithTimeout(t.Context(), testPatience)
		ended := make(chan int, 1)
		go func() { ended <- app.a.run(ctx, "azud", []string{"produce", "x", "--bootstrap-server", k.addr}) }()
		const n = 500
		for i := range n {
			fmt.Fprintf(out, "%d\n", i)
		}
		io.WriteString(out, strings.Repeat("#", 100)) // taken when all lines before are
		interrupt()
		status := <-ended
		out.Close()
		written := 0
		fmt.Sscanf(strings.TrimPrefix(app.err.String(), "each line becomes a record of x; end with Ctrl+D\n"), "%d", &written)
		if want := map[bool]int{false: exitInterrupted, true: 0}[typing]; status != want || written < n-1 {
			t.Errorf("typing %v: status %d, %s", typing, status, app.err.String())
		}
		for i, r := range k.read("x", written) {
			if !bytes.Equal(r.Value, fmt.Append(nil, i)) {
				t.Fatalf("record %d is %s", i, r.Value)
			}
		}
	}
}
