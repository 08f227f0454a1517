package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"time"
)

func main() {
	o := options{out: os.Stdout, patience: 10}
	flag.IntVar(&o.kills, "kills", 200, "how often the broker is killed")
	flag.Uint64Var(&o.seed, "seed", uint64(time.Now().UnixNano()%1_000_000), "of the moments and the load; the race with the broker is not repeated")
	flag.StringVar(&o.bin, "bin", "", "the binary (default: ./cmd/azud is built)")
	flag.StringVar(&o.dir, "dir", "", "folder for data and logs, kept (default: a temporary one, kept if something fails)")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	failed, err := whole(ctx, o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "kills:", err)
	}
	if failed > 0 || err != nil {
		os.Exit(1) //nolint:gocritic // stop only ends the notification
	}
}

// whole builds what is needed, does a run and reports it. It returns how many rules failed.
func whole(ctx context.Context, o options) (failed int, err error) {
	temporary := o.dir == ""
	if temporary {
		if o.dir, err = os.MkdirTemp("", "azud-kills"); err != nil {
			return 0, err
		}
	}
	if err := os.MkdirAll(o.dir, 0o755); err != nil {
		return 0, err
	}
	if o.bin == "" {
		o.bin = filepath.Join(o.dir, "azud")
		if runtime.GOOS == "windows" {
			o.bin += ".exe"
		}
		if err := build(ctx, o.bin); err != nil {
			return 0, err
		}
	}
	fmt.Fprintf(o.out, "seed %d, %d kills, data and logs in %s\n", o.seed, o.kills, o.dir)
	failed, err = oneRun(ctx, o)
	if temporary && failed == 0 && err == nil {
		err = os.RemoveAll(o.dir)
	}
	return failed, err
}

func build(ctx context.Context, bin string) error {
	c := exec.CommandContext(ctx, "go", "build", "-o", bin, "github.com/azud/azud/cmd/azud")
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("building azud: %w\n%s", err, out)
	}
	return nil
}

func oneRun(ctx context.Context, o options) (failed int, err error) {
	w, closeAll, err := newWorld(ctx, o)
	if err != nil {
		return 1, err
	}
	defer closeAll()
	h, err := w.run(ctx)
	if err != nil {
		w.l.complain("run", "%v", err)
	}
	return w.report(h, o.out), nil
}

// report prints each rule with what was found; h is nil if the run did not come to its end. The
// last line counts rules.
func (w *world) report(h *history, out io.Writer) (failed int) {
	passed := 0
	verdict := func(name string, f findings) {
		if len(f.list) == 0 {
			passed++
			fmt.Fprintf(out, "ok    %s\n", name)
			return
		}
		failed++
		fmt.Fprintf(out, "FAIL  %s\n", name)
		for _, x := range f.list {
			fmt.Fprintf(out, "        %s: %s\n", x.kind, x.text)
		}
		for _, kind := range slices.Sorted(maps.Keys(f.counts)) {
			fmt.Fprintf(out, "        %d of kind %s\n", f.counts[kind], kind)
		}
	}
	w.l.mu.Lock()
	verdict("nothing amiss while it ran, and after each restart", w.l.problems)
	w.l.mu.Unlock()
	if h != nil {
		for _, c := range checks() {
			var f findings
			c.run(h, &f)
			verdict(c.name, f)
		}
	}
	median, worst := spread(w.restarts)
	fmt.Fprintf(out, "kills %v\n", w.moments)
	fmt.Fprintf(out, "%d kills, %d restarts to the ready line: %v median, %v worst; %d records acknowledged, %d transactions committed, %d aborted; seed %d\n",
		w.killed, len(w.restarts), median, worst, w.l.acks.Load(), w.l.committed.Load(), w.l.abortions.Load(), w.seed)
	fmt.Fprintf(out, "%d passed, %d failed\n", passed, failed)
	return failed
}
