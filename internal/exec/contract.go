package exec

import (
	"context"
	"iter"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// Shards is the number of virtual shards of every stateful operator's state; it is part
// of the checkpoint's format.
const Shards = 32

// Operator runs one node of a plan. It outlives epochs: Run yields the epoch's batches,
// which are borrowed until the next; Close comes after the last epoch. An error ends
// the operator: its state is then undefined and it is rebuilt from the checkpoint.
type Operator interface {
	Run(ctx context.Context, e *EpochTask) iter.Seq2[*vec.Batch, error]
	Close() error
}

// NoWatermark is a watermark that has not been set.
const NoWatermark int64 = -1 << 63

// EpochTask is all that one epoch's run depends on. A batch query is one epoch.
type EpochTask struct {
	Epoch int64
	Fn    fn.Context // zone, batch time, seed
	Mode  connector.OutputMode
	// Scan opens a source's rows of this epoch, in (split, offset) order.
	Scan func(ctx context.Context, s *plan.Scan) iter.Seq2[*vec.Batch, error]
	// Parts opens the same rows in parts that are read at the same time, of a batch query; each by
	// one goroutine, in no order, and perhaps not all. nil: Scan is all there is.
	Parts func(ctx context.Context, s *plan.Scan) ([]iter.Seq2[*vec.Batch, error], error)
	// Late and Evict are the watermarks (microseconds) in force for stateful operators: a row
	// whose event time or window end is <= Late is late; a group is evicted when <= Evict.
	// Spark: late filtering uses the previous epoch's watermark, eviction the current one.
	Late, Evict int64
	// Observe reports the maximum event time (microseconds) that watermark node n saw.
	Observe func(n int, maxEvent int64)
	// CountLate reports late rows dropped by stateful operator n.
	CountLate func(n int, rows int64)
}

// Stateful is an operator with state that survives restarts. Its number is its plan
// node's Stateful. The state is a set of rows of StateSchema in Shards shards.
type Stateful interface {
	Operator
	Number() int
	// Fingerprint is JSON of what the state depends on: kind, key and partial types, versions,
	// window, mode. A checkpoint with another one is refused and the difference shown.
	Fingerprint() string
	// StateSchema is the columns of a state row; the first is `deleted BOOLEAN NOT NULL`.
	StateSchema() types.Schema
	// Load puts state rows back, before the first Run: the shard's snapshot first, then its
	// deltas in the order they were saved.
	Load(shard int, rows *vec.Batch) error
	// Save yields what the last Run changed, at most one batch a shard: new values of rows, and
	// deleted ones by key. It must be called after each successful Run.
	Save() iter.Seq2[Delta, error]
	// Snapshot gives all rows of a shard.
	Snapshot(shard int) (*vec.Batch, error)
	// Rows and Bytes measure the state, approximately.
	Rows() int64
	Bytes() int64
}

// Delta is the changed state rows of a shard.
type Delta struct {
	Shard int
	Rows  *vec.Batch
}
