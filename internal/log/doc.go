// Package log is the durable record log under the broker: partitions of segments, one
// journal for all of them, recovery. It knows Kafka's record batches (package record) and
// the meaning of topic settings, but no requests and no SQL. Flows in the same process read
// it directly.
//
// # On disk
//
//	LOCK                                   locked while open
//	OWNER                                  who has it open
//	SYNC-FAILED                            a sync has failed: the next start writes what is in doubt again
//	journal/0..3                           64 MiB each, zero-filled beforehand, recycled by generation
//	snap-N                                 all state but the records, at one position of the journal
//	snap-N.tmp                             one that was not finished
//	topics/<topic id>-<partition>/         one folder a partition
//	    <first offset>.log                 record batches exactly as they came
//	    <first offset>.log.damaged-N       bytes of it, or all of it, that did not check at a start
//	    <first offset>.idx                 (offset, position, max timestamp) every 16 KiB; disposable
//	    <first offset>.txn                 aborted transactions; disposable
//	    <first offset>-<number>.swap       a compacted segment before it takes its place
//
// # The road of a record
//
// Append takes the partition's lock, checks the batch, gives it its offset and writes it to
// the active segment (page cache; small deferred appends once a round), then stages it for
// the committer. One committer takes all that is staged as a round, without lingering. A
// round whose appends average under 16 KiB goes to the journal in one write and one sync; a
// larger one is made durable by syncing the dirty segments, in parallel. Of appends above 256
// KiB the stage keeps no copy: their segments are synced in any round, before the journal.
// Segments that were left in a round are synced in it, so that what is durable of a partition
// has no holes. Then the high watermarks advance, waiters wake, and the functions given to
// Sync are called. Readers see at most the high watermark. Reader is for flows; whoever watches
// a partition must read once more after Watch. Changes of topics are staged like a Write: a
// Sync must follow before anybody is told.
//
// State that is not records (topics, settings, committed offsets, transactions, …) is a set
// of tables of keys and values. A Write changes several of them and appends transaction
// markers in one journal record: all of it survives a crash, or nothing.
//
// A checkpoint syncs the segments, writes snap-N and recycles the journal: when a journal
// file fills, every 60 s if anything changed, every 128 MiB of direct writes, and at Close.
//
// # Recovery
//
// Load the newest snap; scan each partition from its recovery point and cut it at the first
// batch that does not check; replay the journal beyond; rebuild indexes and producer state.
// Replay is idempotent: records have offsets, keys are put again in the same order. A control
// batch in a segment counts only if the journal has it too: its decision could be lost. Rounds
// that are not in the journal leave a note there, unsynced, of how far they went. Where
// records that had been synced are damaged, the partition says so in the log, keeps the
// damaged bytes beside the segment, and gets a new leader epoch.
//
// # Faults
//
// A failed sync is never tried again: of a segment, it stops that partition; of the journal,
// all of them. A stopped partition answers ErrStorage to appends and serves what was durable;
// the end of a transaction goes to the journal alone for it, and no checkpoint is made until the
// next start puts it right. Below max(512 MiB, 2 %) of free space appends are refused with
// ErrDiskFull; reads and small state go on. Where the disk is full only when a round's deferred
// appends are written, they are durable in the journal and read from memory, and the partition
// refuses more until they can be written.
//
// # Locks
//
// In this order, each before the next; most are taken alone:
//
//	Log.compacting       one compaction
//	Log.snapMu           one checkpoint, or one exchange of segments by compaction
//	Partition.reshape    segments are dropped or replaced
//	Log.mu               one change of topics
//	Log.changes          one Write, of several partitions at once; a checkpoint's copy of the state
//	Partition.mu         the log's end, its segments, its producers
//	stager.mu            what the next round makes durable
//
// None of these is taken under the innermost ones: tableSet.mu, drops.mu, Partition.wmu,
// journal.fmu, and of a segment amu (aborted transactions) and index.mu, under which its fmu
// (its file) may be taken, and under that handles.mu. The committer holds none while it syncs, and none while it calls the
// functions given to Sync.
package log
