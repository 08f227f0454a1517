// Package checkpoint keeps what a streaming query must remember: one Pebble database a
// query, and the pure function Decide that says what to do with it at start.
//
// An epoch is committed by one synced batch that holds the state changes, the offsets, the
// watermarks and "N is done". Everything else is written before it in the same log, so it
// is at the latest as durable as the next commit. The package knows nothing of operators,
// sources and sinks beyond their contracts, and runs no goroutine while nothing is done
// except Pebble's own.
//
// # Keys
//
// Numbers are big-endian, so that they sort.
//
//	m                        metadata, JSON: {"id": uuid, "format": 1, "created": µs}
//	q                        setup, JSON: operators' fingerprints, watermark delays, where each source began
//	e <epoch u64>            epoch plan, JSON; of the last 100 to 200 epochs
//	c <epoch u64>            what was committed with the epoch, JSON; likewise
//	s <operator u32> <shard u16> <epoch u64> <kind u8>
//	                         state rows, an Arrow IPC record batch: kind 0 the whole shard, 1 a change.
//	                         A snapshot range-deletes what is older in its shard
//	j <source u32> <n u64>   journal entry of a source, as the source wrote it
//	J <source u32>           number of the last journal entry ever written, u64
//	k <key>                  the sink's own keys
//
// # Failure
//
// Pebble ends the process when a write fails. Here the first failed write parks the
// database: what follows goes to memory and is forgotten (see gate), every later use of the
// Store fails with class CHECKPOINT_STORAGE, the query that owns it fails, and the process
// goes on. Opening the directory again recovers as after a crash.
//
// # Locks
//
// A journal's mu is held over its writes, so that numbers and their order agree; Store.mu
// guards the list of journals. Neither is held while the other is taken or while anything
// outside the package is called, Pebble excepted.
package checkpoint
