package cli

import (
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// ownFolder is where tables and spilled rows go: the data directory, or a temporary folder that is
// removed in the end. What an earlier process spilled is removed.
func (h *host) ownFolder() (string, error) {
	if h.data != nil {
		return h.data.path, os.RemoveAll(filepath.Join(h.data.path, "spill"))
	}
	var err error
	h.temp, err = os.MkdirTemp("", "azud-")
	return h.temp, err
}

// unknownMemory is what a machine is taken to have that does not say.
const unknownMemory = 8 << 30

// queryMemory is the bytes that one batch query may hold: as asked for, or a quarter of what the
// process may use of the machine.
func (a *app) queryMemory(asked int64) int64 {
	if asked > 0 {
		return asked
	}
	total := int64(unknownMemory)
	if n, ok := a.memTotal(); ok {
		total = n
	}
	if n, err := strconv.ParseInt(strings.TrimSpace(a.readText("/sys/fs/cgroup/memory.max")), 10, 64); err == nil && n < total {
		total = n
	}
	return total / 4
}

// memTotal is Linux's word on the machine's memory.
func (a *app) memTotal() (int64, bool) {
	for line := range strings.Lines(a.readText("/proc/meminfo")) {
		f := strings.Fields(line)
		if len(f) >= 2 && f[0] == "MemTotal:" {
			kb, err := strconv.ParseInt(f[1], 10, 64)
			return kb << 10, err == nil
		}
	}
	return 0, false
}

// readText is a small file, "" if it cannot be read.
func (a *app) readText(path string) string {
	f, err := a.sys.FS.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	data, _ := io.ReadAll(io.LimitReader(f, 1<<16))
	return string(data)
}
