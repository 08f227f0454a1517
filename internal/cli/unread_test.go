//go:build unix

package cli

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// printing is a pipeline whose flow prints a topic's records.
func printing(t *testing.T, dir string) string {
	t.Helper()
	write(t, "CREATE TABLE e (a STRING) USING kafka OPTIONS (subscribe 'e', format 'json', startingOffsets 'earliest');\n"+
		"CREATE TABLE s USING console OPTIONS (truncate 'false');\nCREATE FLOW f AS INSERT INTO s BY NAME SELECT a FROM STREAM e;\n", dir, "muestra", "f.sql")
	return filepath.Dir(write(t, "name: muestra\n", dir, "muestra", "spark-pipeline.yml"))
}

// untilFull waits until a pipe takes nothing more.
func untilFull(t *testing.T, w *os.File) {
	t.Helper()
	for end := time.Now().Add(testPatience); ; time.Sleep(20 * time.Millisecond) {
		fds := []unix.PollFd{{Fd: int32(w.Fd()), Events: unix.POLLOUT}}
		if n, err := unix.Poll(fds, 0); err == nil && n == 0 {
			return
		}
		if time.Now().After(end) {
			t.Fatal("the pipe does not fill")
		}
	}
}

// Who does not read what azud prints (a pager, a stopped terminal) does not keep it from ending.
func TestInterruptIsCleanWhenNobodyReads(t *testing.T) {
	for _, errors := range []bool{false, true} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		defer w.Close()
		dir := t.TempDir()
		cmd := command(t, dir, nil, "up", "--kafka", "127.0.0.1:0", "--http", "127.0.0.1:0", "--pipelines", printing(t, dir))
		cmd.Stdout = w
		if errors {
			cmd.Stderr = w
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		stop := time.AfterFunc(testPatience, func() { cmd.Process.Kill() })
		defer stop.Stop()
		in := bufio.NewReader(r)
		var kafka string
		for kafka == "" {
			line, err := in.ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			if m := readyLine.FindStringSubmatch(line); m != nil {
				kafka = m[1]
			}
		}
		produce(t, kafka, "e", `{"a": "`+strings.Repeat("x", 100_000)+`"}`)
		untilFull(t, w)
		start := time.Now()
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("standard error too: %v: %v", errors, err)
		}
		t.Logf("it ended after %v", time.Since(start))
	}
}
