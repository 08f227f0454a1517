package cli

import (
	"bytes"
	"context"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"
)

// Each step is a command line and what it leaves; the steps work on one broker.
func TestTopicCommands(t *testing.T) {
	k := startKafka(t)
	for _, c := range []struct {
		args   string
		status int
		out    string // a regular expression
		err    string // a part
	}{
		{"topic list", 0, `^$`, "there are no topics yet"},
		{"topic create a", 0, `^topic a created with 3 partitions\n$`, ""},
		{"topic create b c -p 1 --replication-factor 1 -c retention.ms=1000 --set cleanup.policy=compact,delete", 0, `^topic b created with 1 partition\ntopic c created with 1 partition\n$`, ""},
		{"topic create a", 1, `^$`, "[KAFKA_REFUSED] topic a was not created: "},
		{"topic create a --if-not-exists", 0, `^topic a is there already\n$`, ""},
		{"topic create d --set retention", 1, `^$`, "write it as NAME=VALUE"},
		{"topic create d --set retention.ms=mucho", 1, `^$`, "topic d was not created: "},
		{"topic create d --replication-factor 3", 1, `^$`, "topic d was not created: "},
		{"topic create d -p 0", 2, `^$`, "1 partition or more, not 0"},
		{"topic create mal/o", 1, `^$`, "topic mal/o was not created: "},
		{"topic list", 0, `^TOPIC +PARTITIONS +RECORDS\na +3 +0\nb +1 +0\nc +1 +0\n$`, ""},
		{"topic describe b", 0, `^topic b\nid +[\w-]{22}\n\nPARTITION .*\n +0 +1 +0 +0 +0 +0\n\nsettings:\n  cleanup.policy=compact,delete\n  retention.ms=1000\n$`, ""},
		{"topic describe a b", 0, `(?s)^topic a\n.*\n\ntopic b\n`, ""},
		{"topic describe a --all-settings", 0, `(?s)\n  max.message.bytes=\d+  \(default\)\n`, ""},
		{"topic describe aa", 1, `^$`, "did you mean a?"},
		{"topic alter a b --set retention.ms=60000 --unset cleanup.policy", 0, `^changed a, b\n$`, ""},
		{"topic describe b", 0, `settings:\n  retention.ms=60000\n$`, ""},
		{"topic alter a", 2, `^$`, "nothing to change"},
		{"topic alter a --set x=1 --unset x", 1, `^$`, "x is both set and unset"},
		{"topic alter a --set retention.ms=-7", 1, `^$`, "the settings of topic a were not changed: "},
		{"topic alter a --partitions 2", 1, `^$`, "topic a did not get 2 partitions: "},
		{"topic alter a --partitions -2", 2, `^$`, "1 partition or more"},
		{"topic alter a --partitions 4", 0, `^changed a\n$`, ""},
		{"topic alter nada --partitions 4", 1, `^$`, "there is no topic nada"},
		{"produce a x -p 0", 0, `^$`, "1 record written to a"},
		{"produce a y z -p 3", 0, `^$`, "2 records written to a"},
		{"topic list", 0, `\na +4 +3\n`, ""},
		{"topic describe a", 0, `\n +3 +1 +0 +2 +2 +[1-9]\d*\n`, ""},
		{"topic purge a", 1, `^$`, "this would delete 3 records of topic a"},
		{"topic purge a --before ayer --yes", 1, `^$`, `"ayer" is no place in a topic`},
		{"topic purge a -p 7 --yes", 1, `^$`, "topic a has no partition 7"},
		{"topic purge a -p 3 --before 1 --yes", 0, `^topic a: 1 record deleted\n$`, ""},
		{"topic purge a --before 1h -y", 0, `^topic a: nothing to purge\n$`, ""},
		{"topic purge a --before -1 -y", 0, `^topic a: nothing to purge\n$`, ""},
		{"topic purge a -y", 0, `^topic a: 2 records deleted\n$`, ""},
		{"topic list", 0, `\na +4 +0\n`, ""},
		{"topic delete b nada --yes", 1, `^$`, "there is no topic nada"},
		{"topic delete b", 1, `^$`, "this would delete b with all records"},
		{"topic delete b c --yes", 0, `^topic b deleted\ntopic c deleted\n$`, ""},
		{"topic list", 0, `^TOPIC .*\na +4 +0\n$`, ""},
		{"consume a -g g --exit", 0, `^$`, ""},
		{"topic describe a --command-config /nada", 1, `^$`, "[COMMAND_CONFIG] cannot read /nada: "},
	} {
		r := k.azud("", strings.Fields(c.args)...)
		if r.status != c.status || !regexp.MustCompile(c.out).MatchString(r.out) || !strings.Contains(r.err, c.err) || c.err == "" && r.err != "" {
			t.Errorf("azud %s: status %d\n%s%s", c.args, r.status, r.out, r.err)
		}
	}
}

// On a terminal the question is asked, and only a yes is one.
func TestConfirmation(t *testing.T) {
	k := startKafka(t)
	for _, c := range []struct {
		in   string
		gone bool
	}{{"\n", false}, {"n\n", false}, {"", false}, {"what\n", false}, {"y\n", true}, {"YES\n", true}, {"sí\n", true}} {
		k.azud("", "topic", "create", "x", "--if-not-exists")
		app := newTestApp(k.data, c.in)
		app.a.interactive = true
		status := app.a.run(t.Context(), "azud", []string{"topic", "delete", "x", "--bootstrap-server", k.addr})
		said := app.err.String()
		if !strings.HasPrefix(said, "This will delete x with all records. Go on? [y/N] ") || (status == 0) != c.gone || strings.Contains(said, "nothing was changed") == c.gone {
			t.Errorf("%q: status %d\n%s", c.in, status, said)
		}
	}
}

// Ctrl+C is a no.
func TestConfirmationEndsWithCtrlC(t *testing.T) {
	k := startKafka(t)
	k.ok("topic", "create", "x")
	typing, keys := io.Pipe()
	defer keys.Close()
	app := newTestApp(k.data, "")
	app.a.in, app.a.interactive = typing, true
	asked := &said{want: "[y/N] ", ready: make(chan struct{})}
	app.a.sys.Err = asked
	ctx, interrupt := context.WithTimeout(t.Context(), testPatience)
	ended := make(chan int, 1)
	go func() {
		ended <- app.a.run(ctx, "azud", []string{"topic", "delete", "x", "--bootstrap-server", k.addr})
	}()
	select {
	case <-asked.ready:
	case <-time.After(testPatience):
		t.Fatal("it does not ask")
	}
	interrupt()
	if status := <-ended; status != exitInterrupted {
		t.Errorf("status %d", status)
	}
	if out := k.ok("topic", "list"); !strings.Contains(out, "\nx ") {
		t.Errorf("it is gone: %s", out)
	}
}

// said waits for a text.
type said struct {
	bytes.Buffer
	want  string
	ready chan struct{}
	done  bool
}

func (s *said) Write(p []byte) (int, error) {
	n, err := s.Buffer.Write(p)
	if !s.done && strings.Contains(s.String(), s.want) {
		s.done = true
		close(s.ready)
	}
	return n, err
}
