package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"
)

// daemon is the broker's process; start and kill take turns.
type daemon struct {
	bin, data, kafka string
	log              io.Writer // its standard error, of all runs
	complain         func(kind, format string, args ...any)

	cmd     *exec.Cmd
	started time.Time
	ready   chan time.Duration // one value: from start to the ready line
	ended   chan struct{}      // closed when the process has ended
	stopped bool               // it was asked or made to end
	mu      sync.Mutex         // guards stopped
}

var readyLine = regexp.MustCompile(`^azud ready kafka=\S+ `)

// freeAddr is a free address below the ports that the system gives to outgoing connections: a
// client that connects to a free port among those may connect to itself, and then holds it.
func freeAddr(from int) (string, error) {
	for port := from; port < from+500; port++ {
		addr := fmt.Sprintf("127.0.0.1:%d", port)
		if l, err := net.Listen("tcp", addr); err == nil {
			return addr, l.Close()
		}
	}
	return "", errors.New("no free port")
}

func (d *daemon) start() error {
	d.cmd = exec.Command(d.bin, "up", "--no-pipelines", "--kafka", d.kafka, "--http", "127.0.0.1:0", "--data", d.data)
	d.cmd.Env = append(os.Environ(), "KAFKA_LOG_RETENTION_CHECK_INTERVAL_MS=700", "KAFKA_LOG_CLEANER_BACKOFF_MS=500")
	out, err := d.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	errOut, err := d.cmd.StderrPipe()
	if err != nil {
		return err
	}
	d.ready, d.ended, d.stopped = make(chan time.Duration, 1), make(chan struct{}), false
	d.started = time.Now()
	if err := d.cmd.Start(); err != nil {
		return err
	}
	var wg sync.WaitGroup
	wg.Go(func() { d.watchReady(out, d.started) })
	wg.Go(func() { d.watchLog(errOut) })
	go func() {
		wg.Wait()
		err := d.cmd.Wait()
		d.mu.Lock()
		if !d.stopped {
			d.complain("broker", "the broker ended by itself: %v", err)
		}
		d.mu.Unlock()
		close(d.ended)
	}()
	return nil
}

func (d *daemon) watchReady(out io.Reader, started time.Time) {
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if readyLine.MatchString(lines.Text()) {
			d.ready <- time.Since(started)
		}
	}
}

// watchLog keeps the log, and reports what a broker whose disk is fine must not say.
func (d *daemon) watchLog(in io.Reader) {
	fmt.Fprintf(d.log, "--- start, process %d, %s\n", d.cmd.Process.Pid, d.started.Format(time.TimeOnly+".000"))
	lines := bufio.NewScanner(in)
	for lines.Buffer(nil, 1<<20); lines.Scan(); {
		text := lines.Text()
		fmt.Fprintln(d.log, text)
		if strings.Contains(text, " ERROR ") || strings.Contains(text, "damaged") || strings.HasPrefix(text, "panic:") ||
			strings.HasPrefix(text, "fatal error:") || strings.HasPrefix(text, "azud: error") {
			d.complain("broker", "it said: %s", text)
		}
	}
	_, _ = io.Copy(io.Discard, in)
}

// kill ends the process with SIGKILL; nothing of it runs when kill returns.
func (d *daemon) kill() {
	d.mu.Lock()
	d.stopped = true
	d.mu.Unlock()
	_ = d.cmd.Process.Kill() // it may have ended
	<-d.ended
}

// term asks the process to stop.
func (d *daemon) term() {
	d.mu.Lock()
	d.stopped = true
	d.mu.Unlock()
	_ = d.cmd.Process.Signal(syscall.SIGTERM)
}

// waitReady waits for the ready line.
func (d *daemon) waitReady(limit time.Duration) (time.Duration, error) {
	select {
	case took := <-d.ready:
		return took, nil
	case <-d.ended:
		return 0, errors.New("the broker ended before it was ready")
	case <-time.After(limit):
		return 0, fmt.Errorf("the broker was not ready after %v", limit)
	}
}

// stop stops the process as people do.
func (d *daemon) stop(limit time.Duration) error {
	d.term()
	select {
	case <-d.ended:
		if code := d.cmd.ProcessState.ExitCode(); code != 0 {
			return fmt.Errorf("the broker, asked to stop, ended with code %d", code)
		}
		return nil
	case <-time.After(limit):
		d.kill()
		return fmt.Errorf("the broker did not stop within %v", limit)
	}
}

// files are the names below the data folder's log.
func (d *daemon) files() map[string]bool {
	names := map[string]bool{}
	for _, pattern := range []string{"log/*", "log/journal/*", "log/topics/*/*"} {
		list, _ := filepath.Glob(filepath.Join(d.data, pattern)) // the pattern is well-formed
		for _, n := range list {
			names[n] = true
		}
	}
	return names
}
