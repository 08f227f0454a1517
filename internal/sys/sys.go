package sys

import (
	"context"
	"io"
	"net"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// Sys is the world a component lives in. It is passed down, never stored globally.
type Sys struct {
	Clock Clock
	FS    FS
	Net   Net
	Rand  Rand
	Env   func(name string) (string, bool) // an environment variable
	// Environ are all environment variables as NAME=value; nil where there are none.
	Environ func() []string
	Out     io.Writer // the user's standard output; writers must serialise through a Terminal
	Err     io.Writer // the user's standard error
	Dir     string    // the working directory: relative outputs land here
}

// Clock tells and waits for time.
type Clock interface {
	Now() time.Time
	// Sleep returns nil after d, or ctx's error if that comes first.
	Sleep(ctx context.Context, d time.Duration) error
	// After delivers once, after d; the channel is never closed.
	After(d time.Duration) <-chan time.Time
}

// FS is Pebble's file system, so that one faulty or in-memory disk serves the
// checkpoints and our own files alike. Directories are synced by OpenDir(...).Sync().
type FS = vfs.FS

// Net opens connections and listeners.
type Net interface {
	DialContext(ctx context.Context, network, addr string) (net.Conn, error)
	Listen(network, addr string) (net.Listener, error)
}

// Rand is a source of random bits; safe for concurrent use.
type Rand interface {
	Uint64() uint64
}
