//go:build unix

package cli

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// failing is a pipeline whose flow fails at its first record, for good.
func failing(t *testing.T, dir string) string {
	t.Helper()
	write(t, "CREATE TABLE e (a INT) USING kafka OPTIONS (subscribe 'e', format 'json', startingOffsets 'earliest');\n"+
		"CREATE TABLE s USING console;\nCREATE FLOW f AS INSERT INTO s BY NAME SELECT 1 DIV (a - a) AS a FROM STREAM e;\n", dir, "falla", "f.sql")
	return filepath.Dir(write(t, "name: falla\n", dir, "falla", "spark-pipeline.yml"))
}

func produce(t *testing.T, kafka, topic string, values ...string) {
	t.Helper()
	cl, err := kgo.NewClient(kgo.SeedBrokers(kafka), kgo.AllowAutoTopicCreation())
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	for _, v := range values {
		if err := cl.ProduceSync(t.Context(), &kgo.Record{Topic: topic, Value: []byte(v)}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
}

// sse opens an event stream of a daemon and waits for its first line.
func (p *process) sse(query string) *http.Response {
	p.t.Helper()
	tr := &http.Transport{}
	p.t.Cleanup(tr.CloseIdleConnections)
	req, err := http.NewRequestWithContext(p.t.Context(), "GET", "http://"+p.http+"/api/v1/events?"+query, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	resp, err := tr.RoundTrip(req)
	if err != nil {
		p.t.Fatal(err)
	}
	if _, err := bufio.NewReader(resp.Body).ReadString('\n'); err != nil {
		p.t.Fatal(err)
	}
	return resp
}

func TestUpSaysWhatRunsAndThenThatItIsReady(t *testing.T) {
	p := up(t, t.TempDir(), nil)
	lines := strings.Split(strings.TrimSpace(p.stdout()), "\n")
	if !readyLine.MatchString(lines[len(lines)-1]) {
		t.Errorf("the last line is %q", lines[len(lines)-1])
	}
	for _, say := range []string{"broker    " + p.kafka, "console   http://localhost:", "data      " + p.dir, "pipeline  sismos: ingesta, alertas, estadisticas"} {
		if !strings.Contains(p.stdout(), say) {
			t.Errorf("it does not say %q:\n%s", say, p.stdout())
		}
	}
	p.interrupt()
	if _, err := os.Stat(filepath.Join(p.data, runningFile)); !os.IsNotExist(err) {
		t.Error("it leaves", runningFile, err)
	}
}

func TestReadyLineQuotesAPathWithSpaces(t *testing.T) {
	p := start(t, t.TempDir(), nil, "up", "--kafka", "127.0.0.1:0", "--http", "127.0.0.1:0", "--no-pipelines", "--data", "mis datos")
	p.until("it is ready", func() bool { return strings.Contains(p.stdout(), "azud ready") })
	if !strings.Contains(p.stdout(), `data="`+filepath.Join(p.dir, "mis datos")+`" in `) {
		t.Error(p.stdout())
	}
	p.interrupt()
}

// Ctrl+C is clean whatever the flows and clients are doing.
func TestInterruptIsClean(t *testing.T) {
	t.Run("while the feed cannot be reached and a page is open", func(t *testing.T) {
		p := up(t, t.TempDir(), nil)
		defer p.sse("topic=sismos&from=earliest&table=estadisticas&flows=1&topics=1&status=1").Body.Close()
		p.until("the feed is in trouble", func() bool { return strings.Contains(p.stderr(), "sismos.ingesta: trouble, retrying") })
		p.interrupt()
	})
	t.Run("while the feed does not answer", func(t *testing.T) {
		hanging := taken(t) // accepts and says nothing
		p := up(t, t.TempDir(), []string{"USGS_URL=http://" + hanging})
		p.interrupt()
	})
	t.Run("after a flow has failed for good", func(t *testing.T) {
		dir := t.TempDir()
		p := up(t, dir, nil, "--ephemeral", "--pipelines", failing(t, dir))
		produce(t, p.kafka, "e", `{"a": 1}`)
		p.until("the flow stops", func() bool { return strings.Contains(p.stderr(), "falla.f: stopped by an error") })
		r := p.interrupt()
		if n := strings.Count(r.err, "DIVIDE_BY_ZERO"); n != 1 {
			t.Errorf("the error is shown %d times:\n%s", n, r.err)
		}
	})
	t.Run("by two signals at once", func(t *testing.T) { // to a process and to its group
		p := up(t, t.TempDir(), nil)
		for range 2 {
			if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
		}
		if r := p.wait(); r.status != exitOK {
			t.Errorf("status %d: %s", r.status, r.err)
		}
	})
	t.Run("by SIGTERM", func(t *testing.T) {
		p := up(t, t.TempDir(), nil)
		if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if r := p.wait(); r.status != exitOK {
			t.Errorf("status %d: %s", r.status, r.err)
		}
	})
}

func TestEphemeralLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	p := up(t, dir, nil, "--ephemeral", "--no-pipelines")
	if p.data != "(memory)" {
		t.Error(p.data)
	}
	produce(t, p.kafka, "x", "1")
	p.interrupt()
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Error(entries, err)
	}
}

func TestASecondStartContinues(t *testing.T) {
	dir := t.TempDir()
	// The demonstration wins over what is set for the real feed, in the environment and in a file.
	envFile := write(t, "USGS_URL=http://127.0.0.1:1/file\nUSGS_INTERVAL=1 hour\n", dir, "config.env")
	p := up(t, dir, nil, "--demo", "--env-file", envFile)
	if want := filepath.Join(dir, "datos-demo"); p.data != want {
		t.Errorf("data in %s instead of %s", p.data, want)
	}
	p.until("alerts come", func() bool { return strings.Contains(p.stdout(), "ALERTA SISMICA") })
	p.interrupt()
	// Everything an aborted and a continued run read is there once.
	p = up(t, dir, nil, "--demo")
	query := func() (n, distinct float64) {
		r := azud(t, "", "", "sql", "--http", p.http, "-o", "json", "-e", "SELECT count(*), count(DISTINCT id) FROM sismos")
		var got struct{ Rows [][2]float64 }
		if err := json.Unmarshal([]byte(r.out), &got); err != nil || len(got.Rows) != 1 {
			t.Fatal(r, err)
		}
		return got.Rows[0][0], got.Rows[0][1]
	}
	if n, distinct := query(); n < 10 || n != distinct {
		t.Errorf("%v earthquakes, %v different ones", n, distinct)
	}
	p.interrupt()
	text, err := os.ReadFile(filepath.Join(dir, "alertas.log"))
	if err != nil {
		t.Fatal(err)
	}
	boxes := strings.SplitAfter(strings.TrimSpace(string(text)), "╝")
	slices.Sort(boxes)
	if n := len(boxes); n < 2 || len(slices.Compact(boxes)) != n {
		t.Errorf("%d alerts, some twice:\n%s", n, text)
	}
}

func TestAKilledDaemon(t *testing.T) {
	dir := t.TempDir()
	p := up(t, dir, nil, "--no-pipelines")
	produce(t, p.kafka, "x", "1", "2")
	p.cmd.Process.Kill()
	p.wait()
	if _, err := os.Stat(filepath.Join(p.data, runningFile)); err != nil {
		t.Fatal("the test needs what a killed daemon leaves:", err)
	}
	// Commands do without it, and so does the next start.
	if r := azud(t, p.data, "", "topic", "list"); r.status != 0 || !strings.Contains(r.out, "x  ") || !strings.HasSuffix(r.out, " 2\n") {
		t.Error(r)
	}
	next := up(t, dir, nil, "--no-pipelines")
	if r := azud(t, next.data, "", "consume", "x", "--from-beginning", "-n", "2"); r.out != "1\n2\n" {
		t.Error(r)
	}
	// Another daemon may have got the address that the dead one has left.
	other := filepath.Join(dir, "otros")
	left, err := json.Marshal(running{PID: 1, Kafka: next.kafka, HTTP: next.http})
	if err != nil {
		t.Fatal(err)
	}
	write(t, string(left), other, runningFile)
	if r := azud(t, "", "", "topic", "list", "--data", other); r.status != 0 || r.out != "" {
		t.Error("it asks the daemon of other data:", r)
	}
	next.interrupt()
}

func TestDataInUse(t *testing.T) {
	dir := t.TempDir()
	p := up(t, dir, nil, "--no-pipelines")
	r := azud(t, p.data, "", "up", "--kafka", "127.0.0.1:0", "--http", "127.0.0.1:0")
	want := fmt.Sprintf("[DATA_LOCKED] the data in %s are in use by another azud (process %d, console http://%s)", p.data, p.cmd.Process.Pid, p.http)
	if r.status != 1 || !strings.Contains(r.err, want) || !strings.Contains(r.err, "--data DIR") {
		t.Error(r)
	}
	p.interrupt()
	// A command without a console has them for a while too.
	cmd := command(t, dir, nil, "sql")
	in, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer in.Close()
	for end := time.Now().Add(testPatience); ; time.Sleep(10 * time.Millisecond) {
		if _, ok := readRunning(p.data); ok || time.Now().After(end) {
			break
		}
	}
	r = azud(t, p.data, "", "sql", "-e", "SELECT 1")
	if want := fmt.Sprintf("another azud (process %d)\n", cmd.Process.Pid); r.status != 1 || !strings.Contains(r.err, want) {
		t.Error(r)
	}
}

func TestUpEndsWithItsPipe(t *testing.T) {
	cmd := command(t, t.TempDir(), nil, "up", "--ephemeral", "--no-pipelines", "--kafka", "127.0.0.1:0", "--http", "127.0.0.1:0")
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	in := bufio.NewScanner(out)
	for in.Scan() && !strings.HasPrefix(in.Text(), "azud ready") {
	}
	out.Close()
	stop := time.AfterFunc(testPatience, func() { cmd.Process.Kill() })
	defer stop.Stop()
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}
