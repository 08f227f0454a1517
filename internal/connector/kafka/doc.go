// Package kafka reads and writes topics of any Kafka, the embedded one included.
//
// A table that names no servers lives in the broker of this process where there is one: its
// segments are read directly, and its records are appended by the requests that every producer
// sends, without a socket (local.go, local_producer.go). Any other table is reached by a client
// (remote.go, remote_fetch.go, remote_producer.go). What both do is the interfaces of cluster.go.
//
// The source reads assigned partitions itself (no group): a range of offsets always gives
// the same rows, read_committed, with CRCs checked and aborted transactions left out. The
// sink writes each epoch in one transaction together with its mark, a record of the
// compacted topic __azud_epochs, so that a crash at any point is seen at the next Open.
// A table with columns and a format is decoded here; without columns it has Spark's raw
// schema. The package knows the log, but the embedded broker only as the interface Embedded,
// and no plan.
package kafka
