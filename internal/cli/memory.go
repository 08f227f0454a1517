package cli

import (
	"io"
	"math"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/azud/azud/internal/errs"
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

// toldMemory is the size that AZUD_MEMORY names, 0 if it names none.
func (a *app) toldMemory() (int64, error) {
	v, ok := a.sys.Env("AZUD_MEMORY")
	if !ok {
		return 0, nil
	}
	n, err := memorySize(v)
	if err != nil {
		return 0, errs.New("INVALID_OPTION", "AZUD_MEMORY is %q, which is no size", v).WithHint("set it to a size of at least 1m, for example 512m or 4g")
	}
	return n, nil
}

// queryMemory is the bytes that one batch query may hold: as asked for, or a quarter of what the
// process may use of the machine.
func (a *app) queryMemory(asked int64) int64 {
	if asked > 0 {
		return asked
	}
	total := int64(unknownMemory)
	if n, ok := a.memTotal(); ok {
		total = n
	} else if n, ok := machineMemory(); ok {
		total = n
	}
	return min(total, a.groupLimit()) / 4
}

// groupLimit is the most that the control groups of this process may use, as containers set it; the
// file of a group without a limit says "max" or a number beyond any machine.
func (a *app) groupLimit() int64 {
	files := []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}
	for line := range strings.Lines(a.readText("/proc/self/cgroup")) {
		if group, ok := strings.CutPrefix(strings.TrimSpace(line), "0::"); ok { // version 2: it and all above
			for ; group != "/" && group != "." && group != ""; group = path.Dir(group) {
				files = append(files, "/sys/fs/cgroup"+group+"/memory.max")
			}
		}
	}
	least := int64(math.MaxInt64)
	for _, f := range files {
		if n, err := strconv.ParseInt(strings.TrimSpace(a.readText(f)), 10, 64); err == nil {
			least = min(least, n)
		}
	}
	return least
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
