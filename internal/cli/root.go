package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/sys"
)

// version is set by the release build (-ldflags "-X …/cli.version=1.2.3").
var version = "0.1.0-dev"

// app is what every command gets.
type app struct {
	sys         *sys.Sys
	in          io.Reader
	interactive bool          // in is a terminal
	screen      bool          // standard output is a terminal
	interrupts  *interrupts   // nil: there are none
	lookEvery   time.Duration // how often a reader looks at its topic; 0: lookForNews
}

// The exit statuses.
const (
	exitOK          = 0
	exitFailure     = 1
	exitUsage       = 2
	exitInterrupted = 130 // as shells have it: 128 + SIGINT
)

// heapFloor is counted as heap by the collector, but never touched, so that it takes no memory.
const heapFloor = 16 << 20

// smallHeap keeps the daemon small without collecting all the time: the heap may grow by half,
// of what is used and of the floor. Without the floor, a broker that holds a few MiB would
// collect every 2 MiB, which took a third of its time under small requests.
func smallHeap() []byte {
	debug.SetGCPercent(50)
	return make([]byte, heapFloor)
}

// Main runs the command line of the program called name and returns the exit status: 0, 1 for a failure, 2 for wrong
// usage, 130 when interrupted.
func Main(name string, args []string) int {
	defer runtime.KeepAlive(smallHeap())
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // nohup
		signals = append(signals, syscall.SIGHUP)
	}
	interrupts := &interrupts{}
	ctx, stop := interrupts.context(signals)
	defer stop()
	signal.Ignore(syscall.SIGPIPE) // a closed pipe is an error of the write, and ends the command
	a := &app{sys: sys.Real(), in: os.Stdin, interactive: term.IsTerminal(int(os.Stdin.Fd())),
		screen: term.IsTerminal(int(os.Stdout.Fd())), interrupts: interrupts}
	return a.run(ctx, name, args)
}

// run runs one command line of the program called name. It makes the writers of a.sys safe for many flows.
func (a *app) run(ctx context.Context, name string, args []string) int {
	ctx, cancel := context.WithCancel(ctx)
	out := &terminal{w: a.sys.Out, screen: a.screen, clock: a.sys.Clock, ending: ctx.Done(), gone: cancel}
	a.sys.Out, a.sys.Err = out, &terminal{w: a.sys.Err, clock: a.sys.Clock, ending: ctx.Done(), gone: func() {}}
	var watcher sync.WaitGroup
	watcher.Go(func() { out.watch(ctx) })
	defer watcher.Wait()
	defer cancel()
	root := a.root()
	if tool, ok := toolNamed(name); ok { // called by the name of one of Kafka's tools
		args = append([]string{tool.Name}, args...)
	}
	root.SetArgs(args)
	root.SetOut(a.sys.Out)
	root.SetErr(a.sys.Err)
	err := root.ExecuteContext(ctx)
	var usage usageError
	var silent silentError
	var status exitStatus
	switch {
	case out.closed(): // who read has read enough, as in "azud consume TOPIC | head"
		return exitOK
	case err == nil:
		return exitOK
	case errors.As(err, &status):
		return int(status)
	case errors.As(err, &silent):
		return exitFailure
	case errors.As(err, &usage):
		fmt.Fprintf(a.sys.Err, "azud: %v\n", err)
		return exitUsage
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		return exitInterrupted
	}
	fmt.Fprintf(a.sys.Err, "azud: %s\n", connector.Printable(errs.Render(err), true))
	return exitFailure
}

// Groups of commands in the help.
const (
	ownGroup   = "azud"
	kafkaGroup = "kafka"
)

// usageError is a mistake in the arguments.
type usageError struct{ error }

// silentError is a failure that has been shown already.
type silentError struct{ error }

func usage(c *cobra.Command, format string, args ...any) error {
	return usageError{fmt.Errorf("%s\nsee '%s --help'", fmt.Sprintf(format, args...), c.CommandPath())}
}

func (a *app) root() *cobra.Command {
	root := group(&cobra.Command{
		Use:   "azud",
		Short: "Real-time data pipelines in one binary: Kafka, Spark SQL streams, live pages",
		Long: "Azud runs a Kafka-compatible broker, event-time Spark SQL flows over its topics, and a web\n" +
			"console, in one process. 'azud up' starts all of it with the shipped pipelines.",
		Example: "  azud up                 # broker on 9092, console on http://localhost:8080\n" +
			"  azud up --demo          # the same without internet, on recorded data\n" +
			"  azud sql -e \"SELECT count(*) FROM sismos\"\n" +
			"  azud consume sismos --from-beginning",
		Version:       version,
		SilenceErrors: true,
		SilenceUsage:  true,
	}, a.up(), a.sql(), a.topic(), a.groups(), a.produce(), a.consume(), a.dashboard(), a.connectors(), a.functions(), a.doctor(), a.tools())
	root.AddGroup(&cobra.Group{ID: ownGroup, Title: "Available Commands:"},
		&cobra.Group{ID: kafkaGroup, Title: "Kafka's own tools, with their options and output:"})
	for _, c := range root.Commands() {
		c.GroupID = ownGroup
	}
	root.AddCommand(a.toolCommands()...)
	root.SetHelpCommandGroupID(ownGroup)
	root.SetCompletionCommandGroupID(ownGroup)
	root.SetVersionTemplate("azud {{.Version}}\n")
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error { return usage(c, "%v", err) })
	return root
}

// group makes a command that only holds others: alone it shows its help, and a word that is
// none of them is a mistake.
func group(c *cobra.Command, commands ...*cobra.Command) *cobra.Command {
	var names []string
	for _, sub := range commands {
		names = append(names, sub.Name())
	}
	c.ValidArgsFunction = cobra.NoFileCompletions
	c.Args = func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		if near := errs.Near(args[0], names); len(near) > 0 {
			return usage(c, "there is no command '%s %s'; did you mean %s?", c.CommandPath(), args[0], near[0])
		}
		return usage(c, "there is no command '%s %s'; there are %s", c.CommandPath(), args[0], strings.Join(names, ", "))
	}
	c.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
	c.AddCommand(commands...)
	return c
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
		got := "none"
		if len(args) > 0 {
			got = strings.Join(args, " ")
		}
		return usage(c, "'%s' takes %s, but got %s", c.CommandPath(), want, got)
	}
}

// exclusive refuses two flags that contradict each other.
func exclusive(c *cobra.Command, one, other string) error {
	if c.Flags().Changed(one) && c.Flags().Changed(other) {
		return usage(c, "--%s and --%s exclude each other", one, other)
	}
	return nil
}
