package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const (
	readyTime = 30 * time.Second
	countTime = 5 * time.Minute
)

var readyLine = regexp.MustCompile(`azud ready kafka=(\S+) http=(\S+) `)

// daemon is a running azud up.
type daemon struct {
	binary, dir string
	cmd         *exec.Cmd
	kafka, http string
	began       time.Time
	took        time.Duration // from the start of the process to its ready line
	drained     chan struct{} // its output has ended
}

// start runs azud up in dir and waits for its ready line.
func start(ctx context.Context, binary, dir, feedURL string, flags ...string) (*daemon, error) {
	work := filepath.Join(dir, "work")
	if err := os.MkdirAll(work, 0o755); err != nil {
		return nil, err
	}
	args := append([]string{"up", "--kafka", "127.0.0.1:0", "--http", "127.0.0.1:0", "--data", filepath.Join(dir, "data")}, flags...)
	d := &daemon{binary: binary, dir: work, cmd: exec.CommandContext(ctx, binary, args...), drained: make(chan struct{})}
	d.cmd.Dir = work
	d.cmd.Env = append(os.Environ(), "USGS_URL="+feedURL, "USGS_INTERVAL=200 milliseconds")
	out, err := d.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	d.cmd.Stderr = d.cmd.Stdout
	d.began = time.Now()
	if err := d.cmd.Start(); err != nil {
		return nil, err
	}
	lines := make(chan string, 1)
	go d.read(out, lines)
	select {
	case line := <-lines:
		m := readyLine.FindStringSubmatch(line)
		if m == nil {
			d.kill()
			return nil, fmt.Errorf("azud up did not get ready: %s", line)
		}
		d.took, d.kafka, d.http = time.Since(d.began), m[1], m[2]
		return d, nil
	case <-time.After(readyTime):
		d.kill()
		return nil, errors.New("azud up did not get ready")
	}
}

// read sends the ready line, or all that was said if there is none, and goes on reading.
func (d *daemon) read(out io.Reader, lines chan<- string) {
	defer close(d.drained)
	var said strings.Builder
	r := bufio.NewReader(out)
	for {
		line, err := r.ReadString('\n')
		if readyLine.MatchString(line) {
			lines <- line
			io.Copy(io.Discard, r) //nolint:errcheck // ends with the process
			return
		}
		said.WriteString(line)
		if err != nil {
			lines <- said.String()
			return
		}
	}
}

// stop is Ctrl+C; it returns the time until the process was gone.
func (d *daemon) stop() (time.Duration, error) {
	began := time.Now()
	if err := d.cmd.Process.Signal(os.Interrupt); err != nil {
		return 0, err
	}
	<-d.drained
	err := d.cmd.Wait()
	return time.Since(began), err
}

func (d *daemon) kill() {
	d.cmd.Process.Kill() //nolint:errcheck // it may be gone
	<-d.drained
	d.cmd.Wait() //nolint:errcheck // killed
}

// rss is the resident memory in MB.
func (d *daemon) rss() (float64, error) {
	out, err := exec.Command("ps", "-o", "rss=", "-p", strconv.Itoa(d.cmd.Process.Pid)).Output()
	if err != nil {
		return 0, err
	}
	kib, err := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
	return kib * 1024 / 1e6, err
}

// counted waits until the live table holds n events; the time is from the ready line.
func (d *daemon) counted(ctx context.Context, n int) (time.Duration, error) {
	const pause = 100 * time.Millisecond
	ready := d.began.Add(d.took)
	for time.Since(ready) < countTime && ctx.Err() == nil {
		got, err := d.sum()
		if err != nil {
			return 0, err
		}
		if got == n {
			return time.Since(ready), nil
		}
		if got > n {
			return 0, fmt.Errorf("the live table counts %d events of %d", got, n)
		}
		time.Sleep(pause)
	}
	return 0, fmt.Errorf("the live table does not count %d events in %v", n, countTime)
}

// sum asks the live table.
func (d *daemon) sum() (int, error) {
	const query = "SELECT coalesce(sum(sismos), 0) FROM estadisticas"
	cmd := exec.Command(d.binary, "sql", "--http", d.http, "-o", "json", "-e", query)
	cmd.Dir = d.dir
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		return 0, fmt.Errorf("azud sql: %w: %s", err, complaint.String())
	}
	var doc struct{ Rows [][]int }
	if err := json.Unmarshal(out, &doc); err != nil || len(doc.Rows) != 1 || len(doc.Rows[0]) != 1 {
		return 0, fmt.Errorf("azud sql said %s", out)
	}
	return doc.Rows[0][0], nil
}

func command(ctx context.Context, name string, args ...string) error {
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", name, err, out)
	}
	return nil
}
