package cli

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// completions is what a shell is offered for the last word.
func completions(t *testing.T, data string, args ...string) []string {
	t.Helper()
	r := azud(t, data, "", append([]string{"__complete"}, args...)...)
	var out []string
	for line := range strings.Lines(r.out) {
		if name, _, _ := strings.Cut(strings.TrimSpace(line), "\t"); !strings.HasPrefix(name, ":") {
			out = append(out, name)
		}
	}
	if r.status != 0 || !strings.HasSuffix(r.out, "\n:4\n") && !strings.HasSuffix(r.out, "\n:6\n") && r.out != ":4\n" { // no files; no space after NAME=
		t.Errorf("azud __complete %q: status %d\n%s%s", args, r.status, r.out, r.err)
	}
	return out
}

func TestCompletion(t *testing.T) {
	k := startKafka(t)
	k.ok("topic", "create", "sismos", "sensores")
	k.ok("group", "reset", "informes", "-t", "sismos", "--to", "latest", "-y")
	at := []string{"--bootstrap-server", k.addr}
	for _, c := range []struct{ args, want string }{
		{"consume |", "sensores sismos"},
		{"consume si|", "sismos"},
		{"consume sismos |", ""},
		{"produce |", "sensores sismos"},
		{"topic describe sismos |", "sensores sismos"},
		{"topic alter se|", "sensores"},
		{"topic delete |", "sensores sismos"},
		{"topic purge |", "sensores sismos"},
		{"topic purge sismos |", ""},
		{"topic create |", ""},
		{"topic create x --set ret|", "retention.bytes= retention.ms="},
		{"topic alter x --set ret|", "retention.bytes= retention.ms="},
		{"topic alter x --unset clean|", "cleanup.policy"},
		{"group describe |", "informes"},
		{"group reset |", "informes"},
		{"group delete inf|", "informes"},
		{"group reset informes --topic |", "sensores sismos"},
		{"group reset informes --to e|", "earliest"},
		{"consume sismos --group |", "informes"},
		{"consume sismos --output |", "json value"},
		{"consume sismos --from l|", "latest"},
		{"produce sismos --compression z|", "zstd"},
	} {
		args := strings.Split(strings.TrimSuffix(c.args, "|"), " ")
		command := 1
		if args[0] == "topic" || args[0] == "group" { // flags follow the command that has them
			command = 2
		}
		got := completions(t, k.data, slices.Concat(args[:command], at, args[command:])...)
		slices.Sort(got)
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s offers %q", c.args, got)
		}
	}
	for _, c := range []struct{ args, want string }{
		{"up --log-level |", "debug info warn error"},
		{"up --log-format |", "text json"},
		{"sql --output |", "table json csv markdown"},
	} {
		if got := completions(t, k.data, strings.Split(strings.TrimSuffix(c.args, "|"), " ")...); strings.Join(got, " ") != c.want {
			t.Errorf("%s offers %q", c.args, got)
		}
	}
	if got := completions(t, k.data, "topic", ""); strings.Join(got, " ") != "alter create delete describe list purge" {
		t.Errorf("%q", got)
	}
}

// Where nothing answers, nothing is offered, said or started, and soon.
func TestCompletionWithoutKafka(t *testing.T) {
	hanging, data := taken(t), filepath.Join(t.TempDir(), "datos") // accepts and says nothing
	for _, args := range [][]string{{"consume", ""}, {"consume", "--bootstrap-server", "127.0.0.1:1", ""}, {"consume", "--bootstrap-server", hanging, ""},
		{"group", "describe", "--command-config", "/nada", ""}, {"consume", "--http", "127.0.0.1:1", ""}} {
		start := time.Now()
		if got := completions(t, data, args...); len(got) > 0 {
			t.Errorf("%q offers %q", args, got)
		}
		t.Logf("%q ended after %v", args, time.Since(start))
	}
	if made, err := filepath.Glob(data + "*"); err != nil || len(made) > 0 {
		t.Error("it has made data:", made, err)
	}
}

// The scripts load in the shells that are there, and those of the daemon of the data are found.
func TestCompletionScripts(t *testing.T) {
	dir := t.TempDir()
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		r := azud(t, dir, "", "completion", shell)
		if r.status != 0 || r.err != "" || !strings.Contains(r.out, "__complete") {
			t.Errorf("%s: status %d, %s", shell, r.status, r.err)
		}
		program, err := exec.LookPath(shell)
		if err != nil || shell == "powershell" {
			continue
		}
		if out, err := exec.Command(program, "-n", write(t, r.out, dir, "azud."+shell)).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", shell, err, out)
		}
	}
}
