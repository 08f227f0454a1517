package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/sys"
)

// version is set by the release build (-ldflags "-X …/cli.version=1.2.3").
var version = "0.1.0-dev"

// app is what every command gets.
type app struct {
	sys *sys.Sys
}

// Main runs the command line and returns the exit status: 0, 1 for a failure, 2 for wrong usage.
func Main(args []string) int {
	debug.SetGCPercent(50) // the idle daemon should stay small
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl+C ends the process at once
	a := &app{sys: sys.Real()}
	a.sys.Out, a.sys.Err = &terminal{w: os.Stdout}, &terminal{w: os.Stderr}
	root := a.root()
	root.SetArgs(args)
	root.SetOut(a.sys.Out)
	root.SetErr(a.sys.Err)
	err := root.ExecuteContext(ctx)
	var usage usageError
	var silent silentError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &silent):
		return 1
	case errors.As(err, &usage):
		fmt.Fprintf(a.sys.Err, "azud: %v\n", err)
		return 2
	}
	fmt.Fprintf(a.sys.Err, "azud: %s\n", connector.Printable(errs.Render(err), true))
	return 1
}

// usageError is a mistake in the arguments.
type usageError struct{ error }

// silentError is a failure that has been shown already.
type silentError struct{ error }

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "azud",
		Short: "Real-time data pipelines in one binary: Kafka, Spark SQL streams, live pages",
		Long: "Azud runs a Kafka-compatible broker, event-time Spark SQL flows over its topics, and a web\n" +
			"console, in one process. 'azud up' starts all of it with the shipped pipelines.",
		Example:       "  azud up                 # broker on 9092, console on http://localhost:8080\n  azud up --demo          # the same without internet, on recorded data\n  azud sql -e \"SELECT count(*) FROM sismos\"",
		Version:       version,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetVersionTemplate("azud {{.Version}}\n")
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usageError{fmt.Errorf("%w\nsee '%s --help'", err, c.CommandPath())}
	})
	root.AddCommand(a.up(), a.sql(), a.topic(), a.consume(), a.dashboard(), a.connectors())
	return root
}

// exactArgs is cobra's check with a kinder message.
func exactArgs(names ...string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) == len(names) {
			return nil
		}
		want := "no argument"
		if len(names) > 0 {
			want = strings.Join(names, " ")
		}
		return usageError{fmt.Errorf("'%s' takes %s, but got %d arguments\nsee '%s --help'", c.CommandPath(), want, len(args), c.CommandPath())}
	}
}
