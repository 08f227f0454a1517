package interim

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/azud/azud/internal/sys"
)

// pass runs retention once, in simulated time.
func pass(t *testing.T, clock *stepClock) {
	t.Helper()
	clock.steps <- struct{}{}
	clock.steps <- struct{}{} // taken when the first pass is over
}

func startStepped(t *testing.T, dir string) (*Broker, *stepClock, *logged) {
	t.Helper()
	world := sys.Real()
	clock := &stepClock{Clock: world.Clock, steps: make(chan struct{})}
	world.Clock = clock
	l := &logged{}
	b, err := Start(t.Context(), Config{Sys: world, Addrs: []string{"127.0.0.1:0"}, Dir: dir, Log: l.line})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b, clock, l
}

// Each record is a batch; retention removes a whole expired prefix and nothing else.
func TestRetention(t *testing.T) {
	const fresh, stale = time.Duration(0), 8 * 24 * time.Hour
	set := func(kv ...string) map[string]*string {
		m := map[string]*string{}
		for i := 0; i < len(kv); i += 2 {
			m[kv[i]] = &kv[i+1]
		}
		return m
	}
	pad := strings.Repeat("x", 1000)
	tests := []struct {
		name    string
		configs map[string]*string
		ages    []time.Duration
		pad     string
		kept    string // the indices that remain
	}{
		{"all expired", nil, []time.Duration{stale, stale, stale}, "", ""},
		{"expired prefix", nil, []time.Duration{stale, stale, fresh}, "", "2"},
		{"fresh before expired", nil, []time.Duration{fresh, fresh, stale}, "", "0 1 2"},
		{"fresh between expired", nil, []time.Duration{stale, fresh, stale}, "", "1 2"},
		{"compacted", set("cleanup.policy", "compact"), []time.Duration{stale, stale}, "", "0 1"},
		{"compacted and deleted", set("cleanup.policy", "compact,delete"), []time.Duration{stale, fresh}, "", "1"},
		{"kept for ever", set("retention.ms", "-1"), []time.Duration{stale}, "", "0"},
		{"the topic's own time", set("retention.ms", "3600000"), []time.Duration{2 * time.Hour, fresh}, "", "1"},
		{"size", set("retention.bytes", "2500"), []time.Duration{fresh, fresh, fresh, fresh, fresh}, pad, "2 3 4"},
		{"size kept", set("retention.bytes", "9000"), []time.Duration{fresh, fresh}, pad, "0 1"},
		{"size, compacted", set("retention.bytes", "1", "cleanup.policy", "compact"), []time.Duration{fresh, fresh}, pad, "0 1"},
		{"more than one reply", nil, append(slicesOf(stale, 1500), fresh), pad, "1500"},
	}
	for _, dir := range []string{"", t.TempDir()} {
		b, clock, l := startStepped(t, dir)
		c := client(t, b.Addr())
		adm := kadm.NewClient(c)
		for i, tc := range tests {
			topic := fmt.Sprintf("t%d", i)
			if _, err := adm.CreateTopic(t.Context(), 1, 1, tc.configs, topic); err != nil {
				t.Fatal(err)
			}
			fill(t, b.Addr(), topic, tc.ages, tc.pad)
		}
		pass(t, clock)
		for i, tc := range tests {
			t.Run(fmt.Sprintf("%s/disk=%v", tc.name, dir != ""), func(t *testing.T) {
				var got []string
				for _, r := range readAll(t, b.Addr(), fmt.Sprintf("t%d", i)) {
					got = append(got, fmt.Sprint(r.Offset))
				}
				if s := strings.Join(got, " "); s != tc.kept {
					t.Errorf("kept %q, want %q", s, tc.kept)
				}
			})
		}
		if l.String() != "" {
			t.Errorf("log: %s", l)
		}
	}
}

func slicesOf(d time.Duration, n int) []time.Duration {
	out := make([]time.Duration, n)
	for i := range out {
		out[i] = d
	}
	return out
}

// fill produces a batch a record: in a batch, timestamps would be judged together.
func fill(t *testing.T, addr, topic string, ages []time.Duration, pad string) {
	t.Helper()
	c := client(t, addr, kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerBatchCompression(kgo.NoCompression()))
	for _, age := range ages {
		r := &kgo.Record{Topic: topic, Key: []byte("k"), Value: []byte("v" + pad), Timestamp: time.Now().Add(-age)}
		if err := c.ProduceSync(t.Context(), r).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
}

// An open transaction is never cut, however old its records say that they are.
func TestRetentionKeepsAnOpenTransaction(t *testing.T) {
	b, _, _ := startStepped(t, "") // its own passes wait for a clock that stands
	c := client(t, b.Addr(), kgo.TransactionalID("x"))
	if err := c.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	r := &kgo.Record{Topic: "t", Value: []byte("v"), Timestamp: time.Now().Add(-8 * 24 * time.Hour)}
	if err := c.ProduceSync(t.Context(), r).FirstErr(); err != nil {
		t.Fatal(err)
	}
	b.retainOnce(t.Context())
	if err := c.EndTransaction(context.Background(), kgo.TryCommit); err != nil {
		t.Fatal(err)
	}
	if got := readAll(t, b.Addr(), "t"); len(got) != 1 {
		t.Errorf("%d records", len(got))
	}
}

// A defect in a pass is told, with its stack, and the next pass runs.
func TestRetentionSurvivesItsDefects(t *testing.T) {
	l := &logged{}
	b := &Broker{cfg: Config{Log: l.line}} // without a front: the pass panics
	b.retainOnce(t.Context())
	if s := l.String(); !strings.Contains(s, "retention") || !strings.Contains(s, "upkeep.go") {
		t.Errorf("log: %s", s)
	}
}
