//go:build unix

package cli

import "golang.org/x/sys/unix"

// openFiles is how many files this process may have open.
func openFiles() (uint64, bool) {
	var r unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &r); err != nil {
		return 0, false
	}
	return uint64(r.Cur), true
}
