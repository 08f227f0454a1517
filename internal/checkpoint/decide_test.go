package checkpoint_test

import (
	"strings"
	"testing"

	"github.com/azud/azud/internal/checkpoint"
	"github.com/azud/azud/internal/connector"
)

func TestDecide(t *testing.T) {
	mark := func(id string, epoch int64) connector.EpochMark {
		return connector.EpochMark{Checkpoint: id, Epoch: epoch, Plan: []byte("plan")}
	}
	bare := connector.EpochMark{Checkpoint: "me", Epoch: 5}
	none := connector.EpochMark{}
	const once, least = connector.ExactlyOnce, connector.AtLeastOnce
	cases := []struct {
		name               string
		planned, committed int64
		wrote              int64
		guarantee          connector.Guarantee
		mark               connector.EpochMark
		want               string // action, epoch, flags; or the class of a refusal
	}{
		{"all new, exactly once", -1, -1, -1, once, none, "start fresh 0"},
		{"all new, at least once", -1, -1, -1, least, none, "start fresh 0"},
		{"first epoch planned, died before its commit", 0, -1, -1, least, none, "rerun 0"},
		{"first epoch planned, sink has no mark yet", 0, -1, -1, once, none, "rerun 0"},
		{"first epoch in the sink only", -1, -1, -1, once, mark("me", 0), "rerun 0 suppressed from mark"},
		{"committed, nothing else", 4, 4, 4, least, none, "next epoch 5"},
		{"committed, older plan kept", 3, 4, 4, least, none, "next epoch 5"},
		{"committed, plans never stored", -1, 4, 4, once, mark("me", 4), "next epoch 5"},
		{"planned, not committed", 5, 4, 4, least, none, "rerun 5"},
		{"planned, sink still at the last", 5, 4, 4, once, mark("me", 4), "rerun 5"},
		{"sink ahead by one", -1, 4, 4, once, mark("me", 5), "rerun 5 suppressed from mark"},
		{"sink ahead by one, plan stored as well", 5, 4, 4, once, mark("me", 5), "rerun 5 suppressed from mark"},
		{"sink ahead by one, plan only here", 5, 4, 4, once, bare, "rerun 5 suppressed"},
		{"sink ahead by one, plan nowhere", 4, 4, 4, once, bare, "CHECKPOINT_CORRUPT"},
		{"at-least-once sink with a mark ahead is believed", 5, 4, 4, least, mark("me", 5), "rerun 5 suppressed from mark"},
		{"sink ahead by two", -1, 4, 4, once, mark("me", 6), "CHECKPOINT_BEHIND"},
		{"sink ahead of a new checkpoint of the same id", -1, -1, -1, once, mark("me", 1), "CHECKPOINT_BEHIND"},
		{"sink behind", -1, 4, 4, once, mark("me", 3), "CHECKPOINT_SINK_BEHIND"},
		{"sink emptied", -1, 4, 4, once, none, "CHECKPOINT_SINK_BEHIND"},
		{"sink emptied before anything was committed", -1, -1, -1, once, none, "start fresh 0"},
		{"sink behind by epochs without rows", -1, 4, 2, once, mark("me", 2), "next epoch 5"},
		{"sink ahead of the last rows, behind the commits", -1, 4, 2, once, mark("me", 3), "next epoch 5"},
		{"sink lacks the last rows", -1, 4, 3, once, mark("me", 2), "CHECKPOINT_SINK_BEHIND"},
		{"no rows were ever written", -1, 4, -1, once, none, "next epoch 5"},
		{"checkpoint deleted", -1, -1, -1, once, mark("old", 7), "CHECKPOINT_MISMATCH"},
		{"checkpoint deleted, sink at the same number", -1, 7, 7, once, mark("old", 7), "CHECKPOINT_MISMATCH"},
		{"checkpoint of another query, sink one ahead", 7, 6, 6, once, mark("old", 7), "CHECKPOINT_MISMATCH"},
		{"a plan far ahead of the commits", 7, 4, 4, least, none, "CHECKPOINT_CORRUPT"},
		{"a plan far ahead, sink in between", 7, 4, 4, once, mark("me", 5), "CHECKPOINT_CORRUPT"},
	}
	for _, c := range cases {
		d := checkpoint.Decide(checkpoint.Observed{Query: "q", Checkpoint: "me", Dir: "/d", Planned: c.planned,
			Committed: c.committed, Wrote: c.wrote, Guarantee: c.guarantee, Mark: c.mark})
		got := string(d.Action) + " " + string(rune('0'+d.Epoch))
		if d.Suppress {
			got += " suppressed"
		}
		if d.Plan != nil {
			got += " from mark"
		}
		if d.Action == checkpoint.Refuse {
			got = d.Err.Class
			if d.Err.Hint == "" || !strings.Contains(d.Err.Msg, "q") {
				t.Errorf("%s: a refusal names the query and the remedy: %v, hint %q", c.name, d.Err, d.Err.Hint)
			}
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestSetupDifference(t *testing.T) {
	op := func(n int, json string) checkpoint.Fingerprint {
		return checkpoint.Fingerprint{Number: n, Of: []byte(json)}
	}
	old := &checkpoint.Setup{Operators: []checkpoint.Fingerprint{op(0, `{"kind":"aggregate","mode":"append","keys":["a"]}`)},
		Delays: []int64{10_000_000}, Sources: []connector.Offset{"0"}}
	cases := []struct {
		name string
		now  checkpoint.Setup
		warn string
		err  string
	}{
		{"the same in another order", checkpoint.Setup{Operators: []checkpoint.Fingerprint{op(0, `{"keys":["a"], "mode":"append","kind":"aggregate"}`)},
			Delays: old.Delays, Sources: old.Sources}, "", ""},
		{"another delay", checkpoint.Setup{Operators: old.Operators, Delays: []int64{5_000_000}, Sources: old.Sources},
			"the delay of watermark 0 was 10000 ms and is 5000 ms", ""},
		{"another key and mode", checkpoint.Setup{Operators: []checkpoint.Fingerprint{op(0, `{"kind":"aggregate","mode":"update","keys":["a","b"]}`)},
			Delays: old.Delays, Sources: old.Sources}, "",
			`stateful operator 0: keys was ["a"], is ["a","b"]; stateful operator 0: mode was "append", is "update"`},
		{"an operator more", checkpoint.Setup{Operators: append(old.Operators[:1:1], op(1, `{}`)), Delays: old.Delays, Sources: old.Sources},
			"", "stateful operator 1 is new"},
		{"no operator", checkpoint.Setup{Delays: old.Delays, Sources: old.Sources}, "", "stateful operator 0 is gone"},
		{"two streams", checkpoint.Setup{Operators: old.Operators, Delays: old.Delays, Sources: []connector.Offset{"", ""}}, "", "it reads 2 streams and read 1"},
	}
	for _, c := range cases {
		warn, err := old.Check(&c.now, "q", "/d")
		if got := strings.Join(warn, "; "); c.warn == "" && got != "" || !strings.Contains(got, c.warn) {
			t.Errorf("%s: warnings %q, want %q", c.name, got, c.warn)
		}
		if (err != nil) != (c.err != "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: error %v, want %q", c.name, err, c.err)
		}
	}
}
