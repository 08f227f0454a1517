package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/spf13/cobra"

	"github.com/azud/azud/internal/sys"
)

// finding is what one look of the doctor gave.
type finding struct {
	Check  string `json:"check"`
	State  string `json:"state"` // ok, warn, fail
	Detail string `json:"detail"`
	Remedy string `json:"remedy,omitempty"`
}

// States of a finding.
const (
	fine    = "ok"
	warning = "warn"
	broken  = "fail"
)

// examination is what the doctor looks at.
type examination struct {
	a           *app
	data        string
	kafka, http string
	daemon      *daemon // nil: none runs on the data
}

func (a *app) doctor() *cobra.Command {
	x := examination{a: a}
	var asJSON bool
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Look for what is wrong: ports, disk, sync latency, clock, names",
		Long: "Looks at the ports, the data directory, the free space, how long the disk takes to make\n" +
			"data durable, the clock, and the names of this machine. Ends with status 1 if something\n" +
			"keeps Azud from working. Nothing is changed but a file written and removed in the data directory.",
		Example: "  azud doctor\n  azud doctor -o json --data ./datos",
		Args:    exactArgs(),
		RunE: func(c *cobra.Command, _ []string) error {
			return x.run(c.Context(), asJSON)
		},
	}
	f := c.Flags()
	f.StringVar(&x.data, "data", "", "data directory (default: the user's data folder of the system)")
	f.StringVar(&x.kafka, "kafka", "localhost:9092", "address that the broker is to have")
	f.StringVar(&x.http, "http", defaultConsole, "address that the console is to have")
	f.BoolVar(&asJSON, "json", false, "print a list of JSON objects")
	return c
}

func (x *examination) run(ctx context.Context, asJSON bool) error {
	var err error
	if x.data, err = x.a.dataOr(x.data); err != nil {
		return err
	}
	x.daemon = x.a.daemonOf(ctx, x.data)
	list := slices.Concat(x.running(), x.ports(), x.directory(), x.clock(), x.names(ctx), x.limits())
	bad := 0
	for _, f := range list {
		if f.State == broken {
			bad++
		}
	}
	if asJSON {
		enc := json.NewEncoder(x.a.sys.Out)
		enc.SetIndent("", "  ")
		if err := enc.Encode(list); err != nil {
			return err
		}
	} else {
		for _, f := range list {
			fmt.Fprintf(x.a.sys.Out, "%-4s  %-10s %s\n", f.State, f.Check, f.Detail)
			if f.Remedy != "" {
				fmt.Fprintf(x.a.sys.Out, "%17s%s\n", "", "→ "+f.Remedy)
			}
		}
	}
	if bad > 0 {
		return silentError{fmt.Errorf("%d checks failed", bad)}
	}
	return nil
}

func (x *examination) running() []finding {
	if x.daemon == nil {
		return []finding{{"daemon", fine, "none runs on " + x.data, ""}}
	}
	return []finding{{"daemon", fine, fmt.Sprintf("runs on %s: broker %s, console %s", x.data, x.daemon.kafka, consoleURL(x.daemon.addr)), ""}}
}

// ports tries to listen where the broker and the console will; a daemon that runs has its own.
func (x *examination) ports() []finding {
	if x.daemon != nil {
		return nil
	}
	var out []finding
	for _, p := range []struct{ name, addr, flag string }{{"broker", x.kafka, "--kafka"}, {"console", x.http, "--http"}} {
		lns, err := sys.Listen(x.a.sys.Net, p.addr)
		for _, ln := range lns {
			ln.Close()
		}
		switch {
		case err == nil:
			out = append(out, finding{"port", fine, p.addr + " is free for the " + p.name, ""})
		case sys.InUse(err):
			out = append(out, finding{"port", broken, p.addr + ", for the " + p.name + ", is taken by another program",
				"stop that program, or choose another port: azud up " + p.flag + " localhost:PORT"})
		default:
			out = append(out, finding{"port", broken, fmt.Sprintf("%s, for the %s: %v", p.addr, p.name, err),
				"choose another address: azud up " + p.flag + " localhost:PORT"})
		}
	}
	return out
}

// Limits below which a disk is complained about. The broker refuses records below 512 MiB or
// 2 % (internal/log).
const (
	littleSpace = 5 << 30
	noSpace     = 512 << 20
	slowSync    = 20 * time.Millisecond
)

func (x *examination) directory() []finding {
	fs := x.a.sys.FS
	dir := x.data
	if err := fs.MkdirAll(dir, 0o700); err != nil {
		return []finding{{"data", broken, fmt.Sprintf("%s cannot be made: %v", dir, reason(err)), "name another folder with --data DIR"}}
	}
	probe := filepath.Join(dir, ".doctor")
	syncs, err := syncLatency(x.a.sys, probe)
	if err != nil {
		return []finding{{"data", broken, fmt.Sprintf("%s cannot be written: %v", dir, reason(err)),
			"give yourself write permission, or name another folder with --data DIR"}}
	}
	out := []finding{{"data", fine, dir + " can be written", ""}}
	median, worst := syncs[len(syncs)/2], syncs[len(syncs)-1]
	f := finding{"sync", fine, fmt.Sprintf("4 KiB are durable after %.2f ms (median of %d, worst %.2f ms)", millis(median), len(syncs), millis(worst)), ""}
	if median > slowSync {
		f.State, f.Remedy = warning, "each acknowledged request waits for this: put the data on a local SSD"
	}
	out = append(out, f)
	if u, err := fs.GetDiskUsage(dir); err == nil {
		f := finding{"space", fine, fmt.Sprintf("%.1f GiB of %.1f GiB are free", gib(u.AvailBytes), gib(u.TotalBytes)), ""}
		switch {
		case u.AvailBytes < max(noSpace, u.TotalBytes/50):
			f.State, f.Remedy = broken, "the broker takes no records below 512 MiB or 2 %: free some space, or name another disk with --data DIR"
		case u.AvailBytes < littleSpace:
			f.State, f.Remedy = warning, "lower retention.ms or retention.bytes of large topics: azud topic alter NAME --set retention.bytes=…"
		}
		out = append(out, f)
	}
	return out
}

// syncLatency measures what it takes to make 4 KiB durable, sorted.
func syncLatency(s *sys.Sys, name string) (took []time.Duration, err error) {
	f, err := s.FS.Create(name, vfs.WriteCategoryUnspecified)
	if err != nil {
		return nil, err
	}
	defer func() {
		err = errors.Join(err, f.Close(), s.FS.Remove(name))
	}()
	const tries = 20
	for range tries {
		if _, err := f.Write(make([]byte, 4096)); err != nil {
			return nil, err
		}
		began := s.Clock.Now()
		if err := f.SyncData(); err != nil {
			return nil, err
		}
		took = append(took, s.Clock.Now().Sub(began))
	}
	slices.Sort(took)
	return took, nil
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
func gib(n uint64) float64           { return float64(n) / (1 << 30) }

// clock compares the clock with the build's and the data's: records get their times from it,
// and retention removes by them.
func (x *examination) clock() []finding {
	now := x.a.sys.Clock.Now()
	zone, _ := now.Zone()
	f := finding{"clock", fine, now.Format("2006-01-02 15:04:05 ") + zone + now.Format(" (UTC-07:00)"), ""}
	const oldest = 1_750_000_000 // June 2025: before Azud was written
	if now.Unix() < oldest {
		f.State, f.Remedy = broken, "the clock is years behind: set it, or retention and watermarks go wrong"
	}
	if info, err := os.Stat(filepath.Join(x.data, runningFile)); err == nil && info.ModTime().After(now.Add(time.Minute)) {
		f.State, f.Detail, f.Remedy = warning, f.Detail+"; the data are newer, of "+info.ModTime().Format(time.DateTime), "the clock was set back: records of before keep their times"
	}
	return []finding{f}
}

// names looks up what clients will look up.
func (x *examination) names(ctx context.Context) []finding {
	var out []finding
	addrs, err := net.DefaultResolver.LookupHost(ctx, "localhost")
	switch {
	case err != nil:
		out = append(out, finding{"names", broken, fmt.Sprintf("localhost cannot be looked up: %v", err), "add '127.0.0.1 localhost' to the hosts file"})
	case !slices.ContainsFunc(addrs, func(a string) bool { return net.ParseIP(a).IsLoopback() }):
		out = append(out, finding{"names", broken, fmt.Sprintf("localhost is %v, not this machine", addrs), "mend the hosts file: '127.0.0.1 localhost'"})
	default:
		out = append(out, finding{"names", fine, fmt.Sprintf("localhost is %v", addrs), ""})
	}
	host, err := os.Hostname()
	if err == nil {
		if _, err = net.DefaultResolver.LookupHost(ctx, host); err != nil {
			out = append(out, finding{"names", warning, fmt.Sprintf("this machine's name %s cannot be looked up", host),
				"clients on other machines need a name or address that they can reach: azud up --advertised HOST:PORT"})
		}
	}
	return out
}

// limits looks at what the system grants: segments and connections are open files.
func (x *examination) limits() []finding {
	n, ok := openFiles()
	if !ok {
		return nil
	}
	const enough = 4096
	if n < enough {
		return []finding{{"files", warning, fmt.Sprintf("%d files may be open at once", n), "many partitions and connections need more: ulimit -n 65536"}}
	}
	return []finding{{"files", fine, fmt.Sprintf("%d files may be open at once", n), ""}}
}
