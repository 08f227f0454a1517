package cli

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Topic a has in partition 0 the records a0 to a9, one an hour from midnight on, with the key
// k0 to k9, in partition 1 b0 and b1, and nothing in 2; e is empty.
func TestConsumePlaces(t *testing.T) {
	k := startKafka(t)
	k.ok("topic", "create", "a", "e", "-c", "retention.ms=-1")
	cl := k.client()
	day := time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC)
	for i := range 10 {
		k.write(cl, &kgo.Record{Topic: "a", Key: fmt.Append(nil, "k", i), Value: fmt.Append(nil, "a", i), Timestamp: day.Add(time.Duration(i) * time.Hour),
			Headers: []kgo.RecordHeader{{Key: "n", Value: fmt.Append(nil, i)}, {Key: "z"}}})
	}
	k.write(cl, &kgo.Record{Topic: "a", Partition: 1, Value: []byte("b0")}, &kgo.Record{Topic: "a", Partition: 1, Value: []byte("b1")})
	for _, c := range []struct {
		args string
		want string // lines, sorted
	}{
		{"a --from-beginning --exit", "a0|a1|a2|a3|a4|a5|a6|a7|a8|a9|b0|b1"},
		{"a --from earliest -e -p 1", "b0|b1"},
		{"a --exit", ""},
		{"a --from latest --exit", ""},
		{"e --from-beginning --exit", ""},
		{"e --exit -g nuevo", ""},
		{"a --from 8 --exit", "a8|a9"},
		{"a --from -1 --exit", "a9|b1"},
		{"a --from -0 --exit", ""},
		{"a --from 99 --exit", ""},
		{"a --from 2026-01-31T07:30:00Z --exit", "a8|a9|b0|b1"},
		{"a --from 2026-01-31T09:00:00+02:00 --exit -p 0", "a7|a8|a9"},
		{"a --from 2026-01-31T09:00 --exit -p 0", "a9"},
		{"a --from 2026-01-31 --exit -p 0 --until 1", "a0"},
		{"a --from 1h --exit", "b0|b1"},
		{"a --from-beginning --until 2026-01-31T02:00:00Z", "a0|a1"},
		{"a --from-beginning --until 2 -p 0,1", "a0|a1|b0|b1"},
		{"a --from-beginning --until 1 --exit", "a0|b0"},
		{"a --from-beginning --until -9", "a0"},
		{"a --from-beginning --until earliest", ""},
		{"a --from-beginning --until latest -p 1", "b0|b1"},
		{"a --from 8 --until 3 -p 0", ""},
		{"a --from-beginning -p 0 -n 3", "a0|a1|a2"},
		{"a --from-beginning -e -n 100 -p 1", "b0|b1"},
		{"a --from 9 -e -p 0 --keys", "k9\ta9"},
		{"a --from -1 -e -p 1 --keys", "null\tb1"},
		{"a --from 9 -e -p 0 --keys --headers --timestamps --offsets", "2026-01-31T09:00:00.000Z\t0:9\tn=9,z=null\tk9\ta9"},
		{"a --from 9 -e -p 0 -o json", `{"topic":"a","partition":0,"offset":9,"timestamp":1769850000000,"key":"k9","value":"a9","headers":{"n":"9","z":null}}`},
	} {
		r := k.azud("", append([]string{"consume"}, strings.Fields(c.args)...)...)
		if r.status != 0 || r.err != "" || lines(r.out) != c.want {
			t.Errorf("azud consume %s: status %d, %s%s", c.args, r.status, r.out, r.err)
		}
	}
	for _, c := range []struct{ filter, want string }{
		{"value = 'a3'", "a3"},
		{"key IS NULL", "b0|b1"},
		{"value LIKE 'a%' AND partition = 0 AND offset >= 8", "a8|a9"},
		{"timestamp < TIMESTAMP '2026-01-31 02:00:00'", "a0|a1"},
		{"CAST(substring(value, 2) AS INT) % 5 = 0", "a0|a5|b0"},
		{"topic = 'b'", ""},
		{"true", "a0|a1|a2|a3|a4|a5|a6|a7|a8|a9|b0|b1"},
	} {
		r := k.azud("", "consume", "a", "--from-beginning", "--exit", "--filter", c.filter)
		if r.status != 0 || r.err != "" || lines(r.out) != c.want {
			t.Errorf("--filter %q: status %d, %s%s", c.filter, r.status, r.out, r.err)
		}
	}
	if r := k.azud("", "consume", "a", "--from-beginning", "-p", "0", "-n", "2", "--filter", "offset > 4"); r.out != "a5\na6\n" {
		t.Error(r)
	}
}

func TestConsumeErrorsReadAloud(t *testing.T) {
	k := startKafka(t)
	k.ok("topic", "create", "a")
	k.azud("uno", "produce", "a")
	for _, c := range []struct {
		args   []string
		status int
		say    []string
	}{
		{[]string{"a", "--from-beginning", "--from", "3"}, 2, []string{"--from-beginning and --from exclude each other"}},
		{[]string{"a", "-g", "g", "-p", "1"}, 2, []string{"--group and --partition exclude each other"}},
		{[]string{"a", "-g", "g", "--from", "1"}, 2, []string{"--group and --from exclude each other"}},
		{[]string{"a", "-p", "x"}, 2, []string{"--partition"}},
		{[]string{"a", "--from", "-1h"}, 1, []string{`"-1h" is no place in a topic`, "10m, 24h, 7d"}},
		{[]string{"a", "--from", "31/1/2026"}, 1, []string{"2026-01-31T10:00:00Z"}},
		{[]string{"a", "--until", "2999-01-01"}, 1, []string{"--until 2999-01-01 has not come yet", "--exit"}},
		{[]string{"a", "-p", "3", "-e"}, 1, []string{"topic a has no partition 3", "it has 3 partitions, numbered from 0"}},
		{[]string{"a", "--filter", "valor = 1"}, 1, []string{"UNRESOLVED_COLUMN", "filter:1:1", "1 | valor = 1\n  | ^^^^^"}},
		{[]string{"a", "--filter", "value ="}, 1, []string{"PARSE_SYNTAX_ERROR", "filter:1:8"}},
		{[]string{"a", "--filter", "value = 'x' ORDER BY key"}, 1, []string{"PARSE_SYNTAX_ERROR", "filter:1:13"}},
		{[]string{"a", "--filter", "1; SELECT 2"}, 1, []string{"PARSE_SYNTAX_ERROR"}},
		{[]string{"a", "--filter", "value"}, 1, []string{"FILTER_NOT_BOOLEAN", "filter:1:1"}},
		{[]string{"a", "--filter", "count(*) > 1"}, 1, []string{"filter:1:1"}},
		{[]string{"a", "--from-beginning", "-e", "--filter", "CAST(value AS INT) = 1"}, 1, []string{"CAST_INVALID_INPUT", "uno"}},
	} {
		r := k.azud("", append([]string{"consume"}, c.args...)...)
		if r.status != c.status || r.out != "" {
			t.Errorf("azud consume %v: status %d, %s", c.args, r.status, r.out)
		}
		for _, say := range c.say {
			if !strings.Contains(r.err, say) {
				t.Errorf("azud consume %v does not say %q:\n%s", c.args, say, r.err)
			}
		}
	}
}

// A group goes on where it was, by what was shown and not by what was fetched.
func TestConsumeAsAGroup(t *testing.T) {
	k := startKafka(t)
	k.ok("topic", "create", "a", "-p", "1")
	if out := k.ok("consume", "a", "-g", "tarde", "--exit"); out != "" {
		t.Error(out)
	}
	k.azud("0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n", "produce", "a")
	for _, c := range []struct {
		args, want string
		committed  int
	}{
		{"--from-beginning -n 1", "0", 1},
		{"-n 2", "1|2", 3},
		{"--exit --until 5", "3|4", 5},
		{"-n 1 --filter value>'6'", "7", 8},
		{"--exit", "8|9", 10},
		{"--exit", "", 10},
		{"--exit --from-beginning", "", 10},
	} {
		out := k.ok(append([]string{"consume", "a", "-g", "g"}, strings.Fields(c.args)...)...)
		described := k.ok("group", "describe", "g")
		if lines(out) != c.want || !regexp.MustCompile(fmt.Sprintf(`\na +0 +%d +10 `, c.committed)).MatchString(described) {
			t.Errorf("%s: %q\n%s", c.args, out, described)
		}
	}
}

// The other members' partitions count as read when they have read them.
func TestConsumeSharesAGroup(t *testing.T) {
	k := startKafka(t)
	k.ok("topic", "create", "a", "-p", "2")
	var in strings.Builder
	for i := range 40 {
		fmt.Fprintf(&in, "{\"value\":%d,\"partition\":%d}\n", i, i%2)
	}
	k.azud(in.String(), "produce", "a", "--json")
	outs := make(chan result, 2)
	for range 2 {
		go func() { outs <- k.azud("", "consume", "a", "-g", "g", "--from-beginning", "--exit") }()
	}
	var all []string
	for range 2 {
		r := <-outs
		if r.status != 0 {
			t.Error(r)
		}
		all = append(all, strings.Fields(r.out)...)
	}
	slices.Sort(all)
	if got := slices.Compact(all); len(got) != 40 { // a rebalance may show some twice, but none is left out
		t.Errorf("%d of 40: %v", len(got), got)
	}
}

// Aborted and open transactions, markers at the end of the log and offsets without records
// neither show nor keep --exit waiting.
func TestConsumeTransactions(t *testing.T) {
	k := startKafka(t)
	k.ok("topic", "create", "a", "-p", "1")
	begin := func(id string, values ...string) *kgo.Client {
		cl := k.client(kgo.TransactionalID(id))
		if err := cl.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		for _, v := range values {
			k.write(cl, text("a", 0, v))
		}
		return cl
	}
	end := func(cl *kgo.Client, how kgo.TransactionEndTry) {
		if err := cl.EndTransaction(t.Context(), how); err != nil {
			t.Fatal(err)
		}
	}
	end(begin("uno", "a", "b"), kgo.TryCommit)
	end(begin("dos", "x", "y"), kgo.TryAbort)
	look := func(want, uncommitted string) {
		t.Helper()
		if out := k.ok("consume", "a", "--from-beginning", "--exit"); lines(out) != want {
			t.Errorf("committed: %q", out)
		}
		if out := k.ok("consume", "a", "--from-beginning", "--exit", "--read-uncommitted"); lines(out) != uncommitted {
			t.Errorf("uncommitted: %q", out)
		}
	}
	look("a|b", "a|b|x|y")
	open := begin("tres", "z") // the last stable offset stays before it
	look("a|b", "a|b|x|y|z")
	if out := k.ok("consume", "a", "-g", "g", "--from-beginning", "--exit"); lines(out) != "a|b" {
		t.Errorf("%q", out)
	}
	end(open, kgo.TryAbort)
	look("a|b", "a|b|x|y|z")
	if out := k.ok("consume", "a", "-g", "g", "--exit"); out != "" {
		t.Errorf("%q", out)
	}
	end(begin("cuatro", "c"), kgo.TryCommit)
	if out := k.ok("consume", "a", "-g", "g", "--exit"); out != "c\n" {
		t.Errorf("%q", out)
	}
	look("a|b|c", "a|b|c|x|y|z")
}

// What compaction has taken, also before the end, does not keep a reader waiting.
func TestConsumeACompactedTopic(t *testing.T) {
	k := startKafka(t)
	if k.Server == nil {
		t.Skip("compaction cannot be asked for")
	}
	k.ok("topic", "create", "c", "-p", "1", "-c", "cleanup.policy=compact", "-c", "segment.bytes=1048576", "-c", "min.cleanable.dirty.ratio=0", "-c", "delete.retention.ms=0")
	cl := k.client(kgo.ProducerBatchCompression(kgo.NoCompression()))
	put := func(key, value string) {
		r := &kgo.Record{Topic: "c", Key: []byte(key)}
		if value != "" {
			r.Value = []byte(value)
		}
		k.write(cl, r)
	}
	put("a", "1")
	put("b", "1")
	put("a", "2")
	for range 3 {
		put("z", strings.Repeat("#", 500_000)) // fills segments
	}
	put("b", "")
	p := k.Store().Topics().ByName("c").Partitions()[0]
	for range 3 {
		if err := k.Store().Compact(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if out := k.ok("consume", "c", "--from-beginning", "--exit", "--keys", "--offsets", "--filter", "key != 'z'"); lines(out) != "0:1\tb\t1|0:2\ta\t2|0:6\tb\tnull" {
		t.Errorf("%q of %d offsets in %d segments", out, p.End(), p.Segments())
	}
	for _, how := range [][]string{{"--from-beginning"}, {"-g", "g", "--from-beginning"}} {
		if out := k.ok(append([]string{"consume", "c", "--until", "1"}, how...)...); out != "" { // offset 0 is gone
			t.Errorf("%v: %q", how, out)
		}
	}
}

// A reader that follows a topic sees new partitions, and is told when the topic goes.
func TestConsumeFollowsTheTopic(t *testing.T) {
	k := startKafka(t)
	k.ok("topic", "create", "a", "-p", "1")
	app := newTestApp(k.data, "")
	seen := &said{want: "nuevo\n", ready: make(chan struct{})}
	app.a.sys.Out, app.a.lookEvery = seen, 50*time.Millisecond
	ctx, cancel := context.WithTimeout(t.Context(), testPatience)
	defer cancel()
	ended := make(chan int, 1)
	go func() {
		ended <- app.a.run(ctx, "azud", []string{"consume", "a", "--from-beginning", "--bootstrap-server", k.addr})
	}()
	k.ok("topic", "alter", "a", "-p", "2")
	k.azud("nuevo\n", "produce", "a", "-p", "1")
	select {
	case <-seen.ready:
	case status := <-ended:
		t.Fatal(status, app.err.String())
	}
	k.ok("topic", "delete", "a", "--yes")
	if status := <-ended; status != 1 || !strings.Contains(app.err.String(), "topic a was deleted") {
		t.Errorf("status %d, %s", status, app.err.String())
	}
}
