package stream

import (
	"context"
	"iter"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"github.com/azud/azud/internal/checkpoint"
	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/exec"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/sys"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// Config is a query to start.
type Config struct {
	Name string    // "sismos.alertas": names the query towards its sink and in messages
	Plan plan.Node // optimized; its streaming scans carry Source numbers from 0
	// OpenSource opens the source of the streaming scans with that number. It is called again
	// after a passing failure. What the source reports must go to report.
	OpenSource func(ctx context.Context, n int, j connector.Journal, report connector.Reporter) (connector.Source, error)
	// OpenSink makes the sink, without opening it; again after a passing failure.
	OpenSink func(ctx context.Context, report connector.Reporter) (connector.Sink, error)
	// Static reads the rows of a scan that is not a stream; nil if the plan has none.
	Static func(ctx context.Context, s *plan.Scan) iter.Seq2[*vec.Batch, error]

	SinkSchema types.Schema // columns as the sink sees them; nil: the plan's
	Mode       connector.OutputMode
	Trigger    Trigger
	Settings   map[string]string // part of the epoch plan

	Checkpoint string        // directory
	Cache      *pebble.Cache // block cache shared between queries; may be nil

	Sys             *sys.Sys
	Zone            *time.Location // session time zone; nil: UTC
	MaxRowsPerEpoch int64          // of each source; 0: no bound
	Retry           Retry
	Report          connector.Reporter // may be nil
	// Listener is called by the query's goroutine after each commit; it must not block long.
	Listener func(Epoch)
	Text     *errs.Source // the text that the plan's spans index, for errors; may be nil

	// Build makes the operators; nil: exec.Build. Tests put their own here.
	Build func() (exec.Operator, []exec.Stateful, error)
	// Decide says what to do at start; nil: checkpoint.Decide. Tests plant faults here.
	Decide func(checkpoint.Observed) checkpoint.Decision
}

// Trigger says when epochs start. The zero Trigger starts one as soon as there is data.
type Trigger struct {
	Every time.Duration // aligned to multiples of itself, as Spark's ProcessingTime
	// Once is Spark's AvailableNow: what is there at the start, in as many epochs as it takes.
	// With MaxRowsPerEpoch rows that arrive meanwhile may be read as well.
	Once bool
}

// Retry says how passing failures are retried. Pauses double from Min to Max.
type Retry struct {
	Min, Max time.Duration // 0: 200 ms and 30 s
	Attempts int           // in a row without a committed epoch; 0: no bound, but 8 with Trigger.Once
}

// Epoch is a committed epoch, as listeners see it.
type Epoch struct {
	ID        int64
	Watermark int64 // after it, microseconds; exec.NoWatermark if the plan has none
	LateRows  int64 // dropped as late, summed over the stateful operators
	Input     int64 // rows read
	Output    int64 // rows given to the sink; also counted when suppressed
	Rerun     bool  // it ran from a stored plan
	Progress  Progress
}

func (c *Config) withDefaults() *Config {
	d := *c
	if d.Zone == nil {
		d.Zone = time.UTC
	}
	if d.SinkSchema == nil {
		d.SinkSchema = plan.SchemaOf(d.Plan)
	}
	if d.Retry.Min <= 0 {
		d.Retry.Min = 200 * time.Millisecond
	}
	if d.Retry.Max <= 0 {
		d.Retry.Max = 30 * time.Second
	}
	if d.Retry.Attempts == 0 && d.Trigger.Once {
		d.Retry.Attempts = 8
	}
	if d.Decide == nil {
		d.Decide = checkpoint.Decide
	}
	if d.Build == nil {
		d.Build = func() (exec.Operator, []exec.Stateful, error) {
			op, err := exec.Build(d.Plan, exec.BuildOptions{Streaming: true, Mode: d.Mode, Zone: d.Zone.String(), Source: d.Text})
			if err != nil {
				return nil, nil, err
			}
			return op, exec.StatefulOps(op), nil
		}
	}
	return &d
}

// shape is what the runner reads from a plan.
type shape struct {
	sources  []string // table names by source number
	delays   []int64  // by watermark node, microseconds
	stateful bool     // it has an operator that must see a watermark move
}

func shapeOf(n plan.Node) (sh shape, err error) {
	plan.Walk(n, func(n plan.Node) bool {
		switch n := n.(type) {
		case *plan.Scan:
			if n.Stream {
				for len(sh.sources) <= n.Source {
					sh.sources = append(sh.sources, "")
				}
				sh.sources[n.Source] = n.Table.Name()
			}
		case *plan.Watermark:
			for len(sh.delays) <= n.Number {
				sh.delays = append(sh.delays, 0)
			}
			sh.delays[n.Number] = n.Delay
		case *plan.Aggregate:
			sh.stateful = sh.stateful || n.Stateful >= 0
		}
		return true
	})
	if len(sh.sources) == 0 {
		return sh, errs.New("STREAMING_QUERY_WITHOUT_STREAM", "a flow must read at least one stream").
			WithHint("write FROM STREAM name to read a table as a stream")
	}
	return sh, nil
}
