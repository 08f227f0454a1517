package kafkatool

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/azud/azud/internal/sys"
)

// Version is the release of Apache Kafka whose tools these are, and what --version prints.
const Version = "4.3.1"

// Tool is one of Kafka's command-line tools.
type Tool struct {
	Name  string // as people call it, without .sh: "kafka-topics"
	Short string // one line for a list of commands
	// Run executes a command line (without the tool's name) and returns the exit code of Kafka's
	// tool. It writes all its messages itself. An end of ctx ends it as Ctrl+C ends Kafka's tool.
	Run func(ctx context.Context, env Env, args []string) int
}

// Env is what a tool may use of the world.
type Env struct {
	Sys *sys.Sys
	In  io.Reader
	Out io.Writer
	Err io.Writer
	// Terminal says that a person types into In and reads Out: the producer then prompts with '>'.
	Terminal bool
	// Bootstrap returns the HOST:PORT of a broker to use when the command line names none, "" where
	// there is none (Kafka's error about the missing option follows). It may be nil.
	Bootstrap func(ctx context.Context) (string, error)
}

// Tools returns the tools in the order in which a list should show them.
func Tools() []Tool {
	return []Tool{
		{"kafka-topics", "Create, list, describe, alter and delete topics", runner(topicsOptions, runTopics)},
		{"kafka-console-producer", "Send lines of standard input to a topic", runner(producerOptions, runProducer)},
		{"kafka-console-consumer", "Print the records of topics", runner(consumerOptions, runConsumer)},
		{"kafka-consumer-groups", "List and describe consumer groups, reset and delete their offsets", runner(groupsOptions, runGroups)},
		{"kafka-configs", "Describe and alter configs of topics, brokers, users, clients and groups", runner(configsOptions, runConfigs)},
		{"kafka-get-offsets", "Print offsets of partitions", runner(offsetsOptions, runOffsets)},
		{"kafka-broker-api-versions", "Print which versions of which APIs brokers speak", runner(apiVersionsOptions, runAPIVersions)},
		{"kafka-cluster", "Print the cluster id and the brokers' addresses", runner(clusterOptions, runCluster)},
	}
}

// run is the state of one execution of a tool.
type run struct {
	env  Env
	opts *options
	out  *bufio.Writer // flushed at the end of the run, and before anything is waited for
}

// exitError ends a run with a code after everything was said.
type exitError int

func (e exitError) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// usageError ends a run with a message and the list of options on standard error, and code 1.
type usageError string

func (e usageError) Error() string { return string(e) }

func runner(spec func() *parser, do func(context.Context, *run) error) func(context.Context, Env, []string) int {
	return func(ctx context.Context, env Env, args []string) int {
		r := &run{env: env, opts: spec().parse(args), out: bufio.NewWriter(env.Out)}
		err := do(ctx, r)
		if e := r.out.Flush(); err == nil && e != nil {
			return 1
		}
		var usage usageError
		var exit exitError
		switch {
		case err == nil:
			return 0
		case errors.As(err, &usage):
			fmt.Fprintln(env.Err, string(usage))
			io.WriteString(env.Err, r.opts.parser.usage())
			return 1
		case errors.As(err, &exit):
			return int(exit)
		default:
			fmt.Fprintln(env.Err, messageOf(err))
			return 1
		}
	}
}

func (r *run) printf(format string, args ...any) { fmt.Fprintf(r.out, format, args...) }

// errf writes to standard error, after what was printed so far.
func (r *run) errf(format string, args ...any) {
	r.out.Flush()
	fmt.Fprintf(r.env.Err, format, args...)
}

// log writes a line as the log configuration of Kafka's tools does: time, level, text, logger.
func (r *run) log(level, logger, text string) {
	t := r.env.Sys.Clock.Now().Local().Format("2006-01-02 15:04:05,000")
	r.errf("[%s] %s %s (%s)\n", t, level, text, logger)
}

// logError writes the log entry that Kafka's tools make of an exception, without its stack.
func (r *run) logError(logger, text string, err error) {
	r.log("ERROR", logger, text)
	r.errf("%s\n", describe(err))
}

// helpOrVersion answers --help and --version as every tool does. It returns nil when neither is asked for.
func (r *run) helpOrVersion(about string) error {
	if len(r.opts.args) == 0 || r.opts.has("help") {
		return usageError(about)
	}
	if r.opts.has("version") {
		r.printf("%s\n", Version)
		return exitError(0)
	}
	return nil
}

// defaultBootstrap gives the run the address of the caller's broker where --bootstrap-server is missing.
func (r *run) defaultBootstrap(ctx context.Context) error {
	if r.opts.has("bootstrap-server") || r.opts.has("bootstrap-controller") || r.env.Bootstrap == nil {
		return nil
	}
	addr, err := r.env.Bootstrap(ctx)
	if err == nil && addr != "" {
		r.opts.add("bootstrap-server", addr)
	}
	return err
}

// open opens a file that the command line names, relative to the working directory.
func (r *run) open(name string) (io.ReadCloser, error) {
	path := name
	if !filepath.IsAbs(path) && r.env.Sys.Dir != "" {
		path = filepath.Join(r.env.Sys.Dir, path)
	}
	f, err := r.env.Sys.FS.Open(path)
	if err != nil {
		return nil, &javaError{class: "java.nio.file.NoSuchFileException", text: name}
	}
	return f, nil
}

func (r *run) readFile(name string) (string, error) {
	f, err := r.open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	return string(b), err
}

// properties reads the properties file that an option names, none where it is not given.
func (r *run) properties(option string) (Properties, error) {
	if !r.opts.has(option) {
		return Properties{}, nil
	}
	name, err := r.opts.value(option)
	if err != nil {
		return nil, err
	}
	f, err := r.open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return ParseProperties(f)
}

// keyValues reads key=value arguments; a key without a value has the empty one.
func keyValues(args []string) Properties {
	p := Properties{}
	for _, a := range args {
		k, v, _ := strings.Cut(a, "=")
		p[k] = v
	}
	return p
}
