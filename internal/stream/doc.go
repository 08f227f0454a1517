// Package stream runs streaming queries, epoch by epoch: triggers, offsets, watermarks,
// progress, recovery. One goroutine owns a query with all that belongs to it: checkpoint,
// sources, operators and sink.
//
// # An epoch
//
// The epoch plan (source ranges, batch time, watermarks, zone, seed) is made first. An
// at-least-once sink has it synced before the epoch runs; an exactly-once sink stores it
// with its mark. The operators run with the state of the epoch before, the sink commits,
// and one synced write of the checkpoint commits state, offsets and watermarks. A crash in
// between is seen at the next start (checkpoint.Decide), and the epoch runs again from its
// plan: suppressed if the sink has it already.
//
// # Failure
//
// An error that may pass (connector.IsPassing) ends the session: everything but the
// checkpoint is closed and opened again after a pause, and the state is loaded anew. So does
// a sink whose commit had an unknown outcome; what it holds is asked at its next Open. Any
// other error ends the query, which keeps it for Wait and Progress. The query's panics are
// errors, too.
//
// stream knows nothing of catalogs and names (engine); it must not know what an operator,
// a source or a sink does.
//
// # Locks
//
// Query.mu guards what other goroutines read (state, progress, totals) and is a leaf.
package stream
