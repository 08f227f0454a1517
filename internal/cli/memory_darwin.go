package cli

import "golang.org/x/sys/unix"

// machineMemory is the machine's memory in bytes.
func machineMemory() (int64, bool) {
	n, err := unix.SysctlUint64("hw.memsize")
	return int64(n), err == nil && n > 0
}
