package cli

import (
	"os"

	"golang.org/x/sys/windows"
)

// drawsLines lets the console understand what moves the cursor; older ones than Windows 10's do not.
func drawsLines() bool {
	for _, f := range []*os.File{os.Stdout, os.Stderr} {
		var mode uint32
		h := windows.Handle(f.Fd())
		if windows.GetConsoleMode(h, &mode) == nil && windows.SetConsoleMode(h, mode|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING) != nil {
			return false
		}
	}
	return true
}
