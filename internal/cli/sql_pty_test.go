//go:build linux

package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// openPTY gives both ends of a pseudo terminal.
func openPTY(t *testing.T) (master, slave *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("there are no pseudo terminals:", err)
	}
	fd := int(master.Fd())
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		err = unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 50, Col: 120})
	}
	if err == nil {
		slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	return master, slave
}

// screen is azud sql as a person has it: what is typed, and what has been shown.
type screen struct {
	*process
	t      *testing.T
	master *os.File
	mu     sync.Mutex
	shown  strings.Builder
	from   int // where the next expectation looks from
}

var escapes = regexp.MustCompile(`\x1b\[[0-9;?]*[a-zA-Z]`)

func openScreen(t *testing.T, dir string, args ...string) *screen {
	t.Helper()
	master, slave := openPTY(t)
	s := &screen{t: t, master: master}
	cmd := command(t, dir, []string{"XDG_STATE_HOME=" + filepath.Join(dir, "state"), "TERM=xterm"}, append([]string{"sql"}, args...)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	slave.Close()
	s.process = &process{t: t, cmd: cmd, news: make(chan struct{}, 1)}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait(); master.Close() })
	go func() {
		buf := make([]byte, 4096)
		for {
			n, err := master.Read(buf)
			s.mu.Lock()
			s.shown.Write(buf[:n])
			s.mu.Unlock()
			if err != nil { // EIO: the other end is closed
				return
			}
		}
	}()
	s.see("azud> ")
	return s
}

func (s *screen) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return escapes.ReplaceAllString(strings.ReplaceAll(s.shown.String(), "\r", ""), "")
}

func (s *screen) keys(text string) {
	s.t.Helper()
	if _, err := s.master.WriteString(text); err != nil {
		s.t.Fatal(err)
	}
}

// see waits until each text has been shown, one behind the other.
func (s *screen) see(texts ...string) {
	s.t.Helper()
	for _, want := range texts {
		end := time.Now().Add(testPatience)
		for {
			all := s.text()
			if i := strings.Index(all[min(s.from, len(all)):], want); i >= 0 {
				s.from += i + len(want)
				break
			}
			if time.Now().After(end) {
				s.t.Fatalf("%q is not shown behind\n%s\n--- in\n%q", want, all[:min(s.from, len(all))], all[min(s.from, len(all)):])
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
}

// ends waits for the end of the process.
func (s *screen) ends(status int) {
	s.t.Helper()
	timer := time.AfterFunc(testPatience, func() { s.cmd.Process.Kill() })
	defer timer.Stop()
	s.cmd.Wait()
	if got := s.cmd.ProcessState.ExitCode(); got != status {
		s.t.Errorf("status %d, not %d:\n%s", got, status, s.text())
	}
}

const longQuery = "SELECT count(*) AS n FROM range(10000000000000);\r"

// The shell on a terminal, alone and over a daemon.
func TestShellOnATerminal(t *testing.T) {
	for _, daemon := range []bool{false, true} {
		t.Run(fmt.Sprintf("daemon %v", daemon), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if daemon {
				p := up(t, dir, nil, "--no-pipelines")
				defer p.interrupt()
			}
			s := openScreen(t, dir)
			s.keys("SELECT 1 AS uno,\r")
			s.see("    > ")
			s.keys("'a;b' -- ;\r")
			s.see("    > ")
			s.keys(";\r")
			s.see("|uno|a;b|", "Time: ", " s, 1 row\n", "azud> ")

			s.keys("CREATE TEMPORARY VIEW mediciones AS SELECT 1 AS temperatura, 2 AS temporal;\r")
			s.see("Time: ", "azud> ")
			s.keys("sele\tconcat_w\t'-', temperatura) from medi\t;\r")
			s.see("select concat_ws('-', temperatura) from mediciones ;")
			s.see("Time: ", "azud> ")
			s.keys("SELECT temp FROM mediciones\x1b[D\x1b[D\x1b[D\x1b[D\x1b[D\x1b[D\x1b[D\x1b[D\x1b[D\x1b[D\x1b[D\x1b[D\x1b[D\x1b[D\x1b[D\x1b[D\t\t\t")
			s.see("temperatura", "temporal")
			s.keys("\x03")
			s.see("^C", "azud> ")

			s.keys(longQuery)
			s.see("running ") // progress
			s.keys("\x03")
			s.see("cancelled after", "azud> ")
			s.keys("SELECT temporal FROM mediciones;\r")
			s.see("|2       |", "azud> ")

			s.keys(`\d` + "\r")
			s.see("|mediciones", "|true", "azud> ")
			s.keys(`\d medi` + "\t\r")
			s.see("|temperatura|int", "azud> ")
			s.keys(`\timing` + "\r" + `\x` + "\r")
			s.see("timing is off", `there is no command \x`, "azud> ")
			s.keys("SELECT nada;\r")
			s.see("console:1:8", "azud> ")
			s.keys("\x12") // Ctrl+R without a text gives the newest
			s.see("SELECT nada;")
			s.keys("\x15uno\x12")
			s.see("SELECT 1 AS uno,")
			s.keys("\x03\x03")
			s.see("Ctrl+C again")
			s.keys("\x03")
			s.ends(0)
		})
	}
}

// What was written before is there again, but no secrets; only the user may read it.
func TestShellHistory(t *testing.T) {
	dir := t.TempDir()
	s := openScreen(t, dir)
	s.keys("SELECT 1\rAS uno;\r")
	s.see("Time: ")
	s.keys("SET kafka.sasl.password = abcdef;\r")
	s.see("Time: ", "azud> ")
	s.keys("\x1b[A")
	s.see("abcdef;") // the shell itself remembers
	s.keys("\x15\x04")
	s.ends(0)
	file := filepath.Join(dir, "state", "azud", "sql_history")
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatal(info, err)
	}
	if got := readAll(t, file); got != "SELECT 1 AS uno;\n" {
		t.Errorf("the file holds %q", got)
	}
	s = openScreen(t, dir)
	s.keys("\x1b[A")
	s.see("SELECT 1 AS uno;")
	s.keys("\r")
	s.see("|1  |", "azud> ")
	s.cmd.Process.Signal(syscall.SIGTERM)
	s.ends(0)
}
