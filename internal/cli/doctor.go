package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"slices"

	"github.com/spf13/cobra"
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

	// What the system says beyond a.sys.
	lookup   func(ctx context.Context, host string) ([]string, error)
	hostname func() (string, error)
	files    func() (uint64, bool) // that may be open at once
}

func (a *app) doctor() *cobra.Command {
	x := examination{a: a, lookup: net.DefaultResolver.LookupHost, hostname: os.Hostname, files: openFiles}
	var asJSON bool
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Look for what is wrong: ports, disk, sync latency, clock, names, variables",
		Long: "Looks at the daemon or, where none runs, its ports; at the data directory, the free space and\n" +
			"how long the disk takes to make data durable; at the clock, the names of this machine and the\n" +
			"KAFKA_* variables. Ends with status 1 if something keeps Azud from working. Nothing is changed but\n" +
			"for a file that is written and removed in the data directory.",
		Example: "  azud doctor\n  azud doctor --json --data ./datos",
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
	list := slices.Concat(x.running(ctx), x.ports(), x.directory(), x.clock(), x.names(ctx), x.limits(), x.variables())
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if asJSON {
		enc := json.NewEncoder(x.a.sys.Out)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		if err := enc.Encode(list); err != nil {
			return err
		}
	}
	bad := 0
	for _, f := range list {
		if f.State == broken {
			bad++
		}
		if asJSON {
			continue
		}
		fmt.Fprintf(x.a.sys.Out, "%-4s  %-9s  %s\n", f.State, f.Check, f.Detail)
		if f.Remedy != "" {
			fmt.Fprintf(x.a.sys.Out, "%17s→ %s\n", "", f.Remedy)
		}
	}
	if bad > 0 {
		return silentError{fmt.Errorf("%d checks failed", bad)}
	}
	return nil
}
