package kafka

import (
	"context"
	"errors"
	"fmt"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/record"
)

// cluster is where a table's topics are: a Kafka behind a client, or the log of this
// process. Safe for concurrent use.
type cluster interface {
	// learn looks at the layout of topics. One that does not exist is created with the
	// broker's defaults if make is set, because its writer may start later; else it is an
	// error of class UNKNOWN_TOPIC_OR_PARTITION.
	learn(ctx context.Context, names []string, make bool) error
	// ids are the topics' ids, as far as they are known, as learn saw them or newer.
	ids() identities
	// count is the number of partitions that learn saw.
	count() int
	// create makes a topic if it does not exist; partitions -1 is the broker's default.
	create(ctx context.Context, name string, partitions int32, configs map[string]*string) error
	// bounds is the first and the next readable offset of every partition: up to the last
	// stable offset, or with uncommitted up to the high watermark.
	bounds(ctx context.Context, names []string, uncommitted bool) (first, next positions, err error)
	// all lists every topic.
	all(ctx context.Context) ([]string, error)
	// after is the offset of the first record of each partition whose time is not before the one
	// given, in ms; -1 where there is none.
	after(ctx context.Context, times positions) (positions, error)
	// committed hands out the records of [from, to) but those of aborted transactions and of
	// batches that want refuses (nil: none), and calls flush before what records alias is reused.
	// It returns how far it came; the error wraps errGone if the log no longer has that offset.
	committed(ctx context.Context, p tp, from, to int64, want func(*record.Batch) bool, each func(*record.Batch, *record.Record), flush func() error) (int64, error)
	// batches hands out all batches that reach into [from, to), markers and undecided ones
	// included; what each gets is valid during the call.
	batches(ctx context.Context, p tp, from, to int64, each func(*record.Batch) error) (int64, error)
	// wait returns true as soon as a partition has committed records from its position on,
	// or when the runner should look because something went wrong; false after a while.
	wait(ctx context.Context, at positions) bool
	close()
}

// errGone says that a log does not have an offset that was asked for.
var errGone = errors.New("the log does not have the offset")

type tp struct {
	topic string
	part  int32
}

func (p tp) String() string { return fmt.Sprintf("%s-%d", p.topic, p.part) }

// unknownTopic is the error for a topic that does not exist; its hint has names like it.
func unknownTopic(name string, all []string) error {
	e := errs.New("UNKNOWN_TOPIC_OR_PARTITION", "topic %s does not exist", name)
	if near := errs.Near(name, all); len(near) > 0 {
		return e.WithHint("did you mean %s?", near[0])
	}
	return e.WithHint("reading does not make a topic: a flow that writes to it does, or one that reads it as a stream")
}

// connect gives the cluster of a table.
func (f *factory) connect(env connector.Env, t connector.Table) (cluster, error) {
	if f.embedded(t) {
		return newLocal(f.home, env.Sys.Clock), nil
	}
	return newRemote(env, t, t.Stream)
}

// producer writes transactions under one transactional id. For one goroutine at a time.
type producer interface {
	// start fences earlier producers of the same id and ends what they left open.
	start(ctx context.Context) error
	begin() error
	// The following are between begin and commit or abort.

	// produce takes a record, which belongs to the producer from then on; failures show in
	// failure and at the end.
	produce(ctx context.Context, r *message)
	failure() error
	// flush waits until all that was produced is written, and returns the first failure.
	flush(ctx context.Context) error
	commit(ctx context.Context) error
	// abort drops what was produced and ends the transaction.
	abort(ctx context.Context) error
	cluster() cluster
	close()
}

// anyPartition leaves it to the producer in which partition a message is written.
const anyPartition = -1

// message is a record to write. Its slices belong to it. A nil slice is null.
type message struct {
	topic      string
	key, value []byte
	headers    []record.Header
	part       int32 // anyPartition: the producer chooses
}
