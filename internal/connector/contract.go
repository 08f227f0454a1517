package connector

import (
	"context"
	"iter"
	"time"

	"github.com/azud/azud/internal/sys"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// Offset is a position in a whole source (all partitions), as JSON that people can read.
// Equal positions are equal strings; "" is "before the first plan".
type Offset string

// Limit bounds one epoch; 0 means no bound.
type Limit struct{ Rows int64 }

// Split is a part of a range that one worker reads. Rows of a source are ordered by
// (split, offset), and splits as Plan gives them.
type Split struct {
	ID       string // e.g. "sismos-0"
	From, To string // the connector's own positions, (From, To]
}

// Source is replayable: the same (from, to] always gives the same rows in the same order.
// Methods are called from one goroutine, except Ready and the iterators of Open, which
// may run side by side for different splits.
type Source interface {
	// Schema is the columns that Open can give.
	Schema() types.Schema
	// Initial resolves where a new query starts (startingOffsets and the like). It is called
	// once in a query's life; the runner stores the answer.
	Initial(ctx context.Context) (Offset, error)
	// Ready gets a value when new data may exist. It is never closed.
	Ready() <-chan struct{}
	// Latest is the position to read to, at most limit beyond from; equal to from if there is
	// nothing new.
	Latest(ctx context.Context, from Offset, limit Limit) (Offset, error)
	// Plan cuts (from, to] into splits; their order is the same each time. A source that no longer has the range fails and shows
	// both ends (failOnDataLoss).
	Plan(ctx context.Context, from, to Offset) ([]Split, error)
	// Open reads a split. columns are positions in Schema(), in the order wanted. A batch is
	// valid until the next. Iteration ends after the last row or the first error.
	Open(ctx context.Context, s Split, columns []int) iter.Seq2[*vec.Batch, error]
	// Ack says that the query has committed upTo and will not ask for earlier rows again.
	Ack(ctx context.Context, upTo Offset) error
	Close() error
}

// OutputMode is Spark's.
type OutputMode string

const (
	Append   OutputMode = "append"
	Update   OutputMode = "update"
	Complete OutputMode = "complete"
)

// Guarantee is what a sink promises over crashes.
type Guarantee string

const (
	ExactlyOnce Guarantee = "exactly-once"
	AtLeastOnce Guarantee = "at-least-once"
)

// QueryIdentity names a query towards its sink.
type QueryIdentity struct {
	Name       string // "sismos.alertas": pipeline and flow
	Checkpoint string // UUID of the checkpoint; a new one after a reset
	Store      Store  // the sink's own keys in the query's checkpoint
}

// Store is a sink's small key-value space inside the query's checkpoint database. What is
// applied is atomic; with sync it is on disk on return, else at the latest when the epoch
// commits, and never after something applied later.
type Store interface {
	Get(key []byte) ([]byte, error) // nil if absent; the caller owns it
	Each(prefix []byte) iter.Seq2[KV, error]
	Apply(changes []KV, sync bool) error // a nil Value deletes
}

// KV is a key and its value.
type KV struct{ Key, Value []byte }

// EpochMark is what a sink holds of the last epoch that it committed.
type EpochMark struct {
	Checkpoint string // "" if the sink holds nothing of this query
	Epoch      int64
	Plan       []byte // the epoch plan as given to Begin
}

// EpochPlan is the epoch that a sink is about to write.
type EpochPlan struct {
	Epoch int64
	Plan  []byte // opaque; stored with the mark
	Now   int64  // the epoch's batch time, microseconds UTC
}

// Sink writes epochs. Methods are called from one goroutine.
type Sink interface {
	// Open prepares for writing, fences any earlier writer of the same query, finishes what a
	// crash left half done, and says what the sink holds. At-least-once sinks return a zero mark.
	Open(ctx context.Context, q QueryIdentity, s types.Schema, m OutputMode) (EpochMark, error)
	Begin(ctx context.Context, e EpochPlan) (Writer, error)
	Guarantee() Guarantee
	Close() error
}

// Outcome is what became of a commit.
type Outcome uint8

const (
	Committed Outcome = iota
	Aborted
	Unknown // the runner opens the sink again and reads the mark
)

// Writer writes one epoch. After Commit or Abort it is done.
type Writer interface {
	// Write takes the selected rows; the batch is borrowed during the call.
	Write(ctx context.Context, b *vec.Batch) error
	Commit(ctx context.Context) (Outcome, error)
	Abort(ctx context.Context) error
}

// Journal keeps what a source that cannot replay has fetched. Entries are on disk, synced,
// when Append returns; numbers ascend from 1 and survive restarts. Safe for concurrent use.
type Journal interface {
	Append(entry []byte) (n int64, err error)
	Read(from, to int64) iter.Seq2[Entry, error] // entries with from <= N <= to
	Trim(before int64) error                     // forgets entries with N < before
	Bounds() (first, last int64)                 // 0, 0 if empty
}

// Entry is a journal entry; Data is valid until the next.
type Entry struct {
	N    int64
	Data []byte
}

// Reporter takes what people must see of a running source or sink; safe for concurrent use.
type Reporter interface {
	// Rejected counts a record that could not be read. origin is e.g. "sismos[0]@42" or a URL;
	// sample is the record's first bytes.
	Rejected(origin, reason string, sample []byte)
	// Trouble shows a passing failure (the network is down) that is being retried; nil clears it.
	Trouble(err error)
	// Log writes one line about normal life.
	Log(msg string)
}

// Env is the world given to a connector when it is made.
type Env struct {
	Sys     *sys.Sys
	Zone    *time.Location // session time zone
	Report  Reporter
	Journal Journal // only for sources of streaming queries, else nil
	Kafka   string  // bootstrap servers used when a table names none
}

// Table is a declared table as a connector sees it.
type Table struct {
	Name    string
	Columns types.Schema // declared; empty if none were
	Options Options
	Stream  bool // read as a stream: defaults such as startingOffsets depend on it
}

// Connector is one entry of the registry. Source or Sink is nil if it has none.
type Connector struct {
	Name    string
	Doc     string
	Options []Option
	// Schema is the table's columns when the declaration has none, or an error that says what
	// to declare. nil: columns are required for a source, unneeded for a sink.
	Schema func(t Table) (types.Schema, error)
	Source func(ctx context.Context, env Env, t Table) (Source, error)
	Sink   func(ctx context.Context, env Env, t Table) (Sink, error)
	// Infer finds the columns of a table declared without any by looking at its data; nil: Schema.
	Infer func(ctx context.Context, env Env, t Table) (types.Schema, error)
	// Batch reads the table in a batch query; nil: Source is read up to what is there now.
	Batch func(ctx context.Context, env Env, t Table) (BatchSource, error)
	// Save writes a batch query's rows; nil: the connector cannot.
	Save func(ctx context.Context, env Env, t Table) (BatchSink, error)
}
