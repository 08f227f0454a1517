package cli

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/azud/azud/internal/sys"
)

// patience fails a test that waits for what does not come.
const testPatience = 30 * time.Second

// TestMain lets the test binary be azud itself, for what needs a process: signals, pipes, kills.
func TestMain(m *testing.M) {
	if os.Getenv("AZUD_TEST_AS_AZUD") == "1" {
		os.Exit(Main(os.Args[0], os.Args[1:]))
	}
	os.Exit(m.Run())
}

// result is what a command line left.
type result struct {
	status   int
	out, err string
}

// testApp is azud in this process, with its output.
type testApp struct {
	a        *app
	out, err bytes.Buffer
}

func newTestApp(data, in string) *testApp {
	r := &testApp{}
	s := sys.Real()
	s.Out, s.Err = &r.out, &r.err
	s.Env = func(name string) (string, bool) { return data, name == "AZUD_DATA" }
	r.a = &app{sys: s, in: strings.NewReader(in)}
	return r
}

// azud runs a command line in this process, over the data unless it names others.
func azud(t *testing.T, data, in string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), testPatience)
	defer cancel()
	app := newTestApp(data, in)
	status := app.a.run(ctx, "azud", args)
	r := result{status, app.out.String(), app.err.String()}
	if ctx.Err() != nil {
		t.Fatalf("azud %s does not end: %+v", strings.Join(args, " "), r)
	}
	return r
}

// process is a running azud.
type process struct {
	t    *testing.T
	cmd  *exec.Cmd
	dir  string // where it works
	mu   sync.Mutex
	out  bytes.Buffer
	err  bytes.Buffer
	news chan struct{}
	// what its ready line says
	kafka, http, data string
}

type collector struct {
	p   *process
	buf *bytes.Buffer
}

func (c collector) Write(b []byte) (int, error) {
	c.p.mu.Lock()
	c.buf.Write(b)
	c.p.mu.Unlock()
	select {
	case c.p.news <- struct{}{}:
	default:
	}
	return len(b), nil
}

func (p *process) stdout() string { p.mu.Lock(); defer p.mu.Unlock(); return p.out.String() }
func (p *process) stderr() string { p.mu.Lock(); defer p.mu.Unlock(); return p.err.String() }

// command prepares azud as a process of its own, with AZUD_DATA in its working directory.
func command(t *testing.T, dir string, env []string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Dir = dir
	cmd.Env = append(append(os.Environ(), "AZUD_TEST_AS_AZUD=1", "GORACE=atexit_sleep_ms=0", "AZUD_DATA="+filepath.Join(dir, "datos"), "USGS_URL=http://127.0.0.1:1/none"), env...)
	return cmd
}

func start(t *testing.T, dir string, env []string, args ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: command(t, dir, env, args...), dir: dir, news: make(chan struct{}, 1)}
	p.cmd.Stdout, p.cmd.Stderr = collector{p, &p.out}, collector{p, &p.err}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.cmd.Process.Kill(); p.cmd.Wait() })
	return p
}

var readyLine = regexp.MustCompile(`(?m)^azud ready kafka=(127\.0\.0\.1:\d+) http=(127\.0\.0\.1:\d+) data=(\S+) in \d+ ms$`)

// up starts 'azud up' on free ports and waits until it is ready.
func up(t *testing.T, dir string, env []string, args ...string) *process {
	t.Helper()
	p := start(t, dir, env, append([]string{"up", "--kafka", "127.0.0.1:0", "--http", "127.0.0.1:0"}, args...)...)
	p.until("it is ready", func() bool {
		m := readyLine.FindStringSubmatch(p.stdout())
		if m != nil {
			p.kafka, p.http, p.data = m[1], m[2], m[3]
		}
		return m != nil
	})
	return p
}

// until waits until something that the output shows holds.
func (p *process) until(what string, ok func() bool) {
	p.t.Helper()
	for end := time.After(testPatience); !ok(); {
		select {
		case <-p.news:
		case <-time.After(20 * time.Millisecond):
		case <-end:
			p.t.Fatalf("not within reason: %s\n%s%s", what, p.stdout(), p.stderr())
		}
	}
}

// wait waits for the end and gives what is left.
func (p *process) wait() result {
	p.t.Helper()
	timer := time.AfterFunc(testPatience, func() { p.cmd.Process.Kill() })
	defer timer.Stop()
	err := p.cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		p.t.Fatal(err)
	}
	return result{p.cmd.ProcessState.ExitCode(), p.stdout(), p.stderr()}
}

// interrupt is Ctrl+C; the end must be clean.
func (p *process) interrupt() result {
	p.t.Helper()
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		p.t.Fatal(err)
	}
	r := p.wait()
	if r.status != exitOK || !strings.HasSuffix(r.err, "azud: stopped; what is committed is kept\n") {
		p.t.Errorf("status %d after Ctrl+C:\n%s", r.status, r.err)
	}
	return r
}

// write makes a file and its folders.
func write(t *testing.T, text string, path ...string) string {
	t.Helper()
	name := filepath.Join(path...)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}
