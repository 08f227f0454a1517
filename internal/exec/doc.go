// Package exec runs plans: operators over batches. build.go is the one switch from plan
// nodes to operators. It knows nothing of triggers, offsets or commits (stream), nor of
// names and catalogs (engine).
//
// A batch query runs on several workers (parallel.go): a node that can be split gives its rows in
// parts, and whoever needs all of them (a join's built side, groups, a sort, the top) runs the parts
// on its own goroutines and waits for them. Operators that look at each batch by itself are made
// once a worker (eachRow). Everything that keeps rows has an account of the query's memory
// (memory.go) and goes on through temporary files beyond it (spool.go, partitions.go, sorter.go).
//
// Locks: aggregate.mu, join.mu and collector.mu guard lists and are held for no other call;
// partitions.mu is held while a spool writes, and below it only spillDir.mu is taken.
package exec
