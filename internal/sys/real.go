package sys

import (
	"context"
	"math/rand/v2"
	"net"
	"os"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// Real is this machine. Dir is the process's working directory ("." if it is gone).
func Real() *Sys {
	dir, err := os.Getwd()
	if err != nil {
		dir = "."
	}
	return &Sys{
		Clock: realClock{}, FS: vfs.Default, Net: realNet{}, Rand: realRand{},
		Env: os.LookupEnv, Environ: os.Environ, Out: os.Stdout, Err: os.Stderr, Dir: dir,
	}
}

type realClock struct{}

func (realClock) Now() time.Time { return time.Now() }

func (realClock) Sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (realClock) After(d time.Duration) <-chan time.Time { return time.After(d) }

type realNet struct{}

func (realNet) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, network, addr)
}

func (realNet) Listen(network, addr string) (net.Listener, error) { return net.Listen(network, addr) }

type realRand struct{}

func (realRand) Uint64() uint64 { return rand.Uint64() }
