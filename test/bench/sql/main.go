// Command sql measures queries: Azud, Spark and DuckDB side by side, the same work over the same
// data, one process after the other.
//
//	test/bench/sql/run.py [flags of this program]     # fetches the peers and the data, then runs
//	go run ./test/bench/sql -data DIR [-python PYTHON] [-jars DIR] [-steps tpch,files,topic]
//
// DIR holds sf1 (or sf0.1 …) as test/tpch/data.py makes it; PYTHON has pyspark and duckdb, and without
// it only Azud is measured; -jars are those of Spark's Kafka connector. README.md says what is measured
// and how. Linux only. Nothing is asserted but that the peers give the right rows.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

type bench struct {
	dir     string // scratch
	azud    string // the binary
	python  string
	script  string // peers.py
	jars    []string
	memory  string
	budget  string
	peers   []string
	runs    int
	data    string
	scale   string
	records int
}

func main() {
	b := &bench{}
	jars := flag.String("jars", "", "folder with the jars of Spark's Kafka connector")
	steps := flag.String("steps", "tpch,files,topic", "what to measure")
	peers := flag.String("peers", "azud,spark,duckdb", "whom to measure")
	flag.StringVar(&b.azud, "azud", "", "built azud (default: built now)")
	flag.StringVar(&b.python, "python", "", "a Python with pyspark and duckdb (default: only Azud is measured)")
	flag.StringVar(&b.script, "script", "test/bench/sql/peers.py", "what Python runs")
	flag.StringVar(&b.memory, "spark-memory", "1g", "Spark's heap; 1g is its own default")
	flag.StringVar(&b.budget, "memory", "", "Azud's --memory (default: its own)")
	flag.IntVar(&b.runs, "runs", 1, "runs of each; the fastest counts")
	flag.StringVar(&b.data, "data", "", "folder with sf1, or the scale that is asked for")
	flag.StringVar(&b.scale, "scale", "1", "of TPC-H")
	flag.IntVar(&b.records, "records", 10_000_000, "JSON records")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	b.peers = strings.Split(*peers, ",")
	if b.python == "" {
		b.peers = []string{azud}
	}
	if *jars != "" {
		b.jars, _ = filepath.Glob(filepath.Join(*jars, "*.jar"))
	}
	if err := b.run(ctx, strings.Split(*steps, ",")); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func (b *bench) run(ctx context.Context, steps []string) (err error) {
	if b.dir, err = os.MkdirTemp("", "azud-bench-"); err != nil {
		return err
	}
	defer os.RemoveAll(b.dir) //nolint:errcheck // scratch
	if b.script, err = filepath.Abs(b.script); err != nil {
		return err
	}
	if b.azud == "" {
		b.azud = filepath.Join(b.dir, "bin-azud")
		if out, err := exec.CommandContext(ctx, "go", "build", "-o", b.azud, "./cmd/azud").CombinedOutput(); err != nil {
			return fmt.Errorf("go build: %w\n%s", err, out)
		}
	}
	fmt.Printf("%s/%s, %d CPUs; Spark local[2] with a heap of %s, DuckDB with 2 threads; seconds, MB\n",
		runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), b.memory)
	all := map[string]func(context.Context) error{"tpch": b.tpch, "files": b.files, "topic": b.topic}
	for _, step := range steps {
		f, ok := all[step]
		if !ok {
			return fmt.Errorf("there is no step %q", step)
		}
		if err := f(ctx); err != nil {
			return fmt.Errorf("%s: %w", step, err)
		}
	}
	return nil
}

func (b *bench) tpch(ctx context.Context) error {
	if b.data == "" {
		return fmt.Errorf("-data names no folder with sf%s; test/tpch/data.py makes one", b.scale)
	}
	j, err := tpchJob(filepath.Join(b.data, "sf"+b.scale), b.scale)
	if err != nil {
		return err
	}
	return b.sideBySide(ctx, j, b.work(), nil)
}

func (b *bench) files(ctx context.Context) error {
	r := readings{n: b.records}
	folder := filepath.Join(b.dir, "readings")
	defer os.RemoveAll(folder) //nolint:errcheck // scratch
	fmt.Fprintf(os.Stderr, "files: writing %d records...\n", r.n)
	if err := r.toFiles(folder); err != nil {
		return err
	}
	return b.sideBySide(ctx, filesJob(folder, r), b.work(), nil)
}

// topic fills a topic and stops the broker: Azud's query opens the log by itself, so that its figures
// are of a whole process. For Spark the broker runs again, and is not counted.
func (b *bench) topic(ctx context.Context) error {
	r := readings{n: b.records}
	data := filepath.Join(b.dir, "data")
	defer os.RemoveAll(data) //nolint:errcheck // scratch
	d, err := b.broker(ctx, data)
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "topic: producing %d records...\n", r.n)
	err = r.toTopic(ctx, d.kafka)
	if e := d.stop(); err == nil {
		err = e
	}
	if err != nil {
		return err
	}
	j := topicJob(d.kafka, r)
	return b.sideBySide(ctx, j, data, func(peer string) (func() error, error) {
		if peer == azud {
			return func() error { return nil }, nil
		}
		d, err := b.broker(ctx, data)
		if err != nil {
			return nil, err
		}
		j.work[spark] = topicJob(d.kafka, r).work[spark]
		return d.stop, nil
	})
}

// work is an empty data directory for queries that have no topic.
func (b *bench) work() string { return filepath.Join(b.dir, "empty") }
