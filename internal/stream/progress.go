package stream

import (
	"sync"
	"time"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/exec"
)

// Progress describes one epoch as Spark's StreamingQueryProgress does; its JSON has
// Spark's names. Times are ISO 8601 in UTC with milliseconds.
type Progress struct {
	ID                     string            `json:"id"`    // the checkpoint's
	RunID                  string            `json:"runId"` // of this start
	Name                   string            `json:"name"`
	Timestamp              string            `json:"timestamp"` // when the trigger started
	BatchID                int64             `json:"batchId"`
	BatchDuration          int64             `json:"batchDuration"` // milliseconds
	NumInputRows           int64             `json:"numInputRows"`
	InputRowsPerSecond     float64           `json:"inputRowsPerSecond"`
	ProcessedRowsPerSecond float64           `json:"processedRowsPerSecond"`
	DurationMs             map[string]int64  `json:"durationMs"` // by phase
	EventTime              map[string]string `json:"eventTime"`  // watermark (in force during the epoch), max
	StateOperators         []StateOperator   `json:"stateOperators"`
	Sources                []SourceProgress  `json:"sources"`
	Sink                   SinkProgress      `json:"sink"`
}

// StateOperator is a stateful operator after an epoch.
type StateOperator struct {
	NumRowsTotal              int64 `json:"numRowsTotal"`
	NumRowsUpdated            int64 `json:"numRowsUpdated"`
	NumRowsRemoved            int64 `json:"numRowsRemoved"`
	NumRowsDroppedByWatermark int64 `json:"numRowsDroppedByWatermark"`
	MemoryUsedBytes           int64 `json:"memoryUsedBytes"`
	NumShufflePartitions      int64 `json:"numShufflePartitions"`
}

// SourceProgress is what an epoch read of a source.
type SourceProgress struct {
	Description            string           `json:"description"`
	StartOffset            connector.Offset `json:"startOffset"`
	EndOffset              connector.Offset `json:"endOffset"`
	NumInputRows           int64            `json:"numInputRows"`
	InputRowsPerSecond     float64          `json:"inputRowsPerSecond"`
	ProcessedRowsPerSecond float64          `json:"processedRowsPerSecond"`
}

// SinkProgress is what an epoch wrote.
type SinkProgress struct {
	Description   string `json:"description"`
	NumOutputRows int64  `json:"numOutputRows"`
}

// State is where a query is in its life.
type State string

const (
	Starting State = "starting"
	Running  State = "running"
	Retrying State = "retrying" // a passing failure; LastError has it
	Failed   State = "failed"   // for good; LastError has it
	Stopped  State = "stopped"  // by Stop
	Finished State = "finished" // Trigger.Once, and all was read
)

// Status is a query at a glance; totals are of this start. Zero times have not happened.
type Status struct {
	State      State
	Message    string // in Spark's words: "Waiting for data to arrive"
	ID, RunID  string
	Name       string
	Epoch      int64 // last committed, checkpoint.None before
	Watermark  int64 // microseconds; exec.NoWatermark if there is none
	InputRows  int64
	OutputRows int64
	LateRows   int64
	Rejected   int64
	Started    time.Time
	LastEpoch  time.Time // when the last epoch was committed
	LastError  error     // the error that is being retried or that ended the query
	Retries    int64
}

// keepProgress is how many epochs' progress a query remembers; Spark keeps as many.
const keepProgress = 100

// board is what other goroutines see of a query.
type board struct {
	mu       sync.Mutex
	status   Status
	progress []Progress
}

func (b *board) update(f func(*Status)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f(&b.status)
}

func (b *board) committed(e Epoch, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := &b.status
	s.Epoch, s.Watermark, s.LastEpoch, s.LastError = e.ID, e.Watermark, now, nil
	s.InputRows += e.Input
	s.OutputRows += e.Output
	s.LateRows += e.LateRows
	if b.progress = append(b.progress, e.Progress); len(b.progress) > keepProgress {
		b.progress = append(b.progress[:0:0], b.progress[1:]...)
	}
}

// reporter counts what sources and sinks report and passes it on.
type reporter struct {
	b  *board
	to connector.Reporter // may be nil
}

func (r reporter) Rejected(origin, reason string, sample []byte) {
	r.b.update(func(s *Status) { s.Rejected++ })
	if r.to != nil {
		r.to.Rejected(origin, reason, sample)
	}
}

func (r reporter) Trouble(err error) {
	if r.to != nil {
		r.to.Trouble(err)
	}
}

func (r reporter) Log(msg string) {
	if r.to != nil {
		r.to.Log(msg)
	}
}

const isoMillis = "2006-01-02T15:04:05.000Z"

func iso(us int64) string { return time.UnixMicro(us).UTC().Format(isoMillis) }

func eventTimes(evict int64, seen []int64) map[string]string {
	out := map[string]string{}
	if evict != exec.NoWatermark {
		out["watermark"] = iso(evict)
	}
	top := exec.NoWatermark
	for _, v := range seen {
		top = max(top, v)
	}
	if top != exec.NoWatermark {
		out["max"] = iso(top)
	}
	return out
}

func perSecond(rows int64, d time.Duration) float64 {
	if d <= 0 {
		return 0
	}
	return float64(rows) / d.Seconds()
}
