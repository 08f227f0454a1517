// Package log is the durable record log under the broker: partitions of segments, one
// journal for all of them, recovery. It knows Kafka's record batches (package record) and
// the meaning of topic settings, but no requests and no SQL. Flows in the same process read
// it directly.
//
// # On disk
//
//	LOCK, OWNER                            held while open; who holds it
//	journal/0..3                           64 MiB each, zero-filled beforehand, recycled by generation
//	snap-N                                 all state but the records, at one position of the journal
//	topics/<topic id>-<partition>/         one folder a partition
//	    <first offset>.log                 record batches exactly as they came
//	    <first offset>.idx                 (offset, position, max timestamp) every 16 KiB; disposable
//	    <first offset>.txn                 aborted transactions; disposable
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
// Sync are called. Readers see at most the high watermark.
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
// all of them. A stopped partition answers ErrStorage to appends and serves what was durable.
// Below max(512 MiB, 2 %) of free space appends are refused with ErrDiskFull; reads and small
// state go on.
//
// # Locks
//
// Log.mu (topics), then Partition.mu, then Log.journal. The committer holds none of them while
// it syncs, and none while it calls the functions given to Sync.
package log
