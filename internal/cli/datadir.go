package cli

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/sys"
)

// toldDataDir is the folder that the environment names, "" if it names none: AZUD_DATA, else
// the first of KAFKA_LOG_DIRS, for who comes with the variables of Kafka's image.
func toldDataDir(s *sys.Sys) string {
	get := func(name string) string { v, _ := s.Env(name); return v }
	first, _, _ := strings.Cut(cmp.Or(get("KAFKA_LOG_DIRS"), get("KAFKA_LOG_DIR")), ",")
	return cmp.Or(get("AZUD_DATA"), strings.TrimSpace(first))
}

// defaultDataDir is the folder that the environment names, else the system's folder for a
// user's data.
func defaultDataDir(s *sys.Sys) (string, error) {
	get := func(name string) string { v, _ := s.Env(name); return v }
	if d := toldDataDir(s); d != "" {
		return d, nil
	}
	if d := get("XDG_DATA_HOME"); filepath.IsAbs(d) {
		return filepath.Join(d, "azud"), nil
	}
	if d := get("LocalAppData"); runtime.GOOS == "windows" && d != "" {
		return filepath.Join(d, "azud"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", errs.Wrap(err, "DATA_DIR", "there is no home folder for the data").WithHint("name a folder with --data DIR")
	}
	if runtime.GOOS == "darwin" {
		return filepath.Join(home, "Library", "Application Support", "azud"), nil
	}
	return filepath.Join(home, ".local", "share", "azud"), nil
}

// reason is an error of the file system without the call and the path, which the message has.
func reason(err error) error {
	var p *fs.PathError
	var l *os.LinkError
	switch {
	case errors.As(err, &p):
		return p.Err
	case errors.As(err, &l):
		return l.Err
	}
	return err
}

// dataOr is the directory given, else the user's.
func (a *app) dataOr(data string) (string, error) {
	if data != "" {
		return data, nil
	}
	return defaultDataDir(a.sys)
}

// demoSuffix keeps demonstration data apart from real ones.
const demoSuffix = "-demo"

// running is what a daemon tells other commands, in the file daemon.json of its data.
type running struct {
	PID   int    `json:"pid"`
	Kafka string `json:"kafka"`
	HTTP  string `json:"http"`            // "": a command that works without a console
	Token string `json:"token,omitempty"` // lets requests name files
}

const runningFile = "daemon.json"

// dataDir is a data directory that this process owns.
type dataDir struct {
	path string
	lock io.Closer
}

// openDataDir makes and locks a data directory. One that another process has is an error of
// class DATA_LOCKED that names it.
func openDataDir(s *sys.Sys, path string) (*dataDir, error) {
	abs, err := filepath.Abs(path)
	if err == nil {
		err = s.FS.MkdirAll(abs, 0o700)
	}
	var probe vfs.File
	if err == nil {
		probe, err = s.FS.Create(filepath.Join(abs, ".writable"), vfs.WriteCategoryUnspecified)
	}
	if err != nil {
		return nil, errs.Wrap(reason(err), "DATA_DIR", "the data directory %s cannot be written", path).
			WithHint("give yourself write permission, or name another folder with --data DIR")
	}
	probe.Close()
	s.FS.Remove(filepath.Join(abs, ".writable"))
	lock, err := s.FS.Lock(filepath.Join(abs, "LOCK"))
	if errors.Is(err, fs.ErrPermission) {
		return nil, errs.Wrap(err, "DATA_DIR", "the data directory %s belongs to somebody else", path).
			WithHint("name another folder with --data DIR")
	}
	if err != nil {
		return nil, errs.New("DATA_LOCKED", "the data in %s are in use by %s", abs, owner(abs)).
			WithHint("stop it, or work on other data: --data DIR")
	}
	os.Remove(filepath.Join(abs, runningFile)) // a killed process has left it
	return &dataDir{path: abs, lock: lock}, nil
}

// owner describes the process that has a data directory.
func owner(dir string) string {
	r, ok := readRunning(dir)
	switch {
	case !ok:
		return "another azud"
	case r.HTTP == "":
		return fmt.Sprintf("another azud (process %d)", r.PID)
	}
	return fmt.Sprintf("another azud (process %d, console http://%s)", r.PID, r.HTTP)
}

// announce writes daemon.json.
func (d *dataDir) announce(r running) error {
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	tmp := filepath.Join(d.path, runningFile+".tmp")
	if err := os.WriteFile(tmp, data, 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, filepath.Join(d.path, runningFile))
}

func (d *dataDir) close() error {
	os.Remove(filepath.Join(d.path, runningFile)) // a stale one only costs a failed dial
	return d.lock.Close()
}

func readRunning(dir string) (running, bool) {
	var r running
	data, err := os.ReadFile(filepath.Join(dir, runningFile))
	return r, err == nil && json.Unmarshal(data, &r) == nil
}
