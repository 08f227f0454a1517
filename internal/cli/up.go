package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/azud/azud/internal/web"
)

func (a *app) up() *cobra.Command {
	o := hostOptions{console: true, env: a.sys.Env}
	c := &cobra.Command{
		Use:   "up",
		Short: "Start the broker, the pipelines and the console, until Ctrl+C",
		Long: "Starts a Kafka-compatible broker, the shipped pipelines (or those of --pipelines) and the web\n" +
			"console, whose port also has Prometheus metrics (/metrics) and a schema registry. Everything is\n" +
			"kept in the data directory; a second start goes on where the first ended. The KAFKA_* variables of\n" +
			"Kafka's container image are understood; flags come before them.",
		Example: "  azud up\n  azud up --demo --ephemeral\n  azud up --kafka 127.0.0.1:0 --http 127.0.0.1:0 --data ./datos --pipelines ./mis-pipelines",
		Args:    exactArgs(),
		RunE:    func(c *cobra.Command, _ []string) error { return a.runUp(c.Context(), o) },
	}
	f := c.Flags()
	o.listen.add(c)
	f.StringVar(&o.http, "http", defaultConsole, "`HOST:PORT` of the console; port 0 takes a free one")
	f.StringVar(&o.data, "data", "", "data directory (default: the user's data folder of the system)")
	f.BoolVar(&o.ephemeral, "ephemeral", false, "keep everything in memory; nothing is left after the end")
	f.BoolVar(&o.noPipelines, "no-pipelines", false, "start no pipeline")
	f.StringVar(&o.pipelinesDir, "pipelines", "", "start the pipeline, or all pipelines, in this `DIR` instead of the shipped ones")
	f.BoolVar(&o.demo, "demo", false, "replay recorded data instead of asking the internet")
	f.StringVar(&o.logFormat, "log-format", "text", "text, or json: an object a line")
	f.StringVar(&o.logLevel, "log-level", "info", "debug, info, warn or error")
	var memory string
	f.StringVar(&memory, "memory", "", "`SIZE` that a batch query may hold before it spills to disk, as 512m or 4g\n(default: AZUD_MEMORY, else a quarter of the machine's)")
	oneOf(c, "log-format", "text", "json")
	oneOf(c, "log-level", "debug", "info", "warn", "error")
	var envFile string
	f.StringVar(&envFile, "env-file", "", "`FILE` of NAME=value lines for ${NAME} in pipelines; the environment comes first")
	c.PreRunE = func(*cobra.Command, []string) error {
		o.listen.kafkaGiven = f.Changed("kafka")
		if err := errors.Join(exclusive(c, "data", "ephemeral"), exclusive(c, "no-pipelines", "pipelines")); err != nil {
			return err
		}
		var err error
		if o.memory, err = memorySize(memory); o.memory == 0 && err == nil {
			o.memory, err = a.toldMemory()
		}
		if err != nil || envFile == "" {
			return err
		}
		vars, err := readEnvFile(envFile)
		o.env = func(name string) (string, bool) {
			if v, ok := a.sys.Env(name); ok {
				return v, true
			}
			v, ok := vars[name]
			return v, ok
		}
		return err
	}
	return c
}

func (a *app) runUp(ctx context.Context, o hostOptions) error {
	start := a.sys.Clock.Now()
	err := consoleExposed(o.http, o.listen.insecure)
	if err != nil {
		return err
	}
	if o.data == "" && !o.ephemeral {
		if o.data, err = defaultDataDir(a.sys); err != nil {
			return err
		}
		if o.demo {
			o.data += demoSuffix
		}
	}
	h, err := a.startHost(ctx, o)
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil // Ctrl+C came before it was ready
	}
	if err != nil {
		return err
	}
	fmt.Fprint(a.sys.Out, h.banner(a.sys.Clock.Now().Sub(start)))
	h.engine.StartAll()
	<-ctx.Done()
	fmt.Fprintln(a.sys.Err, "\nazud: stopping (Ctrl+C again ends at once)")
	if err := h.close(); err != nil {
		return err
	}
	fmt.Fprintln(a.sys.Err, "azud: stopped; what is committed is kept")
	return nil
}

// banner ends with the ready line, which programs look for.
func (h *host) banner(took time.Duration) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Azud %s\n", version)
	if h.opts.demo {
		b.WriteString("  DEMO      recorded and shifted data, not what happens now\n")
	}
	fmt.Fprintf(&b, "  broker    %s\n", h.broker.Addr())
	fmt.Fprintf(&b, "  console   %s\n", consoleURL(h.web.Addr()))
	fmt.Fprintf(&b, "  data      %s\n", h.where())
	for _, p := range h.engine.Pipelines() {
		fmt.Fprintf(&b, "  pipeline  %s: %s\n", p, strings.Join(h.engine.FlowNames(p), ", "))
		if page := web.PageOf(p); page != "" {
			fmt.Fprintf(&b, "  page      %s%s\n", consoleURL(h.web.Addr()), page)
		}
	}
	data := h.where()
	if strings.ContainsAny(data, " \"") {
		data = fmt.Sprintf("%q", data)
	}
	fmt.Fprintf(&b, "azud ready kafka=%s http=%s data=%s in %d ms\n", h.broker.Addr(), h.web.Addr(), data, took.Milliseconds())
	return b.String()
}

// consoleURL is what people open: localhost for a loopback address.
func consoleURL(addr string) string {
	if port, ok := strings.CutPrefix(addr, "127.0.0.1:"); ok {
		return "http://localhost:" + port
	}
	return "http://" + addr
}
