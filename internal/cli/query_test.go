//go:build unix

package cli

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const oneTable = "+---+\n|uno|\n+---+\n|1  |\n+---+\n"

// The shell's ways in and out are the same with a daemon, named or found, and without one.
func TestSQL(t *testing.T) {
	dir := t.TempDir()
	p := up(t, dir, nil, "--no-pipelines")
	file := write(t, "SELECT 1 AS uno;\nSELECT nada;\n", dir, "consultas.sql")
	for _, way := range []struct {
		name string
		data string
		args []string
	}{
		{"the daemon of the data", p.data, nil},
		{"the daemon of --data", "", []string{"--data", p.data}},
		{"the daemon of --http", "", []string{"--http", p.http}},
		{"the daemon of --http as a URL", "", []string{"--http", "http://" + p.http + "/"}},
		{"no daemon", filepath.Join(dir, "otros"), nil},
	} {
		t.Run(way.name, func(t *testing.T) {
			for _, c := range []struct {
				in        string
				args      []string
				status    int
				out, err_ string // err_: a part
			}{
				{"", []string{"-e", "SELECT 1 AS uno"}, 0, oneTable, ""},
				{"SELECT 1 AS uno;", nil, 0, oneTable, ""},
				{"", nil, 0, "", ""},
				{"SELECT 2", []string{"-e", ""}, 0, "", ""},
				{"", []string{"-o", "json", "-e", "SELECT 1 AS uno, 'a\"b' AS dos, true AS t, null AS n; SELECT array(1, 2) AS l, TIMESTAMP '2024-01-15 10:30:00' AS ts"}, 0,
					`{"schema":[["uno","int"],["dos","string"],["t","boolean"],["n","void"]],"rows":[[1,"a\"b",true,null]]}` + "\n" +
						`{"schema":[["l","array<int>"],["ts","timestamp"]],"rows":[[[1,2],"2024-01-15 10:30:00"]]}` + "\n", ""},
				{"", []string{"-o", "csv", "-e", "SELECT 1 AS uno, 'a,\"b' AS dos, null AS n"}, 0, "uno,dos,n\n1,\"a,\"\"b\",\n", ""},
				{"", []string{"-f", file}, 1, oneTable, "] "},
				{"", []string{"--keep-going", "-f", file, "-o", "csv", "-e", "SELECT 3 AS tres"}, 1, "uno\n1\ntres\n3\n", " --> " + file + ":2:8\n"},
				{"", []string{"-e", "CREATE TEMPORARY VIEW v AS SELECT :a AS a, '${b}' AS b; DECLARE x INT DEFAULT 5", "-e", "SET VAR x = x + 1", "-e", "SELECT v.*, x FROM v", "-o", "csv",
					"-D", "a=2.50", "-D", "b=hola"}, 0, "a,b,x\n2.50,hola,6\n", ""},
				{"", []string{"-D", "tabla=v", "-e", "SELECT 1 AS ${tabl}"}, 1, "", "did you mean ${tabla}?"},
				{"", []string{"-e", "SET tabla = x; SELECT '${tabla}' AS t", "-o", "markdown"}, 0, "| key | value |\n| --- | --- |\n| tabla | x |\n| t |\n| --- |\n| x |\n", ""},
				{"", []string{"--memory", "64m", "--workers", "2", "-e", "SET azud.sql.memory; SET azud.sql.workers", "-o", "json"}, 0,
					`{"schema":[["key","string"],["value","string"]],"rows":[["azud.sql.memory","64m"]]}` + "\n" + `{"schema":[["key","string"],["value","string"]],"rows":[["azud.sql.workers","2"]]}` + "\n", ""},
				{"", []string{"-e", "SET azud.sql.workers = 0"}, 1, "", "azud.sql.workers"},
				{"", []string{"-f", file}, 1, oneTable, " --> " + file + ":2:8\n  |\n2 | SELECT nada;\n  |        ^^^^\n"},
				{"SELECT\n  1 +;", nil, 1, "", " --> standard input:2:6\n  |\n2 |   1 +;\n  |      ^\n"},
				{"", []string{"-e", "SELEC 1"}, 1, "", " --> -e:1:1\n  |\n1 | SELEC 1\n  | ^^^^^\n"},
			} {
				r := azud(t, way.data, c.in, append(append([]string{"sql"}, way.args...), c.args...)...)
				if out := strings.ReplaceAll(r.out, `\u003c`, "<"); r.status != c.status || strings.ReplaceAll(out, `\u003e`, ">") != c.out ||
					!strings.Contains(r.err, c.err_) || c.err_ == "" && r.err != "" {
					t.Errorf("azud sql %q < %q: %d\n%s%s", c.args, c.in, r.status, r.out, r.err)
				}
			}
			r := azud(t, way.data, "", append(append([]string{"sql"}, way.args...), "-o", "json", "-e", "SELECT 1; SELECT nada; SELECT 2")...)
			lines := strings.Split(strings.TrimSpace(r.out), "\n")
			var last struct {
				Error map[string]string
			}
			if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil || r.status != 1 || len(lines) != 2 || len(last.Error) != 3 ||
				!strings.HasPrefix(last.Error["class"], "UNRESOLVED_COLUMN") || last.Error["sqlState"] != "42703" || !strings.Contains(r.err, last.Error["message"]) {
				t.Error(r, err)
			}
		})
	}
	p.interrupt()
}

// Without --data and --http the demonstration's daemon is found too.
func TestSQLFindsTheDemonstration(t *testing.T) {
	p := up(t, t.TempDir(), nil, "--demo")
	base := strings.TrimSuffix(p.data, demoSuffix)
	r := azud(t, base, "", "sql", "-o", "json", "-e", "SHOW TABLES")
	if r.status != 0 || !strings.Contains(r.out, "estadisticas") {
		t.Error(r)
	}
	if _, err := os.Stat(base); !os.IsNotExist(err) {
		t.Error("it has made data of its own", err)
	}
	p.interrupt()
}

func TestShell(t *testing.T) {
	s := azudShell(t, "SELECT 1 AS uno;\nSELECT\n\nnada;\nexit\nSELECT 3;\n")
	if s.status != 0 || !strings.Contains(s.out, oneTable) || !strings.Contains(s.err, "console:3:1\n") || strings.Contains(s.out, "|3") {
		t.Error(s)
	}
}

// azudShell is azud sql on a terminal.
func azudShell(t *testing.T, in string) result {
	t.Helper()
	var r result
	data := t.TempDir()
	run := newTestApp(data, in)
	run.a.interactive = true
	r.status = run.a.run(t.Context(), "azud", []string{"sql"})
	r.out, r.err = run.out.String(), run.err.String()
	return r
}

func TestTopicsAndRecords(t *testing.T) {
	dir := t.TempDir()
	p := up(t, dir, nil, "--no-pipelines")
	if r := azud(t, p.data, "", "topic", "list"); r.status != 0 || r.out != "" || r.err != "there are no topics yet\n" {
		t.Error(r)
	}
	produce(t, p.kafka, "medidas", `{"a":1}`, "texto", "\x1b[2J")
	look := func(t *testing.T, args ...string) {
		t.Helper()
		with := func(more ...string) result { return azud(t, p.data, "", append(more, args...)...) }
		r := with("topic", "list")
		if want := "TOPIC                            PARTITIONS      RECORDS\nmedidas                                   3            3\n"; r.out != want {
			t.Error(r)
		}
		r = with("consume", "medidas", "--from-beginning", "-n", "3")
		got := strings.Split(r.out, "\n")
		for _, want := range []string{`{"a":1}`, "texto"} {
			if !strings.Contains(r.out, want+"\n") {
				t.Errorf("no %s in %q", want, r.out)
			}
		}
		if r.status != 0 || len(got) != 4 || !strings.Contains(r.out, "\x1b[2J\n") { // a file gets records as they are
			t.Error(r)
		}
		r = with("consume", "medidas", "--from-beginning", "-n", "3", "-o", "json")
		for line := range strings.Lines(r.out) {
			var rec map[string]any
			if err := json.Unmarshal([]byte(line), &rec); err != nil || rec["topic"] != "medidas" || rec["key"] != nil || rec["timestamp"] == nil {
				t.Error(line, err)
			}
		}
		if r := with("consume", "medias"); r.status != 1 || !strings.Contains(r.err, "did you mean medidas?") {
			t.Error(r)
		}
	}
	t.Run("of the daemon", func(t *testing.T) { look(t) })
	t.Run("of a Kafka", func(t *testing.T) { look(t, "--bootstrap-server", p.kafka) })
	p.interrupt()
	t.Run("without a daemon", func(t *testing.T) { look(t) })
}

// A pipe that is closed ends the command without a word, also when nothing more comes.
func TestConsumeEndsWithItsPipe(t *testing.T) {
	dir := t.TempDir()
	p := up(t, dir, nil, "--no-pipelines")
	produce(t, p.kafka, "x", "1", "2")
	head := func(t *testing.T, args ...string) {
		cmd := command(t, dir, nil, append([]string{"consume", "x", "--from-beginning"}, args...)...)
		var errOut bytes.Buffer
		cmd.Stderr = &errOut
		out, err := cmd.StdoutPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line == "" {
			t.Error(line, err)
		}
		out.Close()
		stop := time.AfterFunc(testPatience, func() { cmd.Process.Kill() })
		defer stop.Stop()
		if err := cmd.Wait(); err != nil || errOut.Len() > 0 {
			t.Errorf("%v: %s", err, errOut.String())
		}
	}
	t.Run("with a daemon", func(t *testing.T) { head(t) })
	p.interrupt()
	t.Run("without", func(t *testing.T) { head(t) })
	if _, err := os.Stat(filepath.Join(p.data, runningFile)); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the data were not closed:", err)
	}
}

func TestConsumeUntilCtrlC(t *testing.T) {
	dir := t.TempDir()
	p := up(t, dir, nil, "--no-pipelines")
	produce(t, p.kafka, "x", "1")
	c := start(t, dir, nil, "consume", "x", "--from-beginning", "--keys")
	c.until("the first record", func() bool { return c.stdout() == "null\t1\n" })
	produce(t, p.kafka, "x", "2")
	c.until("the next record", func() bool { return c.stdout() == "null\t1\nnull\t2\n" })
	c.cmd.Process.Signal(os.Interrupt)
	if r := c.wait(); r.status != 0 || r.err != "" {
		t.Error(r)
	}
	p.interrupt()
}
