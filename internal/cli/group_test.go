package cli

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Each step is a command line and what it leaves. Topic a has 4 records in partition 0 of 2, at
// 00:00 to 03:00 of a day; group g has read 3 of them.
func TestGroupCommands(t *testing.T) {
	k := startKafka(t)
	k.ok("topic", "create", "a", "-p", "2", "-c", "retention.ms=-1")
	k.ok("topic", "create", "b", "-p", "1")
	cl := k.client()
	day := time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC)
	for i := range 4 {
		r := text("a", 0, "x")
		r.Timestamp = day.Add(time.Duration(i) * time.Hour)
		k.write(cl, r)
	}
	offsets := kadm.Offsets{}
	offsets.AddOffset("a", 0, 3, -1)
	if err := k.admin().CommitAllOffsets(t.Context(), "g", offsets); err != nil {
		t.Fatal(err)
	}
	const head = `TOPIC +PARTITION +FROM +TO\n`
	for _, c := range []struct {
		args   string
		status int
		out    string // a regular expression
		err    string // a part
	}{
		{"group list", 0, `^GROUP +STATE +MEMBERS +LAG\ng +Empty +0 +1\n$`, ""},
		{"group describe g", 0, `^group g, Empty, 0 members, lag 1\n\nTOPIC .*\na +0 +3 +4 +1  -\n$`, ""},
		{"group describe h", 1, `^$`, "there is no group h"},
		{"group describe gg", 1, `^$`, "did you mean g?"},
		{"group reset g", 2, `^$`, "either --to or --shift"},
		{"group reset g --to 1 --shift 1", 2, `^$`, "either --to or --shift"},
		{"group reset g --to mañana", 1, `^$`, `"mañana" is no place in a topic`},
		{"group reset g --to latest --topic nada", 1, `^$`, "there is no topic nada"},
		{"group reset h --to latest", 1, `^$`, "name the topics with --topic"},
		{"group reset g --to latest", 1, `^` + head + `a +0 +3 +4\na +1 +- +0\n$`, "add --yes if that is meant"},
		{"group reset g --to latest --dry-run", 0, `^` + head + `a +0 +3 +4\na +1 +- +0\n$`, "nothing was changed"},
		{"group reset g --shift -2 --dry-run", 0, `^` + head + `a +0 +3 +1\n$`, "nothing was changed"},
		{"group reset g --shift -100 --dry-run", 0, `^` + head + `a +0 +3 +0\n$`, "nothing was changed"},
		{"group reset g --shift 100 --dry-run", 0, `^` + head + `a +0 +3 +4\n$`, "nothing was changed"},
		{"group reset g --shift 1 -p 1", 1, `^$`, "has no offset of a[1] to shift"},
		{"group reset g --shift 1 -t b", 1, `^$`, "has no offsets of b to shift"},
		{"group reset g --to earliest -p 7 --dry-run", 1, `^$`, "topic a has no partition 7"},
		{"group reset g --to 2 -p 0 --dry-run", 0, `^` + head + `a +0 +3 +2\n$`, "nothing was changed"},
		{"group reset g --to 99 -p 0 --dry-run", 0, `^` + head + `a +0 +3 +4\n$`, "nothing was changed"},
		{"group reset g --to -3 -p 0 --dry-run", 0, `^` + head + `a +0 +3 +1\n$`, "nothing was changed"},
		{"group reset g --to 2026-01-31T01:30:00Z -p 0 --dry-run", 0, `^` + head + `a +0 +3 +2\n$`, "nothing was changed"},
		{"group reset g --to 2026-01-31 -p 0 --dry-run", 0, `^` + head + `a +0 +3 +0\n$`, "nothing was changed"},
		{"group reset g --to 1h -p 0 --dry-run", 0, `^` + head + `a +0 +3 +4\n$`, "nothing was changed"},
		{"group describe g", 0, `\na +0 +3 +4 +1  -\n$`, ""},
		{"group reset g --to earliest --yes", 0, `^` + head + `a +0 +3 +0\na +1 +- +0\n$`, ""},
		{"group describe g", 0, `\na +0 +0 +4 +4  -\na +1 +0 +0 +0  -\n$`, ""},
		{"group reset nuevo -t a,b --to latest -y", 0, `^` + head + `a +0 +- +4\na +1 +- +0\nb +0 +- +0\n$`, ""},
		{"group list", 0, `\ng +Empty +0 +4\nnuevo +Empty +0 +0\n$`, ""},
		{"group delete g", 1, `^$`, "this would delete g with all offsets"},
		{"group delete g nada --yes", 1, `^$`, "there is no group nada"},
		{"group delete g nuevo --yes", 0, `^group g deleted\ngroup nuevo deleted\n$`, ""},
		{"group list", 0, `^$`, "there are no groups yet"},
	} {
		r := k.azud("", strings.Fields(c.args)...)
		if r.status != c.status || !regexp.MustCompile(c.out).MatchString(r.out) || !strings.Contains(r.err, c.err) || c.err == "" && r.err != "" {
			t.Errorf("azud %s: status %d\n%s%s", c.args, r.status, r.out, r.err)
		}
	}
}

// A group with members is shown with them, and neither moved nor deleted; in both protocols.
func TestGroupsWithMembers(t *testing.T) {
	k := startKafka(t)
	for name, opts := range map[string][]kgo.Opt{
		"classic": nil,
		"kip848":  {kgo.ServerSideBalancer()},
	} {
		t.Run(name, func(t *testing.T) {
			k.ok("topic", "create", name, "-p", "1")
			cl := k.client(append(opts, kgo.ConsumerGroup(name), kgo.ConsumeTopics(name), kgo.ClientID("lector"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))...)
			k.write(k.client(), text(name, 0, "x"))
			if f := cl.PollFetches(t.Context()); f.Err() != nil || f.NumRecords() == 0 {
				t.Fatal(f.Err())
			}
			if err := cl.CommitUncommittedOffsets(t.Context()); err != nil {
				t.Fatal(err)
			}
			out := k.ok("group", "describe", name)
			if !regexp.MustCompile(`^group `+name+`, Stable, assignor \S+, 1 member, lag 0\n\nTOPIC .*\n`+name+` +0 +1 +1 +0  \S*lector.* /127\.0\.0\.1\n$`).MatchString(out) && name == "classic" ||
				!strings.Contains(out, "lector /127.0.0.1\n") && name == "kip848" || !strings.Contains(out, "1 member, lag 0") {
				t.Error(out)
			}
			r := k.azud("", "group", "reset", name, "--to", "earliest", "--yes")
			if r.status != 1 || r.out != "" || !strings.Contains(r.err, "has 1 member, and they would overwrite its offsets") || !strings.Contains(r.err, "stop its consumers first") {
				t.Error(r)
			}
			if r := k.azud("", "group", "reset", name, "--to", "earliest", "--dry-run"); r.status != 0 {
				t.Error(r)
			}
			if r := k.azud("", "group", "delete", name, "--yes"); r.status != 1 || !strings.Contains(r.err, "it has members") {
				t.Error(r)
			}
			idle := k.client(append(opts, kgo.ConsumerGroup(name), kgo.ConsumeTopics(name), kgo.InstanceID("fijo"))...)
			for end := time.Now().Add(testPatience); ; time.Sleep(20 * time.Millisecond) {
				ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
				idle.PollFetches(ctx)
				cl.PollFetches(ctx)
				cancel()
				out = k.ok("group", "describe", name)
				if strings.Contains(out, "2 members") && strings.Contains(out, "\nmembers without partitions:\n  ") {
					break
				}
				if time.Now().After(end) {
					t.Fatal(out)
				}
			}
		})
	}
}
