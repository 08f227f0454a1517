//go:build unix

package postgres_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// server is a PostgreSQL of this test process. It listens on a port of the loopback alone, its
// data are in a folder of their own, and it ends with the process.
type server struct {
	port int
	err  error // why there is none
	skip bool
}

var (
	once   sync.Once
	shared server
	stop   = func() {}
)

func TestMain(m *testing.M) {
	code := m.Run()
	stop()
	os.Exit(code)
}

// running starts the server for the first test that asks, and skips those of a machine without one.
func running(t *testing.T) *server {
	t.Helper()
	once.Do(func() { shared.err = shared.start() })
	if shared.skip {
		t.Skip("there is no postgres here; AZUD_TEST_POSTGRES names its program or the folder of its programs")
	}
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return &shared
}

// programs is the folder of initdb and postgres, "" if there is none.
func programs() string {
	if p := os.Getenv("AZUD_TEST_POSTGRES"); p != "" {
		if info, err := os.Stat(p); err == nil && !info.IsDir() {
			return filepath.Dir(p)
		}
		return p
	}
	if p, err := exec.LookPath("postgres"); err == nil {
		return filepath.Dir(p)
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if len(found) == 0 {
		return ""
	}
	return filepath.Dir(slices.Max(found))
}

// start makes a cluster without syncs and runs it. PostgreSQL refuses to run as root: then it runs
// as the system's user postgres or nobody.
func (s *server) start() error {
	bin := programs()
	if s.skip = bin == ""; s.skip {
		return nil
	}
	dir, err := os.MkdirTemp("", "azud-pg")
	if err != nil {
		return err
	}
	stop = func() { os.RemoveAll(dir) } //nolint:errcheck // a temporary folder
	attr := &syscall.SysProcAttr{}
	if os.Geteuid() == 0 {
		u, err := user.Lookup("postgres")
		if err != nil {
			if u, err = user.Lookup("nobody"); err != nil {
				return err
			}
		}
		uid, _ := strconv.Atoi(u.Uid)
		gid, _ := strconv.Atoi(u.Gid)
		if err := os.Chown(dir, uid, gid); err != nil {
			return err
		}
		attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	data := filepath.Join(dir, "data")
	var log bytes.Buffer
	command := func(name string, args ...string) *exec.Cmd {
		c := exec.Command(filepath.Join(bin, name), args...)
		c.Dir, c.SysProcAttr, c.Stdout, c.Stderr = dir, attr, &log, &log
		return c
	}
	if err := command("initdb", "-D", data, "-U", "azud", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync").Run(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, &log)
	}
	rules := "host all secreta 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust\n"
	if err := os.WriteFile(filepath.Join(data, "pg_hba.conf"), []byte(rules), 0o644); err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s.port = l.Addr().(*net.TCPAddr).Port
	l.Close() //nolint:errcheck // only its port is wanted
	pg := command("postgres", "-D", data, "-p", strconv.Itoa(s.port), "-k", dir, "-c", "listen_addresses=127.0.0.1",
		"-c", "fsync=off", "-c", "full_page_writes=off", "-c", "shared_buffers=16MB", "-c", "autovacuum=off", "-c", "max_prepared_transactions=0")
	if err := pg.Start(); err != nil {
		return err
	}
	ended := make(chan struct{})
	go func() {
		pg.Wait() //nolint:errcheck // it is told to end
		close(ended)
	}()
	stop = func() {
		pg.Process.Signal(syscall.SIGINT) //nolint:errcheck // it may have ended
		select {
		case <-ended:
		case <-time.After(5 * time.Second):
			pg.Process.Kill() //nolint:errcheck // it may have ended
			<-ended
		}
		os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	}
	for range 500 {
		if c, err := pgconn.Connect(context.Background(), s.address()); err == nil {
			return c.Close(context.Background())
		}
		select {
		case <-ended:
			return fmt.Errorf("postgres ended\n%s", &log)
		case <-time.After(10 * time.Millisecond):
		}
	}
	return fmt.Errorf("postgres does not answer\n%s", &log)
}

func (s *server) address() string {
	return fmt.Sprintf("postgres://azud@127.0.0.1:%d/postgres?sslmode=disable", s.port)
}
