package cli

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"regexp"
	"strings"
	"testing"
)

func TestLogLines(t *testing.T) {
	var b bytes.Buffer
	l, err := newLogger(&b, "text", "info")
	if err != nil {
		t.Fatal(err)
	}
	l.Debug("not this")
	l.Info("listens", "addr", "127.0.0.1:9092", "empty", "", "text", `a "b"`, "n", 3)
	l.With("topic", "a b").WithGroup("g").Warn("slow", "ms", 5, slog.Group("in", "x", 1), slog.Group("", "y", 2), slog.Attr{})
	l.Error("client \x1b[2J\u202e", "id", "\x1b]0;owned\a", "who", "a\nb")
	want := []string{
		`listens addr=127.0.0.1:9092 empty="" text="a \"b\"" n=3`,
		`WARN slow topic="a b" g.ms=5 g.in.x=1 g.y=2`,
		`ERROR client ` + "\uFFFD[2J\uFFFD" + ` id="\x1b]0;owned\a" who="a\nb"`,
	}
	got := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	for i, line := range got {
		if !regexp.MustCompile(`^\d\d:\d\d:\d\d `).MatchString(line) || len(got) != len(want) || line[9:] != want[i] {
			t.Errorf("%q", line)
		}
	}
}

func TestLogOfObjects(t *testing.T) {
	var b bytes.Buffer
	l, err := newLogger(&b, "json", "warn")
	if err != nil {
		t.Fatal(err)
	}
	l.Info("not this")
	l.Warn("slow", "ms", 5)
	var o struct {
		Level, Msg string
		Ms         int
	}
	if err := json.Unmarshal(b.Bytes(), &o); err != nil || o.Level != "WARN" || o.Msg != "slow" || o.Ms != 5 {
		t.Error(b.String(), err)
	}
	for _, c := range [][2]string{{"xml", "info"}, {"text", "loud"}} {
		if _, err := newLogger(&b, c[0], c[1]); err == nil || !strings.Contains(err.Error(), "there is no log ") {
			t.Error(c, err)
		}
	}
}
