//go:build !windows

package cli

import "os"

// drawsLines reports whether the terminal can move its cursor.
func drawsLines() bool { return os.Getenv("TERM") != "dumb" }
