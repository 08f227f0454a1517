package cli

import (
	"unsafe"

	"golang.org/x/sys/windows"
)

// memoryStatus is MEMORYSTATUSEX of sysinfoapi.h.
type memoryStatus struct {
	length, load                              uint32
	totalPhys, availPhys                      uint64
	totalPage, availPage                      uint64
	totalVirtual, availVirtual, availExtended uint64
}

// machineMemory is the machine's memory in bytes.
func machineMemory() (int64, bool) {
	m := memoryStatus{length: uint32(unsafe.Sizeof(memoryStatus{}))}
	ok, _, _ := windows.NewLazySystemDLL("kernel32.dll").NewProc("GlobalMemoryStatusEx").Call(uintptr(unsafe.Pointer(&m)))
	return int64(m.totalPhys), ok != 0 && m.totalPhys > 0
}
