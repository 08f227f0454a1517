// Package interim runs a Kafka broker inside the process, so that every Kafka client
// works with nothing installed. Its interface is its own; underneath is, for now,
// franz-go's kfake, kept honest by what stands around it here. It knows no SQL.
//
// # What is promised
//
// With Config.Dir, across Close and across a killed process (SIGKILL, a crash):
//   - every acknowledged record is there, once, at its offset; topics, configurations
//     and committed group offsets too. The page cache outlives the process, so nothing
//     is synced per batch (41 µs a round trip instead of 430 µs);
//   - a transaction is all or nothing over all its partitions. EndTxn is written to a
//     journal before it is carried out; one that was decided is finished at the next
//     start, any other open one is aborted with a marker, and its producer is fenced.
//     InitProducerID with the same transactional id then goes on from there;
//   - a producer that lives through the restart does not double a batch it sends again:
//     the last five batches of each producer id are found in the log.
//
// Retention removes the batches at a partition's beginning that are all expired, and
// nothing beyond the first that is not; a topic whose cleanup.policy is compact alone is
// never cut.
//
// # What is not promised
//
//   - After a power loss the newest records may be gone (no sync); read what is there.
//   - Group offsets sent inside a transaction (TxnOffsetCommit) are applied after its
//     markers: a kill in between keeps the records and loses the offsets.
//   - A producer that lived through a kill inside a transaction gets PRODUCER_FENCED or
//     INVALID_PRODUCER_EPOCH, and must be made anew.
//   - Records removed by DeleteRecords or retention may come back when a kill follows
//     before their segment is full; offsets never go back.
//   - Compaction does not run: kfake would rewrite a partition in place, and a kill in
//     the middle loses it. Compacted topics keep all their records.
//   - One goroutine serves all requests.
//
// # Recovery
//
// Close leaves a file CLEAN; a start that does not find it reads every segment and
// rebuilds what kfake derives from files that a kill leaves stale (recover.go): batch
// flags, snapshots, producer sequences, transaction ends. kfake's own replay is thus
// not used: it would show an aborted transaction again once the same producer commits.
//
// Config.Dir needs the real file system, since kfake opens files itself; with a
// simulated Sys, leave Dir empty.
//
// Lock order: Broker.mu, then journal.mu. Neither is held while waiting for a client.
package interim
