// Command replay serves recorded USGS feeds as the live one would have, with the
// troubles of a real network in between. See package feed.
//
//	go run ./test/replay -dir DIR [-addr 127.0.0.1:0] [-match 'all_*'] [-faults=false] [-advance request]
//
// It prints "replay ready http=HOST:PORT" and serves /feed.geojson and /status until it
// is interrupted.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/azud/azud/test/replay/feed"
)

func main() {
	dir := flag.String("dir", "", "folder with the feeds (.json, .geojson, also .gz)")
	addr := flag.String("addr", "127.0.0.1:0", "HOST:PORT to listen on")
	match := flag.String("match", "*", "names of the files to serve, as a glob")
	faults := flag.Bool("faults", true, "put an error, a cut, invalid JSON and a repetition between the files")
	advance := flag.String("advance", "seen", "go on when the client has `seen` the step (If-None-Match), or at each request")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := serve(ctx, *dir, *addr, *match, *faults, *advance); err != nil {
		fmt.Fprintln(os.Stderr, "replay:", err)
		os.Exit(1)
	}
}

func serve(ctx context.Context, dir, addr, match string, faults bool, advance string) error {
	if advance != "seen" && advance != "request" {
		return fmt.Errorf("-advance is seen or request, not %q", advance)
	}
	files, err := feed.Load(dir, match)
	if err != nil {
		return err
	}
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	const headers = 10 * time.Second
	srv := &http.Server{
		Handler:           feed.New(feed.Steps(files, faults), advance == "request"),
		ReadHeaderTimeout: headers,
	}
	fmt.Printf("replay ready http=%s\n", ln.Addr())
	done := make(chan error, 1)
	go func() { done <- srv.Serve(ln) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return errors.Join(srv.Close(), ignoreClosed(<-done))
	}
}

func ignoreClosed(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
