// Command kafka measures the embedded broker and Apache Kafka side by side: the same work,
// the same clients, the same machine, one after the other in each step.
//
//	go run ./test/bench/kafka -jars DIR [-steps produce,small,group,start,memory] [-pin] [-json]
//
// DIR holds the jars of Apache Kafka (scripts/kafka-jars.sh fetches them); without it only
// the embedded broker is measured. Clients run in a process of their own: with -pin on the
// second core, the broker on the first. CPU seconds are the broker's, user and system, from
// /proc; Linux only. Nothing is asserted.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
)

// row is one figure of one peer.
type row struct {
	Step   string  `json:"step"`
	Peer   string  `json:"peer"`
	Figure string  `json:"figure"`
	Value  float64 `json:"value"`
	Unit   string  `json:"unit"`
}

type bench struct {
	dir   string // scratch
	pin   bool
	scale float64
	rows  []row
}

func main() {
	if len(os.Args) > 2 && os.Args[1] == "client" {
		if err := client(os.Args[2], os.Args[3:]); err != nil {
			fmt.Fprintln(os.Stderr, "client:", err)
			os.Exit(1)
		}
		return
	}
	b := &bench{}
	jars := flag.String("jars", "", "folder with the jars of Apache Kafka")
	binary := flag.String("azud", "", "built azud (default: built now)")
	steps := flag.String("steps", "produce,small,group,start,memory", "what to measure")
	flag.BoolVar(&b.pin, "pin", false, "broker on the first core, clients on the second")
	flag.Float64Var(&b.scale, "scale", 1, "size of the work; 1: 10 million records, 5 GB")
	asJSON := flag.Bool("json", false, "print JSON lines")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := b.run(ctx, *binary, *jars, strings.Split(*steps, ",")); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	b.print(*asJSON)
}

func (b *bench) run(ctx context.Context, binary, jars string, steps []string) (err error) {
	if b.dir, err = os.MkdirTemp("", "azud-bench-"); err != nil {
		return err
	}
	defer os.RemoveAll(b.dir) //nolint:errcheck // scratch
	if binary == "" {
		binary = filepath.Join(b.dir, "bin-azud")
		if err := command(ctx, "go", "build", "-o", binary, "./cmd/azud"); err != nil {
			return err
		}
	}
	peers := []*peer{azud(binary)}
	if jars != "" {
		peers = append(peers, kafka(jars))
	}
	all := map[string]func(context.Context, *peer) error{
		"produce": b.streams, "small": b.small, "group": b.groups, "start": b.starts, "memory": b.memory,
	}
	for _, step := range steps {
		f, ok := all[step]
		if !ok {
			return fmt.Errorf("there is no step %q", step)
		}
		for _, p := range peers {
			fmt.Fprintf(os.Stderr, "%s: %s...\n", step, p.name)
			if err := b.with(ctx, p, f); err != nil {
				return fmt.Errorf("%s: %s: %w", step, p.name, err)
			}
		}
	}
	return nil
}

// with runs a step over an empty broker and removes its data.
func (b *bench) with(ctx context.Context, p *peer, f func(context.Context, *peer) error) (err error) {
	p.dir = filepath.Join(b.dir, p.name)
	p.pin = b.pin
	if err := os.MkdirAll(p.dir, 0o755); err != nil {
		return err
	}
	defer os.RemoveAll(p.dir) //nolint:errcheck // scratch
	if _, err := p.start(ctx); err != nil {
		return err
	}
	defer p.kill()
	return f(ctx, p)
}

func (b *bench) add(step string, p *peer, figure string, value float64, unit string) {
	b.rows = append(b.rows, row{step, p.name, figure, value, unit})
	fmt.Fprintf(os.Stderr, "  %-34s %-8s %14.2f %s\n", figure, p.name, value, unit)
}

// print shows the peers beside each other, with the ratio of the first to the second.
func (b *bench) print(asJSON bool) {
	if asJSON {
		enc := json.NewEncoder(os.Stdout)
		for _, r := range b.rows {
			enc.Encode(r) //nolint:errcheck // standard output
		}
		return
	}
	fmt.Printf("%-10s %-34s %14s %14s %8s  %s\n", "STEP", "FIGURE", "AZUD", "KAFKA", "RATIO", "UNIT")
	for i, r := range b.rows {
		if r.Peer != "azud" {
			continue
		}
		theirs, ratio := "-", "-"
		for _, o := range b.rows[i+1:] {
			if o.Peer != r.Peer && o.Step == r.Step && o.Figure == r.Figure {
				theirs, ratio = fmt.Sprintf("%.2f", o.Value), fmt.Sprintf("%.2f", r.Value/o.Value)
				break
			}
		}
		fmt.Printf("%-10s %-34s %14.2f %14s %8s  %s\n", r.Step, r.Figure, r.Value, theirs, ratio, r.Unit)
	}
}
