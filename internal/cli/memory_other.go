//go:build !darwin && !windows

package cli

// machineMemory is not known here; on Linux /proc/meminfo says it.
func machineMemory() (int64, bool) { return 0, false }
