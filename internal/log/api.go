package log

import (
	"errors"
	"log/slog"
	"time"

	"github.com/azud/azud/internal/sys"
)

// Config says where the log lives. The zero value of each field but Sys, Dir and Log is
// usable.
type Config struct {
	Sys *sys.Sys
	Dir string // on Sys.FS; made if needed, locked while open
	Log *slog.Logger
	// Owner is written into OWNER for whoever finds LOCK taken.
	Owner string
	// Volatile keeps no journal and never syncs: for an FS in memory.
	Volatile bool

	JournalBytes    int64         // of a journal file; 0: 64 MiB
	CheckpointEvery time.Duration // 0: 60 s
	CheckpointBytes int64         // direct writes between checkpoints; 0: 128 MiB
	RetainEvery     time.Duration // 0: 5 min
	CompactEvery    time.Duration // 0: 15 s
	DirectBytes     int           // a round's mean batch from which segments are synced instead; 0: 16 KiB
	IndexBytes      int           // between index entries; 0: 16 KiB
	OpenFiles       int           // of segments that are not appended to; 0: 512
	MinFree         int64         // bytes; 0: max(512 MiB, 2 %), negative: no limit
	// Defaults are settings for topics that do not override them, by name ("retention.ms").
	Defaults map[string]string
}

// TopicID identifies a topic for ever: one made anew under the same name has another.
type TopicID [16]byte

// Isolation says which records a reader sees.
type Isolation int8

const (
	ReadUncommitted Isolation = 0 // up to the high watermark
	ReadCommitted   Isolation = 1 // up to the last stable offset
)

// Appended is what became of the batches of one Append.
type Appended struct {
	Base, Next int64 // offset of the first record, and after the last
	AppendTime int64 // ms; -1 unless the topic uses LogAppendTime
	LogStart   int64
	Duplicate  bool // the batch was here already, at Base; nothing was written
}

// Aborted is a transaction that a read_committed reader must drop.
type Aborted struct {
	Producer    int64
	First, Last int64 // offset of its first record, and of its marker
	// LastStable is the last stable offset when the marker was written.
	LastStable int64
}

// Chunk is what a read found: whole batches as stored, in Batches[:n], which is the caller's
// buffer grown where needed. The first batch may begin before the offset asked for.
type Chunk struct {
	Batches []byte
	Aborted []Aborted // with ReadCommitted: those that reach into Batches, by First
	Next    int64     // where to go on: after the last batch, or after a gap where none is left
	Start   int64     // log start
	High    int64     // high watermark
	Stable  int64     // last stable offset
}

// TimeOffset is an offset found by time.
type TimeOffset struct {
	Offset, Time int64 // -1, -1 if there is none; Time in ms
	LeaderEpoch  int32
}

// Table is a name space of a Log's state.
type Table uint8

// Tables. The log owns the first; others belong to who is named.
const (
	tableTopics  Table = iota // log: topics, their settings and partitions
	TableOffsets              // broker: committed offsets of groups
	TableGroups               // broker: what groups keep over restarts
	TableTxns                 // broker: transactions by transactional id
	TableConfigs              // broker: its dynamic settings
	TableUsers                // broker: SCRAM credentials
	TableIDs                  // broker: blocks of producer ids, cluster id
	tables
)

// Put is one change of a table. A nil Value deletes.
type Put struct {
	Table Table
	Key   string
	Value []byte
}

// Marker asks for the end of a transaction in one partition.
type Marker struct {
	Topic            TopicID
	Partition        int32
	Producer         int64
	Epoch            int16
	Commit           bool
	CoordinatorEpoch int32
}

// Write is one atomic change.
type Write struct {
	Puts    []Put
	Markers []Marker // for partitions that no longer exist: dropped
	// Strict refuses all of it if a marker cannot be written: its partition has stopped, or a
	// newer producer or coordinator was there. Else such a marker must not keep the others of
	// its transaction from being written: a stopped partition gets it at the next start, and
	// one that is too old is left out, with a warning.
	//
	// Kafka: TransactionMarkerChannelManager drops what is answered with a fenced epoch.
	Strict bool
}

// Producer is what a partition knows of a producer id.
type Producer struct {
	ID               int64
	Epoch            int16
	LastSequence     int32
	LastTime         int64 // ms, of its last batch
	TxnStart         int64 // first offset of the open transaction; -1 if none
	CoordinatorEpoch int32
}

// What Append and others answer. The broker translates them; texts are for people.
var (
	ErrClosed          = errors.New("the log is closed")
	ErrStorage         = errors.New("the disk failed; the partition takes no more records")
	ErrDiskFull        = errors.New("the disk is almost full; no more records are taken")
	ErrDamaged         = errors.New("the stored records are damaged")
	ErrNoTopic         = errors.New("no such topic")
	ErrTopicExists     = errors.New("the topic exists")
	ErrNoPartition     = errors.New("no such partition")
	ErrOutOfRange      = errors.New("the offset is outside the log")
	ErrCorruptBatch    = errors.New("the record batch is malformed")
	ErrBatchTooLarge   = errors.New("the record batch is larger than max.message.bytes")
	ErrBadTimestamp    = errors.New("a timestamp is outside what the topic takes")
	ErrNoKey           = errors.New("a compacted topic takes only records with a key")
	ErrOldFormat       = errors.New("message formats before 2 are not taken")
	ErrOutOfOrder      = errors.New("the sequence does not follow the producer's last")
	ErrUnknownProducer = errors.New("the producer id is not known here")
	ErrProducerFenced  = errors.New("a newer producer has the same id")
	ErrTxnState        = errors.New("the producer has no such transaction here")
)

// AppendOptions are what a producer's request says beside the batches.
type AppendOptions struct {
	// Now is the broker's clock in ms.
	Now int64
	// Deferred says that the caller waits for a Sync before it answers its client. Small
	// appends are then written to their segment by the committer, many at a time.
	Deferred bool
	// Txn says that the coordinator has verified that the partition belongs to the
	// producer's transaction; a transactional batch without it is refused with ErrTxnState
	// unless the producer's transaction is open here already.
	Txn bool
}

// Waiter is a place to wait at several partitions. C has room for one; more are dropped.
type Waiter struct{ C chan struct{} }
